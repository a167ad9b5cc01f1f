"""Knows how far one job of asking is; asks nothing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection
from typing import Any, Literal

from framescribe.python.recipe import Recipe
from framescribe.review.recipes import Wish

State = Literal["opening", "asking", "done", "stopped", "failed"]
MOST_FAULTS, SHOWN_LETTERS = 20, 80


class Job:
    """One question about some rows, by their keys, asked by `who`. `stopping` is set to have it end after what is under
    way."""

    def __init__(self, keys: list[str], wish: Wish, recipe: Recipe, who: str) -> None:
        self.name, self.keys, self.wish, self.recipe = secrets.token_hex(8), keys, wish, recipe
        self.who = who
        self.stopping = asyncio.Event()
        self.state: State = "opening"
        self.total, self.done, self.failed, self.skipped = len(keys), 0, 0, 0
        self.faults: list[dict[str, str]] = []
        self.error: str | None = None
        self.said: str | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.state in ("done", "stopped", "failed")

    def say(self, line: str) -> None:
        """A choice that was made on the user's behalf."""
        self.said = line

    def leave_out(self, keys: Collection[str]) -> None:
        """Do not ask about these rows: their captions are locked."""
        self.skipped += len(keys)
        self.total -= len(keys)
        if keys and self.state == "opening":
            self.keys = [key for key in self.keys if key not in keys]

    def fault(self, key: str, name: str, why: str) -> None:
        """A row that could not be captioned."""
        self.failed += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append({"key": key, "id": name, "error": why})

    def end(self, error: str | None = None) -> None:
        """It is over, early if there was an error or if it was stopped."""
        self.error = error
        left = self.total - self.done - self.failed
        self.state = "failed" if error is not None else "stopped" if left and self.stopping.is_set() else "done"

    def told(self) -> dict[str, Any]:
        """What the page shows of it."""
        return {
            "job": self.name,
            "what": self._what(),
            "total": self.total,
            "done": self.done,
            "failed": self.failed,
            "skipped": self.skipped,
            "waiting": 0 if self.ended else self.total - self.done - self.failed,
            "state": self.state,
            "error": self.error or self._faults(),
            "faults": list(self.faults),
            "said": self.said,
        }

    def _what(self) -> str:
        clips = "1 clip" if self.total == 1 else f"{self.total:,} clips"
        asked = [
            f"“{_cut(self.wish.criticism)}”" if self.wish.criticism else "",
            "another prompt" if self.wish.prompt else "",
            self.wish.model or "",
            f"{self.wish.frames} frame{'s'[: self.wish.frames > 1]}" if self.wish.frames else "",
        ]
        return ", ".join([clips, *filter(None, asked)])

    def _faults(self) -> str | None:
        if not self.faults:
            return None
        first = self.faults[0]
        if self.failed == 1:
            return f"{first['id']}: {first['error']}"
        return f"{self.failed:,} clips could not be captioned; the first, {first['id']}: {first['error']}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_LETTERS else f"{line[: SHOWN_LETTERS - 1]}…"
