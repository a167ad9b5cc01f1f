"""Replies reach their own callers whatever the batches look like; cancelling and failing stay with whom they hit."""

import asyncio
import random
import threading
import time

import pytest

from framescribe.engines.in_process.batcher import Batcher
from framescribe.errors import RunError


def batcher_of(run, max_batch, prepare=list, **options):
    return Batcher(prepare, run, max_batch, **options)


def test_every_caller_gets_its_own_reply_in_batches_no_larger_than_allowed():
    sizes = []

    def run(items):
        sizes.append(len(items))
        time.sleep(0.001)
        return [item * 10 for item in items]

    async def main():
        batcher = batcher_of(run, 7)
        order = list(range(200))
        random.Random(0).shuffle(order)
        replies = await asyncio.gather(*(batcher.submit(n) for n in order))
        batcher.close()
        return order, replies

    order, replies = asyncio.run(main())
    assert replies == [n * 10 for n in order]
    assert sum(sizes) == 200
    assert max(sizes) == 7
    assert len(sizes) < 35


def test_callers_who_come_back_together_keep_sharing_batches():
    sizes = []

    def run(items):
        sizes.append(len(items))
        time.sleep(0.01)
        return items

    async def caller(batcher):
        for _ in range(10):
            await batcher.submit(0)

    async def main():
        batcher = batcher_of(run, 4)
        await asyncio.gather(*(caller(batcher) for _ in range(4)))
        batcher.close()

    asyncio.run(main())
    assert sum(sizes) == 40
    assert len(sizes) <= 20


def test_a_batch_holds_one_kind_and_nobody_is_overtaken_within_a_kind():
    batches = []

    def run(items):
        batches.append(items)
        time.sleep(0.001)
        return items

    async def main():
        batcher = batcher_of(run, 4, kind=lambda item: item[0])
        items = [(kind, n) for n in range(12) for kind in "ab"]
        assert await asyncio.gather(*(batcher.submit(item) for item in items)) == items
        batcher.close()

    asyncio.run(main())
    assert all(len({kind for kind, _ in batch}) == 1 for batch in batches)
    for kind in "ab":
        served = [n for batch in batches for k, n in batch if k == kind]
        assert served == sorted(served)


def test_an_exception_of_the_run_reaches_its_batch_and_an_exception_result_its_item():
    def run(items):
        if "poison" in items:
            raise ValueError("the whole batch")
        return [KeyError(item) if item == "bad" else item for item in items]

    async def main():
        batcher = batcher_of(run, 3)
        first = await asyncio.gather(*map(batcher.submit, ["good", "bad", "fine"]), return_exceptions=True)
        second = await asyncio.gather(*map(batcher.submit, ["a", "poison", "b"]), return_exceptions=True)
        third = await batcher.submit("still works")
        batcher.close()
        return first, second, third

    first, second, third = asyncio.run(main())
    assert first[0] == "good"
    assert isinstance(first[1], KeyError)
    assert first[2] == "fine"
    assert [type(error) for error in second] == [ValueError] * 3
    assert third == "still works"


def test_a_run_that_loses_a_reply_fails_its_batch_instead_of_shifting_replies():
    async def main():
        batcher = batcher_of(lambda items: items[1:], 4)
        replies = await asyncio.gather(*map(batcher.submit, "abc"), return_exceptions=True)
        batcher.close()
        return replies

    assert all(isinstance(reply, RuntimeError) for reply in asyncio.run(main()))


def test_cancelling_one_caller_disturbs_no_other():
    running, go_on, seen = threading.Event(), threading.Event(), []

    def run(items):
        seen.extend(items)
        running.set()
        go_on.wait(10)
        return items

    async def main():
        batcher = batcher_of(run, 2)
        tasks = [asyncio.create_task(batcher.submit(n)) for n in range(7)]
        await asyncio.to_thread(running.wait, 10)
        tasks[0].cancel()  # in the running batch
        tasks[5].cancel()  # behind it and the one that is prepared: must never be run
        await asyncio.sleep(0)
        go_on.set()
        replies = await asyncio.gather(*tasks, return_exceptions=True)
        batcher.close()
        return replies

    replies = asyncio.run(main())
    assert [type(reply) for reply in replies] == [asyncio.CancelledError, *[int] * 4, asyncio.CancelledError, int]
    assert [replies[n] for n in (1, 2, 3, 4, 6)] == [1, 2, 3, 4, 6]
    assert 5 not in seen


def test_close_fails_those_who_wait_and_may_be_repeated():
    running, go_on = threading.Event(), threading.Event()

    def run(items):
        running.set()
        go_on.wait(10)
        return items

    async def main():
        batcher = batcher_of(run, 1)
        tasks = [asyncio.create_task(batcher.submit(n)) for n in range(3)]
        await asyncio.to_thread(running.wait, 10)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close))
        await asyncio.wait(tasks[1:], timeout=10)  # they fail at once, not when the running batch ends
        go_on.set()
        await closing
        batcher.close()
        with pytest.raises(RunError):
            await batcher.submit(9)
        return await asyncio.gather(*tasks, return_exceptions=True)

    replies = asyncio.run(main())
    assert replies[0] == 0
    assert [type(reply) for reply in replies[1:]] == [RunError, RunError]


def test_the_next_batch_is_prepared_while_one_runs_and_the_one_behind_it_is_not():
    prepared, second = [], threading.Event()

    def prepare(items):
        prepared.append(items)
        if len(prepared) == 2:
            second.set()
        return items

    def run(items):
        if items[0] == 0:
            assert second.wait(10)  # ends only because the second batch is prepared before the first is done
            time.sleep(0.05)  # a chance to prepare a third, which must not be taken
            assert prepared == [[0, 1], [2, 3]]
        return items

    async def main():
        batcher = batcher_of(run, 2, prepare)
        replies = await asyncio.gather(*map(batcher.submit, range(6)))
        batcher.close()
        return replies

    assert asyncio.run(main()) == list(range(6))
    assert prepared == [[0, 1], [2, 3], [4, 5]]


def test_while_one_runs_a_batch_that_is_not_full_waits_for_more():
    running, go_on, sizes = threading.Event(), threading.Event(), []

    def run(items):
        sizes.append(len(items))
        running.set()
        go_on.wait(10)
        return items

    async def main():
        batcher = batcher_of(run, 3)
        first = asyncio.create_task(batcher.submit(0))
        await asyncio.to_thread(running.wait, 10)
        others = []
        for n in (1, 2, 3):  # one by one
            others.append(asyncio.create_task(batcher.submit(n)))
            await asyncio.sleep(0.01)
        go_on.set()
        replies = await asyncio.gather(first, *others)
        batcher.close()
        return replies

    assert asyncio.run(main()) == [0, 1, 2, 3]
    assert sizes == [1, 3]


def test_what_preparing_raises_reaches_its_batch_alone():
    def prepare(items):
        if "poison" in items:
            raise ValueError("the whole batch")
        return items

    async def main():
        batcher = batcher_of(list, 2, prepare)
        replies = await asyncio.gather(*map(batcher.submit, ["a", "b", "poison", "c", "d"]), return_exceptions=True)
        batcher.close()
        return replies

    assert [reply if isinstance(reply, str) else type(reply) for reply in asyncio.run(main())] == [
        *("a", "b", ValueError, ValueError, "d")
    ]


def test_a_batch_has_at_least_one_item():
    with pytest.raises(ValueError, match="at least one"):
        batcher_of(list, 0)
