"""Knows what pandas.read_csv makes of a csv of texts: what it takes for nothing, or for a number; needs no pandas.

Read in pandas 3.1 (STR_NA_VALUES) and tried. Quotes protect a text from neither. A column becomes numbers, or true and
false, only if all its values are; one with other texts among them stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.csv_rows import read_rows
from framescribe.formats.listed import not_unicode

_NOTHING = "#N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null"
NOTHING = frozenset([*_NOTHING.split(), "", "#N/A N/A"])
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?)|true|false", re.ASCII | re.IGNORECASE)


Record = tuple[int, dict[str, Any]]
"""The line in which a row ends, and its texts by their columns, None where pandas has NaN."""


def refuses_csv(sample: Sample) -> str | None:
    """Why pandas would not give this sample's caption and path back."""
    for caption in sample.captions:
        if caption in NOTHING:
            return "pandas takes its caption (NA, null …) for a missing value: use other words, or no csv"
        if _NUMBER.fullmatch(caption):
            return "pandas takes its caption for a number, or for true or false: use words, or no csv"
    return not_unicode(sample)


def read_csv(path: Path, caption: str, *others: str) -> Iterator[Record]:
    """The rows of a csv as pandas reads them, one after the other.

    UserError where pandas stops or would shift the columns, if the column `caption` or one of the `others` is missing,
    and if pandas would take all captions for numbers.
    """
    _refuse_numbers(path, caption)
    yield from _records(path, caption, *others)


def _refuse_numbers(path: Path, caption: str) -> None:
    number = None
    for _, values in _records(path, caption):
        if (value := values[caption]) is not None:
            if not _NUMBER.fullmatch(value.strip()):
                return
            number = value
    if number is not None:
        raise UserError(f"{path}: pandas reads the column {caption} as numbers or truths ({number}); use words")


def _records(path: Path, *needed: str) -> Iterator[Record]:
    rows = ((line, row) for line, row in read_rows(path) if len(row) > 1 or (row and row[0].strip(" \t")))
    _, header = next(rows, (0, list[str]()))
    if header:
        header[0] = header[0].removeprefix("\ufeff")
    if lacking := [name for name in needed if name not in header]:
        raise UserError(f"{path}, line 1: the column {lacking[0]!r} is missing; add it")
    width = len(header)
    for line, row in rows:
        if len(row) > width:
            raise UserError(
                f"{path}, line {line}: {len(row)} values for {width} columns, at which pandas stops, or shifts the "
                "columns; put a value that holds a comma in double quotes"
            )
        row += [""] * (width - len(row))
        values: dict[str, str | None] = dict(zip(header, row, strict=True))
        if not NOTHING.isdisjoint(row):
            values = {name: None if value in NOTHING else value for name, value in values.items()}
        yield line, values
