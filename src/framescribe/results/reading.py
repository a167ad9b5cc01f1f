"""Knows the rows of one result as far as they have been read: takes in what the parts hold, and writes nothing but
the index beside each (`part_index`)."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from framescribe.errors import RunError, UserError
from framescribe.hashes import Numbers
from framescribe.machine import without_collection
from framescribe.plain_json import parsed
from framescribe.records import Row, Video, row_in
from framescribe.results import edits
from framescribe.results.corrections import key_of
from framescribe.results.edits import Edit
from framescribe.results.finished import is_there, location_of, read_rows
from framescribe.results.folder import Folder
from framescribe.results.index import Adding, Entry, Index, Key, hash_of, place_hash
from framescribe.results.object_parts import ObjectParts
from framescribe.results.part_index import Noted, expected, take_in
from framescribe.results.parts import FINISHED_FILE, ROW_KIND, LocalParts, Location, News, Parts
from framescribe.results.row_lines import Line, line_in, line_of
from framescribe.results.said import FIRST, Said
from framescribe.storage.object_store import StoreError

Others = Callable[[Mapping[str, Any]], object]


class Reading:
    """The rows of one output file, on this machine or at a URL. Several processes may read and write at once.

    `others` is given each record of the parts that is neither a row nor an edit.
    """

    def __init__(self, output: str | Path, *, others: Others | None = None) -> None:
        self.output = location_of(output)
        parts, logs = f"{self.output}.parts", f"{self.output}.logs"
        local = isinstance(self.output, Path)
        self.parts: Location = Path(parts) if local else parts
        self.logs = Path(logs if local else logs.rpartition("/")[2])  # of servers that a run starts
        self.unreadable_lines = 0
        self.fresh: set[Key] = set()  # of the rows that other processes have written since this was made
        self._others = others
        self._said = Said()
        self._mutex = threading.RLock()  # held while lines are looked for or added, of which there is one order
        self._store: Parts = LocalParts(self.parts) if isinstance(self.parts, Path) else ObjectParts(self.parts)
        self._index = Index(self._store.read)
        try:
            self._read_first()
            if not self._index.count and not self.unreadable_lines and self._there:
                for row in read_rows(self.output):  # a finished file still counts if its parts are gone
                    bare, said = edits.told_in(row)
                    self._index.add_row(bare)
                    for edit in said:
                        self._said.add(edit, FIRST)
        except (OSError, StoreError) as error:
            raise UserError(f"{self.output} cannot be read: {why(error)}") from error
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

    @property
    def _there(self) -> bool:
        """Whether there is something to read: the finished file, or some files of a folder."""
        return bool(self.output.files()) if isinstance(self.output, Folder) else self.finished

    # --- one row ---

    def entry(self, video: Video) -> Entry | None:
        """What is known about a video's row."""
        return self._index.at(video.id, hash_of(video))

    def entries(self, name: str) -> Sequence[Entry]:
        """What is known about the rows of an id, one for each place."""
        return self._index.of(name)

    def key_of(self, entry: Entry) -> Key:
        """The id and the place of an entry's row."""
        return self._index.names_of(entry)[0], entry.place

    def load(self, entry: Entry) -> Row:
        """The row of an entry, as it was written."""
        if entry.part is None:
            assert entry.row is not None
            return entry.row
        line = self._store.read(entry.part, entry.offset)
        return row_in(line) or Row.from_dict(parsed(line))

    def row(self, name: str, place: str, *, edited: bool = True) -> Row | None:
        """The row of an id at a place, as it stands or, unless `edited`, as it was written; None if there is none."""
        entry = self._index.at(name, place_hash(place))
        if entry is None:
            return None
        return self._edited(name, entry, self.load(entry)) if edited else self.load(entry)

    def history(self, name: str, place: str) -> list[Edit]:
        """All that people ever said about the row of an id at a place, in the order in which it counts; also what is
        about an earlier file there, and what was taken back."""
        return list(self._said.of((name, place_hash(place))))

    @property
    def said(self) -> int:
        """How many lines people have written about rows, as far as they were read."""
        return self._said.count

    def _as_it_stands(self, entry: Entry) -> Row:
        row = self.load(entry)
        return self._edited(row.id, entry, row)

    def _edited(self, name: str, entry: Entry, row: Row) -> Row:
        return self._said.apply((name, entry.place), row)

    # --- many rows ---

    def rows(self, videos: Iterable[Video] | None = None) -> Iterator[Row]:
        """The row that counts for each video, with its current metadata and a person's edits; None: all rows."""
        if videos is None:
            for entry in self._index.entries():
                yield self._as_it_stands(entry)
            return
        for video in videos:
            found = self.entry(video)
            if found is not None:
                yield self._edited(video.id, found, replace(self.load(found), metadata=video.kept))

    def sums(self) -> tuple[Counter[str], Iterator[Row]]:
        """What rows add up to (`Index.sums`), read from no line, and all other rows."""
        sums, left = self._index.sums()
        return sums, (self._as_it_stands(self._index.entry(number)) for number in left)

    def in_order(self) -> Iterator[Row]:
        """All rows, those in the finished file first and in its order; without those that were pruned from it."""
        there = Numbers()
        if self._there:
            for row in read_rows(self.output, frames=False):
                number = self._index.number(*key_of(row))
                if number is not None and there.add(number):
                    yield self._as_it_stands(self._index.entry(number))
        yield from map(self._as_it_stands, self._left_out_of(there))

    def _left_out_of(self, there: Numbers) -> Iterator[Entry]:
        """The rows that are not among those of the finished file, without those that were pruned from it."""
        note = self._store.note(FINISHED_FILE)
        pruned = str(note.get("until") or "") if note.get("pruned") else ""  # what stands in the parts up to then
        for number in self._index.numbers():
            if number not in there and not "" < (entry := self._index.entry(number)).part_name <= pruned:
                yield entry

    def others(self, videos: Iterable[Video]) -> int:
        """How many rows belong to videos other than these."""
        return len(self) - self._index.counted(videos)

    # --- what other processes add ---

    def refresh(self) -> None:
        """Take in what other processes have added since; in a store this is checked only now and then."""
        with self._mutex:
            self.take(self.news())

    def news(self) -> list[News]:
        """What other processes have added since, for `take`. May be called in another thread."""
        try:
            with self._mutex:
                return list(self._store.news())
        except (OSError, StoreError) as error:
            raise RunError(f"{self.parts} cannot be read: {why(error)}") from error

    def take(self, news: Iterable[News]) -> None:
        """Take in what `news` found."""
        self._read(news, self.fresh)

    async def look(self) -> None:
        """As `refresh`, without holding up the event loop."""
        news = await asyncio.to_thread(self.news)
        for first in range(0, len(news), 500):  # a few milliseconds of work at a time
            self.take(news[first : first + 500])
            await asyncio.sleep(0)

    def _read_first(self) -> None:
        store = self._store
        if isinstance(store, LocalParts):  # the others are read whole

            def other(part: Path, offset: int) -> None:
                self._read([(part, offset, store.read(part, offset))])

            def rest(part: Path, begin: int, noted: Noted) -> None:
                self._read(store.news_of(part, begin), noted=noted)

            self._index.make_room(expected(parts := store.paths()))
            for part in parts:
                take_in(part, self._index, partial(other, part), partial(rest, part))
        self._read(store.news())

    def _read(self, news: Iterable[News], keys: set[Key] | None = None, noted: Noted | None = None) -> None:
        """Take in these lines, and the ids of their rows into `keys`."""
        adding = Adding(self._index)
        with without_collection():
            for name, part, offset, line in self._store.lines_of(news):
                try:
                    if (row := line_in(line)) is None:
                        record = parsed(line)
                        kind = record.get("kind", ROW_KIND)
                        if kind == edits.KIND:
                            self._said.add(Edit.from_dict(record), name)
                        elif kind != ROW_KIND and self._others is not None:
                            self._others(record)
                        row = line_of(record) if kind == ROW_KIND else None
                    if row is not None:
                        key = self._add(adding, row, part, offset)
                        if keys is not None:
                            keys.add(key)
                except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
                    self.unreadable_lines += 1
                if noted is not None:
                    noted.line(offset, offset + len(line), adding.plain())
            adding.settle()

    def _add_row(self, line: bytes, part: Location, offset: int) -> tuple[int, tuple[Any, ...]] | None:
        """Take in one row, and return what `Adding.plain` says of it."""
        adding = Adding(self._index)
        self._add(adding, line_in(line) or line_of(parsed(line)), part, offset)
        adding.settle()
        return adding.plain()

    def _add(self, adding: Adding, row: Line, part: Location, offset: int) -> Key:
        key = adding.add(row, part, offset)
        if self._said and row.provenance and row.provenance.file and row.provenance.file.replaced:
            # Words about a file that nothing is known of must not stand beside the file that took its place.
            self._said.forget_unknown(key)
        return key

    def count(self, edit: Edit) -> None:
        """What a person said counts from now on, before all else; this keeps it nowhere."""
        self._said.add(edit)


def why(error: Exception) -> object:
    """What is wrong with a file, in a few words."""
    return getattr(error, "strerror", None) or error
