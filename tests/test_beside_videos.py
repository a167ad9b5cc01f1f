"""`caption -o DIR/` and `caption --sidecars`: each caption beside its video, as trainers read it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import typer

from framescribe.cli.main import app
from framescribe.cli.sidecars import roots
from framescribe.demo.clips import DemoClip
from framescribe.errors import UserError

MODELS = ("--model", "shapes-vlm", "--summary-model", "shapes-llm", "--sample", "uniform", "--frames", "5", "-q")


def run(*words: object) -> int:
    """The exit code of this command, run in this process."""
    try:
        return app([str(word) for word in words], standalone_mode=False) or 0
    except typer.Exit as end:
        return end.exit_code


@pytest.fixture
def clips(demo_clips: list[DemoClip], tmp_path: Path) -> Path:
    """Two clips, one of them in a folder below, and a file that is no video."""
    folder = tmp_path / "clips"
    (folder / "more").mkdir(parents=True)
    shutil.copy(demo_clips[0].path, folder / "one.mp4")
    shutil.copy(demo_clips[1].path, folder / "more" / "two.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def test_a_caption_lies_beside_its_video(clips: Path, demo_clips: list[DemoClip], tmp_path: Path) -> None:
    assert run("caption", clips, *MODELS, "--sidecars", "-o", tmp_path / "out.jsonl") == 3
    assert (clips / "one.txt").read_text() == demo_clips[0].summary()
    assert (clips / "more" / "two.txt").read_text() == demo_clips[1].summary()
    assert not (clips / "broken.txt").exists()


def test_a_folder_as_output_holds_links_and_texts(clips: Path, demo_clips: list[DemoClip], tmp_path: Path) -> None:
    (clips / "broken.mp4").unlink()
    out = tmp_path / "set"
    assert run("caption", clips, *MODELS, "-o", f"{out}/") == 0
    assert (out / "one.txt").read_text() == demo_clips[0].summary()
    assert os.path.samefile(out / "one.mp4", clips / "one.mp4")
    assert (out / "more" / "two.txt").read_text() == demo_clips[1].summary()
    assert (out / "captions.jsonl").exists()
    assert not list(clips.glob("**/*.txt"))


def test_a_text_that_a_person_wrote_stays(clips: Path, tmp_path: Path) -> None:
    (clips / "one.txt").write_text("Mine.")
    assert run("caption", clips / "one.mp4", *MODELS, "-o", f"{clips}/") == 0
    assert (clips / "one.txt").read_text() == "Mine."


def test_texts_of_another_result_stay_beside_their_videos(clips: Path, tmp_path: Path) -> None:
    run("caption", clips / "more", *MODELS, "--sidecars", "-o", tmp_path / "more.jsonl")
    before = (clips / "more" / "two.txt").read_text()
    run("caption", clips / "one.mp4", *MODELS, "--sidecars", "-o", tmp_path / "one.jsonl")
    assert (clips / "more" / "two.txt").read_text() == before
    assert (clips / "one.txt").exists()


def test_folder_and_sidecars_contradict_each_other(clips: Path) -> None:
    with pytest.raises(UserError, match="contradict"):
        run("caption", clips, *MODELS, "-o", f"{clips}/", "--sidecars")


def test_videos_share_the_outermost_folder_that_holds_one() -> None:
    places = ["/a/b/1.mp4", "/a/bc/2.mp4", "/a/b/c/3.mp4", "/a/b-c/5.mp4", "/d/4.mp4"]
    assert roots(places) == ["/a/b", "/a/b-c", "/a/bc", "/d"]
    with pytest.raises(UserError, match="not on this machine"):
        roots(["/a/1.mp4", "s3://bucket/2.mp4"])


def test_texts_of_another_result_in_the_same_folder_stay(clips: Path, tmp_path: Path) -> None:
    (clips / "broken.mp4").unlink()
    run("caption", clips, *MODELS, "--sidecars", "-o", tmp_path / "all.jsonl")
    run("caption", clips / "one.mp4", *MODELS, "--sidecars", "-o", tmp_path / "one.jsonl")
    assert (clips / "more" / "two.txt").exists()


def test_a_folder_whose_name_begins_with_anothers_is_not_in_it(demo_clips: list[DemoClip], tmp_path: Path) -> None:
    for name, clip in zip(("b", "bc"), demo_clips, strict=False):
        (tmp_path / name).mkdir()
        shutil.copy(clip.path, tmp_path / name / f"{name}.mp4")
    run("caption", tmp_path / "b", tmp_path / "bc", *MODELS, "--sidecars", "-o", tmp_path / "out.jsonl")
    found = sorted(path.name for path in (tmp_path / "b").iterdir() if not path.name.startswith("."))
    assert (found, (tmp_path / "bc" / "bc.txt").exists()) == (["b.mp4", "b.txt"], True)
