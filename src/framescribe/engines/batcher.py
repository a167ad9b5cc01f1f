"""Knows how single requests become batches in one worker thread; knows nothing of models, and sorts no reply."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

from framescribe.errors import RunError

T = TypeVar("T")
R = TypeVar("R")

LINGER_SECONDS = 0.005


def _one_kind(_item: object) -> Hashable:
    return None


class Batcher(Generic[T, R]):
    """Gives `run` what waits, at most `max_batch` items of one kind at a time, in one thread and in order of arrival.

    `run` gets n items and returns n results in their order; a result that is an exception is raised for its own
    item, and an exception that `run` raises is raised for every item of the batch. `kind` says which items may share
    a batch. `max_batch` may be lowered or raised at any time and counts from the next batch on.

    The result of an item travels in that item's own future, so no reply can reach another caller.
    """

    def __init__(
        self, run: Callable[[list[T]], list[R | Exception]], max_batch: int, kind: Callable[[T], Hashable] = _one_kind
    ) -> None:
        if max_batch < 1:
            raise ValueError(f"a batch holds at least one item, not {max_batch}")
        self.max_batch = max_batch
        self.running = 0  # items of the batch that is being answered
        self._run, self._kind = run, kind
        self._waiting: deque[tuple[T, Future[R]]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._last_size = 0
        self._thread = threading.Thread(target=self._work, name="framescribe-batcher", daemon=True)
        self._thread.start()

    async def submit(self, item: T) -> R:
        """The result for `item`. Cancelling it takes the item out if no batch holds it yet, and disturbs no other."""
        future: Future[R] = Future()
        with self._changed:
            if self._closed:
                raise RunError("the engine is closed")
            self._waiting.append((item, future))
            self._changed.notify_all()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Fail what still waits with RunError, let the running batch end, join the thread. Blocks; may be repeated."""
        with self._changed:
            self._closed = True
            waiting = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        for _, future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_exception(RunError("the engine was closed before this request had its turn"))
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            items, futures = [item for item, _ in batch], [future for _, future in batch]
            self.running = len(items)
            try:
                results = self._run(items)
                if len(results) != len(items):
                    raise RuntimeError(f"a batch of {len(items)} requests came back with {len(results)} replies")
            except Exception as error:  # whatever it is, it belongs to those who wait: a dead thread would hang them
                results = [error] * len(items)
            self.running = 0
            for future, result in zip(futures, results, strict=True):
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
            self._last_size = len(items)

    def _next_batch(self) -> list[tuple[T, Future[R]]]:
        """Wait for items and take one batch of them; an empty list means that the batcher was closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return []
                self._linger()
                if batch := self._take():
                    return batch

    def _linger(self) -> None:
        # Callers whose replies have just gone out come back within milliseconds, one after the other: without a
        # short wait the first of them would get a batch to itself. A caller who works alone never waits.
        if self._last_size <= 1 and len(self._waiting) <= 1:
            return
        end = time.monotonic() + LINGER_SECONDS
        while len(self._waiting) < self.max_batch and not self._closed and (left := end - time.monotonic()) > 0:
            self._changed.wait(left)

    def _take(self) -> list[tuple[T, Future[R]]]:
        batch: list[tuple[T, Future[R]]] = []
        others: deque[tuple[T, Future[R]]] = deque()
        while self._waiting and len(batch) < self.max_batch:
            item, future = self._waiting.popleft()
            if batch and self._kind(item) != self._kind(batch[0][0]):
                others.append((item, future))
            elif future.set_running_or_notify_cancel():
                batch.append((item, future))
        self._waiting.extendleft(reversed(others))
        return batch
