"""Pictures blurred and made noisy by known amounts, and what cannot be told."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from shown import grained, pan, scene, show

from framescribe.measures.sharpness import Sharpness


def sharpness(picture: np.ndarray, **more: Any) -> dict[str, Any]:
    facts = show(Sharpness, [picture] * 3, **more)
    assert facts is not None
    return facts


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture.copy()


@pytest.mark.parametrize("seed", [0, 5])
def test_blur_grows_with_the_width_of_edges(seed: int) -> None:
    sharp = scene(seed, 1280, 720)
    found = [sharpness(blurred(sharp, sigma))["blur"] for sigma in (0, 1.5, 2, 3)]
    assert found == pytest.approx([0, 0.15, 0.27, 0.51], abs=0.12)
    assert found == sorted(found)


def test_an_enlarged_picture_is_blurred() -> None:
    small = scene(0, 320, 180)
    assert sharpness(cv2.resize(small, (1280, 720), interpolation=cv2.INTER_CUBIC))["blur"] > 0.1


@pytest.mark.parametrize("sigma", [2.0, 4.0, 8.0])
def test_noise_is_its_standard_deviation(sigma: float) -> None:
    assert sharpness(grained([scene(0, 1280, 720)], sigma)[0])["noise"] == pytest.approx(sigma, rel=0.15)


def test_a_sharp_picture_with_noise_is_sharp_and_a_clean_one_without_noise() -> None:
    assert sharpness(grained([scene(0, 1280, 720)], 4)[0])["blur"] < 0.1
    assert sharpness(scene(0, 1280, 720))["noise"] < 0.5


def test_noise_makes_no_blurred_picture_sharp() -> None:
    soft = blurred(scene(0, 1280, 720), 1.5)
    clean, noisy = sharpness(soft)["blur"], sharpness(grained([soft], 6)[0])["blur"]
    assert noisy == pytest.approx(clean, abs=0.08) and noisy > 0.1


def test_what_is_in_focus_counts() -> None:
    picture = blurred(scene(0, 1280, 720), 5)
    picture[:, :640] = scene(0, 1280, 720)[:, :640]
    assert sharpness(picture)["blur"] < 0.25


def test_a_plain_picture_cannot_be_told() -> None:
    assert show(Sharpness, [np.full((360, 640, 3), 90, np.uint8)] * 3) is None
    assert show(Sharpness, [np.zeros((360, 640, 3), np.uint8)] * 3) is None
    assert show(Sharpness, grained([blurred(scene(0, 640, 360), 6)], 8)) is None  # noise hides what edges there are


@pytest.mark.parametrize("turned", [False, True])
def test_the_edge_of_a_bar_is_no_edge_of_the_picture(turned: bool) -> None:
    shown = blurred(scene(0, 1280, 720), 2.5)
    shown[:100] = shown[-100:] = 0
    bars = {"borders": {"left": 0.0, "right": 0.0, "top": 100 / 720, "bottom": 100 / 720, "confidence": 1.0}}
    without = sharpness(shown[100:-100])["blur"]
    if not turned:
        assert sharpness(shown, known=bars)["blur"] == pytest.approx(without, abs=0.1)
        return
    sides = {"borders": {"left": 100 / 720, "right": 100 / 720, "top": 0.0, "bottom": 0.0, "confidence": 1.0}}

    class Stored(Sharpness):  # the file is turned by a quarter: its plane is not as shown
        def see(self, frame: Any) -> None:
            frame.__dict__["plane"] = np.ascontiguousarray(np.rot90(frame.plane))
            super().see(frame)

    facts = show(Stored, [np.ascontiguousarray(np.rot90(shown))] * 3, known=sides)
    assert facts is not None and facts["blur"] == pytest.approx(without, abs=0.1)


def test_frames_are_looked_at_now_and_then() -> None:
    looked = []

    class Watched(Sharpness):
        def facts(self, known: Any) -> dict[str, Any] | None:
            looked.append(len(self._widths))
            return super().facts(known)

    show(Watched, pan(1, 100, step=1))
    assert looked == [3]
