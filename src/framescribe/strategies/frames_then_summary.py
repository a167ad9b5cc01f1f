"""Captions each sampled frame alone, then has a language model write one caption from all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from framescribe.engines.base import ChatRequest, ImagePart, Message, Reply, TextPart
from framescribe.errors import TooLong
from framescribe.frames.encode import halved
from framescribe.prompts import fill
from framescribe.records import Clip, EncodedImage, Frame, FrameCaption, VideoInfo
from framescribe.strategies.ask import SMALLER, Ask, ended_badly, seconds, text

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the frame stage found, in the order of time."""

    frames: tuple[FrameCaption, ...]
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the summary stage wrote."""

    caption: str
    flags: tuple[str, ...]


async def caption_frames(clip: Clip, ask: Ask, metadata: Mapping[str, object]) -> Seen:
    """One caption a frame; each request knows its own frame, so no caption can land on another one."""

    async def one(frame: Frame) -> tuple[FrameCaption, list[str]]:
        values = {
            **metadata,
            "duration": seconds(clip.info.duration),
            "time": seconds(frame.time),
            "frame_index": frame.index,
        }
        reply, flags = await _seen(frame.image, fill(ask.prompt, values), ask)
        caption = FrameCaption(index=frame.index, time=frame.time, caption=text(reply, f"frame {frame.index}"))
        return caption, flags

    tasks = [asyncio.ensure_future(one(frame)) for frame in clip.frames]
    try:
        answers = await asyncio.gather(*tasks)
    finally:  # one frame without a caption fails the video: the others need not be asked
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Seen(
        frames=tuple(caption for caption, _ in answers),
        flags=tuple(dict.fromkeys(flag for _, flags in answers for flag in flags)),
    )


async def _seen(image: np.ndarray | EncodedImage, prompt: str, ask: Ask) -> tuple[Reply, list[str]]:
    """The reply to one picture, and flags. One that does not fit in the model's context is asked again smaller."""
    flags = []
    for left in reversed(range(SMALLER + 1)):
        message = Message(role="user", parts=(ImagePart(image), TextPart(prompt)))
        try:
            reply = await ask.complete(ChatRequest(messages=(message,), decoding=ask.decoding))
        except TooLong:
            if not left:
                raise
            image, flags = await asyncio.to_thread(halved, image), ["frame_shrunk"]
        else:
            break
    return reply, flags + ended_badly(reply, "frame_caption")


async def summarize(
    frames: Sequence[FrameCaption], info: VideoInfo | None, ask: Ask, metadata: Mapping[str, object]
) -> Written:
    """One caption for the video, from the captions of its frames."""
    captions = render(frames)
    values = {
        **metadata,
        "captions": captions,
        "frame_count": len(frames),
        "duration": seconds(info.duration if info else None),
    }
    prompt = ask.prompt if "{captions}" in ask.prompt else ask.prompt + "\n\n{captions}"
    message = Message(role="user", parts=(TextPart(fill(prompt, values)),))
    reply = await ask.complete(ChatRequest(messages=(message,), decoding=ask.decoding))
    return Written(caption=text(reply, "the summary"), flags=tuple(ended_badly(reply, "caption")))


def render(frames: Sequence[FrameCaption]) -> str:
    """The frame captions as the summary model reads them: one alone as it is, several numbered and timed."""
    if len(frames) == 1:
        return frames[0].caption or ""
    return "\n".join(
        f"Frame {number} ({frame.time:.2f} s): {frame.caption}"
        if frame.time is not None
        else f"Frame {number}: {frame.caption}"
        for number, frame in enumerate(frames, start=1)
    )
