"""Cosmos-Predict2's folders and Cosmos 3's lines, read as the trainers' code reads them."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.cosmos import COSMOS3, COSMOS_PREDICT2
from framescribe.formats.target import Target
from framescribe.plain_json import dumps
from framescribe.records import VideoInfo
from framescribe.registry import load
from tests.formats.lists_written import INFO, NASTY, found, meant, samples_in, write

METAS, WINDOWS = COSMOS_PREDICT2.layout(), COSMOS3.layout()
LIST = "train/video_dataset_file.jsonl"

# --- Cosmos-Predict2 ---


def touched(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).touch()


def as_trained(folder: Path) -> dict[str, str]:
    """Each video that the data set class takes, and the prompt that the script for embeddings read for it."""
    prompts = {}
    for name in os.listdir(folder / "metas"):
        with open(folder / "metas" / name, encoding="utf-8") as file:
            prompts[name.replace(".txt", ".pickle")] = file.read().strip()
    videos = [name for name in os.listdir(folder / "videos") if name.endswith(".mp4")]
    pickles = {name: name.replace(".mp4", ".pickle") for name in videos}
    return {name: prompts[pickle] for name, pickle in pickles.items() if pickle in prompts}


def test_every_video_finds_its_prompt(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/videos", flat=True)
    touched(tmp_path / "set/videos", [os.path.basename(one.video) for one in samples])
    write(METAS, tmp_path / "set", samples)
    trained = as_trained(tmp_path / "set")
    assert trained == {os.path.basename(one.video): METAS.read_as(one)[0] for one in samples}
    assert trained["猫.mp4"] == "one line\nand another\nand a third"
    assert sorted(found(METAS, tmp_path / "set")) == sorted((one.video, METAS.read_as(one)) for one in samples)
    assert METAS.recognises(tmp_path / "set")


def test_names_that_hold_an_ending_are_refused_and_their_captions_not_found(tmp_path: Path) -> None:
    names = ["a.mp4.mp4", "c.txt.mp4", "a.MP4", "b.mp4"]
    touched(tmp_path / "videos", names)
    touched(tmp_path / "metas", [])
    for name in names:
        (tmp_path / "metas" / (name[:-4] + ".txt")).write_text("A cat.")
    assert as_trained(tmp_path) == {"b.mp4": "A cat."}
    assert [(os.path.basename(one.video), one.captions) for one in METAS.read(tmp_path)] == [
        ("a.mp4.mp4", ()),
        ("b.mp4", ("A cat.",)),
        ("c.txt.mp4", ()),
    ]
    refused = [name for name in names if METAS.refuses(Sample(video=f"/set/{name}", captions=("A cat.",)))]
    assert refused == ["a.mp4.mp4", "c.txt.mp4"]
    assert METAS.endings == {".mp4"} and METAS.ending_case and METAS.flat


def test_a_prompt_that_a_person_wrote_stays(tmp_path: Path) -> None:
    (sample,) = samples_in(tmp_path / "videos", {"a.mp4": "A cat."})
    touched(tmp_path / "videos", ["a.mp4"])
    touched(tmp_path / "metas", [])
    (tmp_path / "metas/a.txt").write_text("My own words.")
    with Target(tmp_path) as target:
        METAS.write([sample], target)
        assert target.kept == {sample.video}
    assert found(METAS, tmp_path) == [(sample.video, ("My own words.",))]


def test_its_folders_are_needed(tmp_path: Path) -> None:
    assert METAS.videos == "within"
    with pytest.raises(UserError, match="needs the folders videos and metas"):
        found(METAS, tmp_path)
    assert not METAS.recognises(tmp_path)


# --- Cosmos 3 ---

STRUCTURED = {
    "subjects": [{"description": 'A "black" cat, 猫', "number_of_subjects": 1}],
    "actions": [{"time": "0:00-0:05", "description": "sleeps"}],
    "temporal_caption": " A black cat sleeps. ",
}
FACTS = {"resolution": {"H": 720, "W": 1280}, "aspect_ratio": "16,9", "duration": "5s", "fps": 24}


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / LIST).read_bytes().split(b"\n") if line]


def test_prose_becomes_the_dense_caption_of_the_whole_clip(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/train/videos")
    write(WINDOWS, tmp_path / "set", samples)
    assert lines(tmp_path / "set") == [
        {
            "uuid": name[:-4],
            "duration": 5.0,
            "width": 1280,
            "height": 720,
            "vision_path": f"videos/{name}",
            "t2w_windows": [{"start_frame": 0, "end_frame": 119, "temporal_interval": 1, "caption": text}],
        }
        for name, text in NASTY.items()
    ]
    assert found(WINDOWS, tmp_path / "set") == found(WINDOWS, tmp_path / "set" / LIST) == meant(samples)
    assert WINDOWS.recognises(tmp_path / "set") and WINDOWS.recognises(tmp_path / "set" / LIST)


@pytest.mark.parametrize("told", [{}, {"fps": 99, "duration": "an hour", "aspect_ratio": "1,1"}])
def test_a_structured_caption_gets_the_files_facts(tmp_path: Path, told: dict[str, object]) -> None:
    sample = Sample(video="/elsewhere/a.mp4", captions=(dumps(STRUCTURED | told),), id="a", info=INFO)
    write(WINDOWS, tmp_path / "set", [sample])
    (record,) = lines(tmp_path / "set")
    assert record["vision_path"] == "/elsewhere/a.mp4"
    (window,) = record["t2w_windows"]  # type: ignore[misc]
    assert window["caption_json"] == STRUCTURED | FACTS and window["caption"] == "A black cat sleeps."
    # inference/structured_caption.py, caption_json_to_prompt: the bytes that the model is trained on
    prompt = json.dumps(window["caption_json"], ensure_ascii=False)
    assert WINDOWS.read_as(sample) == (prompt,)
    assert found(WINDOWS, tmp_path / "set") == [("/elsewhere/a.mp4", (prompt,))]


def test_the_facts_of_an_odd_clip(tmp_path: Path) -> None:
    info = VideoInfo(duration=None, fps=30000 / 1001, width=427, height=240, codec="h264", frames=150)
    write(WINDOWS, tmp_path, [Sample(video="/a.mp4", captions=('{"context": "x"}',), id="\udcff", info=info)])
    (record,) = lines(tmp_path)
    assert record["duration"] == pytest.approx(5.005)
    assert record["uuid"] == "\\udcff"
    (window,) = record["t2w_windows"]  # type: ignore[misc]
    assert window["caption_json"] == {
        "context": "x",
        "resolution": {"H": 240, "W": 427},
        "aspect_ratio": "427,240",
        "duration": "5s",
        "fps": 30,
    }
    assert "caption" not in window


@pytest.mark.parametrize("text", ["{no JSON}", "[1, 2]", "A cat {sleeps}."])
def test_braces_alone_are_prose(tmp_path: Path, text: str) -> None:
    write(WINDOWS, tmp_path, [Sample(video="/a.mp4", captions=(text,), id="a", info=INFO)])
    (window,) = lines(tmp_path)[0]["t2w_windows"]  # type: ignore[misc]
    assert window["caption"] == text and "caption_json" not in window


def test_what_the_loader_takes_of_a_window(tmp_path: Path) -> None:
    windows: list[tuple[dict[str, object], tuple[str, ...]]] = [
        ({"caption": "Dense.", "caption_json": {"a": 1}}, ('{"a": 1}',)),
        ({"caption": "Dense.", "caption_json": ' {"a":1} '}, ('{"a":1}',)),
        ({"caption": "Dense.", "qwen3_32b_rewrite-dense": "Rewritten."}, ("Rewritten.",)),
        ({"caption": "Dense.", "qwen3_32b_dense": "Other."}, ("Dense.",)),
        ({"qwen3_32b_dense": "One.", "qwen3_235b_short": "Two.", "qwen3_32b_temporal": "Never."}, ("Two.", "One.")),
        ({"text": "Unknown."}, ()),
    ]
    path = tmp_path / "mine.jsonl"
    record = {"uuid": 1, "vision_path": "clips/a.mp4", "duration": 5.0, "width": 64, "height": 64}
    path.write_text("".join(json.dumps(record | {"t2w_windows": [window]}) + "\n" for window, _ in windows))
    read = list(WINDOWS.read(path))
    assert [one.captions for one in read] == [expected for _, expected in windows]
    assert read[0].video == str(tmp_path / "clips/a.mp4")
    assert read[0].columns == {"duration": 5.0, "width": 64, "height": 64}
    path.write_text(json.dumps(record | {"t2w_windows": [{"caption": "One."}, {"caption": "Two."}]}))
    assert [one.captions for one in WINDOWS.read(path)] == [("One.", "Two.")]
    path.write_text('{"vision_path": "a.mp4"}')
    with pytest.raises(UserError, match="line 1 is no record of a clip: KeyError 'uuid'"):
        list(WINDOWS.read(path))


def test_what_is_refused() -> None:
    def why(text: str = "A cat.", video: str = "/a.mp4", seconds: float = 5.0) -> str | None:
        info = VideoInfo(duration=seconds, fps=24.0, width=64, height=64, codec="h264", frames=round(seconds * 24))
        return WINDOWS.refuses(Sample(video=video, captions=(text,), info=info))

    assert why() is why(video="s3://bucket/a.mp4") is why(seconds=61.0) is why(dumps(STRUCTURED)) is None
    assert "61 seconds" in str(why(seconds=61.1))
    assert "s3://" in str(why(video="https://host/a.mp4"))
    for broken in ("ohwx " + dumps(STRUCTURED), dumps(STRUCTURED) + " 4k", dumps(STRUCTURED)[:-9]):
        assert "structured" in str(why(broken))
    assert why('A screen shows {"a": 1}.') is None
    assert "not known" in str(WINDOWS.refuses(Sample(video="/a.mp4", captions=("A cat.",))))


@pytest.mark.parametrize(
    ("rule", "frames", "fits"),
    [(COSMOS_PREDICT2, 94, True), (COSMOS_PREDICT2, 93, False), (COSMOS3, 61, True), (COSMOS3, 57, False)],
)
def test_frames(rule: object, frames: int, fits: bool) -> None:
    info = VideoInfo(duration=None, fps=None, width=64, height=64, codec="h264", frames=frames)
    assert rule.frames.fits(info) is fits  # type: ignore[attr-defined]


def test_they_are_registered_and_say_how_to_start(tmp_path: Path) -> None:
    assert load("formats", "cosmos-predict2") is COSMOS_PREDICT2 and load("formats", "cosmos3") is COSMOS3
    folder = tmp_path / "my set"
    start = COSMOS_PREDICT2.start(folder, "metas")
    assert start == f"python -m scripts.get_t5_embeddings --dataset_path '{folder}'"
    (folder / "t5_xxl").mkdir(parents=True)
    assert COSMOS_PREDICT2.start(folder, "metas") == f"rm -r '{folder}/t5_xxl' && {start}"
    assert COSMOS3.start(folder, "jsonl").startswith(f"DATASET_PATH='{folder}' bash ")
