"""The examples run as they stand, one after the other in one folder, and do what they say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import framescribe as fs
from tests.servers import ScriptedServer, says

EXAMPLES = Path(__file__).parent.parent / "examples"
MOST_LINES = 25


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("examples")


def run(name: str, folder: Path, *words: str) -> list[str]:
    """The lines that an example prints; it says nothing else."""
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / f"{name}.py"), *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_there_are_five_short_ones() -> None:
    lines = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert set(lines) == {"one_clip", "a_folder", "your_own_server", "into_pandas", "for_a_trainer"}
    assert max(lines.values()) <= MOST_LINES


@pytest.mark.slow
def test_one_clip(folder: Path) -> None:
    *frames, caption = run("one_clip", folder)
    assert len(frames) == 5 and all("green square" in line for line in frames)
    assert "green square moves" in caption


def test_your_own_server(folder: Path) -> None:
    with ScriptedServer(says("Something moves."), models=("my-model",)) as server:
        lines = run("your_own_server", folder, server.url)
    assert len(lines) == 4 and all(line.endswith(": Something moves.") for line in lines)
    assert {request["model"] for request in server.requests} == {"my-model"}


@pytest.mark.slow
def test_a_folder_then_pandas_then_a_trainer(folder: Path) -> None:
    first, *rest, last = run("a_folder", folder)
    assert first.startswith("first: ") and last == "4 rows in captions.jsonl"
    assert all(line.startswith("then: ") for line in rest) and first[7:] not in {line[6:] for line in rest}
    before = {row.id: row.caption for row in fs.rows(folder / "captions.jsonl")}

    header, *lines = run("into_pandas", folder)
    assert header.split() == ["id", "status", "words", "seconds"] and len(lines) == 4
    short = [name for name, caption in before.items() if len(str(caption).split()) < 12]
    assert (folder / "odd.txt").read_text().split() == short

    told, *start = run("for_a_trainer", folder)
    assert told.startswith("4 clips in ") and told.endswith("set") and "dataset_config" in "\n".join(start)
    texts = sorted(path.read_text() for path in (folder / "set").rglob("*.txt"))
    wanted = (str(caption).replace("A small green square", "A tiny green square") for caption in before.values())
    assert texts == sorted(f"ohwx shapes, {caption}" for caption in wanted)
