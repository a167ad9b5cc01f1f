"""Knows how to run framescribe in this process against a server whose answers tell what was asked; tests nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np

from framescribe.engines.choice import ModelChoice
from framescribe.frames.sampling import Sampling
from framescribe.records import Row, Video
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.report import Report
from framescribe.sources import find_videos
from tests.servers import ScriptedServer

FRAME_PROMPT, SUMMARY_PROMPT = "What is here?", "Say it: {captions}"


def raw_film(path: Path, grey: int) -> Path:
    """Four frames of raw video in one shade: every film has the same size, whatever it shows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="avi", options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream("rawvideo", rate=4)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        for _ in range(4):
            picture = np.full((32, 32, 3), grey, np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        output.mux(stream.encode(None))
    return path


def recipe(
    server: ScriptedServer,
    *,
    frame: str = FRAME_PROMPT,
    summary: str = SUMMARY_PROMPT,
    sampling: Sampling | None = None,
    model: str | None = "tiny",
) -> Recipe:
    choice = ModelChoice(engine="openai", model=model, base_urls=(server.url,), requests=4)
    return Recipe(
        sampling=sampling or Sampling(),
        decoders=1,
        stages={
            "frames": StageChoice(model=choice, prompt=frame),
            "summary": StageChoice(model=choice, prompt=summary),
        },
    )


def found(*sources: Path | str, **columns: Any) -> list[Video]:
    return find_videos([str(source) for source in sources], say=lambda line: None, **columns)


class Run:
    """One run: its report, what it said, and how many requests of each kind it made."""

    def __init__(
        self,
        server: ScriptedServer,
        videos: Sequence[Video],
        output: Path,
        made: Recipe | None = None,
        *,
        stop_after: int | None = None,
        redo: bool = False,
        retry_failed: bool = False,
        keep_captions: bool = False,
        recheck: bool = False,
        **options: Any,
    ) -> None:
        self.said: list[str] = []
        before = len(server.requests)
        again = Again(redo=redo, failed=retry_failed, keep_captions=keep_captions, recheck=recheck)
        self.report: Report = asyncio.run(self._run(made or recipe(server), videos, output, stop_after, again, options))
        asked = server.requests[before:]
        self.pictures = sum("image_url" in str(request) for request in asked)
        self.texts = len(asked) - self.pictures
        self.requests = len(asked)

    async def _run(
        self,
        made: Recipe,
        videos: Sequence[Video],
        output: Path,
        stop_after: int | None,
        again: Again,
        options: dict[str, Any],
    ) -> Report:
        stop, rows = asyncio.Event(), list[Row]()

        def seen(row: Row) -> None:
            rows.append(row)
            if stop_after is not None and len(rows) >= stop_after:
                stop.set()

        return await run_job(
            made,
            videos,
            Results(output),
            options=RunOptions(again=again, **options),
            watcher=Watcher(say=self.said.append, row=seen),
            stop=stop,
        )


def told(
    output: Path, videos: Iterable[Video] | None = None
) -> dict[tuple[str, str], tuple[str | None, list[str | None]]]:
    """The caption and the frames' captions of each row of a finished file, by id and place."""
    wanted = None if videos is None else {(video.id, video.place) for video in videos}
    return {
        (row.id, row.video_path): (row.caption, [frame.caption for frame in row.frames])
        for row in read_rows(output)
        if wanted is None or (row.id, row.video_path) in wanted
    }
