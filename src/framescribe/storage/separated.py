"""Knows how lines separated by commas, tabs and the like are rows of values, whoever wrote them; knows no videos.

What RFC 4180 says holds for csv. Where lines break it, or a guess is needed, the guess is made only if whoever reads
gives a `Guess`; it never makes one row of several, and every row that is not a proper one says so.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import NamedTuple

from framescribe.errors import UserError
from framescribe.storage.lines import Read, lone_bytes, text_lines

SAMPLE = 50  # rows that are looked at to tell whether the first line is a header
MOST_OF_A_VALUE = 2**24  # characters after which a quote that nothing closes is no quote
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)  # Excel's
_NAMED = {",": "comma", "\t": "tab", ";": "semicolon", "|": "vertical bar"}


@dataclass(frozen=True, slots=True)
class Guess:
    """What a reader who knows what a table is about says of it: `is_row` tells whether a value can only stand in a row,
    not in a header; `columns` are names that the header is known to hold; `say` gets a line for each guess."""

    is_row: Callable[[str], bool]
    say: Callable[[str], None]
    columns: Collection[str] = ()


class Columns(NamedTuple):
    """The names in the header, or made up where there is none, and the rows."""

    names: list[str]
    rows: Iterator[Read]


def read_separated(path: str, delimiter: str, guess: Guess | None) -> Columns:
    """The rows of a csv or tsv. A UserError says what is wrong with its header."""
    csv.field_size_limit(2**31 - 1)  # default 128 KiB; on Windows more than a C long holds is refused
    lines = _Lines(text_lines(path))
    first = lines.skip_blank()
    if first is None:
        return Columns([], iter(()))
    if (found := _SEPARATOR_LINE.fullmatch(first)) and delimiter == ",":
        delimiter = found[1]
        lines.take()
        first = lines.skip_blank() or ""
    elif delimiter == ",":
        delimiter = _delimiter(path, first, guess)
    records = _Records(path, lines, delimiter, guess)
    header = records.first()
    if header is None:
        return Columns([], iter(()))
    at, values, fault = header
    if fault is not None:
        raise UserError(f"{path}, {at}: {fault}")
    rows = iter(records)
    if guess is not None and not set(values) & set(guess.columns):
        sample = list(islice(rows, SAMPLE))
        rows = chain(sample, rows)
        if _is_row(values, [one[1] for one in sample], guess):
            names = ["path"] if len(values) == 1 else [f"column_{number}" for number in range(1, len(values) + 1)]
            guess.say(f"{path} has no header: its first line is taken as a row, with the columns {', '.join(names)}")
            return Columns(names, _as_records(chain([header], rows), names, delimiter))
    names = _header(path, at, values)
    return Columns(names, _as_records(rows, names, delimiter))


def _delimiter(path: str, line: str, guess: Guess | None) -> str:
    """The character that separates the values of a csv whose header this is: European spreadsheets write semicolons."""
    if len(one := _plain(line, ",")) > 1 or (guess is not None and guess.is_row(one[0])):
        return ","
    for other in ";\t|":
        if len(_plain(line, other)) > 1:
            if guess is not None:
                guess.say(f"{path}: its values are separated by a {_NAMED[other]}")
            return other
    return ","


def _is_row(values: Sequence[str], sample: Sequence[Sequence[str]], guess: Guess) -> bool:
    """Whether the first line is a row: one of its values can only stand in one, as do those below it."""
    for number, value in enumerate(values):
        below = [row[number] for row in sample if len(row) > number and row[number]]
        # A name such as "detector.tp" may end like a video's.
        if guess.is_row(value) and (not below or "/" in value or "\\" in value or any(map(guess.is_row, below))):
            return True
    return False


def _header(path: str, at: str, columns: list[str]) -> list[str]:
    if columns[-2:] == ["", ""]:  # spreadsheets pad the header with unnamed columns
        while columns and not columns[-1]:
            columns.pop()
    refuse_twins(f"{path}, {at}", columns)
    return columns


def refuse_twins(place: str, columns: Sequence[str]) -> None:
    """UserError if two columns have the same name."""
    twins = [name for number, name in enumerate(columns) if name in columns[:number]]
    if twins:
        raise UserError(f"{place}: two columns are named {twins[0]!r}; rename one of them")


def _as_records(rows: Iterator[_Row], names: Sequence[str], delimiter: str) -> Iterator[Read]:
    for at, values, fault in rows:
        if any(values[len(names) :]) and fault is None:
            named = _NAMED.get(delimiter, repr(delimiter))
            fault = f"{len(values)} values for {len(names)} columns; put a value that holds a {named} in double quotes"
        # Spreadsheets omit empty values at the end of a row.
        record = dict(zip(names, [*values, *[""] * (len(names) - len(values))], strict=False))
        yield Read(record, at, fault)


class _Lines:
    """Lines with their numbers, some of which may be put back."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._back, self.number = lines, list[str](), 0

    def take(self) -> str | None:
        line = self._back.pop() if self._back else next(self._lines, None)
        self.number += line is not None
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        self._back += reversed(lines)
        self.number -= len(lines)

    def skip_blank(self) -> str | None:
        """The next line that is not blank; it stays the next."""
        while (line := self.take()) is not None:
            if line.strip("\r\n"):
                self.put_back([line])
                return line
        return None


_Row = tuple[str, list[str], str | None]


class _Records:
    """Where it is, the values and the fault of each row."""

    def __init__(self, path: str, lines: _Lines, delimiter: str, guess: Guess | None) -> None:
        self._path, self._lines, self._delimiter, self._guess = path, lines, delimiter, guess
        self._wide: int | None = None  # the number of columns
        self._literal = delimiter == "\t"  # whether a quote may be a character like any other
        self._told = False

    def first(self) -> _Row | None:
        """The first row, from which the number of columns is known."""
        start = self._lines.skip_blank() or ""
        parts = start.rstrip("\r\n").split(self._delimiter)
        # Whoever quotes every name quotes every text (R, Excel's import tools, framescribe).
        self._literal &= not all(len(part) > 1 and part[0] == part[-1] == '"' for part in parts)
        found = next(iter(self), None)
        if found is not None:
            self._wide = len(found[1])
        return found

    def __iter__(self) -> Iterator[_Row]:
        while (line := self._lines.take()) is not None:
            start = self._lines.number
            if '"' not in line:
                text = line.rstrip("\r\n")
                if not text:  # an empty line is not a row: a single empty value is written as ""
                    continue
                values, fault = text.split(self._delimiter), None
            else:
                values, fault = self._quoted(line)
            if fault is None and self._guess is None and any(map(lone_bytes, values)):
                fault = "this is not UTF-8; save the table as UTF-8"
            yield f"line {start}", values, fault

    def _quoted(self, line: str) -> tuple[list[str], str | None]:
        """The values of a row with a quote in it, which may go on over several lines; those it takes are gone."""
        span, error = [line], None
        size = len(line)
        while True:
            values, error = _parsed(span, self._delimiter)
            if values is not None or error != _UNCLOSED:
                break
            while (more := self._lines.take()) is not None:  # only another quote can close it
                span.append(more)
                size += len(more)
                if '"' in more or size > MOST_OF_A_VALUE:
                    break
            if more is None or size > MOST_OF_A_VALUE:
                break
        if values is not None and not (len(span) > 1 and self._swallows(span)):
            return values, None
        if self._guess is None and not self._literal:
            return values or [], f"{error}; check the double quotes in this row"
        self._lines.put_back(span[1:])
        if self._guess is not None and not self._told and not self._literal:
            self._told = True
            self._guess.say(
                f"{self._path}, line {self._lines.number}: its double quotes are not in pairs, so they are taken as "
                "part of the values, here and wherever else that is so"
            )
        return _plain(line, self._delimiter), None

    def _swallows(self, span: Sequence[str]) -> bool:
        """Whether a value that goes over several lines would be several rows, if its quotes meant nothing."""
        rows = [_plain(line, self._delimiter) for line in span]
        if self._wide is not None and any(len(row) != self._wide for row in rows):
            return False
        if self._literal:
            return True
        is_row = self._guess.is_row if self._guess is not None else lambda value: False
        return any(all(map(is_row, column)) for column in zip(*rows, strict=False))


_UNCLOSED = "unexpected end of data"


def _parsed(span: Sequence[str], delimiter: str) -> tuple[list[str] | None, str | None]:
    # Without `strict` a quote that is never closed would silently swallow the rest of the file.
    try:
        return next(csv.reader(span, delimiter=delimiter, strict=True), []), None
    except csv.Error as error:
        return None, str(error)


def _plain(line: str, delimiter: str) -> list[str]:
    """The values of one line in which a quote that closes nothing is a character like any other."""
    text = line.rstrip("\r\n")
    if '"' in text:
        values, _ = _parsed([text], delimiter)
        if values is not None:
            return values
    return text.split(delimiter)
