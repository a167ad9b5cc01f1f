"""Captions each sampled frame on its own, then has a language model write one caption from all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from framescribe.engines.base import ChatRequest, ImagePart, Message, Reply, TextPart
from framescribe.errors import TooLong
from framescribe.frames.encode import halved
from framescribe.frames.sampling import Sampling
from framescribe.prompts import fill
from framescribe.records import Clip, EncodedImage, Frame, FrameCaption, VideoInfo
from framescribe.strategies.base import SMALLER, Context, Output, Stage, Strategy, ended_badly, seconds, text

if TYPE_CHECKING:
    import numpy as np


class Frames(Stage):
    """One caption per frame."""

    name = "frames"
    model = "frame model"
    sees = True
    prompt = "frame"

    def requests(self, sampling: Sampling) -> int:
        return sampling.likely

    async def run(self, context: Context) -> Output:
        return await caption_frames(await context.clip(), context)


class Summary(Stage):
    """One caption from the captions of the frames."""

    name = "summary"
    model = "summary model"
    after = ("frames",)
    prompt = "summary"

    async def run(self, context: Context) -> Output:
        return await summarize(context.earlier["frames"].frames or (), context.info, context)


class FramesThenSummary(Strategy):
    name = "frames-then-summary"
    help = "each frame is captioned on its own, then one caption is written from those"
    stages = (Frames(), Summary())


async def caption_frames(clip: Clip, context: Context) -> Output:
    """One caption per frame; each request knows its own frame, so no caption can end up on another."""

    async def one(frame: Frame) -> tuple[FrameCaption, list[str]]:
        values = {
            **context.metadata,
            "duration": seconds(clip.info.duration),
            "time": seconds(frame.time),
            "frame_index": frame.index,
        }
        reply, flags = await _seen(frame.image, fill(context.prompt, values), context)
        caption = FrameCaption(index=frame.index, time=frame.time, caption=text(reply, f"frame {frame.index}"))
        return caption, flags

    tasks = [asyncio.ensure_future(one(frame)) for frame in clip.frames]
    try:
        answers = await asyncio.gather(*tasks)
    finally:  # one frame without a caption fails the video: the rest need not be asked
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return Output(
        frames=tuple(caption for caption, _ in answers),
        flags=tuple(dict.fromkeys(flag for _, flags in answers for flag in flags)),
    )


async def _seen(image: np.ndarray | EncodedImage, prompt: str, context: Context) -> tuple[Reply, list[str]]:
    """The reply to one picture, and flags. One that does not fit in the model's context is sent again, smaller."""
    flags = []
    for left in reversed(range(SMALLER + 1)):
        message = Message(role="user", parts=(ImagePart(image), TextPart(prompt)))
        try:
            reply = await context.complete(ChatRequest(messages=(message,), decoding=context.decoding))
        except TooLong:
            if not left:
                raise
            image, flags = await asyncio.to_thread(halved, image), ["frame_shrunk"]
        else:
            break
    return reply, flags + ended_badly(reply, "frame_caption")


async def summarize(frames: Sequence[FrameCaption], info: VideoInfo | None, context: Context) -> Output:
    """One caption for the video, from the captions of its frames."""
    values: Mapping[str, object] = {
        **context.metadata,
        "captions": render(frames),
        "frame_count": len(frames),
        "duration": seconds(info.duration if info else None),
    }
    prompt = context.prompt if "{captions}" in context.prompt else context.prompt + "\n\n{captions}"
    message = Message(role="user", parts=(TextPart(fill(prompt, values)),))
    reply = await context.complete(ChatRequest(messages=(message,), decoding=context.decoding))
    return Output(caption=text(reply, "the summary"), flags=tuple(ended_badly(reply, "caption")))


def render(frames: Sequence[FrameCaption]) -> str:
    """The frame captions as the summary model reads them: a single one as it is, several numbered and timed."""
    if len(frames) == 1:
        return frames[0].caption or ""
    return "\n".join(
        f"Frame {number} ({frame.time:.2f} s): {frame.caption}"
        if frame.time is not None
        else f"Frame {number}: {frame.caption}"
        for number, frame in enumerate(frames, start=1)
    )
