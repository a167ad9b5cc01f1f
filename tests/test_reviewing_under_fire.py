"""People edit, lock and undo while runs caption everything anew, and all of them are killed at random moments: whatever
was acknowledged stands, once, and nothing else does.

FRAMESCRIBE_FIRE says how many runs are killed and where chance begins: "6", or "6:1234" to repeat one that failed.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.results.rows import read_rows
from framescribe.results.standing import Standing
from tests.runs_in_process import Run, found, raw_film, recipe
from tests.servers import ScriptedServer, sleeps, tells

ROUNDS, _, SEED = os.environ.get("FRAMESCRIBE_FIRE", "5").partition(":")
CLIPS = 40

# Says on a line of its own what it is about to write, and when it is written; the clock is the same in all processes.
REVIEWER = """
import json, random, sys, time
from framescribe.results.edits import Edit, caption_hash, now, review_of, taken_back
from framescribe.results.rows import Results

output, who, seed = sys.argv[1:]
rng, results = random.Random(seed), Results(output)
places = [(row.id, row.video_path) for row in results.rows()]

def tell(**record):
    print(json.dumps({**record, "at": time.monotonic_ns()}), flush=True)

def chosen(row, turn):
    about = {"id": row.id, "video_path": row.video_path, "fingerprint": row.file.get("fingerprint"), "who": who,
             "when": now()}
    locked, of = review_of(row).get("locked"), caption_hash(row.caption)
    kind = rng.choice(["caption"] * 6 + ["lock"] * 2 + ["undo"] * 2 + ["verdict", "note", "tags[hands]"])
    if kind == "undo":
        mine = [edit for edit in results.history(row.id, row.video_path) if edit.who == who and edit.new is not None]
        return taken_back(rng.choice(mine)) if mine and not locked else None
    if kind == "lock":
        return Edit(**about, field="lock", old=None, new=None if locked else row.caption or "")
    if kind == "caption":
        return None if locked else Edit(**about, field=kind, old=row.caption, new=f"{who} {seed} {turn}")
    new = rng.choice(["accepted", "rejected"]) if kind == "verdict" else f"{kind} {seed} {turn}"
    return Edit(**about, field=kind, old=None, new=new, of=of if kind == "verdict" else None)

for turn in range(10**6):
    with results.editing():
        edit = chosen(results.row(*rng.choice(places)), turn)
        if edit is not None:
            tell(asks=edit.as_line().decode())
            results.edit(edit)
            tell(kept=edit.as_line().decode())
    if rng.random() < 0.02:
        tell(again=results.write_again())
    time.sleep(rng.random() / 50)
"""


class Reviewer:
    """A process in which somebody edits; what it said is kept when it is killed."""

    def __init__(self, output: Path, who: str, seed: int) -> None:
        self.who, self.said = who, list[dict[str, Any]]()
        words = [sys.executable, "-c", REVIEWER, str(output), who, str(seed)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._hears = threading.Thread(target=self._hear)
        self._hears.start()

    def _hear(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.endswith("\n"):  # else it was killed within it
                self.said.append(json.loads(line))

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self._hears.join()
        assert self.process.stdout is not None and self.process.stderr is not None
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert self.process.wait() == -signal.SIGKILL, errors


@contextlib.contextmanager
def captioning(server: ScriptedServer, clips: Path, output: Path, prompt: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run that captions everything anew."""
    model = ("--gate", "off", "--base-url", server.url, "--model", "tiny", "--requests", "4")
    words = ("caption", clips, *model, "--prompt", prompt, "-o", output, "--redo")
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(command, start_new_session=True, **quiet)
    try:
        yield run
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def edit_lines(output: Path) -> list[str]:
    """All edit lines in the order in which they count."""
    parts = sorted(output.with_name(f"{output.name}.parts").glob("*.jsonl"))
    lines = [line for part in parts for line in part.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return [line for line in lines if json.loads(line)["kind"] == "edit"]


def pinned(lines: list[str]) -> dict[str, str]:
    """What the caption of each video must be that has one of a person's, by an account of its own of the lines."""
    words, locks = dict[str, str](), dict[str, str]()
    for line in lines:
        edit = json.loads(line)
        kept = {"caption": words, "lock": locks}.get(edit["field"])
        if kept is not None and edit["new"] is None:
            kept.pop(edit["id"], None)
        elif kept is not None:
            assert edit["field"] == "lock" or edit["id"] not in locks, "words were changed under a lock"
            assert edit["field"] == "caption" or words.get(edit["id"], edit["new"]) == edit["new"]
            kept[edit["id"]] = edit["new"]
    return {**words, **locks}


@pytest.mark.slow
@pytest.mark.timeout(120 + 120 * int(ROUNDS))
def test_people_and_runs_that_are_killed_at_random_moments(tmp_path: Path) -> None:
    seed = int(SEED or random.SystemRandom().randrange(10**6))
    print(f"FRAMESCRIBE_FIRE={ROUNDS}:{seed}")
    rng, clips, output = random.Random(seed), tmp_path / "clips", tmp_path / "captions.jsonl"
    for number in range(CLIPS):
        raw_film(clips / f"{number:02}.avi", 6 * number)
    people, ends = list[Reviewer](), Counter[str]()
    with ScriptedServer(sleeps(0.2, tells())) as server:
        with captioning(server, clips, output, "At first?") as run:
            assert run.wait(120) == 0
        for number in range(int(ROUNDS)):
            with captioning(server, clips, output, f"And now, {number}?") as run:
                end = time.monotonic() + rng.uniform(4, 16)
                there = [Reviewer(output, who, rng.randrange(10**9)) for who in ("ann", "bob")]
                people += there
                while run.poll() is None and time.monotonic() < end:
                    at = rng.randrange(2)
                    enough = rng.randrange(100)
                    while len(there[at].said) < enough and run.poll() is None and time.monotonic() < end:
                        time.sleep(0.01)
                    time.sleep(rng.uniform(0, 0.05))
                    there[at].kill()
                    there[at] = Reviewer(output, there[at].who, rng.randrange(10**9))
                    people.append(there[at])
                ends["run was over" if run.poll() is not None else "run was killed"] += 1
            for one in there:
                one.kill()
        lines = edit_lines(output)
        last = Run(server, found(clips), output, recipe(server, frame="At last?"), redo=True)
        straight = tmp_path / "straight.jsonl"
        Run(server, found(clips), straight, recipe(server, frame="At last?"))
    assert not any("corrections" in line for line in last.said), "something was taken for a change by hand"
    assert edit_lines(output) == lines

    counts, said = Counter(lines), [record for one in people for record in one.said]
    asked = {record["asks"]: record["at"] for record in said if "asks" in record}
    kept = {record["kept"]: record["at"] for record in said if "kept" in record}
    assert set(counts.values()) == {1}
    assert kept.keys() - counts.keys() == set(), "an acknowledged edit is gone"
    assert counts.keys() - asked.keys() == set(), "something stands that nobody asked for"
    begun = 0
    for line in lines:  # whatever was acknowledged before another was asked for stands before it
        assert kept.get(line, begun) >= begun
        begun = max(begun, asked[line])

    stands = list(Standing(output))
    assert stands == list(read_rows(output))
    made = {row.id: row.caption for row in read_rows(straight)}
    locked = {row.id for row in stands if (row.provenance.get("review") or {}).get("locked")}
    assert {row.id: row.caption for row in stands} == {**made, **pinned(lines)}
    assert len(stands) == CLIPS and locked
    again = Counter(str(record["again"]) for record in said if "again" in record)
    print(
        f"{dict(ends)}, {len(people)} people killed, {len(kept)} edits acknowledged and "
        f"{len(lines) - len(kept)} written besides, file written again {again['True']} times"
    )
