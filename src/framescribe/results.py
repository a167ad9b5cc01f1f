"""Knows where rows are kept, which of them count, and how the finished file is made; knows no model and no video file.

Beside the output file lies a folder of parts. A process that writes opens a part of its own and appends a line per
row, flushed; nothing is ever rewritten, so whatever ends a run, at most what was under way is lost.
"""

from __future__ import annotations

import calendar
import json
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from framescribe.errors import RunError, UserError
from framescribe.records import Row, Video
from framescribe.tables import read_table, write_table

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK_FILE, WRITING_SECONDS = ".held", 5.0
OPEN_PARTS = 64
ENDINGS = (".jsonl", ".csv", ".parquet")
RECIPE_FILE = "recipe.json"
_STAMP = "%Y%m%dT%H%M%S"
_OWN = ("id", "video_path", "caption", "status", "frames", "video", "size", "flags", "error", "provenance")


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where a row's line is (or the row itself, where no part holds it yet), and what decides whether it counts."""

    file: Path | None
    offset: int
    row: Row | None
    failed: bool
    size: int | None
    frames: str | None
    summary: str | None
    has_frames: bool


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is left to do, and why. `todo` pairs a video with the row whose frame captions can be taken over."""

    todo: list[tuple[Video, Row | None]] = field(default_factory=list)
    done: int = 0
    failed_before: int = 0
    summaries_only: int = 0
    replaced: int = 0
    other_recipe: int = 0


class Results:
    """The rows of one output file. Reading and writing may go on in several processes at once."""

    def __init__(self, output: str | Path) -> None:
        self.output = Path(output)
        if self.output.suffix.lower() not in ENDINGS:
            raise UserError(
                f"{self.output} must end in {', '.join(ENDINGS)}: that says in which form the result is written"
            )
        if self.output.is_dir():
            raise UserError(f"{self.output} is a folder; name a file in it")
        self.parts = self.output.with_name(self.output.name + ".parts")
        self.logs = self.output.with_name(self.output.name + ".logs")  # of servers that a run starts
        self.unreadable_lines = 0
        self._index: dict[str, _Entry] = {}
        self.fresh: set[str] = set()  # ids of the rows that others wrote since this was made
        self._part: IO[bytes] | None = None
        self._part_path: Path | None = None
        self._held: IO[str] | None = None
        self._seen: dict[Path, int] = {}  # bytes read of each part
        self._read()

    def __len__(self) -> int:
        return len(self._index)

    @property
    def failed(self) -> int:
        """How many videos have a failed row."""
        return sum(entry.failed for entry in self._index.values())

    def plan(
        self,
        videos: Iterable[Video],
        prints: Mapping[str, str | None],
        *,
        retry_failed: bool = False,
        redo: bool = False,
        frames_from: Mapping[str, Row] | None = None,
    ) -> Plan:
        """What is left of `videos` for a recipe with these fingerprints.

        `frames_from` holds rows whose frame captions are to be summed up, by id (then the recipe has no frame stage).
        Rows whose frames another recipe made count as `other_recipe` and are left out, unless `redo` is on.
        """
        plan = Plan()
        for video in videos:
            source = frames_from.get(video.id) if frames_from is not None else None
            wanted = source.fingerprint("frames") if source is not None else prints["frames"]
            entry = self._index.get(video.id)
            if entry is not None and source is not None and entry.frames != wanted:
                plan.summaries_only += 1
                plan.todo.append((video, source))
            elif entry is None:
                plan.todo.append((video, source))
            elif None not in (video.size, entry.size) and video.size != entry.size:
                plan.replaced += 1
                plan.todo.append((video, source))
            elif entry.frames != wanted:
                plan.other_recipe += 1
                if redo:
                    plan.todo.append((video, source))
            elif entry.summary != prints["summary"] and prints["summary"] is not None and entry.has_frames:
                plan.summaries_only += 1
                plan.todo.append((video, source or self._load(entry)))
            elif entry.failed and retry_failed:
                plan.todo.append((video, source or (self._load(entry) if entry.has_frames else None)))
            else:
                plan.done += 1
                plan.failed_before += entry.failed
        return plan

    def append(self, row: Row) -> None:
        """Write the row's line and hand it to the system before returning. RunError where it cannot be written."""
        line = (row.as_line() + "\n").encode("utf-8", errors="replace")
        try:
            if self._part is None:
                self._open_part()
            assert self._part is not None and self._part_path is not None
            offset = self._part.tell()
            while line:  # a disk that is nearly full takes a part of it
                line = line[self._part.write(line) :]
        except OSError as error:
            raise RunError(f"rows cannot be written to {self.parts}: {error.strerror or error}") from error
        self._add(row, self._part_path, offset)

    def begin(self, record: Mapping[str, Any], launch: str | None = None) -> None:
        """Make the folder of parts, and keep in it what was asked for: a later run can say what is different.

        UserError where another run is writing here. Processes that one command started give the same `launch`.
        """
        try:
            self.parts.mkdir(parents=True, exist_ok=True)
            self._hold(launch or f"process {os.getpid()} of {time.time_ns()}")
            self._keep_adopted()
            temporary = self.parts / f".{RECIPE_FILE}.{os.getpid()}"
            temporary.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            temporary.replace(self.parts / RECIPE_FILE)
        except OSError as error:
            raise UserError(f"{self.parts} cannot be written: {error.strerror or error}. Choose another -o.") from error

    def noted_recipe(self) -> dict[str, Any]:
        """What `begin` kept last, or nothing."""
        try:
            noted = json.loads((self.parts / RECIPE_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def rows(self, videos: Iterable[Video] | None = None) -> Iterator[Row]:
        """The row that counts for each video, with that video's metadata as it is now; for all ids where None."""
        with _Parts() as parts:
            if videos is None:
                for entry in self._index.values():
                    yield self._load(entry, parts)
                return
            for video in videos:
                found = self._index.get(video.id)
                if found is not None:
                    row = self._load(found, parts)
                    yield replace(row, video_path=video.public_path, metadata=dict(video.metadata))

    def finish(self, videos: Sequence[Video]) -> Path:
        """Write the finished file: one row per video that has one, in the order of `videos`, whole or not at all."""
        try:
            self.close()
            if self.output.suffix.lower() == ".jsonl":
                write_table(self.output, _Again(lambda: (row.as_dict() for row in self.rows(videos))))
            else:
                write_table(self.output, _Again(lambda: (flat(row) for row in self.rows(videos))))
        except OSError as error:
            raise RunError(
                f"{self.output} cannot be written: {error.strerror or error}. Every row is kept in {self.parts}."
            ) from error
        return self.output

    def close(self) -> None:
        """Bring this process's part onto the disk and close it; may be called twice. RunError where that fails."""
        held, self._held = self._held, None
        part, self._part = self._part, None
        try:
            if part is not None:
                with part:
                    os.fsync(part.fileno())
        except OSError as error:  # a network's disk may say only now that it is full
            raise RunError(f"rows cannot be written to {self.parts}: {error.strerror or error}") from error
        finally:
            if held is not None:
                held.close()  # which lets it go

    def refresh(self) -> None:
        """Read what other processes have added since."""
        for part in sorted(self.parts.glob("*.jsonl")):
            if part != self._part_path and part.stat().st_size > self._seen.get(part, 0):
                self.fresh.update(self._read_part(part))

    def _hold(self, launch: str) -> None:
        """Keep other runs away from these parts until `close`, or until this process ends, however it does."""
        if fcntl is None:
            return
        held = (self.parts / LOCK_FILE).open("a+", encoding="utf-8")
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
                        f"{self.output} is being written by another run, {who.strip()}.\n"
                        "Wait until it ends, stop it, or choose another -o."
                    )
        except OSError:  # a file system without locks
            held.close()
            return
        self._held = held

    def _open_part(self) -> None:
        self.parts.mkdir(parents=True, exist_ok=True)
        self._part_path = self.parts / self._new_name()
        self._part = self._part_path.open("xb", buffering=0)  # what a full disk did not take is not tried again

    def _new_name(self) -> str:
        return _part_name(part.name for part in self.parts.glob("*.jsonl"))

    def _keep_adopted(self) -> None:
        """Rows that only the finished file holds get a part, whole or not at all, before that file is replaced."""
        adopted = [entry.row for entry in self._index.values() if entry.row is not None]
        if not adopted:
            return
        name = self._new_name()
        temporary = self.parts / f".{name}.tmp"
        temporary.write_text("".join(row.as_line() + "\n" for row in adopted), encoding="utf-8", errors="replace")
        temporary.replace(self.parts / name)
        self._index.clear()
        self._seen.clear()
        self._read()

    def _read(self) -> None:
        parts = sorted(self.parts.glob("*.jsonl")) if self.parts.is_dir() else []
        for part in parts:
            for _ in self._read_part(part):
                pass
        if not parts and self.output.exists():  # a finished file whose parts are gone still counts
            for row in read_rows(self.output):
                self._add(row, None, 0)

    def _read_part(self, part: Path) -> Iterator[str]:
        """Take in the whole lines of a part that were not read yet; the ids of their rows."""
        offset = self._seen.get(part, 0)
        with part.open("rb") as stream:
            stream.seek(offset)
            for line in stream:
                if not line.endswith(b"\n"):  # torn, or being written
                    break
                try:
                    row = Row.from_dict(json.loads(line))
                except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                    self.unreadable_lines += 1
                else:
                    self._add(row, part, offset)
                    yield row.id
                offset += len(line)
                self._seen[part] = offset

    def _add(self, row: Row, file: Path | None, offset: int) -> None:
        new = _Entry(
            file=file,
            offset=offset,
            row=row if file is None else None,
            failed=row.status == "failed",
            size=row.size,
            frames=_interned(row.fingerprint("frames")),
            summary=_interned(row.fingerprint("summary")),
            has_frames=bool(row.frames),
        )
        old = self._index.get(row.id)
        same = old is not None and (old.frames, old.summary, old.size) == (new.frames, new.summary, new.size)
        if not (same and old is not None and new.failed and not old.failed):
            self._index[row.id] = new

    def _load(self, entry: _Entry, parts: _Parts | None = None) -> Row:
        if entry.file is None:
            assert entry.row is not None
            return entry.row
        with parts or _Parts() as opened:
            return Row.from_dict(json.loads(opened.line(entry.file, entry.offset)))


def _locked(file: IO[str], kind: int) -> bool:
    """Try to take the lock without waiting."""
    assert fcntl is not None
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _part_name(others: Iterable[str]) -> str:
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


class _Parts:
    """Parts that are being read, kept open: opening one for every row would take longer than the reading."""

    def __init__(self) -> None:
        self._open: dict[Path, IO[bytes]] = {}
        self._depth = 0

    def __enter__(self) -> _Parts:
        self._depth += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._close()

    def line(self, file: Path, offset: int) -> bytes:
        """The line that begins at this byte."""
        stream = self._open.get(file)
        if stream is None:
            if len(self._open) >= OPEN_PARTS:
                self._close()
            stream = self._open[file] = file.open("rb")
        stream.seek(offset)
        return stream.readline()

    def _close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


class _Again:
    """An iterable that can be gone through more than once."""

    def __init__(self, make: Any) -> None:
        self._make = make

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._make())


def _interned(text: str | None) -> str | None:
    return sys.intern(text) if text is not None else None


def flat(row: Row) -> dict[str, Any]:
    """A row for csv and parquet: the user's columns beside ours, as "metadata.…" where the name is one of ours."""
    record = row.as_dict()
    metadata = record.pop("metadata")
    first = {name: record[name] for name in ("id", "video_path", "caption", "status")}
    own = {f"metadata.{name}" if name in _OWN else name: value for name, value in metadata.items()}
    return {**first, **own, **record}


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a finished file (jsonl, csv or parquet). UserError where it is not one of framescribe's."""
    for record in read_table(path).records:
        try:
            yield Row.from_dict(_unflat(record))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path} was not written by framescribe (no row: {error!r}). Choose another file."
            ) from error


def _unflat(record: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(record.get("metadata"), dict) and isinstance(record.get("provenance"), dict):
        return dict(record)
    own = {name: record[name] for name in _OWN}
    for name in ("frames", "video", "flags", "error", "provenance"):
        if isinstance(own[name], str):
            own[name] = json.loads(own[name]) if own[name] else None
    own["caption"] = None if own["caption"] == "" else own["caption"]
    own["size"] = int(own["size"]) if own["size"] not in (None, "") else None
    metadata = {name.removeprefix("metadata."): value for name, value in record.items() if name not in _OWN}
    return {**own, "metadata": metadata}
