"""Runs that are killed at random moments, over and over: at the end every video has one row, that of a straight run.

FRAMESCRIBE_TORTURE says how many runs are killed; `make torture` kills 200.
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


def command(folder, output, launcher=(), words=()):
    models = ("--model", "shapes-vlm", "--summary-model", "shapes-llm", "--sample", "uniform", "--frames", "4")
    return [sys.executable, *launcher, "-m", "framescribe", "caption", str(folder), *models, "-o", str(output), *words]


def parts(output):
    return {part.name: part.read_bytes() for part in output.with_name(output.name + ".parts").glob("*.jsonl")}


def hurt(run, victim, rng):
    """Kill one process of the run, or all; those below it that were there, or None where the victim was not yet."""
    others = below(run.pid)
    victims = {
        "worker": [rng.choice(list(others))] if others else [run.pid],
        "everything": [run.pid, *others],
        "actor": [pid for pid, line in others.items() if line.startswith("ray::Actor")],
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


@pytest.mark.timeout(60 + 30 * ROUNDS)
def test_killed_at_random_moments(demo_clips, tmp_path):
    rng = random.Random(ROUNDS)
    folder = tmp_path / "clips"
    folder.mkdir()
    for number in range(CLIPS):
        clip = demo_clips[number % len(demo_clips)].path
        shutil.copy(clip, folder / f"{number:02}{clip.suffix}")
    (folder / "99 broken.mp4").write_bytes(b"nothing")
    straight = tmp_path / "straight.jsonl"
    assert subprocess.run(command(folder, straight), env=ENVIRONMENT, capture_output=True).returncode == 3
    truth = content(straight)
    assert len(truth) == CLIPS + 1

    hits, finished, output = collections.Counter(), 0, tmp_path / "0.jsonl"
    while hits.total() < ROUNDS:
        victim = rng.choice(VICTIMS)
        launcher = TORCHRUN if victim == "rank" else ()
        words = ("--runner", "ray") if victim in ON_RAY else ()
        before = parts(output) if output.with_name(output.name + ".parts").is_dir() else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        said = command(folder, output, launcher, words)
        run = subprocess.Popen(said, env=ENVIRONMENT, start_new_session=True, **quiet)
        time.sleep(rng.uniform(0.5, 25 if victim in ON_RAY else 9))  # a cluster takes its time to begin
        there = hurt(run, victim, rng) if run.poll() is None else None
        if there is not None:
            hits[victim] += 1
        run.wait(120)
        until(lambda there=there: ended(there or ()), 30)
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
    print(", ".join(f"{victim} {count}" for victim, count in sorted(hits.items())))
    print(f"{hits.total()} runs killed, {finished + 1} results finished, every one as the straight one")
