"""Knows where a file's bytes lie, what identifies them, and whether some are missing; decodes nothing."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from stat import S_ISDIR, S_ISREG
from typing import Any, BinaryIO, cast

from framescribe.addresses import Member, in_tar
from framescribe.errors import Missing, Unreadable
from framescribe.frames.formats import refusal
from framescribe.frames.remote import RemoteFile
from framescribe.storage.object_store import is_remote

SPAN = 65536  # bytes of each of the three parts that a fingerprint is made from
CHANGED = "It changed while it was read."
UNWRITTEN = 0xFFFFFFFF  # an AVI's length before it is known, which stays where it is written to a pipe
_FRAGMENTS = (b"moof", b"sidx", b"styp")
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


class Window(io.RawIOBase):
    """A part of an open file as a file of its own, to read and seek: a video in a tar. Closing it closes the file."""

    def __init__(self, file: BinaryIO, member: Member) -> None:
        self._file, self._offset, self._size, self._position = file, member.offset, member.size, 0
        self.name = member.name  # FFmpeg tells similar formats apart by its ending

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._position)
        self._file.seek(self._offset + self._position)
        data = self._file.read(left if size is None or size < 0 else min(size, left))
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is there: `path` on this machine, or the open `stream` of a URL or of a video in a tar.

    `size` is in bytes, `head` is how it begins, and `modified` is when a file on this machine was last changed, in
    nanoseconds since 1970.
    """

    path: str
    size: int
    stream: BinaryIO | None = None
    head: bytes = b""
    modified: int | None = None

    @property
    def is_mp4(self) -> bool:
        """Whether it begins as mp4 and mov files do."""
        return self.head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Its bytes, from the beginning; a stream stays open, and where it was.

        Raises Unreadable where it cannot be opened, or read within the block.
        """
        try:
            if self.stream is None:
                with open(self.path, "rb") as file:
                    yield file
            else:
                position = self.stream.tell()
                self.stream.seek(0)
                try:
                    yield self.stream
                finally:
                    self.stream.seek(position)
        except PermissionError as error:
            raise Unreadable("You do not have permission to read the file.") from error
        except OSError as error:
            raise Unreadable(f"The file cannot be read: {error.strerror or error}.") from error

    def content(self) -> str:
        """The SHA-256 of all its bytes, as "sha256:" and 64 hexadecimal digits. Raises Unreadable."""
        found = hashlib.sha256()
        with self.open() as file:
            while piece := file.read(2**20):
                found.update(piece)
        return f"sha256:{found.hexdigest()}"

    def fingerprint(self) -> str:
        """As `fingerprint_of`. Raises Unreadable, also where it changed since it was looked at."""
        found = hashlib.blake2b(self.size.to_bytes(8, "little"), digest_size=16)
        middle, end = (self.size - SPAN) // 2, self.size - SPAN
        parts = ((0, SPAN), (middle, SPAN), (end, SPAN)) if self.size > 3 * SPAN else ((0, self.size),)
        with self.open() as file:
            for start, left in parts:
                file.seek(start)
                while left:
                    piece = file.read(left)
                    if not piece:
                        raise Unreadable(CHANGED)
                    found.update(piece)
                    left -= len(piece)
            if self.modified is not None:
                state = os.fstat(file.fileno())
                if (state.st_size, state.st_mtime_ns) != (self.size, self.modified):
                    raise Unreadable(CHANGED)
        return f"quick:{found.hexdigest()}"

    def close(self) -> None:
        """Give back what is open, and what was kept of a remote file."""
        if self.stream is not None:
            self.stream.close()


def look(path: str) -> Source:
    """The file at `path`: on this machine, at a URL, or in a tar at either (`records.in_tar`). The caller closes it.

    Raises Unreadable where it cannot be read or is plainly not a video.
    """
    source = _found(path)
    try:
        if not source.size:
            raise Unreadable("The file is empty (0 bytes).")
        with source.open() as file:
            head = file.read(4096)
        if why := refusal(head):
            raise Unreadable(why)
        return replace(source, head=head)
    except Unreadable:
        source.close()
        raise


def _found(path: str) -> Source:
    member = in_tar(path)
    if member is not None:
        whole = _found(member.tar)
        if member.offset + member.size > whole.size:
            whole.close()
            raise Unreadable("Its tar is shorter than it was when it was listed.")
        try:
            file = whole.stream or cast(BinaryIO, open(member.tar, "rb", buffering=0))  # noqa: SIM115
        except OSError as error:
            raise Unreadable(f"Its tar cannot be read: {error.strerror or error}.") from error
        return Source(path, member.size, cast(BinaryIO, Window(file, member)))
    if is_remote(path):
        remote = RemoteFile(path)
        return Source(path, remote.size, cast(BinaryIO, remote))
    state = _state(path)
    return Source(path, state.st_size, modified=state.st_mtime_ns)


def content_of(path: str) -> str:
    """The SHA-256 of all bytes of the file at `path`, as "sha256:" and 64 hexadecimal digits. Raises as `look`."""
    source = _found(path)
    try:
        return source.content()
    finally:
        source.close()


def fingerprint_of(path: str) -> str:
    """A fingerprint of the file at `path` that is quick to take, since only parts of the file are read.

    It is "quick:" and 32 hexadecimal digits: BLAKE2b, with a digest of 16 bytes, of the file's size as 8 bytes, the
    lowest first, followed by
    - the whole content, where the size is at most 3 * 65536 bytes;
    - otherwise the first 65536 bytes, the 65536 bytes from (size - 65536) // 2 on, and the last 65536 bytes.
    Results keep fingerprints for years, so this must never change.

    Of a video in a tar the video's own bytes count, not the tar's. A file whose size stays the same and whose bytes
    change only between these parts keeps its fingerprint; `content_of` tells it apart. Raises as `content_of`.
    """
    source = _found(path)
    try:
        return source.fingerprint()
    finally:
        source.close()


def _state(path: str) -> os.stat_result:
    try:
        state = os.stat(path)
    except FileNotFoundError as error:
        raise Missing("There is no such file.") from error
    except PermissionError as error:
        raise Unreadable("You do not have permission to read the file.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Unreadable(f"The file cannot be read: {error}.") from error
    if S_ISDIR(state.st_mode):
        raise Unreadable("It is a folder, not a file.")
    if not S_ISREG(state.st_mode):  # opening a pipe would wait for its other end
        raise Unreadable("It is not a regular file.")
    return state


def lacks_moov(source: Source) -> bool:
    """Whether it is an mp4 or mov file without its index (moov atom), which is often at the end."""
    with source.open() as file:
        return source.is_mp4 and not _has_moov(file)


def lacks_tail(source: Source) -> bool:
    """Whether it is an AVI, Matroska or WebM file that ends before the list of its frames does."""
    with source.open() as file:
        head = file.read(4096)
        if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
            return _movi_end(file) > source.size + 1  # the last byte may be padding that was never written
    if head[:4] == _EBML and (start := head.find(_SEGMENT)) >= 0:
        length, width = _ebml_size(head[start + 4 :])
        return length is not None and start + 4 + width + length > source.size
    return False


def _movi_end(file: BinaryIO) -> int:
    """Where the first list of frames of an AVI file ends according to its header; 0 where it does not say."""
    position = 12
    while file.seek(position) and len(head := file.read(12)) == 12:
        length = int.from_bytes(head[4:8], "little")
        if head[:4] == b"LIST" and head[8:] == b"movi":
            return 0 if length == UNWRITTEN else position + 8 + length
        position += 8 + length + length % 2
    return 0


def _ebml_size(data: bytes) -> tuple[int | None, int]:
    """A length as EBML encodes it (RFC 8794, section 4), None where it is left open, and how many bytes that takes."""
    if not data or not data[0]:
        return None, 1
    width = 9 - data[0].bit_length()
    value = int.from_bytes(data[:width], "big") & (1 << 7 * width) - 1
    return (None if value == (1 << 7 * width) - 1 or len(data) < width else value), width


def is_followed(source: Source) -> bool:
    """Whether an mp4 or mov file is followed by another one, which no player reads; False where it is in fragments."""
    if not source.is_mp4:
        return False
    with source.open() as file:
        kinds = [kind for kind, _ in takewhile(lambda box: box[0] not in _FRAGMENTS, _boxes(file))]
    return kinds.count(b"moov") > 1


def _has_moov(file: BinaryIO) -> bool:
    """Whether the top-level boxes of an mp4 or mov file include its complete index."""
    return any(kind == b"moov" and whole for kind, whole in _boxes(file))


def _boxes(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """The kind of each top-level box of an mp4 or mov file, and whether all of it is there."""
    end, position = file.seek(0, os.SEEK_END), 0
    while position < end:
        file.seek(position)
        head = file.read(16)
        size = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4], "big") or end - position
        yield head[4:8], position + size <= end
        if size < 8:
            return
        position += size
