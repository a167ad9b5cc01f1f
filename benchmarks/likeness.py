"""Knows how well two pictures of one scene are told apart where something moved, and recognised where nothing did.

    python benchmarks/likeness.py [--clips 60] [--folder DIR]

Clips are drawn, half of them with one object that is tiny and moves a little, and encoded as H.264 at several
qualities. Of eight frames, each is compared with the next; whether something moved between them is known from the
scene. With `--folder`, a frame of each video in it stands still in a clip of its own, with the noise of a camera.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.demo.scenes import ClipScene, Track
from framescribe.errors import VideoError
from framescribe.frames.likeness import BITS, CELLS, LEVELS, Sketch, same, sketch
from framescribe.frames.pool import sample_as
from framescribe.frames.sampling import Sampling
from framescribe.records import Clip

EIGHT = Sampling(method="uniform", frames=8)
FRAMES = 36
SEEN = 0.002  # of the picture's diagonal: a smaller movement may be overlooked
SIZES = ((640, 360), (480, 480), (1280, 720), (320, 240))
WAYS: dict[str, Callable[[Sketch, Sketch], bool]] = {
    f"dHash alone ({BITS} bits)": lambda one, other: int(np.count_nonzero(one.bits != other.bits)) <= BITS,
    f"cells' mean difference (≤ 0.3 of {CELLS} x {CELLS})": lambda one, other: (
        float(np.abs(one.cells - other.cells).mean()) <= 0.3
    ),
    f"both as used (cells ≤ {LEVELS})": same,
}


def sampled(path: Path) -> Clip:
    return sample_as(str(path), EIGHT, key="", max_pixels=512 * 512, form="jpeg")


def tiny(scene: ClipScene, draw: random.Random) -> ClipScene:
    """The same background with one tiny object, faint or not, that moves a little."""
    (shown, *_), back = (track.object for track in scene.tracks), scene.background.rgb_from
    red, green, blue = (min(255, max(0, level + draw.choice((-1, 1)) * draw.randint(25, 60))) for level in back)
    item = replace(
        shown, radius=draw.uniform(0.012, 0.04), rgb=(red, green, blue) if draw.random() < 0.5 else shown.rgb
    )
    end = tuple(min(0.97, max(0.03, at + draw.uniform(-0.06, 0.06))) for at in (item.x, item.y))
    return ClipScene((Track(item, "moves", (end[0], end[1])),), scene.background)


def moved(scene: ClipScene, before: float, now: float, width: int, height: int) -> float:
    """How far the object that moved farthest has moved, as a share of the diagonal; infinite if one came or went."""
    there, here = ({item.name: item for item in scene.at(time)} for time in (before, now))
    if there.keys() != here.keys():
        return math.inf
    ways = (math.hypot((there[n].x - here[n].x) * width, (there[n].y - here[n].y) * height) for n in there)
    return max(ways, default=0.0) / math.hypot(width, height)


def drawn(folder: Path, count: int) -> list[tuple[float, Sketch, Sketch]]:
    """Pairs of neighbouring frames, and how much moved between them."""
    draw, pairs = random.Random(5), []
    for number in range(count):
        width, height = draw.choice(SIZES)
        scene = random_clip(draw, width, height)
        scene = tiny(scene, draw) if number % 2 else scene
        path, quality = folder / "drawn.mp4", {"crf": draw.choice(("18", "23", "30"))}
        write_clip(path, scene, width=width, height=height, fps=12, frames=FRAMES, options=quality)
        frames = sampled(path).frames
        sketches = [sketch(frame.image) for frame in frames]
        for n in range(len(frames) - 1):
            times = [frame.index / (FRAMES - 1) for frame in frames[n : n + 2]]
            pairs.append((moved(scene, times[0], times[1], width, height), sketches[n], sketches[n + 1]))
    return pairs


def still(folder: Path, videos: Path, noise: float, crf: str) -> list[tuple[Sketch, Sketch]]:
    """Pairs of frames of clips in which one picture of each video stands still."""
    pairs, draw = [], np.random.default_rng(1)
    for video in sorted(videos.iterdir()):
        try:
            picture = sample_as(str(video), Sampling(), key="", max_pixels=512 * 512, form="pixels").frames[0].image
        except VideoError:
            continue
        assert isinstance(picture, np.ndarray)
        height, width = (side // 2 * 2 for side in picture.shape[:2])
        path = folder / "still.mp4"
        with av.open(str(path), "w") as output:
            stream = output.add_stream("libx264", rate=12, options={"preset": "veryfast", "crf": crf})
            stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
            for _ in range(24):
                pixels = picture[:height, :width] + draw.normal(0, noise, (height, width, 3))
                frame = av.VideoFrame.from_ndarray(np.clip(pixels, 0, 255).astype(np.uint8), "rgb24")
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        sketches = [sketch(frame.image) for frame in sampled(path).frames]
        pairs += pairwise(sketches)
    return pairs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="likeness-") as temporary:
        pairs = drawn(Path(temporary), options.clips)
        rest, moving = (
            [pair for pair in pairs if is_so(pair[0])] for is_so in (lambda far: not far, lambda far: far > SEEN)
        )
        print(f"| taken for the same | of {len(rest)} at rest | of {len(moving)} that moved | the farthest of those |")
        print("|---|---|---|---|")
        for name, alike in WAYS.items():
            missed = [far for far, one, other in moving if alike(one, other)]
            right = sum(alike(one, other) for _, one, other in rest)
            farthest = max(missed, default=0.0)
            far = f"{farthest:.2%} of the diagonal" if math.isfinite(farthest) else "came or went"
            print(f"| {name} | {right} | {len(missed)} | {far} |", flush=True)
        for noise, crf in ((0.0, "23"), (3.0, "28"), (6.0, "35")) if options.folder is not None else ():
            found = still(Path(temporary), options.folder, noise, crf)
            share = sum(same(*pair) for pair in found) / len(found)
            print(f"{len(found)} pairs that stand still, noise of {noise} of 255, crf {crf}: {share:.1%} are the same")


if __name__ == "__main__":
    main()
