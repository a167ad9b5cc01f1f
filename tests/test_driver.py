"""The driver: every video's own row, bounded work, a stop that finishes, an error that drops no finished row."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import aclosing

import pytest

from framescribe.errors import RunError
from framescribe.records import Row, Video
from framescribe.results.todos import Todo
from framescribe.runs.driver import Stopped, drive, in_thread, unless_stopped

VIDEOS = [Video(id=f"{n}.mp4", path=f"/{n}.mp4") for n in range(40)]


async def slow(todo: Todo) -> Row:
    video = todo.video
    await asyncio.sleep(random.random() / 100)
    return Row(id=video.id, video_path=video.path, caption=f"caption of {video.id}", status="ok")


def collect(caption, stop_after: int | None = None, in_flight: int = 8) -> list[Row]:  # type: ignore[no-untyped-def]
    rows: list[Row] = []

    async def go() -> None:
        stop = asyncio.Event()
        async for row in drive(caption, map(Todo, VIDEOS), room=lambda under_way: in_flight, stop=stop):
            rows.append(row)
            if stop_after == len(rows):
                stop.set()

    try:
        asyncio.run(go())
    finally:
        collected.extend(rows)
    return rows


collected: list[Row] = []


@pytest.fixture(autouse=True)
def _clear() -> None:
    collected.clear()


def test_every_video_gets_its_own_row_once() -> None:
    rows = collect(slow)
    assert sorted((row.id, row.caption) for row in rows) == sorted((v.id, f"caption of {v.id}") for v in VIDEOS)


def test_no_more_than_in_flight_at_once() -> None:
    active, most = 0, 0

    async def counting(todo: Todo) -> Row:
        nonlocal active, most
        active += 1
        most = max(most, active)
        row = await slow(todo)
        active -= 1
        return row

    collect(counting, in_flight=5)
    assert most == 5


def test_room_that_comes_while_nothing_finishes_is_used() -> None:
    async def go() -> list[Row]:
        limit, together = 1, asyncio.Event()

        async def waits_for_another(todo: Todo) -> Row:
            nonlocal limit
            if limit == 2:
                together.set()
            asyncio.get_running_loop().call_later(0.1, grow)
            await together.wait()
            return await slow(todo)

        def grow() -> None:
            nonlocal limit
            limit = 2

        work = [Todo(video) for video in VIDEOS]
        return [row async for row in drive(waits_for_another, work, room=lambda _: limit, stop=asyncio.Event())]

    async def in_time() -> list[Row]:
        return await asyncio.wait_for(go(), 30)

    assert len(asyncio.run(in_time())) == len(VIDEOS)


def test_stop_finishes_what_is_under_way_and_begins_nothing_more() -> None:
    begun: list[str] = []

    async def noting(todo: Todo) -> Row:
        begun.append(todo.video.id)
        return await slow(todo)

    rows = collect(noting, stop_after=3, in_flight=4)
    assert sorted(row.id for row in rows) == sorted(begun)
    assert len(rows) < len(VIDEOS)


def test_an_error_of_the_run_comes_after_the_rows_that_were_finished() -> None:
    async def dying(todo: Todo) -> Row:
        video = todo.video
        if video.id == "20.mp4":
            raise RunError("the engine is gone")
        return Row(id=video.id, video_path=video.path, caption="x", status="ok")

    with pytest.raises(RunError, match="the engine is gone"):
        collect(dying, in_flight=4)
    assert {f"{n}.mp4" for n in range(20)} <= {row.id for row in collected}


def test_whoever_leaves_early_leaves_nothing_under_way() -> None:
    under_way: set[str] = set()

    async def noting(todo: Todo) -> Row:
        under_way.add(todo.video.id)
        try:
            if todo.video.id != "0.mp4":
                await asyncio.sleep(60)
            return await slow(todo)
        finally:
            under_way.discard(todo.video.id)

    async def main() -> None:
        work = drive(noting, map(Todo, VIDEOS), room=lambda _: 8, stop=asyncio.Event())
        async with aclosing(work) as rows:
            await anext(rows)
            assert under_way
        assert not under_way

    asyncio.run(main())


def test_work_in_a_thread_is_never_left_half_done() -> None:
    begun, go_on, steps = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        begun.set()
        go_on.wait(60)
        steps.append("done")

    async def main() -> None:
        task = asyncio.ensure_future(in_thread(work, dropped=go_on.set))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        steps.append("left")

    asyncio.run(main())
    assert steps == ["done", "left"]


def test_a_stop_ends_what_would_take_for_ever() -> None:
    async def main() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_soon(stop.set)
        with pytest.raises(Stopped):
            await unless_stopped(asyncio.sleep(600), stop)
        assert await unless_stopped(asyncio.sleep(0, "done"), asyncio.Event()) == "done"

    asyncio.run(main())
