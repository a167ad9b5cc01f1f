"""Knows how a run went, as it goes: rows by status, failures by kind, what was done before; shows it to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from framescribe.records import LEFT_OUT, MEASURE, Row, Video
from framescribe.results.parts import Location
from framescribe.runs import duplicates
from framescribe.runs.budget import Budget
from framescribe.runs.faults import Faults
from framescribe.runs.meter import Meter
from framescribe.runs.recipe import Recipe


@dataclass(slots=True, kw_only=True)
class Report:
    """How a run went. `output` is None if it stopped before every input had a row. `words`: what people call the model
    of each stage. `faults`: those of the texts in the rows that this run wrote. `too_many`: in what way more than was
    allowed are flagged."""

    inputs: int
    done_before: int = 0
    failed_before: int = 0
    output: Location | None = None
    parts: Location
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], Row] = field(default_factory=dict)
    meter: Meter
    budget: Budget = field(default_factory=Budget)
    words: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    too_many: str | None = None

    @classmethod
    def of(cls, recipe: Recipe, videos: Sequence[Video], parts: Location, budget: Budget) -> Report:
        """The report of a run that has not begun."""
        words = {step.name: step.model for step in recipe.steps}
        return cls(inputs=len(videos), parts=parts, meter=Meter(list(recipe.stages)), budget=budget, words=words)

    @property
    def new(self) -> int:
        """Rows that this run wrote."""
        return sum(self.statuses.values())

    @property
    def left_out(self) -> tuple[int, Row | None]:
        """How many videos a condition left out, and one of them."""
        return self.statuses[LEFT_OUT], self.examples.get((MEASURE, LEFT_OUT))

    @property
    def failed(self) -> int:
        """Failed rows among all inputs, including those of earlier runs."""
        return self.failed_before + self.statuses["failed"]

    def asked_again(self, row: Row) -> None:
        """Take in the row of a video that had one, whose caption was asked for again because of another one."""
        for text in duplicates.records(row):
            self.faults.add_text(text)

    def count(self, row: Row) -> None:
        """Add a row that this run wrote."""
        self.statuses[LEFT_OUT if row.left_out else row.status] += 1
        self.faults.add(row)
        if row.error is not None:
            key = (row.error.stage, row.error.kind)
            self.examples.setdefault(key, row)
            if not row.left_out:
                self.failures[key] += 1
