"""Knows what a measure is: what it is shown of a video, and what it says about it. It measures nothing itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    import numpy as np


LONGER = 256
"""Pixels of a small picture's longer side."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One frame as a player shows it: turned, mirrored, and stretched where the pixels are not square.

    `index` counts in presentation order, from 0. `time`: seconds from the start of the file, never falling; reckoned
    from the frame rate where the file gives none. `luma`: brightness from 0 to 255 (full range), uint8 [height, width],
    the longer side LONGER pixels or less, each pixel the mean of those that it stands for. `plane`: brightness at full
    size, uint8 [height, width], as stored: neither turned nor stretched, from 16 to 235 where the file has it so; of
    deeper pixels the upper 8 bits; made, in full range, where the file has no brightness of its own (RGB). HDR is as
    ordinary screens show it in `luma` and `colours`, and as coded in `plane`. All frames of a video have the same size.
    Arrays are to be read only, and copied if they are kept.
    """

    index: int
    time: float
    luma: np.ndarray
    plane: np.ndarray

    @cached_property
    def colours(self) -> np.ndarray:
        """Red, green and blue, uint8 [height, width, 3], of `luma`'s size. Made when it is first asked for."""
        raise NotImplementedError

    def large(self, longer: int) -> np.ndarray:
        """As `luma`, with `longer` pixels or less on the longer side; made anew each time. HDR is as coded."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A video's width and height as displayed, in pixels, and its frames per second, if known."""

    width: int
    height: int
    fps: float | None


class Measure(ABC):
    """One kind of fact. An instance sees every frame of one video once, in order, and keeps little: a video may last
    for hours. It runs in a decoder's process."""

    name: ClassVar[str]
    """Its name in rows, prompts and on the command line."""

    version: ClassVar[int]
    """Rises whenever it may say something else about the same pixels."""

    help: ClassVar[str]
    """What it says, in a line."""

    after: ClassVar[tuple[str, ...]] = ()
    """The measures whose facts it reads."""

    asked_only: ClassVar[bool] = False
    """Whether "all" leaves it out, because it takes long or needs packages of its own."""

    def __init__(self, size: Size) -> None:
        self.size = size

    @classmethod  # noqa: B027
    def check(cls) -> None:
        """Raises MissingExtra if a package that it needs is not installed."""

    @abstractmethod
    def see(self, frame: Shown) -> None: ...

    @abstractmethod
    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """What it says after the last frame, as plain JSON: seconds, and shares of the picture's width, height or area
        unless a name says otherwise. Each fact that can be wrong has a `confidence` from 0 to 1. None: cannot tell.
        `known`: the facts of the measures in `after`, by their names, without those that cannot tell."""
