"""Captions a long video segment by segment, with the stages of any strategy, and writes one caption from theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from framescribe.engines.base import ChatRequest, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize
from framescribe.errors import TooLong, UserError, VideoError
from framescribe.frames.sampling import Sampling
from framescribe.frames.segments import AT_ONCE, Division, chunks
from framescribe.measures import said
from framescribe.measures.within import within
from framescribe.prompts import fill, named_in
from framescribe.records import Clip, FrameCaption, Segment, VideoInfo
from framescribe.strategies.base import CAPTION, Context, Output, Stage, seconds, together

SEGMENTS = "segments"  # under this name a stage's value holds what it made of each
LIKELY = 6  # segments of a video: how long it is, is not known before it is decoded
PART_CAPTION = "part_caption"


class Segmented(Stage):
    """A stage of a strategy, run on each segment as if that were a video.

    Its value: {"segments": [{"start", "end", "first_frame", "last_frame", "caption"?, "value"?, "told"?}]}: what the
    stage made of that segment, and what its model was told of the facts that were measured in it; captions of frames
    are in `Output.frames`, with all numbers and times those of the video. What the stage itself is given, and makes as
    a value, counts time from the segment's start.
    """

    def __init__(self, stage: Stage, division: Division) -> None:
        self._stage, self._division = stage, division
        self.name, self.model, self.after, self.sees = stage.name, stage.model, stage.after, stage.sees
        self.prompt, self.preset, self.form = stage.prompt, stage.preset, stage.form

    def values(self, result: Any) -> Mapping[tuple[str, int | None], Any]:
        return self._stage.values(result)

    def requests(self, sampling: Sampling) -> int:
        return LIKELY * self._stage.requests(sampling)

    def at_once(self, sampling: Sampling) -> int:
        held = max(1, AT_ONCE // sampling.likely) if self.sees else LIKELY  # segments
        return min(LIKELY, held) * self._stage.at_once(sampling)

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        return {**self._stage.ingredients(choice), "segment": self._division}

    def largest(
        self, sampling: Sampling, max_pixels: int | None, choice: ModelChoice, answer: int
    ) -> PromptSize | None:
        return self._stage.largest(sampling, max_pixels, choice, answer)

    async def run(self, context: Context) -> Output:
        segments, outputs = await (self._seen(context) if self.sees else self._read(context))
        frames = [
            replace(frame, time=None if frame.time is None else round(frame.time + part.start, 6))
            for part, output in zip(segments, outputs, strict=True)
            for frame in output.frames or ()
        ]
        return Output(
            frames=tuple(frames) if any(output.frames is not None for output in outputs) else None,
            value={
                SEGMENTS: [
                    _told(part, output, self._line(context, part))
                    for part, output in zip(segments, outputs, strict=True)
                ]
            },
            flags=tuple(dict.fromkeys(flag for output in outputs for flag in output.flags)),
        )

    async def _seen(self, context: Context) -> tuple[Sequence[Segment], list[Output]]:
        """What is made of all segments whose frames are decoded chunk by chunk, so that a few are held at a time."""
        clip = await context.clip()
        segments, outputs = clip.segments, list[Output]()
        for chunk in chunks(segments):
            if outputs:
                del clip  # or its frames would be there besides the next ones
                clip = await context.clip(numbers=[index for part in chunk for index in part.frames])
            first = len(outputs)
            outputs += await together(
                self._one(number, part, clip.info, context, clip) for number, part in enumerate(chunk, start=first)
            )
        return segments, outputs

    async def _read(self, context: Context) -> tuple[Sequence[Segment], list[Output]]:
        """What is made of all segments from what stages before made."""
        segments = [
            Segment(start=part["start"], end=part["end"], first=part["first_frame"], last=part["last_frame"])
            for part in parts_in(context.earlier[self.after[0]])
        ]
        return segments, await together(
            self._one(number, part, context.info, context) for number, part in enumerate(segments)
        )

    async def _one(
        self, number: int, part: Segment, info: VideoInfo | None, context: Context, clip: Clip | None = None
    ) -> Output:
        """What the stage makes of one segment."""
        length = round(part.end - part.start, 6)
        own = replace(info, duration=length, frames=part.last - part.first + 1) if info is not None else None

        async def source(
            sampling: Sampling | None = None, max_pixels: int | None = None, *, numbers: Sequence[int] = ()
        ) -> Clip:
            if sampling is not None or max_pixels is not None or numbers or clip is None or own is None:
                raise UserError(
                    f"--segment: the stage {self.name} decodes frames of its own, which has no segments yet"
                )
            inside = (frame for frame in clip.frames if part.first <= frame.index <= part.last)
            frames = tuple(replace(frame, time=_less(frame.time, part.start)) for frame in inside)
            return Clip(info=own, frames=frames)

        line, facts = self._line(context, part), within(context.facts, part.start, part.end)
        whole, words = said.words(context.facts), said.words(facts)
        own_words = {
            name: text for name, text in words.items() if context.facts and context.metadata.get(name) == whole[name]
        }
        own_context = replace(
            context,
            prompt="\n\n".join(filter(None, (context.prompt, line))),
            metadata={**context.metadata, **own_words},  # a user's column of that name comes first
            facts=facts,
            info=own,
            earlier={name: _of_segment(context.earlier[name], number) for name in self.after},
            ask=partial(context.ask, segment=number, span=(part.start, part.end)),
            clip=source,
        )
        try:
            return await self._stage.run(own_context)
        except VideoError as error:
            error.args = (f"In its segment {_span(part.start, part.end)}: {error}", *error.args[1:])
            raise

    def _line(self, context: Context, part: Segment) -> str:
        """What the stage's model is told of the facts of a segment, unless the prompt says itself which."""
        if not self._stage.told or not set(said.NAMES).isdisjoint(named_in(context.prompt)):
            return ""
        return said.line(within(context.facts, part.start, part.end))


class Timeline(Stage):
    """One caption of the whole video, from those of its segments; of a single segment it is that one's own."""

    name = "timeline"
    model = "summary model"
    prompt = "summary"
    preset = "segments"

    def __init__(self, last: str) -> None:
        self.after = (last,)

    async def run(self, context: Context) -> Output:
        made = context.earlier[self.after[0]]
        parts = parts_in(made)
        if len(parts) == 1:
            return Output(caption=parts[0]["caption"])
        return Output(caption=await self._told(parts, len(made.frames or ()), context, CAPTION))

    async def _told(self, parts: Sequence[Mapping[str, Any]], frames: int, context: Context, what: str) -> str:
        """One caption from those of these parts. Where they are too long for the model, each half is told first."""
        start, end = parts[0]["start"], parts[-1]["end"]
        lines = [f"{_span(part['start'], part['end'])}: {part['caption']}" for part in parts]
        values: Mapping[str, object] = {
            **context.metadata,
            "captions": "\n".join(lines),
            "frame_count": frames,
            "duration": seconds(end - start),
        }
        prompt = context.prompt if "{captions}" in context.prompt else context.prompt + "\n\n{captions}"
        message = Message(role="user", parts=(TextPart(fill(prompt, values)),))
        request = ChatRequest(messages=(message,), decoding=context.decoding)
        number = None if what == CAPTION else parts[0]["first_frame"]
        try:
            made_from = [part["caption"] for part in parts]
            return await context.ask(request, what, "the timeline", frame=number, made_from=made_from)
        except TooLong:
            if len(parts) <= 2:
                raise
        halves = parts[: len(parts) // 2], parts[len(parts) // 2 :]
        told = await together(self._told(half, frames, context, PART_CAPTION) for half in halves)
        pairs = zip(halves, told, strict=True)
        both = [{**half[0], "end": half[-1]["end"], "caption": caption} for half, caption in pairs]
        return await self._told(both, frames, context, what)


def parts_in(output: Output) -> list[dict[str, Any]]:
    """What a stage made of each segment."""
    parts: list[dict[str, Any]] = output.value[SEGMENTS]
    return parts


def _of_segment(output: Output, number: int) -> Output:
    """What a stage made of this segment, as its own stage made it."""
    part = parts_in(output)[number]
    frames: tuple[FrameCaption, ...] | None = None
    if output.frames is not None:
        inside = (frame for frame in output.frames if part["first_frame"] <= frame.index <= part["last_frame"])
        frames = tuple(replace(frame, time=_less(frame.time, part["start"])) for frame in inside)
    return Output(caption=part.get("caption"), frames=frames, value=part.get("value"))


def _told(part: Segment, output: Output, line: str) -> dict[str, Any]:
    return {
        "start": part.start,
        "end": part.end,
        "first_frame": part.first,
        "last_frame": part.last,
        **({"caption": output.caption} if output.caption is not None else {}),
        **({"value": output.value} if output.value is not None else {}),
        **({"told": line} if line else {}),
    }


def _span(start: float, end: float) -> str:
    return f"{start:.1f}–{end:.1f} s"


def _less(time: float | None, start: float) -> float | None:
    return None if time is None else max(0.0, round(time - start, 6))
