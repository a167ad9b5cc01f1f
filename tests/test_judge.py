"""The benchmark's judge tells right frames from their neighbours, however much these look alike, at every size."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from tests.videos import film

ROOT = Path(__file__).parents[1]
COUNT, SIZE, FITTED = 24, (256, 192), (128, 96)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import frames
    import truth

    yield frames, truth
    for name in ("frames", "truth", "report", "rivals", "films"):
        sys.modules.pop(name, None)


def alike(path: Path) -> Path:
    """A film whose fine texture stands still and only gains a little contrast from frame to frame.

    Two filters that shrink it differ in just that: a sharper one looks like a later frame.
    """
    texture = np.random.default_rng(0).integers(-60, 61, (SIZE[1], SIZE[0], 1)).repeat(3, axis=2)
    pictures = [(128 + texture * (1 + number / 100)).astype(np.uint8) for number in range(COUNT)]
    return film(path, pictures=pictures, gop=8, options={"crf": "1"})


@pytest.mark.parametrize("fitted", [False, True])
def test_right_frames_are_right_and_their_neighbours_wrong(tmp_path: Path, judge, fitted: bool) -> None:  # type: ignore[no-untyped-def]
    frames, truth = judge
    path = alike(tmp_path / "alike.mp4")
    known = truth.full_decode(str(path))
    assert (len(known.stamps), known.trouble) == (COUNT, "")
    folder = tmp_path / "kept"
    folder.mkdir()
    job = frames.job_of(
        path, replace(frames.TASKS["8"], max_pixels=FITTED[0] * FITTED[1] if fitted else None), known, 9.0
    )
    assert job.shrinks == fitted
    truth.keep(str(path), frames.neighbourhoods([job], COUNT), folder)
    native = pictures(path, None)
    for shift in (0, 1, -1):
        given = [native[(number + shift) % COUNT] for number in job.numbers]
        said = truth.mistake(given, job.numbers, known, folder)
        assert (said == "") == (shift == 0), said
    small = pictures(path, FITTED[0] * FITTED[1])
    given, shrunk = [native[number] for number in job.numbers], [small[number] for number in job.numbers]
    assert truth.misfit(shrunk, given) == ""
    assert "levels off" in truth.misfit([255 - picture for picture in shrunk], given)
    assert truth.misfit(shrunk[1:], given)


def pictures(path: Path, max_pixels: int | None) -> list[np.ndarray]:
    clip = sample(str(path), Sampling(method="uniform", frames=99), key="", max_pixels=max_pixels)
    return [frame.image for frame in clip.frames]  # type: ignore[misc]


def test_another_conversion_to_rgb_is_still_the_right_frame(tmp_path: Path, judge) -> None:  # type: ignore[no-untyped-def]
    frames, truth = judge
    path = alike(tmp_path / "alike.mp4")
    known = truth.full_decode(str(path))
    job = frames.job_of(path, frames.TASKS["8"], known, 9.0)
    folder = tmp_path / "kept"
    folder.mkdir()
    truth.keep(str(path), frames.neighbourhoods([job], COUNT), folder)
    native = pictures(path, None)
    rounded = [np.clip(picture.astype(int) + 1, 0, 255).astype(np.uint8) for picture in native]
    assert truth.mistake([rounded[number] for number in job.numbers], job.numbers, known, folder) == ""
    assert truth.mistake([rounded[number - 1] for number in job.numbers], job.numbers, known, folder)
