"""Knows how many rows are changed at once, and shows every change before it is made; draws nothing.

Captions that are locked are never changed, nor, unless that is asked for, those that a person edited or accepted. What
is applied is what was shown: a row that says something else by then is left alone.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from framescribe.errors import UserError
from framescribe.results.edits import ACCEPTED, LOCK, REJECTED
from framescribe.results.fields import CAPTION
from framescribe.review.patterns import Replacing
from framescribe.review.selection import selected
from framescribe.review.session import MISSING, Change, Conflict, Locked

if TYPE_CHECKING:
    from framescribe.review.session import Session, Text

AT_ONCE = 1_000  # edits that are written together
MOST_NOTE, MOST_TAG = 10_000, 200  # letters
_TAG = re.compile(r"tags\[(.*)\]", re.DOTALL)


class Stale(UserError):
    """The rows are no longer those of the preview."""


class Changed(NamedTuple):
    """One row's change: of which field, from what, to what."""

    text: Text
    field: str
    old: str | None
    new: str | None

    @property
    def proof(self) -> bytes:
        """16 bytes that stand for it."""
        said = f"{self.text.key}\0{self.field}\0{self.old is None}{self.old}\0{self.new is None}{self.new}"
        return hashlib.blake2b(said.encode(errors="surrogatepass"), digest_size=16).digest()


def preview(
    session: Session, selection: Mapping[str, Any], change: Mapping[str, Any], offset: int = 0, limit: int = 50
) -> dict[str, Any]:
    """What `change` would do to the selected rows: `total` changes, those from `offset` on as `changes`, how many are
    not made because their caption is `locked` or `protected` (edited or accepted), and a `fingerprint` for `apply`.
    UserError if the change makes no sense, KeyError for a list that is not known any more."""
    plan, shown, digest = _Plan.of(change), list[dict[str, Any]](), hashlib.blake2b(digest_size=16)
    total = 0
    for one in plan.through(session.texts(selected(session, selection))):
        digest.update(one.proof)
        if offset <= total < offset + limit:
            shown.append({"key": one.text.key, "id": one.text.id, "old": one.old, "new": one.new})
        total += 1
    return {
        "total": total,
        "protected": plan.protected,
        "locked": plan.locked,
        "changes": shown,
        "fingerprint": digest.hexdigest(),
    }


def apply(
    session: Session, selection: Mapping[str, Any], change: Mapping[str, Any], fingerprint: str
) -> dict[str, Any]:
    """Make the changes of the preview that has this fingerprint: `batch` names them all, `changed` says how many were
    made, `skipped` how many were not, because their row changed meanwhile. Stale if the rows are no longer those of the
    preview, and nothing is changed; UserError and KeyError as in `preview`."""
    plan, keys = _Plan.of(change), selected(session, selection)
    digest, proofs = hashlib.blake2b(digest_size=16), set[bytes]()
    for one in plan.through(session.texts(keys)):
        digest.update(one.proof)
        proofs.add(one.proof)
    if digest.hexdigest() != fingerprint:
        raise Stale("the rows have changed since the preview: look at it again")
    batch, changed = secrets.token_hex(8), 0
    shown = (one for one in _Plan.of(change).through(session.texts(keys)) if one.proof in proofs)
    while chunk := list(islice(shown, AT_ONCE)):
        changed += _written(session, [_change(one) for one in chunk], batch)
    return {"batch": batch, "changed": changed, "skipped": len(proofs) - changed}


def _written(session: Session, changes: list[Change], batch: str) -> int:
    """Write them but for those whose row says something else by now; returns how many were written."""
    while changes:
        try:
            session.edit(changes, batch=batch)
            return len(changes)
        except (Conflict, Locked, KeyError) as error:
            refused = error.args[0] if isinstance(error, KeyError) else error.key
            there = {text.key: text for text in session.texts([one.key for one in changes])}
            changes = [one for one in changes if one.key != refused and _stands(one, there.get(one.key))]
    return 0


def _stands(change: Change, text: Text | None) -> bool:
    """Whether the change can still be made, as far as the index knows."""
    if text is None or change.field != CAPTION:
        return text is not None
    return (text.caption or None) == (change.base or None) and not text.review.get("locked")


def _change(one: Changed) -> Change:
    """As the session takes it: words only if the old ones still stand, marks in any case."""
    base = one.old if one.field == CAPTION else MISSING
    return Change(key=one.text.key, field=one.field, new=one.new, base=base)


class _Plan:
    """What a change does to each row; it counts the rows that it would change but must not."""

    def __init__(self, field: str, new: Callable[[Text], str | None], *, edited: bool = False) -> None:
        self._field, self._new, self._edited = field, new, edited
        self.locked = self.protected = 0

    @classmethod
    def of(cls, change: Mapping[str, Any]) -> _Plan:
        """The plan for a change as the page says it. UserError if it makes no sense."""
        kind = change.get("kind")
        if kind == "replace":
            find, put = _text(change, "find"), _text(change, "with")
            flags = {name: change.get(name) is True for name in ("regex", "case", "words", "edited")}
            replacing = Replacing(find, put, expression=flags["regex"], case=flags["case"], words=flags["words"])
            return cls(CAPTION, lambda text: replacing.of(text.caption or "", text.id), edited=flags["edited"])
        if kind == "set":
            field, new = _mark(_text(change, "field"), change.get("new"))
            return cls(field, lambda text: new)
        raise UserError("a change is of the kind “replace” or “set”")

    def through(self, texts: Iterable[Text]) -> Iterator[Changed]:
        """The changes, in the order of the rows."""
        for text in texts:
            if (self._field == CAPTION and not text.caption) or (self._field == LOCK and text.caption is None):
                continue
            one = Changed(text, self._field, _now(text, self._field), self._new(text))
            if one.old == one.new:
                continue
            if self._field == CAPTION and text.review.get("locked"):
                self.locked += 1
            elif self._field == CAPTION and not self._edited and _is_anybodys(text):
                self.protected += 1
            else:
                yield one


def _is_anybodys(text: Text) -> bool:
    """Whether a person edited or accepted the caption."""
    return text.edited or text.review.get("verdict") == ACCEPTED


def _now(text: Text, field: str) -> str | None:
    """What a field of the row says."""
    if field == CAPTION:
        return text.caption
    if tag := _TAG.fullmatch(field):
        return "yes" if tag[1] in (text.review.get("tags") or ()) else None
    said = text.review.get("locked" if field == LOCK else field)
    return "yes" if said is True else said


def _mark(field: str, new: object) -> tuple[str, str | None]:
    """A mark and its value. UserError if there is no such mark, or if it cannot have this value."""
    if new is not None and not isinstance(new, str | bool):
        raise UserError(f"{field}: its value is a text, or null to take it back")
    tag = _TAG.fullmatch(field)
    if tag is not None and not 0 < len(tag[1].strip()) <= MOST_TAG:
        raise UserError(f"a tag has a name of 1 to {MOST_TAG} letters")
    if tag is not None or field in (LOCK, "seen"):
        return field, "yes" if new else None
    if field == "verdict":
        if new not in (ACCEPTED, REJECTED, None):
            raise UserError(f"a verdict is {ACCEPTED!r}, {REJECTED!r} or null")
        return field, new
    if field == "note":
        said = new.strip() if isinstance(new, str) else ""
        if len(said) > MOST_NOTE:
            raise UserError(f"the note is {len(said):,} letters long; at most {MOST_NOTE:,} are possible")
        return field, said or None
    raise UserError(f"{field!r} cannot be set on many rows: it takes verdict, lock, seen, note or tags[NAME]")


def _text(change: Mapping[str, Any], name: str) -> str:
    value = change.get(name)
    if not isinstance(value, str):
        raise UserError(f"the change lacks {name!r}")
    return value
