"""The commands that caption: `caption`, and its two halves `frames` and `summarize`."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import islice
from pathlib import Path

import typer

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.gate_options import GateOptions
from framescribe.cli.measure_options import MeasureOptions
from framescribe.cli.options import (
    FrameCaptionOptions,
    FrameModelOptions,
    SamplingOptions,
    SourceOptions,
    SummaryModelOptions,
    takes,
)
from framescribe.cli.recipes import asked, chosen, made, partner_of, recipe_of
from framescribe.cli.run_options import LimitOptions, ResultOptions, RunnerOptions, ScreenOptions
from framescribe.cli.running import run
from framescribe.cli.screen import screen
from framescribe.cli.sidecars import SidecarOptions
from framescribe.cli.verify_options import VerifyOptions
from framescribe.cli.wish_options import WishOptions
from framescribe.errors import UserError
from framescribe.python.wanted import several

DONE = (0, 3)  # exit codes of a run that came to its end


@takes(
    SourceOptions,
    SamplingOptions,
    FrameModelOptions,
    SummaryModelOptions,
    EngineOptions,
    WishOptions,
    GateOptions,
    MeasureOptions,
    VerifyOptions,
    ResultOptions,
    SidecarOptions,
    LimitOptions,
    RunnerOptions,
    ScreenOptions,
)
def caption(
    sources: SourceOptions,
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    summary: SummaryModelOptions,
    engine: EngineOptions,
    wishes: WishOptions,
    gate: GateOptions,
    measures: MeasureOptions,
    verify: VerifyOptions,
    results: ResultOptions,
    beside: SidecarOptions,
    limits: LimitOptions,
    running: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Caption videos: frame by frame with one summary per video, or all frames at once (--strategy whole-clip).

    Repeating the command does only what is missing. Exit code 3: finished, but some videos failed.
    """
    engine, runner = running.runner_for(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=runner.number) as display:
        display.say(f"looking for videos: {sources.named()}")
        videos = sources.find(display.say)
        results, folder = beside.settled(results, videos)
        if runner.number is not None and (beside.sidecars or folder is not None):
            raise UserError(
                "texts beside videos are written by one process: run framescribe export --to txt afterwards"
            )
        recipe = recipe_of(
            sampling,
            frame,
            summary,
            engine,
            wishes,
            gate,
            videos,
            display.say,
            runner,
            measures=measures,
            verify=verify,
        )
        rows = results.results("captions.jsonl")
        code = run(
            recipe,
            videos,
            rows,
            display,
            options=results.run_options(limits),
            limits=limits,
            runner=runner,
            metrics=shown.metrics_port,
        )
        if code in DONE:
            beside.write(rows, videos, folder, display.say)
    raise typer.Exit(code)


@takes(
    SourceOptions,
    SamplingOptions,
    FrameModelOptions,
    EngineOptions,
    GateOptions,
    ResultOptions,
    LimitOptions,
    RunnerOptions,
    ScreenOptions,
)
def frames(
    sources: SourceOptions,
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    engine: EngineOptions,
    gate: GateOptions,
    results: ResultOptions,
    limits: LimitOptions,
    running: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Caption the frames only; `summarize` turns them into one caption per video later."""
    engine, runner = running.runner_for(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=runner.number) as display:
        display.say(f"looking for videos: {sources.named()}")
        videos = sources.find(display.say)
        recipe = recipe_of(
            sampling,
            frame,
            SummaryModelOptions(),
            engine,
            WishOptions(),
            gate,
            videos,
            display.say,
            runner,
            only=("frames",),
        )
        code = run(
            recipe,
            videos,
            results.results("frames.jsonl"),
            display,
            options=results.run_options(limits),
            limits=limits,
            runner=runner,
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


@takes(
    FrameCaptionOptions,
    EngineOptions,
    WishOptions,
    GateOptions,
    ResultOptions,
    LimitOptions,
    RunnerOptions,
    ScreenOptions,
)
def summarize(
    given: FrameCaptionOptions,
    engine: EngineOptions,
    wishes: WishOptions,
    gate: GateOptions,
    results: ResultOptions,
    limits: LimitOptions,
    running: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Write one caption per video from the frame captions that `frames` wrote."""
    if results.check_content:
        raise UserError("--check-content is for caption and frames: summarize opens no video")
    engine, runner = running.runner_for(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=runner.number) as display:
        display.say(f"reading {given.source}")
        from framescribe.results.index import hash_of  # which takes long, so not before the first words
        from framescribe.results.rows import read_rows, video_of
        from framescribe.storage.object_store import is_remote

        if not is_remote(given.source) and not Path(given.source).exists():
            raise UserError(f"no such file: {given.source}. Name what `framescribe frames` wrote.")
        sources = {(row.id, hash_of(video_of(row))): row for row in islice(read_rows(given.source), given.limit)}
        videos = [video_of(row) for row in sources.values()]
        model = given.model
        if model is None and not given.base_url:
            model = partner_of(sources.values())
        recipe = replace(asked(engine, wishes, gate), seed=given.seed, summary_prompt=given.prompt)
        recipe.refuse_contradictions()
        recipe.say_wanted(display.say)
        writing = chosen(recipe.choice(model, several(given.base_url)), display.say, runner)
        steps = [step for step in recipe.way().stages if not step.sees]
        stages = {step.name: recipe.stage_choice(step, writing, videos, display.say) for step in steps}
        judged = asyncio.run(recipe.gate_choice(writing, display.say, elsewhere=runner.elsewhere))
        code = run(
            made(stages=stages, gate=judged, lengths=recipe.lengths()),
            videos,
            results.results("captions.jsonl"),
            display,
            options=results.run_options(limits),
            limits=limits,
            runner=runner,
            frames_from=sources,
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)
