"""Knows how a run looks to a person or a program: a display, plain lines, JSON lines, or nothing; it steers nothing."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

from framescribe.cli.plain import PlainScreen, RankScreen, Screen, models_of
from framescribe.cli.terminal import drop, say
from framescribe.names import json_shown
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    from framescribe.records import Row
    from framescribe.results.plan import Plan
    from framescribe.runs.captions import Captions
    from framescribe.runs.report import Report


class JsonScreen(Screen):
    """One JSON object per line on standard output: said, started, row, finished. A run outlives its reader."""

    def _write(self, event: str, **values: Any) -> None:
        record = {"event": event, "time": round(time.time(), 3), **values}
        try:
            print(json_shown(dumps(record), sys.stdout.encoding), flush=True)
        except OSError as error:
            drop(sys.stdout)
            say(f"standard output cannot be written ({error.strerror}): the run goes on without it")

    def say(self, line: str) -> None:
        self._write("said", text=line)

    def opening(self, captions: Captions) -> None:
        self._write("opening", models=models_of(captions))

    def started(self, plan: Plan, captions: Captions) -> None:
        super().started(plan, captions)
        self._write("started", videos=self.total, models=captions.describe())

    def row(self, row: Row) -> None:
        super().row(row)
        error = {"stage": row.error.stage, "kind": row.error.kind, "message": row.error.message} if row.error else None
        self._write("row", id=row.id, status=row.status, error=error, done=self.done, total=self.total)

    def finish(self, report: Report) -> None:
        self._write(
            "finished",
            inputs=report.inputs,
            done_before=report.done_before,
            statuses=dict(report.statuses),
            failures=[{"stage": stage, "kind": kind, "count": n} for (stage, kind), n in report.failures.items()],
            seconds={name: round(value, 3) for name, value in report.meter.seconds().items()},
            elapsed=round(report.meter.elapsed, 3),
            counts=dict(report.meter.counts),
            checked=report.faults.as_json(),
            cost=round(report.budget.cost, 6) if report.budget.prices else None,
            output=str(report.output) if report.output else None,
        )


def screen(*, quiet: bool, json_logs: bool, rank: int | None = None) -> Screen:
    """The screen that suits the output's destination; with several ranks, lines that name their rank."""
    if json_logs:
        return JsonScreen()
    if quiet:
        return Screen()
    if rank is not None:
        return RankScreen(rank)
    if not sys.stderr.isatty():
        return PlainScreen()
    from framescribe.cli.live import LiveScreen

    return LiveScreen()
