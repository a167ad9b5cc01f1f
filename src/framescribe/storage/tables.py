"""Knows which format a table has, reads it as records, and writes records as a table; knows nothing of videos.

A record is a dict. CSV and TSV give the exact strings in the file, JSON and Parquet their own types.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TextIO

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.storage.json_tables import read_json_lines, read_json_list, read_lines
from framescribe.storage.lines import Read, lone_bytes
from framescribe.storage.object_store import StoreError
from framescribe.storage.parquet import Record, as_text, read_parquet, write_parquet
from framescribe.storage.separated import Guess, read_separated
from framescribe.storage.whole_file import whole_file


class Table(NamedTuple):
    """Columns in the order of the file (for JSON: in which they first appear), and one dict per row."""

    columns: list[str]
    records: list[dict[str, Any]]


class Opened(NamedTuple):
    """The columns in the order of the file, None where only the rows say (JSON), and the rows, read as they are asked
    for."""

    columns: list[str] | None
    rows: Iterator[Read]


def open_table(path: str | os.PathLike[str], guess: Guess | None = None) -> Opened:
    """The table at `path`; its ending says how to read it. No more of it is read than rows are taken, except of .json.

    A row that is no proper one has a `fault`. With a `guess`, what is unclear is decided where that loses no row.
    UserError, now or while the rows are taken, if the table cannot be read.
    """
    path = os.fspath(path)
    shown = without_keys(path)
    reader = _READERS.get(ending_of(shown))
    if reader is None:
        raise UserError(_unknown_ending(shown, "be read", TABLE_ENDINGS))
    try:
        columns, rows = reader(path, guess)
    except (UserError, OSError, StoreError) as error:
        raise _told(error, path, shown) from None
    return Opened(columns, _guarded(rows, path, shown))


def _guarded(rows: Iterator[Read], path: str, shown: str) -> Iterator[Read]:
    try:
        yield from rows
    except (UserError, OSError, StoreError) as error:
        raise _told(error, path, shown) from None


def _told(error: Exception, path: str, shown: str) -> UserError:
    if isinstance(error, UserError):
        text = str(error).replace(path, shown)
        return error if text == str(error) else UserError(text)
    if isinstance(error, FileNotFoundError):
        return UserError(f"{shown} does not exist")
    reason = getattr(error, "strerror", None) or error
    return UserError(f"{shown} cannot be read: {reason}")


def records_of(path: str | os.PathLike[str]) -> Iterator[dict[str, Any]]:
    """The records of a table, one after the other. A UserError says where the table is broken."""
    yield from _proper(path, open_table(path))


def read_table(path: str | os.PathLike[str]) -> Table:
    """All rows of the table at `path`. A UserError says where the table is broken."""
    opened = open_table(path)
    records = list(_proper(path, opened))
    return Table(opened.columns if opened.columns is not None else all_columns(records), records)


def _proper(path: str | os.PathLike[str], opened: Opened) -> Iterator[dict[str, Any]]:
    shown = without_keys(os.fspath(path))
    for row in opened.rows:
        fault = row.fault
        if fault is None and lone_bytes(row.text):
            fault = "this is not UTF-8; save the table as UTF-8"
        if fault is not None:
            raise UserError(f"{shown}, {row.at}: {fault}")
        yield row.record


def write_table(path: str | os.PathLike[str], records: Iterable[Record], columns: Sequence[str] | None = None) -> None:
    """Write the whole table or nothing, in the format that the ending of `path` names.

    `columns` says which columns and in what order. Default: all keys, in the order in which they first appear.
    UserError if nothing can be written there; OSError if the disk fails midway.
    """
    path = os.fspath(path)
    ending = ending_of(path)
    if ending not in _WRITERS:
        raise UserError(_unknown_ending(path, "be written", WRITABLE_ENDINGS))
    with whole_file(path) as temporary:
        write_to(temporary, ending, records, columns)


def write_to(file: str, ending: str, records: Iterable[Record], columns: Sequence[str] | None = None) -> None:
    """Write the table straight into this file, in the format that `ending` names, one of WRITABLE_ENDINGS."""
    writer = _WRITERS[ending]
    if writer is not _write_json_lines and iter(records) is records:
        records = list(records)  # these formats go through the records twice, and an iterator gives them only once
    writer(file, records, columns)


def ending_of(path: str) -> str:
    """The last ending in lower case with its dot, or an empty string."""
    return os.path.splitext(path)[1].lower()


def all_columns(records: Iterable[Record]) -> list[str]:
    """All keys, in the order in which they first appear."""
    columns: dict[str, None] = {}
    for record in records:
        columns.update(dict.fromkeys(record))
    return list(columns)


def _unknown_ending(path: str, verb: str, endings: Collection[str]) -> str:
    return f"{path}: a table with the ending {ending_of(path)!r} cannot {verb}; use {', '.join(endings)}"


def _open_to_write(temporary: str) -> TextIO:
    # A file name need not be UTF-8; other bytes become \udc.., which is exactly how JSON escapes them.
    return open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="")


def _write_json_lines(temporary: str, records: Iterable[Record], columns: Sequence[str] | None) -> None:
    with _open_to_write(temporary) as file:
        for record in records:
            chosen = dict(record) if columns is None else {name: record.get(name) for name in columns}
            file.write(dumps(chosen) + "\n")


@dataclass(frozen=True, slots=True)
class _UnixLines:
    """Ends rows in a plain newline; csv itself must be told CR LF, or it leaves a CR inside a value unquoted."""

    file: TextIO

    def write(self, row: str) -> int:
        return self.file.write(row.removesuffix("\r\n") + "\n")


def _write_separated(temporary: str, records: Iterable[Record], columns: Sequence[str] | None, delimiter: str) -> None:
    names = all_columns(records) if columns is None else columns
    with _open_to_write(temporary) as file:
        writer = csv.writer(
            _UnixLines(file),
            delimiter=delimiter,
            lineterminator="\r\n",
            # Many programs write tsv without quotes: every value in quotes leaves no doubt.
            quoting=csv.QUOTE_ALL if delimiter == "\t" else csv.QUOTE_MINIMAL,
        )
        writer.writerow(names)
        writer.writerows([as_text(record.get(name)) for name in names] for record in records)


_READERS: dict[str, Callable[[str, Guess | None], tuple[list[str] | None, Iterator[Read]]]] = {
    ".csv": lambda path, guess: read_separated(path, ",", guess),
    ".tsv": lambda path, guess: read_separated(path, "\t", guess),
    ".jsonl": lambda path, guess: (None, read_json_lines(path)),
    ".ndjson": lambda path, guess: (None, read_json_lines(path)),
    ".json": lambda path, guess: (None, read_json_list(path)),
    ".parquet": lambda path, guess: read_parquet(path),
    ".txt": lambda path, guess: (["path"], read_lines(path)),
}
_WRITERS: dict[str, Callable[[str, Iterable[Record], Sequence[str] | None], None]] = {
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".csv": lambda temporary, records, columns: _write_separated(temporary, records, columns, ","),
    ".tsv": lambda temporary, records, columns: _write_separated(temporary, records, columns, "\t"),
    ".parquet": lambda temporary, records, columns: write_parquet(
        temporary, records, all_columns(records) if columns is None else columns
    ),
}
TABLE_ENDINGS = tuple(_READERS)
WRITABLE_ENDINGS = tuple(_WRITERS)
