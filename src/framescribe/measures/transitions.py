"""Knows where a video fades or dissolves from one picture into another; hard cuts it does not know."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

Kind = Literal["fade_in", "fade_out", "dissolve"]

TICK = 1 / 12  # seconds between the pictures that are compared
SPANS = (4, 6, 8, 12, 18, 26, 38, 54)  # ticks: from a third of a second to 4.5 s
KEPT = 96  # ticks
QUIET = 0.7  # seconds without a sign of the transition, after which it is over
SHAPE = (32, 18)
FLAT = 4.0  # levels: a picture whose contrast is below this is blank
NEAR_BLACK, NEAR_WHITE = 28.0, 228.0  # levels
APART = 7.0  # levels, rms: less than this between two pictures is no transition
LIKE = 0.75  # correlation: pictures more alike than this show the same, perhaps in another light
BEND = 0.17  # by so much of the whole the mixture may be ahead or behind
FAINT = 0.8
MOVED = 0.87
REST = 0.15  # of the squared difference may be no mixture; where one picture pushes the other away it is 0.25


@dataclass(frozen=True, slots=True)
class Transition:
    """From `start` to `end`, in seconds. `rest`: the share of the change that is no mixture of the two pictures."""

    start: float
    end: float
    kind: Kind
    rest: float


@dataclass(slots=True)
class _Signs:
    until: float
    kind: Kind
    start: float
    end: float
    rest: float
    clear: float


def is_blank(mean: float, contrast: float) -> bool:
    """Whether a picture of this mean luma and this contrast (standard deviation) is nothing but black or white."""
    return contrast < FLAT and (mean < NEAR_BLACK or mean > NEAR_WHITE)


class Transitions:
    """Shown each frame's time and picture (grey, uint8) by `see`, `found` has the transitions after `finish`.

    In a dissolve, and in a fade, whose one picture is blank, each picture is a mixture of the first and the last, and
    its share grows evenly. A pan, a wipe and an object that comes near are no mixtures; a change of light keeps the
    picture's pattern.
    """

    def __init__(self) -> None:
        self.found: list[Transition] = []
        self._ticks: deque[tuple[float, np.ndarray, bool]] = deque(maxlen=KEPT)
        self._pictures: deque[np.ndarray] = deque(maxlen=KEPT)
        self._signs: _Signs | None = None

    def see(self, time: float, picture: np.ndarray) -> None:
        if self._ticks and time < self._ticks[-1][0] + TICK - 0.005:
            return
        small = cv2.resize(picture, SHAPE, interpolation=cv2.INTER_AREA).ravel().astype(np.float32)
        self._pictures.append(picture)
        self._ticks.append((time, small, is_blank(float(small.mean()), float(small.std()))))
        if self._signs and time - self._signs.until > QUIET:
            self.finish()
        for ticks in SPANS:
            if len(self._ticks) <= ticks:
                break
            self._look(ticks)

    def finish(self) -> None:
        """To be called after the last frame."""
        if self._signs:
            fitted = self._fitted(self._signs)
            if fitted:
                self.found.append(fitted)
        self._signs = None

    def _look(self, ticks: int) -> None:
        """Whether the last so many ticks are (part of) a transition."""
        (begin, first, blank), (end, last, blank_then) = self._ticks[-1 - ticks], self._ticks[-1]
        done = self.found[-1].end - TICK if self.found else 0.0
        if (blank and blank_then) or end - begin > 2 * ticks * TICK or begin < done:
            return
        change = last - first
        whole = float(change @ change)
        if whole < APART**2 * change.size:
            return
        if not (blank or blank_then) and correlation(first, last) > LIKE:
            return
        rests, bends = [], []
        for step in (ticks // 2, ticks // 4, ticks - ticks // 4):
            time, between, _ = self._ticks[-1 - ticks + step]
            share, rest = _mixture(first, between, change, whole)
            bend = abs(share - (time - begin) / (end - begin))
            if bend > BEND or rest > REST:
                return
            rests.append(rest)
            bends.append(bend)
        kind: Kind = "fade_in" if blank else "fade_out" if blank_then else "dissolve"
        clear = whole * ((1 - max(rests) / REST) * (1 - max(bends) / BEND)) ** 0.5
        signs = self._signs
        if signs and begin < signs.until and kind != signs.kind:
            if kind == "dissolve":
                return  # the edge of a fade
            if signs.kind == "dissolve":
                signs = None
        elif signs and begin >= signs.until:
            self.finish()
            signs = None
        if signs is None or kind != signs.kind or clear > signs.clear:
            if signs and kind != signs.kind:
                self.finish()
            self._signs = _Signs(end, kind, begin, end, max(rests), clear)
        else:
            signs.until = end

    def _fitted(self, signs: _Signs) -> Transition | None:
        """The transition of which these are the signs, its ends where a straight line through the shares puts them."""
        times = [time for time, *_ in self._ticks]
        pictures = [picture for _, picture, _ in self._ticks]
        first = max((at for at, time in enumerate(times) if time <= signs.start), default=0)
        last = min((at for at, time in enumerate(times) if time >= signs.end), default=len(times) - 1)
        first = self._onwards(pictures, first, -1, pictures[last])
        last = self._onwards(pictures, last, 1, pictures[first])
        change = pictures[last] - pictures[first]
        whole = float(change @ change)
        if whole == 0:
            return None
        shares = np.array([_mixture(pictures[first], at, change, whole)[0] for at in pictures[first : last + 1]])
        inside = [at for at, share in enumerate(shares) if 0.12 < share < 0.88]
        if len(inside) < 2:
            return None
        slope, start = (float(value) for value in np.polyfit(shares[inside], np.array(times)[first:][inside], 1))
        start, end = max(start, times[first] - TICK), min(start + slope, times[last] + TICK)
        if slope <= 0 or start >= end:
            return None
        if signs.kind == "dissolve" and not self._blends(start, end):
            return None
        return Transition(start, end, signs.kind, signs.rest)

    def _blends(self, start: float, end: float) -> bool:
        """Whether fine detail of both pictures is faint in the middle, and no picture a moved copy of another: a slow
        pan over large shapes looks like a mixture otherwise."""
        times = np.array([time for time, *_ in self._ticks])
        first, early, middle, late, last = (
            self._pictures[int(np.abs(times - start - share * (end - start)).argmin())]
            for share in (0, 0.2, 0.5, 0.8, 1)
        )
        ends = (_detail(first) + _detail(last)) / 2

        return _detail(middle) < FAINT * ends and likeness(early, late) < MOVED

    def _onwards(self, pictures: list[np.ndarray], at: int, step: int, other: np.ndarray) -> int:
        """Away from the transition as long as the picture becomes ever less like the other end's."""
        far = float(np.linalg.norm(pictures[at] - other))
        done = self.found[-1].end if self.found else 0.0
        ahead = [at + step, at + 2 * step]
        while ahead:
            place = ahead.pop(0)
            if not 0 <= place < len(pictures) or self._ticks[place][0] < done:
                break
            farther = float(np.linalg.norm(pictures[place] - other))
            if 1.015 * far < farther < 1.6 * far:
                at, far, ahead = place, farther, [place + step, place + 2 * step]
        return at


def _detail(picture: np.ndarray) -> float:
    """The energy of what is finer than a few pixels."""
    picture = picture.astype(np.float32)
    return float(np.square(picture - cv2.blur(picture, (7, 7))).mean())


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Pearson's, from -1 to 1; 0 if one of the pictures has no pattern."""
    one, other = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((one @ one) * (other @ other)))
    return float(one @ other) / scale if scale > one.size else 0.0


def _mixture(first: np.ndarray, between: np.ndarray, change: np.ndarray, whole: float) -> tuple[float, float]:
    """How much of `change`, whose square is `whole`, has happened in `between`, and which share of it is something
    else."""
    offset = between - first
    share = float(offset @ change) / whole
    return share, max(0.0, float(offset @ offset) / whole - share * share)


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """How well one picture correlates with the other, or a part of one with some place in the other: from 0 to 1.

    Light that changes evenly makes no difference, nor do moves by up to half the picture. Two blank pictures are alike.
    """
    flat = [float(picture.std()) < 3 for picture in (one, other)]
    if any(flat):
        return float(all(flat) and abs(float(one.mean()) - float(other.mean())) < 12)
    height, width = one.shape
    best = 0.0
    for given, searched in ((one, other), (other, one)):
        parts = [
            given,
            given[height // 5 : height - height // 5, width // 5 : width - width // 5],
            given[:, : width // 2],
            given[:, width - width // 2 :],
        ]
        for part in parts:
            if part.size and float(part.std()) > 4:
                found = cv2.matchTemplate(searched, part, cv2.TM_CCOEFF_NORMED)
                best = max(best, float(cv2.minMaxLoc(found)[1]))
    return best
