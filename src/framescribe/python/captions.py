"""Knows how a Python program has videos captioned, with or without an event loop; captions nothing itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

from framescribe.errors import RunError, UserError
from framescribe.python import notebook
from framescribe.python.background import LOOK_SECONDS, Background
from framescribe.python.options import Options
from framescribe.python.recipe import Recipe
from framescribe.python.words import in_python
from framescribe.records import Row, Video
from framescribe.results.plan import Again
from framescribe.results.rows import Results
from framescribe.runners.ranks import joined
from framescribe.runs.budget import Budget, read_prices
from framescribe.runs.captioner import Captioner
from framescribe.runs.driver import in_thread
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.patience import Most
from framescribe.runs.runner import Runner
from framescribe.sources import find_videos

Source = str | os.PathLike[str]
_log = logging.getLogger("framescribe")
notebook.install()


def caption(video: Source, **options: Unpack[Options]) -> Row:
    """Caption one video with the options of `Recipe`, and keep nothing: `fs.caption("clip.mp4", model="qwen3-vl-8b")`.

    The models are opened for this call alone; `run` opens them once for many videos. A video that cannot be captioned
    gives a row with the status "failed" and an `error`, as in a run. Raises UserError for what you must change, and
    RunError if no video could be captioned now (a server that is gone).
    """
    work = Background(lambda stop: _caption_one(os.fspath(video), Recipe(**options)))
    with in_python():
        work.wait()
        return work.result()


async def caption_async(video: Source, **options: Unpack[Options]) -> Row:
    """As `caption`, for `await` in an event loop of your own."""
    work = Background(lambda stop: _caption_one(os.fspath(video), Recipe(**options)))
    with in_python():
        await work.waited()
        return work.result()


class Settings(TypedDict, total=False):
    """The keywords of `run`: the command's options that change no caption, under the same names.

    `video_column`, `id_column`, `video_root`, `limit` and `shard` ("3/50") say how lists are read, and which videos are
    taken.
    `retry_failed`, `redo`, `recheck` and `check_content` say which videos are captioned again although they have a row;
    with `keep_captions`, captions that this recipe did not make stay; with `prune`, the file holds only the videos of
    this call. `max_failed` (a number, or text such as "5%"), `max_requests` and `max_cost` (with `prices`, a TOML file)
    end a run early; if more than `max_flagged` are flagged in the end, RunError is raised once the file is written.
    `preflight`: before 50 videos or more, the model is asked whether it sees.
    """

    video_column: str | None
    id_column: str | None
    video_root: str | None
    limit: int | None
    shard: str | None
    retry_failed: bool
    redo: bool
    recheck: bool
    keep_captions: bool
    check_content: bool
    prune: bool
    max_failed: int | str | None
    max_flagged: int | str | None
    max_requests: int | None
    max_cost: float | None
    prices: Source | None
    preflight: bool


def run(
    recipe: Recipe, videos: Source | Iterable[Source], output: Source = "captions.jsonl", **settings: Unpack[Settings]
) -> Generator[Row, None, None]:
    """Caption videos (files, folders, patterns, lists), and yield each row as it finishes: what
    `framescribe caption VIDEOS -o OUTPUT` does, in this program. `settings`: see `Settings`.

    `output` is a file, or a folder that is filled while the run goes on, if it is text that ends in "/" ("out/").

    Only new rows are yielded: videos with a row in `output` are not captioned again, and `fs.rows(output)` reads all.
    Every row is on disk before it is yielded. The file is complete once the loop ends; a loop that is left early
    finishes what is under way, and the same call goes on from there later. Nothing begins before the first row is
    asked for; `list(fs.run(…))` does it all. The run goes on while your loop does something else. A caption that is
    asked for again in the end, because another clip has it too, is not yielded anew: it is in the file.

    Ctrl-C drops what is under way and raises KeyboardInterrupt. Raises UserError for what you must change, and RunError
    if the run had to stop or more than `max_flagged` are flagged.
    """
    rows = queue.SimpleQueue[Row | None]()
    job = _Job(recipe, videos, output, **settings)
    work = Background(lambda stop: job.run(rows.put, stop), ended=lambda: rows.put(None))
    try:
        with in_python():
            while (row := _next(rows)) is not None:
                yield row
            work.result()
    except KeyboardInterrupt:
        work.drop()
        raise
    finally:
        work.stop()
        work.wait()


async def run_async(
    recipe: Recipe, videos: Source | Iterable[Source], output: Source = "captions.jsonl", **settings: Unpack[Settings]
) -> AsyncGenerator[Row, None]:
    """As `run`, for `async for` in an event loop of your own. If its task is cancelled, it drops what is under way."""
    loop, rows = asyncio.get_running_loop(), asyncio.Queue[Row | None]()
    job = _Job(recipe, videos, output, **settings)

    def put(row: Row | None) -> None:
        with contextlib.suppress(RuntimeError):  # the caller's loop is closed
            loop.call_soon_threadsafe(rows.put_nowait, row)

    work = Background(lambda stop: job.run(put, stop), ended=lambda: put(None))
    try:
        with in_python():
            while (row := await rows.get()) is not None:
                yield row
            work.result()
    except asyncio.CancelledError:
        work.drop()
        raise
    finally:
        work.stop()
        await work.waited()


def _next(rows: queue.SimpleQueue[Row | None]) -> Row | None:
    while True:
        with contextlib.suppress(queue.Empty):
            return rows.get(timeout=LOOK_SECONDS)


@dataclass(frozen=True, slots=True)
class _Job:
    recipe: Recipe
    videos: Source | Iterable[Source]
    output: Source
    video_column: str | None = None
    id_column: str | None = None
    video_root: str | None = None
    limit: int | None = None
    shard: str | None = None
    retry_failed: bool = False
    redo: bool = False
    recheck: bool = False
    keep_captions: bool = False
    check_content: bool = False
    prune: bool = False
    max_failed: int | str | None = None
    max_flagged: int | str | None = None
    max_requests: int | None = None
    max_cost: float | None = None
    prices: Source | None = None
    preflight: bool = True

    async def run(self, row: Callable[[Row], None], stop: asyncio.Event) -> None:
        """Caption what is left, passing each row to `row`, until `stop`."""
        videos = await in_thread(self._found)
        results = await in_thread(lambda: Results(os.fspath(self.output)))
        runner = joined(os.environ) if "WORLD_SIZE" in os.environ else None
        report = await run_job(
            await self.recipe.settled(videos, _log.info),
            videos,
            results,
            options=RunOptions(
                again=Again(
                    failed=self.retry_failed, redo=self.redo, recheck=self.recheck, keep_captions=self.keep_captions
                ),
                check_content=self.check_content,
                preflight=self.preflight,
                prune=self.prune,
                max_failed=Most.parse(str(self.max_failed)) if self.max_failed is not None else None,
                max_flagged=(
                    Most.parse(str(self.max_flagged), "--max-flagged") if self.max_flagged is not None else None
                ),
            ),
            runner=runner or Runner(),
            budget=Budget(
                prices=read_prices(Path(self.prices)) if self.prices is not None else {},
                max_cost=self.max_cost,
                max_requests=self.max_requests,
            ),
            watcher=Watcher(say=_log.info, row=row),
            stop=stop,
        )
        if report.too_many is not None and runner is None:  # of several processes none knows better than the others
            raise RunError(f"{report.too_many}. All rows are in {report.output}.")
        if report.output is None and runner is None:
            _log.info("stopped: every row is kept in %s; the same call goes on", results.parts)

    def _found(self) -> Sequence[Video]:
        sources = [self.videos] if isinstance(self.videos, str | os.PathLike) else self.videos
        return find_videos(
            [os.fspath(source) for source in sources],
            video_column=self.video_column,
            id_column=self.id_column,
            video_root=self.video_root,
            limit=self.limit,
            shard=self.shard,
            say=_log.info,
        )


async def _caption_one(source: str, recipe: Recipe) -> Row:
    videos = await in_thread(lambda: find_videos([source], limit=2, say=_log.info))
    if len(videos) > 1:
        raise UserError(f"{source} holds more than one video: caption them with fs.run")
    captioner = Captioner(await recipe.settled(videos, _log.info))
    try:
        await captioner.open()
        return await captioner.caption(videos[0])
    finally:
        await captioner.close()
