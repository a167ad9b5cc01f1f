"""Knows what people said about the rows of a result: the edit lines of each row, in the order of the parts."""

from __future__ import annotations

from bisect import insort_right
from collections.abc import Sequence

from framescribe.records import Row
from framescribe.results import edits
from framescribe.results.edits import Edit
from framescribe.results.index import Entry, Key, place_hash

FIRST, LAST = "", "\U0010ffff"  # sort before and after the names of all parts


class Said:
    """The edit lines by id and place. Of the lines of one part those are first that were added first; however lines
    reach this process, their order is that of the parts' names."""

    def __init__(self) -> None:
        self._lines: dict[Key, list[tuple[str, Edit]]] = {}
        self.count = 0  # of the lines that were ever added

    def __bool__(self) -> bool:
        return bool(self._lines)

    def add(self, edit: Edit, part: str = LAST) -> Key:
        """Take in a line of the part of this name, and return the row that it is about."""
        key = edit.id, place_hash(edit.video_path)
        lines = self._lines.setdefault(key, [])
        self.count += 1
        insort_right(lines, (part, edit), key=lambda line: line[0])
        return key

    def of(self, key: Key) -> Sequence[Edit]:
        """All lines about a row."""
        return [edit for _, edit in self._lines.get(key, ())]

    def standing(self, key: Key, entry: Entry) -> dict[str, Edit]:
        """What stands about the row of this entry; see `edits.standing`."""
        return edits.standing(self.of(key), entry.fingerprint)

    def apply(self, key: Key, row: Row) -> Row:
        """The row with what people said of it."""
        return edits.apply(row, self.of(key)) if key in self._lines else row

    def first(self) -> list[Edit]:
        """Those that stand in no part but come before all, which are forgotten."""
        found = [edit for lines in self._lines.values() for part, edit in lines if part == FIRST]
        kept = {key: [line for line in lines if line[0] != FIRST] for key, lines in self._lines.items()}
        self._lines = {key: lines for key, lines in kept.items() if lines}
        return found

    def forget_unknown(self, key: Key) -> None:
        """Forget what is about a file of which nothing is known."""
        if key in self._lines:
            self._lines[key] = [line for line in self._lines[key] if line[1].fingerprint is not None]
