"""Knows how a run looks to a person or a log: a display, plain lines, JSON lines, or nothing; it steers nothing."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from framescribe.records import Row
    from framescribe.results.plan import Plan
    from framescribe.run.captions import Captions
    from framescribe.run.report import Report

_EVERY_S = 10.0
_LOG = logging.getLogger("framescribe")


class Screen:
    """Reports only what ends the run; the others build on it."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.failed = 0
        self._meter: Any = None

    def __enter__(self) -> Screen:
        self._logged = _Logged(self)
        _LOG.addHandler(self._logged)
        _LOG.setLevel(logging.INFO)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _LOG.removeHandler(self._logged)

    def say(self, line: str) -> None:
        """One sentence for a person to read."""

    def started(self, plan: Plan, captions: Captions) -> None:
        """The models are ready and the first videos begin."""
        self.total = len(plan.todo)
        self._meter = captions.meter

    def row(self, row: Row) -> None:
        """A row was written."""
        self.done += 1
        self.failed += row.status == "failed"

    def finish(self, report: Report) -> None:
        """The run is over."""

    def rates(self) -> dict[str, float]:
        """Per second since the models were asked to open: videos, frames, tokens; and seconds left."""
        elapsed = max(self._meter.elapsed, 1e-6) if self._meter else 1e-6
        counts = self._meter.counts if self._meter else {}
        speed = self.done / elapsed
        return {
            "videos": speed,
            "frames": counts.get("pictures", 0) / elapsed,
            "tokens": counts.get("completion_tokens", 0) / elapsed,
            "left_s": (self.total - self.done) / speed if speed else 0.0,
        }


class _Logged(logging.Handler):
    """Shows what the engines log: a server that loads, dies or comes back, a batch that was halved."""

    def __init__(self, display: Screen) -> None:
        super().__init__(logging.INFO)
        self._display = display

    def emit(self, record: logging.LogRecord) -> None:
        self._display.say(record.getMessage())


class PlainScreen(Screen):
    """Lines for a log: each message, each failure, and the run's progress every ten seconds."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._last = time.monotonic()

    def say(self, line: str) -> None:
        print(line, file=self._stream, flush=True)

    def started(self, plan: Plan, captions: Captions) -> None:
        super().started(plan, captions)
        for line in captions.describe():
            self.say(line)
        self.say(f"videos to caption: {self.total:,}")
        self._last = time.monotonic()

    def row(self, row: Row) -> None:
        super().row(row)
        if row.error is not None:
            self.say(f"failed: {row.id}: {row.error.stage}: {row.error.message}")
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            rates = self.rates()
            self.say(
                f"{self.done:,}/{self.total:,} videos, {self.failed:,} failed, {rates['frames']:.1f} frames/s, "
                f"{rates['tokens']:.0f} tokens/s, {clock(rates['left_s'])} left"
            )

    def finish(self, report: Report) -> None:
        from rich.console import Console

        table(report, Console(file=sys.stdout, highlight=False, width=None if sys.stdout.isatty() else 100))


class RankScreen(PlainScreen):
    """Plain lines of one of several processes that share a terminal."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self._whose = f"[{rank}/{os.environ.get('WORLD_SIZE', '?')}]"

    def say(self, line: str) -> None:
        super().say("\n".join(f"{self._whose} {part}" for part in line.splitlines()))

    def finish(self, report: Report) -> None:
        self.say(f"videos done here: {report.new:,}, {report.statuses['failed']:,} of them failed")
        self.say(f"result: {report.output}" if report.output else "the last process to end writes the result")


class LiveScreen(PlainScreen):
    """A progress bar that stays at the bottom of a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn

        super().__init__()
        outer = self

        class State(ProgressColumn):
            """Read at every refresh: frames come in long before their video's row."""

            def render(self, task: Task) -> Text:
                return outer.state()

        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("[bold]videos[/]"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            State(),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._task: Any = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        super().__exit__(kind, error, trace)

    def say(self, line: str) -> None:
        self._console.print(line, markup=False)

    def started(self, plan: Plan, captions: Captions) -> None:
        super().started(plan, captions)
        self._task = self._progress.add_task("", total=self.total)
        self._progress.start()

    def row(self, row: Row) -> None:
        self._last = time.monotonic()  # the bar shows the progress
        super().row(row)
        self._progress.update(self._task, completed=self.done)

    def state(self) -> Text:
        """What is shown to the right of the bar."""
        from rich.text import Text

        rates = self.rates()
        left = f"{clock(rates['left_s'])} left" if self.done else ""
        return Text.assemble(
            f"{rates['frames']:.1f} frames/s  {rates['tokens']:.0f} tok/s  ",
            (f"{self.failed:,} failed  ", "red") if self.failed else "",
            left,
        )

    def finish(self, report: Report) -> None:
        self._progress.stop()
        super().finish(report)


class JsonScreen(Screen):
    """One JSON object per line on standard output: said, started, row, finished."""

    def _write(self, event: str, **values: Any) -> None:
        print(json.dumps({"event": event, "time": round(time.time(), 3), **values}, ensure_ascii=False), flush=True)

    def say(self, line: str) -> None:
        self._write("said", text=line)

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
    return LiveScreen() if sys.stderr.isatty() else PlainScreen()


def clock(seconds: float) -> str:
    """1:02:03, or 2:03 if less than an hour."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def table(report: Report, console: Console) -> None:
    """The end of a run: counts, rates, failures by kind, where the time went, and where the result is."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    statuses = report.statuses
    parts = [f"{statuses['ok'] + statuses['flagged']:,} captioned"]
    if statuses["flagged"]:
        parts.append(f"{statuses['flagged']:,} of them flagged")
    if statuses["failed"]:
        parts.append(f"{statuses['failed']:,} failed")
    if report.done_before:
        parts.append(f"{report.done_before:,} done before")
    grid.add_row("videos", f"{report.inputs:,}: {', '.join(parts)}")
    if report.new:
        elapsed, counts = report.meter.elapsed, report.meter.counts
        grid.add_row(
            "rates",
            f"{report.new / elapsed:.2f} videos/s, {counts['pictures'] / elapsed:.2f} frames/s, "
            f"{counts['completion_tokens'] / elapsed:.0f} tokens/s written, "
            f"{counts['prompt_tokens'] / elapsed:.0f} read",
        )
        spent = report.meter.seconds()
        names = {name: report.words.get(name, name) for name in spent} | {"waiting": "models waiting"}
        if report.budget.prices:
            grid.add_row("cost", f"{report.budget.cost:.2f} for {report.budget.requests:,} requests")
        grid.add_row("time", f"{clock(elapsed)}; " + ", ".join(f"{names[n]} {spent[n]:.1f} s" for n in names))
    for (stage, kind), count in sorted(report.failures.items(), key=lambda item: -item[1]):
        example = report.examples[stage, kind]
        message = example.error.message if example.error else ""
        grid.add_row("failed", Text(f"{count:,} × {stage}/{kind}, such as {example.id}: {message}"))
    if report.output:
        grid.add_row("result", Text(str(report.output)))
    else:
        left = report.inputs - report.done_before - report.new
        grid.add_row("stopped", Text(f"videos left: {left:,}; every row is kept in {report.parts}"))
        grid.add_row("", "run the same command again to go on")
    console.print(grid)
