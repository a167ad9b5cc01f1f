"""Knows when nothing in a clip changes, and which stretches of it repeat earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.smaller import smaller

SHORTEST = 0.5  # seconds of a frozen stretch
LONGER = 3  # times the usual: so long one frame must last, for where nothing changes files may have one frame only
PIXEL = 8.0  # levels, of 2 x 2 pixels together: a larger change anywhere is no coding noise
TOGETHER = np.ones((2, 2), np.uint8)
MEAN = 1.0  # levels over the picture, from frame to frame
KEYFRAME = 3.5  # levels: what a keyframe changes at most where nothing moves
ALL_OVER = 0.3  # of the picture's cells: so many a keyframe changes
QUIET = 0.3  # seconds before a keyframe in which nothing changes
STIR = 0.3  # levels: the mean change from frame to frame of grain; of a coded still most changes are far smaller
CELLS = (16, 16)
SIGNATURE = (12, 12)  # pixels
FRAMES = 60_000  # whose signatures are kept: the first 40 minutes at 25 a second
REPEAT = 1.0  # seconds that a repeated stretch lasts at least
SAME = 1.2  # levels, rms, between the signatures of one picture that was coded twice
LIVELY = 4.0  # times SAME: so much happens in a stretch that can be told to be a repeat
BLOCK = 2048


class Still(Measure):
    """Frozen is a stretch of half a second or more in which no place differs from its first frame by more than coding
    does, and the picture does not stir as grain does. Repeated is a stretch of a second or more in which something
    moves, each of whose frames was shown before, in the same order and at the same distance."""

    name, version = "still", 2
    help = "frozen stretches, stretches shown before, and the share of time in which nothing changes"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._start: np.ndarray | None = None  # the first frame of what may be a frozen stretch
        self._since = self._time = self._first = 0.0
        self._before: np.ndarray | None = None
        self._loud = -np.inf  # when something changed last
        self._stirs: list[int] = [0, 0]  # steps that stir, all steps of this stretch
        self._frozen: list[tuple[float, float]] = []
        self._lasting: list[tuple[float, float]] = []  # single frames
        self._signatures = bytearray()
        self._times: list[float] = []
        self._pace = 0.04

    def see(self, frame: Shown) -> None:
        luma = frame.luma
        if self._start is None or self._before is None:
            self._first = frame.time
            self._begin(frame)
        else:
            if frame.time > self._time:
                self._pace = frame.time - self._time
            stir = cv2.norm(luma, self._before, cv2.NORM_L1) / luma.size
            if stir > MEAN or self._differs(luma):
                if self._is_keyframe(frame, stir):
                    self._start = luma
                else:
                    self._end(frame.time)
                    self._begin(frame)
                self._loud = frame.time
            else:
                self._stirs[0] += stir > STIR
                self._stirs[1] += 1
        self._before, self._time = luma, frame.time
        if len(self._times) < FRAMES:
            self._times.append(frame.time)
            self._signatures += cv2.resize(smaller(luma, 64), SIGNATURE, interpolation=cv2.INTER_AREA).tobytes()

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        if self._start is None:
            return None
        end = self._time + self._pace
        self._end(end)
        pace = float(np.median(np.diff(self._times))) if len(self._times) > 1 else 0.0
        self._frozen = sorted([*self._frozen, *(one for one in self._lasting if one[1] - one[0] >= LONGER * pace)])
        whole = max(end - self._first, 1e-9)
        share = min(1.0, sum(stop - start for start, stop in self._frozen) / whole)
        return {
            "frozen": [[round(start, 3), round(stop, 3)] for start, stop in self._frozen],
            "repeated": [[round(start, 3), round(stop, 3)] for start, stop in self._repeated()],
            "share": round(share, 4),
        }

    def _begin(self, frame: Shown) -> None:
        self._start, self._since, self._stirs = frame.luma, frame.time, [0, 0]

    def _differs(self, luma: np.ndarray) -> bool:
        change = cv2.absdiff(luma, self._start if self._start is not None else luma)
        if cv2.norm(change, cv2.NORM_INF) <= PIXEL:
            return False
        return cv2.norm(cv2.erode(change, TOGETHER), cv2.NORM_INF) > PIXEL

    def _is_keyframe(self, frame: Shown, stir: float) -> bool:
        """Whether a picture that stood still was coded anew: once, a little, and all over."""
        if stir > KEYFRAME or frame.time - self._loud < QUIET or self._stirs[0] > 0.3 * self._stirs[1]:
            return False
        cells = cv2.resize(
            cv2.absdiff(frame.luma, self._before if self._before is not None else frame.luma),
            CELLS,
            interpolation=cv2.INTER_AREA,
        )
        return cv2.countNonZero(cells) >= ALL_OVER * cells.size

    def _end(self, time: float) -> None:
        stirring, steps = self._stirs
        if time - self._since >= SHORTEST and stirring <= 0.3 * steps:
            (self._frozen if steps else self._lasting).append((self._since, time))

    def _repeated(self) -> list[tuple[float, float]]:
        times = np.array(self._times)
        pictures = np.frombuffer(bytes(self._signatures), np.uint8).reshape(len(times), -1).astype(np.float32)
        if len(times) < 3 or times[-1] - times[0] < 2 * REPEAT:
            return []
        pace = max(1e-3, float(np.median(np.diff(times))))
        least = max(4, round(REPEAT / pace))
        if len(times) < 2 * least:
            return []
        anchors = np.arange(least, len(times), max(1, least // 2))
        squares = np.einsum("ij,ij->i", pictures, pictures)
        limit = SAME**2 * pictures.shape[1]
        found: list[tuple[int, int]] = []
        done = -1
        for anchor in anchors:
            if anchor <= done:
                continue
            earlier = anchor - least + 1
            if earlier <= 0:
                continue
            apart = squares[:earlier] + squares[anchor] - 2 * (pictures[:earlier] @ pictures[anchor])
            for match in np.flatnonzero(apart <= limit)[:200]:
                start, stop = _run(pictures, int(anchor), int(match), limit)
                if stop - start < least or not _is_lively(pictures, start, stop, int(anchor - match), limit):
                    continue
                found.append((start, stop))
                done = stop - 1
                break
        ends = [*times, times[-1] + pace]
        merged: list[tuple[float, float]] = []
        for start, stop in found:
            if merged and ends[start] <= merged[-1][1] + pace:
                merged[-1] = (merged[-1][0], max(merged[-1][1], float(ends[stop])))
            else:
                merged.append((float(ends[start]), float(ends[stop])))
        return merged


def _run(pictures: np.ndarray, anchor: int, match: int, limit: float) -> tuple[int, int]:
    """The longest stretch around `anchor` whose every picture was shown `anchor - match` frames before."""
    lag = anchor - match
    start = stop = anchor
    while start > lag:
        block = np.arange(max(lag, start - BLOCK), start)
        apart = np.square(pictures[block] - pictures[block - lag]).sum(axis=1) > limit
        if apart.any():
            start = int(block[np.flatnonzero(apart)[-1]]) + 1
            break
        start = int(block[0])
    while stop < len(pictures):
        block = np.arange(stop, min(len(pictures), stop + BLOCK))
        apart = np.square(pictures[block] - pictures[block - lag]).sum(axis=1) > limit
        if apart.any():
            stop = int(block[np.flatnonzero(apart)[0]])
            break
        stop = int(block[-1]) + 1
    return max(start, lag), stop


def _is_lively(pictures: np.ndarray, start: int, stop: int, lag: int, limit: float) -> bool:
    """Whether so much happens in the stretch that it cannot look repeated by chance: in most of it, another distance in
    time would not do."""
    slip = max(1, (stop - start) // 8)
    places = np.arange(start, stop - slip)
    here = np.square(pictures[places + slip] - pictures[places]).sum(axis=1)
    return bool(np.mean(here > LIVELY * limit) > 0.5)
