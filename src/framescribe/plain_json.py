"""Knows how any value is written as strict JSON, which every language's parser reads (RFC 8259), and how a line is
read back; knows no file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

import msgspec
from pydantic_core import from_json

_SURROGATE = re.compile("[\ud800-\udfff]")
_SIMPLE = frozenset([str, int, float, bool, type(None)])
_encode_simple = msgspec.json.Encoder().encode


def dumps(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON. Dates, bytes and the like become text. NaN and the infinities, which JSON does not have,
    become null, wherever they are nested. Lone surrogates (bytes of names that are not UTF-8) become escapes."""
    if indent is None and type(value) is dict and _SIMPLE.issuperset(map(type, chain(value, value.values()))):
        try:  # what lists of a million lines consist of, in half the time; without `format` there would be no blanks
            return msgspec.json.format(_encode_simple(value), indent=0).decode()
        except (TypeError, ValueError):  # keys that are not text, or lone surrogates
            pass
    try:
        if indent is None:
            text = _encode(value)
        else:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, default=as_plain)
    except (ValueError, TypeError):  # a NaN, or keys that are neither text nor numbers: rare, so looked for only now
        text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isascii():
        return text
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_plain(value: Any) -> Any:
    """A value that JSON cannot hold, in the closest form that it can."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, default=as_plain).encode


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Mapping):
        return {_key(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return _finite(as_plain(value))


def _key(name: Any) -> Any:
    return name if isinstance(name, str | int) or name is None else str(as_plain(name))


def parsed(line: bytes) -> dict[str, Any]:
    """The JSON object in a line, even with lone surrogates: file names need not be UTF-8. ValueError or RecursionError
    if it is not one."""
    try:
        record = from_json(line)  # twice as fast as `json`, which takes some lines that this refuses
    except ValueError:
        record = json.loads(line)
    if not isinstance(record, dict):
        raise ValueError("it is not a JSON object")
    return record
