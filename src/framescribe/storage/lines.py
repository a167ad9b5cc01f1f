"""Knows how the bytes of a table are read from the front, here or at a URL, and as which text; not what they mean."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, cast

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.storage.object_store import filesystem, is_remote, read_whole, tried

AT_ONCE = 2**20  # bytes of a table at a URL that are fetched at once
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONE_BYTE = re.compile("[\udc80-\udcff]")


class Read(NamedTuple):
    """One row of a table as it was read.

    `at` says where ("line 3"). `fault`, if it is no proper row, says that and why; the record then holds what could be
    read of it. `text` is the line itself, if nothing could be.
    """

    record: dict[str, Any]
    at: str
    fault: str | None = None
    text: str = ""


def open_bytes(path: str) -> BinaryIO:
    """The bytes of a table on this machine or at a URL, from which only as much is fetched as is read. Raises OSError,
    StoreError."""
    if not is_remote(path):
        return open(path, "rb")
    try:
        fs = filesystem(path)
    except (ValueError, TypeError):  # TypeError: a protocol that is no store of files
        scheme = path.split("://")[0]
        raise UserError(f"{without_keys(path)}: {scheme} is not a known protocol") from None
    file = tried(path, lambda: fs.open(path, "rb", block_size=AT_ONCE, cache_type="none"))
    size = getattr(file, "size", None)
    if isinstance(size, int) and file.seekable():
        return cast(BinaryIO, io.BufferedReader(_Fetched(path, file, size)))
    file.close()  # its server sends no parts: what of it was lost could not be asked for again
    return io.BytesIO(read_whole(path))


class _Fetched(io.RawIOBase):
    """A file at a URL. It is fetched in large pieces, however small those are that are read."""

    def __init__(self, url: str, file: Any, size: int) -> None:
        self._url, self._file, self._size, self._at = url, file, size, 0
        self._begin, self._piece = 0, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        def fetch() -> bytes:
            self._file.seek(self._at)
            data: bytes = self._file.read(max(AT_ONCE, len(buffer)))
            if not data and self._at < self._size:
                raise EOFError  # the connection ended early, and the package did not notice
            return data

        if not self._begin <= self._at < self._begin + len(self._piece):
            self._begin, self._piece = self._at, b""
            try:
                self._piece = tried(self._url, fetch) if self._at < self._size else b""
            except ValueError:  # a web server that sends only whole files
                self._begin, self._piece = 0, read_whole(self._url)
        first = min(self._at - self._begin, len(self._piece))
        count = min(len(buffer), len(self._piece) - first)
        buffer[:count] = memoryview(self._piece)[first : first + count]
        self._at += count
        return count

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def text_lines(path: str) -> Iterator[str]:
    """The lines of a text, each with its end (LF, CR LF or CR). Bytes that are not UTF-8 become lone surrogates, as in
    file names (PEP 383); `lone_bytes` finds them. Raises UserError, OSError, StoreError."""
    with open_bytes(path) as file:
        if isinstance(file, io.BufferedReader):
            head = file.peek(32)[:32]  # a pipe cannot be sought
        else:
            head = file.read(32)
            file.seek(0)
        encoding, skipped = _encoding(head)
        file.read(skipped)
        with io.TextIOWrapper(file, encoding, "surrogateescape" if encoding == "utf-8" else "strict", "") as text:
            number = 0
            try:
                for line in text:
                    number += 1
                    yield line
            except UnicodeDecodeError:
                named = encoding.upper()
                raise UserError(
                    f"{path}, line {number + 1}: this is not {named}, as the file's start promises; save it as UTF-8"
                ) from None


def _encoding(head: bytes) -> tuple[str, int]:
    """How a text that begins so is encoded, and how many bytes to skip before it."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding, len(mark) if encoding == "utf-8" else 0
    even, odd = head[0::2].count(0), head[1::2].count(0)  # of Latin letters in UTF-16 every second byte is 0
    if 3 * max(even, odd) >= len(head) > 3 and not (even and odd):
        return ("utf-16-be" if even else "utf-16-le"), 0
    return "utf-8", 0


def lone_bytes(text: str) -> bool:
    """Whether the text holds bytes that were not UTF-8."""
    return not text.isascii() and _LONE_BYTE.search(text) is not None
