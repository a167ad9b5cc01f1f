"""Knows how the camera and what is before it moved between two small grey pictures; knows neither shots nor labels.

Dense inverse search (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016; OpenCV's
`DISOpticalFlow`) gives the flow, `camera_fit` what of it is the camera's. What differs from that, by more than the
flow's own noise, in neighbouring cells alike and in the step before too, moves on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from framescribe.errors import MissingExtra
from framescribe.measures.camera_fit import Fitted, fit

LONGER = 128  # pixels of the longer side: as fine as the flow is
POINTS = 8  # one point in each square of so many pixels
CELL = 4  # what moves on its own is looked for in squares of so many pixels
WEAKEST = 6e-6  # of a corner: the smaller eigenvalue of its gradients, at contrast EVEN
STRONG = 5  # times WEAKEST: more than what a codec leaves of a picture without texture
EVEN, MOST_GAIN = 45.0, 8.0  # each picture is brought to this standard deviation, if that takes no more than this
EDGE = 2  # pixels: what is followed to the border is lost. From 0 to 8, drawn moves keep their margins within 3 %
UNLIKE = 40  # levels by which a point may change its brightness
OWN, NOISE = (
    0.45,
    4.0,
)  # pixels, and times the flow's noise: what differs more from the camera's movement is another
STRIDE = 6  # of the patches, which are 8 pixels wide: half the time of the preset's 4
KNOWN = 0.22  # share of the squares that must have a point for a step to be trusted in full
SPREAD = 0.5  # and of a 4 x 4 raster that goes with the background
ALONG = 2, 5  # of the raster's twelve cells along the border, of which the outer third counts: with no more than that
# none is trusted, for one thing on plain ground is no camera's movement; with so many, all is
ENDS = 0.5  # of a line behind a bar is black at most
LIES, LIES_SHARE = 3, 0.2  # steps without change, and share of a cell's pixels: something lies on the picture
CUT_CHANGE, CUT_CLASSES, CUT_RESPONSE = 12, 0.12, 0.16  # levels; share of pixels; phase correlation's peak


@dataclass(frozen=True, slots=True)
class Step:
    """From one picture to the next. `motion`: how the content moves right (widths) and down (heights), grows (natural
    logarithm) and turns clockwise (radians). `trust`: 0 to 1, how much of the picture says so. `cut`: the two have
    nothing in common. `strong`: share of the squares with a good point. `objects`: share of the picture that moves on
    its own; `own`: how far, in widths; `carried`: how far the camera carries the picture, in widths."""

    motion: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    trust: float = 0.0
    cut: bool = False
    strong: float = 0.0
    objects: float = 0.0
    own: float = 0.0
    carried: float = 0.0


def opencv() -> Any:
    """OpenCV, with one thread of its own. MissingExtra without it."""
    try:
        import cv2
    except ImportError as error:
        raise MissingExtra("Measuring the camera's movement", "measures") from error
    cv2.setNumThreads(1)
    return cv2


class Flow:
    """Given one picture after the other (uint8 [height, width], all of one size), the steps between them."""

    def __init__(self) -> None:
        self._cv2 = opencv()
        self._search = self._cv2.DISOpticalFlow_create(self._cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._search.setFinestScale(0)
        self._search.setPatchStride(STRIDE)
        self._brightest: np.ndarray | None = None
        self._last: np.ndarray | None = None
        self._forget()

    def _forget(self) -> None:
        self._velocity: np.ndarray | None = None  # of the step before: pixels, logarithm, radians a second
        self._moved: tuple[np.ndarray, np.ndarray] | None = None  # cells that moved on their own, and how
        self._unchanged: np.ndarray | None = None  # for how many steps each pixel has been the same

    def step(self, picture: np.ndarray, seconds: float) -> Step:
        """From the picture that was given before to this one, which came `seconds` later. The first one gives no step
        that is trusted."""
        ratio = LONGER / max(picture.shape)
        if ratio < 1:
            smaller = max(1, round(picture.shape[1] * ratio)), max(1, round(picture.shape[0] * ratio))
            picture = self._cv2.resize(picture, smaller, interpolation=self._cv2.INTER_AREA)
        last, self._last = self._last, picture
        if last is None or self._brightest is None:
            self._brightest = picture
            return Step()
        self._brightest = brightest = np.maximum(self._brightest, picture)
        top, bottom, left, right = bars(brightest)
        inside = np.s_[top : picture.shape[0] - bottom, left : picture.shape[1] - right]
        made = self._between(last[inside], picture[inside], seconds)
        if made.cut:
            self._brightest = picture
            self._forget()
        height, width = brightest[inside].shape
        across, down = width / picture.shape[1], height / picture.shape[0]
        share = across * down  # the bars do not move, but belong to the picture
        x, y, size, turn = made.motion
        return Step(
            motion=(x * across, y * down, size, turn),
            trust=made.trust,
            cut=made.cut,
            strong=made.strong,
            objects=made.objects * share,
            own=made.own * across,
            carried=made.carried * across,
        )

    def _between(self, one: np.ndarray, two: np.ndarray, seconds: float) -> Step:
        cv2 = self._cv2
        size = one.shape[1], one.shape[0]
        if min(size) < 2 * POINTS:
            return Step()
        self._count_unchanged(one, two)
        (one, gain), (two, _) = self._even(one), self._even(two)
        if self._is_cut(one, two):
            return Step(cut=True)
        corners = cv2.cornerMinEigenVal(one, 3)
        points, strength = best_corners(corners, WEAKEST * max(1.0, gain**2))
        squares = (size[0] // POINTS) * (size[1] // POINTS)
        if len(points) < 6:
            return Step()
        field = self._search.calc(one, two, None)
        column, row = points[:, 0], points[:, 1]
        flow = field[row, column]
        there = points + flow
        kept = ((there >= EDGE) & (there < np.array(size) - EDGE)).all(1)
        to = np.clip(there, 0, np.array(size) - 1).astype(int)
        kept &= np.abs(one[row, column].astype(int) - two[to[:, 1], to[:, 0]]) < UNLIKE
        strong = float((strength[kept] > STRONG).sum() / squares)
        points, flow = points[kept].astype(float), flow[kept].astype(float)
        middle = np.array(size) / 2 - 0.5
        before = None if self._velocity is None else self._velocity * seconds
        fitted = fit(points - middle, flow, size, before)
        trust = 0.0
        if fitted is not None:
            trust = min(1.0, len(points) / squares / KNOWN) * fitted.agree * _spread(points / size, fitted.inliers)
        if fitted is None or not trust:  # then it is taken to stand still, which what moves on its own is told from
            fitted = Fitted(np.zeros(4), np.zeros(4), np.zeros(len(points), bool), 0.0)
        self._velocity = fitted.motion / seconds if trust else None
        objects, own, carried = self._own(field, fitted, corners, gain, size)
        x, y, growth, turn = fitted.motion / (*size, 1, 1)
        return Step((x, y, growth, turn), trust, False, strong, objects, own / size[0], carried / size[0])

    def _count_unchanged(self, one: np.ndarray, two: np.ndarray) -> None:
        same = self._cv2.absdiff(one, two) < 4
        before = self._unchanged
        if before is None or before.shape != same.shape:
            before = np.zeros(same.shape, np.uint8)
        self._unchanged = np.minimum(before, 200) * same + same

    def _even(self, picture: np.ndarray) -> tuple[np.ndarray, float]:
        """To the same mean and contrast, so that neither flicker nor too little light is taken for movement."""
        mean, deviation = (float(value[0, 0]) for value in self._cv2.meanStdDev(picture))
        gain = min(MOST_GAIN, EVEN / max(2.0, deviation))
        return self._cv2.convertScaleAbs(picture, alpha=gain, beta=110 - mean * gain), gain

    def _is_cut(self, one: np.ndarray, two: np.ndarray) -> bool:
        """Whether two pictures show different things: much has changed, and no shift brings them together."""
        cv2 = self._cv2
        small, other = (cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA) for picture in (one, two))
        if cv2.absdiff(small, other).mean() <= CUT_CHANGE or _classes_apart(small, other) <= CUT_CLASSES:
            return False
        window = cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F)
        response = cv2.phaseCorrelate(one.astype(np.float32), two.astype(np.float32), window)[1]
        return bool(response < CUT_RESPONSE)

    def _own(
        self, field: np.ndarray, fitted: Fitted, corners: np.ndarray, gain: float, size: tuple[int, int]
    ) -> tuple[float, float, float]:
        """The share of the picture that moves on its own, how far that moves, how far the camera carries it: pixels."""
        cv2 = self._cv2
        wide, high = size[0] // CELL, size[1] // CELL

        def by_cell(values: np.ndarray) -> np.ndarray:
            shrunk: np.ndarray = cv2.resize(values, (wide, high), interpolation=cv2.INTER_AREA)
            return shrunk

        camera = fitted.at(_middles(wide, high, size), size).astype(np.float32).reshape(high, wide, 2)
        flow = by_cell(field)
        off = flow - camera
        length = cv2.magnitude(off[..., 0], off[..., 1])
        textured = by_cell(corners) > WEAKEST * max(1.0, gain**2)
        carries = cv2.magnitude(camera[..., 0], camera[..., 1])
        carried = float(carries.mean())
        noise = float(np.median(length[textured])) if fitted.agree and textured.any() else 0.0
        away = textured & (length > max(OWN, NOISE * noise))
        if carried > OWN and away.any() and self._unchanged is not None:  # a logo or a subtitle does not move
            lies = by_cell((self._unchanged >= LIES).astype(np.float32)) > LIES_SHARE
            # the flow at its edge is neither
            near = cv2.dilate((lies & (carries > OWN)).astype(np.uint8), np.ones((3, 3), np.uint8))
            away &= near == 0
        if away.any():
            around = cv2.blur(np.dstack([off * away[..., None], length * away, away]).astype(np.float32), (3, 3)) * 9
            together = np.hypot(around[..., 0], around[..., 1]) > 0.8 * around[..., 2]
            away &= together & (around[..., 3] > 2.5)
        before, self._moved = self._moved, (away, off * away[..., None])
        if before is None or before[0].shape != away.shape or not away.any():
            return 0.0, 0.0, carried
        earlier = cv2.blur(np.dstack([before[1], before[0]]).astype(np.float32), (5, 5)) * 25
        alike = (earlier[..., :2] * off).sum(2) > 0.6 * np.hypot(earlier[..., 0], earlier[..., 1]) * length
        lasting = away & alike & (earlier[..., 2] > 0.5)
        share = float(lasting.mean())  # towards its edge a thing's flow is mixed with that around it
        return share, float(np.quantile(length[lasting], 0.75)) if share else 0.0, carried


@lru_cache(maxsize=16)
def _middles(wide: int, high: int, size: tuple[int, int]) -> np.ndarray:
    """The middles [wide * high, 2] of a picture's cells, in pixels from its own."""
    y, x = np.mgrid[0:high, 0:wide]
    return np.stack([(x.ravel() + 0.5) / wide * size[0], (y.ravel() + 0.5) / high * size[1]], 1) - np.array(size) / 2


def bars(brightest: np.ndarray) -> tuple[int, int, int, int]:
    """Rows and columns of black bars (top, bottom, left, right) of a picture of the brightest that each pixel was.
    A logo may lie on them."""
    black = brightest <= max(20, int(brightest.min()) + 4)
    rows, columns = black.mean(1), black.mean(0)
    return _run(rows, 0.8), _run(rows[::-1], 0.8), _run(columns, 0.7), _run(columns[::-1], 0.7)


def _spread(points: np.ndarray, inliers: np.ndarray) -> float:
    """From 0 to 1: how much of the picture the inliers among these points (shares of width and height) stand for."""
    raster = np.clip((points * 4).astype(int), 0, 3) @ [1, 4]
    outer = np.abs(points - 0.5).max(1) > 1 / 3
    along = len(np.unique(raster[inliers & outer]))
    none, all_of_it = ALONG
    border = min(1.0, max(0.0, (along - none) / (all_of_it - none)))
    return border * min(1.0, len(np.unique(raster[inliers])) / 16 / SPREAD)


def _run(black: np.ndarray, most_of_it: float) -> int:
    """How many rows or columns from the first on belong to a bar, with one that is half of it. `black`: of each the
    share that is. A bar ends all along at once; the night around something bright does not."""
    most = int(len(black) * 0.28)
    bar = black[:most] > most_of_it
    first = most if bar.all() else int(np.argmin(bar))
    return first + 1 if first and black[min(first + 2, len(black) - 1)] < ENDS else 0


def best_corners(corners: np.ndarray, weakest: float) -> tuple[np.ndarray, np.ndarray]:
    """The best corner of each square, where it is one: [n, 2] column and row, and how many times `weakest` it is."""
    high, wide = corners.shape[0] // POINTS, corners.shape[1] // POINTS
    top, left = (corners.shape[0] - high * POINTS) // 2, (corners.shape[1] - wide * POINTS) // 2
    inner = corners[top : top + high * POINTS, left : left + wide * POINTS]
    squares = inner.reshape(high, POINTS, wide, POINTS).transpose(0, 2, 1, 3).reshape(high * wide, -1)
    best = squares.argmax(1)
    value = squares[np.arange(len(best)), best]
    row, column = np.divmod(np.arange(len(best)), wide)
    points = np.stack([left + column * POINTS + best % POINTS, top + row * POINTS + best // POINTS], 1)
    return points[value > weakest], value[value > weakest] / weakest


def _classes_apart(one: np.ndarray, two: np.ndarray) -> float:
    """The share of pixels that would have to change their class of brightness for the pictures to have the same."""
    first, second = (
        np.convolve(np.bincount(picture.ravel() // 11, minlength=24), [0.25, 0.5, 0.25], "same")
        for picture in (one, two)
    )
    return float(np.abs(first - second).sum() / 2 / one.size)
