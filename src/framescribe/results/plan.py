"""Knows what is left to do for a recipe, and which parts of earlier rows can be kept; reads no row and no file.

A row is believed if its id and place are the video's and nothing suggests that the file is a different one. If the
place or the file's stamp differs, `FileCheck` decides by the bytes; its findings are passed to `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from framescribe.addresses import place_of, without_access
from framescribe.errors import UserError
from framescribe.hashes import Found, hashes_of
from framescribe.machine import without_collection
from framescribe.packed import Fields, blocks_of, video_of
from framescribe.prompts import as_filled
from framescribe.records import IMPORTED, MEASURE, Row, Video
from framescribe.results.facts import Facts, same_files, stamp_number
from framescribe.results.index import Entry, Index, Key
from framescribe.results.todos import Todo, Todos, Way
from framescribe.strategies.base import StageWanted

SAME, MISSING, VALUES, OTHER, FAULTY = "same", "missing", "values", "other", "faulty"
CORRECTED = "corrected"  # made from a caption that a person has corrected since
EDITED, LOCKED = "edited", "locked"  # how a person holds on to a row


class Doubt(NamedTuple):
    """A video, and the rows that may be of its file or of a different one: their place or stamp is not the video's."""

    video: Video
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the files themselves show, by id and place.

    `found`: the fingerprint of a file that was in doubt (or the hash of its content, if its rows have nothing else), or
    None if it cannot be read now. `changed`: files whose content is not that of their rows. `copies`: those whose old
    place still holds a file too.
    """

    found: Mapping[Key, str | None] = field(default_factory=dict)
    changed: Collection[Key] = frozenset()
    copies: Collection[Key] = frozenset()


@dataclass(slots=True, kw_only=True)
class Plan:
    """What is left to do, and why. `moved`: rows that need nothing but their file's new place."""

    todo: Todos = field(default_factory=Todos)
    moved: Todos = field(default_factory=Todos)
    doubts: list[Doubt] = field(default_factory=list)
    done: int = 0
    failed_before: int = 0
    later_stages: int = 0
    replaced: int = 0
    other_values: int = 0
    other_recipe: int = 0
    imported: int = 0
    captions_kept: int = 0
    recaptioned: int = 0
    edited: int = 0
    locked: int = 0
    internal: int = 0
    faulty: int = 0
    measured: int = 0
    left_out: int = 0
    corrected: int = 0
    other_files: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is captioned again although it has a row: failed videos; what another recipe or `recaption` made, or was
    imported; what failed with an internal error; captions that fail the gate now (`recheck`). `keep_captions`: nothing
    that has a caption, whoever wrote it. `same_files`: only videos whose file is the one that their row was made from;
    the others keep their rows. UserError for `redo` and `keep_captions` together."""

    failed: bool = False
    redo: bool = False
    internal: bool = True
    recheck: bool = False
    keep_captions: bool = False
    same_files: bool = False

    def __post_init__(self) -> None:
        if self.keep_captions and self.redo:
            raise UserError("--keep-captions keeps the captions that --redo makes anew: choose one")


class Planner:
    """Plans for one recipe and one list of videos.

    `faulty` says which stages of an entry have texts that are to be mended. `sources` holds rows whose frame captions
    are to be summarised, by id and place; then no stage of the recipe sees frames. `held` says how a person holds on to
    an entry, if at all: EDITED or LOCKED. `outdated`: which of its stages were made from another caption than the one
    that stands. `metadata` reads an entry's user columns.
    """

    def __init__(
        self,
        index: Index,
        wanted: Sequence[StageWanted],
        *,
        again: Again,
        inputs: Callable[[str], bool],
        held: Callable[[str, Entry], str | None],
        outdated: Callable[[str, Entry], Collection[str]],
        metadata: Callable[[Entry], Mapping[str, object]],
        faulty: Callable[[Entry], Collection[str]] | None = None,
        sources: Mapping[Key, Row] | None = None,
        checked: Checked | None = None,
    ) -> None:
        self._index, self._wanted, self._again = index, wanted, again
        self._inputs, self._held, self._outdated, self._metadata = inputs, held, outdated, metadata
        self._from_caption = frozenset(one.name for one in wanted if one.from_caption)
        self._sources, self._checked, self._faulty = sources, checked or Checked(), faulty
        # If a recipe asks the same of every video, all rows made by the same stages are in the same state.
        self._alike = sources is None and not any(one.columns or one.by_id for one in wanted)
        known = self._checked
        plain = self._alike and faulty is None and not self._from_caption
        self._quickly = plain and not (known.changed or known.found or known.copies)
        self._done: dict[int, bool] = {}  # whether nothing is left to do for rows of a kind
        self._states: dict[int, dict[str, str]] = {}
        self._ways: dict[tuple[tuple[str, ...], bool], Way] = {}

    def plan(self, videos: Iterable[Video]) -> Plan:
        """What is left of these videos."""
        plan = Plan()
        with without_collection():
            for block in blocks_of(videos):
                names, places = [fields[0] for fields in block], hashes_of(place_of(fields[1]) for fields in block)
                numbers, facts = self._index.found(names, places)
                done = self._plainly_done(block, numbers, facts)
                plan.done += int(np.count_nonzero(done))
                for at in np.flatnonzero(~done).tolist():
                    own = self._index.made_of(facts[at]) if numbers[at] >= 0 else None
                    self._add(plan, video_of(block[at]), (names[at], int(places[at])), own)
        return plan

    def _plainly_done(self, block: Sequence[Fields], numbers: Found, facts: Facts) -> NDArray[np.bool_]:
        """Which of these videos, mostly all of millions, need not be looked at one by one."""
        if not self._quickly:
            return np.zeros(len(block), bool)
        sizes, stamps = ([fields[at] for fields in block] for at in (2, 3))
        done: NDArray[np.bool_] = (numbers >= 0) & same_files(facts, sizes, stamps)
        for kind in np.unique(facts["kind"][done]).tolist():
            alike = done & (facts["kind"] == kind)
            if kind not in self._done:
                at = int(np.flatnonzero(alike)[0])
                entry = self._index.made_of(facts[at])
                self._done[kind] = not self._stages(video_of(block[at]), entry, None)
            if not self._done[kind]:
                done &= ~alike
        return done

    def _add(self, plan: Plan, video: Video, key: Key, own: Entry | None) -> None:
        source = self._sources.get(key) if self._sources is not None else None
        candidates = [(video.id, own)] if own is not None else self._elsewhere(video, key)
        if not candidates and self._again.same_files:
            plan.other_files += 1
            return
        if not candidates:
            plan.todo.append(Todo(video, way=self._way(source=source)))
            return
        state, name, entry = self._row_of(video, key, source, candidates)
        if state == "doubt":
            plan.doubts.append(Doubt(video, tuple(entry for _, entry in candidates)))
            return
        moved = None if entry is own else name
        if state == "other" and self._again.same_files:
            plan.other_files += 1
            return
        if state == "other":
            plan.replaced += 1
            # A failed row of a file that lies elsewhere now is of no use to anybody.
            replaces = moved if entry.failed else None
            way = self._way(source=source, other_file=True, moved=replaces)
            plan.todo.append(Todo(video, entry, way))
            return
        unread = key in self._checked.found and self._checked.found[key] is None
        noted = moved is None and (unread or not _stamps_differ(video, entry))
        if key in self._checked.copies:
            moved = None
        self._plan_same(plan, video, entry, source, moved, noted=noted)

    def _elsewhere(self, video: Video, key: Key) -> list[tuple[str, Entry]]:
        """Rows that may be of the same file: those of this id at other places, or the one at this place under an id
        that no input has."""
        if others := self._index.of(video.id):
            return [(video.id, entry) for entry in others]
        found = self._index.elsewhere(video.place)
        return [found] if found is not None and not self._inputs(found[0]) else []

    def _row_of(
        self, video: Video, key: Key, source: Row | None, candidates: Sequence[tuple[str, Entry]]
    ) -> tuple[str, str, Entry]:
        """The row of this very file ("same") or the last one of a different file ("other"), with its id; or "doubt"."""
        states = [self._file(video, key, source, entry) for _, entry in candidates]
        for state in ("same", "doubt"):
            if state in states:
                return state, *candidates[states.index(state)]
        return "other", *candidates[-1]

    def _file(self, video: Video, key: Key, source: Row | None, entry: Entry) -> str:
        same_place = entry.place == key[1]
        if key in self._checked.changed or (None not in (video.size, entry.size) and video.size != entry.size):
            return "other"
        if source is not None and (made_of := source.file.get("fingerprint")) and entry.quick:
            return "same" if made_of == entry.fingerprint else "other"
        if same_place and not _stamps_differ(video, entry):
            return "same"
        if entry.quick is None and entry.content is None:
            # Nothing tells whether it is the same file. A row without a caption is no loss.
            return "same" if same_place and not entry.failed else "other"
        if key not in self._checked.found:
            return "doubt"
        found = self._checked.found[key]
        if found is None:  # where it was, its row stays; elsewhere, captioning it says why it cannot be read
            return "same" if same_place else "other"
        return "same" if found in (entry.fingerprint, entry.content) else "other"

    def _plan_same(
        self, plan: Plan, video: Video, entry: Entry, source: Row | None, moved: str | None, *, noted: bool
    ) -> None:
        """Plan a video whose file is the one that the row was made from."""
        again, chosen = self._stages(video, entry, source), entry.recaptioned and not entry.failed
        mend: tuple[str, ...] = ()
        if self._faulty is not None and not (again or chosen or entry.failed):
            again, mend = self._to_mend(self._faulty(entry))
        if self._from_caption and not entry.failed:
            old = self._from_caption.intersection(self._outdated(video.id, entry))
            again = {**again, **dict.fromkeys(old, CORRECTED)} if old else again
        if not again and noted and not entry.failed:  # the common case, millions of times
            plan.done += 1
            return
        keep = tuple(name for name, _, made in entry.stages if made and (name not in again or name == MEASURE))
        todo = Todo(video, entry, self._way(keep, source, moved=moved)._replace(mend=mend))
        held = self._held(video.id, entry)
        if held is not None and again and not mend and self._from_caption.issuperset(again):
            pass  # nobody's words change
        elif held == LOCKED:
            plan.locked += bool(again)
            again = {}
        elif not self._again.redo and held == EDITED:
            plan.edited += bool(again)
            again = {}
        elif not self._again.redo and chosen:
            plan.recaptioned += bool(again)
            again = {}
        elif self._again.keep_captions and entry.captioned is not None:
            plan.captions_kept += bool(again)
            again = {}
        may_try = entry.failed and held != LOCKED
        internal = may_try and entry.internal and self._again.internal
        plan.internal += internal
        if may_try and (
            (self._again.failed and not entry.left_out) or internal or self._may_end_otherwise(entry, again)
        ):
            plan.todo.append(todo)
        elif entry.failed or not again:
            plan.done += 1
            plan.failed_before += entry.failed and not entry.left_out
            plan.left_out += entry.left_out
            if not noted:
                plan.moved.append(todo)
        else:
            states = {again[wanted.name] for wanted in self._wanted if wanted.sees and wanted.name in again}
            imported = entry.captioned == IMPORTED
            if imported or states & {OTHER, MISSING}:
                plan.imported += imported
                plan.other_recipe += not imported
                if self._again.redo:
                    plan.todo.append(todo)
                return
            if VALUES in again.values():
                plan.other_values += 1
            elif mend:
                plan.faulty += 1
            elif set(again) == {MEASURE}:
                plan.measured += 1
            elif CORRECTED in again.values():
                plan.corrected += 1
            elif not states:
                plan.later_stages += 1
            plan.todo.append(todo)

    def _way(
        self,
        keep: tuple[str, ...] = (),
        source: Row | None = None,
        *,
        other_file: bool = False,
        moved: str | None = None,
    ) -> Way:
        if source is not None or moved is not None:
            return Way(keep, source, other_file, moved)
        return self._ways.setdefault((keep, other_file), Way(keep, other_file=other_file))

    def _may_end_otherwise(self, entry: Entry, again: Mapping[str, str]) -> bool:
        """Whether the stages to run again include the one at which this row failed, or one before it; or nothing leaves
        it out any more."""
        if entry.left_out and all(wanted.name != MEASURE for wanted in self._wanted):
            return True
        for wanted in self._wanted:
            if wanted.name in again:
                return True
            if not entry.has(wanted.name):
                return False
        return bool(again)

    def _stages(self, video: Video, entry: Entry, source: Row | None) -> dict[str, str]:
        """The stages that are to run again, and why: their own recipe or values differ, or an earlier stage's do."""
        if not self._alike:
            return self._compared(video, entry, source)
        known = self._states.get(id(entry.stages))
        if known is None:
            known = self._states[id(entry.stages)] = self._compared(video, entry, source)
        return known

    def _to_mend(self, faulty: Collection[str]) -> tuple[dict[str, str], tuple[str, ...]]:
        """The stages that run again because of the texts of these, and those whose texts are mended: not of a stage
        that reads one of them, and is to write anew."""
        again = dict[str, str]()
        mend = list[str]()
        for wanted in self._wanted:
            if any(name in again for name in wanted.after):
                again[wanted.name] = FAULTY
            elif wanted.name in faulty:
                again[wanted.name] = FAULTY
                mend.append(wanted.name)
        return again, tuple(mend)

    def _compared(self, video: Video, entry: Entry, source: Row | None) -> dict[str, str]:
        again = dict[str, str]()
        if source is not None:
            ours = {wanted.name for wanted in self._wanted}
            for name in source.stages:
                if name not in ours and source.has_result(name) and entry.print_of(name) != source.fingerprint(name):
                    again[name] = OTHER
        for wanted in self._wanted:
            state = self._state(video, entry, wanted)
            if state == SAME:
                state = next((again[name] for name in wanted.after if name in again), SAME)
            if state != SAME:
                again[wanted.name] = state
        return again

    def _state(self, video: Video, entry: Entry, wanted: StageWanted) -> str:
        found = entry.print_of(wanted.name)
        if found is None:
            return MISSING
        if wanted.adds and self._again.internal and not entry.has(wanted.name):
            return MISSING  # it could not be done then, and the caption stood without it
        if wanted.met_by(found, video):
            return SAME
        same_recipe = found.partition(":")[0] == wanted.recipe
        if same_recipe and entry.recaptioned and video.caption is not None and "caption" in wanted.columns:
            return SAME  # this prompt has made its caption already, from the one before it
        if found == wanted.former:
            if not wanted.columns:
                return SAME
            before, now = self._metadata(entry), video.kept
            same = (without_access(as_filled(before.get(name))) == as_filled(now.get(name)) for name in wanted.columns)
            return SAME if all(same) else VALUES
        return VALUES if same_recipe else OTHER


def _stamps_differ(video: Video, entry: Entry) -> bool:
    return None not in (video.stamp, entry.stamp) and stamp_number(video.stamp) != entry.stamp
