"""Knows how a table is read as records and records are written as a table; knows nothing of videos.

A record is a dict. CSV and TSV give the exact strings in the file, JSON and Parquet their own types.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, TextIO

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.storage.object_store import StoreError, is_remote, read_whole
from framescribe.storage.whole_file import whole_file

Record = Mapping[str, Any]

# Rows per Parquet row group: a few tens of MB of captions at once, however long the table.
_ROW_GROUP = 4096


class Table(NamedTuple):
    """Columns in the order of the file (for JSON: in which they first appear), and one dict per row."""

    columns: list[str]
    records: list[dict[str, Any]]


def read_table(path: str | os.PathLike[str]) -> Table:
    """All rows of the table at `path`; its ending says how to read it. A UserError says where the table is broken."""
    path = os.fspath(path)
    shown = without_keys(path)
    reader = _READERS.get(ending_of(shown))
    if reader is None:
        raise UserError(_unknown_ending(shown, "be read", TABLE_ENDINGS))
    try:
        return reader(path)
    except UserError as error:
        raise UserError(str(error).replace(path, shown)) from None
    except FileNotFoundError:
        raise UserError(f"{path} does not exist") from None
    except UnicodeDecodeError:
        line = _first_bad_line(path)
        raise UserError(f"{shown}, line {line}: this is not UTF-8; save the table as UTF-8") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from error
    except StoreError as error:
        raise UserError(f"{shown} cannot be read: {error}") from error


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


def _unknown_ending(path: str, verb: str, endings: Collection[str]) -> str:
    return f"{path}: a table with the ending {ending_of(path)!r} cannot {verb}; use {', '.join(endings)}"


def _open(path: str) -> BinaryIO:
    """The bytes of a table, from this machine or, fetched whole, from a URL."""
    return io.BytesIO(read_whole(path)) if is_remote(path) else open(path, "rb")


def _open_to_read(path: str, newline: str | None = None) -> TextIO:
    return io.TextIOWrapper(_open(path), encoding="utf-8-sig", newline=newline)


# --- reading --------------------------------------------------------------------------------------


def _read_separated(path: str, delimiter: str) -> Table:
    csv.field_size_limit(2**31 - 1)  # default 128 KiB; on Windows more than a C long holds is refused
    columns: list[str] = []
    records: list[dict[str, Any]] = []
    line = 1
    with _open_to_read(path, newline="") as file:
        # Without `strict` a quote that is never closed would silently swallow the rest of the file.
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for fields in rows:
                if fields and not columns:
                    columns = _header(path, line, fields)
                elif fields:  # an empty line is not a row: a single empty value is written as ""
                    if any(fields[len(columns) :]):
                        named = "tab" if delimiter == "\t" else "comma"
                        raise UserError(
                            f"{path}, line {line}: {len(fields)} values for {len(columns)} columns; "
                            f"put a value that holds a {named} in double quotes"
                        )
                    # Spreadsheets omit empty values at the end of a row.
                    fields += [""] * (len(columns) - len(fields))
                    records.append(dict(zip(columns, fields, strict=False)))
                line = rows.line_num + 1
        except csv.Error as error:
            raise UserError(f"{path}, line {line}: {error}; check the double quotes in this row") from None
    return Table(columns, records)


def _header(path: str, line: int, columns: list[str]) -> list[str]:
    if columns[-2:] == ["", ""]:  # spreadsheets pad the header with unnamed columns
        while columns and not columns[-1]:
            columns.pop()
    _refuse_twins(path, line, columns)
    return columns


def _refuse_twins(path: str, line: int | None, columns: list[str]) -> None:
    twins = [name for number, name in enumerate(columns) if name in columns[:number]]
    if twins:
        place = f"{path}, line {line}" if line else path
        raise UserError(f"{place}: two columns are named {twins[0]!r}; rename one of them")


def _read_json_lines(path: str) -> Table:
    objects = []
    with _open_to_read(path) as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                value = json.loads(text)
            except ValueError as error:
                raise UserError(f"{path}, line {number}: not JSON: {error}; write one JSON object per line") from None
            if not isinstance(value, dict):
                kind = _json_kind(value)
                raise UserError(f"{path}, line {number}: {kind}, not an object; write one JSON object per line")
            objects.append(value)
    return _from_objects(objects)


def _read_json_list(path: str) -> Table:
    with _open_to_read(path) as file:
        try:
            values = json.load(file)
        except json.JSONDecodeError as error:
            lines = error.msg == "Extra data"
            hint = "if every line is one object, name it .jsonl" if lines else "make it one list of objects"
            raise UserError(f"{path}, line {error.lineno}: not JSON ({error.msg}); {hint}") from None
    if not isinstance(values, list):
        raise UserError(f"{path}, line 1: {_json_kind(values)}, not a list; make it one list of objects")
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            kind = _json_kind(value)
            raise UserError(f"{path}, item {number} of the list: {kind}, not an object; make every item an object")
    return _from_objects(values)


def _json_kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


def _from_objects(objects: list[dict[str, Any]]) -> Table:
    return Table(_all_columns(objects), objects)


def _read_parquet(path: str) -> Table:
    pa, pq = _pyarrow()
    records: list[dict[str, Any]] = []
    try:
        with _open(path) as stream, pq.ParquetFile(stream) as file:
            columns = list(file.schema_arrow.names)
            _refuse_twins(path, None, columns)
            plain = pa.schema([_in_microseconds(pa, field) for field in file.schema_arrow])
            for batch in file.iter_batches():
                same = batch if batch.schema == plain else batch.cast(plain, safe=False)
                records.extend(same.to_pylist())
    except (pa.ArrowException, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise UserError(f"{path} cannot be read as Parquet ({reason}); write it again") from None
    return Table(columns, records)


def _in_microseconds(pa: Any, field: Any) -> Any:
    """Python's datetime has no nanoseconds, for which pyarrow would need pandas."""
    if pa.types.is_timestamp(field.type) and field.type.unit == "ns":
        return field.with_type(pa.timestamp("us", field.type.tz))
    return field


def _read_list(path: str) -> Table:
    with _open_to_read(path) as file:
        lines = [line.strip() for line in file]
    return Table(["path"], [{"path": line} for line in lines if line and not line.startswith("#")])


def _first_bad_line(path: str) -> int:
    with _open(path) as file:
        sound = (line.decode("utf-8", "ignore").encode() == line for line in file)
        return next(number for number, good in enumerate(sound, start=1) if not good)


# --- writing --------------------------------------------------------------------------------------


def _all_columns(records: Iterable[Record]) -> list[str]:
    columns: dict[str, None] = {}
    for record in records:
        columns.update(dict.fromkeys(record))
    return list(columns)


def _open_to_write(temporary: str) -> TextIO:
    # A file name need not be UTF-8; other bytes become \udc.., which is exactly how JSON escapes them.
    return open(temporary, "w", encoding="utf-8", errors="backslashreplace", newline="")


def _write_json_lines(temporary: str, records: Iterable[Record], columns: Sequence[str] | None) -> None:
    with _open_to_write(temporary) as file:
        for record in records:
            chosen = dict(record) if columns is None else {name: record.get(name) for name in columns}
            file.write(json.dumps(chosen, ensure_ascii=False, default=_plain) + "\n")


@dataclass(frozen=True, slots=True)
class _UnixLines:
    """Ends rows in a plain newline; csv itself must be told CR LF, or it leaves a CR inside a value unquoted."""

    file: TextIO

    def write(self, row: str) -> int:
        return self.file.write(row.removesuffix("\r\n") + "\n")


def _write_separated(temporary: str, records: Iterable[Record], columns: Sequence[str] | None, delimiter: str) -> None:
    names = _all_columns(records) if columns is None else columns
    with _open_to_write(temporary) as file:
        writer = csv.writer(_UnixLines(file), delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(names)
        writer.writerows([_as_text(record.get(name)) for name in names] for record in records)


def _as_text(value: object) -> str:
    """A value as one cell: strings as they are, None as an empty cell, everything else as JSON."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float | list | tuple | set | Mapping):
        value = _plain(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> object:
    """A value that JSON cannot hold, in the closest form that it can."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# --- Parquet --------------------------------------------------------------------------------------


class _MixedError(Exception):
    """A column whose values have no common Parquet type."""

    def __init__(self, column: str) -> None:
        self.column = column


def _pyarrow() -> tuple[Any, Any]:
    # Imported on use: it takes longer to load than everything else, and most tables are not Parquet.
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")


def _write_parquet(temporary: str, records: Iterable[Record], columns: Sequence[str] | None) -> None:
    pa, pq = _pyarrow()
    names = _all_columns(records) if columns is None else columns
    as_text: set[str] = set()
    while True:  # again only if a value does not fit its column's type: the column then becomes text
        schema = _schema(pa, records, names, as_text)
        try:
            with pq.ParquetWriter(temporary, schema) as writer:
                for chunk in _chunks(records):
                    arrays = [_array(pa, chunk, field, as_text) for field in schema]
                    writer.write_table(pa.table(arrays, schema=schema))
            return
        except _MixedError as mixed:
            as_text.add(mixed.column)


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, _ROW_GROUP)):
        yield chunk


def _schema(pa: Any, records: Iterable[Record], columns: Sequence[str], as_text: set[str]) -> Any:
    """The types that hold all values; adds to `as_text` the columns that have none."""
    types = {name: pa.null() for name in columns}
    kinds: dict[str, set[type]] = {name: set() for name in columns}
    for chunk in _chunks(records):
        for name in columns:
            if name in as_text:
                continue
            values = [record.get(name) for record in chunk]
            kinds[name].update(map(type, values))
            try:
                both = [pa.schema([(name, types[name])]), pa.schema([(name, pa.array(values).type)])]
                types[name] = pa.unify_schemas(both, promote_options="permissive").field(0).type
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                as_text.add(name)
    for name in columns:
        # Without a word pyarrow makes bytes of a str beside bytes, and a date of a datetime beside dates.
        seen = kinds[name] - {type(None)}
        if len(seen) > 1 and not (seen <= {int, float} or seen <= {list, tuple}):
            as_text.add(name)
        settled = _settled(pa, types[name])
        if settled is None:
            as_text.add(name)
        types[name] = pa.string() if name in as_text else settled
    return pa.schema(list(types.items()))


def _settled(pa: Any, found: Any) -> Any:
    """The type without the parts that Parquet or its readers cannot hold; None if nothing is left."""
    if pa.types.is_null(found):
        return pa.string()  # never a value: some readers do not accept a column without a type
    if pa.types.is_struct(found):  # Parquet has no struct without fields
        fields = [field.with_type(inner) for field in found if (inner := _settled(pa, field.type))]
        return pa.struct(fields) if fields else None
    if pa.types.is_list(found):
        inner = _settled(pa, found.value_type)
        return pa.list_(inner) if inner else None
    return found


def _array(pa: Any, chunk: list[Record], field: Any, as_text: set[str]) -> Any:
    values = [record.get(field.name) for record in chunk]
    if field.name in as_text:
        cells = [None if value is None else _as_text(value) for value in values]
        values = [cell and cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise _MixedError(field.name) from None


_READERS: dict[str, Callable[[str], Table]] = {
    ".csv": lambda path: _read_separated(path, ","),
    ".tsv": lambda path: _read_separated(path, "\t"),
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".json": _read_json_list,
    ".parquet": _read_parquet,
    ".txt": _read_list,
}
_WRITERS: dict[str, Callable[[str, Iterable[Record], Sequence[str] | None], None]] = {
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
    ".csv": lambda temporary, records, columns: _write_separated(temporary, records, columns, ","),
    ".tsv": lambda temporary, records, columns: _write_separated(temporary, records, columns, "\t"),
    ".parquet": _write_parquet,
}
TABLE_ENDINGS = tuple(_READERS)
WRITABLE_ENDINGS = tuple(_WRITERS)
