"""Knows how to make the engine that a ModelChoice names; opens none, and knows no single engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framescribe import registry
from framescribe.engines.base import Engine, PromptSize
from framescribe.engines.choice import ModelChoice


def make_engine(choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Engine:
    """The engine for `choice`, built in or from a plug-in, not yet opened. UserError if it cannot run what was chosen.

    `prompt` is the largest prompt with pictures that it will get; None means that there will be no pictures. `beside`
    are all models of the run, including this one. An engine that writes logs puts them into the folder `logs`.
    """
    engine: Engine = registry.load("engines", choice.engine).made(choice, prompt=prompt, beside=beside, logs=logs)
    return engine
