"""Knows what one request costs the client in CPU time, beside plain aiohttp that builds the same body; judges nothing.

    python benchmarks/client.py --only each [--pairs 5] [-o FILE]

Both sides send one picture and one prompt in each request, 64 at a time, to a server that only waits, and make
base64 and JSON of them as they go. Pictures are random bytes: neither side looks into them. CPU time is user and system
of this process, in which both sides take turns; wall clocks do not count, though a busy machine makes both slower.
framescribe runs twice: with answers that carry the request's number, as vLLM's do, and with answers that do not, so
that a connection rests before it is used again. The clock starts once connections are there, as in a run of hours, and
an answer takes a quarter of a second: with answers at once, no server's rate, resting would need more connections than
are kept.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from statistics import median
from typing import Any

import loads
import responders
from loads import Outcome, measured

from framescribe.engines.transport.reuse import REST_SECONDS
from framescribe.records import EncodedImage

KILOBYTES = (20, 70, 300)
AT_ONCE, PICTURES = 64, 32
SETTLING = 8 * AT_ONCE  # requests before the clock starts
SECONDS = 0.25  # until an answer comes
PLAIN, NUMBERED, OTHER = "plain aiohttp", "numbered answers", "other answers"
MANY, MANY_BYTES = 16, 300_000  # pictures in one request, for the longest step


def compare(pairs: int, folder: Path) -> str:
    lines = [
        "## A request's CPU time, beside plain aiohttp",
        "",
        f"{AT_ONCE} requests at once to a server that answers after {SECONDS:g} s; both sides make base64 and JSON in "
        f"the run. CPU, ms a request: the median of {pairs} passes. Ratios to plain aiohttp, by pairs: median (least "
        "to most).",
        "",
        f"| | picture | {PLAIN} | framescribe, {NUMBERED} | ratio | framescribe, {OTHER} | ratio | requests/CPU s |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    with responders.yes(SECONDS, secure=folder) as url, responders.yes(SECONDS) as plain:
        os.environ["SSL_CERT_FILE"] = str(folder / responders.CERTIFICATE)  # for both sides
        for scheme, where in (("http", plain), ("https", url)):
            for size in KILOBYTES:
                lines.append(_row(scheme, size, where, pairs))
                print(lines[-1], flush=True)
        longest = asyncio.run(_longest_step(plain))
    lines += [
        "",
        f"The longest step of the event loop while requests with {MANY} pictures of {MANY_BYTES / 1e3:.0f} kB are",
    ]
    lines[-1] += f" sent, 8 at once: {1e3 * longest:.1f} ms of CPU time."
    return "\n".join(lines) + "\n"


def _row(scheme: str, kilobytes: int, url: str, pairs: int) -> str:
    pictures = [EncodedImage(os.urandom(1000 * kilobytes), "jpeg") for _ in range(PICTURES)]
    count = max(2, 24_000 // (kilobytes + 30) // PICTURES) * PICTURES
    numbered = url.replace("/v1", f"{responders.NUMBERED}/v1")
    ways: dict[str, Callable[[], AbstractAsyncContextManager[loads.Ask]]] = {
        PLAIN: lambda: loads.plain(url, "none", 50, AT_ONCE),
        NUMBERED: lambda: loads.one_by_one(numbered, "none", 50, AT_ONCE),
        OTHER: lambda: loads.one_by_one(url, "none", 50, AT_ONCE),
    }
    passes: dict[str, list[Outcome]] = {way: [] for way in ways}
    for turn in range(pairs + 1):
        for way in list(ways) if turn % 2 else reversed(ways):
            outcome = asyncio.run(_pass(ways[way], pictures, count))
            if turn:  # the first is for what is loaded on use
                passes[way].append(outcome)
    cells = [scheme, f"{kilobytes} kB", _cost(passes[PLAIN])]
    for way in (NUMBERED, OTHER):
        ratios = [mine.cpu / other.cpu for mine, other in zip(passes[way], passes[PLAIN], strict=True)]
        cells += [_cost(passes[way]), f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"]
    cells.append(f"{median(one.per_core for one in passes[NUMBERED]):,.0f}")
    return f"| {' | '.join(cells)} |"


async def _pass(
    way: Callable[[], AbstractAsyncContextManager[loads.Ask]], pictures: Sequence[EncodedImage], count: int
) -> Outcome:
    """So many requests, once connections are there and have rested."""

    def fresh(count: int) -> list[EncodedImage]:  # new objects: the base64 of each picture is made anew
        return [EncodedImage(pictures[number % PICTURES].data, "jpeg") for number in range(count)]

    async with way() as ask:
        await loads.in_turns(ask, fresh(SETTLING), AT_ONCE)
        await asyncio.sleep(REST_SECONDS)
        return await measured(loads.in_turns(ask, fresh(count), AT_ONCE))


def _cost(passes: Sequence[Outcome]) -> str:
    return f"{1e3 * median(one.cpu / one.answers.requests for one in passes):.2f}"


async def _longest_step(url: str) -> float:
    """The longest time, in seconds of this thread's CPU, that one callback of the event loop takes while requests are
    under way. What this function itself does in between, such as freeing pictures, is left out."""
    longest, run = 0.0, asyncio.events.Handle._run

    def timed(handle: Any) -> None:
        nonlocal longest
        began = time.thread_time()
        run(handle)
        longest = max(longest, time.thread_time() - began)

    pictures = [EncodedImage(os.urandom(MANY_BYTES), "jpeg") for _ in range(MANY)]
    asyncio.events.Handle._run = timed  # type: ignore[method-assign]
    try:
        async with loads.one_by_one(url, "none", 50, 8) as ask:
            kept = []
            for _ in range(2):
                kept.append([[EncodedImage(one.data, "jpeg") for one in pictures] for _ in range(16)])
                await asyncio.sleep(0)
                longest = 0.0  # of the last pass: imports are done by then
                await loads.in_turns(ask, kept[-1], 8)
            return longest
    finally:
        asyncio.events.Handle._run = run  # type: ignore[method-assign]
