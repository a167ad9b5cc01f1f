"""What a client of servers does, on every system and with every version of what it needs: without torch, in a minute.

Each test runs on this system, and on Linux also as framescribe would see Windows (`without_posix`).
"""

from __future__ import annotations

import asyncio
import csv
import json
import ntpath
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

import framescribe
from framescribe.sources import found
from tests.runs_in_process import raw_film
from tests.servers import Act, ScriptedServer, answer_to, says, tells

HERE = Path(__file__).parent
GREYS = {"dark.avi": 40, "light.avi": 200, "été 映画.avi": 120}
# What no file may be called on Windows: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
NOT_ON_WINDOWS = re.compile(r'[<>:"\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)


class System:
    """A system as framescribe sees it."""

    def __init__(self, *, posix: bool) -> None:
        self.posix = posix
        self._started: list[subprocess.Popen[str]] = []
        self.environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        if not posix:
            path = [str(HERE / "without_posix"), *filter(None, [os.environ.get("PYTHONPATH")])]
            self.environment |= {"PYTHONPATH": os.pathsep.join(path), "PYTHONIOENCODING": "cp1252"}

    def start(self, *words: object, module: str = "framescribe") -> subprocess.Popen[str]:
        started = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8" if self.posix else "cp1252",
            env=self.environment | ({"PYTHONIOENCODING": "utf-8"} if self.posix else {}),
        )
        self._started.append(started)
        return started

    def end(self) -> None:
        """Kill what a failed test left running."""
        for started in self._started:
            if started.poll() is None:
                started.kill()
                started.communicate()

    def run(self, *words: object, code: int = 0, module: str = "framescribe") -> subprocess.CompletedProcess[str]:
        started = self.start(*words, module=module)
        out, said = started.communicate()
        assert started.returncode == code, out + said
        assert "Traceback" not in said, said
        return subprocess.CompletedProcess(started.args, code, out, said)


AS_WINDOWS = pytest.param(
    False, id="without-posix", marks=pytest.mark.skipif(sys.platform != "linux", reason="shows Windows on Linux")
)


@pytest.fixture(params=[pytest.param(True, id="this-system"), AS_WINDOWS])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    seen = System(posix=request.param)
    yield seen
    seen.end()


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    """Three films in one shade each, one of them with a name that few code pages hold."""
    for name, grey in GREYS.items():
        raw_film(tmp_path / "clips" / name, grey)
    return tmp_path / "clips"


@pytest.fixture(autouse=True)
def _names_that_windows_takes(tmp_path: Path) -> Iterator[None]:
    yield
    for path in tmp_path.rglob("*"):
        assert not NOT_ON_WINDOWS.search(path.name), path


def rows_of(file: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in map(json.loads, file.read_text(encoding="utf-8").splitlines())}


def caption(server: ScriptedServer, clips: Path, output: Path, *more: object) -> list[object]:
    return ["caption", clips, "--gate", "off", "--base-url", server.url, "-o", output, "--no-preflight", *more]


def asked_about(server: ScriptedServer) -> set[str]:
    return {answer_to(request) for request in server.requests}


def test_every_module_can_be_imported(system: System) -> None:
    """Those that need packages of an extra import them when they are used."""
    names = [found.name for found in pkgutil.walk_packages(framescribe.__path__, "framescribe.")]
    names = [name for name in names if not name.endswith(("__main__", ".actor"))]
    code = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"
    command = [sys.executable, "-c", code, *names]
    done = subprocess.run(command, capture_output=True, text=True, env=system.environment)
    assert done.returncode == 0, done.stderr


def test_probe_says_what_each_video_is(system: System, clips: Path) -> None:
    lines = system.run("probe", clips, "--json").stdout.splitlines()
    found = {line["id"]: (line["codec"], line["width"], line["frames"]) for line in map(json.loads, lines)}
    assert found == dict.fromkeys(GREYS, ("rawvideo", 32, 4))
    assert system.run("probe", clips).stdout.count("32×32") == 3


def test_sample_writes_the_frames(system: System, clips: Path, tmp_path: Path) -> None:
    system.run("sample", clips, "-o", tmp_path / "frames", "--frames", 2, "--sample", "uniform", "--format", "png")
    pictures = sorted((tmp_path / "frames").iterdir())
    assert len(pictures) == 6
    for picture in pictures:
        grey = next(grey for name, grey in GREYS.items() if picture.name.startswith(name))
        with Image.open(picture) as opened:
            assert abs(opened.convert("L").getpixel((16, 16)) - grey) <= 3


def test_caption_keeps_the_answers_and_the_same_command_asks_nothing_again(
    system: System, clips: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(tells()) as server:
        system.run(*caption(server, clips, output))
        rows = rows_of(output)
        assert rows.keys() == GREYS.keys()
        answers = [row["caption"] for row in rows.values()] + [
            frame["caption"] for row in rows.values() for frame in row["frames"]
        ]
        assert sorted(answers) == sorted(answer_to(request) for request in server.requests)
        asked = len(server.requests)
        raw_film(clips / "new.avi", 90)
        system.run(*caption(server, clips, output))
        assert len(server.requests) == asked + 2
        assert rows_of(output).keys() == {*GREYS, "new.avi"}
        assert {name: rows_of(output)[name] for name in rows} == rows
        assert "videos with a row: 4 of 4" in system.run("status", output).stdout


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".tar", ".json"])
def test_a_correction_in_each_format_is_read_and_written_again(
    system: System, ending: str, clips: Path, tmp_path: Path
) -> None:
    with (tmp_path / "list.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "note"), *((clips / name, f"«{name}»") for name in GREYS)])
    output = tmp_path / f"captions{ending}"
    with ScriptedServer(says("A grey picture — 灰色.")) as server:
        words = caption(server, tmp_path / "list.csv", output, "--video-column", "path")
        if ending == ".json":
            assert "captions.json" in system.run(*words, code=2).stderr
            return
        system.run(*words)
        system.run(*words)
        assert output.stat().st_size
        assert len(server.requests) == 6
    system.run("status", output)


def waits(release: Path) -> Act:
    """An answer once the file is there."""

    async def act(request: web.Request) -> web.StreamResponse:
        while not await asyncio.to_thread(release.exists):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        return await says()(request)

    return act


def until(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    while not what():
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def test_a_second_run_on_the_same_result_is_told_who_writes_it(system: System, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(waits(tmp_path / "go")) as server:
        first = system.start(*caption(server, clips, output))
        until(lambda: server.requests, first)
        refused = system.run(*caption(server, clips, output), code=2)
        assert f"is being written by another run, process {first.pid} on " in refused.stderr
        (tmp_path / "go").touch()
        assert first.communicate() and first.returncode == 0
        system.run(*caption(server, clips, output))  # nobody holds it any more


@pytest.mark.skipif(sys.platform == "win32", reason="a Ctrl-C for one process alone takes a console of its own there")
def test_the_first_ctrl_c_finishes_what_is_under_way(system: System, clips: Path, tmp_path: Path) -> None:
    with (tmp_path / "list.csv").open("w", newline="") as file:  # one film under many ids
        csv.writer(file).writerows([("path", "code"), *((clips / "dark.avi", f"v{n:03}") for n in range(100))])
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(waits(tmp_path / "go")) as server:
        words = caption(server, tmp_path / "list.csv", output, "--id-column", "code", "--requests", 1, "--decoders", 1)
        run = system.start(*words)
        until(lambda: server.requests, run)
        assert run.stderr is not None
        run.send_signal(signal.SIGINT)
        assert any("stopping: finishing what is under way" in line for line in run.stderr)
        (tmp_path / "go").touch()
        out, said = run.communicate()
        assert run.returncode == 130, out + said
        lines = [line for part in Path(f"{output}.parts").glob("*.jsonl") for line in part.read_bytes().splitlines()]
        kept = {row["id"] for row in map(json.loads, lines) if row["status"] == "ok"}
        assert 1 <= len(kept) < 100
        asked = len(server.requests)
        assert asked == 2 * len(kept)  # nothing that was asked is lost
        system.run(*words)
        assert len(server.requests) == 200
    assert len(rows_of(output)) == 100


def test_what_a_killed_run_left_half_written_is_removed_and_what_another_one_writes_is_not(
    system: System, clips: Path, tmp_path: Path
) -> None:
    old = tmp_path / ".framescribe-0123456789abcdef.tmp"
    old.write_bytes(b"half")
    os.utime(old, (1e9, 1e9))
    with ScriptedServer() as server:
        system.run(*caption(server, clips, tmp_path / "captions.jsonl"))
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


def test_easyanimates_scripts_run(system: System, clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "frames.csv"
    with ScriptedServer(tells()) as server:
        script = "framescribe.easyanimate.caption_video_frame"
        words = ("--video_folder", clips, "--base_url", server.url, "--saved_path", output)
        system.run(*words, module=script)
        with output.open(encoding="utf-8", newline="") as file:
            assert {row["video_path"] for row in csv.DictReader(file)} == GREYS.keys()


@pytest.mark.parametrize("command", ["caption", "serve", "doctor"])
def test_an_engine_that_cannot_be_started_here_is_one_line(system: System, command: str, clips: Path) -> None:
    if system.posix and sys.platform != "win32":
        pytest.skip("engines are started here")
    more = [clips, "-o", clips / "captions.jsonl"] if command == "caption" else []
    said = system.run(command, *more, "--engine", "vllm", "--model", "qwen3-vl-8b", code=2).stderr
    told = [line for line in said.splitlines() if line.startswith("framescribe: ")]
    assert len(told) == 1 and "on Linux and macOS" in told[0] and "--base-url" in told[0]


def test_a_drive_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"path": ntpath, "listdir": os.listdir, "access": os.access, "R_OK": os.R_OK}
    monkeypatch.setattr(found, "os", SimpleNamespace(**there))
    assert found.not_there(r"Q:\nowhere\clips\a.mp4").endswith(r"there is no folder Q:\nowhere")


def test_a_library_user_samples_frames(clips: Path) -> None:
    frames = framescribe.sample(clips / "dark.avi", 2)
    assert [abs(int(frame.image.mean()) - GREYS["dark.avi"]) <= 3 for frame in frames] == [True, True]
