"""Knows the order of a run: find what is left, caption it, keep each row, finish the file; no option and no screen."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from framescribe.errors import FramescribeError, RunError, UserError
from framescribe.records import Row, Video
from framescribe.results.file_check import check_content, check_doubts
from framescribe.results.plan import Again, Checked, Plan, Planner
from framescribe.results.rows import Results, marked
from framescribe.results.todos import Todo
from framescribe.runs import former
from framescribe.runs.budget import Budget
from framescribe.runs.captions import Captions, Redraws
from framescribe.runs.driver import LOOK_SECONDS, Stopped, drive, in_thread, one_by_one, unless_stopped
from framescribe.runs.duplicates import ToAsk
from framescribe.runs.meanwhile import Meanwhile
from framescribe.runs.meter import Meter
from framescribe.runs.patience import Most, Patience
from framescribe.runs.recheck import faulty
from framescribe.runs.recipe import Recipe
from framescribe.runs.report import Report
from framescribe.runs.runner import Runner
from framescribe.runs.second_round import SecondRound
from framescribe.runs.unforeseen import told

_log = logging.getLogger("framescribe")

LONG_RUN = 50  # videos: from this number on it pays to ask first whether the models see


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """What a caller wants to hear about a run; each is called from the run's own thread and must be quick."""

    say: Callable[[str], None] = lambda line: None
    opening: Callable[[Report, Captions], None] = lambda report, captions: None
    started: Callable[[Plan, Captions], None] = lambda plan, captions: None
    row: Callable[[Row], None] = lambda row: None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The settings of a run that change no caption.

    `again`: what is captioned again although it has a row. `check_content`: rows hold a hash of their file, and a file
    whose hash differs is captioned again. `preflight`: before a long run the models are asked whether they see.
    `prune`: the finished file holds only the inputs. `recaption`: a person chose to have these videos captioned
    differently, and later runs leave them as they are; `drop_edits`: their corrections are dropped too. `order`: the
    videos in whose order the finished file is written, if these are more than the inputs. `max_failed`: how many videos
    may fail before the run ends; None: until nothing succeeds any more (`runs.patience`). `max_flagged`: how many of
    all may be flagged in the end before it counts as a failure.
    """

    again: Again = field(default_factory=Again)
    check_content: bool = False
    preflight: bool = False
    prune: bool = False
    recaption: bool = False
    drop_edits: bool = False
    order: Sequence[Video] = ()
    max_failed: Most | None = None
    max_flagged: Most | None = None


async def run_job(
    recipe: Recipe,
    videos: Sequence[Video],
    results: Results,
    *,
    options: RunOptions | None = None,
    frames_from: Mapping[tuple[str, int], Row] | None = None,
    runner: Runner | None = None,
    budget: Budget | None = None,
    watcher: Watcher | None = None,
    stop: asyncio.Event | None = None,
) -> Report:
    """Caption what is left of `videos` and finish the file.

    Set `stop` to end after what is under way; the report then has no output. Raises UserError, before anything is paid
    for, if the results hold rows of another recipe and `options.again.redo` is off; RunError if the run had to stop:
    the rows written until then are kept. No video begins that would probably exceed the `budget`. `frames_from`: rows
    whose frame captions are summarised, by id and place (`results.index.hash_of`). `runner` says where videos are
    captioned, and which of them are this process's.
    """
    stop, report = stop or asyncio.Event(), Report.of(recipe, videos, results.parts, budget or Budget())
    try:
        recipe = await unless_stopped(recipe.with_names(), stop)
        job = _Job(
            recipe, videos, results, options or RunOptions(), frames_from, runner or Runner(), watcher or Watcher()
        )
        await job.run(report, stop)
    except Stopped:
        pass
    return report


class _Job:
    """One run, step by step."""

    def __init__(
        self,
        recipe: Recipe,
        videos: Sequence[Video],
        results: Results,
        options: RunOptions,
        frames_from: Mapping[tuple[str, int], Row] | None,
        runner: Runner,
        watcher: Watcher,
    ) -> None:
        self._recipe, self._videos, self._results = recipe, videos, results
        self._options, self._frames_from = options, frames_from
        self._runner, self._watcher, self._say = runner, watcher, watcher.say
        self._wanted = recipe.wanted()
        self._mine = runner.share(videos)
        self._checked = Checked()
        self._faulty = faulty(recipe, results.load) if options.again.recheck else None
        self._second = SecondRound(recipe, results, watcher.say, every_row=options.again.recheck)
        self._spared = 0  # videos that somebody has locked or corrected while the run went on

    async def run(self, report: Report, stop: asyncio.Event) -> None:
        """Fill the report. Raises Stopped if `stop` comes before the models are ready."""
        report.inputs = len(self._mine)
        await in_thread(lambda: self._results.accept(self._videos, prune=self._options.prune))
        plan = await self._planned(report, stop)
        self._refuse_other_recipe(plan)
        try:
            plan = await self._begin(plan)
            report.done_before, report.failed_before = plan.done, plan.failed_before
            self._tell(plan)
            report.meter = Meter(report.meter.stages[1:])  # it counts from now on
            why_ended, captions = None, self._captioner(plan, report)
            opened = self._opened(captions, plan, report, stop)
            async with AsyncExitStack() as models:
                if begun := bool(plan.todo) or await self._left_for_others(stop):
                    await models.enter_async_context(opened)
                    why_ended = await self._caption(captions, plan, report, stop)
                if isinstance(captions, Redraws) and (again := await self._to_ask_again(plan, report)):
                    if not begun:
                        await models.enter_async_context(opened)
                    await self._second.ask(captions, captions, self._videos, again, report, stop)
                    if stop.is_set():
                        return
            if await self._is_done(plan, report):
                await self._finish(report)
            elif why_ended and not stop.is_set():
                raise RunError(why_ended)
        finally:
            await in_thread(self._results.close)

    def _planner(self, again: Again | None = None) -> Planner:
        return self._results.planner(
            self._wanted,
            self._videos,
            again=self._options.again if again is None else again,
            faulty=self._faulty,
            sources=self._frames_from,
            checked=self._checked,
        )

    async def _plan(self, videos: Sequence[Video], stop: asyncio.Event) -> Plan:
        return await unless_stopped(in_thread(lambda: self._planner().plan(videos)), stop)

    async def _planned(self, report: Report, stop: asyncio.Event) -> Plan:
        """What is left of this process's share. A file is opened only if its row's place or stamp differs."""
        plan = await self._plan(self._mine, stop)
        report.done_before, report.failed_before = plan.done, plan.failed_before
        if self._options.check_content:
            looking = check_content(self._mine, self._results, self._recipe.decoders, self._say)
            self._checked = Checked(changed=await unless_stopped(looking, stop))
            plan = await self._plan(self._mine, stop)
        if plan.doubts:
            deciding = check_doubts(plan.doubts, self._results, self._recipe.decoders, self._say)
            self._checked = replace(await unless_stopped(deciding, stop), changed=self._checked.changed)
            plan = await self._plan(self._mine, stop)
        return plan

    def _refuse_other_recipe(self, plan: Plan) -> None:
        if self._options.again.redo or not (plan.other_recipe or plan.imported):
            return
        if plan.imported:
            raise UserError(
                f"{self._results.output} holds imported captions: {plan.imported:,}.\n"
                "Keep them, and caption only the clips that have none (--keep-captions), caption some of them again "
                f"(framescribe recaption), or all of them (--redo; the old rows stay in {self._results.parts})."
            )
        noted = self._results.noted_recipe().get("stages") or self._results.noted_recipe()
        seeing = [step.name for step in self._recipe.steps if step.sees]
        different = next((text for name in seeing if (text := self._difference(noted.get(name), name))), "")
        if all(isinstance(made, dict) and made.get("strategy") != self._recipe.strategy for made in noted.values()):
            different = " (different: strategy)" if noted else ""
        raise UserError(
            f"{self._results.output} holds rows whose frames were captioned another way: {plan.other_recipe:,}"
            f"{different}.\n"
            "Write to another file (-o), caption some of them again (framescribe recaption), or all of them "
            f"(--redo; the old rows stay in {self._results.parts})."
        )

    def _difference(self, before: Mapping[str, Any] | None, stage: str) -> str:
        now = self._recipe.ingredients(stage)
        before = former.ingredients(before or {})
        names = [name for name in before if name in now and before[name] != now[name]]
        return f" (different: {', '.join(names)})" if names else ""

    def _tell(self, plan: Plan) -> None:
        say, results = self._say, self._results
        if plan.done:
            failed = f", {plan.failed_before:,} of them failed (--retry-failed retries them)"
            say(f"videos already done: {plan.done:,}{failed if plan.failed_before else ''}")
        for count, words in (
            (plan.later_stages, "captions to be rewritten from the existing frame captions"),
            (plan.corrected, "corrected captions whose other lengths are to be made anew"),
            (plan.other_values, "videos to be captioned again, because values that a prompt uses changed"),
            (plan.replaced, "videos to be captioned again, because their file is a different one"),
            (plan.other_files, "videos whose file is not the one that was captioned, their rows kept as they are"),
            (len(plan.moved), "files that only moved or were touched, rows kept"),
            (plan.measured, "videos to be measured, their captions kept"),
            (plan.left_out, "videos left out by --keep before"),
            (plan.recaptioned, "rows made by `recaption`, kept as they are (--redo replaces them)"),
            (plan.captions_kept, "captions kept"),
            (plan.faulty, "videos with captions that fail the checks, to be mended"),
            (plan.internal, "videos to be tried again, because an internal error had stopped them"),
            (plan.edited, "rows corrected or accepted by a person, kept as they are"),
            (plan.locked, "rows locked by a person, kept as they are"),
        ):
            if count:
                say(f"{words}: {count:,}")
        if results.unreadable_lines:
            say(f"damaged lines in {results.parts}, whose videos are captioned again: {results.unreadable_lines:,}")

    async def _begin(self, plan: Plan) -> Plan:
        """Make the parts ready, adopt what a person changed, and note where files are now; returns the new plan."""
        results, said = self._results, self._results.said
        stages = {name: self._recipe.ingredients(name) for name in self._recipe.stages}
        record = results.noted_recipe() if self._options.recaption else {}
        noted = record or {"inputs": len(self._videos), "stages": stages}
        made = await in_thread(lambda: results.begin(noted, self._runner.launch))
        if made:
            rows = len({(edit.id, edit.video_path) for edit in made})
            self._say(f"kept corrections made in {results.output}: {rows:,}")
        if self._options.drop_edits:
            results.take_back_edits(self._videos)
        if results.said > said or self._options.drop_edits:
            plan = await in_thread(lambda: self._planner().plan(self._mine))
        results.carry_edits(*plan.moved)  # before the rows, after which nobody asks where they came from
        for todo in plan.moved:
            results.append(results.taken_over(todo))
        return plan

    async def _left_for_others(self, stop: asyncio.Event) -> bool:
        return self._mine is not self._videos and bool((await self._plan(self._videos, stop)).todo)

    def _captioner(self, plan: Plan, report: Report) -> Captions:
        return self._runner.captioner(
            self._recipe,
            meter=report.meter,
            logs=self._results.logs,
            budget=report.budget,
            most=len(plan.todo),
            hashed=self._options.check_content,
        )

    @asynccontextmanager
    async def _opened(self, captions: Captions, plan: Plan, report: Report, stop: asyncio.Event) -> AsyncIterator[None]:
        """The models are ready inside this block; after it the rows are where they belong."""
        try:
            self._watcher.opening(report, captions)
            asks = not plan.todo or plan.measured < len(plan.todo)
            await unless_stopped(captions.open(models=asks), stop)
            if self._options.preflight and asks and len(plan.todo) >= LONG_RUN:
                await unless_stopped(captions.check_sight(self._say), stop)
            self._watcher.started(plan, captions)
            yield
        finally:
            try:
                await _closed(captions)
            finally:
                await in_thread(self._results.close)

    async def _caption(self, captions: Captions, plan: Plan, report: Report, stop: asyncio.Event) -> str | None:
        """Caption what is left. Returns why no further video was begun, if too many failed."""
        results, budget = self._results, report.budget
        patience = Patience(self._options.max_failed, len(plan.todo))

        def room(under_way: int) -> int:
            if patience.lost:
                return 0
            admitted, why = budget.admits(captions.requests_a_video, under_way)
            if why and not stop.is_set():
                self._say(f"{why}: no further video begins")
                stop.set()
            return captions.in_flight if admitted else 0

        async def caption(todo: Todo) -> Row:
            try:
                earlier = results.earlier(todo)
            except (OSError, ValueError) as error:
                raise RunError(
                    f"the earlier row of {todo.video.id} in {results.parts} cannot be read: {error}"
                ) from error
            row = marked(await captions.caption(todo.video, earlier), todo, results)
            results.carry_edits(todo)
            chosen = {**row.provenance, "recaptioned": True}
            return replace(row, provenance=chosen) if self._options.recaption else row

        work = self._runner.work(plan.todo, self._planner(), self._videos, results, lambda: captions.in_flight)
        free = self._free(work)
        async with self._meanwhile(plan) as files, aclosing(drive(caption, free, room=room, stop=stop)) as rows:
            async for row in rows:
                results.append(row)
                files.settled(row.id, row.video_path)
                report.count(row)
                patience.see(row)
                self._watcher.row(row)
        if patience.lost and isinstance(work, AsyncIterator) and await anext(free, None) is None:
            return None  # nothing is left that this process could begin
        return patience.lost

    def _meanwhile(self, plan: Plan) -> Meanwhile:
        """Of several processes the first writes a folder's files meanwhile; nobody does in another order than these."""
        first = not self._options.order and self._runner.number in (None, 0)
        return Meanwhile(self._results, self._videos if first else (), plan.todo if first else ())

    async def _free(self, work: Iterable[Todo] | AsyncIterator[Todo]) -> AsyncIterator[Todo]:
        """The work without rows that a person has locked or corrected since it was planned."""
        results, said, looked = self._results, self._results.said, time.monotonic()
        planner = self._planner()
        async for todo in work if isinstance(work, AsyncIterator) else one_by_one(work):
            if time.monotonic() - looked > LOOK_SECONDS:
                await results.look()
                looked = time.monotonic()
            video = todo.video
            if results.said > said and results.history(video.id, video.place) and not planner.plan([video]).todo:
                self._spared += 1
                continue
            yield todo

    async def _to_ask_again(self, plan: Plan, report: Report) -> list[ToAsk]:
        """Whose captions say the same as others', and are asked for again: in a run of one process, once every video
        has its row, and nobody chose how."""
        options, videos = self._options, self._videos
        if self._mine is not videos or not await self._is_done(plan, report) or options.recaption or options.order:
            return []
        return await in_thread(lambda: self._second.to_ask(videos))

    async def _is_done(self, plan: Plan, report: Report) -> bool:
        if self._mine is self._videos:
            return report.new + self._spared == len(plan.todo)
        await self._results.look()
        self._checked = Checked()  # its findings were about the earlier rows
        self._faulty = None  # what could not be mended has been tried
        planner = self._planner(replace(self._options.again, failed=False, internal=False))
        left = await in_thread(lambda: planner.plan(self._videos))
        return not left.todo and not left.doubts

    async def _finish(self, report: Report) -> None:
        """Write the finished file; a second Ctrl-C drops it."""
        results, prune, dropped = self._results, self._options.prune, threading.Event()
        videos = self._options.order or self._videos
        await in_thread(lambda: self._second.mark(videos))
        report.output = await in_thread(
            lambda: results.finish(videos, prune=prune, dropped=dropped.is_set), dropped=dropped.set
        )
        if (most := self._options.max_flagged) is not None:
            flagged = await in_thread(lambda: sum(row.status == "flagged" for row in results.rows(self._videos)))
            if flagged > most.of(len(self._videos)):
                report.too_many = f"more videos are flagged than --max-flagged {most} allows: {flagged:,}"
                self._say(report.too_many)
        if others := results.others(videos):
            where = f"now only in {results.parts}" if prune else "kept in it (--prune leaves them out)"
            self._say(f"rows of videos that are not among the inputs, {where}: {others:,}")


async def _closed(captions: Captions) -> None:
    """Close it. What goes wrong then is said; it takes nothing away from the rows."""
    try:
        await captions.close()
    except FramescribeError as error:
        _log.warning("the models did not end cleanly: %s", error)
    except Exception as error:  # a plug-in's, say: all rows are written by now
        _log.warning("the models did not end cleanly: %s", told(error))
