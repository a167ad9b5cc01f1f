"""The original pipeline's two scripts, run: as the README runs them, resumed, killed, with failures; on real files.

The numbers in test names are those of the list of defects of EasyAnimate's video_caption (April 2024, a4008a6).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from aiohttp import web

from framescribe.demo.clips import DemoClip, write_clip
from framescribe.demo.scenes import parse_statement
from framescribe.prompts import presets
from tests.scripts import (
    DETAIL,
    FRAME_COLUMNS,
    FRAMES,
    LLM,
    SUMMARY,
    SUMMARY_COLUMNS,
    VLM,
    caption,
    judge,
    lay_out,
    records,
    shell,
    sum_up,
)
from tests.servers import ScriptedServer, answers, says, sleeps

# The README's two commands, word for word but for the models, the missing backslash and the name of the script.
README_FRAMES = """
CUDA_VISIBLE_DEVICES=0 {python} {script} \\
    --video_folder="your-video-folder/" \\
    --frame_sample_method="extract_mid_frame" \\
    --num_sampled_frames=1 \\
    --image_caption_model_name="shapes-vlm" \\
    --image_caption_prompt="Please describe this image in detail." \\
    --saved_path="video_frame_caption.jsonl"
"""
README_SUMMARY = """
CUDA_VISIBLE_DEVICES=0 {python} {script} \\
    --video_metadata_path="video_frame_caption.jsonl" \\
    --video_path_column="video_path" \\
    --caption_column="sampled_frame_caption" \\
    --summary_model_name="shapes-llm" \\
    --summary_prompt="You are a helpful video description generator. I'll give you a description of the middle frame of the video clip,  \\
    which you need to summarize it into a description of the video clip. \\
    Please provide your video description following these requirements: \\
    1. Describe the basic and necessary information of the video in the third person, be as concise as possible. \\
    2. Output the video description directly. Begin with 'In this video'. \\
    3. Limit the video description within 100 words. \\
    Here is the mid-frame description: " \\
    --saved_path="video_summary_caption.jsonl"
"""  # noqa: E501


@dataclass
class Ran:
    """What a command left: its end, and its file as it was then."""

    ended: subprocess.CompletedProcess[str]
    saved: Path
    content: bytes
    clips: dict[str, DemoClip]


@pytest.fixture(scope="module")
def readme_run(demo_clips: list[DemoClip], tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The README's first command in a folder with good and bad videos."""
    place = tmp_path_factory.mktemp("readme")
    clips = lay_out(place / "your-video-folder", demo_clips)
    ended = shell(README_FRAMES, FRAMES, place)
    saved = place / "video_frame_caption.jsonl"
    return Ran(ended, saved, saved.read_bytes(), clips)


@pytest.fixture(scope="module")
def mended_run(readme_run: Ran, demo_clips: list[DemoClip]) -> Ran:
    """The same command again, after one of the bad videos was replaced by a good one."""
    place = readme_run.saved.parent
    shutil.copyfile(demo_clips[6].path, place / "your-video-folder/mended.mp4")
    ended = shell(README_FRAMES, FRAMES, place)
    clips = {**readme_run.clips, "mended.mp4": demo_clips[6]}
    return Ran(ended, readme_run.saved, readme_run.saved.read_bytes(), clips)


@pytest.fixture(scope="module")
def readme_summary(mended_run: Ran) -> Ran:
    """The README's second command, on the very file that the first one wrote."""
    place = mended_run.saved.parent
    ended = shell(README_SUMMARY, SUMMARY, place)
    saved = place / "video_summary_caption.jsonl"
    return Ran(ended, saved, saved.read_bytes(), mended_run.clips)


# --- frames, as the README runs it -----------------------------------------------------------------


def test_defect_01_the_readme_command_runs_and_says_what_was_drawn(readme_run: Ran) -> None:
    assert readme_run.ended.returncode == 3, readme_run.ended.stderr
    table = pd.read_json(readme_run.saved, lines=True)
    assert list(table.columns) == FRAME_COLUMNS
    rows = [json.loads(line) for line in readme_run.content.decode().splitlines()]
    assert {(row["image_caption_model"], row["prompt"]) for row in rows} == {("shapes-vlm", DETAIL)}
    for row in rows:
        assert row["sampled_frame_idx"] == [readme_run.clips[row["video_path"]].frame_count // 2]
    assert judge(rows, readme_run.clips) >= 0.8


def test_defect_11_and_13_nested_paths_stay_whole_and_capitals_are_seen(readme_run: Ran) -> None:
    paths = [json.loads(line)["video_path"] for line in readme_run.content.decode().splitlines()]
    assert paths == sorted(readme_run.clips)


def test_defect_06_a_failed_video_is_named_has_no_row_and_is_tried_again(readme_run: Ran, mended_run: Ran) -> None:
    for name in ("mended.mp4", "two/never.mp4"):
        assert f"failed: {name}: decode: " in readme_run.ended.stderr
    assert "failed: mended.mp4" not in mended_run.ended.stderr
    assert "failed: two/never.mp4" in mended_run.ended.stderr
    assert mended_run.ended.returncode == 3, mended_run.ended.stderr
    assert sorted(mended_run.clips) == [row["video_path"] for row in records(mended_run.saved)]


def test_defect_07_and_13_a_resumed_run_keeps_every_row_and_equals_a_straight_one(
    readme_run: Ran, mended_run: Ran, tmp_path: Path
) -> None:
    assert set(readme_run.content.splitlines()) < set(mended_run.content.splitlines())
    folder = mended_run.saved.parent / "your-video-folder"
    straight = tmp_path / "straight.jsonl"
    assert caption("--video_folder", folder, VLM, "--image_caption_prompt", DETAIL, "--saved_path", straight) == 3
    assert straight.read_bytes() == mended_run.content


def test_defect_20_nothing_is_left_lying_about(readme_summary: Ran) -> None:
    assert {entry.name for entry in readme_summary.saved.parent.iterdir()} == {
        "your-video-folder",
        "video_frame_caption.jsonl",
        "video_frame_caption.rows.jsonl",
        "video_frame_caption.rows.jsonl.parts",
        "video_summary_caption.jsonl",
        "video_summary_caption.rows.jsonl",
        "video_summary_caption.rows.jsonl.parts",
    }


def test_defect_14_kill_9_loses_only_what_was_under_way(
    mended_run: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = mended_run.saved.parent / "your-video-folder"
    words = [f"--video_folder={folder}", VLM, f"--image_caption_prompt={DETAIL}", "--batch_size=1"]
    words += ["--saved_path=out/captions.jsonl", "--output_dir=kept"]
    run = subprocess.Popen([sys.executable, FRAMES, *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
    end = time.monotonic() + 120
    rows: list[bytes] = []
    while len(rows) < 2 and time.monotonic() < end and run.poll() is None:
        time.sleep(0.02)
        rows = [line for part in tmp_path.glob("kept/*.parts/*.jsonl") for line in part.read_bytes().splitlines()]
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL
    before = {row["id"]: row for row in map(json.loads, rows[:2])}
    assert {row.pop("kind") for row in before.values()} == {"row"}  # lines of parts may be something else
    monkeypatch.chdir(tmp_path)
    assert caption(*words) == 3
    assert (tmp_path / "out/captions.jsonl").read_bytes() == mended_run.content
    after = {
        row["id"]: row for row in map(json.loads, (tmp_path / "kept/captions.rows.jsonl").read_text().splitlines())
    }
    assert {id: after[id] for id in before if before[id]["status"] == "ok"} == {
        id: row for id, row in before.items() if row["status"] == "ok"
    }


# --- frames, other ways ----------------------------------------------------------------------------


def test_uniform_from_a_csv_into_a_csv_that_the_original_began(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Defects 3, 4, 7, 11: "False" is false, each frame is its own video's, old rows stay, whole paths resume."""
    monkeypatch.chdir(tmp_path)
    clips = lay_out(tmp_path / "videos", demo_clips)
    whole = str(tmp_path / "videos/one/clip.mp4")
    listed = [
        *list(clips)[:1],
        "two/clip.mp4",
        "gone.mp4",
        whole,
        "z.mkv",
        "two/never.mp4",
        "z.avi",
        "two/deep/er.webm",
    ]
    pd.DataFrame({"name": listed, "taken": range(len(listed))}).to_csv("list.csv", index=False)
    # As the original left it: names without folders, any order, and whatever else somebody put there since.
    old = [("er.webm", [7], ['It\'s "so" é']), ("elsewhere.mp4", [1, 2], ["a", "b"]), (whole, [3], ["whole"])]
    columns = dict(
        zip(("video_path", "sampled_frame_idx", "sampled_frame_caption"), zip(*old, strict=True), strict=True)
    )
    began = pd.DataFrame(columns).assign(image_caption_model="shapes-vlm", prompt=DETAIL, mark="x")
    began[[*FRAME_COLUMNS, "mark"]].to_csv("out.csv", index=False)
    words = ["--video_folder=videos", "--video_metadata_path=list.csv", "--video_path_column=name", "--batch_size=3"]
    words += ["--frame_sample_method=uniform", "--num_sampled_frames=3", "--image_caption_model_quantized", "False"]
    words += [VLM, f"--image_caption_prompt={DETAIL}", "--saved_path=out.csv", "--saved_freq=1"]
    assert caption(*words) == 3
    told = capsys.readouterr()
    assert "videos already in out.csv: 2" in told.err
    assert "failed: gone.mp4" in told.err
    rows = records(tmp_path / "out.csv")
    assert list(rows[0]) == [*FRAME_COLUMNS, "mark"]
    order = ["LOUD.MP4", "two/clip.mp4", "er.webm", "elsewhere.mp4", whole, "z.mkv", "z.avi"]
    assert [row["video_path"] for row in rows] == order
    for path, indices, captions in old:
        row = rows[order.index(path)]
        assert (row["sampled_frame_idx"], row["sampled_frame_caption"], row["mark"]) == (indices, captions, "x")
    new = [row for row in rows if row["mark"] != "x"]
    for row in new:
        count = clips[str(row["video_path"])].frame_count
        assert row["sampled_frame_idx"] == [0, count // 3, 2 * count // 3]
    assert judge(new, clips) >= 0.8
    written = (tmp_path / "out.csv").read_bytes()
    assert caption(*words) == 3  # gone.mp4 and never.mp4 are tried again
    assert (tmp_path / "out.csv").read_bytes() == written


def test_defect_10_mid_with_other_numbers_of_frames_is_one_frame_of_the_right_video(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    clips = lay_out(tmp_path / "videos", demo_clips)
    Path("videos/list.txt").write_text("\n".join(clips) + "\n")  # paths start from the list's own folder
    words = ["--video_metadata_path=videos/list.txt", "--frame_sample_method=mid", "--num_sampled_frames=3"]
    assert caption(*words, VLM, "--saved_path=out.csv") == 0
    assert "mid takes one frame: --num_sampled_frames 3 has no effect" in capsys.readouterr().err
    rows = records(tmp_path / "out.csv")
    assert [(row["video_path"], row["sampled_frame_idx"]) for row in rows] == [
        (name, [clip.frame_count // 2]) for name, clip in clips.items()
    ]
    assert judge(rows, clips) >= 0.8
    assert caption("--video_metadata_path=videos/list.txt", VLM, "--saved_path=out.csv") == 0  # it is the same recipe


def test_defect_21_a_short_clip_gives_each_frame_once(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("videos").mkdir()
    write_clip("videos/short.mp4", demo_clips[1].scene, width=320, height=240, fps=10, frames=3)
    with ScriptedServer(says("fine")) as server:
        for method in ("uniform", "random"):
            words = [f"--frame_sample_method={method}", "--num_sampled_frames=8", f"--base_url={server.url}"]
            assert caption("--video_folder=videos", *words, f"--saved_path={method}.jsonl") == 0
            assert records(Path(f"{method}.jsonl"))[0]["sampled_frame_idx"] == [0, 1, 2]


def test_defect_05_06_and_09_a_model_that_fails_on_one_frame_shifts_no_caption(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "videos", demo_clips)
    refused: set[str] = set()

    async def name_the_picture(request: web.Request) -> web.StreamResponse:
        parts = (await request.json())["messages"][0]["content"]
        picture = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
        name = hashlib.sha256(picture.encode()).hexdigest()[:12]
        act = answers(400, {"error": {"message": "not this one"}}) if name in refused else says(name)
        return await act(request)

    with ScriptedServer(name_the_picture) as server:
        words = ["--video_folder=videos", "--frame_sample_method=uniform", "--num_sampled_frames=3"]
        words += [f"--base_url={server.url}"]
        assert caption(*words, "--saved_path=straight.jsonl") == 3
        straight = records(Path("straight.jsonl"))
        assert {row["image_caption_model"] for row in straight} == {"tiny"}  # what the server serves
        assert {row["prompt"] for row in straight} == {presets("frame")["easyanimate"]}
        second = straight[1]["sampled_frame_caption"]
        refused.add(second[1])  # type: ignore[index]
        assert caption(*words, "--saved_path=out.jsonl") == 3
        assert "failed: one/clip.mp4: frames: " in capsys.readouterr().err
        assert records(Path("out.jsonl")) == [row for row in straight if row is not straight[1]]
        refused.clear()
        assert caption(*words, "--saved_path=out.jsonl") == 3
        assert Path("out.jsonl").read_bytes() == Path("straight.jsonl").read_bytes()


def test_a_run_that_is_stopped_leaves_what_was_captioned_in_the_file(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "videos", demo_clips)

    async def interrupt(request: web.Request) -> web.StreamResponse:
        for _ in range(2):
            await asyncio.sleep(1.5)
            os.kill(os.getpid(), signal.SIGINT)  # once to stop, once more to drop what is under way
        return await sleeps(60)(request)

    with ScriptedServer(says("fine"), says("fine"), interrupt, sleeps(60)) as server:
        assert caption("--video_folder=videos", f"--base_url={server.url}", "--saved_path=out.csv") == 130
    assert Path("out.csv").read_text().count("['fine']") == 2  # a list as pandas writes it
    with ScriptedServer(says("fine"), sleeps(1, answers(401, {"error": {"message": "no key"}}))) as server:
        assert caption("--video_folder=videos", f"--base_url={server.url}", "--saved_path=out.csv") == 1
    assert Path("out.csv").read_text().count("['fine']") == 3
    with ScriptedServer(says("fine")) as server:
        assert caption("--video_folder=videos", f"--base_url={server.url}", "--saved_path=out.csv") == 3
        assert len(server.requests) == 3
        assert caption("--video_folder=videos", f"--base_url={server.url}", "--saved_path=straight.csv") == 3
    assert Path("out.csv").read_bytes() == Path("straight.csv").read_bytes()


def test_a_replaced_file_is_captioned_again_in_its_place(
    demo_clips: list[DemoClip], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lay_out(tmp_path / "videos", demo_clips)
    with ScriptedServer(says("old"), *[says("old")] * 5, says("new")) as server:
        words = ["--video_folder=videos", f"--base_url={server.url}", "--saved_path=out.jsonl"]
        assert caption(*words) == 3
        shutil.copyfile(demo_clips[9].path, "videos/two/clip.mp4")
        assert caption(*words) == 3
    rows = records(Path("out.jsonl"))
    assert [row["video_path"] for row in rows] == sorted(row["video_path"] for row in rows)
    assert {row["video_path"] for row in rows if row["sampled_frame_caption"] == ["new"]} == {"two/clip.mp4"}


@pytest.mark.parametrize("change", ["prompt", "model", "frames"])
def test_rows_that_were_made_in_another_way_are_never_mixed(
    change: str,
    demo_clips: list[DemoClip],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("videos").mkdir()
    shutil.copyfile(demo_clips[0].path, "videos/clip.mp4")
    flags, says_what = {
        "prompt": (["--image_caption_prompt=Another."], "another prompt: 'Describe this image"),
        "model": (["--image_caption_model_name=shapes-vlm"], "another image_caption_model: 'tiny' there, 'shapes-vlm'"),
        "frames": (["--frame_sample_method=uniform", "--num_sampled_frames=2"], "--frame_sample_method"),
    }[change]
    with ScriptedServer(says("fine")) as server:
        words = ["--video_folder=videos", f"--base_url={server.url}", "--saved_path=out.jsonl"]
        assert caption(*words) == 0
        before = Path("out.jsonl").read_bytes()
        capsys.readouterr()
        assert caption(*words, *flags) == 2
        assert Path("out.jsonl").read_bytes() == before
    told = capsys.readouterr().err
    assert says_what in told
    assert "Use another --saved_path" in told


def test_files_from_elsewhere(real_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real containers and codecs, a file that is damaged and one without pictures; captions are nonsense there."""
    words = f"--video_folder='{real_clips.resolve()}' --video_metadata_path=list.txt {VLM} --saved_path=f.csv"
    monkeypatch.chdir(tmp_path)
    good = ["shared-assets__flower.webm", "file-type__fixture.3gp", "media__sample.avi", "decord__video_90.mov"]
    bad = ["media__sample_audio_only.mp4", "libwebm__invalid_vp9_bitstream-bug_1416.webm"]
    Path("list.txt").write_text("\n".join([good[0], bad[0], *good[1:], bad[1]]) + "\n")
    ended = shell("{python} {script} " + words, FRAMES, tmp_path)
    assert ended.returncode == 3, ended.stderr
    assert [row["video_path"] for row in records(tmp_path / "f.csv")] == good
    for name in bad:
        assert f"failed: {name}: decode: " in ended.stderr
    assert sum_up("--video_metadata_path=f.csv", LLM, "--saved_path=s.csv") == 0
    assert list(pd.read_csv("s.csv")["video_path"]) == good


def test_defect_02_and_15_the_second_command_reads_the_first_ones_file_and_writes_right_summaries(
    readme_summary: Ran, mended_run: Ran
) -> None:
    assert readme_summary.ended.returncode == 0, readme_summary.ended.stderr
    table = pd.read_json(readme_summary.saved, lines=True)
    assert list(table.columns) == SUMMARY_COLUMNS
    assert list(table["video_path"]) == [row["video_path"] for row in records(mended_run.saved)]
    assert set(table["summary_model"]) == {"shapes-llm"}
    wanted = {
        str(row["video_path"]): parse_statement(row["sampled_frame_caption"][0]) for row in records(mended_run.saved)
    }  # type: ignore[index]
    right = [
        said == wanted[path].sentence(lead=True)
        for path, said in zip(table["video_path"], table["summary_caption"], strict=True)
    ]
    assert sum(right) / len(right) >= 0.8
