"""Knows how two results are judged blindly, caption against caption of the same clips; shows nothing.

A judgement is an edit line of this result, "versus[NAME]", bound to both captions: when either changes, the pair comes
again. Which side a caption is on is drawn for each pair, and only this process knows it.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from framescribe.errors import UserError
from framescribe.records import caption_hash
from framescribe.results.standing import Standing
from framescribe.review.query import Query
from framescribe.review.session import Change, Conflict
from framescribe.scoring.intervals import wilson

if TYPE_CHECKING:
    from framescribe.review.session import Session, Text

CHOICES = ("left", "right", "tie", "neither")


class _Pair(NamedTuple):
    """What was shown: the row, what stands for either caption, and whether this result's was on the right."""

    key: str
    this: str
    other: str
    swapped: bool


class _Order:
    """The rows of a query in a random order that is always the same; nothing before `at` is left to judge. Of them so
    many clips have only one caption (`missing`) or twice the same (`equal`); `total` can be judged, `judged` are."""

    def __init__(self, keys: Sequence[str], seed: bytes) -> None:
        self.keys = sorted(keys, key=lambda key: blake2b(key.encode(), key=seed, digest_size=8).digest())
        self.at = self.equal = self.missing = self.total = self.judged = 0

    def counts(self) -> dict[str, int]:
        """What the page shows of it."""
        return {name: getattr(self, name) for name in ("judged", "total", "equal", "missing")}


class Compare:
    """Judges the captions of a session against those of the result `other` (a path or URL). Thread-safe.

    `other` is read once, when this is made (its captions are kept on disk meanwhile). A clip is in both if they have
    its id, or else a file with the same fingerprint. UserError if there is no such result.
    """

    def __init__(self, session: Session, other: str | Path, *, name: str | None = None) -> None:
        self._session = session
        this = str(session.output).rstrip("/").split("/")
        parts = Path(other).parts if isinstance(other, Path) else tuple(other.rstrip("/").split("/"))
        apart = parts[-2:] if parts[-1] == this[-1] else parts[-1:]  # so that the two have two names
        self.name = name or "/".join(apart)
        self._this = this[-1]
        self._field = f"versus[{self.name}]"
        self._secret = secrets.token_bytes(16)
        self._lock = threading.RLock()
        self._pairs: dict[str, _Pair] = {}
        self._order: tuple[Query, _Order] | None = None
        self._there = _Captions(Standing(other, frames=False))

    def next(self, query: Query) -> dict[str, Any]:
        """The next pair among the rows that match: {pair, key, id, left, right}, the same until it is judged; or {done}
        if nothing is left. And how many of them are `judged`, of how many in `total` that can be, how many pairs are
        `equal`, and for how many clips a caption is `missing`."""
        with self._lock:
            fresh = self._order is None or self._order[0] != query
            order = self._ordered(query) if fresh or self._order is None else self._order[1]
            found = self._found(order)
            if found is None and not fresh:  # what was passed may have come back
                order = self._ordered(query)
                found = self._found(order)
            self._order = None if found is None else (query, order)
            if found is None:
                return {"done": True, **order.counts()}
            text, caption = found
            hashes = caption_hash(text.caption), caption_hash(caption)
            drawn = blake2b("\0".join((text.key, *hashes)).encode(), key=self._secret, digest_size=9).digest()
            pair, swapped = drawn[:8].hex(), bool(drawn[8] & 1)
            self._pairs[pair] = _Pair(text.key, *hashes, swapped)
            left, right = (caption, text.caption) if swapped else (text.caption, caption)
            return {"pair": pair, "key": text.key, "id": text.id, "left": left, "right": right, **order.counts()}

    def judge(self, pair: str, choice: str | None) -> dict[str, Any]:
        """Keep which caption is the better one: "left", "right", "tie" or "neither"; None takes it back. Returns how
        many pairs of the query are `judged`. KeyError for a pair that was never shown; Conflict if a caption has
        changed since."""
        if choice not in (*CHOICES, None):
            raise UserError(f"a choice is one of {', '.join(CHOICES)}, not {choice!r}")
        with self._lock:
            shown = self._pairs[pair]
            text = next(iter(self._session.texts([shown.key])), None)
            if text is None or caption_hash(text.caption) != shown.this:
                raise Conflict(shown.key)
            if choice in ("left", "right"):
                choice = "this" if (choice == "right") == shown.swapped else "other"
            before = self._choice(text, shown.other)
            said = None if choice is None else f"{choice} {shown.other}"
            self._session.edit([Change(key=shown.key, field=self._field, new=said)])
            if self._order is None:
                return {"judged": self.standing()["judged"]}
            self._order[1].judged += (choice is not None) - (before is not None)
            return {"judged": self._order[1].judged}

    def standing(self) -> dict[str, Any]:
        """How many pairs are judged and how; the `share` of this result's wins among the decided ones, with the bounds
        of its 95 % interval (Wilson), all None as long as none is decided."""
        with self._lock:
            counts = dict.fromkeys(("this", "other", "tie", "neither"), 0)
            for choice in self._choices():
                counts[choice] += 1
            decided = counts["this"] + counts["other"]
            low, high = wilson(counts["this"], decided)
            return {
                "judged": sum(counts.values()),
                **counts,
                "share": counts["this"] / decided if decided else None,
                "low": low,
                "high": high,
                "names": {"this": self._this, "other": self.name},
            }

    def close(self) -> None:
        """Forget the other result."""
        self._there.close()

    def _ordered(self, query: Query) -> _Order:
        keys = self._session.keys_of(self._session.make_list(query).list)
        order = _Order(keys, blake2b(self.name.encode(errors="surrogatepass"), digest_size=16).digest())
        for text in self._session.texts(keys):
            caption = self._there.of(text)
            if not text.caption or not caption:
                order.missing += 1
            elif text.caption == caption:
                order.equal += 1
            else:
                order.total += 1
                order.judged += self._choice(text, caption_hash(caption)) is not None
        return order

    def _found(self, order: _Order) -> tuple[Text, str] | None:
        """The next row that is to be judged, and the other caption."""
        for text in self._session.texts(islice(order.keys, order.at, None)):
            caption = self._there.of(text)
            if text.caption and caption and text.caption != caption and not self._choice(text, caption_hash(caption)):
                return text, caption
            order.at += 1
        return None

    def _said(self, text: Text) -> str:
        return str((text.review.get("versus") or {}).get(self.name) or "")

    def _choice(self, text: Text, other: str) -> str | None:
        """What was said of a row and the caption for which `other` stands; None if nothing."""
        choice, _, about = self._said(text).partition(" ")
        return choice if about == other and choice in ("this", "other", "tie", "neither") else None

    def _choices(self) -> Iterator[str]:
        everything = self._session.keys_of(self._session.make_list(Query.of({"sort": "order"})).list)
        for text in self._session.texts(everything):
            if self._said(text) and (choice := self._choice(text, caption_hash(self._there.of(text)))) is not None:
                yield choice


class _Captions:
    """The captions of a result, by id and by fingerprint, in a temporary file of SQLite's own."""

    def __init__(self, rows: Standing) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect("", check_same_thread=False)
        self._file.execute("CREATE TABLE rows (id BLOB, place BLOB, print TEXT, caption BLOB)")
        self._file.executemany(
            "INSERT INTO rows VALUES (?, ?, ?, ?)",
            (
                (_bytes(row.id), _bytes(row.video_path), row.file.get("fingerprint"), _bytes(row.caption))
                for row in rows
            ),
        )
        self._file.execute("CREATE INDEX ids ON rows (id)")
        self._file.execute("CREATE INDEX prints ON rows (print)")
        self._file.commit()

    def of(self, text: Text) -> str | None:
        """The caption of the same clip there; None if there is none."""
        rows = "SELECT caption FROM rows WHERE"
        with self._lock:
            found = self._file.execute(
                f"{rows} id = ? ORDER BY print IS ? DESC, place = ? DESC, rowid LIMIT 1",
                (_bytes(text.id), text.fingerprint, _bytes(text.video_path)),
            ).fetchone() or (
                text.fingerprint
                and self._file.execute(f"{rows} print = ? ORDER BY rowid LIMIT 1", (text.fingerprint,)).fetchone()
            )
        return found[0].decode(errors="surrogatepass") if found and found[0] is not None else None

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode(errors="surrogatepass")  # file names need not be UTF-8
