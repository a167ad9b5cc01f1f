"""Knows the rows of a result as they stand now, for those who only read: what runs wrote, and what people changed.

Writes nothing but the index beside a part (`part_index`), and lets runs go on. A finished file to which nothing was
added is read as it is, row by row; otherwise the parts are looked through first (some 80 bytes of memory per row).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.records import Row
from framescribe.results.corrections import differences, told_apart
from framescribe.results.corrections import refuse_twins as refuse_twin_rows
from framescribe.results.finished import is_there, location_of, read_rows, stamp_of
from framescribe.results.object_parts import ObjectParts
from framescribe.results.parts import FINISHED_FILE, LocalParts, Location, Parts, behind, until_of
from framescribe.results.reading import Others
from framescribe.results.rows import Results, video_of
from framescribe.storage.object_store import StoreError


class Standing:
    """The rows of a result as they stand now. It can be gone through several times. UserError if there is none.

    Without `frames` rows may lack theirs, and are read the quicker. `others`: as `Results` takes it.
    """

    def __init__(self, output: str | os.PathLike[str], *, frames: bool = True, others: Others | None = None) -> None:
        self.output = location_of(os.fspath(output))
        self._frames = frames
        self._results: Results | None = None
        self._unknown: list[Row] = []
        try:
            finished = _is_there(self.output)
            store = _parts_of(self.output)
            newest, noted = store.newest(), store.note(FINISHED_FILE)
            changed = finished and noted.get("stamp") != stamp_of(self.output)
            newer = behind(noted, newest)
            self.unfinished = not finished
            if not finished or (newest is not None and (changed or newer)):  # without parts the file is all there is
                self._results = Results(self.output, others=others)
                if not len(self._results):
                    raise UserError(f"there is no result at {output}. Give the path from -o.")
                if changed:
                    self._take_in(store, noted)
            self.by_hand = changed and self._results is not None
        except (OSError, StoreError) as error:
            raise UserError(f"{output} cannot be read: {getattr(error, 'strerror', None) or error}") from error

    def __iter__(self) -> Iterator[Row]:
        if self._results is None:
            yield from read_rows(self.output, frames=self._frames)
            return
        yield from self._results.in_order()
        yield from self._unknown

    @property
    def results(self) -> Results | None:
        """The rows by their parts, with what a person changed in the finished file since; None if that file, as it was
        left, says all there is."""
        return self._results

    @property
    def unknown(self) -> list[Row]:
        """The rows that a person put into the finished file."""
        return self._unknown

    def _take_in(self, store: Parts, noted: dict[str, Any]) -> None:
        """Find what a person changed in the finished file, as the next run will (`Results.begin`)."""
        assert self._results is not None
        found = []
        for row in refuse_twin_rows(read_rows(self.output), self.output):
            ours = next(self._results.rows([video_of(row)]), None)
            if ours is None or differences(row, ours):
                found.append((row, ours))
        when = stamp_of(self.output).get("modified")
        until = until_of(noted)
        made, self._unknown = told_apart(
            found, store.all_lines() if found else (), until=until, when=when if isinstance(when, float) else 0.0
        )
        for edit in made:
            self._results.count(edit)


def _is_there(output: Location) -> bool:
    try:
        return is_there(output)
    except ValueError:
        raise UserError(f"{output}: {str(output).split('://')[0]} is not a known protocol") from None


def _parts_of(output: Location) -> Parts:
    parts = f"{output}.parts"
    return LocalParts(Path(parts)) if isinstance(output, Path) else ObjectParts(parts)
