"""Knows what lies still over a clip's moving pictures: logos, and lines of text that come and go in one band."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from framescribe.measures.base import Measure, Shown, Size

EVERY = 0.25  # seconds
HELD = 4  # so many times in a row an edge is seen in its place: a second
EDGE = 60  # levels of Sobel's slope: an edge
STEADY = 14  # levels: so far the brightness at an edge may wander
REST = 0.35  # of the edges at most may be held where the picture moves
EDGES = 150  # pixels on edges that a picture has at least
MOMENTS = 4  # with movement that are needed
MOSTLY = 0.6  # of the time the picture moves as a whole: else its scenery rests, and something large passes before it
SOMETIMES = 0.12  # of the moments: text that is there for so long is a subtitle
ALWAYS = 0.6  # of the moments: what is there for so long is a logo
CELL = 8  # pixels
TEXT = 14  # held pixels of a cell of text
MOVED = 6.0  # levels: a cell that changed over the last second
MOVING = 0.6  # of the cells changed: only then something that stays stands out
WIDE, HIGH = 0.15, 0.2  # of the picture: a line of text is at least as wide and at most as high
MOST = 0.25  # of the picture: a larger area is scenery that does not move


class Overlay(Measure):
    """Edges that stay in their place for a second while most others do not are an overlay. Seen nearly always it is a
    logo (or a frame around the picture, "other"); what stands in a wide, low band for a while is a subtitle, whose
    letters change. In a clip that does not move nothing can be told apart: cannot tell."""

    name, version = "overlay", 1
    help = "logos, watermarks and subtitles: where, and for which share of the time"
    after = ("borders",)

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._next = -np.inf
        self._before: np.ndarray | None = None
        self._earlier: deque[np.ndarray] = deque(maxlen=HELD)
        self._runs: Any = np.zeros((0, 0), np.uint8)
        self._always = np.zeros((0, 0), np.float32)
        self._cells = np.zeros((0, 0), np.float32)
        self._moments = self._looked = 0
        self._rest = 0.0

    def see(self, frame: Shown) -> None:
        if frame.time < self._next:
            return
        self._next = frame.time + EVERY
        luma = frame.luma
        edges = cv2.inRange(_slope(luma), EDGE, 65535)
        if self._before is None:
            self._runs = np.zeros(luma.shape, np.uint8)
            self._always = np.zeros(luma.shape, np.float32)
            self._cells = np.zeros((-(-luma.shape[0] // CELL), -(-luma.shape[1] // CELL)), np.float32)
        else:
            steady = cv2.inRange(cv2.absdiff(luma, self._before), 0, STEADY)
            stays = cv2.bitwise_and(edges, steady)
            self._runs = cv2.bitwise_and(cv2.add(self._runs, np.ones_like(self._runs)), stays)
            self._looked += 1
            if self._looked >= HELD:
                self._count(edges, luma)
        self._earlier.append(luma)
        self._before = luma

    def _count(self, edges: np.ndarray, luma: np.ndarray) -> None:
        held = cv2.inRange(self._runs, HELD, 255)
        all_edges = cv2.countNonZero(edges)
        near = cv2.countNonZero(held)
        if all_edges < EDGES or near > REST * all_edges:
            return
        # Of cells as a whole, and apart from what all have in common: noise moves nothing, nor does a change of light.
        now, then = (
            cv2.resize(one, self._cells.shape[::-1], interpolation=cv2.INTER_AREA) for one in (luma, self._earlier[0])
        )
        change = now.astype(np.float32) - then
        if np.mean(np.abs(change - np.median(change)) > MOVED) < MOVING:
            return
        self._moments += 1
        self._rest += near / all_edges
        self._always += held > 0
        high, wide = self._cells.shape
        padded = cv2.copyMakeBorder(
            held, 0, high * CELL - held.shape[0], 0, wide * CELL - held.shape[1], cv2.BORDER_CONSTANT, value=0
        )
        counts = cv2.resize(padded, (wide, high), interpolation=cv2.INTER_AREA).astype(np.float32) * (CELL**2 / 255)
        self._cells += counts >= TEXT

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        moving = self._moments / max(1, self._looked - HELD + 1)
        if self._moments < MOMENTS or moving < MOSTLY:
            return None
        self._forget_bars(known.get("borders", {}))
        found = [*self._logos(), *self._texts()]
        sure = min(1.0, 0.5 + self._moments / 40) * (0.5 + 0.5 * moving)
        return {"static": found, "confidence": round(sure, 2)}

    def _forget_bars(self, bars: Mapping[str, Any]) -> None:
        """A bar's edge stays, too, and is no overlay."""
        for side in ("left", "right", "top", "bottom"):
            share = float(bars.get(side, 0.0))
            if share:
                lines = self._always.T if side in ("left", "right") else self._always
                at = round(share * len(lines))
                lines = lines[::-1] if side in ("right", "bottom") else lines
                lines[max(0, at - 3) : at + 3] = 0
                cells = self._cells.T if side in ("left", "right") else self._cells
                first = (len(lines) - at if side in ("right", "bottom") else at) // CELL
                cells[max(0, first - 1) : first + 1] = 0

    def _logos(self) -> list[dict[str, Any]]:
        share = self._always / self._moments
        pixels = ((share >= ALWAYS) * 255).astype(np.uint8)
        found = []
        for left, top, width, height, count in _parts(cv2.dilate(pixels, np.ones((7, 9), np.uint8)), pixels):
            area = width * height / pixels.size
            if count < 10 or area > MOST:
                continue
            part = share[top : top + height, left : left + width]
            kind = "logo" if width < 0.4 * pixels.shape[1] and height < 0.4 * pixels.shape[0] else "other"
            lasting = float(np.quantile(part[part >= ALWAYS], 0.8))
            found.append(self._entry((left, top, left + width, top + height), kind, lasting))
        return found

    def _texts(self) -> list[dict[str, Any]]:
        share = self._cells / self._moments
        always = cv2.resize(
            (self._always / self._moments >= ALWAYS).astype(np.uint8) * 255,
            share.shape[::-1],
            interpolation=cv2.INTER_AREA,
        )
        cells = ((share >= SOMETIMES) & (always < 8)).astype(np.uint8) * 255
        height, width = self._always.shape
        found = []
        for left, top, wide, high, count in _parts(cv2.dilate(cells, np.ones((1, 7), np.uint8)), cells):
            box = (left * CELL, top * CELL, min(width, (left + wide) * CELL), min(height, (top + high) * CELL))
            if wide * CELL < WIDE * width or high * CELL > max(HIGH * height, 2 * CELL) or count < 0.4 * wide:
                continue
            part = share[top : top + high, left : left + wide]
            found.append(self._entry(box, "subtitle", float(np.quantile(part[part >= SOMETIMES], 0.8))))
        return found

    def _entry(self, box: tuple[int, int, int, int], kind: str, share: float) -> dict[str, Any]:
        height, width = self._always.shape
        left, top, right, bottom = box
        shares = [left / width, top / height, right / width, bottom / height]
        return {"box": [round(value, 3) for value in shares], "kind": kind, "share": round(share, 2)}


def _slope(picture: np.ndarray) -> np.ndarray:
    across, down = (cv2.Sobel(picture, cv2.CV_16S, *way) for way in ((1, 0), (0, 1)))
    return cv2.add(cv2.convertScaleAbs(across), cv2.convertScaleAbs(down))


def _parts(joined: np.ndarray, pixels: np.ndarray) -> list[tuple[int, int, int, int, int]]:
    """Connected parts of `joined`: left, top, width and height of what `pixels` has in each, and how many pixels."""
    count, labels = cv2.connectedComponents(joined)
    found = []
    for label in range(1, count):
        rows, columns = np.nonzero((labels == label) & (pixels > 0))
        if len(rows):
            left, top = int(columns.min()), int(rows.min())
            found.append((left, top, int(columns.max()) - left + 1, int(rows.max()) - top + 1, len(rows)))
    return found
