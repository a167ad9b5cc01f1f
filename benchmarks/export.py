"""Knows how to measure what exporting a result of a million rows takes: rows a second and memory; trains nothing.

    python benchmarks/export.py [--rows 100000,1000000] [--to csv,musubi-tuner/jsonl] [--folder DIR]

Rows have the size of a real recipe's: three frame captions, a caption and their provenance, 1.5 KB; their videos are a
few hundred files under as many names as there are rows. An export is measured from end to end, as the command does it:
the rows are read, chosen and fitted, the lists written, read back as the trainer reads them, and compared. Videos stay
where they are, where the layout allows it: what is measured are lists, not the disk's links. Each export is a process
of its own, so that its peak of memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from framescribe import registry
from framescribe.dataset.export import Options, export_rows
from framescribe.errors import UserError
from framescribe.formats.base import Layout
from framescribe.records import SCHEMA, FrameCaption, Row, VideoInfo
from framescribe.version import VERSION

FILES = 500
FRAME = "A man in a red jacket walks along a snowy street at night while cars pass by, their headlights on."
ENOUGH = 20_000.0  # rows a second, for lists
INFO = VideoInfo(duration=5.04, fps=24.0, width=1280, height=720, codec="h264", frames=121)


def write(output: Path, clips: Path, count: int) -> None:
    """A finished result of so many rows."""
    clips.mkdir(exist_ok=True)
    for number in range(FILES):
        (clips / f"{number:03}.mp4").write_bytes(b"film %d" % number)
    made = {"engine": "vllm", "model": "qwen3-vl-8b", "prompt_tokens": 1200, "completion_tokens": 300}
    stages = {
        "frames": {**made, "fingerprint": "a" * 16, "decoding": {"max_tokens": 512}, "fills": ["frames"]},
        "summary": {**made, "fingerprint": "b" * 16, "fills": ["caption"]},
    }
    with output.open("w") as file:
        for number in range(count):
            facts = {"fingerprint": f"quick:{number:032x}", "stamp": 1_767_225_600_000_000_000 + number}
            row = Row(
                id=f"clips/{number // 1000:05}/{number:09}.mp4",
                video_path=str(clips / f"{number % FILES:03}.mp4"),
                caption=f"Number {number}: {FRAME * 3}",
                status="ok",
                size=1_000_000 + number,
                video=INFO,
                frames=tuple(FrameCaption(index=k, time=k / 2, caption=FRAME) for k in range(3)),
                provenance={"schema": SCHEMA, "version": VERSION, "file": facts, "stages": stages},
            )
            file.write(row.as_line() + "\n")


def measure(output: Path, folder: Path, to: str) -> None:
    """One export, and what it took, as JSON on standard output."""
    name, _, layout = to.partition("/")
    started, spent = time.perf_counter(), time.process_time()
    done = export_rows(output, name, folder, layout or None, Options(videos="as-is"))
    took, cpu = time.perf_counter() - started, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps({"clips": done.clips, "seconds": took, "cpu": cpu, "bytes": peak}))


def listed() -> list[str]:
    """Every layout whose list can name videos outside of the data set's folder."""
    every: list[tuple[str, Layout]] = [
        (name, layout) for name, format in registry.load_all("formats").items() for layout in format.layouts
    ]
    return [f"{name}/{layout.name}" for name, layout in every if layout.videos == "listed"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default="100000,1000000", help="how many, several after commas")
    parser.add_argument("--to", help="formats, or FORMAT/LAYOUT; by default every list that takes videos as they are")
    parser.add_argument("--folder", type=Path, help="where the results and exports are written; by default a new one")
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        output, folder, to = options.measure
        try:
            return measure(Path(output), Path(folder), to)
        except UserError as error:
            sys.exit(str(error))
    where = options.folder or Path(tempfile.mkdtemp(prefix="export-"))
    where.mkdir(parents=True, exist_ok=True)
    print("| rows | format | rows/s | CPU s | MB | |\n|---|---|---|---|---|---|")
    try:
        for count in map(int, options.rows.split(",")):
            output = where / f"captions-{count}.jsonl"
            write(output, where / "clips", count)
            for to in options.to.split(",") if options.to else listed():
                folder = where / "set"
                shutil.rmtree(folder, ignore_errors=True)
                command = [sys.executable, os.path.abspath(__file__), "--measure", str(output), str(folder), to]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    print(f"| {count:,} | {to} | {(done.stderr.strip().splitlines() or ['?'])[-1]} | | | |", flush=True)
                    continue
                found = json.loads(done.stdout)
                speed = found["clips"] / found["seconds"]
                mark = "" if speed >= ENOUGH else f"below {ENOUGH:,.0f}"
                print(
                    f"| {count:,} | {to} | {speed:,.0f} | {found['cpu']:.1f} | {found['bytes'] / 1e6:,.0f} | {mark} |",
                    flush=True,
                )
    finally:
        if options.folder is None:
            shutil.rmtree(where)


if __name__ == "__main__":
    main()
