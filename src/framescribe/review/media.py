"""Knows how the video of a row is sent, whole or in parts (RFC 9110, section 14), and which file may be sent at all:
one that the row names, that is still the one it was made from, and that is a video. No path comes from a request.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from anyio import CancelScope, to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from framescribe.addresses import in_tar
from framescribe.errors import FramescribeError, Missing, Unreadable, UserError
from framescribe.frames.files import Source, look
from framescribe.records import Row
from framescribe.results.videos import Videos
from framescribe.review.playable import container_of, plays_as
from framescribe.storage.object_store import is_remote

PIECE = 2**18  # bytes read and sent at once
MOST_REMEMBERED = 5000  # fingerprints of files
_RANGE = re.compile(r"bytes=[ \t]*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))[ \t]*", re.ASCII | re.IGNORECASE)

_NOT_A_VIDEO = "It does not begin as a video file does, so it is not sent."
_CHANGED = "The file is another one than the row was made from."


class NotShown(FramescribeError):
    """A file that is not sent, with the HTTP status and the reason, a sentence."""

    def __init__(self, status: int, why: str) -> None:
        self.status = status
        super().__init__(why)


class Seen(NamedTuple):
    """A file that may be sent: what opens it, its type, its size in bytes, and its version, if that is known."""

    path: str
    kind: str
    size: int
    etag: str | None


class Media:
    """The videos of a result's rows, which are in `sources`, or, without any, where the rows say. Thread-safe."""

    def __init__(self, sources: Sequence[str] | None = None) -> None:
        self._videos, self._lock = Videos(sources, lambda line: None), threading.Lock()
        self._prints: OrderedDict[tuple[str, str], str] = OrderedDict()

    def path_of(self, row: Row) -> str:
        """What opens the video of the row. NotShown if the row does not tell."""
        if os.path.isfile(row.video_path):
            return row.video_path  # also in a folder whose name ends in .tar
        try:
            with self._lock:
                return self._videos.of(row).path
        except UserError as error:
            raise NotShown(404, str(error)) from error

    def state(self, row: Row) -> dict[str, Any]:
        """Whether the row's file is there, why it is not shown, and how a browser shows it; null where only a server
        elsewhere knows."""
        try:
            path = self.path_of(row)
            if is_remote(path):
                return {"there": None, "why": None, "plays": None}
            seen = self.see(row)
        except NotShown as error:
            return {"there": error.status != 404, "why": str(error), "plays": "none"}
        return {"there": True, "why": None, "plays": plays_as(seen.kind, row.video.codec if row.video else None)}

    def see(self, row: Row) -> Seen:
        """The row's file, once it was found to be the one that the row was made from. NotShown if it is not."""
        with _told():
            source = look(_plain(self.path_of(row)))
        try:
            return self._seen(row, source)
        finally:
            source.close()

    def open(self, row: Row) -> tuple[Seen, BinaryIO]:
        """As `see`, with the open file. The caller closes it."""
        with _told():
            source = look(_plain(self.path_of(row)))
        try:
            seen = self._seen(row, source)
            return seen, source.stream if source.stream is not None else _opened(source)
        except BaseException:
            source.close()
            raise

    def _seen(self, row: Row, source: Source) -> Seen:
        kind = container_of(source.head)
        if kind is None:
            raise NotShown(403, _NOT_A_VIDEO)
        if row.size is not None and row.size != source.size:
            raise NotShown(409, _CHANGED)
        etag = _version(source)
        known = row.file.get("fingerprint")
        if known is not None and etag is not None:
            found = self._prints.get((source.path, etag))
            if found is None:
                with _told():
                    found = source.fingerprint()
                self._remember(source.path, etag, found)
            if found != known:
                raise NotShown(409, _CHANGED)
        return Seen(source.path, kind, source.size, etag)

    def _remember(self, path: str, etag: str, fingerprint: str) -> None:
        with self._lock:
            self._prints[path, etag] = fingerprint
            if len(self._prints) > MOST_REMEMBERED:
                self._prints.popitem(last=False)


def kept(path: Path, kind: str) -> tuple[Seen, BinaryIO]:
    """A file that we made and keep ourselves, open. NotShown if it was just removed."""
    try:
        file = open(path, "rb", buffering=0)  # noqa: SIM115
    except OSError as error:
        raise NotShown(404, "The picture was just removed: ask again.") from error
    return Seen(str(path), kind, os.fstat(file.fileno()).st_size, f'"{path.stem}"'), cast(BinaryIO, file)


class _told:  # noqa: N801  (used as a statement)
    """What cannot be read becomes NotShown."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, Missing):
            raise NotShown(404, "The file is gone.") from error
        if isinstance(error, Unreadable):
            raise NotShown(403, str(error)) from error


def _plain(path: str) -> str:
    """The path, unless it leads to what the system only pretends to be files. NotShown then."""
    if not is_remote(path):
        try:
            real = os.path.realpath(path)
        except (OSError, ValueError) as error:
            raise NotShown(404, "There is no such file.") from error
        for one in (os.path.abspath(path), real):
            if one.startswith(("/proc/", "/sys/", "/dev/")) and not one.startswith("/dev/shm/"):
                raise NotShown(403, "It is not a regular file.")
    return path


def _opened(source: Source) -> BinaryIO:
    """The local file, if it is still the one that was looked at. NotShown if not."""
    try:
        number = os.open(source.path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise NotShown(404, "The file is gone.") from error
    state = os.fstat(number)
    if not stat.S_ISREG(state.st_mode) or (state.st_size, state.st_mtime_ns) != (source.size, source.modified):
        os.close(number)
        raise NotShown(409, "The file changed just now.")
    return cast(BinaryIO, os.fdopen(number, "rb", buffering=0))


def _version(source: Source) -> str | None:
    """What distinguishes this version of the file from others; None for a URL, which is not asked for it each time."""
    member = in_tar(source.path)
    path = member.tar if member else source.path
    if is_remote(path):
        return None
    try:
        state = os.stat(path)
    except OSError:
        return None
    offset = f"-{member.offset:x}" if member else ""
    return f'"{source.size:x}-{state.st_mtime_ns:x}-{state.st_ctime_ns:x}-{state.st_ino:x}{offset}"'


# ---------------------------------------------------------------------------------- parts of files


class Unsatisfiable(Exception):
    """The range lies beyond the end of the file."""


def wanted(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte that a Range header asks for and the one after the last; None: the whole file, also where the
    header is none that we understand or asks for several parts. Unsatisfiable if it lies beyond the end."""
    found = _RANGE.fullmatch(header.strip()) if header is not None else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if int(suffix) == 0 or size == 0:
            raise Unsatisfiable
        return max(0, size - int(suffix)), size
    start, stop = int(first), int(last) + 1 if last else size
    if stop <= start and last:
        return None  # the last before the first: not a valid header
    if start >= size:
        raise Unsatisfiable
    return start, min(stop, size)


@dataclass(frozen=True)
class _Part:
    start: int
    stop: int


class FileAnswer(StreamingResponse):
    """A part of an open file, which is closed at the end, however that comes."""

    def __init__(self, file: BinaryIO, part: _Part, status: int, headers: Mapping[str, str]) -> None:
        super().__init__((), status, headers, media_type=headers["content-type"])
        self._file, self._part = file, part
        self._slow = "etag" not in headers  # it is fetched from elsewhere: who leaves does not wait for that

    async def stream_response(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            at = self._part.start
            await to_thread.run_sync(self._file.seek, at)
            while at < self._part.stop:
                size = min(PIECE, self._part.stop - at)
                piece = await to_thread.run_sync(self._file.read, size, abandon_on_cancel=self._slow)
                if not piece:
                    raise OSError("the file became shorter while it was sent")
                at += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._file.close)


def answer(request: Request, seen: Seen, file: BinaryIO, *, fresh: int = 0) -> Response:
    """The file or the part of it that is asked for; `file` is closed. `fresh`: seconds that a browser need not ask
    again."""
    headers = {
        "content-type": seen.kind,
        "accept-ranges": "bytes",
        "cache-control": f"private, max-age={fresh}" if fresh else "private, no-cache",
        **({"etag": seen.etag} if seen.etag else {}),
    }
    if seen.etag and seen.etag in [tag.strip() for tag in request.headers.get("if-none-match", "").split(",")]:
        file.close()
        return Response(status_code=304, headers=headers)
    same = request.headers.get("if-range")
    ask = request.headers.get("range") if request.method == "GET" and same in (None, seen.etag) else None
    try:
        part = wanted(ask, seen.size)
    except Unsatisfiable:
        file.close()
        return Response(status_code=416, headers={"content-range": f"bytes */{seen.size}", "accept-ranges": "bytes"})
    start, stop = part or (0, seen.size)
    headers["content-length"] = str(stop - start)
    if part is not None:
        headers["content-range"] = f"bytes {start}-{stop - 1}/{seen.size}"
    if request.method == "HEAD":
        file.close()
        return Response(status_code=200, headers=headers)
    return FileAnswer(file, _Part(start, stop), 206 if part is not None else 200, headers)
