"""Knows how texts are written as csv, how Python's csv module divides a file into rows of values, and where it would
lose rows without a word."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import IO

from framescribe.errors import UserError
from framescribe.formats.listed import utf8_lines

LONGEST = 2**31 - 1  # characters of a value; more than a C long holds is refused on Windows
DEFAULT_LONGEST = 131_072  # of Python's csv module, where nobody sets another
_END = "\0end\0"


def write_rows(file: IO[str], header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows of texts, each text in quotes: what csv.writer does with QUOTE_ALL, in a fifth of its time."""
    for row in chain([header], rows):
        file.write('"' + '","'.join([text.replace('"', '""') for text in row]) + '"\n')


def read_rows(path: Path, *, newline: str | None = "", longest: int = LONGEST) -> Iterator[tuple[int, list[str]]]:
    """The values of each row, and the line in which the row ends; blank lines are rows without values.

    `newline` as for `open`. UserError, with the line, for what is not UTF-8, for a value of more than `longest`
    characters, and for a quote that is never closed: it would make one value of the rest of the file.
    """
    csv.field_size_limit(LONGEST)
    rows = csv.reader(chain(utf8_lines(path, newline), (_END,)))
    begun = 1
    for row in rows:
        if row and row[-1].endswith(_END):
            if row != [_END]:
                raise UserError(f"{path}, line {begun}: a double quote in this row is never closed; close it")
            return
        at = rows.line_num
        if longest < LONGEST and any(len(value) > longest for value in row):
            raise UserError(f"{path}, line {at}: a value has more than {longest:,} characters; shorten it")
        yield at, row
        begun = at + 1


def has_columns(path: Path, *names: str) -> bool:
    """Whether it is a csv whose header has these columns."""
    if not path.name.endswith(".csv") or not path.is_file():
        return False
    try:
        return set(names) <= set(next(read_rows(path), (0, []))[1])
    except UserError:
        return False
