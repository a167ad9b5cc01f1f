"""What moves on its own, measured on pictures whose parts are moved along a known way."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from framescribe.measures.base import Shown, Size
from framescribe.measures.camera import Camera
from framescribe.measures.motion import Motion

FPS, WIDTH, HEIGHT, COUNT = 8, 256, 144, 20
SIZE = Size(width=WIDTH, height=HEIGHT, fps=FPS)
PAN = 0.04  # widths a frame


def scenery(seed: int) -> np.ndarray:
    draw = np.random.default_rng(seed)
    picture = np.full((HEIGHT, 3 * WIDTH), 120, np.uint8)
    for _ in range(350):
        x, y, size, grey = (int(value) for value in draw.integers((0, 0, 6, 20), (3 * WIDTH, HEIGHT, 36, 236)))
        cv2.rectangle(picture, (x, y), (x + size, y + size), grey, -1)
    return cv2.GaussianBlur(picture, (3, 3), 0)


BEHIND, BEFORE = scenery(0), scenery(1)


def frames(pan: float = 0.0, block: int = 0, speed: float = 0.0, logo: bool = False) -> list[np.ndarray]:
    """The camera pans right by `pan` widths a frame; a block of so many rows goes down by `speed` heights,
    and begins anew at the top."""
    made = []
    for number in range(COUNT):
        left = round(number * pan * WIDTH)
        picture = BEHIND[:, left : left + WIDTH].copy()
        if block:
            top = round(number * speed * HEIGHT) % (HEIGHT - block)
            picture[top : top + block, 100 : 100 + block] = BEFORE[:block, :block]
        if logo:
            picture[10:40, 180:240] = BEFORE[50:80, 0:60]
        made.append(picture)
    return made


def measured(pictures: list[np.ndarray]) -> dict[str, Any]:
    camera, motion = Camera(SIZE), Motion(SIZE)
    for index, picture in enumerate(pictures):
        shown = Shown(index=index, time=index / FPS, luma=picture, plane=picture)
        camera.see(shown)
        motion.see(shown)
    facts = motion.facts({"camera": camera.facts({})})
    assert facts is not None
    return facts


def test_where_nothing_moves_there_is_no_motion() -> None:
    facts = measured(frames())
    assert (facts["objects"], facts["amount"]) == (0.0, pytest.approx(0, abs=1e-3))
    assert facts["confidence"] > 0.9


def test_a_moving_camera_is_no_moving_object() -> None:
    facts = measured(frames(pan=PAN))
    assert facts["objects"] < 0.01
    assert facts["camera"] == pytest.approx(PAN * FPS, rel=0.1)


@pytest.mark.parametrize("pan", [0.0, PAN], ids=["static", "panning"])
def test_a_small_object_is_found_whatever_the_camera_does(pan: float) -> None:
    facts = measured(frames(pan=pan, block=36, speed=0.05))
    assert facts["objects"] > 0.02
    assert facts["speed"] == pytest.approx(np.hypot(0.05 * FPS * HEIGHT / WIDTH, pan * FPS), rel=0.4)
    assert facts["amount"] > pan * FPS


def test_more_that_moves_is_a_larger_share() -> None:
    shares = [measured(frames(block=block, speed=0.04))["objects"] for block in (24, 48, 96)]
    assert shares == sorted(shares)
    assert shares[0] > 0.005


def test_a_logo_on_a_moving_picture_does_not_move() -> None:
    assert measured(frames(pan=PAN, logo=True))["objects"] < 0.02


def test_without_the_cameras_facts_it_cannot_tell() -> None:
    assert Motion(SIZE).facts({}) is None
