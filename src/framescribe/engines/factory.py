"""Knows how to make the engine that a ModelChoice names; opens none, and knows no single engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framescribe import registry
from framescribe.engines.base import Engine, PromptSize
from framescribe.engines.choice import ModelChoice


def make_engine(choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Engine:
    """The engine for `choice`, not yet opened: built in, or of a plug-in. UserError where the choice cannot be.

    `prompt` is the largest prompt with pictures that it will be asked; None: it will see none. `beside` are the run's
    models, this one among them. An engine that writes logs puts them into the folder `logs`.
    """
    engine: Engine = registry.load("engines", choice.engine).made(choice, prompt=prompt, beside=beside, logs=logs)
    return engine
