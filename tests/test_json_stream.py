"""A JSON list is written and read object by object: any layout, errors with their line, memory that does not grow."""

from __future__ import annotations

import io
import json
import random
import string
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.storage import json_stream
from framescribe.storage.json_stream import read_objects, write_objects

NASTY: list[dict[str, Any]] = [
    {},
    {"a": '[{"x": 1}, {"y": "]"}]', "b": 'back\\slash \\" end\\'},
    {"text": "two\nlines\r\nand\ttab", "uni": "naïve 犬 🐕‍🦺 \u2028 \x85 \u0000"},
    {"deep": [[{"k": [1, 2.5, -1e-300, True, False, None]}]], "": ""},
    {"text": "word " * 2000},
]


def values(path: Path) -> list[dict[str, Any]]:
    return [value for _, value in read_objects(path)]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_what_is_written_is_one_json_list_with_a_line_for_each_object() -> None:
    file = io.StringIO()
    write_objects(file, iter(NASTY))
    assert json.loads(file.getvalue()) == NASTY
    assert len(file.getvalue().splitlines()) >= len(NASTY) + 2
    assert file.getvalue().count("\n") == len(NASTY) + 2


def test_an_empty_list_is_a_list() -> None:
    file = io.StringIO()
    write_objects(file, [])
    assert json.loads(file.getvalue()) == []


@pytest.mark.parametrize("at_once", [1, 2, 3, 7, 64, 2**20])
@pytest.mark.parametrize(
    "layout",
    [
        {},
        {"indent": 2},
        {"separators": (",", ":")},
        {"ensure_ascii": False},
        {"indent": "\t", "ensure_ascii": False},
    ],
)
def test_any_layout_is_read_wherever_it_is_cut(
    layout: dict[str, Any], at_once: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "AT_ONCE", at_once)
    small = [*NASTY[:4], {"text": "word " * 20}]
    path = write(tmp_path / "a.json", json.dumps(small, **layout))
    assert values(path) == small


def test_blank_space_is_allowed_everywhere(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '\r\n [ \t\n\n{ "a"\n:1 }\r\n\r\n , {"b":2}\n\n]\n \n')
    assert list(read_objects(path)) == [(4, {"a": 1}), (7, {"b": 2})]
    assert values(write(tmp_path / "b.json", "[]")) == []
    assert values(write(tmp_path / "c.json", " [ \n ] ")) == []


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", json.dumps([{"a": number, "b": ["x", "y"]} for number in range(5)], indent=1))
    lines = path.read_text().split("\n")
    for line, value in read_objects(path):
        assert lines[line - 1].strip() == "{"
        assert json.loads(lines[line].strip().rstrip(",").join("{}")) == {"a": value["a"]}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "not a list"),
        ("  \n\n", 3, "not a list"),
        ('{"a": 1}', 1, "not a list"),
        ('{"a": 1}\n{"a": 2}\n', 1, "not a list"),
        ('[{"a": 1},\n{"a": 2}\n', 3, "comma or the end"),
        ('[{"a": 1}\n{"a": 2}]', 2, "comma or the end"),
        ('[{"a": 1},\n]', 2, "not an object"),
        ('[\n{"a": 1},\n3]', 3, "not an object"),
        ('[\n"a", "b"]', 2, "not an object"),
        ("[\n[]]", 2, "not an object"),
        ('[\n{"a": 1,\n "b": }]', 3, "Expecting value"),
        ('[\n{"a": 1,\n "b": tru', 3, "Expecting value"),
        ('[\n{"a": "never closed', 2, "Unterminated string"),
        ('[\n{"a": "two\nlines"}]', 2, "control character"),
        ("[\n{'a': 1}]", 2, "property name"),
        ('[{"a": 1}]\n\n[{"a": 2}]', 3, "more after the end"),
        ('[{"a": 1}]\n]', 2, "more after the end"),
        ("\ufeff[]", 1, "byte order mark"),
        ('[\n{"a": %s}]' % ("1" * 5000), 2, "digits"),
        ('[\n{"a": %s}]' % ("[" * 100_000), 2, "nested too deeply"),
    ],
)
def test_what_a_json_parser_refuses_is_refused_with_its_line(text: str, line: int, what: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", text)
    if "not an object" not in what and "not a list" not in what:
        with open(path) as file, pytest.raises((ValueError, RecursionError)):
            json.load(file)  # the trainers' own way stops there too
    with pytest.raises(UserError, match=f"a.json, line {line}: .*{what}"):
        values(path)


def test_objects_before_a_fault_are_given(tmp_path: Path) -> None:
    objects = read_objects(write(tmp_path / "a.json", '[{"a": 1}, {"a": 2}, oops'))
    assert [next(objects), next(objects)] == [(1, {"a": 1}), (1, {"a": 2})]
    with pytest.raises(UserError, match="line 1"):
        next(objects)


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'[{"a": 1},\n{"a": "caf\xe9"}]')
    with pytest.raises(UserError, match="line 2: this is not UTF-8"):
        values(path)
    path.write_bytes('[{"a": "é"}'.encode()[:-3])
    with pytest.raises(UserError, match="line 1: this is not UTF-8"):
        values(path)


def test_a_file_that_is_not_there_is_a_users_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none.json cannot be read"):
        values(tmp_path / "none.json")


def test_random_damage_is_told_as_json_itself_tells_it(tmp_path: Path) -> None:
    draw = random.Random(5)
    text = json.dumps(NASTY[:4] * 3, indent=1)
    path, refused = tmp_path / "a.json", 0
    for _ in range(400):
        cut = draw.randrange(len(text))
        damaged = text[:cut] + draw.choice(["", *'{}[],:"\\', "\n", *string.digits[:2]]) + text[cut + 1 :]
        try:
            expected = json.loads(damaged)
        except ValueError:
            expected = None
        if isinstance(expected, list) and all(isinstance(value, dict) for value in expected):
            assert values(write(path, damaged)) == expected
        else:
            refused += 1
            with pytest.raises(UserError, match=r"line [0-9]+: "):
                values(write(path, damaged))
    assert refused > 100


def test_an_error_early_in_a_long_file_is_told_without_reading_all_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", '[{"a": 1,}' + ', {"text": "word"}' * 500_000 + "]")
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match="line 1"):
            values(path)
        assert tracemalloc.get_traced_memory()[1] < path.stat().st_size
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_list_and_both_ways_are_fast(tmp_path: Path) -> None:
    count = 50_000

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(count):
            yield {"file_path": f"videos/{number:07}.mp4", "text": "A dog runs over a meadow. " * 8, "type": "video"}

    path = tmp_path / "a.json"
    started = time.process_time()
    with open(path, "w", encoding="utf-8") as file:
        write_objects(file, rows())
    found = sum(len(value) for _, value in read_objects(path))
    spent = time.process_time() - started
    assert found == 3 * count
    assert spent < count / 10_000  # far less than what a row may take, so that a busy machine fails no test
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_objects(path)) == count
        assert tracemalloc.get_traced_memory()[1] < 5 * 2**20 < path.stat().st_size / 2
    finally:
        tracemalloc.stop()
