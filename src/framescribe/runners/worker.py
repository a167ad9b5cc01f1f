"""Knows one actor as its driver sees it: what it is given, what it said last; decides nothing and knows no cluster."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framescribe.errors import FramescribeError
from framescribe.runners.actor import Opened
from framescribe.runs.budget import Price
from framescribe.runs.meter import Figure
from framescribe.runs.recipe import Recipe
from framescribe.storage.object_store import CREDENTIALS


@dataclass(slots=True, eq=False)
class Worker:
    """One actor. `placed`: it runs. `up`: its models are ready. `kept`: reserved for a video that must be alone.
    `figures`: what it last said of itself."""

    number: int
    handle: Any
    life: asyncio.Task[None] | None = None
    placed: bool = False
    up: bool = False
    kept: bool = False
    under_way: int = 0
    in_flight: int = 1
    done: int = 0
    figures: list[Figure] = field(default_factory=list)

    async def open(
        self, recipe: Recipe, prices: Mapping[str, Price], logs: Path, hashed: bool, models: bool
    ) -> Opened | FramescribeError:
        """Have it get ready, with the keys of this process."""
        names = [*CREDENTIALS, *((choice.api_key_env,) for choice in recipe.choices)]
        keys = [{name: os.environ[name] for name in together if name in os.environ} for together in names]
        opened: Opened | FramescribeError = await self.handle.open.remote(
            recipe, prices, logs, hashed, Path.cwd(), keys, models
        )
        return opened

    async def listen(self) -> None:
        """Ask for its figures."""
        self.figures = await self.handle.figures.remote()


async def ended(work: Sequence[Awaitable[Any]], seconds: float) -> None:
    """Wait until all of it is done, successfully or not, or the time is up."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.gather(*work, return_exceptions=True)
