"""Decides claims about the camera, shots and light by what was measured; asks nobody, and says nothing where that is
not sure.

The rules for the camera: a claim that it stands still is contradicted by a move of a margin of 2 or more; a direction
by the opposite one with a margin of 1.6 or more, if the claimed one is not even suspected. It is supported by the same
label, of every shot if the camera is to stand still: a shot without any label is none that stands still. For shots and
light, `language.measurable` has the margins; a number of shots is contradicted by a larger one, or by a single shot:
some cuts are missed. A text is supported by a line that was read; one that was not read may be there all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from framescribe.claims.base import CAMERA, TEXT, Claim
from framescribe.language.measurable import contradicted, is_bright, is_dark, known, sure_cuts
from framescribe.language.misread import alike
from framescribe.records import CONTRADICTED, SUPPORTED

SURE = 0.7  # the confidence from which on a shot is believed
READ = 0.8  # the confidence from which on a line of text is
MOST_LINES = 4  # over which one text is spread
FIRM, CLEAR = 2.0, 1.6  # margins: times that a movement is larger than the smallest one that has its name
OPPOSITE = {
    "pan_left": "pan_right", "tilt_up": "tilt_down", "zoom_in": "zoom_out", "roll_cw": "roll_ccw",
}  # fmt: skip
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}
_STATIC = re.compile(
    r"\b(?:static|stationary|motionless|stands? still|locked(?:[- ](?:off|down))?|does not move|"
    r"(?:remains?|stays?|is|held)(?: \w+)? (?:still|fixed|steady))\b"
)
_SIDEWAYS = (
    r"\b(?:pans?|panning|trucks?|trucking|tracks?|tracking|slides?|sliding|moves?|moving) "
    r"(?:\w+ly )?(?:to(?:wards?)? )?(?:the )?"
)
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pan_left", re.compile(_SIDEWAYS + "left")),
    ("pan_right", re.compile(_SIDEWAYS + "right")),
    ("tilt_up", re.compile(r"\b(?:tilts?|tilting|pedestals?) (?:\w+ly )?up")),
    ("tilt_down", re.compile(r"\b(?:tilts?|tilting|pedestals?) (?:\w+ly )?down")),
    ("zoom_in", re.compile(r"\b(?:zooms?|zooming|doll(?:y|ies)|pushes|push|pushing|moves?) (?:\w+ly )?in\b")),
    ("zoom_out", re.compile(r"\b(?:zooms?|zooming|doll(?:y|ies)|pulls?|pulling|moves?) (?:\w+ly )?(?:out|back)\b")),
    ("roll_cw", re.compile(r"\b(?:rolls?|rotates?) (?:\w+ly )?clockwise")),
    ("roll_ccw", re.compile(r"\b(?:rolls?|rotates?) (?:\w+ly )?(?:counter|anti)-?clockwise")),
    ("shake", re.compile(r"\b(?:handheld|hand-held|shaky|shakes?|shaking)\b")),
)  # fmt: skip


_SAYS = re.compile(r'"(.+)"')
_ONE_SHOT = re.compile(
    r"(?:the|this) (?:\w+ )?(?:shot|take) is (?:a )?(?:single|continuous|unbroken|uninterrupted)\.|there are no cuts\.|"
    r"the (?:video|clip|footage) has no cuts\."
)
_CUTS = re.compile(r"there are cuts\.|the (?:video|scene|clip|footage|view|camera) cuts\.")
_SHOTS = re.compile(r"there are (two|three|four|five|six|seven|eight|nine|ten) shots\.")
_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PICTURE = r"(?:scene|setting|picture|image|video|footage|environment|frame|room|interior|street|lighting)"
_HOW = r"(?:very |quite |extremely |mostly |almost completely )?"


def _light(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:the {_PICTURE}|it) is {_HOW}(?:{words})\.|there is an? {_HOW}(?:{words}) {_PICTURE}\.")


_DARK = _light(r"dark|dim|dimly[- ]lit|poorly[- ]lit|pitch[- ]black|pitch[- ]dark")
_BRIGHT = _light(r"bright|brightly[- ]lit|sunlit|sun-drenched")
_NIGHT = re.compile(r"(?:the scene is at|it is) night\.")


def decide(claim: Claim, facts: Mapping[str, Any]) -> str | None:
    """What the measurements of the video (`Row.facts`) say of a claim: SUPPORTED, CONTRADICTED, or None: nothing."""
    said = claim.statement.lower()
    if claim.kind == TEXT:
        return _of_text(said, facts)
    if claim.kind == CAMERA and (verdict := _of_camera(said, facts)) is not None:
        return verdict
    if (verdict := _of_shots(said, facts) or _of_light(said, facts)) is not None:
        return verdict
    return CONTRADICTED if next(contradicted(said, facts), None) is not None else None


def _of_text(said: str, facts: Mapping[str, Any]) -> str | None:
    claimed, text = _SAYS.search(said), known(facts, "text")
    if claimed is None or text is None:
        return None
    read = [line["text"] for line in text.get("lines", ()) if line["confidence"] >= READ]
    spread = (" ".join(read[at : at + many]) for many in range(1, MOST_LINES + 1) for at in range(len(read)))
    return SUPPORTED if any(alike(claimed[1], text) for text in spread) else None


def _of_shots(said: str, facts: Mapping[str, Any]) -> str | None:
    cuts = sure_cuts(facts)
    if cuts is None:
        return None
    number, fades = len(cuts.get("cuts") or ()), bool(cuts.get("fades"))
    if counted := _SHOTS.fullmatch(said):
        claimed, shots = _NUMBERS.index(counted[1]) + 2, cuts.get("shots", 0)
        if claimed == shots:
            return SUPPORTED
        return CONTRADICTED if shots > claimed or (not number and not fades) else None
    for pattern, is_one in ((_ONE_SHOT, True), (_CUTS, False)):
        if pattern.fullmatch(said):
            if number:
                return CONTRADICTED if is_one else SUPPORTED
            return None if fades else SUPPORTED if is_one else CONTRADICTED
    return None


def _of_light(said: str, facts: Mapping[str, Any]) -> str | None:
    light = known(facts, "light")
    if light is None:
        return None
    if _DARK.fullmatch(said):
        return SUPPORTED if is_dark(light) else CONTRADICTED if is_bright(light) else None
    if _BRIGHT.fullmatch(said):
        return SUPPORTED if is_bright(light) else CONTRADICTED if is_dark(light) else None
    return CONTRADICTED if _NIGHT.fullmatch(said) and is_bright(light) else None


def _of_camera(said: str, facts: Mapping[str, Any]) -> str | None:
    measured = facts.get("camera")
    shots = measured.get("shots") if isinstance(measured, Mapping) else None
    if not shots or any(shot.get("confidence", 0) < SURE for shot in shots):
        return None
    moves = {
        move["label"]: move.get("margin", 0)
        for shot in shots
        for move in shot.get("moves", ())
        if move["label"] != "static"
    }
    maybe = {move["label"] for shot in shots for move in shot.get("maybe", ())}
    if _STATIC.search(said):
        if any(margin >= FIRM for margin in moves.values()):
            return CONTRADICTED
        still = all(any(move["label"] == "static" for move in shot.get("moves", ())) for shot in shots)
        return SUPPORTED if still and not moves and not maybe else None
    claimed = [label for label, pattern in _LABELS if pattern.search(said)]
    if len(claimed) != 1:  # several in one claim, or what was not measured
        return None
    label = claimed[0]
    if moves.get(label, 0) >= CLEAR:
        return SUPPORTED
    if label in moves or label in maybe:
        return None
    if moves.get(OPPOSITE.get(label, ""), 0) >= CLEAR:
        return CONTRADICTED
    return None
