"""Knows what a video says about itself where its row does not, as rows that were imported do not; knows no format."""

from __future__ import annotations

import os
from functools import lru_cache

from framescribe.errors import VideoError
from framescribe.frames.probe import probe
from framescribe.records import VideoInfo


@lru_cache(maxsize=2**16)  # an export goes through its rows twice
def facts_of(path: str) -> VideoInfo | None:
    """The facts of a file on this machine, whose packets are all read for them; None if it is none, or unreadable."""
    if not os.path.isfile(path):
        return None
    try:
        found = probe(path)
    except VideoError:
        return None
    return VideoInfo(
        duration=found.duration,
        fps=found.fps,
        width=found.width,
        height=found.height,
        codec=found.codec,
        frames=found.frames,
    )
