"""Knows how the options of a command become a recipe: which models, which prompts, which frames; runs nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.options import FrameModelOptions, SamplingOptions, Say, SummaryModelOptions
from framescribe.errors import MissingExtra, UserError

if TYPE_CHECKING:
    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice
    from framescribe.prompts import Kind
    from framescribe.records import Row, Video
    from framescribe.run.recipe import Recipe
    from framescribe.run.runner import Runner
    from framescribe.strategies.base import Strategy


def recipe_of(
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    summary: SummaryModelOptions,
    engine: EngineOptions,
    videos: Sequence[Video],
    say: Say,
    runner: Runner,
    *,
    only: Sequence[str] | None = None,
) -> Recipe:
    """The recipe of all stages of the strategy, or of `only` these: --model and --prompt are for the stages that see,
    --summary-model and --summary-prompt for the others. UserError if options contradict each other."""
    strategy = strategy_of(summary.strategy)
    steps = [step for step in strategy.stages if only is None or step.name in only]
    if all(step.sees for step in steps) and summary != SummaryModelOptions(strategy=summary.strategy):
        raise UserError(f"--strategy {summary.strategy} writes no summary: leave --summary-model and the like out")
    seeing = chosen(engine.choice(frame.model, frame.base_url), say, runner)
    writing = _summary_model(summary, seeing, engine, say) if not all(step.sees for step in steps) else seeing
    decoding = decoding_of(engine, sampling.seed)
    return made(
        strategy=summary.strategy,
        sampling=sampling.sampling(strategy),
        max_pixels=sampling.pixels(strategy),
        decoders=sampling.decoders,
        decode_seconds=sampling.decode_timeout,
        stages={
            step.name: {
                "model": seeing if step.sees else writing,
                "prompt": prompt(frame.prompt if step.sees else summary.summary_prompt, step.prompt, videos, say),
                "decoding": decoding,
            }
            for step in steps
        },
    )


def strategy_of(name: str) -> type[Strategy]:
    """The strategy of this name. UserError if there is none."""
    from framescribe import registry

    found: type[Strategy] = registry.load("strategies", name)
    return found


def made(**parts: Any) -> Recipe:
    """A recipe from these parts; UserError if one makes no sense."""
    from pydantic import ValidationError

    from framescribe.run.recipe import Recipe

    try:
        return Recipe(**parts)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def _summary_model(options: SummaryModelOptions, frame: ModelChoice, engine: EngineOptions, say: Say) -> ModelChoice:
    """The same model and server as the frames', unless the user names others."""
    from framescribe.engines.presets import summary_partner

    thinking = options.summary_thinking or engine.thinking
    if options.summary_base_url:
        key = options.summary_api_key_env or _shared_key(options.summary_base_url, frame, engine, say)
        own = replace(engine, thinking=thinking, api_key_env=key)
        return chosen(own.choice(options.summary_model, options.summary_base_url, beside=True), say)
    if options.summary_api_key_env is not None:
        raise UserError("--summary-api-key-env is the key for --summary-base-url, which is missing")
    model = options.summary_model
    if model is None:
        model = frame.model if frame.engine == "openai" else summary_partner(frame.model or "")
    return frame.with_model(model).model_copy(update={"thinking": thinking.value if thinking else None})


def _shared_key(urls: Sequence[str], frame: ModelChoice, engine: EngineOptions, say: Say) -> str:
    """The variable with the key for the summary's servers: that of --api-key-env, unless it is for the frames' servers
    and these are on other hosts; then none."""
    from framescribe.addresses import without_keys
    from framescribe.engines.redaction import hosts

    name = engine.api_key_env
    if frame.engine != "openai" or hosts(urls) <= hosts(frame.base_urls):
        return name
    if os.environ.get(name):
        say(
            f"{', '.join(map(without_keys, urls))} does not get the key in {name}, which is for another host: "
            "--summary-api-key-env names a key for it"
        )
    return ""


def chosen(choice: ModelChoice, say: Say, runner: Runner | None = None) -> ModelChoice:
    """The choice with a model: the server's only one, or one that suits this machine; either is reported."""
    if choice.model is not None:
        return choice
    if choice.engine == "openai":
        from framescribe.engines.factory import with_name

        choice = asyncio.run(with_name(choice))
        say(f"model: {choice.model} (the only one that the server serves)")
        return choice
    if runner is not None and runner.elsewhere:
        raise UserError(
            "--runner ray needs --model (or --base-url): which model suits the cluster's machines is not known here"
        )
    from framescribe.engines.presets import default_image_model

    memory = _gpu_memory(choice.engine)
    model = default_image_model(memory, choice.engine)
    where = f"a GPU with {memory / 2**30:.0f} GB" if memory is not None else "no GPU here"
    say(f"model: {model} ({where}; --model or --base-url choose another)")
    return choice.model_copy(update={"model": model})


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


def partner_of(rows: Iterable[Row]) -> str | None:
    """The summary model that goes with the frames' model, if they were captioned in process."""
    from framescribe.engines.presets import summary_partner

    for row in rows:
        frames = row.stages.get("frames") or {}
        if frames.get("engine") == "transformers" and frames.get("model"):
            return summary_partner(frames["model"])
    return None


def prompt(value: str, kind: Kind, videos: Sequence[Video], say: Say) -> str:
    """The prompt that `value` stands for. UserError if it names a column that no video has."""
    from framescribe.prompts import check, load

    text = load(value, kind)
    check(text, kind, sorted({column for video in videos for column in video.values}))
    if kind == "summary" and "{captions}" not in text:
        say("the summary prompt does not say {captions}: the frame captions follow it")
    return text


def decoding_of(engine: EngineOptions, seed: int) -> Decoding:
    """How answers are decoded."""
    from framescribe.engines.base import Decoding

    return Decoding(max_tokens=engine.max_tokens, temperature=engine.temperature, top_p=engine.top_p, seed=seed)
