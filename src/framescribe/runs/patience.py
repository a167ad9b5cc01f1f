"""Knows when so many videos failed that a run should end; it ends nothing itself.

By default a run ends when nothing succeeds any more: after so many failures at the same stage and of the same kind
since the last success. `--max-failed` replaces that rule with a limit of the user's own.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from framescribe.errors import UserError
from framescribe.records import Row

SAME_CAUSE = 50  # failures since the last success


@dataclass(frozen=True, slots=True, kw_only=True)
class Most:
    """How many videos may fail, or be flagged: a number, or a percentage of them."""

    number: int | None = None
    percent: float | None = None

    @classmethod
    def parse(cls, text: str, option: str = "--max-failed") -> Most:
        """From N or P%. UserError, which names the option, if it is neither."""
        if text.isdecimal():
            return cls(number=int(text))
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", text)
        if found is None or float(found[1]) > 100:
            raise UserError(f"{option} {text}: give a number of videos, such as 100, or a percentage, such as 5%")
        return cls(percent=float(found[1]))

    def of(self, videos: int) -> int:
        """How many of so many videos may."""
        return self.number if self.number is not None else int(videos * (self.percent or 0.0) / 100)

    def __str__(self) -> str:
        return f"{self.number:,}" if self.number is not None else f"{self.percent:g}%"


class Patience:
    """Sees each row of a run that has so many `videos` to do. While `lost` says why, no further video should begin;
    a success of one that is still under way may bring it back."""

    def __init__(self, most: Most | None, videos: int) -> None:
        self._most, self._videos = most, videos
        self._failed = 0
        self._causes: Counter[tuple[str, str]] = Counter()  # since the last success
        self._last: Row | None = None

    def see(self, row: Row) -> None:
        """This row was written."""
        if row.left_out:
            return
        if row.error is None:
            self._causes.clear()
            return
        self._failed += 1
        self._causes[row.error.stage, row.error.kind] += 1
        self._last = row

    @property
    def lost(self) -> str | None:
        """Why the run should end, or None."""
        if self._most is not None:
            if self._failed <= self._most.of(self._videos):
                return None
            why = f"more videos failed than --max-failed {self._most} allows: {self._failed:,}"
            return why + self._example()
        for (stage, kind), count in self._causes.items():
            if count >= SAME_CAUSE:
                return (
                    f"nothing succeeds any more: failures in a row at the stage {stage}, of the kind {kind}: {count:,}"
                    f"{self._example()}\n--max-failed N or P% allows more; --retry-failed retries those that failed."
                )
        return None

    def _example(self) -> str:
        if self._last is None or self._last.error is None:
            return ""
        return f"\nThe last one: {self._last.id}: {self._last.error.message}"
