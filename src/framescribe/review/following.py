"""Knows how the index is kept the same as a result: made when it is opened, then whatever runs and people add; changes
no row.

A thread of its own reads. The first rows of a result that was never seen before are there at once; then all lines are
looked through, and those rows are taken in of which the index has not this very version.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

from framescribe.errors import RunError, UserError
from framescribe.hashes import Numbers
from framescribe.plain_json import parsed
from framescribe.records import Row
from framescribe.results.finished import is_there, read_rows, stamp_of
from framescribe.results.index import Key, place_hash
from framescribe.results.parts import FINISHED_FILE, Location
from framescribe.results.rows import Results
from framescribe.results.standing import Standing
from framescribe.review.candidates import Candidates
from framescribe.review.index import Damaged, Index, key_of
from framescribe.review.intake import Intake
from framescribe.storage.object_store import StoreError

LOOK_SECONDS = 1.0
RUNNING_SECONDS = 60.0  # after the last row, a run is thought to be over
WEIGH_SECONDS = 5.0  # between two times that all rows are weighed, while more are coming
FIRST, MORE = 200, 1000  # rows or lines at a time

_log = logging.getLogger("framescribe")


class Follower:
    """Keeps `index` the same as the result `output`. `indexing` until it is for the first time; `fault` says in one
    line why it cannot go on."""

    def __init__(self, output: Location, index: Index, candidates: Candidates) -> None:
        self.output = output
        self.parts: Location = Path(f"{output}.parts") if isinstance(output, Path) else f"{output}.parts"
        self.index = index
        self.candidates = candidates
        self.lock = threading.RLock()  # of the results: they are read by seeking, and edits are written in order
        self.results: Results | None = None
        self.indexed = threading.Event()
        self.loaded = threading.Event()
        self.fault: str | None = None
        self.finished = False
        self.damaged = threading.Event()
        self.stale = self._behind = False  # the index may lack what the results have, and is catching up
        self._unknown: list[Row] = []
        self._by_hand = False  # the finished file was changed by hand, which no line says yet
        self._heard: list[Key] = []  # rows about which lines of other kinds came
        self._stop = threading.Event()
        self._intake = Intake(index, candidates, self.lock, self._stop.is_set)
        self._thread = threading.Thread(target=self._run, name="framescribe-review-index", daemon=True)
        self._stamp: Mapping[str, Any] | None = None
        self._grown = -RUNNING_SECONDS
        self._unweighed, self._weighed = False, 0.0

    def start(self) -> None:
        """Begin. UserError if there is no result."""
        try:
            self.finished = is_there(self.output)
        except (OSError, StoreError, ValueError) as error:
            raise UserError(f"{self.output} cannot be read: {getattr(error, 'strerror', None) or error}") from error
        if not self.finished and isinstance(self.parts, Path) and not self.parts.is_dir():
            raise UserError(f"there is no result at {self.output}. Give the path from -o.")
        self._thread.start()

    def close(self) -> None:
        """End; what is under way is finished first. RunError if the last lines could not be brought to the store."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        with self.lock:
            if self.results is not None and self.indexed.is_set() and not (self.stale or self.fault):
                with suppress(RunError, UserError, OSError, Damaged):
                    state = self._state()
                    self._take_news()
                    self._keep_state(state)
            if self.results is not None:
                self.results.close()

    @property
    def running(self) -> bool:
        """Whether rows came lately, as from a run."""
        return time.monotonic() - self._grown < RUNNING_SECONDS

    @property
    def behind(self) -> bool:
        """Whether the index may still lack what was read."""
        return self.stale or self._behind or not self.indexed.is_set()

    @property
    def unreadable(self) -> int:
        """How many lines of the parts cannot be read."""
        return self.results.unreadable_lines if self.results is not None else 0

    @contextmanager
    def editing(self) -> Iterator[Results]:
        """The results, with which nobody else says anything while the block runs (`Results.editing`). Waits until they
        are loaded. UserError if they cannot be, RunError if nothing can be written."""
        while not self.loaded.wait(0.1):
            if self._stop.is_set() or not self._thread.is_alive():
                break
        with self.lock:
            if self.fault is not None:
                raise UserError(self.fault)
            if self.results is None or self._by_hand:
                self._use(Results(self.output, others=self._hear))
                self.stale = True
            else:
                self._take_news()
            results = self.results
            assert results is not None
            said = results.said
            with results.editing():
                if results.said != said or results.fresh:  # came just now
                    results.fresh.clear()
                    self.stale = True
                yield results

    def noted(self) -> dict[str, Any]:
        """What the last run was asked for, or nothing. Waits until the results are loaded."""
        self.loaded.wait()
        with self.lock:
            return self.results.noted_recipe() if self.results is not None else {}

    # --- the thread ---

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._make()
                while not self._stop.wait(LOOK_SECONDS):
                    if self.damaged.is_set():
                        raise Damaged
                    try:
                        self._look()
                        self.fault = None
                    except RunError as error:  # a store that does not answer now may answer again
                        self.fault = str(error)
            except Damaged:
                _log.warning("the index %s was damaged or deleted, and is made anew", self.index.path)
                self.indexed.clear()
                self.index.remake()
                self.damaged.clear()
            except (UserError, RunError) as error:
                self._give_up(str(error))
                with self.lock:
                    self._use(None)
                while not self._stop.wait(LOOK_SECONDS) and self._now() == self._stamp:
                    pass  # a person may repair the file
            except Exception as error:
                _log.exception("the review page cannot follow %s any more", self.output)
                self._give_up(f"{self.output} cannot be followed any more: {error!r}")
                return

    def _give_up(self, why: str) -> None:
        self.fault = why
        self.loaded.set()
        self.indexed.set()

    def _make(self) -> None:
        state = self._state()
        if state is not None and self.index.note("state") == state:
            self.indexed.set()  # as it was left
        elif not self.index.count():
            self._intake.first(self._first_rows())
        if self.results is None:
            self._load()
        self.fault = None
        self._take_in_all(in_order=state is None or not self.indexed.is_set() or self._pruned())
        if self._stop.is_set():  # perhaps before all rows were taken in
            return
        self.index.weigh()
        self._keep_state(state)
        self.indexed.set()

    def _state(self) -> str | None:
        """What shows, without reading it, whether the result is as it was; None if that would take too long."""
        if not (isinstance(self.output, Path) and isinstance(self.parts, Path)):
            return None
        try:
            stamp = stamp_of(self.output) if self.output.exists() else None
            sizes = {path.name: path.stat().st_size for path in sorted(self.parts.glob("*.jsonl"))}
        except OSError:  # gone just now
            return None
        return json.dumps([stamp, sizes])

    def _keep_state(self, state: str | None) -> None:
        if state is not None and self.index.note("state") != state:
            self.index.keep_note("state", state)

    def _first_rows(self) -> Iterator[Row]:
        """The first rows as the finished file has them, or the first part: they are soon looked at again."""
        rows: Iterator[Row] = iter(())
        if self.finished:
            rows = read_rows(self.output)
        elif isinstance(self.parts, Path) and (part := min(self.parts.glob("*.jsonl"), default=None)):
            rows = _rows_in(part)
        return islice(rows, FIRST)

    def _load(self) -> None:
        """Look through all lines."""
        self._stamp = self._now()
        standing = None
        with suppress(_NoRows):
            standing = _standing(self.output, self._hear)
        results = standing.results if standing is not None else None
        if results is None and self._has_parts():
            results = Results(self.output, others=self._hear)
        with self.lock:
            self._use(results)
            self._by_hand = standing is not None and standing.by_hand
            self._unknown = standing.unknown if standing is not None else []
        self.loaded.set()

    def _use(self, results: Results | None) -> None:
        before, self.results = self.results, results
        self._by_hand, self._unknown, self._heard = False, [], []
        if before is not None:
            before.close()
        if results is not None:
            results.fresh.clear()

    def _hear(self, record: Mapping[str, Any]) -> None:
        """A line that is neither row nor edit."""
        if (key := self.candidates.take(record)) is not None:
            self._heard.append((key[0], place_hash(key[1])))

    def _pruned(self) -> bool:
        """Whether the finished file lacks rows on purpose, which the parts still have."""
        return self.results is not None and bool(self.results._store.note(FINISHED_FILE).get("pruned"))

    def _has_parts(self) -> bool:
        if isinstance(self.parts, Path):
            return any(self.parts.glob("*.jsonl"))
        return True

    def _now(self) -> Mapping[str, Any] | None:
        try:
            self.finished = is_there(self.output)
            return stamp_of(self.output) if self.finished else None
        except (OSError, StoreError):
            return self._stamp

    def _look(self) -> None:
        """What is new?"""
        state = self._state()
        stamp = self._now()
        if stamp != self._stamp:
            time.sleep(0.2)  # whoever writes it notes that next
            self._load()
            self._take_in_all(in_order=True)
            self._unweighed = True
        elif self.results is None and self._has_parts():
            self._load()
            self.stale = True
        else:
            with self.lock:
                self._take_news()
        if self.stale:
            self._take_in_all(in_order=False)
            self._unweighed = True
        if self._stop.is_set():
            return
        settled = time.monotonic() - self._grown > LOOK_SECONDS
        if self._unweighed and (settled or time.monotonic() - self._weighed > WEIGH_SECONDS):
            self.index.weigh()
            self._unweighed, self._weighed = False, time.monotonic()
        self._keep_state(state)

    # --- taking rows in ---

    def refresh(self, keys: Iterable[Key]) -> None:
        """Take in these rows anew, now; to be called under `lock`, after what was written."""
        every = dict.fromkeys([*keys, *self._heard])
        self._heard.clear()
        if self.results is not None:
            self._intake.some(self.results, every)
        self._unweighed = True

    def _take_in_all(self, *, in_order: bool) -> None:
        """Take in every row of which the index has another version or none, and forget those that are gone."""
        self._behind, self.stale = True, False
        try:
            self._take_in_each(in_order)
        finally:
            self._behind = False
            self.stale = self.stale or self._stop.is_set()

    def _take_in_each(self, in_order: bool) -> None:
        results = self.results
        if results is None:
            self._intake.file(read_rows(self.output), lambda: self.results is not None)
            return
        order = None
        if in_order and self.finished:  # as they lie there, then the others
            keys = dict.fromkeys((row.id, place_hash(row.video_path)) for row in read_rows(self.output, frames=False))
            with self.lock:
                there = Numbers(number for key in keys if (number := results._index.number(*key)) is not None)
                order = [*keys, *map(results.key_of, results._left_out_of(there))]
        self._intake.every(results, order, self._unknown)

    def _take_news(self) -> None:
        """Take in what others have added since; to be called under `lock`."""
        if self.results is None:
            return
        news = self.results.news()
        for first in range(0, len(news), MORE):
            lines = news[first : first + MORE]
            self.results.take(lines)
            self.results.fresh.clear()
            self.refresh(self._keys_in(line for *_, line in lines))
            self._grown = time.monotonic()

    def _keys_in(self, lines: Iterable[bytes]) -> list[Key]:
        """The rows that these lines are about."""
        keys: dict[Key, None] = {}
        for line in lines:
            try:
                record = parsed(line)
                keys[record["id"], place_hash(record["video_path"])] = None
                if replaces := (record.get("provenance") or {}).get("replaces"):
                    self._intake.forget(key_of(*replaces))
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                continue  # the results have counted it
        return list(keys)


class _NoRows(Exception):
    """There is no row yet."""


def _standing(output: Location, others: Callable[[Mapping[str, Any]], object]) -> Standing:
    try:
        return Standing(str(output), others=others)
    except UserError as error:
        if str(error).startswith("there is no result"):
            raise _NoRows from None
        raise


def _rows_in(part: Path) -> Iterator[Row]:
    with part.open("rb") as lines:
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
                record = parsed(line)
                if record.get("kind", "row") == "row":
                    yield Row.from_dict(record)
