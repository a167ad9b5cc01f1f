"""What says nothing is empty, in any language; what is about empty things is not."""

from __future__ import annotations

import pytest

from framescribe.checks.base import Circumstances
from tests.checks.looked import found, only


@pytest.mark.parametrize(
    "text",
    [
        "", " \n", "...", "—", "null", "None.", "n/a", "Caption:", "Video description: none", "**Answer:**", "{}",
        '{"caption": null}', "<answer></answer>", "<|endoftext|>", "```\n```", "(no caption)", "Here is the caption:",
        "&nbsp;", "1.", "🙂", "描述：无", "Beschreibung: keine", "Légende :", "Descripción: ninguna", "説明：なし",
    ],
)  # fmt: skip
def test_nothing(text: str) -> None:
    assert found("empty", text)


@pytest.mark.parametrize(
    "text",
    [
        "Snow.",
        "Nothing moves.",
        "Blank paper, then a brush.",
        "Empty seats.",
        "A null sign.",
        "Text scrolls.",
        "A system of pulleys.",
        "Nobody but a gull.",
        "空房间。",
        "Leere Straßen.",
    ],
)
def test_something(text: str) -> None:
    assert not found("empty", text)


def test_it_silences_everything_else() -> None:
    checks = only("empty", "too_short", "truncated", "missing_trigger")
    faults = checks.look("null", Circumstances(trigger=("zed",), finish_reason="length"))
    assert checks.flags(faults) == ("empty",)
