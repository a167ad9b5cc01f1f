"""Knows how one run happens under a display: Ctrl-C ends it cleanly, figures are shown, and there is an exit code."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import TYPE_CHECKING

from framescribe.cli.plain import finish_command
from framescribe.errors import RunError

if TYPE_CHECKING:
    from framescribe.cli.plain import Screen
    from framescribe.cli.run_options import LimitOptions
    from framescribe.records import Row, Video
    from framescribe.results.rows import Results
    from framescribe.runs.captions import Captions
    from framescribe.runs.job import RunOptions
    from framescribe.runs.recipe import Recipe
    from framescribe.runs.report import Report
    from framescribe.runs.runner import Runner

STOPPED = 130


def run(
    recipe: Recipe,
    videos: Sequence[Video],
    results: Results,
    display: Screen,
    *,
    options: RunOptions,
    limits: LimitOptions | None = None,
    runner: Runner | None = None,
    frames_from: Mapping[tuple[str, int], Row] | None = None,
    metrics: str | None = None,
) -> int:
    """Run the job under this display, stop it cleanly on Ctrl-C, and return the exit code."""
    stopping = Stopping(display.say)
    work = _work(recipe, videos, results, display, stopping, options, limits, runner, frames_from, metrics)
    try:
        report = asyncio.run(work)
    except (asyncio.CancelledError, KeyboardInterrupt):
        display.say(f"stopped: every row is kept in {results.parts}; run the same command again to go on")
        display.say(f"for a file with the rows so far: {finish_command(results.parts)}")
        return STOPPED
    except RunError as error:
        kept_where = f"Nothing is lost: every row is kept in {results.parts}, and the same command goes on from there."
        raise RunError(f"{error}\n{kept_where}") from error
    display.finish(report)
    alone = runner is None or runner.number is None
    if report.output is None and (stopping.count or alone):
        return STOPPED if stopping.count else 1
    # A launcher takes any code other than 0 for a crash and kills the other ranks.
    return 3 if (report.failed or report.too_many) and alone else 0


async def _work(
    recipe: Recipe,
    videos: Sequence[Video],
    results: Results,
    display: Screen,
    stopping: Stopping,
    options: RunOptions,
    limits: LimitOptions | None,
    runner: Runner | None,
    frames_from: Mapping[tuple[str, int], Row] | None,
    metrics: str | None,
) -> Report:
    from framescribe.runs.job import Watcher, run_job
    from framescribe.runs.metrics import Exposition, parse_address

    stop = stopping.listen()
    number, local = (runner.number, runner.local) if runner is not None else (None, 0)
    address = parse_address(metrics, local) if metrics else None

    def opening(report: Report, captions: Captions) -> None:
        figures.opening(report, captions)
        display.opening(captions)

    async with Exposition(results.parts, address, number) as figures:
        if figures.url is not None:
            display.say(f"metrics: {figures.url}")
        return await run_job(
            recipe,
            videos,
            results,
            options=options,
            frames_from=frames_from,
            runner=runner,
            budget=limits.budget() if limits else None,
            watcher=Watcher(say=display.say, opening=opening, started=display.started, row=display.row),
            stop=stop,
        )


class Stopping:
    """The first Ctrl-C, SIGTERM or SIGHUP (the terminal is gone) lets what is under way finish; the second drops it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self.count = 0

    def listen(self) -> asyncio.Event:
        """The event that is set by the first signal. To be called in the run's own task."""
        stop, task = asyncio.Event(), asyncio.current_task()
        assert task is not None

        def on_signal() -> None:
            self.count += 1
            if self.count == 1:
                self._say("stopping: finishing what is under way first (again to drop it)")
                stop.set()
            else:
                task.cancel()

        on_ending_signals(on_signal)
        return stop


def on_ending_signals(act: Callable[[], object]) -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP (the terminal is gone) call `act` in the running loop."""
    loop = asyncio.get_running_loop()

    def handler(number: int, frame: FrameType | None) -> None:
        if loop.is_closed():
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(act)

    numbers = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as under nohup
        numbers.append(signal.SIGHUP)
    for number in numbers:
        try:
            loop.add_signal_handler(number, act)
        except NotImplementedError:  # Windows
            signal.signal(number, handler)
