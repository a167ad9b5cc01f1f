"""Which pictures count as the same: those of a scene that stands still, whatever the encoder does to them, and never
those in which something small has moved."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.demo.scenes import ClipScene, SceneObject, Track
from framescribe.frames.encode import encode
from framescribe.frames.likeness import same, sketch
from framescribe.frames.pool import sample_as
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip


def scenery(width: int = 320, height: int = 200) -> Image.Image:
    """Hills under a sky, without any sharp edge."""
    across, down = np.meshgrid(np.linspace(0, 9, width), np.linspace(0, 1, height))
    hills = np.where(down > 0.5 + 0.2 * np.sin(across), 90 + 40 * np.cos(3 * across), 200 - 60 * down)
    return Image.fromarray(np.stack([hills, hills * 0.9, hills * 0.7], axis=-1).astype(np.uint8))


def with_dot(x: int, y: int, radius: int = 4) -> np.ndarray:
    picture = scenery()
    ImageDraw.Draw(picture).ellipse([x - radius, y - radius, x + radius, y + radius], fill=(200, 40, 40))
    return np.asarray(picture)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    return same(sketch(one), sketch(other))


def sampled(path: Path, frames: int) -> Clip:
    sampling = Sampling(method="uniform", frames=frames)
    return sample_as(str(path), sampling, key="", max_pixels=512 * 512, form="jpeg")


def test_a_small_thing_that_moves_its_own_width_is_seen_everywhere() -> None:
    for x in range(10, 300, 29):
        for y in range(10, 190, 29):
            assert not alike(with_dot(x, y), with_dot(x + 8, y)), (x, y)
            assert not alike(with_dot(x, y), np.asarray(scenery())), (x, y)


def test_light_that_changes_everywhere_is_seen() -> None:
    picture = np.asarray(scenery())
    assert not alike(picture, (picture * 0.9).astype(np.uint8))


def test_pixels_and_their_jpeg_and_png_are_the_same_picture() -> None:
    picture = with_dot(100, 100)
    for form in ("jpeg", "png"):
        assert same(sketch(picture), sketch(encode(picture, form)))
        assert not same(sketch(with_dot(110, 100)), sketch(encode(picture, form)))


def test_pictures_of_different_sizes_are_different() -> None:
    picture = scenery()
    assert not same(sketch(np.asarray(picture)), sketch(np.asarray(picture.resize((160, 100)))))


@pytest.mark.parametrize("noise", [0, 4])
def test_a_scene_that_stands_still_is_the_same_however_it_was_encoded(noise: int, tmp_path: Path) -> None:
    path, draw = tmp_path / "still.mp4", np.random.default_rng(0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=12, options={"preset": "veryfast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt = 320, 200, "yuv420p"
        for _ in range(24):
            pixels = np.clip(with_dot(60, 80) + draw.normal(0, noise, (200, 320, 3)), 0, 255).astype(np.uint8)
            output.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        output.mux(stream.encode(None))
    first, *others = (sketch(frame.image) for frame in sampled(path, 6).frames)
    assert all(same(first, other) for other in others)


def test_drawn_clips_are_the_same_exactly_while_nothing_moves(tmp_path: Path) -> None:
    """What moves is a shape of a fiftieth of the picture's height, by a fiftieth of its width between two frames."""
    draw, moved = random.Random(3), 0
    for number in range(6):
        scene = random_clip(draw, 480, 270, count=1)
        (track,) = scene.tracks
        small = replace(track.object, radius=0.02, x=0.3)
        tracks = (Track(small, "moves", (0.3 + 0.02 * 5 * 0.7, small.y), dwell=0.15),)
        path = tmp_path / f"{number}.mp4"
        write_clip(path, ClipScene(tracks, scene.background), width=480, height=270, fps=10, frames=31)
        clip = sampled(path, 31)
        sketches = [sketch(frame.image) for frame in clip.frames]
        xs = [place(tracks[0], frame.index / 30).x for frame in clip.frames]
        for before, now, was, at in zip(sketches, sketches[6:], xs, xs[6:], strict=False):
            if was == at:
                assert same(before, now)
            elif at - was >= 0.015:
                assert not same(before, now), (number, was, at)
                moved += 1
    assert moved > 50


def place(track: Track, time: float) -> SceneObject:
    found = track.at(time)
    assert found is not None
    return found
