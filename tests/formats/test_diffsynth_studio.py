"""What DiffSynth-Studio reads is written, and read as it reads it: pandas' traps, addresses, endings, blank lines."""

from __future__ import annotations

import csv
import io
import json
import os
import shlex
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.diffsynth_studio import FORMAT
from framescribe.formats.pandas_csv import refuses_csv
from tests.formats.exported import BROKEN, CAPTIONS, SEPARATED, exported, found, recognised

CSV, JSON, JSON_LINES = FORMAT.layouts
NO_TEXT = ["123", "007", "1e5", "-0.5", "inf", "True", "false", "NA", "None", "null", "nan", "N/A", "<NA>"]


def as_the_loader_reads(table: Path) -> list[dict[str, Any]]:
    """By pandas, as one JSON, or as JSON lines: its ending says."""
    if table.suffix == ".json":
        rows: list[dict[str, Any]] = json.loads(table.read_text(encoding="utf-8"))
        return rows
    if table.suffix == ".jsonl":
        with open(table, encoding="utf-8") as file:
            return [json.loads(line.strip()) for line in file]
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(table)
    return [frame.iloc[number].to_dict() for number in range(len(frame))]


@pytest.mark.parametrize("layout", FORMAT.layouts, ids=lambda layout: layout.name)
def test_the_table_holds_what_was_meant(layout: Any, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    captions = [*CAPTIONS, *BROKEN, *SEPARATED, *NO_TEXT]
    made = exported(layout, folder, captions, elsewhere=tmp_path / "else where")
    assert made.refused.keys() == (set(NO_TEXT) if layout is CSV else set())
    rows = as_the_loader_reads(folder / f"metadata.{layout.name}")
    assert [(os.path.join(folder, row["video"]), (row["prompt"],)) for row in rows] == made.pairs
    assert found(layout, folder) == found(layout, folder / f"metadata.{layout.name}") == made.pairs
    assert recognised(folder) == [f"diffsynth-studio {layout.name}"]


@pytest.mark.parametrize("layout", FORMAT.layouts, ids=lambda layout: layout.name)
def test_the_training_starts_from_the_folder(layout: Any, tmp_path: Path) -> None:
    folder = tmp_path / "a set"
    exported(layout, folder, ["A dog."])
    words = shlex.split(FORMAT.start(folder, layout.name))
    assert words[words.index("--dataset_base_path") + 1] == str(folder)
    assert Path(words[words.index("--dataset_metadata_path") + 1]).is_file()


# --- pandas ---


def test_what_pandas_would_change_is_refused_and_nothing_else() -> None:
    pandas = pytest.importorskip("pandas")
    digits = ["", "1", "07", ".", "e", "E5", "-", "+", "_", "x", "1" * 50]
    words = ["", "N", "A", "a", "n", "/", "inf", "inity", "Null", "None", "tRue", "False", "#", "<", ">", "-", "１"]
    texts = {"".join(one) for parts in (digits, words) for one in product(parts, repeat=3 if parts is digits else 2)}
    texts = {changed for text in texts if text for changed in (text, text.upper(), text.lower())}
    listed = sorted(texts)
    table = io.StringIO()
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows([range(len(listed)), listed])  # a column for each text
    frame = pandas.read_csv(io.StringIO(table.getvalue()))
    changed = 0
    for text, read in zip(listed, (frame[column].tolist() for column in frame), strict=True):
        refused = refuses_csv(Sample(video="/a.mp4", captions=(text,)))
        assert (refused is None) == (read == [text]), (text, read, refused)
        changed += read != [text]
    assert changed > 100


@pytest.mark.parametrize(
    ("text", "prompts"),
    [
        ("video,prompt\na.mp4,NA\nb.mp4,\nc.mp4\nd.mp4, kept \n", [(), (), (), (" kept ",)]),
        ('\n\nvideo,prompt\n\n  \na.mp4,"two\r\nlines, ""quoted"""\r\nb.mp4,x"y"\rc.mp4,"abc"def', None),
        ("video,prompt\na.mp4,123\nb.mp4,A dog.\n", [("123",), ("A dog.",)]),
        ("\ufeffvideo,prompt,fps\na.mp4,A dog.,24\n", None),
        ("prompt,other,video\nA dog.,,a.mp4\n", None),
    ],
)
def test_a_csv_made_by_hand_is_read_as_pandas_reads_it(
    text: str, prompts: list[tuple[str, ...]] | None, tmp_path: Path
) -> None:
    table = tmp_path / "metadata.csv"
    table.write_bytes(text.encode())
    rows = as_the_loader_reads(table)
    expected = [
        (str(tmp_path / row["video"]), (row["prompt"],) if isinstance(row["prompt"], str) else ()) for row in rows
    ]
    assert found(CSV, tmp_path) == expected
    if prompts is not None:
        assert [captions for _, captions in expected] == prompts
    assert recognised(tmp_path) in (["diffsynth-studio csv"], [])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("video,prompt\na.mp4,A dog, running\n", "line 2: 3 values for 2 columns"),
        ("video,prompt\na.mp4,A dog.\nb.mp4,A dog, running\n", "line 3: 3 values for 2 columns"),
        ("video,prompt\na.mp4,1\nb.mp4,2\nc.mp4,\n", "numbers or truths"),
        ("video,prompt\na.mp4,true\nb.mp4,false\n", "numbers or truths"),
        ('video,prompt\na.mp4,A dog.\nb.mp4,"never closed\nc.mp4,A cat.\n', "line 3: a double quote .* never closed"),
        ("video,text\na.mp4,A dog.\n", "line 1: the column 'prompt' is missing"),
        ("video,prompt\n,A dog.\n", "line 2: it has no path"),
        ("", "line 1: the column 'prompt' is missing"),
    ],
)
def test_a_csv_at_which_pandas_or_the_training_stops_is_refused(text: str, what: str, tmp_path: Path) -> None:
    table = tmp_path / "metadata.csv"
    table.write_text(text)
    with pytest.raises(UserError, match=what):
        found(CSV, table)
    try:
        rows = as_the_loader_reads(table)
    except ValueError:
        return  # pandas' own errors are ValueErrors
    trains = all(isinstance(row.get("video"), str) and isinstance(row.get("prompt"), str) for row in rows)
    assert not trains or [row["video"] for row in rows] == ["A dog"]  # the columns were shifted


# --- JSON ---


@pytest.mark.parametrize(
    ("layout", "text", "what"),
    [
        (JSON, '{"video": "a.mp4", "prompt": "A dog."}\n', "line 1: this is not a list"),
        (JSON, '[\n{"prompt": "A dog."}]', "line 2: it has no path"),
        (JSON_LINES, '{"video": "a.mp4", "prompt": "A dog."}\n\n', "line 2: a blank line"),
        (JSON_LINES, '{"video": "a.mp4", "prompt": "A dog."}\n{"video"', "line 2: not JSON"),
        (JSON_LINES, '["a.mp4", "A dog."]\n', "line 1: this is not an object"),
        (JSON_LINES, '\ufeff{"video": "a.mp4", "prompt": "A dog."}\n', "byte order mark"),
    ],
)
def test_json_at_which_the_loader_stops_is_refused(layout: Any, text: str, what: str, tmp_path: Path) -> None:
    table = tmp_path / f"metadata.{layout.name}"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=what):
        found(layout, tmp_path)


def test_json_made_by_hand_is_read_as_the_loader_reads_it(tmp_path: Path) -> None:
    rows = [
        {"video": "./videos/a.MP4", "prompt": "A dog.", "seed": 1},
        {"video": "https://example.org/b.mp4", "prompt": " kept "},
        {"video": "picture.jpg", "prompt": "A picture."},
        {"video": "/abs/c.webm", "prompt": None},
    ]
    (tmp_path / "any name.json").write_text(json.dumps(rows, indent=4))
    samples = list(JSON.read(tmp_path / "any name.json"))
    assert [(sample.video, sample.captions) for sample in samples] == [
        (str(tmp_path / "videos/a.MP4"), ("A dog.",)),
        ("https://example.org/b.mp4", (" kept ",)),
        ("/abs/c.webm", ()),
    ]
    assert samples[0].columns == {"seed": 1}
    assert recognised(tmp_path / "any name.json") == ["diffsynth-studio json"]


def test_an_ending_that_stops_the_training_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.json").write_text(json.dumps([{"video": "a.m4v", "prompt": "A dog."}]))
    with pytest.raises(UserError, match=r"line 1: DiffSynth-Studio stops at a.m4v; it takes \.avi"):
        found(JSON, tmp_path)


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://example.org/a.mp4", True),
        ("http://example.org/a.webm", True),
        ("s3://bucket/a.mp4", False),
        ("https://example.org/a.mp4?key=1", False),
    ],
)
def test_addresses_that_the_loader_opens_are_exported(address: str, fine: bool) -> None:
    assert (JSON.refuses(Sample(video=address, captions=("A dog.",))) is None) == fine
