"""Knows which few facts of a row's line decide whether it counts, or are counted, and how they are read quickly; holds
none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from framescribe.former_rows import provenance_of
from framescribe.plain_json import parsed
from framescribe.results.parts import ROW_KIND


class Stage(msgspec.Struct, gc=False):
    """What a row says of a stage."""

    fingerprint: Any = None
    fills: Any = None
    output: Any = None
    prompt_tokens: Any = None
    completion_tokens: Any = None
    checked: Any = None


class File(msgspec.Struct, gc=False):
    """What a row says of its file."""

    fingerprint: str | None = None
    stamp: Any = None
    content: Any = None
    replaced: Any = None


class Error(msgspec.Struct, gc=False):
    """What a row says of its failure."""

    kind: Any = None


class Provenance(msgspec.Struct, gc=False):
    """What a row says of how it was made."""

    schema: Any = msgspec.UNSET
    file: File | None = None
    stages: dict[str, Stage] | None = None
    recaptioned: Any = None
    replaces: Any = None


class Line(msgspec.Struct, gc=False):
    """A row, as far as it decides what counts, or is counted."""

    id: str
    status: Literal["ok", "flagged", "failed"]
    video_path: str
    kind: str = ROW_KIND
    size: Any = None
    error: Error | None = None
    provenance: Provenance | None = None


class _Names(msgspec.Struct, gc=False):
    id: str
    video_path: str


_LINES, _NAMES = msgspec.json.Decoder(Line), msgspec.json.Decoder(_Names)


def line_in(line: bytes) -> Line | None:
    """The row in a JSON line, found three times as fast as by `parsed` and `line_of`; None if the line is not plainly
    one in today's form, and these two have to decide."""
    try:
        found: Line = _LINES.decode(line)
        if not line.isascii():
            line.decode()  # what is skipped is not looked at
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    made = found.provenance
    if found.kind != ROW_KIND or (made is not None and made.schema is msgspec.UNSET):
        return None
    return found


def line_of(record: Mapping[str, Any]) -> Line:
    """The row in a record, also of version 0.1.0. ValueError if it is not one."""
    try:
        return msgspec.convert({**record, "provenance": provenance_of(record)}, Line)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def names_in(line: bytes) -> tuple[str, str]:
    """The id and the place of the row in a line that holds one."""
    try:
        found: _Names = _NAMES.decode(line)
        return found.id, found.video_path
    except (msgspec.MsgspecError, RecursionError):
        record = parsed(line)
        return record["id"], record["video_path"]
