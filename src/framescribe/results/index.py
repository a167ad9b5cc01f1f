"""Knows which row of a result counts for a file at a place, and the few facts that decide it; reads no file.

A row belongs to an id and a place. Of several rows for both, the latest counts; but a failure never replaces a success
of the same recipe with the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from framescribe.records import DECODE, INTERNAL, STATUSES, Row, Video, provenance_of
from framescribe.results.parts import Location

Key = tuple[str, int]  # an id, and the hash of a place
QUICK = "quick:"
Prints = tuple[tuple[str, str | None, bool], ...]


class Entry(NamedTuple):
    """Where a row's line is (or the row itself, if no part holds it yet), and what decides whether it counts.

    `place` is a hash of its place, `quick` the file's fingerprint, as bytes where it has the usual form (there may be
    millions of them). `stages`: for each its name, fingerprint, and whether it has a result. `internal`: it failed in a
    way that nobody foresaw. `captioned`: the stage whose caption the row has.
    """

    part: Location | None
    offset: int
    row: Row | None
    place: int
    failed: bool
    recaptioned: bool
    size: int | None
    stamp: int | str | None
    quick: bytes | str | None
    content: str | None
    stages: Prints
    internal: bool = False
    captioned: str | None = None

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the file's bytes, as rows hold it."""
        return f"{QUICK}{self.quick.hex()}" if isinstance(self.quick, bytes) else self.quick

    def print_of(self, stage: str) -> str | None:
        """The fingerprint of this stage, None if it was not wanted."""
        return next((found for name, found, _ in self.stages if name == stage), None)

    def has(self, stage: str) -> bool:
        """Whether this stage produced a result."""
        return any(name == stage and made for name, _, made in self.stages)


def place_hash(place: str) -> int:
    """64 bits that stand for a place, valid in this process only."""
    return hash(place)


def hash_of(video: Video) -> int:
    """The hash of a video's place."""
    return place_hash(video.place)


class Index:
    """The entries that count, by id; most ids have a single place."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry | tuple[Entry, ...]] = {}  # several only where an id has several places
        self._same: dict[Prints, Prints] = {}  # one shared tuple for all rows that the same recipe made
        self._by_place: dict[int, tuple[str, Entry]] | None = None
        self.failed = 0
        self.count = 0

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[tuple[str, Entry]]:
        for name in self._entries:
            for entry in self.of(name):
                yield name, entry

    def of(self, name: str) -> tuple[Entry, ...]:
        """The entries of an id, one for each place."""
        found = self._entries.get(name)
        return () if found is None else (found,) if type(found) is Entry else found  # type: ignore[return-value]

    def at(self, name: str, place: int) -> Entry | None:
        """The entry of an id at a place."""
        found = self._entries.get(name)
        if type(found) is Entry:
            return found if found.place == place else None
        return next((entry for entry in self.of(name) if entry.place == place), None)

    def elsewhere(self, place: int) -> tuple[str, Entry] | None:
        """Any id and its entry at this place."""
        if self._by_place is None:
            self._by_place = {entry.place: (name, entry) for name, entry in self}
        return self._by_place.get(place)

    def forget(self) -> None:
        """Forget everything."""
        self.__init__()  # type: ignore[misc]

    def add_row(self, row: Row) -> None:
        """Take in a row that no part holds yet."""
        self.add(row.as_dict(), None, 0, row)

    def add(self, record: Mapping[str, Any], part: Location | None, offset: int, row: Row | None = None) -> Key:
        """Take in a row from its line, and return its id. ValueError, KeyError or TypeError if it is not a row."""
        name, status = record["id"], record["status"]
        if not isinstance(name, str) or status not in STATUSES:
            raise ValueError("its id is not text, or its status is unknown")
        made = record.get("provenance") or {}
        if "schema" not in made:
            made = provenance_of(record)
        file = made.get("file") or {}
        stages = tuple(
            [
                (stage, of.get("fingerprint"), bool(of.get("fills")) or of.get("output") is not None)
                for stage, of in (made.get("stages") or {}).items()
                if stage != DECODE
            ]
        )
        entry = Entry(  # by position: twice as fast
            part,
            offset,
            row,
            place_hash(record["video_path"]),
            status == "failed",
            bool(made.get("recaptioned")),
            record.get("size"),
            file.get("stamp"),
            _packed(file.get("fingerprint")),
            file.get("content"),
            self._same.setdefault(stages, stages),
            status == "failed" and (record.get("error") or {}).get("kind") == INTERNAL,
            _filled_by(made.get("stages") or {}),
        )
        if replaces := made.get("replaces"):
            self._remove(replaces[0], place_hash(replaces[1]))
        self._put(name, entry, other_file=bool(file.get("replaced")))
        return name, entry.place

    def _put(self, name: str, new: Entry, *, other_file: bool) -> None:
        if name not in self._entries:
            self._entries[name] = new
            self.count += 1
            self.failed += new.failed
        elif (old := self.at(name, new.place)) is None:
            self._entries[name] = (*self.of(name), new)
            self.count += 1
            self.failed += new.failed
        elif other_file or not (new.failed and not old.failed and (new.recaptioned or _alike(old, new))):
            self._keep(name, tuple(new if entry is old else entry for entry in self.of(name)))
            self.failed += new.failed - old.failed
        self._by_place = None

    def _keep(self, name: str, entries: tuple[Entry, ...]) -> None:
        self._entries[name] = entries[0] if len(entries) == 1 else entries

    def _remove(self, name: str, place: int) -> None:
        gone = self.at(name, place)
        if gone is not None:
            rest = tuple(entry for entry in self.of(name) if entry is not gone)
            if rest:
                self._keep(name, rest)
            else:
                del self._entries[name]
            self.count -= 1
            self.failed -= gone.failed
            self._by_place = None


def _filled_by(stages: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The stage that made the caption."""
    for name, of in stages.items():
        if "caption" in (of.get("fills") or ()):
            return name
    return None


def _packed(fingerprint: str | None) -> bytes | str | None:
    """A fingerprint in half the memory, where it has the usual form."""
    if fingerprint is None or not fingerprint.startswith(QUICK):
        return fingerprint
    try:
        return bytes.fromhex(fingerprint[len(QUICK) :])
    except ValueError:
        return fingerprint


def _alike(old: Entry, new: Entry) -> bool:
    """Whether the same recipe made both, from a file of the same size."""
    prints = [[(name, found) for name, found, _ in entry.stages] for entry in (old, new)]
    return prints[0] == prints[1] and old.size == new.size
