"""Knows how to make the clips that shapes-clip learns from, as the features of a finished vision tower; trains nothing.

The tower no longer learns, so each picture passes through it once, here, and once more mirrored.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
from dataclasses import dataclass, replace

import numpy as np
import torch
from common import quick
from torch import nn
from vision_data import GRID, TILES, cut_tiles, degrade, frame_size, mirror_tiles

from framescribe.demo.clips import clear_scene
from framescribe.demo.random_scenes import crowded, random_clip
from framescribe.demo.scenes import ClipScene, Scene, Statement

MEAN, SPREAD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
FRAMES = 5
BATCH = 12  # clips that pass through the tower at once
# Where framescribe takes 2 to 5 frames of a clip, evenly spread; time 1 is the last frame.
EVEN = [[k / count for k in range(count)] for count in range(2, FRAMES + 1)]
Drawn = tuple[np.ndarray, tuple[int, int], list[float], list[list[Statement]]]


@dataclass
class ClipPool:
    """N clips of FRAMES pictures each; everything about pictures comes twice, the second time mirrored.

    features [N, 2, FRAMES, TILES, GRID * GRID, width] float16, sizes N x (height, width), times N x FRAMES (seconds),
    statements N x 2 x FRAMES.
    """

    features: np.ndarray
    sizes: list[tuple[int, int]]
    times: list[list[float]]
    statements: list[list[list[Statement]]]

    def __len__(self) -> int:
        return len(self.sizes)


def training_clip(rng: random.Random, width: int, height: int) -> ClipScene:
    """A random clip, in which more objects than usual come and go."""
    clip = random_clip(rng, width, height, rng.choices((1, 2, 3), (25, 42, 33))[0])
    if rng.random() < 0.4:
        changed = rng.randrange(len(clip.tracks))
        motion = rng.choice(("appears", "disappears"))
        tracks = [replace(t, motion=motion) if k == changed else t for k, t in enumerate(clip.tracks)]
        other = ClipScene(tuple(tracks), clip.background)
        if not any(crowded(other.at(step / 20), width, height) for step in range(21)):
            return other
    return clip


def late_clip(rng: random.Random, width: int, height: int) -> ClipScene:
    """As `training_clip`, or with an object that crosses the picture, at rest before and after, and perhaps others."""
    if rng.random() < 0.4:
        return training_clip(rng, width, height)
    others = rng.choices(("is", "appears", "disappears"), (2, 1, 1), k=rng.choices((0, 1, 2), (3, 4, 2))[0])
    motions = [rng.choices(("moves", "is"), (4, 1))[0], *others]
    rng.shuffle(motions)
    return clear_scene(rng, motions, width, height)


def _moments(rng: random.Random, late: bool) -> list[float]:
    """FRAMES times from 0 to 1, among them those of an even sampling or, now and then, any."""
    if rng.random() < (0.1 if late else 0.3):
        return sorted(rng.choice((0.0, 1.0, rng.random(), rng.random())) for _ in range(FRAMES))
    times = list(rng.choice(EVEN[2:] if late else EVEN[1:]))
    times += [rng.uniform(0.05, 1) for _ in range(FRAMES - len(times))]
    return sorted(times)


def _mirrored(scene: Scene) -> Scene:
    return Scene(tuple(replace(item, x=1 - item.x) for item in scene.objects), scene.background)


def _draw(name: str) -> Drawn:
    rng, late = random.Random(name), name.startswith("late")
    width, height = frame_size(rng)
    clip, moments = (late_clip if late else training_clip)(rng, width, height), _moments(rng, late)
    scenes = [clip.frame(moment) for moment in moments]
    tiles = np.stack([cut_tiles(degrade(rng, scene.draw(width, height))) for scene in scenes])
    seconds = rng.uniform(0.5, 12)
    statements = [[scene.statement() for scene in scenes], [_mirrored(scene).statement() for scene in scenes]]
    return tiles, (height, width), [moment * seconds for moment in moments], statements


class Growing:
    """A pool that is drawn by other processes while training is under way; the same for one name and tower.

    The clips of a pool whose name begins with "late" are those of `late_clip`.
    """

    def __init__(self, name: str, clips: int, processes: int, tower: nn.Module, width: int) -> None:
        self.clips, self.tower, self.pool = clips, tower, ClipPool(np.empty(0), [], [], [])
        self.pool.features = np.empty((clips, 2, FRAMES, TILES, GRID * GRID, width), np.float16)
        self.mean, self.spread = (torch.tensor(v).view(3, 1, 1) * 255 for v in (MEAN, SPREAD))
        self.workers = multiprocessing.get_context("fork").Pool(processes)
        self.drawn = self.workers.imap(_draw, [f"{name} {k}" for k in range(clips)], chunksize=16)

    def grow(self, clips: int) -> None:
        """Have at least so many clips, or all."""
        while len(self.pool) < min(clips, self.clips):
            self._add(list(itertools.islice(self.drawn, BATCH)))
        if len(self.pool) == self.clips:
            self.workers.close()

    def _add(self, drawn: list[Drawn]) -> None:
        done, tiles = len(self.pool), []
        for frames, size, times, statements in drawn:
            tiles.append(np.stack([frames, np.stack([mirror_tiles(frame, size[1], size[0]) for frame in frames])]))
            self.pool.sizes.append(size)
            self.pool.times.append(times)
            self.pool.statements.append(statements)
        pixels = (torch.from_numpy(np.stack(tiles)).flatten(0, 3).permute(0, 3, 1, 2).float() - self.mean) / self.spread
        with torch.inference_mode(), quick():
            features = self.tower(pixels, output_hidden_states=True).hidden_states[-2][:, 1:]
        there = self.pool.features[done : done + len(drawn)]
        there[:] = features.reshape(there.shape).to(torch.float16).numpy()
