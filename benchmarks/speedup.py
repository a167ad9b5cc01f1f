"""Knows how to measure what more workers bring: requests at once, torchrun's ranks, and Ray's actors; judges nothing.

    python benchmarks/speedup.py [--workers 1,2,4,8] [--seconds 1] [--each 12] [--turns 3]

All use one server that answers each request after the same time, so that having few cores does not hide what is
measured: how well the workers are kept busy. A worker is one request at a time, or a rank or an actor with one. Videos
have one frame, and there are `--each` of them for each worker. Start-up and run-out do not count: the window begins
when as many requests are in flight as there are workers, and ends when the last request comes. "Linear" means workers
that send the next request the moment they are answered: their number over the time of an answer. The median counts.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from responders import yes

from framescribe.demo.clips import demo_clips

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
BOUNDS = {"requests at once": 0.95, "torchrun ranks": 0.9, "Ray actors": 0.9}


def window(times: Sequence[tuple[float, float]], workers: int) -> tuple[float, int]:
    """Its seconds, and how many answers came in it; from pairs of (came, answered)."""
    events = sorted([(came, 1) for came, _ in times] + [(answered, -1) for _, answered in times])
    under_way, begin = 0, None
    for moment, change in events:
        under_way += change
        if under_way == workers:
            begin = moment
            break
    if begin is None:
        sys.exit(f"there were never {workers} requests at once")
    end = max(came for came, _ in times)
    return end - begin, sum(begin < answered <= end for _, answered in times)


@contextmanager
def cluster(workers: int) -> Iterator[str]:
    """The address of a Ray cluster on this machine that believes it has this many CPUs."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": workers, "include_dashboard": False})
    try:
        yield made.address
    finally:
        made.shutdown()


def run(words: Sequence[str], launcher: Sequence[str] = ()) -> None:
    done = subprocess.run(
        [sys.executable, *launcher, "-m", "framescribe", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    if done.returncode:
        sys.exit(done.stdout)


def measure(how: str, count: int, words: list[str], address: str) -> None:
    """One run by `count` workers."""
    if how == "requests at once":
        run([*words, "--requests", str(count)])
    elif how == "torchrun ranks":
        run([*words, "--requests", "1", "--decoders", "1"], [*TORCHRUN, str(count)])
    else:
        ray = ("--runner", "ray", "--ray-address", address, "--replicas", str(count))
        run([*words, "--requests", "1", "--decoders", "1", *ray])


def main() -> None:
    parser = argparse.ArgumentParser(description="What more workers bring.")
    parser.add_argument("--workers", default="1,2,4,8")
    parser.add_argument("--seconds", type=float, default=1.0, help="that an answer takes")
    parser.add_argument("--each", type=int, default=12, help="videos for each worker")
    parser.add_argument("--turns", type=int, default=3)
    args = parser.parse_args()
    counts = [int(count) for count in args.workers.split(",")]
    rates: dict[tuple[str, int], list[float]] = {(how, count): [] for how in BOUNDS for count in counts}
    with tempfile.TemporaryDirectory() as name, yes(args.seconds) as url, cluster(max(counts)) as address:
        folder = Path(name)
        clips = [str(clip.path) for clip in demo_clips(folder, seed=0, count=12)]
        for turn in range(args.turns):
            for (how, count), found in rates.items():
                listed, output = folder / "list.csv", folder / f"{turn}-{len(found)}-{how}-{count}.jsonl"
                with listed.open("w", newline="") as file:
                    videos = ((number, clips[number % len(clips)]) for number in range(count * args.each))
                    csv.writer(file).writerows([("code", "path"), *videos])
                words = ["frames", str(listed), "--id-column", "code", "--base-url", url, "--model", "none"]
                measure(how, count, [*words, "--no-preflight", "-o", str(output)], address)
                with urllib.request.urlopen(f"{url}/times") as told:
                    seconds, answers = window(json.load(told), count)
                found.append(answers / seconds)
    print(f"{args.seconds:g} s an answer, {args.each} videos of one frame for each worker, {args.turns} turns\n")
    print("| workers | | answers/s | of linear | each turn | bound |\n|---|--:|--:|--:|---|---|")
    for (how, count), found in rates.items():
        shares = [rate * args.seconds / count for rate in found]
        share = statistics.median(shares)
        each = ", ".join(f"{one:.2f}" for one in shares)
        met = "met" if share >= BOUNDS[how] else "NOT met"
        print(f"| {how} | {count} | {statistics.median(found):.2f} | {share:.3f} | {each} | {BOUNDS[how]:.2f} {met} |")


if __name__ == "__main__":
    main()
