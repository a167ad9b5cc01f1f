"""Knows the texts of a row that a person may change, each by the name of its field: reads them and puts others in their
place. Knows no edit, and judges no text.

    caption, frames[2]               the caption, and the one of the third frame
    captions[short]                  the caption of another length
    segments[2]                      the caption of the third segment
    fields.subjects[0].action        a text in what was said of the clip field by field
    segments[2].fields.setting       the same, of a segment
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from framescribe.plain_json import dumps
from framescribe.records import LENGTHS, Row, caption_hash
from framescribe.results import texts

CAPTION = "caption"
_FRAME = re.compile(r"frames\[(\d+)\]")
_STRUCTURED = re.compile(r"(?:segments\[\d+\]\.)?fields\.(.+)", re.DOTALL)
_WORDS = re.compile(rf"{CAPTION}|frames\[\d+\]|captions\[.+\]|segments\[\d+\]|{_STRUCTURED.pattern}", re.DOTALL)

Place = tuple[str | int, ...]  # the way to a text in `Row.stages`
_SEGMENT = 3  # the step that is the number of a segment: (stage, "output", "segments", 2, …)


def is_words(field: str) -> bool:
    """Whether rows may have words in a field of this name."""
    return _WORDS.fullmatch(field) is not None


def in_structure(field: str) -> str | None:
    """Where in a structure the text of a field stands ("subjects[0].action"); None if it stands elsewhere."""
    found = _STRUCTURED.fullmatch(field)
    return found[1] if found is not None else None


def words_of(row: Row) -> dict[str, str | None]:
    """The fields of a row that a person may change, with their texts."""
    frames = {f"frames[{at}]": frame.caption for at, frame in enumerate(row.frames)}
    return {CAPTION: row.caption, **frames, **{name: _at(row.stages, place) for name, place in _places(row).items()}}


def with_words(row: Row, words: Mapping[str, str | None]) -> Row:
    """The row with these texts in their fields; those for which it has no place are left out."""
    frames = list(row.frames)
    for name, text in words.items():
        at = _FRAME.fullmatch(name)
        if at and int(at[1]) < len(frames):
            frames[int(at[1])] = replace(frames[int(at[1])], caption=text)
    row = replace(row, caption=words.get(CAPTION, row.caption), frames=tuple(frames))
    places = _places(row) if any(name != CAPTION and not _FRAME.fullmatch(name) for name in words) else {}
    stages: Any = row.stages
    for name, text in words.items():
        if name in places and text is not None:
            stages = _replaced(stages, places[name], text)
    return row if stages is row.stages else replace(row, provenance={**row.provenance, "stages": stages})


def part_of(row: Row, field: str) -> str | None:
    """What stands for what the text of a field is a part of, in a row as a run wrote it: the seconds of the segment,
    the entries of the list. Another run may have others, where the field is about something else. None for all other
    fields."""
    if not field.startswith(("segments[", "fields.")):
        return None
    inside: list[Any] = []
    value: Any = row.stages
    for number, step in enumerate(_places(row).get(field, ())):
        if isinstance(step, int):
            divided = number == _SEGMENT and field.startswith("segments[")
            inside.append([value[step]["start"], value[step]["end"]] if divided else value)
        value = value[step]
    return caption_hash(dumps(inside)) if inside else None


def _places(row: Row) -> dict[str, Place]:
    """Where each text that is neither the caption nor a frame's stands."""
    found: dict[str, Place] = {f"captions[{name}]": (LENGTHS, "output", name) for name in texts.lengths(row)}
    for name, stage in row.stages.items():
        divided = texts.segments_in(stage)
        for at, one in enumerate(divided):
            here = (name, "output", texts.SEGMENTS, at)
            if isinstance(one.get("caption"), str) and len(divided) > 1:  # a single one says what the caption says
                found[f"segments[{at}]"] = (*here, "caption")
            if name == texts.STRUCTURE:
                found |= _leaves(f"segments[{at}].fields", (*here, "value"), one.get("value"))
        if name == texts.STRUCTURE and not divided:
            found |= _leaves("fields", (name, "output"), stage.get("output"))
    return found


def _leaves(field: str, place: Place, value: Any) -> Iterator[tuple[str, Place]]:
    """The texts in a value."""
    if isinstance(value, str):
        yield field, place
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _leaves(f"{field}.{name}", (*place, name), one)
    elif isinstance(value, list | tuple):
        for at, one in enumerate(value):
            yield from _leaves(f"{field}[{at}]", (*place, at), one)


def _at(value: Any, place: Place) -> str:
    for step in place:
        value = value[step]
    return str(value)


def _replaced(value: Any, place: Place, text: str) -> Any:
    """A copy of the value with this text in this place."""
    if not place:
        return text
    first, *rest = place
    if isinstance(value, Mapping):
        return {**value, first: _replaced(value[first], tuple(rest), text)}
    return [_replaced(one, tuple(rest), text) if at == first else one for at, one in enumerate(value)]
