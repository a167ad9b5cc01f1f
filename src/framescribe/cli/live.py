"""Knows how a run looks on a terminal while it goes on: a bar, the rates and the last caption, in any width."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from framescribe.cli.plain import PlainScreen, clock, models_of, percent
from framescribe.names import shown

if TYPE_CHECKING:
    from framescribe.results.plan import Plan
    from framescribe.runs.captions import Captions
    from framescribe.runs.report import Report

_SHORTEST_BAR = 8
_REFRESHES = 4  # per second


class LiveScreen(PlainScreen):
    """A few lines that stay at the bottom of a terminal; messages go by above them."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console(stderr=True, highlight=False)
        self._live = Live(_Lines(self), console=self._console, refresh_per_second=_REFRESHES, transient=True)
        self._models, self._since = "", time.monotonic()
        self._begun = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
        super().__exit__(kind, error, trace)

    def say(self, line: str) -> None:
        self._console.print(Text(shown(line)))

    def opening(self, captions: Captions) -> None:
        super().opening(captions)
        self._models, self._since = models_of(captions), time.monotonic()
        self._live.start()

    def started(self, plan: Plan, captions: Captions) -> None:
        super().started(plan, captions)
        self._begun = True

    def tell_progress(self, first: bool) -> None:
        """Nothing: the lines at the bottom show it."""

    def finish(self, report: Report) -> None:
        self._live.stop()
        super().finish(report)

    def lines(self, width: int) -> Iterator[Text | Table]:
        """What is shown now, each no wider than `width`."""
        if not self._begun:
            yield _cut(f"{clock(time.monotonic() - self._since)} loading {self._models}")
            return
        rates = self.rates()
        yield self._bar(width, clock(rates["left_s"]) if self.done else "")
        parts = [f"{rates['frames']:.1f} frames/s", f"{rates['tokens']:.0f} tokens/s"]
        yield _cut(Text.assemble("  ".join(parts), (f"  {self.failed:,} failed" if self.failed else "", "red")))
        if self.last:
            name, words = map(shown, self.last)
            room = max(8, width // 3)
            name = name if len(name) <= room else "…" + name[1 - room :]  # the end of a path tells more
            yield _cut(Text.assemble((name, "bold"), f": {words}"))

    def _bar(self, width: int, left: str) -> Text | Table:
        counts = f"{percent(self.done, self.total)}  {self.done:,}/{self.total:,}" + (f"  {left} left" if left else "")
        room = width - len(counts) - len("videos") - 2
        if room < _SHORTEST_BAR:
            return _cut(counts)
        line = Table.grid(padding=(0, 1, 0, 0), pad_edge=False)
        line.add_row(Text("videos", "bold"), ProgressBar(self.total, self.done, width=room), Text(counts))
        return line


class _Lines:
    """The lines of a screen, drawn anew at every refresh: frames come in long before their video's row."""

    def __init__(self, screen: LiveScreen) -> None:
        self._screen = screen

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - len(
            "^C^C"
        )  # which a terminal writes behind the last line; a wrap would leave a line
        for line in self._screen.lines(room):
            yield from console.render(line, options.update(max_width=room))


def _cut(text: str | Text) -> Text:
    line = Text(text) if isinstance(text, str) else text
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
