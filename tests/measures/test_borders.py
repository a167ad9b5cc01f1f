"""Bars whose edges are drawn, with noise, logos and subtitles on them, and dark pictures that have none."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from shown import coded, grained, pan, scene, show

from framescribe.measures.borders import Borders

SIDES = ("left", "right", "top", "bottom")


def barred(frames: list[np.ndarray], *, left: int = 0, right: int = 0, top: int = 0, bottom: int = 0, level: int = 0):
    made = []
    for frame in frames:
        shown = np.full_like(frame, level)
        height, width = frame.shape[:2]
        inside = (width - left - right, height - top - bottom)
        shown[top : height - bottom, left : width - right] = cv2.resize(frame, inside, interpolation=cv2.INTER_AREA)
        made.append(shown)
    return made


def sides(facts: dict[str, Any] | None) -> list[float]:
    assert facts is not None
    return [facts[side] for side in SIDES]


@pytest.mark.parametrize("level", [0, 16, 90])
@pytest.mark.parametrize("bars", [(0, 0, 80, 80), (120, 130, 0, 0), (60, 60, 40, 44), (0, 0, 0, 0)])
def test_bars_are_measured_to_a_pixel(bars: tuple[int, int, int, int], level: int) -> None:
    left, right, top, bottom = bars
    frames = barred(pan(1, 25, width=640, height=360), left=left, right=right, top=top, bottom=bottom, level=level)
    facts = show(Borders, grained(coded(frames[:13]), 1))
    assert facts is not None and facts["confidence"] >= 0.6
    wanted = [left / 640, right / 640, top / 360, bottom / 360]
    assert sides(facts)[:2] == pytest.approx(wanted[:2], abs=1.01 / 256)
    assert sides(facts)[2:] == pytest.approx(wanted[2:], abs=1.01 / 144)


def test_a_logo_and_a_subtitle_on_a_bar_are_no_picture() -> None:
    frames = barred(pan(1, 40, width=640, height=360), top=60, bottom=60)
    for at, frame in enumerate(frames):
        cv2.circle(frame, (600, 30), 18, (240, 240, 240), -1)
        if at > 12:
            cv2.putText(frame, "what somebody says here", (150, 338), 0, 0.9, (255, 255, 255), 2)
    assert sides(show(Borders, frames))[2:] == pytest.approx([60 / 360, 60 / 360], abs=1.01 / 144)


def test_a_dark_edge_beside_which_only_a_part_is_bright_cannot_be_told() -> None:
    """A window that fills 45 % of the width, and 75 %: below a straight line that is the night, or a bar."""
    for wide, told in ((288, False), (480, True)):
        night, left = np.full((360, 640, 3), 4, np.uint8), (640 - wide) // 2
        night[80:, left : left + wide] = scene(1, wide, 280)
        facts = show(Borders, [night] * 20)
        assert (facts is not None) == told
        if facts is not None:
            assert sides(facts)[2] == pytest.approx(80 / 360, abs=1.01 / 144)


def test_the_night_is_not_taken_for_a_bar() -> None:
    night = np.zeros((360, 640, 3), np.uint8)
    night[220:, 200:420] = scene(1, 220, 140)
    frames = [np.roll(night, at, axis=1) for at in range(0, 40, 2)]
    assert show(Borders, frames) is None


def test_a_dark_picture_whose_top_slowly_lightens_has_no_sure_bar() -> None:
    shade = np.clip(np.linspace(-0.4, 1, 360), 0, 1)[:, None, None]
    facts = show(Borders, [(frame * shade).astype(np.uint8) for frame in pan(1, 25, width=640, height=360)])
    assert facts is None or facts["top"] == 0


def test_plain_ground_is_no_bar() -> None:
    frames = []
    for at in range(25):
        frame = np.full((360, 640, 3), 250, np.uint8)
        cv2.circle(frame, (200 + 8 * at, 180), 60, (200, 30, 30), -1)
        frames.append(frame)
    assert sides(show(Borders, frames)) == [0, 0, 0, 0]


def test_a_black_clip_cannot_be_told() -> None:
    assert show(Borders, [np.zeros((180, 320, 3), np.uint8)] * 20) is None


def test_a_picture_that_fades_in_keeps_its_bars() -> None:
    frames = barred(pan(1, 50, width=640, height=360), top=44, bottom=44)
    faded = [(frame * min(1, at / 25)).astype(np.uint8) for at, frame in enumerate(frames)]
    assert sides(show(Borders, faded))[2:] == pytest.approx([44 / 360] * 2, abs=1.01 / 144)
