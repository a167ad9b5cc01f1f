"""Knows how the captions of a set are scored: every metric counts every clip, and its figures are made of that; knows
no metric by name, and no screen."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from framescribe import registry
from framescribe.errors import VideoError
from framescribe.runs.driver import drive
from framescribe.scoring.base import Candidate, Chart, Formula, Judged, Judgement, Metric, Tally
from framescribe.scoring.intervals import NONE, Bounds, bootstrap, wilson
from framescribe.scoring.judge import Judge

Say = Callable[[str], None]
TOLD_SECONDS = 15.0  # between two lines that say how far it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number: of how many (`of` so many `unit`s; None: of the set as a whole), with the bounds of its 95 % interval
    where there is one."""

    metric: str
    name: str
    value: float
    low: float | None = None
    high: float | None = None
    of: int | None = None
    unit: str = ""
    help: str = ""


@dataclass(slots=True, kw_only=True)
class Score:
    """What is known about the captions of a set.

    `clips` of which so many are `captioned`, and `judged` by the model `judge` against `references`. `clip_figures`:
    what the judge's answers say of each clip, by its id and metric. `failed`: why a clip could not be judged. `left`:
    how many were not, because it was stopped or the budget is spent, and `why`. `unmatched`: references that are no
    clip's. `requests` were made, and `kept` answers used again.
    """

    clips: int
    captioned: int
    figures: list[Figure]
    charts: list[Chart]
    judge: str | None = None
    references: int = 0
    judged: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    why: str | None = None
    unmatched: list[str] = field(default_factory=list)
    clip_figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: int = 0
    kept: int = 0
    cost: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    def value(self, metric: str, name: str) -> float | None:
        """One figure; None: there is none."""
        return next((one.value for one in self.figures if (one.metric, one.name) == (metric, name)), None)


def metrics() -> list[Metric]:
    """One of each, in the order of the registry."""
    return [made() for made in registry.load_all("metrics").values()]


async def score(
    ones: Sequence[Candidate],
    *,
    judge: Judge | None = None,
    unmatched: Sequence[str] = (),
    seed: int = 0,
    say: Say = lambda line: None,
    stop: asyncio.Event | None = None,
) -> Score:
    """Score these captions; those with references by the judge, too, which is already open. Once `stop` is set, no
    further clip is begun. RunError and UserError as engines raise them: what was answered until then is kept."""
    made = Score(
        clips=len(ones),
        captioned=sum(bool(one.text) for one in ones),
        figures=[],
        charts=[],
        references=sum(one.reference is not None for one in ones),
        unmatched=list(unmatched),
    )
    every = metrics()
    judged: Mapping[str, list[Judgement]] = {}
    if judge is not None:
        asking = [metric for metric in every if isinstance(metric, Judged)]
        judged = await _judged(
            [one for one in ones if one.reference], asking, judge, made, say, stop or asyncio.Event()
        )
    for metric in every:
        if isinstance(metric, Judged):
            tallies: list[Tally] = [judgement.tally for judgement in judged.get(metric.name, ())]
        else:
            tallies = [tally for tally in map(metric.tally, ones) if tally is not None]
        made.figures += figures(metric.name, metric.formulas, tallies, seed)
        made.figures += [
            Figure(metric=metric.name, name=name, value=value, help=help)
            for name, (value, help) in metric.whole(ones).items()
            if value is not None
        ]
        made.charts += [chart for chart in metric.charts(ones) if chart.bars]
    return made


def figures(metric: str, formulas: Mapping[str, Formula], tallies: Sequence[Tally], seed: int = 0) -> list[Figure]:
    """The figures of these tallies, one for each clip; without those that nothing was counted for."""
    names = {name for tally in tallies for name in tally}
    sums = {name: math.fsum(tally.get(name, 0.0) for tally in tallies) for name in names}
    there = {name: one for name, one in formulas.items() if sums.get(one.of)}
    drawn = {name: partial(_made, one) for name, one in there.items() if one.share is None}
    bounds: dict[str, Bounds] = bootstrap(tallies, drawn, seed) if drawn else {}
    found = []
    for name, one in there.items():
        try:
            value = float(_made(one, sums))
        except (ZeroDivisionError, KeyError):
            continue
        if one.share is not None:
            bounds[name] = wilson(round(sums[one.share]), round(sums[one.of]))
        low, high = bounds.get(name, NONE)
        of = round(sums[one.of])
        found.append(
            Figure(metric=metric, name=name, value=value, low=low, high=high, of=of, unit=one.unit, help=one.help)
        )
    return found


def _made(one: Formula, sums: Mapping[str, Any]) -> Any:
    return one.make(sums)


async def _judged(
    ones: Sequence[Candidate], asking: Sequence[Judged], judge: Judge, made: Score, say: Say, stop: asyncio.Event
) -> dict[str, list[Judgement]]:
    """What each metric's judgements are, of the clips that could be judged."""
    found: dict[str, dict[int, Judgement]] = {metric.name: {} for metric in asking}
    places = {id(one): place for place, one in enumerate(ones)}  # ids need not be unique

    async def work(one: Candidate) -> tuple[Candidate, dict[str, Judgement], dict[str, str]]:
        judgements, failed = dict[str, Judgement](), dict[str, str]()
        assert one.reference is not None
        with judge.budget.video() as tab:
            for metric in asking:
                try:
                    judgements[metric.name] = await metric.judged(one, one.reference, partial(judge.ask, tab))
                except VideoError as error:
                    failed[metric.name] = str(error)
        return one, judgements, failed

    begun = made.judged
    async with aclosing(drive(work, ones, room=room(judge, 7, stop, made, say), stop=stop)) as results:
        async for one, judgements, failed in told(results, len(ones), "judged", say):
            begun += 1
            made.judged += bool(judgements)
            for name, judgement in judgements.items():
                found[name][places[id(one)]] = judgement
                numbers = {each.name: each.value for each in figures(name, _formulas(asking, name), [judgement.tally])}
                made.clip_figures.setdefault(one.id, {})[name] = {**numbers, "told": judgement.told}
            for name, why in failed.items():
                made.failed[one.id] = f"{name}: {why}"
    made.left = len(ones) - begun
    made.judge, made.requests, made.kept = judge.choice.model, judge.budget.requests, judge.kept.found
    made.cost = judge.budget.cost if judge.budget.prices else None
    # In the order of the clips, whichever was answered first: what is drawn from them depends on it.
    return {name: [judgement for _, judgement in sorted(of.items())] for name, of in found.items()}


def _formulas(asking: Iterable[Judged], name: str) -> Mapping[str, Formula]:
    return next(metric.formulas for metric in asking if metric.name == name)


def room(judge: Judge, requests_each: int, stop: asyncio.Event, made: Any, say: Say) -> Callable[[int], int]:
    """How many clips may be under way, as `drive` wants it: none once the budget is spent, as `made.why` then says."""

    def of(under_way: int) -> int:
        admitted, why = judge.budget.admits(requests_each, under_way)
        if why and made.why is None:
            made.why = why
            say(f"{why}: no further clip begins")
            stop.set()
        return judge.at_once if admitted else 0

    return of


async def told(results: Any, total: int, word: str, say: Say) -> Any:
    """The results as they come; now and then a line says how many there are."""
    count, looked = 0, time.monotonic()
    async for one in results:
        count += 1
        if time.monotonic() - looked > TOLD_SECONDS:
            say(f"{word}: {count:,} of {total:,}")
            looked = time.monotonic()
        yield one
