"""Knows how rows' lines are kept in parts on a disk, so that none is lost, and who may write; knows no row's meaning.

A process that writes opens a part of its own and appends a line per row, flushed; nothing is ever rewritten. A line
without its newline is torn, or being written: it is left alone. Parts in an object store: `object_parts`.
"""

from __future__ import annotations

import calendar
import json
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from types import ModuleType
from typing import IO, Any, Protocol

from framescribe.errors import RunError, UserError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK_FILE, WRITING_SECONDS = ".held", 5.0
OPEN_PARTS = 64
RECIPE_FILE = "recipe.json"
_STAMP = "%Y%m%dT%H%M%S"

Place = Path | str  # on this machine, or a URL


class Parts(Protocol):
    """The parts of one result. A line's place is the part that holds it and the byte it begins at."""

    @property
    def place(self) -> Place:
        """Where they are, for people."""

    def begin(self, record: Mapping[str, Any], launch: str, output: Place) -> None:
        """Be ready to write, and keep `record`. UserError where that cannot be, or another launch writes here."""

    def noted(self) -> dict[str, Any]:
        """What `begin` kept last, or nothing."""

    def append(self, line: bytes) -> tuple[Place, int]:
        """Keep a line for good before returning its place. RunError where that fails."""

    def keep(self, lines: Iterable[bytes]) -> None:
        """Make a part of its own of these lines, whole or not at all."""

    def new_lines(self) -> Iterator[tuple[Place, int, bytes]]:
        """Whole lines of all parts but one's own that were not given yet, with their places."""

    def reading(self) -> Any:
        """A context that gives a function from a line's place to the line."""

    def close(self) -> None:
        """Bring all that was appended to where it belongs; may be called twice. RunError where that fails."""


class LocalParts:
    """Parts in a folder on a disk, which several processes and machines may share."""

    def __init__(self, folder: Path) -> None:
        self.place = folder
        self._part: FileIO | None = None
        self._part_path: Path | None = None
        self._held: IO[str] | None = None
        self._seen: dict[Path, int] = {}  # bytes read of each part

    def begin(self, record: Mapping[str, Any], launch: str, output: Place) -> None:
        try:
            self.place.mkdir(parents=True, exist_ok=True)
            self._held = hold(self.place, launch, output)
            temporary = self.place / f".{RECIPE_FILE}.{os.getpid()}"
            temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            temporary.replace(self.place / RECIPE_FILE)
        except OSError as error:
            raise UserError(f"{self.place} cannot be written: {error.strerror or error}. Choose another -o.") from error

    def noted(self) -> dict[str, Any]:
        with suppress(OSError):
            return record_of((self.place / RECIPE_FILE).read_bytes())
        return {}

    def append(self, line: bytes) -> tuple[Path, int]:
        try:
            if self._part is None:
                self._part = open_part(self.place, self._names())
                self._part_path = Path(self._part.name)
            assert self._part_path is not None
            offset = self._part.tell()
            write_line(self._part, line)
        except OSError as error:
            raise RunError(f"rows cannot be written to {self.place}: {error.strerror or error}") from error
        return self._part_path, offset

    def keep(self, lines: Iterable[bytes]) -> None:
        write_part(self.place, lines, self._names())

    def _names(self) -> Iterator[str]:
        return (part.name for part in self.place.glob("*.jsonl"))

    def new_lines(self) -> Iterator[tuple[Path, int, bytes]]:
        for part in sorted(self.place.glob("*.jsonl")):
            offset = self._seen.get(part, 0)
            if part == self._part_path or part.stat().st_size <= offset:
                continue
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

    @contextmanager
    def reading(self) -> Iterator[Callable[[Path, int], bytes]]:
        opened: dict[Path, IO[bytes]] = {}  # opening a part for every row would take longer than the reading

        def line(part: Path, offset: int) -> bytes:
            stream = opened.get(part)
            if stream is None:
                while len(opened) >= OPEN_PARTS:
                    opened.popitem()[1].close()
                stream = opened[part] = part.open("rb")
            stream.seek(offset)
            return stream.readline()

        try:
            yield line
        finally:
            for stream in opened.values():
                stream.close()

    def close(self) -> None:
        held, self._held = self._held, None
        part, self._part = self._part, None
        try:
            if part is not None:
                with part:
                    os.fsync(part.fileno())
        except OSError as error:  # a network's disk may say only now that it is full
            raise RunError(f"rows cannot be written to {self.place}: {error.strerror or error}") from error
        finally:
            if held is not None:
                held.close()  # which lets it go


def record_of(text: bytes) -> dict[str, Any]:
    """What `begin` kept, from its bytes."""
    try:
        noted = json.loads(text)
    except ValueError:
        return {}
    return noted if isinstance(noted, dict) else {}


def part_name(others: Iterable[str]) -> str:
    """Sorts behind `others`, by the time at which the part was begun, or just behind the last of them where the clock
    was set back. No two processes choose the same."""
    moment = max([time.time_ns(), *(begun + 1 for begun in map(_begun, others) if begun is not None)])
    stamp = time.strftime(_STAMP, time.gmtime(moment // 10**9)) + f".{moment % 10**9:09d}"
    return f"{stamp}-{socket.gethostname().split('.')[0]}-{os.getpid()}.jsonl"


def _begun(part: str) -> int | None:
    """When a part was begun by its name, in nanoseconds; None where it has another name."""
    stamp, _, rest = part.partition(".")
    try:
        return calendar.timegm(time.strptime(stamp, _STAMP)) * 10**9 + int(rest.partition("-")[0])
    except ValueError:
        return None


def open_part(folder: Path, others: Iterable[str]) -> FileIO:
    """A new part to add lines to, behind `others`."""
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / part_name(others)).open("xb", buffering=0)  # what a full disk did not take is not tried again


def write_line(part: FileIO, line: bytes) -> None:
    """Hand the whole line to the system. OSError where it does not take it."""
    while line:  # a disk that is nearly full takes a part of it
        line = line[part.write(line) :]


def write_part(folder: Path, lines: Iterable[bytes], others: Iterable[str]) -> Path:
    """A new part of these lines, behind `others`, whole or not at all."""
    part = folder / part_name(others)
    temporary = folder / f".{part.name}.tmp"
    with temporary.open("wb") as file:
        file.writelines(lines)
    return temporary.replace(part)


def hold(folder: Path, launch: str, output: Place) -> IO[str] | None:
    """Keep other launches away from these parts until it is closed, or until this process ends, however it does.

    None where the system has no locks. UserError where another launch holds it.
    """
    if fcntl is None:
        return None
    held = (folder / LOCK_FILE).open("a+", encoding="utf-8")
    try:
        if _locked(held, fcntl.LOCK_EX):
            held.truncate(0)
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            held.write(f"{launch}\nprocess {os.getpid()} on {socket.gethostname()} since {since}\n")
            held.flush()
            fcntl.flock(held, fcntl.LOCK_SH)
        else:
            end = time.monotonic() + WRITING_SECONDS
            while not _locked(held, fcntl.LOCK_SH) and time.monotonic() < end:
                time.sleep(0.05)  # the holder is writing who it is
            held.seek(0)
            holder, _, who = held.read().partition("\n")
            if holder != launch:
                held.close()
                raise UserError(
                    f"{output} is being written by another run, {who.strip()}.\n"
                    "Wait until it ends, stop it, or choose another -o."
                )
    except OSError:  # a file system without locks
        held.close()
        return None
    return held


def _locked(file: IO[Any], kind: int) -> bool:
    """Try to take the lock without waiting."""
    assert fcntl is not None
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
