"""Tables: what is written comes back, errors say what is broken and where, files are written whole or not at all."""

from __future__ import annotations

import csv
import datetime
import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.errors import UserError
from framescribe.storage import parquet, tables
from framescribe.storage.tables import read_table, write_table

ROW = {
    "id": "a/b.mp4",
    "caption": 'He said "hi",\nthen left. 犬',
    "frames": [{"index": 0, "time": 0.0, "caption": "x"}, {"index": 8, "time": None, "caption": "y"}],
    "flags": [],
    "error": None,
}


def put(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- csv and tsv ----------------------------------------------------------------------------------


def test_csv_values_are_the_exact_strings(tmp_path: Path) -> None:
    path = put(tmp_path / "list.csv", '\ufefffile,n,note\r\na.mp4,007,\r\n"b,c.mp4",1e3," NA"\r\n')
    assert read_table(path) == (
        ["file", "n", "note"],
        [{"file": "a.mp4", "n": "007", "note": ""}, {"file": "b,c.mp4", "n": "1e3", "note": " NA"}],
    )


def test_csv_newlines_quotes_and_long_values_survive(tmp_path: Path) -> None:
    long = "x" * 300_000  # more than csv's own limit of 131072
    path = put(tmp_path / "list.csv", f'a,b\n"one\ntwo","say ""hi"""\n{long},\n')
    assert read_table(path).records == [{"a": "one\ntwo", "b": 'say "hi"'}, {"a": long, "b": ""}]


def test_tsv_is_split_at_tabs_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "LIST.TSV", "file\tnote\na.mp4\tone, two\n")
    assert read_table(path).records == [{"file": "a.mp4", "note": "one, two"}]


def test_csv_what_spreadsheets_leave_out_or_add_is_no_error(tmp_path: Path) -> None:
    path = put(tmp_path / "list.csv", "\nfile,note,,\na.mp4\n\nb.mp4,hm,,\n")
    assert read_table(path) == (
        ["file", "note"],
        [{"file": "a.mp4", "note": ""}, {"file": "b.mp4", "note": "hm"}],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'a,b\n"x\ny",1\n\n1,2,3\n',
            "line 5: 3 values for 2 columns; put a value that holds a comma in double quotes",
        ),
        ('a,b\n1,2\n3,"four\n5,6\n', "line 3: unexpected end of data; check the double quotes in this row"),
        ('a,b\n"x"y,2\n', "line 2: ',' expected after '\"'; check the double quotes in this row"),
        ("a,b,a\n1,2,3\n", "line 1: two columns are named 'a'; rename one of them"),
        (b"a,b\n1,2\ncaf\xe9,3\n", "line 3: this is not UTF-8; save the table as UTF-8"),
    ],
)
def test_broken_csv_is_named_with_its_line(tmp_path: Path, text: str | bytes, told: str) -> None:
    path = put(tmp_path / "list.csv", text)
    with pytest.raises(UserError) as caught:
        read_table(path)
    assert str(caught.value) == f"{path}, {told}"


def test_tables_without_rows(tmp_path: Path) -> None:
    assert read_table(put(tmp_path / "a.csv", "file,note\n")) == (["file", "note"], [])
    assert read_table(put(tmp_path / "b.csv", "")) == ([], [])
    assert read_table(put(tmp_path / "c.jsonl", "\n")) == ([], [])
    assert read_table(put(tmp_path / "d.json", "[]")) == ([], [])
    for ending in ("csv", "tsv", "parquet"):
        write_table(tmp_path / f"e.{ending}", [], ["x", "y"])
        assert read_table(tmp_path / f"e.{ending}") == (["x", "y"], [])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.text(), min_size=2, max_size=2)), st.sampled_from(["csv", "tsv"]))
def test_any_text_comes_back_from_csv(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], ending: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any.{ending}"
    records = [{"a": one, "b": two} for one, two in rows]
    write_table(path, records, ["a", "b"])
    assert read_table(path) == (["a", "b"], records)
    with open(path, encoding="utf-8", newline="") as file:  # and any other program that reads CSV agrees
        assert list(csv.reader(file, delimiter="," if ending == "csv" else "\t")) == [["a", "b"], *rows]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text()))
def test_one_column_keeps_its_empty_rows(tmp_path_factory: pytest.TempPathFactory, values: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "one.csv"
    write_table(path, [{"a": value} for value in values], ["a"])
    assert [record["a"] for record in read_table(path).records] == values


def test_csv_cells_of_values_that_are_no_strings(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_table(path, [{**ROW, "n": 3, "yes": True, "day": datetime.date(2024, 2, 29)}, {"id": "b", "extra": 0.1}])
    assert (
        path.read_bytes()
        == (
            "id,caption,frames,flags,error,n,yes,day,extra\n"
            'a/b.mp4,"He said ""hi"",\nthen left. 犬",'
            '"[{""index"": 0, ""time"": 0.0, ""caption"": ""x""}, '
            '{""index"": 8, ""time"": null, ""caption"": ""y""}]",'
            "[],,3,true,2024-02-29,\n"
            "b,,,,,,,,0.1\n"
        ).encode()
    )
    assert json.loads(read_table(path).records[0]["frames"]) == ROW["frames"]


# --- json -----------------------------------------------------------------------------------------


def test_json_lines_keep_types_and_all_keys(tmp_path: Path) -> None:
    path = put(tmp_path / "list.jsonl", '\ufeff{"file": "a\u2028b", "n": 7}\r\n\n{"file": null, "tags": ["x"]}')
    assert read_table(path) == (
        ["file", "n", "tags"],
        [{"file": "a\u2028b", "n": 7}, {"file": None, "tags": ["x"]}],
    )


def test_json_list(tmp_path: Path) -> None:
    assert read_table(put(tmp_path / "list.json", '[{"a": 1.5},\n {"b": {"c": []}}]')) == (
        ["a", "b"],
        [{"a": 1.5}, {"b": {"c": []}}],
    )


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.jsonl", '{"a": 1}\n\n{"a": 2\n', ", line 3: not JSON: Expecting ',' delimiter: "),
        ("x.ndjson", '{"a": 1}\n[1]\n', ", line 2: a list, not an object; write one JSON object per line"),
        ("x.jsonl", b'{"a": 1}\n{"a": "\xff"}\n', ", line 2: this is not UTF-8"),
        (
            "x.json",
            '[{"a": 1},\n {"a": }]',
            ", line 2: not JSON (Expecting value); make it one list of objects",
        ),
        (
            "x.json",
            '{"a": 1}\n{"a": 2}',
            ", line 2: not JSON (Extra data); if every line is one object, name it .jsonl",
        ),
        ("x.json", '{"a": 1}', ", line 1: an object, not a list; make it one list of objects"),
        ("x.json", '[{}, "b.mp4"]', ", item 2 of the list: a string, not an object; make every item an object"),
    ],
)
def test_broken_json_is_named_with_its_place(tmp_path: Path, name: str, text: str | bytes, told: str) -> None:
    path = put(tmp_path / name, text)
    with pytest.raises(UserError) as caught:
        read_table(path)
    assert str(caught.value).startswith(f"{path}{told}")


def test_json_lines_out(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_table(path, iter([ROW, {"b": 1}]))
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == [ROW, {"b": 1}]
    assert "犬" in path.read_text(encoding="utf-8")
    write_table(path, [{"a": 1, "b": 2}, {"a": 3}], ["b", "a"])
    assert path.read_text() == '{"b": 2, "a": 1}\n{"b": null, "a": 3}\n'


def test_a_file_name_that_is_not_utf8_is_written_too(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    for ending in ("jsonl", "csv", "parquet"):
        write_table(tmp_path / f"out.{ending}", [{"path": name}, {"path": "ok.mp4"}])
    assert read_table(tmp_path / "out.jsonl").records == [{"path": name}, {"path": "ok.mp4"}]
    escaped = [{"path": "caf\\udce9.mp4"}, {"path": "ok.mp4"}]
    assert read_table(tmp_path / "out.csv").records == escaped
    assert read_table(tmp_path / "out.parquet").records == escaped


# --- txt ------------------------------------------------------------------------------------------


def test_txt_is_one_path_a_line(tmp_path: Path) -> None:
    path = put(tmp_path / "list.txt", "\ufeff# my clips\r\na.mp4\r\n\r\n  b c.mp4 \n#c.mp4\nd#1.mp4")
    names = ["# my clips", "a.mp4", "  b c.mp4 ", "#c.mp4", "d#1.mp4"]  # which of them are comments is another matter
    assert read_table(path) == (["path"], [{"path": name} for name in names])


# --- parquet --------------------------------------------------------------------------------------


def test_parquet_holds_proper_structs(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_table(path, iter([{**ROW, "frames": []}, ROW, {**ROW, "error": {"stage": "decode", "message": "m"}}]))
    schema = pq.read_schema(path)

    def fields(struct: pa.StructType) -> dict[str, pa.DataType]:  # their order depends on PyArrow's version
        return {field.name: field.type for field in struct}

    frame = {"index": pa.int64(), "time": pa.float64(), "caption": pa.string()}
    assert fields(schema.field("frames").type.value_type) == frame
    assert fields(schema.field("error").type) == {"stage": pa.string(), "message": pa.string()}
    assert schema.field("flags").type == pa.list_(pa.string())
    columns, records = read_table(path)
    assert columns == ["id", "caption", "frames", "flags", "error"]
    assert [record["frames"] for record in records] == [[], ROW["frames"], ROW["frames"]]
    assert [record["error"] for record in records] == [None, None, {"stage": "decode", "message": "m"}]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, "n/a", None], ["1", "n/a", None]),
        ([1, True], ["1", "true"]),
        ([[1], {"a": 2}], ["[1]", '{"a": 2}']),
        ([{"a": 1}, {"a": "x"}], ['{"a": 1}', '{"a": "x"}']),
        (["x", b"y"], ["x", "y"]),
        (
            [datetime.date(2020, 1, 1), datetime.datetime(2020, 1, 1, 5)],
            ["2020-01-01", "2020-01-01T05:00:00"],
        ),
        ([2**70, 1], [str(2**70), "1"]),
        ([2**60 + 1, 0.5], [str(2**60 + 1), "0.5"]),
        ([{}, {}], ["{}", "{}"]),
        ([[{}], []], ["[{}]", "[]"]),
        ([{1: 2}], ['{"1": 2}']),
        ([1, 2.5], [1.0, 2.5]),
        ([None, None], [None, None]),
        ([{"a": 1, "b": {}}], [{"a": 1}]),
        ([b"\xff"], [b"\xff"]),
        ([datetime.datetime(2020, 1, 1, 5)], [datetime.datetime(2020, 1, 1, 5)]),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_parquet_takes_any_column(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, values: list[object], found: list[object], apart: bool
) -> None:
    if apart:
        monkeypatch.setattr(parquet, "_ROW_GROUP", 1)  # every value in its own row group
    path = tmp_path / "out.parquet"
    write_table(path, [{"n": number, "x": value} for number, value in enumerate(values)])
    assert [record["x"] for record in read_table(path).records] == found


def test_parquet_is_written_in_groups(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_table(path, ({"n": number, "late": None if number < 9000 else [number]} for number in range(9001)))
    assert pq.ParquetFile(path).metadata.num_row_groups == 3
    records = read_table(path).records
    assert [record["n"] for record in records] == list(range(9001))
    assert [records[0]["late"], records[-1]["late"]] == [None, [9000]]


def test_parquet_of_others_is_read_without_pandas(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    when = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns"))
    pq.write_table(pa.table({"file": ["a.mp4", "b.mp4"], "when": when, "n": pa.array([1, 2], pa.int8())}), path)
    expected = datetime.datetime(2023, 11, 14, 22, 13, 20, 123456)
    assert read_table(path).records == [
        {"file": "a.mp4", "when": expected, "n": 1},
        {"file": "b.mp4", "when": None, "n": 2},
    ]


def test_broken_parquet(tmp_path: Path) -> None:
    not_text = pa.array([b"\xff"]).cast(pa.string(), safe=False)
    pq.write_table(pa.table({"file": not_text}), tmp_path / "x.parquet")
    assert read_table(tmp_path / "x.parquet").records == [{"file": "\udcff"}]  # as a file's name with this byte
    with pytest.raises(UserError, match=r"in\.parquet cannot be read as Parquet"):
        read_table(put(tmp_path / "in.parquet", "not parquet at all"))


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return inner | st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)


json_values = nested(nested(st.none() | st.booleans() | st.integers() | st.floats() | st.text()))


@settings(max_examples=50, deadline=None)
@given(st.lists(json_values, min_size=1, max_size=6))
def test_parquet_never_refuses_what_json_can_hold(
    tmp_path_factory: pytest.TempPathFactory, values: list[object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.parquet"
    write_table(path, [{"x": value} for value in values])
    found = [record["x"] for record in read_table(path).records]
    assert len(found) == len(values)
    for value, got in zip(values, found, strict=True):
        if value is None or isinstance(value, str):
            assert got == value
        elif isinstance(value, float) and isinstance(got, float):
            assert got == value or (math.isnan(got) and math.isnan(value))


# --- whole or not at all --------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["jsonl", "csv", "parquet"])
def test_what_was_there_stays_when_writing_fails(tmp_path: Path, ending: str) -> None:
    path = put(tmp_path / f"out.{ending}", "old")

    class Failing:
        def __iter__(self) -> object:
            yield {"a": 1}
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_table(path, Failing(), ["a"])  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == [path.name]


def test_a_link_stays_a_link_and_the_mode_is_that_of_new_files(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out.jsonl").symlink_to(tmp_path / "disk" / "real.jsonl")
    write_table(tmp_path / "out.jsonl", [{"a": 1}])
    assert (tmp_path / "out.jsonl").is_symlink()
    assert (tmp_path / "disk" / "real.jsonl").read_text() == '{"a": 1}\n'
    (tmp_path / "plain").touch()
    assert (tmp_path / "disk" / "real.jsonl").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match=r"folder\.csv is a folder; name a file"):
        write_table(tmp_path / "folder.csv", [{"a": 1}])
    with pytest.raises(UserError, match=r"x\.csv cannot be written .*nowhere: No such file or directory"):
        write_table(tmp_path / "nowhere" / "x.csv", [{"a": 1}])


def test_unknown_endings_name_those_that_work(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"the ending '\.xlsx' cannot be written; use \.jsonl, \.ndjson, \.csv, \.tsv, \.parquet$"
    ):
        write_table(tmp_path / "x.xlsx", [])
    with pytest.raises(
        UserError,
        match=r"with the ending '' cannot be read; use \.csv, \.tsv, \.jsonl, \.ndjson, \.json, \.parquet, \.txt$",
    ):
        read_table(tmp_path / "x")
    assert os.listdir(tmp_path) == []


def test_tables_that_are_not_there(tmp_path: Path) -> None:
    for ending in ("csv", "jsonl", "json", "parquet", "txt"):
        with pytest.raises(UserError, match=rf"x\.{ending} does not exist$"):
            read_table(tmp_path / f"x.{ending}")
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(UserError, match=r"d\.csv cannot be read: Is a directory$"):
        read_table(tmp_path / "d.csv")


def test_pyarrow_is_loaded_for_parquet_alone(tmp_path: Path) -> None:
    put(tmp_path / "a.csv", "x\n1\n")
    code = (
        "import sys; from framescribe.storage.tables import read_table, write_table; t = read_table('a.csv');"
        "write_table('b.jsonl', t.records); assert 'pyarrow' not in sys.modules;"
        "write_table('c.parquet', t.records); assert 'pyarrow' in sys.modules"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(tables.__file__).parents[2])}
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment)
