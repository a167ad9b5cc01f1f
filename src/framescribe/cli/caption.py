"""The commands that caption: `caption`, and its two halves `frames` and `summarize`."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from framescribe.cli.options import (
    EngineOptions,
    FrameCaptionOptions,
    FrameModelOptions,
    SamplingOptions,
    Say,
    SourceOptions,
    StrategyName,
    SummaryModelOptions,
    takes,
)
from framescribe.cli.run_options import LimitOptions, ResultOptions, RunnerOptions, ScreenOptions
from framescribe.cli.screen import Screen, screen
from framescribe.errors import MissingExtra, RunError, UserError

if TYPE_CHECKING:
    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice
    from framescribe.prompts import Kind
    from framescribe.records import Row, Video
    from framescribe.run.recipe import Recipe
    from framescribe.runners.cluster import Cluster
    from framescribe.runners.ranks import Rank


@takes(
    SourceOptions,
    SamplingOptions,
    FrameModelOptions,
    SummaryModelOptions,
    EngineOptions,
    ResultOptions,
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
    results: ResultOptions,
    limits: LimitOptions,
    runner: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Caption videos: frames are captioned, and their captions summed up into one per video; or a model sees all frames
    of a video at once (--strategy whole-clip).

    The same command again does only what is missing. Exit code 3: finished, but some videos failed.
    """
    rank = joined(runner.rank())
    engine, cluster = runner.cluster(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=rank) as display:
        videos = sources.find(display.say)
        frame_model = _frame_model(frame, engine, display.say, cluster)
        whole = summary.strategy == StrategyName.whole_clip
        if whole and summary != SummaryModelOptions(strategy=summary.strategy):
            raise UserError("--strategy whole-clip writes no summary: leave --summary-model and the like out")
        parts: dict[str, Any] = {}
        if not whole:
            parts = {
                "summary_model": _summary_model(summary, frame_model, engine, display.say),
                "summary_prompt": _prompt(summary.summary_prompt, "summary", videos),
                "summary_decoding": _decoding(engine, sampling.seed),
            }
        recipe = _recipe(
            strategy=summary.strategy.value,
            sampling=sampling.sampling(whole=whole),
            max_pixels=sampling.pixels(whole=whole),
            decoders=sampling.decoders,
            decode_seconds=sampling.decode_timeout,
            frame_model=frame_model,
            frame_prompt=_prompt(frame.prompt, "clip" if whole else "frame", videos),
            frame_decoding=_decoding(engine, sampling.seed),
            **parts,
        )
        code = run(
            *(recipe, videos, results, Path("captions.jsonl"), display, limits, rank, cluster),
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


@takes(
    SourceOptions,
    SamplingOptions,
    FrameModelOptions,
    EngineOptions,
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
    results: ResultOptions,
    limits: LimitOptions,
    runner: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Caption the frames only; `summarize` makes captions of them later."""
    rank = joined(runner.rank())
    engine, cluster = runner.cluster(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=rank) as display:
        videos = sources.find(display.say)
        recipe = _recipe(
            sampling=sampling.sampling(),
            max_pixels=sampling.pixels(),
            decoders=sampling.decoders,
            decode_seconds=sampling.decode_timeout,
            frame_model=_frame_model(frame, engine, display.say, cluster),
            frame_prompt=_prompt(frame.prompt, "frame", videos),
            frame_decoding=_decoding(engine, sampling.seed),
        )
        code = run(
            *(recipe, videos, results, Path("frames.jsonl"), display, limits, rank, cluster),
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


@takes(FrameCaptionOptions, EngineOptions, ResultOptions, LimitOptions, RunnerOptions, ScreenOptions)
def summarize(
    given: FrameCaptionOptions,
    engine: EngineOptions,
    results: ResultOptions,
    limits: LimitOptions,
    runner: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Write one caption per video from frame captions that `frames` paid for already."""
    from framescribe.records import Video
    from framescribe.results.rows import read_rows
    from framescribe.storage.object_store import is_remote

    if results.check_content:
        raise UserError("--check-content is for caption and frames: summarize opens no video")
    rank = joined(runner.rank())
    engine, cluster = runner.cluster(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=rank) as display:
        if not is_remote(given.source) and not Path(given.source).exists():
            raise UserError(f"no such file: {given.source}. Name what `framescribe frames` wrote.")
        rows = {row.id: row for row in read_rows(given.source)}
        videos = [Video(id=row.id, path=row.video_path, metadata=row.metadata, size=row.size) for row in rows.values()]
        videos = videos[: given.limit]
        model = given.model
        if model is None and not given.base_url:
            model = _partner_of(rows.values())
        recipe = _recipe(
            summary_model=chosen(engine.choice(model, given.base_url), display.say, cluster),
            summary_prompt=_prompt(given.prompt, "summary", videos),
            summary_decoding=_decoding(engine, given.seed),
        )
        code = run(
            *(recipe, videos, results, Path("captions.jsonl"), display, limits, rank, cluster),
            frames_from=rows,
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


def run(
    recipe: Recipe,
    videos: Sequence[Video],
    results: ResultOptions,
    default: str | Path,
    display: Screen,
    limits: LimitOptions | None = None,
    rank: Rank | None = None,
    cluster: Cluster | None = None,
    frames_from: Mapping[str, Row] | None = None,
    metrics: str | None = None,
) -> int:
    """Run the job under this display, stop it well on Ctrl-C, and give the exit code."""
    from framescribe.results.rows import Results
    from framescribe.run.job import Report, Watcher, run_job
    from framescribe.run.metrics import Shown, parse_address

    address = parse_address(metrics, rank) if metrics else None
    kept = Results(results.output or default)
    budget = limits.budget() if limits else None
    interrupted = 0

    async def work() -> Report:
        stop = asyncio.Event()
        task = asyncio.current_task()
        assert task is not None

        def on_signal() -> None:
            nonlocal interrupted
            interrupted += 1
            if interrupted == 1:
                display.say("stopping: what is under way is finished first (again to drop it)")
                stop.set()
            else:
                task.cancel()

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, on_signal)
            except NotImplementedError:  # Windows: Ctrl-C then raises KeyboardInterrupt, and every row is kept as well
                break
        async with Shown(kept.parts, address, rank) as figures:
            if figures.url is not None:
                display.say(f"metrics: {figures.url}")
            return await run_job(
                recipe,
                videos,
                kept,
                retry_failed=results.retry_failed,
                redo=results.redo,
                frames_from=frames_from,
                stop=stop,
                watcher=Watcher(say=display.say, opening=figures.opening, started=display.started, row=display.row),
                budget=budget,
                preflight=limits is not None and limits.preflight,
                rank=rank,
                check_content=results.check_content,
                cluster=cluster,
            )

    try:
        report = asyncio.run(work())
    except (asyncio.CancelledError, KeyboardInterrupt):
        display.say(f"stopped: every row is kept in {kept.parts}; run the same command again to go on")
        return 130
    except RunError as error:
        kept_where = f"Nothing is lost: every row is kept in {kept.parts}, and the same command goes on from there."
        raise RunError(f"{error}\n{kept_where}") from error
    display.finish(report)
    if report.output is None and (interrupted or rank is None):
        return 130 if interrupted else 1
    # A launcher takes any other code than 0 for a crash and kills the other ranks.
    return 3 if report.failed and rank is None else 0


def joined(rank: Rank | None) -> Rank | None:
    """The rank, which from here on sees its own GPU alone."""
    if rank is not None:
        from framescribe.runners.ranks import pin

        pin(rank)
    return rank


def _recipe(**parts: Any) -> Recipe:
    from pydantic import ValidationError

    from framescribe.run.recipe import Recipe

    try:
        return Recipe(**parts)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def _frame_model(options: FrameModelOptions, engine: EngineOptions, say: Say, cluster: Cluster | None) -> ModelChoice:
    return chosen(engine.choice(options.model, options.base_url), say, cluster)


def _summary_model(options: SummaryModelOptions, frame: ModelChoice, engine: EngineOptions, say: Say) -> ModelChoice:
    """The same model and server as the frames', unless the user names others."""
    from framescribe.engines.presets import summary_partner

    if options.summary_base_url:
        return chosen(replace(engine, engine=None).choice(options.summary_model, options.summary_base_url), say)
    model = options.summary_model
    if model is None:
        model = frame.model if frame.engine == "openai" else summary_partner(frame.model or "")
    return frame.model_copy(update={"model": model})


def chosen(choice: ModelChoice, say: Say, cluster: Cluster | None = None) -> ModelChoice:
    """The choice with a model: the only one that the server serves, or one that suits this machine; which is said."""
    if choice.model is not None:
        return choice
    if choice.engine == "openai":
        model = asyncio.run(_only_model(choice))
        say(f"model: {model} (the only one that the server serves)")
    elif cluster is not None:
        raise UserError(
            "--runner ray needs --model (or --base-url): what suits the cluster's machines is not known here"
        )
    else:
        from framescribe.engines.presets import default_image_model

        memory = _gpu_memory(choice.engine)
        model = default_image_model(memory, choice.engine)
        where = f"a GPU with {memory / 2**30:.0f} GB" if memory is not None else "no GPU here"
        say(f"model: {model} ({where}; --model or --base-url choose another)")
    return choice.model_copy(update={"model": model})


async def _only_model(choice: ModelChoice) -> str:
    from framescribe.engines.transport.openai_api import OpenAIEngine

    engine = OpenAIEngine(model=None, base_url=choice.base_urls or None, api_key_env=choice.api_key_env)
    try:
        await engine.open()
    finally:
        await engine.close()
    assert engine.model is not None
    return engine.model


def _gpu_memory(engine: str) -> int | None:
    """Bytes of the first GPU, or None without one; an engine with a server of its own needs no torch here."""
    if engine != "transformers":
        from framescribe.engines.servers.launch import gpu_memory

        return gpu_memory()
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("captioning in process (without --base-url)", "local") from error
    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else None


def _partner_of(rows: Iterable[Row]) -> str | None:
    """The summary model that goes with the model of the frames, where they were captioned in process."""
    from framescribe.engines.presets import summary_partner

    for row in rows:
        made = (row.provenance.get("stages") or {}).get("frames") or {}
        if made.get("engine") == "transformers" and made.get("model"):
            return summary_partner(made["model"])
    return None


def _prompt(value: str, kind: Kind, videos: Sequence[Video]) -> str:
    from framescribe.prompts import check, load

    text = load(value, kind)
    check(text, kind, sorted({column for video in videos for column in video.metadata}))
    return text


def _decoding(engine: EngineOptions, seed: int) -> Decoding:
    from framescribe.engines.base import Decoding

    return Decoding(max_tokens=engine.max_tokens, temperature=engine.temperature, top_p=engine.top_p, seed=seed)
