"""Knows which pictures a clip shows, second by second, in words of 64 bits, by which its copies are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.smaller import smaller

COPY = 0.10
"""Clips whose distance is smaller show the same pictures; up to 0.28 it is worth a look."""
NONE = "-"
LONG = 64  # pixels of the pictures that are kept until the bars are known
LASTS = 0.5  # seconds: for so long behind a full second the frame before is nearer to it than the next one
MOST = 4 * 3600  # words: of the first four hours
BLANK = 5.0  # levels of contrast: pictures with less are all alike


class Copies(Measure):
    """One dHash a second (https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html): whether
    each of 8 x 8 cells is brighter than the one on its left, bars cut off. Blank pictures, which all have the same
    hash, are left out."""

    name, version = "copies", 2
    help = "a word of 64 bits for each second's picture, by which copies are found"
    after = ("borders",)

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._pictures: list[np.ndarray] = []
        self._first: float | None = None
        self._last: np.ndarray | None = None

    def see(self, frame: Shown) -> None:
        if self._first is None:
            self._first = frame.time
        since = frame.time - self._first
        while self._last is not None and since - len(self._pictures) >= LASTS and len(self._pictures) < MOST:
            self._pictures.append(smaller(self._last, LONG))  # the frame before lasted for seconds
        if since >= len(self._pictures) and len(self._pictures) < MOST:
            self._pictures.append(smaller(frame.luma, LONG))
        self._last = frame.luma

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self._pictures:
            return None
        bars = known.get("borders", {})
        left, right, top, bottom = (float(bars.get(side, 0.0)) for side in ("left", "right", "top", "bottom"))
        height, width = self._pictures[0].shape
        box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        return {"words": [word(picture, box) for picture in self._pictures]}


def word(picture: np.ndarray, box: tuple[float, float, float, float]) -> str:
    """The dHash of the part `box` (left, top, right, bottom, in pixels) of a grey picture, as 16 hexadecimal digits;
    "-" if it is blank."""
    cells = np.asarray(Image.fromarray(picture).convert("F").resize((9, 8), Image.Resampling.BOX, box=box))
    if float(cells.std()) < BLANK:
        return NONE
    return f"{int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), 'big'):016x}"


def alike(one: Sequence[str], other: Sequence[str]) -> float:
    """How far two clips' `words` are apart, from 0 (the same) to 1: the share of bits that differ where the shorter
    lies in, or overlaps by half, the longer, at the offset at which they differ least. 1 if there is nothing to
    compare."""
    short, long = sorted(([_bits(word) for word in words] for words in (one, other)), key=len)
    least = max(1, (len(short) + 1) // 2)
    best = 1.0
    for offset in range(least - len(short), len(long) - least + 1):
        first, last = max(0, -offset), min(len(short), len(long) - offset)
        pairs = zip(short[first:last], long[first + offset : last + offset], strict=True)
        apart = [(mine ^ yours).bit_count() for mine, yours in pairs if mine is not None and yours is not None]
        if len(apart) >= least / 2:  # of the others one picture is blank
            best = min(best, sum(apart) / (64 * len(apart)))
    return best


def _bits(word: str) -> int | None:
    return None if word == NONE else int(word, 16)
