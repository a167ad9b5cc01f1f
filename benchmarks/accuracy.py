"""Knows how much of what each strategy says of drawn clips is true, from the video file to the caption.

    python benchmarks/accuracy.py [--clips 60] [--seed 1] [--strategies sliding,…] [--out FILE.md]

The clips are H.264 files of three seconds with up to two objects, and half as many with three, drawn from seeds of
their own: none of them is in the demonstration or in what the built-in models were trained on. Each strategy captions
them through `framescribe.run` with the built-in models, five frames per clip and the default gate. A caption is judged
attribute by attribute against the scene, as the demonstration's page does it; a clip without a caption has none right.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import framescribe as fs
from framescribe.demo.clips import DemoClip, clear_scene, write_clip
from framescribe.demo.scenes import MOTIONS
from framescribe.demo.show import ATTRIBUTES, Verdict, show
from framescribe.records import Row
from framescribe.strategies.judged import MALFORMED

FRAMES, SECONDS = 5, 3
SIZES = ((640, 360), (480, 480), (640, 480), (854, 480), (400, 300), (360, 640), (320, 240), (840, 280), (1280, 720))
MODELS = {
    "frames-then-summary": {"model": "shapes-vlm", "summary_model": "shapes-llm"},
    "whole-clip": {"model": "shapes-clip"},
    "sliding": {"model": "shapes-clip", "summary_model": "shapes-llm"},
    "structured": {"model": "shapes-clip", "summary_model": "shapes-llm"},
}
JSON = {"sliding": "steps", "structured": "structure"}  # the stage that asks for JSON
COLUMNS = ("strategy", "clips", "attributes", *ATTRIBUTES, "exact", "valid JSON", "requests", "tokens")


def drawn(folder: Path, name: str, seed: int, count: int, objects: Sequence[int]) -> dict[str, DemoClip]:
    """Write `count` clips, each with as many objects as one of `objects`; by the name of their file."""
    folder.mkdir(parents=True)
    clips = {}
    for number in range(count):
        draw = random.Random(f"accuracy {seed} {name} {number}")
        (width, height), fps = draw.choice(SIZES), draw.choice((10, 12, 24))
        # All that moves passes the middle, so only one object may.
        others = draw.choices(("is", "appears", "disappears"), (4, 1, 1), k=objects[number % len(objects)] - 1)
        motions = [*draw.choices(MOTIONS, (2, 5, 1, 1)), *others]
        clip = DemoClip(
            path=folder / f"{number:03}.mp4",
            scene=clear_scene(draw, motions, width, height),
            width=width,
            height=height,
            fps=fps,
            frame_count=fps * SECONDS,
        )
        quality = {"crf": str(draw.randint(18, 28))}
        write_clip(
            clip.path,
            clip.scene,
            width=width,
            height=height,
            fps=fps,
            frames=clip.frame_count,
            options=quality,
        )
        clips[clip.path.name] = clip
    return clips


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one strategy on some clips."""

    strategy: str
    rows: Sequence[Row]
    verdicts: Sequence[Verdict]

    @property
    def line(self) -> tuple[str, ...]:
        """Its line in the table."""
        hits = sum((verdict.hits for verdict in self.verdicts), Counter[str]())
        asked = sum((verdict.asked for verdict in self.verdicts), Counter[str]())
        exact = sum(verdict.right for verdict in self.verdicts)
        each = [share(hits[name], asked[name]) for name in ATTRIBUTES]
        stages = [stage for row in self.rows for stage in row.stages.values()]
        requests = sum(stage.get("attempts") or 0 for stage in stages)
        tokens = sum((stage.get("prompt_tokens") or 0) + (stage.get("completion_tokens") or 0) for stage in stages)
        clips = len(self.rows)
        costs = f"{requests / clips:.1f}", f"{tokens / clips:,.0f}"
        all_of_them = share(hits.total(), asked.total())
        return (self.strategy, str(clips), all_of_them, *each, share(exact, clips), self.valid, *costs)

    @property
    def valid(self) -> str:
        """How many of the first answers were the JSON that was asked for, and how many of those that stand."""
        if self.strategy not in JSON:
            return ""
        stages = [row.stages.get(JSON[self.strategy]) or {} for row in self.rows]
        asked = sum(answers(stage) for stage in stages)
        records = [record for stage in stages for record in stage.get("checked") or ()]
        first = sum(MALFORMED in record["before"] for record in records)
        last = sum(any(one["check"] == MALFORMED for one in record.get("found") or ()) for record in records)
        return f"{share(asked - first, asked)}, then {share(asked - last, asked)}"


def answers(stage: dict[str, Any]) -> int:
    """How many JSON values a stage asked for; one if it failed."""
    output = stage.get("output") or {}
    return sum("same_as" not in step for step in output["steps"]) if "steps" in output else 1


def share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else ""


def captioned(strategy: str, clips: dict[str, DemoClip], output: Path) -> Score:
    """Caption the clips this way, and judge what came."""
    recipe = fs.Recipe(strategy=strategy, sample="uniform", frames=FRAMES, **MODELS[strategy])  # type: ignore[arg-type]
    rows = list(fs.run(recipe, [clip.path for clip in clips.values()], output, preflight=False))
    verdicts = [one.caption for one in show([replace(row, caption=row.caption or "") for row in rows], clips)]
    return Score(strategy, rows, [verdict for verdict in verdicts if verdict is not None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strategies", default=",".join(MODELS))
    parser.add_argument("--folder", type=Path, help="where the clips and the captions stay; default: nowhere")
    parser.add_argument("--out", type=Path, help="a file for the tables")
    options = parser.parse_args()
    lines = ["# How much is true, by strategy", "", f"`python benchmarks/accuracy.py {' '.join(sys.argv[1:])}`".strip()]
    with tempfile.TemporaryDirectory(prefix="accuracy-") as temporary:
        folder = options.folder or Path(temporary)
        groups = {
            "up to two objects": drawn(folder / "two", "two", options.seed, options.clips, (1, 2)),
            "three objects": drawn(folder / "three", "three", options.seed, options.clips // 2, (3,)),
        }
        for title, clips in groups.items():
            lines += ["", f"## With {title}", "", f"| {' | '.join(COLUMNS)} |", "|---" * len(COLUMNS) + "|"]
            print("\n".join(lines[-3:]), flush=True)
            for strategy in options.strategies.split(","):
                score = captioned(strategy, clips, folder / f"{strategy}, {title}.jsonl")
                lines.append(f"| {' | '.join(score.line)} |")
                print(lines[-1], flush=True)
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
