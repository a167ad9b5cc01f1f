"""FastVideo's folder: what json and Hugging Face's datasets, with which it is loaded, find in it is the truth."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.fastvideo import FORMAT
from framescribe.records import VideoInfo
from framescribe.registry import load
from tests.formats.lists_written import INFO, NASTY, found, meant, samples_in, write

MERGED, RAW = FORMAT.layout("merged"), FORMAT.layout("raw")


def test_every_record_has_what_the_preprocessing_needs(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/videos")
    write(MERGED, tmp_path / "set", samples)
    assert json.loads((tmp_path / "set/videos2caption.json").read_text(encoding="utf-8")) == [
        {
            "path": name,
            "cap": [text],
            "resolution": {"width": 1280, "height": 720},
            "fps": 24.0,
            "duration": 5.0,
            "num_frames": 120,
        }
        for name, text in NASTY.items()
    ]
    assert found(MERGED, tmp_path / "set") == meant(samples)


def test_datasets_loads_it_as_the_preprocessing_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    datasets = pytest.importorskip("datasets")
    # Texts that a loader might take for numbers, dates or nothing.
    odd = {"1.mp4": "123", "2.mp4": "2024-01-01", "3.mp4": "null"}
    samples = samples_in(tmp_path / "set/videos", odd | NASTY)
    write(MERGED, tmp_path / "set", samples)
    rows = datasets.load_dataset(
        "json",
        data_files=str(tmp_path / "set/videos2caption.json"),
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    videos = tmp_path / "set/videos"
    assert [(os.path.join(videos, row["path"]), tuple(row["cap"])) for row in rows] == meant(samples)
    assert {(row["fps"], row["num_frames"], row["resolution"]["height"]) for row in rows} == {(24.0, 120, 720)}


def test_several_captions_and_videos_elsewhere(tmp_path: Path) -> None:
    sample = Sample(video="/elsewhere/a.mp4", captions=("One.", "Two."), info=INFO)
    write(MERGED, tmp_path / "set", [sample])
    (record,) = json.loads((tmp_path / "set/videos2caption.json").read_text())
    assert os.path.join(tmp_path / "set/videos", record["path"]) == "/elsewhere/a.mp4"
    assert record["cap"] == ["One.", "Two."]
    assert found(MERGED, tmp_path / "set") == meant([sample])


def test_the_earlier_preprocessing_finds_the_list_by_merge_txt(tmp_path: Path) -> None:
    write(MERGED, tmp_path / "set", samples_in(tmp_path / "set/videos"))
    folder, annotations = (tmp_path / "set/merge.txt").read_text().strip().split(",")
    assert (Path(folder), Path(annotations)) == (tmp_path / "set/videos", tmp_path / "set/videos2caption.json")


def test_a_list_that_a_person_wrote_as_the_document_says(tmp_path: Path) -> None:
    path = tmp_path / "videos2caption.json"
    path.write_text('[{"path": "a.mp4", "cap": "A cat."}, {"path": "b.mp4", "cap": ["One.", ""]}, {"path": "c.mp4"}]')
    root = tmp_path / "videos"
    assert found(MERGED, path) == [
        (f"{root}/a.mp4", ("A cat.",)),
        (f"{root}/b.mp4", ("One.",)),
        (f"{root}/c.mp4", ()),
    ]
    assert MERGED.recognises(path) and MERGED.recognises(tmp_path)
    path.write_text('[{"path": "a.mp4", "cap": {"text": "A cat."}}]')
    with pytest.raises(UserError, match="line 1: cap must be"):
        found(MERGED, path)
    path.write_text('[{"cap": "A cat."}]')
    with pytest.raises(UserError, match="line 1: it has no path"):
        found(MERGED, path)


@pytest.mark.parametrize("facts", [{"fps": None}, {"frames": 0}, {"width": 0}])
def test_a_clip_whose_facts_are_not_known_is_refused(facts: dict[str, int | None]) -> None:
    known = {"duration": 5.0, "fps": 24.0, "width": 64, "height": 64, "codec": "h264", "frames": 120}
    assert MERGED.refuses(Sample(video="/a.mp4", captions=("c",), info=VideoInfo(**known))) is None  # type: ignore[arg-type]
    assert MERGED.refuses(Sample(video="/a.mp4", captions=("c",), info=VideoInfo(**known | facts)))  # type: ignore[arg-type]
    assert MERGED.refuses(Sample(video="/a.mp4", captions=("c",)))


def test_raw_is_what_the_trainers_script_joins(tmp_path: Path) -> None:
    words = {name: " ".join(text.splitlines()) for name, text in NASTY.items()}
    samples = samples_in(tmp_path / "set/videos", words, flat=True)
    write(RAW, tmp_path / "set", samples)
    with open(tmp_path / "set/videos.txt", encoding="utf-8") as file:
        videos = [line.strip() for line in file.readlines() if line.strip()]
    with open(tmp_path / "set/prompt.txt", encoding="utf-8") as file:
        prompts = [line.strip() for line in file.readlines() if line.strip()]
    assert prompts == list(words.values())
    # scripts/dataset_preparation/prepare_json_file.py splits this into exactly four
    start = FORMAT.start(tmp_path / "set", "raw")
    assert start.startswith(f"cd {tmp_path.parent} && ") and start.endswith(f" --data_folder {tmp_path.name}/set")
    assert {len(f"{tmp_path.name}/set/{video}".split("/")) for video in videos} == {4}
    assert found(RAW, tmp_path / "set") == meant(samples)
    finetrainers = load("formats", "finetrainers").layout("lists")
    assert finetrainers.recognises(tmp_path / "set") and found(finetrainers, tmp_path / "set") == meant(samples)
    assert not RAW.recognises(tmp_path / "set") and not MERGED.recognises(tmp_path / "set")


def test_raw_takes_no_line_breaks_and_no_other_folders() -> None:
    for mark in "\n\r":
        assert "line break" in str(RAW.refuses(Sample(video="/set/videos/a.mp4", captions=(f"one{mark}two",))))
    assert RAW.refuses(Sample(video="/set/videos/a.mp4", captions=("one\u2028two",))) is None
    assert RAW.refuses(Sample(video="/set/videos/\udcff.mp4", captions=("A cat.",)))
    assert RAW.videos == "within" and RAW.flat


def test_raw_files_of_different_lengths_are_refused(tmp_path: Path) -> None:
    (tmp_path / "videos.txt").write_text("videos/a.mp4\nvideos/b.mp4\n")
    (tmp_path / "prompt.txt").write_text("A cat.\n\n")
    with pytest.raises(UserError, match=r"1 captions for the 2 videos"):
        found(RAW, tmp_path)


@pytest.mark.parametrize(("seconds", "fits"), [(5.0, True), (4.8125, True), (4.7, False)])
def test_frames_are_counted_at_16_a_second(seconds: float, fits: bool) -> None:
    info = VideoInfo(duration=seconds, fps=60.0, width=64, height=64, codec="h264", frames=round(seconds * 60))
    assert FORMAT.frames is not None and FORMAT.frames.fits(info) is fits


def test_it_is_registered_and_says_how_to_start(tmp_path: Path) -> None:
    assert load("formats", "fastvideo") is FORMAT
    assert f"--preprocess.dataset_path '{tmp_path}/my set' " in FORMAT.start(tmp_path / "my set", "merged")


def test_clips_that_are_too_long_to_be_used_are_told() -> None:
    """It drops what is over five times as long as what it takes of a clip."""
    rule = FORMAT.frames
    assert rule is not None
    for seconds in (24.1, 60.0):
        info = VideoInfo(duration=seconds, fps=16.0, width=64, height=64, codec="h264", frames=round(seconds * 16))
        assert not rule.fits(info)
    assert rule.fits(VideoInfo(duration=23.5625, fps=16.0, width=64, height=64, codec="h264", frames=377))
