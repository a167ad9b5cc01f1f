"""Knows how videos' bytes get into the files of a data set, wherever they lie: on this machine, at a URL, in a tar."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from framescribe.addresses import in_tar, without_keys
from framescribe.errors import UserError, VideoError
from framescribe.formats.base import Sample
from framescribe.frames.files import Source, look
from framescribe.sources.found import VIDEO_ENDINGS, Found
from framescribe.sources.shards import in_shards
from framescribe.storage.tables import ending_of

TARS = 4  # whose lists of members are kept
_IN_TAR = re.compile(r"(.+?\.tar)/(.+)", re.DOTALL | re.IGNORECASE)


@contextmanager
def opened(sample: Sample) -> Iterator[Source]:
    """The sample's video, open to be read. UserError, which names the sample, where it cannot be read."""
    try:
        source = look(_address(sample.video))
        try:
            yield source
        finally:
            source.close()
    except VideoError as error:
        raise UserError(
            f"{sample.id or without_keys(sample.video)} cannot be packed: {error} "
            f"({without_keys(sample.video)}). Repair it, or leave this row out"
        ) from error


def ending(sample: Sample) -> str:
    """The ending of the video's name in lower case, with its dot; .mp4 if its name has none that means video."""
    found = ending_of(without_keys(sample.video))
    return found if found in VIDEO_ENDINGS else ".mp4"


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
