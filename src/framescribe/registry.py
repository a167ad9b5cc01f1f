"""Knows the names that a user may write and the class behind each, imported on use; knows nothing of what they do."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from typing import Any

from framescribe.errors import UserError

ENGINES = {
    "transformers": "framescribe.engines.in_process.engine:TransformersEngine",
    "openai": "framescribe.engines.transport.openai_api:OpenAIEngine",
    "vllm": "framescribe.engines.servers.served:ServedEngine",
    "sglang": "framescribe.engines.servers.served:ServedEngine",
    "lmdeploy": "framescribe.engines.servers.served:ServedEngine",
    "llama-cpp": "framescribe.engines.servers.served:ServedEngine",
    "ollama": "framescribe.engines.servers.served:ServedEngine",
}


def load(table: dict[str, str], name: str, what: str) -> Any:
    """The class behind `name`; UserError with the nearest names where there is none."""
    if name not in table:
        raise UserError(f"no {what} is called {name!r}. {suggest(name, table)}")
    module, _, attribute = table[name].partition(":")
    return getattr(importlib.import_module(module), attribute)


def suggest(name: str, known: Iterable[str]) -> str:
    """ "Did you mean …?" where something is near, else the list of what there is."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"There is: {', '.join(names)}."
