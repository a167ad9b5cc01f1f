"""`status` while a run goes on, and a finished file made of parts alone."""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

from framescribe.records import Row
from framescribe.results.rows import Results


def status(output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "framescribe", "status", str(output), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def row(name: str) -> Row:
    return Row(
        id=name, video_path=f"/clips/{name}", caption=f"It is {name}.", status="ok", size=1, metadata={"n": name}
    )


def test_finish_makes_the_file_from_the_parts_of_several_processes(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    for names in ("db", "ca"):
        results = Results(output)
        results.begin({"inputs": 4})
        for name in names:
            results.append(row(name))
        results.close()
    assert "not finished yet" in status(output).stdout
    done = status(output, "--finish")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(one["id"], one["video_path"], one["metadata"]) for one in rows] == [
        (name, f"/clips/{name}", {"n": name}) for name in "abcd"
    ]


def test_watch_follows_a_run_to_its_end(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    results = Results(output)
    results.begin({"inputs": 5})

    def work() -> None:
        for name in "abcde":
            time.sleep(1)
            results.append(row(name))
        results.close()

    thread = threading.Thread(target=work)
    thread.start()
    done = status(output, "--watch")
    thread.join()
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "videos/s" in line]
    assert len(lines) >= 2
    assert lines[-1].startswith("videos with a row: 5 of 5, 0 failed")
