"""Knows how clips are made whose camera moves in a known way, over photographs, with whatever makes that hard to see.

A move is drawn from its smallest size up (`SMALLEST`); what is hard (`HARD`) is drawn beside it. The photographs are
divided by their names' hashes into two halves: one to tune on, one to report on.
"""

from __future__ import annotations

import hashlib
import io
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SMALLEST = {"pan": 0.10, "tilt": 0.10, "zoom": math.log(1.15), "roll": 5.0, "shake": 0.006}
LARGEST = {"pan": 0.60, "tilt": 0.50, "zoom": math.log(1.6), "roll": 25.0, "shake": 0.014}
LABELS = {
    "pan": ("pan_left", "pan_right"),
    "tilt": ("tilt_up", "tilt_down"),
    "zoom": ("zoom_in", "zoom_out"),
    "roll": ("roll_ccw", "roll_cw"),
}
"""By how the content moves: to the right and to the left, down and up, growing and shrinking, clockwise and not."""
SMALL_OBJECT, LARGE_OBJECT = (0.015, 0.08), (0.12, 0.40)  # of the picture's area
OBJECT_SPEED = (0.06, 0.35)  # widths a second
HARD = (
    "small object", "large object", "parallax", "overlay", "letterbox", "flicker", "noise", "low light", "motion blur",
    "vfr", "repeated", "low texture",
)  # fmt: skip
SIZES = ((640, 360), (480, 270), (640, 480), (360, 640))


@dataclass
class Shot:
    """What is true of one shot: seconds, labels (empty: static), and how far along each way."""

    start: float
    end: float
    labels: set[str]
    amounts: dict[str, float] = field(default_factory=dict)


@dataclass
class Drawn:
    """A clip: its file's bytes and what is true of it. `object_area`: share of the picture; 0 without an object."""

    name: str
    data: bytes
    shots: list[Shot]
    hard: list[str]
    crf: int
    object_area: float = 0.0
    object_speed: float = 0.0


def photographs(folders: list[Path]) -> dict[str, np.ndarray]:
    """Every picture of these folders, and the first frame of every video, if large and textured enough (RGB)."""
    found = {}
    for path in sorted(path for folder in folders for path in folder.iterdir() if path.is_file()):
        try:
            with av.open(str(path)) as container:
                picture = next(container.decode(video=0)).to_ndarray(format="rgb24")
        except Exception:
            continue
        if min(picture.shape[:2]) < 240 or max(picture.shape[:2]) > 5000:
            continue
        small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (256, 192), interpolation=cv2.INTER_AREA)
        if (cv2.cornerMinEigenVal(small, 5) > 3e-4).mean() > 0.12:
            found.setdefault(_scene(path.stem), picture)
    return found


def drawn_pictures(count: int) -> dict[str, np.ndarray]:
    """Pictures full of blocks, circles and lines, for want of photographs."""
    pictures = {}
    for number in range(count):
        draw = np.random.default_rng(number)
        picture = np.full((720, 1080, 3), draw.integers(60, 200, 3), np.uint8)
        for _ in range(260):
            colour = tuple(int(level) for level in draw.integers(0, 256, 3))
            x, y, r = (int(value) for value in draw.integers((0, 0, 6), (1080, 720, 70)))
            if draw.random() < 0.5:
                cv2.circle(picture, (x, y), r, colour, -1, cv2.LINE_AA)
            else:
                cv2.rectangle(picture, (x, y), (x + r, y + 2 * r), colour, -1)
        picture = cv2.GaussianBlur(picture, (5, 5), 0)
        grain = cv2.GaussianBlur(draw.normal(0, 14, picture.shape), (3, 3), 0)
        pictures[f"drawn{number}"] = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return pictures


def half(pictures: dict[str, np.ndarray], which: int) -> list[np.ndarray]:
    names = sorted(pictures, key=lambda name: hashlib.sha256(name.encode()).digest())
    return [pictures[name] for name in names[which::2]]


def clips(pictures: list[np.ndarray], seed: int, count: int) -> Iterator[Drawn]:
    for number in range(count):
        yield draw_clip(pictures, random.Random(seed * 100_000 + number), f"{seed}-{number:04}")


def _scene(stem: str) -> str:
    """Clips of one film, or of one scene in several formats, are one picture."""
    rest = stem.split("__", 1)[-1].lower()
    for shared in ("bbb", "bunny", "flower", "rabbit", "chrome", "sample", "bt601"):
        if shared in rest:
            return shared
    return rest


# ---------------------------------------------------------------------------------------------------- the camera


@dataclass
class Way:
    """How the content moves over a shot, per frame: right (widths), down (heights), grown (logarithm), clockwise
    (degrees)."""

    path: np.ndarray
    labels: set[str]
    amounts: dict[str, float]


def draw_way(draw: random.Random, frames: int, fps: float, width: int, height: int) -> Way:
    kinds = draw.choices(
        ([], ["pan"], ["tilt"], ["zoom"], ["roll"], ["pan", "tilt"], ["pan", "zoom"], ["tilt", "zoom"],
         ["zoom", "roll"], ["back"]),
        (18, 16, 12, 12, 9, 8, 6, 4, 4, 5),
    )[0]  # fmt: skip
    path, labels, amounts = np.zeros((frames, 4)), set(), {}
    lasts = 1.0 if draw.random() < 0.7 else draw.uniform(0.45, 0.75)
    starts = draw.uniform(0, 1 - lasts)
    along = np.clip((np.linspace(0, 1, frames) - starts) / lasts, 0, 1)
    if draw.random() < 0.5:
        along = along * along * (3 - 2 * along)
    if kinds == ["back"]:
        axis = draw.choice(("pan", "tilt"))
        amount = draw.uniform(1.2 * SMALLEST[axis], 0.4)
        path[:, 0 if axis == "pan" else 1] = amount * (1 - np.abs(2 * along - 1)) * draw.choice((1, -1))
        labels, amounts = set(LABELS[axis]), dict.fromkeys(LABELS[axis], amount)
    for kind in kinds if kinds != ["back"] else []:
        amount = math.exp(draw.uniform(math.log(SMALLEST[kind]), math.log(LARGEST[kind])))
        sign = draw.choice((0, 1))
        path[:, list(LABELS).index(kind)] = along * amount * (1, -1)[sign]
        labels.add(LABELS[kind][sign])
        amounts[LABELS[kind][sign]] = amount
    time = np.arange(frames) / fps
    if draw.random() < (0.12 if kinds else 0.2):
        step = draw.uniform(SMALLEST["shake"], LARGEST["shake"])
        for axis, aspect in ((0, 1.0), (1, width / height)):
            sway = sum(
                draw.uniform(0.5, 1) * np.sin(2 * math.pi * (draw.uniform(2.2, 5.5) * time + draw.random()))
                for _ in range(3)
            )
            per_step = np.sqrt(np.mean((np.interp(time + 1 / 12, time, sway) - sway) ** 2)) + 1e-9
            path[:, axis] += sway / per_step * step / math.sqrt(2) * aspect
        labels.add("shake")
        amounts["shake"] = step
    elif draw.random() < 0.3:  # what a tripod leaves
        path[:, :2] += np.random.default_rng(draw.randrange(1 << 30)).normal(0, 0.0004, (frames, 2))
    return Way(path, labels, amounts)


def view(picture: np.ndarray, base: np.ndarray, at: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture as seen when the content has moved by `at`. `base`: from the picture to the first view."""
    width, height = size
    right, down, grown, turned = at
    scale, angle = math.exp(grown), math.radians(turned)
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    middle = np.array([width / 2, height / 2])
    turn = np.array([[cos, -sin], [sin, cos]])
    shift = middle - turn @ middle + (right * width, down * height)
    whole = np.vstack([np.column_stack([turn, shift]), [0, 0, 1]]) @ np.vstack([base, [0, 0, 1]])
    return cv2.warpAffine(picture, whole[:2], size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def first_view(draw: random.Random, picture: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The picture, smoothed to the size it is seen in, and from it to the first view."""
    covers = draw.uniform(0.55, 0.75)  # of the picture, where it is narrower
    scale = max(size[0] / (picture.shape[1] * covers), size[1] / (picture.shape[0] * covers))
    small = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    x = draw.uniform(0.2, 0.8) * (small.shape[1] - size[0])
    y = draw.uniform(0.2, 0.8) * (small.shape[0] - size[1])
    return small, np.array([[1, 0, -x], [0, 1, -y]], float)


# --------------------------------------------------------------------------------------------- what is before it


@dataclass
class Thing:
    """Something that moves on its own: a picture with a soft mask, its middle per frame in the first view (pixels)."""

    picture: np.ndarray
    mask: np.ndarray
    middles: np.ndarray

    def on(self, frame: np.ndarray, number: int, at: np.ndarray) -> np.ndarray:
        height, width = frame.shape[:2]
        middle = np.array([width / 2, height / 2])
        scale, angle = math.exp(at[2]), math.radians(at[3])
        turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        x, y = turn @ (self.middles[number] - middle) + middle + (at[0] * width, at[1] * height)
        shape = self.mask.shape
        whole = np.column_stack([turn, np.array([x, y]) - turn @ (shape[1] / 2, shape[0] / 2)])
        drawn = cv2.warpAffine(self.picture, whole, (width, height), flags=cv2.INTER_LINEAR)
        mask = cv2.warpAffine(self.mask, whole, (width, height), flags=cv2.INTER_LINEAR)[..., None]
        return (frame * (1 - mask) + drawn * mask).astype(np.uint8)


def draw_thing(
    draw: random.Random, picture: np.ndarray, size: tuple[int, int], area: float, speed: float, way: Way, fps: float
) -> Thing:
    """It goes to and fro where the camera looks."""
    width, height = size
    radius = math.sqrt(area * width * height / math.pi)
    shape = draw.uniform(0.7, 1.4)
    half_w, half_h = max(4, round(radius * math.sqrt(shape))), max(4, round(radius / math.sqrt(shape)))
    side = min(picture.shape[:2])
    x, y = draw.randrange(picture.shape[1] - side // 2), draw.randrange(picture.shape[0] - side // 2)
    patch = picture[y : y + side // 2, x : x + side // 2]
    patch = cv2.resize(patch, (2 * half_w, 2 * half_h), interpolation=cv2.INTER_AREA)
    tint = np.array([draw.uniform(0.5, 1.5) for _ in range(3)])
    patch = np.clip(patch * tint, 0, 255).astype(np.uint8)
    mask = np.zeros(patch.shape[:2], np.float32)
    cv2.ellipse(mask, (half_w, half_h), (half_w - 2, half_h - 2), 0, 0, 360, 1.0, -1)
    mask = cv2.GaussianBlur(mask, (3, 3), 0)
    angle = draw.uniform(0, 2 * math.pi)
    step = speed * width / fps * np.array([math.cos(angle), math.sin(angle)])
    at = np.array([draw.uniform(0.25, 0.75) * width, draw.uniform(0.25, 0.75) * height])
    middles = []
    for content in way.path:
        middles.append(at.copy())
        shown = at + content[:2] * (width, height)
        for axis, extent in ((0, width), (1, height)):
            if shown[axis] + step[axis] < 0.15 * extent:
                step[axis] = abs(step[axis])
            elif shown[axis] + step[axis] > 0.85 * extent:
                step[axis] = -abs(step[axis])
        at += step
    return Thing(patch, mask, np.array(middles))


def draw_clip(pictures: list[np.ndarray], draw: random.Random, name: str) -> Drawn:
    size = draw.choices(SIZES, (5, 3, 2, 1))[0]
    fps = draw.choice((24, 25, 30))
    hard = [] if draw.random() < 0.2 else draw.sample(HARD, draw.choice((1, 1, 2)))
    if {"small object", "large object"} <= set(hard):
        hard.remove("large object")
    if "low light" in hard and "noise" in hard:
        hard.remove("noise")
    shots, frames, parts = [], [], 2 if draw.random() < 0.12 else 1
    clip = Drawn(name, b"", shots, hard, draw.choice((18, 23, 28, 32)))
    if "small object" in hard or "large object" in hard:
        sizes = SMALL_OBJECT if "small object" in hard else LARGE_OBJECT
        clip.object_area, clip.object_speed = draw.uniform(*sizes), draw.uniform(*OBJECT_SPEED)
    chosen = draw.sample(range(len(pictures)), min(len(pictures), parts + 1))
    for part in range(parts):
        count = round(draw.uniform(2.0, 4.0) * fps)
        way = draw_way(draw, count, fps, *size)
        if "parallax" in hard and not way.labels & {"pan_left", "pan_right"}:
            hard.remove("parallax")
        start = len(frames)
        frames += film(draw, clip, pictures[chosen[part]], pictures[chosen[-1]], way, size, fps)
        shots.append(Shot(start / fps, (start + count - 1) / fps, way.labels, way.amounts))
    times = list(range(len(frames)))
    frames = [develop(frame, number, clip, draw) for number, frame in enumerate(frames)]
    if "vfr" in hard:
        times = [at for at in times if at == 0 or draw.random() > 0.4]
        frames = [frames[at] for at in times]
    clip.data = encode(frames, times, fps, clip.crf)
    return clip


def film(
    draw: random.Random,
    clip: Drawn,
    picture: np.ndarray,
    other: np.ndarray,
    way: Way,
    size: tuple[int, int],
    fps: float,
) -> list[np.ndarray]:
    """The frames of one shot."""
    seen, base = first_view(draw, picture, size)
    if "low texture" in clip.hard:
        seen = cv2.GaussianBlur(seen, (0, 0), draw.uniform(2, 3.5))
    thing = None
    if clip.object_area:
        thing = draw_thing(draw, other, size, clip.object_area, clip.object_speed, way, fps)
    near = None
    if "parallax" in clip.hard:
        near_picture, near_base = first_view(draw, other, size)
        horizon = draw.uniform(0.62, 0.8) * size[1]
        waves = horizon + 12 * np.sin(np.arange(size[0]) / draw.uniform(20, 60))
        near = near_picture, near_base, (np.arange(size[1])[:, None] > waves[None]), draw.uniform(1.4, 2.0)
    blur = draw.uniform(0.5, 0.9) if "motion blur" in clip.hard else 0.0
    frames = []
    for number in range(len(way.path)):
        if "repeated" in clip.hard and number % 2:
            frames.append(frames[-1])
            continue
        exposures = []
        for part in range(5 if blur else 1):
            behind = way.path[max(0, number - 1)] - way.path[number]
            at = way.path[number] + behind * blur * part / 5
            frame = view(seen, base, at, size)
            if near:
                picture_, base_, mask, faster = near
                layer = view(picture_, base_, at * (faster, 1, 1, 1), size)
                frame = np.where(mask[..., None], layer, frame)
            exposures.append(thing.on(frame, number, at) if thing else frame)
        frames.append(np.mean(exposures, axis=0).astype(np.uint8) if blur else exposures[0])
    return frames


def develop(frame: np.ndarray, number: int, clip: Drawn, draw: random.Random) -> np.ndarray:
    """What happens to a frame after it was filmed."""
    made = frame.astype(np.float32)
    noise = np.random.default_rng(draw.randrange(1 << 30))
    strength = int(clip.name.split("-")[-1]) % 5 / 4  # 0 to 1, the same for all frames of a clip
    if "flicker" in clip.hard:
        made *= 1 + (0.06 + 0.12 * strength) * math.sin(number * 2.1)
    if "low light" in clip.hard:
        made = made * (0.15 + 0.15 * strength) + noise.normal(0, 2.5, made.shape[:2])[..., None]
    if "noise" in clip.hard:
        made += noise.normal(0, 6 + 8 * strength, made.shape[:2])[..., None]
    made = np.clip(made, 0, 255).astype(np.uint8)
    height, width = made.shape[:2]
    if "letterbox" in clip.hard:
        bar = round((0.08 + 0.07 * strength) * height)
        made[:bar], made[-bar:] = 16, 16
    if "overlay" in clip.hard:
        cv2.putText(made, "CHANNEL 5", (round(0.06 * width), round(0.14 * height)), 0, width / 500, (240, 240, 240), 2)
        made[round(0.82 * height) : round(0.92 * height), round(0.2 * width) : round(0.8 * width)] = 20
        words = round(0.24 * width), round(0.89 * height)
        cv2.putText(made, "what she said then", words, 0, width / 640, (230, 230, 60), 1)
    return made


def encode(frames: list[np.ndarray], times: list[int], fps: int, crf: int, preset: str = "veryfast") -> bytes:
    """An H.264 file in which frame i is shown at times[i] / fps."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": preset, "threads": "1"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        for frame, at in zip(frames, times, strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = at, Fraction(1, fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return out.getvalue()
