"""Knows all that a run needs and what of it changes results; runs nothing."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from framescribe.engines.base import Decoding
from framescribe.engines.presets import frames_as_video, identity
from framescribe.frames.sampling import Sampling

Part = Literal["frames", "summary"]
PARTS: tuple[Part, ...] = ("frames", "summary")
Strategy = Literal["frames-then-summary", "whole-clip"]


class Serving(BaseModel):
    """How framescribe starts an engine's servers. `gpus` empty: all there are, `replicas` None: one on each.

    `command` is what starts the engine's program where it is not on the PATH; `arguments` go to it as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str | None = None
    gpus: tuple[str, ...] = ()
    replicas: int | None = Field(default=None, ge=1)
    tensor_parallel: int = Field(default=1, ge=1)
    arguments: tuple[str, ...] = ()


class ModelChoice(BaseModel):
    """Which model, and where and how it runs. `model` None means: the only one that the servers serve.

    `engine` "transformers" runs it in this process, "openai" asks the servers at `base_urls`, any other engine's
    server is started as `serving` says. `requests` None: as many at once as each server takes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = "transformers"
    model: str | None = None
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    quantize: Literal["int8", "int4"] | None = None
    trust_remote_code: bool = False
    batch_size: int | None = Field(default=None, ge=1)
    base_urls: tuple[str, ...] = ()
    api_key_env: str = "OPENAI_API_KEY"
    requests: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=600, gt=0)
    patience: float = Field(default=60, ge=0)
    serving: Serving = Serving()

    def what_matters(self) -> dict[str, Any]:
        """What changes captions: the weights and their precision, not where they run.

        A server's model is known by its name alone: what a server does inside cannot be seen from here.
        """
        if self.engine == "openai":
            return {"model": self.model}
        weights = {"model": identity(self.model or "", self.revision), "dtype": self.dtype, "quantize": self.quantize}
        return weights | ({"arguments": list(self.serving.arguments)} if self.serving.arguments else {})


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
