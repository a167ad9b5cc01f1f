"""Knows which of several servers gets the next request, and which are out of use; knows no request and no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from framescribe.engines.transport.limit import Limit
from framescribe.errors import RunError

FAULTS_IN_A_ROW = 3  # of one server while another is in use: it is taken out
LATE_IN_A_ROW = 3  # requests that a server did not answer in time, and no answer in between: it hangs
FIRST_PROBE_SECONDS, LONGEST_PROBE_SECONDS = 0.5, 10.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0  # after "too many requests" that says no more
CLEAR_SECONDS = 30.0  # a server that neither answers nor ends by then hangs

_log = logging.getLogger("framescribe")


class Backend:
    """One server's share of the load: the requests that it has, how many it may have, and whether it is in use."""

    def __init__(self, name: str, requests: int | None) -> None:
        self.name = name
        self.limit = Limit(requests)
        self.under_way = 0
        self.faults = 0  # in a row
        self.refusals = 0  # in a row
        self.undecided = 0  # refusals of requests that are still asked elsewhere
        self.late = 0  # in a row
        self.hangs = False  # it is out because it does not answer, although something listens there
        self.on_trial = False  # it was out, or turned requests away: one at a time until it answers
        self.relapses = 0  # times that it was taken out since it last answered
        self.limit_is_known = False  # that it limits the rate of requests: said once
        self.pauses = 0  # because of its rate limit; answers bring it down
        self.failed_tries = 0  # in all
        self.out: str | None = None  # why, while it gets no requests
        self.over: str | None = None  # why, once it never will again
        self.returning = False  # it is being restarted, which may take a while
        self.deaths = 0
        self.paused_until = self.back_since = 0.0

    @property
    def free(self) -> bool:
        if self.out is not None or (self.paused_until and self.paused_until > asyncio.get_running_loop().time()):
            return False
        if self.on_trial:
            return not self.under_way and not self.undecided
        return self.under_way < self.limit.allowed


class _Waiting(NamedTuple):
    """A request that waits for a server: not `avoid` where there is a choice, and none of `never`."""

    future: asyncio.Future[Backend | None]
    avoid: Backend | None
    never: Collection[Backend]


class Fleet:
    """Chooses a server for each request: the least loaded one of those that are in use and have room.

    `probe(backend)` tells whether a server that was taken out of use answers again; it is called after 0.5 s, then less
    and less often, down to every 10 s. A server that is back gets one request at a time until it answers one. While no
    server is in use, requests wait for `patience` seconds, not counting the time in which one is being restarted; after
    that every `take` raises RunError.
    """

    def __init__(
        self, backends: Sequence[Backend], probe: Callable[[Backend], Awaitable[bool]], patience: float
    ) -> None:
        self.backends = list(backends)
        self._probe, self._patience = probe, patience
        self._waiting: deque[_Waiting] = deque()
        self._refused: list[_Waiting] = []  # wait, too, and not for just any server
        self._probing: dict[Backend, asyncio.Task[None]] = {}
        self._watch: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()
        self._end: str | None = None

    @property
    def allowed(self) -> int:
        """How many requests may be under way at all servers in use; at least one."""
        return max(1, sum(backend.limit.allowed for backend in self.backends if backend.out is None))

    async def take(self, avoid: Backend | None = None, never: Collection[Backend] = ()) -> Backend | None:
        """The backend for one request, which must be given back; not `avoid` where there is a choice. None if all that
        are in use are among `never`."""
        if self._end is not None:
            raise RunError(self._end)
        if not self._useful(never):
            return None
        picky = bool(never) and any(backend in never for backend in self.backends)
        if (picky or not self._waiting) and (backend := self._best(avoid, never)) is not None:
            backend.under_way += 1
            return backend
        waiting = _Waiting(asyncio.get_running_loop().create_future(), avoid, never)
        (self._refused if picky else self._waiting).append(waiting)
        try:
            return await waiting.future
        except asyncio.CancelledError:
            future = waiting.future
            given = future.result() if future.done() and not future.cancelled() and not future.exception() else None
            if given is not None:
                self.give_back(given)
            raise

    def give_back(self, backend: Backend) -> None:
        """The request that had this backend is over, however it went."""
        backend.under_way -= 1
        self._hand_out()

    def answered(self, backend: Backend) -> None:
        """The server answered a request, which has not been given back yet."""
        self.alive(backend)
        backend.faults = backend.refusals = backend.relapses = 0
        backend.on_trial = False
        backend.pauses = max(0, backend.pauses - 1)
        backend.limit.answered(backend.under_way)

    def alive(self, backend: Backend) -> None:
        """The server answered something, though it may have been of no use."""
        backend.late = 0

    def refused(self, backend: Backend) -> None:
        """The server answered, and refused. Another one shows whether that was about the request: `settle` is then to
        be called. A server that only refuses gets none until it is."""
        self.alive(backend)
        backend.refusals += 1
        backend.undecided += 1
        if backend.refusals >= FAULTS_IN_A_ROW and self._others(backend):
            backend.on_trial = True

    def settle(self, refusals: Mapping[Backend, Exception], *, answered: bool) -> None:
        """A request that these servers refused is over; it was `answered` by another one, or by none."""
        if not refusals:
            return
        for backend, refusal in refusals.items():
            backend.undecided -= 1
            if answered:
                self.failed(backend, str(refusal))
            else:
                backend.refusals, backend.on_trial = 0, False
        self._hand_out()

    def turned_away(self, backend: Backend, wait: float | None, why: str) -> None:
        """The server gets too many requests: leave it alone for as long as it says. Where it does not say, or is wrong
        again and again, for longer each time."""
        now = asyncio.get_running_loop().time()
        if backend.paused_until <= now:  # else it was under way when others were turned away
            shortest = FIRST_PAUSE_SECONDS if wait is None else FIRST_PAUSE_SECONDS / 64
            if wait is None:
                backend.limit.overloaded()
            self.pause(backend, min(LONGEST_PAUSE_SECONDS, shortest * 2**backend.pauses))
            backend.pauses = min(16, backend.pauses + 1)
        backend.on_trial = True
        if wait is not None:
            self.pause(backend, wait)
        if not backend.limit_is_known:
            backend.limit_is_known = True
            seconds = backend.paused_until - now
            _log.warning(
                "%s limits the rate of requests, which now wait as it asks (%.0f s): %s", backend.name, seconds, why
            )

    def is_late(self, backend: Backend, begun: float) -> bool:
        """The server did not answer a request that it got at this time of the loop's. Whether it hangs: it answered
        none of the last few."""
        if backend.out is not None or begun < backend.back_since:
            return False
        backend.late += 1
        return backend.on_trial or backend.late >= LATE_IN_A_ROW

    def pause(self, backend: Backend, seconds: float) -> None:
        """The server asked for no requests for so many seconds."""
        loop = asyncio.get_running_loop()
        backend.paused_until = max(backend.paused_until, loop.time() + seconds)
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(seconds + 0.01, self._hand_out))

    def failed(self, backend: Backend, why: str) -> None:
        """The server failed a request. After a few failures in a row it is taken out of use, if another one is left."""
        backend.faults += 1
        if self._others(backend) and (backend.on_trial or backend.faults >= FAULTS_IN_A_ROW):
            self.take_out(backend, why)

    async def until_clear(self, backend: Backend, deaths: int) -> None:
        """Wait until it is clear whether the server that just dropped a request is alive: until it answers, or has died
        more than `deaths` times. A server that is going down may still accept requests, only to drop them."""
        end = time.monotonic() + CLEAR_SECONDS
        while backend.deaths == deaths and backend.over is None and time.monotonic() < end:
            await asyncio.sleep(FIRST_PROBE_SECONDS)
            with contextlib.suppress(Exception):  # as in `_until_back`
                if await self._probe(backend):
                    return

    def take_out(self, backend: Backend, why: str) -> None:
        """The server gets no more requests until it answers again."""
        if backend.out is None:
            backend.out = why
            backend.relapses += 1
            backend.limit.start_again()
            left = sum(other.out is None for other in self.backends)
            then = f"{left} left" if left else "none is left: waiting"
            _log.warning("%s gets no requests now: %s (%s)", backend.name, why, then)
        if backend.over is None and backend not in self._probing:
            self._probing[backend] = asyncio.create_task(self._until_back(backend))
        if self._watch is None and all(other.out is not None for other in self.backends):
            self._watch = asyncio.create_task(self._until_any())
        self._hand_out()  # some may have waited for this one alone

    def end(self, backend: Backend, why: str) -> None:
        """The server will not answer again."""
        backend.over = why
        self.take_out(backend, why)
        if (task := self._probing.pop(backend, None)) is not None:
            task.cancel()
        if all(other.over is not None for other in self.backends):
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

    def _useful(self, never: Collection[Backend]) -> bool:
        """Whether a request that has been at `never` may still go somewhere."""
        if not never:
            return True
        return any(backend not in never for backend in self.backends if backend.out is None) or not any(
            backend in never for backend in self.backends
        )

    def _others(self, backend: Backend) -> bool:
        return any(other is not backend and other.out is None for other in self.backends)

    def _best(self, avoid: Backend | None, never: Collection[Backend]) -> Backend | None:
        if len(self.backends) == 1:
            [only] = self.backends
            return only if only.free and only not in never else None
        free = [backend for backend in self.backends if backend.free and backend not in never]
        others = [backend for backend in free if backend is not avoid] or free
        return min(others, key=lambda backend: (backend.on_trial, backend.under_way), default=None)

    def _hand_out(self) -> None:
        for waiting in self._refused:
            if not waiting.future.done() and not self._useful(waiting.never):
                waiting.future.set_result(None)
            self._give(waiting)
        if self._refused:
            self._refused = [waiting for waiting in self._refused if not waiting.future.done()]
        while self._waiting and self._give(self._waiting[0]):
            self._waiting.popleft()

    def _give(self, waiting: _Waiting) -> bool:
        """Give a server to one that waits; False if none has room for it."""
        if waiting.future.done():
            return True
        backend = self._best(waiting.avoid, waiting.never)
        if backend is None:
            return False
        backend.under_way += 1
        waiting.future.set_result(backend)
        return True

    def _give_up(self, why: str) -> None:
        self._end = self._end or why
        waiting = [*self._waiting, *self._refused]
        self._waiting.clear()
        self._refused.clear()
        for each in waiting:
            if not each.future.done():
                each.future.set_exception(RunError(self._end))

    async def _until_back(self, backend: Backend) -> None:
        wait = min(LONGEST_PROBE_SECONDS, FIRST_PROBE_SECONDS * 2 ** min(8, backend.relapses - 1))
        while True:
            await asyncio.sleep(wait)
            wait = min(LONGEST_PROBE_SECONDS, 2 * wait)
            with contextlib.suppress(Exception):  # a probe that fails, however it does, has found no server
                if not backend.returning and await self._probe(backend):
                    break
        del self._probing[backend]
        backend.out, backend.faults, backend.late = None, 0, 0
        backend.hangs, backend.on_trial = False, True
        backend.back_since = asyncio.get_running_loop().time()
        _log.warning("%s answers again", backend.name)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        self._hand_out()

    async def _until_any(self) -> None:
        left, last = self._patience, time.monotonic()
        while left > 0:
            await asyncio.sleep(min(0.2, left))
            now = time.monotonic()
            if not any(backend.returning for backend in self.backends):
                left -= now - last
            last = now
        why = (
            self.backends[0].out if len(self.backends) == 1 else "; ".join(f"{p.name}: {p.out}" for p in self.backends)
        )
        self._give_up(f"no server has answered for {self._patience:g} s: {why}")
