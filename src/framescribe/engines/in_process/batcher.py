"""Knows how single requests become batches, each prepared while the one before it runs; knows no model."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

from framescribe.errors import RunError

T = TypeVar("T")
P = TypeVar("P")
R = TypeVar("R")

LINGER_SECONDS = 0.005


def _one_kind(_item: object) -> Hashable:
    return None


class Batcher(Generic[T, P, R]):
    """Takes waiting items in batches, at most `max_batch` of one kind at a time in order of arrival, and gives each
    batch to `prepare` and the outcome to `run`. Each of the two has its own thread, so that one batch, but never more,
    is prepared while the one before it runs.

    `prepare` gets n items; `run` gets what it returned, and returns n results in the same order. A result that is an
    exception is raised for its own item; an exception raised by either is raised for every item of the batch. `kind`
    says which items may share a batch. `max_batch` may be changed at any time, which affects the next batch.

    Each result goes into its own item's future, so no reply can reach another caller.
    """

    def __init__(
        self,
        prepare: Callable[[list[T]], P],
        run: Callable[[P], list[R | Exception]],
        max_batch: int,
        kind: Callable[[T], Hashable] = _one_kind,
    ) -> None:
        if max_batch < 1:
            raise ValueError(f"a batch holds at least one item, not {max_batch}")
        self.max_batch = max_batch
        self._prepare, self._run, self._kind = prepare, run, kind
        self.running = 0  # items of the batch that is running
        self._waiting: deque[tuple[T, Future[R]]] = deque()
        self._ahead: tuple[list[Future[R]], P] | None = None  # prepared, but not running yet
        self._changed = threading.Condition()
        self._closed = False
        self._last_size = 0
        self._threads = [
            threading.Thread(target=work, name=f"framescribe-{name}", daemon=True)
            for name, work in (("preparing", self._prepare_batches), ("batcher", self._run_batches))
        ]
        for thread in self._threads:
            thread.start()

    async def submit(self, item: T) -> R:
        """The result for `item`. Cancelling removes the item if it is in no batch yet, and affects no other."""
        future: Future[R] = Future()
        with self._changed:
            if self._closed:
                raise RunError("the engine is closed")
            self._waiting.append((item, future))
            self._changed.notify_all()
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Fail everything that is not running yet with RunError, let the running batch end, and join the threads.
        Blocks; may be called again."""
        with self._changed:
            self._closed = True
            waiting = [future for _, future in self._waiting if future.set_running_or_notify_cancel()]
            if self._ahead is not None:
                waiting += self._ahead[0]
            self._waiting.clear()
            self._ahead = None
            self._changed.notify_all()
        _fail(waiting, _closed())
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    # ---------------------------------------------------------------------------------------- the two threads

    def _prepare_batches(self) -> None:
        while batch := self._next_batch():
            futures = [future for _, future in batch]
            try:
                prepared = self._prepare([item for item, _ in batch])
            except Exception as error:  # pass it to those who wait, whatever it is: a dead thread would hang them
                _fail(futures, error)
                continue
            with self._changed:
                if not self._closed:
                    self._ahead = (futures, prepared)
                    self._changed.notify_all()
                    continue
            _fail(futures, _closed())

    def _run_batches(self) -> None:
        while (batch := self._next_prepared()) is not None:
            futures, prepared = batch
            try:
                results = self._run(prepared)
                if len(results) != len(futures):
                    raise RuntimeError(f"a batch of {len(futures)} requests came back with {len(results)} replies")
            except Exception as error:
                results = [error] * len(futures)
            for future, result in zip(futures, results, strict=True):
                if isinstance(result, Exception):
                    future.set_exception(result)
                else:
                    future.set_result(result)
            self._last_size = len(futures)
            del batch, prepared, results  # keep nothing of it in memory while waiting for the next one

    def _next_prepared(self) -> tuple[list[Future[R]], P] | None:
        """Wait for a prepared batch; None means that the batcher was closed."""
        with self._changed:
            self.running = 0
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._ahead is not None or self._closed)
            batch, self._ahead = self._ahead, None
            self.running = len(batch[0]) if batch is not None else 0
            self._changed.notify_all()
            return batch

    def _next_batch(self) -> list[tuple[T, Future[R]]]:
        """Wait for items and take one batch of them; an empty list means that the batcher was closed.

        While a batch is running, only a full one is taken, so that items which still arrive can be part of the next.
        """
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._closed or (self._ahead is None and self._enough()))
                if self._closed:
                    return []
                if not self.running:
                    self._linger()
                if batch := self._take():
                    return batch

    def _enough(self) -> bool:
        if not self.running or len(self._waiting) < self.max_batch:
            return bool(self._waiting) and not self.running
        first = self._kind(self._waiting[0][0])
        return sum(self._kind(item) == first for item, _ in self._waiting) >= self.max_batch

    def _linger(self) -> None:
        # Callers that have just received their replies come back within milliseconds, one after another: without a
        # short wait, the first of them would get a batch to itself. A single caller never waits.
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


def _fail(futures: Sequence[Future[R]], error: Exception) -> None:
    for future in futures:
        future.set_exception(error)


def _closed() -> RunError:
    return RunError("the engine was closed before this request had its turn")
