"""Knows how a comparison of framescribe's decoder with other ways to the same frames is run; knows no decoder.

    python benchmarks/frames.py [FOLDER or FILES] [--repeat 5] [--only METHOD,...] [--tasks TASK,...] [-o table.md]

Default: a few files that it makes itself, in a temporary folder. `pip install -r benchmarks/requirements.txt` for the
rivals; one that is not installed is left out.

Per file and task, each method is called once to warm up, and these pictures are judged against a full decode; fitted
ones by what the method gives for the same frames at native size (`truth`). Then
each method that was right is called in turn with framescribe, `--repeat` times; which of the two comes first changes
each time. A method's cost is the ratio within such a pair; the median of the pairs stands for the file.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import report
from films import make_films
from report import File, Record, Task
from rivals import METHODS, OURS, Fault, Job, Reading, Worker, timed, truths
from truth import Truth, keep, misfit, mistake

FITTED = 1024 * 576  # pixels: 1024 on the longest side of a 16:9 picture
TASKS = {
    "mid": Task("the middle frame, native size", "mid", 1, None),
    "8": Task("8 uniform frames, native size", "uniform", 8, None),
    "8-fitted": Task(f"8 uniform frames, fitted to {FITTED:,} pixels", "uniform", 8, FITTED),
    "32-fitted": Task(f"32 uniform frames, fitted to {FITTED:,} pixels", "uniform", 32, FITTED),
}
NO_VIDEO = {".csv", ".json", ".jsonl", ".md", ".txt", ".py"}
TRUTH_LIMIT = 1800.0  # seconds; a full decode of a long film takes its time


def main() -> None:
    options = arguments()
    # For code that would start threads despite the options of its own library.
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: report what there is
    with tempfile.TemporaryDirectory(prefix="frames-") as made:
        given = options.files or make_films(Path(made))
        methods = [OURS, *(name for name in METHODS if name != OURS and (not options.only or name in options.only))]
        machine, load = report.machine(methods), os.getloadavg()
        with tempfile.TemporaryDirectory(prefix="frames-") as folder:
            bench = Bench(methods, options.repeat, options.timeout, Path(folder))
            try:
                for path, name in sorted(found(given), key=lambda pair: pair[1]):
                    bench.file(path, name, {key: TASKS[key] for key in options.tasks or TASKS})
            except KeyboardInterrupt:
                print("Stopped; this is what there is.", file=sys.stderr)
            finally:
                bench.close()
    machine["load"] = f"{load[0]:.1f} of {os.cpu_count()} cores at the start, {os.getloadavg()[0]:.1f} at the end"
    machine["measured"] = f"pairs per file, task and method: {options.repeat}; files in the page cache"
    text = report.markdown(machine, bench.missing, TASKS, bench.files, bench.records)
    for output in options.output or []:
        if output.suffix == ".json":
            data = {
                "machine": machine,
                "missing": bench.missing,
                "files": [asdict(file) for file in bench.files],
                "records": [asdict(record) for record in bench.records],
            }
            output.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        else:
            output.write_text(text, encoding="utf-8")
    if not options.output:
        print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="framescribe's decoder beside other ways to the same frames")
    parser.add_argument("files", nargs="*", type=Path, help="videos and folders of them; none: a few are made")
    parser.add_argument("--repeat", type=int, default=5, help="pairs of calls per file, task and method (5)")
    parser.add_argument("--only", type=partial(names, METHODS), help=f"of {', '.join(METHODS)}; with commas")
    parser.add_argument("--tasks", type=partial(names, TASKS), help=f"of {', '.join(TASKS)}; with commas")
    parser.add_argument("--timeout", type=float, default=30.0, help="seconds for one call (30)")
    parser.add_argument("-o", "--output", type=Path, action="append", help="a .md or .json file; may be repeated")
    return parser.parse_args()


def names(known: Collection[str], text: str) -> list[str]:
    wanted = [name.strip() for name in text.split(",")]
    for name in wanted:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
    return wanted


def found(given: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Files and the names that they have in the report."""
    for path in given:
        if path.is_dir():
            inner = (file for file in path.rglob("*") if file.is_file() and file.suffix.lower() not in NO_VIDEO)
            yield from ((file, file.relative_to(path).as_posix()) for file in inner)
        else:
            yield path, path.name


class Bench:
    """One run: a worker per method, and what was found so far."""

    def __init__(self, methods: Sequence[str], repeat: int, limit: float, folder: Path) -> None:
        self.files: list[File] = []
        self.records: list[Record] = []
        self.missing: dict[str, str] = {}
        self._repeat, self._limit, self._folder = repeat, limit, folder
        self._truths = Worker(truths)
        self._workers: dict[str, Worker] = {}
        for name in methods:
            worker = Worker(partial(timed, name))
            if worker.missing:
                worker.close()
                self.missing[name] = worker.missing
            else:
                self._workers[name] = worker
        if OURS not in self._workers:
            raise SystemExit(f"framescribe itself is not installed: {self.missing[OURS]}")

    def close(self) -> None:
        for worker in (self._truths, *self._workers.values()):
            worker.close()

    def file(self, path: Path, name: str, tasks: dict[str, Task]) -> None:
        print(name, end=" ", flush=True, file=sys.stderr)
        truth = self._truths.ask(str(path), TRUTH_LIMIT)
        if isinstance(truth, Fault) or truth.trouble:
            why = truth.what.replace(str(path), path.name) if isinstance(truth, Fault) else truth.trouble
            self.files.append(File(name, left_out=why))
            print(f"is left out: {why}", file=sys.stderr)
            return
        self.files.append(File(name, report.kinds(truth), len(truth.stamps), truth.seconds))
        jobs = {key: job_of(path, task, truth, self._limit) for key, task in tasks.items()}
        # A picture that need not shrink makes the fitted task the native one.
        jobs = {key: job for key, job in jobs.items() if job.shrinks or key != "8-fitted" or "8" not in jobs}
        with tempfile.TemporaryDirectory(dir=self._folder) as truths_folder:
            keep(str(path), neighbourhoods(jobs.values(), len(truth.stamps)), Path(truths_folder))
            for key, job in jobs.items():
                print(key, end=" ", flush=True, file=sys.stderr)
                self._task(name, key, job, truth, Path(truths_folder))
        print(file=sys.stderr)

    def _task(self, file: str, task: str, job: Job, truth: Truth, true: Path) -> None:
        records = {name: self._judged(file, task, name, job, truth, true) for name in self._workers}
        self.records += records.values()
        if records[OURS].outcome != "right":
            return
        for name, record in records.items():
            if name != OURS and record.outcome == "right":
                for turn in range(self._repeat):
                    self._pair(records[OURS], record, job, ours_first=turn % 2 == 0)

    def _judged(self, file: str, task: str, name: str, job: Job, truth: Truth, true: Path) -> Record:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            native = replace(job, max_pixels=None, size=(truth.width, truth.height), shrinks=False)
            answers = [
                self._pictures(name, each, Path(folder) / str(each.shrinks))
                for each in ([native, job] if job.shrinks else [native])
            ]
            for answer in answers:
                if isinstance(answer, Fault):
                    return Record(file, task, name, answer.kind, answer.what)
            pictures = [answer for answer in answers if not isinstance(answer, Fault)]
            what = mistake(pictures[0], job.numbers, truth, true) or (
                misfit(pictures[1], pictures[0]) if job.shrinks else ""
            )
            return Record(file, task, name, "wrong" if what else "right", what)

    def _pictures(self, name: str, job: Job, folder: Path) -> list[np.ndarray] | Fault:
        folder.mkdir()
        answer = self._ask(name, job, str(folder))
        if isinstance(answer, Fault):
            return answer
        return [np.load(picture, mmap_mode="r") for picture in sorted(folder.iterdir())]

    def _pair(self, mine: Record, other: Record, job: Job, *, ours_first: bool) -> None:
        readings: dict[str, Reading] = {}
        for record in (mine, other) if ours_first else (other, mine):
            if record.outcome != "right":  # it failed in a pair before
                return
            answer = self._ask(record.method, job, None)
            if isinstance(answer, Fault):
                record.outcome, record.what = answer.kind, f"not at first, but then: {answer.what}"
                return
            readings[record.method] = answer
        ours, theirs = readings[mine.method], readings[other.method]
        other.cpu.append((ours.cpu, theirs.cpu))
        other.wall.append((ours.wall, theirs.wall))

    def _ask(self, name: str, job: Job, folder: str | None) -> Reading | Fault:
        # A little more than the method gives a program that it runs, so that none outlives its worker.
        answer: Reading | Fault = self._workers[name].ask((job, folder), job.limit + 5)
        if isinstance(answer, Fault):
            return Fault(answer.kind, answer.what.replace(job.path, Path(job.path).name))
        return answer


def job_of(path: Path, task: Task, truth: Truth, limit: float) -> Job:
    count = len(truth.stamps)
    numbers = [count // 2] if task.method == "mid" else spread(count, task.frames)
    size = fitted(truth.width, truth.height, task.max_pixels)
    return Job(
        path=str(path),
        method=task.method,
        count=task.frames,
        max_pixels=task.max_pixels,
        stream=truth.stream,
        numbers=numbers,
        stamps=[truth.stamps[number] for number in numbers],
        seeks=[before(truth.times, number) for number in numbers],
        keys=truth.keys,
        size=size,
        shrinks=size != (truth.width, truth.height),
        limit=limit,
    )


def spread(count: int, wanted: int) -> list[int]:
    """Frame i * count / wanted for i = 0, 1, ..., each once: what `numpy.linspace(..., endpoint=False)` gives."""
    return list(range(count)) if wanted >= count else [int(place * (count / wanted)) for place in range(wanted)]


def before(times: Sequence[float | None], number: int) -> float | None:
    """Between this frame's time and the one before it, so that no rounding decides which comes."""
    if number == 0:
        return 0.0
    early, late = times[number - 1], times[number]
    return None if early is None or late is None else (early + late) / 2


def fitted(width: int, height: int, max_pixels: int | None) -> tuple[int, int]:
    """The size, both sides even, in which a picture has no more than `max_pixels`."""
    if max_pixels is None or width * height <= max_pixels:
        return width, height
    scale = (max_pixels / (width * height)) ** 0.5
    return max(2, int(width * scale) // 2 * 2), max(2, int(height * scale) // 2 * 2)


def neighbourhoods(jobs: Iterable[Job], count: int) -> set[int]:
    """The frames that the jobs ask for and those beside them."""
    numbers = {number for job in jobs for number in job.numbers}
    return {place for number in numbers for place in range(max(0, number - 1), min(count, number + 2))}


if __name__ == "__main__":
    main()
