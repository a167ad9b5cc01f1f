"""Knows what is asked of whoever captions videos, here or on other machines; captions none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

from framescribe.records import Row, Video
from framescribe.runs.meter import Figure, Meter
from framescribe.runs.recipe import Recipe


class Captions(Protocol):
    """Anything that captions videos: a `Captioner`, or something with the same interface."""

    recipe: Recipe
    meter: Meter

    async def open(self, *, models: bool = True) -> None:
        """Get ready. Without `models`, these are opened once one is to be asked."""

    async def caption(self, video: Video, earlier: Row | None = None) -> Row: ...

    async def close(self) -> None: ...

    async def check_sight(self, say: Callable[[str], None]) -> None: ...

    def describe(self) -> list[str]: ...

    @property
    def in_flight(self) -> int: ...

    @property
    def requests_a_video(self) -> int: ...

    def figures(self) -> Iterator[Figure]: ...


@runtime_checkable
class Redraws(Protocol):
    """One that can also caption a video once more, another way, and say whether two look the same."""

    async def redraw(self, video: Video, earlier: Row | None, seed: int) -> Row: ...

    async def alike(self, one: Video, other: Video) -> bool: ...
