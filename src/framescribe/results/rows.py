"""Knows the rows of one result: reads and appends them, finishes the file, and adopts what a person changed in it.

Beside the finished file is the folder of parts (`parts`), to which lines are only ever added; so however a run ends, at
most what was under way is lost. Which row counts is decided in `index`, what is left to do in `plan`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from framescribe.errors import RunError, UserError
from framescribe.machine import without_collection
from framescribe.records import SCHEMA, Row, Video, parsed, provenance_of
from framescribe.results import edits
from framescribe.results.cells import flat
from framescribe.results.corrections import differences, key_of, told_apart
from framescribe.results.corrections import refuse_twins as refuse_twin_rows
from framescribe.results.edits import Edit
from framescribe.results.finished import is_there, location_of, read_rows, refuse_twins, stamp_of, write_finished
from framescribe.results.index import Entry, Index, Key, hash_of, place_hash
from framescribe.results.object_parts import ObjectParts
from framescribe.results.parts import LocalParts, Location, News, Parts
from framescribe.results.plan import Again, Checked, Plan, Planner, Todo
from framescribe.storage.object_store import StoreError
from framescribe.strategies.base import StageWanted

__all__ = ["Results", "flat", "read_rows"]

FINISHED_FILE = "finished.json"
ROW_KIND = "row"


class Results:
    """The rows of one output file, on this machine or at a URL. Several processes may read and write at once."""

    def __init__(self, output: str | Path) -> None:
        self.output = location_of(output)
        parts, logs = f"{self.output}.parts", f"{self.output}.logs"
        local = isinstance(self.output, Path)
        self.parts: Location = Path(parts) if local else parts
        self.logs = Path(logs if local else logs.rpartition("/")[2])  # of servers that a run starts
        self.unreadable_lines = 0
        self.fresh: set[Key] = set()  # of the rows that other processes have written since this was made
        self._index = Index()
        self._edits: dict[Key, list[Edit]] = {}
        self._store: Parts = LocalParts(self.parts) if isinstance(self.parts, Path) else ObjectParts(self.parts)
        try:
            self._read(self._store.news())
            if not self._index.count and not self.unreadable_lines and self.finished:
                for row in read_rows(self.output):  # a finished file still counts if its parts are gone
                    self._index.add_row(row)
        except (OSError, StoreError) as error:
            raise UserError(f"{self.output} cannot be read: {_why(error)}") from error
        except ValueError as error:
            raise UserError(f"{self.output}: {str(self.output).split('://')[0]} is not a known protocol") from error

    def __len__(self) -> int:
        return self._index.count

    def __contains__(self, name: str) -> bool:
        return name in self._index

    @property
    def failed(self) -> int:
        """How many of the rows are failures."""
        return self._index.failed

    @property
    def finished(self) -> bool:
        """Whether the finished file exists."""
        return is_there(self.output)

    # --- what is left to do ---

    def planner(
        self,
        wanted: Sequence[StageWanted],
        inputs: Sequence[Video],
        *,
        again: Again | None = None,
        sources: Mapping[Key, Row] | None = None,
        checked: Checked | None = None,
    ) -> Planner:
        """A planner of what is left of the `inputs` for a recipe that wants these stages."""
        ids: set[str] = set()

        def known() -> Collection[str]:
            if not ids:
                ids.update(video.id for video in inputs)
            return ids

        return Planner(
            self._index,
            wanted,
            again=again or Again(),
            inputs=known,
            edited=self._is_edited if self._edits else lambda name, entry: False,
            metadata=lambda entry: self.load(entry).metadata,
            sources=sources,
            checked=checked,
        )

    def plan(self, videos: Sequence[Video], wanted: Sequence[StageWanted], **more: Any) -> Plan:
        """What is left of `videos`, according to `planner`."""
        return self.planner(wanted, videos, **more).plan(videos)

    def entry(self, video: Video) -> Entry | None:
        """What is known about a video's row."""
        return self._index.at(video.id, hash_of(video))

    def entries(self, name: str) -> Sequence[Entry]:
        """What is known about the rows of an id, one for each place."""
        return self._index.of(name)

    def load(self, entry: Entry) -> Row:
        """The row of an entry, as it was written."""
        if entry.part is None:
            assert entry.row is not None
            return entry.row
        return Row.from_dict(parsed(self._store.read(entry.part, entry.offset)))

    def earlier(self, todo: Todo) -> Row | None:
        """What need not be redone for a video: its source row, or its own row with only what is kept."""
        if todo.way.source is not None:
            return todo.way.source
        return self.load(todo.entry).only(todo.way.keep) if todo.entry is not None and todo.way.keep else None

    def taken_over(self, todo: Todo) -> Row:
        """The row of a file that has only moved, at its new place."""
        assert todo.entry is not None
        return replace(marked(self.load(todo.entry), todo, self), metadata=todo.video.kept)

    def accept(self, videos: Iterable[Video], *, prune: bool = False) -> None:
        """UserError where the finished file could not hold these videos, and, unless `prune` is on, the others too."""
        others = () if prune else (name for name, _ in self._index)
        refuse_twins(self.output, (video.id for video in videos), others)

    # --- writing ---

    def append(self, row: Row) -> None:
        """Keep the row, at least on this machine's disk, before returning. RunError if it cannot be written."""
        line = _row_line(row)
        part, offset = self._store.append(line)
        self._add_row(parsed(line), part, offset)

    def edit(self, *made: Edit) -> None:
        """Keep what a person changed. RunError if it cannot be written."""
        for one in made:
            self._store.append(one.as_line())
            self.count(one)

    def begin(self, record: Mapping[str, Any], launch: str | None = None) -> list[Edit]:
        """Make the parts ready, keep in them what was asked for, and adopt what a person changed in the finished file;
        returns those changes.

        UserError if another run is writing here, or if the changes cannot be determined. Processes that one command
        started pass the same `launch`.
        """
        self._store.begin(record, launch or f"process {os.getpid()} of {time.time_ns()}", self.output)
        try:
            adopted = [entry.row for _, entry in self._index if entry.row is not None]
            if adopted:  # rows that only the finished file holds get a part before that file is replaced
                self._store.keep(_row_line(row) for row in adopted)
                self._index.forget()
                self._read(self._store.news())
                self._note_finished()
            return self._take_up()
        except (OSError, StoreError) as error:
            self.close()
            raise UserError(f"{self.parts} cannot be written: {_why(error)}. Choose another -o.") from error
        except UserError:
            self.close()
            raise

    def noted_recipe(self) -> dict[str, Any]:
        """What `begin` kept last, or nothing."""
        return self._store.noted()

    def finish(
        self, videos: Sequence[Video], *, prune: bool = False, dropped: Callable[[], bool] = lambda: False
    ) -> Location:
        """Write the finished file, whole or not at all: a row per video that has one, in the order of `videos`, then,
        unless `prune` is on, those of all other videos, by id and place. UserError as in `begin`, RunError once it is
        `dropped`."""

        def rows() -> Iterator[Row]:
            for row in self._all_rows(videos, prune):
                if dropped():
                    raise RunError(f"{self.output} was not written")
                yield row

        try:
            self._take_up()
            self.close()
            write_finished(self.output, rows)
            self._note_finished()
        except (OSError, StoreError) as error:
            raise RunError(
                f"{self.output} cannot be written: {_why(error)}. Every row is kept in {self.parts}."
            ) from error
        return self.output

    def close(self) -> None:
        """Bring this process's rows to where they belong; may be called twice. RunError if that fails."""
        self._store.close()

    # --- reading ---

    def rows(self, videos: Iterable[Video] | None = None) -> Iterator[Row]:
        """The row that counts for each video, with its current metadata and a person's edits; None: all rows."""
        if videos is None:
            for name, entry in list(self._index):
                yield self._edited(name, entry, self.load(entry))
            return
        for video in videos:
            found = self.entry(video)
            if found is not None:
                yield self._edited(video.id, found, replace(self.load(found), metadata=video.kept))

    def in_order(self) -> Iterator[Row]:
        """All rows, those in the finished file first and in its order."""
        keys: dict[Key, None] = {}
        if self.finished:
            keys = dict.fromkeys(map(key_of, read_rows(self.output)))
        keys |= dict.fromkeys((name, entry.place) for name, entry in self._index)
        for name, place in keys:
            if (entry := self._index.at(name, place)) is not None:
                yield self._edited(name, entry, self.load(entry))

    def others(self, videos: Iterable[Video]) -> int:
        """How many rows belong to videos other than these."""
        return len(self) - sum(self.entry(video) is not None for video in videos)

    def _all_rows(self, videos: Sequence[Video], prune: bool) -> Iterator[Row]:
        yield from self.rows(videos)
        if prune or not self.others(videos):
            return
        there = {(video.id, hash_of(video)) for video in videos}
        rest = [(name, entry.place, entry) for name, entry in self._index if (name, entry.place) not in there]
        rest.sort(key=lambda one: one[:2])
        for name, _, entry in rest:
            yield self._edited(name, entry, self.load(entry))

    def refresh(self) -> None:
        """Take in what other processes have added since; in a store this is checked only now and then."""
        self.take(self.news())

    def news(self) -> list[News]:
        """What other processes have added since, for `take`. May be called in another thread, one at a time."""
        try:
            return list(self._store.news())
        except (OSError, StoreError) as error:
            raise RunError(f"{self.parts} cannot be read: {_why(error)}") from error

    def take(self, news: Iterable[News]) -> None:
        """Take in what `news` found."""
        self.fresh.update(self._read(news))

    async def look(self) -> None:
        """As `refresh`, without holding up the event loop."""
        news = await asyncio.to_thread(self.news)
        for first in range(0, len(news), 500):  # a few milliseconds of work at a time
            self.take(news[first : first + 500])
            await asyncio.sleep(0)

    def _read(self, news: Iterable[News]) -> list[Key]:
        """Take in these lines; returns the ids of their rows."""
        keys = []
        with without_collection():
            for part, offset, line in self._store.lines_of(news):
                try:
                    record = parsed(line)
                    kind = record.get("kind", ROW_KIND)
                    if kind == ROW_KIND:
                        keys.append(self._add_row(record, part, offset))
                    elif kind == edits.KIND:
                        self.count(Edit.from_dict(record))
                except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
                    self.unreadable_lines += 1
        return keys

    def _add_row(self, record: Mapping[str, Any], part: Location, offset: int) -> Key:
        key = self._index.add(record, part, offset)
        if key in self._edits and (provenance_of(record).get("file") or {}).get("replaced"):
            # Words about a file that nothing is known of must not stand beside the file that took its place.
            self._edits[key] = [edit for edit in self._edits[key] if edit.fingerprint is not None]
        return key

    # --- what a person changed ---

    def count(self, edit: Edit) -> None:
        """What a person changed counts from now on; this keeps it nowhere."""
        known = self._edits.setdefault((edit.id, place_hash(edit.video_path)), [])
        if edit not in known:
            known.append(edit)

    def _edited(self, name: str, entry: Entry, row: Row) -> Row:
        made = self._edits.get((name, entry.place))
        return edits.apply(row, made) if made else row

    def _is_edited(self, name: str, entry: Entry) -> bool:
        return bool(edits.standing(self._edits.get((name, entry.place), ()), entry.fingerprint))

    def carry_edits(self, todo: Todo) -> None:
        """What a person changed in the row that this one was carried over from counts for this one too."""
        if todo.entry is None or todo.way.other_file or not self._edits:
            return
        before = self.load(todo.entry)
        new, old = (todo.video.id, hash_of(todo.video)), (before.id, todo.entry.place)
        if new != old:
            there = self._edits.get(old, ())
            self.edit(*(replace(edit, id=todo.video.id, video_path=todo.video.place) for edit in list(there)))

    def take_back_edits(self, videos: Iterable[Video]) -> None:
        """What a person changed in these videos' rows no longer counts."""
        for video in videos:
            entry = self.entry(video)
            made = self._edits.get((video.id, hash_of(video)), ())
            if entry is not None:
                stand = edits.standing(made, entry.fingerprint)
                self.edit(*(edits.taken_back(edit) for edit in stand.values()))

    def _take_up(self) -> list[Edit]:
        """Keep as edits what somebody changed in the finished file since framescribe wrote it. UserError if that cannot
        be determined."""
        if not self.finished:
            return []
        stamp, note = stamp_of(self.output), self._store.note(FINISHED_FILE)
        if stamp == note.get("stamp"):
            return []
        try:
            found = list(self._changed_rows())
        except UserError as error:
            raise UserError(
                f"{error}\n{self.output} was changed since framescribe wrote it. Repair it, or move it away: every "
                f"row is kept in {self.parts}."
            ) from None
        lines = self._store.all_lines() if found else ()
        when = stamp.get("modified") or time.time()
        made, unknown = told_apart(found, lines, until=note.get("until"), when=when)
        for row in unknown:
            self.append(row)
        self.edit(*made)
        self._store.seal()  # what this run adds is newer than the file as it is noted now
        self._note_finished()
        return made

    def _changed_rows(self) -> Iterator[tuple[Row, Row | None]]:
        """The rows of the finished file that differ from ours, with ours if there is one."""
        for row in refuse_twin_rows(read_rows(self.output), self.output):
            entry = self._index.at(*key_of(row))
            ours = self._edited(row.id, entry, self.load(entry)) if entry is not None else None
            if ours is None or differences(row, ours):
                yield row, ours

    def _note_finished(self) -> None:
        if self.finished:
            until = max(self._store.names(), default="")
            self._store.keep_note(FINISHED_FILE, {"stamp": stamp_of(self.output), "until": until})


def video_of(row: Row) -> Video:
    """The video that a row belongs to, as far as the row can tell."""
    return Video(id=row.id, path=row.video_path, metadata=row.metadata, size=row.size, stamp=row.file.get("stamp"))


def marked(row: Row, todo: Todo, results: Results) -> Row:
    """The row, with what ties it to its file and the row that it replaces."""
    video, file = todo.video, {**row.file}
    if video.stamp is not None:
        file["stamp"] = video.stamp
    if todo.way.other_file:
        file["replaced"] = True
    else:
        file.pop("replaced", None)
    provenance = {**row.provenance, "schema": SCHEMA, "file": file}
    provenance.pop("replaces", None)
    if todo.way.moved is not None and todo.entry is not None:
        provenance["replaces"] = [todo.way.moved, results.load(todo.entry).video_path]
    return replace(
        row,
        id=video.id,
        video_path=video.place,
        size=row.size if video.size is None else video.size,
        provenance=provenance,
    )


def _row_line(row: Row) -> bytes:
    return f'{{"kind": "{ROW_KIND}", {row.as_line()[1:]}\n'.encode()


def _why(error: Exception) -> object:
    return getattr(error, "strerror", None) or error
