"""Runs that are killed at random moments, over and over: at the end every video has one row, that of a straight run.

FRAMESCRIBE_TORTURE says how many runs are killed; `make torture` kills 200.
"""

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

from framescribe.engines.guard import descendants
from tests.runs import content

ROUNDS = int(os.environ.get("FRAMESCRIBE_TORTURE", "20"))
CLIPS = 48
VICTIMS = ("run", "run", "worker", "rank", "everything")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def command(folder, output, launcher=()):
    models = ("--model", "shapes-vlm", "--summary-model", "shapes-llm", "--sample", "uniform", "--frames", "4")
    return [sys.executable, *launcher, "-m", "framescribe", "caption", str(folder), *models, "-o", str(output)]


def parts(output):
    return {part.name: part.read_bytes() for part in output.with_name(output.name + ".parts").glob("*.jsonl")}


def gone(pids, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids):
            return True
        time.sleep(0.1)
    return False


def hurt(run, victim, rng):
    """Kill one process of the run, or all; the processes that were there."""
    below = descendants(run.pid)
    if victim == "worker" and below:
        os.kill(rng.choice(below), signal.SIGKILL)
    elif victim == "everything":
        for pid in [run.pid, *below]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    else:
        os.kill(run.pid, signal.SIGKILL)
    return below


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

    killed, finished, output = 0, 0, tmp_path / "0.jsonl"
    while killed < ROUNDS:
        victim = rng.choice(VICTIMS)
        launcher = TORCHRUN if victim == "rank" else ()
        before = parts(output) if output.with_name(output.name + ".parts").is_dir() else {}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run = subprocess.Popen(command(folder, output, launcher), env=ENVIRONMENT, start_new_session=True, **quiet)
        time.sleep(rng.uniform(0.5, 9))
        below = []
        if run.poll() is None:
            killed += 1
            below = hurt(run, victim, rng)
        run.wait(120)
        assert gone(below), "something outlived the run that was killed"
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
    print(f"{killed} runs killed, {finished + 1} results finished, every one as the straight one")
