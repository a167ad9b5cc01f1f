"""Shows a model all sampled frames of a clip in one request; its answer is the video's caption."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count

from framescribe.engines.base import ChatRequest, ImagePart, Message, TextPart, VideoPart
from framescribe.engines.base import ContentPart as Part
from framescribe.errors import TooLong
from framescribe.frames.encode import halved, size
from framescribe.prompts import fill
from framescribe.records import Clip, Frame, FrameCaption
from framescribe.strategies.ask import SMALLER, Ask, ended_badly, seconds, text

FEWEST = 2  # frames that still show what changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the model wrote, and which frames it saw, in the order of time; they have no captions of their own."""

    caption: str
    frames: tuple[FrameCaption, ...]
    flags: tuple[str, ...]


async def caption_clip(clip: Clip, ask: Ask, metadata: Mapping[str, object], *, as_video: bool) -> Told:
    """One caption from all frames. `as_video`: the engine takes them as one video; where a clip's frames differ in size
    or have no times they go as pictures, and that is flagged.

    Where they do not fit in the model's context they are asked about again with their sides halved, twice, and then
    without every other frame, again and again; TooLong where two small ones are still too much.
    """
    frames, flags = clip.frames, list[str]()
    for smaller in count(1):
        as_video = as_video and len(frames) > 1  # one is a picture
        video = _video(frames, clip.info.duration) if as_video else None
        shown: Sequence[Part] = [video] if video else _pictures(frames)
        values = {**metadata, "duration": seconds(clip.info.duration), "frame_count": len(frames)}
        message = Message(role="user", parts=(*shown, TextPart(fill(ask.prompt, values))))
        try:
            reply = await ask.complete(ChatRequest(messages=(message,), decoding=ask.decoding))
        except TooLong:
            if smaller <= SMALLER:
                frames, flags = await asyncio.to_thread(_halved, frames), ["frame_shrunk"]
            elif len(frames) > FEWEST:
                frames, flags = frames[::2], ["frame_shrunk", "frame_left_out"]
            else:
                raise
        else:
            break
    if as_video and not video:
        flags.append("video_sent_as_images")
    return Told(
        caption=text(reply, "the clip"),
        frames=tuple(FrameCaption(index=frame.index, time=frame.time, caption=None) for frame in frames),
        flags=(*flags, *ended_badly(reply, "caption")),
    )


def _pictures(frames: Sequence[Frame]) -> list[Part]:
    """Each frame behind its number and time."""
    parts: list[Part] = []
    for number, frame in enumerate(frames, start=1):
        time = "" if frame.time is None else f" ({frame.time:.2f} s)"
        parts += [TextPart(f"Frame {number}{time}:"), ImagePart(frame.image)]
    return parts


def _video(frames: Sequence[Frame], duration: float | None) -> VideoPart | None:
    """The frames as one video, or None where they cannot be one."""
    times = [frame.time for frame in frames if frame.time is not None]
    if duration is None or len(times) < len(frames) or len({size(frame.image) for frame in frames}) > 1:
        return None
    return VideoPart(frames=tuple(frame.image for frame in frames), times=tuple(times), duration=duration)


def _halved(frames: Sequence[Frame]) -> tuple[Frame, ...]:
    return tuple(replace(frame, image=halved(frame.image)) for frame in frames)
