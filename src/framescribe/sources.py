"""Knows where videos come from: order, ids, the user's own columns; decodes nothing and opens no video."""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from framescribe.errors import UserError
from framescribe.object_store import is_remote
from framescribe.records import Video, without_keys
from framescribe.tables import TABLE_ENDINGS, ending_of, read_table

Say = Callable[[str], None]

# What FFmpeg reads as video without being told more. Left out: playlists, frames without a header, what is
# mostly sound (.ogg, .mod) or a still (.webp, .avif), and GoPro's .lrv, a small copy of the video beside it.
_ENDINGS = """
.mp4 .m4v .mov .qt .mkv .mk3d .webm .avi .divx .wmv .asf .wm .flv .f4v .swf .mpg .mpeg .mpe .mpv .mpv2
.m1v .m2v .m2p .mp2v .vob .evo .vro .tod .ts .m2ts .m2t .mts .mpegts .trp .tp .3gp .3gpp .3g2 .3gp2 .ogv
.ogm .ogx .rm .rmvb .rv .mxf .gxf .dv .dif .dvr-ms .wtv .gif .apng .mjpeg .mjpg .mj2 .y4m .ivf .av1 .obu
.h261 .h263 .h264 .264 .avc .h26l .h265 .265 .hevc .h266 .266 .vvc .evc .apv .avs2 .avs3 .vc1 .vc2 .drc
.nut .nuv .nsv .mqv .ismv .insv .360 .amv .mtv .pva .ty .bik .smk .usm .moflex .roq .rpl .fli .flc .cine
.r3d .dav .dhav .viv .mvi .xmv .mp4v .mpeg4 .cdg .anm .mve .kux .lvf
"""
VIDEO_ENDINGS = frozenset(_ENDINGS.split())
_LOOKED_FOR = f".mp4, .mkv, .mov, .webm, .avi, … {len(VIDEO_ENDINGS)} endings"

_PATH_COLUMN_NAMES = """
path paths filepath file_path filename file_name file files location url
video videos video_path video_file video_filename video_file_path video_name video_url
clip clip_path clip_file clip_name media media_path media_file
"""
_PATH_COLUMNS = frozenset(_PATH_COLUMN_NAMES.split())
_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A video before its id is settled."""

    id: str
    path: str
    # Where the path leads once links are followed: what leads to the same place is captioned once.
    real: str
    size: int | None
    # The folder that the id is relative to: its names tell two equal ids apart.
    folder: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # "row 3 of list.csv" where the id is the user's own and must not be changed.
    named_by: str | None = None


@dataclass(frozen=True, slots=True)
class _Columns:
    video: str | None
    id: str | None
    root: str | None


def find_videos(
    sources: Sequence[str],
    *,
    video_column: str | None = None,
    id_column: str | None = None,
    video_root: str | None = None,
    say: Say,
) -> list[Video]:
    """All videos of `sources` (files, folders, patterns, tables) in a stable order, with stable ids.

    `say` gets one line for each choice that was made for the user. UserError where a source holds no video.
    """
    given = [sources] if isinstance(sources, str) else [os.fspath(source) for source in sources]
    if not given or not all(given):
        kinds = f"a video, a folder, a pattern like 'clips/**/*.mp4', or a list ({', '.join(TABLE_ENDINGS)})"
        raise UserError(f"no videos given: name {kinds}")
    tables = [source for source in given if _is_table(source)]
    with_columns = [source for source in tables if ending_of(source) != ".txt"]
    for option, value, useful in (
        ("--video-column", video_column, with_columns),
        ("--id-column", id_column, with_columns),
        ("--video-root", video_root, tables),
    ):
        if value is not None and not useful:
            raise UserError(f"{option} {value} is of no use for {', '.join(given)}; leave it out")
    columns = _Columns(video_column, id_column, video_root)
    return _settle_ids((video for source in given for video in _find(source, columns, say)), say)


def _is_table(source: str) -> bool:
    return ending_of(source) in TABLE_ENDINGS and not os.path.isdir(source)


def _find(source: str, columns: _Columns, say: Say) -> list[_Found]:
    if is_remote(source):
        folder, name = without_keys(source).rsplit("/", 1)
        if not name or ending_of(name) in TABLE_ENDINGS:
            raise UserError(f"{source}: only videos can be remote here; list them in a table on this machine")
        return [_Found(id=name, path=source, real=source, size=None, folder=folder)]
    if not os.path.lexists(source):
        source = os.path.expanduser(source)  # inside quotes the shell leaves ~ alone
    if os.path.isdir(source):
        return _in_folder(source, say)
    if not os.path.exists(source):
        if _MAGIC.search(source):
            return _by_pattern(source, say)
        raise UserError(_not_there(source))
    if _is_table(source):
        return _in_table(source, columns, say)
    path = _absolute(source)
    real, size = _look_up(path, {})
    folder, name = os.path.split(path)
    return [_Found(id=name, path=path, real=real, size=size, folder=folder)]


# --- folders and patterns -------------------------------------------------------------------------


def _walk(root: str, wanted: Callable[[str], bool], say: Say, depth: int | None = None) -> tuple[list[_Found], int]:
    """The wanted files beneath `root`, by name, and how many were seen; nothing hidden, links followed."""
    found: list[_Found] = []
    seen = 0
    # Each folder with the real folders that lead to it: a link back to one of them would go round for ever.
    waiting: list[tuple[str, str, tuple[str, ...]]] = [(root, "", (os.path.realpath(root),))]
    while waiting:
        folder, prefix, way = waiting.pop()
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            if not prefix:
                raise UserError(f"{folder} cannot be read: {error.strerror}") from None
            say(f"left out {folder}: {error.strerror}")
            continue
        for entry in entries:
            name = prefix + entry.name  # with slashes on every system
            if entry.name.startswith("."):
                continue
            linked, chosen = entry.is_symlink(), wanted(name)
            real = os.path.realpath(entry.path) if linked else os.path.join(way[-1], entry.name)
            status = _status(entry) if linked or chosen else None
            if entry.is_dir(follow_symlinks=False) or (status and stat.S_ISDIR(status.st_mode)):
                if real not in way and (depth is None or name.count("/") + 1 < depth):
                    waiting.append((entry.path, name + "/", (*way, real)))
                continue
            seen += 1
            # A link that leads nowhere becomes a failed row: its name promises a video.
            if chosen and (status is None or stat.S_ISREG(status.st_mode)):
                size = status.st_size if status else None
                found.append(_Found(id=name, path=entry.path, real=real, size=size, folder=root))
    return sorted(found, key=lambda one: one.id), seen


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None


def _in_folder(source: str, say: Say) -> list[_Found]:
    found, seen = _walk(_absolute(source), lambda name: ending_of(name) in VIDEO_ENDINGS, say)
    if not found:
        raise UserError(f"no video in {source.rstrip('/')}/ (looked for {_LOOKED_FOR}, in {seen} files)")
    return found


def _by_pattern(pattern: str, say: Say) -> list[_Found]:
    parts = pattern.replace(os.sep, "/").split("/")
    fixed = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    prefix = "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")
    wild = [part for part in parts[fixed:] if part not in ("", ".")]
    if not os.path.isdir(prefix):
        raise UserError(f"{pattern} matches nothing: {_not_there(prefix)}")
    ending = ending_of(wild[-1])
    if ending in TABLE_ENDINGS:
        raise UserError(f"{pattern} is a pattern for tables; name each table by itself")
    # An ending that the user spelled out is meant, even one that is not known here.
    endings = VIDEO_ENDINGS if not ending or _MAGIC.search(ending) else None

    def wanted(name: str) -> bool:
        return (endings is None or ending_of(name) in endings) and _matches(name.split("/"), wild)

    found, seen = _walk(_absolute(prefix), wanted, say, depth=None if "**" in wild else len(wild))
    if not found:
        hint = "; braces are not expanded inside quotes" if "{" in pattern else ""
        raise UserError(f"no video matches {pattern} (looked at {seen} files in {prefix.rstrip('/')}/){hint}")
    return found


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    if pattern[0] == "**":  # no folder, or one and again
        return _matches(parts, pattern[1:]) or _matches(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])


# --- tables ---------------------------------------------------------------------------------------


def _in_table(source: str, columns: _Columns, say: Say) -> list[_Found]:
    table = read_table(source)
    if not table.records:
        raise UserError(f"{source} has no rows; it must list at least one video")
    plain = ending_of(source) == ".txt"
    column = "path" if plain else _path_column(source, table.columns, table.records, columns.video, say)
    paths = [_as_path(record.get(column), source, column, row) for row, record in enumerate(table.records, 1)]
    ids = None if plain or columns.id is None else _own_ids(source, table.columns, table.records, columns.id)
    place = _absolute(source)
    root = columns.root if columns.root is not None else os.path.dirname(place)
    if not is_remote(root):
        root = _absolute(os.path.expanduser(root))
        if not os.path.isdir(root):
            raise UserError(f"--video-root: {_not_there(root)}")
    found: list[_Found] = []
    real_folders: dict[str, str] = {}
    for row, (record, written) in enumerate(zip(table.records, paths, strict=True), 1):
        path, real, size = _place(written, root, real_folders)
        found.append(
            _Found(
                id=ids[row - 1] if ids else without_keys(written) or f"row-{row}",
                path=path,
                # Without a path only the table's own name tells one third row from another.
                real=real or f"{place}:{row}",
                folder=os.path.dirname(place) if written else place,
                size=size,
                metadata={} if plain else record,
                named_by=f"row {row} of {source}" if ids else None,
            )
        )
    _refuse_if_all_missing(source, column, columns, found)
    return found


def _place(written: str, root: str, real_folders: dict[str, str]) -> tuple[str, str, int | None]:
    """The whole path, where it really leads, and its size."""
    if not written or "\0" in written or is_remote(written):  # no file's name holds a NUL
        return written, written, None
    if is_remote(root) and not os.path.isabs(written):
        path = f"{root.rstrip('/')}/{written}"
        return path, path, None
    path = _absolute(written, root)
    return path, *_look_up(path, real_folders)


def _refuse_if_all_missing(source: str, column: str, columns: _Columns, found: Sequence[_Found]) -> None:
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
    # A name and values that agree outweigh either alone.
    candidates = both or list(dict.fromkeys(named + filled))
    if len(candidates) > 1:
        raise UserError(f"{source}: {_listed(candidates)} may be the video paths; choose with --video-column")
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
        hint = _did_you_mean(column, columns)
        raise UserError(f"{source} has no column {column!r} for {option}{hint}; it has {_listed(columns)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _absolute(path: str, base: str = "") -> str:
    joined = os.path.join(os.getcwd(), base, path)
    plain = os.path.normpath(joined)
    # "link/.." is the parent of what the link leads to, which is not the folder that holds the link.
    if ".." in joined.split(os.sep) and os.path.realpath(plain) != os.path.realpath(joined):
        return joined
    return plain


def _look_up(path: str, real_folders: dict[str, str]) -> tuple[str, int | None]:
    """Where a path really leads, and the size of the file there; `real_folders` keeps what was looked up."""
    folder, name = os.path.split(path)
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder)
    real = os.path.join(real_folders[folder], name)
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            real, status = os.path.realpath(path), os.stat(path)
    except OSError:
        return real, None
    return real, status.st_size if stat.S_ISREG(status.st_mode) else None


def _not_there(path: str) -> str:
    """That `path` does not exist, from which folder on, and what beside it is spelled nearly so."""
    head = path.rstrip("/") or path
    folder, name = os.path.split(head)
    while folder not in ("", "/") and not os.path.isdir(folder):
        head = folder
        folder, name = os.path.split(head)
    siblings = os.listdir(folder or ".") if os.access(folder or ".", os.R_OK) else []
    if name in siblings:
        fault = "a link that leads nowhere" if os.path.islink(head) else "not a folder"
        return f"{path} does not exist: {head} is {fault}"
    missing = "" if head == path.rstrip("/") else f": there is no folder {head}"
    return f"{path} does not exist{missing}{_did_you_mean(name, siblings)}"


def _did_you_mean(name: str, names: Iterable[str]) -> str:
    by_lower = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f" (did you mean {by_lower[close[0]]!r}?)" if close else ""


def _settle_ids(found: Iterable[_Found], say: Say) -> list[Video]:
    """One video per file and one id per video; an id that the user gave stays, and so does its row."""
    videos: list[Video] = []
    taken: dict[str, str] = {}
    reached: set[str] = set()
    again: list[_Found] = []
    for one in found:
        if one.named_by is None and one.real in reached:
            again.append(one)
            continue
        if one.named_by is not None and one.id in taken:
            raise UserError(f"id {one.id!r} of {one.named_by} is also that of {taken[one.id]}; change it")
        unique = _free_id(one, taken)
        taken[unique] = one.named_by or one.path
        reached.add(one.real)
        videos.append(Video(id=unique, path=one.path, metadata=one.metadata, size=one.size))
    if again:
        times = "1 video was" if len(again) == 1 else f"{len(again)} videos were"
        rows = "; --id-column keeps every row" if any(one.metadata for one in again) else ""
        say(f"{times} reached before and skipped (first: {without_keys(again[0].path)}){rows}")
    return videos


def _free_id(one: _Found, taken: Mapping[str, str]) -> str:
    unique = one.id
    parents = [part for part in one.folder.replace(os.sep, "/").split("/") if part]
    while unique in taken:
        unique = f"{parents.pop() if parents else '_'}/{unique.lstrip('/')}"
    return unique
