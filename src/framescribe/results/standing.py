"""Knows the rows of a result as they stand now, for those who only read: what runs wrote, and what people changed.

Writes nothing, and lets runs go on. A finished file to which nothing was added is read as it is, row by row; otherwise
the parts are looked through first (some 650 bytes of memory per row).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from framescribe.errors import UserError
from framescribe.records import Row
from framescribe.results.corrections import differences, key_of, told_apart
from framescribe.results.corrections import refuse_twins as refuse_twin_rows
from framescribe.results.edits import Edit, apply
from framescribe.results.finished import is_there, location_of, read_rows, stamp_of
from framescribe.results.index import Key
from framescribe.results.object_parts import ObjectParts
from framescribe.results.parts import LocalParts, Location, Parts
from framescribe.results.rows import FINISHED_FILE, Results, video_of
from framescribe.storage.object_store import StoreError


class Standing:
    """The rows of a result as they stand now. It can be gone through several times. UserError if there is none."""

    def __init__(self, output: str | os.PathLike[str]) -> None:
        self.output = location_of(os.fspath(output))
        self._results: Results | None = None
        self._edits: dict[Key, list[Edit]] = {}
        self._unknown: list[Row] = []
        try:
            finished = is_there(self.output)
            store = _parts_of(self.output)
            remote = not isinstance(self.output, Path)
            newest, noted = max(store.names(), default=None), store.note(FINISHED_FILE)
            changed = finished and bool(noted) and noted.get("stamp") != stamp_of(self.output)
            newer = remote or (newest is not None and newest > str(noted.get("until") or ""))
            self.unfinished = not finished
            if changed or newer or not finished:
                self._results = Results(self.output)
                if not len(self._results):
                    raise UserError(f"there is no result at {output}. Give the path from -o.")
            if changed:
                self._take_in(store, noted.get("until"))
        except (OSError, StoreError) as error:
            raise UserError(f"{output} cannot be read: {getattr(error, 'strerror', None) or error}") from error

    def __iter__(self) -> Iterator[Row]:
        if self._results is None:
            yield from read_rows(self.output)
            return
        for row in self._results.in_order():
            made = self._edits.get(key_of(row))
            yield apply(row, made) if made else row
        yield from self._unknown

    def _take_in(self, store: Parts, until: str | None) -> None:
        """Find what a person changed in the finished file, as the next run will."""
        assert self._results is not None
        found = []
        for row in refuse_twin_rows(read_rows(self.output), self.output):
            ours = next(self._results.rows([video_of(row)]), None)
            if ours is None or differences(row, ours):
                found.append((row, ours))
        when = float(stamp_of(self.output).get("modified") or 0)
        made, self._unknown = told_apart(found, store.all_lines() if found else (), until=until, when=when)
        rows = {row.id: key_of(row) for row, ours in found if ours is not None}
        for edit in made:
            self._edits.setdefault(rows[edit.id], []).append(edit)


def _parts_of(output: Location) -> Parts:
    parts = f"{output}.parts"
    return LocalParts(Path(parts)) if isinstance(output, Path) else ObjectParts(parts)
