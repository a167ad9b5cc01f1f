"""Knows how much of the machine this process may use, also when a container or a batch job limits it, and how it uses
less memory; knows no work.

The limits are Linux's: CPU affinity, sched_setaffinity(2), and control groups of both versions, cgroups(7).
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LOADING = "framescribe-load"  # the name of a thread that nobody waits for: it may be in native code for minutes
_M_ARENA_MAX, _ARENAS = -8, 2  # mallopt(3)
GROUPS, OWN = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")


def share_heaps() -> None:
    """Have all threads allocate from the same few heaps, for a process that lives long and has many threads: each would
    otherwise keep what it once needed in a heap of its own. Only glibc does that; elsewhere, this does nothing."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def cpus() -> int:
    """How many processors this process may keep busy; at least one."""
    count = os.cpu_count() or 1
    if sys.platform == "linux":
        count = len(os.sched_getaffinity(0))
    for group in _groups("cpu"):
        words = _words(group / "cpu.max") or [
            *_words(group / "cpu.cfs_quota_us"),
            *_words(group / "cpu.cfs_period_us"),
        ]
        if len(words) == 2 and words[0].isdigit():  # else "max", or -1
            count = min(count, math.ceil(int(words[0]) / int(words[1])))
    return max(1, count)


def memory_bytes() -> int | None:
    """Bytes of memory that this process and all others under its limits may use; None if the system does not say."""
    found = []
    if sys.platform != "win32":
        with contextlib.suppress(ValueError, OSError):
            found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for group in _groups("memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            found += [int(word) for word in _words(group / name) if word.isdigit()]  # else "max"
    return min(found, default=None)


def _groups(controller: str) -> Iterator[Path]:
    """The folders of this process's control group and of those above it, whose limits apply as well.

    In a container the paths may be the host's; only the top folder, with its own limits, then exists there.
    """
    try:
        lines = OWN.read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        top = GROUPS / controller if controllers else GROUPS
        own = PurePosixPath(path)
        for group in (own, *own.parents):
            yield top / group.relative_to("/")


def _words(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").split()
    except OSError:
        return []


@contextlib.contextmanager
def without_collection() -> Iterator[None]:
    """No garbage is collected inside this block, which makes millions of records and no garbage."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
