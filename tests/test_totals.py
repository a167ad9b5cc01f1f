"""What `status` adds up is what the rows say, however they were read: from their lines, or from what is kept beside a
part, in which the numbers of ordinary rows stand."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from framescribe.plain_json import dumps
from framescribe.records import SCHEMA
from framescribe.results.part_index import LINES
from framescribe.results.rows import Results
from framescribe.runs.totals import Totals

ROWS = LINES + 300
MANY = 70_000  # more than the index has room for in one row


def stage(output: Any = None, tokens: object = 0, **more: object) -> dict[str, Any]:
    return {"fingerprint": "f", "output": output, "prompt_tokens": tokens, "completion_tokens": 1, **more}


def record(number: int, stages: dict[str, Any], status: str = "ok", kind: str | None = None) -> dict[str, Any]:
    return {
        "id": f"{number}.mp4",
        "video_path": f"/data/{number}.mp4",
        "caption": None if status == "failed" else "a cat",
        "status": status,
        "size": number,
        "error": None if kind is None else {"stage": "frames", "kind": kind, "message": f"why {number}"},
        "provenance": {"schema": SCHEMA, "file": {"stamp": number}, "stages": stages},
    }


def steps(count: int, same: int) -> dict[str, Any]:
    return {"steps": [{"index": at, **({"same_as": 0} if at < same else {"changed": "x"})} for at in range(count)]}


def segments(*each: dict[str, Any]) -> dict[str, Any]:
    return {"segments": [{"start": at, "end": at + 1, "caption": "x", "value": one} for at, one in enumerate(each)]}


def sorts(number: int, tokens: int) -> tuple[dict[str, Any], dict[str, int]]:
    """A row of one of many sorts, and what it adds to each count."""
    plain = {"frames": stage(tokens=tokens), "summary": stage(tokens=None)}
    told = {"tokens": tokens + 2}
    found = {"check": "repetition", "message": "again"}
    checked = {"before": ["repetition"], "found": [found], "tries": [{}, {"attempts": 2, "prompt_tokens": 7}]}
    sort = number % 12
    if sort == 0:
        return record(number, {"frames": stage(tokens=tokens)}, "failed", "corrupt"), {
            "tokens": tokens + 1,
            "failed": 1,
        }
    if sort == 1:
        return record(number, {}, "failed", "left_out"), {"left out": 1}
    if sort == 2:
        return record(number, plain, "flagged"), {**told, "flagged": 1}
    if sort == 3:
        return record(number, {"frames": stage(tokens=tokens, checked=[checked])}, "flagged"), {
            "tokens": tokens + 1, "flagged": 1, "before": 1, "requests": 2, "mending": 7,
        }  # fmt: skip
    if sort == 4:
        return record(number, {"steps": stage(steps(5, 2))}), {"tokens": 1, "steps": 5, "same": 2, "ok": 1}
    if sort == 5:
        inner = stage(segments(steps(3, 1), {}, steps(2, 0)))
        return record(number, {"steps": inner}), {"tokens": 1, "segments": 3, "steps": 5, "same": 1, "ok": 1}
    if sort == 6:
        inner = stage(segments({}, {"subject": "a cat"}))
        return record(number, {"structure": inner, "later": stage(segments({}))}), {"tokens": 2, "segments": 2, "ok": 1}
    if sort == 7:
        return record(number, {"frames": stage(tokens=2**33)}), {"tokens": 2**33 + 1, "ok": 1}
    if sort == 8 and number < 100:
        return record(number, {"steps": stage(steps(MANY, 1))}), {"tokens": 1, "steps": MANY, "same": 1, "ok": 1}
    if sort == 9:
        return record(number, {"measure": stage({"segments": "none"}), "steps": stage([1])}), {"tokens": 2, "ok": 1}
    return record(number, plain), {**told, "ok": 1}


@pytest.fixture
def counted(tmp_path: Path) -> tuple[Path, Counter[str]]:
    """A part with rows of all sorts, of which some were made anew, and what is to be counted."""
    chance, lines, counts = random.Random(3), list[str](), dict[int, dict[str, int]]()
    for number in [*range(ROWS), *range(0, ROWS, 12)]:
        made, told = sorts(number, chance.randrange(1000)) if number not in counts else sorts(number + 11, 50)
        made["id"], made["video_path"] = f"{number}.mp4", f"/data/{number}.mp4"
        counts[number] = told
        lines.append(dumps(made) + "\n")
    said = {
        "kind": "edit",
        "id": "13.mp4",
        "video_path": "/data/13.mp4",
        "field": "caption",
        "old": None,
        "new": "a dog",
    }
    lines.append(dumps({**said, "fingerprint": None, "who": "me", "when": "2026-01-01T00:00:00+00:00"}) + "\n")
    part = tmp_path / "captions.jsonl.parts" / "20260101T000000.000000000-host-1.jsonl"
    part.parent.mkdir()
    part.write_text("".join(lines))
    together = Counter[str]()
    for told in counts.values():
        together.update(told)
    return part, together


def test_the_totals_are_what_the_rows_say(counted: tuple[Path, Counter[str]]) -> None:
    part, expected = counted
    for _ in range(2):  # from the lines, then from what is kept beside them
        totals = Totals(Results(part.parent.with_suffix("")))
        names = ("ok", "flagged", "failed", "left out")
        assert totals.statuses == {name: expected[name] for name in names if expected[name]}
        assert (totals.tokens, totals.segments) == (expected["tokens"], expected["segments"])
        assert (totals.steps, totals.steps_not_asked) == (expected["steps"], expected["same"])
        assert totals.faults.before == totals.faults.left == {"repetition": expected["before"]}
        assert (totals.faults.requests, totals.faults.tokens) == (expected["requests"], expected["mending"])
        assert part.with_name(f"{part.name}.index").exists()


def test_failures_are_told_by_kind_and_by_the_first(tmp_path: Path) -> None:
    part = tmp_path / "captions.jsonl.parts" / "20260101T000000.000000000-host-1.jsonl"
    part.parent.mkdir()
    rows = [record(1, {}), record(2, {}, "failed", "corrupt"), record(3, {}, "failed", "corrupt")]
    said = {"kind": "edit", "id": "3.mp4", "video_path": "/data/3.mp4", "field": "caption", "old": None, "new": "a dog"}
    said |= {"fingerprint": None, "who": "me", "when": "2026-01-01T00:00:00+00:00"}
    part.write_text("".join(dumps(one) + "\n" for one in [*rows, record(4, {}, "failed", "left_out"), said]))
    totals = Totals(Results(tmp_path / "captions.jsonl"))
    assert totals.statuses == {"ok": 2, "failed": 1, "left out": 1}
    assert totals.failures == {"frames/corrupt": 2, "frames/left_out": 1}
    assert totals.examples["frames/corrupt"] == "2.mp4: why 2"
