"""Knows where a clip cuts, fades or dissolves from one shot to the next; knows nothing of what the shots show."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

import cv2
import numpy as np

from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.smaller import smaller
from framescribe.measures.transitions import Transition, Transitions, is_blank, likeness

LONG = 64  # pixels of the pictures that are compared
CELLS = 8  # on each side of the picture
REPEATED = 0.25  # levels: a smaller change is coding noise, or the same frame again
CHANGE = 3.0  # levels: the least mean change of a cut
OF_CONTRAST = 0.35  # of the two pictures' contrast: also the least
LEAP = 2.6  # so many times larger than the changes beside it is the change of a cut
BESIDE = 0.25  # seconds
FLASH = 0.4  # seconds: what is seen again after this was only covered for a moment
EVERYWHERE = 0.6  # of the cells that show something change at a cut
SHORTEST = {"fade_in": 0.16, "fade_out": 0.16, "dissolve": 0.25}  # seconds
ALIKE = 0.8  # correlation of two pictures of the same scene


class _Step(NamedTuple):
    time: float
    change: float
    picture: np.ndarray
    contrast: float


class Cuts(Measure):
    """A cut is a change that is far larger than those just before and after it, as for PySceneDetect's adaptive
    detector (https://www.scenedetect.com/docs/latest/api/detectors.html), that happens all over the picture, and after
    which no picture of the last moment is seen again, in another light or at another place. So a flash, a strobe, a
    whip pan and an object that passes close by are none."""

    name, version = "cuts", 1
    help = "hard cuts, fades and dissolves inside the clip, and how many shots it has"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._steps: list[_Step] = []
        self._asked = 0  # steps that were looked at
        self._cuts: list[float] = []
        self._doubt = 0.0
        self._blank: list[list[float]] = []  # stretches of black or white
        self._was_blank = False
        self._transitions = Transitions()
        self._first = self._last = 0.0
        self._seen = False

    def see(self, frame: Shown) -> None:
        picture = smaller(frame.luma, LONG)
        change = math.inf
        if self._seen:
            change = cv2.norm(picture, self._steps[-1].picture, cv2.NORM_L1) / picture.size
        else:
            self._first, self._seen = frame.time, True
        self._last = frame.time
        if change >= REPEATED:
            mean, contrast = (float(value[0, 0]) for value in cv2.meanStdDev(picture))
            self._was_blank, before = is_blank(mean, contrast), self._was_blank
            if self._was_blank and not before:
                self._blank.append([frame.time, math.inf])
            elif before and not self._was_blank:
                self._blank[-1][1] = frame.time
            self._steps.append(_Step(frame.time, change, picture, contrast))
            self._decide(frame.time - FLASH)
        self._transitions.see(frame.time, picture)

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if not self._seen:
            return None
        self._decide(math.inf)
        self._transitions.finish()
        fades = [
            fade
            for fade in self._transitions.found
            if fade.end - fade.start >= SHORTEST[fade.kind] and not any(_inside(cut, fade, -0.1) for cut in self._cuts)
        ]
        cuts = [time for time in self._cuts if not any(_inside(time, fade, 0.1) for fade in fades)]
        rest = max((fade.rest for fade in fades if fade.kind == "dissolve"), default=0.0)
        return {
            "cuts": [round(time, 3) for time in cuts],
            "fades": [{"start": round(fade.start, 3), "end": round(fade.end, 3), "kind": fade.kind} for fade in fades],
            "shots": self._shots(cuts, fades),
            "confidence": round(1 - max(self._doubt, 3 * rest), 2),
        }

    def _shots(self, cuts: list[float], fades: list[Transition]) -> int:
        """Blank stretches part shots; cuts from or to them part no others."""
        ends = [(start, min(end, self._last)) for start, end in self._blank]
        inside = [(start, end) for start, end in ends if start > self._first + 0.05 and end < self._last - 0.05]
        inside = [
            (start, end)
            for start, end in inside
            if any(
                start - 0.3 <= at <= end + 0.3
                for at in [*cuts, *(fade.start for fade in fades), *(fade.end for fade in fades)]
            )
        ]
        hard = [time for time in cuts if not any(start - 0.05 <= time <= end + 0.05 for start, end in ends)]
        return 1 + len(hard) + len(inside) + sum(fade.kind == "dissolve" for fade in fades)

    def _decide(self, until: float) -> None:
        """Looks at the steps up to a time after which enough is known, and forgets those that are no longer needed."""
        while self._asked < len(self._steps) and self._steps[self._asked].time <= until:
            step = self._steps[self._asked]
            if self._asked and self._is_cut(self._asked):
                self._cuts.append(step.time)
            self._asked += 1
        old = [at for at in range(self._asked - 3) if self._steps[at].time < until - FLASH]
        if len(old) > 20:
            del self._steps[: len(old)]
            self._asked -= len(old)

    def _is_cut(self, at: int) -> bool:
        step, before = self._steps[at], self._steps[at - 1]
        least = max(CHANGE, OF_CONTRAST * (step.contrast + before.contrast) / 2)
        if step.change < least:
            return False
        beside = [other.change for other in self._beside(at)]
        next_to_it = [one.change for one in self._steps[max(1, at - 2) : at + 3] if abs(one.time - step.time) <= BESIDE]
        usual = max(float(np.median(beside)) if beside else 0.0, (sum(next_to_it) - step.change) / 4)
        leap = step.change / max(REPEATED, usual)
        if leap < LEAP / 1.5 or any(
            other.change > step.change for other in self._beside(at) if abs(other.time - step.time) < 0.1
        ):
            return False
        everywhere = _changed(before.picture, step.picture)
        if everywhere < EVERYWHERE / 1.5:
            return False
        earlier = [before, *(one for one in self._steps[max(0, at - 40) : at - 1] if step.time - one.time <= FLASH)]
        later = [one for one in self._steps[at : at + 40] if one.time - step.time <= FLASH]
        alike = max(likeness(one.picture, other.picture) for one, other in product(_few(earlier), _few(later)))
        margins = (leap / LEAP, everywhere / EVERYWHERE, (1 - alike) / (1 - ALIKE))
        margin = min(margins)
        self._doubt = max(self._doubt, 0.5 * math.exp(-4 * abs(math.log(max(margin, 1e-3)))))
        return margin >= 1

    def _beside(self, at: int) -> Iterator[_Step]:
        step = self._steps[at]
        for other in range(max(1, at - 20), min(len(self._steps), at + 21)):
            apart = abs(self._steps[other].time - step.time)
            near = apart <= BESIDE or (abs(other - at) <= 2 and apart <= 2 * BESIDE)
            if other != at and near and math.isfinite(self._steps[other].change):
                yield self._steps[other]


def _inside(time: float, fade: Transition, more: float) -> bool:
    return fade.start - more < time < fade.end + more


def _few(steps: list[_Step]) -> list[_Step]:
    """At most four of them, the outer ones among them."""
    if len(steps) <= 4:
        return steps
    return [steps[round(at)] for at in np.linspace(0, len(steps) - 1, 4)]


def _changed(one: np.ndarray, other: np.ndarray) -> float:
    """The share of the cells that show something in which something changes."""
    change = np.asarray(cv2.resize(cv2.absdiff(one, other), (CELLS, CELLS), interpolation=cv2.INTER_AREA), float)
    shown = np.maximum(_detail(one), _detail(other))
    counted = (change >= 2) | (shown >= 4)
    least = max(2.0, 0.25 * float(change.mean()))
    return float(np.count_nonzero(change >= least)) / max(1, int(np.count_nonzero(counted)))


def _detail(picture: np.ndarray) -> np.ndarray:
    """How far a cell's pixels are from its mean."""
    cells = cv2.resize(picture, (CELLS, CELLS), interpolation=cv2.INTER_AREA)
    full = cv2.resize(cells, picture.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return cv2.resize(cv2.absdiff(picture, full), (CELLS, CELLS), interpolation=cv2.INTER_AREA)
