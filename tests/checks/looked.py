"""What one check says of a text, the others being off."""

from __future__ import annotations

from typing import Any

from framescribe.checks.base import Circumstances, Finding
from framescribe.checks.judge import Checks


def found(check: str, text: str, **known: Any) -> tuple[Finding, ...]:
    """The faults that this check finds. `known`: of Circumstances; any length is enough unless it says otherwise."""
    return only(check).look(text, Circumstances(**{"min_words": 1, **known}))


def mended(check: str, text: str, **known: Any) -> str:
    """The text after this check's strips."""
    return only(check).mended(text, Circumstances(**{"min_words": 1, **known})).text


def only(*checks: str) -> Checks:
    return Checks.chosen(off=("all",), on=checks)
