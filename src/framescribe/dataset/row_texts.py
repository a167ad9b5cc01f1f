"""Knows which texts a row of a result holds besides its caption, where they stand, and by what each is judged, as the
gate judges it in a run; judges none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks
from framescribe.errors import UserError
from framescribe.language.limits import Limit
from framescribe.records import Row
from framescribe.results import texts
from framescribe.strategies.asking import Gate
from framescribe.strategies.base import FRAME_CAPTION, SEGMENT_CAPTION
from framescribe.strategies.lengths import lengths_in

Prompts = Callable[[Row, str], str]


class Placed(NamedTuple):
    """A text in a row: its `name`, with which flags about it begin; `place`, the same with the frame, the segment and
    the field; what is known about it; and whether it is only a `part`, which is not judged as a whole caption is."""

    name: str
    place: str
    text: str
    of: Circumstances
    part: bool = False


def texts_of(row: Row, of: Circumstances, prompts: Prompts) -> Iterator[Placed]:
    """The texts of frames, other lengths, segments, steps and fields. `of`: what is known of the row's caption.
    `prompts`: the prompt by which a stage asked for a field of the row, if it is known."""
    step = Circumstances(language=of.language, prompt=prompts(row, "frames"))
    for frame in row.frames:
        if frame.caption:
            yield Placed(FRAME_CAPTION, f"{FRAME_CAPTION} {frame.index}", frame.caption, step)
    yield from _lengths(row, of)
    for number, segment in enumerate(row.segments):
        if segment.get("caption") and segment["caption"] != row.caption:
            seen = tuple(frame.caption for frame in segment["frames"] if frame.caption)
            own = replace(of, frame_captions=seen)
            yield Placed(SEGMENT_CAPTION, f"{SEGMENT_CAPTION} {number + 1}", segment["caption"], own)
    yield from _fields(row, replace(step, min_words=1))


def _lengths(row: Row, of: Circumstances) -> Iterator[Placed]:
    for name, text in row.captions.items():
        if text and text != row.caption:
            limit = _limit(name)
            gate = Gate(
                checks=Checks(()), mend=False, caption=of, step=of, digest="", limits={name: limit} if limit else {}
            )
            own = replace(gate.of(name), frame_captions=(row.caption or "",), longer=row.caption, finish_reason="stop")
            yield Placed(name, name, text, own)


def _limit(name: str) -> Limit | None:
    """How long a caption of a length of this name may be."""
    try:
        return lengths_in([name])[0].limit
    except UserError:  # of another version
        return None


def _fields(row: Row, of: Circumstances) -> Iterator[Placed]:
    """The texts in steps and structures."""
    for name in (texts.STEPS, texts.STRUCTURE):
        if name not in row.stages:
            continue
        read = _form(name).texts
        for place, value in _values(row, name):
            yield from (Placed(name, f"{place} {field}", text, of, part=True) for field, text in read(value).items())


def _values(row: Row, name: str) -> Iterator[tuple[str, Any]]:
    if name == texts.STEPS:
        for step in texts.steps(row):
            where = f" of segment {step['segment'] + 1}" if "segment" in step else ""
            kept: Mapping[str, Any] = {key: step[key] for key in ("changed", "camera", "present") if key in step}
            yield f"{name} {step['index']}{where}", kept
        return
    if (fields := texts.fields(row)) is not None:
        yield name, fields
    for number, segment in enumerate(texts.segments(row)):
        if "fields" in segment:
            yield f"{name} of segment {number + 1}", segment["fields"]


def _form(name: str) -> Any:
    """The form of the values of a stage; imported only where a row has one."""
    from framescribe.strategies import sliding, structured

    return sliding.FORM if name == texts.STEPS else structured.FORM
