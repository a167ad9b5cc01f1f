"""Keeps many videos under way at once and passes their rows on as they finish; captions and writes nothing itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from typing import Any, TypeVar

LOOK_SECONDS = 1.0  # for room that opened up without a video finishing

T = TypeVar("T")
W = TypeVar("W")  # what is to be done: of one video
R = TypeVar("R")  # what comes of it: its row


class Stopped(Exception):
    """The run was stopped before this was done."""


async def drive(
    caption: Callable[[W], Awaitable[R]],
    work: Iterable[W] | AsyncIterator[W],
    *,
    room: Callable[[int], int],
    stop: asyncio.Event,
) -> AsyncGenerator[R, None]:
    """Rows in the order in which they finish. Before each video begins, `room` is told how many are under way and
    says how many may be.

    After `stop` no further video begins, and those under way are finished. The run's first error is raised once the
    rows that finished along with it are out; what is still under way is dropped, at the latest when this is closed.
    """
    waiting = work if isinstance(work, AsyncIterator) else one_by_one(work)
    tasks: set[asyncio.Future[R]] = set()
    exhausted = False
    try:
        while True:
            while not exhausted and not stop.is_set() and len(tasks) < room(len(tasks)):
                try:
                    todo = await anext(waiting)
                except StopAsyncIteration:
                    exhausted = True
                else:
                    tasks.add(asyncio.ensure_future(caption(todo)))
            if not tasks:
                return
            done, tasks = await asyncio.wait(tasks, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            failed = [task for task in done if task.exception() is not None]
            for task in done:
                if task not in failed:
                    yield task.result()
            for task in failed:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def one_by_one(work: Iterable[W]) -> AsyncIterator[W]:
    """The same, for whoever waits for each."""
    for one in work:
        yield one


async def unless_stopped(work: Coroutine[Any, Any, T], stop: asyncio.Event) -> T:
    """What the work returns. Raises Stopped if `stop` came before it was done, in which case it is dropped."""
    working, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Stopped
    finally:
        for task in (working, stopped):
            task.cancel()
        await asyncio.gather(working, stopped, return_exceptions=True)


async def in_thread(work: Callable[[], T], dropped: Callable[[], None] = lambda: None) -> T:
    """What it returns, done in another thread: the run hears signals and shows its figures meanwhile. It is never left
    half done: if this is cancelled, `dropped` is called, and the work has ended before the cancellation goes on."""
    working = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        dropped()
        await asyncio.wait({working})
        raise
