"""Knows how often asking again helped against each fault, over a run; asks nobody."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection

from framescribe.strategies.judged import MALFORMED

HOPELESS = 30  # texts that were asked for again in vain
_log = logging.getLogger("framescribe")


class Hope:
    """Counts, over a run, how often asking again helped against each fault: what has never helped is given up, so that
    a check that does not suit the captions wanted does not multiply what they cost."""

    def __init__(self) -> None:
        self._asked: Counter[str] = Counter()
        self._helped: Counter[str] = Counter()

    def lost(self, check: str) -> bool:
        """Whether texts with this fault are not asked for again any more."""
        return self._asked[check] >= HOPELESS and not self._helped[check]

    def note(self, checks: Collection[str], left: Collection[str]) -> None:
        """A text with faults of these checks was asked for again as often as it may be; those of `left` stayed."""
        for check in checks:
            before = self.lost(check)
            self._asked[check] += 1
            self._helped[check] += check not in left
            if self.lost(check) and not before:
                off = "" if check == MALFORMED else f"; --no-check {check} turns it off"
                told = "asking again never helped against %s (%d texts): they are only flagged from now on%s"
                _log.warning(told, check, HOPELESS, off)
