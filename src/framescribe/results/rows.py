"""Knows the rows of one result and what is said about them: plans, appends, and finishes the file.

Beside the finished file is the folder of parts (`parts`), to which lines are only ever added; so however a run ends, at
most what was under way is lost. Which row counts is decided in `index`, what is left to do in `plan`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from framescribe.addresses import place_of
from framescribe.errors import RunError, UserError
from framescribe.hashes import HashTable, Numbers, hash_of_text, hashes_of
from framescribe.packed import blocks_of, in_order
from framescribe.packed import video_of as video_of_fields
from framescribe.records import AGAIN, SCHEMA, STANDS, Row, Video
from framescribe.results import edits
from framescribe.results.cells import flat
from framescribe.results.corrections import key_of
from framescribe.results.edits import Edit
from framescribe.results.filling import ChangedMeanwhile, fill
from framescribe.results.finished import read_rows, refuse_twins, stamp_of, write_finished
from framescribe.results.folder import Folder
from framescribe.results.index import Entry, Key, hash_of
from framescribe.results.parts import FINISHED_FILE, FINISHING_LOCK, HeldError, Location, behind, marked_until
from framescribe.results.plan import EDITED, LOCKED, Again, Checked, Plan, Planner
from framescribe.results.reading import why
from framescribe.results.saying import Saying
from framescribe.results.todos import Todo
from framescribe.storage.object_store import StoreError
from framescribe.strategies.base import StageWanted

__all__ = ["FINISHED_FILE", "Results", "flat", "read_rows"]

FINISHING_SECONDS = 3600.0  # for which another process may write the finished file


class Results(Saying):
    """The rows of one output file, to which is written. Several processes may do so at once."""

    # --- what is left to do ---

    def planner(
        self,
        wanted: Sequence[StageWanted],
        inputs: Sequence[Video],
        *,
        again: Again | None = None,
        faulty: Callable[[Entry], Collection[str]] | None = None,
        sources: Mapping[Key, Row] | None = None,
        checked: Checked | None = None,
    ) -> Planner:
        """A planner of what is left of the `inputs` for a recipe that wants these stages."""
        ids = HashTable()

        def known(name: str) -> bool:
            if not len(ids):
                for block in blocks_of(inputs):
                    ids.add(hashes_of(fields[0] for fields in block))
            return bool(ids.numbers(hash_of_text(name)))  # by mistake, a file would only be captioned again

        return Planner(
            self._index,
            wanted,
            again=again or Again(),
            inputs=known,
            held=self._held,
            outdated=self._outdated,
            metadata=lambda entry: self.load(entry).metadata,
            faulty=faulty,
            sources=sources,
            checked=checked,
        )

    def plan(self, videos: Sequence[Video], wanted: Sequence[StageWanted], **more: Any) -> Plan:
        """What is left of `videos`, according to `planner`."""
        return self.planner(wanted, videos, **more).plan(videos)

    def earlier(self, todo: Todo) -> Row | None:
        """What need not be redone for a video: its source row, or its own row with only what is kept; and a person's
        caption, which stands whatever is redone."""
        if todo.way.source is not None:
            return todo.way.source
        stands = self._corrected(todo)
        if todo.entry is None or not (todo.way.keep or todo.way.mend or stands is not None):
            return None
        row = self.load(todo.entry).only((*todo.way.keep, *todo.way.mend))
        if stands is not None:
            row = replace(row, provenance={**row.provenance, STANDS: stands})
        stages = {name: {**made, AGAIN: True} if name in todo.way.mend else made for name, made in row.stages.items()}
        return replace(row, provenance={**row.provenance, "stages": stages})

    def taken_over(self, todo: Todo) -> Row:
        """The row of a file that has only moved, at its new place."""
        assert todo.entry is not None
        return replace(marked(self.load(todo.entry), todo, self), metadata=todo.video.kept)

    def accept(self, videos: Iterable[Video], *, prune: bool = False) -> None:
        """UserError where the finished file could not hold these videos, and, unless `prune` is on, the others too."""
        others = () if prune else (name for name, _ in self._index)
        refuse_twins(self.output, (video.id for video in videos), others)

    # --- the order of a run ---

    def begin(self, record: Mapping[str, Any], launch: str | None = None) -> list[Edit]:
        """Make the parts ready, keep in them what was asked for, and adopt what a person changed in the finished file;
        returns those changes.

        HeldError if another run is writing here, UserError if the changes cannot be determined. Processes that one
        command started pass the same `launch`.
        """
        self._store.begin(record, launch or f"process {os.getpid()} of {time.time_ns()}", self.output)
        try:
            with self._alone() as made:
                return made
        except (OSError, StoreError) as error:
            self.close()
            raise UserError(f"{self.parts} cannot be written: {why(error)}. Choose another -o.") from error
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

        try:
            self.close()
            with self._store.alone(FINISHING_LOCK, FINISHING_SECONDS):
                self._write(lambda: self._all_rows(videos, prune), pruned=prune, dropped=dropped)
        except (OSError, StoreError) as error:
            raise self._not_finished(error) from error
        finally:
            self.close()
        return self.output

    def marked_until(self) -> str:
        """The last part when a run last finished the file: what its rows say of each other was true then. "" if none
        has."""
        return marked_until(self._store.note(FINISHED_FILE))

    def unmarked(self) -> bool:
        """Whether anything was added since: what the rows say of each other may not be true any more."""
        try:
            return (self._store.newest() or "") > self.marked_until()
        except (OSError, StoreError) as error:
            raise RunError(f"{self.parts} cannot be read: {why(error)}") from error

    def write_again(self) -> bool:
        """Write the finished file anew if anything was added since it was written: its rows in their order, with what
        people said of them, then those that it lacks. Returns whether it was written: not if there is none, nor while a
        run is writing here, which will do it. UserError as in `begin`, RunError if it cannot be written."""
        try:
            if not self.finished:
                return False
            note = self._store.note(FINISHED_FILE)
            if note.get("stamp") == stamp_of(self.output) and not behind(note, self._store.newest()):
                return False
            with self._store.alone(FINISHING_LOCK, 0):
                self.begin(self.noted_recipe())
                self._write(self._as_they_lie, pruned=bool(note.get("pruned")), marked=marked_until(note))
        except (HeldError, TimeoutError):
            return False
        except (OSError, StoreError) as error:
            raise self._not_finished(error) from error
        finally:
            self.close()
        return True

    def _write(
        self,
        rows: Callable[[], Iterator[Row]],
        *,
        pruned: bool,
        marked: str | None = None,
        dropped: Callable[[], bool] = lambda: False,
    ) -> None:
        """Write the finished file with all that was said until now; what is said while it is written goes into parts
        that are newer than it. `marked`: the last part when a run last finished the file; None: one does so now."""

        def checked() -> Iterator[Row]:
            for row in rows():
                if dropped():
                    raise RunError(f"{self.output} was not written")
                yield row
            if not isinstance(self.output, Folder) and self._stamp() != stamp:
                raise ChangedMeanwhile

        while True:
            with self._alone():
                until, stamp = self._store.end(), self._stamp()
            before = self._store.note(FINISHED_FILE)
            if stamp is not None:  # whoever finds another file there than the one noted cannot know of when it is
                self._store.keep_note(FINISHED_FILE, {**before, "unsure": True})
            try:
                if isinstance(self.output, Folder):
                    made = fill(self.output, checked, before, stamp or {})
                else:
                    write_finished(self.output, checked)
                    made = {"stamp": stamp_of(self.output)}
                break
            except ChangedMeanwhile:  # by hand, and that is not to be lost
                continue
        note = {**made, "until": until, "marked": until if marked is None else marked}
        self._store.keep_note(FINISHED_FILE, {**note, "pruned": True} if pruned else note)

    def _stamp(self) -> dict[str, Any] | None:
        return stamp_of(self.output) if self._there else None

    def _as_they_lie(self) -> Iterator[Row]:
        there = Numbers()
        for found in read_rows(self.output, frames=False):
            number = self._index.number(*key_of(found))
            if number is not None and there.add(number):
                entry = self._index.entry(number)
                yield self._edited(found.id, entry, replace(self.load(entry), metadata=found.metadata))
        yield from map(self._as_it_stands, self._left_out_of(there))

    def _not_finished(self, error: Exception) -> RunError:
        return RunError(f"{self.output} cannot be written: {why(error)}. Every row is kept in {self.parts}.")

    def _all_rows(self, videos: Sequence[Video], prune: bool) -> Iterator[Row]:
        there = Numbers()
        for block in blocks_of(videos):
            places = hashes_of(place_of(fields[1]) for fields in block)
            numbers, facts = self._index.found((fields[0] for fields in block), places)
            for at in np.flatnonzero(numbers >= 0).tolist():
                there.add(int(numbers[at]))
                video, entry = video_of_fields(block[at]), self._index.made_of(facts[at])
                row, kept = self.load(entry), video.kept
                row = replace(row, metadata=kept) if row.metadata or kept else row
                yield self._edited(video.id, entry, row)
        if prune:
            return
        rest = (number for number in self._index.numbers() if number not in there)
        for *_, number in in_order((*self.key_of(self._index.entry(number)), number) for number in rest):
            yield self._as_it_stands(self._index.entry(number))

    # --- what a person holds on to ---

    def _held(self, name: str, entry: Entry) -> str | None:
        """How a person holds on to a row: LOCKED, EDITED (also if the caption was accepted), or None."""
        if not self._said:
            return None
        stand = self._said.standing((name, entry.place), entry)
        if edits.LOCK in stand:
            return LOCKED
        if any(edit.is_words for edit in stand.values()):
            return EDITED
        if any(edit.field == "verdict" for edit in self._said.of((name, entry.place))):
            row = self._edited(name, entry, self.load(entry))
            return EDITED if edits.review_of(row).get("verdict") == edits.ACCEPTED else None
        return None

    def _outdated(self, name: str, entry: Entry) -> tuple[str, ...]:
        """The stages of a row that were made from another caption than the one that stands."""
        if not self._said.of((name, entry.place)):
            return ()
        return self._edited(name, entry, self.load(entry)).outdated

    def _corrected(self, todo: Todo) -> str | None:
        """The caption that a person gave the row of this video, None if they gave it none."""
        if todo.entry is None or todo.way.other_file or not self._said:
            return None
        row = self.load(todo.entry)
        if not self._said.of((row.id, todo.entry.place)):
            return None
        caption = self._edited(row.id, todo.entry, row).caption
        return caption if caption != row.caption else None

    def held(self, video: Video) -> bool:
        """Whether a person holds on to a video's row."""
        entry = self.entry(video)
        return entry is not None and self._held(video.id, entry) is not None

    def carry_edits(self, *todos: Todo) -> None:
        """What a person said of the rows that these ones were carried over from counts for them too."""
        if self._said:
            self.edit(*(edit for todo in todos for edit in self._carried(todo)))

    def _carried(self, todo: Todo) -> Iterator[Edit]:
        if todo.entry is None or todo.way.other_file:
            return
        before = self.load(todo.entry)
        new, old = (todo.video.id, hash_of(todo.video)), (before.id, todo.entry.place)
        keys: dict[str | None, str] = {}
        for edit in self._said.of(old) if new != old else ():
            undoes = keys.get(edit.undoes, edit.undoes)
            carried = replace(edit, id=todo.video.id, video_path=todo.video.place, undoes=undoes)
            keys[edit.key] = carried.key
            yield carried

    def take_back_edits(self, videos: Iterable[Video]) -> None:
        """The words that a person changed in these videos' rows no longer count, unless they are locked."""
        made = list[Edit]()
        for video in videos:
            entry = self.entry(video)
            stand = self._said.standing((video.id, hash_of(video)), entry) if entry is not None else {}
            if edits.LOCK not in stand:
                made += (edits.taken_back(edit) for edit in stand.values() if edit.is_words)
        self.edit(*made)


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
