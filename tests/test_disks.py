"""Full disks, folders that cannot be written or have moved, missing files: nothing is lost or done twice."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from framescribe.demo.clips import DemoClip
from tests.servers import ScriptedServer, says

LONG = "A man in a red jacket walks along a snowy street. " * 60  # 3 KB per row


def frames(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "framescribe", "frames", *map(str, words), "--no-preflight"]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def mount(*words: object) -> bool:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        return False
    return subprocess.run(["mount", *map(str, words)], capture_output=True).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 96 KB of its own."""
    where = tmp_path / "disk"
    where.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=96k", "tmpfs", where):
        pytest.skip("mounting a small disk takes root on Linux")
    yield where
    subprocess.run(["umount", str(where)], check=True)


@pytest.fixture
def listed(demo_clips: list[DemoClip], tmp_path: Path) -> Path:
    """60 videos: one file under 60 names."""
    where = tmp_path / "list.csv"
    with where.open("w", newline="") as file:
        csv.writer(file).writerows([("path", "code"), *((demo_clips[0].path, f"v{n:02}") for n in range(60))])
    return where


def whole_rows(parts: Path) -> list[str]:
    lines = [line for part in sorted(parts.glob("*.jsonl")) for line in part.read_bytes().splitlines(keepends=True)]
    return [json.loads(line)["id"] for line in lines if line.endswith(b"\n")]


def test_a_disk_that_fills_up_stops_the_run_and_the_same_command_goes_on(disk: Path, listed: Path) -> None:
    output = disk / "frames.jsonl"
    with ScriptedServer(says(LONG)) as server:
        words = (
            listed,
            "--id-column",
            "code",
            "--gate",
            "off",
            "--base-url",
            server.url,
            "-o",
            output,
            "--requests",
            2,
        )
        full = frames(*words)
        assert full.returncode == 1, full.stderr
        told = [line for line in full.stderr.splitlines() if "No space left on device" in line]
        assert len(told) == 1 and f"rows cannot be written to {output}.parts" in told[0]
        assert "Traceback" not in full.stderr
        assert not output.exists()
        kept = whole_rows(Path(f"{output}.parts"))
        assert 10 < len(kept) < 60 and len(set(kept)) == len(kept)

        again = frames(*words)  # still full: reported before any request is sent
        assert (again.returncode, "No space left on device" in again.stderr) in {(1, True), (2, True)}
        assert "Traceback" not in again.stderr

        assert mount("-o", "remount,size=8m", disk)
        before, kept = len(server.requests), whole_rows(Path(f"{output}.parts"))
        done = frames(*words)
        assert done.returncode == 0, done.stderr
        assert len(server.requests) - before == 60 - len(kept)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"v{n:02}" for n in range(60)]
    assert {row["frames"][0]["caption"] for row in rows} == {LONG.strip()}
    found = whole_rows(Path(f"{output}.parts"))
    assert len(found) == len(set(found)) == 60  # none was done twice
    assert sorted(path.name for path in disk.iterdir()) == ["frames.jsonl", "frames.jsonl.parts"]
    assert not [path for path in Path(f"{output}.parts").iterdir() if "tmp" in path.name or ".figures" in path.name]


def test_a_disk_without_room_for_the_finished_file_keeps_every_row(disk: Path, listed: Path) -> None:
    output = disk / "frames.jsonl"
    with ScriptedServer(says(LONG)) as server:
        words = (listed, "--id-column", "code", "--limit", 20, "--gate", "off", "--base-url", server.url, "-o", output)
        full = frames(*words)
        assert full.returncode == 1, full.stderr
        assert f"{output} cannot be written: No space left on device" in full.stderr
        assert len(whole_rows(Path(f"{output}.parts"))) == 20
        assert [path.name for path in disk.iterdir()] == ["frames.jsonl.parts"]
        assert mount("-o", "remount,size=8m", disk)
        asked = len(server.requests)
        assert frames(*words).returncode == 0
        assert len(server.requests) == asked
    assert len(output.read_text().splitlines()) == 20


def test_a_folder_that_cannot_be_written_is_one_line_before_anything_is_asked(disk: Path, listed: Path) -> None:
    output = disk / "frames.jsonl"
    with ScriptedServer() as server:
        words = (listed, "--id-column", "code", "--gate", "off", "--base-url", server.url, "-o", output)
        assert frames(*words, "--limit", 2).returncode == 0
        asked = len(server.requests)
        assert mount("-o", "remount,ro", disk)
        for given in (words, (*words[:-1], disk / "other.jsonl")):
            refused = frames(*given)
            assert refused.returncode == 2
            assert "Read-only file system. Choose another -o." in refused.stderr
            assert "Traceback" not in refused.stderr
        assert len(server.requests) == asked
        command = [sys.executable, "-m", "framescribe", "status", str(output)]
        looked = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (looked.returncode, "videos with a row: 2 of 2" in looked.stdout) == (0, True)


def test_a_run_that_moved_to_another_place_goes_on_there(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    for name in ("clips/a.mp4", "clips/deep/b.mp4", "clips/c.mp4"):
        (tmp_path / "here" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(demo_clips[0].path, tmp_path / "here" / name)
    with ScriptedServer() as server:
        ways = (("clips",), ("clips/a.mp4", "clips/deep/b.mp4", "clips/c.mp4"))
        whole = tmp_path / "whole"
        shutil.copytree(tmp_path / "here", whole)
        for number, sources in enumerate(ways):
            here, there = tmp_path / "here", tmp_path / f"there{number}"
            output = f"{number}.jsonl"
            common = ("--gate", "off", "--base-url", server.url, "--limit")
            assert frames(*(here / one for one in sources), "-o", here / output, *common, 2).returncode == 0
            asked = len(server.requests)
            shutil.move(here, there)
            shutil.copytree(whole, here.with_name("next"))
            (there / output).unlink()  # a run that was not finished
            done = frames(*(there / one for one in sources), "-o", there / output, *common, 3)
            assert done.returncode == 0, done.stderr
            rows = [json.loads(line) for line in (there / output).read_text().splitlines()]
            assert all(str(there) in row["video_path"] for row in rows)
            assert len(rows) == 3
            assert len(server.requests) - asked == 1, sources
            here.with_name("next").rename(here)


def test_a_source_that_vanished_keeps_its_row(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        shutil.copy(demo_clips[0].path, clips / name)
    listed = tmp_path / "list.csv"
    listed.write_text("path\nclips/a.mp4\nclips/b.mp4\nclips/c.mp4\n")
    output = tmp_path / "frames.jsonl"
    with ScriptedServer() as server:
        words = (listed, "--gate", "off", "--base-url", server.url, "-o", output)
        assert frames(*words).returncode == 0
        first, asked = output.read_text(), len(server.requests)
        (clips / "b.mp4").unlink()
        done = frames(*words)
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == asked
        rows = [json.loads(line) for line in output.read_text().splitlines()]
        assert [row["frames"] for row in rows] == [json.loads(line)["frames"] for line in first.splitlines()]
        (clips / "c.mp4").write_bytes(demo_clips[1].path.read_bytes())
        assert frames(*words).returncode == 0
        assert len(server.requests) == asked + 1  # another file under the same name is done again
