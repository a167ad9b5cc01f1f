"""Knows what becomes of pictures that are too large for a model's context: they are shown again, smaller. Knows no
question about them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from framescribe.errors import TooLong
from framescribe.frames.encode import halved
from framescribe.records import EncodedImage
from framescribe.strategies.base import SMALLER

if TYPE_CHECKING:
    import numpy as np

T = TypeVar("T")
Images = Sequence["np.ndarray | EncodedImage"]


async def fitting(
    images: Images, ask: Callable[[Images], Awaitable[T]], times: int = SMALLER
) -> tuple[T, tuple[str, ...]]:
    """What `ask` makes of these pictures, and flags. While it raises TooLong, it gets them again with their sides
    halved, so many times at most; then that is raised."""
    try:
        return await ask(images), ()
    except TooLong:
        if not times:
            raise
    smaller = await asyncio.to_thread(lambda: [halved(image) for image in images])
    made, _ = await fitting(smaller, ask, times - 1)
    return made, ("frame_shrunk",)
