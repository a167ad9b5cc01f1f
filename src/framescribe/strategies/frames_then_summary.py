"""Captions each sampled frame on its own, then has a language model write one caption from all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from framescribe.engines.base import ChatRequest, ImagePart, Message, TextPart
from framescribe.frames.sampling import Sampling
from framescribe.prompts import fill
from framescribe.records import Clip, Frame, FrameCaption, VideoInfo
from framescribe.strategies.base import CAPTION, FRAME_CAPTION, Context, Output, Stage, Strategy, seconds, together
from framescribe.strategies.fitting import Images, fitting


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
    answers = await together(caption_frame(frame, clip.info, context) for frame in clip.frames)
    return Output(
        frames=tuple(caption for caption, _ in answers),
        flags=tuple(dict.fromkeys(flag for _, flags in answers for flag in flags)),
    )


async def caption_frame(frame: Frame, info: VideoInfo, context: Context) -> tuple[FrameCaption, tuple[str, ...]]:
    """The caption of one frame, and flags. A picture that does not fit in the model's context is shown smaller."""
    values = {
        **context.metadata,
        "duration": seconds(info.duration),
        "time": seconds(frame.time),
        "frame_index": frame.index,
    }
    prompt = TextPart(fill(context.prompt, values))

    async def asked(images: Images) -> str:
        message = Message(role="user", parts=(*map(ImagePart, images), prompt))
        request = ChatRequest(messages=(message,), decoding=context.decoding)
        return await context.ask(request, FRAME_CAPTION, f"frame {frame.index}", frame=frame.index)

    said, flags = await fitting([frame.image], asked)
    return FrameCaption(index=frame.index, time=frame.time, caption=said), flags


async def summarize(frames: Sequence[FrameCaption], info: VideoInfo | None, context: Context) -> Output:
    """One caption for the video, from the captions of its frames."""
    made_from = [frame.caption or "" for frame in frames]
    return await summed_up(render(frames), made_from, {"frame_count": len(frames)}, info, context)


async def summed_up(
    captions: str, made_from: Sequence[str], more: Mapping[str, object], info: VideoInfo | None, context: Context
) -> Output:
    """One caption for the video, from what the stages before wrote: `captions` as the model reads it, `made_from` the
    texts in it. `more`: what else the prompt may say."""
    values = {
        **context.metadata,
        **more,
        "captions": captions,
        "duration": seconds(info.duration if info else None),
    }
    prompt = context.prompt if "{captions}" in context.prompt else context.prompt + "\n\n{captions}"
    message = Message(role="user", parts=(TextPart(fill(prompt, values)),))
    request = ChatRequest(messages=(message,), decoding=context.decoding)
    return Output(caption=await context.ask(request, CAPTION, "the summary", made_from=made_from))


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
