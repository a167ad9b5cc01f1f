"""Knows how the measurements are summarised and written as markdown; measures nothing."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Literal

from rivals import FLOOR, METHODS, OURS
from truth import Truth

CLOSE = 0.95  # quickest or within 5 %
WORST = 8  # files named

Outcome = Literal["right", "wrong", "exception", "timeout"]
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "exception", "timeout")


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    method: Literal["mid", "uniform"]
    frames: int
    max_pixels: int | None


@dataclass(frozen=True, slots=True)
class File:
    name: str
    kinds: list[str] = field(default_factory=list)
    frames: int = 0
    seconds: float = 0.0
    left_out: str = ""


@dataclass(slots=True)
class Record:
    """What one method did with one file in one task; `cpu` and `wall` hold pairs of seconds, framescribe's first."""

    file: str
    task: str
    method: str
    outcome: Outcome
    what: str = ""
    cpu: list[tuple[float, float]] = field(default_factory=list)
    wall: list[tuple[float, float]] = field(default_factory=list)

    @property
    def measured(self) -> bool:
        return self.outcome == "right" and bool(self.cpu)


@dataclass(frozen=True, slots=True)
class Best:
    """framescribe against the cheapest of the others that gave the right frames of a file; `ratio` above 1: it won.

    `method` is "" and `ratio` infinite if no other did; `ratio` is 0 if framescribe did not.
    """

    file: str
    method: str
    ratio: float
    seconds: float  # framescribe's, of CPU time


def kinds(truth: Truth) -> list[str]:
    """What a file is called in the tables; it may be several things."""
    pixels = truth.width * truth.height
    named = {
        "a GOP above 250 frames": truth.gop > 250,
        "under 2 s": 0 < truth.seconds < 2 or len(truth.stamps) == 1,
        "4K": pixels >= 3840 * 2160,
        "1080p": 1920 * 1080 <= pixels < 3840 * 2160,
    }
    return [truth.codec, *(name for name, true in named.items() if true)]


def ratio(pairs: Sequence[tuple[float, float]]) -> float:
    return median(theirs / max(ours, 1e-6) for ours, theirs in pairs)


# ---------------------------------------------------------------------------------- the machine


def machine(methods: Sequence[str]) -> dict[str, str]:
    said = {
        "processor": _processor(),
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
    }
    packages = dict.fromkeys(["framescribe", "av", "numpy", "torch", *(METHODS[name].package for name in methods)])
    said |= {package: found for package in packages if (found := _version(package))}
    return said


def _processor() -> str:
    name = platform.processor() or platform.machine()
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        name = found[1] if found else name
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores"


def _version(package: str) -> str:
    if package == "ffmpeg":
        return _first_line(["ffmpeg", "-version"])
    try:
        found = version(package)
    except PackageNotFoundError:
        return ""
    if package == "framescribe":
        import framescribe

        commit = _first_line(["git", "-C", str(Path(framescribe.__path__[0])), "describe", "--always", "--dirty"])
        return f"{found} ({commit})" if commit else found
    if package == "av":
        import av

        return f"{found} (FFmpeg {av.ffmpeg_version_info})"
    return found


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.partition("\n")[0].strip()


# ---------------------------------------------------------------------------------- the tables


def markdown(
    machine: Mapping[str, str],
    missing: Mapping[str, str],
    tasks: Mapping[str, Task],
    files: Sequence[File],
    records: Sequence[Record],
) -> str:
    parts = ["# Frames of videos: framescribe beside other ways", *_about(machine, missing, records)]
    done = {key: [record for record in records if record.task == key] for key in tasks}
    done = {key: of_task for key, of_task in done.items() if of_task}
    parts.append(_overview(tasks, done))
    by_name = {file.name: file for file in files}
    for key, of_task in done.items():
        best = bests(of_task)
        parts += [f"## {tasks[key].title}", _by_method(of_task), "Against the cheapest of the others that is right:"]
        parts += [_by_kind(best, by_name), *_worst(best, by_name)]
    parts += ["## What came out wrong", _mistakes(records)]
    if out := [file for file in files if file.left_out]:
        parts += ["## Left out", "For these there is no telling which frame is right.", _left_out(out)]
    return "\n\n".join(parts) + "\n"


def bests(records: Sequence[Record]) -> list[Best]:
    """One per file that framescribe or another method (the floor does not count) got right."""
    found = []
    for file in dict.fromkeys(record.file for record in records):
        mine, others = None, []
        for record in records:
            if record.file == file and record.method == OURS:
                mine = record
            elif record.file == file and record.method != FLOOR and record.outcome == "right":
                others.append(record)
        if mine is None or mine.outcome != "right":
            if others:
                found.append(Best(file, others[0].method, 0.0, 0.0))
            continue
        timed = [(ratio(record.cpu), record) for record in others if record.measured]
        if timed:
            least, record = min(timed, key=lambda pair: pair[0])
            found.append(Best(file, record.method, least, median(ours for ours, _ in record.cpu)))
        elif not others:
            found.append(Best(file, "", float("inf"), 0.0))
    return found


def _about(machine: Mapping[str, str], missing: Mapping[str, str], records: Sequence[Record]) -> Iterator[str]:
    yield _bullets(f"{name}: {said}" for name, said in machine.items())
    used = dict.fromkeys(record.method for record in records)
    yield _bullets(f"**{name}**: {METHODS[name].says}" for name in used)
    if missing:
        yield _bullets(f"**{name}** is missing: {why}" for name, why in missing.items())
    yield (
        "A ratio is a method's time over framescribe's on the same file in consecutive calls, the median of the pairs; "
        "above 1 framescribe is quicker. CPU time is user and system, child processes included. Only right "
        "frames count, judged against a full decode. Rivals are told which frames by number, which stream and which "
        "size; `ffmpeg -ss` and the floor are told the times as well. The floor is no rival: on its own it could not "
        "tell which frame is which."
    )


def _overview(tasks: Mapping[str, Task], done: Mapping[str, Sequence[Record]]) -> str:
    rows = []
    for key, records in done.items():
        mine = [record for record in records if record.method == OURS]
        best = bests(records)
        rows.append(
            [
                tasks[key].title,
                len(mine),
                sum(record.outcome == "right" for record in mine),
                _share(best),
                sum(not one.method for one in best),
                _middle(best),
                _number(min((one.ratio for one in best), default=None)),
            ]
        )
    heads = ["task", "files", "framescribe right", "quickest right or within 5 %", "only right one"]
    heads += ["best other / framescribe, CPU: median", "worst"]
    return _table(heads, rows)


def _by_method(records: Sequence[Record]) -> str:
    rows = []
    for method in dict.fromkeys(record.method for record in records):
        of_method = [record for record in records if record.method == method]
        cpu = sorted(ratio(record.cpu) for record in of_method if record.measured)
        wall = [ratio(record.wall) for record in of_method if record.measured]
        counts = [sum(record.outcome == outcome for record in of_method) for outcome in OUTCOMES]
        spread = f"{_number(cpu[0])} to {_number(cpu[-1])}" if cpu else ""
        middles = [_number(median(ratios)) if ratios else "" for ratios in (cpu, wall)]
        rows.append([method, *counts, middles[0], spread, middles[1]])
    return _table(["method", *OUTCOMES, "CPU ratio, median", "range", "wall ratio, median"], rows)


def _by_kind(best: Sequence[Best], files: Mapping[str, File]) -> str:
    groups = {"all": list(best)}
    for one in best:
        for kind in files[one.file].kinds:
            groups.setdefault(kind, []).append(one)
    rows = []
    for kind, of_kind in sorted(groups.items(), key=lambda pair: -len(pair[1])):
        worst = min(of_kind, key=lambda one: one.ratio)
        spent = [one.seconds * 1000 for one in of_kind if one.seconds]
        named = f"{_code(worst.file)} ({worst.method or 'no other is right'})"
        rows.append(
            [
                kind,
                len(of_kind),
                _middle(of_kind),
                _number(worst.ratio),
                _share(of_kind),
                f"{median(spent):.1f}" if spent else "",
                named,
            ]
        )
    heads = ["kind of file", "files", "median", "worst", "quickest or within 5 %", "framescribe, ms CPU", "worst file"]
    return _table(heads, rows)


def _worst(best: Sequence[Best], files: Mapping[str, File]) -> Iterator[str]:
    slow = sorted((one for one in best if one.ratio < CLOSE), key=lambda one: one.ratio)[:WORST]
    if slow:
        yield "Files where framescribe is not the quickest, the worst first:"
        yield _table(
            ["file", "kinds", "frames", "method", "CPU ratio", "framescribe, ms CPU"],
            [
                [
                    _code(one.file),
                    ", ".join(files[one.file].kinds),
                    files[one.file].frames,
                    one.method,
                    _number(one.ratio) if one.ratio else "framescribe is not right",
                    f"{one.seconds * 1000:.1f}",
                ]
                for one in slow
            ],
        )


def _mistakes(records: Sequence[Record]) -> str:
    """A row per file, method and mistake, with the tasks it was seen in."""
    seen: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
    for record in sorted(records, key=lambda record: (record.method != OURS, record.file)):
        if record.outcome != "right":
            seen.setdefault((record.file, record.method, record.outcome), []).append((record.task, record.what))
    rows = []
    for (file, method, outcome), cases in seen.items():
        whats = list(dict.fromkeys(what for _, what in cases))
        rows.append(
            [
                _code(file),
                method,
                outcome,
                ", ".join(task for task, _ in cases),
                _plain("; ".join(what[:120] for what in whats[:2])),
            ]
        )
    return _table(["file", "method", "outcome", "tasks", "what"], rows) if rows else "Nothing."


def _left_out(files: Sequence[File]) -> str:
    return _table(["file", "why"], [[_code(file.name), _plain(file.left_out[:120])] for file in files])


def _share(best: Sequence[Best]) -> str:
    return f"{sum(one.ratio >= CLOSE for one in best)} of {len(best)}"


def _middle(best: Sequence[Best]) -> str:
    """The median over the files that others got right, too."""
    return _number(median(both)) if (both := [one.ratio for one in best if one.method and one.ratio]) else ""


def _number(value: float | None) -> str:
    return "" if value is None or value == float("inf") else f"{value:.2f}"


def _code(name: str) -> str:
    return f"`{_plain(name)}`"


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
