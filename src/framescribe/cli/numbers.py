"""Knows which numbers no option takes; each option's own bounds are beside it."""

from __future__ import annotations

import math

from framescribe.errors import UserError

LARGEST = 2**53  # of whole numbers: every JSON parser, and so every server, reads these exactly


def refuse_strange(name: str, value: object) -> None:
    """UserError for what an option's bounds let pass: NaN, infinity, and whole numbers that no computer counts to."""
    strange = (isinstance(value, float) and not math.isfinite(value)) or (
        isinstance(value, int) and abs(value) > LARGEST
    )
    if strange:
        raise UserError(f"--{name.replace('_', '-')} {value} is out of range: give an ordinary number, or leave it out")
