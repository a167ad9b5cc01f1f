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


def folder_of_a_result(folder: Path) -> Path:
    """A folder in which a result was begun, as `caption -o folder/captions.jsonl` begins it."""
    folder.mkdir()
    (folder / "captions.jsonl").touch()
    return folder


def test_a_caption_lies_beside_its_video(clips: Path, demo_clips: list[DemoClip], tmp_path: Path) -> None:
    assert run("caption", clips, *MODELS, "--sidecars", "-o", tmp_path / "out.jsonl") == 3
    assert (clips / "one.txt").read_text() == demo_clips[0].summary()
    assert (clips / "more" / "two.txt").read_text() == demo_clips[1].summary()
    assert not (clips / "broken.txt").exists()


def test_the_folder_of_a_result_as_output_holds_links_and_texts(
    clips: Path, demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    (clips / "broken.mp4").unlink()
    out = folder_of_a_result(tmp_path / "set")
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


def test_an_older_row_without_its_video_is_left_out_and_said(
    clips: Path, demo_clips: list[DemoClip], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "broken.mp4").unlink()
    run("caption", clips / "one.mp4", *MODELS, "-o", tmp_path / "out.jsonl")
    (clips / "one.mp4").rename(tmp_path / "elsewhere.mp4")
    shutil.copy(demo_clips[2].path, clips / "three.mp4")
    capsys.readouterr()
    assert run("caption", clips, *MODELS[:-1], "--sidecars", "-o", tmp_path / "out.jsonl") == 0
    assert (clips / "three.txt").read_text() == demo_clips[2].summary()
    assert (clips / "more" / "two.txt").exists() and not (clips / "one.txt").exists()
    assert "there is no such file, left out: 1" in "".join(capsys.readouterr())


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


@pytest.mark.parametrize("where", ["beside", "folder of the clips", "folder of links"])
def test_the_text_of_a_file_that_was_replaced_by_a_broken_one_goes_and_a_persons_stays(
    where: str, clips: Path, demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    (clips / "broken.mp4").unlink()
    shutil.copy(demo_clips[2].path, clips / "three.mp4")
    texts, words = {
        "beside": (clips, ["--sidecars", "-o", tmp_path / "out.jsonl"]),
        "folder of the clips": (clips, ["-o", f"{clips}/"]),
        "folder of links": (folder_of_a_result(tmp_path / "set"), ["-o", f"{tmp_path / 'set'}/"]),
    }[where]
    assert run("caption", clips, *MODELS, *words) == 0
    (texts / "three.txt").write_text("Mine.")
    for name in ("one.mp4", "three.mp4"):
        (clips / name).write_bytes(b"no video any more")
    assert run("caption", clips, *MODELS, *words) == 3
    assert not (texts / "one.txt").exists()
    assert (texts / "three.txt").read_text() == "Mine."
    assert (texts / "more" / "two.txt").read_text() == demo_clips[1].summary()
    shutil.copy(demo_clips[3].path, clips / "one.mp4")
    assert run("caption", clips, *MODELS, *words) == 3
    assert (texts / "one.txt").read_text() == demo_clips[3].summary()


@pytest.mark.parametrize("beside", [True, False])
def test_where_no_video_can_be_captioned_any_more_the_older_text_goes(
    beside: bool, clips: Path, demo_clips: list[DemoClip], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (clips / "more" / "two.mp4").rename(tmp_path / "two.mp4")
    words = ["--sidecars", "-o", tmp_path / "out.jsonl"] if beside else ["-o", f"{clips}/"]
    run("caption", clips / "one.mp4", *MODELS, *words)
    assert (clips / "one.txt").exists()
    (clips / "one.mp4").write_bytes(b"no video any more")
    (clips / "mine.txt").write_text("Mine.")
    assert run("caption", clips / "one.mp4", *MODELS[:-1], *words) == 3
    assert "failed, left out: 1" in "".join(capsys.readouterr())
    assert not (clips / "one.txt").exists()
    assert (clips / "mine.txt").read_text() == "Mine."


def test_a_folder_in_which_every_video_is_broken_does_not_keep_another_from_its_texts(
    demo_clips: list[DemoClip], tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    (tmp_path / "a" / "broken.mp4").write_bytes(b"no video")
    shutil.copy(demo_clips[0].path, tmp_path / "b" / "one.mp4")
    assert run("caption", tmp_path / "a", tmp_path / "b", *MODELS, "--sidecars", "-o", tmp_path / "out.jsonl") == 3
    assert (tmp_path / "b" / "one.txt").read_text() == demo_clips[0].summary()
