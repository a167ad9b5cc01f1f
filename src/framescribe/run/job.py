"""Knows the order of a run: what is left, caption it, keep each row, finish the file; knows no option and no screen."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framescribe.errors import UserError
from framescribe.records import Row, Video
from framescribe.results.content_check import changed_files
from framescribe.results.parts import Place
from framescribe.results.rows import Plan, Results
from framescribe.run.budget import Budget
from framescribe.run.captioner import Captioner
from framescribe.run.meter import Meter
from framescribe.run.recipe import Recipe
from framescribe.runners.cluster import Cluster
from framescribe.runners.one_process import Work, run
from framescribe.runners.ranks import Rank, of_one_rank
from framescribe.runners.ray_actors import Actors

LONG_RUN = 50  # videos: from here on it pays to ask first whether the models see


@dataclass(slots=True, kw_only=True)
class Report:
    """How a run went. `output` is None where it stopped before every input had a row."""

    inputs: int
    done_before: int
    failed_before: int
    output: Place | None = None
    parts: Place
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str], Row] = field(default_factory=dict)
    meter: Meter
    budget: Budget = field(default_factory=Budget)
    rank: Rank | None = None

    @property
    def new(self) -> int:
        """Rows that this run wrote."""
        return sum(self.statuses.values())

    @property
    def failed(self) -> int:
        """Failed rows among all inputs, those of earlier runs too."""
        return self.failed_before + self.statuses["failed"]

    def count(self, row: Row) -> None:
        """Add a row that this run wrote."""
        self.statuses[row.status] += 1
        if row.error is not None:
            key = (row.error.stage, row.error.kind)
            self.failures[key] += 1
            self.examples.setdefault(key, row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """What a caller wants to hear of a run; every one is called from the run's own thread and must be quick."""

    say: Callable[[str], None] = lambda line: None
    opening: Callable[[Report, Captioner | Actors], None] = lambda report, captioner: None
    started: Callable[[Plan, Captioner | Actors], None] = lambda plan, captioner: None
    row: Callable[[Row], None] = lambda row: None


async def run_job(
    recipe: Recipe,
    videos: Sequence[Video],
    results: Results,
    *,
    retry_failed: bool = False,
    redo: bool = False,
    frames_from: Mapping[str, Row] | None = None,
    stop: asyncio.Event | None = None,
    watcher: Watcher | None = None,
    budget: Budget | None = None,
    preflight: bool = False,
    rank: Rank | None = None,
    check_content: bool = False,
    cluster: Cluster | None = None,
) -> Report:
    """Caption what is left of `videos` and finish the file.

    Set `stop` to end after what is under way; the report then has no output. UserError before anything is paid for
    where the results hold rows of another recipe and `redo` is off. RunError where the run had to stop: the rows
    written until then are kept. No video is begun that would go over the `budget`. With `preflight` the models are
    asked to see before a long run. As one `rank` of several it does its share, then helps the others; the last one
    finishes the file. With `check_content` rows hold a hash of their file, and a file with another one is done again.
    On a `cluster` videos are captioned there, and rows are written here.
    """
    budget = budget or Budget()
    watcher = watcher or Watcher()
    stop = stop or asyncio.Event()

    def left(some: Sequence[Video]) -> Plan:
        return results.plan(
            some,
            recipe.fingerprints(),
            retry_failed=retry_failed,
            redo=redo,
            frames_from=frames_from,
            changed=changed,
        )

    results.accept(videos)
    mine = videos if rank is None else rank.share(videos)
    changed = await changed_files(mine, results, recipe.decoders, watcher.say) if check_content else set()
    plan = left(mine)
    if plan.other_recipe and not redo:
        raise UserError(
            f"{results.output} holds {plan.other_recipe:,} rows whose frames were captioned another way"
            f"{_difference(results.noted_recipe().get('frames'), recipe.ingredients('frames'))}.\n"
            "Write to another file (-o), or caption them again with this recipe (--redo; the old rows stay in "
            f"{results.parts})."
        )
    _tell(plan, results, watcher.say)
    meter = Meter()
    report = Report(
        inputs=len(mine),
        done_before=plan.done,
        failed_before=plan.failed_before,
        parts=results.parts,
        meter=meter,
        budget=budget,
        rank=rank,
    )
    results.begin(
        {
            "inputs": len(videos),
            "frames": recipe.ingredients("frames"),
            "summary": recipe.ingredients("summary"),
            "fingerprints": recipe.fingerprints(),
        },
        rank.launch if rank else None,
    )
    if plan.todo or (rank is not None and left(videos).todo):  # its own, or others' to help with
        captioner: Captioner | Actors
        if cluster is None:
            captioner = Captioner(recipe, meter, results.logs, budget, check_content)
        else:
            most = len(plan.todo)
            captioner = Actors(
                recipe, cluster, meter=meter, logs=results.logs, budget=budget, most=most, hashed=check_content
            )
        try:
            watcher.opening(report, captioner)
            if not await _opened(captioner, stop):
                return report
            if preflight and len(plan.todo) >= LONG_RUN:
                await captioner.check_sight(watcher.say)
            watcher.started(plan, captioner)

            def room(under_way: int) -> int:
                why = budget.used_up(finished=report.new, under_way=under_way, requests_each=captioner.requests_a_video)
                if why and not stop.is_set():
                    watcher.say(f"{why}: no further video is begun")
                    stop.set()
                return 0 if why else captioner.in_flight

            work: Iterable[Work] = plan.todo
            if rank is not None:
                work = of_one_rank(
                    rank, plan.todo, lambda some: left(some).todo, videos, results, lambda: captioner.in_flight
                )
            async for row in run(captioner.caption, work, room=room, stop=stop):
                results.append(row)
                report.count(row)
                watcher.row(row)
        finally:
            await captioner.close()
            results.close()
    if rank is None:
        done = report.new == len(plan.todo)
    else:
        results.refresh()
        done = not results.plan(videos, recipe.fingerprints(), redo=redo, frames_from=frames_from).todo
    if done:
        report.output = results.finish(videos)
        if others := len(results) - len(videos):
            watcher.say(f"{others:,} rows of videos that are not among the inputs now stay in {results.parts} alone")
    return report


async def _opened(captioner: Captioner | Actors, stop: asyncio.Event) -> bool:
    """Open it; False where `stop` came before that was done, which may take as long as a model takes to load."""
    opening, stopped = asyncio.ensure_future(captioner.open()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({opening, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if opening.done():
            opening.result()
            return True
        return False
    finally:
        for task in (opening, stopped):
            task.cancel()
        await asyncio.gather(opening, stopped, return_exceptions=True)


def _tell(plan: Plan, results: Results, say: Callable[[str], None]) -> None:
    if plan.done:
        again = (
            f", {plan.failed_before:,} of them failed (--retry-failed does them again)" if plan.failed_before else ""
        )
        say(f"{plan.done:,} videos have their row already{again}")
    if plan.summaries_only:
        say(f"{plan.summaries_only:,} summaries are written anew, from the frame captions that are there")
    if plan.replaced:
        say(f"{plan.replaced:,} files are not the ones that were captioned: they are done again")
    if results.unreadable_lines:
        say(f"{results.unreadable_lines:,} damaged lines in {results.parts}: their videos are done again")


def _difference(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> str:
    if not before or not now:
        return ""
    names = [name for name in {**now, **before} if before.get(name) != now.get(name)]
    return f" (different: {', '.join(names)})" if names else ""
