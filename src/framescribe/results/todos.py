"""Knows a video that is left to do, and how millions of them are held; decides nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

from framescribe.packed import Fields, Packed, fields_of, video_of
from framescribe.records import Row, Video
from framescribe.results.facts import Entry


class Way(NamedTuple):
    """How a video is captioned that is left to do; one for all videos that are alike.

    `keep`: the stages of its earlier row whose results are reused. `source`: the row in another result that frame
    captions come from. `other_file`: its earlier row is of a different file. `moved`: the id of the row, at another
    place or under another id, that this one replaces. `mend`: the stages of its earlier row whose texts are mended.
    """

    keep: tuple[str, ...] = ()
    source: Row | None = None
    other_file: bool = False
    moved: str | None = None
    mend: tuple[str, ...] = ()


class Todo(NamedTuple):
    """A video that is left to do, its earlier row if there is one, and how."""

    video: Video
    entry: Entry | None = None
    way: Way = Way()


class Todos(Sequence[Todo]):
    """What is left to do, in its order; there may be millions."""

    def __init__(self) -> None:
        self._packed = Packed()
        self._ways: dict[int, Way] = {}

    def append(self, todo: Todo) -> None:
        """Add one."""
        self._ways[id(todo.way)] = todo.way
        self._packed.append((fields_of(todo.video), todo.entry, id(todo.way)))

    def _todo(self, fields: Fields) -> Todo:
        return Todo(video_of(fields[0]), fields[1], self._ways[fields[2]])

    def __len__(self) -> int:
        return len(self._packed)

    def __iter__(self) -> Iterator[Todo]:
        return map(self._todo, self._packed)

    @overload
    def __getitem__(self, at: int) -> Todo: ...
    @overload
    def __getitem__(self, at: slice) -> list[Todo]: ...
    def __getitem__(self, at: int | slice) -> Todo | list[Todo]:
        numbers = range(len(self))[at]
        if isinstance(numbers, range):
            return [self._todo(self._packed[number]) for number in numbers]
        return self._todo(self._packed[numbers])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]
