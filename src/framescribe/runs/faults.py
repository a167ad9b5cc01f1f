"""Counts which faults texts had and what became of them, check by check, and what mending cost; judges no text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from framescribe.records import Row
from framescribe.strategies.asking import ASKED, SECOND_MODEL, STRIPPED

WAYS = {STRIPPED: "stripped", ASKED: "asked again", SECOND_MODEL: "second model"}


class Faults:
    """What the rows say of their texts (`strategies.asking`): of each check how many texts failed it at first, how many
    of these were mended in which way, and how many fail it still."""

    def __init__(self) -> None:
        self.before: Counter[str] = Counter()
        self.mended: Counter[tuple[str, str]] = Counter()
        self.left: Counter[str] = Counter()
        self.requests = self.tokens = 0
        self.cost: float | None = None

    def add(self, row: Row) -> None:
        """Take in a row."""
        for stage in row.stages.values():
            for text in stage.get("checked") or ():
                self.add_text(text)

    def add_text(self, text: Mapping[str, Any]) -> None:
        """Take in what a row says of one of its texts."""
        before = text.get("before") or ()
        left = {one["check"] for one in text.get("found") or ()}
        self.before.update(before)
        self.left.update(left)
        self.mended.update((check, text["by"]) for check in before if check not in left and text.get("by"))
        for one in (text.get("tries") or ())[1:]:
            self.requests += one.get("attempts", 1)
            self.tokens += (one.get("prompt_tokens") or 0) + (one.get("completion_tokens") or 0)
            if one.get("cost") is not None:
                self.cost = (self.cost or 0.0) + one["cost"]

    @property
    def checks(self) -> list[str]:
        """The checks that found anything, the most frequent first."""
        return [check for check, _ in (self.before | self.left).most_common()]

    def lines(self) -> Iterator[str]:
        """What a person reads of each check."""
        for check in self.checks:
            ways = [f"{words} {self.mended[check, way]:,}" for way, words in WAYS.items() if self.mended[check, way]]
            mended = f"; mended: {', '.join(ways)}" if ways else ""
            left = f"; left: {self.left[check]:,}" if self.left[check] else ""
            yield f"{check}: {self.before[check]:,}{mended}{left}"

    def spent(self) -> str | None:
        """What mending cost, for a person; None if nothing was asked."""
        if not self.requests:
            return None
        cost = f", {self.cost:.4f}" if self.cost is not None else ""
        return f"{self.requests:,} more requests, {self.tokens:,} tokens{cost}"

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "checks": {
                check: {
                    "before": self.before[check],
                    **{way: self.mended[check, way] for way in WAYS},
                    "left": self.left[check],
                }
                for check in self.checks
            },
            "requests": self.requests,
            "tokens": self.tokens,
            "cost": round(self.cost, 8) if self.cost is not None else None,
        }
