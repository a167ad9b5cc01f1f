"""Brightness, contrast, casts and flashes whose amounts are drawn."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from shown import pan, scene, show

from framescribe.measures.light import Light


def light(frames: list[np.ndarray], **more: Any) -> dict[str, Any]:
    facts = show(Light, frames, **more)
    assert facts is not None
    return facts


def grey(level: int, frames: int = 10) -> list[np.ndarray]:
    return [np.full((90, 160, 3), level, np.uint8)] * frames


def test_brightness_and_contrast_are_those_of_the_pixels() -> None:
    halves = np.zeros((90, 160, 3), np.uint8)
    halves[:, 80:] = 204
    facts = light([halves] * 5)
    assert [facts["brightness"], facts["contrast"]] == pytest.approx([0.4, 0.4], abs=0.002)
    assert [light(grey(51))[name] for name in ("brightness", "contrast")] == pytest.approx([0.2, 0], abs=0.002)


def test_stretches_of_one_light_are_told_with_their_seconds() -> None:
    facts = light(grey(20, 50) + grey(90, 25) + grey(200, 30) + grey(0, 3) + grey(200, 25), fps=25)
    assert facts["stretches"] == [
        {"start": 0.0, "end": 2.0, "brightness": pytest.approx(20 / 255, abs=0.002)},
        {"start": 3.0, "end": 4.2, "brightness": pytest.approx(200 / 255, abs=0.002)},
        {"start": 4.32, "end": 5.32, "brightness": pytest.approx(200 / 255, abs=0.002)},
    ]


def test_near_black_and_near_white_frames_are_counted() -> None:
    stars = np.zeros((90, 160, 3), np.uint8)
    stars[20:40, 20:60] = 255
    facts = light(grey(2, 30) + grey(253, 20) + grey(90, 40) + [stars] * 10)
    assert [facts["dark"], facts["bright"]] == [0.3, 0.2]


@pytest.mark.parametrize(
    ("gains", "colour"),
    [
        ((1.0, 0.93, 0.62), "yellow"),
        ((0.7, 0.85, 1.1), "blue"),
        ((0.8, 1.05, 0.75), "green"),
        ((1.1, 0.72, 0.75), "red"),
    ],
)
def test_a_cast_over_a_grey_scene_is_named(gains: tuple[float, float, float], colour: str) -> None:
    plain = cv2.cvtColor(cv2.cvtColor(scene(1, 320, 180), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    facts = light([np.clip(plain * gains, 0, 255).astype(np.uint8)] * 3)
    assert facts["cast"]["colour"] in (colour, "orange" if colour == "yellow" else colour)
    assert 0.08 < facts["cast"]["amount"] < 1
    assert light([plain] * 3)["cast"] is None


def test_a_coloured_thing_is_no_cast() -> None:
    frame = cv2.cvtColor(cv2.cvtColor(scene(1, 320, 180), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    cv2.circle(frame, (160, 90), 50, (230, 30, 20), -1)
    assert light([frame] * 3)["cast"] is None
    assert light([scene(2, 320, 180)] * 3)["cast"] is None


def test_flashes_are_found_at_their_first_frame() -> None:
    frames = pan(1, 60, step=1)
    for at in (20, 21, 45):
        frames[at] = np.clip(frames[at].astype(int) + 90, 0, 255).astype(np.uint8)
    facts = light(frames)
    assert (facts["flashes"], facts["flashes_per_second"]) == ([0.8, 1.8], 1)


def test_a_strobe_flashes_many_times_a_second() -> None:
    frames = pan(1, 50, step=0)
    strobe = [np.clip(frame * 0.4, 0, 255).astype(np.uint8) if at % 5 < 3 else frame for at, frame in enumerate(frames)]
    facts = light(strobe)
    assert len(facts["flashes"]) == pytest.approx(9, abs=1)
    assert facts["flashes_per_second"] == 5


def test_cuts_a_sunrise_and_things_that_pass_are_no_flashes() -> None:
    sunrise = [np.clip(frame * (0.3 + at / 60), 0, 255).astype(np.uint8) for at, frame in enumerate(pan(1, 40, step=0))]
    passing = []
    for at in range(40):
        frame = scene(3, 320, 180)
        cv2.circle(frame, (20 * at - 100, 90), 30, (255, 255, 255), -1)
        passing.append(frame)
    for frames in (sunrise, passing, pan(1, 20) + pan(2, 20) + pan(3, 20), pan(4, 60, step=6)):
        assert light(frames)["flashes"] == []


@pytest.mark.parametrize(("share", "times"), [(1 / 8, []), (3 / 8, [0.8])])
def test_a_flash_lights_up_a_quarter_of_the_picture(share: float, times: list[float]) -> None:
    frames = [frame.copy() for frame in grey(90, 40)]
    for at in (20, 21):
        frames[at][:, : round(share * frames[at].shape[1])] += 80
    assert light(frames)["flashes"] == times


@pytest.mark.parametrize(("spread", "colour"), [(7.0, "red"), (16.0, None)])
def test_a_cast_is_stronger_than_the_colours_differ(spread: float, colour: str | None) -> None:
    """Patches whose colours are all moved by 18 towards red in CIELAB, and differ by so much in each direction."""
    random = np.random.default_rng(1)
    lab = np.empty((18, 32, 3), np.float32)
    lab[..., 0] = random.uniform(35, 75, lab.shape[:2])
    lab[..., 1:] = random.normal((17.0, 8.0), spread, (*lab.shape[:2], 2))
    patches = (cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).clip(0, 255).astype(np.uint8)
    cast = light([cv2.resize(patches, (640, 360), interpolation=cv2.INTER_NEAREST)] * 3)["cast"]
    assert (cast and cast["colour"]) == colour
