"""Knows which facts of a video hold for a part of it; measures nothing, and leaves out what it cannot tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from framescribe.measures.camera_words import said
from framescribe.measures.watching import CANNOT_TELL

_MOVES = "moves", "maybe"  # what is sure of the camera, and what is not
NEAR = 0.1  # seconds: a cut so near to an end of the part is that end


def within(facts: Mapping[str, Any], start: float, end: float) -> dict[str, Any]:
    """The facts (`Row.facts`) of the part from second `start` to `end`, in seconds from its start: of the cuts and the
    camera, which are told with their times, and the brightness of a part that is dark, or bright, from end to end. All
    others are means over the video, and are not there.

    Of a shot that lies in the part only in part, the camera's movements stay as far as they do, without a margin; one
    in which the camera stands still does so in each part of it.
    """
    found = dict[str, Any]()
    cuts, camera, light = (
        of if isinstance(of := facts.get(name), Mapping) and not of.get(CANNOT_TELL) else {}
        for name in ("cuts", "camera", "light")
    )
    if cuts:
        inside = [round(time - start, 3) for time in cuts["cuts"] if start + NEAR < time < end - NEAR]
        fades = [
            {**fade, "start": round(fade["start"] - start, 3), "end": round(fade["end"] - start, 3)}
            for fade in cuts["fades"]
            if fade["start"] < end - NEAR and fade["end"] > start + NEAR
        ]
        found["cuts"] = {"cuts": inside, "fades": fades, "confidence": cuts["confidence"]}
    if camera:
        shots = list(_shots(camera["shots"], start, end))
        found["camera"] = {"shots": shots, "said": said(shots, found.get("cuts"))} if shots else {CANNOT_TELL: True}
    for stretch in light.get("stretches", ()):
        if stretch["start"] <= start + NEAR and end - NEAR <= stretch["end"]:
            found["light"] = {"brightness": stretch["brightness"]}
    return found


def _shots(shots: list[Mapping[str, Any]], start: float, end: float) -> Iterator[dict[str, Any]]:
    for shot in shots:
        first, last = max(start, shot["start"]), min(end, shot["end"])
        if last - first <= NEAR:
            continue
        whole = shot["start"] >= start - NEAR and shot["end"] <= end + NEAR
        moves, maybe = ([_move(move, start, first, last, whole=whole) for move in shot[name]] for name in _MOVES)
        moves = [move for move in moves if move["spans"]]
        span = {"start": round(first - start, 3), "end": round(last - start, 3)}
        yield {**shot, **span, "moves": moves, "maybe": maybe}


def _move(move: Mapping[str, Any], start: float, first: float, last: float, *, whole: bool) -> dict[str, Any]:
    spans = [
        [round(max(one, first) - start, 3), round(min(other, last) - start, 3)]
        for one, other in move["spans"]
        if min(other, last) - max(one, first) > NEAR
    ]
    sure = whole or move["label"] == "static"
    return {**move, "margin": move["margin"] if sure else 0.0, "spans": spans}
