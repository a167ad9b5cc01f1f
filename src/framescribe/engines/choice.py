"""Knows which model a user chose, and where and how it is to run; makes no engine and loads nothing."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from framescribe.engines.presets import identity


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
