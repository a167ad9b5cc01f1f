"""Knows quickly whether a text holds other letters than Latin ones, and how lists of words are written; knows no
languages."""

from __future__ import annotations

import re
from collections.abc import Callable

from framescribe.checks.text import Text

_BEYOND = re.compile("[\u0370-\u1dff\u2e80-\ud7ff\uf900-\ufaff\ufb1d-\ufeff\uff66-\uff9d\U00020000-\U0003ffff]")


def beyond_latin(text: Text) -> bool:
    """Whether phrases of languages that are not written in Latin letters may be in it."""
    return not text.raw.isascii() and _BEYOND.search(text.raw) is not None


def each_of(written: str) -> list[str]:
    """The words of a list that is written with spaces between them."""
    return written.split()


def words(written: str) -> frozenset[str]:
    """The words of such a list, once each."""
    return frozenset(written.split())


def either(written: str, form: Callable[[str], str] = str) -> str:
    """A pattern for one word of such a list, each in this form."""
    return "|".join(form(word) for word in written.split())
