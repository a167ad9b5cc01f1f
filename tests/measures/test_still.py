"""Stretches that stand still or come again, drawn and coded, and what only nearly does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shown import coded, grained, pan, scene, show

from framescribe.measures.still import Still


def still(frames: list[np.ndarray], **more: Any) -> dict[str, Any]:
    facts = show(Still, frames, **more)
    assert facts is not None
    return facts


def with_dot(frame: np.ndarray, at: int, size: int = 5) -> np.ndarray:
    shown = frame.copy()
    shown[80 : 80 + size, 40 + at : 40 + at + size] = (250, 250, 250)
    return shown


def test_a_photograph_is_frozen_all_the_time_however_it_is_coded() -> None:
    for frames in ([scene(1, 320, 180)] * 50, coded([scene(1, 320, 180)] * 50, crf=32)):
        facts = still(frames)
        ((start, end),) = facts["frozen"]
        assert [start, end, facts["share"]] == pytest.approx([0, 2, 1], abs=0.15)
        assert facts["repeated"] == []


def test_a_moving_camera_is_never_frozen() -> None:
    facts = still(coded(pan(1, 50, step=1)))
    assert (facts["frozen"], facts["share"]) == ([], 0.0)


def test_the_frozen_stretch_of_a_moving_clip_is_found() -> None:
    moving = pan(1, 50)
    facts = still(coded(moving[:25] + [moving[24]] * 30 + moving[25:], gop=250))
    ((start, end),) = facts["frozen"]
    assert [start, end] == pytest.approx([0.96, 2.2], abs=0.17)
    assert facts["share"] == pytest.approx(1.24 / 3.2, abs=0.06)


def test_time_that_passes_between_frames_counts() -> None:
    frames = pan(1, 10) + [scene(2, 320, 180)] * 2 + pan(3, 10)
    times = [0.04 * at for at in range(10)] + [0.4, 2.4] + [2.44 + 0.04 * at for at in range(10)]
    assert still(frames, times=times)["frozen"] == [[0.4, 2.44]]


def test_a_frame_that_lasts_is_frozen_unless_all_do() -> None:
    frames = pan(1, 21)  # a screen on which nothing changes for five seconds, as recorders write it
    times = [0.04 * at for at in range(11)] + [5.4 + 0.04 * at for at in range(10)]
    facts = still(frames, times=times)
    assert facts["frozen"] == [[0.4, 5.4]]
    assert facts["share"] == pytest.approx(5 / 5.8, abs=0.01)
    assert still(pan(1, 8), fps=1)["frozen"] == []


def test_film_grain_is_not_frozen() -> None:
    facts = still(grained([scene(1, 640, 360)] * 30, 2))
    assert (facts["frozen"], facts["share"]) == ([], 0.0)


def test_a_tiny_object_that_moves_is_not_frozen() -> None:
    frames = [with_dot(scene(1, 320, 180), 2 * at) for at in range(50)]
    assert still(coded(frames, crf=24))["share"] == 0.0


def test_a_clip_that_is_shown_twice_repeats_itself() -> None:
    once = pan(1, 30)
    facts = still(coded(once + once))
    ((start, end),) = facts["repeated"]
    assert [start, end] == pytest.approx([1.2, 2.4], abs=0.1)


def test_two_shots_that_come_again_are_repeated() -> None:
    one, two, three = pan(1, 30), pan(2, 30), pan(3, 30)
    facts = still(one + two + three + one + two)
    ((start, end),) = facts["repeated"]
    assert [start, end] == pytest.approx([3.6, 6.0], abs=0.1)


def test_a_still_picture_and_a_camera_that_returns_do_not_repeat() -> None:
    there = pan(1, 40)
    assert still([scene(1, 320, 180)] * 90)["repeated"] == []
    assert still(there + there[::-1])["repeated"] == []
    assert still([with_dot(scene(1, 320, 180), at % 60) for at in range(90)])["repeated"] == []
