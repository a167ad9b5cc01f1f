"""What captions are made for decides how they are asked for and checked; what the user says counts before it."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest

import framescribe as fs
from framescribe import registry
from framescribe.errors import UserError
from framescribe.python.targets import TARGETS
from framescribe.results.rows import read_rows
from tests.runs_in_process import raw_film
from tests.servers import says
from tests.test_check_command import flags
from tests.test_lengths import CLIP, LONG, MEDIUM, run, shortens

ONE_BY_ONE = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return raw_film(tmp_path / "film.avi", 90)


@ONE_BY_ONE
def test_every_target_has_sources_formats_and_checks_that_exist(target: Any) -> None:
    assert set(target.export) <= set(registry.names("formats")) and target.export
    assert set(target.checks) <= set(registry.names("checks"))
    assert target.sources and all(
        re.search(r"@[0-9a-f]{7}\b|arXiv|github\.com|help\.", each) for each in target.sources
    )
    assert all(sentence.endswith(".") for sentence in target.form)


@ONE_BY_ONE
def test_every_target_is_told_and_said(
    target: Any, film: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="framescribe")
    trigger = {"trigger": "rvn7"} if target.learns else {}
    row, [asked, *_] = run(says(LONG), film, tmp_path / "out.jsonl", target=target.name, gate="flag", **trigger)
    assert asked.startswith(f"{CLIP}\n\n{' '.join(target.form)}")
    assert any(line.startswith(f"--for {target.name}: ") for line in caplog.messages)
    assert row.flags == (("caption_missing_trigger",) if trigger else ())


def test_words_and_checks_of_a_target_give_way_to_the_users(film: Path, tmp_path: Path) -> None:
    mood = f"{LONG} The scene evokes a sense of nostalgia."
    _, [asked] = run(says(mood), film, tmp_path / "a.jsonl", target="wan", gate="flag", max_words=90)
    assert "Write at least 60 and at most 90 words." in asked
    [row] = read_rows(tmp_path / "a.jsonl")
    assert row.flags == ("caption_mood",)
    other, _ = run(says(mood), film, tmp_path / "b.jsonl", target="wan", gate="flag", no_check="mood", max_words=30)
    assert other.flags == ("caption_too_long",)


def test_words_of_a_target_that_the_users_contradict_are_not_told(film: Path, tmp_path: Path) -> None:
    _, [asked] = run(says(LONG), film, tmp_path / "a.jsonl", target="wan", gate="flag", max_words=40)
    assert "Write at most 40 words." in asked and "at least" not in asked
    row, [asked] = run(says(LONG), film, tmp_path / "b.jsonl", target="wan", gate="flag", min_words=300)
    assert "Write at least 300 words." in asked and "200" not in asked
    assert row.flags == ("caption_too_short",)


def test_what_the_text_encoder_does_not_read_is_cut_after_a_sentence(film: Path, tmp_path: Path) -> None:
    many = " ".join(
        LONG.replace("gulls", f"{name} gulls") for name in ("grey", "white", "small", "large", "old", "wet")
    )
    row, asked = run(says(many), film, tmp_path / "out.jsonl", target="cogvideox", no_check=["repeats"])
    assert row.caption is not None and 0 < len(row.caption) < len(LONG) * 6 and row.caption.endswith(".")
    assert row.status == "ok" and len(asked) > 1
    [record] = row.stages["clip"]["checked"]
    assert record["cut"] == ["too_long"] and "tokens (t5)" not in str(record.get("found"))


def test_a_characters_looks_are_asked_away(film: Path, tmp_path: Path) -> None:
    act = shortens("never")
    heard = {"target": "lora-character", "trigger": "fisherman", "no_check": "duplicate"}
    row, asked = run(says(LONG.replace("A fisherman", "A bearded fisherman")), film, tmp_path / "a.jsonl", **heard)
    assert row.flags == ("caption_identity_words",)
    assert "Leave out how the main character always looks" in asked[-1] and "“bearded”" in asked[-1]
    row, asked = run(act, film, tmp_path / "b.jsonl", **heard)
    assert (row.status, len(asked)) == ("ok", 1)


def test_a_target_that_does_not_exist_is_refused_in_one_line(film: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^target wann: there is no such target. Available: wan, hunyuan,"):
        run(says(LONG), film, tmp_path / "out.jsonl", target="wann")


def test_captions_of_others_are_checked_for_a_target(tmp_path: Path) -> None:
    texts = ["rvn7, a young woman, pours tea.", "rvn7 hands a cup to an old man.", MEDIUM]
    (tmp_path / "a.txt").write_text("".join(f"{text}\n" for text in texts))
    found = flags(tmp_path / "a.txt", "--for", "lora-character", "--trigger", "rvn7")
    assert found == [["identity_words"], [], ["missing_trigger"]]
    assert fs.check(["An anime-style fox."], learns="style", min_words=1)[0][0].check == "style_words"
