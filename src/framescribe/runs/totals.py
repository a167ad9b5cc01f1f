"""Adds up what the rows of a result say: how they ended, what was asked and spent; shows it to nobody."""

from __future__ import annotations

from collections import Counter

from framescribe.records import Row
from framescribe.results import texts
from framescribe.results.rows import Results
from framescribe.runs.faults import Faults


class Totals:
    """What all rows of a result add up to, with people's changes. Most rows are added up without reading their lines.

    `statuses` counts "ok", "flagged", "failed" and "left out"; `failures` the stages and kinds, with the first of each
    in `examples`; `steps` those from frame to frame, `steps_not_asked` those whose pictures are nearly the same.
    """

    def __init__(self, results: Results) -> None:
        sums, rest = results.sums()
        self.statuses = Counter({name: sums[name] for name in ("ok", "flagged") if sums[name]})
        self.tokens, self.segments = sums["tokens"], sums["segments"]
        self.steps, self.steps_not_asked = sums["steps"], sums["same"]
        self.failures, self.examples = Counter[str](), dict[str, str]()
        self.faults = Faults()
        for row in rest:
            self._add(row)

    def _add(self, row: Row) -> None:
        self.statuses["left out" if row.left_out else row.status] += 1
        self.faults.add(row)
        self.segments += len(texts.segments(row))
        steps = texts.steps(row)
        self.steps += len(steps)
        self.steps_not_asked += sum("same_as" in step for step in steps)
        for stage in row.stages.values():
            self.tokens += sum(stage.get(name) or 0 for name in ("prompt_tokens", "completion_tokens"))
        if row.error is not None:
            kind = f"{row.error.stage}/{row.error.kind}"
            self.failures[kind] += 1
            self.examples.setdefault(kind, f"{row.id}: {row.error.message}")
