"""Knows what the review page can ask for, and what it is answered; of HTTP it knows only the statuses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from framescribe.records import Row
from framescribe.results.fields import CAPTION, in_structure
from framescribe.review import bulk
from framescribe.review.ask import Asker
from framescribe.review.changes import value
from framescribe.review.compare import Compare
from framescribe.review.media import Media
from framescribe.review.query import Query
from framescribe.review.session import MISSING, Change, Conflict, Session

MOST_ROWS = 200  # of a list in one answer
MOST_SHOWN = 50  # rows after an undo
MOST_REMEMBERED = 1000  # changes that can be undone without being named
_KEY = re.compile(r"[0-9a-f]{16}")
_FIELDS = {"caption": "the caption", "lock": "the lock", "verdict": "the verdict", "note": "the note"}
_FORGOTTEN = "This list is no longer kept: ask for it again."


class Said(Exception):
    """An answer other than 200: its status, and what is said."""

    def __init__(self, status: int, line: str, **more: Any) -> None:
        self.status, self.said = status, {"error": line, **more}
        super().__init__(line)


class Asked(NamedTuple):
    """A request: what its path names, the parameters in its address, and the JSON object that came with it."""

    path: Mapping[str, str]
    params: list[tuple[str, str]]
    given: Mapping[str, Any]

    def text(self, name: str) -> str:
        """A text that was given. Said if it is none."""
        value = self.given.get(name)
        if not isinstance(value, str):
            raise Said(400, f"{name} must be text.")
        return value

    def text_or_null(self, name: str) -> str | None:
        """A text that was given, None if it is null or absent. Said if it is neither."""
        return None if self.given.get(name) is None else self.text(name)

    def object(self, name: str) -> Mapping[str, Any]:
        """An object that was given. Said if it is none."""
        value = self.given.get(name)
        if not isinstance(value, dict):
            raise Said(400, f"{name} must be an object.")
        return value

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A whole number, 0 or more, that was given. Said if it is none."""
        value = self.given.get(name, default)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31):
            raise Said(400, f"{name} must be a whole number, 0 or more.")
        return value

    def parameter(self, name: str, default: int) -> int:
        """A whole number, 0 or more, in the address. Said if it is none."""
        text = dict(self.params).get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise Said(400, f"{name} must be a whole number, 0 or more.")
        return int(text)

    @property
    def key(self) -> str:
        """The key of a clip in the path. Said if it is none."""
        return _key(self.path["key"])

    @property
    def query(self) -> Query:
        """Which rows are asked for. UserError if that makes no sense."""
        return Query.of(self.params)


class Api:
    """What the page can ask for, each as a method that takes an `Asked` and returns what is sent as JSON.

    They are called from several threads, and raise Said, UserError, RunError, Conflict and Locked.
    """

    def __init__(self, session: Session, media: Media, asker: Asker, compare: Compare | None = None) -> None:
        self.session, self._media, self._asker, self._compare = session, media, asker, compare
        self.changed = False  # whether anything was, through this page
        self._made: list[tuple[str, str]] = []  # edits and batches made here that may be undone, the newest last

    # --- looking ---

    def result(self, asked: Asked) -> Any:
        against = None if self._compare is None else {"name": self._compare.name}
        return {**self.session.result(), "asks": self._asker.available(), "against": against}

    def list(self, asked: Asked) -> Any:
        listed = self.session.make_list(asked.query)
        return {"list": listed.list, "total": listed.total, "revision": self.session.revision}

    def rows(self, asked: Asked) -> Any:
        offset, limit = asked.parameter("offset", 0), min(asked.parameter("limit", 50), MOST_ROWS)
        try:
            return {"rows": self.session.rows_of(asked.path["list"], offset, limit)}
        except KeyError:
            raise Said(410, _FORGOTTEN) from None

    def place(self, asked: Asked) -> Any:
        try:
            return {"offset": self.session.place_in(asked.path["list"], _key(dict(asked.params).get("key", "")))}
        except KeyError:
            raise Said(410, _FORGOTTEN) from None

    def row(self, asked: Asked) -> Any:
        return self._full(asked.key)

    def charts(self, asked: Asked) -> Any:
        return self.session.charts(asked.query)

    # --- changing ---

    def edit(self, asked: Asked) -> Any:
        key, field = _key(asked.text("key")), asked.text("field")
        base = asked.text_or_null("base") if "base" in asked.given else MISSING
        try:
            edits = self.session.edit([Change(key=key, field=field, new=asked.text_or_null("new"), base=base)])
        except Conflict as error:
            raise self._conflict(key, error, field) from None
        except KeyError:
            raise _no_row() from None
        self.changed |= bool(edits)
        if edits and field != "seen":  # which the page sets by itself
            self._note("edit", edits[-1])
        return self._full(key)

    def undo(self, asked: Asked) -> Any:
        kind = next((name for name in ("edit", "batch") if asked.given.get(name) is not None), None)
        if kind is None and not self._made:
            raise Said(409, "There is nothing to undo.")
        what = self._made[-1] if kind is None else (kind, asked.text(kind))
        try:
            undone = self.session.undo(what[1])
        except KeyError:
            raise Said(404, "There is no such change.") from None
        self.changed |= bool(undone.rows)
        if what in self._made:
            self._made.remove(what)
        rows = [self._full(key) for key in undone.rows[:MOST_SHOWN]]
        return {"what": _told(what, rows, len(undone.rows)), "rows": rows, "skipped": undone.skipped}

    def preview(self, asked: Asked) -> Any:
        offset, limit = asked.whole("offset", 0) or 0, min(asked.whole("limit", 50) or 0, MOST_ROWS)
        try:
            return bulk.preview(self.session, asked.object("selection"), asked.object("change"), offset, limit)
        except KeyError:
            raise Said(410, _FORGOTTEN) from None

    def apply(self, asked: Asked) -> Any:
        selection, change = asked.object("selection"), asked.object("change")
        try:
            done = bulk.apply(self.session, selection, change, asked.text("fingerprint"))
        except bulk.Stale as error:
            raise Said(409, str(error)) from None
        except KeyError:
            raise Said(410, _FORGOTTEN) from None
        if done["changed"]:
            self.changed = True
            self._note("batch", done["batch"])
        return done

    # --- asking models ---

    def ask(self, asked: Asked) -> Any:
        try:
            job = self._asker.ask(
                asked.object("selection"),
                criticism=asked.text_or_null("criticism"),
                prompt=asked.text_or_null("prompt"),
                model=asked.text_or_null("model"),
                frames=asked.whole("frames"),
            )
        except KeyError:
            raise Said(410, _FORGOTTEN) from None
        return {"job": job}

    def asks(self, asked: Asked) -> Any:
        return {"jobs": self._asker.jobs()}

    def stop(self, asked: Asked) -> Any:
        try:
            self._asker.stop(asked.path["job"])
        except KeyError:
            raise Said(404, "There is no such job.") from None
        return self.asks(asked)

    def decide(self, asked: Asked) -> Any:
        base = asked.text_or_null("base") if "base" in asked.given else MISSING
        candidate, decision = asked.path["candidate"], asked.text("decision")
        try:
            key = self._asker.decide(candidate, decision, base)
        except KeyError:
            raise Said(404, "There is no such new caption.") from None
        except Conflict as error:
            raise self._conflict(error.key, error) from None
        self.changed = True
        newest = self._newest(key)
        if decision == "taken" and newest is not None:
            self._note("edit", newest)
        return self._full(key)

    # --- comparing ---

    def next(self, asked: Asked) -> Any:
        return self._comparing.next(asked.query)

    def judge(self, asked: Asked) -> Any:
        choice = asked.text_or_null("choice")
        try:
            judged = self._comparing.judge(asked.path["pair"], choice)
        except KeyError:
            raise Said(404, "There is no such pair.") from None
        self.changed = True
        return judged

    def compared(self, asked: Asked) -> Any:
        return self._comparing.standing()

    @property
    def _comparing(self) -> Compare:
        if self._compare is None:
            raise Said(404, "There is nothing to compare with: start the page with --against RESULT.")
        return self._compare

    # --- rows ---

    def stored(self, key: str) -> Row:
        """The row with this key as it stands now. Said, if there is none."""
        try:
            return self.session.stored(_key(key))
        except KeyError:
            raise _no_row() from None

    def _full(self, key: str) -> dict[str, Any]:
        """All about a row, and whether its file is there and can be shown."""
        try:
            return {**self.session.row(key), "file": self._media.state(self.session.stored(key))}
        except KeyError:
            raise _no_row() from None

    def _newest(self, key: str) -> str | None:
        try:
            edits = self.session.history(key)
        except KeyError:
            raise _no_row() from None
        return edits[-1].key if edits else None

    def _conflict(self, key: str, error: Conflict, field: str = CAPTION) -> Said:
        """That a field says something else by now, and what (`stands`)."""
        return Said(409, str(error), row=self._full(key), stands=value(self.stored(key), field))

    def _note(self, kind: str, name: str) -> None:
        if (kind, name) not in self._made:
            self._made.append((kind, name))
        del self._made[:-MOST_REMEMBERED]


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        raise _no_row()
    return text


def _no_row() -> Said:
    return Said(404, "There is no such clip in this result.")


def _told(what: tuple[str, str], rows: list[dict[str, Any]], count: int) -> str:
    """What was undone, as a sentence."""
    if not rows:
        return "Nothing was undone: it was changed again since."
    if what[0] == "batch" or count > 1:
        return f"Undone in {count:,} {'clip' if count == 1 else 'clips'}."
    field = next((one["field"] for one in rows[0]["history"] if one["edit"] == what[1]), "")
    name = field.partition("[")[2].rstrip("]")
    words = {
        "tags": f"the tag {name}",
        "versus": "a judgement",
        "frames": "a frame's caption",
        "captions": f"the length {name}",
        "segments": "a segment's caption",
    }
    kind = "a field" if in_structure(field) is not None else words.get(field.partition("[")[0], "a change")
    return f"Undone: {_FIELDS.get(field, kind)} of {rows[0]['id']}."
