"""Knows how videos' bytes get into the files of a data set, wherever they lie: on this machine, at a URL, in a tar, or
as a part of another video."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Self

from framescribe.addresses import in_tar, without_keys
from framescribe.errors import UserError, VideoError
from framescribe.formats.base import Sample
from framescribe.formats.target import Target
from framescribe.frames.cutting import Cutter
from framescribe.frames.files import Source, look
from framescribe.sources.found import VIDEO_ENDINGS, Found
from framescribe.sources.shards import in_shards
from framescribe.storage.tables import ending_of
from framescribe.storage.whole_file import temporary_name

TARS = 4  # whose lists of members are kept
_IN_TAR = re.compile(r"(.+?\.tar)/(.+)", re.DOTALL | re.IGNORECASE)


_PART = re.compile(r"(.+)\?frames=(\d+)-(\d+)", re.DOTALL)


def part_of(video: str, first: int, last: int) -> str:
    """The address of the frames from number `first` to `last` of a video, as a sample's `video`. Only `Videos` opens
    it: whoever takes it for a file finds none."""
    return f"{video}?frames={first}-{last}"


class Videos:
    """The samples' videos, to be read one after the other. A part of a video is cut out for as long as it is read.
    Use it as a context manager."""

    def __init__(self, target: Target) -> None:
        self._target, self._cutter = target, Cutter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._cutter.close()
        self._target.soundless |= self._cutter.soundless

    @contextmanager
    def opened(self, sample: Sample) -> Iterator[Source]:
        """The sample's video, open to be read. UserError, which names the sample, where it cannot be read."""
        temporary = temporary_name(str(self._target.folder))
        try:
            source = look(self._cut(sample, temporary))
            try:
                yield source
            finally:
                source.close()
        except VideoError as error:
            raise UserError(
                f"{sample.id or without_keys(sample.video)} cannot be packed: {error} "
                f"({without_keys(sample.video)}). Repair it, or leave this row out"
            ) from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)

    def _cut(self, sample: Sample, temporary: str) -> str:
        """Where its bytes are; those of a part are then in the temporary file."""
        part = _part(sample.video)
        if part is None:
            return _address(sample.video)
        self._cutter.cut(_address(part[1]), int(part[2]), int(part[3]), temporary, "")
        return temporary


def ending(sample: Sample) -> str:
    """The ending of the video's name in lower case, with its dot; .mp4 if its name has none that means video."""
    if _part(sample.video) is not None:
        return ".mp4"
    found = ending_of(without_keys(sample.video))
    return found if found in VIDEO_ENDINGS else ".mp4"


def _part(video: str) -> re.Match[str] | None:
    return None if os.path.lexists(video) else _PART.fullmatch(video)


def _address(video: str) -> str:
    """Where its bytes are; rows name a file in a tar by its name alone."""
    found = None if in_tar(video) or os.path.lexists(video) else _IN_TAR.fullmatch(video)
    if found is None:
        return video
    tar, name = found.groups()
    return _members(tar).get(name, video)


@lru_cache(TARS)
def _members(tar: str) -> Mapping[str, str]:
    """The address of each video in a tar, by its name there."""
    videos = in_shards([Found(id="", path=tar, real=tar, size=None, folder="")], lambda line: None)
    return {video.id.removeprefix("/"): video.path for video in videos}
