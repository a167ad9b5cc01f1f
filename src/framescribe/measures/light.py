"""Knows how bright a clip is, how much contrast it has, whether a colour lies over it, and when it flashes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np

from framescribe.language.measurable import BRIGHT, DARK
from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.smaller import smaller

BLACK, WHITE = 0.06, 0.94  # of full brightness: the mean of a picture that is near black or near white
FEW = 0.02  # of the pixels of a near-black picture may be brighter than LIT, or of a white one darker than 1 - LIT
LIT = 0.2
CELLS = (8, 8)
RISE = 0.1  # of full brightness: by so much light changes in a flash, as in WCAG 2.2's definition of a general flash
DARK_SIDE = 0.8  # the darker of the two is below this, also as there
AREA = 0.25  # of the picture, also as there
LONGEST = 0.34  # seconds from the change to its opposite; three flashes a second are the limit there
MOST = 1000  # flashes, and stretches of one light, that are listed
SHORTEST = 0.2  # seconds of a stretch
COLOURS_EVERY = 1.0  # seconds
CAST = 5.0  # the least distance from grey, in CIELAB
OF_SPREAD = 1.0  # of the colours' spread: also the least
NAMES = ("red", "orange", "yellow", "green", "cyan", "blue", "violet", "magenta")
ANGLES = (28.0, 60.0, 92.0, 145.0, 200.0, 265.0, 300.0, 335.0)  # of these colours' hues in CIELAB, in degrees


@dataclass(slots=True)
class _Stretch:
    """Frames one after the other that are all dark, or all bright; `sum`: of their mean brightness."""

    kind: str
    start: float
    end: float = 0.0
    frames: int = 0
    sum: float = 0.0


class Light(Measure):
    """Brightness and contrast are means over frames. A stretch is dark, or bright, if each of its frames is. A flash is
    a rise of a quarter of the picture by a tenth of full brightness that is undone within a third of a second
    (https://www.w3.org/TR/WCAG22/#dfn-general-flash-and-red-flash-thresholds); its time is that of its first frame. A
    colour cast shifts dark, middle and bright parts alike, away from grey by more than the colours spread (after
    Gasparini and Schettini, Color balancing of digital photos using simple image statistics, 2004)."""

    name, version = "light", 1
    help = "brightness, contrast, near-black and near-white frames, a colour cast, and flashes"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._frames = self._dark = self._bright = 0
        self._mean = self._contrast = 0.0
        self._stretches: list[_Stretch] = []
        self._now: _Stretch | None = None
        self._time = self._gap = 0.0
        self._cells: deque[tuple[float, np.ndarray]] = deque()
        self._flashes: list[float] = []
        self._in_second: deque[float] = deque()
        self._most_in_second = 0
        self._until = -np.inf
        self._coloured = -np.inf
        self._casts: list[np.ndarray] = []

    def see(self, frame: Shown) -> None:
        luma = frame.luma
        cells = cv2.resize(smaller(luma, 64), CELLS, interpolation=cv2.INTER_AREA)
        mean, contrast = (float(value[0, 0]) / 255 for value in cv2.meanStdDev(luma))
        self._frames += 1
        self._mean += mean
        self._contrast += contrast
        self._stretch(frame.time, mean)
        near = nearly(luma, mean)
        self._dark += near == "black"
        self._bright += near == "white"
        self._look_for_flash(frame.time, cells.astype(np.float32) / 255)
        if frame.time - self._coloured >= COLOURS_EVERY and len(self._casts) < 3600:
            self._coloured = frame.time
            cast = _cast(frame.colours)
            if cast is not None:
                self._casts.append(cast)

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self._frames:
            return None
        self._close(self._time + self._gap)  # the last frame stays as long as the one before
        return {
            "brightness": round(self._mean / self._frames, 4),
            "contrast": round(self._contrast / self._frames, 4),
            "dark": round(self._dark / self._frames, 4),
            "bright": round(self._bright / self._frames, 4),
            "stretches": [
                {"start": round(one.start, 3), "end": round(one.end, 3), "brightness": round(one.sum / one.frames, 4)}
                for one in self._stretches
            ],
            "cast": self._named_cast(),
            "flashes": [round(time, 3) for time in self._flashes],
            "flashes_per_second": self._most_in_second,
        }

    def _stretch(self, time: float, mean: float) -> None:
        """Goes on with the stretch of dark or of bright frames, or begins one."""
        kind = "dark" if mean <= DARK else "bright" if mean >= BRIGHT else None
        if self._now is not None and self._now.kind != kind:
            self._close(time)
        if self._now is None and kind is not None:
            self._now = _Stretch(kind, time)
        if self._now is not None:
            self._now.frames += 1
            self._now.sum += mean
        self._gap, self._time = max(0.0, time - self._time), time

    def _close(self, time: float) -> None:
        one, self._now = self._now, None
        if one is not None and len(self._stretches) < MOST and time - one.start >= SHORTEST:
            one.end = time
            self._stretches.append(one)

    def _look_for_flash(self, time: float, cells: np.ndarray) -> None:
        """Whether this frame is as one of the last moment was, and one between them much brighter or darker."""
        while self._cells and time - self._cells[0][0] > LONGEST:
            self._cells.popleft()
        if self._cells and float(np.abs(cells - self._cells[-1][1]).max()) >= RISE and time > self._until:
            lit = [(at, other) for at, other in self._cells if at >= self._until]
            for place, (at, between) in enumerate(lit[1:], 1):
                before = lit[place - 1][1]
                sign = np.sign(between - before)
                up, down = sign * (between - before), sign * (between - cells)
                flashed = (up >= RISE) & (down >= RISE) & (np.minimum(before, between) < DARK_SIDE)
                if max(np.mean(flashed & (sign > 0)), np.mean(flashed & (sign < 0))) >= AREA and (
                    float(np.abs(before - cells).mean()) < 0.4 * float(np.abs(between - before).mean())
                ):
                    self._flash(at)
                    self._until = time
                    break
        self._cells.append((time, cells))

    def _flash(self, time: float) -> None:
        if len(self._flashes) < MOST:
            self._flashes.append(time)
        self._in_second.append(time)
        while self._in_second[0] <= time - 1:
            self._in_second.popleft()
        self._most_in_second = max(self._most_in_second, len(self._in_second))

    def _named_cast(self) -> dict[str, Any] | None:
        """The cast that most frames have, of an amount from 0 (none) to 1 (as far from grey as CIELAB's 60)."""
        if not self._casts:
            return None
        a, b = np.median(np.array(self._casts), axis=0)
        amount = float(np.hypot(a, b))
        if amount < CAST:
            return None
        hue = float(np.degrees(np.arctan2(b, a))) % 360
        apart = [min(abs(hue - angle), 360 - abs(hue - angle)) for angle in ANGLES]
        return {"colour": NAMES[int(np.argmin(apart))], "amount": round(min(1.0, amount / 60), 3)}


def nearly(luma: np.ndarray, mean: float) -> Literal["black", "white"] | None:
    """Whether a picture, of this mean (0 to 1), is near black or near white: hardly a pixel is anything else."""
    if mean < BLACK and cv2.countNonZero(cv2.inRange(luma, int(255 * LIT), 255)) < FEW * luma.size:
        return "black"
    if mean > WHITE and cv2.countNonZero(cv2.inRange(luma, 0, int(255 * (1 - LIT)))) < FEW * luma.size:
        return "white"
    return None


def _cast(colours: np.ndarray) -> np.ndarray | None:
    """How far, in CIELAB's a and b, one picture's colours are moved as a whole; (0, 0) if there is no cast, None if the
    picture is too dark, too bright or too plain to tell."""
    small = smaller(colours, 64)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    lab = lab[(lab[:, 0] > 8) & (lab[:, 0] < 97)]
    if len(lab) < 400 or float(lab[:, 0].std()) < 4:
        return None
    order = np.argsort(lab[:, 0])
    thirds = np.array([lab[part, 1:].mean(axis=0) for part in np.array_split(order, 3)])
    moved, spread = lab[:, 1:].mean(axis=0), lab[:, 1:].std(axis=0)
    amount = float(np.hypot(*moved))
    if amount < CAST or amount < OF_SPREAD * float(np.hypot(*spread)):
        return np.zeros(2)
    along = thirds @ (moved / amount)
    return moved if float(along.min()) >= 0.5 * amount else np.zeros(2)
