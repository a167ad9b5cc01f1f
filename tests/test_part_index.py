"""What is kept beside a part only saves time: with it, without it, and whatever became of it, a result is the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from framescribe.plain_json import dumps, parsed
from framescribe.records import SCHEMA, Row
from framescribe.results.edits import Edit
from framescribe.results.part_index import LINES
from framescribe.results.rows import Results

ROWS = LINES + 500


def line(number: int, caption: str = "a cat", **file: object) -> str:
    stages = {"frames": {"fingerprint": "f", "fills": ["caption"], "decoding": {"seed": number}}}
    record = {
        "kind": "row",
        "id": f"{number}.mp4",
        "video_path": f"/data/{number}.mp4",
        "caption": caption,
        "status": "failed" if number % 97 == 0 else "ok",
        "frames": [],
        "size": number,
        "provenance": {"schema": SCHEMA, "file": {"stamp": f"etag-{number}", **file}, "stages": stages},
    }
    return dumps(record) + "\n"


def edit(number: int) -> str:
    said = {"kind": "edit", "id": f"{number}.mp4", "video_path": f"/data/{number}.mp4", "field": "caption"}
    said |= {"fingerprint": None, "old": "a cat", "new": "a dog", "who": "me", "when": "2026-01-01T00:00:00+00:00"}
    return dumps(said) + "\n"


def replacing(number: int, old: int) -> str:
    return line(number).replace('"schema"', f'"replaces": ["{old}.mp4", "/data/{old}.mp4"], "schema"')


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """A part with rows of all sorts: later ones of the same file, failed ones, some that replace others, a file that
    was exchanged, what a person said, damaged lines, and no newline at the end."""
    chance, lines = random.Random(7), [line(number) for number in range(ROWS)]
    for number in range(0, ROWS, 250):
        lines.insert(chance.randrange(len(lines)), line(number, "a bird"))
        lines.insert(chance.randrange(len(lines)), edit(number + 1))
        lines.insert(chance.randrange(len(lines)), '{"id": "damaged\n')
        lines.insert(chance.randrange(len(lines)), line(number + 2, "a cow", replaced=True))
    lines += [replacing(ROWS + 1, 5), line(6, "a hen", content="sha", fingerprint="odd"), '{"id": "torn']
    part = tmp_path / "captions.jsonl.parts" / "20260101T000000.000000000-host-1.jsonl"
    part.parent.mkdir()
    part.write_text("".join(lines))
    return part


def beside(part: Path) -> Path:
    return part.with_name(f"{part.name}.index")


def told(part: Path) -> tuple[object, ...]:
    """All that a result says, however it was read."""
    results = Results(part.parent.with_suffix(""))
    rows = [row.as_dict() for row in results.rows()]
    entries = [results.entries(f"{number}.mp4") for number in range(0, ROWS + 2, 50)]
    return rows, entries, len(results), results.failed, results.unreadable_lines, results.said


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def say_another_offset(file: Path) -> None:
    """Of the first line that is no plain row, in the first frame's head."""
    head, others, rest = file.read_bytes().partition(b'"others": [')
    digit = b"1" if rest[:1] != b"1" else b"2"
    file.write_bytes(head + others + digit + rest[1:])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def no_json(file: Path) -> None:
    file.write_bytes(b"[]\n")


@pytest.mark.parametrize("harm", [lambda file: None, Path.unlink, cut, flip, say_another_offset, empty, no_json])
def test_with_or_without_it_a_result_says_the_same(part: Path, harm: Callable[[Path], None]) -> None:
    first = told(part)
    assert beside(part).exists()
    harm(beside(part))
    assert told(part) == first
    before = beside(part).read_bytes()
    assert told(part) == first
    assert beside(part).read_bytes() == before  # it was made anew, once


def test_what_comes_after_it_counts(part: Path) -> None:
    told(part)
    size = beside(part).stat().st_size
    with part.open("a") as file:
        file.write(f" end\n{line(8, 'a fox')}")
    one = Results(part.parent.with_suffix("")).row("8.mp4", "/data/8.mp4")
    assert one is not None and one.caption == "a fox"
    assert beside(part).stat().st_size == size  # so few are not worth it
    with part.open("a") as file:
        file.writelines(line(number, "a wolf") for number in range(LINES))
    with_it = told(part)
    assert beside(part).stat().st_size > size
    assert told(part) == with_it
    beside(part).unlink()
    assert told(part) == with_it


def test_it_is_of_no_use_for_another_part_of_its_name(part: Path) -> None:
    told(part)
    part.write_text("".join(line(number + 1, "another one") for number in range(2 * ROWS)))
    found = told(part)
    beside(part).unlink()
    assert told(part) == found


def test_few_rows_need_none(part: Path) -> None:
    part.write_text(line(1))
    assert told(part)[2] == 1
    assert not beside(part).exists()


def test_whoever_writes_the_rows_leaves_it_too(tmp_path: Path) -> None:
    """The first resume after a run need not read its rows. What people say meanwhile goes into the same part."""
    writing = Results(tmp_path / "captions.jsonl")
    for number in range(ROWS):
        writing.append(Row.from_dict(parsed(line(number).encode())))
    writing.close()
    [part] = writing.parts.glob("*.jsonl")
    kept = beside(part).read_bytes()
    beside(part).unlink()
    first = told(part)
    assert first[2] == ROWS
    assert beside(part).read_bytes() == kept  # as whoever reads the part makes it

    for number in range(ROWS):
        writing.append(Row.from_dict(parsed(line(number, "a hen").encode())))
        if number == LINES + 10:
            writing.edit(Edit.from_dict(parsed(edit(3).encode())))
    writing.close()
    last = max(writing.parts.glob("*.jsonl"))
    assert beside(last).exists()
    with_it = told(part)
    assert with_it[5] == 1
    for one in writing.parts.glob("*.index"):
        one.unlink()
    assert told(part) == with_it


def test_a_run_that_is_killed_has_left_it(tmp_path: Path) -> None:
    """All but its last rows need not be read again."""
    writing = Results(tmp_path / "captions.jsonl")
    for number in range(ROWS):
        writing.append(Row.from_dict(parsed(line(number).encode())))
    [part] = writing.parts.glob("*.jsonl")
    left = beside(part).read_bytes()
    with_it = told(part)
    assert beside(part).read_bytes() == left  # few are lacking
    beside(part).unlink()
    assert told(part) == with_it
    whole = beside(part).read_bytes()
    assert whole.startswith(left)
    assert LINES / ROWS - 0.01 < len(left) / len(whole) < 1


def test_what_two_processes_write_at_once_is_right(tmp_path: Path) -> None:
    """The one that writes the rows, and one that reads them when they are not noted yet."""
    writing = Results(tmp_path / "captions.jsonl")
    for number in range(LINES - 1):
        writing.append(Row.from_dict(parsed(line(number).encode())))
    [part] = writing.parts.glob("*.jsonl")
    with part.open("a") as file:  # as it looks just before the writer has taken note of it
        file.write(line(LINES))
    told(part)
    read = beside(part).read_bytes()
    with part.open("r+") as file:
        file.truncate(part.stat().st_size - len(line(LINES)))
    for number in range(LINES, 3 * LINES):
        writing.append(Row.from_dict(parsed(line(number).encode())))
    assert beside(part).read_bytes() == read
    writing.close()
    with_it = told(part)
    beside(part).unlink()
    assert told(part) == with_it
