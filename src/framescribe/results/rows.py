"""Knows which rows of a result count and what is left to do; knows no model, no video file and no form of a file.

Beside the finished file lies the folder of parts (`part_store`), to which rows are only ever added; so whatever ends a
run, at most what was under way is lost.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from framescribe.errors import RunError, UserError
from framescribe.records import Row, Video
from framescribe.results.finished import flat, is_there, place_of, read_rows, refuse_twins, write_finished
from framescribe.results.object_parts import ObjectParts
from framescribe.results.parts import LocalParts, Parts, Place
from framescribe.storage.object_store import StoreError

__all__ = ["Plan", "Results", "flat", "read_rows"]


class _Entry(NamedTuple):
    """Where a row's line is (or the row itself, where no part holds it yet), and what decides whether it counts."""

    part: Place | None
    offset: int
    row: Row | None
    failed: bool
    size: int | None
    content: str | None
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
    """The rows of one output file, on this machine or at a URL. Several processes may read and write at once."""

    def __init__(self, output: str | Path) -> None:
        self.output = place_of(output)
        parts, logs = f"{self.output}.parts", f"{self.output}.logs"
        local = isinstance(self.output, Path)
        self.parts: Place = Path(parts) if local else parts
        self.logs = Path(logs if local else logs.rpartition("/")[2])  # of servers that a run starts
        self.unreadable_lines = 0
        self._index: dict[str, _Entry] = {}
        self.fresh: set[str] = set()  # ids of the rows that others wrote since this was made
        self._store: Parts = LocalParts(self.parts) if isinstance(self.parts, Path) else ObjectParts(self.parts)
        try:
            self._read()
            if not self._index and not self.unreadable_lines and self.finished:
                for row in read_rows(self.output):  # a finished file whose parts are gone still counts
                    self._add(row, None, 0)
        except StoreError as error:
            raise UserError(f"{self.output} cannot be read: {error}") from error
        except ValueError as error:
            raise UserError(f"{self.output}: {str(self.output).split('://')[0]} is no known protocol") from error

    def __len__(self) -> int:
        return len(self._index)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    @property
    def failed(self) -> int:
        """How many videos have a failed row."""
        return sum(entry.failed for entry in self._index.values())

    @property
    def finished(self) -> bool:
        """Whether the finished file is there."""
        return is_there(self.output)

    def plan(
        self,
        videos: Iterable[Video],
        prints: Mapping[str, str | None],
        *,
        retry_failed: bool = False,
        redo: bool = False,
        frames_from: Mapping[str, Row] | None = None,
        changed: Collection[str] = (),
    ) -> Plan:
        """What is left of `videos` for a recipe with these fingerprints.

        `frames_from` holds rows whose frame captions are to be summed up, by id (then the recipe has no frame stage).
        `changed` holds the ids of files that are not what their rows say (`content_check`).
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
            elif (None not in (video.size, entry.size) and video.size != entry.size) or video.id in changed:
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

    def accept(self, videos: Iterable[Video]) -> None:
        """UserError where the finished file could not hold these videos."""
        refuse_twins(self.output, videos)

    def append(self, row: Row) -> None:
        """Keep the row before returning, on this machine's disk at least. RunError where it cannot be written."""
        part, offset = self._store.append((row.as_line() + "\n").encode("utf-8", errors="replace"))
        self._add(row, part, offset)

    def begin(self, record: Mapping[str, Any], launch: str | None = None) -> None:
        """Make the parts ready, and keep in them what was asked for: a later run can say what is different.

        UserError where another run is writing here. Processes that one command started give the same `launch`.
        """
        self._store.begin(record, launch or f"process {os.getpid()} of {time.time_ns()}", self.output)
        try:
            adopted = [entry.row for entry in self._index.values() if entry.row is not None]
            if adopted:  # rows that only the finished file holds get a part before that file is replaced
                self._store.keep((row.as_line() + "\n").encode("utf-8", errors="replace") for row in adopted)
                self._index.clear()
                self._read()
        except (OSError, StoreError) as error:
            raise UserError(f"{self.parts} cannot be written: {_why(error)}. Choose another -o.") from error

    def noted_recipe(self) -> dict[str, Any]:
        """What `begin` kept last, or nothing."""
        return self._store.noted()

    def rows(self, videos: Iterable[Video] | None = None) -> Iterator[Row]:
        """The row that counts for each video, with that video's metadata as it is now; for all ids where None."""
        with self._store.reading() as line:
            if videos is None:
                for entry in self._index.values():
                    yield _load(entry, line)
                return
            for video in videos:
                found = self._index.get(video.id)
                if found is not None:
                    yield replace(_load(found, line), video_path=video.public_path, metadata=dict(video.metadata))

    def finish(self, videos: Sequence[Video]) -> Place:
        """Write the finished file: one row per video that has one, in the order of `videos`, whole or not at all."""
        try:
            self.close()
            write_finished(self.output, lambda: self.rows(videos))
        except (OSError, StoreError) as error:
            raise RunError(
                f"{self.output} cannot be written: {_why(error)}. Every row is kept in {self.parts}."
            ) from error
        return self.output

    def contents(self) -> Mapping[str, str]:
        """The hash of the file that each row was made from, by id, where it was asked for."""
        return {name: entry.content for name, entry in self._index.items() if entry.content is not None}

    def close(self) -> None:
        """Bring this process's rows to where they belong; may be called twice. RunError where that fails."""
        self._store.close()

    def refresh(self) -> None:
        """Read what other processes have added since; in a store that is looked for now and then."""
        try:
            self.fresh.update(self._read())
        except StoreError as error:
            raise RunError(f"{self.parts} cannot be read: {error}") from error

    def _read(self) -> list[str]:
        """Take in the lines that were not read yet; the ids of their rows."""
        ids = []
        for part, offset, line in self._store.new_lines():
            try:
                row = Row.from_line(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self.unreadable_lines += 1
            else:
                self._add(row, part, offset)
                ids.append(row.id)
        return ids

    def _add(self, row: Row, part: Place | None, offset: int) -> None:
        prints = row.provenance.get("fingerprints") or {}
        new = _Entry(
            part=part,
            offset=offset,
            row=row if part is None else None,
            failed=row.status == "failed",
            size=row.size,
            content=row.content,
            frames=_interned(prints.get("frames")),
            summary=_interned(prints.get("summary")),
            has_frames=row.has_frame_captions,
        )
        old = self._index.get(row.id)
        same = old is not None and (old.frames, old.summary, old.size) == (new.frames, new.summary, new.size)
        if not (same and old is not None and new.failed and not old.failed):
            self._index[row.id] = new

    def _load(self, entry: _Entry) -> Row:
        with self._store.reading() as line:
            return _load(entry, line)


def _load(entry: _Entry, line: Callable[[Any, int], bytes]) -> Row:
    if entry.part is None:
        assert entry.row is not None
        return entry.row
    return Row.from_line(line(entry.part, entry.offset))


def _why(error: Exception) -> object:
    return getattr(error, "strerror", None) or error


def _interned(text: str | None) -> str | None:
    return sys.intern(text) if text is not None else None
