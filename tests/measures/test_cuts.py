"""Cuts, fades and dissolves whose times are drawn, and what only looks like one."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from shown import blend, coded, grained, pan, scene, show

from framescribe.measures.cuts import Cuts

ONE, TWO, THREE = 1, 2, 3


def cuts(frames: list[np.ndarray], **more: Any) -> dict[str, Any]:
    facts = show(Cuts, frames, **more)
    assert facts is not None
    return facts


def held(seed: int, frames: int) -> list[np.ndarray]:
    return [scene(seed, 320, 180)] * frames


def brighter(frame: np.ndarray, by: int) -> np.ndarray:
    return np.clip(frame.astype(int) + by, 0, 255).astype(np.uint8)


def test_hard_cuts_are_found_to_the_frame() -> None:
    facts = cuts(coded(pan(ONE, 30) + pan(TWO, 25, step=-2) + pan(THREE, 30)))
    assert facts["cuts"] == [1.2, 2.2]
    assert (facts["fades"], facts["shots"]) == ([], 3)
    assert facts["confidence"] > 0.7


def test_two_cuts_within_half_a_second_are_both_found() -> None:
    assert cuts(pan(ONE, 30) + pan(TWO, 11) + pan(THREE, 30))["cuts"] == [1.2, 1.64]


def test_a_cut_between_two_dark_pictures_is_found() -> None:
    dark = [(frame * 0.12).astype(np.uint8) for frame in pan(ONE, 25, step=1) + pan(TWO, 25, step=1)]
    assert cuts(grained(dark, 1.5))["cuts"] == [1.0]


def test_slides_that_stand_still_are_cut_from_one_to_the_next() -> None:
    facts = cuts(held(ONE, 25) + held(TWO, 25) + held(THREE, 25))
    assert (facts["cuts"], facts["shots"]) == ([1.0, 2.0], 3)


def test_times_of_uneven_frames_are_the_files() -> None:
    frames = pan(ONE, 20) + pan(TWO, 20)
    times = [at * 0.04 + 0.09 * (at // 3) for at in range(40)]
    assert cuts(frames, times=times)["cuts"] == [pytest.approx(times[20], abs=0.001)]


def test_one_shot_has_no_cut() -> None:
    for frames in (pan(ONE, 50), grained(held(TWO, 40), 6), held(THREE, 30)):
        facts = cuts(frames)
        assert (facts["cuts"], facts["fades"], facts["shots"]) == ([], [], 1)


def test_a_flash_is_no_cut() -> None:
    frames = pan(ONE, 40)
    frames[20] = brighter(frames[20], 150)
    frames[30] = np.full_like(frames[30], 255)
    assert cuts(frames)["cuts"] == []


def test_flicker_and_a_strobe_are_no_cuts() -> None:
    frames = pan(ONE, 60, step=1)
    strobe = [brighter(frame, 120) if at // 2 % 2 else frame for at, frame in enumerate(frames)]
    flicker = [brighter(frame, 40 * (at % 2)) for at, frame in enumerate(frames)]
    dark = [np.zeros_like(frame) if at % 4 == 3 else frame for at, frame in enumerate(frames)]
    for shown in (strobe, flicker, dark):
        facts = cuts(shown)
        assert (facts["cuts"], facts["shots"]) == ([], 1)


def test_light_that_goes_on_is_no_cut() -> None:
    frames = pan(ONE, 50, step=1)
    assert cuts([(frame * 0.4).astype(np.uint8) if at < 25 else frame for at, frame in enumerate(frames)])["cuts"] == []


def test_a_quick_pan_is_no_cut() -> None:
    wide = scene(ONE, 1100, 180)
    places = [0] * 20 + [150, 330, 520, 680] + [700] * 20
    frames = [cv2.blur(wide[:, at : at + 320], (60 if 0 < at < 700 else 1, 1)) for at in places]
    assert cuts(frames)["cuts"] == []


def test_a_jolt_of_the_camera_is_no_cut() -> None:
    wide = scene(ONE, 500, 180)
    assert cuts([wide[:, at : at + 320] for at in [0] * 20 + [70] * 20])["cuts"] == []


def test_an_object_that_fills_the_picture_is_no_cut() -> None:
    back, thing = pan(ONE, 50, step=1), scene(TWO, 320, 180)
    frames = []
    for at, frame in enumerate(back):
        shown = frame.copy()
        edge = int(np.clip((at - 18) * 80, 0, 320)) - int(np.clip((at - 26) * 80, 0, 320))
        if edge and at <= 26:
            shown[:, :edge] = thing[:, 320 - edge :]
        elif edge:
            shown[:, 320 - edge :] = thing[:, :edge]
        frames.append(shown)
    facts = cuts(frames)
    assert (facts["cuts"], facts["fades"]) == ([], [])


@pytest.mark.parametrize("frames", [10, 25, 50])
def test_a_dissolve_is_an_interval(frames: int) -> None:
    one, two = pan(ONE, 30 + frames, step=0.4), pan(TWO, frames + 30, step=0.4)
    facts = cuts(coded(one[:30] + blend(one[30:], two[:frames]) + two[frames:]))
    assert facts["cuts"] == []
    (fade,) = facts["fades"]
    assert (fade["kind"], facts["shots"]) == ("dissolve", 2)
    assert fade["start"] == pytest.approx(30 / 25, abs=0.2)
    assert fade["end"] == pytest.approx((30 + frames) / 25, abs=0.2)


@pytest.mark.parametrize("level", [0, 255])
def test_fades_through_black_and_white_are_intervals(level: int) -> None:
    one, two = pan(ONE, 50, step=1), pan(TWO, 50, step=1)
    blank = [np.full_like(one[0], level)] * 20
    frames = one[:30] + blend(one[30:], blank) + blank[:10] + blend(blank, two[:20]) + two[20:]
    facts = cuts(coded(frames))
    out, back = facts["fades"]
    assert [out["kind"], back["kind"], facts["shots"], facts["cuts"]] == ["fade_out", "fade_in", 2, []]
    assert [out["start"], out["end"]] == pytest.approx([1.2, 2.0], abs=0.2)
    assert [back["start"], back["end"]] == pytest.approx([2.4, 3.2], abs=0.2)


def test_a_fade_in_at_the_beginning_makes_no_second_shot() -> None:
    one = pan(ONE, 60, step=1)
    blank = [np.zeros_like(one[0])] * 20
    facts = cuts(blank[:8] + blend(blank, one[:20]) + one[20:])
    assert [fade["kind"] for fade in facts["fades"]] == ["fade_in"]
    assert (facts["cuts"], facts["shots"]) == ([], 1)


def test_a_slow_pan_over_large_shapes_is_no_dissolve() -> None:
    soft = cv2.GaussianBlur(scene(ONE, 900, 180), (0, 0), 12)
    assert cuts([soft[:, 4 * at : 4 * at + 320] for at in range(140)])["fades"] == []


def test_a_wipe_is_no_dissolve() -> None:
    one, two = scene(ONE, 320, 180), scene(TWO, 320, 180)
    frames = [one] * 20 + [np.hstack([two[:, : 16 * at], one[:, 16 * at :]]) for at in range(20)] + [two] * 20
    assert cuts(frames)["fades"] == []


def test_a_long_video_does_not_fill_the_memory() -> None:
    kept = []

    class Watched(Cuts):
        def facts(self, known: Any) -> dict[str, Any] | None:
            kept.append(len(self._steps) + len(self._transitions._ticks))
            return super().facts(known)

    frames = pan(ONE, 40)
    measure = show(Watched, (frames[at % 40] for at in range(400)))
    assert measure is not None and kept[0] < 180
