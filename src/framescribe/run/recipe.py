"""Knows all that a run needs and what of it changes results; runs nothing."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import frames_as_video
from framescribe.frames.sampling import Sampling

Part = Literal["frames", "summary"]
PARTS: tuple[Part, ...] = ("frames", "summary")
Strategy = Literal["frames-then-summary", "whole-clip"]


class Recipe(BaseModel):
    """All that a run needs. `frame_model` None: frame captions are there; `summary_model` None: no summary wanted.

    `strategy` "whole-clip" asks the frame model once about all frames of a video; there is no summary then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Strategy = "frames-then-summary"
    sampling: Sampling = Sampling()
    max_pixels: int | None = Field(default=1024 * 1024, ge=1024)
    frame_model: ModelChoice | None = None
    frame_prompt: str = ""
    frame_decoding: Decoding = Decoding()
    summary_model: ModelChoice | None = None
    summary_prompt: str = ""
    summary_decoding: Decoding = Decoding()
    decoders: int | None = Field(default=None, ge=1)
    decode_seconds: float | None = Field(default=None, gt=0)  # for one video; None: by the file's size

    @model_validator(mode="after")
    def _has_a_stage(self) -> Recipe:
        if self.frame_model is None and self.summary_model is None:
            raise ValueError("a recipe needs a frame model, a summary model, or both")
        if self.strategy == "whole-clip" and (self.frame_model is None or self.summary_model is not None):
            raise ValueError("the strategy whole-clip needs a frame model and no summary model")
        return self

    @cached_property
    def as_video(self) -> bool:
        """Whether a clip's frames go to the model as one video."""
        choice = self.frame_model
        return self.strategy == "whole-clip" and choice is not None and frames_as_video(choice.model, choice.engine)

    def ingredients(self, part: Part) -> dict[str, Any] | None:
        """What a stage's result depends on, as plain JSON; None where the recipe does not run that stage."""
        if part == "frames":
            if self.frame_model is None:
                return None
            return {
                "sampling": self.model_dump(mode="json")["sampling"],
                "max_pixels": self.max_pixels,
                "prompt": self.frame_prompt,
                "decoding": _drawn(self.frame_decoding),
                **self.frame_model.what_matters(),
                # Beside the other strategy's rows, which were there first, this one's tell that they are others.
                **({"strategy": self.strategy, "as_video": self.as_video} if self.strategy == "whole-clip" else {}),
            }
        if self.summary_model is None:
            return None
        return {
            "prompt": self.summary_prompt,
            "decoding": _drawn(self.summary_decoding),
            **self.summary_model.what_matters(),
        }

    def made_by(self, part: Part) -> dict[str, Any]:
        """What a row's provenance says of a stage: engine, model, prompt (as a hash) and decoding."""
        choice = self.frame_model if part == "frames" else self.summary_model
        prompt = self.frame_prompt if part == "frames" else self.summary_prompt
        assert choice is not None
        whole = part == "frames" and self.strategy == "whole-clip"
        return {
            **({"strategy": self.strategy, "as_video": self.as_video} if whole else {}),
            "engine": choice.engine,
            "model": choice.model,
            "prompt_sha256": hashlib.sha256(prompt.encode()).hexdigest()[:16],
            "decoding": _drawn(self.frame_decoding if part == "frames" else self.summary_decoding),
        }

    def fingerprints(self) -> dict[str, str | None]:
        """A short text per stage, equal where the stage would give the same result."""
        return {part: _digest(self.ingredients(part)) for part in PARTS}


def _drawn(decoding: Decoding) -> dict[str, Any]:
    greedy = decoding.temperature == 0
    return {"max_tokens": decoding.max_tokens} | (
        {} if greedy else {"temperature": decoding.temperature, "top_p": decoding.top_p, "seed": decoding.seed}
    )


def _digest(value: dict[str, Any] | None) -> str | None:
    if value is None:
        return None
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
