"""Knows how sharp a clip's pictures are, and how much noise is on them; knows nothing of what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from framescribe.measures.base import Measure, Shown, Size

EVERY = 1.5  # seconds
REGIONS = 4  # in each direction; the tile with the strongest edges in each is measured
TILE = 80  # pixels
MOST = 600  # frames that are looked at
SHARP, BLURRED = 0.9, 5.0  # pixels: the edges' standard deviation in a sharp picture, and in a blurred one
SMOOTH = 0.8  # pixels: a blur against noise
AGAIN = 1.0  # pixels: the blur that is added to measure the one that is there
STRONG = 24.0  # levels: the least step of an edge that is measured
EDGES = 12  # pixels on ridges of the slope that a tile has at least
SHARPEST = 0.25  # of the tiles count: what is in focus


class Sharpness(Measure):
    """Blur: how wide the edges are. Blurring a picture once more flattens its edges the less the wider they already
    are; from the ratio of the slopes follows the width (https://doi.org/10.1016/j.patcog.2011.03.009). It is 0 up to
    a standard deviation of 0.9 pixels of the full size, 1 from 5 on, and even between; of each frame the sharpest
    quarter counts, of the frames the median. Noise: the standard deviation of what is finer than edges, in the
    plainest parts (after Immerkær, Fast Noise Variance Estimation, 1996)."""

    name, version = "sharpness", 1
    help = "how blurred and how noisy the full-size pictures are"
    after = ("borders",)

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._next = -np.inf
        self._widths: list[np.ndarray] = []  # by frame: of each tile
        self._noises: list[np.ndarray] = []
        self._places: list[np.ndarray] = []  # by frame: left, top, right and bottom of each tile
        self._plane = self._shown = (0, 0)

    def see(self, frame: Shown) -> None:
        if frame.time < self._next or len(self._widths) == MOST:
            return
        self._next = frame.time + EVERY
        plane = frame.plane
        if plane.shape != self._plane:
            if self._plane != (0, 0):
                return  # the picture's size changes: the first counts
            self._plane, self._shown = plane.shape, frame.luma.shape
        places = _tiles(plane)
        measured = [_measured(plane[top:bottom, left:right]) for left, top, right, bottom in places]
        self._places.append(np.array(places))
        self._widths.append(np.array([width for width, _ in measured], np.float32))
        self._noises.append(np.array([noise for _, noise in measured], np.float32))

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self._widths:
            return None
        inside = self._inside(np.array(self._places), known.get("borders", {}))
        frames, counted = [], []
        for widths, counts in zip(self._widths, inside, strict=True):
            if (width := _sharpest(widths[counts])) is not None:
                frames.append(width)
                counted.append(int(np.isfinite(widths[counts]).sum()))
        noises = np.array(self._noises)
        quiet = noises[inside & np.isfinite(noises)]
        if not frames or not len(quiet):
            return None
        width = float(np.median(frames))
        enough = min(1.0, float(np.mean(counted)) / 6) * min(1.0, len(frames) / len(self._widths) + 0.2)
        return {
            "blur": round(min(1.0, max(0.0, (width - SHARP) / (BLURRED - SHARP))), 3),
            "noise": round(float(np.quantile(quiet, 0.2)), 2),
            "confidence": round(0.3 + 0.7 * enough, 2),
        }

    def _inside(self, places: np.ndarray, bars: Mapping[str, Any]) -> np.ndarray:
        """Which tiles are outside of the bars: bool [frames, tiles]. How the stored picture is turned is not known; so
        a bar counts on both sides, and on all four where width and height may have changed places."""
        height, width = self._plane
        across = max(bars.get("left", 0.0), bars.get("right", 0.0))
        down = max(bars.get("top", 0.0), bars.get("bottom", 0.0))
        if height == width:
            across = down = max(across, down)
        elif (height > width) != (self._shown[0] > self._shown[1]):
            across, down = down, across
        left, top, right, bottom = np.moveaxis(places, 2, 0)
        outside = (
            (left >= across * width)
            & (right <= (1 - across) * width)
            & (top >= down * height)
            & (bottom <= (1 - down) * height)
        )
        return np.asarray(outside)


def edges(plane: np.ndarray) -> float | None:
    """How wide the edges of one picture are, where it is sharpest: their standard deviation in pixels. None: it cannot
    be told."""
    tiles = [plane[top:bottom, left:right] for left, top, right, bottom in _tiles(plane)]
    return _sharpest(np.array([_measured(tile)[0] for tile in tiles]))


def _sharpest(widths: np.ndarray) -> float | None:
    """The median of the sharpest quarter of a picture's tiles; None: too few of them have edges."""
    known = np.sort(widths[np.isfinite(widths)])
    return float(np.median(known[: max(2, round(SHARPEST * len(known)))])) if len(known) >= 2 else None


def _tiles(plane: np.ndarray) -> list[tuple[int, int, int, int]]:
    """Left, top, right and bottom of the tile with the most edges in each region."""
    height, width = plane.shape
    high, wide = min(TILE, height), min(TILE, width)
    down, across = max(1, height // high), max(1, width // wide)
    coarse = np.ascontiguousarray(plane[: down * high : 4, : across * wide : 4])
    edges = cv2.absdiff(coarse[1:, 1:], coarse[:-1, :-1])
    busy = cv2.resize(edges.astype(np.float32), (across, down), interpolation=cv2.INTER_AREA)
    found = []
    for rows in np.array_split(np.arange(down), min(REGIONS, down)):
        for columns in np.array_split(np.arange(across), min(REGIONS, across)):
            region = busy[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            row, column = np.unravel_index(int(region.argmax()), region.shape)
            left, top = int(columns[0] + column) * wide, int(rows[0] + row) * high
            found.append((left, top, left + wide, top + high))
    return found


def _measured(tile: np.ndarray) -> tuple[float, float]:
    """The width of a tile's edges, in pixels, and its noise, in levels; NaN where it cannot tell."""
    if int(tile.max()) - int(tile.min()) < 2:
        return np.nan, np.nan
    smooth = cv2.GaussianBlur(tile.astype(np.float32), (7, 7), SMOOTH)
    noise = _noise(tile)
    slope = _slope(smooth)
    peak = float(slope.max())
    if peak < STRONG / 6:
        return np.nan, noise
    flatter = _slope(cv2.GaussianBlur(smooth, (9, 9), AGAIN))
    highest = cv2.dilate(slope, np.ones((3, 3), np.uint8))
    ridge = (slope >= max(0.6 * peak, 4 * noise, STRONG / 8)) & (slope >= highest - 1e-3)
    if np.count_nonzero(ridge) < EDGES:
        return np.nan, noise
    ratio = np.clip(slope[ridge] / np.maximum(flatter[ridge], 1e-3), 1.0005, None)
    squared = AGAIN**2 / (np.square(ratio) - 1) - SMOOTH**2
    return float(np.sqrt(max(0.0, float(np.median(squared))))), noise


def _slope(picture: np.ndarray) -> np.ndarray:
    across, down = (cv2.Scharr(picture, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    return cv2.magnitude(across, down) / 32


LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def _noise(tile: np.ndarray) -> float:
    """The noise's standard deviation in the plainer cells of a tile; NaN where most of it is clipped."""
    fine = cv2.filter2D(tile, cv2.CV_32F, LAPLACIANS)
    cells = (max(1, tile.shape[1] // 12), max(1, tile.shape[0] // 12))
    energy = cv2.resize(np.square(fine), cells, interpolation=cv2.INTER_AREA)
    level = cv2.resize(tile, cells, interpolation=cv2.INTER_AREA)
    inside = energy[(level > 20) & (level < 232)]
    if inside.size < 4:
        return np.nan
    return float(np.sqrt(np.quantile(inside, 0.3) / 36))
