"""What a segment is told of a video's facts is what lies in it, in its own time; what cannot be told is not there."""

from __future__ import annotations

from typing import Any

from framescribe.measures.within import within

CUTS = {"cuts": [2.0, 5.0], "fades": [{"start": 7.5, "end": 8.5, "kind": "dissolve"}], "shots": 4, "confidence": 0.9}


def move(label: str, margin: float, *spans: list[float]) -> dict[str, Any]:
    return {"label": label, "amount": 0.4, "margin": margin, "spans": list(spans)}


def shot(start: float, end: float, *moves: dict[str, Any]) -> dict[str, Any]:
    return {"start": start, "end": end, "moves": list(moves), "maybe": [], "confidence": 0.9}


def camera(*shots: dict[str, Any]) -> dict[str, Any]:
    return {"camera": {"shots": list(shots), "said": "all of it"}}


def test_cuts_are_those_inside_counted_from_its_start() -> None:
    assert within({"cuts": CUTS}, 1.0, 6.0)["cuts"]["cuts"] == [1.0, 4.0]
    assert within({"cuts": CUTS}, 2.0, 5.0)["cuts"] == {"cuts": [], "fades": [], "confidence": 0.9}
    fades = within({"cuts": CUTS}, 8.0, 10.0)["cuts"]["fades"]
    assert fades == [{"start": -0.5, "end": 0.5, "kind": "dissolve"}]


def test_the_camera_of_whole_shots_keeps_its_margins() -> None:
    facts = camera(shot(0, 2, move("pan_left", 3.0, [0, 2])), shot(2, 5, move("static", 2.5, [2, 5])))
    own = within(facts, 2.0, 5.0)["camera"]
    assert own["said"] == "static"
    assert own["shots"][0]["moves"] == [move("static", 2.5, [0.0, 3.0])]
    assert within(facts, 0.0, 5.0)["camera"]["said"] == "pan left; cut; static"


def test_of_a_divided_shot_the_movements_that_lie_there_are_told_without_a_margin() -> None:
    facts = camera(shot(0, 10, move("pan_left", 3.0, [0, 4]), move("zoom_in", 4.0, [6, 10])))
    first, second, between = (within(facts, *span)["camera"] for span in ((0.0, 4.0), (6.0, 10.0), (4.0, 6.0)))
    assert (first["said"], second["said"]) == ("pan left", "zoom in")
    assert first["shots"][0]["moves"] == [move("pan_left", 0.0, [0.0, 4.0])]
    assert between["said"] is None  # it may be at rest, or move a little


def test_a_camera_that_stands_still_does_so_in_each_part() -> None:
    own = within(camera(shot(0, 10, move("static", 3.0, [0, 10]))), 4.0, 6.0)["camera"]
    assert own["said"] == "static"
    assert own["shots"][0]["moves"][0]["margin"] == 3.0


def test_what_is_a_mean_over_the_video_is_not_told_of_a_part() -> None:
    light = {"brightness": 0.1, "dark": 0.0, "stretches": []}
    facts = {"motion": {"amount": 0.2, "confidence": 1.0}, "light": light, "cuts": {"cannot_tell": True}}
    assert within(facts, 0.0, 1.0) == {}
    assert within(camera(shot(0, 2, move("static", 3.0, [0, 2]))), 5.0, 6.0) == {"camera": {"cannot_tell": True}}


def test_a_part_that_is_dark_or_bright_from_end_to_end_is() -> None:
    stretches = [{"start": 0.0, "end": 4.0, "brightness": 0.05}, {"start": 6.0, "end": 10.0, "brightness": 0.7}]
    facts = {"light": {"brightness": 0.3, "dark": 0.4, "bright": 0.0, "stretches": stretches}}
    own = [within(facts, *span).get("light") for span in ((0.0, 4.0), (2.0, 4.05), (3.0, 5.0), (4.0, 6.0), (5.95, 8.0))]
    assert own == [{"brightness": 0.05}, {"brightness": 0.05}, None, None, {"brightness": 0.7}]
