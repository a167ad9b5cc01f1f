"""Knows how a coded picture is shown on a screen: stretched, shrunk, turned; knows no file and no codec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np


@dataclass(frozen=True, slots=True)
class Turn:
    """The axes are swapped or not, then the picture is mirrored from left to right, upside down, both or neither."""

    swap: bool = False
    across: bool = False
    down: bool = False

    def of(self, pixels: np.ndarray) -> np.ndarray:
        """`pixels` [height, width, 3] as they are shown, contiguous in memory."""
        if self.swap:
            pixels = pixels.swapaxes(0, 1)
        return np.ascontiguousarray(pixels[:: -1 if self.down else 1, :: -1 if self.across else 1])


# By quarter turns, counterclockwise.
QUARTERS = (Turn(), Turn(swap=True, down=True), Turn(across=True, down=True), Turn(swap=True, across=True))


def turn_of(matrix: Sequence[int]) -> Turn:
    """The turn nearest to a display matrix (a, b, u, c, d, ...), which puts pixel (x, y) at (ax + cy, bx + dy).

    A matrix of zeros, which some cameras write, means no turn.
    """
    a, b, _, c, d = matrix[:5]
    if max(abs(b), abs(c)) > max(abs(a), abs(d)):
        return Turn(swap=True, across=c < 0, down=b < 0)
    return Turn(across=a < 0, down=d < 0)


def stretch(width: int, height: int, aspect: Fraction | None) -> tuple[int, int]:
    """The size in square pixels of a picture whose pixels are `aspect` times as wide as high; no side shrinks."""
    if aspect is None or not Fraction(1, 4) <= aspect <= 4:  # beyond that it is a broken header, not a lens
        return width, height
    return (round(width * aspect), height) if aspect > 1 else (width, round(height / aspect))


def fit(width: int, height: int, max_pixels: int | None) -> tuple[int, int]:
    """The size after shrinking to width * height <= max_pixels: same aspect, and both sides even if they shrink."""
    if max_pixels is None or width * height <= max_pixels:
        return width, height
    scale = (max_pixels / (width * height)) ** 0.5
    short = _even(min(width, height) * scale)
    long = _even(min(max(width, height) * scale, max_pixels // short))
    return (long, short) if width > height else (short, long)


def _even(length: float) -> int:
    return max(1, int(length) // 2 * 2)
