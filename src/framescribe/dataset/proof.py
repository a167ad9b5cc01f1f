"""Knows whether a trainer's loader finds in a written data set what was meant to be there: every clip, every word."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from framescribe.errors import RunError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.names import shown

if TYPE_CHECKING:
    import numpy as np

SHOWN = 100  # characters of a caption in an error


class Proof:
    """What was meant to be written, 16 bytes per sample, to be compared with what the format's reader finds.

    Where that comes in another order, as from folders, comparing takes some 100 bytes per sample for a moment.
    """

    def __init__(self, format: Format, layout: Layout) -> None:
        self._format, self._read_as, self._packed = format, layout.read_as, layout.videos == "packed"
        self._videos, self._both = array("q"), array("q")

    def noting(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """The samples, each noted as it passes."""
        videos, both, read_as, print_of = self._videos.append, self._both.append, self._read_as, self._video
        for sample in samples:
            video = print_of(sample)
            videos(video)
            both(hash((video, read_as(sample))))
            yield sample

    def check(self, read: Callable[[], Iterable[Sample]], kept: Collection[str] = ()) -> int:
        """RunError if a sample is not found as it was written; returns how many others with a caption lie there.

        `read` reads the data set, each time from its beginning. Beside the videos in `kept` stand captions that a
        person wrote.
        """
        own = {hash(os.path.normpath(video)) for video in kept}
        found, print_of = iter(read()), self._video
        at, count = 0, len(self._both)
        first: Sample | None = None
        for both in self._both:
            first = next(found, None)
            if first is None or both != hash((print_of(first), first.captions)):
                break
            at += 1
        else:
            first = next(found, None)
        if at == count and first is None:
            return 0
        return self._compare(at, first, found, own, read)

    def _compare(
        self,
        at: int,
        first: Sample | None,
        found: Iterator[Sample],
        own: Collection[int],
        read: Callable[[], Iterable[Sample]],
    ) -> int:
        """Compare what was written from `at` on with the rest of what was found, in whatever order it comes."""
        import numpy as np

        there = array("q")
        while first is not None:
            if first.captions and self._video(first) not in own:
                there.append(hash((self._video(first), first.captions)))
            first = next(found, None)
        videos = np.frombuffer(self._videos, np.int64)[at:]
        both = np.frombuffer(self._both, np.int64)[at:]
        if own:
            wanted = ~np.isin(videos, np.fromiter(own, np.int64))
            videos, both = videos[wanted], both[wanted]
        missing, others = _differences(both, np.frombuffer(there, np.int64))
        if len(missing):
            raise self._wrong(set(videos[np.isin(both, missing)].tolist()), len(missing), read)
        return len(others)

    def _video(self, sample: Sample) -> int:
        if self._packed:
            return 0
        video = sample.video
        if "//" in video or "/." in video or os.sep != "/":  # else it is in its normal form already
            video = video if "://" in video else os.path.normpath(video)
        return hash(video)

    def _wrong(self, videos: set[int], count: int, read: Callable[[], Iterable[Sample]]) -> RunError:
        what = f"{count:,} fewer clips than the {len(self._both):,} that were written"
        written = set(self._both)
        for sample in read():
            video = self._video(sample)
            if video in videos and hash((video, sample.captions)) not in written:
                words = " / ".join(sample.captions)[:SHOWN]
                what = f"other words for {shown(sample.video)}: {shown(words) or 'none'}"
                break
        return RunError(
            f"the export was read back as {self._format.title} would read it, and that found {what}.\n"
            "Do not train on it. This is a fault of framescribe: please report it."
        )


def _differences(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What is in the one and not in the other, and the reverse; each value as often as it is there."""
    import numpy as np

    values, at = np.unique(np.concatenate((one, other)), return_inverse=True)
    times = np.bincount(at[: len(one)], minlength=len(values)) - np.bincount(at[len(one) :], minlength=len(values))
    return np.repeat(values, np.maximum(times, 0)), np.repeat(values, np.maximum(-times, 0))
