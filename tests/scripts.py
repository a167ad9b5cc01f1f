"""Knows how the two scripts are run and what the drawn clips deserve; knows no flag's meaning."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from framescribe.demo.clips import DemoClip
from framescribe.demo.scenes import parse_statement
from framescribe.easyanimate import caption_summary, caption_video_frame

ROOT = Path(__file__).parent.parent
FRAMES, SUMMARY = str(ROOT / "caption_video_frame.py"), str(ROOT / "caption_summary.py")
FRAME_COLUMNS = ["video_path", "image_caption_model", "prompt", "sampled_frame_idx", "sampled_frame_caption"]
SUMMARY_COLUMNS = ["video_path", "summary_model", "summary_caption"]
VLM, LLM = "--image_caption_model_name=shapes-vlm", "--summary_model_name=shapes-llm"
DETAIL = "Please describe this image in detail."


def shell(command: str, script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = command.format(python=sys.executable, script=script)
    return subprocess.run(["bash", "-c", command], cwd=cwd, capture_output=True, text=True, timeout=300)


def caption(*words: object) -> int:
    return caption_video_frame.main([str(word) for word in words])


def sum_up(*words: object) -> int:
    return caption_summary.main([str(word) for word in words])


def records(path: Path) -> list[dict[str, object]]:
    """The rows as pandas gives them to those who read the original's files."""
    table = pd.read_csv(path) if path.suffix == ".csv" else pd.read_json(path, lines=True)
    rows = table.to_dict("records")
    for row in rows:
        for name in ("sampled_frame_idx", "sampled_frame_caption"):
            if isinstance(row.get(name), str):
                row[name] = ast.literal_eval(row[name])
    return rows


def things(text: object) -> set[tuple[str, str]]:
    return {(mention.colour, mention.shape) for mention in parse_statement(str(text)).mentions}


def judge(rows: Sequence[dict[str, object]], clips: dict[str, DemoClip]) -> float:
    """The share of frame captions that are right, word for word; each is nearest to what its own video shows."""
    hits = []
    for row in rows:
        clip = clips[str(row["video_path"])]
        for index, said in zip(row["sampled_frame_idx"], row["sampled_frame_caption"], strict=True):  # type: ignore[call-overload]
            time = index / (clip.frame_count - 1)
            hits.append(said == clip.scene.frame_caption(time))
            far = {name: len(things(said) ^ things(other.scene.frame_caption(time))) for name, other in clips.items()}
            assert far[str(row["video_path"])] == min(far.values()), f"{row['video_path']}: {said}"
    return sum(hits) / len(hits)


def lay_out(folder: Path, clips: Sequence[DemoClip]) -> dict[str, DemoClip]:
    """The same name in two folders, an ending in capitals, two files that are no videos; what is where, by path."""
    places = {"LOUD.MP4": 4, "one/clip.mp4": 0, "two/clip.mp4": 1, "two/deep/er.webm": 2, "z.avi": 8, "z.mkv": 3}
    for name, number in places.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clips[number].path, folder / name)
    (folder / "mended.mp4").write_text("no video yet")
    (folder / "two/never.mp4").write_bytes(b"")
    return {name: clips[number] for name, number in places.items()}
