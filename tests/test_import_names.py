"""The names of a clip's captions come back from a data set that framescribe exported, and are said to be missing where
nothing keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescribe.dataset.export import Options, export_rows
from framescribe.dataset.imported import import_rows
from framescribe.formats.target import NOTES
from framescribe.records import LENGTHS, Row, caption_hash
from framescribe.results.rows import read_rows
from tests.exports import clip, result, row

LONG = "A brown dog runs along the wide beach, jumps over a low wave and shakes the water out of its fur."
MEDIUM, SHORT = "A brown dog runs along the beach and jumps over a wave.", "A dog runs."
TAKE_SEVERAL = (
    ("diffusion-pipe", "captions-json"),
    ("simpletuner", None),
    ("open-sora-plan", None),
    ("fastvideo", None),
)


@pytest.fixture
def captioned(tmp_path: Path) -> Path:
    """Two clips with captions of three lengths."""
    rows = []
    for number in (1, 2):
        path = clip(tmp_path / "clips" / f"{number}.mp4", number)
        long = f"{LONG} {number}"
        one = row(path, long)
        made = {"output": {"short": f"{SHORT} {number}", "medium": f"{MEDIUM} {number}", "long": long}}
        one.provenance["stages"][LENGTHS] = {"fingerprint": "f2", "of": caption_hash(long), **made}
        rows.append(one)
    return result(tmp_path / "captions.jsonl", rows)


def imported(folder: Path, output: Path) -> tuple[list[Row], list[str]]:
    said: list[str] = []
    import_rows(folder, output, say=said.append)
    return sorted(read_rows(output), key=lambda row: row.id), [line for line in said if "have no names" in line]


def exported(captioned: Path, folder: Path, to: str, layout: str | None, *variants: str) -> Path:
    options = Options(variants=variants, videos="copy")
    export_rows(captioned, to, folder, layout, options)
    return folder


@pytest.mark.parametrize(("to", "layout"), TAKE_SEVERAL, ids=[to for to, _ in TAKE_SEVERAL])
def test_all_lengths_come_back_under_their_names(captioned: Path, tmp_path: Path, to: str, layout: str | None) -> None:
    folder = exported(captioned, tmp_path / "set", to, layout, "lengths")
    rows, said = imported(folder, tmp_path / "again.jsonl")
    before = sorted(read_rows(captioned), key=lambda row: row.id)
    assert [dict(one.captions) for one in rows] == [dict(one.captions) for one in before]
    assert [one.caption for one in rows] == [one.caption for one in before]
    assert said == []


def test_some_lengths_with_weights_come_back_and_can_be_exported_again(captioned: Path, tmp_path: Path) -> None:
    variants = ("short=2", "caption", "medium")
    folder = exported(captioned, tmp_path / "set", "diffusion-pipe", "captions-json", *variants)
    (one, _), said = imported(folder, tmp_path / "again.jsonl")
    assert (one.caption, dict(one.captions)) == (f"{LONG} 1", {"short": f"{SHORT} 1", "medium": f"{MEDIUM} 1"})
    assert said == []
    texts = exported(tmp_path / "again.jsonl", tmp_path / "texts", "txt", None, "short")
    assert sorted(path.read_text() for path in texts.rglob("*.txt")) == [f"{SHORT} 1", f"{SHORT} 2"]


def test_a_corrected_caption_has_no_other_lengths_any_more(captioned: Path, tmp_path: Path) -> None:
    folder = exported(captioned, tmp_path / "set", "diffusion-pipe", "captions-json", "lengths")
    imported(folder, tmp_path / "again.jsonl")
    text = (tmp_path / "again.jsonl").read_text()
    (tmp_path / "again.jsonl").write_text(text.replace(f'"caption": "{LONG} 1"', '"caption": "A cat sleeps."'))
    one = next(row for row in read_rows(tmp_path / "again.jsonl") if row.caption == "A cat sleeps.")
    assert dict(one.captions) == {}


def test_where_nothing_keeps_the_names_that_is_said_once(captioned: Path, tmp_path: Path) -> None:
    folder = exported(captioned, tmp_path / "set", "diffusion-pipe", "captions-json", "lengths")
    (folder / NOTES).unlink()
    rows, said = imported(folder, tmp_path / "again.jsonl")
    assert [dict(one.captions) for one in rows] == [{}, {}]
    assert [one.caption for one in rows] == [f"{SHORT} 1", f"{SHORT} 2"]
    assert len(said) == 1 and "diffusion-pipe" in said[0]


def test_captions_that_a_person_added_have_no_names(captioned: Path, tmp_path: Path) -> None:
    folder = exported(captioned, tmp_path / "set", "diffusion-pipe", "captions-json", "lengths")
    imported(folder, tmp_path / "again.jsonl")
    (file,) = folder.rglob("captions.json")
    file.write_text(file.read_text().replace(f'"{SHORT} 1"', f'"{SHORT} 1", "One more."'))
    (one, other), said = imported(folder, tmp_path / "again.jsonl")
    assert (dict(one.captions), set(other.captions)) == ({}, {"short", "medium", "long"})
    assert len(said) == 1
