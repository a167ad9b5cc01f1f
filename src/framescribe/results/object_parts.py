"""Knows how lines are kept in an object store, where nothing can be appended to; not what a line means.

A process appends flushed lines to a spool on this machine, as `parts` does. The spool becomes a new object every so
many rows or seconds; no object is ever rewritten.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, NamedTuple

from framescribe.errors import RunError, UserError
from framescribe.plain_json import dumps
from framescribe.results.parts import (
    RECIPE_FILE,
    WAIT_SECONDS,
    Location,
    News,
    hold,
    part_name,
    record_of,
    write_line,
)
from framescribe.storage.locks import alone, lock
from framescribe.storage.object_store import StoreError, listed, read_all, read_whole, upload, write_whole
from framescribe.storage.whole_file import sweep, temporary_name

ROWS_AN_OBJECT, SECONDS_AN_OBJECT = 1000, 30.0  # whichever comes first
LOOK_SECONDS = 10.0  # between two listings of the parts

_log = logging.getLogger("framescribe")


class ObjectParts:
    """Parts in an object store, with this machine's spool; all of them are read through an unnamed local copy.

    A line is on this machine's disk when `append` returns and in the store `SECONDS_AN_OBJECT` later, or with `close`.
    Whatever a dead process left in its spool counts when lines are read on this machine, and is uploaded by the next
    `begin` or `close` here.

    Locks hold off processes of this machine only. What `append_last` keeps is uploaded at once, in a part of its own,
    so of what people on several machines say the clocks tell what came last; but whoever says something from another
    machine within the seconds in which a run here finishes may find it taken in only by the next run.
    """

    def __init__(self, url: str) -> None:
        self._copy: IO[bytes] | None = None
        self.place = url
        self.spool = _spool(url)
        self._end = 0  # of the copy
        self._reading = threading.Lock()  # of the copy, in several threads
        self._seen: dict[str, int] = {}  # bytes taken of each part
        self._own: set[str] = set()
        self._looked = -LOOK_SECONDS
        self._held: IO[str] | None = None
        # What follows is shared with the thread that uploads.
        self._changed = threading.Condition()
        self._part: _Part | None = None
        self._rows, self._since = 0, 0.0
        self._full: list[_Part] = []  # parts of the spool that take no more lines
        self._uploading = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False

    def begin(self, record: Mapping[str, Any], launch: str, output: Location) -> None:
        try:
            self.spool.mkdir(parents=True, exist_ok=True)
            self._held = hold(self.spool, launch, output)
            self.keep_note(RECIPE_FILE, record)
            self._upload_what_was_left()
        except OSError as error:
            self._let_go()
            why = f"{self.spool}, where rows wait for their upload, cannot be written: {error.strerror or error}"
            raise UserError(f"{why}. Name another folder with XDG_STATE_HOME.") from error
        except StoreError as error:
            self._let_go()
            raise UserError(f"{self.place} cannot be written: {error}. Choose another -o.") from error

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def noted(self) -> dict[str, Any]:
        return self.note(RECIPE_FILE)

    def note(self, name: str) -> dict[str, Any]:
        with suppress(StoreError):
            return record_of(read_whole(f"{self.place}/{name}"))
        return {}

    def keep_note(self, name: str, record: Mapping[str, Any]) -> None:
        text = dumps(record, indent=2)
        write_whole(f"{self.place}/{name}", text.encode(errors="backslashreplace"))

    def append(self, line: bytes) -> tuple[str, int]:
        try:
            with self._changed:
                if self._part is None:
                    self._part = self._new_part()
                    self._rows, self._since = 0, time.monotonic()
                write_line(self._part.file, line)
                self._rows += 1
                self._changed.notify()
                if self._thread is None:
                    self._closing = False
                    self._thread = threading.Thread(target=self._upload_now_and_then, name="parts", daemon=True)
                    self._thread.start()
                name = self._part.path.name
            return name, self._take(line)
        except OSError as error:
            raise RunError(f"rows cannot be written to {self.spool}: {error.strerror or error}") from error

    def append_last(self, lines: Iterable[bytes]) -> Iterator[str]:
        self._upload_if_it_can()
        try:
            for name in self._listed():
                self._seen.setdefault(name, 0)  # so that the next part sorts after it
        except StoreError as error:
            raise RunError(f"{self.place} cannot be read: {error}") from error
        for line in lines:
            self.append(line)
            yield max(self._own)
        self._upload_if_it_can()

    def end(self) -> str:
        self.seal()
        return self.newest() or ""  # whatever others keep with `append_last` is in a new part anyway

    def alone(self, name: str, seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        self.spool.mkdir(parents=True, exist_ok=True)
        return alone(self.spool / name, seconds)

    def keep(self, lines: Iterable[bytes]) -> None:
        part = self._new_part(lines)
        try:
            upload(str(part.path), f"{self.place}/{part.path.name}")
            part.path.unlink()
        finally:
            part.file.close()
            self._own.discard(part.path.name)
            self._looked = -LOOK_SECONDS  # it is read like any other part

    def news(self) -> Iterator[News]:
        if time.monotonic() - self._looked < LOOK_SECONDS:
            return
        here = self._in_spool()  # before the store is listed: what is uploaded in between is found there
        there = self._listed()
        wanted = sorted(name for name in there.keys() - self._own if there[name] > self._seen.get(name, 0))
        for name, content in read_all(self.place, wanted):
            yield from self._new_lines(name, content)
            self._seen[name] = len(content)  # a torn end of an object stays torn
        for name in sorted(here - there.keys() - self._own):
            yield from self._new_lines(name, self._content(name))
        self._looked = time.monotonic()

    def lines_of(self, news: Iterable[News]) -> Iterator[tuple[str, str, int, bytes]]:
        for name, _, line in news:
            yield name, name, self._take(line), line  # one text for all lines of a part

    def names(self) -> Iterator[str]:
        yield from {*self._seen, *self._own, *self._in_spool()}

    def newest(self) -> str | None:
        return max(self._in_spool() | self._listed().keys(), default=None)

    def all_lines(self) -> Iterator[tuple[str, bytes]]:
        for name in sorted(self._in_spool() | self._listed().keys()):
            yield from ((name, line) for line in io.BytesIO(self._content(name)) if line.endswith(b"\n"))

    def read(self, part: str, offset: int) -> bytes:
        assert self._copy is not None
        with self._reading:
            self._copy.seek(offset)
            return self._copy.readline()

    def seal(self) -> None:
        try:
            self._upload_own()
        except (StoreError, OSError) as error:
            raise RunError(f"rows cannot be uploaded to {self.place}: {error}") from error

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        try:
            self._upload_own()
            self._upload_what_was_left()
        except (StoreError, OSError) as error:
            raise RunError(
                f"rows cannot be uploaded to {self.place}: {error}. They wait in {self.spool} on this machine; the "
                "same command uploads them."
            ) from error
        finally:
            self._looked = -LOOK_SECONDS  # whoever closes wants to see what others have written
            self._let_go()

    def __del__(self) -> None:
        if self._copy is not None:
            self._copy.close()

    # --- the copy that is read ---

    def _take(self, line: bytes) -> int:
        with self._reading:
            if self._copy is None:
                self._copy = tempfile.TemporaryFile(prefix="framescribe-")  # noqa: SIM115
            self._copy.seek(self._end)
            self._copy.write(line)
            start, self._end = self._end, self._end + len(line)
            return start

    def _new_lines(self, name: str, content: bytes) -> Iterator[News]:
        """Its whole lines that were not returned before."""
        start = self._seen.get(name, 0)
        for line in io.BytesIO(content[start : content.rfind(b"\n") + 1]):
            self._seen[name] = self._seen.get(name, 0) + len(line)
            yield name, 0, line

    def _content(self, name: str) -> bytes:
        """What a part holds, in the spool or in the store."""
        try:
            return (self.spool / name).read_bytes()
        except FileNotFoundError:  # it is uploaded before it is removed
            return read_whole(f"{self.place}/{name}")

    def _in_spool(self) -> set[str]:
        return {path.name for path in self.spool.glob("*.jsonl")}

    def _listed(self) -> dict[str, int]:
        """The parts in the store, with their sizes."""
        try:
            return {name: size or 0 for name, size, _ in listed(self.place, 1) if name.endswith(".jsonl")}
        except StoreError as error:
            if error.kind == "missing":  # some stores report a folder without files as missing
                return {}
            raise

    # --- the spool ---

    def _new_part(self, lines: Iterable[bytes] = ()) -> _Part:
        """A part with these lines. It is locked before it gets its name, and until it is uploaded: one that is not
        locked was abandoned."""
        self.spool.mkdir(parents=True, exist_ok=True)
        path = self.spool / part_name(self.names())
        temporary = temporary_name(str(self.spool))
        self._own.add(path.name)
        file = open(temporary, "xb", buffering=0)  # noqa: SIM115 - what a full disk refused is not retried
        try:
            lock(file)
            for line in lines:
                write_line(file, line)
            os.rename(temporary, path)
        except BaseException:
            file.close()
            with suppress(OSError):
                os.unlink(temporary)
            raise
        return _Part(path, file)

    def _upload_now_and_then(self) -> None:
        while True:
            with self._changed:
                while not self._closing and (
                    self._part is None
                    or (self._rows < ROWS_AN_OBJECT and time.monotonic() - self._since < SECONDS_AN_OBJECT)
                ):
                    left = None if self._part is None else self._since + SECONDS_AN_OBJECT - time.monotonic()
                    self._changed.wait(left if left is None else max(0.0, left))
                if self._closing:
                    return
            self._upload_if_it_can()

    def _upload_if_it_can(self) -> None:
        try:
            self._upload_own()
        except (StoreError, OSError) as error:
            _log.warning("rows wait on this machine, since %s accepts none: %s", self.place, error)

    def _upload_own(self) -> None:
        with self._uploading:
            with self._changed:
                if self._part is not None:
                    self._full.append(self._part)
                    self._part = None
            while self._full:
                part = self._full[0]
                upload(str(part.path), f"{self.place}/{part.path.name}")
                part.path.unlink(missing_ok=True)
                part.file.close()
                self._full.pop(0)

    def _upload_what_was_left(self) -> None:
        """Upload those parts of the spool whose process is gone."""
        sweep(str(self.spool))
        left = sorted(self.spool.glob("*.jsonl"))
        there = self._listed() if left else {}
        for path in left:
            with suppress(FileNotFoundError), path.open("rb+") as part:
                if lock(part):
                    # One that was uploaded but not removed is identical: an existing object is not rewritten.
                    if there.get(path.name) != path.stat().st_size:
                        upload(str(path), f"{self.place}/{path.name}")
                    path.unlink()


class _Part(NamedTuple):
    """A part in the spool, held open and locked."""

    path: Path
    file: FileIO


def _spool(url: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    name = re.sub(r"\W+", "-", url.rpartition("/")[2]).strip("-")
    return Path(state, "framescribe", "spool", f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:16]}")
