"""Knows whether a caption has as many words as it should have."""

from __future__ import annotations

from collections.abc import Iterable

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text


class TooShort(Check):
    name = "too_short"
    help = "fewer words than allowed"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if text.length >= of.min_words:
            return ()
        what = f"{text.length} of at least {of.min_words} words"
        return (Finding(check=self.name, start=0, end=len(text.raw), what=what),)


class TooLong(Check):
    name = "too_long"
    help = "more words, or tokens of a text encoder, than allowed, once a number is set"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if of.max_words is not None and text.length > of.max_words:
            what = f"{text.length} of at most {of.max_words} words"
        elif of.tokens is None or not (what := of.tokens.excess(text.raw)):
            return ()
        return (Finding(check=self.name, start=0, end=len(text.raw), what=what),)
