"""`status` while a run goes on, and a finished file made of parts alone."""

import json
import subprocess
import sys
from pathlib import Path

from framescribe.records import Row
from framescribe.results.rows import Results
from tests.review import made, told
from tests.runs import running


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
    results, left = Results(output), list("abcde")
    results.begin({"inputs": 5})
    shown = []
    with running("status", output, "--watch") as watch:
        assert watch.stdout is not None
        for line in watch.stdout:
            if line.startswith("videos with a row") and " failed, " in line:
                shown.append(line)
                if left:  # a row more each time that it is looked at
                    results.append(row(left.pop(0)))
                if not left:
                    results.close()
        assert watch.wait() == 0, shown
    assert len(shown) >= 5
    assert shown[-1].startswith("videos with a row: 5 of 5, 0 failed")


def test_texts_of_every_kind_are_counted(tmp_path: Path) -> None:
    """What was found and mended in steps, fields, lengths and segments, as in captions."""
    makers = (told.sliding, told.structured, told.of_lengths, told.segmented)
    output = made.result(tmp_path / "captions.jsonl", [make(tmp_path) for make in makers])
    said = status(output).stdout
    assert "segments: 3\n" in said
    assert "steps from frame to frame: 4, 1 of them not asked about: the pictures are nearly the same\n" in said
    found = json.loads(status(output, "--json").stdout)
    assert (found["segments"], found["steps"], found["steps_not_asked"]) == (3, 4, 1)
    nothing = {"stripped": 0, "asked": 0, "second_model": 0}
    mended, left = {"before": 1, **nothing, "asked": 1, "left": 0}, {"before": 1, **nothing, "left": 1}
    assert found["checked"]["checks"] == {
        "frame_talk": left,
        "speculation": mended,
        "malformed": mended,
        "too_long": mended,
        "boilerplate_opening": left,
        "duplicate": mended,
        "boilerplate_ending": {"before": 0, **nothing, "left": 1},  # it came with what was written anew
    }
    assert found["checked"]["requests"] == 4
    assert found["checked"]["tokens"] == 730 + 1080 + 219 + 652
    assert "too_long: 1; mended: asked again 1\n" in said
