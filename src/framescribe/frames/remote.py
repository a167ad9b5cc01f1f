"""Knows how a file behind a URL is read in parts, through fsspec; knows nothing of what is in it."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from framescribe.errors import MissingExtra, Unreadable, UserError

BLOCK = 2**20  # bytes fetched at once; blocks that were fetched are kept, the latest 32 of them
TRIES, FIRST_WAIT = 4, 0.5  # seconds, doubled each time
_WHOLE = "Its server does not serve parts of files (range requests): fetch it, and caption it from a folder."

T = TypeVar("T")


def is_remote(path: str) -> bool:
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", path) is not None


class RemoteFile(io.RawIOBase):
    """A file behind a URL (http, https, or what an installed fsspec package knows: s3, gs, az, hf), to read and seek.

    Only the blocks that are read travel. Errors are Unreadable; their texts never hold the URL, which may hold a key.
    """

    def __init__(self, url: str) -> None:
        scheme = url.split("://", 1)[0].lower()
        try:
            import fsspec

            self._file: Any = _tried(lambda: fsspec.open(url, "rb", block_size=BLOCK, cache_type="blockcache").open())
        except ImportError as error:
            raise MissingExtra(f"Reading {scheme}://", "remote") from error
        except ValueError as error:
            raise Unreadable(f"{scheme}:// cannot be read: {scheme} is no known protocol.") from error
        self.size: int | None = getattr(self._file, "size", None)
        if self.size is None or not self._file.seekable():
            raise Unreadable(_WHOLE)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place: int = self._file.seek(offset, whence)
        return place

    def tell(self) -> int:
        place: int = self._file.tell()
        return place

    def read(self, size: int = -1) -> bytes:
        start = self._file.tell()

        def read() -> bytes:
            self._file.seek(start)
            data: bytes = self._file.read(size)
            return data

        try:
            return _tried(read)
        except ValueError as error:
            raise Unreadable(_WHOLE) from error

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _tried(call: Callable[[], T]) -> T:
    last = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(FIRST_WAIT * 2 ** (attempt - 1))
        try:
            return call()
        except (ImportError, ValueError, UserError):
            raise
        except Exception as error:  # every kind of store has errors of its own
            cause = _first_cause(error)
            status = getattr(cause, "status", None)
            if isinstance(cause, FileNotFoundError) or status in (404, 410):
                raise Unreadable("There is no such file at its address.") from None
            if isinstance(cause, PermissionError) or status in (401, 403):
                raise Unreadable("Its server does not permit reading it.") from None
            last = f"HTTP status {status}" if status else type(cause).__name__
    raise Unreadable(f"It could not be fetched in {TRIES} tries ({last}).")


def _first_cause(error: BaseException) -> BaseException:
    """What went wrong at first: fsspec says that there is no such file whatever its server said."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
