"""Captions each sampled frame alone, then has a language model write one caption from all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, Reply, TextPart
from framescribe.errors import BadReply
from framescribe.prompts import fill
from framescribe.records import Clip, Frame, FrameCaption, VideoInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Whom a stage asks, and how: an engine's `complete`, a prompt with placeholders, and the way to decode."""

    complete: Callable[[ChatRequest], Awaitable[Reply]]
    prompt: str
    decoding: Decoding


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

    async def one(frame: Frame) -> tuple[FrameCaption, bool]:
        values = {
            **metadata,
            "duration": seconds(clip.info.duration),
            "time": seconds(frame.time),
            "frame_index": frame.index,
        }
        message = Message(role="user", parts=(ImagePart(frame.image), TextPart(fill(ask.prompt, values))))
        reply = await ask.complete(ChatRequest(messages=(message,), decoding=ask.decoding))
        caption = FrameCaption(index=frame.index, time=frame.time, caption=_text(reply, f"frame {frame.index}"))
        return caption, reply.finish_reason == "length"

    tasks = [asyncio.ensure_future(one(frame)) for frame in clip.frames]
    try:
        answers = await asyncio.gather(*tasks)
    finally:  # one frame without a caption fails the video: the others need not be asked
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Seen(
        frames=tuple(caption for caption, _ in answers),
        flags=("frame_caption_truncated",) if any(cut for _, cut in answers) else (),
    )


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
    return Written(
        caption=_text(reply, "the summary"), flags=("caption_truncated",) if reply.finish_reason == "length" else ()
    )


def render(frames: Sequence[FrameCaption]) -> str:
    """The frame captions as the summary model reads them: one alone as it is, several numbered and timed."""
    if len(frames) == 1:
        return frames[0].caption
    return "\n".join(
        f"Frame {number} ({frame.time:.2f} s): {frame.caption}"
        if frame.time is not None
        else f"Frame {number}: {frame.caption}"
        for number, frame in enumerate(frames, start=1)
    )


def seconds(value: float | None) -> str:
    """Seconds as a prompt says them, or nothing where they are not known."""
    return "" if value is None else f"{value:.1f} seconds"


def _text(reply: Reply, what: str) -> str:
    text = reply.text.strip()
    if not text:
        raise BadReply(f"the model's answer for {what} was empty (finish reason: {reply.finish_reason})")
    return text
