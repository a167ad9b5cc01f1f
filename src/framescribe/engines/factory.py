"""Knows how to make the engine that a ModelChoice names; opens none, and knows no single engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framescribe import registry
from framescribe.engines.base import Engine
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize


def make_engine(choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Engine:
    """The engine for `choice`, built in or from a plug-in, not yet opened. UserError if it cannot run what was chosen.

    `prompt` is the largest prompt with pictures that it will get; None means that there will be no pictures. `beside`
    are all models of the run, including this one. An engine that writes logs puts them into the folder `logs`.
    """
    engine: Engine = registry.load("engines", choice.engine).made(choice, prompt=prompt, beside=beside, logs=logs)
    return engine


async def with_name(choice: ModelChoice) -> ModelChoice:
    """The choice with the name of the model that its servers serve, where it names none. UserError where they serve
    several, or none can be reached."""
    if choice.model is not None or choice.engine != "openai":
        return choice
    engine = make_engine(choice, prompt=None, beside=[choice], logs=Path())
    try:
        await engine.open()
        return choice.model_copy(update={"model": engine.model})
    finally:
        await engine.close()
