"""Decides claims about the camera, shots and light by what was measured; asks nobody, and says nothing where that is
not sure.

The rules for the camera: a claim that it stands still is contradicted by a move of a margin of 2 or more in every shot,
unless it is about a part of the time; a direction by the opposite one with a margin of 1.6 or more, if the claimed one
is not even suspected. It is supported by the same label, of every shot if the camera is to stand still: a shot without
any label is none that stands still. For shots and light, `language.measurable` has the margins; a number of shots is
contradicted by a larger one, or by a single shot: some cuts are missed. A text is supported by a line that was read;
one that was not read may be there all the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from framescribe.claims.base import CAMERA, TEXT, Claim
from framescribe.language.measurable import contradicted, is_bright, is_dark, is_passing, known, sure_cuts
from framescribe.records import CONTRADICTED, SUPPORTED

SURE = 0.7  # the confidence from which on a shot is believed
READ = 0.8  # the confidence from which on a line of text is
MOST_LINES = 4  # over which one text is spread
FIRM, CLEAR = 2.0, 1.6  # margins: times that a movement is larger than the smallest one that has its name
OPPOSITE = {
    "pan_left": "pan_right", "tilt_up": "tilt_down", "zoom_in": "zoom_out", "roll_cw": "roll_ccw",
}  # fmt: skip
OPPOSITE |= {other: one for one, other in OPPOSITE.items()}
# Whose movement it is, and words that may stand before the verb.
_EYE = r"(?:the |this |a |an )?(?:\w+ )?(?:camera(?:work)?|shot|view|frame|framing|footage|perspective|lens)"
_THEN = r"(?: (?:\w+ly|then|also|now|just|is|begins? to|starts? to|continues? to|and))*"
_IS = rf"(?:{_EYE}{_THEN}|this is an?(?: [\w-]+){{0,3}}?) "
_NOT = re.compile(r"\b(?:not|never|no|without|neither|nor|barely|hardly|rarely|cannot|stops?)\b")
_STILL = r"(?:static|stationary|motionless|immobile|unmoving|still|fixed|locked(?:[- ](?:off|down))?)"
_STATIC = re.compile(
    rf"{_EYE}{_THEN}(?: (?:remains?|stays?|stands?|sits?|holds?|is held|is kept|appears|seems|keeps))?(?: \w+ly)* "
    rf"{_STILL}(?! (?:on|and|but|to|at|in))\b|this is an? (?:[\w-]+ )*?{_STILL}(?! (?:life|photo|image))\b|"
    rf"{_EYE} (?:does not move|is not moving|never moves)(?! (?:away|from|closer|in|out|much|left|right|up|down))\b"
)
_LEFT, _RIGHT, _UP, _DOWN = (
    "left(?:wards?)?",
    "right(?:wards?)?",
    "(?:up(?:wards?)?|top)",
    "(?:down(?:wards?)?|bottom)",
)
_PLACE = r"(?![ -](?:hand|side|half|edge|corner|wall|end|part|of|and)\b)"  # "to the left side of the table"


def _toward(way: str, other: str) -> str:
    """ "left", "to the left", "from right to left"."""
    across = rf"(?:from )?(?:the )?{other}[ -]to[ -](?:the )?{way}"
    return rf" (?:\w+ly )?(?:{across}|(?:to(?:wards?)? )?(?:the )?{way}{_PLACE}(?! to))"


_SIDEWAYS = r"(?:pan(?:s|ning)?|truck(?:s|ing)?|track(?:s|ing)?|slid(?:es?|ing)|mov(?:es?|ing)|sweep(?:s|ing)?)"
_TILTS = r"(?:tilt(?:s|ing)?|pedestals?)"
_NEARER = r"(?:zoom(?:s|ing)?|doll(?:y|ies|ying)|push(?:es|ing)?|mov(?:es?|ing))(?: \w+ly)? in"
_FARTHER = r"(?:zoom(?:s|ing)?|doll(?:y|ies|ying)|pull(?:s|ing)?|mov(?:es?|ing))(?: \w+ly)? (?:out|back)"
_ENDS = r"(?=\.| (?:on|to|towards?|from|closer|a (?:little|bit)|\w+ly)\b)(?! to (?:the )?(?:left|right))"
_LABELS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (label, re.compile(pattern))
    for label, pattern in (
        ("pan_left", _SIDEWAYS + _toward(_LEFT, _RIGHT)),
        ("pan_right", _SIDEWAYS + _toward(_RIGHT, _LEFT)),
        ("tilt_up", _TILTS + _toward(_UP, _DOWN)),
        ("tilt_down", _TILTS + _toward(_DOWN, _UP)),
        ("zoom_in", rf"(?:{_NEARER}){_ENDS}"),
        ("zoom_out", rf"(?:{_FARTHER}){_ENDS}"),
        ("roll_cw", r"(?:rolls?|rotates?) (?:\w+ly )?clockwise"),
        ("roll_ccw", r"(?:rolls?|rotates?) (?:\w+ly )?(?:counter|anti)-?clockwise"),
        ("shake", r"(?:handheld|hand-held|shaky|shak(?:es|ing))"),
    )
)


_SAYS = re.compile(r'"(.+)"')
_ONE_SHOT = re.compile(
    r"(?:the|this) (?:\w+ )?(?:shot|take) is (?:a )?(?:single|continuous|unbroken|uninterrupted)\.|there are no cuts\.|"
    r"the (?:video|clip|footage) has no cuts\."
)
_CUTS = re.compile(r"the (?:video|scene|clip|footage|view|camera) cuts\.")
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
    wanted = _letters(claimed[1])
    return SUPPORTED if wanted and any(_letters(text) == wanted for text in spread) else None


def _letters(text: str) -> str:
    """A text without what is easily misread of it: case, spaces, marks. A letter or a figure more is another text."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


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
    if _STATIC.match(said):
        if is_passing(said):
            return None
        if _moves_in_all(shots):
            return CONTRADICTED
        at_rest = all(any(move["label"] == "static" for move in shot.get("moves", ())) for shot in shots)
        return SUPPORTED if at_rest and not moves and not maybe else None
    if _NOT.search(said):
        return None
    claimed = [label for label, pattern in _LABELS if pattern.search(said)]
    if len(claimed) != 1:  # several in one claim, or what was not measured
        return None
    label = claimed[0]
    if re.match(_IS + dict(_LABELS)[label].pattern, said) is None:
        return None  # somebody else's
    if moves.get(label, 0) >= CLEAR:
        return SUPPORTED
    if label in moves or label in maybe:
        return None
    if moves.get(OPPOSITE.get(label, ""), 0) >= CLEAR:
        return CONTRADICTED
    return None


def _moves_in_all(shots: Sequence[Mapping[str, Any]]) -> bool:
    """Whether there is no shot in which the camera may stand still."""
    return all(
        any(move["label"] != "static" and move.get("margin", 0) >= FIRM for move in shot.get("moves", ()))
        for shot in shots
    )
