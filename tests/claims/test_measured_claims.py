"""Claims about cuts, shots and light are decided by what was measured with a wide margin, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from framescribe.claims import split
from framescribe.claims.base import Claim
from framescribe.claims.measured import decide

ONE = {"cuts": {"cuts": [], "fades": [], "shots": 1, "confidence": 0.95}}
THREE = {"cuts": {"cuts": [1.0, 2.0], "fades": [], "shots": 3, "confidence": 0.95}}
FADE = {"cuts": {"cuts": [], "fades": [{"start": 1.0, "end": 1.5}], "shots": 2, "confidence": 0.95}}
BRIGHT = {"light": {"brightness": 0.7, "dark": 0.0, "bright": 0.1}}
DARK = {"light": {"brightness": 0.05, "dark": 0.6, "bright": 0.0}}
MIDDLE = {"light": {"brightness": 0.35, "dark": 0.0, "bright": 0.0}}


def verdict(statement: str, facts: dict[str, Any]) -> str | None:
    return decide(Claim(kind="attribute", start=0, end=1, statement=statement, contrast=""), facts)


@pytest.mark.parametrize(
    ("statement", "one", "three", "fade"),
    [
        ("The shot is continuous.", "supported", "contradicted", None),
        ("There are no cuts.", "supported", "contradicted", None),
        ("The clip has no cuts.", "supported", "contradicted", None),
        ("The video cuts.", "contradicted", "supported", None),
        ("There are cuts.", None, None, None),  # on an arm
        ("There are two shots of espresso.", None, None, None),
        ("There is uncut grass.", None, None, None),
        ("A woman fires several quick shots.", None, None, None),
        ("The video cuts to a blue square.", "contradicted", None, None),  # that there is one says not what it shows
        ("There are two shots.", "contradicted", "contradicted", "supported"),
        ("There are three shots.", "contradicted", "supported", None),
        ("There are four shots.", "contradicted", None, None),  # a cut may have been missed
        ("There is a shot of a red square.", None, None, None),
        ("A man cuts the bread.", None, None, None),
        ("There are two glasses.", None, None, None),
    ],
)
def test_cuts_and_shots(statement: str, one: str | None, three: str | None, fade: str | None) -> None:
    assert [verdict(statement, facts) for facts in (ONE, THREE, FADE)] == [one, three, fade]
    for facts in (ONE, THREE):
        assert verdict(statement, {"cuts": {**facts["cuts"], "confidence": 0.6}}) is None
        assert verdict(statement, {"cuts": {"cannot_tell": True}}) is None


@pytest.mark.parametrize(
    ("statement", "bright", "dark"),
    [
        ("The scene is dark.", "contradicted", "supported"),
        ("The picture is very dark.", "contradicted", "supported"),
        ("There is a dark room.", "contradicted", "supported"),
        ("There is a brightly lit room.", "supported", "contradicted"),
        ("The image is bright.", "supported", "contradicted"),
        ("The scene is at night.", "contradicted", None),  # a dark picture may be one of a cellar
        ("It is dark.", "contradicted", "supported"),
        ("It is night.", "contradicted", None),
        ("It is dark outside.", None, None),  # seen from within
        ("There is a dark coat.", None, None),
        ("A man wears bright shoes.", None, None),
        ("The scene is by day.", None, None),
    ],
)
def test_light(statement: str, bright: str | None, dark: str | None) -> None:
    assert [verdict(statement, facts) for facts in (BRIGHT, DARK, MIDDLE)] == [bright, dark, None]
    assert verdict(statement, {"light": {**BRIGHT["light"], "dark": 0.2}}) is None
    assert verdict(statement, {}) is None


def test_what_a_caption_claims_of_them_is_found_there() -> None:
    caption = "The scene is very dark. The video consists of three shots, filmed at night."
    decided = {claim.statement: decide(claim, {**ONE, **BRIGHT}) for claim in split(caption)}
    wrong = {statement for statement, verdict in decided.items() if verdict == "contradicted"}
    assert wrong == {"The scene is very dark.", "There are three shots.", "The scene is at night."}


def camera(*shots: tuple[str, float]) -> dict[str, Any]:
    """Facts of a camera that does one thing in each shot, with this margin."""
    made = [{"moves": [{"label": label, "margin": margin}], "maybe": [], "confidence": 1.0} for label, margin in shots]
    return {"camera": {"shots": made}}


LEFT, RIGHT, IN, OUT, STILL = (
    camera((label, 4.0)) for label in ("pan_left", "pan_right", "zoom_in", "zoom_out", "static")
)


@pytest.mark.parametrize(
    ("caption", "facts", "verdicts"),
    [
        ("The camera pans left.", LEFT, ["supported"]),
        ("The camera slowly pans to the right.", LEFT, ["contradicted"]),
        ("The camera pans from left to right.", RIGHT, ["supported"]),
        ("The camera pans right to left.", RIGHT, ["contradicted"]),
        ("The camera pans right past a stationary train.", RIGHT, ["supported"]),
        ("The camera follows a dog moving right.", LEFT, [None]),
        ("The camera follows a man past stationary cars.", LEFT, [None]),
        ("The camera moves to the right side of the table.", LEFT, [None]),
        ("The camera zooms in on a face.", OUT, ["contradicted"]),
        ("The camera zooms in and out.", IN, [None]),
        ("The camera moves in a circle around the statue.", OUT, [None]),
        ("The camera moves in slow motion.", OUT, [None]),
        ("The camera moves out of the house.", IN, [None]),
        ("The camera moves back and forth.", IN, [None]),
        ("The camera does not pan right.", LEFT, [None]),
        ("The camera never zooms in.", IN, [None]),
        ("The camera does not move.", LEFT, ["contradicted"]),
        ("The camera does not move.", STILL, ["supported"]),
        ("The camera remains static.", LEFT, ["contradicted"]),
        ("The camera is not static.", STILL, [None]),
        ("The camera is static at first, then pans left.", LEFT, [None, "supported"]),
        ("The camera is initially static.", LEFT, [None]),
        ("A static shot of a house.", camera(("static", 4.0), ("zoom_in", 4.0)), [None]),  # one of the two is
        ("A static shot of a house.", camera(("pan_left", 4.0), ("zoom_in", 4.0)), ["contradicted"]),
    ],
)
def test_the_camera(caption: str, facts: dict[str, Any], verdicts: list[str | None]) -> None:
    assert [decide(claim, facts) for claim in split(caption) if claim.kind == "camera"] == verdicts


@pytest.mark.parametrize(
    ("said", "read", "supported"),
    [("Room 101", "ROOM 101", True), ("Room 101", "ROOM 102", False), ("SAFE", "UNSAFE", False), ("...", "-", False)],
)
def test_a_text_with_another_letter_is_another_text(said: str, read: str, supported: bool) -> None:
    (claim,) = [claim for claim in split(f'A sign reads "{said}".') if claim.kind == "text"]
    facts = {"text": {"lines": [{"text": read, "confidence": 0.95}]}}
    assert decide(claim, facts) == ("supported" if supported else None)


def test_a_part_that_is_dark_makes_a_bright_clip_no_contradiction() -> None:
    stretches = [{"start": 3.0, "end": 4.0, "brightness": 0.1}]
    assert verdict("The scene is dark.", {"light": {**BRIGHT["light"], "stretches": stretches}}) is None
