"""Knows whether a long run stays flat: memory, open files and processes of a real run over tens of thousands of videos.

    python benchmarks/endurance.py [--videos 20000] [--decoders 2] [--frames 2]

One small film under many ids, decoded each time, captioned by a server in a process of its own that only says yes, and
summarised: the client, its decoders and its parts do all that they do in a real run. Every ten seconds it reads /proc;
at the end it prints what it saw as the run went on, and the growth per thousand videos after the first fifth, in
which caches fill and the decoders reach their size. Linux only.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from opens import made
from responders import yes

from framescribe.engines.servers.guard import descendants

LOOK_SECONDS = 10.0
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Look:
    """What was there at one moment: rows written, resident bytes of the run's own process and of all below it, open
    files of the former, processes below it, and all its own CPU seconds."""

    seconds: float
    rows: int
    driver: int
    below: int
    files: int
    processes: int
    cpu: float


def resident(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * PAGE
    except OSError:  # it ended meanwhile
        return 0


def look(process: int, parts: Path, started: float, counted: dict[Path, tuple[int, int]]) -> Look:
    below = descendants(process)
    for part in parts.glob("*.jsonl"):  # only what was added since
        place, rows = counted.get(part, (0, 0))
        with part.open("rb") as file:
            file.seek(place)
            added = file.read()
        counted[part] = place + len(added), rows + added.count(b"\n")
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return Look(
        seconds=time.monotonic() - started,
        rows=sum(rows for _, rows in counted.values()),
        driver=resident(process),
        below=sum(map(resident, below)),
        files=len(os.listdir(f"/proc/{process}/fd")),
        processes=len(below),
        cpu=(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
    )


def growth(looks: list[Look], name: str) -> float:
    """The slope of the best straight line through what was seen after the first fifth, per thousand videos."""
    late = [each for each in looks if each.rows > looks[-1].rows / 5]
    x, y = [each.rows / 1000 for each in late], [getattr(each, name) for each in late]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    spread = sum((one - middle_x) ** 2 for one in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / spread if spread else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description="Does a long run stay flat?")
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--decoders", type=int, default=2)
    parser.add_argument("--frames", type=int, default=2)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, yes() as url:
        here = Path(folder)
        film = next(path for path in made(here) if path.name == "a.mp4")
        with (here / "list.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("path", "code"), *((film, number) for number in range(args.videos))])
        output = here / "captions.jsonl"
        words = ["caption", here / "list.csv", "--id-column", "code", "--base-url", url, "-o", output, "--no-preflight"]
        words += ["--sample", "uniform", "--frames", args.frames, "--decoders", args.decoders, "--metrics-port", 0]
        command = [sys.executable, "-m", "framescribe", *map(str, words), "--quiet"]
        started, looks = time.monotonic(), list[Look]()
        counted: dict[Path, tuple[int, int]] = {}
        run = subprocess.Popen(command)
        try:
            print(
                "  seconds     rows   driver, MB   below, MB   open files   processes below   driver CPU s", flush=True
            )
            next_line = 0
            while True:
                time.sleep(LOOK_SECONDS if looks else 5.0)
                if run.poll() is not None:
                    break
                now = look(run.pid, here / "captions.jsonl.parts", started, counted)
                looks.append(now)
                if now.rows >= next_line:
                    next_line = now.rows + args.videos // 20
                    print(
                        f"{now.seconds:9.0f} {now.rows:8,} {now.driver / 1e6:12.1f} {now.below / 1e6:11.1f} "
                        f"{now.files:12} {now.processes:17} {now.cpu:14.1f}",
                        flush=True,
                    )
            seconds = time.monotonic() - started
        finally:
            run.kill()
            run.wait()
        rows = sum(1 for _ in output.open())
    print(f"\n{rows:,} rows in {seconds:.0f} s, exit code {run.returncode}")
    print(f"a row costs the driver {1e3 * looks[-1].cpu / looks[-1].rows:.2f} ms of CPU")
    print("growth for a thousand videos after the first fifth:")
    for name, what, unit, by in (
        ("driver", "the driver's memory", "KB", 1e3),
        ("below", "memory of the processes below it", "KB", 1e3),
        ("files", "its open files", "", 1),
        ("processes", "processes below it", "", 1),
    ):
        print(f"  {what:34} {growth(looks, name) / by:8.2f} {unit}")


if __name__ == "__main__":
    main()
