"""Knows which frames each way of sampling must choose: by hand, by numpy, and by what must hold of any choice."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescribe.errors import Unreadable, UserError
from framescribe.frames.sampling import Sampling, choose, choose_among, seconds

TWENTY_FIVE = [place / 25 for place in range(100)]
UNEVEN = [0.0, 0.04, 0.05, 0.5, 0.51, 1.2]


def of(clock: Any, /, **options: Any) -> list[int]:
    return choose(Sampling(**options), clock, "a video")


@pytest.mark.parametrize(("count", "middle"), [(1, 0), (2, 1), (3, 1), (100, 50), (101, 50)])
def test_mid_is_the_middle_frame(count: int, middle: int) -> None:
    assert of([None] * count) == [middle]


def test_uniform_by_hand() -> None:
    assert of([None] * 10, method="uniform", frames=4) == [0, 2, 5, 7]
    assert of([None] * 3, method="uniform", frames=8) == [0, 1, 2]
    assert of([None] * 5, method="uniform", frames=1) == [0]
    # Frame 11 of 22 is 11 * (30 / 22), in floats a little below 15: numpy takes 14, and so do we.
    assert of([None] * 30, method="uniform", frames=22)[11] == 14


@given(st.integers(1, 200_000), st.integers(1, 300))
def test_uniform_is_the_set_that_numpy_gives(count: int, frames: int) -> None:
    numpys = sorted(set(np.linspace(0, count, frames, endpoint=False, dtype=int).tolist()))
    assert of([None] * count, method="uniform", frames=frames) == numpys


@given(
    method=st.sampled_from(["mid", "uniform", "random", "times", "every"]),
    count=st.integers(1, 300),
    frames=st.integers(1, 400),
    skip=st.floats(0, 0.5, exclude_max=True),
    asked=st.lists(st.floats(0, 100), min_size=1, max_size=5),
    every=st.floats(1e-6, 100),
    gaps=st.data(),
)
def test_any_choice_is_sorted_distinct_inside_and_not_empty(
    method: Any, count: int, frames: int, skip: float, asked: list[float], every: float, gaps: st.DataObject
) -> None:
    times = np.cumsum(gaps.draw(st.lists(st.floats(0, 1), min_size=count, max_size=count))).tolist()
    sampling = Sampling(method=method, frames=frames, times=tuple(asked), every=every, skip_edges=skip)
    chosen = choose(sampling, times, "key")
    assert chosen
    assert chosen == sorted(set(chosen))
    assert 0 <= chosen[0] <= chosen[-1] < count
    if method in ("mid", "uniform", "random"):
        assert len(chosen) <= max(1, frames)
    if method != "times" and skip * count >= 1:
        assert int(skip * count) <= chosen[0]
        assert chosen[-1] < count - int(skip * count)


@given(st.integers(0, 60), st.integers(1, 80), st.integers(0, 5), st.text())
def test_random_draws_as_many_as_there_are(count: int, frames: int, seed: int, key: str) -> None:
    chosen = choose(Sampling(method="random", frames=frames, seed=seed), [None] * count, key)
    assert len(chosen) == min(count, frames)


def test_random_hangs_on_seed_and_video_and_on_nothing_else() -> None:
    def draw(seed: int, key: str) -> list[int]:
        return choose(Sampling(method="random", frames=5, seed=seed), [None] * 1000, key)

    assert draw(0, "a") == draw(0, "a")
    assert len({tuple(draw(seed, key)) for seed in (0, 1, 10) for key in ("a", "b", "0\na")}) == 9
    code = (
        "from framescribe.frames.sampling import *; "
        "print(choose(Sampling(method='random', frames=5), [None] * 1000, 'a'))"
    )
    there = {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"}
    other = subprocess.run([sys.executable, "-c", code], env=there, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(draw(0, "a"))


def test_random_is_even() -> None:
    drawn = [i for key in range(2000) for i in choose(Sampling(method="random", frames=3), [None] * 10, str(key))]
    assert np.bincount(drawn, minlength=10) == pytest.approx(600, rel=0.15)


def test_times_give_the_frame_on_the_screen() -> None:
    assert of(UNEVEN, method="times", times=(0.045, 0.499, 0.5, 99.0)) == [1, 2, 3, 5]
    assert of(UNEVEN, method="times", times=(0.5, 0.505, 0.5)) == [3]
    assert of([2.0, 3.0], method="times", times=(0.0, 1.9)) == [0]
    assert of(TWENTY_FIVE, method="times", times=(0.12, 0.28), skip_edges=0.4) == [3, 7]


@given(st.integers(0, 99))
def test_a_frame_is_found_by_its_own_time(place: int) -> None:
    assert of(TWENTY_FIVE, method="times", times=(place / 25,)) == [place]
    assert of(TWENTY_FIVE, method="times", times=(round(place * 0.04, 6),)) == [place]


def test_every_starts_with_the_first_frame_and_stops_with_the_last() -> None:
    assert of(TWENTY_FIVE, method="every", every=1.0) == [0, 25, 50, 75]
    assert of(TWENTY_FIVE, method="every", every=0.12)[:4] == [0, 3, 6, 9]
    assert of(TWENTY_FIVE, method="every", every=50.0) == [0]
    assert of(UNEVEN, method="every", every=0.5) == [0, 3, 4]
    assert of([5.0, 6.0, 7.0], method="every", every=2.0) == [0, 2]
    assert of(TWENTY_FIVE, method="every", every=1e-6) == list(range(100))


def test_skip_edges_leaves_out_both_ends() -> None:
    assert of([None] * 100, method="uniform", frames=4, skip_edges=0.1) == [10, 30, 50, 70]
    assert of([None] * 100, skip_edges=0.49) == [50]
    assert of([None], skip_edges=0.49) == [0]
    assert of([None] * 3, method="uniform", frames=9, skip_edges=0.4) == [1]
    assert of(TWENTY_FIVE, method="every", every=1.0, skip_edges=0.1) == [10, 35, 60, 85]


def test_times_that_fall_back_do_not_lead_astray() -> None:
    assert of([0.0, 0.04, 0.02, 0.12], method="times", times=(0.05,)) == [2]


def test_frames_without_times_are_not_chosen_by_time() -> None:
    with pytest.raises(Unreadable, match="no times"):
        of([0.0, None], method="times", times=(1.0,))
    with pytest.raises(Unreadable, match="no times"):
        of([None], method="every", every=1.0)


def test_no_frames_no_choice() -> None:
    assert of([], method="uniform", frames=3) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"method": "middle"}, "Choose one of mid, uniform"),
        ({"frames": 0}, "at least 1"),
        ({"frames": 2.5}, "whole number"),
        ({"skip_edges": 0.5}, "below 0.5"),
        ({"skip_edges": -0.1}, "below 0.5"),
        ({"skip_edges": float("nan")}, "below 0.5"),
        ({"method": "times"}, "at least one time"),
        ({"method": "times", "times": (-1.0,)}, "0 or more"),
        ({"method": "times", "times": (float("nan"),)}, "0 or more"),
        ({"method": "every"}, "interval in seconds"),
        ({"method": "every", "every": 0.0}, "above 0"),
        ({"method": "every", "every": float("inf")}, "above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        Sampling(**options)


@pytest.mark.parametrize(
    ("text", "value"),
    [("2s", 2), ("500ms", 0.5), ("1.5", 1.5), (" 2 S ", 2), ("2min", 120), ("1h", 3600), (".5s", 0.5), ("0", 0)],
)
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "s", "-1s", "2 days", "1e3", "nan", "1,5", "1.5.2", "٣"])
def test_no_seconds(text: str) -> None:
    with pytest.raises(UserError, match="not a duration"):
        seconds(text)


def test_keyframes_are_spread_where_there_are_too_many() -> None:
    times = [place / 25 for place in range(100)]
    keys = [0, 10, 25, 50, 80]
    assert choose(Sampling(method="keyframes", frames=9), times, "", keys) == keys
    assert choose(Sampling(method="keyframes", frames=2), times, "", keys) == [0, 25]
    assert choose(Sampling(method="keyframes", frames=9, skip_edges=0.2), times, "", keys) == [25, 50]
    assert choose(Sampling(method="keyframes", skip_edges=0.4), times, "", keys) == [50]
    assert choose(Sampling(method="keyframes", frames=9, skip_edges=0.45), times, "", [0]) == [50]  # the middle


def test_a_shot_is_seen_in_its_middle() -> None:
    times = [None] * 100
    assert choose(Sampling(method="scenes", frames=9), times, "", [0, 20, 60]) == [10, 40, 80]
    assert choose(Sampling(method="scenes", frames=2), times, "", [0, 20, 60]) == [10, 40]
    assert choose(Sampling(method="scenes", frames=9), times, "", []) == [50]
    assert choose(Sampling(method="scenes", frames=9, skip_edges=0.1), times, "", [0, 20, 60]) == [15, 40, 75]


def test_choosing_among_some_is_choosing_as_if_there_were_no_others() -> None:
    times, whole = [place / 10 for place in range(20)], [2, 3, 5, 8, 13, 14]
    assert choose_among(whole, Sampling(), times, "", []) == [8]
    assert choose_among(whole, Sampling(method="uniform", frames=3), times, "", []) == [2, 5, 13]
    assert choose_among(whole, Sampling(method="times", times=(0.0, 0.9, 1.9)), times, "", []) == [2, 8, 14]
    assert choose_among(whole, Sampling(method="keyframes", frames=9), times, "", [0, 5, 10, 14]) == [5, 14]
    assert choose_among(whole, Sampling(method="scenes", frames=9), times, "", [0, 7, 14]) == [3, 13, 14]
