"""Knows how a table names videos: which column, which ids, which folder they start from; opens no video."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framescribe.addresses import place_of, without_keys
from framescribe.errors import UserError
from framescribe.sources.found import VIDEO_ENDINGS, Found, Say, absolute, did_you_mean, look_up, not_there
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import ending_of, read_table

_PATH_COLUMN_NAMES = """
path paths filepath file_path filename file_name file files location url
video videos video_path video_file video_filename video_file_path video_name video_url
clip clip_path clip_file clip_name media media_path media_file
"""
_PATH_COLUMNS = frozenset(_PATH_COLUMN_NAMES.split())


@dataclass(frozen=True, slots=True)
class Columns:
    """What the user said about a table: which column is which, and which folder its paths start from."""

    video: str | None
    id: str | None
    root: str | None


def in_table(source: str, columns: Columns, say: Say) -> list[Found]:
    """The videos that a table lists, one per row, with its other columns as their metadata."""
    table = read_table(source)
    if not table.records:
        raise UserError(f"{source} has no rows; it must list at least one video")
    plain = ending_of(source) == ".txt"
    column = "path" if plain else _path_column(source, table.columns, table.records, columns.video, say)
    paths = [_as_path(record.get(column), source, column, row) for row, record in enumerate(table.records, 1)]
    ids = None if plain or columns.id is None else _own_ids(source, table.columns, table.records, columns.id)
    place = without_keys(source) if is_remote(source) else absolute(source)
    root = columns.root if columns.root is not None else os.path.dirname(source if is_remote(source) else place)
    if not is_remote(root):
        root = absolute(os.path.expanduser(root))
        if not os.path.isdir(root):
            raise UserError(f"--video-root: {not_there(root)}")
    found: list[Found] = []
    real_folders: dict[str, str] = {}
    for row, (record, written) in enumerate(zip(table.records, paths, strict=True), 1):
        path, real, size, stamp = _place(written, root, real_folders)
        found.append(
            Found(
                id=ids[row - 1] if ids else place_of(written) or f"row-{_values(record)}",
                path=path,
                real=real or f"{place}:{_values(record)}",  # without a path, its other values identify it
                folder=os.path.dirname(place),
                size=size,
                stamp=stamp,
                # An address may hold a key, and rows hold none.
                metadata={} if plain else record | ({column: place_of(written)} if is_remote(written) else {}),
                named_by=f"row {row} of {source}" if ids else None,
            )
        )
    _refuse_if_all_missing(source, column, columns, found)
    return found


def _values(record: Mapping[str, Any]) -> str:
    """Eight digits that distinguish a row from rows with other values."""
    return hashlib.sha256(repr(sorted(record.items())).encode(errors="backslashreplace")).hexdigest()[:8]


def _place(written: str, root: str, real_folders: dict[str, str]) -> tuple[str, str, int | None, int | None]:
    """The whole path, where it really leads, and the size and stamp of the file."""
    if not written or "\0" in written:  # no file's name holds a NUL
        return written, written, None, None
    if is_remote(written):
        return written, place_of(written), None, None
    if is_remote(root) and not os.path.isabs(written):
        scheme, _, folder = root.partition("://")
        rest = f"{folder.rstrip('/')}/{written}"
        path = f"{scheme}://{posixpath.normpath(rest) if '..' in written.split('/') else rest}"
        return path, path, None, None
    path = absolute(written, root)
    return path, *look_up(path, real_folders)


def _refuse_if_all_missing(source: str, column: str, columns: Columns, found: Sequence[Found]) -> None:
    """One missing file is a failed row; all of them missing is a wrong folder or a wrong column."""
    if any(video.size is not None or is_remote(video.path) for video in found):
        return
    tried = [video.path for video in found if video.path]
    if not tried:
        raise UserError(f"column {column!r} of {source} is empty in every row; choose with --video-column")
    where = "is --video-root right?" if columns.root is not None else "say where they are with --video-root"
    raise UserError(f"none of the files listed in {source} exists, first tried: {tried[0]}; {where}")


def _as_path(value: object, source: str, column: str, row: int) -> str:
    if value is None or (isinstance(value, str) and not value.strip()):
        return ""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return str(value)
    what = f"a {type(value).__name__}, not a path"
    raise UserError(f"column {column!r} of {source} holds {what}, in row {row}; choose with --video-column")


def _own_ids(source: str, columns: list[str], records: Sequence[Mapping[str, Any]], column: str) -> list[str]:
    _refuse_unknown_column(source, columns, column, "--id-column")
    rows: dict[str, int] = {}
    for row, record in enumerate(records, 1):
        value = record.get(column)
        if value is None or value == "":
            raise UserError(f"id column {column!r} of {source} is empty in row {row}; give every row an id")
        first = rows.setdefault(str(value), row)
        if first != row:
            raise UserError(f"id column {column!r} of {source} has {value!r} twice (rows {first} and {row})")
    return list(rows)


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
    values = [value for record in records[:50] if (value := record.get(column)) not in (None, "")]
    endings = {ending_of(value.split("?")[0]) if isinstance(value, str) else "" for value in values}
    return bool(endings) and endings <= VIDEO_ENDINGS


def _refuse_unknown_column(source: str, columns: list[str], column: str, option: str) -> None:
    if column not in columns:
        hint = did_you_mean(column, columns)
        raise UserError(f"{source} has no column {column!r} for {option}{hint}; it has {_listed(columns)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
