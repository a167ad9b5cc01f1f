"""Parts as crashes, old versions and wrong clocks leave them: what counts is what is whole, and the newest of it."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.plain_json import parsed
from framescribe.records import Row
from framescribe.results import parts as part_store
from framescribe.results.plan import Again
from framescribe.results.rows import Results
from tests.test_results import failed, ids, row, video, wanted, write

NAMES = [f"{name}.mp4" for name in "abcde"]
VIDEOS = [video(name) for name in NAMES]


def only_part(output: Path) -> Path:
    [part] = output.with_name(output.name + ".parts").glob("*.jsonl")
    return part


def left(output: Path, **more: str) -> list[str]:
    return ids(Results(output).plan(VIDEOS, wanted(**more)))


def captions(output: Path) -> dict[str, str | None]:
    return {one.id: one.caption for one in Results(output).rows()}


def test_a_part_cut_at_every_byte_of_its_last_three_lines(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, *(row(name, f"caption of {name}, with ümläuts and \u2028") for name in NAMES))
    part = only_part(output)
    whole = part.read_bytes()
    ends = [number + 1 for number, byte in enumerate(whole) if byte == 10]
    assert len(ends) == 5
    for cut in range(ends[1], len(whole) + 1):
        part.write_bytes(whole[:cut])
        there = sum(end <= cut for end in ends)
        assert left(output) == NAMES[there:], cut
        assert captions(output) == {name: f"caption of {name}, with ümläuts and \u2028" for name in NAMES[:there]}
    part.write_bytes(whole[: ends[2] + 7])  # and the next run goes on from there, in a part of its own
    write(output, *(row(name, "again") for name in NAMES[3:]))
    assert part.read_bytes() == whole[: ends[2] + 7]
    assert left(output) == []
    assert captions(output) == {
        **{name: f"caption of {name}, with ümläuts and \u2028" for name in NAMES[:3]},
        **{name: "again" for name in NAMES[3:]},
    }


def test_interleaved_lines_cost_their_own_videos_and_are_counted(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, *(row(name, f"caption of {name}") for name in NAMES))
    part = only_part(output)
    a, b, c, d, e = part.read_bytes().splitlines(keepends=True)
    for mixed, lost in (
        (a + b[:40] + c[:-1] + b[40:] + d + e, ["b.mp4", "c.mp4"]),  # c came in the middle of b
        (a + b[:-1] + c + d + e, ["b.mp4", "c.mp4"]),  # a newline is gone
        (a[:30] + b + c + d + e, ["a.mp4", "b.mp4"]),  # the rest of a never came
        (a + b"\n" + b"null\n" + b"[]\n" + b'"text"\n' + b"\xff\xfe\n" + b + c + d + e, []),
        (a + b'{"id": ["b.mp4"], "video_path": "b", "caption": "x", "status": "ok"}\n' + c + d + e, ["b.mp4"]),
        (a + b'{"id": "b.mp4", "video_path": "b", "caption": "x", "status": "grand"}\n' + c + d + e, ["b.mp4"]),
        (a + b"[" * 100_000 + b"\n" + b + c + d + e, []),
    ):
        part.write_bytes(mixed)
        assert left(output) == lost, mixed
        assert Results(output).unreadable_lines > 0
        assert captions(output) == {name: f"caption of {name}" for name in NAMES if name not in lost}


def test_lines_of_other_versions_count(tmp_path: Path) -> None:
    """Keys that this version does not know, and without those that came later."""
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    part = only_part(output)
    older = {
        "id": "b.mp4",
        "video_path": "/videos/b.mp4",
        "caption": "An older one.",
        "status": "ok",
        "frames": [{"index": 15, "time": 1.5, "caption": "a frame"}],
        "video": {"duration": 3.0, "fps": 10.0, "width": 320, "height": 240},
        "provenance": {"fingerprints": {"frames": "f0", "summary": "s1"}},  # as version 0.1.0 had it
    }
    newer = json.loads(row("c.mp4", "A newer one.").as_line())
    newer["score"] = 0.7
    newer["video"]["rotation"] = 90
    newer["frames"][0]["score"] = 0.5
    wrong = {**json.loads(failed("d.mp4").as_line()), "hint": "x"}
    wrong["error"]["traceback"] = "…"
    with part.open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in (older, newer, wrong))
    results = Results(output)
    assert results.unreadable_lines == 0
    assert left(output, former="f0") == ["e.mp4"]
    assert ids(Results(output).plan(VIDEOS, wanted(former="f0"), again=Again(redo=True))) == ["e.mp4"]
    assert ids(Results(output).plan(VIDEOS, wanted(), again=Again(redo=True))) == ["b.mp4", "e.mp4"]
    rows = {one.id: one for one in results.rows()}
    assert (rows["b.mp4"].caption, rows["b.mp4"].video) == ("An older one.", None)
    assert rows["b.mp4"].frames == (row("b.mp4").frames[0].__class__(index=15, time=1.5, caption="a frame"),)
    assert rows["c.mp4"] == row("c.mp4", "A newer one.", frames=row("c.mp4").frames)
    assert rows["d.mp4"] == failed("d.mp4")


ANY_TEXT = st.text() | st.characters(categories=["Cs"])  # surrogates alone, which not every reader of JSON takes
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
)


@settings(deadline=None)
@given(ANY_VALUE, st.booleans())
def test_what_a_user_kept_beside_a_video_is_read_as_it_was_written(value: object, escaped: bool) -> None:
    """By any writer of JSON; NaN, which equals nothing, has its own line below."""
    record = {**row("a.mp4").as_dict(), "metadata": {"theirs": value}}
    text = json.dumps(record, ensure_ascii=escaped)
    if not escaped:
        text = text.encode("utf-8", errors="replace").decode()
        value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace"))
    read = Row.from_dict(parsed(text.encode() + b"\n")).metadata["theirs"]
    assert repr(read) == repr(value)  # `==` takes 1 for True, and -0.0 for 0.0


def test_numbers_that_are_none_and_deep_values_are_read() -> None:
    deep: object = 1
    for _ in range(300):
        deep = [deep]
    record = {**row("a.mp4").as_dict(), "metadata": {"score": float("nan"), "deep": deep}}
    read = Row.from_dict(parsed(json.dumps(record).encode())).metadata
    assert read["score"] != read["score"] and read["deep"] == deep


@pytest.mark.parametrize("jump", [-3600, -10 * 365 * 86400], ids=["an hour", "ten years"])
def test_the_later_row_counts_though_the_clock_was_set_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: int
) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, *(row(name, "first") for name in NAMES))
    now = time.time_ns
    monkeypatch.setattr(part_store.time, "time_ns", lambda: now() + jump * 10**9)
    write(output, *(row(name, "second", prints=("f1", "s2")) for name in NAMES[:3]))
    assert captions(output) == {**dict.fromkeys(NAMES, "first"), **dict.fromkeys(NAMES[:3], "second")}
    assert left(output, summary="s2") == NAMES[3:]
    monkeypatch.undo()
    write(output, row("a.mp4", "third", prints=("f1", "s3")))
    assert captions(output)["a.mp4"] == "third"


def test_a_clock_that_stands_still_orders_parts_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tmp_path / "captions.jsonl"
    monkeypatch.setattr(part_store.time, "time_ns", lambda: 1_767_225_599_999_999_999)  # the last of a year
    for number in range(12):
        monkeypatch.setattr(os, "getpid", lambda number=number: 100 - number)  # names alone would sort backwards
        write(output, row("a.mp4", f"caption {number}"))
        assert captions(output) == {"a.mp4": f"caption {number}"}
    assert len(list(output.with_name("captions.jsonl.parts").glob("*.jsonl"))) == 12


def test_a_file_that_is_no_row_of_ours_is_still_refused(tmp_path: Path) -> None:
    for record in ({"id": 5, "video_path": "a", "caption": "b", "status": "ok"}, {"id": "a", "status": "ok"}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Row.from_dict(record)
