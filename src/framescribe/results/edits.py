"""Knows what a person said about rows, kept as separate lines that apply after every row; asks no model.

A person changes words (`fields`), and sets marks: a lock, a verdict, a note. Whatever rows runs write
later, what was said last stands.
"""

from __future__ import annotations

import getpass
import hashlib
import re
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from framescribe.plain_json import dumps
from framescribe.records import Row, caption_hash
from framescribe.results.fields import CAPTION, is_words, part_of, with_words, words_of

KIND = "edit"
LOCK = "lock"
ACCEPTED, REJECTED = "accepted", "rejected"
_OF_A_CAPTION = ("verdict", "seen", "versus")  # marks that are about one caption; the others are about the clip
_NAMED = re.compile(r"(tags|versus)\[(.+)\]", re.DOTALL)
_TOLD = ("field", "old", "new", "who", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one field of the row of a file. If `new` is None, the field is taken back. The fields:

        caption, …            the words of the caption, or another text (`fields`)
        lock                  `new` is the caption that from now on stands whatever runs write, until another line for
                              "caption" or "lock"
        verdict               "accepted" or "rejected"
        seen                  "yes"
        note                  a text
        tags[NAME]            "yes"
        versus[NAME]          how it compares with the result file NAME: "this", "other", "tie" or "neither"

    `fingerprint` is the file's: the line is about that file, not about one that replaces it. `when` is in ISO 8601.
    `of`: the only caption to which a mark applies (`caption_hash`), or what the words are a part of
    (`fields.part_of`): they lapse where that is another one. `batch` names the bulk edit that it belongs to, `undoes`
    the `key` of the edit that it undoes. `made_by` says which model wrote the words that a person took: engine, model,
    prompt_sha256.
    """

    id: str
    video_path: str
    fingerprint: str | None
    field: str
    old: str | None
    new: str | None
    who: str
    when: str
    of: str | None = None
    batch: str | None = None
    undoes: str | None = None
    made_by: Mapping[str, Any] | None = None

    def __hash__(self) -> int:
        return hash((self.id, self.field, self.new, self.when))

    @property
    def key(self) -> str:
        """16 hexadecimal digits that stand for its line."""
        return hashlib.sha256(self.as_line()).hexdigest()[:16]

    def as_line(self) -> bytes:
        """One JSON object and a newline."""
        every = {name: getattr(self, name) for name in self.__dataclass_fields__}  # `asdict` copies, and takes long
        said = {name: value for name, value in every.items() if value is not None or name not in _LATER}
        return (dumps({"kind": KIND, **said}) + "\n").encode(errors="backslashreplace")

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Edit:
        """The inverse of `as_line`, from its object. KeyError or TypeError if it is not an edit."""
        later = {name: record[name] for name in _LATER if record.get(name) is not None}
        return cls(**{name: record[name] for name in _FIRST}, **later)

    def is_about(self, fingerprint: str | None) -> bool:
        """Whether it is about the file with this fingerprint; true if either is unknown."""
        return None in (self.fingerprint, fingerprint) or self.fingerprint == fingerprint

    @property
    def is_words(self) -> bool:
        """Whether it changes words, and not a mark."""
        return is_words(self.field)


_LATER = ("of", "batch", "undoes", "made_by")  # lines of earlier versions have none of these
_FIRST = tuple(one.name for one in fields(Edit) if one.name not in _LATER)


def standing(edits: Iterable[Edit], fingerprint: str | None) -> dict[str, Edit]:
    """The last edit of each field of the file with this fingerprint, without those that were taken back; in the order
    of their lines. Marks on captions other than the one that stands (`Edit.of`) may be among them: see `marks`."""
    last: dict[str, Edit] = {}
    for edit in edits:
        if edit.is_about(fingerprint):
            last.pop(edit.field, None)
            last[edit.field] = edit
    return {name: edit for name, edit in last.items() if edit.new is not None}


def words(edits: Iterable[Edit], fingerprint: str | None) -> dict[str, Edit]:
    """The standing edits of words, by field; where a caption was locked later with another text, not that one's."""
    stand = standing(edits, fingerprint)
    lock, caption = stand.get(LOCK), stand.get(CAPTION)
    if lock and caption and list(stand).index(LOCK) > list(stand).index(CAPTION) and lock.new != caption.new:
        del stand[CAPTION]
    return {name: edit for name, edit in stand.items() if edit.is_words}


def marks(edits: Iterable[Edit], fingerprint: str | None, caption: str | None) -> dict[str, Edit]:
    """The standing marks of a row whose caption is this one, by field, in the order of their lines."""
    of = caption_hash(caption)
    about = (edit for edit in edits if not edit.is_words and edit.of in (None, of))
    return standing(about, fingerprint)


def apply(row: Row, edits: Iterable[Edit]) -> Row:
    """The row with what a person said of it: words in its fields and in `provenance["edits"]`, marks in
    `provenance["review"]` (see `Row`)."""
    made = tuple(edit for edit in edits if not edit.is_words or edit.of in (None, part_of(row, edit.field)))
    if not made:
        return row
    stand = standing(made, row.file.get("fingerprint"))
    said, there = words(made, row.file.get("fingerprint")), words_of(row)
    said = {name: edit for name, edit in said.items() if name in there}
    told = dict[str, Any]()
    caption = row.caption
    if CAPTION in said:
        caption = said[CAPTION].new
    elif LOCK in stand:
        caption = stand[LOCK].new or None
    if said:
        told["edits"] = [_told(edit) for edit in said.values()]
    if marked := marks(made, row.file.get("fingerprint"), caption):
        told["review"] = _review(marked)
    status = "ok" if row.status == "failed" and caption and caption != row.caption else row.status
    row = with_words(row, {**{name: edit.new for name, edit in said.items()}, CAPTION: caption})
    return replace(row, status=status, provenance={**row.provenance, **told})


def _told(edit: Edit) -> dict[str, Any]:
    said = {name: getattr(edit, name) for name in _TOLD}
    return said if edit.made_by is None else {**said, "made_by": dict(edit.made_by)}


def _review(marked: Mapping[str, Edit]) -> dict[str, Any]:
    """What `Row.provenance["review"]` says of these marks."""
    said: dict[str, Any] = {}
    for name, edit in marked.items():
        named = _NAMED.fullmatch(name)
        if named is None:
            said |= {"locked": True} if name == LOCK else {name: True if name == "seen" else edit.new}
        elif named[1] == "tags":
            said.setdefault("tags", []).append(named[2])
        else:
            said.setdefault("versus", {})[named[2]] = edit.new
    latest = list(marked.values())[-1]
    order = ("verdict", "locked", "seen", "note", "tags", "versus")
    return {**{name: said[name] for name in order if name in said}, "who": latest.who, "when": latest.when}


def told_in(row: Row) -> tuple[Row, list[Edit]]:
    """The inverse of `apply`, as far as a row tells: without what people said of it, and their lines again."""
    said, review = row.provenance.get("edits") or (), review_of(row)
    if not said and not review:
        return row, []
    about: dict[str, Any] = {"id": row.id, "video_path": row.video_path, "fingerprint": row.file.get("fingerprint")}
    lines = [Edit(**about, **{name: edit.get(name) for name in (*_TOLD, "made_by")}) for edit in said]
    about |= {"old": None, "who": review.get("who", ""), "when": review.get("when", "")}
    of = caption_hash(row.caption)
    marked = {name: review[name] for name in ("verdict", "note") if name in review}
    marked |= {"seen": "yes"} if review.get("seen") else {}
    marked |= {f"tags[{name}]": "yes" for name in review.get("tags") or ()}
    marked |= {f"versus[{name}]": choice for name, choice in (review.get("versus") or {}).items()}
    for name, new in marked.items():
        lines.append(Edit(**about, field=name, new=new, of=of if name.startswith(_OF_A_CAPTION) else None))
    if review.get("locked"):
        lines.append(Edit(**about, field=LOCK, new=row.caption or ""))
    provenance = {name: value for name, value in row.provenance.items() if name not in ("edits", "review")}
    before = {edit.field: edit.old for edit in lines if edit.is_words}
    bare = with_words(replace(row, provenance=provenance), before)
    return bare, [replace(edit, of=part_of(bare, edit.field)) if edit.is_words else edit for edit in lines]


def review_of(row: Row) -> Mapping[str, Any]:
    """The marks that stand on a row; see `Row`."""
    return row.provenance.get("review") or {}


def taken_back(edit: Edit) -> Edit:
    """The edit that undoes this one."""
    return replace(edit, old=edit.new, new=None, who=me(), when=now(), batch=None, undoes=edit.key, made_by=None)


def me() -> str:
    """The user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "somebody"


_clock = threading.Lock()
_last = 0  # milliseconds


def now() -> str:
    """The time in ISO 8601 with milliseconds, for `Edit.when`; it never says the same twice in this process."""
    global _last
    with _clock:
        _last = max(_last + 1, time.time_ns() // 10**6)
        return datetime.fromtimestamp(_last / 1000, UTC).isoformat(timespec="milliseconds")
