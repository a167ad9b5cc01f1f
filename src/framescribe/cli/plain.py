"""Knows how a run looks in a log: plain lines, of one process or of several; and how numbers and ends are written."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from framescribe.cli.terminal import say, width
from framescribe.names import shown

if TYPE_CHECKING:
    from rich.console import Console

    from framescribe.records import Row
    from framescribe.results.plan import Plan
    from framescribe.runs.captions import Captions
    from framescribe.runs.report import Report

_EVERY_S = 10.0
_LONGEST = 240  # characters of a caption in a log
_LOG = logging.getLogger("framescribe")


class Screen:
    """Reports only what ends the run; the others build on it."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.failed = 0
        self.last: tuple[str, str] | None = None
        """The id of the video that was captioned last, and what was said of it."""
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

    def opening(self, captions: Captions) -> None:
        """The models are being made ready, which may take minutes."""

    def started(self, plan: Plan, captions: Captions) -> None:
        """The models are ready and the first videos begin."""
        self.total = len(plan.todo)
        self._meter = captions.meter

    def row(self, row: Row) -> None:
        """A row was written."""
        self.done += 1
        self.failed += row.status == "failed" and not row.left_out
        words = row.caption or next((frame.caption for frame in row.frames if frame.caption), None)
        if words and row.status != "failed":
            self.last = row.id, words

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
        for line in record.getMessage().splitlines():
            self._display.say(line)


class PlainScreen(Screen):
    """Lines for a log: each message, each failure, the first caption, and the run's progress every ten seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._last = time.monotonic()

    def say(self, line: str) -> None:
        say(line)

    def opening(self, captions: Captions) -> None:
        self.say(f"getting ready: {models_of(captions)}")

    def started(self, plan: Plan, captions: Captions) -> None:
        super().started(plan, captions)
        for line in captions.describe():
            self.say(line)
        self.say(f"videos to caption: {self.total:,}")
        self._last = time.monotonic()

    def row(self, row: Row) -> None:
        before = self.last
        super().row(row)
        if row.error is not None:
            self.say(f"{'left out' if row.left_out else 'failed'}: {row.id}: {row.error.stage}: {row.error.message}")
        self.tell_progress(first=before is None and self.last is not None)

    def tell_progress(self, first: bool) -> None:
        """Say how far it is, every ten seconds, and what was captioned last; also what was captioned `first`, so that a
        bad prompt is seen at once."""
        if time.monotonic() - self._last >= _EVERY_S:
            self._last = time.monotonic()
            rates = self.rates()
            self.say(
                f"{self.done:,}/{self.total:,} videos ({percent(self.done, self.total)}), {self.failed:,} failed, "
                f"{rates['frames']:.1f} frames/s, {rates['tokens']:.0f} tokens/s, {clock(rates['left_s'])} left"
            )
            if self.last:
                self.say(f"last caption: {self.last[0]}: {cut(self.last[1], _LONGEST)}")
        elif first and self.last:
            self.say(f"first caption: {self.last[0]}: {cut(self.last[1], _LONGEST)}")

    def finish(self, report: Report) -> None:
        from rich.console import Console

        table(report, Console(file=sys.stdout, highlight=False, width=width(sys.stdout)))


class RankScreen(PlainScreen):
    """Plain lines of one of several processes that share a terminal."""

    def __init__(self, rank: int) -> None:
        super().__init__()
        self._whose = f"[{rank}/{os.environ.get('WORLD_SIZE', '?')}]"

    def say(self, line: str) -> None:
        super().say(f"{self._whose} {line}")

    def finish(self, report: Report) -> None:
        self.say(f"videos done here: {report.new:,}, {report.statuses['failed']:,} of them failed")
        self.say(f"result: {report.output}" if report.output else "the last process to end writes the result")


def models_of(captions: Captions) -> str:
    """The models of a run as a person knows them."""
    names = (choice.model or "the server's model" for choice in captions.recipe.choices)
    return ", ".join(dict.fromkeys(names))


def finish_command(parts: object) -> str:
    """What writes the finished file from the rows in these parts."""
    return f"framescribe status {shlex.quote(str(parts).removesuffix('.parts'))} --finish"


def cut(text: str, most: int) -> str:
    """At most this many characters of the text, with "…" where some are missing."""
    return text if len(text) <= most else text[: most - 1] + "…"


def percent(done: int, total: int) -> str:
    """The share that is done; never 100 % before the end."""
    return f"{100 * done // total if total else 100}%"


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
    left_out, one = report.left_out
    if left_out:
        parts.append(f"{left_out:,} left out")
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
    for number, line in enumerate(report.faults.lines()):
        grid.add_row("" if number else "checked", Text(shown(line)))
    if mending := report.faults.spent():
        grid.add_row("mending", mending)
    if one is not None and one.error is not None:
        grid.add_row("left out", Text(shown(f"{left_out:,}, such as {one.id}: {one.error.message}")))
    for (stage, kind), count in sorted(report.failures.items(), key=lambda item: -item[1]):
        example = report.examples[stage, kind]
        message = example.error.message if example.error else ""
        grid.add_row("failed", Text(shown(f"{count:,} × {stage}/{kind}, such as {example.id}: {message}")))
    if report.output:
        grid.add_row("result", Text(shown(str(report.output))))
    else:
        left = report.inputs - report.done_before - report.new
        grid.add_row("stopped", Text(shown(f"videos left: {left:,}; every row is kept in {report.parts}")))
        grid.add_row("", "run the same command again to go on")
        grid.add_row("", Text(shown(f"for a file with the rows so far: {finish_command(report.parts)}")))
    console.print(grid)
