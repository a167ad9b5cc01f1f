"""Follows a run from another process: its progress, from its parts, and what holds it up, from notes beside them."""

from __future__ import annotations

import sys
import time
from collections import Counter, deque
from typing import Any

from framescribe.cli.plain import clock, cut
from framescribe.cli.terminal import tell, width
from framescribe.names import shown
from framescribe.results.rows import Results
from framescribe.runs.metrics import read_notes

EVERY_SECONDS, RATE_SECONDS = 2.0, 30.0


def watch(results: Results) -> None:
    """The run's progress, every two seconds, in one place on a terminal, until every input has its row or Ctrl-C."""
    seen: deque[tuple[float, int]] = deque()
    busy = _Busy()
    drawn = 0
    try:
        while True:
            results.refresh()
            inputs, now = results.noted_recipe().get("inputs"), time.monotonic()
            seen.append((now, len(results)))
            while now - seen[0][0] > RATE_SECONDS:
                seen.popleft()
            (since, before), rows = seen[0], len(results)
            rate = (rows - before) / (now - since) if now > since else 0.0
            wanted = inputs if isinstance(inputs, int) else None
            left = f", {clock((wanted - rows) / rate)} left" if wanted and rate and wanted > rows else ""
            total = f" of {wanted:,}" if wanted else ""
            lines = [f"videos with a row: {rows:,}{total}, {results.failed:,} failed, {rate:.2f} videos/s{left}"]
            lines += busy.lines(read_notes(results.parts), now)
            if sys.stdout.isatty() and drawn:
                print(f"\x1b[{drawn}A\x1b[J", end="")  # up, and clear from there (ECMA-48: CUU, ED)
            if sys.stdout.isatty():  # a line that wraps is two, and the next look would leave one of them
                lines = [cut(line, width(sys.stdout) - 1) for line in map(shown, lines)]
            for line in lines:
                tell(line)
            sys.stdout.flush()
            drawn = len(lines)
            if wanted is not None and rows >= wanted:
                break
            time.sleep(EVERY_SECONDS)
    except KeyboardInterrupt:
        pass


class _Busy:
    """What holds a run up, in a line or two, from the notes that its processes leave. A killed process leaves notes
    too, so those that have not changed since the watch began are ignored."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._changed: dict[str, tuple[int, float]] = {}
        self._tokens: deque[tuple[float, int]] = deque()

    def lines(self, notes: dict[str, dict[str, Any]], now: float) -> list[str]:
        alive = []
        for name, note in notes.items():
            number = note["number"]
            if self._first.setdefault(name, number) != number and self._changed.get(name, (0, 0.0))[0] != number:
                self._changed[name] = number, now
            if name in self._changed and now - self._changed[name][1] < RATE_SECONDS:
                alive.append(note)
        if not alive:
            return []
        full = {
            name: sum(note["full"].get(name, 0.0) for note in alive) / len(alive)
            for name in dict.fromkeys(name for note in alive for name in note["full"])
        }
        under_way = Counter[str]()
        for note in alive:
            under_way.update(note["in_flight"])
        self._tokens.append((now, sum(note["tokens"] for note in alive)))
        while now - self._tokens[0][0] > RATE_SECONDS:
            self._tokens.popleft()
        (since, before), tokens = self._tokens[0], self._tokens[-1][1]
        speed = f", {max(0, tokens - before) / (now - since):,.0f} tokens/s" if now > since else ""
        tries, out = (sum(note[name] for note in alive) for name in ("failed_tries", "servers_out"))
        return [
            "how full: " + ", ".join(f"{name} {full[name]:.0%}" for name in sorted(full, key=lambda name: -full[name])),
            "under way: " + ", ".join(f"{count:,} {stage}" for stage, count in under_way.items()) + speed
            + (f", failed tries: {tries:,}" if tries else "") + (f", servers down: {out:,}" if out else ""),
        ]  # fmt: skip
