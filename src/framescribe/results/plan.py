"""Knows what is left to do for a recipe, and which parts of earlier rows can be kept; reads no row and no file.

A row is believed if its id and place are the video's and nothing suggests that the file is a different one. If the
place or the file's stamp differs, `FileCheck` decides by the bytes; its findings are passed to `plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from framescribe.addresses import without_access
from framescribe.errors import UserError
from framescribe.machine import without_collection
from framescribe.prompts import as_filled
from framescribe.records import IMPORTED, Row, Video
from framescribe.results.index import Entry, Index, Key, hash_of
from framescribe.strategies.base import StageWanted

SAME, MISSING, VALUES, OTHER = "same", "missing", "values", "other"


class Way(NamedTuple):
    """How a video is captioned that is left to do; one for all videos that are alike.

    `keep`: the stages of its earlier row whose results are reused. `source`: the row in another result that frame
    captions come from. `other_file`: its earlier row is of a different file. `moved`: the id of the row, at another
    place or under another id, that this one replaces.
    """

    keep: tuple[str, ...] = ()
    source: Row | None = None
    other_file: bool = False
    moved: str | None = None


class Todo(NamedTuple):
    """A video that is left to do, its earlier row if there is one, and how."""

    video: Video
    entry: Entry | None = None
    way: Way = Way()


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

    todo: list[Todo] = field(default_factory=list)
    moved: list[Todo] = field(default_factory=list)
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
    internal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What is captioned again although it has a row: failed videos; what another recipe or `recaption` made, or was
    imported; what failed with an internal error. `keep_captions`: nothing that has a caption, whoever wrote it.
    UserError for the second and the last together."""

    failed: bool = False
    redo: bool = False
    internal: bool = True
    keep_captions: bool = False

    def __post_init__(self) -> None:
        if self.keep_captions and self.redo:
            raise UserError("--keep-captions keeps the captions that --redo makes anew: choose one")


class Planner:
    """Plans for one recipe and one list of videos.

    `sources` holds rows whose frame captions are to be summarised, by id and place; then no stage of the recipe sees
    frames. `edited` says whether a person corrected an entry. `metadata` reads an entry's user columns.
    """

    def __init__(
        self,
        index: Index,
        wanted: Sequence[StageWanted],
        *,
        again: Again,
        inputs: Callable[[], Collection[str]],
        edited: Callable[[str, Entry], bool],
        metadata: Callable[[Entry], Mapping[str, object]],
        sources: Mapping[Key, Row] | None = None,
        checked: Checked | None = None,
    ) -> None:
        self._index, self._wanted, self._again = index, wanted, again
        self._inputs, self._edited, self._metadata = inputs, edited, metadata
        self._sources, self._checked = sources, checked or Checked()
        # If a recipe asks the same of every video, all rows made by the same stages are in the same state.
        self._alike = sources is None and not any(one.columns or one.by_id for one in wanted)
        self._states: dict[int, dict[str, str]] = {}
        self._ways: dict[tuple[tuple[str, ...], bool], Way] = {}

    def plan(self, videos: Iterable[Video]) -> Plan:
        """What is left of these videos."""
        plan = Plan()
        with without_collection():
            for video in videos:
                self._add(plan, video)
        return plan

    def _add(self, plan: Plan, video: Video) -> None:
        key = video.id, hash_of(video)
        source = self._sources.get(key) if self._sources is not None else None
        own = self._index.at(*key)
        candidates = [(video.id, own)] if own is not None else self._elsewhere(video, key)
        if not candidates:
            plan.todo.append(Todo(video, way=self._way(source=source)))
            return
        state, name, entry = self._row_of(video, key, source, candidates)
        if state == "doubt":
            plan.doubts.append(Doubt(video, tuple(entry for _, entry in candidates)))
            return
        moved = None if entry is own else name
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
        found = self._index.elsewhere(key[1])
        return [found] if found is not None and found[0] not in self._inputs() else []

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
        if not again and noted and not entry.failed:  # the common case, millions of times
            plan.done += 1
            return
        keep = tuple(name for name, _, made in entry.stages if made and name not in again)
        todo = Todo(video, entry, self._way(keep, source, moved=moved))
        if not self._again.redo and self._edited(video.id, entry):
            plan.edited += bool(again)
            again = {}
        elif not self._again.redo and chosen:
            plan.recaptioned += bool(again)
            again = {}
        elif self._again.keep_captions and entry.captioned is not None:
            plan.captions_kept += bool(again)
            again = {}
        internal = entry.internal and self._again.internal
        plan.internal += internal
        if entry.failed and (self._again.failed or internal or self._may_end_otherwise(entry, again)):
            plan.todo.append(todo)
        elif entry.failed or not again:
            plan.done += 1
            plan.failed_before += entry.failed
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
        """Whether the stages to run again include the one at which this row failed, or one before it."""
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
        if found == wanted.of(video):
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
    return video.stamp is not None and entry.stamp is not None and video.stamp != entry.stamp
