"""Knows how rows, and what people say of them, are added to one result, in one order whoever adds them; plans no run.

What people say goes into parts that sort after all that was said before, and only one process at a time says something.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from framescribe.errors import RunError, UserError
from framescribe.plain_json import dumps
from framescribe.records import Row
from framescribe.results.corrections import differences, key_of, told_apart
from framescribe.results.corrections import refuse_twins as refuse_twin_rows
from framescribe.results.edits import Edit
from framescribe.results.finished import read_rows, stamp_of
from framescribe.results.folder import Folder
from framescribe.results.part_index import Noted
from framescribe.results.parts import EDITS_LOCK, FINISHED_FILE, ROW_KIND, until_of
from framescribe.results.reading import Reading, why
from framescribe.storage.object_store import StoreError


class Saying(Reading):
    """The rows of one output file, to which lines are added."""

    _taken_up: list[Edit] | None = None  # what was changed by hand, while this process holds off all others
    _noted: Noted | None = None  # what is in this process's last part

    def append(self, row: Row) -> None:
        """Keep the row, at least on this machine's disk, before returning. RunError if it cannot be written."""
        line = _row_line(row)
        part, offset = self._store.append(line)
        plain = self._add_row(line, part, offset)
        if isinstance(part, Path):
            self._note(part, offset, offset + len(line), plain)

    def close(self) -> None:
        """Bring this process's rows to where they belong; may be called twice. RunError if that fails."""
        self._store.close()
        self._keep_noted()

    def _note(self, part: Path, offset: int, end: int, plain: tuple[int, tuple[Any, ...]] | None) -> None:
        """Take note of a row in a part of this process, up to the first line there that is none."""
        if self._noted is None or self._noted.part != part:
            self._keep_noted()
            self._noted = Noted(part, self._index)
        if offset == self._noted.end:
            self._noted.line(offset, end, plain)

    def _keep_noted(self) -> None:
        noted, self._noted = self._noted, None
        if noted is not None:
            noted.close()

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep a record that is neither row nor edit, and hand it to `others`. RunError if it cannot be written."""
        with self.editing():
            self._store.append((dumps(record) + "\n").encode(errors="backslashreplace"))
            if self._others is not None:
                self._others(record)

    def edit(self, *made: Edit) -> None:
        """Keep what a person says: from now on it counts, whichever process reads it. No `begin` is needed, nor that no
        run is writing here. UserError if the finished file was changed by hand and cannot be read, RunError if it
        cannot be written."""
        if made:
            with self.editing():
                self._keep_edits(made)

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Hold off all others who say something, in this process or another, while the block runs, so that what it
        finds is still so when it says something itself: all that was said before, also by hand in the finished file,
        has been taken in. Not over a network without locks, nor between machines that write to one store. Errors as
        in `edit`."""
        try:
            with self._alone():
                yield
        except (OSError, StoreError) as error:
            raise RunError(f"{self.parts} cannot be written: {why(error)}") from error

    @contextmanager
    def _alone(self) -> Iterator[list[Edit]]:
        """As `editing`; yields what was changed by hand."""
        with self._mutex:
            if self._taken_up is not None:
                yield self._taken_up
                return
            with self._store.alone(EDITS_LOCK):
                self.take(self._store.news())
                self._taken_up = []
                try:
                    self._adopt()
                    self._taken_up = self._take_up()
                    yield self._taken_up
                finally:
                    self._taken_up = None

    def _keep_edits(self, made: Iterable[Edit]) -> None:
        made = tuple(made)
        for edit, part in zip(made, self._store.append_last(edit.as_line() for edit in made), strict=True):
            self._said.add(edit, part)

    def _adopt(self) -> None:
        """Rows that only the finished file holds get a part before anything is added to them."""
        if not self._index.apart:
            return
        adopted = [entry.row for entry in self._index.entries() if entry.row is not None]
        if adopted:
            said = self._said.first()
            if isinstance(self.output, Folder) and self.output.whole:
                self.output.mark(whole=True)  # which parts would leave open
            self._store.keep([*map(_row_line, adopted), *(edit.as_line() for edit in said)])
            self._index.forget()
            self._read(self._store.news())
            note = {"stamp": stamp_of(self.output), "until": self._store.newest()}
            self._store.keep_note(FINISHED_FILE, note)

    def _take_up(self) -> list[Edit]:
        """Keep as edits what somebody changed in the finished file since framescribe wrote it. UserError if that cannot
        be determined."""
        if not self._there:
            return []
        stamp, note = stamp_of(self.output), self._store.note(FINISHED_FILE)
        if stamp == note.get("stamp"):
            return []
        try:
            found = list(self._changed_rows(note))
        except UserError as error:
            raise UserError(
                f"{error}\n{self.output} was changed since framescribe wrote it. Repair it, or move it away: every "
                f"row is kept in {self.parts}."
            ) from None
        until, lines = until_of(note), self._store.all_lines() if found else ()
        as_written = until is not None and (self._store.newest() or "") <= until
        made, unknown = told_apart(found, lines, until=until, when=stamp.get("modified") or time.time())
        for row in unknown:
            self.append(row)
        self._keep_edits(made)
        taken = {**note, "stamp": stamp, "behind": True}  # it says nothing of who changed it and when
        if as_written:  # and so, with these changes, it says all that there is
            taken["until"] = self._store.end()
        else:
            taken["unsure"] = True
        self._store.keep_note(FINISHED_FILE, taken)
        return made

    def _changed_rows(self, note: Mapping[str, Any]) -> Iterator[tuple[Row, Row | None]]:
        """The rows of the finished file that differ from ours, with ours if there is one; of a folder, those in files
        that are not as was noted."""
        files = self.output.changed(note.get("stamp")) if isinstance(self.output, Folder) else [self.output]
        for row in refuse_twin_rows(chain.from_iterable(map(read_rows, files)), self.output):
            entry = self._index.at(*key_of(row))
            ours = self._edited(row.id, entry, self.load(entry)) if entry is not None else None
            if ours is None or differences(row, ours):
                yield row, ours


def _row_line(row: Row) -> bytes:
    return f'{{"kind": "{ROW_KIND}", {row.as_line()[1:]}\n'.encode()
