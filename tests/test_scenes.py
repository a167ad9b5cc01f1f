"""Knows what scenes, captions, summaries and demonstration clips must be; loads no model."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from framescribe.demo.clips import demo_clips, write_clip
from framescribe.demo.random_scenes import crowded, random_clip, random_scene
from framescribe.demo.scenes import (
    BACKGROUNDS,
    COLOURS,
    RADIUS,
    SHAPES,
    Background,
    ClipScene,
    Mention,
    Scene,
    SceneObject,
    Statement,
    Track,
    parse_statement,
    summarise,
)

WHITE = Background("white", (250, 250, 250), (250, 250, 250))
GRAY = Background("gray", (128, 128, 128), (128, 128, 128))


def shape(size: str, colour: str, form: str, x: float, y: float) -> SceneObject:
    return SceneObject(size, colour, form, x, y, sum(RADIUS[size]) / 2, COLOURS[colour])


CIRCLE = shape("large", "red", "circle", 0.2, 0.5)
STAR = shape("small", "blue", "star", 0.8, 0.15)


# ------------------------------------------------------------------------------------------- captions


def test_caption_of_two_objects() -> None:
    expected = "A large red circle is on the left and a small blue star is at the top right, on a white background."
    assert Scene((CIRCLE, STAR), WHITE).caption() == expected
    assert Scene((STAR, CIRCLE), WHITE).caption() == expected, "the order follows the places, not the drawing"


def test_caption_of_none_one_and_three_objects() -> None:
    assert Scene((), GRAY).caption() == "There are no objects, on a gray background."
    assert Scene((STAR,), GRAY).caption() == "A small blue star is at the top right, on a gray background."
    square = shape("small", "green", "square", 0.5, 0.5)
    assert Scene((square, CIRCLE, STAR), GRAY).caption() == (
        "A large red circle is on the left, a small green square is in the center "
        "and a small blue star is at the top right, on a gray background."
    )


@pytest.mark.parametrize(
    ("x", "y", "where"),
    [
        (0.1, 0.1, "at the top left"),
        (0.5, 0.1, "at the top"),
        (0.9, 0.1, "at the top right"),
        (0.1, 0.5, "on the left"),
        (0.5, 0.5, "in the center"),
        (0.9, 0.5, "on the right"),
        (0.1, 0.9, "at the bottom left"),
        (0.5, 0.9, "at the bottom"),
        (0.9, 0.9, "at the bottom right"),
        (0.34, 0.32, "at the top"),
        (1.0, 1.0, "at the bottom right"),
    ],
)
def test_caption_follows_the_geometry(x: float, y: float, where: str) -> None:
    caption = Scene((replace(STAR, x=x, y=y),), WHITE).caption()
    assert caption == f"A small blue star is {where}, on a white background."


def test_statements_are_read_back() -> None:
    for seed in range(200):
        rng = random.Random(seed)
        scene, clip = random_scene(rng, 400, 300), random_clip(rng, 400, 300)
        assert parse_statement(scene.caption()) == scene.statement()
        for lead in (False, True):
            text = clip.summary((0, 0.5, 1), lead=lead)
            assert parse_statement(text).sentence(lead=lead) == text


def test_parsing_passes_over_what_it_does_not_know() -> None:
    text = "Here a SMALL blue star is at the top, next to a mauve star and a small red cube is on the left."
    assert parse_statement(text) == Statement((Mention("small", "blue", "star", "top", "top"),), None)
    assert parse_statement("") == Statement((), None)


# ------------------------------------------------------------------------------------------ summaries


def statement(*captions: str) -> list[Statement]:
    return [parse_statement(caption) for caption in captions]


def test_summary_of_movement_and_appearance() -> None:
    frames = statement(
        "A large red circle is on the left, on a white background.",
        "A large red circle is in the center, on a white background.",
        "A small blue star is at the top and a large red circle is on the right, on a white background.",
    )
    assert summarise(frames).sentence() == (
        "A large red circle moves from the left to the right and a small blue star appears at the top, "
        "on a white background."
    )
    assert summarise(frames).sentence(lead=True) == (
        "In this video, a large red circle moves from the left to the right and a small blue star appears at the top, "
        "on a white background."
    )


def test_summary_of_rest_and_disappearance() -> None:
    frames = statement(
        "A small pink cross is at the bottom left and a small cyan square is at the top, on a navy background.",
        "A small cyan square is at the top, on a navy background.",
    )
    assert summarise(frames).sentence() == (
        "A small pink cross disappears from the bottom left and a small cyan square is at the top, "
        "on a navy background."
    )


def test_summary_of_one_frame_is_its_statement() -> None:
    caption = "A large red circle is on the left, on a white background."
    assert summarise(statement(caption)).sentence() == caption
    assert summarise(statement(caption)).sentence(lead=True) == (
        "In this video, a large red circle is on the left, on a white background."
    )


def test_summary_of_nothing() -> None:
    empty = "There are no objects, on a gray background."
    assert summarise(statement(empty, empty)).sentence() == empty
    passing = "A small blue star is at the top, on a gray background."
    assert summarise(statement(empty, passing, empty)).sentence() == empty, "what only passed through is left out"
    with pytest.raises(ValueError, match="at least one frame"):
        summarise([])


def test_clip_over_time() -> None:
    moving = Track(CIRCLE, "moves", end=(0.8, 0.5), dwell=0.25)
    clip = ClipScene((moving, Track(STAR, "appears", when=0.4)), WHITE)
    assert [round(clip.at(t)[0].x, 6) for t in (0, 0.25, 0.5, 0.75, 1)] == [0.2, 0.2, 0.5, 0.8, 0.8]
    assert [len(clip.at(t)) for t in (0, 0.39, 0.4, 1)] == [1, 1, 2, 2]
    assert clip.frame_caption(0.5) == (
        "A large red circle is in the center and a small blue star is at the top right, on a white background."
    )
    assert clip.summary((0, 0.5, 1)) == (
        "A large red circle moves from the left to the right and a small blue star appears at the top right, "
        "on a white background."
    )


# ------------------------------------------------------------------------------------------- pictures


@pytest.mark.parametrize("form", SHAPES)
@pytest.mark.parametrize(("width", "height"), [(320, 240), (240, 640), (97, 131)])
def test_pixels_at_the_centre_have_the_colour(form: str, width: int, height: int) -> None:
    item = shape("large", "red", form, 0.4, 0.6)
    pixels = np.asarray(Scene((item, STAR), WHITE).draw(width, height))
    assert pixels.shape == (height, width, 3)
    assert tuple(pixels[int(0.6 * height), int(0.4 * width)]) == COLOURS["red"]
    assert tuple(pixels[int(0.15 * height), int(0.8 * width)]) == COLOURS["blue"]
    assert tuple(pixels[height - 1, 0]) == (250, 250, 250)


def test_random_objects_are_drawn_where_they_are_said_to_be() -> None:
    for seed in range(40):
        rng = random.Random(seed)
        scene = random_scene(rng, 320, 180)
        pixels = np.asarray(scene.draw(320, 180)).astype(int)
        for item in scene.objects:
            drawn = pixels[int(item.y * 180), int(item.x * 320)]
            nearest = min(COLOURS, key=lambda name: np.abs(drawn - COLOURS[name]).sum())
            assert nearest == item.colour
            assert np.abs(drawn - item.rgb).max() <= 2


def test_sizes_can_be_told_apart() -> None:
    areas = {}
    for size in ("small", "large"):
        pixels = np.asarray(Scene((shape(size, "red", "circle", 0.5, 0.5),), WHITE).draw(300, 300)).astype(int)
        areas[size] = (np.abs(pixels - COLOURS["red"]).max(axis=2) < 10).sum()
    assert areas["large"] > 2.5 * areas["small"]


def test_backgrounds() -> None:
    gradient = Background("dark gradient", (10, 10, 10), (90, 90, 90), angle=0.0).draw(50, 20)
    row = np.asarray(gradient)[5, :, 0].astype(int)
    assert row[0] == 10 and row[-1] == 90 and (np.diff(row) >= 0).all()
    names = {random_scene(random.Random(seed), 200, 200).background.name for seed in range(100)}
    assert names == set(BACKGROUNDS)


# --------------------------------------------------------------------------------------------- chance


def test_chance_is_the_seed_alone() -> None:
    def draw(seed: str) -> tuple[str, bytes]:
        clip = random_clip(random.Random(seed), 320, 240)
        return clip.summary((0, 1)), clip.draw(0.5, 320, 240).tobytes()

    assert draw("a") == draw("a")
    assert draw("a") != draw("b")


@pytest.mark.parametrize(("width", "height"), [(320, 240), (400, 100), (100, 400)])
def test_random_clips_are_legible(width: int, height: int) -> None:
    for seed in range(60):
        clip = random_clip(random.Random(seed), width, height)
        assert len({track.object.colour for track in clip.tracks}) == len(clip.tracks)
        assert not any(crowded(clip.at(step / 20), width, height) for step in range(21))


# ---------------------------------------------------------------------------------------------- files


def decode(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        (".mp4", "libx264"),
        (".mkv", "libx264"),
        (".webm", "libvpx"),
        (".webm", "libvpx-vp9"),
        (".avi", "mpeg4"),
        (".mov", "mjpeg"),
        (".mp4", "libx265"),
        (".mkv", "libsvtav1"),
    ],
)
def test_written_clips_hold_their_frames(tmp_path: Path, suffix: str, codec: str) -> None:
    clip = ClipScene((Track(CIRCLE, "moves", end=(0.8, 0.5), dwell=0.2),), WHITE)
    path = tmp_path / f"clip{suffix}"
    write_clip(path, clip, width=192, height=128, fps=10, frames=12, codec=codec)
    frames = decode(path)
    assert len(frames) == 12
    for frame, t in ((frames[0], 0.0), (frames[-1], 1.0)):
        expected = np.asarray(clip.draw(t, 192, 128)).astype(int)
        assert np.abs(frame.astype(int) - expected).mean() < 6


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system has no scheduling policies")
def test_writing_av1_leaves_the_process_its_scheduling_policy(tmp_path: Path) -> None:
    """A real-time policy, which SVT-AV1 takes where it may (as root), would pass to every process of the run."""
    write_clip(tmp_path / "clip.mkv", ClipScene((), WHITE), width=64, height=64, fps=10, frames=2, codec="libsvtav1")
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


@pytest.mark.parametrize("wrong", [{"width": 191}, {"frames": 0}, {"codec": "nothing"}, {"height": 8}])
def test_what_cannot_be_written_is_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"width": 192, "height": 128, "fps": 10, "frames": 4} | wrong
    with pytest.raises(ValueError, match=r"cannot write|unknown encoder"):
        write_clip(tmp_path / "clip.mp4", ClipScene((), WHITE), **arguments)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_demo_clips(tmp_path: Path) -> None:
    clips = demo_clips(tmp_path / "one", seed=3, count=3)
    again = demo_clips(tmp_path / "two", seed=3, count=3)
    for clip, other in zip(clips, again, strict=True):
        assert clip.path.read_bytes() == other.path.read_bytes()
        frames = decode(clip.path)
        assert len(frames) == clip.frame_count
        assert frames[0].shape == (clip.height, clip.width, 3)
        track = clip.scene.tracks[0]
        assert track.object.colour in clip.summary() and track.object.shape in clip.summary()
    assert len({clip.path.name for clip in clips}) == 3
