"""Knows how to tell a person's changes to the finished file from those of later rows; writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from framescribe.errors import UserError
from framescribe.plain_json import parsed
from framescribe.records import Row
from framescribe.results.edits import KIND, LOCK, Edit, apply, me, review_of, told_in
from framescribe.results.fields import CAPTION, part_of, words_of
from framescribe.results.index import Index, Key, place_hash
from framescribe.results.parts import ROW_KIND


def differences(found: Row, ours: Row) -> dict[str, str | None]:
    """The fields that differ in the finished file, as they are there. If the frames themselves differ, they are left
    alone: another run made them."""
    if (found.caption, found.frames, found.stages) == (ours.caption, ours.frames, ours.stages):
        return {}  # as most rows are
    mine, theirs = words_of(ours), words_of(found)
    return {name: words for name, words in theirs.items() if name in mine and not _same(words, mine[name])}


def told_apart(
    found: Sequence[tuple[Row, Row | None]], lines: Iterable[tuple[str, bytes]], *, until: str | None, when: float
) -> tuple[list[Edit], list[Row]]:
    """What a person changed in these rows of the finished file, given with ours, and the rows that somebody put into
    it. `lines`, with the names of their parts, are all that were ever written; the file is from when `until` was the
    last part; it was changed at `when`, in seconds."""
    written = Written([key_of(row) for row, _ in found], noted=until is not None)
    for part, line in lines:
        if until is None or part <= until:
            written.see(line)
    made, unknown = [], []
    for row, ours in found:
        if ours is not None:
            made += written.edits(key_of(row), ours, differences(row, ours), when)
        elif not written.knew(key_of(row)):  # else its file has moved since, and the row with it
            unknown.append(row)
    return made, unknown


class Written:
    """What the finished file said about a few rows when it was written: from all lines of the parts up to then.

    If nobody noted when that was, the file may hold anything that a row ever said.
    """

    def __init__(self, keys: Iterable[Key], *, noted: bool) -> None:
        self._noted = noted
        self._ids = {name for name, _ in keys}
        self._index = Index()
        self._edits: dict[Key, list[Edit]] = {}
        self._ever: dict[Key, list[dict[str, str | None]]] = {}

    def see(self, line: bytes) -> None:
        """Take in one line that existed then."""
        try:
            record = parsed(line)
            if record["id"] not in self._ids:
                return
            key = record["id"], place_hash(record["video_path"])
            if record.get("kind") == KIND:
                edit = Edit.from_dict(record)
                self._edits.setdefault(key, []).append(edit)
                self._ever.setdefault(key, []).append({CAPTION if edit.field == LOCK else edit.field: edit.new})
            elif record.get("kind", ROW_KIND) == ROW_KIND:
                row = Row.from_dict(record)
                self._index.add(record, None, 0, row)
                self._ever.setdefault(key, []).append(words_of(row))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            return

    def knew(self, key: Key) -> bool:
        """Whether there ever was a row of this id at this place."""
        return key in self._ever

    def edits(self, key: Key, ours: Row, found: Mapping[str, str | None], when: float) -> list[Edit]:
        """Which of the fields `found` in the file a person changed; `ours` is the row as it is now."""
        entry = self._index.at(*key)
        seen = entry.row if entry is not None and entry.row is not None else told_in(ours)[0]
        model = words_of(entry.row) if entry is not None and entry.row is not None else {}
        then = words_of(apply(entry.row, self._edits.get(key, ()))) if entry is not None and entry.row else {}
        made = []
        for name, words in found.items():
            if self._noted and name in then:
                stale = _same(then[name], words)
            else:
                stale = any(name in said and _same(said[name], words) for said in self._ever.get(key, ()))
            if stale:
                continue
            locked = name == CAPTION and review_of(ours).get("locked")  # taken back, the lock's words would stand
            back = name in model and _same(model[name], words) and not locked
            made.append(
                Edit(
                    id=ours.id,
                    video_path=ours.video_path,
                    fingerprint=ours.file.get("fingerprint"),
                    field=name,
                    old=then.get(name),
                    new=None if back else words or "",
                    who=me(),
                    when=datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds"),
                    of=part_of(seen, name),
                )
            )
        return made


def _same(one: str | None, other: str | None) -> bool:
    return (one or None) == (other or None)  # a table can only express nothing as an empty text


def refuse_twins(rows: Iterable[Row], output: object) -> Iterator[Row]:
    """The rows, one per video. UserError if two rows of one video differ."""
    seen: dict[Key, int] = {}
    for row in rows:
        said = hash(tuple(words_of(row).items()))
        if seen.setdefault(key_of(row), said) != said:
            raise UserError(
                f"{output} was changed by hand and holds two different rows of {row.id}: keep only the right one"
            )
        yield row


def key_of(row: Row) -> Key:
    """The id, and the hash of the place, that a row belongs to."""
    return row.id, place_hash(row.video_path)
