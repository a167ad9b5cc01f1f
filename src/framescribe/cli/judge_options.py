"""Knows the options that say which model judges captions, and what becomes of its answers; asks no model."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from framescribe.cli.options import option
from framescribe.cli.running import STOPPED, Stopping
from framescribe.cli.terminal import say
from framescribe.errors import RunError
from framescribe.python.recipe import DEFAULTS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """Who judges."""

    model: Annotated[
        str | None,
        option("Models", "The judge: a name from `framescribe models`, a folder, a repository, or a server's."),
    ] = DEFAULTS.model
    base_url: Annotated[
        list[str] | None,
        option("Models", "An OpenAI-compatible server. Given several times, they share the work.", metavar="URL"),
    ] = None


@dataclass(frozen=True, slots=True)
class KeepingOptions:
    """Where answers are kept, and what is drawn."""

    judgements: Annotated[
        str | None,
        option(
            "Judge",
            "Where answers are kept, so that none is paid for twice. Several results may share it. Default: beside "
            "the result.",
            metavar="FILE",
        ),
    ] = None
    seed: Annotated[int, option("Judge", "For the draws behind the intervals.")] = 0


def until_done(work: Callable[[asyncio.Event], Awaitable[T]]) -> tuple[T | None, bool]:
    """What the work returns, and whether Ctrl-C stopped it: once, it finishes what is under way; twice, it is dropped,
    and nothing comes of it. RunError says that what was answered is kept."""
    stopping = Stopping(say)

    async def main() -> T:
        return await work(stopping.listen())

    try:
        return asyncio.run(main()), bool(stopping.count)
    except (asyncio.CancelledError, KeyboardInterrupt):
        say("stopped: every answer is kept; run the same command again to go on")
        return None, True
    except RunError as error:
        raise RunError(f"{error}\nNothing is lost: every answer is kept, and the same command goes on.") from error


def code_of(stopped: bool, left: int, failed: int) -> int:
    """The exit code."""
    return STOPPED if stopped else 1 if left else 3 if failed else 0
