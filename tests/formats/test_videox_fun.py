"""What VideoX-Fun and EasyAnimate read is written, and read as they read it; no list takes memory that grows."""

from __future__ import annotations

import csv
import json
import os
import shlex
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout
from framescribe.formats.videox_fun import FORMAT
from framescribe.registry import load
from tests.formats.exported import BROKEN, CAPTIONS, INFO, SEPARATED, exported, found, many, recognised, written

JSON, CSV = FORMAT.layouts
LONG = "x" * 131_073  # one more than Python's csv reads
LISTED = [
    (name, layout)
    for name in ("finetrainers", "diffusers", "videox-fun", "diffsynth-studio")
    for layout in load("formats", name).layouts
    if layout.videos == "listed"
]


def as_the_loader_reads(table: Path) -> list[dict[str, Any]]:
    with open(table, encoding="utf-8") as file:
        return list(csv.DictReader(file)) if table.suffix == ".csv" else json.load(file)


@pytest.mark.parametrize("layout", FORMAT.layouts, ids=lambda layout: layout.name)
def test_the_table_holds_what_was_meant(layout: Layout, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    captions = [*CAPTIONS, *BROKEN, *SEPARATED, "123", "NA", "a\r\nb", LONG, "half \ud83d"]
    made = exported(layout, folder, captions, elsewhere=tmp_path / "else where")
    assert made.refused.keys() == {"half \ud83d", *(["a\r\nb", LONG] if layout is CSV else [])}
    csv.field_size_limit(131_072)  # Python's own, which the loader leaves as it is
    rows = as_the_loader_reads(folder / f"metadata.{layout.name}")
    assert [(os.path.join(folder, row["file_path"]), (row["text"],)) for row in rows] == made.pairs
    assert {row["type"] for row in rows} == {"video"}
    sizes = [(row.get("width"), row.get("height")) for row in rows]
    known = [(sample.info.width, sample.info.height) if sample.info else (None, None) for sample in made.samples]
    assert sizes == (known if layout is JSON else [(None, None)] * len(rows))
    assert (INFO.width, INFO.height) in known
    assert found(layout, folder) == found(layout, folder / f"metadata.{layout.name}") == made.pairs
    assert recognised(folder) == [f"videox-fun {layout.name}"]


def test_the_json_is_one_list_with_a_line_for_each_clip(tmp_path: Path) -> None:
    exported(JSON, tmp_path, ["A dog.", "A cat."])
    lines = (tmp_path / "metadata.json").read_text().splitlines()
    assert [lines[0], lines[-1], len(lines)] == ["[", "]", 4]


def test_a_json_made_by_hand_is_read_as_the_loader_reads_it(tmp_path: Path) -> None:
    rows = [
        {"file_path": "train/./1.mp4", "text": " kept ", "type": "video", "width": 8, "height": 8, "fps": 24},
        {"file_path": "/abs/2.mp4", "text": "", "type": "video"},
        {"file_path": "3.mp4", "type": "video"},
        {"file_path": "4.png", "text": "A picture.", "type": "image"},
        {"file_path": "5.jpg", "text": "Another."},
    ]
    table = tmp_path / "metadata_add_width_height.json"
    table.write_text(json.dumps(rows, indent=2))
    samples = list(JSON.read(table))
    assert [(sample.video, sample.captions) for sample in samples] == [
        (str(tmp_path / "train/1.mp4"), (" kept ",)),
        ("/abs/2.mp4", ()),
        (str(tmp_path / "3.mp4"), ()),
    ]
    assert samples[0].columns == {"width": 8, "height": 8, "fps": 24}
    assert recognised(table) == ["videox-fun json"]


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"file_path": "a.mp4", "text": "A dog."}, 'a.mp4 has no type, .* write "type": "video"'),
        ({"file_path": "a.mp4", "text": "A dog.", "type": "Video"}, "a.mp4 has the type 'Video'"),
        ({"text": "A dog.", "type": "video"}, "no path under 'file_path'"),
        ({"file_path": ["a.mp4", "b.mp4"], "text": "A dog.", "type": "video"}, "no path under 'file_path'"),
    ],
)
def test_what_would_never_be_trained_on_is_named_with_its_line(row: dict[str, Any], what: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text("[\n" + json.dumps(row) + "\n]")
    with pytest.raises(UserError, match=f"metadata.json, line 2: .*{what}"):
        found(JSON, tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b"\xef\xbb\xbffile_path,text,type\na.mp4,A dog.,video\n", "byte order mark"),
        (b"file_path,text\na.mp4,A dog.\n", "line 1: the column 'type' is missing"),
        (b"file_path,text,type\na.mp4,caf\xe9,video\n", "line 2: this is not UTF-8"),
        (f"file_path,text,type\na.mp4,{LONG},video\n".encode(), "line 2: a value has more than 131,072"),
        (b'file_path,text,type\na.mp4,"A dog.,video\nb.mp4,A cat.,video\n', "line 2: a double quote"),
        (b"file_path,text,type\na.mp4,A dog, running,video\n", "has the type ' running'"),
    ],
)
def test_a_csv_at_which_the_loader_stops_or_loses_rows_is_refused(text: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_bytes(text)
    with pytest.raises(UserError, match=what):
        found(CSV, tmp_path)


def test_json_lines_are_not_read(tmp_path: Path) -> None:
    table = tmp_path / "metadata.json"
    table.write_text('{"file_path": "a.mp4", "text": "A dog.", "type": "video"}\n' * 2)
    with pytest.raises(UserError, match="line 1: this is not a list"):
        found(JSON, table)
    assert recognised(table) == []


@pytest.mark.parametrize("name", ["videox-fun", "easyanimate"])
@pytest.mark.parametrize("layout", ["json", "csv"])
def test_the_training_starts_from_the_folder(name: str, layout: str, tmp_path: Path) -> None:
    format: Format = load("formats", name)
    assert format.name == name
    folder = tmp_path / "a set"
    exported(format.layout(layout), folder, ["A dog."])
    words = shlex.split(format.start(folder, layout))
    assert words[words.index("--train_data_dir") + 1] == str(folder)
    assert Path(words[words.index("--train_data_meta") + 1]).is_file()
    assert int(words[words.index("--video_repeat") + 1]) >= 1  # else EasyAnimate takes no videos


@pytest.mark.parametrize(("name", "layout"), LISTED, ids=lambda value: getattr(value, "name", value))
def test_memory_does_not_grow_with_a_list(
    name: str, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os.path, "isfile", lambda path: True)  # the videos are not there
    count = 5000  # ten megabytes
    tracemalloc.start()
    try:
        written(layout, tmp_path, many(tmp_path, count))
        assert sum(len(sample.captions) for sample in layout.read(tmp_path)) == count
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
