"""Knows which texts a row holds besides its caption and those of its frames, and where: steps from frame to frame,
fields, captions of other lengths, segments. Judges none; a value of any other form counts as nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from framescribe.records import LENGTHS, MEASURE, VERIFY, Row

STEPS, STRUCTURE = "steps", "structure"  # stages
SEGMENTS = "segments"  # in the output of a stage that was done segment by segment
Stages = Mapping[str, Mapping[str, Any]]
NOTHING = frozenset(("", "not sure", "none"))  # what a field says that says nothing


def steps(row: Row) -> list[dict[str, Any]]:
    """What changed from each frame to the next, in order of time: `index` and `time` of the later frame, and either
    `changed`, `camera`, `present`, or `same_as`, the index of the frame that it is so near to that nobody was asked.
    Where the clip was divided, `segment`, counted from 0, and times count from its start."""
    return steps_of(row.stages)


def steps_of(stages: Stages) -> list[dict[str, Any]]:
    """As `steps`, from `Row.stages`."""
    found = list[dict[str, Any]]()
    for segment, value in _made(stages, STEPS):
        inner = value.get("steps") if isinstance(value, Mapping) else None
        where = {} if segment is None else {"segment": segment}
        found += [{**step, **where} for step in _mappings(inner) if type(step.get("index")) is int]
    return found


def lengths(row: Row) -> Mapping[str, str]:
    """As `Row.captions`, also of an older caption."""
    made = (row.stages.get(LENGTHS) or {}).get("output")
    return {name: text for name, text in made.items() if isinstance(text, str)} if isinstance(made, Mapping) else {}


def fields(row: Row) -> Mapping[str, Any] | None:
    """What was said of the whole clip, field by field; None if it was not asked for so."""
    return next((value for segment, value in _made(row.stages, STRUCTURE) if segment is None and _is_some(value)), None)


def segments(row: Row) -> list[dict[str, Any]]:
    """The segments in order of time: `start` and `end` in seconds, `caption`, None if there is none, and `fields`, if
    it was described by them."""
    return segments_of(row.stages)


def segments_of(stages: Stages) -> list[dict[str, Any]]:
    """As `segments`, from `Row.stages`."""
    found = list[dict[str, Any]]()
    for name, stage in stages.items():
        for at, one in enumerate(segments_in(stage)):
            if at == len(found):
                found.append({"start": one["start"], "end": one["end"], "caption": None})
            if isinstance(one.get("caption"), str):
                found[at]["caption"] = one["caption"]
            if name == STRUCTURE and _is_some(one.get("value")):
                found[at]["fields"] = one["value"]
    return found


def is_told(name: str, stage: Mapping[str, Any]) -> bool:
    """Whether all that this stage made is in what these functions return, or in `Row.facts` or `Row.verified`."""
    return name in (STEPS, STRUCTURE, LENGTHS, MEASURE, VERIFY) or bool(segments_in(stage))


def words(row: Row) -> Iterator[str]:
    """All these texts, in no particular order, without the caption."""
    yield from (text for text in lengths(row).values() if text != row.caption)
    for segment in segments(row):
        yield from _strings([segment["caption"], segment.get("fields")])
    yield from _noted(row)


def sources(row: Row) -> Iterator[str]:
    """The texts that its caption was written from: those of its frames, and what was noted of the clip."""
    yield from (frame.caption for frame in row.frames if frame.caption)
    yield from _noted(row)


def _noted(row: Row) -> Iterator[str]:
    for step in steps(row):
        yield from _strings([step.get("changed"), step.get("camera"), step.get("present")])
    yield from _strings(fields(row))


def _made(stages: Stages, name: str) -> Iterator[tuple[int | None, Any]]:
    """What this stage made: of the whole clip (None), or of each segment."""
    stage = stages.get(name) or {}
    divided = segments_in(stage)
    if divided:
        yield from ((at, one.get("value")) for at, one in enumerate(divided))
    else:
        yield None, stage.get("output")


def segments_in(stage: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a stage made of each segment; nothing if it was not done segment by segment."""
    output = stage.get("output")
    found = _mappings(output.get(SEGMENTS)) if isinstance(output, Mapping) else []
    timed = all(isinstance(one.get(end), int | float) for one in found for end in ("start", "end"))
    return found if timed else []


def _mappings(value: Any) -> list[Mapping[str, Any]]:
    """The value, if it is a list of JSON objects; else nothing."""
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return list(value)
    return []


def _is_some(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value not in NOTHING:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _strings(inner)
