"""Exactly as many words as are allowed are not too few and not too many."""

from __future__ import annotations

from tests.checks.looked import found

TEN = "A red-haired girl rows a small boat to the island."


def test_too_few_words() -> None:
    assert found("too_short", TEN, min_words=11) and not found("too_short", TEN, min_words=10)
    assert found("too_short", "两只鸟飞过湖面。", min_words=5) and not found(
        "too_short", "两只鸟飞过湖面。", min_words=4
    )


def test_too_many_words() -> None:
    assert found("too_long", TEN, max_words=9) and not found("too_long", TEN, max_words=10)


def test_no_length_is_too_long_until_one_is_set() -> None:
    assert not found("too_long", TEN * 1000)
