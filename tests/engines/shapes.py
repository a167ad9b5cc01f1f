"""Knows clips of made-up shapes, how the built-in models caption them, and how right that is; knows no engine."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.demo.scenes import ClipScene, parse_statement

FRAMES, FPS = 20, 10
# Of so few shapes and places, some clips have nearly the same ones; and of an empty picture, the models have learned to
# say that there are no objects.
TAKING = ("--sample", "uniform", "--frames", "4", "--no-check", "duplicate", "--no-check", "negation_filler")
MODELS = ("--model", "shapes-vlm", "--summary-model", "shapes-llm")

Rows = Mapping[str, dict[str, Any]]


def clips(folder: Path, count: int, seed: str) -> dict[str, ClipScene]:
    """Write so many clips of `FRAMES` frames into `folder`; return what is in each, by its file's name."""
    drawn = {}
    for number in range(count):
        scene = random_clip(random.Random(f"{seed} {number}"), 320, 240)
        write_clip(folder / f"{number:02}.mp4", scene, width=320, height=240, fps=FPS, frames=FRAMES, options={})
        drawn[f"{number:02}.mp4"] = scene
    return drawn


def rows(output: Path) -> dict[str, dict[str, Any]]:
    """The finished file's rows by their ids."""
    return {row["id"]: row for row in map(json.loads, output.read_text().splitlines())}


def written(output: Path) -> int:
    """How many rows a run that is under way has written."""
    return sum(part.read_bytes().count(b"\n") for part in output.with_name(output.name + ".parts").glob("*.jsonl"))


def _frame_captions(found: Rows) -> list[tuple[str, int, str]]:
    return [(id, frame["index"], frame["caption"]) for id, row in sorted(found.items()) for frame in row["frames"]]


def share_right(found: Rows, drawn: Mapping[str, ClipScene]) -> float:
    """The share of attributes in frame captions that are what was drawn."""
    right = total = 0
    for id, index, text in _frame_captions(found):
        truth = {(m.size, m.colour, m.shape, m.end) for m in drawn[id].frame(index / (FRAMES - 1)).statement().mentions}
        said = {(m.size, m.colour, m.shape, m.end) for m in parse_statement(text).mentions}
        by_colour = {mention[1]: mention for mention in said}
        for mention in truth:
            total += 4
            right += sum(a == b for a, b in zip(mention, by_colour.get(mention[1], ("",) * 4), strict=True))
    return right / total


def share_equal(one: Rows, other: Rows) -> float:
    """The share of frame captions that are the same in two results about the same frames."""
    pairs = list(zip(_frame_captions(one), _frame_captions(other), strict=True))
    assert [first[:2] for first, _ in pairs] == [second[:2] for _, second in pairs]
    return sum(first == second for first, second in pairs) / len(pairs)
