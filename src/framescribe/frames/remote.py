"""Knows how a file behind a URL is read in parts, none of them twice; knows nothing of what is in it."""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

from framescribe.addresses import without_keys
from framescribe.errors import Missing, MissingExtra, Unreadable
from framescribe.storage.object_store import StoreError, filesystem, tried

BLOCK = 2**20  # bytes fetched at once, at first
STEADY, MOST_BLOCKS = 4, 16  # after so many consecutive blocks each fetch takes twice as many as the last, up to 16
KEPT_BYTES = 4 * 2**30  # of one file that is being decoded, on this machine's disk
KEPT_IN_MEMORY = 32 * 2**20  # of one file, where the disk is full
_WHOLE = "Its server does not serve parts of files (range requests): download it and caption it from a folder."


class RemoteFile(io.RawIOBase):
    """A file behind a URL (http, https, or what an installed fsspec package knows: s3, gs, az, hf), to read and seek.

    Only the blocks that are read are fetched, each of them once: they are kept in a temporary file without a name,
    which disappears with this process, however it ends. Beyond `KEPT_BYTES` the oldest make room. Raises Unreadable,
    whose messages never contain the URL, since that may contain a key.
    """

    def __init__(self, url: str, block: int = 0) -> None:
        self._url, self._block, self._position = url, block or BLOCK, 0
        try:
            fs = filesystem(url)
            self._file: Any = tried(url, lambda: fs.open(url, "rb", block_size=self._block, cache_type="none"))
        except StoreError as error:
            raise _unreadable(error) from None
        except MissingExtra as error:
            raise Unreadable(str(error)) from None
        except (ValueError, TypeError) as error:
            scheme = url.split("://", 1)[0].lower()
            raise Unreadable(f"{scheme}:// cannot be read: {scheme} is not a known protocol.") from error
        size = getattr(self._file, "size", None)
        if size is None or not self._file.seekable():
            raise Unreadable(_WHOLE)
        self.size: int = size
        self.name = without_keys(url).rsplit("/", 1)[-1]  # FFmpeg tells similar formats apart by its ending
        self._kept: IO[bytes] | None = None
        self._room = max(1, KEPT_BYTES // self._block)
        # The slot of each kept block in that file, and the block in each slot; slots are used again in turn.
        self._slots: dict[int, int] = {}
        self._owners: list[int] = []
        self._next = 0
        self._row = self._row_end = 0  # how many consecutive blocks were fetched, and where they end

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence])
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        end = self.size if size is None or size < 0 else min(self.size, self._position + size)
        pieces = []
        while self._position < end:
            number, skip = divmod(self._position, self._block)
            piece = self._bytes_of(number)[skip : skip + end - self._position]
            pieces.append(piece)
            self._position += len(piece)
        return b"".join(pieces)

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()
        super().close()

    def _bytes_of(self, number: int) -> bytes:
        slot = self._slots.get(number)
        if slot is not None and self._kept is not None:
            self._kept.seek(slot * self._block)
            return self._kept.read(min(self._block, self.size - number * self._block))
        self._row = self._row + 1 if number == self._row_end else 0
        many = min(2 ** max(0, self._row - STEADY), MOST_BLOCKS)
        while many > 1 and any(number + ahead in self._slots for ahead in range(1, many)):
            many //= 2
        start = number * self._block
        data = self._fetched(start, min(self.size, start + many * self._block))
        self._row_end = number + many
        for ahead in range(many):
            if piece := data[ahead * self._block : (ahead + 1) * self._block]:
                self._keep(number + ahead, piece)
        return data[: self._block]

    def _fetched(self, start: int, end: int) -> bytes:
        def fetch() -> bytes:
            self._file.seek(start)
            data: bytes = self._file.read(end - start)
            if len(data) != end - start:
                raise EOFError  # the connection ended early, and the package did not notice
            return data

        try:
            return tried(self._url, fetch)
        except StoreError as error:
            raise _unreadable(error) from None
        except ValueError as error:
            raise Unreadable(_WHOLE) from error

    def _keep(self, number: int, data: bytes) -> None:
        try:
            if self._kept is None:
                self._kept = tempfile.TemporaryFile(prefix="framescribe-", buffering=0)  # noqa: SIM115
            self._write(number, data)
        except OSError:  # the disk is full, or may not be written
            if self._kept is not None:
                self._kept.close()
            self._kept, self._room = io.BytesIO(), max(1, KEPT_IN_MEMORY // self._block)
            self._slots, self._owners, self._next = {}, [], 0
            self._write(number, data)

    def _write(self, number: int, data: bytes) -> None:
        assert self._kept is not None
        slot = self._next % self._room
        if slot < len(self._owners):
            del self._slots[self._owners[slot]]
            self._owners[slot] = number
        else:
            self._owners.append(number)
        self._slots[number] = slot  # before the write: where that fails, all blocks are forgotten
        self._kept.seek(slot * self._block)
        if self._kept.write(data) != len(data):
            raise OSError("the disk is full")
        self._next += 1


def _unreadable(error: StoreError) -> Unreadable:
    if error.kind == "missing":
        return Missing("There is no such file at this address.")
    return Unreadable(
        {
            "denied": "Its server does not permit reading it.",
            "changed": "It changed while it was read.",
        }.get(error.kind, f"It could not be fetched: {error}.")
    )
