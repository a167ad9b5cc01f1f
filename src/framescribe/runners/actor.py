"""What runs on a cluster's machine: a captioner, asked video by video; knows neither who asks nor which cluster.

Errors of framescribe are returned, not raised: so they arrive as they are, without a cluster's traceback around them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from framescribe.errors import FramescribeError, UserError
from framescribe.records import Row, Video
from framescribe.runs.budget import Budget, Price
from framescribe.runs.captioner import Captioner
from framescribe.runs.meter import Figure
from framescribe.runs.recipe import Recipe

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an actor reports once its models are ready: `Captioner.describe`, what it can do, and the
    recipe's fingerprints according to this machine's files."""

    models: list[str]
    in_flight: int
    requests_a_video: int
    fingerprints: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A row, and what else happened here since the last one was handed over: counts, requests, their cost, log lines.
    `seconds` are those of the whole run so far, by stage."""

    row: Row
    in_flight: int
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    requests: int
    cost: float
    said: list[str]


class Actor:
    """Holds one captioner. Call `open`, `caption` for as many videos at once as it says, then `close`."""

    def __init__(self) -> None:
        self._captioner: Captioner | None = None
        self._opening: asyncio.Task[None] | None = None
        self._told = Counter[str]()
        self._paid = 0, 0.0
        self._log = _Kept()
        logger = logging.getLogger("framescribe")
        logger.addHandler(self._log)
        logger.setLevel(logging.INFO)

    async def alive(self) -> None:
        """Returns once this actor has a place to run."""

    async def open(
        self,
        recipe: Recipe,
        prices: Mapping[str, Price],
        logs: Path,
        hashed: bool,
        folder: Path,
        keys: Sequence[Mapping[str, str]],
        models: bool,
    ) -> Opened | FramescribeError:
        """As `Captioner.open`, with paths relative to `folder` if this machine has it. `keys` are variables that belong
        together: they are set where the environment here has none of them."""
        with contextlib.suppress(OSError):
            os.chdir(folder)
        for together in keys:
            if os.environ.keys().isdisjoint(together):
                os.environ.update(together)
        captioner = self._captioner = Captioner(recipe, logs=logs, budget=Budget(prices=prices), hashed=hashed)
        self._opening = asyncio.ensure_future(captioner.open(models=models))
        failed = await _given(self._opening)
        if isinstance(failed, FramescribeError):
            return failed
        return Opened(
            models=captioner.describe(),
            in_flight=captioner.in_flight,
            requests_a_video=captioner.requests_a_video,
            fingerprints=recipe.fingerprints(),
        )

    async def check_sight(self) -> FramescribeError | None:
        """Like `Captioner.check_sight`; what it finds is logged."""
        assert self._captioner is not None
        return await _given(self._captioner.check_sight(logging.getLogger("framescribe").info))

    async def caption(self, video: Video, earlier: Row | None) -> Done | FramescribeError:
        """Like `Captioner.caption`."""
        captioner = self._captioner
        assert captioner is not None
        row = await _given(captioner.caption(video, earlier))
        if isinstance(row, FramescribeError):
            return row
        counts, budget = Counter(captioner.meter.counts), captioner.budget
        done = Done(
            row=row,
            in_flight=captioner.in_flight,
            counts=counts - self._told,
            seconds=captioner.meter.seconds(),
            requests=budget.requests - self._paid[0],
            cost=budget.cost - self._paid[1],
            said=self.said(),
        )
        self._told, self._paid = counts, (budget.requests, budget.cost)
        return done

    async def turn_away(self) -> int:
        """Give back half of the videos that have not begun: `caption` answers TurnedAway. Returns how many."""
        return 0 if self._captioner is None else self._captioner.memory.turn_away()

    async def figures(self) -> list[Figure]:
        """As `Captioner.figures`."""
        return [] if self._captioner is None else list(self._captioner.figures())

    def said(self) -> list[str]:
        """What was logged since the last call."""
        lines, self._log.lines = self._log.lines, []
        return lines

    async def close(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if self._captioner is not None:
            await self._captioner.close()


async def _given(work: Awaitable[T]) -> T | FramescribeError:
    """What the work returns, or framescribe's error if it raised one."""
    try:
        return await work
    except FramescribeError as error:
        return error
    except PermissionError as error:  # for the logs of started servers: the one folder that is written here
        return UserError(f"{error.filename} cannot be written: give an -o in a folder that all machines share")


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
