"""Knows how to make the images that the vision model learns from, with dense labels for every patch; knows no model.

An image is given to the model as three tiles: the whole picture squeezed into a square, and the picture with
its aspect ratio kept, laid over two tiles side by side or one above the other, as in LLaVA-NeXT.
"""

from __future__ import annotations

import io
import math
import multiprocessing
import random
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from framescribe.demo.random_scenes import random_background, random_object, random_scene
from framescribe.demo.scenes import BACKGROUNDS, PLACES, SHAPES, SIZES, Scene, SceneObject, draw_objects
from framescribe.engines.sight import COLOURS

TILE, PATCH, TILES = 96, 16, 3
GRID = TILE // PATCH
PINPOINTS = [[TILE, 2 * TILE], [2 * TILE, TILE]]  # (height, width), in LLaVA-NeXT's order
# What each patch is labelled with, and how many values each label has; -1 means that there is none.
LABELS = {
    "part": 3,
    "colour": len(COLOURS),
    "shape": len(SHAPES),
    "size": len(SIZES),
    "column": 3,
    "row": 3,
    "rank": 3,
    "background": len(BACKGROUNDS),
}
COMMON_SIZES = (
    (320, 240),
    (640, 480),
    (640, 360),
    (1280, 720),
    (854, 480),
    (480, 480),
    (360, 640),
    (480, 854),
    (720, 1280),
    (400, 300),
    (300, 400),
    (600, 250),
)


@dataclass
class Pool:
    """N images and what is known about them; labels and captions come twice, the second for the mirrored image.

    tiles [N, TILES, TILE, TILE, 3] uint8, labels [N, 2, TILES, GRID * GRID, len(LABELS)] int8, masks [N, TILES,
    TILE / 2, TILE / 2] uint8 (255 inside an object), sizes N x (height, width), captions N x 2.
    """

    tiles: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    sizes: list[tuple[int, int]]
    captions: list[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.sizes)


# -------------------------------------------------------------------------------------------- images


def frame_size(rng: random.Random) -> tuple[int, int]:
    """A typical width and height for a video, reduced for speed: the model sees tiles of 96 pixels anyway."""
    kind = rng.random()
    if kind < 0.5:
        width, height = rng.choice(COMMON_SIZES)
    else:
        # Strips up to 4:1 need a share of their own: objects in them come out smallest on the tiles.
        aspect = 4 ** (rng.choice((-1, 1)) * rng.uniform(0.6, 1.02)) if kind < 0.75 else 2.3 ** rng.uniform(-1, 1)
        width, height = int(400 * aspect**0.5), int(400 / aspect**0.5)
    factor = rng.uniform(150, 300) / min(width, height)
    if max(width, height) * factor > 640:
        factor = 640 / max(width, height)
    return int(width * factor), int(height * factor)


def crowd(rng: random.Random, width: int, height: int) -> Scene:
    """Up to a dozen objects anywhere: many shapes per image, for teaching the tower only."""
    objects: list[SceneObject] = []
    misses = 0
    while len(objects) < 12 and misses < 40:
        item = random_object(rng, size="small" if len(objects) > 2 and rng.random() < 0.5 else None)
        item = replace(item, x=rng.uniform(0.03, 0.97), y=rng.uniform(0.03, 0.97))
        if any(
            math.hypot((item.x - other.x) * width, (item.y - other.y) * height)
            < 1.1 * (item.reach(width, height) + other.reach(width, height))
            for other in objects
        ):
            misses += 1
        else:
            objects.append(item)
    return Scene(tuple(objects), random_background(rng))


def degrade(rng: random.Random, image: Image.Image) -> Image.Image:
    """Noise, a change of contrast, blur and JPEG: they imitate what cameras and video codecs do."""
    if rng.random() < 0.5:
        pixels = np.asarray(image).astype(np.float32)
        noise = np.random.default_rng(rng.randrange(1 << 30))
        pixels += noise.standard_normal((*pixels.shape[:2], rng.choice((1, 3))), dtype=np.float32) * rng.uniform(1, 9)
        if rng.random() < 0.5:
            pixels = pixels * rng.uniform(0.9, 1.08) + rng.uniform(-8, 8)
        image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        factor, size = rng.uniform(0.45, 0.9), image.size
        small = (max(32, int(size[0] * factor)), max(32, int(size[1] * factor)))
        image = image.resize(small, Image.Resampling.BILINEAR).resize(size, Image.Resampling.BILINEAR)
    if rng.random() < 0.7:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=rng.randint(20, 90))
        image = Image.open(buffer).convert("RGB")
    return image


# --------------------------------------------------------------------------------------------- tiles


@dataclass(frozen=True)
class Layout:
    """How the picture lies on the two tiles: canvas size, size and offset of the picture on it, in pixels."""

    width: int
    height: int
    picture_width: int
    picture_height: int
    left: int
    top: int

    @property
    def corners(self) -> list[tuple[int, int]]:
        """The (x, y) of each tile's upper left corner."""
        return [(x, y) for y in range(0, self.height, TILE) for x in range(0, self.width, TILE)]


def layout(width: int, height: int) -> Layout:
    """The layout that LLaVA-NeXT's image processor chooses for a picture of this size."""

    def used(pinpoint: list[int]) -> tuple[int, int]:
        factor = min(pinpoint[1] / width, pinpoint[0] / height)
        pixels = min(int(width * factor) * int(height * factor), width * height)
        return pixels, pixels - pinpoint[0] * pinpoint[1]

    canvas_height, canvas_width = max(PINPOINTS, key=used)
    across, down = canvas_width / width, canvas_height / height
    if across < down:
        size = canvas_width, min(math.ceil(height * across), canvas_height)
    else:
        size = min(math.ceil(width * down), canvas_width), canvas_height
    return Layout(canvas_width, canvas_height, *size, (canvas_width - size[0]) // 2, (canvas_height - size[1]) // 2)


def image_tokens(width: int, height: int) -> int:
    """How many tokens LLaVA-NeXT uses for a picture of this size: both resolutions, and one at each row's end."""
    place = layout(width, height)
    rows, columns = GRID * place.height // TILE, GRID * place.width // TILE
    if width / height > columns / rows:
        rows -= 2 * ((rows - int(round(height * (columns / width), 7))) // 2)
    else:
        columns -= 2 * ((columns - int(round(width * (rows / height), 7))) // 2)
    return rows * (columns + 1) + GRID * GRID


def cut_tiles(image: Image.Image) -> np.ndarray:
    """The tiles of an image, [TILES, TILE, TILE, 3] uint8."""
    place = layout(*image.size)
    canvas = Image.new("RGB", (place.width, place.height))
    canvas.paste(
        image.resize((place.picture_width, place.picture_height), Image.Resampling.BICUBIC), (place.left, place.top)
    )
    pixels = np.asarray(canvas)
    whole = np.asarray(image.resize((TILE, TILE), Image.Resampling.BICUBIC))
    return np.stack([whole, *(pixels[y : y + TILE, x : x + TILE] for x, y in place.corners)])


def mirror_tiles(tiles: np.ndarray, width: int, height: int) -> np.ndarray:
    """The tiles (or masks) of the mirrored image, from those of the image."""
    mirrored = tiles[:, :, ::-1]
    place = layout(width, height)
    return mirrored[[0, 2, 1]] if place.width > place.height else mirrored


# -------------------------------------------------------------------------------------------- labels


def patch_labels(scene: Scene, width: int, height: int) -> np.ndarray:
    """What each patch of each tile shows, [TILES, GRID * GRID, len(LABELS)] int8.

    "part" is 0 for background, 1 for a part of an object and 2 for the patch of its centre. Places and ranks
    are labelled in the first tile only, the one that shows the whole picture without borders.
    """
    labels = np.full((TILES, GRID * GRID, len(LABELS)), -1, np.int8)
    labels[:, :, 0] = 0
    labels[0, :, 7] = BACKGROUNDS.index(scene.background.name)
    best = np.zeros((TILES, GRID * GRID))
    place = layout(width, height)
    across, down = place.picture_width / width, place.picture_height / height
    views = [(TILE / width, TILE / height, 0, 0)]
    views += [(across, down, place.left - x, place.top - y) for x, y in place.corners]
    in_order = sorted(scene.objects, key=lambda item: PLACES.index(item.place))
    for rank, item in enumerate(in_order):
        column, row = divmod(PLACES.index(item.place), 3)
        what = [list(COLOURS).index(item.colour), SHAPES.index(item.shape), SIZES.index(item.size)]
        where = [column, row, rank if len(in_order) <= 3 else -1]
        reach = 0.92 * item.reach(width, height)
        for tile, (scale_x, scale_y, left, top) in enumerate(views):
            centre = item.x * width * scale_x + left, item.y * height * scale_y + top
            for patch, share, central in _patches_under(centre, (reach * scale_x, reach * scale_y)):
                score = share + 10 * central
                if score <= best[tile, patch] or (share < 0.3 and not central):
                    continue
                best[tile, patch] = score
                labels[tile, patch, :4] = [2 if central else 1, *what]
                if tile == 0:
                    labels[tile, patch, 4:7] = where
    return labels


def _patches_under(centre: tuple[float, float], reach: tuple[float, float]) -> list[tuple[int, float, bool]]:
    """The patches under a box: index, share covered (of the patch or of the box), whether it holds the centre."""
    spans = []
    for middle, half in zip(centre, reach, strict=True):
        first, last = max(0, int((middle - half) // PATCH)), min(GRID - 1, int((middle + half) // PATCH))
        spans.append(
            [
                (k, min(middle + half, (k + 1) * PATCH) - max(middle - half, k * PATCH), k == middle // PATCH)
                for k in range(first, last + 1)
            ]
        )
    box = 4 * reach[0] * reach[1]
    return [
        (y * GRID + x, max(dx * dy / PATCH**2, dx * dy / box), in_x and in_y)
        for x, dx, in_x in spans[0]
        for y, dy, in_y in spans[1]
        if dx > 0 and dy > 0
    ]


def object_masks(scene: Scene, width: int, height: int) -> np.ndarray:
    """Where objects are, [TILES, TILE / 2, TILE / 2] uint8, 255 inside."""
    white = [replace(item, rgb=(255, 255, 255)) for item in scene.objects]
    tiles = cut_tiles(draw_objects(Image.new("RGB", (width, height)), white))[..., 0]
    return tiles.reshape(TILES, TILE // 2, 2, TILE // 2, 2).mean((2, 4)).astype(np.uint8)


def mirror(scene: Scene) -> Scene:
    return Scene(tuple(replace(item, x=1 - item.x) for item in scene.objects), scene.background)


# ---------------------------------------------------------------------------------------------- pools

_Example = tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, int], tuple[str, str]]


def _example(key: tuple[str, bool]) -> _Example:
    name, crowded = key
    rng = random.Random(name)
    width, height = frame_size(rng)
    scene = (crowd if crowded else random_scene)(rng, width, height)
    image = degrade(rng, scene.draw(width, height))
    labels = np.stack([patch_labels(s, width, height) for s in (scene, mirror(scene))])
    captions = scene.caption(), mirror(scene).caption()
    return cut_tiles(image), labels, object_masks(scene, width, height), (height, width), captions


def make_pool(seed: int, scenes: int, crowds: int, processes: int) -> Pool:
    """A pool whose first `scenes` images are scenes with captions, and the rest crowds; the same for one seed."""
    keys = [(f"vision {seed} {k}", k >= scenes) for k in range(scenes + crowds)]
    with multiprocessing.get_context("fork").Pool(processes) as workers:
        tiles, labels, masks, sizes, captions = zip(*workers.imap(_example, keys, chunksize=64), strict=True)
    return Pool(np.stack(tiles), np.stack(labels), np.stack(masks), list(sizes), list(captions))
