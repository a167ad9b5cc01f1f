"""Knows how asynchronous work is done on a thread with an event loop of its own; knows nothing of the work.

So it works in a notebook, whose own loop is already running, and from any thread; and it goes on while its caller does
something else.
"""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401  (its threads must outlive ours: what is registered last ends first)
import contextlib
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")
LOOK_SECONDS = 0.5  # how soon Ctrl-C is heard where a system cannot interrupt a wait
_under_way: set[Background[Any]] = set()


class Background(Generic[T]):
    """`work` begins at once. It is passed an event: when that is set, it should finish what is under way and end.
    `ended` is called on its thread once it is over."""

    def __init__(
        self, work: Callable[[asyncio.Event], Coroutine[Any, Any, T]], ended: Callable[[], object] = lambda: None
    ) -> None:
        self._work, self._ended = work, ended
        self._loop, self._stop = asyncio.new_event_loop(), asyncio.Event()
        self._task: asyncio.Task[T] | None = None
        self._dropped = False
        self._result: list[T] = []
        self.error: BaseException | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="framescribe", daemon=True)
        _under_way.add(self)
        self._thread.start()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                self._result.append(runner.run(self._main()))
        except BaseException as error:  # whoever waits for it raises it
            self.error = error
        finally:
            _under_way.discard(self)
            self._ended()
            self._over.set()

    async def _main(self) -> T:
        self._task = asyncio.current_task()
        if self._dropped:
            raise asyncio.CancelledError
        return await self._work(self._stop)

    def stop(self) -> None:
        """Have it finish what is under way, and end."""
        self._tell(self._stop.set)

    def drop(self) -> None:
        """Have it end at once."""

        def cancel() -> None:
            self._dropped = True
            if self._task is not None:
                self._task.cancel()

        self._tell(cancel)

    def _tell(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(RuntimeError):  # its loop is closed: it has ended
            self._loop.call_soon_threadsafe(act)

    def wait(self) -> None:
        """Until it has ended. An exception that arrives meanwhile (Ctrl-C) drops it."""
        try:
            self._join()
        except BaseException:
            self.drop()
            self._join()
            raise

    def _join(self) -> None:
        # Not the thread's own `join`: one that Ctrl-C interrupts takes the thread for ended (Python 3.11).
        while not self._over.wait(LOOK_SECONDS):
            pass
        self._thread.join()

    async def waited(self) -> None:
        """As `wait`, for a caller with a loop of its own."""
        joined = asyncio.ensure_future(asyncio.to_thread(self._join))
        try:
            await asyncio.shield(joined)
        except BaseException:
            self.drop()
            await joined
            raise

    def result(self) -> T:
        """What the work returned, once it has ended; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self._result[0]


def _end_all() -> None:
    """At the end of the program, before the threads that loops use are ended."""
    for one in list(_under_way):
        one.drop()
        one.wait()


# Python's own thread pool is ended by this function, too; `atexit` comes after it.
getattr(threading, "_register_atexit")(_end_all)  # noqa: B009
