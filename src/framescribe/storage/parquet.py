"""Knows how records are read from Parquet, a part at a time, and written to it; knows nothing of videos."""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from framescribe.errors import UserError
from framescribe.plain_json import as_plain, dumps
from framescribe.storage.lines import Read, open_bytes
from framescribe.storage.separated import Columns, refuse_twins

Record = Mapping[str, Any]

# Rows per Parquet row group: a few tens of MB of captions at once, however long the table.
_ROW_GROUP = 4096
_AT_ONCE = 1024  # rows that are read together


def as_text(value: object) -> str:
    """A value as one cell: strings as they are, None as an empty cell, everything else as JSON."""
    if value is None:
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if not isinstance(value, str | int | float | list | tuple | set | Mapping):
        value = as_plain(value)
    return value if isinstance(value, str) else dumps(value)


# --- reading --------------------------------------------------------------------------------------


def _pyarrow() -> tuple[Any, Any]:
    # Imported on use: it takes longer to load than everything else, and most tables are not Parquet.
    return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")


def read_parquet(path: str) -> Columns:
    """The rows of a Parquet file, whose row groups are read one after the other. UserError, OSError, StoreError."""
    rows = _rows(path)
    return Columns(next(rows), rows)  # type: ignore[arg-type]  # the names come first


def _rows(path: str) -> Iterator[list[str] | Read]:
    pa, pq = _pyarrow()
    number = 0
    try:
        with open_bytes(path, whole=True) as stream, pq.ParquetFile(stream) as file:
            columns = list(file.schema_arrow.names)
            refuse_twins(path, columns)
            yield columns
            for batch in file.iter_batches(_AT_ONCE):
                values = [_values(pa, column) for column in batch.columns]
                for row in zip(*values, strict=True) if values else [()] * batch.num_rows:
                    number += 1
                    yield Read(dict(zip(columns, row, strict=True)), f"row {number}")
    except (pa.ArrowException, ValueError, OverflowError, TypeError, OSError) as error:
        if getattr(error, "errno", None) is not None:  # the disk's; damage has no number
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise UserError(f"{path} cannot be read as Parquet ({reason}); write it again") from None


def _values(pa: Any, column: Any) -> list[Any]:
    """The values as Python's. What Python has no type for (a time after the year 9999) becomes text."""
    try:
        plain = _in_microseconds(pa, column.type)
        same = column if plain == column.type else column.cast(plain, safe=False)
        found: list[Any] = same.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError, TypeError, ImportError, KeyError):
        found = [_value(pa, scalar) for scalar in column]
    return found


def _in_microseconds(pa: Any, kind: Any) -> Any:
    """Python's datetime has no nanoseconds, for which pyarrow would need pandas."""
    types = pa.types
    if types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if types.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    if types.is_time64(kind) and kind.unit == "ns":
        return pa.time64("us")
    if types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_in_microseconds(pa, kind.value_type)))
    if types.is_large_list(kind):
        return pa.large_list(kind.value_field.with_type(_in_microseconds(pa, kind.value_type)))
    if types.is_struct(kind):
        return pa.struct([field.with_type(_in_microseconds(pa, field.type)) for field in kind])
    return kind


def _value(pa: Any, scalar: Any) -> Any:
    """One value, or what of it Python can hold, with the rest as text."""
    if not scalar.is_valid:
        return None
    if pa.types.is_struct(scalar.type):
        return {field.name: _value(pa, scalar[number]) for number, field in enumerate(scalar.type)}
    if pa.types.is_nested(scalar.type) and getattr(scalar, "values", None) is not None:
        return [_value(pa, inner) for inner in scalar.values]
    if pa.types.is_dictionary(scalar.type):
        return _value(pa, scalar.value)
    try:
        plain = _in_microseconds(pa, scalar.type)
        return (scalar if plain == scalar.type else scalar.cast(plain, safe=False)).as_py()
    except UnicodeDecodeError:
        return scalar.as_buffer().to_pybytes().decode("utf-8", "surrogateescape")
    except (pa.ArrowException, ValueError, OverflowError, TypeError, ImportError, KeyError):
        pass
    if pa.types.is_timestamp(scalar.type) or pa.types.is_date(scalar.type):
        unit = {pa.date32(): "D", pa.date64(): "ms"}.get(scalar.type) or scalar.type.unit
        far = importlib.import_module("numpy").datetime64(scalar.value, unit)
        return f"{far}{'Z' if getattr(scalar.type, 'tz', None) else ''}"
    return f"{scalar.value} {scalar.type.unit}" if pa.types.is_duration(scalar.type) else str(scalar)


# --- writing --------------------------------------------------------------------------------------


class _MixedError(Exception):
    """A column whose values have no common Parquet type."""

    def __init__(self, column: str) -> None:
        self.column = column


def write_parquet(temporary: str, records: Iterable[Record], columns: Sequence[str]) -> None:
    """Write the table into this file; goes through the records at least twice."""
    pa, pq = _pyarrow()
    names = list(columns)
    mixed: set[str] = set()
    while True:  # again only if a value does not fit its column's type: the column then becomes text
        schema = _schema(pa, records, names, mixed)
        try:
            with pq.ParquetWriter(temporary, schema) as writer:
                for chunk in _chunks(records):
                    arrays = [_array(pa, chunk, field, mixed) for field in schema]
                    writer.write_table(pa.table(arrays, schema=schema))
            return
        except _MixedError as error:
            mixed.add(error.column)


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, _ROW_GROUP)):
        yield chunk


def _schema(pa: Any, records: Iterable[Record], columns: Sequence[str], mixed: set[str]) -> Any:
    """The types that hold all values; adds to `mixed` the columns that have none."""
    types = {name: pa.null() for name in columns}
    kinds: dict[str, set[type]] = {name: set() for name in columns}
    for chunk in _chunks(records):
        for name in columns:
            if name in mixed:
                continue
            values = [record.get(name) for record in chunk]
            kinds[name].update(map(type, values))
            try:
                both = [pa.schema([(name, types[name])]), pa.schema([(name, pa.array(values).type)])]
                types[name] = pa.unify_schemas(both, promote_options="permissive").field(0).type
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                mixed.add(name)
    for name in columns:
        # Without a word pyarrow makes bytes of a str beside bytes, and a date of a datetime beside dates.
        seen = kinds[name] - {type(None)}
        if len(seen) > 1 and not (seen <= {int, float} or seen <= {list, tuple}):
            mixed.add(name)
        settled = _settled(pa, types[name])
        if settled is None:
            mixed.add(name)
        types[name] = pa.string() if name in mixed else settled
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


def _array(pa: Any, chunk: list[Record], field: Any, mixed: set[str]) -> Any:
    values = [record.get(field.name) for record in chunk]
    if field.name in mixed:
        cells = [None if value is None else as_text(value) for value in values]
        values = [cell and cell.encode("utf-8", "backslashreplace").decode() for cell in cells]
    try:
        return pa.array(values, field.type)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        raise _MixedError(field.name) from None
