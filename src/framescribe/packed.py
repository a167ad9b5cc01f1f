"""Knows how millions of videos are held in a few bytes each; finds none and settles no id."""

from __future__ import annotations

import heapq
import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, overload

from framescribe.records import Video

BLOCK = 256  # packed and unpacked together: whoever wants one waits for a fifth of a millisecond
RUN = 2**16  # sorted together
Fields = tuple[Any, ...]


class Packed:
    """Tuples in the order in which they were added. Those that are alike take little room: some ten bytes for a path
    with a number in it."""

    def __init__(self, some: Iterable[Fields] = ()) -> None:
        self._blocks: list[bytes] = []
        self._last: list[Fields] = []
        self._unpacked: tuple[int, list[Fields]] = -1, []
        self.extend(some)

    def __len__(self) -> int:
        return BLOCK * len(self._blocks) + len(self._last)

    def extend(self, some: Iterable[Fields]) -> None:
        """Add several."""
        for fields in some:
            self.append(fields)

    def append(self, fields: Fields) -> None:
        """Add one."""
        self._last.append(fields)
        if len(self._last) == BLOCK:
            self._blocks.append(zlib.compress(pickle.dumps(self._last, pickle.HIGHEST_PROTOCOL), 1))
            self._last = []

    def blocks(self) -> Iterator[list[Fields]]:
        """All of them, `BLOCK` at a time; only the last block may be shorter."""
        for block in self._blocks:
            yield pickle.loads(zlib.decompress(block))  # made by this process
        if self._last:
            yield self._last

    def __iter__(self) -> Iterator[Fields]:
        return chain.from_iterable(self.blocks())

    def __getitem__(self, number: int) -> Fields:
        block, inside = divmod(number, BLOCK)
        if block == len(self._blocks):
            return self._last[inside]
        at, fields = self._unpacked
        if at != block:
            fields = pickle.loads(zlib.decompress(self._blocks[block]))
            self._unpacked = block, fields
        return fields[inside]


def in_order(some: Iterable[Fields]) -> Iterator[Fields]:
    """These tuples, sorted, though only some of them are held unpacked at a time."""
    some, runs = iter(some), list[Packed]()
    while run := sorted(islice(some, RUN)):
        runs.append(Packed(run))
    yield from heapq.merge(*runs)


class PackedVideos(Sequence[Video]):
    """Videos as a sequence like any other, which makes each anew when it is asked for."""

    def __init__(self, videos: Iterable[Video] = ()) -> None:
        self._packed = Packed(map(fields_of, videos))

    def blocks(self) -> Iterator[list[Fields]]:
        """What `video_of` makes videos of, `BLOCK` at a time: first id, path, size and stamp."""
        return self._packed.blocks()

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Video]:
        return map(video_of, self._packed)

    @overload
    def __getitem__(self, at: int) -> Video: ...
    @overload
    def __getitem__(self, at: slice) -> PackedVideos: ...
    def __getitem__(self, at: int | slice) -> Video | PackedVideos:
        if isinstance(at, slice):
            return self._some(range(len(self))[at])
        return video_of(self._packed[range(len(self))[at]])

    def _some(self, numbers: range) -> PackedVideos:
        some = PackedVideos()
        if numbers.step < 0:
            some._packed.extend(self._packed[number] for number in numbers)
            return some
        for number, block in enumerate(self.blocks()):
            first = number * BLOCK
            begin = max(numbers.start - first, (numbers.start - first) % numbers.step)
            some._packed.extend(block[begin : max(0, numbers.stop - first) : numbers.step])
        return some

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PackedVideos({len(self)} videos)"


def blocks_of(videos: Iterable[Video]) -> Iterator[Sequence[Fields]]:
    """As `PackedVideos.blocks`, of any videos."""
    if isinstance(videos, PackedVideos):
        yield from videos.blocks()
        return
    some: list[Fields] = []
    for video in videos:
        some.append(fields_of(video))
        if len(some) == BLOCK:
            yield some
            some = []
    if some:
        yield some


def video_of(fields: Fields) -> Video:
    """The video with these fields."""
    name, path, size, stamp, metadata, fault, caption = fields
    return Video(id=name, path=path, metadata=metadata or {}, size=size, stamp=stamp, fault=fault, caption=caption)


def fields_of(video: Video) -> Fields:
    """What `video_of` makes this video of: first id, path, size and stamp."""
    metadata = video.metadata or None
    return video.id, video.path, video.size, video.stamp, metadata, video.fault, video.caption
