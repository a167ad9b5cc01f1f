"""Open-Sora's csv: what pandas, with which the trainer reads it, finds in it is the truth."""

from __future__ import annotations

from pathlib import Path

import pandas
import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.open_sora import FORMAT
from framescribe.records import VideoInfo
from framescribe.registry import load
from tests.formats.lists_written import INFO, found, meant, samples_in, write

LAYOUT = FORMAT.layout()


def test_pandas_finds_every_text_and_fact(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/videos")
    write(LAYOUT, tmp_path / "set", samples)
    table = pandas.read_csv(tmp_path / "set/dataset.csv")
    # docs/train.md names the columns, scripts/cnv/meta.py computes them
    assert list(table) == ["path", "text", "num_frames", "height", "width", "aspect_ratio", "resolution", "fps"]
    assert list(table["path"]) == [one.video for one in samples]
    assert list(table["text"]) == [one.captions[0] for one in samples]
    assert set(table.drop(columns=["path", "text"]).itertuples(index=False, name=None)) == {
        (120, 720, 1280, 720 / 1280, 921600, 24.0)
    }
    assert found(LAYOUT, tmp_path / "set") == found(LAYOUT, tmp_path / "set/dataset.csv") == meant(samples)


def test_frames_per_second_are_rounded_as_the_trainers_script_does(tmp_path: Path) -> None:
    info = VideoInfo(duration=4.0, fps=30000 / 1001, width=64, height=64, codec="h264", frames=120)
    write(LAYOUT, tmp_path / "set", [Sample(video="/a.mp4", captions=("A cat.",), info=info)])
    assert list(pandas.read_csv(tmp_path / "set/dataset.csv")["fps"]) == [29.97]


def test_relative_paths_start_where_the_trainer_does_or_near_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "datasets/clips").mkdir(parents=True)
    (tmp_path / "datasets/clips/a.mp4").touch()
    path = tmp_path / "datasets/list.csv"
    video = str(tmp_path / "datasets/clips/a.mp4")
    for name, where in (("datasets/clips/a.mp4", "/"), ("clips/a.mp4", "/"), ("datasets/clips/a.mp4", str(tmp_path))):
        path.write_text(f"path,text,fps\n{name},A cat.,24\n")
        monkeypatch.chdir(where)
        assert found(LAYOUT, path) == [(video, ("A cat.",))]
    path.write_text("path,text,fps\nnowhere.mp4,A cat.,24\n")
    assert found(LAYOUT, path) == [(str(tmp_path / "nowhere.mp4"), ("A cat.",))]


def test_a_csv_with_holes(tmp_path: Path) -> None:
    (tmp_path / "dataset.csv").write_text("path,text,fps\n/a.mp4,A cat.,24\n/b.mp4,NA,24\n")
    assert found(LAYOUT, tmp_path) == [("/a.mp4", ("A cat.",)), ("/b.mp4", ())]
    (tmp_path / "dataset.csv").write_text("path,text,fps\n,A cat.,24\n")
    with pytest.raises(UserError, match="line 2: it has no path"):
        found(LAYOUT, tmp_path)
    (tmp_path / "dataset.csv").write_text("path,caption\na.mp4,A cat.\n")
    with pytest.raises(UserError, match="the column 'text' is missing"):
        found(LAYOUT, tmp_path)


def test_what_is_refused() -> None:
    assert LAYOUT.refuses(Sample(video="/a.mp4", captions=("A cat.",), info=INFO)) is None
    assert LAYOUT.refuses(Sample(video="/a.mp4", captions=("A cat.",)))
    assert LAYOUT.refuses(Sample(video="/a.mp4", captions=("N/A",), info=INFO))
    assert "UTF-8" in str(LAYOUT.refuses(Sample(video="/\udcff.mp4", captions=("A cat.",), info=INFO)))


def test_captions_that_are_all_numbers_do_not_pass_the_reader(tmp_path: Path) -> None:
    samples = samples_in(tmp_path / "set/videos", {"a.mp4": "1", "b.mp4": "22"})
    write(LAYOUT, tmp_path / "set", samples)
    with pytest.raises(UserError, match="reads the column text as numbers"):
        found(LAYOUT, tmp_path / "set")


@pytest.mark.parametrize(
    ("content", "known"),
    [("path,text,num_frames\na,b,1\n", True), ("path,text\na,b\n", False), ("path,caption,fps\na,b,1\n", False)],
)
def test_it_knows_its_csv_by_its_columns(tmp_path: Path, content: str, known: bool) -> None:
    (tmp_path / "dataset.csv").write_text(content)
    assert LAYOUT.recognises(tmp_path) is LAYOUT.recognises(tmp_path / "dataset.csv") is known


def test_it_is_registered_and_says_how_to_start(tmp_path: Path) -> None:
    assert load("formats", "open-sora") is FORMAT
    assert FORMAT.start(tmp_path / "my set", "csv").endswith(f"--dataset.data-path '{tmp_path}/my set/dataset.csv'")
