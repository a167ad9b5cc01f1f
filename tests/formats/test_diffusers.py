"""What diffusers' script for CogVideoX reads is written, and read as the script reads it, its traps included."""

from __future__ import annotations

import argparse
import csv
import shlex
from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.diffusers import FORMAT
from tests.formats.exported import BROKEN, CAPTIONS, SEPARATED, exported, found, recognised

LISTS, CSV = FORMAT.layouts
NO_TEXT = ["123", "1e5", "-0.5", "inf", "True", "false", "NA", "None", "null", "nan", "N/A"]


def as_the_script_reads(path: Path) -> list[str]:
    """Lines without blanks at their ends, without empty ones."""
    with open(path, encoding="utf-8") as file:
        return [line for line in (line.strip() for line in file) if line]


def lists(folder: Path, prompts: str | bytes, videos: str | bytes) -> Path:
    for name, text in (("prompts.txt", prompts), ("videos.txt", videos)):
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    for name in ("1.mp4", "2.mp4", "3.mp4"):
        (folder / name).touch()
    return folder


# --- lists ---


def test_lists_hold_what_was_meant(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    made = exported(LISTS, folder, [*CAPTIONS, *SEPARATED, "123", "NA"], elsewhere=tmp_path / "else where")
    assert not made.refused
    assert as_the_script_reads(folder / "prompts.txt") == [sample.captions[0] for sample in made.samples]
    videos = as_the_script_reads(folder / "videos.txt")
    assert [str(folder.joinpath(video)) for video in videos] == [sample.video for sample in made.samples]
    assert found(LISTS, folder) == made.pairs
    assert recognised(folder) == ["diffusers lists"]


@pytest.mark.parametrize("name", ["a.mp4 ", "a\u2028", "a\nb.mp4", "a\rb.mp4", "\udcff.mp4"])
def test_paths_that_a_list_would_change_are_refused(name: str) -> None:
    why = LISTS.refuses(Sample(video=f"/set/videos/{name}", captions=("A dog.",)))
    assert why is not None
    assert "rename the file" in why


def test_lists_made_by_hand_are_read_as_the_script_reads_them(tmp_path: Path) -> None:
    lists(tmp_path, "  one \r\n\r\n\ntwo\u2028still two\n\t\nthree", "1.mp4\n\n ./2.mp4 \n\n" + str(tmp_path / "3.mp4"))
    assert found(LISTS, tmp_path) == [
        (str(tmp_path / "1.mp4"), ("one",)),
        (str(tmp_path / "2.mp4"), ("two\u2028still two",)),
        (str(tmp_path / "3.mp4"), ("three",)),
    ]


def test_one_blank_caption_and_one_line_too_many_shift_those_between_as_in_the_script(tmp_path: Path) -> None:
    lists(tmp_path, "\ntwo\nthree\nand its second line\n", "1.mp4\n2.mp4\n3.mp4\n")
    assert [captions for _, captions in found(LISTS, tmp_path)] == [("two",), ("three",), ("and its second line",)]


@pytest.mark.parametrize(
    ("prompts", "videos", "what"),
    [
        ("one\n\n", "1.mp4\n2.mp4\n", "prompts.txt has 1 lines .* videos.txt has 2"),
        ("one\ntwo\n", "1.mp4\n\n\nnone.mp4\n", r"videos.txt, line 4: there is no file .*none.mp4"),
        ("one\n", "\ufeff1.mp4\n", "videos.txt begins with a byte order mark"),
        (b"one\ntw\xf6\n", "1.mp4\n2.mp4\n", "prompts.txt, line 2: this is not UTF-8"),
    ],
)
def test_lists_at_which_the_script_stops_are_refused(
    prompts: str | bytes, videos: str, what: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=what):
        found(LISTS, lists(tmp_path, prompts, videos))


# --- a table ---


def test_the_table_holds_what_was_meant(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    captions = [*CAPTIONS, *BROKEN, *SEPARATED, *NO_TEXT]
    made = exported(CSV, folder, captions, elsewhere=tmp_path / "else where")
    assert made.refused.keys() == set(NO_TEXT)
    with open(folder / "table/train.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(str(folder / row["video"]), (row["text"],)) for row in rows] == made.pairs
    assert found(CSV, folder) == made.pairs
    assert found(CSV, folder / "table/train.csv") == made.pairs
    assert recognised(folder) == ["diffusers csv"]


def test_datasets_itself_reads_the_table(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    made = exported(CSV, tmp_path / "set", [*CAPTIONS, *BROKEN, *SEPARATED, *NO_TEXT])
    rows = datasets.load_dataset(str(tmp_path / "set/table"), cache_dir=str(tmp_path / "cache"))["train"]
    pairs = [(str(Path(tmp_path / "set", row["video"])), (row["text"],)) for row in rows]
    assert pairs == made.pairs


def test_a_table_made_by_hand_is_read_from_its_own_folder(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("text,video\nA dog.,videos/1.mp4\nNA,/abs/2.mp4\n")
    assert found(CSV, tmp_path) == [(str(tmp_path / "videos/1.mp4"), ("A dog.",)), ("/abs/2.mp4", ())]
    assert recognised(tmp_path) == ["diffusers csv"]
    (tmp_path / "metadata.csv").write_text("text,video\nA dog.,NA\n")
    with pytest.raises(UserError, match="line 2: it has no path"):
        found(CSV, tmp_path)


# --- what the training needs ---


@pytest.mark.parametrize("layout", FORMAT.layouts, ids=lambda layout: layout.name)
def test_the_training_starts_from_the_folder(layout: object, tmp_path: Path) -> None:
    folder = tmp_path / "a set"
    exported(layout, folder, ["A dog."])  # type: ignore[arg-type]
    # The script's own options and defaults.
    options = argparse.ArgumentParser()
    options.add_argument("--instance_data_root")
    options.add_argument("--dataset_name")
    options.add_argument("--video_column", default="video")
    options.add_argument("--caption_column", default="text")
    given, _ = options.parse_known_args(shlex.split(FORMAT.start(folder, layout.name)))  # type: ignore[attr-defined]
    assert given.instance_data_root == str(folder)
    if given.dataset_name is None:
        assert all((folder / name).is_file() for name in (given.video_column, given.caption_column))
    else:
        (table,) = Path(given.dataset_name).iterdir()
        assert table.read_text().splitlines()[0] == f'"{given.caption_column}","{given.video_column}"'
