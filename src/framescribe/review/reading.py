"""Knows how rows are read from the index: found by a query, counted, and with what people said of them; writes
nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic_core import from_json

from framescribe.errors import UserError
from framescribe.results.edits import Edit
from framescribe.review.changes import Known
from framescribe.review.described import Seen
from framescribe.review.index import Damaged, Index, edit_of, meant, numbers, shown, unpacked
from framescribe.review.query import SORTED_FACTS, Query, Sql
from framescribe.review.worst import SAME, reasons

if TYPE_CHECKING:
    from regex import Pattern

AT_ONCE = 500  # rows that are read together
SEARCH_SECONDS = 5.0  # of work that a regular expression may take
SECONDS_A_CAPTION = 1.0
SEARCHED = 5000  # rows whose captions are looked through together
MANY = 1000  # twins, from which on they are not counted
LEFT: ContextVar[Event | None] = ContextVar("LEFT", default=None)  # set once nobody waits for the answer any more
_T = TypeVar("_T")


class Abandoned(Exception):
    """Nobody waits for what was looked for."""


class Text(NamedTuple):
    """A row as far as its caption is concerned; `review` as in `Row.provenance`."""

    key: str
    id: str
    video_path: str
    fingerprint: str | None
    caption: str | None
    edited: bool
    review: Mapping[str, Any]


class Reader:
    """Reads the index from any thread. `damaged` is called when the index turns out to be."""

    def __init__(self, index: Index, damaged: Callable[[], None]) -> None:
        self.index = index
        self._damaged = damaged

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for the block. UserError if the index is damaged."""
        try:
            with self.index.reading() as connection:
                yield connection
        except Damaged:
            self._damaged()
            raise UserError("the index was damaged and is being made anew: try again in a moment") from None

    @contextmanager
    def searching(self, query: Query) -> Iterator[tuple[sqlite3.Connection, str, list[Any]]]:
        """A connection, and the condition for a query's rows with its values. UserError if the regular expression takes
        too long; Abandoned if nobody waits for it (`LEFT`)."""
        where, values = query.where()
        with self.reading() as connection:
            if (pattern := query.pattern()) is not None:
                try:
                    rows = list(_matching(connection, *_both(query.needed, (where, values)), pattern))
                except TimeoutError:
                    why = f"{query.re} takes too long on these captions; write a simpler expression"
                    raise UserError(why) from None
                where, values = "f.row IN (SELECT value FROM json_each(?))", [json.dumps(rows)]
            yield connection, where, values

    def keys(self, query: Query) -> array[int]:
        """The keys of all rows that a query finds, in its order. UserError as in `searching`."""
        with self.searching(query) as (connection, where, values):
            said = f"SELECT f.key AS n FROM facts f WHERE {where} ORDER BY {query.order}"
            return array("q", map(int, numbers(connection, said, values)))

    def counts(self) -> dict[str, Any]:
        """How many rows there are of each kind, and by which facts they can be sorted."""
        with self.reading() as connection:
            total, *sums = connection.execute(
                "SELECT count(*), sum(status = 'ok'), sum(status = 'flagged'), sum(status = 'failed'), "
                "sum(verdict IS 'accepted'), sum(verdict IS 'rejected'), sum(locked), sum(edited), sum(seen) FROM facts"
            ).fetchone()
            labels = connection.execute(
                "SELECT kind, name, count(*) FROM labels GROUP BY kind, name ORDER BY count(*) DESC, name"
            ).fetchall()
            counted = ", ".join(f"count({name})" for name in SORTED_FACTS)
            measured = connection.execute(f"SELECT {counted} FROM facts").fetchone()
            models = connection.execute(
                "SELECT model FROM facts WHERE model IS NOT NULL GROUP BY model ORDER BY count(*) DESC, model"
            ).fetchall()
        names = ("ok", "flagged", "failed", "accepted", "rejected", "locked", "edited", "seen")
        return {
            "indexed": total,
            "counts": dict(zip(names, (count or 0 for count in sums), strict=True)),
            "flags": [{"name": name, "count": count} for kind, name, count in labels if kind == "flag"],
            "tags": [{"name": name, "count": count} for kind, name, count in labels if kind == "tag"],
            "models": [model for (model,) in models],
            "sorts": [name for name, count in zip(SORTED_FACTS, measured, strict=True) if count],
        }

    def known(self, keys: Sequence[int], *, why: bool = True) -> dict[int, tuple[Known, Seen]]:
        """These rows (`AT_ONCE` at most) in their order, without those that are not there; unless `why`, without the
        reasons for which they are suspicious."""
        usual = self.index.usual
        twins = f"SELECT count(*) FROM (SELECT 1 FROM facts t WHERE t.same = f.same LIMIT {MANY + 1})"
        with self.reading() as connection:
            found = connection.execute(
                f"SELECT f.key, f.row, f.marks, f.words, f.candidates, r.data, iif(f.marks & {SAME}, ({twins}), 0) "
                f"FROM facts f JOIN rows r ON r.row = f.row WHERE f.key IN ({', '.join('?' * len(keys))})",
                keys,
            ).fetchall()
            rows = [row for _, row, *_ in found]
            said: dict[int, list[Edit]] = {}
            lines = connection.execute(
                f"SELECT row, line FROM edits WHERE row IN ({', '.join('?' * len(rows))}) ORDER BY row, place", rows
            )
            for row, line in lines:
                said.setdefault(row, []).append(edit_of(line))
        known = {}
        for key, row, marks, words, candidates, data, same in found:
            one = Known(unpacked(data), said.get(row, []))
            said_why = reasons(marks, one.row.caption, words, usual, (same or 1) - 1) if marks and why else []
            known[key] = one, Seen(said_why, candidates)
        return {key: known[key] for key in keys if key in known}

    def texts(self, keys: Iterable[str]) -> Iterator[Text]:
        """The captions of these rows, in their order, without those that are not there."""
        for chunk in chunks(map(meant, keys)):
            with self.reading() as connection:
                found = connection.execute(
                    "SELECT f.key, t.exact, f.id, t.video_path, t.fingerprint, t.caption, f.edited, t.review "
                    f"FROM facts f JOIN texts t ON t.row = f.row WHERE f.key IN ({', '.join('?' * len(chunk))})",
                    chunk,
                ).fetchall()
            texts = {}
            for key, exact, name, place, fingerprint, caption, edited, review in found:
                marks = json.loads(review) if review else {}
                text = Text(shown(key), name, place, fingerprint, caption, bool(edited), marks)
                if not exact:  # it has letters that the index cannot hold
                    row = self.known([key])[key][0].row
                    text = text._replace(id=row.id, video_path=row.video_path, caption=row.caption)
                texts[key] = text
            yield from (texts[key] for key in chunk if key in texts)

    def changed_by(self, what: str) -> list[tuple[int, str]]:
        """The keys of the rows that an edit, or those of a batch, changed, each with the edit's key, the latest
        first."""
        statement = (
            "SELECT f.key, e.edit FROM edits e JOIN facts f ON f.row = e.row WHERE e.{} = ? ORDER BY e.place DESC"
        )
        with self.reading() as connection:
            return (
                connection.execute(statement.format("edit"), (what,)).fetchall()
                or connection.execute(statement.format("batch"), (what,)).fetchall()
            )


def _both(one: Sql, other: Sql) -> Sql:
    return f"({one[0]}) AND ({other[0]})", [*one[1], *other[1]]


def _matching(
    connection: sqlite3.Connection, where: str, values: Sequence[Any], pattern: Pattern[str]
) -> Iterator[int]:
    """The rows, among those that `where` (on `f` and its texts `t`) finds, in whose captions `pattern` is found.
    TimeoutError if that takes more than `SEARCH_SECONDS` of work, Abandoned once nobody waits for them."""
    begun, abandoned = time.thread_time(), LEFT.get() or Event()
    last = connection.execute("SELECT max(row) FROM facts").fetchone()[0] or 0
    for first in range(0, last + 1, SEARCHED):
        rows, captions = connection.execute(
            "SELECT json_group_array(f.row), json_group_array(t.caption) FROM facts f JOIN texts t ON t.row = f.row "
            f"WHERE f.row BETWEEN ? AND ? AND t.caption IS NOT NULL AND {where}",
            [first, first + SEARCHED - 1, *values],
        ).fetchone()
        for row, caption in zip(from_json(rows), from_json(captions), strict=True):
            left = SEARCH_SECONDS - (time.thread_time() - begun)
            if left <= 0:
                raise TimeoutError
            if abandoned.is_set():
                raise Abandoned
            # Concurrent: others go on meanwhile, however long it takes.
            if pattern.search(caption, concurrent=True, timeout=min(left, SECONDS_A_CAPTION)) is not None:
                yield row


def chunks(every: Iterable[_T]) -> Iterator[list[_T]]:
    """These, `AT_ONCE` at a time."""
    every = iter(every)
    while chunk := list(islice(every, AT_ONCE)):
        yield chunk
