"""Every way from a clip to its captions, killed and resumed, and shared by processes: the same rows each time."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from tests.runs import ACCELERATE, alone, content, ended, running, until, writers
from tests.ways import WAYS

CLIPS, FRAMES = 10, 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for number in range(CLIPS):
        scene = random_clip(random.Random(f"ways {number}"), 320, 240, 1 + number % 2)
        write_clip(folder / f"{number:02}.mp4", scene, width=320, height=240, fps=10, frames=FRAMES)
    (folder / "broken.mp4").write_bytes(b"nothing")
    return folder


def written(output: Path) -> int:
    parts = output.with_name(output.name + ".parts").glob("*.jsonl")
    return sum(part.read_bytes().count(b"\n") for part in parts)


@pytest.mark.parametrize("way", WAYS)
def test_it_is_killed_and_resumed_and_shared(way: str, folder: Path, tmp_path: Path) -> None:
    straight = tmp_path / "straight.jsonl"
    alone("caption", folder, *WAYS[way], "-o", straight)
    truth = content(straight)
    assert len(truth) == CLIPS + 1
    assert [row["id"] for row in truth if row["status"] == "failed"] == ["broken.mp4"]

    output = tmp_path / "killed.jsonl"
    for least in (2, 5, 8):
        with running("caption", folder, *WAYS[way], "-o", output) as run:
            until(lambda least=least: written(output) >= least, 200)
            os.killpg(run.pid, signal.SIGKILL)
    assert not output.exists()
    alone("caption", folder, *WAYS[way], "-o", output)
    assert content(output) == truth

    output = tmp_path / "ranks.jsonl"
    with running("caption", folder, *WAYS[way], "-o", output, launcher=ACCELERATE, ACCELERATE_USE_CPU="true") as run:
        code, said = ended(run, 400)
    assert code == 0, said  # a launcher takes anything else for a crash
    assert content(output) == truth
    assert len(writers(output)) == 2

    output = tmp_path / "ray.jsonl"
    words = ("--runner", "ray", "--replicas", "1")
    with running("caption", folder, *WAYS[way], "-o", output, *words) as run:
        code, said = ended(run, 400)
    assert code == 3, said
    assert content(output) == truth
