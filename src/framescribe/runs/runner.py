"""Knows what a runner decides: where videos are captioned, and which ones are this process's; runs nothing.

The runner here is "local": this process does everything. The others (`framescribe.runners`) change one or the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a command makes its runner before its first words
    from framescribe.records import Video
    from framescribe.results.plan import Planner
    from framescribe.results.rows import Results
    from framescribe.results.todos import Todo
    from framescribe.runs.budget import Budget
    from framescribe.runs.captions import Captions
    from framescribe.runs.meter import Meter
    from framescribe.runs.recipe import Recipe


class Runner:
    """This process does all of the work."""

    number: int | None = None
    """This process's number among those that one command started."""

    local: int = 0
    """Its number among those on this machine."""

    launch: str | None = None
    """A text shared by all these processes and by no others running now."""

    elsewhere: bool = False
    """Whether models run on machines other than this one."""

    def share(self, videos: Sequence[Video]) -> Sequence[Video]:
        """The videos that this process is responsible for."""
        return videos

    def work(
        self,
        todo: Sequence[Todo],
        planner: Planner,
        videos: Sequence[Video],
        results: Results,
        under_way: Callable[[], int],
    ) -> Iterable[Todo] | AsyncIterator[Todo]:
        """What this process does, in order; `under_way` says how many videos it is working on."""
        return todo

    def captioner(
        self, recipe: Recipe, *, meter: Meter, logs: Path, budget: Budget, most: int, hashed: bool
    ) -> Captions:
        """A captioner for at most `most` videos; not yet open."""
        from framescribe.runs.captioner import Captioner

        return Captioner(recipe, meter, logs, budget, hashed)
