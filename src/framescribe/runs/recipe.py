"""Knows everything that a run needs and which of it changes results; runs nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framescribe import registry
from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import with_name
from framescribe.frames.sampling import Sampling
from framescribe.prompts import columns_in
from framescribe.runs import former
from framescribe.strategies.base import Stage, StageWanted, Strategy


class StageChoice(BaseModel):
    """Which model is asked at one stage, and what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelChoice
    prompt: str
    decoding: Decoding = Decoding()


class Recipe(BaseModel):
    """Everything that a run needs: a strategy, and a choice for each of its stages that is to run.

    Stages left out are not wanted, or their results exist already. `decode_seconds`: for one video; None: by the file's
    size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = "frames-then-summary"
    sampling: Sampling = Sampling()
    max_pixels: int | None = Field(default=1024 * 1024, ge=1024)
    stages: Mapping[str, StageChoice]
    decoders: int | None = Field(default=None, ge=1)
    decode_seconds: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _fits_its_strategy(self) -> Recipe:
        known = [stage.name for stage in self.way.stages]
        unknown = [name for name in self.stages if name not in known]
        if unknown or not self.stages:
            named = f"has no stage {unknown[0]!r}" if unknown else "needs a model for a stage"
            raise ValueError(f"the strategy {self.strategy} {named}: its stages are {', '.join(known)}")
        return self

    @property
    def way(self) -> type[Strategy]:
        """The strategy itself. UserError if there is none of that name."""
        found: type[Strategy] = registry.load("strategies", self.strategy)
        return found

    @property
    def steps(self) -> tuple[Stage, ...]:
        """The stages that are to run, in their order."""
        return tuple(stage for stage in self.way.stages if stage.name in self.stages)

    @property
    def sees(self) -> bool:
        """Whether videos are decoded."""
        return any(stage.sees for stage in self.steps)

    @property
    def choices(self) -> list[ModelChoice]:
        """The models, each once."""
        return list(dict.fromkeys(choice.model for choice in self.stages.values()))

    async def with_names(self) -> Recipe:
        """The recipe, with the names of the servers' models where it names none. UserError as in `with_name`."""
        named = {choice: await with_name(choice) for choice in self.choices}
        stages = {name: own.model_copy(update={"model": named[own.model]}) for name, own in self.stages.items()}
        return self.model_copy(update={"stages": stages})

    def ingredients(self, stage: str) -> dict[str, Any]:
        """What the stage's result depends on, as plain JSON, without defaults that may be added later. KeyError if the
        recipe does not run that stage."""
        choice, step = self.stages[stage], self.way.stage(stage)
        return {
            "strategy": self.strategy,
            "stage": stage,
            "prompt": choice.prompt,
            "decoding": drawn(choice.decoding),
            **({"sampling": self.sampling.ingredients, "max_pixels": self.max_pixels} if step.sees else {}),
            **choice.model.ingredients(),
            **step.ingredients(choice.model),
        }

    def made_by(self, stage: str) -> dict[str, Any]:
        """What a row's provenance says about a stage: engine, model, prompt (as a hash) and decoding."""
        choice = self.stages[stage]
        return {
            **self.way.stage(stage).ingredients(choice.model),
            "engine": choice.model.engine,
            "model": choice.model.model,
            "prompt_sha256": hashlib.sha256(choice.prompt.encode()).hexdigest()[:16],
            "decoding": drawn(choice.decoding),
        }

    def wanted(self) -> tuple[StageWanted, ...]:
        """What a row must match, stage by stage, for this recipe to leave it as it is."""
        return tuple(
            StageWanted(
                name=step.name,
                after=step.after,
                sees=step.sees,
                recipe=digest(self.ingredients(step.name)),
                columns=columns_in(self.stages[step.name].prompt, step.prompt),
                by_id=step.sees and self.sampling.method == "random",
                former=former.fingerprint(
                    self.strategy,
                    step.name,
                    **dict(self.stages[step.name]),
                    sampling=self.sampling,
                    max_pixels=self.max_pixels,
                ),
            )
            for step in self.steps
        )

    def fingerprints(self) -> dict[str, str]:
        """A short text per stage, equal if the stage would give the same result."""
        return {wanted.name: wanted.recipe for wanted in self.wanted()}


def drawn(decoding: Decoding) -> dict[str, Any]:
    """The decoding settings that make a difference: greedy answers are not sampled."""
    greedy = decoding.temperature == 0
    return {"max_tokens": decoding.max_tokens} | (
        {} if greedy else {"temperature": decoding.temperature, "top_p": decoding.top_p, "seed": decoding.seed}
    )


def digest(value: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits, equal for equal JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
