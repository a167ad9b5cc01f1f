"""Knows how to draw pictures that look a little like photographs, and to show them to a measure as decoding does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import av
import cv2
import numpy as np

from framescribe.measures.base import LONGER, Measure, Shown, Size


@cache
def scene(seed: int, width: int = 640, height: int = 360, *, plain: bool = False) -> np.ndarray:
    """RGB uint8 [height, width, 3]: clouds of all sizes, and on them forty rectangles and discs (none if `plain`)."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for level in range(1, 8):
        cells = random.normal(0, 1, (2**level + 1, 2**level + 1, 3)).astype(np.float32)
        picture += cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC) * 0.75**level
    picture = 128 + 45 * picture + random.uniform(-25, 25, 3)
    for _ in range(0 if plain else 40):
        x, y = (int(random.uniform(0, side)) for side in (width, height))
        size, colour = int(random.uniform(0.02, 0.12) * width), random.uniform(15, 240, 3).tolist()
        if random.random() < 0.5:
            cv2.circle(picture, (x, y), size // 2, colour, -1)
        else:
            cv2.rectangle(picture, (x, y), (x + size, y + int(size * random.uniform(0.3, 1.5))), colour, -1)
    return np.clip(picture, 0, 255).astype(np.uint8)


def pan(seed: int, frames: int, *, step: float = 3.0, width: int = 320, height: int = 180) -> list[np.ndarray]:
    """A camera that moves over a scene by `step` pixels a frame."""
    wide = scene(seed, width + int(abs(step) * frames) + 8, height)
    starts = [step * at if step >= 0 else -step * (frames - at) for at in range(frames)]
    return [wide[:, int(start) : int(start) + width].copy() for start in starts]


def blend(one: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> list[np.ndarray]:
    """From one to the other, evenly, over their length."""
    shares = [(at + 1) / (len(one) + 1) for at in range(len(one))]
    pairs = zip(one, other, shares, strict=True)
    return [np.clip(a * (1 - share) + b * share, 0, 255).astype(np.uint8) for a, b, share in pairs]


def grained(frames: Iterable[np.ndarray], sigma: float, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [
        np.clip(frame + random.normal(0, sigma, frame.shape[:2])[..., None], 0, 255).astype(np.uint8)
        for frame in frames
    ]


def coded(frames: Sequence[np.ndarray], crf: int = 26, gop: int = 12) -> list[np.ndarray]:
    """What H.264 leaves of them."""
    coder = av.CodecContext.create("libx264", "w")
    coder.height, coder.width = frames[0].shape[:2]
    coder.pix_fmt, coder.framerate, coder.gop_size = "yuv420p", 25, gop
    coder.options = {"crf": str(crf), "preset": "veryfast"}
    reader = av.CodecContext.create("h264", "r")
    packets = [p for frame in frames for p in coder.encode(av.VideoFrame.from_ndarray(frame, format="rgb24"))]
    packets += coder.encode(None)
    shown = [frame for packet in [*packets, None] for frame in reader.decode(packet)]
    return [frame.to_ndarray(format="rgb24") for frame in shown]


def show(
    kind: type[Measure],
    frames: Iterable[np.ndarray],
    *,
    times: Sequence[float] | None = None,
    fps: float = 25,
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """What a measure says of these RGB frames."""
    measure: Measure | None = None
    for index, frame in enumerate(frames):
        height, width = frame.shape[:2]
        measure = measure or kind(Size(width=width, height=height, fps=fps))
        scale = min(1.0, LONGER / max(height, width))
        size = (round(scale * width), round(scale * height))
        small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        shown = Shown(
            index=index,
            time=times[index] if times else index / fps,
            luma=cv2.cvtColor(small, cv2.COLOR_RGB2GRAY),
            plane=cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY),
        )
        shown.__dict__["colours"] = small
        measure.see(shown)
    assert measure is not None
    return measure.facts(known or {})
