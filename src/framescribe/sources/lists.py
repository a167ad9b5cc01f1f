"""Knows how a table names videos: which column, which ids, which folder they start from; opens no video."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice
from typing import Any

from framescribe.addresses import is_valid, place_of, without_access, without_keys
from framescribe.errors import MissingExtra, UserError
from framescribe.names import shown
from framescribe.sources.found import VIDEO_ENDINGS, Found, Say, absolute, did_you_mean, look_up, not_there
from framescribe.sources.spellings import can_be_a_name, local_of, packed, respelled
from framescribe.storage.json_tables import TOO_DEEP, is_deep
from framescribe.storage.lines import Read, lone_bytes
from framescribe.storage.object_store import filesystem, is_remote, is_web
from framescribe.storage.separated import SAMPLE, Guess
from framescribe.storage.tables import all_columns, ending_of, open_table

_PATH_COLUMN_NAMES = """
path paths filepath file_path filename file_name file files location url
video videos video_path video_file video_filename video_file_path video_name video_url
clip clip_path clip_file clip_name media media_path media_file
"""
_PATH_COLUMNS = frozenset(_PATH_COLUMN_NAMES.split())
HELD = 1000  # rows that are held back while none of their files exists: the folder is probably a wrong one


@dataclass(frozen=True, slots=True)
class Columns:
    """What the user said about a table: which column is which, and which folder its paths start from."""

    video: str | None
    id: str | None
    root: str | None


def in_table(source: str, columns: Columns, say: Say) -> Iterator[Found]:
    """The videos that a table lists, one per row, with its other columns as their metadata.

    The table is read as videos are taken. What a row lacks to be one is its `fault`; UserError if no row is good.
    """
    reading = _Reading(source, columns, say)
    try:
        yield from reading.found()
    finally:
        reading.tell()


def names_no_video(source: str, *, beside_one: bool) -> bool:
    """Whether no line of a text on this machine looks like a video's path; or, if it lies `beside_one` of its name, is
    the path of a file that is there."""
    root = os.path.dirname(absolute(source))
    try:
        names = [row.record["path"].strip() for row in islice(open_table(source).rows, HELD)]
    except UserError:
        return True
    here = any(os.path.isfile(os.path.join(root, name)) for name in names)
    return not here and (beside_one or not any(map(is_video, names)))


def is_video(value: str) -> bool:
    """Whether a value in a table can only be a video: it is an address, or ends as a video's name does."""
    return is_remote(value) or ending_of(value.strip().split("?")[0]) in VIDEO_ENDINGS


@dataclass(slots=True)
class _Counted:
    """How many rows something was done to, and an example."""

    count: int = 0
    first: str = ""

    def add(self, example: str) -> None:
        self.first = self.first or example
        self.count += 1


class _Reading:
    """One table, row by row."""

    def __init__(self, source: str, columns: Columns, say: Say) -> None:
        self._source, self._columns, self._say = source, columns, say
        self._shown = without_keys(source)
        self._place = without_keys(source) if is_remote(source) else absolute(source)
        self._plain = ending_of(self._shown) == ".txt"
        self._real_folders: dict[str, str] = {}
        self._ids: dict[str, int] = {}
        self._empty, self._comments, self._respelled = _Counted(), _Counted(), _Counted()
        self._slashes, self._shell = _Counted(), _Counted()

    def found(self) -> Iterator[Found]:
        chosen = [name for name in (self._columns.video, self._columns.id) if name is not None]
        self._root = self._root_of()
        self._far, self._folder = is_remote(self._root), os.path.dirname(self._place)
        table = open_table(self._source, Guess(self._is_row, self._say, chosen))
        rows = table.rows
        sample = list(islice(rows, SAMPLE))
        if table.columns is None:
            for name in chosen:  # only the rows say which columns there are
                while name not in all_columns(row.record for row in sample) and (more := list(islice(rows, SAMPLE))):
                    sample += more
        names = table.columns if table.columns is not None else all_columns(row.record for row in sample)
        good = [row.record for row in sample if row.fault is None]
        if not sample:
            raise UserError(f"{self._shown} has no rows; it must list at least one video")
        if not good:
            raise UserError(f"{self._shown}, {sample[0].at}: {sample[0].fault}")
        self._column = "path" if self._plain else _path_column(self._shown, names, good, self._columns.video, self._say)
        if self._columns.id is not None and not self._plain:
            _refuse_unknown_column(self._shown, names, self._columns.id, "--id-column")
        every = (
            found for number, row in enumerate(chain(sample, rows), 1) if (found := self._row(number, row)) is not None
        )
        yield from self._unless_all_missing(every)

    def tell(self) -> None:
        """Say what was left out, or read otherwise than it is written."""
        shown = self._shown
        for counted, what in (
            (self._empty, "rows without any value, left out"),
            (self._comments, "lines that begin with # although they end like a video's name, left out as comments"),
            (self._respelled, "paths whose files exist only under another spelling, which is used"),
            (self._slashes, "paths with back slashes that lead to no file; folders are separated by / here"),
            (self._shell, "paths with ~ or $ that lead to no file, whether or not they are replaced as a shell does"),
        ):
            if counted.count:
                self._say(f"{shown}: {what}: {counted.count:,} (first: {counted.first})")

    def _root_of(self) -> str:
        if self._columns.root is not None:
            root = self._columns.root
        else:
            root = os.path.dirname(self._source if is_remote(self._source) else self._place)
        if not is_remote(root):
            root = absolute(os.path.expanduser(root))
            if not os.path.isdir(root):
                raise UserError(f"--video-root: {not_there(root)}")
        return root

    def _row(self, number: int, row: Read) -> Found | None:
        """The video of one row; None if there is none, and nobody meant one."""
        record, fault = row.record, row.fault
        if fault is None and all(value is None or value == "" for value in record.values()):
            self._empty.add(row.at)
            return None
        written, wrong = self._written(record.get(self._column), number)
        if self._plain and written.lstrip().startswith("#") and self._is_comment(written, row.at):
            return None
        if fault is not None:
            fault = f"{self._shown}, {row.at}: {fault}"
        fault = fault or wrong
        spelling = self._spelling(written) if written else written
        path, real, size, stamp = self._located(spelling)
        fault = fault or packed(path) or (self._fault(spelling, path) if size is None and written else None)
        if deep := [name for name, value in record.items() if isinstance(value, dict | list) and is_deep(value)]:
            record = {name: value for name, value in record.items() if name not in deep}
            fault = fault or f"{self._shown}, {row.at}: {TOO_DEEP}"
        bad = [value for value in record.values() if isinstance(value, str) and lone_bytes(value)]
        if (bad or lone_bytes(row.text)) and (size is None or bad != [written]):
            fault = fault or f"{self._shown}, {row.at}: this is not UTF-8; save the table as UTF-8"
        own = None if self._plain or self._columns.id is None else self._own_id(record, number)
        if own == "":
            fault = fault or f"id column {self._columns.id!r} of {self._shown} is empty in row {number}; give it an id"
        values = record or {"": row.text}
        own_place = written if size is not None and spelling == written else written.strip()
        return Found(
            id=own or place_of(own_place) or f"row-{_values(values)}",
            path=path,
            real=real or f"{self._place}:{_values(values)}",  # without a path, its other values identify it
            folder=self._folder,
            size=size,
            stamp=stamp,
            # An address may hold a key, and rows hold none.
            metadata={} if self._plain else record | ({self._column: place_of(written)} if is_remote(written) else {}),
            named_by=f"row {number} of {self._shown}" if own else None,
            fault=fault,
        )

    def _written(self, value: object, number: int) -> tuple[str, str | None]:
        """The path in a row as it is written, and what is wrong with it."""
        where = f"column {self._column!r} of {self._shown}"
        if value is None or (isinstance(value, str) and not value.strip()):
            return "", f"{where} is empty in row {number}; write the video's path there"
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = str(value)
            return text.strip() if is_remote(text.strip()) else text, None
        what = f"a {type(value).__name__}, not a path"
        return "", f"{where} holds {what}, in row {number}; choose with --video-column"

    def _is_comment(self, line: str, at: str) -> bool:
        """Whether a line that begins with # names no video: there is no such file, or one without the mark."""
        plain = line.strip()
        if not self._far and (self._exists(line) or self._exists(plain)):
            return False
        if is_video(plain):
            rest = plain.lstrip("#").strip()
            there = is_remote(rest) or (not self._far and self._exists(rest))
            if not there and not plain[1:2].isspace():
                return False
            self._comments.add(f"{at}, {without_access(plain)!r}")
        return True

    def _is_row(self, value: str) -> bool:
        return is_video(value) or (value not in _PATH_COLUMNS and not self._far and bool(value) and self._exists(value))

    def _exists(self, written: str) -> bool:
        return can_be_a_name(written) and os.path.isfile(os.path.join(self._root, written))

    def _spelling(self, written: str) -> str:
        """The path as its file is called, if no file is called as it is written."""
        if is_remote(written):
            return written
        if self._far:
            return written.strip()
        if self._exists(written):
            return written
        other = next((other for other in respelled(written) if self._exists(other)), None)
        if other is None:
            return written.strip() if self._plain else written
        if other != written.strip() or not self._plain:
            same = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", written)
            self._respelled.add(f"{other!r} for {written!r}" + (", which has its accents apart or not" if same else ""))
        return other

    def _located(self, written: str) -> tuple[str, str, int | None, int | None]:
        """The whole path, where it really leads, and the size and stamp of the file."""
        if not written or not (is_remote(written) or can_be_a_name(written)):
            return written, written, None, None
        if (local := local_of(written)) is not None:
            return local, *look_up(local, self._real_folders)
        if is_remote(written):
            return written.strip(), place_of(written.strip()), None, None
        if self._far and not os.path.isabs(written):
            scheme, _, folder = self._root.partition("://")
            rest = f"{folder.rstrip('/')}/{written}"
            path = f"{scheme}://{posixpath.normpath(rest) if '..' in written.split('/') else rest}"
            return path, path, None, None
        path = absolute(written, self._root)
        return path, *look_up(path, self._real_folders)

    def _fault(self, written: str, path: str) -> str | None:
        """Why there is nothing to read, as far as its path alone says so."""
        if is_remote(path):
            return fault_of_address(path)
        if os.sep == "/" and "\\" in written:
            self._slashes.add(repr(written))
        elif written.startswith("~") or "$" in written:
            self._shell.add(repr(written))
        return None

    def _own_id(self, record: Mapping[str, Any], number: int) -> str:
        value = record.get(self._columns.id or "")
        if value is None or value == "":
            return ""
        own = without_access(str(value))
        first = self._ids.setdefault(own, number)
        if first != number:
            where = f"id column {self._columns.id!r} of {self._shown}"
            raise UserError(f"{where} has {own!r} twice (rows {first} and {number})")
        return own

    def _unless_all_missing(self, every: Iterator[Found]) -> Iterator[Found]:
        """One missing file is a failed row; all of them missing is a wrong folder or a wrong column."""
        good, tried, fault, held = False, "", None, list[Found]()
        for found in every:
            good |= found.fault is None and (found.size is not None or is_remote(found.path))
            tried = tried or (found.path if found.size is None and found.fault is None else "")
            fault = fault or found.fault
            held.append(found)
            if good or len(held) > HELD:
                yield from held
                held = []
        if good:
            return
        if tried:
            chosen = self._columns.root is not None
            where = "is --video-root right?" if chosen else "say where they are with --video-root"
            if "\\" in tried and os.sep == "/":
                where = f"its paths have back slashes, but folders are separated by / here; {where}"
            raise UserError(f"none of the files listed in {self._shown} exists, first tried: {shown(tried)}; {where}")
        if fault is not None and " is empty in row " not in fault:
            raise UserError(fault)
        raise UserError(f"column {self._column!r} of {self._shown} is empty in every row; choose with --video-column")


def fault_of_address(address: str) -> str | None:
    """Why no file can be read at a URL, as far as the address alone says so."""
    if is_web(address) and not is_valid(address):
        return "It is not a valid address."
    return _fault_of_scheme(address.split("://", 1)[0].lower())


@cache
def _fault_of_scheme(scheme: str) -> str | None:
    try:
        filesystem(f"{scheme}://x/x")
    except MissingExtra as error:
        return str(error)
    except (ValueError, TypeError, AttributeError):
        return f"{scheme}:// cannot be read: {scheme} is not a known protocol."
    except Exception:  # every package has its own errors, which reading the file will bring up
        return None
    return None


def _values(record: Mapping[str, Any]) -> str:
    """Eight digits that distinguish a row from rows with other values."""
    closed = [(name, without_access(value) if isinstance(value, str) else value) for name, value in record.items()]
    return hashlib.sha256(repr(sorted(closed)).encode(errors="backslashreplace")).hexdigest()[:8]


def _path_column(
    source: str, columns: list[str], records: Sequence[Mapping[str, Any]], chosen: str | None, say: Say
) -> str:
    if chosen is not None:
        _refuse_unknown_column(source, columns, chosen, "--video-column")
        return chosen
    named = [name for name in columns if re.sub(r"[\s-]+", "_", name.strip().lower()) in _PATH_COLUMNS]
    filled = [name for name in columns if _holds_videos(records, name)]
    both = [name for name in named if name in filled]
    # A matching name and matching values together outweigh either alone.
    candidates = both or list(dict.fromkeys(named + filled))
    if len(candidates) > 1:
        raise UserError(f"{source}: {_listed(candidates)} could each hold the video paths; choose with --video-column")
    if not candidates:
        hint = " (are they separated by commas?)" if len(columns) == 1 and ";" in columns[0] else ""
        which = f"no column looks like video paths among {_listed(columns)}{hint}"
        raise UserError(f"{source}: {which}; choose with --video-column")
    say(f"using column {candidates[0]!r} of {source} for the video paths (--video-column)")
    return candidates[0]


def _holds_videos(records: Sequence[Mapping[str, Any]], column: str) -> bool:
    values = [value for record in records[:SAMPLE] if (value := record.get(column)) not in (None, "")]
    endings = {ending_of(value.strip().split("?")[0]) if isinstance(value, str) else "" for value in values}
    return bool(endings) and endings <= VIDEO_ENDINGS


def _refuse_unknown_column(source: str, columns: list[str], column: str, option: str) -> None:
    if column not in columns:
        hint = did_you_mean(column, columns)
        raise UserError(f"{source} has no column {column!r} for {option}{hint}; it has {_listed(columns)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
