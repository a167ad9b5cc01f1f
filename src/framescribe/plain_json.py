"""Knows how any value is written as strict JSON, which every language's parser reads (RFC 8259); knows no file."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(value: Any, *, indent: int | None = None) -> str:
    """The value as JSON. Dates, bytes and the like become text. NaN and the infinities, which JSON does not have,
    become null, wherever they are nested. Lone surrogates (bytes of names that are not UTF-8) become escapes."""
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


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=as_plain).encode  # made once: twice as fast


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
