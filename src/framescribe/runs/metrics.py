"""Shows a run's figures to Prometheus and to anyone watching the folder of parts; it knows none of them itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from pathlib import Path
from statistics import mean
from threading import Event, Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from framescribe.errors import MissingExtra, UserError
from framescribe.plain_json import dumps
from framescribe.results.parts import Location
from framescribe.runs.captions import Captions
from framescribe.runs.figures import figures, fullness, total
from framescribe.runs.meter import BOUNDS, Figure
from framescribe.runs.report import Report
from framescribe.runs.unforeseen import told

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric


LOOK_SECONDS, AVERAGED, NOTE_EVERY = 1.0, 10, 5  # a look each second; notes are averages, written every 5 looks
NOTES = ".figures.*.json"
SNAPSHOT_SECONDS = 3.0  # a scrape waits no longer; Prometheus gives up after 10
HOST = "127.0.0.1"

_log = logging.getLogger("framescribe")


# --- Prometheus -----------------------------------------------------------------------------------


def families(now: Iterable[Figure]) -> Iterator[Metric]:
    """The figures in prometheus_client's own form."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    for figure in now:
        if figure.kind == "histogram":
            histogram = HistogramMetricFamily(figure.name, figure.help, labels=figure.labels)
            for labels, (counts, seconds) in figure.values.items():
                bounds = [*map(str, BOUNDS), "+Inf"]
                histogram.add_metric(labels, list(zip(bounds, counts, strict=True)), sum_value=seconds)
            yield histogram
        else:
            kind = CounterMetricFamily if figure.kind == "counter" else GaugeMetricFamily
            family = kind(figure.name, figure.help, labels=figure.labels)
            for labels, value in figure.values.items():
                family.add_metric(labels, value)
            yield family


class _Page:
    """What a scrape reads: the run's figures and those of this process."""

    def __init__(self, exposition: Exposition) -> None:
        self._exposition = exposition

    def collect(self) -> Iterator[Metric]:
        yield from families(self._exposition.snapshot())


def parse_address(text: str, local: int = 0) -> tuple[str, int]:
    """PORT or HOST:PORT as a pair; without a host only this machine can connect. Each rank on a machine has
    its own port, in sequence. UserError if it is neither."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UserError(f"--metrics-port {text} is not a port: write 9400, or 0.0.0.0:9400 to let other machines in")
    number = int(port)
    return host.strip("[]") or HOST, number + (local if number else 0)


# --- a run ----------------------------------------------------------------------------------------


class Exposition:
    """Shows the figures of one run while it is open: to Prometheus at `address`, if given, and in a small file in
    the folder of parts, which `status --watch` reads. `opening` tells it which run. Parts in an object store get no
    such file.
    """

    def __init__(self, parts: Location, address: tuple[str, int] | None = None, rank: int | None = None) -> None:
        self.url: str | None = None
        self._parts, self._address, self._rank = parts, address, rank
        self._run: tuple[Report, Captions] | None = None
        self._begun = Event()
        self._last: list[Figure] = []
        self._said: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._noting: asyncio.Task[None] | None = None
        self._server: Any = None

    async def __aenter__(self) -> Exposition:
        self._loop = asyncio.get_running_loop()
        if self._address is not None:
            self._serve(*self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            await asyncio.to_thread(_end, *self._server)
        if self._noting is not None:
            self._noting.cancel()
            await asyncio.gather(self._noting, return_exceptions=True)

    def opening(self, report: Report, captions: Captions) -> None:
        """This run begins."""
        self._run = report, captions
        self._look()
        self._begun.set()
        if isinstance(self._parts, Path):
            self._noting = asyncio.create_task(self._note(self._parts))

    def snapshot(self) -> list[Figure]:
        """The figures of now, asked from another thread; the last ones if the run is too busy to say (as while it
        starts a cluster), and none before it begins."""
        assert self._loop is not None
        looked: Future[None] = Future()

        def look() -> None:
            self._look()
            looked.set_result(None)

        if self._begun.wait(SNAPSHOT_SECONDS):
            with contextlib.suppress(FutureTimeout, RuntimeError):  # or the loop has just been closed
                self._loop.call_soon_threadsafe(look)
                looked.result(SNAPSHOT_SECONDS)
        return self._last

    def _look(self) -> list[Figure]:
        """The figures of now, or the last ones if they cannot be determined. In the run's own thread."""
        assert self._run is not None
        try:
            self._last = list(figures(*self._run, self._rank))
        except Exception as error:  # what is shown of a run must not end it
            self._say(error)
        return self._last

    def _say(self, error: Exception) -> None:
        if (why := told(error)) not in self._said:
            self._said.add(why)
            _log.warning("the run's figures cannot be updated: %s", why)

    def _serve(self, host: str, port: int) -> None:
        try:
            from prometheus_client import CollectorRegistry, ProcessCollector, start_http_server
        except ImportError as error:
            raise MissingExtra("--metrics-port", "metrics") from error
        registry = CollectorRegistry()
        registry.register(_Page(self))
        ProcessCollector(registry=registry)
        try:
            self._server = start_http_server(port, host, registry)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise UserError(f"--metrics-port {host}:{port} cannot be opened: {why}. Choose another port.") from error
        named = f"[{host}]" if ":" in host else host
        self.url = f"http://{named}:{self._server[0].server_port}/metrics"

    async def _note(self, parts: Path) -> None:
        assert self._run is not None
        name = f"{socket.gethostname().split('.')[0]}.{os.getpid()}"
        file, temporary = parts / NOTES.replace("*", name), parts / f".figures.{name}.tmp"
        _forget(parts)
        looks: deque[dict[str, float]] = deque(maxlen=AVERAGED)
        spent, looked, number = time.process_time(), time.monotonic(), 0
        try:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                cpu, now, number = time.process_time(), time.monotonic(), number + 1
                try:
                    run = self._look()
                    own = min(1.0, (cpu - spent) / (now - looked))
                    looks.append({**fullness(run, self._run[0].words), "this process": own})
                    spent, looked = cpu, now
                    if number % NOTE_EVERY == 0:
                        temporary.write_text(dumps(_notes(run, number, looks)), encoding="utf-8")
                        temporary.replace(file)
                except OSError:  # a full disk ends the run at its next row, not here
                    continue
                except Exception as error:  # as in a scrape
                    self._say(error)
        finally:
            for path in (file, temporary):
                path.unlink(missing_ok=True)


def _notes(run: Iterable[Figure], number: int, looks: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    found = {figure.name.removeprefix("framescribe_"): figure.values for figure in run}
    under_way = found.get("videos_in_flight", {})
    return {
        "number": number,
        "full": {name: round(mean(look[name] for look in looks if name in look), 2) for name in looks[-1]},
        "in_flight": {stage: total(under_way, stage) for stage in dict.fromkeys(stage for stage, *_ in under_way)},
        "tokens": sum(found["tokens"].values()),
        "failed_tries": sum(found.get("retries", {}).values()),
        "servers_out": sum(not up for up in found.get("server_up", {}).values()),
    }


def _forget(parts: Path) -> None:
    """Remove the notes of runs that were killed; live ones write theirs again at once."""
    for old in (*parts.glob(NOTES), *parts.glob(NOTES.replace(".json", ".tmp"))):
        old.unlink(missing_ok=True)


def read_notes(parts: Location) -> dict[str, dict[str, Any]]:
    """The notes of the runs that write to this folder, by process; none for an object store."""
    notes = {}
    for path in sorted(parts.glob(NOTES)) if isinstance(parts, Path) else []:
        with contextlib.suppress(OSError, ValueError):  # it has just ended
            notes[path.name] = json.loads(path.read_text(encoding="utf-8"))
    return notes


def _end(server: Any, thread: Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()
