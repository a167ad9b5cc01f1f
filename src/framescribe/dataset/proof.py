"""Knows whether a trainer's loader finds in a written data set what was meant to be there: every clip, every word."""

from __future__ import annotations

import os
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from itertools import chain

from framescribe.errors import RunError
from framescribe.formats.base import Format, Layout, Sample

SHOWN = 100  # characters of a caption in an error


class Proof:
    """What was meant to be written, 16 bytes per sample, to be compared with what the format's reader finds."""

    def __init__(self, format: Format, layout: Layout) -> None:
        self._format, self._packed = format, layout.videos == "packed"
        self._videos, self._captions = array("q"), array("q")

    def noting(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples, each noted as it passes."""
        for sample in samples:
            self._videos.append(self._video(sample))
            self._captions.append(hash(sample.captions))
            yield sample

    def check(self, found: Iterable[Sample], kept: Collection[str] = ()) -> int:
        """RunError if a sample is not found as it was written; returns how many others with a caption lie there.

        Beside the videos in `kept` stand captions that a person wrote.
        """
        own = {hash(os.path.normpath(video)) for video in kept}
        at, rest = self._beginning(iter(found))
        missing = defaultdict[int, list[int]](list)
        for video, captions in zip(self._videos[at:], self._captions[at:], strict=True):
            missing[video].append(captions)
        others = 0
        for sample in rest:
            video, captions = self._video(sample), hash(sample.captions)
            if captions in missing[video]:
                missing[video].remove(captions)
            elif video in own:
                missing[video].clear()
            elif missing[video]:
                words = " / ".join(sample.captions)[:SHOWN]
                raise self._wrong(f"other words for {sample.video}: {words or 'none'}")
            else:
                others += bool(sample.captions)
        if left := sum(map(len, missing.values())):
            raise self._wrong(f"{left:,} fewer clips than the {len(self._videos):,} that were written")
        return others

    def _beginning(self, found: Iterator[Sample]) -> tuple[int, Iterator[Sample]]:
        """How many are there in the order in which they were written (lists hold all so), and what comes after."""
        at, count = 0, len(self._videos)
        for sample in found:
            if at == count or (self._videos[at], self._captions[at]) != (self._video(sample), hash(sample.captions)):
                return at, chain((sample,), found)
            at += 1
        return at, iter(())

    def _video(self, sample: Sample) -> int:
        if self._packed:
            return 0
        return hash(sample.video if "://" in sample.video else os.path.normpath(sample.video))

    def _wrong(self, what: str) -> RunError:
        return RunError(
            f"the export was read back as {self._format.title} would read it, and that found {what}.\n"
            "Do not train on it. This is a fault of framescribe: please report it."
        )
