"""Knows what a person may change in a row, when that is refused, and which edit lines it becomes; writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

from framescribe.errors import UserError
from framescribe.records import Row, caption_hash
from framescribe.results.edits import ACCEPTED, LOCK, REJECTED, Edit, apply, now, review_of
from framescribe.results.fields import CAPTION, in_structure, is_words, part_of, words_of
from framescribe.review.described import undone
from framescribe.strategies.structured import FORM

LONGEST = 1_000_000  # characters of a text
LONGEST_NAME = 200  # of a tag
_NAMED = re.compile(r"(tags|versus)\[(.+)\]", re.DOTALL)
_OF_THIS_CAPTION = ("verdict", "seen", "versus")  # marks that do not apply to another caption


class Missing(Enum):
    """That nothing was given, not even None."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Change:
    """A new value for one field (`Edit.field`) of the row with this key; None takes the field back.

    `base`: what the field said when the person began; `made_by`: which model wrote `new`, if one did.
    """

    key: str
    field: str
    new: str | None
    base: str | Missing | None = MISSING
    made_by: Mapping[str, Any] | None = None


class Conflict(Exception):
    """The field of the row `key` says something else by now."""

    def __init__(self, key: str) -> None:
        super().__init__("somebody changed this in the meantime: look at what it says now, and change it again")
        self.key = key


class Locked(Exception):
    """The texts of the row `key` are locked."""

    def __init__(self, key: str) -> None:
        super().__init__("the clip is locked: unlock it to change it")
        self.key = key


class Undone(NamedTuple):
    """The keys of the rows in which something was put back, and how many changes were skipped because the field was
    changed again since, or is locked."""

    rows: list[str]
    skipped: int


class Known(NamedTuple):
    """A row as a run wrote it, and what people said of it, in order."""

    base: Row
    edits: list[Edit]

    @property
    def row(self) -> Row:
        """The row as it stands."""
        return apply(self.base, self.edits)


def value(row: Row, field: str) -> str | None:
    """What a field of the row says now. UserError if rows have no such field."""
    if is_words(field):
        words = words_of(row)
        if field not in words:
            raise UserError(f"{field[:100]}: this clip has no such text")
        return words[field]
    review = review_of(row)
    if field == LOCK:
        return (row.caption or "") if review.get("locked") else None
    if field == "seen":
        return "yes" if review.get("seen") else None
    if field in ("verdict", "note"):
        return review.get(field)
    named = _NAMED.fullmatch(field)
    if named is None or not named[2].strip() or len(named[2]) > LONGEST_NAME:
        raise UserError(f"{field[:100]} is not a field that can be changed")
    if named[1] == "tags":
        return "yes" if named[2] in (review.get("tags") or ()) else None
    return (review.get("versus") or {}).get(named[2])


def edits_for(known: Known, change: Change, *, who: str, batch: str | None) -> list[Edit]:
    """The lines for a change, none if the field says so already. Conflict, Locked, or UserError for what makes no
    sense."""
    row, field = known.row, change.field
    stands = value(row, field)
    if not (change.new is None or isinstance(change.new, str)):
        raise UserError(f"{field}: the new value must be text, or null to take it back")
    if change.new is not None and len(change.new) > LONGEST:
        raise UserError(f"{field}: the text is longer than {LONGEST:,} characters")
    if change.base is not MISSING and (change.base or None) != (stands or None):
        raise Conflict(change.key)
    if is_words(field) and review_of(row).get("locked"):
        raise Locked(change.key)
    new = _normal(field, change.new, row)
    own = value(known.base, field) if is_words(field) else None
    if new is not None and new == own and change.made_by is None:
        new = None  # the model's own words: nothing is edited any more
    if new == stands or (new is None and stands == own):
        return []
    made = []
    about = part_of(known.base, field)
    if field.partition("[")[0] in _OF_THIS_CAPTION and new is not None:
        about = caption_hash(row.caption)
    edit = _edit(known.base, field, stands, new, who=who, of=about, batch=batch, made_by=change.made_by)
    if field == LOCK and new is None and apply(known.base, [*known.edits, edit]).caption != row.caption:
        # A run wrote another caption beneath the lock; unlocking changes no words.
        beneath = apply(known.base, [*known.edits, edit]).caption
        made.append(_edit(known.base, CAPTION, beneath, row.caption or "", who=who, batch=batch))
        edit = _edit(known.base, field, stands, new, who=who, batch=batch)
    return [*made, edit]


def undoing(known: Known, target: Edit, *, who: str, batch: str | None) -> Edit | None:
    """The line that puts the field of an edit back to what stood before; None if the edit is undone already, or the
    field was changed again since, or its caption is locked."""
    row = known.row
    if target.key in undone(known.edits) or not target.is_about(row.file.get("fingerprint")):
        return None
    if target.is_words and review_of(row).get("locked"):
        return None
    try:
        stands = value(row, target.field)
        model = value(known.base, target.field) if target.is_words else None
    except UserError:  # the row has no such text any more
        return None
    if target.new is None:
        changed = stands != model
    elif target.field == LOCK:
        changed = stands is None
    else:
        changed = (stands or None) != (target.new or None)
    if changed:
        return None
    about = None if target.is_words else target.of or caption_hash(row.caption)
    at = known.edits.index(target)
    earlier = [
        edit
        for edit in known.edits[:at]
        if edit.field == target.field
        and (about is None or edit.of in (None, about))
        and edit.is_about(target.fingerprint)
    ]
    before = earlier[-1] if earlier else None
    return _edit(
        known.base,
        target.field,
        target.new,
        before.new if before is not None else None,
        who=who,
        of=before.of if before is not None and before.new is not None else target.of,
        batch=batch,
        undoes=target.key,
        made_by=before.made_by if before is not None else None,
    )


def _normal(field: str, new: str | None, row: Row) -> str | None:
    """The value as lines hold it."""
    if new is None:
        return None
    if field == LOCK:
        return row.caption or ""
    if field == "seen" or field.startswith("tags["):
        return "yes"
    if field == "verdict" and new not in (ACCEPTED, REJECTED):
        raise UserError(f"verdict: {new[:100]!r} is neither {ACCEPTED} nor {REJECTED}")
    if field == "note" and not new.strip():
        return None
    if (at := in_structure(field)) is not None and (wrong := FORM.refuses(at, new)):
        raise UserError(wrong)
    return new


def _edit(
    row: Row,
    field: str,
    old: str | None,
    new: str | None,
    *,
    who: str,
    batch: str | None,
    of: str | None = None,
    undoes: str | None = None,
    made_by: Mapping[str, Any] | None = None,
) -> Edit:
    return Edit(
        id=row.id,
        video_path=row.video_path,
        fingerprint=row.file.get("fingerprint"),
        field=field,
        old=old,
        new=new,
        who=who,
        when=now(),
        of=of,
        batch=batch,
        undoes=undoes,
        made_by=made_by,
    )
