"""Describes the first frame in full, then asks what changes from one frame to the next, and has a language model write
one caption from that and from what is there at the end. Frames in which nothing has changed are not asked about."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from framescribe.engines.base import ChatRequest, ImagePart, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PIXELS, PromptSize
from framescribe.frames.likeness import same, sketch
from framescribe.frames.sampling import Sampling
from framescribe.prompts import fill
from framescribe.records import Clip, Frame, FrameCaption, VideoInfo
from framescribe.strategies.base import Context, Output, Stage, Strategy, seconds
from framescribe.strategies.fitting import Images, fitting
from framescribe.strategies.form import Form
from framescribe.strategies.frames_then_summary import caption_frame, summed_up

FRAMES = 8
STEP = "step"  # the text about two frames, as flags about it begin
SAME = "same_as"  # in the record of a frame that nobody was asked about: the index of the one that it is like
NOTHING = "nothing changes."
EMPTY = "nothing"  # what is there where the model lists nobody
FORM = Form(
    {
        "type": "object",
        "properties": {
            # First what is there, so that what changed is said of what was just listed.
            "present": {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 24},
            "changed": {"type": "array", "items": {"type": "string", "maxLength": 300}, "maxItems": 16},
            "camera": {"type": "string", "maxLength": 200},
        },
        "required": ["changed"],
        "additionalProperties": False,
    }
)


class First(Stage):
    """A caption of the first frame alone."""

    name = "first"
    model = "frame model"
    sees = True
    prompt = "frame"

    async def run(self, context: Context) -> Output:
        clip = await context.clip()
        said, flags = await caption_frame(clip.frames[0], clip.info, context)
        others = (FrameCaption(index=frame.index, time=frame.time, caption=None) for frame in clip.frames[1:])
        return Output(frames=(said, *others), flags=flags)


class Steps(Stage):
    """What changes from each frame to the next."""

    name = "steps"
    model = "frame model"
    after = ("first",)
    sees = True
    prompt = "step"
    form = FORM

    def values(self, result: Any) -> Mapping[tuple[str, int | None], Any]:
        return {(STEP, step["index"]): answer_of(step) for step in result["steps"] if SAME not in step}

    def requests(self, sampling: Sampling) -> int:
        return sampling.likely - 1

    def at_once(self, sampling: Sampling) -> int:
        return 1  # each is told what the one before it has seen

    def largest(self, sampling: Sampling, max_pixels: int | None, choice: ModelChoice, answer: int) -> PromptSize:
        return PromptSize(pictures=2, pixels=max_pixels or PIXELS, answer=answer)

    async def run(self, context: Context) -> Output:
        return await follow(await context.clip(), _first(context).caption or "", context)


class Summary(Stage):
    """One caption from the first frame's and the changes."""

    name = "summary"
    model = "summary model"
    after = ("first", "steps")
    told = True
    prompt = "summary"
    preset = "steps"

    async def run(self, context: Context) -> Output:
        steps = context.earlier["steps"].value["steps"]
        told = [text for step in steps for text in FORM.texts(answer_of(step)).values()]
        made_from = [_first(context).caption or "", *told]
        more = {"frame_count": 1 + len(steps)}
        return await summed_up(render(_first(context), steps), made_from, more, context.info, context)


class Sliding(Strategy):
    name = "sliding"
    help = "the first frame is captioned, then what changes from frame to frame; one caption is written from that"
    stages = (First(), Steps(), Summary())
    sampling = {"method": "uniform", "frames": FRAMES}  # noqa: RUF012
    max_pixels = 512 * 512


async def follow(clip: Clip, state: str, context: Context) -> Output:
    """What changes from frame to frame; `state` is what can be seen in the first one.

    A frame is compared with the last one that was asked about, not with its neighbour, so that nothing is overlooked
    because it is slow. If nothing has changed since, the model is not asked.
    """
    before, *rest = clip.frames
    steps, flags = list[dict[str, Any]](), list[str]()
    seen = await asyncio.to_thread(sketch, before.image)
    for frame in rest:
        now = await asyncio.to_thread(sketch, frame.image)
        place = {"index": frame.index, "time": frame.time}
        if same(seen, now):
            steps.append({**place, SAME: before.index})
            continue
        step, smaller = await _compared(before, frame, state, clip.info, context)
        steps.append({**place, **step})
        flags += smaller
        state = _listed(step["present"]) if "present" in step else state
        before, seen = frame, now
    return Output(value={"steps": steps}, flags=tuple(dict.fromkeys(flags)))


async def _compared(
    before: Frame, now: Frame, state: str, info: VideoInfo, context: Context
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """What changes from one frame to another, and flags."""
    values = {
        **context.metadata,
        "duration": seconds(info.duration),
        "before": seconds(before.time),
        "time": seconds(now.time),
        "frame_index": now.index,
        "state": state,
    }
    prompt = TextPart(fill(context.prompt, values))

    async def asked(images: Images) -> str:
        shown = [
            part
            for number, (frame, image) in enumerate(zip((before, now), images, strict=True), start=1)
            for part in (TextPart(f"Frame {number}{_at(frame.time)}:"), ImagePart(image))
        ]
        request = ChatRequest(messages=(Message(role="user", parts=(*shown, prompt)),), decoding=context.decoding)
        return await context.ask(request, STEP, f"frame {now.index}", frame=now.index, form=FORM)

    said, flags = await fitting((before.image, now.image), asked)
    return FORM.read(said), flags


def answer_of(step: Mapping[str, Any]) -> dict[str, Any]:
    """What the model answered about a step; nothing if it was not asked."""
    return {name: step[name] for name in FORM.schema["properties"] if name in step}


def render(first: FrameCaption, steps: Sequence[Mapping[str, Any]]) -> str:
    """The first frame's caption, the changes and what is there at the end, as the summary model reads them: a line for
    each, those of frames with their times."""
    told = [(first.time, first.caption or ""), *((step["time"], _told(step)) for step in steps)]
    lines = [text if time is None else f"{time:.2f} s: {text}" for time, text in told]
    # One wrong change would be in the caption for good; the beginning and the end show what it must come to.
    present = _present(steps)
    return "\n".join(lines if present is None else [*lines, f"At the end: {_listed(present)}."])


def _present(steps: Sequence[Mapping[str, Any]]) -> list[str] | None:
    """What is there at the end; None if nothing has changed, or if it was not listed after that."""
    asked = [step for step in steps if step.get("changed") or "present" in step]
    return asked[-1].get("present") if asked else None


def _listed(present: Sequence[str]) -> str:
    return "; ".join(one.rstrip(". ") for one in present) or EMPTY


def _told(step: Mapping[str, Any]) -> str:
    changed = " ".join(step.get("changed") or ()) or NOTHING
    camera = (step.get("camera") or "").rstrip(". ")
    return f"{changed} Camera: {camera}." if camera else changed


def _at(time: float | None) -> str:
    return "" if time is None else f" ({time:.2f} s)"


def _first(context: Context) -> FrameCaption:
    return (context.earlier["first"].frames or ())[0]
