"""A caption is held against what was measured with a wide margin, and against nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from framescribe.checks.base import Circumstances
from framescribe.checks.measured_contradiction import MeasuredContradiction
from framescribe.checks.text import Text


def camera(*shots: list[tuple[str, float]], maybe: tuple[str, ...] = ()) -> dict[str, Any]:
    """Facts of a camera that does these things, each with its margin, shot by shot."""
    made = [
        {
            "start": float(number),
            "end": number + 1.0,
            "moves": [{"label": label, "margin": margin, "spans": []} for label, margin in shot],
            "maybe": [{"label": label} for label in maybe],
        }
        for number, shot in enumerate(shots)
    ]
    return {"camera": {"version": 1, "shots": made, "said": None}}


STILL, LEFT, WEAK_LEFT = camera([("static", 4.0)]), camera([("pan_left", 3.0)]), camera([("pan_left", 1.3)])
SHAKES = camera([("static", 3.0), ("shake", 3.0)])
TWO_SHOTS = camera([("pan_left", 3.0)], [("static", 4.0)])
HALF_KNOWN = camera([("pan_left", 3.0)], [])
ONE_CUT = {"cuts": {"version": 1, "cuts": [2.0], "fades": [], "shots": 2, "confidence": 1.0}}
NO_CUT = {"cuts": {"version": 1, "cuts": [], "fades": [], "shots": 1, "confidence": 1.0}}
UNSURE_CUT = {"cuts": {**NO_CUT["cuts"], "confidence": 0.5}}
DARK = {"light": {"version": 1, "brightness": 0.05, "contrast": 0.1, "dark": 0.8, "bright": 0.0}}
BRIGHT = {"light": {"version": 1, "brightness": 0.7, "contrast": 0.1, "dark": 0.0, "bright": 0.2}}

WRONG = [
    (LEFT, "A man walks along a beach. The camera pans right."),
    (LEFT, "The camera remains static while a man walks along a beach."),
    (LEFT, "A static shot of a man on a beach."),
    (camera([("zoom_in", 2.0)]), "A bowl of fruit as the camera zooms out slowly."),
    (camera([("tilt_up", 2.0)]), "The camera tilts down along a tower."),
    (STILL, "The camera pans left over a beach."),
    (STILL, "The camera follows a man along a beach."),
    (LEFT, "The camera pans from left to right over a beach."),
    (camera([("pan_right", 3.0)]), "The shot is a slow pan right to left over a beach."),
    (NO_CUT, "A man walks. In the second shot, a bird sits on a branch."),
    (NO_CUT, "The video consists of three shots of a beach."),
    (LEFT, "镜头向右平移，拍摄海滩。"),
    (LEFT, "Die Kamera bleibt statisch, während ein Mann geht."),
    (TWO_SHOTS, "The camera pans right over the beach."),
    (ONE_CUT, "A man walks along a beach in a single continuous shot."),
    (ONE_CUT, "A man walks along a beach, filmed without cuts."),
    (NO_CUT, "A man walks along a beach. The scene cuts to a bird."),
    (NO_CUT, "A beach in three different shots."),
    (BRIGHT, "A man in a dimly lit room."),
    (DARK, "A man in a brightly lit kitchen interior."),
]
RIGHT = [
    (LEFT, "A man walks along a beach. The camera pans left."),
    (LEFT, "The camera follows a man along a beach."),
    (LEFT, "A man walks to the right along a beach."),
    (LEFT, "The camera pans left, then remains static."),
    (LEFT, "The camera zooms in on a man."),  # perhaps: a zoom is not the opposite of a pan
    (WEAK_LEFT, "The camera pans right."),
    (WEAK_LEFT, "The camera remains static while a man walks along a beach."),
    (camera([("pan_left", 3.0)], maybe=("pan_right",)), "The camera pans right."),
    (camera([("static", 4.0)], maybe=("zoom_in",)), "The camera zooms in on a man."),
    (camera([("static", 1.2)]), "The camera pans left over a beach."),
    (camera([("pan_left", 3.0), ("pan_right", 2.0)]), "The camera pans right, then left."),
    (SHAKES, "A static shot of a beach."),
    (HALF_KNOWN, "The camera pans right over the beach."),
    (STILL, "The camera stands still. A car drives to the left."),
    (STILL, "A photographer swings her camera to the left."),
    (ONE_CUT, "A man walks along a beach. The scene cuts to a bird."),
    (NO_CUT, "A man cuts two slices of bread in one continuous take."),
    (UNSURE_CUT, "A man walks along a beach. The scene cuts to a bird."),
    ({"cuts": {**NO_CUT["cuts"], "fades": [{"start": 0.0, "end": 1.0}]}}, "The scene cuts to a bird."),
    (BRIGHT, "A man in a dark coat on a bright beach."),
    (DARK, "A man in a dimly lit room with one bright lamp."),
    (LEFT, "The camera does not pan right."),
    (LEFT, "The camera pans from right to left over a beach."),
    (LEFT, "The camera pans right to left."),
    (LEFT, "The camera follows a dog moving right."),
    (LEFT, "The camera shows a boat moving to the right."),
    (LEFT, "The camera is initially static."),
    (LEFT, "The shot begins static before the camera moves."),
    (LEFT, "The camera moves to the right side of the table."),
    (camera([("zoom_out", 3.0)]), "The camera moves in a circle around a statue."),
    (camera([("zoom_out", 3.0)]), "The camera moves in slow motion."),
    (camera([("zoom_in", 3.0)]), "The camera moves out of the house, following a man."),
    (ONE_CUT, "A man mows the uncut grass."),
    (ONE_CUT, "There are no cuts or bruises on his hands."),
    (NO_CUT, "He pours a second shot of tequila."),
    (NO_CUT, "There are two shots of espresso on the counter."),
    (NO_CUT, "A player takes the final shot and scores."),
    (NO_CUT, "She fires several quick shots at the target."),
    (NO_CUT, "A boxer has a cut to his left eye."),
    (BRIGHT, "A painting of a dimly lit street hangs on a white wall."),
    (BRIGHT, "A laptop screen shows a dimly lit room."),
    ({"light": {**BRIGHT["light"], "stretches": [{"start": 3.0, "end": 4.0, "brightness": 0.1}]}}, "A dimly lit room."),
    ({"camera": {"version": 1, "cannot_tell": True}}, "The camera pans right."),
    ({"camera": {"version": 1, "cannot_tell": True, "error": "gone"}, "cuts": None}, "The camera pans right."),
    ({}, "The camera pans right."),
]  # fmt: skip


def found(facts: dict[str, Any], text: str) -> list[str]:
    of = Circumstances(language=None, facts=facts)
    return [text[each.start : each.end] for each in MeasuredContradiction().measure(Text(text), of)]


@pytest.mark.parametrize(("facts", "text"), WRONG)
def test_what_contradicts_a_measurement(facts: dict[str, Any], text: str) -> None:
    assert found(facts, text)


@pytest.mark.parametrize(("facts", "text"), RIGHT)
def test_what_does_not(facts: dict[str, Any], text: str) -> None:
    assert found(facts, text) == []


def test_where_nothing_was_measured_nothing_is_said() -> None:
    assert not list(MeasuredContradiction().measure(Text("The camera pans right."), Circumstances()))
