"""Knows which model a user chose, and where and how it is to run; makes no engine and loads nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from framescribe import registry
from framescribe.engines import arguments, weights
from framescribe.engines.presets import identity, route
from framescribe.engines.servers.launch import PROGRAMS
from framescribe.engines.servers.program import Program


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

    def ingredients(self) -> dict[str, Any]:
        """What changes captions, as plain JSON without defaults: the weights that are really used, their precision, and
        those of the engine's own arguments that matter. Where and how fast it runs is not part of it.

        A folder or file counts by content, wherever it lies; a short name stands for the repository that this engine
        loads. What a server does inside cannot be seen from here: with the engine "openai" the model's name is all, and
        without a name there is nothing. UserError where the engine cannot run the model, or a file cannot be read.
        """
        if self.engine not in registry.BUILT_IN["engines"] and self.engine in registry.names("engines"):
            plug_in = registry.load("engines", self.engine)
            if hasattr(plug_in, "ingredients"):
                refined: dict[str, Any] = plug_in.ingredients(self)
                return refined
        return self.default_ingredients()

    def default_ingredients(self) -> dict[str, Any]:
        """What `ingredients` are where the engine's own class does not say otherwise."""
        if self.engine == "openai":
            return {} if self.model is None else {"model": self.model}
        program = PROGRAMS.get(self.engine)
        loaded = route(self.model or "", self.engine)
        files = _files(loaded.repository, program)
        found: dict[str, Any] = {role: weights.content(path) for role, path in files.items()}
        if not files and loaded.repository:
            found = {"model": loaded.repository}
        given = (*loaded.arguments, *self.serving.arguments)
        matter = arguments.what_matters(given, program.inert if program is not None else ())
        # What framescribe has an option for may be given to the engine itself as well.
        trusted = "trust-remote-code" in matter or self.trust_remote_code
        dtype = (matter.pop("dtype", None) or [self.dtype])[-1]
        revision = (matter.pop("revision", None) or [self.revision])[-1]
        matter.pop("trust-remote-code", None)
        optional: tuple[tuple[str, Any, Any], ...] = (
            ("revision", revision, None if not files else revision),  # a folder has none
            ("dtype", dtype, "auto"),
            ("quantize", self.quantize, None),
            ("trust_remote_code", trusted, False),
            ("arguments", matter, {}),
        )
        return found | {name: value for name, value, default in optional if value != default}

    def what_matters(self) -> dict[str, Any]:
        """What changes captions: the weights and their precision, not where they run.

        A server's model is known by its name alone: what a server does inside cannot be seen from here.
        """
        if self.engine == "openai":
            return {"model": self.model}
        model = {"model": identity(self.model or "", self.revision), "dtype": self.dtype, "quantize": self.quantize}
        return model | ({"arguments": list(self.serving.arguments)} if self.serving.arguments else {})


def _files(loaded: str, program: Program | None) -> dict[str, Path]:
    """What lies here of that which an engine loads, by its role; nothing where it is a name."""
    path = Path(loaded).expanduser()
    if not loaded or not os.path.exists(path) or (program is not None and not program.reads_paths):
        return {}
    return program.files(path) if program is not None and path.is_file() else {"model": path}
