"""Knows where a data set's videos lie: linked or copied into its folder, or left where they are; knows no caption."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections import Counter
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Literal, Self

from framescribe.addresses import in_tar
from framescribe.dataset.naming import Naming, ending_of
from framescribe.dataset.parts import Part
from framescribe.dataset.present import Present
from framescribe.errors import UserError, VideoError
from framescribe.formats.base import Format, Layout
from framescribe.formats.packed import part_of
from framescribe.formats.target import Target
from framescribe.frames.cutting import Cutter, mark_of
from framescribe.frames.files import fingerprint_of, look
from framescribe.names import shown
from framescribe.records import Row
from framescribe.sources import find_videos
from framescribe.sources.found import VIDEO_ENDINGS
from framescribe.storage.lines import lone_bytes
from framescribe.storage.object_store import is_remote

Videos = Literal["link", "copy", "as-is"]
FOLDERS = 4096  # of which is held where they are
_IN_TAR = re.compile(r"\.tar/", re.IGNORECASE)
_TWINS = "another video there has its name but for the ending, and they would share a caption: rename one"
_SHARED = "another row has its video, or one whose path is the same but for the ending; they would share a caption"
_TWICE = "another row has the same video, and they would share a caption"


class Placing:
    """Where each video goes, decided in the rows' order. Use it as a context manager."""

    def __init__(self, format: Format, layout: Layout, target: Target, videos: Videos) -> None:
        self._layout, self._target, self._videos = layout, target, videos
        self._root = str(target.path(layout.videos_in)) if layout.videos_in else str(target.folder)
        self._real_root = os.path.realpath(self._root)
        self._format = format
        self._cutter = Cutter()
        self._shard: tuple[str, dict[str, str]] = ("", {})
        self._present = Present()
        self._seen_as = lru_cache(FOLDERS)(self._path_seen)
        self._naming = Naming(layout)
        self._there: set[int] = set()
        self._twins: dict[str, Collection[str]] = {}
        if layout.videos != "packed" and videos != "as-is":
            self._reserve()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._cutter.close()
        self._target.soundless |= self._cutter.soundless

    def _reserve(self) -> None:
        """The videos that somebody else put into the folder keep their names."""
        for at, folders, files in os.walk(self._root):
            if self._layout.flat:
                folders.clear()
            for file in files:
                path = os.path.join(at, file)
                if os.path.splitext(file)[1].lower() in VIDEO_ENDINGS and not self._target.owns(path):
                    self._naming.reserve(path[len(self._root) + 1 :].replace(os.sep, "/"))

    def decide(self, row: Row, part: Part | None = None) -> tuple[str, str | None, str | None]:
        """Where the trainer opens the row's video, the name under which it is to be put into the folder (None: it stays
        where it is), and why it cannot be exported (None: it can). With a `part`, that is cut out."""
        place, layout = row.video_path, self._layout
        if part is not None:
            return self._decide_cut(row, part)
        if layout.endings is not None and ending_of(place).lower() not in layout.endings:
            return place, None, f"{self._format.title} does not take {ending_of(place) or 'files without an ending'}"
        elsewhere = False
        if not _is_here(place):
            elsewhere = is_remote(place)
            if elsewhere and "?sha256-" in place:
                return place, None, "its address has a query, which rows do not keep"
            if _shard_of(place) is not None:
                elsewhere = True
            elif not elsewhere:
                place = os.path.abspath(place)
        if not elsewhere:
            folder, _, name = place.rpartition(os.sep)
            if not self._present.is_file(folder, name):
                return place, None, "there is no such file"
            self._target.keep(place)  # perhaps an earlier export put it there, and it is captioned and exported anew
        if layout.videos == "packed":
            return place, None, None
        if not elsewhere and (there := self._in_place(folder, name)) is not None:
            return there, None, self._why_not_there(there) if layout.videos == "beside" else self._why_not_listed(there)
        if self._videos == "as-is":
            why = self._why_not_as_is(place) if elsewhere or layout.videos != "listed" else None
            return place, None, why or self._why_not_listed(place)
        if self._videos == "link" and elsewhere:
            return place, None, "it is not a file on this machine: --videos copy fetches it"
        name = self._naming.name(row.id, place)
        name = f"{layout.videos_in}/{name}" if layout.videos_in else name
        return str(self._target.path(name)), name, None

    def _decide_cut(self, row: Row, part: Part) -> tuple[str, str | None, str | None]:
        """The same for a part of the row's video."""
        place = row.video_path
        if is_remote(place):
            if "?sha256-" in place:
                return place, None, "its address has a query, which rows do not keep"
        elif _shard_of(place) is None and not os.path.isfile(place):
            return place, None, "there is no such file"
        if self._layout.videos == "packed":
            return part_of(place, part.first, part.last), None, None
        name = self._naming.name(row.id, row.id)
        name = f"{self._layout.videos_in}/{name}" if self._layout.videos_in else name
        return str(self._target.path(name)), name, None

    def leave_out(self, row: Row) -> None:
        """Nothing is written for this row; nor may what an earlier export wrote beside its video seem to be."""
        folder, _, name = os.path.abspath(row.video_path).rpartition(os.sep)
        if (there := self._in_place(folder, name)) is not None:
            self._target.leave_out(there)

    def _in_place(self, folder: str, name: str) -> str | None:
        """The path of a video that lies where the trainer looks, as the trainer sees it; None if it lies elsewhere."""
        there = self._seen_as(folder)
        if there is None:
            return None
        stem, ending = os.path.splitext(name)
        if name.startswith(".") or "/." in there[len(self._root) :].replace(os.sep, "/"):
            return None  # loaders pass over what is hidden
        if (not self._layout.dots and "." in stem) or (self._layout.ending_case and ending != ending.lower()):
            return None
        return os.path.join(there, name)

    def _path_seen(self, folder: str) -> str | None:
        """The path by which the trainer comes to a folder; None if it does not."""
        real = os.path.realpath(folder)
        for path, root in ((folder, self._root), (real, self._real_root)):
            if path == root:
                return self._root
            if not self._layout.flat and path.startswith(os.path.join(root, "")):
                return self._root + path[len(root) :]
        return None

    def _why_not_there(self, path: str) -> str | None:
        """Why a video cannot have a caption of its own beside it."""
        if self._layout.stems and os.path.splitext(path)[0] in self._twins_in(os.path.dirname(path)):
            return _TWINS
        if hash(path) in self._there:
            return _TWICE
        self._there.add(hash(path))
        return None

    def _twins_in(self, folder: str) -> Collection[str]:
        """The paths without their endings that two videos in the folder share."""
        if folder not in self._twins:
            endings = self._layout.endings or VIDEO_ENDINGS
            parted = (os.path.splitext(name) for name in os.listdir(folder))
            stems = Counter(stem for stem, ending in parted if ending.lower() in endings)
            twins = {stem for stem, count in stems.items() if count > 1}
            self._twins[folder] = {os.path.join(folder, stem) for stem in twins}
        return self._twins[folder]

    def _why_not_listed(self, place: str) -> str | None:
        """Why no list, which is a text in UTF-8, can name a video where it is."""
        if not place.isascii() and lone_bytes(place):
            return "its path is not UTF-8: rename it, or export it with --videos link from elsewhere"
        layout = self._layout
        if layout.ending_case and (ending := ending_of(place)) != ending.lower():
            return f"{self._format.title} takes {ending.lower()} in lower case only: rename it, or use --videos link"
        if layout.stems:
            stem = hash(os.path.splitext(place)[0])
            if stem in self._there:
                return _SHARED
            self._there.add(stem)
        return None

    def _why_not_as_is(self, place: str) -> str | None:
        if self._layout.videos in ("beside", "within"):
            return f"it does not lie in {self._root}: --videos link or copy puts it there"
        if _shard_of(place) is not None or (is_remote(place) and not self._layout.urls):
            return "it is not a file on this machine: --videos copy fetches it"
        return None

    # --- putting it there ---

    def put(self, row: Row, name: str, part: Part | None = None) -> None:
        """Put the row's video, or the `part` that is cut out of it, into the folder under this name. UserError if that
        cannot be done."""
        place, path = row.video_path, str(self._target.path(name))
        try:
            if part is not None:
                mark = f"framescribe {row.file.get('fingerprint')} {part.first} {part.last}"
                if self._target.owns(path) and mark_of(path) == mark:
                    return self._target.keep(path)
                source = self._reached(place)
                self._target.video(name, place, lambda cut: self._cutter.cut(source, part.first, part.last, cut, mark))
            elif self._videos == "link":
                self._target.video(name, place)
            elif self._target.owns(path) and _is_copy(path, row):
                self._target.keep(path)
            else:
                self._target.video(name, place, lambda temporary: self._copy(place, temporary))
        except (OSError, VideoError) as error:
            full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
            hint = "; --videos copy copies it instead" if self._videos == "link" and not full and part is None else ""
            why = getattr(error, "strerror", None) or error
            raise UserError(f"{shown(row.id)} cannot be put at {path} ({why}){hint}") from None

    def _copy(self, place: str, temporary: str) -> None:
        """Copy a file here with its time, or from a store, or out of a tar. OSError, VideoError if that fails."""
        if not is_remote(place) and _shard_of(place) is None:
            shutil.copyfile(place, temporary)
            shutil.copystat(place, temporary)
            return
        source = look(self._reached(place))
        try:
            with source.open() as file, open(temporary, "wb") as copy:
                shutil.copyfileobj(file, copy, 2**20)
        finally:
            source.close()

    def _reached(self, place: str) -> str:
        """The path by which a place can be opened: for a video in a tar, with where its bytes lie there."""
        shard = _shard_of(place)
        if shard is None:
            return place
        if self._shard[0] != shard:
            found = find_videos([shard], say=lambda line: None)
            self._shard = shard, {video.place: video.path for video in found}
        if place not in self._shard[1]:
            raise UserError(f"{place} no longer exists")
        return self._shard[1][place]


def _is_copy(path: str, row: Row) -> bool:
    """Whether the file is still what the row's video is: by size and time or, of one at a URL or in a tar, by what the
    row says about its bytes."""
    try:
        if not is_remote(row.video_path) and _shard_of(row.video_path) is None:
            there, source = os.stat(path), os.stat(row.video_path)
            return (there.st_size, there.st_mtime_ns) == (source.st_size, source.st_mtime_ns)
        return row.file.get("fingerprint") == fingerprint_of(path)
    except (OSError, VideoError):
        return False


def _is_here(place: str) -> bool:
    """Whether it is surely the absolute path of a file on this machine, and in no tar, as most rows' places are."""
    folder, _, name = place.rpartition("/")
    return name[:1] not in ("", ".") and "?" not in name and _is_whole(folder)


@lru_cache(FOLDERS)
def _is_whole(folder: str) -> bool:
    """Whether it is the absolute path of a folder as `os.path.abspath` spells it, and in no tar."""
    path = f"{folder}/"
    return os.sep == folder[:1] == "/" and not ("/." in path or "//" in path or "?" in path or _IN_TAR.search(path))


def _shard_of(place: str) -> str | None:
    """The tar that holds the video, or None if it is a file of its own."""
    if "?" in place and (member := in_tar(place)) is not None:
        return member.tar
    if _IN_TAR.search(place) is None:
        return None
    for found in _IN_TAR.finditer(place):
        if not os.path.isdir(place[: found.end()]):
            return place[: found.end() - 1]
    return None
