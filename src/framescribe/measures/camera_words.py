"""Knows how the camera's movement is put into words, shot by shot; measures nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

BRIEF, BRIEF_SHARE = 0.4, 0.08  # seconds, or share of the shot: what lasts no longer is not told from what surrounds it
MOST_STATES = 3  # with more than that, only what happened is said, not when: a hand-held camera wanders
MOST_SHOTS = 6  # with more than that, the words would say nothing

WORDS = {
    "static": "static",
    "pan_left": "pan left",
    "pan_right": "pan right",
    "tilt_up": "tilt up",
    "tilt_down": "tilt down",
    "zoom_in": "zoom in",
    "zoom_out": "zoom out",
    "roll_cw": "roll clockwise",
    "roll_ccw": "roll counter-clockwise",
    "shake": "shaking",
}


def said(shots: Sequence[Mapping[str, Any]], cuts: Mapping[str, Any] | None = None) -> str | None:
    """What is sure of all shots, like "pan left, then static"; shots are divided by "; cut; ", or where `cuts`, the
    facts of that measure, have one, by "; fade; " or "; dissolve; ". None: of some shot nothing is sure, or there are
    too many."""
    told = [_said_of(shot) for shot in shots]
    if not told or len(told) > MOST_SHOTS or len(told) < (cuts or {}).get("shots", 0):
        return None
    fades = (cuts or {}).get("fades", ())
    between = [_between(one["end"], other["start"], fades) for one, other in pairwise(shots)]
    words = [part for pair in zip(["", *between], told, strict=True) for part in pair]
    return None if None in words else "".join(part for part in words if part)


def _between(end: float, start: float, fades: Iterable[Mapping[str, Any]]) -> str:
    """What lies between a shot that ends and the next one."""
    kinds = [fade["kind"] for fade in fades if fade["start"] < start and end < fade["end"]]
    return "; cut; " if not kinds else "; dissolve; " if kinds == ["dissolve"] else "; fade; "


def _said_of(shot: Mapping[str, Any]) -> str | None:
    moves = {move["label"]: move["spans"] for move in sorted(shot["moves"], key=lambda move: -move["margin"])}
    shaking = moves.pop("shake", None) is not None
    if not moves:
        return WORDS["shake"] if shaking else None
    start, end = shot["start"], shot["end"]
    possible = [span for move in shot.get("maybe", ()) for span in move["spans"]]
    edges = sorted({start, end, *(edge for spans in (*moves.values(), possible) for span in spans for edge in span)})
    states: list[tuple[list[str] | None, float]] = []  # None: it may stand still, or not
    for first, last in pairwise(edges):
        middle = (first + last) / 2
        on: list[str] | None = [label for label, spans in moves.items() if _is_in(middle, spans)]
        if not on and _is_in(middle, possible):
            on = None
        if states and states[-1][0] == on:
            states[-1] = on, states[-1][1] + last - first
        else:
            states.append((on, last - first))
    brief = max(BRIEF, BRIEF_SHARE * (end - start))
    lasting = [on for on, lasted in states if lasted > brief and on is not None] or [list(moves)]
    order = [on for place, on in enumerate(lasting) if place == 0 or on != lasting[place - 1]]
    if len(order) > MOST_STATES:
        order = [list(moves)]
    words = [" and ".join(WORDS[label] for label in on or ["static"]) for on in order]
    return ", then ".join(words) + (f", {WORDS['shake']}" if shaking else "")


def _is_in(time: float, spans: Iterable[Sequence[float]]) -> bool:
    return any(start <= time <= end for start, end in spans)
