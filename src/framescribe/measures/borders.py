"""Knows how much of a clip's picture is bars at its edges; knows nothing of what the picture shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from framescribe.measures.base import Measure, Shown, Size

EVERY = 0.4  # seconds
SAME = 7  # levels: so far from a bar's own level coding noise takes a pixel
PLAIN = 0.6  # of a line in a bar is at that level; the rest may be a logo or a subtitle
LEAST = 0.15  # of a line with text, whose ends are plain
STEADY = 4.0  # levels: a bar's level changes no more over the clip
STEP = 10.0  # levels between a bar and the picture beside it
DEEPER, SUDDEN = 5, 0.4  # the step at the edge is so large a part of what it is five lines further in
EDGE = 0.6  # of the edge must have shown such a step at some time
BLACK = 26  # levels: a dark edge without a step may be a bar or the night
MOST = 0.47  # of the picture on one side


class _Side:
    """One edge of the picture: lines from the outermost inwards."""

    def __init__(self, lines: int, length: int) -> None:
        self.most = max(1, int(MOST * lines))
        self.extent: int | None = None
        self.level = 0.0
        self.levels = [255.0, 0.0]
        self.deep = 0  # the extent in any one frame
        self.step = np.zeros((self.most + 1, length), np.float32)  # the largest step seen, by line and place

    def see(self, lines: np.ndarray) -> None:
        """`lines`: uint8 [lines, length]."""
        lines = lines[: self.most + 2]
        level = float(np.median(lines[0]))
        self.levels = [min(self.levels[0], level), max(self.levels[1], level)]
        plain = cv2.inRange(lines, max(0.0, level - SAME), level + SAME)
        share = plain.mean(axis=1) / 255
        outer = max(1, plain.shape[1] // 12)
        text = (share >= LEAST) & (plain[:, :outer].mean(axis=1) > 250) & (plain[:, -outer:].mean(axis=1) > 250)
        ends = np.flatnonzero((share < PLAIN) & ~text)
        extent = min(int(ends[0]) if len(ends) else self.most, self.most)
        while extent and share[extent - 1] < PLAIN:
            extent -= 1  # text is only followed by more of the bar
        self.level = level
        self.deep = max(self.deep, extent)
        self.extent = extent if self.extent is None else min(self.extent, extent)
        inside = lines[np.minimum(np.arange(self.most + 1) + 1, len(lines) - 1)].astype(np.float32)
        np.maximum(self.step, np.abs(inside - level), out=self.step)

    def bar(self) -> tuple[float, float] | None:
        """How many lines are bar, and how sure that is. None: cannot tell."""
        if self.extent is None:
            return None
        if self.extent == 0:
            return 0.0, 1.0
        black = self.levels[1] <= BLACK
        if self.levels[1] - self.levels[0] > STEADY:
            return (0.0, 0.9) if not black else None
        if self.extent >= self.most:
            return None if black else (0.0, 0.7)
        before = self.step[self.extent - 2] if self.extent > 1 else 0.0
        near, further = self.step[self.extent], self.step[min(self.extent + DEEPER, self.most)]
        edge = float(np.mean((near >= STEP) & (near - before >= SUDDEN * further)))
        if edge >= EDGE:
            return float(self.extent), min(1.0, 0.6 + edge - EDGE)
        return None if black else (0.0, 0.8)


class Borders(Measure):
    """A bar is a stretch of lines at an edge that keep one level all the time, but for a logo or a subtitle, and end in
    a straight step over most of the edge's length. A dark edge without such a step may as well be the night: cannot
    tell."""

    name, version = "borders", 1
    help = "black or plain bars at the edges: letterbox, pillarbox, window"

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._sides: dict[str, _Side] = {}
        self._next = -np.inf
        self._shape = (0, 0)

    def see(self, frame: Shown) -> None:
        if frame.time < self._next:
            return
        self._next = frame.time + EVERY
        luma = frame.luma
        if not self._sides:
            self._shape = height, width = luma.shape
            self._sides = {
                "left": _Side(width, height),
                "right": _Side(width, height),
                "top": _Side(height, width),
                "bottom": _Side(height, width),
            }
        if float(luma.std()) < 3:
            return  # a blank picture has no edges
        across = np.ascontiguousarray(luma.T)
        self._sides["left"].see(across)
        self._sides["right"].see(across[::-1])
        self._sides["top"].see(luma)
        self._sides["bottom"].see(luma[::-1])

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        found: dict[str, float] = {}
        sure = 1.0
        for name, side in self._sides.items():
            bar = side.bar()
            if bar is None:
                return None
            lines = self._shape[1] if name in ("left", "right") else self._shape[0]
            found[name] = round(bar[0] / lines, 4)
            sure = min(sure, bar[1])
        return {**found, "confidence": round(sure, 2)} if found else None
