"""What the results promise: a row per video whatever happened before, nothing lost, nothing mixed up."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from framescribe.errors import UserError
from framescribe.records import Failure, FrameCaption, Row, Video, VideoInfo
from framescribe.results.index import hash_of
from framescribe.results.plan import Again, Plan
from framescribe.results.rows import Results, marked, read_rows
from framescribe.strategies.base import StageWanted

INFO = VideoInfo(duration=3.0, fps=10.0, width=320, height=240, codec="h264", frames=30)


def wanted(frames: str | None = "f1", summary: str | None = "s1", former: str | None = None) -> tuple[StageWanted, ...]:
    """What a recipe with these fingerprints wants; None: it has no such stage. `former`: 0.1.0's of the frames."""
    stages = []
    if frames is not None:
        stages.append(StageWanted(name="frames", sees=True, recipe=frames, former=former))
    if summary is not None:
        stages.append(StageWanted(name="summary", after=("frames",), recipe=summary))
    return tuple(stages)


def row(name: str, caption: str | None = "A cat.", *, prints: tuple[str, str] = ("f1", "s1"), **more: object) -> Row:
    """A row as frames-then-summary makes it, of a file whose bytes have the fingerprint "bytes of NAME"."""
    frames = {"fingerprint": prints[0], "model": "m", "attempts": 1, "fills": ["frames"]}
    summary = {"fingerprint": prints[1], "model": "m", "attempts": 1, "fills": ["caption"]}
    if caption is None:
        del summary["fills"]
    values: dict[str, object] = {
        "id": name,
        "video_path": f"/videos/{name}",
        "caption": caption,
        "status": "ok",
        "frames": (FrameCaption(index=15, time=1.5, caption=f"frame of {name}"),),
        "video": INFO,
        "size": 100,
        "provenance": {
            "schema": 2,
            "version": "x",
            "file": {"fingerprint": f"bytes of {name}"},
            "stages": {"frames": frames, "summary": summary},
        },
        "metadata": {},
    }
    return Row(**{**values, **more})  # type: ignore[arg-type]


def failed(name: str, **more: object) -> Row:
    """A row of a video that could not be decoded: no stage has a result."""
    error = Failure(stage="decode", kind="unreadable", message="the file is empty")
    made = row(name, None, **{"status": "failed", "error": error, "frames": (), **more})  # type: ignore[arg-type]
    stages = {stage: {"fingerprint": of["fingerprint"]} for stage, of in made.stages.items()}
    return replace(made, provenance={**made.provenance, "stages": stages})


def video(name: str, size: int | None = 100, **metadata: object) -> Video:
    return Video(id=name, path=f"/videos/{name}", size=size, metadata=metadata)


def ids(plan: Plan) -> list[str]:
    """The videos that are left, in their order."""
    return [todo.video.id for todo in plan.todo]


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
    plan = results.plan([video("a.mp4"), video("b.mp4"), video("c.mp4")], wanted())
    assert ids(plan) == ["c.mp4"]
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
    assert ids(results.plan([video("a.mp4"), video("b.mp4"), video("c.mp4")], wanted())) == ["b.mp4"]


@pytest.mark.parametrize("prune", [False, True])
def test_finished_file_has_the_inputs_in_their_order_and_then_all_others(tmp_path: Path, prune: bool) -> None:
    output = tmp_path / "captions.jsonl"
    results = Results(output)
    results.begin({})
    for name in ("c", "older", "a", "b", "gone"):
        results.append(row(name, f"caption of {name}"))
    results.finish([video("b"), video("a"), video("c")], prune=prune)
    records = [json.loads(line) for line in output.read_text().splitlines()]
    assert [(record["id"], record["caption"]) for record in records] == [
        ("b", "caption of b"),
        ("a", "caption of a"),
        ("c", "caption of c"),
        *([] if prune else [("gone", "caption of gone"), ("older", "caption of older")]),
    ]
    assert len(Results(output)) == 5  # of the rows themselves nothing is lost either way
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


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
def test_rows_that_went_through_different_stages_are_read_back_each_as_it_was(tmp_path: Path, ending: str) -> None:
    """A table has every stage's columns in all of its rows; a row that had no such stage says nothing of it."""
    plain, whole = row("a.mp4"), row("b.mp4")
    clip = {"fingerprint": "c1", "fills": ["caption", "frames"], "flags": ["caption_truncated"]}
    edited = {**plain.provenance, "recaptioned": True, "stages": {"clip": clip}}
    rows = [plain, replace(whole, provenance=edited)]
    output = tmp_path / f"captions{ending}"
    write(output, *rows)
    results = Results(output)
    results.finish([video("a.mp4"), video("b.mp4")])
    assert list(read_rows(output)) == rows
    shutil.rmtree(results.parts)
    assert list(Results(output).rows()) == rows


def test_a_finished_file_keeps_a_row_though_as_many_inputs_are_new(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"), row("b.mp4"))
    Results(output).finish([video("a.mp4"), video("without a row.mp4")])
    assert [one.id for one in read_rows(output)] == ["a.mp4", "b.mp4"]


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
    plan = Results(output).plan(videos, wanted())
    assert (plan.todo, plan.done, plan.failed_before) == ([], 2, 1)
    assert ids(Results(output).plan(videos, wanted(), again=Again(failed=True))) == ["a.mp4"]


def test_a_video_that_failed_may_end_otherwise_only_where_what_it_failed_at_is_another(tmp_path: Path) -> None:
    """It could not be decoded: other frames may be, another summary changes nothing. And its row refuses no recipe."""
    output = tmp_path / "captions.jsonl"
    at_summary = row("b.mp4", None, status="failed", error=Failure(stage="summary", kind="bad_reply", message="empty"))
    write(output, failed("a.mp4"), at_summary)
    videos = [video("a.mp4"), video("b.mp4")]
    for recipe, left in ((wanted("f1", "s2"), ["b.mp4"]), (wanted("f2", "s1"), ["a.mp4", "b.mp4"])):
        plan = Results(output).plan(videos, recipe)
        assert (ids(plan), plan.other_recipe) == (left, 0)
    (todo,) = Results(output).plan(videos, wanted("f1", "s2")).todo
    earlier = Results(output).earlier(todo)
    assert earlier is not None and earlier.frames == at_summary.frames


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
    results = Results(output)
    plan = results.plan([video("a.mp4"), video("b.mp4")], wanted("f1", "other"))
    assert plan.later_stages == 1
    kept = [(todo.video.id, results.earlier(todo)) for todo in plan.todo]
    assert [(name, row and (row.frames[0].caption, row.caption)) for name, row in kept] == [
        ("a.mp4", ("frame of a.mp4", None)),
        ("b.mp4", None),
    ]


def test_a_changed_frame_recipe_is_counted_and_done_only_when_asked(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    results = Results(output)
    plan = results.plan([video("a.mp4")], wanted("other", "s1"))
    assert (plan.other_recipe, plan.todo) == (1, [])
    again = results.plan([video("a.mp4")], wanted("other", "s1"), again=Again(redo=True))
    assert [results.earlier(todo) for todo in again.todo] == [None]


def test_another_file_under_the_same_name_is_captioned_again(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4"))
    assert Results(output).plan([video("a.mp4", size=100)], wanted()).done == 1
    assert Results(output).plan([video("a.mp4", size=101)], wanted()).replaced == 1
    assert Results(output).plan([video("a.mp4", size=None)], wanted()).done == 1


def test_a_file_at_another_place_is_not_believed_to_be_the_same(tmp_path: Path) -> None:
    """The same id in another folder: its bytes must say so, where the row holds a fingerprint; else it is done."""
    output = tmp_path / "captions.jsonl"
    unknown = row("b.mp4")
    write(output, row("a.mp4"), replace(unknown, provenance={**unknown.provenance, "file": {}}))
    moved = [Video(id=name, path=f"/elsewhere/{name}", size=100) for name in ("a.mp4", "b.mp4")]
    plan = Results(output).plan(moved, wanted())
    assert [doubt.video.id for doubt in plan.doubts] == ["a.mp4"]
    assert (ids(plan), plan.done) == (["b.mp4"], 0)


def test_rows_of_two_places_under_one_id_stand_beside_each_other(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4", "here"), row("a.mp4", "there", video_path="/elsewhere/a.mp4"))
    videos = [video("a.mp4"), Video(id="a.mp4", path="/elsewhere/a.mp4", size=100)]
    results = Results(output)
    assert (len(results), results.plan(videos, wanted()).done) == (2, 2)
    assert [one.caption for one in results.rows(videos)] == ["here", "there"]
    assert [one.caption for one in results.rows(reversed(videos))] == ["there", "here"]


def test_a_row_of_another_file_at_the_same_place_replaces_even_by_a_failure(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    write(output, row("a.mp4", "of the file before"))
    results = Results(output)
    (todo,) = results.plan([video("a.mp4", size=101)], wanted()).todo
    write(output, marked(failed("a.mp4"), todo, results))
    (kept,) = Results(output).rows()
    assert (kept.status, kept.caption, kept.size) == ("failed", None, 101)


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
    assert {name for name, _ in one.fresh} == {f"{number}.mp4" for number in range(0, 20, 2)}
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
    shutil.rmtree(results.parts)
    again = Results(output)
    assert again.plan([video("a.mp4")], wanted()).done == 1
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
    videos = [video("a.mp4"), video("b.mp4")]
    source = {(one.id, hash_of(one)): row(one.id, None) for one in videos}
    write(output, row("a.mp4"))
    plan = Results(output).plan(videos, wanted(None, "s1"), sources=source)
    assert ids(plan) == ["b.mp4"]
    assert Results(output).earlier(plan.todo[0]) == row("b.mp4", None)
    newer = {**source, ("a.mp4", hash_of(videos[0])): row("a.mp4", None, prints=("f2", "s1"))}
    plan = Results(output).plan(videos, wanted(None, "s1"), sources=newer)
    assert ids(plan) == ["a.mp4", "b.mp4"]


def test_the_end_of_a_run_shows_names_in_brackets_as_they_are(tmp_path: Path) -> None:
    from rich.console import Console

    from framescribe.cli.plain import table
    from framescribe.runs.meter import Meter
    from framescribe.runs.report import Report

    report = Report(inputs=1, done_before=0, failed_before=0, parts=tmp_path / "[/x].parts", meter=Meter())
    report.count(failed("[/b] [2].mp4"))
    report.output = tmp_path / "[/out] [1].jsonl"
    console = Console(width=400, record=True, file=open(tmp_path / "screen", "w"))  # noqa: SIM115
    with console.file:
        table(report, console)
    shown = console.export_text()
    assert "[/b] [2].mp4" in shown
    assert "[/out] [1].jsonl" in shown
