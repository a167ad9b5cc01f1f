"""Knows how actors on a Ray cluster caption a list of videos, and what happens to a video whose actor died.

It knows no option and writes no row. To its caller, all the actors together look like one captioner.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from framescribe.errors import FramescribeError, RunError, TurnedAway, UserError
from framescribe.records import Row, Video
from framescribe.runners.actor import Actor, Done, Opened
from framescribe.runners.cluster import AT_ONCE, Cluster, Connection, Needs
from framescribe.runners.died import row_of
from framescribe.runners.worker import Worker, ended
from framescribe.runs.budget import Budget, Tab
from framescribe.runs.figures import of_all
from framescribe.runs.meter import Figure, Meter
from framescribe.runs.recipe import Recipe
from framescribe.runs.runner import Runner

MOST_DEATHS = 4  # of actors, one after the other, with no video done in between
TOGETHER_SECONDS = 2.0  # actors that die within this time share one cause, such as their machine
LOOK_SECONDS = 10.0
LISTEN_SECONDS = 5.0
CLOSE_SECONDS = 20.0  # for engines to shut down cleanly

_log = logging.getLogger("framescribe")

T = TypeVar("T")


class RayRunner(Runner):
    """Actors on a cluster caption, and this process writes."""

    elsewhere = True

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def captioner(self, recipe: Recipe, *, meter: Meter, logs: Path, budget: Budget, most: int, hashed: bool) -> Actors:
        return Actors(recipe, self.cluster, meter=meter, logs=logs, budget=budget, most=most, hashed=hashed)


class Actors:
    """Used like a `Captioner`: `open`, `caption` for as many videos at once as `in_flight`, `close`.

    There are as many actors as the cluster holds, at most one for each of the `most` videos, or the cluster's `actors`.
    Once all videos are with actors, one that has none takes over those that wait elsewhere, and is released where none
    waits.
    One that dies is replaced. A video that was under way there is retried alone; if its actor dies again, the video
    fails. A lost machine is not blamed on any video.
    """

    def __init__(
        self, recipe: Recipe, cluster: Cluster, *, meter: Meter, logs: Path, budget: Budget, most: int, hashed: bool
    ) -> None:
        self.recipe, self.meter, self.budget = recipe, meter, budget
        self._cluster, self._logs, self._most, self._hashed = cluster, logs.resolve(), most, hashed
        self._wanted = recipe.wanted()
        self._connection: Connection | None = None
        self._needs: Needs | None = None
        self._workers: list[Worker] = []
        self._number = 0
        self._growing: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._opened: Opened | None = None
        self._models = True
        self._failure: BaseException | None = None
        self._deaths, self._counted = 0, -math.inf
        self._to_come = most  # videos
        self._changed, self._look = asyncio.Event(), asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cluster")

    async def open(self, *, models: bool = True) -> None:
        """As `Captioner.open`. Reach the cluster and wait until the first actor is ready; the others follow in the
        background.

        Raises UserError if there is no such cluster, and whatever an actor's captioner raises.
        """
        self._models = models
        if models:
            self.budget.check([choice.model for choice in self.recipe.choices])
        self._connection = await self._connected()
        self._needs = await self._asked(self._connection.needs, self.recipe)
        self.recipe = self.recipe.model_copy(update={"decoders": self._needs.cpus})
        self._growing = asyncio.create_task(self._grow())
        self._listening = asyncio.create_task(self._listen())
        await self._until(lambda: self._opened is not None)

    async def _connected(self) -> Connection:
        """The cluster, once it is reached or started, which takes seconds. If this is cancelled it is known to `close`
        all the same."""
        connecting = asyncio.ensure_future(self._asked(Connection, self._cluster))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                self._connection = await connecting
            raise

    async def _asked(self, question: Callable[..., T], *given: Any) -> T:
        """What the cluster says, without holding up the event loop. All questions are asked from one thread, which
        lives as long as this: a local cluster ends with the thread that started it."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, *given)

    async def close(self) -> None:
        """End the actors and leave the cluster; may be called twice."""
        tasks = [task for task in (self._growing, self._listening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._connection is None:
            return
        workers = list(self._workers)
        try:
            await self._let_go(workers)
            await ended([worker.life for worker in workers if worker.life is not None], LOOK_SECONDS)
        finally:
            connection, self._connection = self._connection, None
            await self._asked(connection.close)
            self._thread.shutdown(wait=False)

    def describe(self) -> list[str]:
        """Like `Captioner.describe`, and where the actors are."""
        assert self._opened is not None and self._needs is not None
        count = self._cluster.actors or "as many as the cluster holds"
        return [*self._opened.models, f"Ray actors: {count}, each with {self._needs}"]

    async def check_sight(self, say: Callable[[str], None]) -> None:
        """Like `Captioner.check_sight`, on one actor."""
        assert self._connection is not None
        worker = await self._place(alone=False)
        try:
            failed = await worker.handle.check_sight.remote()
            said = await worker.handle.said.remote()
        except self._connection.errors as error:
            why, _ = self._connection.loss(error)
            raise RunError(f"an actor was lost while its models were asked whether they see: {why}") from None
        finally:
            self._leave(worker)
        for line in said:
            say(line)
        if failed is not None:
            raise failed

    @property
    def in_flight(self) -> int:
        """How many videos keep the ready actors busy."""
        return max(1, sum(worker.in_flight for worker in self._workers if worker.up))

    @property
    def ready(self) -> int:
        """How many actors have their models ready."""
        return sum(worker.up for worker in self._workers)

    @property
    def under_way(self) -> int:
        """How many videos the actors are working on."""
        return sum(worker.under_way for worker in self._workers)

    def figures(self) -> Iterator[Figure]:
        """What the driver knows about its actors, and what each said of itself last."""
        yield Figure("framescribe_actor_videos", "gauge", "Videos that actors have", (), {(): self.under_way})
        yield Figure("framescribe_actors", "gauge", "Actors whose models are ready", (), {(): self.ready})
        yield Figure("framescribe_actor_room", "gauge", "Videos that they take at once", (), {(): self.in_flight})
        yield from of_all({str(worker.number): worker.figures for worker in self._workers if worker.up})

    @property
    def requests_a_video(self) -> int:
        assert self._opened is not None
        return self._opened.requests_a_video

    async def caption(self, video: Video, earlier: Row | None = None) -> Row:
        """Like `Captioner.caption`, wherever there is room."""
        with self.budget.video() as tab:
            return await self._caption(video, earlier, tab)

    async def _caption(self, video: Video, earlier: Row | None, tab: Tab) -> Row:
        assert self._connection is not None
        self._to_come -= 1
        suspect = False
        while True:
            alone = suspect
            worker = await self._place(alone=alone)
            try:
                done: Done | FramescribeError = await worker.handle.caption.remote(video, earlier)
            except self._connection.errors as error:
                to_blame = self._lost(worker, error)
                if alone and to_blame:
                    self._deaths = 0
                    return row_of(video, earlier, self._wanted)
                suspect = suspect or to_blame
                continue
            finally:
                if alone:
                    worker.kept = False
                self._leave(worker)
            if isinstance(done, TurnedAway):
                continue
            if isinstance(done, FramescribeError):
                raise done
            self._deaths = 0
            worker.done += 1
            self._note(worker, done, tab)
            return done.row

    async def _place(self, *, alone: bool) -> Worker:
        """A worker with room; if `alone`, one that does nothing else until this video is done."""
        mine: Worker | None = None
        try:
            while True:
                if self._failure is not None:
                    raise self._failure
                free = [worker for worker in self._workers if worker.up and not worker.kept]
                if not alone:
                    free = [worker for worker in free if worker.under_way < worker.in_flight]
                if free and mine is None:
                    mine = min(free, key=lambda worker: worker.under_way / worker.in_flight)
                    mine.kept = alone
                if mine is None or (mine.up and alone and mine.under_way):
                    self._changed.clear()
                    await self._changed.wait()
                elif not mine.up or (alone and not await self._alive(mine)):
                    mine = None
                else:
                    mine.under_way += 1
                    return mine
        except BaseException:
            if mine is not None:
                mine.kept = False
            raise

    def _leave(self, worker: Worker) -> None:
        worker.under_way -= 1
        self._changed.set()
        if not self._to_come and not worker.under_way:
            self._look.set()

    async def _alive(self, worker: Worker) -> bool:
        """Whether it still answers: a video sent to a worker that is already gone must not be blamed."""
        assert self._connection is not None
        try:
            await worker.handle.alive.remote()
        except self._connection.errors as error:
            self._lost(worker, error)
        return worker.up

    def _note(self, worker: Worker, done: Done, tab: Tab) -> None:
        """Add what an actor counted, and log what it said."""
        worker.in_flight = min(done.in_flight, AT_ONCE)
        self.meter.counts.update(done.counts)
        self.meter.elsewhere[worker.number] = done.seconds
        self.budget.note(done.requests, done.cost, tab)
        self._say(worker, done.said)

    def _say(self, worker: Worker, lines: list[str]) -> None:
        for line in lines:
            _log.info("actor %d: %s", worker.number, line)

    async def _grow(self) -> None:
        """Ask for actors as long as there may be room and there are videos for them: now, and whenever a machine
        comes or an actor is lost. Those that have no video left take over others', or are released."""
        assert self._connection is not None and self._needs is not None
        told = False
        while True:
            if idle := self._idle():
                if not await self._turned_away():
                    await self._let_go(idle)
            elif self._to_come or not self.ready:
                room = await self._asked(self._connection.room, self._needs)
                while len(self._workers) < min(self._most, room):
                    worker = Worker(self._number, self._connection.actor(Actor, self._needs))
                    worker.life = asyncio.create_task(self._live(worker))
                    self._workers.append(worker)
                    self._number += 1
            try:
                async with asyncio.timeout(LOOK_SECONDS):  # wait_for, in Python 3.11, may lose a `close` that comes now
                    await self._look.wait()
            except TimeoutError:
                if not told and not await self._asked(self._connection.fits, self._needs):
                    told, has = True, await self._asked(self._connection.describe)
                    _log.info("waiting for a machine: an actor needs %s; %s", self._needs, has)
            self._look.clear()

    def _idle(self) -> list[Worker]:
        """Those that have nothing to do, or are not ready yet, when all videos are with others."""
        if self._to_come or not self.ready:
            return []
        idle = [worker for worker in self._workers if worker.up and not worker.under_way and not worker.kept]
        return idle[: self.ready - 1] + [worker for worker in self._workers if not worker.up]

    async def _turned_away(self) -> bool:
        """Whether a busy actor gave back videos that had not begun, or was lost with its own."""
        assert self._connection is not None
        busy = [worker for worker in self._workers if worker.up and worker.under_way > 1]
        for worker in sorted(busy, key=lambda worker: -worker.under_way):
            try:
                if await worker.handle.turn_away.remote():
                    return True
            except self._connection.errors as error:
                self._lost(worker, error)
                return True
        return False

    async def _listen(self) -> None:
        """Ask the actors for their figures, again and again. Whoever has a video there notices that one is lost."""
        while True:
            await asyncio.sleep(LISTEN_SECONDS)
            await ended([worker.listen() for worker in self._workers if worker.up], LISTEN_SECONDS)

    async def _let_go(self, workers: list[Worker]) -> None:
        """End these actors, with their engines."""
        assert self._connection is not None
        self._workers = [worker for worker in self._workers if worker not in workers]
        for worker in workers:
            worker.up = False
        try:
            await ended([worker.handle.close.remote() for worker in workers if worker.placed], CLOSE_SECONDS)
        finally:
            for worker in workers:
                self._connection.kill(worker.handle)

    async def _live(self, worker: Worker) -> None:
        """Start a worker. A failure that retrying cannot fix ends the run."""
        assert self._connection is not None
        try:
            await worker.handle.alive.remote()
            worker.placed = True
            given = dict(self.budget.prices), self._logs / f"actor-{worker.number}", self._hashed, self._models
            opening = asyncio.ensure_future(worker.open(self.recipe, *given))
            while not (await asyncio.wait([opening], timeout=LOOK_SECONDS))[0]:
                self._say(worker, await worker.handle.said.remote())
            opened = opening.result()
            if isinstance(opened, FramescribeError):
                raise opened
            if opened.fingerprints != {wanted.name: wanted.recipe for wanted in self._wanted}:
                raise UserError(
                    "the model's folder differs between here and the cluster: give a path that leads to the same "
                    "files on every machine, or a repository's name"
                )
            worker.up, worker.in_flight = True, min(opened.in_flight, AT_ONCE)
            self._opened = self._opened or opened
        except Exception as error:
            if worker in self._workers:  # it was not released
                try:
                    self._lost(worker, error)
                except Exception as cause:
                    self._failure = cause
        self._changed.set()

    def _lost(self, worker: Worker, error: Exception) -> bool:
        """Forget a worker that no longer answers; returns whether what it was working on may be to blame. Any other
        error is raised."""
        assert self._connection is not None
        why, to_blame = self._connection.loss(error)
        if worker in self._workers:
            self._workers.remove(worker)
            worker.up = False
            self._connection.kill(worker.handle)
            self._look.set()
            if not worker.done and time.monotonic() - self._counted > TOGETHER_SECONDS:
                self._deaths, self._counted = self._deaths + 1, time.monotonic()
            again = f"; videos to retry: {worker.under_way:,}" if worker.under_way else ""
            _log.warning("actor %d is lost: %s%s", worker.number, why, again)
            if self._deaths >= MOST_DEATHS:
                self._failure = RunError(f"{self._deaths} actors were lost in a row without finishing a video: {why}")
        self._changed.set()
        return to_blame

    async def _until(self, true: Callable[[], bool]) -> None:
        """Wait for it. Raises what ended the run."""
        while not true():
            if self._failure is not None:
                raise self._failure
            self._changed.clear()
            await self._changed.wait()
