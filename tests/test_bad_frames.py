"""Frames that show little give way to the nearest better ones, and `motion` follows what moves; all are true frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from framescribe.errors import Unreadable, UserError
from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling, choose
from framescribe.measures.still import Still
from framescribe.records import Clip
from tests.videos import film

SIZE = 160, 96
CONTAINERS = ["film.mp4", "film.avi", "film.ts"]  # by what it stores, by counting, by its packets


def texture(seed: int = 0) -> np.ndarray:
    """A wide picture with edges of every strength."""
    random = np.random.default_rng(seed)
    small = random.integers(20, 236, (SIZE[1] // 8, 120, 3)).astype(np.uint8)
    return small.repeat(8, 0).repeat(8, 1)


def moving(offsets: Sequence[int], seed: int = 0) -> list[np.ndarray]:
    wide = cv2.GaussianBlur(texture(seed), (0, 0), 0.7)
    return [np.ascontiguousarray(wide[:, offset : offset + SIZE[0]]) for offset in offsets]


def steady(count: int = 40) -> list[np.ndarray]:
    return moving(range(0, 4 * count, 4))


def made(path: Path, pictures: list[np.ndarray]) -> Path:
    return film(path, pictures=pictures, gop=16, options={"bf": "0"} if path.suffix == ".avi" else None)


def take(path: Path, sampling: Sampling, **more: Any) -> Clip:
    return sample(str(path), sampling, key="a video", max_pixels=None, **more)


def avoiding(path: Path, **more: Any) -> Clip:
    options = {"method": "uniform", "frames": 4, **more}
    return take(path, Sampling(avoid_bad_frames=True, **options))


def decoded(path: Path) -> list[np.ndarray]:
    """Every frame, from a decode of the whole file."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def indices(clip: Clip) -> list[int]:
    return [frame.index for frame in clip.frames]


def is_exact(clip: Clip, path: Path) -> bool:
    """Whether each frame is, of all of the file, the one whose number it bears."""
    all_of_it = decoded(path)
    for frame in clip.frames:
        grey = np.asarray(frame.image) @ np.array([0.299, 0.587, 0.114])
        apart = [float(np.abs((grey * 219 / 255 + 16) - other).mean()) for other in all_of_it]
        if apart[frame.index] > min(apart) + 0.5:  # in a frozen stretch all are almost the same
            return False
    return True


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_black_frame_gives_way_to_the_nearest_one_that_is_not(tmp_path: Path, name: str) -> None:
    pictures = steady()
    for place in (0, 1, 2, 19, 20, 21, 22):
        pictures[place] = np.zeros_like(pictures[place])
    path = made(tmp_path / name, pictures)
    assert indices(take(path, Sampling(method="uniform", frames=4))) == [0, 10, 20, 30]
    clip = avoiding(path)
    assert indices(clip) == [3, 10, 18, 30]
    assert clip.replaced == ({"frame": 0, "by": 3, "why": "black"}, {"frame": 20, "by": 18, "why": "black"})
    assert clip.facts is None
    assert is_exact(clip, path)
    together = sample(
        str(path),
        Sampling(method="uniform", frames=4, avoid_bad_frames=True),
        key="a video",
        max_pixels=None,
        measures=("light",),
    )
    assert indices(together) == indices(clip)
    assert together.facts is not None
    assert set(together.facts) == {"light"}
    assert together.facts["light"]["dark"] == pytest.approx(7 / 40)


def test_white_and_plain_ones_too(tmp_path: Path) -> None:
    pictures = steady()
    pictures[10] = np.full_like(pictures[10], 255)
    pictures[20] = np.full_like(pictures[20], 90)
    clip = avoiding(made(tmp_path / "film.mp4", pictures))
    assert [(of["frame"], of["by"], of["why"]) for of in clip.replaced] == [(10, 9, "white"), (20, 19, "plain")]


@pytest.mark.parametrize("name", CONTAINERS)
def test_of_a_frozen_stretch_the_first_frame_counts(tmp_path: Path, name: str) -> None:
    pictures = steady()
    for place in range(18, 35):
        pictures[place] = pictures[17]
    path = made(tmp_path / name, pictures)
    clip = avoiding(path)
    assert indices(clip) == [0, 10, 17, 35]
    assert {of["why"] for of in clip.replaced} == {"frozen"}
    assert is_exact(clip, path)


def test_a_badly_blurred_frame(tmp_path: Path) -> None:
    pictures = steady()
    for place in (19, 20, 21, 22):
        pictures[place] = cv2.GaussianBlur(pictures[place], (0, 0), 4)
    pictures[30] = cv2.GaussianBlur(pictures[30], (0, 0), 0.8)  # a little: that is no reason
    clip = avoiding(made(tmp_path / "film.mp4", pictures))
    assert clip.replaced == ({"frame": 20, "by": 18, "why": "blurred"},)


def test_where_all_are_bad_the_frame_stays(tmp_path: Path) -> None:
    black = [np.zeros((SIZE[1], SIZE[0], 3), np.uint8)] * 40
    clip = avoiding(made(tmp_path / "black.mp4", black))
    assert (indices(clip), clip.replaced) == ([0, 10, 20, 30], ())
    clip = avoiding(made(tmp_path / "begins.mp4", black[:8] + steady()[8:]))  # its own part of the video is all black
    assert (indices(clip), clip.replaced) == ([0, 10, 20, 30], ())


def test_the_middle_frame_may_be_replaced_by_any_but_those_at_the_edges(tmp_path: Path) -> None:
    pictures = steady()
    pictures[6:] = [np.zeros_like(one) for one in pictures[6:]]
    path = made(tmp_path / "film.mp4", pictures)
    assert indices(avoiding(path, method="mid", frames=1)) == [5]
    assert indices(avoiding(path, method="mid", frames=1, skip_edges=0.2)) == [20]


def test_a_frame_of_a_shot_is_replaced_within_the_shot(tmp_path: Path) -> None:
    pytest.importorskip("scenedetect")
    pictures = moving(range(0, 160, 4)) + moving(range(0, 160, 4), seed=1)
    pictures[17:40] = [np.zeros_like(pictures[0])] * 23
    path = made(tmp_path / "film.mp4", pictures)
    plain = indices(take(path, Sampling(method="scenes", frames=9)))
    chosen = indices(avoiding(path, method="scenes", frames=9))
    assert len(chosen) == len(plain)
    assert any(place in range(17, 40) for place in plain)
    assert set(chosen) - set(range(17, 40)) >= set(plain) - set(range(17, 40))
    assert all(abs(one - other) < 23 for one, other in zip(plain, chosen, strict=True))


def test_in_each_segment_for_itself(tmp_path: Path) -> None:
    pictures = steady(50)
    for place in (12, 37):
        pictures[place] = np.zeros_like(pictures[place])
    path = made(tmp_path / "film.mp4", pictures)
    clip = take(path, Sampling(avoid_bad_frames=True), division=1.0)
    assert [part.frames for part in clip.segments] == [(11,), (36,)]
    assert [of["frame"] for of in clip.replaced] == [12, 37]
    again = take(path, Sampling(avoid_bad_frames=True), numbers=(36,))
    assert (indices(again), again.replaced) == ([36], ())


def test_times_that_are_asked_for_are_not_avoided() -> None:
    with pytest.raises(UserError, match="choose one"):
        Sampling(method="times", times=(1.0,), avoid_bad_frames=True)


def test_only_sampling_that_looks_at_frames_has_other_ingredients() -> None:
    assert Sampling(method="uniform", frames=4).ingredients == {"method": "uniform", "frames": 4}
    avoided = Sampling(method="uniform", frames=4, avoid_bad_frames=True).ingredients
    assert avoided == {"method": "uniform", "frames": 4, "avoid_bad_frames": True}


def test_a_measure_that_fails_leaves_no_frame_to_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(Still, "see", broken)
    with pytest.raises(Unreadable, match="still failed"):
        avoiding(made(tmp_path / "film.mp4", steady()))


# ---------------------------------------------------------------------------------- as much as moves


@pytest.mark.parametrize("name", CONTAINERS)
def test_more_frames_where_more_happens(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / name, moving([0] * 50 + list(range(0, 400, 8))))
    clip = take(path, Sampling(method="motion", frames=8))
    assert indices(clip)[0] == 0
    assert len(set(indices(clip))) == 8
    assert sum(index >= 50 for index in indices(clip)) >= 6
    assert indices(clip)[-1] < 95
    assert clip.facts is None
    still = [index for index in indices(clip) if index < 50]
    assert is_exact(Clip(info=clip.info, frames=clip.frames[len(still) :]), path)


def test_an_even_movement_and_none_give_nearly_what_uniform_gives(tmp_path: Path) -> None:
    even = indices(take(made(tmp_path / "even.mp4", moving(range(0, 200, 2))), Sampling(method="motion", frames=5)))
    assert even == pytest.approx([0, 20, 40, 60, 80], abs=2)
    none = indices(take(made(tmp_path / "none.mp4", moving([0] * 100)), Sampling(method="motion", frames=5)))
    assert none == pytest.approx([0, 20, 40, 60, 80], abs=2)


def test_motion_by_hand() -> None:
    def of(moved: Sequence[float], **options: Any) -> list[int]:
        return choose(Sampling(method="motion", **options), [None] * len(moved), "", moved=moved)

    assert of(range(100), frames=4) == [0, 25, 50, 75]
    assert of([0.0] * 100, frames=4) == [0, 25, 50, 75]
    assert of([7.0] * 100, frames=4, skip_edges=0.1) == [10, 30, 50, 70]
    late = of([0.0] * 50 + list(range(50)), frames=10)
    assert (late[0], sum(index < 50 for index in late)) == (0, 1)
    assert of([0.0] * 5 + [1.0] * 5, frames=4) == sorted(set(of([0.0] * 5 + [1.0] * 5, frames=4)))
    assert of([0.0, 0.0, 9.0], frames=3) == [0, 1, 2]
    assert of([0.0, 5.0], frames=9) == [0, 1]


def test_motion_within_segments(tmp_path: Path) -> None:
    path = made(tmp_path / "film.mp4", moving([0] * 25 + list(range(0, 200, 8)) + [192] * 25))
    clip = take(path, Sampling(method="motion", frames=2), division=3.0)
    ((first, second),) = [part.frames for part in clip.segments]
    assert first == 0
    assert 30 <= second <= 45
