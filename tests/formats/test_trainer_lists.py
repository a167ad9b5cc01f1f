"""Lists as trainers' code reads them: what pandas and json make of them is the truth."""

from __future__ import annotations

import io
from pathlib import Path

import pandas
import pytest
from pandas._libs.parsers import STR_NA_VALUES

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.target import Target
from tests.formats.lists_written import NASTY

ODD = [
    *NASTY.values(),
    "a\rlone return",
    "=SUM(A1)",
    " leading",
    "",
    "NA",
    "null",
    "nan ",
    "1e5 is a number",
    "\ufeffmark",
]


def csv_of(path: Path, texts: list[str]) -> Path:
    with open(path, "w", encoding="utf-8", newline="") as file:
        lists.write_csv(
            file, ("path", "text", "fps"), ((f"videos/{at}.mp4", text, 24.0) for at, text in enumerate(texts))
        )
    return path


def test_pandas_and_the_reader_find_the_same_in_a_csv(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "list.csv", ODD)
    table = pandas.read_csv(path)
    truth = [None if pandas.isna(text) else text for text in table["text"]]
    assert [record["text"] for _, record in lists.read_csv(path, text="text")] == truth
    assert [text for text in truth if text is not None] == [text for text in ODD if text not in ("", "NA", "null")]
    assert table["fps"].dtype == float


def test_what_pandas_takes_as_missing_is_known() -> None:
    assert lists.MISSING == STR_NA_VALUES
    assert lists.csv_trouble("None") == "pandas reads the text 'None' as a missing value"
    assert lists.csv_trouble("none", "a") is None


@pytest.mark.parametrize("texts", [["1", "2.5"], ["True", "False"], ["inf", "NA"], ["1e5"]])
def test_a_column_that_pandas_makes_numbers_of_is_refused(tmp_path: Path, texts: list[str]) -> None:
    path = csv_of(tmp_path / "list.csv", texts)
    assert not pandas.api.types.is_string_dtype(pandas.read_csv(path)["text"].dropna())
    with pytest.raises(UserError, match="every text is a number"):
        list(lists.read_csv(path, text="text"))


def test_one_number_among_texts_stays_text(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "list.csv", ["123", "a cat", "1_000"])
    assert list(pandas.read_csv(path)["text"]) == ["123", "a cat", "1_000"]
    assert [record["text"] for _, record in lists.read_csv(path, text="text")] == ["123", "a cat", "1_000"]


def test_what_python_alone_takes_as_a_number_is_text(tmp_path: Path) -> None:
    path = csv_of(tmp_path / "list.csv", ["1_000"])
    assert list(pandas.read_csv(path)["text"]) == ["1_000"]
    assert [record["text"] for _, record in lists.read_csv(path, text="text")] == ["1_000"]


def test_a_csv_that_a_person_wrote(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes('\ufeffpath,text\n\na.mp4,"one\n""two"""\n   \nb.mp4\nc.mp4,it "is" so\n'.encode())
    table = pandas.read_csv(path)
    read = [(at, record["path"], record["text"]) for at, record in lists.read_csv(path, text="text")]
    assert [(path, text) for _, path, text in read] == [
        (path, None if pandas.isna(text) else text) for path, text in zip(table["path"], table["text"], strict=True)
    ]
    assert [at for at, *_ in read] == ["line 4", "line 6", "line 7"]


def test_an_unquoted_comma_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("path,text\na.mp4,fine\nb.mp4,a cat, a dog\n")
    with pytest.raises(pandas.errors.ParserError):
        pandas.read_csv(path)
    with pytest.raises(UserError, match="line 3 has 3 values for 2 columns"):
        list(lists.read_csv(path, text="text"))


def test_a_csv_in_latin_1_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("path,text\na.mp4,café\n".encode("latin-1"))
    with pytest.raises(UserError, match="not UTF-8"):
        list(lists.read_csv(path, text="text"))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_json_list_has_an_object_a_line(tmp_path: Path, count: int) -> None:
    import json

    objects = [{"text": text} for text in list(NASTY.values())[3 : 3 + count]]
    file = io.StringIO()
    lists.write_json_list(file, iter(objects))
    assert json.loads(file.getvalue()) == objects
    assert len(file.getvalue().splitlines()) == (count + 2 if count else 1)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ('{"a": 1}', "not a list of objects"),
        ('[{"a": 1}, "b"]', "record 2 is not an object"),
        ('[{"a": 1},]', "not JSON"),
        ('\ufeff[{"a": 1}]', "not JSON"),
    ],
)
def test_a_list_that_json_does_not_load(tmp_path: Path, content: str, why: str) -> None:
    path = tmp_path / "list.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=why):
        list(lists.read_json_list(path))


def test_an_empty_line_among_json_lines_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.jsonl"
    path.write_text('{"a": 1}\n\n{"a": 2}\n')
    with pytest.raises(UserError, match="line 2 is empty"):
        list(lists.read_json_lines(path))


def test_the_first_record_is_found_without_reading_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\n [\n {"a": 1}, this is no JSON')
    (tmp_path / "a.jsonl").write_text('{"a": 1}\nneither is this')
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "object.json").write_text('{"a": 1}')
    (tmp_path / "empty.jsonl").write_text("")
    assert lists.first_record(tmp_path / "a.json") == {"a": 1}
    assert lists.first_record(tmp_path / "a.jsonl") == {"a": 1}
    assert lists.first_record(tmp_path / "a.csv") == {"a": "1", "b": "2"}
    for other in ("object.json", "empty.jsonl", "nowhere.json"):
        assert lists.first_record(tmp_path / other) is None


def test_paths_are_relative_below_the_folder_alone(tmp_path: Path) -> None:
    with Target(tmp_path / "set") as target:
        relative, below = lists.relative_to(target), lists.relative_to(target, "train")
        assert relative(str(tmp_path / "set/videos/a.mp4")) == "videos/a.mp4"
        assert relative(str(tmp_path / "settled/a.mp4")) == str(tmp_path / "settled/a.mp4")
        assert below(str(tmp_path / "set/train/a.mp4")) == "a.mp4"
        assert below(str(tmp_path / "set/a.mp4")) == str(tmp_path / "set/a.mp4")
    assert lists.joined("/set", "a.mp4") == "/set/a.mp4"
    assert lists.joined("/set", "/a.mp4") == "/a.mp4"
