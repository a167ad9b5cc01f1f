"""The page of checks is true: what it calls bad is found by that check, and mended as it says; what it calls good is
not found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import framescribe as fs
from framescribe import registry
from framescribe.checks.base import Circumstances
from framescribe.checks.judge import Checks

PAGE = Path(__file__).parent.parent.parent / "docs" / "checks.md"
# What the page says of its examples in words.
KNOWN: dict[str, dict[str, Any]] = {
    "prompt_echo": {"prompt": "Describe the clip in one paragraph. Do not mention the camera."},
    "too_long": {"max_words": 12},
    "missing_trigger": {"trigger": ("zkv fox",)},
    "missing_words": {"must_mention": ("kite", "pier")},
    "forbidden_word": {"forbid": ("car", "mouse")},
    "identity_words": {"learns": "character", "trigger": ("rvn7",)},
    "style_words": {"learns": "style"},
    "added_facts": {"longer": "Two gulls circle above a boat with the sign “Maria”. The camera pans left."},
    "measured_contradiction": {
        "facts": {
            "camera": {"version": 1, "shots": [{"moves": [{"label": "pan_left", "margin": 3.0}], "maybe": []}]},
            "cuts": {"version": 1, "cuts": [], "fades": [], "shots": 1, "confidence": 1.0},
        }
    },
    "unsupported_text": {"frame_captions": ("a shop with the sign Blue Anchor", "a blue door")},
}


class Example(NamedTuple):
    check: str
    kind: str
    texts: list[str]
    mended: str | None


def examples() -> Iterator[Example]:
    part = PAGE.read_text(encoding="utf-8").partition("## Each check")[2].partition("## From Python")[0]
    for name, section in re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", part, re.MULTILINE | re.DOTALL):
        items = [
            (kind, re.findall(r"`((?:[^`]|\n)*)`", text.replace("\n  ", " ")))
            for kind, text in re.findall(r"^- (\w+): (.*(?:\n  .*)*)", section, re.MULTILINE)
        ]
        for (kind, texts), (after, mended) in zip(items, [*items[1:], ("", [""])], strict=True):
            if kind != "Mended":
                yield Example(name, kind, texts, mended[0] if after == "Mended" else None)


EXAMPLES = list(examples())


def of(name: str) -> dict[str, Any]:
    return KNOWN.get(name, {})


def test_every_check_has_examples_of_both_kinds() -> None:
    found = {(example.check, example.kind) for example in EXAMPLES}
    assert found == {(name, kind) for name in registry.BUILT_IN["checks"] for kind in ("Bad", "Good")}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example.check}-{example.kind}")
def test_an_example_is_what_the_page_says(example: Example) -> None:
    found = fs.check(example.texts, on=["all"], **of(example.check))
    names = [{one.check for one in faults} for faults in found]
    if example.kind == "Bad":
        assert all(example.check in each for each in names)
    else:
        assert not any(names)


@pytest.mark.parametrize(
    "example", [each for each in EXAMPLES if each.kind == "Bad"], ids=lambda example: example.check
)
def test_a_bad_one_is_mended_as_the_page_says(example: Example) -> None:
    (text, *_) = example.texts
    mended = Checks.chosen(on=["all"]).mended(text, Circumstances(**of(example.check)))
    assert mended.text == (text if example.mended is None else example.mended)
