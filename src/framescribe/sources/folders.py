"""Knows which videos are in a folder, on this machine or in a store, and which of them a pattern matches."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from framescribe.addresses import without_keys
from framescribe.errors import UserError
from framescribe.sources.found import LOOKED_FOR, MAGIC, VIDEO_ENDINGS, Found, Say, absolute, not_there, stamp_of
from framescribe.sources.shards import TAR, in_shards
from framescribe.sources.spellings import packed
from framescribe.storage.object_store import is_remote, listed, walked
from framescribe.storage.tables import TABLE_ENDINGS, ending_of


class _Beneath:
    """The wanted files below a folder, by name, found as they are taken; hidden files are skipped, links followed.

    Tars are put aside in `tars`. `count` is how many others there were, `seen` how many files were looked at. With
    `few`, a store is asked for one folder after the other: more requests than for all at once, unless only the first
    are taken. StoreError as they are taken.
    """

    def __init__(self, root: str, wanted: Callable[[str], bool], say: Say, depth: int | None, few: bool) -> None:
        self._root, self._wanted, self._say, self._depth, self._few = root, wanted, say, depth, few
        self.tars: list[Found] = []
        self.count = self.seen = 0

    def __iter__(self) -> Iterator[Found]:
        found = self._in_store() if is_remote(self._root) else self._here(absolute(self._root))
        for one in found:
            if ending_of(one.id) in TAR:
                self.tars.append(one)
            else:
                self.count += 1
                yield one

    def _here(self, root: str) -> Iterator[Found]:
        # Each folder with the real folders that lead to it: a link back to one of them would loop for ever.
        levels = [self._level(root, "", (os.path.realpath(root),), root)]
        while levels:
            if (one := next(levels[-1], None)) is None:
                levels.pop()
            elif isinstance(one, Found):
                yield one
            else:
                levels.append(self._level(*one, root))

    def _level(
        self, folder: str, prefix: str, way: tuple[str, ...], root: str
    ) -> Iterator[Found | tuple[str, str, tuple[str, ...]]]:
        """The wanted files in a folder, and in their places the folders there, with their prefixes and ways."""
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            if not prefix:
                raise UserError(f"{folder} cannot be read: {error.strerror}") from None
            self._say(f"left out {folder}: {error.strerror}")
            return
        found: dict[str, Found | tuple[str, str, tuple[str, ...]]] = {}
        for entry in entries:
            name = prefix + entry.name  # with slashes on every system
            if entry.name.startswith("."):
                continue
            linked, chosen = entry.is_symlink(), self._wanted(name)
            real = os.path.realpath(entry.path) if linked else os.path.join(way[-1], entry.name)
            status = _status(entry) if linked or chosen else None
            if entry.is_dir(follow_symlinks=False) or (status and stat.S_ISDIR(status.st_mode)):
                if real not in way and (self._depth is None or name.count("/") + 1 < self._depth):
                    found[f"{name}/"] = entry.path, f"{name}/", (*way, real)
                continue
            self.seen += 1
            # A broken link becomes a failed row: its name promises a video.
            if chosen and (status is None or stat.S_ISREG(status.st_mode)):
                size, stamp = (status.st_size, stamp_of(status)) if status else (None, None)
                found[name] = Found(id=name, path=entry.path, real=real, size=size, folder=root, stamp=stamp)
        for name in sorted(found):  # with its slash a folder stands where its files' names do
            yield found[name]

    def _in_store(self) -> Iterator[Found]:
        root = self._root.rstrip("/")
        for name, size, stamp in (walked if self._few else listed)(root, self._depth):
            if name.startswith(".") or "/." in name:
                continue
            self.seen += 1
            if self._wanted(name):
                path = f"{root}/{name}"
                yield Found(id=name, path=path, real=path, size=size, folder=without_keys(root), stamp=stamp)


def _status(entry: os.DirEntry[str]) -> os.stat_result | None:
    try:
        return entry.stat()
    except OSError:
        return None


def in_folder(source: str, say: Say, *, few: bool) -> Iterator[Found]:
    """The videos below a folder; if there are none, those in the tars below it. StoreError."""
    beneath = _Beneath(source, lambda name: ending_of(name) in VIDEO_ENDINGS | TAR, say, None, few)
    shown = without_keys(source).rstrip("/")
    yield from beneath
    if beneath.count and beneath.tars:
        count, use = len(beneath.tars), f"use '{shown}/**/*.tar' for them"
        say(f"tar files beside the videos in {shown} are left out: {count} ({use})")
    elif beneath.tars:
        yield from in_shards(beneath.tars, say)
    elif not beneath.count:
        raise UserError(f"no video in {shown}/ (looked for {LOOKED_FOR}, in {beneath.seen} files)")


def by_pattern(pattern: str, say: Say, *, few: bool) -> Iterator[Found]:
    """The files that a pattern matches, on this machine or in a store: videos, then the videos in tars. StoreError."""
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

    beneath = _Beneath(prefix, wanted, say, None if "**" in wild else len(wild), few)
    for one in beneath:
        yield replace(one, fault=packed(one.path))
    if beneath.tars:
        yield from in_shards(beneath.tars, say)
    elif not beneath.count:
        hint = "; braces are not expanded inside quotes" if "{" in pattern else ""
        where = without_keys(prefix).rstrip("/")
        raise UserError(f"no video matches {without_keys(pattern)} (looked at {beneath.seen} files in {where}/){hint}")


def _matches(parts: list[str], pattern: list[str]) -> bool:
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    if pattern[0] == "**":  # no folder, or one and again
        return _matches(parts, pattern[1:]) or _matches(parts[1:], pattern)
    return fnmatchcase(parts[0], pattern[0]) and _matches(parts[1:], pattern[1:])
