"""Knows everything that a run needs and which of it changes results; runs nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import with_name
from framescribe.frames.sampling import Sampling
from framescribe.prompts import columns_in
from framescribe.prompts.wishes import Wishes
from framescribe.runs import former, measured
from framescribe.runs.gate import GateChoice
from framescribe.strategies.asking import Gate
from framescribe.strategies.base import CAPTION, Stage, StageWanted
from framescribe.strategies.lengths import Length
from framescribe.strategies.verify import Which
from framescribe.strategies.ways import Way, way_of


class StageChoice(BaseModel):
    """Which model is asked at one stage, and what: a prompt, and wishes that are put behind it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: ModelChoice
    prompt: str
    wishes: Wishes = Wishes()
    decoding: Decoding = Decoding()

    @property
    def asked(self) -> str:
        """The prompt with the wishes."""
        return self.wishes.behind(self.prompt)


class Recipe(BaseModel):
    """Everything that a run needs: a strategy, and a choice for each of its stages that is to run.

    Stages left out are not wanted, or their results exist already. `segment`: how long the parts of a video are that
    are captioned as if each were one, in seconds, or "shots"; None: it is not divided. `lengths`: those in which
    captions are wanted besides. `decode_seconds`: for one video; None: by the file's size. `gate`: how texts are
    checked, which makes no row a different one; None: they stand as they come. `measures`: what is measured in the
    videos, and told to the models of some stages, which makes no row a different one either. `keep`: the condition that
    a video must meet to be captioned (`measures.expression`). `verify`: which captions are verified; `alone`: those of
    rows that are there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: str = "frames-then-summary"
    sampling: Sampling = Sampling()
    segment: Annotated[float, Field(gt=0)] | Literal["shots"] | None = None
    max_pixels: int | None = Field(default=1024 * 1024, ge=1024)
    stages: Mapping[str, StageChoice]
    decoders: int | None = Field(default=None, ge=1)
    decode_seconds: float | None = Field(default=None, gt=0)
    gate: GateChoice | None = None
    lengths: tuple[Length, ...] = ()
    measures: tuple[str, ...] = ()
    keep: str | None = None
    verify: Which | None = None
    alone: bool = False

    @model_validator(mode="after")
    def _fits_its_strategy(self) -> Recipe:
        known = [stage.name for stage in self.way.stages]
        unknown = [name for name in self.stages if name not in known]
        if unknown or not self.stages:
            named = f"has no stage {unknown[0]!r}" if unknown else "needs a model for a stage"
            raise ValueError(f"the strategy {self.strategy} {named}: its stages are {', '.join(known)}")
        return self

    @property
    def way(self) -> Way:
        """The stages that the strategy has in this run. UserError if there is none of that name."""
        return way_of(self.strategy, segment=self.segment, lengths=self.lengths, verify=self.verify, alone=self.alone)

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
        models = [choice.model for choice in self.stages.values()]
        return list(dict.fromkeys(models if self.second is None else [*models, self.second]))

    @property
    def second(self) -> ModelChoice | None:
        """The model that is asked when another one cannot do it."""
        return self.gate.second if self.gate is not None and self.gate.mode == "mend" else None

    def gate_of(self, step: Stage) -> Gate | None:
        """How the texts of a stage that is to run are judged."""
        if self.gate is None:
            return None
        own, limits = self.stages[step.name], self.way.limits_of(step)
        if self.gate.tokens is not None and step.name in self.way.writers[-1:]:
            limits = {CAPTION: self.gate.tokens, **limits}
        return self.gate.of(own.prompt, step.prompt, own.wishes, limits)

    async def with_names(self) -> Recipe:
        """The recipe, with the names of the servers' models where it names none. UserError as in `with_name`."""
        named = {choice: await with_name(choice) for choice in self.choices}
        stages = {name: own.model_copy(update={"model": named[own.model]}) for name, own in self.stages.items()}
        gate = self.gate
        if gate is not None and self.second is not None:
            gate = gate.model_copy(update={"second": named[self.second]})
        return self.model_copy(update={"stages": stages, "gate": gate})

    def ingredients(self, stage: str) -> dict[str, Any]:
        """What the stage's result depends on, as plain JSON, without defaults that may be added later. KeyError if the
        recipe does not run that stage."""
        choice, step = self.stages[stage], self.way.stage(stage)
        return {
            "strategy": self.strategy,
            "stage": stage,
            "prompt": choice.asked,
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
            "prompt_sha256": hashlib.sha256(choice.asked.encode()).hexdigest()[:16],
            "decoding": drawn(choice.decoding),
        }

    def wanted(self) -> tuple[StageWanted, ...]:
        """What a row must match, stage by stage, for this recipe to leave it as it is."""
        stages = tuple(
            StageWanted(
                name=step.name,
                after=step.after,
                sees=step.sees and not step.adds,
                recipe=digest(self.ingredients(step.name)),
                columns=(*columns_in(self.stages[step.name].asked, step.prompt), *step.columns),
                by_id=step.sees and self.sampling.method == "random",
                from_caption=step.from_caption,
                adds=step.adds,
                former=former.fingerprint(
                    self.strategy,
                    step.name,
                    model=self.stages[step.name].model,
                    prompt=self.stages[step.name].asked,
                    decoding=self.stages[step.name].decoding,
                    sampling=self.sampling,
                    max_pixels=self.max_pixels,
                ),
            )
            for step in self.steps
        )
        return (measured.wanted(self.measures, self.keep), *stages) if self.measures or self.keep else stages

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
