"""Captions that say the same as another clip's: they are marked in the end, however often a run was killed before."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from framescribe.results.rows import Results, read_rows
from framescribe.runs.gate import GateChoice
from framescribe.runs.job import Watcher, run_job
from tests.runs import content
from tests.runs_in_process import found, raw_film
from tests.servers import ScriptedServer, says
from tests.test_gate import FLAG, GOOD, numbered, run, whole

FLAGGED = ("caption_duplicate",)

# Killed when it has just been told of so many rows.
KILLED = """
import asyncio, os, signal, sys
from types import SimpleNamespace
from framescribe.results.rows import Results
from framescribe.runs.job import Watcher, run_job
from tests.runs_in_process import found
from tests.test_gate import FLAG, whole

most, folder, output, url = int(sys.argv[1]), *sys.argv[2:]
rows = []

def see(row):
    rows.append(row)
    if len(rows) == most:
        os.kill(os.getpid(), signal.SIGKILL)

made = whole(SimpleNamespace(url=url), FLAG)
asyncio.run(run_job(made, found(folder), Results(output), watcher=Watcher(row=see)))
"""


def killed(most: int, folder: Path, output: Path, server: ScriptedServer) -> None:
    words = [sys.executable, "-c", KILLED, str(most), str(folder), str(output), server.url]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[1])
    assert done.returncode == -signal.SIGKILL, done.stderr


def clips(folder: Path, count: int) -> Path:
    for number in range(count):
        raw_film(folder / f"{number}.avi", 40 * number)
    return folder


def flags(output: Path) -> list[tuple[str, ...]]:
    return [row.flags for row in read_rows(output)]


def parts(output: Path) -> list[Path]:
    return sorted(Path(f"{output}.parts").glob("*.jsonl"))


def test_a_run_killed_when_every_video_has_its_row_still_marks_them(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 3), tmp_path / "captions.jsonl"
    with ScriptedServer(says(GOOD)) as server:
        killed(3, folder, output, server)
        assert not output.exists() and len(Results(output)) == 3
        run(whole(server, FLAG), found(folder), output)
        assert len(server.requests) == 3
    assert flags(output) == [FLAGGED] * 3


def test_a_run_killed_while_it_marks_is_like_one_that_was_not(tmp_path: Path) -> None:
    folder, straight = clips(tmp_path / "clips", 4), tmp_path / "straight.jsonl"
    with ScriptedServer(says(GOOD), next(numbered()), says(GOOD)) as server:
        made = whole(server, FLAG)
        run(made, found(folder), straight)
        assert sorted(flags(straight)) == [(), *[FLAGGED] * 3]
        lines = [(part.name, line) for part in parts(straight) for line in part.read_bytes().splitlines(keepends=True)]
        rows = [place for place, (_, line) in enumerate(lines) if line.startswith(b'{"kind": "row"')]
        assert len(rows) == 7  # four, and three marked
        for last in rows[3:]:
            for torn in (b"", lines[rows[-1]][1][:99]):
                output = tmp_path / f"{last}{bool(torn)}.jsonl"
                folder_of_parts = Path(f"{output}.parts")
                folder_of_parts.mkdir()
                shutil.copy(Path(f"{straight}.parts") / "recipe.json", folder_of_parts)
                for name, line in [*lines[: last + 1], (lines[last][0], torn)]:
                    with (folder_of_parts / name).open("ab") as part:
                        part.write(line)
                run(made, found(folder), output)
                assert content(output) == content(straight)
        assert len(server.requests) == 4


def test_marks_that_a_killed_run_owes_are_made_though_the_file_was_written_again(tmp_path: Path) -> None:
    folder, output = clips(tmp_path / "clips", 2), tmp_path / "captions.jsonl"
    good = numbered()
    with ScriptedServer(next(good), next(good), says(GOOD)) as server:
        run(whole(server, FLAG), found(folder), output)
        clips(folder, 4)
        killed(2, folder, output, server)
        assert flags(output) == [()] * 2
        assert Results(output).write_again()  # as the review page does
        assert flags(output) == [()] * 4
        run(whole(server, FLAG), found(folder), output)
        assert len(server.requests) == 4
    assert flags(output) == [(), (), FLAGGED, FLAGGED]


def compared(videos: Iterable[Any], output: Path, server: ScriptedServer, gate: GateChoice = FLAG) -> bool:
    """Whether this run compares the captions; it is told that they are too many for that."""
    heard: list[str] = []
    asyncio.run(run_job(whole(server, gate), list(videos), Results(output), watcher=Watcher(say=heard.append)))
    return any("captions that say the same are not looked for" in line for line in heard)


def test_captions_are_compared_once_and_anew_when_something_was_added(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framescribe.runs.duplicates.MOST", 1)
    folder, output = clips(tmp_path / "clips", 3), tmp_path / "captions.jsonl"
    good = numbered()
    with ScriptedServer(*(next(good) for _ in range(4))) as server:
        videos = found(folder)
        assert compared(videos[:2], output, server)
        assert not compared(videos[:2], output, server)
        output.unlink()
        assert not compared(videos[:2], output, server)  # the parts say it all
        assert compared(videos, output, server)
        assert not compared(videos, output, server)
        Path(f"{output}.parts/finished.json").unlink()  # as if the run had been killed just before its end
        assert compared(videos, output, server)
        shutil.rmtree(f"{output}.parts")
        assert not compared(videos, output, server)  # the finished file is all there is
        assert len(server.requests) == 3
