"""LTX's lists: what the trainers' scripts read of them with json and pandas is the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pandas
import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Format, Sample
from framescribe.formats.ltx import LTX_2, LTX_VIDEO_TRAINER
from framescribe.records import VideoInfo
from framescribe.registry import load
from tests.formats.lists_written import INFO, NASTY, found, meant, samples_in, write

TRAINERS = [(LTX_2, "video"), (LTX_VIDEO_TRAINER, "media_path")]
KINDS = ["json", "jsonl", "csv"]


def records(path: Path) -> list[dict[str, str]]:
    """The records as the trainers' scripts load them."""
    if path.suffix == ".csv":
        return pandas.read_csv(path).to_dict("records")
    with open(path, encoding="utf-8") as file:
        return json.load(file) if path.suffix == ".json" else [json.loads(line) for line in file]


@pytest.mark.parametrize(("format", "column"), TRAINERS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_scripts_load_and_the_reader_finds_is_what_was_meant(
    tmp_path: Path, format: Format, column: str, kind: str
) -> None:
    layout, folder = format.layout(kind), tmp_path / "set"
    samples = samples_in(folder / layout.videos_in)
    write(layout, folder, samples)
    assert records(folder / f"dataset.{kind}") == [
        {"caption": text, column: f"videos/{name}"} for name, text in NASTY.items()
    ]
    assert found(layout, folder) == found(layout, folder / f"dataset.{kind}") == meant(samples)


@pytest.mark.parametrize("kind", KINDS)
def test_videos_outside_of_the_folder(tmp_path: Path, kind: str) -> None:
    samples = samples_in(tmp_path / "elsewhere")
    write(LTX_2.layout(kind), tmp_path / "set", samples)
    assert [record["video"] for record in records(tmp_path / f"set/dataset.{kind}")] == [one.video for one in samples]
    assert found(LTX_2.layout(kind), tmp_path / "set") == meant(samples)
    # scripts/process_videos.py of the old trainer: video_path.relative_to(data_root) raises ValueError
    old = LTX_VIDEO_TRAINER.layout(kind)
    assert old.videos == "within"
    write(old, tmp_path / "old", samples)
    with pytest.raises(UserError, match="must be relative"):
        found(old, tmp_path / "old")


def test_a_list_for_the_old_trainer_is_read_by_the_new_one_too(tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text('{"media_path": " clips/a.mp4 ", "caption": "A cat.", "seed": 1}\n')
    for format, _ in TRAINERS:
        (sample,) = format.layout("jsonl").read(tmp_path / "mine.jsonl")
        assert sample == Sample(video=str(tmp_path / "clips/a.mp4"), captions=("A cat.",), columns={"seed": 1})


@pytest.mark.parametrize(
    ("format", "kind", "content", "why"),
    [
        (LTX_2, "json", '[{"video": "a.mp4", "media_path": "b.mp4", "caption": "c"}]', "remove one"),
        (LTX_2, "json", '[{"video": "a.mp4", "text": "c"}]', "needs the columns caption and video; it has text, video"),
        (LTX_2, "jsonl", '{"file": "a.mp4", "caption": "c"}', "needs the columns caption and video"),
        (
            LTX_2,
            "jsonl",
            '{"video": "a.mp4", "caption": "c"}\n{"media_path": "b.mp4", "caption": "c"}',
            "line 2 has no",
        ),
        (LTX_2, "json", '[{"video": "a.mp4", "caption": ["c", "d"]}]', "caption must be a text"),
        (LTX_2, "csv", "video,caption\n,c", "line 2: video must be a path"),
        (LTX_VIDEO_TRAINER, "csv", "video,caption\na.mp4,c", "needs the columns caption and media_path"),
        (LTX_VIDEO_TRAINER, "json", '[{"media_path": "/a.mp4", "caption": "c"}]', "must be relative to"),
    ],
)
def test_where_the_trainer_would_stop(tmp_path: Path, format: Format, kind: str, content: str, why: str) -> None:
    (tmp_path / f"dataset.{kind}").write_text(content)
    with pytest.raises(UserError, match=why):
        list(format.layout(kind).read(tmp_path))


def test_a_clip_without_a_caption_is_found_without_one(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_text("video,caption\na.mp4,A cat.\nb.mp4,NA\nc.mp4,\n")
    assert [one.captions for one in LTX_2.layout("csv").read(tmp_path)] == [("A cat.",), (), ()]


def test_a_folder_without_its_list_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no .*dataset\.json"):
        list(LTX_2.layout().read(tmp_path))


def test_what_is_refused() -> None:
    def why(video: str, caption: str, kind: str) -> str | None:
        return LTX_2.layout(kind).refuses(Sample(video=video, captions=(caption,), info=INFO))

    assert why("/set/videos/a.mp4", "NA", "json") is None
    assert "missing value" in str(why("/set/videos/a.mp4", "NA", "csv"))
    assert "latent_" in str(why("/set/videos/latent_1.mp4", "A cat.", "jsonl"))
    assert why("/latent_1/a.mp4", "A cat.", "jsonl") is None
    assert "blank" in str(why("/set/a.mp4 ", "A cat.", "jsonl"))


@pytest.mark.parametrize("kind", KINDS)
def test_each_trainer_knows_its_own_lists(tmp_path: Path, kind: str) -> None:
    layouts = {"new": LTX_2.layout(kind), "old": LTX_VIDEO_TRAINER.layout(kind)}
    samples = samples_in(tmp_path / "new" / "videos"), samples_in(tmp_path / "old" / "videos")
    write(layouts["new"], tmp_path / "new", samples[0])
    write(layouts["old"], tmp_path / "old", samples[1])
    for made in layouts:
        for path in (tmp_path / made, tmp_path / made / f"dataset.{kind}"):
            assert [name for name, layout in layouts.items() if layout.recognises(path)] == [made]
    others = {other for other in KINDS if other != kind}
    assert not any(LTX_2.layout(other).recognises(tmp_path / "new") for other in others)
    assert not LTX_2.layout(kind).recognises(tmp_path)


def test_media_path_with_whole_paths_is_for_the_new_trainer_alone(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"media_path": "/data/a.mp4", "caption": "c"}\n')
    assert LTX_2.layout("jsonl").recognises(path) and not LTX_VIDEO_TRAINER.layout("jsonl").recognises(path)


@pytest.mark.parametrize(("frames", "fits"), [(49, True), (121, True), (120, False), (41, False)])
def test_frames(frames: int, fits: bool) -> None:
    rule = LTX_2.frames
    assert rule is not None
    assert rule.fits(VideoInfo(duration=None, fps=None, width=1, height=1, codec="h264", frames=frames)) is fits


def test_they_are_registered_and_say_how_to_start(tmp_path: Path) -> None:
    assert load("formats", "ltx-2") is LTX_2 and load("formats", "ltx-video-trainer") is LTX_VIDEO_TRAINER
    folder = tmp_path / "my set"
    for format, _ in TRAINERS:
        assert f"'{folder}/dataset.csv'" in format.start(folder, "csv")
    assert "--overwrite" not in LTX_2.start(folder, "csv")
    (folder / ".precomputed").mkdir(parents=True)
    assert LTX_2.start(folder, "csv").endswith(" --overwrite")
