"""Knows where a data set's videos lie: linked or copied into its folder, or left where they are; knows no caption."""

from __future__ import annotations

import os
import shutil
from typing import Literal

from framescribe.addresses import in_tar
from framescribe.dataset.naming import Naming, ending_of
from framescribe.errors import UserError, VideoError
from framescribe.formats.base import Format, Layout
from framescribe.formats.target import Target
from framescribe.frames.files import look
from framescribe.records import Row
from framescribe.sources import find_videos
from framescribe.storage.object_store import is_remote

Videos = Literal["link", "copy", "as-is"]


class Placing:
    """Where each video goes, decided in the rows' order. UserError if the format cannot have its videos there."""

    def __init__(self, format: Format, layout: Layout, target: Target, videos: Videos) -> None:
        self._layout, self._target, self._videos = layout, target, videos
        self._root = str(target.path(layout.videos_in)) if layout.videos_in else str(target.folder)
        self._format = format
        self._shard: tuple[str, dict[str, str]] = ("", {})
        self._naming = Naming(layout)
        self._stems: set[int] = set()
        self.in_place = 0

    def decide(self, row: Row) -> tuple[str, str | None, str | None]:
        """Where the trainer opens the row's video, the name under which it is to be put into the folder (None: it stays
        where it is), and why it cannot be exported (None: it can)."""
        place, layout = row.video_path, self._layout
        remote, packed = is_remote(place), _shard_of(place) is not None
        if layout.endings is not None and ending_of(place).lower() not in layout.endings:
            return place, None, f"{self._format.title} does not take {ending_of(place) or 'files without an ending'}"
        if remote and "?sha256-" in place:
            return place, None, "its address has a query, which rows do not keep"
        if not remote and not packed and not os.path.isfile(place):
            return place, None, "there is no such file"
        if layout.videos == "packed":
            return place, None, None
        if not remote and not packed and self._is_in_place(place):
            self.in_place += 1
            if layout.stems and self._shares(place):
                return (
                    place,
                    None,
                    "another video there has its name but for the ending, and they would share a caption",
                )
            return place, None, None
        if self._videos == "as-is":
            return place, None, self._why_not_as_is(remote, packed)
        if self._videos == "link" and (remote or packed):
            return place, None, "it is not a file on this machine: --videos copy fetches it"
        name = self._naming.name(row.id, place)
        name = f"{layout.videos_in}/{name}" if layout.videos_in else name
        return str(self._target.path(name)), name, None

    def _is_in_place(self, place: str) -> bool:
        folder = os.path.dirname(os.path.abspath(place))
        inside = folder == self._root or (not self._layout.flat and folder.startswith(self._root + os.sep))
        base = os.path.splitext(os.path.basename(place))
        return (
            inside
            and (self._layout.dots or "." not in base[0])
            and not (self._layout.ending_case and base[1] != base[1].lower())
        )

    def _shares(self, place: str) -> bool:
        known = hash(os.path.splitext(os.path.abspath(place))[0])
        shared = known in self._stems
        self._stems.add(known)
        return shared

    def _why_not_as_is(self, remote: bool, packed: bool) -> str | None:
        if self._layout.videos == "beside":
            return f"{self._format.title} looks for videos in {self._root} alone: --videos link or copy puts it there"
        if packed or (remote and not self._layout.urls):
            return "it is not a file on this machine: --videos copy fetches it"
        return None

    def put(self, row: Row, name: str) -> None:
        """Put the row's video into the folder under this name. UserError if that cannot be done."""
        place = row.video_path
        try:
            if self._videos == "link":
                self._target.video(name, place)
            else:
                self._target.video(name, place, lambda temporary: self._copy(place, temporary))
        except (OSError, VideoError) as error:
            hint = "; --videos copy copies it instead" if self._videos == "link" else ""
            why = getattr(error, "strerror", None) or error
            raise UserError(f"{row.id} cannot be put at {self._target.path(name)} ({why}){hint}") from None

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


def _shard_of(place: str) -> str | None:
    """The tar that holds the video, or None if it is a file of its own."""
    if (member := in_tar(place)) is not None:
        return member.tar
    tar, inside, _ = place.partition(".tar/")
    return f"{tar}.tar" if inside and not os.path.isdir(f"{tar}.tar") else None
