"""Knows which frames of a video show little: black, white, plain, frozen, badly blurred ones; it chooses none."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any

import cv2

from framescribe.measures.base import Shown
from framescribe.measures.light import nearly
from framescribe.measures.sharpness import edges

PLAIN = 3.0  # levels, the standard deviation: with less there is nothing to be seen
LONGER = 512  # pixels of the longer side of the picture in which edges are measured
WIDEST = 2.0  # pixels, the standard deviation of edges there: what is wider is badly blurred
WORDS = "", "black", "white", "plain", "blurred"
SLACK = 0.001  # seconds: facts have three decimals


class Poor:
    """Shown the frames of a video in order, says which of them show little, and in a word why. Keeps a few bytes
    of each."""

    def __init__(self) -> None:
        self._why, self._indices, self._times = bytearray(), array("q"), array("d")

    def see(self, frame: Shown) -> None:
        self._indices.append(frame.index)
        self._times.append(frame.time)
        self._why.append(WORDS.index(_why(frame)))

    def found(self, still: Mapping[str, Any]) -> dict[int, str]:
        """By the frames' indices. `still`: the facts of the measure of that name, which says what is frozen; the first
        frame of a frozen stretch is not."""
        frozen = still.get("frozen", ())
        found, stretch = dict[int, str](), 0
        for index, time, why in zip(self._indices, self._times, self._why, strict=True):
            while stretch < len(frozen) and frozen[stretch][1] - SLACK <= time:
                stretch += 1
            if WORDS[why] not in ("", "blurred"):
                found[index] = WORDS[why]
            elif stretch < len(frozen) and frozen[stretch][0] + SLACK < time:
                found[index] = "frozen"
            elif why:
                found[index] = WORDS[why]
        return found


def _why(frame: Shown) -> str:
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(frame.luma))
    if near := nearly(frame.luma, mean / 255):
        return near
    if deviation < PLAIN:
        return "plain"
    plane = frame.plane
    scale = LONGER / max(plane.shape)
    if scale < 1:
        size = max(1, round(plane.shape[1] * scale)), max(1, round(plane.shape[0] * scale))
        plane = cv2.resize(plane, size, interpolation=cv2.INTER_AREA)
    width = edges(plane)
    return "blurred" if width is not None and width > WIDEST else ""
