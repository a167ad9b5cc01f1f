"""Knows how a row stands in a table: which columns it has, and what is in their cells; the way back is exact.

In csv and Parquet the user's columns stand beside ours. One whose name is one of ours, or begins with "metadata.", is
written with "metadata." before it. Captions of several lengths have a column of their own, "captions", which repeats
what the provenance says; what a person changes in it counts. In files of earlier versions a column of this name is the
user's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from framescribe.plain_json import dumps
from framescribe.records import LENGTHS, Row
from framescribe.storage.cell_text import escaped, quoted, unescaped, unquoted

OWN = ("id", "video_path", "caption", "status", "frames", "video", "size", "flags", "error", "provenance")
CAPTIONS = "captions"
_APART = "metadata."


def flat(row: Row) -> dict[str, Any]:
    """A row for csv and Parquet: the user's columns beside ours."""
    record = row.as_dict()
    metadata = record.pop("metadata")
    first = {name: record[name] for name in ("id", "video_path", "caption", "status")}
    lengths = dict(row.captions)
    own = {_column(name): value for name, value in metadata.items()}
    return {**first, **({CAPTIONS: lengths} if lengths else {}), **own, **record}


def cells(row: Row, *, spreadsheet: bool) -> dict[str, Any]:
    """`flat`, with names and texts as they are written; `spreadsheet`: in csv."""
    write = quoted if spreadsheet else escaped
    return {write(name): write(value) if isinstance(value, str) else value for name, value in flat(row).items()}


def typed_cells(row: Row) -> dict[str, Any]:
    """As `cells` for Parquet, with the same types in every row: the provenance, whose parts differ, is JSON."""
    found = cells(row, spreadsheet=False)
    return {**found, "provenance": dumps(found["provenance"])}


def own_cells(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The user's columns as they stand in `typed_cells`."""
    found = ((escaped(_column(name)), value) for name, value in metadata.items())
    return {name: escaped(value) if isinstance(value, str) else value for name, value in found}


def row_of(record: Mapping[str, Any], *, spreadsheet: bool) -> dict[str, Any]:
    """The inverse of `cells`, as `Row.from_dict` takes it. KeyError, ValueError, TypeError if it was none."""
    read: Callable[[str], str] = unquoted if spreadsheet else unescaped
    found = {read(name): value for name, value in record.items()}
    own: dict[str, Any] = {name: found.pop(name) for name in OWN}
    for name, value in own.items():
        if name in ("frames", "video", "flags", "error", "provenance"):
            if isinstance(value, str):
                own[name] = json.loads(value) if value else None
            elif name == "provenance":
                own[name] = _without_nothing(value)
        elif isinstance(value, str):
            own[name] = read(value)
    if (made := _lengths(own["provenance"])) or found.get(CAPTIONS) in ("", None):
        column = found.pop(CAPTIONS, None) or {}
        said = json.loads(column) if isinstance(column, str) else column
        made |= {name: text for name, text in said.items() if name in made and isinstance(text, str)}
    own["caption"] = None if own["caption"] == "" else own["caption"]
    own["size"] = int(own["size"]) if own["size"] not in (None, "") else None
    metadata = {
        name.removeprefix(_APART): read(value) if isinstance(value, str) else value for name, value in found.items()
    }
    return {**own, "metadata": metadata}


def _column(name: str) -> str:
    return f"{_APART}{name}" if name in (*OWN, CAPTIONS, "metadata") or name.startswith(_APART) else name


def _lengths(provenance: Any) -> dict[str, Any]:
    """The captions of several lengths in a row's records."""
    made = ((provenance or {}).get("stages") or {}).get(LENGTHS) or {}
    found = made.get("output")
    return found if isinstance(found, dict) else {}


def _without_nothing(value: Any) -> Any:
    """The value without empty keys: a Parquet column has every key in every row."""
    if not isinstance(value, dict):
        return value
    return {name: _without_nothing(inner) for name, inner in value.items() if inner is not None}
