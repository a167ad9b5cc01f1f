"""Knows how to run a command so that no part of it outlives whoever started it; knows nothing about the command.

    python guard.py COMMAND…        with a pipe as standard input

The command runs until it ends or the pipe is closed, which also happens when its owner is killed with SIGKILL. Then
everything that it started gets SIGTERM and, after a while, SIGKILL. On Linux that includes children that have left the
process group: orphans become children of this process (PR_SET_CHILD_SUBREAPER, prctl(2)). Exits as the command did.
There are two guards, one below the other, because one may be killed: Ray does that to the children of an actor that
ends. The other one then ends everything. This file imports only the standard library, and is run as a file; on Windows
it is imported, but never run, and there type checkers ignore what it lacks.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

GRACE_SECONDS = 10.0  # between SIGTERM and SIGKILL
_PDEATHSIG, _SUBREAPER = 1, 36  # linux/prctl.h


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def descendants(root: int) -> list[int]:
    """The processes below `root`, as far as /proc shows them; none without /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it has ended meanwhile
            text = entry.read_text(encoding="utf-8", errors="replace")  # the name may contain anything, ")" too
            fields = text.rpartition(")")[2].split()
            if fields[0] != "Z":
                children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, waiting = [], [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _signal(number: int, group: int | None) -> bool:
    """Send a signal to everything that is left; return whether there was anything."""
    left = descendants(os.getpid())
    for process in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
    if group is None:
        return bool(left)
    try:
        os.killpg(group, number)  # type: ignore[attr-defined,unused-ignore]
    except (ProcessLookupError, PermissionError):
        return bool(left)
    return True


def _end(group: int | None = None) -> None:
    """SIGTERM, then SIGKILL, until nothing is left."""
    until = time.monotonic() + GRACE_SECONDS
    _signal(signal.SIGTERM, group)
    while time.monotonic() < until:
        time.sleep(0.1)
        if not _signal(0, group):
            return
    while _signal(signal.SIGKILL, group):  # type: ignore[attr-defined,unused-ignore]
        time.sleep(0.1)


def _exit(code: int) -> NoReturn:
    """Exit as a process did that ended with this code, or by this signal."""
    os._exit(code if code >= 0 else 128 - code)


def _below(above: int) -> NoReturn:
    """The lower guard, which runs the command. `above` is closed when the upper one ends."""

    def in_child() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # type: ignore[attr-defined,unused-ignore]
            signal.signal(number, signal.SIG_DFL)
        _prctl(_PDEATHSIG, signal.SIGKILL)  # type: ignore[attr-defined,unused-ignore]

    try:
        child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, process_group=0, preexec_fn=in_child)
    except OSError as error:
        os.write(2, f"cannot start {sys.argv[1]}: {error.strerror}\n".encode())
        os._exit(127)

    def watch() -> None:
        while above not in (ready := select.select([0, above], [], [])[0]):
            if ready and not os.read(0, 4096):
                break
        _end(child.pid)

    threading.Thread(target=watch, daemon=True).start()
    code = None
    while code is None:
        process, status = os.waitpid(-1, 0)
        if process == child.pid:
            code = os.waitstatus_to_exitcode(status)
    threading.Thread(target=_end, args=(child.pid,), daemon=True).start()
    with contextlib.suppress(ChildProcessError):  # none is left
        while True:
            os.waitpid(-1, 0)
    _exit(code)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # type: ignore[attr-defined,unused-ignore]
        signal.signal(number, signal.SIG_IGN)  # the pipe alone decides
    above, held = os.pipe()
    lower = os.fork()  # type: ignore[attr-defined,unused-ignore]
    _prctl(_SUBREAPER, 1)
    if lower == 0:
        os.close(held)
        _below(above)
    os.close(above)
    _, status = os.waitpid(lower, 0)
    _end()
    _exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
