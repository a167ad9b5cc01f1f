"""Knows how rows come into the index: those that changed, or all of which it has another version; starts nothing by
itself.

What a row was made of, its line and the lines that people wrote about it, has a number, by which the index tells
whether it has this very version.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

from framescribe.plain_json import parsed
from framescribe.records import Row, row_in
from framescribe.results.edits import Edit, told_in
from framescribe.results.index import Entry, Key
from framescribe.results.parts import Location
from framescribe.results.rows import Results
from framescribe.review.candidates import Candidates
from framescribe.review.described import taken
from framescribe.review.index import Index, Taken

AT_ONCE = 1000  # rows
_T = TypeVar("_T")


class Intake:
    """Takes rows into `index`. `lock` is held while results are read and what was read is put into the index, so that
    what a person says meanwhile comes after it; once `stopped`, everything ends early."""

    def __init__(
        self, index: Index, candidates: Candidates, lock: threading.RLock, stopped: Callable[[], bool]
    ) -> None:
        self._index = index
        self._waiting = candidates.waiting
        self._lock = lock
        self._stopped = stopped
        self._names: dict[Location | None, str] = {}  # of parts: to ask a path for it takes long

    def some(self, results: Results, keys: Iterable[Key]) -> None:
        """Take in these rows as they are now. Those that are there keep their places, others come last."""
        with self._lock:
            found = [(key, results._index.at(*key)) for key in keys]
            self._put([self._taken(results, entry, results._said.of(key)) for key, entry in found if entry is not None])

    def first(self, rows: Iterable[Row]) -> None:
        """Take in a few rows of a file or a part, which are looked at again later."""
        self._index.put([self._told(row, place) for place, row in enumerate(rows)])

    def file(self, rows: Iterable[Row], superseded: Callable[[], bool]) -> None:
        """Take in the rows of a finished file without parts, and forget all others; ends when it is `superseded`."""
        newest, there = self._newest(), set[int]()
        for chunk in _chunks(enumerate(rows)):
            made = [self._told(row, place) for place, row in chunk]
            there.update(one.key for one in made)
            with self._lock:
                if self._stopped() or superseded():
                    return
                self._index.put(made)
        self._drop(newest, there)

    def every(self, results: Results, order: Sequence[Key] | None, unknown: Sequence[Row]) -> None:
        """Take in every row of which the index has another version or none, and forget those that are gone; the
        `unknown` rows are in no part. Without an `order`, rows keep their places, and new ones come last."""
        newest, there, place = self._newest(), set[int](), 0
        found = self._index.all("SELECT made_of, key, row, place FROM facts WHERE made_of IS NOT NULL")
        known = {made_of: _Before(*rest) for made_of, *rest in found}
        with self._lock:
            keys = order if order is not None else [(name, entry.place) for name, entry in results._index]
        for chunk in _chunks(keys):
            made, moved = list[Taken](), list[tuple[int, int | None, int]]()
            with self._lock:
                if self._stopped():
                    return
                for key in chunk:
                    entry = results._index.at(*key)
                    if entry is None:
                        continue
                    said = results._said.of(key)
                    made_of = self._made_of(entry, said)
                    before = known.get(made_of) if made_of is not None else None
                    if before is None:
                        made.append(self._taken(results, entry, said, place))
                    elif order is not None and before.place != place:
                        moved.append((place, made_of, before.row))
                    there.add((before or made[-1]).key)
                    place += 1
                if order is None:
                    self._put(made)
                else:
                    self._index.put(made)
                if moved:
                    self._index.move(moved)
        with self._lock:
            made = [self._told(row, place + at) for at, row in enumerate(unknown)]
            self._put(made)
            there.update(one.key for one in made)
        self._drop(newest, there)

    def forget(self, key: int) -> None:
        """Forget a row, if it is there."""
        self._index.drop([row for (row,) in self._index.all("SELECT row FROM facts WHERE key = ?", (key,))])

    def _newest(self) -> int:
        return int(self._index.one("SELECT ifnull(max(row), 0) FROM facts")[0])

    def _drop(self, newest: int, there: set[int]) -> None:
        """Forget those rows that are not `there`, but none that came after the `newest` there was."""
        found = self._index.all("SELECT row, key FROM facts WHERE row <= ?", (newest,))
        self._index.drop([row for row, key in found if key not in there])

    def _put(self, made: Sequence[Taken]) -> None:
        if not made:
            return
        with self._index.writing() as connection:
            last = connection.execute("SELECT ifnull(max(place), -1) FROM facts").fetchone()[0]
            placed = []
            for one in made:
                found = connection.execute("SELECT place FROM facts WHERE key = ?", (one.key,)).fetchone()
                last += found is None
                placed.append(one._replace(place=found[0] if found else last))
        self._index.put(placed)

    def _told(self, row: Row, place: int) -> Taken:
        """A row that says itself what people changed in it."""
        bare, said = told_in(row)
        return taken(bare, place, self._waiting, edits=said)

    def _taken(self, results: Results, entry: Entry, said: Sequence[Edit], place: int = 0) -> Taken:
        line = None if entry.part is None else results._store.read(entry.part, entry.offset)
        row = results.load(entry) if line is None else row_in(line) or Row.from_dict(parsed(line))
        return taken(row, place, self._waiting, edits=said, line=line, made_of=self._made_of(entry, said))

    def _made_of(self, entry: Entry, said: Sequence[Edit]) -> int | None:
        """A number that stands for the lines a row is made of; None if they have no lasting place."""
        part = self._names.get(entry.part)
        if part is None:
            if not isinstance(entry.part, Path):
                return None
            part = self._names[entry.part] = entry.part.name
        lines = "".join(f"\n{edit.when} {edit.who} {edit.field} {edit.of} {edit.undoes} {edit.new}" for edit in said)
        text = f"{part}:{entry.offset}{lines}".encode(errors="surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


class _Before(NamedTuple):
    """A row that the index has."""

    key: int
    row: int
    place: int


def _chunks(every: Iterable[_T]) -> Iterator[list[_T]]:
    every = iter(every)
    while chunk := list(islice(every, AT_ONCE)):
        yield chunk
