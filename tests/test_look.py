"""`framescribe probe` and `framescribe sample`: what is said of a file is so, and the images are those asked for."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from framescribe.errors import VideoError
from framescribe.frames.probe import probe
from tests.servers import ScriptedServer, sleeps
from tests.videos import film, number_in, voice


def framescribe(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True, timeout=300
    )


def test_probe_says_what_was_made(tmp_path: Path) -> None:
    found = probe(str(film(tmp_path / "a.mp4", gop=10, sound=True, options={"sc_threshold": "0"})))
    assert (found.codec, found.width, found.height, found.frames, found.keyframes) == ("h264", 128, 64, 40, 4)
    assert (found.fps, found.duration, found.audio, found.rotation, found.odd) == (25.0, 1.6, True, 0, ())


def test_probe_counts_as_the_manifest_does(real_clips: Path) -> None:
    with (real_clips / "manifest.csv").open() as stream:
        for row in csv.DictReader(stream):
            path = str(real_clips / row["file"])
            if not row["frames_decoded"]:
                with pytest.raises(VideoError):
                    probe(path)
            elif row["file"] != "decord__corrupted.mp4":  # one of its frames can be read, but not decoded
                found = probe(path)
                assert found.frames == int(row["frames_decoded"]), row["file"]
                assert found.rotation == -int(row["rotation"] or 0) % 360, row["file"]
                assert found.audio == (row["n_audio"] != "0"), row["file"]


def test_probe_as_json_and_exit_code_for_what_is_no_video(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    voice(tmp_path / "b.mp4")
    ended = framescribe("probe", tmp_path, "--json")
    assert ended.returncode == 3
    told = {record["id"]: record for record in map(json.loads, ended.stdout.splitlines())}
    assert told["a.mp4"]["frames"] == 40
    assert "no picture" in told["b.mp4"]["error"]
    shown = framescribe("probe", tmp_path).stdout
    assert "128×64" in shown
    assert "no picture" in shown


def test_sample_writes_the_frames_that_were_asked_for(tmp_path: Path) -> None:
    videos = tmp_path / "videos"
    (videos / "below").mkdir(parents=True)
    film(videos / "a.mp4")
    film(videos / "below" / "a.mp4")
    out = tmp_path / "out"
    ended = framescribe("sample", videos, "-o", out, "--sample", "uniform", "--frames", 4, "--format", "png")
    assert ended.returncode == 0, ended.stderr
    names = [f"a.mp4-{index:06}-{index / 25:.3f}s.png" for index in (0, 10, 20, 30)]
    for folder in (out, out / "below"):
        assert sorted(path.name for path in folder.glob("*.png")) == names
        assert [number_in(np.asarray(Image.open(folder / name))) for name in names] == [0, 10, 20, 30]


def test_a_sheet_holds_every_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4")
    assert framescribe("sample", path, "-o", tmp_path, "--every", "0.4s", "--sheet", "--format", "png").returncode == 0
    sheet = np.asarray(Image.open(tmp_path / "a.mp4.png"))
    line, height = 18, 160
    assert sheet.shape == (2 * (line + height), 2 * 320, 3)
    cells = [sheet[line + y : line + y + height, x : x + 320] for y in (0, line + height) for x in (0, 320)]
    assert [number_in(cell) for cell in cells] == [0, 10, 20, 30]


def test_no_image_leaves_its_folder(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "list.txt").write_text("../a.mp4\n")
    assert framescribe("sample", tmp_path / "lists" / "list.txt", "-o", tmp_path / "out").returncode == 0
    assert len(list((tmp_path / "out").rglob("*.jpg"))) == 1


def test_a_name_in_brackets_is_shown_as_it_is(tmp_path: Path) -> None:
    film(tmp_path / "[1] a.mp4")
    (tmp_path / "[b] [2].mp4").write_bytes(b"")
    shown = framescribe("probe", tmp_path)
    assert shown.returncode == 3, shown.stderr
    assert "[1] a.mp4" in shown.stdout
    assert "[b] [2].mp4" in shown.stdout


def test_keyframes_and_shots_can_be_seen(tmp_path: Path) -> None:
    pytest.importorskip("scenedetect", reason="sampling by scenes needs framescribe[scenes]")
    pictures = [np.full((64, 128, 3), (230, 20, 20) if k < 50 else (20, 20, 230), np.uint8) for k in range(90)]
    path = film(tmp_path / "a.mp4", pictures=pictures, gop=30, options={"sc_threshold": "0"})
    for method, names in (
        ("keyframes", ["a.mp4-000000-0.000s.jpg", "a.mp4-000030-1.200s.jpg", "a.mp4-000060-2.400s.jpg"]),
        ("scenes", ["a.mp4-000025-1.000s.jpg", "a.mp4-000070-2.800s.jpg"]),
    ):
        ended = framescribe("sample", path, "--sample", method, "-o", tmp_path / method)
        assert ended.returncode == 0, ended.stderr
        assert sorted(file.name for file in (tmp_path / method).iterdir()) == names
    wrong = framescribe("sample", path, "--frames", "2", "-o", tmp_path / "none")
    assert wrong.returncode == 2
    assert "keyframes" in wrong.stderr


def test_a_time_limit_can_be_set(tmp_path: Path) -> None:
    with ScriptedServer(others=sleeps(600)) as server:
        url = f"{server.root}/never.mp4"
        ended = framescribe("sample", url, "--decode-timeout", "1", "-o", tmp_path / "out")
    assert ended.returncode == 3
    assert "not decoded within 1 s" in ended.stderr


def test_sample_says_which_videos_are_odd(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", mux={"movflags": "faststart"})
    content = whole.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(content[: len(content) * 9 // 10])
    refused = framescribe("sample", tmp_path, "-o", tmp_path / "out")
    assert refused.returncode == 3
    assert "cut.mp4: It is cut off" in refused.stderr
    ended = framescribe("sample", tmp_path, "--salvage", "-o", tmp_path / "out")
    assert ended.returncode == 0
    assert [line for line in ended.stderr.splitlines() if "odd" in line] == ["odd: cut.mp4: video cut off"]
    assert {path.name.split("-")[0] for path in (tmp_path / "out").iterdir()} == {"whole.mp4", "cut.mp4"}
