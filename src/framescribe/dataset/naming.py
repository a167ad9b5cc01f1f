"""Knows which name each video gets in a data set's folder: safe on every system, and what the trainer can take."""

from __future__ import annotations

import os
import re
import unicodedata

from framescribe.addresses import in_tar
from framescribe.formats.base import Layout
from framescribe.names import file_path, marked_path

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://|^/+|^[A-Za-z]:[\\/]+")


class Naming:
    """Names for videos, in the order in which they come: no two share one, also where capital letters do not count."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._taken: set[int] = set()
        self.marked = 0  # names that had to differ from the id's own

    def name(self, video_id: str, place: str) -> str:
        """A relative path with slashes, ending as the file does."""
        ending = ending_of(place)
        stem = _SCHEME.sub("", video_id)
        stem = stem[: -len(ending)] if ending and stem.lower().endswith(ending.lower()) else stem
        if self._layout.flat:
            stem = stem.strip("/").replace("/", "_")
        if not self._layout.dots:
            folder, slash, base = stem.rpartition("/")
            stem = folder.replace(".", "_") + slash + base.replace(".", "_")
        if self._layout.ending_case:
            ending = ending.lower()
        name = file_path(stem + ending)
        if not name.endswith(ending):  # it was cut, and its mark stands last
            name = file_path(stem) + ending
        if self._is_taken(name, ending):
            self.marked += 1
            name = marked_path(stem, place) + ending
            self._is_taken(name, ending)
        return name

    def _is_taken(self, name: str, ending: str) -> bool:
        """Whether another video has this name, or one with which it would share its caption; then it has it, too."""
        known = name[: -len(ending)] if self._layout.stems and ending else name
        key = hash(unicodedata.normalize("NFD", unicodedata.normalize("NFD", known).casefold()))
        if key in self._taken:
            return True
        self._taken.add(key)
        return False


def ending_of(place: str) -> str:
    """The ending of the file at a place, with its dot, as it is written there."""
    member = in_tar(place)
    path = member.name if member is not None else place
    if "://" in path:
        path = path.partition("?")[0].partition("#")[0]
    return os.path.splitext(path)[1]
