"""Knows the captions that models proposed beside a row's own, and what a person decided about each; asks no model.

Both are lines of the result's parts, of the kinds "candidate" and "decision", so they outlive the page: an answer has
been paid for. Taking one is an edit of the caption besides, which names the candidate; if the program ended between
the two lines, the edit alone says that it was taken.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from framescribe.records import Row

CANDIDATE, DECISION = "candidate", "decision"
KINDS = (CANDIDATE, DECISION)
DECISIONS = ("taken", "left")
Key = tuple[str, str]  # an id and a place


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A caption that a model wrote for the file of a row when this said `old`.

    `made_by`: engine, model, prompt_sha256, and the criticism if there was one. `prompt`: its text before the
    placeholders were filled. `frames`: how many were shown. `spent`: attempts, tokens and cost, as far as known.
    """

    id: str
    video_path: str
    fingerprint: str | None
    old: str | None
    caption: str
    flags: tuple[str, ...] = ()
    made_by: Mapping[str, Any] = field(default_factory=dict)
    prompt: str = ""
    frames: int = 0
    spent: Mapping[str, Any] = field(default_factory=dict)
    who: str
    when: str
    candidate: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def key(self) -> Key:
        """The id and place of its row."""
        return self.id, self.video_path

    @property
    def is_new(self) -> bool:
        """Whether it says anything else than the row did."""
        return self.caption != (self.old or "")

    def as_record(self) -> dict[str, Any]:
        """Plain JSON for a line of the parts."""
        return {"kind": CANDIDATE, **asdict(self)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Candidate:
        """The inverse of `as_record`. KeyError or TypeError if it is no candidate."""
        values = {name: record[name] for name in cls.__dataclass_fields__ if name in record}
        if not all(isinstance(values[name], str) for name in ("candidate", "id", "video_path", "caption")):
            raise TypeError("its id, its place or its caption is not text")
        return cls(**{**values, "flags": tuple(values.get("flags") or ())})


def decision(candidate: Candidate, decided: str, *, who: str, when: str) -> dict[str, Any]:
    """The line that says what a person decided: "taken" or "left"."""
    return {
        "kind": DECISION,
        "candidate": candidate.candidate,
        "id": candidate.id,
        "video_path": candidate.video_path,
        "decision": decided,
        "who": who,
        "when": when,
    }


class Candidates:
    """All candidates of a result, with what was decided; about 1 KB of memory each."""

    def __init__(self) -> None:
        self._all: dict[str, Candidate] = {}
        self._of: dict[Key, list[str]] = {}
        self._decided: dict[str, str] = {}
        self._moved: dict[Key, Key] = {}  # where rows are now whose files have moved since

    def take(self, record: Mapping[str, Any]) -> Key | None:
        """Take in a line of one of `KINDS`, and return the id and place of its row; None for a line of another kind.
        KeyError or TypeError if it is damaged. A line that is taken in again changes nothing."""
        kind = record.get("kind")
        if kind == CANDIDATE:
            one = Candidate.from_dict(record)
            if one.candidate not in self._all:
                self._all[one.candidate] = one
                self._of.setdefault(one.key, []).append(one.candidate)
            return one.key
        if kind == DECISION:
            if record["decision"] not in DECISIONS:
                raise TypeError(f"{record['decision']!r} is no decision")
            self._decided[record["candidate"]] = record["decision"]
            return record["id"], record["video_path"]
        return None

    def get(self, candidate: str) -> Candidate:
        """The candidate of this name. KeyError if there is none."""
        return self._all[candidate]

    def of(self, row: Row) -> list[dict[str, Any]]:
        """The candidates for this row and its file, newest first, as the page shows them."""
        return [
            {
                "candidate": one.candidate,
                "caption": one.caption,
                "flags": list(one.flags),
                "model": one.made_by.get("model"),
                "prompt": one.prompt,
                "criticism": one.made_by.get("criticism"),
                "frames": one.frames,
                "when": one.when,
                "old": one.old,
                "same": not one.is_new,
                "decided": decided,
            }
            for one, decided in reversed(self._for(row))
        ]

    def waiting(self, row: Row) -> int:
        """How many candidates for this row nobody has decided about; those that changed nothing need no decision."""
        return sum(decided is None and one.is_new for one, decided in self._for(row))

    def said(self, candidate: str) -> str | None:
        """What a person decided: "taken", "left", or None so far."""
        return self._decided.get(candidate)

    def place(self, candidate: Candidate) -> Key:
        """The id and place of its row now, as far as that row was asked for."""
        return self._moved.get(candidate.key, candidate.key)

    def _for(self, row: Row) -> list[tuple[Candidate, str | None]]:
        keys = [(row.id, row.video_path)]
        before = tuple(row.provenance.get("replaces") or ())
        if before in self._of:  # its file has moved, and they were about that file
            keys.insert(0, before)
            self._moved[before] = keys[-1]
        found = [self._all[name] for key in keys for name in tuple(self._of.get(key, ()))]
        if not found:
            return []
        print_, taken = row.file.get("fingerprint"), _taken(row)
        return [
            (one, self._stands(one, row, taken))
            for one in found
            if None in (print_, one.fingerprint) or print_ == one.fingerprint
        ]

    def _stands(self, one: Candidate, row: Row, taken: set[str]) -> str | None:
        """What was decided; nothing, if it was taken and that was undone: the row says again what it did before."""
        if one.candidate in taken:
            return "taken"
        decided = self._decided.get(one.candidate)
        undone = decided == "taken" and one.is_new and (row.caption or "") == (one.old or "")
        return None if undone else decided


def _taken(row: Row) -> set[str]:
    """The candidates that standing edits of a row name."""
    made_by = [edit.get("made_by") or {} for edit in row.provenance.get("edits") or ()]
    return {made["candidate"] for made in made_by if made.get("candidate")}
