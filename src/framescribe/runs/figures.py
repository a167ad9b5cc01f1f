"""Turns a run's own counters into figures: counts, gauges, how full everything is; shows them to nobody.

It counts nothing itself and steers nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate

from framescribe.engines.base import Engine
from framescribe.frames.memory import FrameMemory
from framescribe.records import DECODE
from framescribe.runs.captions import Captions
from framescribe.runs.meter import Figure, Meter
from framescribe.runs.report import Report
from framescribe.strategies.base import Stage
from framescribe.version import VERSION


def figures(report: Report, captions: Captions, rank: int | None = None) -> Iterator[Figure]:
    """All that is known about a run now. To be called in the run's own thread."""
    meter, budget = report.meter, report.budget
    statuses = {(status,): report.statuses[status] for status in ("ok", "flagged", "failed")}
    left = max(0, report.inputs - report.done_before - report.new)
    about = {(VERSION, "" if rank is None else str(rank)): 1}
    yield Figure("framescribe_run", "gauge", "1, with framescribe's version and the rank", ("version", "rank"), about)
    yield Figure("framescribe_videos", "counter", "Rows that this process wrote", ("status",), statuses)
    yield Figure(
        "framescribe_failures", "counter", "Failed rows by what went wrong", ("stage", "kind"), dict(report.failures)
    )
    faults = report.faults
    became = {**faults.mended, **{(check, "left"): count for check, count in faults.left.items()}}
    said = "Faults of texts by what became of them"
    yield Figure("framescribe_faults", "counter", said, ("check", "became"), became)
    yield Figure("framescribe_videos_left", "gauge", "Videos of its share without a row", (), {(): left})
    yield Figure("framescribe_videos_done_before", "gauge", "Videos that had a row", (), {(): report.done_before})
    busy = {(stage,): seconds for stage, seconds in meter.seconds().items()}
    said = "Seconds in which a stage was at work; waiting: in which no model had a request"
    yield Figure("framescribe_busy_seconds", "counter", said, ("stage",), busy)
    tokens = {
        (stage, way): meter.counts[f"{stage}_{name}"]
        for stage in captions.recipe.stages
        for way, name in (("in", "prompt_tokens"), ("out", "completion_tokens"))
    }
    yield Figure("framescribe_tokens", "counter", "Tokens read and written by models", ("stage", "direction"), tokens)
    read = meter.counts["file_bytes"]
    yield Figure("framescribe_file_bytes", "counter", "Bytes of the files given to decoders", (), {(): read})
    yield Figure("framescribe_cost", "counter", "Spent, in the currency of --prices", (), {(): budget.cost})
    if budget.max_cost is not None:
        yield Figure("framescribe_cost_limit", "gauge", "--max-cost", (), {(): budget.max_cost})
    yield from captions.figures()


def where_models_run(
    meter: Meter, memory: FrameMemory, engines: Mapping[str, Engine], steps: Sequence[Stage]
) -> Iterator[Figure]:
    """What is known where the models run: what is under way, how long it takes, how full everything is. `engines` are
    those of each stage."""
    under_way = {
        ("waiting",): memory.waiting,
        (DECODE,): memory.decoding,
        **_by_stage(meter, memory, steps),
    }
    yield Figure("framescribe_videos_in_flight", "gauge", "Videos under way by stage", ("stage",), under_way)
    times = {(stage,): ([*accumulate(meter.times[stage].counts)], meter.times[stage].seconds) for stage in meter.stages}
    yield Figure(
        "framescribe_stage_seconds", "histogram", "How long a decode or an answered request took", ("stage",), times
    )
    yield from _loads(meter, engines)
    yield Figure("framescribe_decoders", "gauge", "Videos that may be decoded at once", (), {(): memory.decoders})
    yield Figure("framescribe_frame_bytes", "gauge", "Bytes of decoded frames held", (), {(): memory.held})
    yield Figure("framescribe_frame_bytes_limit", "gauge", "Held bytes that pause decoding", (), {(): memory.budget})


def _by_stage(meter: Meter, memory: FrameMemory, steps: Sequence[Stage]) -> dict[tuple[str], int]:
    """Videos at each stage: those whose frames are held, or, if a stage sees none, whose request is out."""
    seeing = [step.name for step in steps if step.sees]
    counts = {(step.name,): meter.under_way(step.name) for step in steps}
    return counts | {(name,): memory.clips for name in seeing[:1]}


def _loads(meter: Meter, engines: Mapping[str, Engine]) -> Iterator[Figure]:
    loads = [
        ("+".join(stage for stage, other in engines.items() if other is engine), load)
        for engine in dict.fromkeys(engines.values())
        for load in engine.loads()
    ]
    labels = ("stage", "endpoint")
    for name, kind, help, of in (
        ("requests_in_flight", "gauge", "Requests at a server, or in the model's batch", "under_way"),
        ("requests_allowed", "gauge", "Requests that it may have at once", "allowed"),
        ("server_up", "gauge", "Whether it gets requests", "there"),
        ("retries", "counter", "Tries that failed and were repeated or given up", "failed_tries"),
    ):
        values = {(stages, load.name): int(getattr(load, of)) for stages, load in loads}
        yield Figure(f"framescribe_{name}", kind, help, labels, values)
    asked, at_servers = meter.under_way("models"), sum(load.under_way for _, load in loads)
    waiting = max(0, asked - at_servers)
    yield Figure("framescribe_requests_waiting", "gauge", "Requests not yet at any server", (), {(): waiting})


def of_all(actors: Mapping[str, Iterable[Figure]]) -> Iterator[Figure]:
    """The figures of several actors as one run's, with one more label: which actor."""
    together = dict[str, Figure]()
    for actor, its in actors.items():
        for figure in its:
            values = {(*labels, actor): value for labels, value in figure.values.items()}
            known = together.setdefault(figure.name, replace(figure, labels=(*figure.labels, "actor"), values={}))
            together[figure.name] = replace(known, values={**known.values, **values})
    yield from together.values()


def total(values: Mapping[tuple[str, ...], float], *labels: str) -> float:
    """The sum of a figure's values with these first labels."""
    return sum(value for key, value in values.items() if key[: len(labels)] == labels)


def fullness(now: Iterable[Figure], models: Mapping[str, str]) -> dict[str, float]:
    """How full each thing is that can hold a run up, from 0 to 1: what is full is the bottleneck. `models`: what people
    call the model of each stage."""
    found = {figure.name.removeprefix("framescribe_"): figure.values for figure in now}
    full = dict[str, float]()
    if "actor_room" in found:
        full["actors"] = found["actor_videos"][()] / found["actor_room"][()]
    if "decoders" in found:  # else no actor has said anything yet
        full["decoders"] = total(found["videos_in_flight"], DECODE) / total(found["decoders"])
        full["frame memory"] = total(found["frame_bytes"]) / max(1, total(found["frame_bytes_limit"]))
    allowed = found.get("requests_allowed", {})
    for stages in dict.fromkeys(stages for stages, *_ in allowed):
        there = [key for key in allowed if key[0] == stages and found["server_up"][key]]
        room = sum(allowed[key] for key in there)
        name = "models" if "+" in stages else models.get(stages, stages)
        full[name] = sum(found["requests_in_flight"][key] for key in there) / room if room else 1.0
    return {name: min(1.0, share) for name, share in full.items()}
