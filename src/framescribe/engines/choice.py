"""Knows which model a user chose, where and how it is to run, and what of that changes captions; loads no model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from framescribe import registry
from framescribe.engines import arguments, weights
from framescribe.engines.presets import identity, route, thinks
from framescribe.engines.routes import CHECKED
from framescribe.engines.servers.launch import PROGRAMS
from framescribe.engines.servers.program import Program
from framescribe.engines.thinking_switch import Thinking
from framescribe.errors import UserError


class Serving(BaseModel):
    """How framescribe starts an engine's servers. Empty `gpus` means all GPUs, `replicas` None one server per GPU.

    `command` starts the engine's program if it is not on the PATH; `arguments` are passed to it unchanged.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: str | None = None
    gpus: tuple[str, ...] = ()
    replicas: int | None = Field(default=None, ge=1)
    tensor_parallel: int = Field(default=1, ge=1)
    arguments: tuple[str, ...] = ()


class ModelChoice(BaseModel):
    """Which model, and where and how it runs. `model` None means the only one that the servers serve.

    The engine "transformers" runs it in this process, "openai" uses the servers at `base_urls`, and any other engine's
    server is started as `serving` says. `requests` None means as many at a time as each server can handle. `timeout`
    (of one try) and `patience` (without any server) are in seconds. `thinking` None means what is best for captions:
    off on a model in this process or on a server that is started, if the model has a switch; otherwise as the server
    does it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    engine: str = "transformers"
    model: str | None = None
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    quantize: Literal["int8", "int4"] | None = None
    trust_remote_code: bool = False
    thinking: Thinking | None = None
    batch_size: int | None = Field(default=None, ge=1)
    base_urls: tuple[str, ...] = ()
    api_key_env: str = "OPENAI_API_KEY"
    requests: int | None = Field(default=None, ge=1)
    timeout: float = Field(default=600, gt=0)
    patience: float = Field(default=60, ge=0)
    serving: Serving = Serving()

    def ingredients(self) -> dict[str, Any]:
        """What changes captions, as plain JSON without defaults: the weights really used, their precision, and those of
        the engine's own arguments that matter. Where and how fast the model runs makes no difference.

        Folders and files count by content, wherever they are; a short name stands for the repository that this engine
        loads. Nothing is known of the inside of a running server: with the engine "openai" only the model's name
        counts, and `model` None gives an empty result. UserError if the engine cannot run the model or a file cannot be
        read.
        """
        if self.engine not in registry.BUILT_IN["engines"] and self.engine in registry.names("engines"):
            plug_in = registry.load("engines", self.engine)
            if hasattr(plug_in, "ingredients"):
                refined: dict[str, Any] = plug_in.ingredients(self)
                return refined
        return self.default_ingredients()

    def default_ingredients(self) -> dict[str, Any]:
        """The ingredients of an engine whose class has no `ingredients` of its own."""
        thinking = {} if self.thinking in (None, self.usual_thinking) else {"thinking": self.thinking}
        if self.engine == "openai":
            return thinking if self.model is None else {"model": self.model, **thinking}
        program = PROGRAMS.get(self.engine)
        loaded = route(self.model or "", self.engine)
        files = _files(loaded.repository, program)
        found: dict[str, Any] = {role: weights.content(path) for role, path in files.items()}
        if not files and loaded.repository:
            found = {"model": loaded.repository}
        found |= thinking
        given = (*loaded.arguments, *self.serving.arguments)
        matter = arguments.what_matters(given, program.inert if program is not None else ())
        # Some of framescribe's options may also be given to the engine itself.
        trusted = "trust-remote-code" in matter or self.trust_remote_code
        dtype = (matter.pop("dtype", None) or [self.dtype])[-1]
        revision = (matter.pop("revision", None) or [self.revision])[-1]
        matter.pop("trust-remote-code", None)
        optional: tuple[tuple[str, Any, Any], ...] = (
            ("revision", revision, revision if files else None),  # files on disk have none
            ("dtype", dtype, "auto"),
            ("quantize", self.quantize, None),
            ("trust_remote_code", trusted, False),
            ("arguments", matter, {}),
        )
        return found | {name: value for name, value, default in optional if value != default}

    @property
    def usual_thinking(self) -> Thinking | None:
        """What `thinking` None comes to; None if the server decides."""
        if self.engine not in CHECKED:
            return None
        return "on" if thinks(self.model) == "always" else "off"

    def settled_thinking(self) -> Thinking:
        """Whether the model thinks where framescribe decides. UserError if it always does and is told not to."""
        if self.thinking == "off" and self.usual_thinking == "on":
            raise UserError(f"{self.model} always thinks before it answers: leave out --thinking off")
        return self.thinking or self.usual_thinking or "off"

    def with_model(self, model: str | None) -> ModelChoice:
        """The same, with another model: a revision is one of the model's own repository."""
        same = route(model or "", self.engine) == route(self.model or "", self.engine)
        return self.model_copy(update={"model": model, "revision": self.revision if same else None})

    def what_matters(self) -> dict[str, Any]:
        """What changes captions: the weights and their precision, not where they run.

        A server's model is known by its name alone: what a server does inside cannot be seen from here.
        """
        if self.engine == "openai":
            return {"model": self.model}
        model = {"model": identity(self.model or "", self.revision), "dtype": self.dtype, "quantize": self.quantize}
        return model | ({"arguments": list(self.serving.arguments)} if self.serving.arguments else {})


def _files(loaded: str, program: Program | None) -> dict[str, Path]:
    """The files or folder on this machine that an engine loads, by role; nothing if the model is only a name."""
    path = Path(os.path.expanduser(loaded))
    if not loaded or not os.path.exists(path) or (program is not None and program.library):
        return {}
    return program.files(path) if program is not None and path.is_file() else {"model": path}
