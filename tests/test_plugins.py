"""An engine and a strategy of a package that was installed beside framescribe run through the command line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framescribe.results.rows import read_rows
from tests.runs_in_process import raw_film

PACKAGE = Path(__file__).parent / "plugins"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package."""
    folder = tmp_path_factory.mktemp("plugins")
    shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    made = subprocess.run(
        [*pip, "--no-build-isolation", "--no-index", "--target", str(target), str(folder / "source")],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    return target


def framescribe(installed: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])},
    )


def test_a_plug_ins_engine_and_strategy_caption(installed: Path, tmp_path: Path) -> None:
    raw_film(tmp_path / "clips" / "a.avi", 40)
    raw_film(tmp_path / "clips" / "b.avi", 140)
    output = tmp_path / "captions.jsonl"
    words = ("caption", tmp_path / "clips", "--engine", "counting", "--model", "fingers", "-o", output)
    words = (*words, "--gate", "off", "--strategy", "look-then-tell", "--prompt", "Look.", "--summary-prompt", "Tell:")
    done = framescribe(installed, *words)
    assert done.returncode == 0, done.stderr
    assert "looking and telling model: fingers, counting" in done.stderr
    for row in read_rows(output):
        assert row.caption == "0|Tell: 2|Look.; 2|Look."
        assert row.output("look") == {"said": ["2|Look.", "2|Look."]}
        assert row.flags == ("looked_twice",)
        assert [frame.index for frame in row.frames] == [0, 2]
        stages = row.provenance["stages"]
        assert [(name, made["attempts"], made["prompt_tokens"]) for name, made in stages.items()] == [
            ("look", 2, 6),
            ("tell", 1, 3),
        ]
    again = framescribe(installed, *words[:-1], "Say:")
    assert "captions to be rewritten from the existing frame captions: 2" in again.stderr
    assert [row.caption for row in read_rows(output)] == ["0|Say: 2|Look.; 2|Look."] * 2
    judged = framescribe(installed, *words, "--gate", "flag", "-o", tmp_path / "judged.jsonl")
    assert judged.returncode == 0, judged.stderr
    for row in read_rows(tmp_path / "judged.jsonl"):
        assert row.caption == "0|Tell: 2|Look.; 2|Look." and "caption_too_short" in row.flags
        assert row.flags[0] == "looked_twice" and not any("look" in flag for flag in row.flags[1:])
    refused = framescribe(installed, *words, "--max-pixels", "2048")
    assert refused.returncode == 2
    assert "different: max_pixels" in refused.stderr


def test_what_another_package_adds_is_named_where_a_name_is_wrong(installed: Path, tmp_path: Path) -> None:
    film = raw_film(tmp_path / "a.avi", 40)
    wrong = framescribe(installed, "caption", film, "--strategy", "look-then-tall", "-o", tmp_path / "o.jsonl")
    assert wrong.returncode == 2
    assert "Did you mean 'look-then-tell'?" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_plug_in_that_cannot_be_imported_is_said_by_name(installed: Path, tmp_path: Path) -> None:
    film = raw_film(tmp_path / "a.avi", 40)
    words = ("caption", film, "--engine", "counting", "--model", "x", "-o", tmp_path / "o.jsonl")
    broken = framescribe(installed, *words, "--strategy", "broken")
    assert broken.returncode == 2
    assert "'broken' of framescribe-example cannot be imported" in broken.stderr
    assert "Traceback" not in broken.stderr
    fine = framescribe(installed, *words, "--gate", "off")  # which does not ask for it
    assert fine.returncode == 0, fine.stderr
    assert json.loads((tmp_path / "o.jsonl").read_text())["status"] == "ok"


def test_without_the_package_its_names_mean_nothing(tmp_path: Path) -> None:
    film = raw_film(tmp_path / "a.avi", 40)
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", "caption", str(film), "--engine", "counting", "--model", "x"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    assert "no engine is called 'counting'" in done.stderr
