"""Knows which name each video gets in a data set's folder: safe on every system, and what the trainer can take."""

from __future__ import annotations

import os
import re
import unicodedata

from framescribe.addresses import in_tar
from framescribe.formats.base import Layout
from framescribe.names import file_path, marked_path

_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://|^/+|^[A-Za-z]:[\\/]+")
_FIRST = re.compile(
    r"(^|/)[\s.#~-]"
)  # loaders pass over hidden files, lists strip blanks and have comments, shells options


class Naming:
    """Names for videos, in the order in which they come: no two share one, also where capital letters do not count.
    Some 100 bytes of memory per name."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._taken: set[int] = set()

    def reserve(self, name: str) -> None:
        """The name of a video that is in the folder already: no other gets it."""
        self._is_taken(name, os.path.splitext(name)[1])

    def name(self, video_id: str, place: str) -> str:
        """A relative path with slashes, ending as the file does."""
        ending = ending_of(place)
        stem = _SCHEME.sub("", video_id)
        stem = stem[: -len(ending)] if ending and stem.lower().endswith(ending.lower()) else stem
        if self._layout.flat:
            stem = stem.strip("/").replace("/", "_")
        if not self._layout.dots:
            stem = stem.replace(".", "_")
        stem = _FIRST.sub(r"\1_", stem.rstrip().replace("$", "_"))  # loaders put environment variables in
        if not stem or stem.endswith("/"):
            stem += "_"
        if self._layout.ending_case:
            ending = ending.lower()
        name = file_path(stem + ending)
        if not name.endswith(ending):  # it was cut, and its mark stands last
            name = file_path(stem) + ending
        if self._is_taken(name, ending):
            name = marked_path(stem, f"{video_id}\0{place}") + ending
            self._is_taken(name, ending)
        return name

    def _is_taken(self, name: str, ending: str) -> bool:
        """Whether another video has this name, or one with which it would share its caption; then it has it, too."""
        known = name[: -len(ending)] if self._layout.stems and ending else name
        if not known.isascii():
            known = unicodedata.normalize("NFD", unicodedata.normalize("NFD", known).casefold())
        key = hash(known.lower())
        if key in self._taken:
            return True
        self._taken.add(key)
        return False


def ending_of(place: str) -> str:
    """The ending of the file at a place, with its dot, as it is written there."""
    if "?" in place:
        member = in_tar(place)
        place = member.name if member is not None else place
        if "://" in place:
            place = place.partition("?")[0].partition("#")[0]
    return os.path.splitext(place)[1]
