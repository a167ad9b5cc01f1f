"""Knows how records are read from Parquet, a part at a time, and written to it; knows nothing of videos."""

from __future__ import annotations

import base64
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
        # With a buffer, pyarrow fetches all row groups before the first.
        with open_bytes(path) as stream, pq.ParquetFile(stream, pre_buffer=False) as file:
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
    types = Types()
    types.see((), columns)  # which a table without rows has, too
    for chunk in _chunks(records):
        types.see(chunk, columns)
    while not write_typed(temporary, records, types):
        pass


def write_typed(temporary: str, records: Iterable[Record], types: Types) -> bool:
    """Write the table into this file with these types. False if a value does not fit its column's: the column is text
    from now on, and what is in the file is not the table."""
    pa, pq = _pyarrow()
    schema = types.settled()
    with pq.ParquetWriter(temporary, schema) as writer:
        for chunk in _chunks(records):
            try:
                arrays = [_array(pa, chunk, field, types.mixed) for field in schema]
            except _MixedError as error:
                types.mixed.add(error.column)
                types.unfit.add(error.column)
                return False
            writer.write_table(pa.table(arrays, schema=schema))
    return True


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while chunk := list(islice(rest, _ROW_GROUP)):
        yield chunk


class Types:
    """The types of columns that hold all values seen so far; those of `fixed`, a schema, are not to be found out."""

    def __init__(self, fixed: Any = (), known: Mapping[str, Any] | None = None) -> None:
        self._pa, _ = _pyarrow()
        self._fixed = {field.name: field.type for field in fixed}
        self._found: dict[str, Any] = {}
        self._kinds: dict[str, set[type]] = {}
        self.mixed: set[str] = set(known["mixed"]) if known else set()
        """The columns whose values have no common type: they are written as text."""
        self.unfit: set[str] = set()
        """Those of them with a common type that a value did not fit after all."""
        if known:
            schema = self._pa.ipc.read_schema(self._pa.py_buffer(base64.b64decode(known["types"])))
            self._found = {field.name: field.type for field in schema}
            self._kinds = {name: set() for name in self._found}

    @property
    def known(self) -> dict[str, Any]:
        """What was found out, in JSON values, for another one to go on from."""
        found = self._pa.schema(list(self._found.items())).serialize().to_pybytes()
        return {"types": base64.b64encode(found).decode(), "mixed": sorted(self.mixed)}

    def see(self, records: Sequence[Record], columns: Iterable[str]) -> None:
        """Widen the types of these columns for what these records have there."""
        for name in columns:
            if name not in self._fixed:
                self._widen(name, [record.get(name) for record in records])

    def _widen(self, name: str, values: list[Any]) -> None:
        pa, known = self._pa, self._found.setdefault(name, self._pa.null())
        if name in self.mixed:
            return
        kinds = self._kinds.setdefault(name, set())
        kinds.update(map(type, values))
        try:
            both = [pa.schema([(name, known)]), pa.schema([(name, pa.array(values).type)])]
            self._found[name] = pa.unify_schemas(both, promote_options="permissive").field(0).type
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            self.mixed.add(name)
        # Without a word pyarrow makes bytes of a str beside bytes, and a date of a datetime beside dates.
        seen = kinds - {type(None)}
        if len(seen) > 1 and not (seen <= {int, float} or seen <= {list, tuple}):
            self.mixed.add(name)

    def settled(self) -> Any:
        """The schema; adds to `mixed` the columns that no type of Parquet's holds."""
        pa, types = self._pa, dict(self._fixed)
        for name, found in self._found.items():
            types[name] = _settled(pa, found)
            if types[name] is None:
                self.mixed.add(name)
        return pa.schema([(name, pa.string() if name in self.mixed else found) for name, found in types.items()])


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
