"""Knows which of several servers gets the next request, and which of them are out; knows no request and no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from framescribe.engines.transport.limit import Limit
from framescribe.errors import RunError

FAULTS_IN_A_ROW = 3  # of one server, while another one answers: it is taken out
FIRST_PROBE_SECONDS, LONGEST_PROBE_SECONDS = 0.5, 10.0
CLEAR_SECONDS = 30.0  # a server that neither answers nor ends hangs

_log = logging.getLogger("framescribe")


class Place:
    """One server's standing: what it holds, what it may hold, and whether it is there."""

    def __init__(self, name: str, requests: int | None) -> None:
        self.name = name
        self.limit = Limit(requests)
        self.under_way = 0
        self.faults = 0  # in a row
        self.failed_tries = 0  # in all
        self.out: str | None = None  # why, while it gets no requests
        self.over: str | None = None  # why, where it never will again
        self.returning = False  # somebody starts it again: that may take its time
        self.deaths = 0
        self.paused_until = 0.0

    @property
    def free(self) -> bool:
        paused = self.paused_until > asyncio.get_running_loop().time()
        return self.out is None and not paused and self.under_way < self.limit.allowed


class Fleet:
    """Hands out places at servers: the one that holds least, of those that are there and have room.

    `probe(place)` tells whether a server that was taken out answers again; it is asked after 0.5 s, then less and
    less often, up to every 10 s. Where no server is there, requests wait for `patience` seconds, not counting the
    time in which one is being started again; then every `take` raises RunError.
    """

    def __init__(self, places: Sequence[Place], probe: Callable[[Place], Awaitable[bool]], patience: float) -> None:
        self.places = list(places)
        self._probe, self._patience = probe, patience
        self._waiting: deque[asyncio.Future[Place]] = deque()
        self._probing: dict[Place, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._end: str | None = None

    @property
    def allowed(self) -> int:
        """How many requests may be under way at all servers that are there; at least one."""
        return max(1, sum(place.limit.allowed for place in self.places if place.out is None))

    async def take(self, avoid: Place | None = None) -> Place:
        """A place for one request, to be given back; another one than `avoid` where there is a choice."""
        if self._end is not None:
            raise RunError(self._end)
        if not self._waiting and (place := self._best(avoid)) is not None:
            place.under_way += 1
            return place
        future: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self.give_back(future.result())
            raise

    def give_back(self, place: Place) -> None:
        """The request is over, however it went."""
        place.under_way -= 1
        self._hand_out()

    def answered(self, place: Place) -> None:
        """The server answered a request that still holds its place."""
        place.faults = 0
        place.limit.answered(place.under_way)

    def pause(self, place: Place, seconds: float) -> None:
        """The server asked to be left alone for so long."""
        loop = asyncio.get_running_loop()
        place.paused_until = max(place.paused_until, loop.time() + seconds)
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(seconds + 0.01, self._hand_out))

    def failed(self, place: Place, why: str) -> None:
        """The server failed a request; taken out after a few in a row, where another one is there."""
        place.faults += 1
        others = any(other is not place and other.out is None for other in self.places)
        if place.faults >= FAULTS_IN_A_ROW and others:
            self.take_out(place, why)

    async def until_clear(self, place: Place, deaths: int) -> None:
        """Wait until it is clear whether the server that just broke a request lives: until it answers, or has died more
        often than `deaths` times. One that is ending may still let others in, only to drop them."""
        end = time.monotonic() + CLEAR_SECONDS
        while place.deaths == deaths and place.over is None and time.monotonic() < end:
            await asyncio.sleep(FIRST_PROBE_SECONDS)
            with contextlib.suppress(Exception):  # as in `_until_back`
                if await self._probe(place):
                    return

    def take_out(self, place: Place, why: str) -> None:
        """The server gets no more requests until it answers again."""
        if place.out is None:
            place.out = why
            place.limit.start_again()
            left = sum(other.out is None for other in self.places)
            then = f"{left} left" if left else "none is left: waiting"
            _log.warning("%s gets no requests now: %s (%s)", place.name, why, then)
        if place.over is None and place not in self._probing:
            self._probing[place] = asyncio.create_task(self._until_back(place))
        if self._watch is None and all(other.out is not None for other in self.places):
            self._watch = asyncio.create_task(self._until_any())

    def end(self, place: Place, why: str) -> None:
        """The server will never answer again."""
        place.over = why
        self.take_out(place, why)
        if (task := self._probing.pop(place, None)) is not None:
            task.cancel()
        if all(other.over is not None for other in self.places):
            self._give_up(why)

    async def close(self) -> None:
        tasks = [*self._probing.values(), *filter(None, [self._watch])]
        self._probing, self._watch = {}, None
        for timer in self._timers:
            timer.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._give_up("the engine was closed")

    # ------------------------------------------------------------------------------------------------

    def _best(self, avoid: Place | None = None) -> Place | None:
        free = [place for place in self.places if place.free]
        others = [place for place in free if place is not avoid] or free
        return min(others, key=lambda place: place.under_way, default=None)

    def _hand_out(self) -> None:
        while self._waiting:
            if self._waiting[0].done():
                self._waiting.popleft()
                continue
            place = self._best()
            if place is None:
                return
            place.under_way += 1
            self._waiting.popleft().set_result(place)

    def _give_up(self, why: str) -> None:
        self._end = self._end or why
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_exception(RunError(self._end))

    async def _until_back(self, place: Place) -> None:
        wait = FIRST_PROBE_SECONDS
        while True:
            await asyncio.sleep(wait)
            wait = min(LONGEST_PROBE_SECONDS, 2 * wait)
            with contextlib.suppress(Exception):  # a probe that fails in any way has found no server
                if not place.returning and await self._probe(place):
                    break
        del self._probing[place]
        place.out, place.faults = None, 0
        _log.warning("%s answers again", place.name)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._hand_out()

    async def _until_any(self) -> None:
        left, last = self._patience, time.monotonic()
        while left > 0:
            await asyncio.sleep(min(0.2, left))
            now = time.monotonic()
            if not any(place.returning for place in self.places):
                left -= now - last
            last = now
        why = self.places[0].out if len(self.places) == 1 else "; ".join(f"{p.name}: {p.out}" for p in self.places)
        self._give_up(f"no server has answered for {self._patience:g} s: {why}")
