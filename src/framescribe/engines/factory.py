"""Knows which engine a ModelChoice means and how to make it; opens none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framescribe import registry
from framescribe.engines.base import Engine, PromptSize
from framescribe.engines.choice import ModelChoice
from framescribe.engines.presets import route
from framescribe.errors import UserError
from framescribe.machine import cpus

MOST_PROCESSORS = 4  # processes of one server that prepare pictures: more would want for requests


def make_engine(choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Engine:
    """The engine for `choice`, not yet opened. UserError where the choice cannot be.

    `prompt`: the largest with pictures that it will be asked; None: it will see none. `beside` are the run's models,
    this one among them: those whose servers share GPUs get a part of the memory each.
    """
    kind = registry.load(registry.ENGINES, choice.engine, "engine")
    engine: Engine
    if choice.engine == "openai":
        engine = kind(
            model=choice.model,
            base_url=choice.base_urls or None,
            concurrency=choice.requests,
            timeout=choice.timeout,
            patience=choice.patience,
            api_key_env=choice.api_key_env,
        )
        return engine
    if choice.model is None:
        raise UserError(f"the engine {choice.engine!r} needs a model: give --model")
    found = route(choice.model, choice.engine)
    if choice.engine == "transformers":
        engine = kind(
            model=found.repository,
            revision=choice.revision,
            device=choice.device,
            dtype=choice.dtype,
            quantize=choice.quantize,
            max_batch=choice.batch_size,
            trust_remote_code=choice.trust_remote_code,
        )
        return engine
    return _served(choice, found.repository, found.arguments, prompt, beside, logs)


def _served(
    choice: ModelChoice,
    repository: str,
    arguments: tuple[str, ...],
    prompt: PromptSize | None,
    beside: Sequence[ModelChoice],
    logs: Path,
) -> Engine:
    from framescribe.engines.servers import launch
    from framescribe.engines.servers.program import Server
    from framescribe.engines.servers.served import ServedEngine

    if choice.quantize is not None:
        raise UserError(
            f"--quantize is for models in this process. Name a quantized repository, or {choice.engine}'s own option "
            "behind --"
        )
    serving = choice.serving
    gpus = list(serving.gpus) or launch.visible_gpus()
    replicas = 1 if choice.engine == "ollama" else serving.replicas
    shared = launch.shares(gpus, serving.tensor_parallel, replicas)
    others = [other for other in beside if other.engine not in ("openai", "transformers")]
    name = repository if choice.engine == "ollama" else choice.model or repository
    server = Server(
        repository=repository,
        name=name,
        revision=choice.revision,
        dtype=choice.dtype,
        trust_remote_code=choice.trust_remote_code,
        prompt=prompt,
        tensor_parallel=serving.tensor_parallel,
        share=1 / max(1, len(others)) if gpus else 1.0,
        processors=max(1, min(MOST_PROCESSORS, cpus() // (2 * len(shared)))),
        arguments=(*arguments, *serving.arguments),
    )
    part = "" if len(others) < 2 else f"-{others.index(choice) + 1}"
    return ServedEngine(
        choice.engine,
        server,
        executable=launch.executable(choice.engine, serving.command),
        gpus=shared,
        logs=logs / f"{choice.engine}{part}",
        requests=choice.requests,
        timeout=choice.timeout,
        patience=choice.patience,
    )
