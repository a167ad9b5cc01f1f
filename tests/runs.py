"""Knows how runs are started as users start them, alone or by launchers, and how to look at what they left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from framescribe.engines.servers.guard import descendants

MODELS = ("--model", "shapes-vlm", "--summary-model", "shapes-llm", "--sample", "uniform", "--frames", "3")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ACCELERATE = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")


@contextmanager
def running(*words: object, launcher: Iterable[str] = (), **environment: str) -> Iterator[subprocess.Popen[str]]:
    """framescribe with these words, in a session of its own; ended with the block at the latest."""
    quiet = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **environment}
    run = subprocess.Popen(
        [sys.executable, *launcher, "-m", "framescribe", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **quiet},
        start_new_session=True,
    )
    try:
        yield run
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        assert run.stdout is not None
        run.stdout.close()


@contextmanager
def cluster(*machines: int, **head: object) -> Iterator[Any]:
    """A Ray cluster with a head of this kind and machines with so many CPUs, all on this one; ended with the block."""
    from ray.cluster_utils import Cluster

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **head})
    try:
        for cpus in machines:
            made.add_node(num_cpus=cpus)
        yield made
    finally:
        made.shutdown()
        for number, handler in handlers.items():  # Ray takes them for its own
            signal.signal(number, handler)


def ended(run: subprocess.Popen[str], seconds: float = 300) -> tuple[int, str]:
    """Its exit code and all that it said."""
    said, _ = run.communicate(timeout=seconds)
    return run.returncode, said


def alone(*words: object) -> str:
    """What a run in one process says; all its videos are done, well or not."""
    done = subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode in (0, 3), done.stderr
    return done.stderr


def content(output: Path) -> list[dict[str, Any]]:
    """The finished file's rows in their order, without what may depend on how they came about: of the provenance what
    the file was, what was asked of each stage and what came of it, but no tokens, attempts or times."""
    rows = []
    for line in output.read_text().splitlines():
        row = json.loads(line)
        stages = {
            stage: {name: made[name] for name in ("fingerprint", "fills", "output", "flags") if name in made}
            for stage, made in row["provenance"]["stages"].items()
        }
        row["provenance"] = {"file": row["provenance"]["file"].get("fingerprint"), "stages": stages}
        rows.append(row)
    return rows


def writers(output: Path) -> list[int]:
    """How many rows each process wrote. A part without any only marks where the finished file ends."""
    parts = output.with_name(output.name + ".parts").glob("*.jsonl")
    return sorted(count for part in parts if (count := part.read_bytes().count(b"\n")))


def until(true: Callable[[], object], seconds: float = 300) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def below(process: int, name: str = "") -> dict[int, str]:
    """The processes below one, with their command lines, where these hold `name`."""
    found = {}
    for pid in descendants(process):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if name in words:
            found[pid] = words
    return found


def gone(processes: Iterable[int]) -> bool:
    """Whether none of them runs any more."""
    for pid in processes:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                return False
        except OSError:
            continue
    return True
