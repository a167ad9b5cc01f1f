"""Knows how the rows of a result are kept in SQLite so that they are found at once; not where rows come from.

The file is nothing but a copy: it may be deleted at any time, and is made anew from the rows. One connection writes,
under a lock; others read meanwhile (WAL).
"""

from __future__ import annotations

import json
import sqlite3
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from queue import Empty, Full, LifoQueue
from typing import Any, NamedTuple

from framescribe.errors import UserError
from framescribe.plain_json import dumps, parsed
from framescribe.records import Row, row_in
from framescribe.results.edits import Edit
from framescribe.review.facts_sql import MEASURED
from framescribe.review.query import storable
from framescribe.review.worst import FRAMES, LONG, SAME, SHORT, UNENDED, Others, others, score_sql

SCHEMA = 5  # of this file; one of another schema is made anew
WAIT_SECONDS = 20.0
IDLE = 4  # connections kept for the next reader
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR)

_FACTS = {  # of a row as it stands, narrow, so that all rows can be gone through in milliseconds
    "row": "INTEGER PRIMARY KEY",
    "key": "INTEGER NOT NULL UNIQUE",
    "place": "INTEGER NOT NULL",  # in the result's order
    "made_of": "INTEGER",  # stands for the lines from which it was made
    "id": "TEXT NOT NULL",
    "status": "TEXT NOT NULL",
    "flags": "INTEGER NOT NULL",
    "words": "INTEGER NOT NULL",
    "duration": "REAL",
    "model": "TEXT",
    "verdict": "TEXT",
    "locked": "INTEGER NOT NULL",
    "edited": "INTEGER NOT NULL",
    "seen": "INTEGER NOT NULL",
    "note": "INTEGER NOT NULL",
    "edited_at": "REAL",
    "support": "REAL",  # which share of its claims the frames support, if it was verified
    "candidates": "INTEGER NOT NULL",
    "same": "INTEGER",  # stands for the caption's words
    "own": "INTEGER NOT NULL",  # marks (`worst`) that its own words deserve
    "marks": "INTEGER NOT NULL",  # those that count
    "score": "INTEGER NOT NULL",
    **dict.fromkeys(MEASURED, ""),  # last, since most queries read none of them
}
FACTS = tuple(_FACTS)
_TABLES = f"""
CREATE TABLE facts ({", ".join(f"{name} {kind}" for name, kind in _FACTS.items())});
CREATE INDEX worst ON facts (score DESC, place);
CREATE INDEX twins ON facts (same) WHERE same IS NOT NULL;
CREATE TABLE texts (
  row INTEGER PRIMARY KEY, caption TEXT, more TEXT, exact INTEGER, video_path TEXT, fingerprint TEXT, review TEXT
);
CREATE TABLE rows (row INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE labels (kind TEXT, name TEXT, row INTEGER, PRIMARY KEY (kind, name, row)) WITHOUT ROWID;
CREATE INDEX labelled ON labels (row);
CREATE TABLE edits (
  row INTEGER, place INTEGER, edit TEXT, batch TEXT, line BLOB, PRIMARY KEY (row, place)
) WITHOUT ROWID;
CREATE INDEX by_edit ON edits (edit);
CREATE INDEX by_batch ON edits (batch) WHERE batch IS NOT NULL;
CREATE VIRTUAL TABLE words USING fts5 (caption, more, content='texts', content_rowid='row', tokenize='unicode61');
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT);
PRAGMA user_version = {SCHEMA};
"""


class Taken(NamedTuple):
    """A row to take in: as a run wrote it (`row`, and its `line` if there is one), what people said of it, and what
    follows from both. `more`: what else the model wrote (`results.texts`), to be found by its words. `facts` has all of
    FACTS but row, key, place, id and those that depend on other rows."""

    key: int
    place: int
    row: Row
    line: bytes | None
    edits: Sequence[Edit]
    caption: str | None
    more: str | None
    facts: Mapping[str, Any]
    labels: Sequence[tuple[str, str]]
    review: Mapping[str, Any]


def key_of(name: str, video_path: str) -> int:
    """A signed 64-bit number that stands for an id and a place, on every machine."""
    text = f"{name}\0{video_path}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "big", signed=True)


def shown(key: int) -> str:
    """The key as addresses hold it: 16 hexadecimal digits."""
    return f"{key & 0xFFFFFFFFFFFFFFFF:016x}"


def meant(key: str) -> int:
    """The inverse of `shown`. KeyError for any other text."""
    if len(key) != 16 or not set(key) <= set("0123456789abcdef"):
        raise KeyError(key)
    return int.from_bytes(bytes.fromhex(key), "big", signed=True)


class Damaged(Exception):
    """The index cannot be read, and must be made anew."""


class Index:
    """The index in a file, which one process at a time may have open. `revision` rises with every change."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.RLock()  # of the connection that writes
        self.usual = Others()
        self.revision = 0
        self._readers: LifoQueue[sqlite3.Connection] = LifoQueue(IDLE)  # the same few: each fills a cache
        self._every: list[sqlite3.Connection] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._writer = self._opened()
        except (sqlite3.DatabaseError, Damaged):
            self._remove()
            self._writer = self._opened()
        self.usual = Others(*json.loads(self.note("usual") or "[]"))

    def _connect(self) -> sqlite3.Connection:
        made = sqlite3.connect(self.path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        made.execute("PRAGMA cache_size = -16000")
        self._every.append(made)
        return made

    def _opened(self) -> sqlite3.Connection:
        made = self._connect()
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("PRAGMA synchronous = NORMAL")
        schema = made.execute("PRAGMA user_version").fetchone()[0]
        if schema == 0 and not made.execute("SELECT 1 FROM sqlite_master").fetchone():
            made.executescript(f"BEGIN; {_TABLES} COMMIT;")
        elif schema != SCHEMA:
            raise Damaged
        made.execute("SELECT max(row), max(length(value)) FROM facts, notes").fetchone()
        return made

    def remake(self) -> None:
        """Begin anew, with an empty file."""
        with self.lock:
            self._remove()
            self._writer = self._opened()
            self.usual, self.revision = Others(), self.revision + 1

    def _remove(self) -> None:
        self.close()
        for ending in ("", "-wal", "-shm"):
            with suppress(FileNotFoundError):
                Path(f"{self.path}{ending}").unlink()

    def close(self) -> None:
        """Close all connections; may be called twice."""
        with self.lock:
            while self._every:
                self._every.pop().close()
            with suppress(Empty):
                while True:
                    self._readers.get_nowait()

    # --- reading ---

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection of one's own for the block. Damaged if the file turns out to be."""
        try:
            connection = self._readers.get_nowait()
        except Empty:
            if not self.path.exists():
                raise Damaged from None
            connection = self._connect()
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise _told(error) from error
        finally:
            if connection in self._every:  # else all were closed meanwhile
                try:
                    self._readers.put_nowait(connection)
                except Full:
                    with suppress(ValueError):  # closed just now
                        self._every.remove(connection)
                    connection.close()

    def all(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """What a statement finds."""
        with self.reading() as connection:
            return connection.execute(statement, values).fetchall()

    def one(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """The first that a statement finds, None if it finds nothing."""
        found = self.all(statement, values)
        return found[0] if found else None

    def count(self) -> int:
        """How many rows it holds."""
        with self.lock:
            return int(self._writer.execute("SELECT count(*) FROM facts").fetchone()[0])

    def note(self, name: str) -> str | None:
        """What `keep_note` kept under this name."""
        with self.lock:
            found = self._writer.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return found[0] if found else None

    # --- writing ---

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection that writes; what the block writes appears whole or not at all."""
        with self.lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                except BaseException:
                    self._writer.execute("ROLLBACK")
                    raise
                self._writer.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                raise _told(error) from error

    def keep_note(self, name: str, value: str) -> None:
        """Keep a short text."""
        with self.writing() as connection:
            connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def put(self, taken: Sequence[Taken]) -> None:
        """Take in rows, new ones or in place of what was known about them."""
        if not taken:
            return
        with self.writing() as connection:
            known = _known(connection, [one.key for one in taken])
            _clear(connection, list(known.values()))
            number = connection.execute("SELECT ifnull(max(row), 0) FROM facts").fetchone()[0]
            numbered = []
            for one in {one.key: one for one in taken}.values():
                if one.key not in known:
                    number += 1
                    known[one.key] = number
                numbered.append((known[one.key], one))
            connection.executemany(
                f"INSERT OR REPLACE INTO facts VALUES ({', '.join('?' * len(FACTS))})",
                ([*_facts(row, one, self.usual)] for row, one in numbered),
            )
            texts = [(row, one, _kept(one.caption), _kept(one.more)) for row, one in numbered]
            connection.executemany(
                "INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?, ?)",
                ((row, text, more, *_about(one, text)) for row, one, text, more in texts),
            )
            connection.executemany(
                "INSERT INTO words (rowid, caption, more) VALUES (?, ?, ?)",
                ((row, text, more) for row, _, text, more in texts),
            )
            connection.executemany("INSERT INTO rows VALUES (?, ?)", ((row, _packed(one)) for row, one in numbered))
            connection.executemany(
                "INSERT OR IGNORE INTO labels VALUES (?, ?, ?)",
                ((kind, storable(name), row) for row, one in numbered for kind, name in one.labels),
            )
            connection.executemany(
                "INSERT INTO edits VALUES (?, ?, ?, ?, ?)",
                (
                    (row, place, edit.key, edit.batch, edit.as_line())
                    for row, one in numbered
                    for place, edit in enumerate(one.edits)
                ),
            )
            self._weigh(connection, [row for row, _ in numbered])
            self.revision += 1

    def drop(self, rows: Sequence[int]) -> None:
        """Forget rows, by their numbers."""
        if rows:
            with self.writing() as connection:
                _clear(connection, rows)
                connection.executemany("DELETE FROM facts WHERE row = ?", ((row,) for row in rows))
                self.revision += 1

    def move(self, places: Iterable[tuple[int, int | None, int]]) -> None:
        """Note (place, made_of) of rows (the third) that are otherwise as they were."""
        with self.writing() as connection:
            connection.executemany("UPDATE facts SET place = ?, made_of = ? WHERE row = ?", places)
            self.revision += 1

    def weigh(self) -> None:
        """Find what is usual, and mark what differs from it. All rows are gone through, in a fraction of a second."""
        with self.writing() as connection:
            said = "SELECT words AS n FROM facts WHERE words > 0 AND status != 'failed' ORDER BY words"
            words = list(map(int, numbers(connection, said)))
            habits = connection.execute(
                f"SELECT sum((own & {UNENDED}) != 0), sum((own & {FRAMES}) != 0) FROM facts WHERE words > 0"
            ).fetchone()
            usual = others(words, *(count or 0 for count in habits))
            if usual != self.usual:
                self.usual = usual
                connection.execute("INSERT OR REPLACE INTO notes VALUES ('usual', ?)", (json.dumps(usual),))
            if self._weigh(connection, None):
                self.revision += 1

    def _weigh(self, connection: sqlite3.Connection, rows: Sequence[int] | None) -> int:
        """Set marks and scores of these rows (None: of all) that do not have them; returns of how many."""
        usual = self.usual
        only = "" if rows is None else " AND row IN (SELECT value FROM json_each(:rows))"
        twin = "EXISTS (SELECT 1 FROM facts AS t WHERE t.same = facts.same AND t.row != facts.row)"
        far = f"(words > 0 AND words < :least) * {SHORT} | (words > :most) * {LONG}"
        marks = f"((own | {far}) & :usual) | ({twin}) * {SAME}"
        values = {"least": usual.least, "most": usual.most, "usual": usual.marks, "rows": json.dumps(rows)}
        connection.execute(f"UPDATE facts SET marks = {marks} WHERE marks != {marks}{only}", values)
        done = connection.execute(
            f"UPDATE facts SET score = {score_sql()} WHERE score != {score_sql()}{only}",
            {"rows": values["rows"]} if only else {},
        )
        return done.rowcount


def _about(one: Taken, text: str | None) -> tuple[Any, ...]:
    """What else the table of texts holds."""
    place, review = storable(one.row.video_path), dumps(one.review) if one.review else None
    exact = text == one.caption and place == one.row.video_path
    return exact, place, one.row.file.get("fingerprint"), review


def _kept(text: str | None) -> str | None:
    return None if text is None else storable(text)


def _packed(one: Taken) -> bytes:
    """A row in little space."""
    return zlib.compress(one.line or one.row.as_line().encode(), 1)


def unpacked(data: bytes) -> Row:
    """The row that a table holds."""
    line = zlib.decompress(data)
    return row_in(line) or Row.from_dict(parsed(line))


def edit_of(line: bytes) -> Edit:
    """The edit of a line in the table of edits."""
    return Edit.from_dict(parsed(line))


def numbers(connection: sqlite3.Connection, statement: str, values: Sequence[Any] = ()) -> list[str]:
    """The numbers, as texts, that a statement finds in its column "n".

    They come as one text: for each row that is fetched, Python would let other threads run, and wait for its turn.
    """
    found = connection.execute(f"SELECT group_concat(n) FROM ({statement})", values).fetchone()[0]
    return [] if found is None else str(found).split(",")


def _facts(row: int, one: Taken, usual: Others) -> Iterator[Any]:
    given = {**one.facts, "row": row, "key": one.key, "place": one.place, "id": storable(one.row.id)}
    given |= {"marks": given["own"] & usual.marks, "score": -1}  # until `_weigh`
    return (given[name] for name in FACTS)


def _known(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, int]:
    """The numbers of rows by their keys."""
    statement = "SELECT key, row FROM facts WHERE key IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(statement, (json.dumps(keys),)))


def _clear(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Remove all but the facts of rows."""
    if not rows:
        return
    which = json.dumps(rows)
    connection.execute(
        "INSERT INTO words (words, rowid, caption, more) SELECT 'delete', row, caption, more FROM texts "
        "WHERE row IN (SELECT value FROM json_each(?))",
        (which,),
    )
    for table in ("texts", "rows", "labels", "edits"):
        connection.execute(f"DELETE FROM {table} WHERE row IN (SELECT value FROM json_each(?))", (which,))


def _told(error: sqlite3.DatabaseError) -> Exception:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _DAMAGED or "no such table" in str(error):
        return Damaged()
    if code == sqlite3.SQLITE_FULL:
        return UserError("the disk with the cache is full: make room (XDG_CACHE_HOME names another cache folder)")
    return error
