"""What several trainers' lists have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.formats import trainer_lists as lists
from framescribe.formats.base import Sample
from framescribe.formats.target import Target
from framescribe.registry import load
from tests.formats.lists_written import INFO


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a": 1}\n\n{"a": 2}\n', "line 2: this is empty"),
        (b'{"a": 1}\n[1]\n', "line 2: this is not an object"),
        (b'\xef\xbb\xbf{"a": 1}\n', "line 1: this is not JSON"),
        (b'{"a": "caf\xe9"}\n', "line 1: this is not UTF-8"),
    ],
)
def test_lines_at_which_json_stops(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "list.jsonl").write_bytes(content)
    with pytest.raises(UserError, match=why):
        list(lists.read_json_lines(tmp_path / "list.jsonl"))


def test_the_first_record_is_found_without_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('\n [\n {"a": 1}, this is no JSON')
    (tmp_path / "a.jsonl").write_text('{"a": 1}\nneither is this')
    (tmp_path / "a.csv").write_text("a,b\n\n1,2\n3,4,5\n")
    (tmp_path / "object.json").write_text('{"a": 1}')
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "a.txt").write_text('{"a": 1}')
    assert lists.first_record(tmp_path / "a.json") == {"a": 1}
    assert lists.first_record(tmp_path / "a.jsonl") == {"a": 1}
    assert lists.first_record(tmp_path / "a.csv") == {"a": "1", "b": "2"}
    for other in ("object.json", "empty.jsonl", "nowhere.json", "a.txt"):
        assert lists.first_record(tmp_path / other) is None


def test_names_are_relative_to_the_folder_below_alone(tmp_path: Path) -> None:
    with Target(tmp_path / "set") as target:
        named = lists.namer_in(target, "train")
    assert named(str(tmp_path / "set/train/a/b.mp4")) == "a/b.mp4"
    assert named(str(tmp_path / "set/training/b.mp4")) == str(tmp_path / "set/training/b.mp4")
    assert named("s3://bucket/train/b.mp4") == "s3://bucket/train/b.mp4"


def test_half_a_surrogate_pair_is_refused_everywhere() -> None:
    names = ["ltx-2", "ltx-video-trainer", "fastvideo", "open-sora", "open-sora-plan", "cosmos-predict2", "cosmos3"]
    for layout in (layout for name in names for layout in load("formats", name).layouts):
        assert layout.refuses(Sample(video="/set/videos/a.mp4", captions=("A cat.",), info=INFO)) is None
        assert "surrogate" in layout.refuses(Sample(video="/set/videos/a.mp4", captions=("A \ud83d",), info=INFO))
