"""Knows which numbers no option takes; each option's own bounds are beside it."""

from __future__ import annotations

from framescribe.errors import UserError

LARGEST = 2**53  # of whole numbers: every JSON parser, and so every server, reads these exactly
MOST = 1e9  # of others: as seconds, 31 years, which every clock can wait


def refuse_strange(name: str, value: object) -> None:
    """UserError for what an option's bounds let pass: NaN, infinity, and numbers that no computer counts to."""
    most = MOST if isinstance(value, float) else LARGEST
    if isinstance(value, int | float) and not abs(value) <= most:  # of NaN, nothing is true
        raise UserError(f"--{name.replace('_', '-')} {value} is out of range: give an ordinary number, or leave it out")
