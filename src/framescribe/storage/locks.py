"""Knows how a process holds a file so that others can tell, on each system; not what is in the file.

A lock lasts until its file is closed or its process ends, however that happens.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

_FAR = 2**40  # on Windows nobody else can read or write locked bytes: these are far behind any that are used


def lock(file: IO[Any]) -> bool:
    """Hold the open, writable file alone; False if another process holds it, or if there are no locks."""
    try:
        return take(file)
    except OSError:
        return False


if sys.platform == "win32":
    import msvcrt

    def take(file: IO[Any], *, shared: bool = False) -> bool:
        """Hold the open, writable file alone; False if another process holds it. OSError on a file system without
        locks. Windows has none to share: asking for one does nothing."""
        if shared:
            return True
        descriptor = file.fileno()
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(descriptor, at, os.SEEK_SET)
        return True

else:
    import fcntl

    def take(file: IO[Any], *, shared: bool = False) -> bool:
        """Hold the open file alone, or with others that share it, also where it was held alone before; False if
        another process holds it. OSError on a file system without locks."""
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def alone(path: str | os.PathLike[str], seconds: float) -> Iterator[None]:
    """Hold the file at `path`, which is made where it is missing, while the block runs; wait for others that hold it.
    Where there are no locks nobody waits. TimeoutError if it is still held after so many seconds."""
    with open(path, "a+b") as file:
        end, pause = time.monotonic() + seconds, 0.001
        while not _taken(file):
            if time.monotonic() > end:
                raise TimeoutError(f"another process has held {path} for {seconds:.0f} s")
            time.sleep(pause)
            pause = min(2 * pause, 0.05)
        yield


def _taken(file: IO[Any]) -> bool:
    try:
        return take(file)
    except OSError:
        return True
