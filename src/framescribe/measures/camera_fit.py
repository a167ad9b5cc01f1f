"""Knows which one movement of a flat picture explains most of a set of displacements; knows no pixels and no time.

The background is what covers the picture, not what has the most points: a point at the border counts more, since what
moves on its own is mostly in the middle. Two-point similarities are drawn and scored by truncated squares (MSAC: Torr
and Zisserman, "MLESAC", CVIU 2000), and the best one is refined by reweighted least squares of an eight-parameter flow,
which leaves room for a rotating camera's perspective.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

TRIES = 72  # similarities that are drawn
ROUNDS = 3  # of least squares
APART = 0.15  # of the picture's width: two points closer than that tell size and roll too badly
TOLERANCE, OF_MOVE = 0.18, 0.10  # how far off a point may be: pixels, and a share of how far it moved
REFINED = 0.05  # the same share once refined
FEWEST = 6  # points
BENT = 16  # points that the eight-parameter flow takes
BORDER, BORDER_WEIGHT = (
    0.66,
    2.5,
)  # from this share of the way to the border on, a point counts so
BEFORE = 1.06  # what the movement that went before is favoured by


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """`motion`: how the content moves right and down (pixels), grows (natural logarithm), and turns clockwise
    (radians). `parameters`: of the flow, for `at`. `inliers`: bool per point. `agree`: their share, weighted by
    place."""

    motion: np.ndarray
    parameters: np.ndarray
    inliers: np.ndarray
    agree: float

    def at(self, points: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """The flow [n, 2] at these points [n, 2], in pixels from the middle of a picture of this width and height."""
        flow: np.ndarray = _rows(points / size, len(self.parameters)) @ self.parameters
        return flow.reshape(2, -1).T


def fit(points: np.ndarray, flow: np.ndarray, size: tuple[int, int], before: np.ndarray | None) -> Fitted | None:
    """The movement of the background. `points` and `flow` are float64 [n, 2] in pixels, the points from the middle of a
    picture of this width and height; `before`: the `motion` expected from the step before. None: too few points, or no
    four of them agree."""
    if len(points) < FEWEST:
        return None
    edge = (np.abs(points) / (size[0] / 2, size[1] / 2)).max(1)
    weight = np.where(edge > BORDER, BORDER_WEIGHT, 1.0)
    start, shift = points @ _COMPLEX, flow @ _COMPLEX
    moved = np.abs(shift)
    tolerance = TOLERANCE + OF_MOVE * moved
    turn, move = _guesses(start, shift, size[0], before)
    off = (turn - 1)[:, None] * start + move[:, None] - shift
    off2 = (off.real**2 + off.imag**2) / tolerance**2
    score = np.maximum(0, 1 - 0.25 * off2) @ weight
    if before is not None:
        score[-1] *= BEFORE
    off2 = off2[int(score.argmax())]
    inliers = off2 < 4
    if inliers.sum() < 4:
        return None
    rows = _rows(points / size, 8 if inliers.sum() >= BENT else 4)
    wanted = flow.T.ravel()
    parameters = np.zeros(rows.shape[1])
    for _ in range(ROUNDS):
        trust = weight * inliers / (1 + off2)
        weighted = (rows * np.concatenate([trust, trust])[:, None]).T
        parameters = np.linalg.solve(weighted @ rows + _ridge(rows.shape[1]), weighted @ wanted)
        residual = ((rows @ parameters - wanted) ** 2).reshape(2, -1).sum(0)
        off2 = residual / tolerance**2
        closer = residual < 4 * (TOLERANCE + REFINED * moved) ** 2
        if closer.sum() < 4:
            break
        inliers = closer
    return Fitted(_motion(parameters, size), parameters, inliers, float(weight[inliers].sum() / weight.sum()))


_COMPLEX = np.array([1, 1j])


def _guesses(
    start: np.ndarray, shift: np.ndarray, width: int, before: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Similarities as complex numbers (z goes to turn * z + move): some drawn, standing still, the median, the last."""
    one, two = _pairs(len(start))
    apart = np.abs(start[one] - start[two]) > APART * width
    one, two = one[apart], two[apart]
    turn = 1 + (shift[one] - shift[two]) / (start[one] - start[two])
    move = start[one] + shift[one] - turn * start[one]
    possible = np.abs(np.abs(turn) - 1) < 0.35
    half = len(shift) // 2
    more = [(1 + 0j, 0j), (1 + 0j, complex(np.sort(shift.real)[half], np.sort(shift.imag)[half]))]
    if before is not None:
        more.append((complex(np.exp(before[2] + 1j * before[3])), complex(before[0], before[1])))
    return (
        np.concatenate([turn[possible], [turn for turn, _ in more]]),
        np.concatenate([move[possible], [move for _, move in more]]),
    )


@lru_cache(maxsize=512)
def _pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    drawn = np.random.default_rng(count).integers(0, count, (2, TRIES))
    return drawn[0], drawn[1]


def _rows(points: np.ndarray, unknowns: int) -> np.ndarray:
    """What the parameters are multiplied by to give the flow of these points [n, 2] to the right [n] and down [n]."""
    count, (x, y) = len(points), points.T
    rows = np.zeros((2 * count, unknowns))
    right, down = rows[:count], rows[count:]
    right[:, 0] = down[:, 1] = 1
    right[:, 2] = x
    if unknowns == 4:
        right[:, 3], down[:, 2], down[:, 3] = -y, y, x
    else:
        right[:, 3], down[:, 4], down[:, 5] = y, x, y
        right[:, 6], right[:, 7], down[:, 6], down[:, 7] = x * x, x * y, x * y, y * y
    return rows


@lru_cache(maxsize=2)
def _ridge(unknowns: int) -> np.ndarray:
    """What is bent is held back a little; the rest just enough for the equations to have an answer."""
    return np.diag([1e-6] * 4 if unknowns == 4 else [1e-6] * 6 + [0.1, 0.1])


def _motion(parameters: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    if len(parameters) == 4:
        growth, turn = parameters[2] / width, parameters[3] / width
    else:
        growth = _lesser(parameters[2] / width, parameters[5] / height)
        turn = _lesser(parameters[4] / width, -parameters[3] / height)
    scale = 1 + growth
    size_of = math.log(max(0.3, math.hypot(scale, turn)))
    return np.array([parameters[0], parameters[1], size_of, math.atan2(turn, scale)])


def _lesser(one: float, other: float) -> float:
    """A change of size, or a roll, shows in both directions alike; layers that move differently look like it in one."""
    if one * other <= 0:
        return 0.0
    small, large = sorted((one, other), key=abs)
    return (one + other) / 2 if abs(large) < 2.5 * abs(small) else small
