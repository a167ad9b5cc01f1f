"""Knows how a file is written whole or not at all, and how a killed writer's leftovers go; not what is in it."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import sys
import time
from collections.abc import Iterator

from framescribe.errors import UserError
from framescribe.storage.locks import lock

JUST_BEGUN_SECONDS = 60.0  # a temporary file this young may not be locked yet
TRIES, AGAIN_SECONDS = 10, 0.1


@contextlib.contextmanager
def whole_file(path: str) -> Iterator[str]:
    """A temporary name beside `path`; it becomes `path` only once everything is written and on the disk."""
    folder, target = _checked(path)
    sweep(folder)
    temporary = temporary_name(folder)
    try:
        held = open(temporary, "xb")  # noqa: SIM115
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise UserError(f"{path} cannot be written ({folder}: {error.strerror}); choose another place") from None
    try:
        with held:
            lock(held)  # for as long as it is being written
            yield temporary
            with open(temporary, "r+b") as file:
                os.fsync(file.fileno())
            os.utime(temporary)  # so that it counts as just begun until it has its name
        _rename(temporary, target)  # once it is closed: Windows moves no open file
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    with contextlib.suppress(OSError):  # put the new name on the disk too, where folders can be synced
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _rename(temporary: str, target: str) -> None:
    """Give the file its name. On Windows a virus scanner or an indexer may hold a new file open for a moment."""
    for _ in range(TRIES if sys.platform == "win32" else 0):
        try:
            return os.replace(temporary, target)
        except PermissionError:
            time.sleep(AGAIN_SECONDS)
    os.replace(temporary, target)


def refuse_unwritable(path: str) -> None:
    """UserError if a file can certainly not be written there."""
    folder, _ = _checked(path)
    if not os.path.isdir(folder):
        raise UserError(f"{path} cannot be written: there is no folder {folder}; choose another place")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(f"{path} cannot be written: the folder {folder} is read-only; choose another place")


def _checked(path: str) -> tuple[str, str]:
    """The folder and the file that a path leads to. UserError if it is a folder, or a link to itself."""
    target = os.path.realpath(path)  # a link stays a link; what it points to is replaced
    if os.path.isdir(target):
        raise UserError(f"{path} is a folder; name a file")
    if os.path.islink(target):
        raise UserError(f"{path} is a link that leads back to itself; choose another place")
    return os.path.dirname(target), target


def temporary_name(folder: str) -> str:
    """A name for a new file there that `sweep` removes, unless somebody holds it."""
    return os.path.join(folder, f".framescribe-{secrets.token_hex(8)}.tmp")


def sweep(folder: str) -> None:
    """Remove what killed writers left in a folder: temporary files that nobody holds any more."""
    for path in glob.glob(os.path.join(glob.escape(folder), ".framescribe-*.tmp")):
        with contextlib.suppress(OSError):
            if _is_old(path):
                with open(path, "r+b") as file:
                    left = lock(file)
                if left and _is_old(path):  # whoever let it go has just made it young
                    os.unlink(path)


def _is_old(path: str) -> bool:
    return time.time() - os.path.getmtime(path) > JUST_BEGUN_SECONDS
