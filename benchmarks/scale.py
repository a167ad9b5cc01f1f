"""Knows how to measure what a result of a million rows costs to resume, inspect and finish; captions nothing.

    python benchmarks/scale.py [--rows 100000,1000000] [--folder DIR] [--steps first,resume,...]

Rows have the size of a real recipe's: three frame captions and a caption, 1.6 KB. Each measurement is a process of
its own, so that its peak of memory is its own; the list of videos is part of that, the time for making it is not.
Seconds are wall-clock and CPU. A resume is what the same command does when nothing is left: the parts are read, the
plan is made over the list of videos, and the parts are made ready for writing. "first" is one when no part has an
index yet, as after a run of an older version. "resummarise" plans what a new summary prompt needs:
every summary, from the frame captions that are there. "status" is the command, without the start of Python; "read"
makes every row. "growth" is the CPU time of a row as a multiple of that with the fewest rows: 1.0 is linear. The last
line compares JSON parsers, and so tells machines apart.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pydantic_core import from_json

from framescribe.cli.status import status
from framescribe.packed import PackedVideos
from framescribe.records import SCHEMA, FrameCaption, Row, Video
from framescribe.results.rows import Results
from framescribe.strategies.base import StageWanted
from framescribe.version import VERSION

WANTED = (
    StageWanted(name="frames", sees=True, recipe="a" * 16),
    StageWanted(name="summary", after=("frames",), recipe="b" * 16),
)
STAMP = 1_767_225_600_000_000_000  # a time of modification in nanoseconds, as folders give it
FRAME = "A man in a red jacket walks along a snowy street at night while cars pass by, their headlights on."
STEPS = ("first", "resume", "resummarise", "status", "read", "finish")
BOUNDS = {"resume": (60.0, 2**31), "status": (60.0, 2**31)}  # CPU seconds and bytes for ten million rows
MARK = 123_456_789  # where the row's number goes


def name(number: int) -> str:
    return f"clips/{number // 1000:05}/{number:09}.mp4"


def video(number: int) -> Video:
    return Video(id=name(number), path=f"/data/{name(number)}", size=1_000_000 + number, stamp=STAMP + number)


def write(output: Path, count: int) -> None:
    """The parts of a run that is done, as eight writers would have left them."""
    results = Results(output)
    results.begin({"inputs": count})
    results.close()
    made = {"engine": "vllm", "model": "qwen3-vl-8b", "prompt_tokens": 1200, "completion_tokens": 300}
    stages = {
        "frames": {**made, "fingerprint": "a" * 16, "decoding": {"max_tokens": 512}, "fills": ["frames"]},
        "summary": {**made, "fingerprint": "b" * 16, "fills": ["caption"]},
    }
    line = _line(stages)
    for writer in range(8):
        with (results.parts / f"20260101T000000.00000000{writer}-host-{writer}.jsonl").open("w") as part:
            part.writelines(line(number) for number in range(writer, count, 8))


def _line(stages: dict[str, object]) -> Callable[[int], str]:
    """What makes the line of a row: one was written as rows are, and only what differs is put into it."""

    def parts(number: int) -> list[str]:
        return [name(number), f"{number:032x}", str(STAMP + number), str(1_000_000 + number)]

    row = Row(
        id=name(MARK),
        video_path=f"/data/{name(MARK)}",
        caption=FRAME * 3,
        status="ok",
        size=1_000_000 + MARK,
        frames=tuple(FrameCaption(index=k, time=k / 2, caption=FRAME) for k in range(3)),
        provenance={
            "schema": SCHEMA,
            "version": VERSION,
            "file": {"fingerprint": f"quick:{MARK:032x}", "stamp": STAMP + MARK},
            "stages": stages,
        },
    )
    text = f"{row.as_line()}\n".replace("{", "{{").replace("}", "}}")
    for place, one in enumerate(parts(MARK)):
        text = text.replace(one, f"{{{place}}}")
    assert text.format(*parts(MARK)) == f"{row.as_line()}\n"
    return lambda number: text.format(*parts(number))


def measure(step: str, output: Path, count: int) -> None:
    """One step, and what it took, as JSON on standard output."""
    videos = PackedVideos(map(video, range(0 if step in ("status", "read") else count)))
    started, spent = time.perf_counter(), time.process_time()
    take(step, output, videos, count)
    taken = {"wall": time.perf_counter() - started, "cpu": time.process_time() - spent}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({**taken, "bytes": peak}))


def take(step: str, output: Path, videos: PackedVideos, count: int) -> None:
    if step == "status":
        said = io.TextIOWrapper(io.BytesIO(), "utf-8")
        with contextlib.redirect_stdout(said):
            status(str(output), as_json=True)
        said.seek(0)
        assert json.load(said)["statuses"] == {"ok": count}
        return
    results = Results(output)
    if step in ("first", "resume"):
        assert results.plan(videos, WANTED).done == count
        results.begin({"inputs": count})
        results.close()
    elif step == "resummarise":
        other = (WANTED[0], replace(WANTED[1], recipe="c" * 16))
        plan = results.plan(videos, other)
        assert len(plan.todo) == plan.later_stages == count
        assert all(todo.way.keep == ("frames",) for todo in plan.todo)
    elif step == "read":
        assert sum(row.status == "ok" for row in results.rows()) == count
    else:
        results.finish(videos)


def parse(output: Path) -> None:
    """Print the CPU time of parsing a line the way rows are, and with `json`, in turns, and the median ratio."""
    parts = sorted(output.with_name(f"{output.name}.parts").glob("*.jsonl"))
    lines = list(itertools.islice((line for part in parts for line in part.open("rb")), 100_000))
    turns = []
    for _ in range(5):
        turn = []
        for read in (from_json, json.loads):
            spent = time.process_time()
            for line in lines:
                read(line)
            turn.append(1e6 * (time.process_time() - spent) / len(lines))
        turns.append(turn)
    ours, plain = (statistics.median(column) for column in zip(*turns, strict=True))
    ratio = statistics.median(theirs / own for own, theirs in turns)
    print(f"a line parsed as rows are: {ours:.1f} us of CPU; by `json`: {plain:.1f} us; ratio {ratio:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description="What a result of many rows costs.")
    parser.add_argument("--rows", default="100000,1000000", help="10000000 needs 16 GB of disk, twice")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--folder", type=Path, help="where the rows are made; 1.6 KB each, twice")
    parser.add_argument("--measure", nargs=2, metavar=("STEP", "COUNT"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure[0], args.folder / "captions.jsonl", int(args.measure[1]))
        return
    print(f"{'rows':>10} {'step':11} {'clock s':>8} {'CPU s':>8} {'us a row':>9} {'growth':>7} {'peak MB':>8}")
    fewest: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        counts = [int(count) for count in args.rows.split(",")]
        for count in counts:
            here = Path(folder) / str(count)
            here.mkdir()
            write(here / "captions.jsonl", count)
            for step in args.steps.split(","):
                command = [sys.executable, __file__, "--folder", str(here), "--measure", step, str(count)]
                said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                each = 1e6 * said["cpu"] / count
                growth = each / fewest.setdefault(step, each)
                print(
                    f"{count:>10,} {step:11} {said['wall']:8.1f} {said['cpu']:8.1f} {each:9.1f} {growth:7.2f} "
                    f"{said['bytes'] / 1e6:8.0f}",
                    flush=True,
                )
                if step in BOUNDS and count == 10_000_000:
                    seconds, most = BOUNDS[step]
                    met = said["cpu"] <= seconds and said["bytes"] <= most
                    print(f"{'':10} bound of {seconds:.0f} s and 2 GiB for ten million: {'met' if met else 'NOT met'}")
            if count != counts[-1]:
                shutil.rmtree(here)
        parse(here / "captions.jsonl")  # last: a process started after it would begin with this one's peak of memory


if __name__ == "__main__":
    main()
