"""musubi-tuner's data sets, against what its loader does (kohya-ss/musubi-tuner @30c658c, media_utils.py,
datasources.py, config_utils.py): settings from TOML, videos by glob and ending, the whole text, stripped."""

from __future__ import annotations

import glob
import json
import os
import tomllib
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.musubi_tuner import FORMAT
from framescribe.formats.target import Target
from tests.formats.beside import LINES, NASTY, exported, files, found, info

ENDINGS = [".mp4", ".webm", ".avi", ".mkv", ".mov", ".flv", ".wmv", ".m4v", ".mpg", ".mpeg"]


def settings(folder: Path) -> dict[str, object]:
    with open(folder / "dataset_config.toml", "rb") as file:
        loaded = tomllib.load(file)
    (dataset,) = loaded["datasets"]
    return {**loaded["general"], **dataset}


def trained_on(folder: Path) -> dict[str, tuple[str, ...]]:
    """What the trainer's VideoDirectoryDatasource and VideoJsonlDatasource make of a data set."""
    dataset = settings(folder)
    if "video_jsonl_file" in dataset:
        with open(str(dataset["video_jsonl_file"]), encoding="utf-8") as file:
            return {row["video_path"]: (row["caption"],) for row in map(json.loads, file)}
    inside = glob.escape(str(dataset["video_directory"]))
    endings = ENDINGS + [ending.upper() for ending in ENDINGS]
    videos = {video for ending in endings for video in glob.glob(os.path.join(inside, "*" + ending))}
    texts = {video: os.path.splitext(video)[0] + str(dataset["caption_extension"]) for video in videos}
    return {video: (Path(text).read_text(encoding="utf-8").strip(),) for video, text in texts.items()}


@pytest.mark.parametrize("layout", ["folder", "jsonl"])
def test_the_trainer_finds_every_clip_and_every_word(layout: str, tmp_path: Path) -> None:
    folder = tmp_path / 'a "set" é #1'
    written = exported(FORMAT, layout, folder, NASTY | {"lines.mp4": LINES})
    assert trained_on(folder) == written
    assert {sample.video: sample.captions for sample in FORMAT.layout(layout).read(folder)} == written
    assert str(settings(folder)["cache_directory"]) == str(folder / "cache")  # else it lies among the videos
    assert [one.name for one in FORMAT.layouts if one.recognises(folder)] == [layout]
    assert f"{folder.name}/dataset_config.toml'" in FORMAT.start(folder, layout)


def test_clips_of_one_frame_rate_are_resampled(tmp_path: Path) -> None:
    clips = {"a.mp4": "A.", "b.mp4": "B."}
    same = {"a.mp4": info(80, 30000 / 1001), "b.mp4": info(50, 30000 / 1001)}
    exported(FORMAT, "folder", tmp_path / "same", clips, same)
    assert settings(tmp_path / "same")["source_fps"] == 29.97
    exported(FORMAT, "folder", tmp_path / "whole", clips, {"a.mp4": info(80, 25), "b.mp4": info(50, 25)})
    assert isinstance(settings(tmp_path / "whole")["source_fps"], float)  # 25 is refused by its schema
    exported(FORMAT, "folder", tmp_path / "other", clips, same | {"b.mp4": info(50, 24)})
    assert "source_fps" not in settings(tmp_path / "other")
    exported(FORMAT, "folder", tmp_path / "unknown", clips, {"a.mp4": info(80, 30)})
    assert "source_fps" not in settings(tmp_path / "unknown")


def test_two_clips_of_one_name_would_share_the_cache(tmp_path: Path) -> None:
    samples = [Sample(video=f"/{folder}/clip.mp4", captions=(folder,)) for folder in "ab"]
    with (
        pytest.raises(UserError, match=r"/b/clip.mp4 has the name of another clip"),
        Target(tmp_path / "set") as target,
    ):
        FORMAT.layout("jsonl").write(iter(samples), target)
    assert not (tmp_path / "set" / "videos.jsonl").exists()


@pytest.mark.parametrize("layout", ["folder", "jsonl"])
def test_a_path_that_globs_is_refused(layout: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="use another -o"):
        exported(FORMAT, layout, tmp_path / "set[1]", {"a.mp4": "A."})


def test_a_folder_is_read_as_the_trainer_reads_it(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="\ufeff  One\nand two. \n", B_MOV="", B_txt="", note_txt="no video")
    files(folder, c_Mp4="", d_gif="", README_md="")  # not globbed
    (folder / ".hidden.mp4").touch()
    files(folder / "below", e_mp4="", e_txt="Not searched.")
    assert found(FORMAT, "folder", folder) == {"a.mp4": ("One\nand two.",), "B.MOV": ()}


def test_a_clip_without_a_text_stops_it(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="A.", b_mp4="")
    with pytest.raises(UserError, match=r"b\.mp4 has no \.txt beside it, and musubi-tuner stops there"):
        found(FORMAT, "folder", folder)


def test_settings_that_a_person_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files(tmp_path / "one", a_mp4="", a_cap="One.", a_txt="not this")
    files(tmp_path / "two", b_mp4="", b_txt="Two.")
    files(tmp_path, list_jsonl='{"video_path": "two/b.mp4", "caption": " Three. "}\n')
    file = tmp_path / "my.toml"
    file.write_text(
        f"""
        [general]
        caption_extension = ".cap"
        [[datasets]]
        video_directory = {str(tmp_path / "one")!r}
        [[datasets]]
        video_directory = "two"
        caption_extension = ".txt"
        [[datasets]]
        video_jsonl_file = "list.jsonl"
        [[datasets]]
        image_directory = "elsewhere"
        """
    )
    read = [(sample.video, sample.captions) for sample in FORMAT.layout("folder").read(file)]
    b = str(tmp_path / "two" / "b.mp4")
    assert read == [(str(tmp_path / "one" / "a.mp4"), ("One.",)), (b, ("Two.",)), (b, (" Three. ",))]
    assert all(layout.recognises(file) for layout in FORMAT.layouts)
    # Relative paths count from where the trainer was started.
    files(tmp_path / "start" / "two", b_mp4="", b_txt="From there.")
    monkeypatch.chdir(tmp_path / "start")
    assert ("From there.",) in [sample.captions for sample in FORMAT.layout("folder").read(file)]


def test_without_an_ending_of_captions_it_stops(tmp_path: Path) -> None:
    folder = files(tmp_path, a_mp4="", a_txt="A.")
    (folder / "dataset_config.toml").write_text(f"[[datasets]]\nvideo_directory = {str(folder)!r}")
    with pytest.raises(UserError, match="caption_extension"):
        found(FORMAT, "folder", folder)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "JSONDecodeError"),
        ('{"video": "b.mp4", "caption": "B."}', "KeyError: 'video_path'"),
        ('{"video_path": "b.mp4"}', "KeyError: 'caption'"),
        ('["b.mp4", "B."]', "TypeError"),
        ('{"video_path": "b.mp4", "caption": ["B."]}', "must be texts"),
    ],
)
def test_a_line_that_stops_it_is_named(line: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text(f'{{"video_path": "/a.mp4", "caption": "A."}}\n{line}\n{{}}\n')
    with pytest.raises(UserError, match=rf"l\.jsonl, line 2: .*{why}"):
        found(FORMAT, "jsonl", tmp_path / "l.jsonl")


def test_a_byte_order_mark_stops_it(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text('\ufeff{"video_path": "/a.mp4", "caption": "A."}\n', encoding="utf-8")
    with pytest.raises(UserError, match=r"l\.jsonl, line 1: .*BOM"):
        found(FORMAT, "jsonl", tmp_path / "l.jsonl")


def test_a_list_can_name_a_file_whose_name_is_not_utf_8(tmp_path: Path) -> None:
    sample = Sample(video="/x/a\udce9.mp4", captions=("A.",))
    with Target(tmp_path) as target:
        FORMAT.layout("jsonl").write(iter([sample]), target)
    assert json.loads((tmp_path / "videos.jsonl").read_bytes())["video_path"] == sample.video
    assert [one.video for one in FORMAT.layout("jsonl").read(tmp_path)] == [sample.video]


def test_what_is_recognised(tmp_path: Path) -> None:
    folder, jsonl = FORMAT.layouts
    (tmp_path / "theirs.jsonl").write_text('{"video_path": "/a.mp4", "caption": "A."}\n')
    (tmp_path / "ours.jsonl").write_text('{"id": "a", "video_path": "/a.mp4", "status": "ok"}\n')
    (tmp_path / "broken.jsonl").write_text("{\n")
    (tmp_path / "other.toml").write_text("[[directory]]\npath = 'x'\n")
    (tmp_path / "broken.toml").write_text("[[")
    files(tmp_path / "texts", a_mp4="", a_txt="A.")
    assert [path.name for path in sorted(tmp_path.iterdir()) if jsonl.recognises(path)] == ["theirs.jsonl"]
    assert not any(map(folder.recognises, tmp_path.iterdir()))


@pytest.mark.parametrize(("name", "why"), [("a.Mp4", "all capital letters"), (".a.mp4", "begin with a dot")])
def test_names_that_it_does_not_see_are_refused(name: str, why: str) -> None:
    refused = FORMAT.layout("folder").refuses(Sample(video=f"/x/{name}", captions=("A.",)))
    assert refused is not None and why in refused


def test_broken_settings_are_named(tmp_path: Path) -> None:
    (tmp_path / "dataset_config.toml").write_text("[[datasets\n")
    with pytest.raises(UserError, match=r"dataset_config\.toml is not TOML"):
        found(FORMAT, "folder", tmp_path)
    (tmp_path / "dataset_config.toml").write_text("datasets = [1]\n")
    with pytest.raises(UserError, match="must be tables"):
        found(FORMAT, "folder", tmp_path)
