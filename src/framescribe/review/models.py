"""Keeps models open between questions, and closes them when they have been idle; knows no row and no question.

Models of other machines may be open side by side. Of those that run on this one, only the models of one recipe are
open at a time: two of them seldom fit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from framescribe.engines.base import Engine
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import make_engine
from framescribe.errors import FramescribeError
from framescribe.runs.captioner import Captioner, largest_prompt
from framescribe.runs.recipe import Recipe

MOST_IDLE = 3  # captioners, each with decoders of its own


class Kept:
    """An open captioner of a recipe (`name` stands for it), how many use it, and whether a run had to stop with it."""

    def __init__(self, name: str, captioner: Captioner) -> None:
        self.name, self.captioner, self.choices = name, captioner, set(captioner.recipe.choices)
        self.users, self.since, self.broken = 0, 0.0, False


class Models:
    """The captioners of some recipes, which share their models. Everything happens in one event loop."""

    def __init__(self, *, logs: Path, idle: float) -> None:
        self._logs, self._idle = logs, idle
        self._engines: dict[ModelChoice, Engine] = {}
        self._sizes: dict[ModelChoice, int] = {}  # of the largest prompt that each was opened for, in tokens
        self._kept: list[Kept] = []
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()

    async def take(self, recipe: Recipe) -> Kept:
        """An open captioner for this recipe, for one more user. What is open and in the way is closed as soon as nobody
        uses it. UserError or RunError if a model cannot be opened."""
        async with self._turn:
            kept = await self._opened(recipe)
            kept.users += 1
            return kept

    def give_back(self, kept: Kept) -> None:
        """One user less; if it is `broken` by then, it is not used again."""
        kept.users -= 1
        kept.since = asyncio.get_running_loop().time()
        self._freed.set()

    async def sweep(self) -> None:
        """Close what has been idle for too long, or is broken; again and again, until this is cancelled."""
        while True:
            await asyncio.sleep(min(30.0, self._idle / 4))
            async with self._turn:
                late = asyncio.get_running_loop().time() - self._idle
                await self._close(lambda kept, late=late: kept.broken or kept.since <= late)  # type: ignore[misc]

    async def close(self) -> None:
        """Close everything, used or not."""
        for kept in self._kept:
            kept.users = 0
        await self._close(lambda kept: True)

    @property
    def open(self) -> list[str]:
        """The models that are open, by name."""
        return [choice.model or "" for choice in self._engines]

    async def _opened(self, recipe: Recipe) -> Kept:
        name = recipe.model_dump_json()
        for kept in self._kept:
            if kept.name == name and not kept.broken:
                return kept
        sizes = {choice: _size(recipe, choice) for choice in recipe.choices}
        while in_the_way := [kept for kept in self._kept if self._is_in_the_way(kept, sizes)]:
            self._freed.clear()
            if any(kept.users for kept in in_the_way):
                await self._freed.wait()
            await self._close(lambda kept: self._is_in_the_way(kept, sizes))
        idle = sorted((kept for kept in self._kept if not kept.users), key=lambda kept: kept.since)
        spare = idle[: max(0, len(idle) - MOST_IDLE + 1)]
        captioner = Captioner(recipe, logs=self._logs, engines=await self._lent(recipe, sizes))
        try:
            await captioner.open()
        except BaseException:
            await captioner.close()
            raise
        made = Kept(name, captioner)
        self._kept.append(made)
        await self._close(lambda kept: kept in spare)
        return made

    def _is_in_the_way(self, kept: Kept, sizes: Mapping[ModelChoice, int]) -> bool:
        """Whether a captioner must go before models with prompts of these sizes are opened: it is broken and has one of
        them, it has others on this machine, or one that was started for shorter prompts."""
        if kept.broken and not kept.choices.isdisjoint(sizes):
            return True
        here = {choice for choice in sizes if choice.engine != "openai"}
        theirs = {choice for choice in kept.choices if choice.engine != "openai"}
        short = any(sizes[choice] > self._sizes[choice] for choice in here & theirs if choice.engine != "transformers")
        return bool(here and theirs) and (here != theirs or short)

    async def _lent(self, recipe: Recipe, sizes: Mapping[ModelChoice, int]) -> dict[ModelChoice, Engine]:
        """The recipe's models, opened where they are not yet."""
        distinct = recipe.choices
        new = [choice for choice in distinct if choice not in self._engines]
        made = {
            choice: make_engine(choice, prompt=largest_prompt(recipe, choice), beside=distinct, logs=self._logs)
            for choice in new
        }
        async with AsyncExitStack() as closing:
            for engine in made.values():
                closing.push_async_callback(engine.close)
                await engine.open()
            closing.pop_all()
        self._engines |= made
        self._sizes |= {choice: sizes[choice] for choice in new}
        return {choice: self._engines[choice] for choice in distinct}

    async def _close(self, unwanted: Callable[[Kept], bool]) -> None:
        """Close these captioners, if nobody uses them, and the models that no other has; all of them even if one
        raises. What goes wrong then takes nothing away from anybody."""
        gone = [kept for kept in self._kept if not kept.users and unwanted(kept)]
        self._kept = [kept for kept in self._kept if kept not in gone]
        closing = [kept.captioner.close for kept in gone]
        needed = {choice for kept in self._kept for choice in kept.choices}
        closing += [self._engines.pop(choice).close for choice in list(self._engines) if choice not in needed]
        for close in closing:
            try:
                await close()
            except FramescribeError:
                continue


def _size(recipe: Recipe, choice: ModelChoice) -> int:
    size = largest_prompt(recipe, choice)
    return 0 if size is None else size.tokens
