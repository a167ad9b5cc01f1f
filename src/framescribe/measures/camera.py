"""Knows how a video is cut into steps and shots for what its camera does; knows neither flow nor labels itself."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from framescribe.measures.base import Measure, Shown, Size
from framescribe.measures.camera_flow import Flow
from framescribe.measures.camera_moves import Track, described
from framescribe.measures.camera_words import said

RATE = 8  # frames a second that are looked at
REPEATED = 0.25  # seconds: for so long a picture that is like the last one is taken for the same frame, shown again
SAME_MEAN, SAME_MOST = 0.25, 12  # levels
REST = 0.02  # widths a second, about the slowest movement that has a name: so much a rest counts
FEWEST = 3  # steps of a shot of which anything is said
FIELDS = 12  # numbers kept of a step


class Camera(Measure):
    """Per shot: how the camera moves, and how much moves on its own. Directions are the camera's: where the content
    goes to the right, it pans left. From pictures alone a pan is not told from a sideways dolly, nor a zoom from a
    dolly."""

    name = "camera"
    version = 2
    help = "the camera's movement, shot by shot"
    after = ("cuts",)

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._flow = Flow()
        self._steps = array("d")
        self._last: tuple[float, np.ndarray] | None = None
        self._slack = 0.5 / size.fps if size.fps else 0.02

    def see(self, frame: Shown) -> None:
        if self._last is None:
            self._last = frame.time, frame.luma
            self._flow.step(frame.luma, 1.0)
            return
        before, picture = self._last
        seconds = frame.time - before
        if seconds < 1 / RATE - self._slack or seconds <= 0:
            return
        if seconds < REPEATED and _same(picture, frame.luma):
            return
        self._last = frame.time, frame.luma
        step = self._flow.step(frame.luma, seconds)
        self._steps.extend(
            (before, frame.time, *step.motion, step.trust, step.cut, step.strong, step.objects, step.own, step.carried)
        )

    def moved(self, times: Sequence[float]) -> list[float]:
        """How much had moved at these times, in widths of the picture: what the camera carried, what moved on its own,
        and, so that a rest is not passed over, a little for every second."""
        steps = np.frombuffer(self._steps, float).reshape(-1, FIELDS)
        at = np.concatenate([[0.0], steps[:1, 0], steps[:, 1]])
        gone = np.concatenate([[0.0], [0.0][: len(steps)], np.cumsum(steps[:, 11] + steps[:, 9] * steps[:, 10])])
        moved: list[float] = (np.interp(times, at, gone) + REST * np.asarray(times)).tolist()
        return moved

    def facts(self, known: Mapping[str, Any]) -> dict[str, Any] | None:
        steps = np.frombuffer(self._steps, float).reshape(-1, FIELDS)
        shots = [_shot(part) for part in _parts(steps, known.get("cuts")) if len(part) >= FEWEST]
        if not any(shot["visible"] or shot["objects"]["share"] for shot in shots):
            return None
        return {"shots": shots, "said": said(shots, known.get("cuts"))}


def _same(one: np.ndarray, two: np.ndarray) -> bool:
    apart = np.maximum(one, two) - np.minimum(one, two)
    return bool(apart.max() < SAME_MOST and apart.mean() < SAME_MEAN)


def _parts(steps: np.ndarray, cuts: Mapping[str, Any] | None) -> list[np.ndarray]:
    """The steps of each shot. Those across a cut, or within a fade, belong to none."""
    if cuts is None:
        across = steps[:, 7] > 0
    else:
        edges = [(at, at) for at in cuts.get("cuts", ())]
        edges += [(fade["start"], fade["end"]) for fade in cuts.get("fades", ())]
        across = np.zeros(len(steps), bool)
        for start, end in edges:
            across |= (steps[:, 0] < end) & (steps[:, 1] >= start)
    borders = np.flatnonzero(np.diff(np.concatenate([[True], across, [True]]).astype(int)))
    return [steps[first:after] for first, after in zip(borders[::2], borders[1::2], strict=True)]


def _shot(steps: np.ndarray) -> dict[str, Any]:
    track = Track(steps[:, 0], steps[:, 1], steps[:, 2:6], steps[:, 6], steps[:, 8])
    seconds = track.seconds
    whole = seconds.sum()
    share = float((steps[:, 9] * seconds).sum() / whole)
    gone = float((steps[:, 9] * steps[:, 10]).sum() / whole)
    return {
        "start": round(float(steps[0, 0]), 2),
        "end": round(float(steps[-1, 1]), 2),
        **described(track),
        "speed": round(float(steps[:, 11].sum() / whole), 4),
        "objects": {"share": round(share, 4), "speed": round(gone / share if share else 0.0, 4)},
    }
