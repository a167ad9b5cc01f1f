"""Knows which files of a folder any program opens meanwhile: the kernel tells it (inotify). Knows no video."""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

AVAILABLE = sys.platform.startswith("linux")
_OPEN = 0x20  # IN_OPEN, sys/inotify.h
_EVENT = struct.Struct("iIII")


@contextmanager
def opened_in(folder: Path) -> Iterator[list[str]]:
    """The names of the files that were opened in `folder` within the block, in the list, once the block ended."""
    libc = ctypes.CDLL(None, use_errno=True)
    watch, names = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), list[str]()
    try:
        if watch < 0 or libc.inotify_add_watch(watch, os.fsencode(folder), _OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")
        yield names
        with suppress(BlockingIOError):
            while data := os.read(watch, 65536):
                while data:
                    *_, length = _EVENT.unpack_from(data)
                    name = data[_EVENT.size : _EVENT.size + length].rstrip(b"\0")
                    names += [os.fsdecode(name)] if name else []
                    data = data[_EVENT.size + length :]
    finally:
        os.close(watch)
