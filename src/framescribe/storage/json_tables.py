"""Knows how JSON lines, a JSON list and plain lines of text are rows; knows nothing of videos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from framescribe.errors import UserError
from framescribe.storage.lines import Read, lone_bytes, text_lines

MOST_LEVELS = 100  # of lists and objects in one another: more cannot be written again by every program


def read_json_lines(path: str) -> Iterator[Read]:
    """The object in each line that is not blank."""
    for number, line in enumerate(text_lines(path), start=1):
        if text := line.strip():
            yield _in_line(text, f"line {number}")


def _in_line(text: str, at: str) -> Read:
    try:
        value = json.loads(text)
    except ValueError as error:
        if lone_bytes(text):
            return Read({}, at, "this is not UTF-8; save the table as UTF-8", text)
        return Read({}, at, f"not JSON: {error}; write one JSON object per line", text)
    except RecursionError:
        return Read({}, at, TOO_DEEP, text)
    if not isinstance(value, dict):
        return Read({}, at, f"{_kind(value)}, not an object; write one JSON object per line", text)
    return Read(value, at, None, text)


def read_json_list(path: str) -> Iterator[Read]:
    """The objects in a file that is one JSON list. UserError if it is none."""
    text = "".join(text_lines(path))
    try:
        values = json.loads(text)
    except json.JSONDecodeError as error:
        lines = error.msg == "Extra data"
        hint = "if every line is one object, name it .jsonl" if lines else "make it one list of objects"
        raise UserError(f"{path}, line {error.lineno}: not JSON ({error.msg}); {hint}") from None
    except ValueError as error:  # a number of thousands of digits
        raise UserError(f"{path}: not JSON ({error}); make it one list of objects") from None
    except RecursionError:
        raise UserError(f"{path}: {TOO_DEEP}") from None
    if not isinstance(values, list):
        raise UserError(f"{path}, line 1: {_kind(values)}, not a list; make it one list of objects")
    for number, value in enumerate(values, start=1):
        at = f"item {number} of the list"
        if not isinstance(value, dict):
            yield Read({}, at, f"{_kind(value)}, not an object; make every item an object", repr(value)[:1000])
        else:
            yield Read(value, at)


def read_lines(path: str) -> Iterator[Read]:
    """Each line that is not blank, as it is, in a column "path". Names that are separated by NULs (`find -print0`) are
    lines, too."""
    for number, line in enumerate(text_lines(path), start=1):
        for name in line.rstrip("\r\n").split("\0"):
            if name.strip():
                yield Read({"path": name}, f"line {number}")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")


TOO_DEEP = f"lists and objects are nested more than {MOST_LEVELS} levels deep; leave that value out"


def is_deep(value: Any) -> bool:
    """Whether lists and objects are nested too deeply in it."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True
