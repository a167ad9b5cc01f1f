"""Shows a model all sampled frames of a clip in one request; its answer is the video's caption."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from framescribe.engines.base import ChatRequest, ContentPart, ImagePart, Message, TextPart, VideoPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import frames_as_video
from framescribe.engines.prompt_size import PIXELS, PromptSize
from framescribe.errors import TooLong
from framescribe.frames.encode import halved, size
from framescribe.frames.sampling import Sampling
from framescribe.prompts import fill
from framescribe.records import Clip, Frame, FrameCaption
from framescribe.strategies.base import CAPTION, SMALLER, Context, Output, Stage, Strategy, seconds
from framescribe.strategies.form import Form

FEWEST = 2  # frames that can still show a change
FRAMES = 16


class Whole(Stage):
    """One caption from all frames in one request."""

    name = "clip"
    model = "clip model"
    sees = True
    told = True
    prompt = "clip"

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        return {"as_video": True} if frames_as_video(choice.model, choice.engine) else {}

    def largest(self, sampling: Sampling, max_pixels: int | None, choice: ModelChoice, answer: int) -> PromptSize:
        return PromptSize(
            pictures=sampling.most,
            pixels=max_pixels or PIXELS,
            answer=answer,
            video=frames_as_video(choice.model, choice.engine),
        )

    async def run(self, context: Context) -> Output:
        return await caption_clip(await context.clip(), context)


class WholeClip(Strategy):
    name = "whole-clip"
    help = "a model sees all frames at once and writes the caption"
    stages = (Whole(),)
    sampling = {"method": "uniform", "frames": FRAMES}  # noqa: RUF012
    max_pixels = 512 * 512


async def caption_clip(clip: Clip, context: Context) -> Output:
    """One caption from all frames."""
    said, frames, flags = await ask_of_all(clip, context, CAPTION, "the clip")
    return Output(caption=said, frames=frames, flags=flags)


async def ask_of_all(
    clip: Clip, context: Context, what: str, called: str, *, form: Form | None = None
) -> tuple[str, tuple[FrameCaption, ...], tuple[str, ...]]:
    """What a model says of all frames, those that it was shown, and flags. The frames are sent as one video if the
    engine takes it; if they differ in size or have no times, they are sent as pictures, and that is flagged.

    If they do not fit in the model's context, they are sent again with their sides halved, twice, then repeatedly
    without every other frame; TooLong if two small ones are still too much.
    """
    frames, flags = clip.frames, list[str]()
    for smaller in count(1):
        try:
            said = await context.ask(
                _request(frames, clip, context),
                what,
                called,
                other=_request(frames[::2], clip, context) if len(frames) > FEWEST else None,
                form=form,
            )
        except TooLong:
            if smaller <= SMALLER:
                frames, flags = await asyncio.to_thread(_halved, frames), ["frame_shrunk"]
            elif len(frames) > FEWEST:
                frames, flags = frames[::2], ["frame_shrunk", "frame_left_out"]
            else:
                raise
        else:
            break
    if context.takes_video and len(frames) > 1 and _video(frames, clip.info.duration) is None:
        flags.append("video_sent_as_images")
    shown = tuple(FrameCaption(index=frame.index, time=frame.time, caption=None) for frame in frames)
    return said, shown, tuple(flags)


def _request(frames: Sequence[Frame], clip: Clip, context: Context) -> ChatRequest:
    """The question with these frames, as one video where that is possible; a single frame is a picture."""
    video = _video(frames, clip.info.duration) if context.takes_video and len(frames) > 1 else None
    shown: Sequence[ContentPart] = [video] if video else _pictures(frames)
    values = {**context.metadata, "duration": seconds(clip.info.duration), "frame_count": len(frames)}
    message = Message(role="user", parts=(*shown, TextPart(fill(context.prompt, values))))
    return ChatRequest(messages=(message,), decoding=context.decoding)


def _pictures(frames: Sequence[Frame]) -> list[ContentPart]:
    """Each frame, preceded by its number and time."""
    parts: list[ContentPart] = []
    for number, frame in enumerate(frames, start=1):
        time = "" if frame.time is None else f" ({frame.time:.2f} s)"
        parts += [TextPart(f"Frame {number}{time}:"), ImagePart(frame.image)]
    return parts


def _video(frames: Sequence[Frame], duration: float | None) -> VideoPart | None:
    """The frames as one video, or None if they cannot be one."""
    times = [frame.time for frame in frames if frame.time is not None]
    if duration is None or len(times) < len(frames) or len({size(frame.image) for frame in frames}) > 1:
        return None
    return VideoPart(frames=tuple(frame.image for frame in frames), times=tuple(times), duration=duration)


def _halved(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(replace(frame, image=halved(frame.image)) for frame in frames)
