"""Knows what the in-process engine does batch by batch, by reaching into it; knows no setting and no table."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from framescribe.engines.base import Reply


@dataclass(slots=True)
class Batch:
    """One call of the model: seconds on one clock, and what it did in them. `preparing`: seconds in which its pictures
    became tensors before it began, mostly while the model was still working on the previous batch."""

    begun: float
    preparing: float
    patches: int = 0
    ended: float = 0.0
    replies: list[Reply] = field(default_factory=list)


@contextmanager
def watched(engine: Any) -> Iterator[list[Batch]]:
    """The batches that the engine answers, in order. For a batch that failed only its halves are in the list."""
    import torch

    batches: list[Batch] = []
    current = [Batch(0.0, 0.0)]
    prepared: dict[Any, float] = {}  # by a batch's first job
    generate, encode = engine._generate, engine._encode

    def timed_generate(jobs: list[Any], inputs: Any) -> Any:
        if not batches:
            # Otherwise an earlier setting's graphs stay in memory, and its shapes count towards the compilation limit.
            # In this thread, because graphs belong to the thread that made them.
            torch.compiler.reset()
        current[0] = batch = Batch(time.monotonic(), prepared.pop(jobs[0]))
        replies = list(generate(jobs, inputs))
        batch.replies = [reply for reply in replies if isinstance(reply, Reply)]
        batch.ended = time.monotonic()
        batches.append(batch)
        return replies

    def timed_encode(jobs: list[Any]) -> Any:
        begun = time.monotonic()
        inputs = encode(jobs)
        prepared[jobs[0]] = time.monotonic() - begun
        return inputs

    def count(tower: Any, given: tuple[Any, ...], named: dict[str, Any]) -> None:
        # Tiles of a picture [tiles, 3, height, width], or rows of patches.
        seen = next(value for value in (*given, *named.values()) if hasattr(value, "shape"))
        tiled = seen.dim() == 4
        each = math.prod(seen.shape[2:]) // tower.config.patch_size**2 + 1 if tiled else 1  # including the class token
        current[0].patches += len(seen) * each

    inside = engine._network.model
    sees = inside.vision_tower if hasattr(inside, "vision_tower") else inside.visual
    hook = sees.register_forward_pre_hook(count, with_kwargs=True)
    engine._generate, engine._encode = timed_generate, timed_encode
    try:
        yield batches
    finally:
        del engine._generate, engine._encode
        hook.remove()
