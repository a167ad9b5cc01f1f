"""Knows what a person changed in rows, kept as separate lines that apply after every row; asks no model.

A caption corrected in the finished file is still there after every later run: the next run compares the file with the
rows that it was made from, and keeps whatever no row ever said as an edit.
"""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from framescribe.plain_json import dumps
from framescribe.records import Row

KIND = "edit"
_FRAME = re.compile(r"frames\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of one field ("caption", or "frames[2]" for the caption of the third frame) of the row of a file.

    `fingerprint` is the file's: the words are about that file, not about one that replaces it. If `new` is None, the
    earlier change is undone. `when` is in ISO 8601.
    """

    id: str
    video_path: str
    fingerprint: str | None
    field: str
    old: str | None
    new: str | None
    who: str
    when: str

    def as_line(self) -> bytes:
        """One JSON object and a newline."""
        return (dumps({"kind": KIND, **asdict(self)}) + "\n").encode(errors="backslashreplace")

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Edit:
        """The inverse of `as_line`, from its object. KeyError or TypeError if it is not an edit."""
        return cls(**{name: record[name] for name in cls.__dataclass_fields__})

    def is_about(self, fingerprint: str | None) -> bool:
        """Whether it is about the file with this fingerprint; true if either is unknown."""
        return None in (self.fingerprint, fingerprint) or self.fingerprint == fingerprint


def standing(edits: Iterable[Edit], fingerprint: str | None) -> dict[str, Edit]:
    """The last edit of each field of the file with this fingerprint, without those that were undone."""
    last = {edit.field: edit for edit in edits if edit.is_about(fingerprint)}
    return {name: edit for name, edit in last.items() if edit.new is not None}


def apply(row: Row, edits: Iterable[Edit]) -> Row:
    """The row with a person's changes."""
    made = standing(edits, row.file.get("fingerprint"))
    if not made:
        return row
    frames = list(row.frames)
    for name, edit in made.items():
        at = _FRAME.fullmatch(name)
        if at and int(at[1]) < len(frames):
            frames[int(at[1])] = replace(frames[int(at[1])], caption=edit.new)
    caption = made["caption"].new if "caption" in made else row.caption
    told = [{name: getattr(edit, name) for name in ("field", "old", "new", "who", "when")} for edit in made.values()]
    return replace(
        row,
        caption=caption,
        status="ok" if row.status == "failed" and caption else row.status,
        frames=tuple(frames),
        provenance={**row.provenance, "edits": told},
    )


def taken_back(edit: Edit) -> Edit:
    """The edit that undoes this one."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(edit, old=edit.new, new=None, who=me(), when=now)


def words_of(row: Row) -> dict[str, str | None]:
    """The fields of a row that a person may change, with their text."""
    return {"caption": row.caption, **{f"frames[{at}]": frame.caption for at, frame in enumerate(row.frames)}}


def me() -> str:
    """The user's name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name
        return "somebody"
