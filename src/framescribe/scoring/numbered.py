"""Knows how a judge is given a list, and the form of an answer that has exactly one entry for each of its numbers: so
no verdict can be missing, or be one too many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from framescribe.strategies.form import Form

LONGEST = 200  # letters of a short answer


def numbered(lines: Sequence[str]) -> str:
    """The lines with their numbers, from 1."""
    return "\n".join(f"{number}. {' '.join(line.split())}" for number, line in enumerate(lines, 1))


def closed(count: int, values: Sequence[str]) -> Form:
    """An answer with one of these values for each number up to `count`."""
    return _each(count, {"type": "string", "enum": list(values)})


def texts(count: int) -> Form:
    """An answer with a short text for each number up to `count`."""
    return _each(count, {"type": "string", "minLength": 1, "maxLength": LONGEST})


def _each(count: int, of: Mapping[str, Any]) -> Form:
    names = [str(number) for number in range(1, count + 1)]
    return Form(
        {
            "type": "object",
            "properties": dict.fromkeys(names, of),
            "required": names,
            "additionalProperties": False,
        }
    )
