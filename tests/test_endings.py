"""However a run ends, no process and no temporary file is left; a video that breaks its decoder costs only itself."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from framescribe.demo.clips import DemoClip
from framescribe.engines.servers.guard import descendants
from tests.servers import Act, ScriptedServer, answers, says, sleeps

MARK = "FRAMESCRIBE_TEST_MARK"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "framescribe", *map(str, words)]


def alive(mark: str) -> list[str]:
    """The processes that inherited the mark, zombies among our own children too."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it ended meanwhile, or is another user's
            continue
    return found


def twice(run: subprocess.Popen[str], number: signal.Signals = signal.SIGINT) -> None:
    run.send_signal(number)
    time.sleep(0.5)
    run.send_signal(number)


ENDS: dict[str, tuple[Callable[[subprocess.Popen[str]], None] | None, set[int], Act]] = {
    "normal": (None, {0}, says()),
    "Ctrl-C": (lambda run: run.send_signal(signal.SIGINT), {130}, sleeps(0.3)),
    "Ctrl-C twice": (twice, {130}, sleeps(3)),
    "SIGTERM": (lambda run: run.send_signal(signal.SIGTERM), {130}, sleeps(0.3)),
    "SIGTERM twice": (lambda run: twice(run, signal.SIGTERM), {130}, sleeps(3)),
    "SIGHUP": (lambda run: run.send_signal(signal.SIGHUP), {130}, sleeps(0.3)),
    "kill -9": (lambda run: run.kill(), {-9}, sleeps(0.3)),
    "an error of the run": (None, {1}, answers(401, "no")),
}


@LINUX
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_after(end: str, demo_clips: list[DemoClip], tmp_path: Path) -> None:
    stop, codes, act = ENDS[end]
    temporary, results = tmp_path / "tmp", tmp_path / "results"
    temporary.mkdir()
    results.mkdir()
    mark = f"{MARK}={secrets.token_hex(8)}"
    environment = {**os.environ, "TMPDIR": str(temporary), MARK: mark.partition("=")[2]}
    acts = (says(), act) if end == "an error of the run" else (act,)
    output = results / "frames.jsonl"
    parts = results / "frames.jsonl.parts"
    with ScriptedServer(*acts) as server:
        words = ("frames", demo_clips[0].path.parent, "--gate", "off", "--base-url", server.url, "-o", output)
        words += ("--requests", 1, "--decoders", 2, "--metrics-port", 0)
        run = subprocess.Popen(
            command(*words), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            if stop is not None:
                until = time.monotonic() + 120
                while not server.requests or len(descendants(run.pid)) < 2:
                    assert time.monotonic() < until and run.poll() is None
                    time.sleep(0.02)
                stop(run)
            _, said = run.communicate(timeout=60)
        finally:
            run.kill()
            run.wait()
        assert run.returncode in codes, said
        assert ("Traceback" in said) is False, said
        until = time.monotonic() + 60
        while alive(mark) and time.monotonic() < until:
            time.sleep(0.1)
        assert alive(mark) == []
        assert list(temporary.iterdir()) == []
        if end != "kill -9":
            left = {path.name for path in parts.iterdir()} - {path.name for path in parts.glob("*.jsonl")}
            assert left == {
                ".held",
                ".edits",
                "recipe.json",
                *((".finishing", "finished.json") if end == "normal" else ()),
            }
        server._acts = [says()]
        again = subprocess.run(command(*words), env=environment, capture_output=True, text=True, timeout=100)
        assert again.returncode == 0, again.stderr
    assert {path.name for path in results.iterdir()} == {"frames.jsonl", "frames.jsonl.parts"}
    left = {path.name for path in parts.iterdir()} - {path.name for path in parts.glob("*.jsonl")}
    assert left == {".held", ".edits", ".finishing", "finished.json", "recipe.json"}
    ids = [json.loads(line)["id"] for line in output.read_text().splitlines()]
    assert len(ids) == len(set(ids)) == len(demo_clips)


POISON = """
import sys
if "--multiprocessing-fork" in sys.orig_argv:  # a decoder's process: what native code may do to it
    import os, signal, time
    from framescribe.frames import pool
    decode = pool.sample_as
    def poisoned(path, *more, **options):
        if "crash" in path:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "hang" in path:
            signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals))
            while True:
                time.sleep(60)
        return decode(path, *more, **options)
    poisoned.__module__, poisoned.__qualname__ = decode.__module__, decode.__qualname__
    pool.sample_as = poisoned
"""


@LINUX
@pytest.mark.parametrize(
    "launcher",
    [
        (),
        pytest.param(("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"), marks=pytest.mark.slow),
    ],
    ids=["local", "ranks"],
)
def test_a_poisoned_video_costs_only_itself(
    launcher: tuple[str, ...], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for number, name in enumerate(("a", "b crash", "c", "d hang", "e", "f", "g crash", "h")):
        shutil.copy(demo_clips[0].path, clips / f"{number} {name}.mp4")
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "sitecustomize.py").write_text(POISON)
    path = os.pathsep.join(filter(None, (str(tmp_path / "python"), os.environ.get("PYTHONPATH"))))
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(says("A clip.")) as server:
        words = (
            "frames",
            clips,
            "--gate",
            "off",
            "--base-url",
            server.url,
            "-o",
            output,
            "--decode-timeout",
            8,
            "--decoders",
            2,
        )
        done = subprocess.run(
            [sys.executable, *launcher, *command(*words)[1:]],
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=200,
        )
    assert done.returncode == (0 if launcher else 3), done.stderr
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["error"] and row["error"]["kind"] for row in rows] == [
        *(None, "decode_crashed", None, "decode_timeout", None, None, "decode_crashed", None)
    ]
    assert all(row["frames"][0]["caption"] == "A clip." for row in rows if row["status"] == "ok")


def test_what_a_killed_writer_of_the_finished_file_left_goes_with_the_next_one(tmp_path: Path) -> None:
    code = (
        "import itertools, sys, time\n"
        "from framescribe.storage.tables import write_table\n"
        "def records():\n"
        "    yield {'a': 1}\n"
        "    print('writing', flush=True)\n"
        "    time.sleep(100)\n"
        "write_table(sys.argv[1], records())\n"
    )
    from framescribe.storage.tables import write_table
    from framescribe.storage.whole_file import JUST_BEGUN_SECONDS

    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / name)], stdout=subprocess.PIPE, text=True)
        for name in ("killed.jsonl", "lives.jsonl")
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None and writer.stdout.readline() == "writing\n"
        writers[0].kill()
        writers[0].wait()
        old = time.time() - JUST_BEGUN_SECONDS - 1
        for path in tmp_path.glob(".framescribe-*.tmp"):
            os.utime(path, (old, old))
        assert len(list(tmp_path.iterdir())) == 2
        write_table(tmp_path / "captions.jsonl", [{"a": 1}])
        assert sorted(path.suffix for path in tmp_path.iterdir()) == [
            ".jsonl",
            ".tmp",
        ]  # the one that lives keeps its own
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
