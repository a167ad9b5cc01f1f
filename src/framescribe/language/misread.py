"""Knows whether two texts are one that was read twice; reads none."""

from __future__ import annotations

from difflib import SequenceMatcher

ALIKE = 0.8  # of SequenceMatcher's ratio


def alike(one: str, other: str) -> bool:
    """Whether two texts are the same but for what is easily misread: case, spaces, marks, a letter here and there."""
    this, that = ("".join(letter for letter in text.casefold() if letter.isalnum()) for text in (one, other))
    return this == that or SequenceMatcher(None, this, that, autojunk=False).ratio() >= ALIKE
