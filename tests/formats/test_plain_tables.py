"""Plain csv and Parquet: read by pandas, polars and pyarrow, and back in the exact words."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pandas
import polars
import pyarrow.parquet
import pytest
from msgspec import structs

from framescribe.errors import UserError
from framescribe.formats.plain_tables import CSV, PARQUET, VIDEO_NAMES
from framescribe.formats.target import Target
from tests.formats.nasty import CAPTIONS, INFO, samples, user_columns


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "set"


def write(which, folder, wanted):  # type: ignore[no-untyped-def]
    with Target(folder) as target:
        which.layout().write(iter(wanted), target)


@pytest.mark.parametrize("which", [CSV, PARQUET], ids=["csv", "parquet"])
def test_the_exact_words_come_back_with_everything_beside_them(which, folder, tmp_path) -> None:  # type: ignore[no-untyped-def]
    inside = samples(folder / "videos", columns=user_columns)
    outside = samples(tmp_path / "elsewhere")
    write(which, folder, [*inside, *outside])
    found = list(which.layout().read(folder))
    assert [one.video for one in found] == [one.video for one in (*inside, *outside)]
    assert [one.captions for one in found] == [(caption,) for caption in CAPTIONS * 2]
    assert [one.id for one in found] == [one.id for one in (*inside, *outside)]
    assert [one.info for one in found[:2]] == [None, INFO]
    assert found[8].columns["text"] == "their own text"
    assert found[8].columns["id"] == "their-8"
    assert found[8].columns["=cmd"] == "=1+1"
    assert found[8].columns["late"] == "at last"
    assert "late" not in {name for name, value in found[0].columns.items() if value not in (None, "")}


def test_pandas_and_polars_read_the_parquet(folder: Path) -> None:
    wanted = samples(folder / "videos", columns=user_columns)
    write(PARQUET, folder, wanted)
    frame = pandas.read_parquet(folder / "captions.parquet")
    assert list(frame.caption) == list(CAPTIONS)
    assert list(frame["count"]) == list(range(len(CAPTIONS)))
    assert polars.read_parquet(folder / "captions.parquet")["caption"].to_list() == frame.caption.to_list()
    kinds = {field.name: str(field.type) for field in pyarrow.parquet.read_schema(folder / "captions.parquet")}
    assert kinds["score"] == "double" and kinds["count"] == "int64" and kinds["good"] == "bool"
    assert kinds["width"] == "int64" and kinds["mixed"] == "string" and kinds["metadata.caption"] == "string"
    assert pandas.isna(frame["width"][0]) and frame["width"][1] == 64
    assert [os.path.abspath(folder / one) for one in frame.video] == [one.video for one in wanted]


def test_no_cell_of_the_csv_is_one_that_a_spreadsheet_runs(folder: Path) -> None:
    wanted = samples(folder / "videos", columns=user_columns)
    write(CSV, folder, wanted)
    with open(folder / "captions.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert len(rows) == len(CAPTIONS) + 1
    for cell in (cell for row in rows for cell in row):
        assert not re.match(r"\s*[=+@\-]", cell) or re.fullmatch(r"[+-]?[\d.]+", cell), cell
    frame = pandas.read_csv(folder / "captions.csv")
    plain = [number for number, caption in enumerate(CAPTIONS) if not re.match(r"'*[=+@\-]", caption)]
    assert [frame.caption[number] for number in plain[:8]] == [CAPTIONS[number] for number in plain[:8]]


def test_paths_need_no_apostrophe(folder: Path) -> None:
    """So that whoever reads the table finds the files."""
    wanted = samples(folder)
    write(CSV, folder, wanted)
    found = pandas.read_csv(folder / "captions.csv").video
    assert not any(re.match(r"[=+@\-]", one) for one in found)
    assert [os.path.normpath(folder / one) for one in found] == [one.video for one in wanted]


@pytest.mark.parametrize("name", VIDEO_NAMES)
def test_tables_of_others_are_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.csv").write_text(f"{name},prompt,extra\na.mp4,A dog.,1\nhttps://example.org/b.mp4,,2\n")
    first, second = CSV.layout().read(tmp_path / "list.csv")
    assert first.video == str(tmp_path / "a.mp4") and first.captions == ("A dog.",) and first.columns == {"extra": "1"}
    assert second.video == "https://example.org/b.mp4" and second.captions == ()
    assert not CSV.layout().recognises(tmp_path / "list.csv")


def test_what_is_no_such_table_is_told(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("name,prompt\na,b\n")
    with pytest.raises(UserError, match="no column with videos"):
        list(CSV.layout().read(tmp_path / "list.csv"))
    (tmp_path / "open.csv").write_text('video,caption,id\na.mp4,"never closed,1\n')
    assert CSV.layout().recognises(tmp_path / "open.csv")
    with pytest.raises(UserError, match=r"open.csv, line 2"):
        list(CSV.layout().read(tmp_path / "open.csv"))


def test_it_knows_its_own(folder: Path) -> None:
    wanted = samples(folder / "videos")
    write(CSV, folder, wanted)
    assert CSV.layout().recognises(folder) and not PARQUET.layout().recognises(folder)
    write(PARQUET, folder, wanted)  # takes the place of what was exported before
    assert PARQUET.layout().recognises(folder) and not CSV.layout().recognises(folder)


@pytest.mark.parametrize("which", [CSV, PARQUET], ids=["csv", "parquet"])
def test_names_that_are_no_unicode_come_back(which, folder) -> None:  # type: ignore[no-untyped-def]
    (one,) = samples(folder / "videos", captions=("\\udce9 as it is",))
    wanted = structs.replace(one, video=f"{folder}/videos/caf\udce9 \\udce9.mp4", id="caf\udce9")
    write(which, folder, [wanted])
    (found,) = which.layout().read(folder)
    assert (found.video, found.id, found.captions) == (wanted.video, wanted.id, wanted.captions)
