"""Knows which texts of a row are exported: its caption, or others that stages made or the user's columns hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.records import LENGTHS, FrameCaption, Row
from framescribe.results import texts

CAPTION = "caption"
Words = Callable[[Row], tuple[str, ...] | None]
Composes = Callable[[Mapping[str, Any], str | None], Mapping[str, Any]]


def wording(variants: Sequence[str], composes: Composes | None = None) -> Words:
    """What gives the texts of a row that these variants name, in their order, each as often as its weight says
    ("short=2"); None if a row lacks one. By default its caption. `composes`: what a trainer is given of a clip's
    structure and caption. UserError if a weight is no number."""
    if not variants:
        return lambda row: (row.caption,) if row.caption and not row.caption.isspace() else None
    weighted = [_weighted(text) for text in variants]

    def words(row: Row) -> tuple[str, ...] | None:
        found: list[str] = []
        for name, weight in weighted:
            said = _texts(row, name) if composes is None else _composed(row, name, composes)
            if said and said == found and row.output(name) == row.caption:
                continue  # a stage that made the caption and no other text
            if not said:
                return None
            found += said * weight
        return tuple(found)

    return words


def names_of(variants: Sequence[str], row: Row) -> list[str]:
    """What the texts that `wording` gives of a row are called, each as often as it comes, if each name stands for one
    text."""
    weighted = [_weighted(text) for text in variants]
    return [
        each
        for name, weight in weighted
        for _ in range(weight)
        for each in (row.captions if name == LENGTHS else (name,))
    ]


def outdated_in(row: Row) -> set[str]:
    """The names of a row's texts that were made from a caption which a person has corrected since."""
    left = texts.lengths(row).keys() - row.captions.keys() - {CAPTION} if LENGTHS in row.outdated else ()
    return {LENGTHS, *left} if left else set()


def _composed(row: Row, name: str, composes: Composes) -> list[str]:
    from framescribe.strategies.structured import FORM  # with what it imports, for few exports

    value = row.output(name) if name in row.stages else None
    return [dumps(composes(value, row.caption))] if value is not None and FORM.fits(value) else _texts(row, name)


def _weighted(text: str) -> tuple[str, int]:
    name, sign, weight = text.rpartition("=")
    if not sign:
        return text, 1
    if not weight.isdecimal() or not 1 <= int(weight) <= 100 or not name:
        raise UserError(f"--variant {text!r}: the weight after = must be a whole number from 1 to 100")
    return name, int(weight)


def _texts(row: Row, name: str) -> list[str]:
    """The texts of this name that a row holds: its caption, what the stage of this name made, a value of this name in
    what a stage made, or the user's column."""
    if name in outdated_in(row):
        return []
    if name == LENGTHS:
        return _as_texts(list(row.captions.values()))
    if name == CAPTION:
        return _as_texts(row.caption)
    if name in row.stages:
        return _as_texts(row.output(name))
    for stage in reversed(list(row.stages.values())):
        made = stage.get("output")
        if isinstance(made, Mapping) and name in made:
            return _as_texts(made[name])
    return _as_texts(row.metadata.get(name))


def _as_texts(value: Any) -> list[str]:
    if isinstance(value, FrameCaption):
        value = value.caption
    if isinstance(value, Mapping):
        return [dumps(value)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _as_texts(one)]
    text = "" if value is None else str(value)
    return [text] if text and not text.isspace() else []
