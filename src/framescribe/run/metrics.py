"""Translates what a run's own counters know into figures: for Prometheus, and for whoever watches the folder of parts.

It counts nothing itself and steers nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from framescribe.errors import MissingExtra, UserError
from framescribe.results.parts import Place
from framescribe.run.meter import BOUNDS, STAGES
from framescribe.version import VERSION

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

    from framescribe.run.captioner import Captioner
    from framescribe.run.job import Report
    from framescribe.runners.ranks import Rank
    from framescribe.runners.ray_actors import Actors

LOOK_SECONDS, AVERAGED, NOTE_EVERY = 1.0, 10, 5  # a look each second; the notes are averages, written every 5 looks
NOTES = ".figures.*.json"
SNAPSHOT_SECONDS = 10.0
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric under its Prometheus name without "_total", with a value for each set of labels. A histogram's value is
    the counts up to each of BOUNDS and of all, and the seconds."""

    name: str
    kind: str  # counter, gauge or histogram
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[Any, Any] = field(default_factory=dict)


def figures(report: Report, captioner: Captioner | Actors, rank: Rank | None = None) -> Iterator[Figure]:
    """All that is known of a run now. To be called in the run's own thread."""
    meter, budget = report.meter, report.budget
    statuses = {(status,): report.statuses[status] for status in ("ok", "flagged", "failed")}
    left = max(0, report.inputs - report.done_before - report.new)
    about = {(VERSION, str(rank.number) if rank else ""): 1}
    yield Figure("framescribe_run", "gauge", "1, with framescribe's version and the rank", ("version", "rank"), about)
    yield Figure("framescribe_videos", "counter", "Rows that this process wrote", ("status",), statuses)
    yield Figure(
        "framescribe_failures", "counter", "Failed rows by what went wrong", ("stage", "kind"), dict(report.failures)
    )
    yield Figure("framescribe_videos_left", "gauge", "Videos of its share without a row", (), {(): left})
    yield Figure("framescribe_videos_done_before", "gauge", "Videos that had a row", (), {(): report.done_before})
    busy = {(stage,): seconds for stage, seconds in meter.seconds().items()}
    said = "Seconds in which work of a stage was under way; waiting: in which no model had a request"
    yield Figure("framescribe_busy_seconds", "counter", said, ("stage",), busy)
    choices = {"frames": captioner.recipe.frame_model, "summary": captioner.recipe.summary_model}
    tokens = {
        (stage, way): meter.counts[f"{stage}_{name}"]
        for stage, choice in choices.items()
        if choice is not None
        for way, name in (("in", "prompt_tokens"), ("out", "completion_tokens"))
    }
    yield Figure("framescribe_tokens", "counter", "Tokens read and written by models", ("stage", "direction"), tokens)
    read = meter.counts["file_bytes"]
    yield Figure("framescribe_file_bytes", "counter", "Bytes of the files given to decoders", (), {(): read})
    yield Figure("framescribe_cost", "counter", "Spent, in the currency of --prices", (), {(): budget.cost})
    if budget.max_cost is not None:
        yield Figure("framescribe_cost_limit", "gauge", "--max-cost", (), {(): budget.max_cost})
    from framescribe.runners.ray_actors import Actors

    yield from _on_a_cluster(captioner) if isinstance(captioner, Actors) else _here(captioner)


def _on_a_cluster(actors: Actors) -> Iterator[Figure]:
    """What the driver knows of its actors; the rest is known on their machines."""
    under_way = {("actors",): actors.under_way}
    yield Figure("framescribe_videos_in_flight", "gauge", "Videos under way by stage", ("stage",), under_way)
    yield Figure("framescribe_actors", "gauge", "Actors whose models are ready", (), {(): actors.ready})
    yield Figure("framescribe_actor_room", "gauge", "Videos that these take at once", (), {(): actors.in_flight})


def _here(captioner: Captioner) -> Iterator[Figure]:
    meter, memory = captioner.meter, captioner.memory
    under_way = {
        ("waiting",): memory.waiting,
        ("decode",): memory.decoding,
        ("frames",): memory.clips,
        ("summary",): meter.under_way("summary"),
    }
    yield Figure("framescribe_videos_in_flight", "gauge", "Videos under way by stage", ("stage",), under_way)
    times = {
        (stage,): ([*accumulate(meter.times[stage].counts)], meter.times[stage].seconds)
        for stage in STAGES
        if stage == "decode" or stage in captioner.engines
    }
    yield Figure(
        "framescribe_stage_seconds", "histogram", "How long a decode or an answered request took", ("stage",), times
    )
    yield from _places(captioner)
    yield Figure("framescribe_decoders", "gauge", "Videos that may be decoded at once", (), {(): memory.decoders})
    yield Figure("framescribe_frame_bytes", "gauge", "Bytes of decoded frames held", (), {(): memory.held})
    yield Figure("framescribe_frame_bytes_limit", "gauge", "Held bytes that stop decoding", (), {(): memory.budget})


def _places(captioner: Captioner) -> Iterator[Figure]:
    loads = [
        ("+".join(stage for stage, other in captioner.engines.items() if other is engine), load)
        for engine in dict.fromkeys(captioner.engines.values())
        for load in engine.loads()
    ]
    labels = ("stage", "endpoint")
    for name, kind, help, of in (
        ("requests_in_flight", "gauge", "Requests at a server, or in the model's batch", "under_way"),
        ("requests_allowed", "gauge", "Requests that it may have at once", "allowed"),
        ("server_up", "gauge", "Whether it gets requests", "there"),
        ("retries", "counter", "Tries that failed and were made again, or given up", "failed_tries"),
    ):
        values = {(stages, load.name): int(getattr(load, of)) for stages, load in loads}
        yield Figure(f"framescribe_{name}", kind, help, labels, values)
    asked, at_places = captioner.meter.under_way("models"), sum(load.under_way for _, load in loads)
    waiting = max(0, asked - at_places)
    yield Figure("framescribe_requests_waiting", "gauge", "Requests that no server has yet", (), {(): waiting})


def fullness(now: Iterable[Figure]) -> dict[str, float]:
    """How full each thing is that can hold a run up, from 0 to 1: what is full is the bottleneck."""
    found = {figure.name.removeprefix("framescribe_"): figure.values for figure in now}
    if "actor_room" in found:
        return {"actors": min(1.0, found["videos_in_flight"][("actors",)] / found["actor_room"][()])}
    full = {"decoders": found["videos_in_flight"][("decode",)] / found["decoders"][()]}
    allowed = found["requests_allowed"]
    for stages in dict.fromkeys(stages for stages, _ in allowed):
        there = [key for key in allowed if key[0] == stages and found["server_up"][key]]
        room = sum(allowed[key] for key in there)
        name = "models" if "+" in stages else {"frames": "frame model", "summary": "summary model"}[stages]
        full[name] = sum(found["requests_in_flight"][key] for key in there) / room if room else 1.0
    full["frame memory"] = found["frame_bytes"][()] / found["frame_bytes_limit"][()]
    return {name: min(1.0, share) for name, share in full.items()}


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

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def collect(self) -> Iterator[Metric]:
        yield from families(self._shown.snapshot())


def parse_address(text: str, rank: Rank | None = None) -> tuple[str, int]:
    """PORT or HOST:PORT as a pair; without a host only this machine gets in. Each rank of a machine has a port of its
    own, one after the other. UserError where it is neither."""
    host, _, port = text.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise UserError(f"--metrics-port {text} is no port: it looks like 9400, or 0.0.0.0:9400 for other machines")
    number = int(port)
    return host.strip("[]") or HOST, number + (rank.local if rank and number else 0)


# --- a run ----------------------------------------------------------------------------------------


class Shown:
    """Shows the figures of one run as long as this is open: at `address` to Prometheus, where one is given, and in a
    small file in the folder of parts, which `status --watch` reads. `opening` tells it which run. Parts in an object
    store get no such file.
    """

    def __init__(self, parts: Place, address: tuple[str, int] | None = None, rank: Rank | None = None) -> None:
        self.url: str | None = None
        self._parts, self._address, self._rank = parts, address, rank
        self._run: tuple[Report, Captioner | Actors] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._noting: asyncio.Task[None] | None = None
        self._server: Any = None

    async def __aenter__(self) -> Shown:
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

    def opening(self, report: Report, captioner: Captioner | Actors) -> None:
        """This run begins."""
        self._run = report, captioner
        if isinstance(self._parts, Path):
            self._noting = asyncio.create_task(self._note(self._parts))

    def snapshot(self) -> list[Figure]:
        """The figures at one moment, asked from another thread; none before the run begins."""
        assert self._loop is not None

        answer: Future[list[Figure]] = Future()

        def look() -> None:
            answer.set_result(list(figures(*self._run, self._rank)) if self._run else [])

        self._loop.call_soon_threadsafe(look)
        return answer.result(SNAPSHOT_SECONDS)

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
                run = list(figures(*self._run))
                looks.append({**fullness(run), "this process": min(1.0, (cpu - spent) / (now - looked))})
                spent, looked = cpu, now
                if number % NOTE_EVERY == 0:
                    with contextlib.suppress(OSError):  # a full disk ends the run at its next row, not here
                        temporary.write_text(json.dumps(_notes(run, number, looks)), encoding="utf-8")
                        temporary.replace(file)
        finally:
            for path in (file, temporary):
                path.unlink(missing_ok=True)


def _notes(run: Iterable[Figure], number: int, looks: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    found = {figure.name.removeprefix("framescribe_"): figure.values for figure in run}
    return {
        "number": number,
        "full": {name: round(sum(look[name] for look in looks) / len(looks), 2) for name in looks[-1]},
        "in_flight": {stage: count for (stage,), count in found["videos_in_flight"].items()},
        "tokens": sum(found["tokens"].values()),
        "failed_tries": sum(found.get("retries", {}).values()),
        "servers_out": sum(not up for up in found.get("server_up", {}).values()),
    }


def _forget(parts: Path) -> None:
    """Remove the notes of runs that were killed; those that live write theirs again at once."""
    for old in (*parts.glob(NOTES), *parts.glob(NOTES.replace(".json", ".tmp"))):
        old.unlink(missing_ok=True)


def read_notes(parts: Place) -> dict[str, dict[str, Any]]:
    """What the runs that write to this folder left there, by process; nothing of an object store."""
    notes = {}
    for path in sorted(parts.glob(NOTES)) if isinstance(parts, Path) else []:
        with contextlib.suppress(OSError, ValueError):  # it ended just now
            notes[path.name] = json.loads(path.read_text(encoding="utf-8"))
    return notes


def _end(server: Any, thread: Thread) -> None:
    server.shutdown()
    server.server_close()
    thread.join()
