"""Knows what a shot's velocities over time are called: static, pan, tilt, zoom, roll, shake; knows no pixels.

Each way that a camera can move has a smallest amount, and a slowest speed below which a stretch of time does not count.
Both directions of a way are added up apart, so that there and back is no standing still. The amount needed rises with
what else moves meanwhile: a fast pan turns and grows the picture a little. The margin of a label is what was measured
through what was needed; from SURE on it is said, from MAYBE on it is possible. Static is sure where nothing else is
possible.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

SURE, MAYBE = 1.25, 0.6
GOOD = 0.18  # trust from which on a step's velocity is believed
SEEN = 0.55  # mean trust with which a shot is seen as well as can be
LEAST_SEEN = 0.3  # of that, below which nothing is said of a shot
STRONG, AGREED = (0.35, 0.12), 0.9  # share of the picture with good points below which "static" is doubted, for what a
# codec leaves of too little light or texture stands still; the second, where so much of the picture agrees
SMOOTH, SWAY, HELD = 0.42, 0.6, 0.75  # seconds: windows against noise, against shake, and what shake deviates from
SHAKE = 0.003  # widths a step, root mean square
TOGETHER = 0.22  # of the other direction: less than that is its echo


@dataclass(frozen=True, slots=True)
class Way:
    """One way to move: what it is called when the content goes right, down, grows, or turns clockwise, and else; the
    smallest amount and the slowest speed a second, in the unit."""

    labels: tuple[str, str]
    least: float
    slowest: float
    unit: str


WAYS = (
    Way(("pan_left", "pan_right"), 0.055, 0.014, "widths"),
    Way(("tilt_up", "tilt_down"), 0.065, 0.018, "heights"),
    Way(("zoom_in", "zoom_out"), math.log(1.08), 0.014, "times"),
    Way(("roll_ccw", "roll_cw"), 3.2, 0.55, "degrees"),
)
LABELS = ("static", *(label for way in WAYS for label in way.labels), "shake")


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A shot's steps: `start` and `end` [n] in seconds, `motion` [n, 4] of the content (widths, heights, logarithm,
    radians), `trust` and `strong` [n] from 0 to 1."""

    start: np.ndarray
    end: np.ndarray
    motion: np.ndarray
    trust: np.ndarray
    strong: np.ndarray

    @property
    def seconds(self) -> np.ndarray:
        seconds: np.ndarray = np.maximum(1e-3, self.end - self.start)
        return seconds


def described(track: Track) -> dict[str, Any]:
    """`moves` that are sure, those that `maybe` are, `shake` (widths a step), how much of the picture was `visible`,
    and the `confidence` that `moves` are all and no more, from 0 to 1. At least one step."""
    seconds = track.seconds
    good = track.trust > GOOD
    velocity = _filled(track.motion / seconds[:, None] * (1, 1, 1, 180 / math.pi), good)
    step = float(np.median(seconds))
    shake = _shake(velocity, seconds, good, step)
    shaken = shake >= SHAKE
    smooth = _smoothed(velocity, step, shaken)
    found = [_spans(smooth, seconds, number, sign, way) for number, way in enumerate(WAYS) for sign in (1, -1)]
    margins = _margins(found, smooth, seconds, shake, shaken)
    moves = [
        _move(label, amount, margin, spans, track)
        for (label, amount, spans), margin in zip(found, margins, strict=True)
        if margin >= MAYBE
    ]
    if shake / SHAKE >= MAYBE:
        whole = [[_round(track.start[0]), _round(track.end[-1])]]
        moves.append({"label": "shake", "amount": round(shake, 4), "unit": "widths a step", "speed": None,
                      "margin": round(shake / SHAKE, 2), "spans": whole})  # fmt: skip
    margins.append(shake / SHAKE)
    visible = float((track.trust * seconds).sum() / seconds.sum())
    if not good.any():
        return {"moves": [], "maybe": [], "shake": None, "visible": round(visible, 3), "confidence": 0.0}
    seen = min(1.0, visible / SEEN) * float((good * seconds).sum() / seconds.sum())
    if all(margin < 1 for margin in margins):
        seen *= min(1.0, float(track.strong.mean()) / STRONG[visible > AGREED])
        whole = [[_round(track.start[0]), _round(track.end[-1])]]
        least = 1 / max(0.1, *margins)
        moves.insert(0, {"label": "static", "amount": None, "unit": None, "speed": None, "margin": round(least, 2),
                         "spans": whole})  # fmt: skip
    clear = min(max(margin, 1 / max(margin, 1e-9)) for margin in margins)
    enough = {"static": 1 / MAYBE}
    if moves and moves[0]["label"] == "static":
        clear = 1 + (clear - 1) * (SURE - 1) / (enough["static"] - 1)
    sure = [move for move in moves if move["margin"] >= enough.get(move["label"], SURE) and seen >= LEAST_SEEN]
    return {
        "moves": sure,
        "maybe": [move for move in moves if move not in sure],
        "shake": round(shake, 5),
        "visible": round(visible, 3),
        "confidence": round(seen * min(1.0, 0.7 * (clear - 1) / (SURE - 1)), 3),
    }


def _round(seconds: float) -> float:
    return round(float(seconds), 2)


def _filled(velocity: np.ndarray, good: np.ndarray) -> np.ndarray:
    """Steps that are not believed move as those around them do."""
    if good.sum() < 2 or good.all():
        return velocity
    at = np.arange(len(good))
    return np.stack([np.interp(at, at[good], values[good]) for values in velocity.T], 1)


def _smoothed(velocity: np.ndarray, step: float, shaken: bool) -> np.ndarray:
    """Without noise. The median of a sway is not its mean, so under shake means are taken."""
    if shaken:
        width = _odd(SWAY / step)
        return _mean(_mean(velocity, width), width)
    return _mean(_median(velocity, _odd(SMOOTH / step)), 3)


def _odd(steps: float) -> int:
    return max(3, round(steps) | 1)


def _windows(values: np.ndarray, width: int) -> np.ndarray:
    """[n, ways, width]: the steps around each, those at the ends repeated."""
    half = width // 2
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)


def _median(values: np.ndarray, width: int) -> np.ndarray:
    return np.median(_windows(values, width), axis=2) if len(values) >= 3 else values


def _mean(values: np.ndarray, width: int) -> np.ndarray:
    return _windows(values, width).mean(axis=2) if len(values) >= 3 else values


def _shake(velocity: np.ndarray, seconds: np.ndarray, good: np.ndarray, step: float) -> float:
    """What goes across the way that the camera goes over HELD seconds, or against it: an unsteady pace is no shake. The
    quarter of the steps that deviates most is left out: those may be wrong."""
    way = _median(velocity[:, :2], max(5, _odd(HELD / step))) * seconds[:, None]
    now = velocity[:, :2] * seconds[:, None]
    off, far = now - way, np.hypot(way[:, 0], way[:, 1])
    unit = way / np.maximum(far, 1e-9)[:, None]
    along, across = (off * unit).sum(1), off[:, 1] * unit[:, 0] - off[:, 0] * unit[:, 1]
    against = np.minimum(0, (now * unit).sum(1))
    moving = 1.6 * across**2 + np.minimum(2 * against**2, along**2)
    energy = np.where(far < 0.0012, (off**2).sum(1), moving)
    if good.sum() >= 4:
        energy = energy[good]
    kept = np.sort(energy)[: max(1, int(len(energy) * 0.75))]
    return math.sqrt(1.2 * float(kept.mean()))


Found = tuple[str, float, list[tuple[int, int]]]


def _spans(smooth: np.ndarray, seconds: np.ndarray, number: int, sign: int, way: Way) -> Found:
    """A label, how far it went in sum, and the first and last steps of each stretch in which it did."""
    along = sign * smooth[:, number]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], along > way.slowest, [False]]).astype(int)))
    total, spans = 0.0, []
    for first, after in zip(edges[::2], edges[1::2], strict=True):
        amount = float((along[first:after] * seconds[first:after]).sum())
        if amount > 0.3 * way.least:
            total += amount
            spans.append((int(first), int(after) - 1))
    return way.labels[sign < 0], total, spans


def _margins(found: list[Found], smooth: np.ndarray, seconds: np.ndarray, shake: float, shaken: bool) -> list[float]:
    gone = np.abs(smooth) * seconds[:, None]
    margins = []
    for place, (_, amount, spans) in enumerate(found):
        number = place // 2
        need = WAYS[number].least
        if shaken:
            need = need + 3.5 * shake if number < 2 else 1.3 * need
        on = [gone[first : last + 1].sum(0) for first, last in spans]
        pan, tilt, zoom, turn = np.sum(on, axis=0) if on else np.zeros(4)
        if number == 3:
            need += 14 * pan + 4 * tilt + 1.2 * zoom
        elif number == 2:
            need += 0.08 * (pan + tilt) + 0.0006 * turn
        else:
            need += 0.02 * (tilt if number == 0 else pan) + 0.04 * zoom + 0.0012 * turn
        other = found[place ^ 1][1]
        if amount < other:
            need = max(need, TOGETHER * other)
        margins.append(float(amount / need))
    return margins


def _move(label: str, amount: float, margin: float, spans: list[tuple[int, int]], track: Track) -> dict[str, Any]:
    """`amount` in its unit (of a zoom: how many times larger or smaller), `speed` in it a second (of a zoom: its
    natural logarithm)."""
    way = next(way for way in WAYS if label in way.labels)
    lasted = sum(float(track.end[last] - track.start[first]) for first, last in spans)
    return {
        "label": label,
        "amount": round(math.exp(amount) if way.unit == "times" else amount, 3),
        "unit": way.unit,
        "speed": round(amount / max(lasted, 1e-3), 4),
        "margin": round(margin, 2),
        "spans": [[_round(track.start[first]), _round(track.end[last])] for first, last in spans],
    }
