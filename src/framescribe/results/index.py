"""Knows which row of a result counts for a file at a place; reads lines only to make sure whose they are.

A row belongs to an id and a place. Of several rows for both, the latest counts; but a failure never replaces a success
of the same recipe with the same file.

There may be tens of millions of rows, so their facts are in arrays, found by hashes: 64 bits of the id and 64 of the
place. Where both agree, nobody looks further; where only one does, the line itself says whether it is meant.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from framescribe.addresses import place_of
from framescribe.hashes import Found, Hashes, HashTable, hash_of_text, hashes_of
from framescribe.packed import blocks_of
from framescribe.plain_json import parsed
from framescribe.records import Row, Video
from framescribe.results.facts import (
    COUNTED,
    FACTS,
    FAILED,
    FLAGGED,
    GONE,
    INTERNALLY,
    LEFT,
    MORE,
    OFFSET_BITS,
    OTHER_FILE,
    PRINTED,
    RECAPTIONED,
    SIZED,
    STAMPED,
    UNCOUNTED,
    Entry,
    Facts,
    Key,
    Kind,
    facts_of,
    hash_of,
    kind_of,
    packed_print,
    place_hash,
)
from framescribe.results.parts import Location
from framescribe.results.row_lines import File, Line, line_of, names_in

__all__ = ["Adding", "Entry", "Index", "Key", "hash_of", "place_hash"]

Read = Callable[[Any, int], bytes]  # the line at a place in a part
AT_ONCE = 2048  # rows that are put in together


class Index:
    """The rows that count, each under a number, in the order in which their ids and places first came. `read` gives the
    lines that parts hold."""

    def __init__(self, read: Read | None = None) -> None:
        self._read = read
        self._lock = threading.Lock()  # held while rows are put in
        self._ids = HashTable()
        self._facts: Facts = np.zeros(0, FACTS)
        self._places: HashTable | None = None  # only once somebody asks who is at a place
        self._kinds: list[Kind] = []
        self._kind_numbers: dict[Kind, int] = {}
        self._parts: list[Location | None] = [None]
        self._part_numbers: dict[Location | None, int] = {None: 0}
        self._rows: list[Row] = []  # that no part holds yet
        self.failed = 0
        self.count = 0

    def forget(self) -> None:
        """Forget everything."""
        self.__init__(self._read)  # type: ignore[misc]

    # --- asking ---

    def __contains__(self, name: str) -> bool:
        return bool(self.of(name))

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        return ((self.names_of(entry)[0], entry) for entry in self.entries())

    def entries(self) -> Iterator[Entry]:
        """All that count."""
        return (self.entry(number) for number in self.numbers())

    @property
    def apart(self) -> bool:
        """Whether there are rows that no part holds yet."""
        return bool(self._rows)

    def numbers(self) -> Iterator[int]:
        """The numbers of all that count, without those that come meanwhile."""
        last = len(self._ids)
        for first in range(0, last, 2**16):
            marks = self._facts["marks"][first : min(first + 2**16, last)]
            yield from (first + np.flatnonzero((marks & GONE) == 0)).tolist()

    def entry(self, number: int) -> Entry:
        """The entry of this number."""
        return self.made_of(self._facts[number])

    def made_of(self, facts: np.void) -> Entry:
        """The entry with these facts."""
        place, line, size, stamp, quick, kind, marks, *_ = facts.item()
        part, offset = self._parts[line >> OFFSET_BITS], line & ((1 << OFFSET_BITS) - 1)
        row = self._rows[offset] if part is None else None
        prints, captioned = self._kinds[kind]
        told: tuple[Any, Any, Any] = size if marks & SIZED else None, quick if marks & PRINTED else None, None
        if marks & MORE:
            more = line_of(self._record(part, offset, row))
            file = (more.provenance and more.provenance.file) or File()
            told = more.size, packed_print(file.fingerprint), file.content
        return Entry(  # by position: twice as fast
            part,
            0 if row is not None else offset,
            row,
            place,
            bool(marks & FAILED),
            bool(marks & RECAPTIONED),
            told[0],
            stamp if marks & STAMPED else None,
            *told[1:],
            prints,
            bool(marks & INTERNALLY),
            captioned,
            bool(marks & LEFT),
        )

    def names_of(self, entry: Entry) -> tuple[str, str]:
        """The id and the place of an entry."""
        if entry.row is not None:
            return entry.row.id, entry.row.video_path
        assert self._read is not None
        return names_in(self._read(entry.part, entry.offset))

    def number(self, name: str, place: int) -> int | None:
        """The number of an id at a place; it stays the same."""
        return self._number(hash_of_text(name), place)

    def at(self, name: str, place: int) -> Entry | None:
        """The entry of an id at a place."""
        number = self.number(name, place)
        return None if number is None else self.entry(number)

    def of(self, name: str) -> tuple[Entry, ...]:
        """The entries of an id, one for each place."""
        entries = map(self.entry, filter(self._counts, self._ids.numbers(hash_of_text(name))))
        return tuple(entry for entry in entries if self.names_of(entry)[0] == name)

    def elsewhere(self, place: str) -> tuple[str, Entry] | None:
        """Any id and its entry at this place."""
        if self._places is None:
            with self._lock:
                self._places = HashTable(len(self._ids))
                self._places.add(self._facts["place"][: len(self._ids)])
        for number in reversed(self._places.numbers(place_hash(place))):
            if self._counts(number):
                name, there = self.names_of(entry := self.entry(number))
                if there == place:
                    return name, entry
        return None

    def found(self, names: Iterable[str], places: Hashes) -> tuple[Found, Facts]:
        """For each of these ids, at a place with this hash, its number, or -1, and the facts, which are anything where
        there is none. A copy: what is put in meanwhile does not change it."""
        numbers = self._all_numbers(hashes_of(names), places)
        return numbers, self._facts[numbers] if len(self._ids) else np.zeros(len(numbers), FACTS)

    def counted(self, videos: Iterable[Video]) -> int:
        """How many of these videos have a row."""
        count = 0
        for block in blocks_of(videos):
            places = hashes_of(place_of(fields[1]) for fields in block)
            count += int(np.count_nonzero(self.found((fields[0] for fields in block), places)[0] >= 0))
        return count

    def sums(self) -> tuple[Counter[str], list[int]]:
        """What all rows that count add up to: "ok", "flagged" and what is COUNTED; and the numbers of those of which
        only their lines tell."""
        sums, left, last = Counter[str](), list[int](), len(self._ids)
        for first in range(0, last, 2**16):
            facts = self._facts[first : min(first + 2**16, last)]
            marks = facts["marks"]
            told = marks & (GONE | FAILED | UNCOUNTED) == 0
            left += (first + np.flatnonzero(~told & (marks & GONE == 0))).tolist()
            flagged = int(np.count_nonzero(marks[told] & FLAGGED))
            sums.update({"flagged": flagged, "ok": int(np.count_nonzero(told)) - flagged})
            sums.update({name: int(facts[name][told].sum(dtype=np.int64)) for name in COUNTED})
        return sums, left

    def kind(self, number: int) -> Kind:
        """The stages of rows of this kind, and which of them made the caption."""
        return self._kinds[number]

    def _counts(self, number: int) -> bool:
        return not int(self._facts["marks"][number]) & GONE

    def _number(self, name: int, place: int) -> int | None:
        for number in self._ids.numbers(name):
            if int(self._facts["place"][number]) == place and self._counts(number):
                return number
        return None

    def _all_numbers(self, names: Hashes, places: Hashes) -> Found:
        numbers = self._ids.first(names)
        there = np.flatnonzero(numbers >= 0)
        facts = self._facts[numbers[there]] if len(there) else np.zeros(0, FACTS)
        unsure = there[(facts["place"] != places[there]) | (facts["marks"] & GONE != 0)]
        for at in unsure.tolist():  # an id with several places, or one that was taken out
            number = self._number(int(names[at]), int(places[at]))
            numbers[at] = -1 if number is None else number
        return numbers

    def _record(self, part: Location | None, offset: int, row: Row | None) -> Mapping[str, Any]:
        if row is not None:
            return row.as_dict()
        assert self._read is not None
        return parsed(self._read(part, offset))

    # --- putting in ---

    def add_row(self, row: Row) -> None:
        """Take in a row that no part holds yet."""
        self.add(row.as_dict(), None, 0, row)

    def add(self, record: Mapping[str, Any], part: Location | None, offset: int, row: Row | None = None) -> Key:
        """Take in a row from its record, and return its id. ValueError, KeyError or TypeError if it is not a row."""
        adding = Adding(self)
        key = adding.add(line_of(record), part, offset, row)
        adding.settle()
        return key

    def put(self, names: Hashes, facts: Facts) -> None:
        """Take in rows with these hashes of ids and these facts, one after the other."""
        for first in range(0, len(names), AT_ONCE):
            with self._lock:
                self._put_all(names[first : first + AT_ONCE], facts[first : first + AT_ONCE])

    def part_number(self, part: Location | None) -> int:
        """The number of a part, given to it when it is first asked for."""
        if part not in self._part_numbers:
            self._part_numbers[part] = len(self._parts)
            self._parts.append(part)
        return self._part_numbers[part]

    def kind_number(self, kind: Kind) -> int:
        """The number of a kind, given to it when it is first asked for."""
        number = self._kind_numbers.get(kind)
        if number is None:
            number = self._kind_numbers[kind] = len(self._kinds)
            self._kinds.append(kind)
        return number

    def _put_all(self, names: Hashes, facts: Facts) -> None:
        numbers = self._all_numbers(names, facts["place"])
        new = numbers < 0
        old = numbers[~new]
        failed = facts["marks"] & FAILED != 0
        if len(np.unique(names[new])) < new.sum() or len(np.unique(old)) < len(old) or failed[~new].any():
            for at in range(len(names)):
                self._put(names[at : at + 1], facts[at : at + 1])
            return
        self._append(names[new], facts[new])
        if len(old):
            self.failed -= int(np.count_nonzero(self._facts["marks"][old] & FAILED))
            self._facts[old] = facts[~new]

    def _append(self, names: Hashes, facts: Facts) -> None:
        first, last = len(self._ids), len(self._ids) + len(names)
        if last > len(self._facts):
            self.make_room(max(last, last * 9 // 8))
        self._facts[first:last] = facts
        self._ids.add(names)  # from now on they are found
        if self._places is not None:
            self._places.add(facts["place"])
        self.count += len(names)
        self.failed += int(np.count_nonzero(facts["marks"] & FAILED))

    def make_room(self, count: int) -> None:
        """Get ready for so many rows."""
        self._ids.make_room(count)
        if count > len(self._facts):
            facts = np.zeros(max(count, 1024), FACTS)
            facts[: len(self._ids)] = self._facts[: len(self._ids)]
            self._facts = facts  # whoever reads the other one meanwhile reads the same

    def _put(self, names: Hashes, facts: Facts) -> None:
        [name], [new] = names.tolist(), facts
        number = self._number(name, int(new["place"]))
        if number is None:
            self._append(names, facts)
            return
        old = self._facts[number]
        before, now = int(old["marks"]), int(new["marks"])
        only_failed = now & FAILED and not before & FAILED
        if now & OTHER_FILE or not (only_failed and (now & RECAPTIONED or self._alike(old, new))):
            self.failed += bool(now & FAILED) - bool(before & FAILED)
            self._facts[number] = new

    def _alike(self, old: np.void, new: np.void) -> bool:
        """Whether the same recipe made both, from a file of the same size."""
        prints = [[(name, found) for name, found, _ in self._kinds[int(facts["kind"])][0]] for facts in (old, new)]
        return prints[0] == prints[1] and self.made_of(old).size == self.made_of(new).size

    def remove(self, name: str, place: str) -> None:
        """Have the row of an id at a place count no more, if there is one."""
        with self._lock:
            number = self.number(name, place_hash(place))
            if number is not None:
                marks = int(self._facts["marks"][number])
                self._facts["marks"][number] = marks | GONE
                self.count -= 1
                self.failed -= bool(marks & FAILED)

    def keep(self, row: Row) -> int:
        """Keep a row that no part holds, and return its number among them."""
        self._rows.append(row)
        return len(self._rows) - 1


class Adding:
    """Puts rows into an index, many at once: they count once they have been settled."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._last: tuple[int, tuple[Any, ...]] | None = None
        self._names: list[int] = []
        self._facts: list[tuple[Any, ...]] = []

    def add(self, line: Line, part: Location | None, offset: int, row: Row | None = None) -> Key:
        """Take in a row from its line, and return its id. ValueError, KeyError or TypeError if it is not a row."""
        index, name = self._index, hash_of_text(line.id)
        at = index.part_number(part) << OFFSET_BITS | (offset if row is None else index.keep(row))
        facts = facts_of(line, at, index.kind_number(kind_of(line)))
        if replaces := line.provenance and line.provenance.replaces:
            before, place = replaces[0], replaces[1]
            self.settle()
            index.remove(before, place)
        self._last = (name, facts) if not replaces and not facts[-1] & OTHER_FILE else None
        self._names.append(name)
        self._facts.append(facts)
        if len(self._names) == AT_ONCE:
            self.settle()
        return line.id, facts[0]

    def plain(self) -> tuple[int, tuple[Any, ...]] | None:
        """The hash of the id, and the facts, of the row that was added last, once; None if it replaces another one."""
        last, self._last = self._last, None
        return last

    def settle(self) -> None:
        """Have all count that were added."""
        if self._names:
            self._index.put(np.array(self._names, np.uint64), np.array(self._facts, FACTS))
            self._names, self._facts = [], []
