"""Knows how the options of a command become a recipe; what they mean, and their defaults, is `framescribe.python`'s."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from framescribe.cli.engine_options import FOR_ENGINE, EngineOptions
from framescribe.cli.gate_options import GateOptions
from framescribe.cli.judge_options import JudgeOptions
from framescribe.cli.measure_options import MeasureOptions
from framescribe.cli.options import FrameModelOptions, SamplingOptions, SummaryModelOptions
from framescribe.cli.verify_options import VerifyOptions
from framescribe.cli.wish_options import WishOptions
from framescribe.errors import UserError
from framescribe.python.models import settled_model
from framescribe.python.recipe import Recipe, Say

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice
    from framescribe.records import Row, Video
    from framescribe.runs import recipe as full
    from framescribe.runs.runner import Runner


def asked(
    *groups: (
        SamplingOptions
        | FrameModelOptions
        | SummaryModelOptions
        | EngineOptions
        | WishOptions
        | GateOptions
        | MeasureOptions
        | VerifyOptions
        | JudgeOptions
    ),
) -> Recipe:
    """What these options ask for. UserError if a time is none."""
    values: dict[str, Any] = {"engine_arguments": FOR_ENGINE.get()}
    for group in groups:
        for one in fields(group):
            given = getattr(group, one.name)
            values[one.name] = given.value if isinstance(given, Enum) else given
    if "times" in values:
        values["times"] = _times(values["times"])
    return Recipe(**values)


def recipe_of(
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    summary: SummaryModelOptions,
    engine: EngineOptions,
    wishes: WishOptions,
    gate: GateOptions,
    videos: Sequence[Video],
    say: Say,
    runner: Runner,
    *,
    measures: MeasureOptions | None = None,
    only: Sequence[str] | None = None,
    verify: VerifyOptions = VerifyOptions(),  # noqa: B008
    alone: bool = False,
) -> full.Recipe:
    """The recipe of a run, as `Recipe.settled`."""
    recipe = asked(sampling, frame, summary, engine, wishes, gate, measures or MeasureOptions(), verify)
    return asyncio.run(recipe.settled(videos, say, elsewhere=runner.elsewhere, only=only, alone=alone))


def chosen(choice: ModelChoice, say: Say, runner: Runner | None = None) -> ModelChoice:
    """As `settled_model`, for a runner."""
    return asyncio.run(settled_model(choice, say, elsewhere=runner is not None and runner.elsewhere))


def made(**parts: Any) -> full.Recipe:
    """A recipe from these parts; UserError if one makes no sense."""
    from pydantic import ValidationError

    from framescribe.runs.recipe import Recipe

    try:
        return Recipe(**parts)
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def partner_of(rows: Iterable[Row]) -> str | None:
    """The summary model that goes with the frames' model, if they were captioned in process."""
    from framescribe.engines.presets import summary_partner

    for row in rows:
        frames = row.stages.get("frames") or {}
        if frames.get("engine") == "transformers" and frames.get("model"):
            return summary_partner(frames["model"])
    return None


def _times(text: str | None) -> tuple[float, ...]:
    from framescribe.frames.sampling import seconds

    return tuple(seconds(one) for one in text.split(",")) if text else ()
