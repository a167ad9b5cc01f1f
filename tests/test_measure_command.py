"""`framescribe measure`: a row for every video, in order, also for broken ones; it goes on where it was."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import framescribe as fs
from framescribe.cli.measure import summary
from framescribe.errors import UserError
from framescribe.runs.measuring import UNFINISHED, Table
from framescribe.storage.tables import read_table
from tests.runs_in_process import found
from tests.videos import film


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    random = np.random.default_rng(3)
    one, other = (random.integers(0, 255, (8, 16, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1) for _ in range(2))
    film(folder / "b_cut.mp4", pictures=[one] * 25 + [other] * 25)
    film(folder / "c_still.mp4", pictures=[one] * 50)
    (folder / "a_broken.mp4").write_bytes(b"no video at all" * 100)
    return folder


def framescribe(*words: object, code: int) -> str:
    command = [sys.executable, "-m", "framescribe", "measure", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def test_the_table_has_a_row_for_every_video(clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "facts.parquet"
    said = framescribe(clips, "--measure", "cuts,light", "-o", output, code=3)
    rows = read_table(output).records
    assert [Path(row["id"]).name for row in rows] == ["a_broken.mp4", "b_cut.mp4", "c_still.mp4"]
    assert [row["cuts"] for row in rows] == [None, 1, 0]
    assert [row["frames"] for row in rows] == [None, 50, 50]
    assert rows[0]["error"]
    assert rows[1]["facts"]["cuts"]["cuts"] == [1.0]
    assert "videos: 3, 1 of them cannot be decoded" in said
    assert "with cuts: 1" in said
    assert not Path(f"{output}{UNFINISHED}").exists()


def test_it_goes_on_where_it_was(clips: Path, tmp_path: Path) -> None:
    output, videos = tmp_path / "facts.csv", found(clips)
    table = Table(str(output), videos, ["cuts"])
    planted = {"id": videos[1].id, "video_path": videos[1].place, "cuts": 41, "error": None, "flags": [], "facts": {}}
    table.keep(1, planted)
    with open(f"{output}{UNFINISHED}", "a", encoding="utf-8") as file:
        file.write('{"of": [')  # it was killed while it wrote
    assert Table(str(output), videos, ["light"]).known == {}  # of other measures nothing is known
    said = framescribe(clips, "--measure", "cuts", "-o", output, code=3)
    assert "videos measured before: 1" in said
    with open(output, newline="", encoding="utf-8") as file:
        assert [row["cuts"] for row in csv.DictReader(file)] == ["", "41", "0"]


def test_in_python(clips: Path) -> None:
    (record,) = fs.measure(clips / "b_cut.mp4", ["cuts"])
    assert (record["cuts"], record["facts"]["cuts"]["cuts"], record["error"]) == (1, [1.0], None)
    json.dumps(record)
    with pytest.raises(UserError, match="cutz"):
        fs.measure(clips, "cutz")


@pytest.mark.parametrize("name", ["facts.xlsx", "missing/facts.csv"])
def test_where_nothing_can_be_written_nothing_is_measured(clips: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=name):
        Table(str(tmp_path / name), found(clips), ["cuts"])


def test_the_summary_counts_what_is_known() -> None:
    def record(**values: object) -> dict[str, object]:
        return {"id": "", "error": None, "camera": None, "cuts": 0, **values}

    lines = summary(
        [
            record(camera=["static"], cuts=2),
            record(camera=["pan_left", "shake"]),
            record(camera=["zoom_in"]),
            record(),
            {"id": "", "error": "gone", "camera": None, "cuts": None},
        ]
    )
    assert lines == [
        "videos: 5, 1 of them cannot be decoded",
        "static camera: 1 (cannot tell: 1)",
        "moving camera: 2 (cannot tell: 1)",
        "with cuts: 1",
    ]
