"""Knows which model is taken if the user names none: the server's only one, or one that suits this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from framescribe.errors import MissingExtra, UserError

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice


async def settled_model(choice: ModelChoice, say: Callable[[str], None], *, elsewhere: bool = False) -> ModelChoice:
    """The choice with a model: the server's only one, or one that suits this machine; either is reported. UserError if
    models run `elsewhere` and none is named."""
    if choice.model is not None:
        return choice
    if choice.engine == "openai":
        from framescribe.engines.factory import with_name

        choice = await with_name(choice)
        say(f"model: {choice.model} (the only one that the server serves)")
        return choice
    if elsewhere:
        raise UserError(
            "--runner ray needs --model (or --base-url): which model suits the cluster's machines is not known here"
        )
    from framescribe.engines.presets import default_image_model

    memory = _gpu_memory(choice.engine)
    model = default_image_model(memory, choice.engine)
    where = f"a GPU with {memory / 2**30:.0f} GB" if memory is not None else "no GPU here"
    say(f"model: {model} ({where}; --model or --base-url choose another)")
    return choice.model_copy(update={"model": model})


def _gpu_memory(engine: str) -> int | None:
    """Bytes of the first GPU, or None without one; an engine with a server of its own needs no torch here."""
    if engine != "transformers":
        from framescribe.engines.servers.launch import gpu_memory

        return gpu_memory()
    try:
        import torch
    except ImportError as error:
        raise MissingExtra("captioning in process (without --base-url)", "local") from error
    return int(torch.cuda.get_device_properties(0).total_memory) if torch.cuda.is_available() else None
