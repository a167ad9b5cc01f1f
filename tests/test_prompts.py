"""Prompts: where their text comes from, and how placeholders are filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescribe.errors import UserError
from framescribe.prompts import check, fill, load, presets


def test_a_prompt_is_a_text_a_file_or_a_preset(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("\ufeffSay  what you see.\n", encoding="utf-8")
    assert load("Just text.", "frame") == "Just text."
    assert load(f"@{tmp_path}/mine.txt", "frame") == "Say  what you see."
    assert load("easyanimate", "frame") == "Describe this image and its style in a very detailed manner."
    assert load("default", "summary") == presets("summary")["default"]


def test_the_original_summary_prompt_orders_its_boilerplate_and_the_default_does_not() -> None:
    assert "Begin with 'In this video'" in load("easyanimate", "summary")
    assert "in this video" not in load("default", "summary").lower()


@pytest.mark.parametrize(("value", "says"), [("@missing.txt", "missing.txt"), ("  ", "empty")])
def test_a_prompt_that_cannot_be_had_is_one_clear_line(value: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        load(value, "frame")
    assert "\n" not in str(caught.value)


def test_placeholders_are_filled_once_and_only_by_what_there_is() -> None:
    values = {"captions": "a {title} here", "title": "T", "empty": None, "my column": 7}
    assert fill("{captions}|{title}|{empty}|{my column}|{unknown}", values) == "a {title} here|T||7|{unknown}"


def test_json_in_a_prompt_needs_no_escaping() -> None:
    text = 'Answer as {"subject": "…", "size": {"w": 1}} and {}.'
    check(text, "frame", [])
    assert fill(text, {"subject": "x"}) == text


def test_an_unknown_placeholder_is_refused_before_anything_is_paid_for() -> None:
    check("{title} {duration}", "frame", ["title"])
    with pytest.raises(UserError, match=r"\{titel\}.*title"):
        check("{titel}", "frame", ["title"])
    with pytest.raises(UserError, match="captions"):
        check("{captions}", "frame", [])
