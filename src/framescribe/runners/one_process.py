"""Runs one captioner in this process over many videos at once; hands rows on as they finish, and writes none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from framescribe.records import Row, Video

Work = tuple[Video, Row | None]
LOOK_SECONDS = 1.0  # for room that came without a video having finished


async def run(
    caption: Callable[[Video, Row | None], Awaitable[Row]],
    work: Iterable[Work],
    *,
    room: Callable[[int], int],
    stop: asyncio.Event,
) -> AsyncIterator[Row]:
    """Rows in the order in which they finish. Before each video is begun, `room` is told how many are under way and
    says how many may be.

    After `stop` no further video is begun, and those under way are finished. The first error of the run is raised
    once the rows that were finished with it are out; what was under way then is dropped.
    """
    waiting = iter(work)
    tasks: set[asyncio.Task[Row]] = set()
    exhausted = False
    try:
        while True:
            while not exhausted and not stop.is_set() and len(tasks) < room(len(tasks)):
                try:
                    video, earlier = next(waiting)
                except StopIteration:
                    exhausted = True
                else:
                    tasks.add(asyncio.ensure_future(caption(video, earlier)))
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
