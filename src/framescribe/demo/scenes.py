"""Knows what a synthetic scene is, how it is drawn and which sentence describes it; knows no model, prompt or file.

Positions are fractions of the frame (0 to 1, y downwards), radii are fractions of `length_unit`, times run
from 0 (first frame of a clip) to 1 (last frame).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from framescribe.engines.sight import COLOURS

RGB = tuple[int, int, int]

SHAPES = ("circle", "square", "triangle", "diamond", "star", "cross")
SIZES = ("small", "large")
BACKGROUNDS = ("white", "black", "gray", "beige", "navy", "light gradient", "dark gradient")
PLAIN_BACKGROUNDS: dict[str, RGB] = {
    "white": (250, 250, 250),
    "black": (8, 8, 8),
    "gray": (128, 128, 128),
    "beige": (225, 206, 172),
    "navy": (12, 16, 78),
}
MOTIONS = ("is", "moves", "appears", "disappears")
# Column by column from the left, each from the top: the order in which a caption names its objects.
PLACES = ("top left", "left", "bottom left", "top", "center", "bottom", "top right", "right", "bottom right")
AT_PLACE = {
    place: {"left": "on the left", "right": "on the right", "center": "in the center"}.get(place, f"at the {place}")
    for place in PLACES
}

RADIUS = {"small": (0.065, 0.085), "large": (0.130, 0.165)}
# How far a shape reaches from its centre, in radii, chosen so that all shapes of one size look equally big.
REACH = {"circle": 1.0, "square": 0.90, "triangle": 1.15, "diamond": 1.18, "star": 1.22, "cross": 1.05}


def length_unit(width: int, height: int) -> float:
    """Pixels that a radius of 1 stands for; grows with the aspect ratio so that objects in strips stay visible."""
    short, long = sorted((width, height))
    return float(short * (long / short) ** 0.25)


# ------------------------------------------------------------------------------------------ sentences


@dataclass(frozen=True)
class Mention:
    """What one sentence says about one object: `start` and `end` are places, equal unless `motion` is "moves"."""

    size: str
    colour: str
    shape: str
    start: str
    end: str
    motion: str = "is"

    @property
    def name(self) -> str:
        return f"{self.size} {self.colour} {self.shape}"

    def phrase(self) -> str:
        if self.motion == "moves":
            return f"a {self.name} moves from the {self.start} to the {self.end}"
        if self.motion == "disappears":
            return f"a {self.name} disappears from the {self.start}"
        return f"a {self.name} {self.motion} {AT_PLACE[self.end]}"


@dataclass(frozen=True)
class Statement:
    """What a caption says: its mentions in order, and the background (None if a parsed text names none)."""

    mentions: tuple[Mention, ...]
    background: str | None

    def sentence(self, *, lead: bool = False) -> str:
        """The sentence; with `lead` it begins with "In this video, "."""
        phrases = [mention.phrase() for mention in self.mentions] or ["there are no objects"]
        listed = " and ".join(filter(None, (", ".join(phrases[:-1]), phrases[-1])))
        text = f"{listed}, on a {self.background} background."
        return f"In this video, {text}" if lead else text[0].upper() + text[1:]


def state_frame(objects: Iterable[SceneObject], background: str) -> Statement:
    """The right statement about one frame; objects are named by place, in the order of PLACES."""
    in_order = sorted(objects, key=lambda item: PLACES.index(item.place))
    return Statement(tuple(Mention(o.size, o.colour, o.shape, o.place, o.place) for o in in_order), background)


def summarise(frames: Sequence[Statement]) -> Statement:
    """The right statement about a clip, given the statements about its frames in order of time.

    Only the first and the last frame say what happened; the frames between them only give the order of
    objects that appear. An object seen in neither the first nor the last frame is left out. Raises ValueError
    for no frames.
    """
    if not frames:
        raise ValueError("a summary needs at least one frame")
    first = {mention.name: mention.end for mention in frames[0].mentions}
    last = {mention.name: mention.end for mention in frames[-1].mentions}
    seen = {mention.name: mention for frame in reversed(frames) for mention in reversed(frame.mentions)}
    names = list(dict.fromkeys(mention.name for frame in frames for mention in frame.mentions))
    mentions = []
    for name in names:
        if name in first and name in last:
            motion = "is" if first[name] == last[name] else "moves"
        elif name in last:
            motion = "appears"
        elif name in first:
            motion = "disappears"
        else:
            continue
        start, end = first.get(name, last.get(name, "")), last.get(name, first.get(name, ""))
        mentions.append(replace(seen[name], start=start, end=end, motion=motion))
    return Statement(tuple(mentions), frames[0].background)


def _any_of(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_MENTION = re.compile(
    rf"\ban? ({_any_of(SIZES)}) ({_any_of(COLOURS)}) ({_any_of(SHAPES)}) (?:"
    rf"(is|appears) (?:at|on|in) the ({_any_of(PLACES)})"
    rf"|(moves) from the ({_any_of(PLACES)}) to the ({_any_of(PLACES)})"
    rf"|(disappears) from the ({_any_of(PLACES)}))\b",
    re.IGNORECASE,
)
_BACKGROUND = re.compile(rf"\bon an? ({_any_of(BACKGROUNDS)}) background", re.IGNORECASE)


def parse_statement(text: str) -> Statement:
    """Read the statement from a frame caption or a summary; text outside the grammar is ignored."""
    mentions = []
    for found in _MENTION.finditer(text.lower()):
        size, colour, shape, still, at, moves, start, end, _gone, gone_from = found.groups()
        if still:
            mentions.append(Mention(size, colour, shape, at, at, still))
        elif moves:
            mentions.append(Mention(size, colour, shape, start, end, moves))
        else:
            mentions.append(Mention(size, colour, shape, gone_from, gone_from, "disappears"))
    background = _BACKGROUND.search(text)
    return Statement(tuple(mentions), background.group(1).lower() if background else None)


# -------------------------------------------------------------------------------------------- drawing


@dataclass(frozen=True)
class SceneObject:
    """One shape in one frame: centre (x, y) as fractions of the frame, radius in length units, rotation in radians."""

    size: str
    colour: str
    shape: str
    x: float
    y: float
    radius: float
    rgb: RGB
    rotation: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.size} {self.colour} {self.shape}"

    @property
    def place(self) -> str:
        """The ninth of the frame that the centre lies in."""
        return PLACES[min(2, int(self.x * 3)) * 3 + min(2, int(self.y * 3))]

    def reach(self, width: int, height: int) -> float:
        """Pixels from the centre to the farthest part of the shape, along an axis, before rotation."""
        return self.radius * REACH[self.shape] * length_unit(width, height)


def _outline(shape: str, reach: float, rotation: float) -> list[tuple[float, float]]:
    """Corners of a shape around (0, 0), in pixels."""
    r = reach
    if shape == "square":
        corners = [(-r, -r), (r, -r), (r, r), (-r, r)]
    elif shape == "diamond":
        corners = [(0, -r), (r, 0), (0, r), (-r, 0)]
    elif shape == "triangle":
        corners = [(0, -r), (0.95 * r, 0.75 * r), (-0.95 * r, 0.75 * r)]
    elif shape == "star":
        angles = [-math.pi / 2 + k * math.pi / 5 for k in range(10)]
        spokes = [r if k % 2 == 0 else 0.42 * r for k in range(10)]
        corners = [(spoke * math.cos(a), spoke * math.sin(a)) for spoke, a in zip(spokes, angles, strict=True)]
    elif shape == "cross":
        w = 0.34 * r
        corners = [
            (-w, -r),
            (w, -r),
            (w, -w),
            (r, -w),
            (r, w),
            (w, w),
            (w, r),
            (-w, r),
            (-w, w),
            (-r, w),
            (-r, -w),
            (-w, -w),
        ]
    else:
        raise ValueError(f"unknown shape {shape!r}")
    cos, sin = math.cos(rotation), math.sin(rotation)
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in corners]


def draw_objects(image: Image.Image, objects: Iterable[SceneObject]) -> Image.Image:
    """Draw the objects into an RGB image, in place and with smooth edges; returns the image."""
    width, height = image.size
    for item in objects:
        reach, cx, cy = item.reach(width, height), item.x * width, item.y * height
        half = int(reach * 1.5) + 2
        left, top = int(cx) - half, int(cy) - half
        fine = 4 if reach < 60 else 2  # drawn enlarged, then reduced: PIL's own edges are not smooth
        mask = Image.new("L", (2 * half * fine, 2 * half * fine), 0)
        brush, fx, fy, fr = ImageDraw.Draw(mask), (cx - left) * fine, (cy - top) * fine, reach * fine
        if item.shape == "circle":
            brush.ellipse([fx - fr, fy - fr, fx + fr, fy + fr], fill=255)
        else:
            brush.polygon([(fx + x, fy + y) for x, y in _outline(item.shape, fr, item.rotation)], fill=255)
        mask = mask.resize((2 * half, 2 * half), Image.Resampling.BOX)
        image.paste(Image.new("RGB", mask.size, item.rgb), (left, top), mask)
    return image


@dataclass(frozen=True)
class Background:
    """A named background: a linear change from one colour to another along `angle` (equal colours: plain)."""

    name: str
    rgb_from: RGB
    rgb_to: RGB
    angle: float = 0.0

    def draw(self, width: int, height: int) -> Image.Image:
        if self.rgb_from == self.rgb_to:
            return Image.new("RGB", (width, height), self.rgb_from)
        across = np.linspace(-1, 1, width)[None, :] * math.cos(self.angle)
        down = np.linspace(-1, 1, height)[:, None] * math.sin(self.angle)
        ramp = across + down
        ramp = (ramp - ramp.min()) / (ramp.max() - ramp.min())
        start, end = np.array(self.rgb_from, dtype=float), np.array(self.rgb_to, dtype=float)
        return Image.fromarray((start + (end - start) * ramp[..., None]).astype(np.uint8))


@dataclass(frozen=True)
class Scene:
    """One picture: objects in front of a background."""

    objects: tuple[SceneObject, ...]
    background: Background

    def statement(self) -> Statement:
        return state_frame(self.objects, self.background.name)

    def caption(self) -> str:
        return self.statement().sentence()

    def draw(self, width: int, height: int) -> Image.Image:
        return draw_objects(self.background.draw(width, height), self.objects)


@dataclass(frozen=True)
class Track:
    """An object through a clip: it "is", "moves" to `end`, or "appears" or "disappears" at time `when`.

    An object that moves rests for `dwell`, a fraction of the clip, before it starts and after it has arrived.
    """

    object: SceneObject
    motion: str = "is"
    end: tuple[float, float] = (0.0, 0.0)
    when: float = 0.5
    dwell: float = 0.15

    def at(self, t: float) -> SceneObject | None:
        """The object at time t, or None while it cannot be seen."""
        if (self.motion == "appears" and t < self.when) or (self.motion == "disappears" and t >= self.when):
            return None
        if self.motion != "moves":
            return self.object
        done = min(1.0, max(0.0, (t - self.dwell) / (1 - 2 * self.dwell)))
        x, y = self.object.x, self.object.y
        return replace(self.object, x=x + (self.end[0] - x) * done, y=y + (self.end[1] - y) * done)


@dataclass(frozen=True)
class ClipScene:
    """A scene that changes over time."""

    tracks: tuple[Track, ...]
    background: Background

    def at(self, t: float) -> list[SceneObject]:
        return [item for track in self.tracks if (item := track.at(t)) is not None]

    def frame(self, t: float) -> Scene:
        return Scene(tuple(self.at(t)), self.background)

    def frame_caption(self, t: float) -> str:
        return self.frame(t).caption()

    def summary(self, times: Sequence[float], *, lead: bool = False) -> str:
        """The right summary of the frames at `times` (ascending, 0 to 1); ValueError if there are none."""
        return summarise([self.frame(t).statement() for t in times]).sentence(lead=lead)

    def draw(self, t: float, width: int, height: int) -> Image.Image:
        return self.frame(t).draw(width, height)
