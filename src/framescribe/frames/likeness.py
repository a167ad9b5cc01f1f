"""Knows whether two pictures are so alike that nothing in them has changed; knows no video and asks no model.

A dHash alone does not tell: it is the same for two pictures in which something small has moved. So the colours are
compared, too, cell by cell, and the largest difference counts, not the mean, in which a small thing is lost. Measured
on drawn clips whose content is known and on real pictures that stand still, encoded as H.264 with noise
(benchmarks/likeness.py).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from framescribe.records import EncodedImage

BITS = 2
"""So many of the 64 bits of the dHash may differ."""
CELLS = 64
"""Cells on each side of the picture."""
LEVELS = 8
"""So far apart a cell's mean red, green or blue may be, of 255."""

COPY_BITS, COPY_CELLS, COPY_LEVELS = 4, 16, 16
"""The same for two videos that may be one film, encoded twice. Small cells differ then along every edge: five drawn
clips, encoded anew (crf 23 to 35, down to half the size), differed by up to 43 with 64 cells a side, and by up to 11.4
with 16; different ones by 223 and more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sketch:
    """A picture reduced to what is compared: width and height in pixels, the bits of its dHash (bool [8, 8]), and the
    mean colours of its cells (int16 [CELLS, CELLS, 3])."""

    size: tuple[int, int]
    bits: np.ndarray
    cells: np.ndarray


def sketch(image: np.ndarray | EncodedImage) -> Sketch:
    """The sketch of a picture. Takes milliseconds."""
    picture = Image.open(io.BytesIO(image.data)) if isinstance(image, EncodedImage) else Image.fromarray(image)
    small = picture.convert("RGB").resize((CELLS, CELLS), Image.Resampling.BOX)
    grey = np.asarray(small.convert("L").resize((9, 8), Image.Resampling.BOX))
    return Sketch(size=picture.size, bits=grey[:, 1:] > grey[:, :-1], cells=np.asarray(small).astype(np.int16))


def alike(some: Sequence[Sketch], others: Sequence[Sketch]) -> bool:
    """Whether two videos look the same, frame by frame, whatever size they have and however they were encoded."""
    pairs = list(zip(some, others, strict=False))
    return len(some) == len(others) > 0 and all(
        np.count_nonzero(one.bits != other.bits) <= COPY_BITS and np.abs(_wide(one) - _wide(other)).max() <= COPY_LEVELS
        for one, other in pairs
    )


def _wide(one: Sketch) -> np.ndarray:
    """The mean colours of larger cells [COPY_CELLS, COPY_CELLS, 3]."""
    side = CELLS // COPY_CELLS
    return np.asarray(one.cells.reshape(COPY_CELLS, side, COPY_CELLS, side, 3).mean(axis=(1, 3)))


def same(one: Sketch, other: Sketch) -> bool:
    """Whether nothing has changed between two pictures."""
    if one.size != other.size or np.count_nonzero(one.bits != other.bits) > BITS:
        return False
    return int(np.abs(one.cells - other.cells).max()) <= LEVELS
