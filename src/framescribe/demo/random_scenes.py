"""Knows how scenes and clips are drawn by chance, so that they can be told apart; draws no pixel.

Everything random comes from the `random.Random` that is passed in.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from framescribe.demo.scenes import (
    BACKGROUNDS,
    MOTIONS,
    PLACES,
    PLAIN_BACKGROUNDS,
    RADIUS,
    RGB,
    SHAPES,
    SIZES,
    Background,
    ClipScene,
    Scene,
    SceneObject,
    Track,
)
from framescribe.engines.sight import COLOURS


def _near(rng: random.Random, rgb: RGB, spread: float) -> RGB:
    red, green, blue = (int(min(255, max(0, value + rng.uniform(-spread, spread)))) for value in rgb)
    return red, green, blue


def random_background(rng: random.Random, name: str | None = None) -> Background:
    name = name or rng.choice(BACKGROUNDS)
    if name in PLAIN_BACKGROUNDS:
        rgb = _near(rng, PLAIN_BACKGROUNDS[name], 8)
        return Background(name, rgb, rgb)
    low, high = ((165, 195), (235, 255)) if name == "light gradient" else ((0, 20), (70, 95))
    ends = [_near(rng, (level, level, level), 6) for level in (int(rng.uniform(*low)), int(rng.uniform(*high)))]
    rng.shuffle(ends)
    return Background(name, ends[0], ends[1], rng.choice([0.0, math.pi / 2, rng.uniform(0, math.pi)]))


def random_object(
    rng: random.Random, colour: str | None = None, shape: str | None = None, size: str | None = None
) -> SceneObject:
    """An object in the middle of the frame, with random attributes where none are given."""
    colour, shape, size = colour or rng.choice(list(COLOURS)), shape or rng.choice(SHAPES), size or rng.choice(SIZES)
    rotation = math.radians(rng.uniform(-7, 7))
    return SceneObject(
        size, colour, shape, 0.5, 0.5, rng.uniform(*RADIUS[size]), _near(rng, COLOURS[colour], 14), rotation
    )


def random_spot(
    rng: random.Random, item: SceneObject, place: str, width: int, height: int, margin: float
) -> tuple[float, float]:
    """A random (x, y) in the place, `margin` (a fraction of the frame) from its borders, the shape inside the frame."""
    reach = item.reach(width, height) * 1.02
    spot = []
    for index, side in zip(divmod(PLACES.index(place), 3), (width, height), strict=True):
        low, high = max(index / 3 + margin, reach / side), min((index + 1) / 3 - margin, 1 - reach / side)
        spot.append(rng.uniform(low, high) if low < high else (low + high) / 2)
    return spot[0], spot[1]


def crowded(objects: Sequence[SceneObject], width: int, height: int) -> bool:
    """Whether two objects nearly touch or share a place."""
    for i, one in enumerate(objects):
        for other in objects[:i]:
            distance = math.hypot((one.x - other.x) * width, (one.y - other.y) * height)
            if one.place == other.place or distance < 1.12 * (one.reach(width, height) + other.reach(width, height)):
                return True
    return False


def random_scene(rng: random.Random, width: int, height: int) -> Scene:
    """A picture with zero to three objects; two objects may share a colour, but not both colour and shape."""
    count = rng.choices((0, 1, 2, 3), (3, 28, 35, 34))[0]
    while True:
        objects = []
        for _ in range(count):
            item = random_object(rng)
            margin = 0.04 if rng.random() < 0.8 else 0.004
            x, y = random_spot(rng, item, rng.choice(PLACES), width, height, margin)
            objects.append(replace(item, x=x, y=y))
        if len({(o.colour, o.shape) for o in objects}) == count and not crowded(objects, width, height):
            return Scene(tuple(objects), random_background(rng))


def random_clip(rng: random.Random, width: int, height: int, count: int | None = None) -> ClipScene:
    """A clip with one to three objects of different colours that never touch, clear of cell borders at both ends."""
    count = count or rng.choices((1, 2, 3), (35, 35, 30))[0]
    while True:
        tracks = []
        for colour in rng.sample(list(COLOURS), count):
            item = random_object(rng, colour)
            places = rng.sample(PLACES, 2)
            (x, y), end = (random_spot(rng, item, place, width, height, 0.05) for place in places)
            motion = rng.choices(MOTIONS, (4, 5, 1, 1))[0]
            tracks.append(Track(replace(item, x=x, y=y), motion, end, rng.uniform(0.3, 0.7)))
        clip = ClipScene(tuple(tracks), random_background(rng))
        if not any(crowded(clip.at(step / 20), width, height) for step in range(21)):
            return clip
