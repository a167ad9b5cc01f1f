"""Knows how decoding is done in worker processes that can be killed; knows no codec and no strategy.

A thread that hangs in native code cannot be stopped, and a crash there ends the process. So each video is decoded in a
worker of a pool (Pebble's), which is killed when its time is up, may die without taking the run with it, has limited
memory (on Linux), and is replaced after a few hundred videos.
"""

from __future__ import annotations

import asyncio
import ctypes
import logging
import math
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from framescribe.addresses import in_tar
from framescribe.errors import DecodeCrashed, DecodeTimeout, RunError, TooLarge
from framescribe.frames.decoder import sample
from framescribe.frames.encode import Form
from framescribe.frames.sampling import Sampling
from framescribe.frames.segments import Division
from framescribe.frames.spawning import WithoutMain
from framescribe.records import Clip
from framescribe.storage.object_store import is_remote

VIDEOS_A_WORKER = 500
MEMORY_BYTES = 4 * 2**30  # 8 frames of 8K as RGB are 0.8 GB; a decoder's own pictures come on top
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
BASE_SECONDS = 60.0
REMOTE_SECONDS = 600.0
MOST_RENEWALS, STARTS = 5, 2  # in a row; and where no worker has ever finished anything
NO_ANSWER = 1  # Pebble's exit code for a worker that could not get the lock for its answer: a killed one held it
# How often a video is tried again before it is blamed. The signals mostly come from outside: from a scheduler that ends
# the run and all its processes, from a person, or from the kernel when memory runs out.
AGAIN: dict[int, int] = {signal.SIGTERM: 3, NO_ANSWER: 1}
if sys.platform != "win32":
    AGAIN[signal.SIGKILL] = 1
LOOK_SECONDS, STUCK_SECONDS = 2.0, 30.0  # far longer than starting a worker takes; doubled each time
SECONDS_A_MEGABYTE = 1.0  # far more than a decode takes, so that only hangs are ended
MEASURED = 4.0  # times as long where every frame is decoded and looked at

_log = logging.getLogger("framescribe")


def sample_as(path: str, sampling: Sampling, *, key: str, max_pixels: int | None, form: Form, **more: Any) -> Clip:
    """As `decoder.sample`, for callers that must say in which form they want the frames."""
    return sample(path, sampling, key=key, max_pixels=max_pixels, form=form, **more)


class DecoderPool:
    """Decodes up to `workers` videos at once, each in a process of its own.

    `seconds` limits the wall-clock time per video; None scales the limit with the file's size. `work` is what a worker
    does, and is for tests.
    """

    def __init__(
        self,
        workers: int,
        *,
        seconds: float | None = None,
        memory_bytes: int = MEMORY_BYTES,
        work: Callable[..., Any] = sample_as,
    ) -> None:
        self._workers, self._seconds, self._memory, self._work = workers, seconds, memory_bytes, work
        self._running: set[ProcessFuture[Any]] = set()
        self._worked = False  # whether any worker has ever finished a video
        self._renewals = 0  # since one last did
        self._stuck_since = math.inf
        self._closed = False
        self._pool = self._made()

    def _made(self) -> ProcessPool:
        # A fork would copy the locks of this process's threads. A fork server's children outlive a run that is killed
        # while one of them hangs: each of them holds open the pipe whose end the server waits for.
        context: Any = WithoutMain()
        return _Workers(
            max_workers=self._workers,
            max_tasks=VIDEOS_A_WORKER,
            initializer=_prepare,
            initargs=(self._memory, os.getpid()),
            context=context,
        )

    async def sample(
        self,
        path: str,
        sampling: Sampling,
        *,
        key: str,
        max_pixels: int | None,
        form: Form = "pixels",
        hashed: bool = False,
        division: Division | None = None,
        numbers: Sequence[int] = (),
        measures: Sequence[str] = (),
    ) -> Clip:
        """As `decoder.sample`, in a worker.

        Also raises DecodeTimeout, DecodeCrashed and TooLarge, after which a new worker takes over, and RunError where
        no worker can be started.
        """
        given = {"hashed": hashed, "division": division, "numbers": numbers, "measures": measures}
        more = {name: value for name, value in given.items() if value}
        options = {"key": key, "max_pixels": max_pixels, "form": form, **more}
        times = MEASURED if measures or (sampling.needs and not numbers) else 1.0
        clip: Clip = await self._ran(times, self._work, path, sampling, **options)
        return clip

    async def run(self, work: Callable[..., Any], path: str, *more: Any, **options: Any) -> Any:
        """What `work(path, ...)` returns or raises in a worker; also raises as `sample` does.

        `work` is a function at the top level of a module, so that it can be pickled.
        """
        return await self._ran(1.0, work, path, *more, **options)

    async def _ran(self, times: float, work: Callable[..., Any], path: str, *more: Any, **options: Any) -> Any:
        """As `run`, with a limit that is so many times as long, unless the user set it."""
        limit = self._seconds if self._seconds is not None else times * _limit(path)
        ended = Counter[int]()
        while True:
            pool = self._pool
            try:
                future = pool.schedule(work, (path, *more), options, timeout=limit)
                return await self._result(future, pool)
            except _Renewed:
                continue
            except FutureTimeout as error:
                raise DecodeTimeout(f"It was given up because it was not decoded within {limit:g} s.") from error
            except ProcessExpired as error:
                code = abs(error.exitcode or 0)
                ended[code] += 1
                if ended[code] <= AGAIN.get(code, 0):
                    if error.exitcode == NO_ANSWER:
                        self._renew(pool)
                    continue
                raise DecodeCrashed(f"The decoder crashed on it ({_how(error.exitcode)}).") from error
            except BrokenProcessPool as error:  # also where a worker was killed before it reported its task
                if pool is self._pool and not self._worked and self._renewals == STARTS:
                    raise RunError(
                        "the decoder processes cannot be started. This shows why, or prints nothing: "
                        f"{sys.executable} -c 'import framescribe.frames.pool'"
                    ) from error
                self._renew(pool)
            except RuntimeError:  # what Pebble raises for a pool that can no longer be used
                if pool.active and pool is self._pool:
                    raise
                self._renew(pool)
            except MemoryError as error:
                raise TooLarge(f"Decoding it needs more than {self._memory / 2**30:.1f} GB of memory.") from error

    async def _result(self, future: ProcessFuture[Any], pool: ProcessPool) -> Any:
        """The future's result. Raises _Renewed where its pool was given up.

        A worker that is killed from outside (by a person, or because memory ran out) may leave behind a lock that no
        other worker can get: tasks then wait forever although workers are free.
        """
        self._running.add(future)
        result = asyncio.wrap_future(future)
        try:
            while not (await asyncio.wait({result}, timeout=LOOK_SECONDS))[0]:
                if pool is not self._pool:
                    raise _Renewed
                if not pool.active:  # it broke, and the task that was just being handed out is lost
                    self._renew(pool)
                    raise _Renewed
                running = sum(each.running() for each in self._running)
                waits = running < self._workers and running < sum(not each.done() for each in self._running)
                self._stuck_since = min(self._stuck_since, time.monotonic()) if waits else math.inf
                if time.monotonic() - self._stuck_since > STUCK_SECONDS * 2**self._renewals:
                    self._renew(pool)
                    raise _Renewed
            if result.cancelled():
                raise _Renewed
            self._stuck_since = math.inf
            if not isinstance(result.exception(), BrokenProcessPool):
                self._worked, self._renewals = True, 0
            return result.result()
        finally:
            self._running.discard(future)
            result.cancel()

    def _renew(self, pool: ProcessPool) -> None:
        """Give up this pool and go on with a new one, which does its tasks again. Raises RunError after too many, and
        after `close`."""
        if self._closed:
            raise RunError("the decoder processes were ended while videos were being decoded")
        if pool is self._pool:
            if self._renewals == MOST_RENEWALS:
                raise RunError(
                    f"the decoder processes broke down {MOST_RENEWALS + 1} times: is the machine out of memory?"
                )
            _log.warning("the decoder processes no longer respond and are being restarted")
            self._renewals += 1
            self._stuck_since = math.inf
            self._pool = self._made()
            threading.Thread(target=_end, args=(pool,), daemon=True).start()

    def close(self) -> None:
        """End the workers, including those that hang; may be called twice. Whoever still waits gets a RunError."""
        self._closed = True
        _end(self._pool)


class _Workers(ProcessPool):
    """Pebble's pool, which ends by taking the locks away before the workers: one that is still starting, and looks for
    its lock, would print a traceback. Here the workers go first."""

    def _stop_pool(self) -> None:
        if self._pool_manager_loop is not None:
            self._pool_manager_loop.join()  # it starts no more of them
        for worker in tuple(self._pool_manager.worker_manager.workers.values()):
            worker.kill()
        super()._stop_pool()  # type: ignore[no-untyped-call]


def _end(pool: ProcessPool) -> None:
    if pool.active:
        pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


class _Renewed(Exception):
    """The pool was given up: what waits for it must be scheduled again."""


def _limit(path: str) -> float:
    if is_remote(path):
        return REMOTE_SECONDS
    member = in_tar(path)
    try:
        size = member.size if member else os.path.getsize(path)
    except (OSError, ValueError):
        size = 0
    return BASE_SECONDS + SECONDS_A_MEGABYTE * size / 1e6


def _how(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        try:
            return signal.Signals(-exitcode).name
        except ValueError:
            pass
    if exitcode is not None and exitcode >= 2**31:  # how Windows reports a crash: 0xC0000005 is an access violation
        return f"exit code 0x{exitcode:X}"
    return f"exit code {exitcode}"


def _prepare(memory_bytes: int, parent: int) -> None:
    """Runs first in each new worker: Ctrl-C is left to the run, and native code cannot print to the terminal. On Linux
    alone, memory is limited, and if the run is killed, the worker ends with it, even out of a hang."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")  # one video, one core: measures may use OpenCV
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    if sys.platform.startswith("linux"):
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the run was killed before that
            os._exit(1)
