"""Knows how lines are kept in parts on a disk so that none is lost, and who may write; not what a line means.

Each writing process opens a part of its own and appends a flushed line per row; nothing is ever rewritten. A line
without its newline is torn, or still being written: it is left alone. Parts in an object store: `object_parts`.
"""

from __future__ import annotations

import calendar
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, Protocol

from framescribe.errors import RunError, UserError
from framescribe.plain_json import dumps
from framescribe.results.folder import Folder
from framescribe.storage.locks import alone, take
from framescribe.storage.whole_file import refuse_unwritable, whole_file

_log = logging.getLogger("framescribe")

ROW_KIND = "row"  # of a line; a line of another kind is no row
LOCK_FILE, WRITING_SECONDS = ".held", 5.0
EDITS_LOCK, FINISHING_LOCK, WAIT_SECONDS = ".edits", ".finishing", 300.0
OPEN_PARTS = 64
RECIPE_FILE, FINISHED_FILE = "recipe.json", "finished.json"
_STAMP = "%Y%m%dT%H%M%S"

Location = Path | str  # on this machine, or a URL
News = tuple[Any, int, bytes]  # a line, and where a kind of parts found it


class HeldError(UserError):
    """Another launch is writing."""


class Parts(Protocol):
    """The parts of one result. A line's place is the part that holds it and the byte at which it begins."""

    @property
    def place(self) -> Location:
        """Where they are, as shown to people."""

    def begin(self, record: Mapping[str, Any], launch: str, output: Location) -> None:
        """Get ready to write, and keep `record`. UserError if that fails, HeldError if another launch is."""

    def noted(self) -> dict[str, Any]:
        """What `begin` kept last, or nothing."""

    def append(self, line: bytes) -> tuple[Location, int]:
        """Keep a line for good before returning its place. RunError if that fails."""

    def append_last(self, lines: Iterable[bytes]) -> Iterator[str]:
        """Keep each line for good before returning its part's name: one that sorts after all others that hold such
        lines. The caller holds `alone(EDITS_LOCK)`. RunError if that fails."""

    def end(self) -> str:
        """End the last part, and return its name: what `append_last` keeps from now on, in any process, goes into
        parts that sort after it. The caller holds `alone(EDITS_LOCK)`. "" if there are none."""

    def alone(self, name: str, seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        """Hold off all other processes that ask for the lock of this name. TimeoutError after so many seconds."""

    def keep(self, lines: Iterable[bytes]) -> None:
        """Write these lines as a separate part, whole or not at all."""

    def news(self) -> Iterator[News]:
        """Whole lines not returned before, of all parts but this process's own. May be read in another thread."""

    def lines_of(self, news: Iterable[News]) -> Iterator[tuple[str, Location, int, bytes]]:
        """These lines with the names of their parts and their places, from which `read` reads them from now on."""

    def names(self) -> Iterator[str]:
        """The parts' names."""

    def newest(self) -> str | None:
        """The name of the last part that there is now, None if there is none."""

    def all_lines(self) -> Iterator[tuple[str, bytes]]:
        """Whole lines of all parts, with their parts' names, ordered by these."""

    def note(self, name: str) -> dict[str, Any]:
        """What `keep_note` kept under this name, or nothing."""

    def keep_note(self, name: str, record: Mapping[str, Any]) -> None:
        """Keep a small JSON object beside the parts."""

    def read(self, part: Any, offset: int) -> bytes:
        """The line at its place."""

    def seal(self) -> None:
        """Begin a new part with what is appended next. RunError where that fails."""

    def close(self) -> None:
        """Bring everything appended to where it belongs; may be called twice. RunError if that fails."""


class LocalParts:
    """Parts in a folder on a disk, which several processes and machines may share."""

    def __init__(self, folder: Path) -> None:
        self.place = folder
        self._part: FileIO | None = None
        self._part_path: Path | None = None
        self._held: IO[str] | None = None
        self._opened: dict[Path, IO[bytes]] = {}
        self._reading = threading.Lock()  # in several threads
        self._seen: dict[Path, int] = {}  # bytes read of each part

    def begin(self, record: Mapping[str, Any], launch: str, output: Location) -> None:
        try:
            if isinstance(output, Folder):
                output.make_ready()
            self.place.mkdir(parents=True, exist_ok=True)
            self._held = hold(self.place, launch, output)
            if not isinstance(output, Folder):
                refuse_unwritable(str(output))
            self.keep_note(RECIPE_FILE, record)
        except UserError:
            self.close()
            raise
        except OSError as error:
            self.close()
            raise UserError(f"{self.place} cannot be written: {error.strerror or error}. Choose another -o.") from error

    def noted(self) -> dict[str, Any]:
        return self.note(RECIPE_FILE)

    def note(self, name: str) -> dict[str, Any]:
        with suppress(OSError):
            return record_of((self.place / name).read_bytes())
        return {}

    def keep_note(self, name: str, record: Mapping[str, Any]) -> None:
        text = dumps(record, indent=2).encode(errors="backslashreplace") + b"\n"
        with whole_file(str(self.place / name)) as temporary:
            Path(temporary).write_bytes(text)

    def append(self, line: bytes) -> tuple[Path, int]:
        try:
            if self._part is None:
                self.place.mkdir(parents=True, exist_ok=True)
                self._part_path = self.place / part_name(self.names())  # known before `news` can find it
                self._part = self._part_path.open("xb", buffering=0)  # what a full disk refused is not retried
            assert self._part_path is not None
            offset = self._part.tell()
            write_line(self._part, line)
        except OSError as error:
            with suppress(OSError):
                self.seal()  # its end may be torn: the next line must not be added to that
            raise RunError(f"rows cannot be written to {self.place}: {error.strerror or error}") from error
        return self._part_path, offset

    def append_last(self, lines: Iterable[bytes]) -> Iterator[str]:
        if self._part is not None and self.newest() != self._own:
            self.seal()
        for line in lines:
            self.append(line)
            yield self._own

    def end(self) -> str:
        self.seal()
        if self.newest() not in (None, self._own):  # another process may still be writing to it
            self.keep(())
        return self.newest() or ""

    def alone(self, name: str, seconds: float = WAIT_SECONDS) -> AbstractContextManager[None]:
        self.place.mkdir(parents=True, exist_ok=True)
        return alone(self.place / name, seconds)

    @property
    def _own(self) -> str:
        return self._part_path.name if self._part_path is not None else ""

    def keep(self, lines: Iterable[bytes]) -> None:
        with whole_file(str(self.place / part_name(self.names()))) as temporary, open(temporary, "wb") as file:
            file.writelines(lines)

    def names(self) -> Iterator[str]:
        return (part.name for part in self.place.glob("*.jsonl"))

    def newest(self) -> str | None:
        return max(self.names(), default=None)

    def all_lines(self) -> Iterator[tuple[str, bytes]]:
        for name in sorted(self.names()):
            with (self.place / name).open("rb") as stream:
                yield from ((name, line) for line in stream if line.endswith(b"\n"))

    def paths(self) -> list[Path]:
        """The parts, by their names."""
        return sorted(self.place.glob("*.jsonl"))

    def news(self) -> Iterator[News]:
        for part in self.paths():
            if part != self._part_path:
                yield from self.news_of(part, self._seen.get(part, 0))

    def news_of(self, part: Path, offset: int) -> Iterator[News]:
        """As `news`, of one part from a byte on."""
        if part.stat().st_size <= offset:
            self._seen[part] = max(offset, self._seen.get(part, 0))
            return
        with part.open("rb") as stream:
            stream.seek(offset)
            try:
                for line in stream:
                    if not line.endswith(b"\n"):
                        break
                    yield part, offset, line
                    offset += len(line)
            finally:
                self._seen[part] = offset

    def lines_of(self, news: Iterable[News]) -> Iterator[tuple[str, Path, int, bytes]]:
        return ((part.name, part, offset, line) for part, offset, line in news)

    def read(self, part: Path, offset: int) -> bytes:
        with self._reading:
            stream = self._opened.get(part)  # opening a part for every row would take longer than reading it
            if stream is None:
                while len(self._opened) >= OPEN_PARTS:
                    self._opened.popitem()[1].close()
                stream = self._opened[part] = part.open("rb")
            stream.seek(offset)
            return stream.readline()

    def seal(self) -> None:
        part, self._part = self._part, None
        if part is not None:
            assert self._part_path is not None
            self._seen[self._part_path] = part.tell()
            part.close()

    def __del__(self) -> None:
        self._close_opened()
        if self._part is not None:
            self._part.close()

    def _close_opened(self) -> None:
        with self._reading:
            while self._opened:
                self._opened.popitem()[1].close()

    def close(self) -> None:
        self._close_opened()
        held, self._held = self._held, None
        part, self._part = self._part, None
        try:
            if part is not None:
                assert self._part_path is not None
                self._seen[self._part_path] = part.tell()
                with part:
                    os.fsync(part.fileno())
        except OSError as error:  # a network disk may report only now that it is full
            raise RunError(f"rows cannot be written to {self.place}: {error.strerror or error}") from error
        finally:
            if held is not None:
                held.close()  # which releases the lock


def until_of(note: Mapping[str, Any]) -> str | None:
    """The last part when the finished file was written, from what was noted of it (FINISHED_FILE). None if nobody noted
    it, or if the file may have been written anew since, by a run that was killed before it noted that."""
    return None if note.get("unsure") else note.get("until")


def behind(note: Mapping[str, Any], newest: str | None) -> bool:
    """Whether the finished file may lack something that the parts hold, of which the last is `newest`."""
    until = until_of(note)
    return bool(note.get("behind")) or until is None or (newest or "") > until


def marked_until(note: Mapping[str, Any]) -> str:
    """The last part when a run last finished the file, from what was noted of it; "" if none has."""
    return str(note.get("marked", note.get("until")) or "")


def record_of(text: bytes) -> dict[str, Any]:
    """What `begin` kept, from its bytes."""
    try:
        noted = json.loads(text)
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def part_name(others: Iterable[str]) -> str:
    """A name that sorts after `others`: by the time at which the part was begun, or just after the last of them if the
    clock was set back. No two processes choose the same."""
    moment = max([time.time_ns(), *(begun + 1 for begun in map(_begun, others) if begun is not None)])
    stamp = time.strftime(_STAMP, time.gmtime(moment // 10**9)) + f".{moment % 10**9:09d}"
    return f"{stamp}-{socket.gethostname().split('.')[0]}-{os.getpid()}.jsonl"


def _begun(part: str) -> int | None:
    """When a part was begun according to its name, in nanoseconds; None if the name has another form."""
    stamp, _, rest = part.partition(".")
    try:
        return calendar.timegm(time.strptime(stamp, _STAMP)) * 10**9 + int(rest.partition("-")[0])
    except ValueError:
        return None


def write_line(part: FileIO, line: bytes) -> None:
    """Hand the whole line to the system. OSError if it is not accepted."""
    while line:  # a disk that is nearly full accepts only some of it
        line = line[part.write(line) :]


def hold(folder: Path, launch: str, output: Location) -> IO[str] | None:
    """Keep other launches away from these parts until the file is closed or this process ends, however that happens.

    None if the system has no locks. HeldError if another launch holds it.
    """
    held = (folder / LOCK_FILE).open("a+", encoding="utf-8")
    try:
        if take(held):
            held.truncate(0)
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            held.write(f"{launch}\nprocess {os.getpid()} on {socket.gethostname()} since {since}\n")
            held.flush()
            take(held, shared=True)
        else:
            end = time.monotonic() + WRITING_SECONDS
            while not take(held, shared=True) and time.monotonic() < end:
                time.sleep(0.05)  # the holder is still writing who it is
            held.seek(0)
            holder, _, who = held.read().partition("\n")
            if holder != launch:
                held.close()
                raise HeldError(
                    f"{output} is being written by another run, {who.strip()}.\n"
                    "Wait until it ends, stop it, or choose another -o."
                )
    except OSError as error:
        held.close()
        why = error.strerror or error
        _log.warning("%s has no locks (%s): make sure that no other run writes to %s meanwhile", folder, why, output)
        return None
    return held
