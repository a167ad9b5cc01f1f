"""`-o out/` as users have it: runs that are killed and go on, and the commands that read a folder as one result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import framescribe as fs
from framescribe.cli.main import app
from framescribe.demo.clips import DemoClip
from framescribe.results import filling
from framescribe.results.edits import Edit
from framescribe.results.folder import Folder
from framescribe.results.rows import Results, read_rows
from tests.runs import MODELS, alone, until
from tests.runs_in_process import raw_film
from tests.servers import ScriptedServer
from tests.servers.acts import tells

FEW = "from framescribe.results import filling; filling.ROWS_A_FILE = 3\n"
COMMAND = f"{FEW}from framescribe.cli.main import main; main()"


def rows_in(folder: Path) -> list[tuple[str, str | None]]:
    return [(row.id, row.caption) for row in read_rows(Folder(folder))]


def names(folder: Path) -> list[str]:
    return sorted(name for name in os.listdir(folder) if not name.startswith((".", "_"))) if folder.is_dir() else []


# --- killed ---


@pytest.mark.slow
@pytest.mark.parametrize("name", ["out", "out.tar"])
def test_a_run_that_is_killed_goes_on_without_losing_or_doubling_a_row(
    name: str, demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    clips = demo_clips[0].path.parent
    words = list(map(str, ["caption", clips, *MODELS, "--decoders", 1, "--max-flagged", "100%"]))
    out, environment = tmp_path / name, {**os.environ, "OMP_NUM_THREADS": "1"}
    alone(*words, "-o", tmp_path / "straight.jsonl")
    straight = [(row.id, row.caption) for row in read_rows(tmp_path / "straight.jsonl")]
    command = [sys.executable, "-c", COMMAND, *words, "-o", f"{out}/"]
    for files in (1, 2):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment, start_new_session=True) as run:
            until(lambda at_least=files: len(names(out)) >= at_least, 200)
            os.killpg(run.pid, signal.SIGKILL)
        there = rows_in(out)
        assert there == straight[: len(there)] and 3 * files <= len(there) < len(straight)
        status = subprocess.run(
            [sys.executable, "-m", "framescribe", "status", f"{out}/", "--json"], capture_output=True, text=True
        )
        assert json.loads(status.stdout)["finished"] is False
    parts = sum(part.read_bytes().count(b"\n") for part in out.with_name(f"{name}.parts").glob("*.jsonl"))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert f"videos already done: {parts}" in done.stderr
    assert rows_in(out) == straight
    assert [len(rows_in_file) for rows_in_file in map(list, map(read_rows, Folder(out).files()))] == [3, 3, 3, 3]


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(1, 13))
def test_it_may_be_killed_before_any_file_gets_its_name(moment: int, tmp_path: Path) -> None:
    script = (
        f"{FEW}import os, sys; from pathlib import Path; from tests.test_folder import *\n"
        "count, replace_file = 0, os.replace\n"
        "def killed(*names):\n"
        "    global count; count += 1\n"
        "    os.kill(os.getpid(), 9) if count == int(sys.argv[2]) else replace_file(*names)\n"
        "os.replace = killed\n"
        "run = Under(sys.argv[1] + '/', videos(*range(8)))\n"
        "run.rows(*(number for number in range(8) if run.results.entry(video(number)) is None))\n"
        "run.results.finish(videos(*range(8)))\n"
    )

    def run(until_then: int) -> int:
        words = [sys.executable, "-c", script, str(tmp_path / "out.jsonl"), str(until_then)]
        return subprocess.run(words, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}).returncode

    assert run(moment) in (-9, 0)
    numbers = [int(name[:3]) for name, _ in rows_in(tmp_path / "out.jsonl")]
    assert numbers == list(range(len(numbers)))
    assert run(0) == 0
    assert rows_in(tmp_path / "out.jsonl") == [(f"{number:03}.mp4", f"Clip {number}.") for number in range(8)]
    assert (tmp_path / "out.jsonl" / "_SUCCESS").exists()
    assert names(tmp_path / "out.jsonl") == [f"part-0000{number}.jsonl" for number in range(3)]


def test_several_processes_fill_one_folder(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    words = ["caption", clips, "--base-url", server.url, "--model", "tiny", "--gate", "off", "--decoders", "1"]
    group = {"MASTER_PORT": "1", "MASTER_ADDR": "here", "WORLD_SIZE": "2"}
    runs = []
    for number in "01":
        environment = {**os.environ, **group, "RANK": number, "LOCAL_RANK": "0"}
        command = [sys.executable, "-c", COMMAND, *map(str, words), "--no-preflight", "-o", f"{tmp_path}/out/"]
        runs.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
    said = [run.communicate(timeout=200)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], said
    assert [name for name, _ in rows_in(tmp_path / "out")] == [f"{number}.avi" for number in range(8)]
    assert len({caption for _, caption in rows_in(tmp_path / "out")}) == 8
    assert sorted(os.listdir(tmp_path / "out")) == ["_SUCCESS", *(f"part-0000{number}.parquet" for number in range(3))]


# --- the commands that read a result ---


def run(*words: object) -> int:
    """The exit code of this command, run in this process."""
    try:
        return app([str(word) for word in words], standalone_mode=False) or 0
    except typer.Exit as end:
        return end.exit_code


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    for number in range(8):
        raw_film(tmp_path / "clips" / f"{number}.avi", 20 + 25 * number)
    return tmp_path / "clips"


@pytest.fixture
def words(server: ScriptedServer, clips: Path, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    monkeypatch.setattr(filling, "ROWS_A_FILE", 3)
    return [clips, "--base-url", server.url, "--model", "tiny", "--gate", "off", "--decoders", 1, "-q"]


@pytest.fixture
def out(words: list[object], tmp_path: Path) -> Path:
    assert run("caption", *words, "-o", f"{tmp_path}/out/") == 0
    return tmp_path / "out"


def test_the_files_are_those_of_one_result_and_nothing_else_is_in_the_folder(
    words: list[object], out: Path, tmp_path: Path
) -> None:
    assert run("caption", *words, "-o", tmp_path / "one.parquet") == 0
    assert rows_in(out) == [(row.id, row.caption) for row in read_rows(tmp_path / "one.parquet")]
    assert sorted(os.listdir(out)) == ["_SUCCESS", *(f"part-0000{number}.parquet" for number in range(3))]
    assert (tmp_path / "out.parts").is_dir()


def test_a_run_over_the_same_videos_asks_nothing_and_changes_nothing(
    words: list[object], out: Path, server: ScriptedServer
) -> None:
    asked, before = len(server.requests), {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert run("caption", *words, "-o", out) == 0  # without a slash: it is there
    assert (len(server.requests), {name: (out / name).stat().st_mtime_ns for name in names(out)}) == (asked, before)


def test_a_new_clip_goes_into_the_last_file(words: list[object], out: Path, clips: Path) -> None:
    before = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    raw_film(clips / "8.avi", 230)
    raw_film(clips / "9.avi", 240)
    assert run("caption", *words, "-o", f"{out}/") == 0
    after = {name: (out / name).stat().st_mtime_ns for name in names(out)}
    assert [name for name in after if after[name] != before.get(name)] == ["part-00002.parquet", "part-00003.parquet"]
    assert [name for name, _ in rows_in(out)] == [f"{number}.avi" for number in range(10)]


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_commands_read_a_folder_as_one_result(
    slash: str, out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = f"{out}{slash}"
    assert len(list(fs.rows(where))) == 8
    run("status", where, "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["finished"], told["rows"]) == (True, 8)
    assert not run("export", where, "--to", "txt", "-o", tmp_path / "set")
    assert len(list((tmp_path / "set").glob("*.txt"))) == 8
    assert run("check", where, "-o", tmp_path / "checked.jsonl") in (0, 3)
    checked = [json.loads(line) for line in (tmp_path / "checked.jsonl").read_text().splitlines()]
    assert [one["id"] for one in checked] == [f"{number}.avi" for number in range(8)]
    assert run("score", where, "-o", tmp_path / "score.json") in (0, 3)
    assert run("review", where, "--static", tmp_path / "page.html") == 0
    assert "7.avi" in (tmp_path / "page.html").read_text()


def test_a_data_set_is_imported_into_a_folder(out: Path, tmp_path: Path) -> None:
    run("export", out, "--to", "txt", "-o", tmp_path / "set")
    assert not run("import", tmp_path / "set", "-o", f"{tmp_path}/again/")
    assert len(names(tmp_path / "again")) == 3
    assert sorted(caption for _, caption in rows_in(tmp_path / "again") if caption) == sorted(
        caption for _, caption in rows_in(out) if caption
    )


def test_frame_captions_in_a_folder_are_summarised_into_another(words: list[object], out: Path, tmp_path: Path) -> None:
    assert run("frames", *words, "-o", f"{tmp_path}/frames/") == 0
    options = words[1:7] + words[-1:]
    assert run("summarize", f"{tmp_path}/frames/", *options, "-o", f"{tmp_path}/captions/") == 0
    assert rows_in(tmp_path / "captions") == rows_in(out)


def test_a_result_that_was_taken_elsewhere_without_its_parts_is_still_one(
    out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    for name in names(out):
        shutil.copy(out / name, tmp_path / "elsewhere")
    run("status", tmp_path / "elsewhere", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["finished"], told["rows"]) == (True, 8)
    there = Results(tmp_path / "elsewhere")
    corrected(there, "7.avi")
    assert there.write_again() and there.finished
    assert dict(rows_in(tmp_path / "elsewhere"))["7.avi"] == "Mine."


def corrected(results: Results, name: str) -> None:
    """Correct this clip's caption."""
    row = next(row for row in results.rows() if row.id == name)
    made = Edit(
        id=name,
        video_path=row.video_path,
        fingerprint=row.file.get("fingerprint"),
        field="caption",
        old=row.caption,
        new="Mine.",
        who="me",
        when="2026-01-01T00:00:00+00:00",
    )
    results.edit(made)


def test_texts_go_into_the_videos_own_folder_as_ever(words: list[object], clips: Path) -> None:
    assert run("caption", *words, "-o", f"{clips}/") == 0
    assert (clips / "3.txt").exists() and (clips / "captions.jsonl").exists()
    assert not list(clips.glob("part-*"))
