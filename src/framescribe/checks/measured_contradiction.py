"""Knows when a text contradicts what was measured in the video's pixels; measures nothing itself.

Only what is measured with a wide margin counts: how wide, and how it was found out, docs/measures.md says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.camera_contradiction import claims, is_still
from framescribe.checks.camera_directions import DOWN, IN, LEFT, OUT, RIGHT, UP, directions, spoken_of
from framescribe.checks.text import Text
from framescribe.language.measurable import contradicted, is_passing, known

MOVES, OPPOSITE = 2.0, 1.6  # times what is needed to call it a movement: against "static", against the other direction

_ONE_WAY = re.compile(r" (?:to the )?(?:left|right|up|down|in|out)\b")  # "does not pan left" is no standing still
_STATIC, _SHAKE = "static", "shake"
_LABELS = {
    LEFT: ("pan_left", "pan_right"),
    RIGHT: ("pan_right", "pan_left"),
    UP: ("tilt_up", "tilt_down"),
    DOWN: ("tilt_down", "tilt_up"),
    IN: ("zoom_in", "zoom_out"),
    OUT: ("zoom_out", "zoom_in"),
}


class MeasuredContradiction(Check):
    name = "measured_contradiction"
    help = "contradicts what was measured in the video: how the camera moves, cuts, brightness (with --measure)"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        if not of.facts:
            return
        if (camera := known(of.facts, "camera")) is not None and spoken_of(text):
            yield from self._camera(text, camera)
        for start, end, measured in contradicted(text.told, of.facts):
            yield self._found(start, end, measured)

    def _camera(self, text: Text, camera: Mapping[str, Any]) -> Iterator[Finding]:
        shots = camera.get("shots") or ()
        if not shots or not all(shot.get("moves") for shot in shots):
            return  # of a shot of which nothing is known, anything may be true
        margins: dict[str, float] = {}
        for shot in shots:
            for move in shot["moves"]:
                margins[move["label"]] = max(margins.get(move["label"], 0.0), move.get("margin") or 0.0)
        perhaps = {move["label"] for shot in shots for move in shot.get("maybe") or ()} | margins.keys()
        said = f"measured in the video is that the camera does this: {camera.get('said') or ', '.join(margins)}"
        ways = directions(text)
        for way, (start, end) in ways.items():
            claimed, other = _LABELS[way]
            if claimed not in perhaps and margins.get(other, 0.0) >= OPPOSITE:
                yield self._found(start, end, said)
        spoken = list(claims(text))
        still = [each for each in spoken if is_still(each) and not _ONE_WAY.match(text.told, each.end())]
        still = [each for each in still if not is_passing(_around(text.told, *each.span()))]
        moving = [each for each in spoken if not is_still(each)]
        moved = max((margin for label, margin in margins.items() if label not in (_STATIC, _SHAKE)), default=0.0)
        if still and not moving and not ways and moved >= MOVES:
            yield self._found(*still[0].span(), said)
        if moving and not still and perhaps == {_STATIC} and margins[_STATIC] >= MOVES:
            yield self._found(*moving[0].span(), said)

    def _found(self, start: int, end: int, what: str) -> Finding:
        return Finding(check=self.name, start=start, end=end, what=what)


def _around(told: str, start: int, end: int) -> str:
    """The sentence in which something stands."""
    first = max(told.rfind(mark, 0, start) for mark in ".!?。！？") + 1
    last = min((at for mark in ".!?。！？" if (at := told.find(mark, end)) >= 0), default=len(told))
    return told[first:last]
