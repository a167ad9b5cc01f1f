"""Knows the ways to shrink a decoded frame into RGB with swscale, what each costs and how close it comes.

    python benchmarks/scaling.py VIDEO [--pixels 589824]

The truth is Pillow's bicubic on the frame converted with full chroma; "white" is what video white (235) comes out as.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from PIL import Image

from framescribe.frames.display import fit
from framescribe.frames.picture import SCALE

FULL = Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
FRAMES, TURNS = 8, 5
Way = Callable[[VideoFrame, int, int], VideoFrame]


def direct(how: Interpolation) -> Way:
    return lambda frame, w, h: frame.reformat(width=w, height=h, format="rgb24", interpolation=how, threads=1)


def through(form: str, how: Interpolation) -> Way:
    def way(frame: VideoFrame, w: int, h: int) -> VideoFrame:
        small = frame.reformat(width=w, height=h, format=form, interpolation=how, threads=1)
        return small.reformat(format="rgb24", threads=1)

    return way


WAYS = {
    "to planes, then packed (framescribe's)": through("gbrp", SCALE),
    "bicubic, full chroma": direct(Interpolation.BICUBIC | FULL),
    "area, full chroma": direct(Interpolation.AREA | FULL),
    "bicubic (the ffmpeg program's)": direct(Interpolation.BICUBIC),
    "bilinear": direct(Interpolation.BILINEAR),
    "in 4:2:0, then RGB": through("yuv420p", SCALE),
    "in 4:4:4, then RGB": through("yuv444p", SCALE),
}


def main() -> None:
    parser = argparse.ArgumentParser(description="ways to shrink a frame")
    parser.add_argument("video")
    parser.add_argument("--pixels", type=int, default=1024 * 576)
    options = parser.parse_args()
    with av.open(options.video) as container:
        frames = [frame for _, frame in zip(range(FRAMES), container.decode(video=0), strict=False)]
    first = frames[0]
    width, height = fit(first.width, first.height, options.pixels)
    rgb = first.reformat(format="rgb24", interpolation=Interpolation.BICUBIC | FULL, threads=1).to_ndarray()
    truth = np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    white = VideoFrame(first.width, first.height, "yuv420p")
    for plane, value in zip(white.planes, (235, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    print(f"{first.width} x {first.height} {first.format.name} to {width} x {height}, {len(frames)} frames")
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(TURNS):
        for name, way in WAYS.items():
            start = time.process_time()
            for frame in frames:
                way(frame, width, height)
            best[name] = min(best[name], (time.process_time() - start) / len(frames) * 1e3)
    ours = next(iter(best.values()))
    print(f"{'':40} {'ms CPU':>7} {'ratio':>6} {'PSNR, dB':>9} {'white':>9}")
    for name, way in WAYS.items():
        error = ((way(first, width, height).to_ndarray().astype(int) - truth) ** 2).mean()
        level = way(white, width, height).to_ndarray()
        print(
            f"{name:40} {best[name]:7.2f} {best[name] / ours:6.2f} {10 * np.log10(255**2 / max(error, 1e-9)):9.1f}"
            f" {level.min():4}-{level.max():4}"
        )


if __name__ == "__main__":
    main()
