"""Logos and subtitles drawn over pictures that move, and pictures in which nothing can be told."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from shown import coded, pan, scene, show

from framescribe.measures.overlay import Overlay


def logo(frames: list[np.ndarray], opacity: float = 1.0) -> list[np.ndarray]:
    """A ring with a letter in it at the top right, its box (0.86, 0.06, 0.95, 0.22) of the picture."""
    made = []
    for frame in frames:
        height, width = frame.shape[:2]
        over = frame.copy()
        cv2.circle(over, (int(0.905 * width), int(0.14 * height)), int(0.08 * height), (255, 255, 255), 3)
        cv2.putText(over, "R", (int(0.885 * width), int(0.18 * height)), 0, height / 300, (255, 255, 255), 3)
        made.append(cv2.addWeighted(over, opacity, frame, 1 - opacity, 0))
    return made


def says(frames: list[np.ndarray], text: str) -> list[np.ndarray]:
    made = []
    for frame in frames:
        over = frame.copy()
        for thick, colour in ((6, (0, 0, 0)), (2, (255, 255, 255))):
            cv2.putText(over, text, (150, 330), 0, 0.8, colour, thick)
        made.append(over)
    return made


def moving(seed: int, frames: int) -> list[np.ndarray]:
    return pan(seed, frames, step=3, width=640, height=360)


def overlap(one: list[float], other: list[float]) -> float:
    """Intersection over union of two boxes."""
    wide, high = (max(0.0, min(one[at + 2], other[at + 2]) - max(one[at], other[at])) for at in (0, 1))
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high / (areas - wide * high)


@pytest.mark.parametrize("opacity", [1.0, 0.6])
def test_a_logo_over_a_moving_picture_is_found(opacity: float) -> None:
    facts = show(Overlay, coded(logo(moving(1, 70), opacity)))
    assert facts is not None
    (found,) = facts["static"]
    assert found["kind"] == "logo" and found["share"] > 0.8
    assert overlap(found["box"], [0.86, 0.06, 0.95, 0.22]) > 0.6


def test_subtitles_that_change_are_one_band() -> None:
    frames = moving(1, 120)
    lines = (
        says(frames[:40], "the first line of what") + frames[40:50] + says(frames[50:85], "and another that follows")
    )
    facts = show(Overlay, coded(lines + says(frames[85:], "until all has been said")))
    assert facts is not None
    (found,) = facts["static"]
    assert found["kind"] == "subtitle" and 0.12 < found["share"] <= 1
    left, top, right, bottom = found["box"]
    assert left < 0.35 and right > 0.55 and 0.75 < top < 0.9 < bottom <= 1


def test_a_logo_and_subtitles_are_told_apart() -> None:
    frames = logo(moving(1, 100))
    facts = show(
        Overlay, says(frames[:50], "the first line of what") + frames[50:60] + says(frames[60:], "comes again")
    )
    assert facts is not None
    assert sorted(one["kind"] for one in facts["static"]) == ["logo", "subtitle"]


def test_a_moving_picture_without_overlay_has_none() -> None:
    for seed in (1, 2, 3):
        facts = show(Overlay, moving(seed, 70))
        assert facts is not None and facts["static"] == []


def test_a_clip_that_stands_still_cannot_be_told() -> None:
    assert show(Overlay, logo([scene(1, 640, 360)] * 100)) is None


def test_a_still_camera_with_something_that_moves_cannot_be_told() -> None:
    frames = []
    for at in range(60):
        frame = logo([scene(1, 640, 360)])[0]
        cv2.circle(frame, (6 * at, 180), 60, (250, 250, 250), -1)
        frames.append(frame)
    assert show(Overlay, frames) is None


def test_scenery_before_which_something_large_passes_for_a_while_cannot_be_told() -> None:
    """For two seconds of six the picture moves nearly everywhere; what stays meanwhile is the scenery's edge."""
    rests, passes = scene(1, 640, 360), moving(2, 50)
    frames = [rests] * 100
    for one in passes:
        frame = one.copy()
        frame[:60, :200] = rests[:60, :200]
        frames.append(frame)
    assert show(Overlay, frames) is None


def test_grain_and_a_light_that_flickers_move_nothing() -> None:
    """A road under a camera that stands still: few edges stay, since grain has edges of its own."""
    random, road = np.random.default_rng(1), np.full((360, 640, 3), 90, np.uint8)
    frames = []
    for at in range(80):
        light = 90 + 25 * np.sin(at / 3)
        frame = np.clip(road + (light - 90) + random.normal(0, 30, road.shape), 0, 255).astype(np.uint8)
        cv2.line(frame, (40, 20), (120, 60), (255, 255, 255), 5)  # a marking, in its place for ever
        frames.append(frame)
    assert show(Overlay, frames) is None


def test_the_edge_of_a_bar_is_no_overlay() -> None:
    frames = moving(1, 70)
    for frame in frames:
        frame[:44] = frame[-44:] = 0
    bars: Any = {"borders": {"left": 0.0, "right": 0.0, "top": 44 / 360, "bottom": 44 / 360, "confidence": 1.0}}
    facts = show(Overlay, frames, known=bars)
    assert facts is not None and facts["static"] == []
