"""The whole way, with real models on clips whose content is known: the right caption on the right video, always."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from framescribe.demo.clips import DemoClip
from framescribe.demo.scenes import parse_statement
from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.errors import UserError
from framescribe.frames.sampling import Sampling
from framescribe.prompts import presets
from framescribe.records import Row, Video
from framescribe.results.index import hash_of
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.captioner import Captioner
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.report import Report
from framescribe.sources import find_videos

VLM = ModelChoice(model="shapes-vlm", batch_size=8)
LLM = ModelChoice(model="shapes-llm", batch_size=8)
UNIFORM = Sampling(method="uniform", frames=5)


def recipe(sampling: Sampling = UNIFORM, summary_prompt: str = "default", **more: object) -> Recipe:
    """Of the strategy frames-then-summary. `more`: `without` a stage, a stage's own `frames={…}` or `summary={…}`, and
    any other part of a recipe."""
    stages = {
        "frames": {"model": VLM, "prompt": presets("frame")["default"], "decoding": Decoding(max_tokens=96)},
        "summary": {
            "model": LLM,
            "prompt": presets("summary").get(summary_prompt, summary_prompt),
            "decoding": Decoding(max_tokens=160),
        },
    }
    without = more.pop("without", None)
    choices = {
        name: StageChoice(**{**choice, **more.pop(name, {})})  # type: ignore[dict-item,arg-type]
        for name, choice in stages.items()
        if name != without
    }
    return Recipe(sampling=sampling, stages=choices, **more)  # type: ignore[arg-type]


def find(*sources: object, **columns: str) -> list[Video]:
    return find_videos([str(source) for source in sources], say=lambda line: None, **columns)  # type: ignore[arg-type]


def job(
    made: Recipe,
    videos: Sequence[Video],
    output: Path,
    *,
    redo: bool = False,
    retry_failed: bool = False,
    check_content: bool = False,
    **more: object,
) -> Report:
    options = RunOptions(again=Again(failed=retry_failed, redo=redo), check_content=check_content)
    return asyncio.run(run_job(made, videos, Results(output), options=options, **more))  # type: ignore[arg-type]


def content(row: Row) -> dict[str, object]:
    """All of a row that must not depend on how it came about."""
    kept = row.as_dict()
    kept["provenance"] = {name: made["fingerprint"] for name, made in row.stages.items() if "fingerprint" in made}
    return kept


def truths(clip: DemoClip, row: Row) -> tuple[list[str], str]:
    """The frame captions and the summary that the drawn scene deserves, at the frames that the row names."""
    times = [frame.index / (clip.frame_count - 1) for frame in row.frames]
    return [clip.scene.frame_caption(t) for t in times], clip.scene.summary(times)


def folder(clips: list[DemoClip]) -> Path:
    return clips[0].path.parent


@pytest.fixture(scope="module")
def straight(demo_clips: list[DemoClip], tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    """The rows of a run that nothing disturbed."""
    output = tmp_path_factory.mktemp("straight") / "captions.jsonl"
    report = job(recipe(), find(folder(demo_clips)), output)
    assert report.output == output
    return list(read_rows(output))


def judge(rows: Sequence[Row], clips: list[DemoClip]) -> tuple[float, float]:
    """The share of frame captions and of summaries that are right, word for word."""
    by_id = {clip.path.name: clip for clip in clips}
    assert sorted(Path(row.video_path).name for row in rows) == sorted(by_id)
    frames, summaries = [], []
    for row in rows:
        captions, summary = truths(by_id[Path(row.video_path).name], row)
        frames += [said.caption == right for said, right in zip(row.frames, captions, strict=True)]
        summaries.append(row.caption == summary)
    return sum(frames) / len(frames), sum(summaries) / len(summaries)


def things(text: str | None) -> set[tuple[str, str]]:
    return {(mention.colour, mention.shape) for mention in parse_statement(text or "").mentions}


def test_captions_say_what_was_drawn(straight: list[Row], demo_clips: list[DemoClip]) -> None:
    frames, summaries = judge(straight, demo_clips)
    assert frames >= 0.9
    assert summaries >= 0.9


def test_every_caption_is_about_its_own_video(straight: list[Row], demo_clips: list[DemoClip]) -> None:
    drawn = {
        clip.path.name: {(track.object.colour, track.object.shape) for track in clip.scene.tracks}
        for clip in demo_clips
    }

    def likeness(name: str, said: Counter[tuple[str, str]], frames: int) -> int:
        return (
            sum(count if thing in drawn[name] else -count for thing, count in said.items())
            - sum(thing not in said for thing in drawn[name]) * frames
        )

    for row in straight:
        said = Counter(thing for frame in row.frames for thing in things(frame.caption))
        assert max(drawn, key=lambda name: likeness(name, said, len(row.frames))) == Path(row.video_path).name
        assert things(row.caption) & drawn[Path(row.video_path).name]


def test_rows_carry_index_and_time_of_the_frames_that_uniform_means(
    straight: list[Row], demo_clips: list[DemoClip]
) -> None:
    by_id = {clip.path.name: clip for clip in demo_clips}
    for row in straight:
        clip = by_id[row.id]
        assert [frame.index for frame in row.frames] == [k * clip.frame_count // 5 for k in range(5)]
        for frame in row.frames:
            assert frame.time == pytest.approx(frame.index / clip.fps, abs=0.002)
        assert row.video is not None
        assert (row.video.width, row.video.height, row.video.frames) == (clip.width, clip.height, clip.frame_count)


def test_the_middle_frame_alone_from_a_metadata_file(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    listed = tmp_path / "list.csv"
    lines = [f'{clip.path},00{number},"a, b"' for number, clip in enumerate(demo_clips)]
    listed.write_text("clip,code,note\n" + "\n".join(lines) + "\n")
    output = tmp_path / "captions.csv"
    videos = find(listed, video_column="clip", id_column="code")
    job(recipe(Sampling()), videos, output)
    rows = list(read_rows(output))
    assert [row.id for row in rows] == [f"00{number}" for number in range(len(demo_clips))]
    assert [row.metadata for row in rows] == [
        {"clip": str(clip.path), "code": f"00{number}", "note": "a, b"} for number, clip in enumerate(demo_clips)
    ]
    assert [[frame.index for frame in row.frames] for row in rows] == [[clip.frame_count // 2] for clip in demo_clips]
    frames, summaries = judge(rows, demo_clips)
    assert frames >= 0.9
    assert summaries >= 0.9


def test_one_model_for_both_stages_is_loaded_once(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    opened: list[Captioner] = []
    report = job(
        recipe(Sampling(), summary={"model": VLM}),
        find(demo_clips[0].path),
        tmp_path / "captions.jsonl",
        watcher=Watcher(started=lambda plan, captioner: opened.append(captioner)),
    )
    assert report.statuses["failed"] == 0
    assert opened[0].engines["frames"] is opened[0].engines["summary"]


def test_a_changed_summary_prompt_asks_no_frame_again(
    straight: list[Row], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    output, videos = tmp_path / "captions.jsonl", find(folder(demo_clips))
    job(recipe(), videos, output)
    report = job(recipe(summary_prompt="easyanimate"), videos, output)
    assert (report.meter.counts["frames"], report.meter.counts["summary"]) == (0, len(videos))
    rows = list(read_rows(output))
    assert [row.frames for row in rows] == [row.frames for row in straight]
    assert all(row.caption and row.caption.startswith("In this video, ") for row in rows)
    assert not any(row.caption and row.caption.startswith("In this video") for row in straight)


def test_a_changed_frame_recipe_is_refused_and_says_what_differs(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    output, videos = tmp_path / "captions.jsonl", find(demo_clips[0].path)
    job(recipe(Sampling()), videos, output)
    before = output.read_bytes()
    other = recipe(Sampling(), frames={"prompt": "Describe this image."})
    with pytest.raises(UserError, match=r"different: prompt") as caught:
        job(other, videos, output)
    assert "--redo" in str(caught.value)
    assert output.read_bytes() == before
    assert job(other, videos, output, redo=True).statuses["ok"] == 1


def test_the_two_halves_give_what_the_whole_gives(
    straight: list[Row], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    videos = find(folder(demo_clips))
    half = tmp_path / "frames.csv"
    job(recipe(without="summary"), videos, half)
    by_place = {(video.id, video.place): hash_of(video) for video in videos}
    rows = {(row.id, by_place[row.id, row.video_path]): row for row in read_rows(half)}
    assert len(rows) == len(videos)
    assert all(row.caption is None and row.status == "ok" for row in rows.values())
    output = tmp_path / "captions.jsonl"
    job(recipe(without="frames"), videos, output, frames_from=rows)
    assert [(row.id, row.caption, row.frames) for row in read_rows(output)] == [
        (row.id, row.caption, row.frames) for row in straight
    ]


def test_failed_videos_have_rows_and_a_retry_equals_a_straight_run(
    straight: list[Row], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    clips = tmp_path / "clips"
    clips.mkdir()
    for clip in demo_clips:
        (clips / clip.path.name).write_bytes(clip.path.read_bytes())
    broken = clips / demo_clips[3].path.name
    whole = broken.read_bytes()
    broken.write_bytes(b"")
    output = tmp_path / "captions.jsonl"
    report = job(recipe(), find(clips), output)
    assert (report.statuses["failed"], report.failed) == (1, 1)
    row = list(read_rows(output))[3]
    assert (row.status, row.caption, row.error and row.error.stage) == ("failed", None, "decode")
    assert row.error is not None
    assert "empty" in row.error.message
    assert job(recipe(), find(clips), output).failed_before == 1  # nothing is tried again unasked
    broken.write_bytes(whole)
    os.truncate(broken, len(whole))
    assert job(recipe(), find(clips), output, retry_failed=True).failed == 0
    assert [strip(row) for row in read_rows(output)] == [strip(row) for row in straight]


def strip(row: Row) -> dict[str, object]:
    return {**content(row), "video_path": Path(row.video_path).name}


COMMAND = [
    sys.executable, "-m", "framescribe", "caption", "--model", "shapes-vlm", "--sample", "uniform", "--frames", "5",
    "--batch-size", "1", "--max-tokens", "96", "-o",
]  # fmt: skip


def rows_in(parts: Path) -> int:
    return sum(part.read_bytes().count(b"\n") for part in parts.glob("*.jsonl")) if parts.is_dir() else 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), pytest.param(signal.SIGINT, 130, marks=pytest.mark.slow)]
)
def test_a_run_that_was_ended_and_goes_on_equals_a_straight_one(
    number: signal.Signals, code: int, straight: list[Row], demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    words = [*COMMAND, str(output), str(folder(demo_clips))]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 300
    while rows_in(tmp_path / "captions.jsonl.parts") < 3 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    shown, told = process.communicate(timeout=300)
    assert process.returncode == code, told
    assert not output.exists()
    kept = rows_in(tmp_path / "captions.jsonl.parts")
    assert 3 <= kept < len(straight)
    if number == signal.SIGINT:
        assert f"videos left: {len(straight) - kept}" in shown
        assert "run the same command again" in shown
    ended = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert f"videos already done: {kept}" in ended.stderr
    rows = list(read_rows(output))
    assert [(row.id, row.caption, row.frames) for row in rows] == [
        (row.id, row.caption, row.frames) for row in straight
    ]


def test_every_real_file_gets_a_row(real_clips: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    listed = real_clips / "manifest.csv"
    ended = subprocess.run(
        [sys.executable, "-m", "framescribe", "caption", str(listed), "--video-column", "file", "--model", "shapes-vlm",
         "--max-tokens", "8", "--batch-size", "8", "-o", str(output), "--json-logs"],
        capture_output=True, text=True, timeout=900,
    )  # fmt: skip
    assert ended.returncode == 3, ended.stderr
    rows = {row.id: row for row in read_rows(output)}
    with listed.open() as stream:
        records = {record["file"]: record for record in csv.DictReader(stream)}
    assert list(rows) == list(records)
    for name, row in rows.items():
        if not records[name]["frames_decoded"]:
            assert row.status == "failed"
            assert row.error is not None
            assert len(row.error.message) > 20
    assert sum(row.status != "failed" for row in rows.values()) >= 60
    events = [json.loads(line) for line in ended.stdout.splitlines()]
    assert events[-1]["event"] == "finished"
    assert sum(event["event"] == "row" for event in events) == len(records)


def test_a_video_that_is_cut_off_is_flagged_where_it_is_salvaged(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    whole = next(clip for clip in demo_clips if clip.path.suffix == ".mkv")
    cut = tmp_path / whole.path.name
    content = whole.path.read_bytes()
    cut.write_bytes(content[: len(content) * 2 // 3])
    report = job(recipe(), find(cut), tmp_path / "refused.jsonl")
    assert report.output is not None
    (row,) = read_rows(report.output)
    assert row.status == "failed" and row.error is not None
    assert "cut off" in row.error.message
    salvaged = Sampling(method="uniform", frames=3, salvage=True)
    output = tmp_path / "salvaged.jsonl"
    for prompt in ("default", "Summarize the captions: {captions}"):  # the second run has new summaries alone
        job(recipe(salvaged, prompt), find(cut), output)
        (row,) = read_rows(output)
        assert (row.status, row.flags) == ("flagged", ("video_cut_off",))
        times = [frame.index / (whole.frame_count - 1) for frame in row.frames]
        drawn = [whole.scene.frame_caption(t) for t in times]
        assert sum(frame.caption == right for frame, right in zip(row.frames, drawn, strict=True)) >= 2
