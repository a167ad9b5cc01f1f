"""What the results promise: a row per video whatever happened before, nothing lost, nothing mixed up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row, Video, VideoInfo
from framescribe.results.rows import Results, read_rows

PRINTS = {"frames": "f1", "summary": "s1"}
INFO = VideoInfo(duration=3.0, fps=10.0, width=320, height=240, codec="h264", frames=30)


def row(name: str, caption: str | None = "A cat.", *, prints: tuple[str, str] = ("f1", "s1"), **more: object) -> Row:
    values: dict[str, object] = {
        "id": name,
        "video_path": f"/videos/{name}",
        "caption": caption,
        "status": "ok",
        "frames": (FrameCaption(index=15, time=1.5, caption=f"frame of {name}"),),
        "video": INFO,
        "size": 100,
        "provenance": {
            "version": "x",
            "fingerprints": {"frames": prints[0], "summary": prints[1]},
            "stages": {"frames": {"model": "m"}},
        },
        "metadata": {},
    }
    return Row(**{**values, **more})  # type: ignore[arg-type]


def failed(name: str, **more: object) -> Row:
    error = Failure(stage="decode", kind="unreadable", message="the file is empty")
    return row(name, None, **{"status": "failed", "error": error, "frames": (), **more})  # type: ignore[arg-type]


def video(name: str, size: int | None = 100, **metadata: object) -> Video:
    return Video(id=name, path=f"/videos/{name}", size=size, metadata=metadata)


def write(output: Path, *rows: Row) -> None:
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    results.close()


def test_a_row_that_was_appended_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    script = (
        "import os, sys; sys.path.insert(0, 'tests')\n"
        "from test_results import *\n"
        "results = Results(Path(sys.argv[1])); results.begin({})\n"
        "for n in range(50): results.append(row(f'{n}.mp4', f'caption {n}'))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    output = tmp_path / "captions.jsonl"
    ended = subprocess.run([sys.executable, "-c", script, str(output)], env={**os.environ, "PYTHONPATH": "src:tests"})
    assert ended.returncode == -9
    kept = {one.id: one.caption for one in Results(output).rows()}
    assert kept == {f"{n}.mp4": f"caption {n}" for n in range(50)}


def test_a_torn_last_line_is_that_video_again_and_no_other(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"), row("b.mp4"), row("c.mp4"))
    part = next(output.with_name("captions.jsonl.parts").glob("*.jsonl"))
    part.write_bytes(part.read_bytes()[:-20])
    results = Results(output)
    plan = results.plan([video("a.mp4"), video("b.mp4"), video("c.mp4")], PRINTS)
    assert [one.id for one, _ in plan.todo] == ["c.mp4"]
    assert plan.done == 2
    results.begin({})
    results.append(row("c.mp4", "again"))
    results.finish([video(name) for name in ("a.mp4", "b.mp4", "c.mp4")])
    assert [one.caption for one in read_rows(output)] == ["A cat.", "A cat.", "again"]


def test_a_damaged_line_costs_its_own_video_only_and_is_told(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"), row("b.mp4"), row("c.mp4"))
    part = next(output.with_name("captions.jsonl.parts").glob("*.jsonl"))
    lines = part.read_bytes().splitlines(keepends=True)
    part.write_bytes(lines[0] + b"\x00" * 40 + b"\n" + lines[2])
    results = Results(output)
    assert results.unreadable_lines == 1
    assert [one.id for one, _ in results.plan([video("a.mp4"), video("b.mp4"), video("c.mp4")], PRINTS).todo] == [
        "b.mp4"
    ]


def test_finished_file_has_one_row_per_input_in_input_order(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    results = Results(output)
    results.begin({})
    for name in ("c", "a", "b", "gone"):
        results.append(row(name, f"caption of {name}"))
    results.finish([video("a"), video("b"), video("c")])
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(record["id"], record["caption"]) for record in records] == [
        ("a", "caption of a"),
        ("b", "caption of b"),
        ("c", "caption of c"),
    ]
    assert list(tmp_path.iterdir()) != [] and not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_every_form_reads_back_as_the_same_rows(tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"captions{ending}"
    rows = [
        row(
            "a.mp4",
            'A "quoted"\ncaption, with 日本語',
            metadata={"title": "007", "status": "mine"},
            flags=("caption_truncated",),
        ),
        failed("b.mp4", metadata={"title": "", "status": "x"}, video=None),
    ]
    videos = [video("a.mp4", title="007", status="mine"), video("b.mp4", title="", status="x")]
    results = Results(output)
    results.begin({})
    for one in rows:
        results.append(one)
    results.finish(videos)
    back = list(read_rows(output))
    assert back == rows


def test_the_users_columns_stand_beside_ours_in_tables(tmp_path: Path) -> None:
    for ending in (".csv", ".parquet"):
        output = tmp_path / f"captions{ending}"
        results = Results(output)
        results.begin({})
        results.append(row("a.mp4"))
        results.finish([video("a.mp4", code="007", caption="the user's own")])
        table = pd.read_csv(output, dtype=str) if ending == ".csv" else pq.read_table(output).to_pandas()
        assert table["code"].tolist() == ["007"]
        assert table["caption"].tolist() == ["A cat."]
        assert table["metadata.caption"].tolist() == ["the user's own"]


def test_metadata_is_that_of_today_and_not_of_the_run_that_captioned(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4", metadata={"title": "old"}))
    Results(output).finish([video("a.mp4", title="new", more=1)])
    assert next(read_rows(output)).metadata == {"title": "new", "more": 1}


def test_a_failed_video_waits_for_retry_failed(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, failed("a.mp4"), row("b.mp4"))
    videos = [video("a.mp4"), video("b.mp4")]
    plan = Results(output).plan(videos, PRINTS)
    assert (plan.todo, plan.done, plan.failed_before) == ([], 2, 1)
    again = Results(output).plan(videos, PRINTS, retry_failed=True)
    assert [one.id for one, _ in again.todo] == ["a.mp4"]


def test_a_success_beats_a_failure_and_a_later_success_beats_both(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4", "first"))
    write(output, failed("a.mp4"))
    assert next(Results(output).rows()).caption == "first"
    write(output, row("a.mp4", "second"))
    assert next(Results(output).rows()).caption == "second"


def test_a_changed_summary_recipe_keeps_the_frame_captions(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    plan = Results(output).plan([video("a.mp4"), video("b.mp4")], {"frames": "f1", "summary": "other"})
    assert plan.summaries_only == 1
    assert [(one.id, earlier and earlier.frames[0].caption) for one, earlier in plan.todo] == [
        ("a.mp4", "frame of a.mp4"),
        ("b.mp4", None),
    ]


def test_a_changed_frame_recipe_is_counted_and_done_only_when_asked(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    prints = {"frames": "other", "summary": "s1"}
    plan = Results(output).plan([video("a.mp4")], prints)
    assert (plan.other_recipe, plan.todo) == (1, [])
    assert [earlier for _, earlier in Results(output).plan([video("a.mp4")], prints, redo=True).todo] == [None]


def test_another_file_under_the_same_name_is_captioned_again(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    assert Results(output).plan([video("a.mp4", size=100)], PRINTS).done == 1
    assert Results(output).plan([video("a.mp4", size=101)], PRINTS).replaced == 1
    assert Results(output).plan([video("a.mp4", size=None)], PRINTS).done == 1


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    one, two = Results(output), Results(output)
    for results in (one, two):
        results.begin({}, "one launch")
    for number in range(20):
        (one if number % 2 else two).append(row(f"{number}.mp4"))
    assert len(one) == len(two) == 10
    one.refresh()
    assert len(one) == 20
    assert one.fresh == {f"{number}.mp4" for number in range(0, 20, 2)}
    one.close()
    two.close()
    assert len(Results(output)) == 20


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path) -> None:
    reader = Results(tmp_path / "captions.jsonl")
    reader.begin({}, "one launch")
    part = reader.parts / "20990101T000000.000000000-other-1.jsonl"
    line = row("a.mp4", "whole").as_line().encode() + b"\n"
    for cut in range(len(line)):
        part.write_bytes(line[:cut])
        reader.refresh()
        assert len(reader) == 0
    part.write_bytes(line)
    reader.refresh()
    assert [one.caption for one in reader.rows()] == ["whole"]
    assert reader.unreadable_lines == 0
    reader.close()


def test_a_second_run_is_refused_and_told_who_holds_the_first(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    first, second = Results(output), Results(output)
    first.begin({})
    with pytest.raises(UserError, match=f"captions.jsonl is being written by another run, process {os.getpid()} on"):
        second.begin({})
    first.close()
    second.begin({})
    second.close()


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_a_finished_file_whose_parts_are_gone_still_counts(tmp_path: Path, ending: str) -> None:
    output = tmp_path / f"captions{ending}"
    results = Results(output)
    results.begin({})
    results.append(row("a.mp4", "kept"))
    results.finish([video("a.mp4", title="x")])
    results.close()
    for file in results.parts.iterdir():
        file.unlink()
    results.parts.rmdir()
    again = Results(output)
    assert again.plan([video("a.mp4")], PRINTS).done == 1
    again.begin({})
    again.append(row("b.mp4", "new"))
    again.finish([video("a.mp4"), video("b.mp4")])
    assert [one.caption for one in Results(output).rows()] == ["kept", "new"]


def test_somebody_elses_file_is_not_touched(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    output.write_text('{"my": "own"}\n')
    with pytest.raises(UserError, match="was not written by framescribe"):
        Results(output)
    assert output.read_text() == '{"my": "own"}\n'


def test_an_output_of_no_known_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"must end in \.jsonl, \.csv, \.parquet"):
        Results(tmp_path / "captions.txt")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        Results(tmp_path / "folder.csv")


def test_summaries_from_rows_follow_the_frame_captions(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    source = {"a.mp4": row("a.mp4", None), "b.mp4": row("b.mp4", None)}
    write(output, row("a.mp4"))
    prints = {"frames": None, "summary": "s1"}
    plan = Results(output).plan([video("a.mp4"), video("b.mp4")], prints, frames_from=source)
    assert [one.id for one, _ in plan.todo] == ["b.mp4"]
    newer = {"a.mp4": row("a.mp4", None, prints=("f2", "s1")), "b.mp4": source["b.mp4"]}
    assert len(Results(output).plan([video("a.mp4"), video("b.mp4")], prints, frames_from=newer).todo) == 2


def test_the_end_of_a_run_shows_names_in_brackets_as_they_are(tmp_path: Path) -> None:
    from rich.console import Console

    from framescribe.cli.screen import table
    from framescribe.run.job import Report
    from framescribe.run.meter import Meter

    report = Report(inputs=1, done_before=0, failed_before=0, parts=tmp_path / "[/x].parts", meter=Meter())
    report.count(failed("[/b] [2].mp4"))
    report.output = tmp_path / "[/out] [1].jsonl"
    console = Console(width=400, record=True, file=open(tmp_path / "screen", "w"))  # noqa: SIM115
    with console.file:
        table(report, console)
    shown = console.export_text()
    assert "[/b] [2].mp4" in shown
    assert "[/out] [1].jsonl" in shown
