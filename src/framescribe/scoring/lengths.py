"""Knows how long captions are, in words; not how long they should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median

from framescribe.language.letters import count
from framescribe.scoring.base import Candidate, Chart, Metric, Tally, mean

BOUNDS = (0, 10, 20, 40, 60, 80, 100, 150, 200, 300)


class Lengths(Metric):
    name = "lengths"
    help = "how long captions are"
    formulas = {"words": mean("words", "clips", "words of a caption, on average")}  # noqa: RUF012

    def tally(self, one: Candidate) -> Tally | None:
        return {"clips": 1, "words": count(one.text)} if one.text else None

    def whole(self, ones: Sequence[Candidate]) -> Mapping[str, tuple[float | None, str]]:
        words = [count(one.text) for one in ones if one.text]
        if not words:
            return {}
        told = {"shortest": min(words), "median": median(words), "longest": max(words)}
        return {name: (float(number), "words of a caption") for name, number in told.items()}

    def charts(self, ones: Sequence[Candidate]) -> list[Chart]:
        words = [count(one.text) for one in ones if one.text]
        bars = [
            (f"{low} to {high - 1}", float(sum(low <= number < high for number in words)))
            for low, high in pairwise(BOUNDS)
        ]
        bars.append((f"{BOUNDS[-1]} or more", float(sum(number >= BOUNDS[-1] for number in words))))
        held = [place for place, (_, number) in enumerate(bars) if number]
        return [Chart(title="Words per caption", bars=tuple(bars[held[0] : held[-1] + 1]))] if held else []
