"""Knows how to write synthetic clips as video files, and which dozen make up the demonstration; captions nothing."""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import av
from av.video.stream import VideoStream

from framescribe.demo.random_scenes import crowded, random_background, random_object, random_spot
from framescribe.demo.scenes import PLACES, ClipScene, Track
from framescribe.engines.sight import COLOURS

# Default options for each encoder: quick, quiet and good enough for flat shapes.
ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "23"},
    "libx265": {"preset": "ultrafast", "crf": "25", "x265-params": "log-level=none:pools=none:frame-threads=1"},
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "20", "b": "1500k"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "32", "b": "0"},
    "libsvtav1": {"preset": "12", "crf": "35"},
    "mpeg4": {"q": "4", "b": "2000k"},
    "mpeg2video": {"b": "3000k"},
    "mjpeg": {},
}
_BT601, _LIMITED, _FULL = 6, 1, 2  # FFmpeg's numbers for a matrix and for the range of sample values


def write_clip(
    path: str | Path,
    scene: ClipScene,
    *,
    width: int,
    height: int,
    fps: int | Fraction,
    frames: int,
    codec: str = "libx264",
    options: Mapping[str, str] | None = None,
) -> None:
    """Draw `frames` frames of the scene, evenly spaced from time 0 to 1, and write them as a video file.

    The file name's suffix decides the container; `options` go to the encoder and override those in ENCODERS. Raises
    ValueError for odd or unusable sizes, no frames, or an encoder that is unknown here, and av.FFmpegError
    for anything that the container or the encoder refuses.
    """
    if codec not in ENCODERS:
        raise ValueError(f"unknown encoder {codec!r}; known encoders: {', '.join(ENCODERS)}")
    if frames < 1 or width < 16 or height < 16 or width % 2 or height % 2:
        raise ValueError(
            f"cannot write {frames} frames of {width}x{height}: sizes must be even and at least 16, frames at least 1"
        )
    if codec == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # errors only: the library writes to the terminal directly
    # "bitexact" leaves out random identifiers and version strings, so that one scene always gives the same file.
    with _policy_kept(), av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=fps, options={**ENCODERS[codec], **(options or {})})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        context = stream.codec_context
        context.thread_count = 1  # some encoders give different bytes with a different number of threads
        context.colorspace, context.color_range = _BT601, _FULL if codec == "mjpeg" else _LIMITED
        for index in range(frames):
            image = scene.draw(index / max(1, frames - 1), width, height)
            container.mux(stream.encode(av.VideoFrame.from_image(image)))
        container.mux(stream.encode())


@contextlib.contextmanager
def _policy_kept() -> Iterator[None]:
    """SVT-AV1, as root, takes a real-time scheduling policy where it may, and leaves it set for all that follows."""
    if sys.platform != "linux":
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            os.sched_setscheduler(0, policy, parameters)


@dataclass(frozen=True)
class DemoClip:
    """A written clip and what is known about it; frame k of `frame_count` shows the scene at k / (frame_count - 1)."""

    path: Path
    scene: ClipScene
    width: int
    height: int
    fps: int
    frame_count: int

    def summary(self, *, lead: bool = False) -> str:
        """The right summary of the whole clip."""
        return self.scene.summary((0.0, 1.0), lead=lead)


@dataclass(frozen=True)
class _Recipe:
    """What one demonstration clip looks like, apart from the objects themselves."""

    motions: tuple[str, ...]
    width: int
    height: int
    suffix: str = ".mp4"
    codec: str = "libx264"
    fps: int = 12
    options: tuple[tuple[str, str], ...] = ()


_RECIPES = (
    _Recipe(("moves",), 640, 360, fps=24),
    _Recipe(("is",), 480, 480, options=(("crf", "30"),)),
    _Recipe(("moves", "is"), 640, 480, ".webm", "libvpx-vp9"),
    _Recipe(("moves", "is", "is"), 854, 480, ".mkv", options=(("bf", "3"), ("b_strategy", "0"))),
    _Recipe(("is", "appears"), 400, 300, codec="libsvtav1"),
    _Recipe(("is", "disappears"), 640, 360, ".mov", options=(("bf", "0"),)),
    _Recipe(("moves",), 360, 640, codec="libx265"),
    _Recipe(("moves", "is"), 840, 280, fps=15),
    _Recipe(("is", "is"), 320, 240, ".avi", "mpeg4", fps=10),
    _Recipe(("moves", "is"), 1280, 720, fps=10),
    _Recipe(("moves",), 426, 240, ".webm", "libvpx", fps=10),
    _Recipe(("is", "is", "appears"), 480, 640, ".mkv", "libx265"),
)
_SECONDS = 3
_MARGIN = 0.09


def clear_scene(rng: random.Random, motions: Sequence[str], width: int, height: int) -> ClipScene:
    """A scene with an object for each motion that is easy to describe: clear of the borders between places, at rest at
    both ends and in the middle.

    A moving object goes straight from one side of the frame to the other, between 0.35 and 0.65, so that it is in a
    middle place at 0.5 and has not left its first place at 0.4, nor reached its last one before 0.6.
    """
    while True:
        tracks = []
        for motion, colour in zip(motions, rng.sample(list(COLOURS), len(motions)), strict=True):
            item = random_object(rng, colour)
            place = rng.choice([p for p in PLACES if motion != "moves" or p != "center"])
            x, y = random_spot(rng, item, place, width, height, _MARGIN)
            opposite = PLACES[8 - PLACES.index(place)]
            end = random_spot(rng, item, opposite, width, height, _MARGIN)
            tracks.append(Track(replace(item, x=x, y=y), motion, end, when=rng.uniform(0.42, 0.48), dwell=0.35))
        scene = ClipScene(tuple(tracks), random_background(rng))
        if not any(crowded(scene.at(step / 40), width, height) for step in range(41)):
            return scene


def _demo_name(number: int, recipe: _Recipe, scene: ClipScene) -> str:
    """A file name that says what is in the clip, by the first object that does something."""
    track = max(scene.tracks, key=lambda track: track.motion != "is")
    name = (
        f"{number:02d}-{track.object.colour}-{track.object.shape}-{'rests' if track.motion == 'is' else track.motion}"
    )
    others = len(scene.tracks) - 1
    return name + ("", "-with-another", "-with-two-others")[others] + recipe.suffix


def demo_clips(folder: str | Path, seed: int = 0, count: int = 12) -> list[DemoClip]:
    """Write `count` clips of three seconds with known content into the folder, and return what they are.

    The first twelve differ in codec, container, size and in what happens; the same seed gives the same clips.
    The folder is created if needed, and other files with the same names are overwritten.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for index in range(count):
        recipe = _RECIPES[index % len(_RECIPES)]
        scene = clear_scene(random.Random(f"demo {seed} {index}"), recipe.motions, recipe.width, recipe.height)
        path = folder / _demo_name(index + 1, recipe, scene)
        clip = DemoClip(path, scene, recipe.width, recipe.height, recipe.fps, recipe.fps * _SECONDS)
        new = path.with_name(f".{path.name}")
        write_clip(
            new,
            scene,
            width=clip.width,
            height=clip.height,
            fps=clip.fps,
            frames=clip.frame_count,
            codec=recipe.codec,
            options=dict(recipe.options),
        )
        if path.is_file() and path.read_bytes() == new.read_bytes():
            new.unlink()  # results know a file by its time of modification, too
        else:
            new.replace(path)
        clips.append(clip)
    return clips
