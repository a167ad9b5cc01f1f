"""Knows how much work each stage of a run did and how long it was busy, but not what the work is."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from framescribe.records import DECODE

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # seconds


class Times:
    """How long pieces of work took: how many took up to each of BOUNDS, how many longer, and their total seconds."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Meter:
    """Counts, and the seconds in which at least one piece of a stage's work was under way, for "decode" and `stages`.

    Stages overlap, so their seconds may add up to more than the run took; `waiting` is the time in which no model
    had a request. `clock` gives seconds and is for tests. Used from one thread.

    `elsewhere` holds the seconds of other processes that work for this run, by their number: the run's seconds are then
    their mean.
    """

    def __init__(self, stages: Sequence[str] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self.stages = (DECODE, *stages)
        self.counts: Counter[str] = Counter()
        self.times = {stage: Times() for stage in self.stages}  # of single pieces: a decode, a request
        self.elsewhere: dict[int, Mapping[str, float]] = {}
        self._clock = clock
        self._started = clock()
        self._busy = dict.fromkeys((*self.stages, "models"), 0.0)
        self._active: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    @contextmanager
    def busy(self, stage: str) -> Iterator[None]:
        """Work of `stage` is under way inside this block."""
        names = (stage,) if stage == DECODE else (stage, "models")
        began = self._clock()
        for name in names:
            if not self._active[name]:
                self._since[name] = self._clock()
            self._active[name] += 1
        try:
            yield
        finally:
            self.times[stage].add(self._clock() - began)
            for name in names:
                self._active[name] -= 1
                if not self._active[name]:
                    self._busy[name] += self._clock() - self._since[name]

    def under_way(self, stage: str) -> int:
        """How many pieces of `stage` are under way; of "models", requests of any stage."""
        return self._active[stage]

    @property
    def elapsed(self) -> float:
        """Seconds since the meter was made."""
        return self._clock() - self._started

    def seconds(self) -> dict[str, float]:
        """Seconds by stage, and "waiting"."""
        if others := self.elsewhere.values():
            return {name: sum(other[name] for other in others) / len(others) for name in (*self.stages, "waiting")}
        now = self._clock()
        busy = {
            name: spent + (now - self._since[name] if self._active[name] else 0) for name, spent in self._busy.items()
        }
        models = busy.pop("models")
        return {**busy, "waiting": max(0.0, now - self._started - models)}


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric under its Prometheus name without "_total", with a value for each set of labels. A histogram's value is
    the counts up to each of BOUNDS and in total, and the seconds."""

    name: str
    kind: str  # counter, gauge or histogram
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[Any, Any] = field(default_factory=dict)
