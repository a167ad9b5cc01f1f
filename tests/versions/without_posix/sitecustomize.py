"""Shows framescribe's modules a system like Windows, on Linux: POSIX's names are gone, and open files stay in place.

A Python that finds this folder in PYTHONPATH does so by itself, and so do its worker processes. Other packages, and
Python's own library, see the real system: they work on Windows, and are not what is tested. Paths stay POSIX's.
"""

from __future__ import annotations

import asyncio
import builtins
import enum
import errno
import fcntl
import importlib.machinery
import os
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

GONE = {
    "os": """O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC O_TMPFILE P_ALL P_PID WNOHANG chown chroot confstr
        ctermid fchmod fchown fork forkpty fstatvfs getegid geteuid getgid getgroups getloadavg getpgid getpgrp getsid
        getuid killpg lchown lockf memfd_create mkfifo mknod nice openpty pidfd_open posix_fadvise posix_fallocate
        posix_spawn pread preadv pwrite pwritev register_at_fork sched_getaffinity sched_getparam sched_getscheduler
        sched_setaffinity sched_setscheduler sched_yield sendfile setpgid setpgrp setsid splice statvfs sync sysconf
        ttyname uname wait wait3 wait4 waitid""",
    "signal": """SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGKILL SIGPIPE SIGQUIT SIGRTMAX SIGRTMIN SIGSTOP SIGTRAP SIGTSTP
        SIGTTIN SIGTTOU SIGUSR1 SIGUSR2 SIGWINCH SIG_BLOCK SIG_SETMASK SIG_UNBLOCK alarm getitimer pause pthread_kill
        pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo""",
    "select": "epoll poll",
    "socket": "AF_UNIX socketpair",
    "time": "CLOCK_MONOTONIC clock_gettime tzset",
}
NO_MODULES = {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix", "syslog", "readline", "crypt"}


class Signals(enum.IntEnum):
    """The signals of Windows (https://docs.python.org/3/library/signal.html#signal.Signals)."""

    SIGINT, SIGILL, SIGFPE, SIGSEGV, SIGTERM, SIGBREAK, SIGABRT = 2, 4, 8, 11, 15, 21, 22


def _open(path: Any, flags: int, *more: Any, **named: Any) -> int:
    if os.path.isdir(path):
        raise PermissionError(errno.EACCES, "Permission denied", path)  # a folder cannot be opened
    return os.open(path, flags, *more, **named)


class View(ModuleType):
    """A module without some of its names, and with others instead."""

    def __init__(self, real: ModuleType, gone: str, instead: Mapping[str, Any]) -> None:
        super().__init__(real.__name__)
        self.__dict__.update({"_real": real, "_gone": frozenset(gone.split()), **instead})

    def __getattr__(self, name: str) -> Any:
        if name in self._gone:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(self._real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real, name, value)


INSTEAD: dict[str, dict[str, Any]] = {
    "os": {"name": "nt", "open": _open, "O_BINARY": 0},
    "signal": {"Signals": Signals, "SIGBREAK": Signals.SIGBREAK},
    "sys": {"platform": "win32"},
}
_views: dict[str, ModuleType] = {}


def _import(
    name: str,
    its_globals: Mapping[str, Any] | None = None,
    its_locals: Mapping[str, Any] | None = None,
    wanted: Sequence[str] = (),
    level: int = 0,
) -> ModuleType:
    top = name.partition(".")[0]
    if level == 0 and top in NO_MODULES:
        raise ModuleNotFoundError(f"No module named {name!r} on Windows", name=name)
    if level == 0 and top == "msvcrt":
        return _views.setdefault(top, _msvcrt())
    found = builtins.__import__(name, its_globals, its_locals, wanted, level)
    if level == 0 and name in GONE.keys() | INSTEAD.keys():
        if name not in _views:
            _views[name] = View(found, GONE.get(name, ""), INSTEAD.get(name, {}))
        return _views[name]
    return found


def _msvcrt() -> ModuleType:
    """Its locks: on the bytes from the file's position on, exclusive, gone when the file is closed."""

    def locking(descriptor: int, mode: int, count: int) -> None:
        kind = fcntl.F_UNLCK if mode == made.LK_UNLCK else fcntl.F_WRLCK
        at = os.lseek(descriptor, 0, os.SEEK_CUR)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", kind, os.SEEK_SET, at, count, 0))
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    made: Any = ModuleType("msvcrt")
    made.LK_UNLCK, made.LK_LOCK, made.LK_NBLCK, made.locking = 0, 1, 2, locking
    return made


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module of framescribe so that its own imports, and no others, go through `_import`."""

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": _import}
        super().exec_module(module)


class Finder:
    """Finds framescribe's modules where they are."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name.partition(".")[0] != "framescribe":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = Loader(name, spec.origin)
        return spec


def _is_open(path: Any) -> bool:
    real = os.path.realpath(path)
    for entry in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{entry}") == real:
                return True
        except OSError:
            continue
    return False


def _in_place(real: Callable[..., None], *, over: bool) -> Callable[..., None]:
    """As `real`, which moves or removes files, except that an open one stays, and that nothing is moved `over` others
    unless that is asked for."""

    def done(path: Any, *more: Any, **named: Any) -> None:
        for one in (path, *more):
            if isinstance(one, (str, os.PathLike)) and os.path.isfile(one) and _is_open(one):
                raise PermissionError(errno.EACCES, "The process cannot access the file: it is being used", one)
        if more and not over and os.path.exists(more[0]):
            raise FileExistsError(errno.EEXIST, "Cannot create a file when that file already exists", more[0])
        real(path, *more, **named)

    return done


def _no_handler(*_: object) -> None:
    raise NotImplementedError


os.replace = _in_place(os.replace, over=True)
os.rename = _in_place(os.rename, over=False)
os.unlink = _in_place(os.unlink, over=True)
os.remove = _in_place(os.remove, over=True)
asyncio.SelectorEventLoop.add_signal_handler = _no_handler  # type: ignore[method-assign,assignment]
sys.meta_path.insert(0, Finder)  # type: ignore[arg-type]
