"""Runs that are killed at random moments, over and over: at the end every video has one row, that of a straight run.

FRAMESCRIBE_TORTURE says how many runs are killed, and a quarter as many with servers of their own; `make torture`: 200.
"""

import collections
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.runs import TORCHRUN, below, content, gone, until

ROUNDS = int(os.environ.get("FRAMESCRIBE_TORTURE", "20"))
CLIPS = 48
VICTIMS = ("run", "run", "run", "worker", "worker", "rank", "rank", "everything", "everything", "actor", "driver")
ON_RAY = ("actor", "driver")
RAYS_AGENTS = (b"ray::DashboardAgent", b"ray::RuntimeEnvAgent")  # they end a minute after their node
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


# What it says of a picture is the picture's own, so that answers that are mixed up show.
SERVER = """
import asyncio, hashlib, sys
from aiohttp import web

words = sys.argv[1:]

async def chat(request):
    await asyncio.sleep(0.1)
    seen = hashlib.sha256((await request.read())).hexdigest()
    message = {"role": "assistant", "content": f"A picture that is {seen}."}
    return web.json_response({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

async def models(request):
    return web.json_response({"data": [{"id": words[words.index("--served-model-name") + 1]}]})

async def health(request):
    return web.Response()

app = web.Application(client_max_size=2**26)
app.router.add_post("/v1/chat/completions", chat)
app.router.add_get("/v1/models", models)
app.router.add_get("/health", health)
web.run_app(app, host="127.0.0.1", port=int(words[words.index("--port") + 1]), print=None)
"""


def framescribe(*words, launcher=()):
    frames = ("--sample", "uniform", "--frames", "4")
    return [sys.executable, *launcher, "-m", "framescribe", *map(str, words), *frames]


def captions(folder, output, victim=""):
    """The command that captions with the built-in models."""
    launcher = TORCHRUN if victim == "rank" else ()
    words = ("--runner", "ray") if victim in ON_RAY else ()
    words += ("--check-limit", "duplicate.likeness=1")  # several processes only flag: here copies, which all only flag
    models = ("--model", "shapes-vlm", "--summary-model", "shapes-llm")
    return framescribe("caption", folder, *models, "-o", output, *words, launcher=launcher)


def with_a_server(folder, output, victim=""):
    """The command that starts a server of its own."""
    program = folder.with_name("server.py")
    program.write_text(SERVER)
    engine = (
        "--requests",
        "4",
        "--engine",
        "vllm",
        "--engine-command",
        f"{sys.executable} {program}",
        "--model",
        "some/model",
    )
    return framescribe("frames", folder, *engine, "--no-preflight", "-o", output)


def parts(output):
    return {part.name: part.read_bytes() for part in output.with_name(output.name + ".parts").glob("*.jsonl")}


def hurt(run, victim, rng):
    """Kill one process of the run, or all; those below it that were there, or None where the victim was not yet."""
    others = below(run.pid)
    victims = {
        "worker": [rng.choice(list(others))] if others else [run.pid],
        "everything": [run.pid, *others],
        "actor": [pid for pid, line in others.items() if line.startswith("ray::Actor")],
        "server": [pid for pid, line in others.items() if "server.py" in line and "guard.py" not in line],
    }.get(victim, [run.pid])
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return list(others) if victims else None


def ended(pids):
    """Whether none of them runs any more, but for Ray's agents, which get their names a moment after they begin."""
    for pid in pids:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if not words.startswith(RAYS_AGENTS) and not gone([pid]):
                return False
    return True


def torture(command, victims, rounds, folder, tmp_path):
    """What became of it, in a line."""
    rng = random.Random(rounds)
    straight = tmp_path / "straight.jsonl"
    assert subprocess.run(command(folder, straight), env=ENVIRONMENT, capture_output=True).returncode == 3
    truth = content(straight)
    assert len(truth) == CLIPS + 1

    hits, finished, output = collections.Counter(), 0, tmp_path / "0.jsonl"
    while hits.total() < rounds:
        victim = rng.choice(victims)
        before = parts(output) if output.with_name(output.name + ".parts").is_dir() else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run = subprocess.Popen(command(folder, output, victim), env=ENVIRONMENT, start_new_session=True, **quiet)
        time.sleep(rng.uniform(0.5, 25 if victim in ON_RAY else 9))  # a cluster takes its time to begin
        there = hurt(run, victim, rng) if run.poll() is None else None
        if there is not None:
            hits[victim] += 1
        run.wait(300)
        until(lambda there=there: ended(there or ()), 120)
        after = parts(output)
        for name, held in before.items():
            assert after[name].startswith(held), "a part was rewritten"
        if output.exists():
            assert content(output) == truth
            finished += 1
            output = tmp_path / f"{finished}.jsonl"
    assert subprocess.run(command(folder, output), env=ENVIRONMENT, capture_output=True).returncode == 3
    assert content(output) == truth
    left = {path.name for path in tmp_path.rglob("*") if path.name.endswith(".tmp") or ".tmp" in path.suffixes}
    assert not left, left
    return (
        f"{', '.join(f'{victim} {count}' for victim, count in sorted(hits.items()))}\n"
        f"{hits.total()} runs killed, {finished + 1} results finished, every one as the straight one"
    )


@pytest.fixture
def folder(demo_clips, tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(CLIPS):
        clip = demo_clips[number % len(demo_clips)].path
        shutil.copy(clip, folder / f"{number:02}{clip.suffix}")
    (folder / "99 broken.mp4").write_bytes(b"nothing")
    return folder


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_killed_at_random_moments(folder, tmp_path):
    print(torture(captions, VICTIMS, ROUNDS, folder, tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_killed_at_random_moments_with_a_server_of_its_own(folder, tmp_path):
    print(torture(with_a_server, ("server", "server", "run", "everything"), ROUNDS // 4, folder, tmp_path))
