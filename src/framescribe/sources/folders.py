"""Knows which videos are in a folder, on this machine or in a store, and which of them a pattern matches."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.sources.found import LOOKED_FOR, MAGIC, VIDEO_ENDINGS, Found, Say, absolute, not_there, stamp_of
from framescribe.sources.shards import TAR, in_shards
from framescribe.sources.spellings import packed
from framescribe.storage.object_store import is_remote, listed
from framescribe.storage.tables import TABLE_ENDINGS, ending_of


def _walk(root: str, wanted: Callable[[str], bool], say: Say, depth: int | None = None) -> tuple[list[Found], int]:
    """The wanted files below `root`, by name, and how many were seen; hidden files are skipped, links followed."""
    found: list[Found] = []
    seen = 0
    # Each folder with the real folders that lead to it: a link back to one of them would loop for ever.
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
            # A broken link becomes a failed row: its name promises a video.
            if chosen and (status is None or stat.S_ISREG(status.st_mode)):
                size, stamp = (status.st_size, stamp_of(status)) if status else (None, None)
                found.append(Found(id=name, path=entry.path, real=real, size=size, folder=root, stamp=stamp))
    return sorted(found, key=lambda one: one.id), seen


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None


def _in_store(root: str, wanted: Callable[[str], bool], depth: int | None) -> tuple[list[Found], int]:
    """Like `_walk`, for a folder in an object store. Raises StoreError."""
    found: list[Found] = []
    seen, root = 0, root.rstrip("/")
    for name, size, stamp in listed(root, depth):
        if name.startswith(".") or "/." in name:
            continue
        seen += 1
        if wanted(name):
            path = f"{root}/{name}"
            found.append(Found(id=name, path=path, real=path, size=size, folder=without_keys(root), stamp=stamp))
    return sorted(found, key=lambda one: one.id), seen


def _beneath(
    root: str, wanted: Callable[[str], bool], say: Say, depth: int | None = None
) -> tuple[list[Found], list[Found], int]:
    """The wanted files below `root`: those that are not tars, those that are, and how many were seen."""
    found, seen = _in_store(root, wanted, depth) if is_remote(root) else _walk(absolute(root), wanted, say, depth)
    tars = [one for one in found if ending_of(one.id) in TAR]
    return [one for one in found if ending_of(one.id) not in TAR], tars, seen


def in_folder(source: str, say: Say) -> list[Found]:
    """The videos below a folder; if there are none, those in the tars below it."""
    found, tars, seen = _beneath(source, lambda name: ending_of(name) in VIDEO_ENDINGS | TAR, say)
    shown = without_keys(source).rstrip("/")
    if found and tars:
        say(f"tar files beside the videos in {shown} are left out: {len(tars)} (use '{shown}/**/*.tar' for them)")
    if not found and tars:
        return in_shards(tars, say)
    if not found:
        raise UserError(f"no video in {shown}/ (looked for {LOOKED_FOR}, in {seen} files)")
    return found


def by_pattern(pattern: str, say: Say) -> list[Found]:
    """The files that a pattern matches, on this machine or in a store: videos, or the videos in tars."""
    remote = is_remote(pattern)
    parts = (pattern if remote else pattern.replace(os.sep, "/")).split("/")
    fixed = next(number for number, part in enumerate(parts) if MAGIC.search(part))
    if remote and fixed < 3:
        raise UserError(f"{pattern}: only the part after the bucket can be a pattern")
    prefix = "/".join(parts[:fixed]) or ("/" if pattern.startswith("/") else ".")
    wild = [part for part in parts[fixed:] if part not in ("", ".")]
    if not remote and not os.path.isdir(prefix):
        raise UserError(f"{pattern} matches nothing: {not_there(prefix)}")
    ending = ending_of(wild[-1])
    if ending in TABLE_ENDINGS:
        raise UserError(f"{pattern} is a pattern for tables; name each table separately")
    # An ending that the user spelled out counts, even if it is not known here.
    endings = VIDEO_ENDINGS if not ending or MAGIC.search(ending) else None

    def wanted(name: str) -> bool:
        return (endings is None or ending_of(name) in endings) and _matches(name.split("/"), wild)

    found, tars, seen = _beneath(prefix, wanted, say, depth=None if "**" in wild else len(wild))
    if not found and not tars:
        hint = "; braces are not expanded inside quotes" if "{" in pattern else ""
        where = without_keys(prefix).rstrip("/")
        raise UserError(f"no video matches {without_keys(pattern)} (looked at {seen} files in {where}/){hint}")
    return [replace(one, fault=packed(one.path)) for one in found] + in_shards(tars, say)


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    if pattern[0] == "**":  # no folder, or one and again
        return _matches(parts, pattern[1:]) or _matches(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
