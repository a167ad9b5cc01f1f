"""Knows what describes a model with a short name, and what an engine loads for it; knows no model, loads nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["image", "image+video", "text"]
Thinks = Literal["always", "if asked"]  # before it answers

# The engines that load models by repository, in the order in which routes are offered, and the versions checked.
CHECKED = {
    "transformers": "5.23.0",
    "vllm": "0.33.0",
    "sglang": "0.5.23",
    "lmdeploy": "0.18.0",
    "llama-cpp": None,
    "ollama": None,
}
HUB = ("transformers", "vllm", "sglang", "lmdeploy")


@dataclass(frozen=True, slots=True)
class Route:
    """What an engine loads (a repository id, a folder, an Ollama tag), and the arguments of its own that this needs."""

    repository: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A model that can be called by a short name.

    `parameters` is in billions. `pixels` is the most pixels of a frame that reach the model, because its own processor
    shrinks larger frames; None means that it accepts any size and uses more tokens. `lacks` says why an engine has no
    route, if the reason is not a missing architecture. `instead` names a preset with a route wherever this one has
    none; `otherwise` describes a way outside these engines. `thinks`: whether it thinks before it answers, None if it
    never does. `context`: the most tokens that it was made for, where a server would set more aside. A built-in model's
    routes lead to its folder.
    """

    name: str
    kind: Kind
    architecture: str
    parameters: float
    licence: str
    note: str
    routes: Mapping[str, Route] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    instead: str = "qwen3-vl-8b"
    otherwise: str | None = None
    pixels: int | None = None
    summary: str | None = None
    thinks: Thinks | None = None
    context: int | None = None
    builtin: bool = False

    @property
    def memory(self) -> int:
        """GB of GPU memory in BF16: two bytes per parameter, plus a fifth. Derived, not measured."""
        return max(1, round(self.parameters * 2 * 1.2))


def hub(repository: str, *engines: str, **others: str | Route) -> dict[str, Route]:
    """Routes to one repository on these engines (by default all of `HUB`), and to others on other engines."""
    routes = {engine: Route(repository) for engine in engines or HUB}
    for engine, other in others.items():
        routes[engine.replace("_", "-")] = other if isinstance(other, Route) else Route(other)
    return {engine: routes[engine] for engine in CHECKED if engine in routes}
