"""Knows a result under review as the page sees it: lists of its rows, each row, and what a person changes in them; not
how it is shown.

Rows are found in the index (`index`), which a thread keeps the same as the result (`following`); nothing but edit
lines is ever written beside the result.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, NamedTuple, overload

from framescribe.errors import UserError
from framescribe.records import Row
from framescribe.results.edits import Edit, me
from framescribe.results.finished import location_of
from framescribe.results.index import place_hash
from framescribe.results.rows import Results
from framescribe.review import described
from framescribe.review.candidates import Candidates
from framescribe.review.changes import MISSING, Change, Conflict, Known, Locked, Undone, edits_for, undoing
from framescribe.review.charts import charts
from framescribe.review.described import Plays, Seen
from framescribe.review.following import Follower
from framescribe.review.index import Index, meant, shown
from framescribe.review.query import Query
from framescribe.review.reading import Reader, Text, chunks
from framescribe.storage.locks import take
from framescribe.strategies.structured import FORM
from framescribe.version import VERSION

__all__ = ["MISSING", "Change", "Conflict", "Listed", "Locked", "Session", "Text", "Undone"]

# The name of a person on whose behalf the session is called: with a password, several use one page.
ASKS: ContextVar[str | None] = ContextVar("ASKS", default=None)
LISTS = 20  # that are remembered; each holds 8 bytes for a row


class Listed(NamedTuple):
    """The name of a list, and how many rows it has."""

    list: str
    total: int


class Session:
    """A result under review; safe to use from several threads.

    The index lies in the folder `cache`. `who` signs edits: by default the user. `plays` says of a row how a browser
    shows its video. UserError if `output` names no result.
    """

    def __init__(
        self, output: str | os.PathLike[str], *, cache: Path, who: str | None = None, plays: Plays | None = None
    ) -> None:
        self.output = location_of(os.fspath(output))
        self._who = who or me()
        self.candidates = Candidates()
        self._plays = plays or described.plays
        self._cache = Path(cache)
        self._lists: OrderedDict[str, array[int]] = OrderedDict()
        self._of_lists = threading.Lock()
        self._counted: tuple[int, dict[str, Any]] | None = None
        self._held: IO[bytes] | None = None
        self._apart: tempfile.TemporaryDirectory[str] | None = None
        self._index: Index | None = None
        self._reader: Reader | None = None
        self._follower: Follower | None = None

    @property
    def who(self) -> str:
        """Who signs edits: whoever is asking (`ASKS`), else the session's own person."""
        return ASKS.get() or self._who

    # --- opening and closing ---

    def open(self) -> None:
        """Begin to index, and then to follow what runs write, in a thread. UserError if there is no result."""
        self._index = Index(self._place())
        self._follower = Follower(self.output, self._index, self.candidates)
        self._reader = Reader(self._index, self._follower.damaged.set)
        try:
            self._follower.start()
        except UserError:
            self.close()
            raise

    def close(self) -> None:
        """End, and let go of every file; may be called twice. RunError if lines could not be brought to the store."""
        follower, self._follower = self._follower, None
        try:
            if follower is not None:
                follower.close()
        finally:
            if self._index is not None:
                self._index.close()
            if self._held is not None:
                self._held.close()
                self._held = None
            if self._apart is not None:
                self._apart.cleanup()
                self._apart = None

    def ready(self, timeout: float | None = None) -> bool:
        """Wait until all rows are indexed and can be edited; False if that takes longer. UserError if they never
        will be."""
        done = self._following.loaded.wait(timeout) and self._following.indexed.wait(timeout)
        if self._following.fault is not None:
            raise UserError(self._following.fault)
        return done

    def _place(self) -> Path:
        """Where the index lies. If another session has it open, a new one in a temporary folder."""
        where = str(self.output.absolute() if isinstance(self.output, Path) else self.output)
        name = re.sub(r"[^\w.-]+", "-", where.replace("\\", "/").rpartition("/")[2])[:60]
        place = self._cache / f"{name}-{sha256(where.encode(errors='surrogatepass')).hexdigest()[:16]}.sqlite"
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            held = open(f"{place}.held", "a+b")  # noqa: SIM115
            try:
                free = take(held)
            except OSError:  # a file system without locks
                free = False
        except OSError as error:
            raise UserError(
                f"{self._cache} cannot be written: {error.strerror or error}. XDG_CACHE_HOME names another place for it"
            ) from error
        if free:
            self._held = held
            return place
        held.close()
        self._apart = tempfile.TemporaryDirectory(prefix="framescribe-review-", ignore_cleanup_errors=True)
        return Path(self._apart.name) / place.name

    @property
    def _following(self) -> Follower:
        if self._follower is None:
            raise UserError("the session is closed")
        return self._follower

    @property
    def _rows(self) -> Reader:
        if self._reader is None or self._follower is None:
            raise UserError("the session is closed")
        return self._reader

    # --- the result as a whole ---

    @property
    def revision(self) -> int:
        """A number that rises whenever a row changes."""
        return self._rows.index.revision

    def result(self) -> dict[str, Any]:
        """What there is, and how far the index has come. `error`: why rows are no longer followed, if so; `choices`:
        what may stand in those fields that take a value of a list."""
        following = self._following
        revision = self.revision
        if self._counted is None or self._counted[0] != revision:
            self._counted = revision, self._rows.counts()
        results = following.results
        return {
            "name": re.split(r"[/\\]", str(self.output))[-1],
            "output": str(self.output),
            "version": VERSION,
            "who": self.who,
            "revision": revision,
            "total": max(self._counted[1]["indexed"], len(results) if results is not None else 0),
            **self._counted[1],
            "indexing": not following.indexed.is_set(),
            "finished": following.finished,
            "running": following.running,
            "unreadable": following.unreadable,
            "error": following.fault,
            "choices": FORM.choices(),
        }

    def charts(self, query: Query) -> dict[str, Any]:
        """How the rows of a query are distributed, each bar with what it takes to filter by it."""
        with self._rows.searching(query) as (connection, where, values):
            return charts(connection, where, values, query.facts)

    # --- lists ---

    def make_list(self, query: Query) -> Listed:
        """Remember which rows a query finds now, in its order. UserError if its regular expression takes too long."""
        keys = self._rows.keys(query)
        name = secrets.token_hex(8)
        with self._of_lists:
            self._lists[name] = keys
            while len(self._lists) > LISTS:
                self._lists.popitem(last=False)
        return Listed(name, len(keys))

    def _list(self, name: str) -> array[int]:
        with self._of_lists:
            self._lists.move_to_end(name)
            return self._lists[name]

    def rows_of(self, name: str, offset: int, limit: int) -> list[dict[str, Any]]:
        """Rows of a list in brief, as they are now, without those that are gone. KeyError if the list was forgotten."""
        keys = self._list(name)[max(0, offset) : max(0, offset) + max(0, limit)]
        return [
            described.brief(key, known.row, seen, self._plays)
            for chunk in chunks(keys)
            for key, (known, seen) in self._rows.known(chunk).items()
        ]

    def keys_of(self, name: str) -> Sequence[str]:
        """The keys of a list's rows, in order. KeyError if it was forgotten."""
        return _Keys(self._list(name))

    def place_in(self, name: str, key: str) -> int | None:
        """Where in a list a row is, None if it is not in it. KeyError if the list was forgotten."""
        keys = self._list(name)
        try:
            return keys.index(meant(key))
        except (ValueError, KeyError):
            return None

    # --- rows ---

    def _one(self, key: str) -> tuple[int, Known, Seen]:
        number = meant(key)
        found = self._rows.known([number])
        if number not in found:
            raise KeyError(key)
        return number, *found[number]

    def row(self, key: str) -> dict[str, Any]:
        """Everything about a row. KeyError if there is none."""
        revision = self.revision
        number, known, seen = self._one(key)
        if seen.candidates:  # they are read with the lines
            self._following.loaded.wait()
        new = self.candidates.of(known.row)
        return described.full(number, known.base, known.edits, seen, self._plays, new, revision)

    def stored(self, key: str) -> Row:
        """The row as it stands. KeyError if there is none."""
        return self._one(key)[1].row

    def history(self, key: str) -> list[Edit]:
        """What people changed in a row, in order. KeyError if there is none."""
        return self._one(key)[1].edits

    def texts(self, keys: Iterable[str]) -> Iterator[Text]:
        """The captions of these rows, in their order; rows that are not there are left out."""
        return self._rows.texts(keys)

    # --- changing rows ---

    def edit(self, changes: Sequence[Change], *, batch: str | None = None) -> list[str]:
        """Make these changes, all or, if one cannot be made, none. Returns the keys of the edits once their lines are
        on the disk; a field that says so already needs none. Conflict, Locked, KeyError, UserError, or RunError if they
        cannot be written."""
        made = list[Edit]()
        with self._following.editing() as results:
            known = self._newest([change.key for change in changes])
            for change in changes:
                one = known[change.key]
                lines = edits_for(one, change, who=self.who, batch=batch)
                one.edits.extend(lines)
                made += lines
            self._write(results, made)
        return [edit.key for edit in made]

    def undo(self, what: str) -> Undone:
        """Put back what an edit changed, or all edits of a batch did, to what stood before. KeyError if there is
        neither; RunError if it cannot be written."""
        rows = self._rows.changed_by(what)
        if not rows:
            raise KeyError(what)
        batch = None if len(rows) == 1 and rows[0][1] == what else secrets.token_hex(8)
        changed, skipped = dict[str, None](), 0
        for chunk in chunks(rows):
            made = list[Edit]()
            with self._following.editing() as results:
                known = self._newest([shown(key) for key, _ in chunk])
                for key, edit in chunk:
                    one = known[shown(key)]
                    target = next((each for each in one.edits if each.key == edit), None)
                    line = undoing(one, target, who=self.who, batch=batch) if target is not None else None
                    if line is None:
                        skipped += 1
                        continue
                    one.edits.append(line)
                    made.append(line)
                    changed[shown(key)] = None
                self._write(results, made)
        return Undone(list(changed), skipped)

    def keep(self, record: Mapping[str, Any]) -> None:
        """Keep a line about a row that is neither a row nor an edit (`candidates.KINDS`). RunError if it cannot be
        written."""
        with self._following.editing() as results:
            results.keep(record)  # which `candidates` hear of
            self._following.refresh(())

    def noted(self) -> dict[str, Any]:
        """What the last run was asked for (`Results.noted_recipe`). UserError if the result cannot be read."""
        return self._following.noted()

    def _newest(self, keys: Sequence[str]) -> dict[str, Known]:
        """These rows as they are now; to be called while `editing`. KeyError for one that is not there."""
        following = self._following
        numbers = list(dict.fromkeys(map(meant, keys)))
        known = self._several(numbers)
        if following.behind:  # what the index has may be older than what was read
            following.refresh((one.base.id, place_hash(one.base.video_path)) for one in known.values())
            known = self._several(numbers)
        return {shown(key): one for key, one in known.items()}

    def _several(self, numbers: Sequence[int]) -> dict[int, Known]:
        known = {key: one for chunk in chunks(numbers) for key, (one, _) in self._rows.known(chunk, why=False).items()}
        for number in numbers:
            if number not in known:
                raise KeyError(shown(number))
        return known

    def _write(self, results: Results, made: Sequence[Edit]) -> None:
        """Keep these lines on the disk, then in the index."""
        if made:
            results.edit(*made)
            self._following.refresh(dict.fromkeys((edit.id, place_hash(edit.video_path)) for edit in made))


class _Keys(Sequence[str]):
    """The keys of a list, without holding them as texts."""

    def __init__(self, numbers: array[int]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return _Keys(self._numbers[at]) if isinstance(at, slice) else shown(self._numbers[at])
