"""Knows how to look for many patterns quickly, each only where one of its words stands; knows no check of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from framescribe.checks.clauses import sentences_with
from framescribe.checks.text import Text
from framescribe.language.letters import listed


class _Part(NamedTuple):
    words: frozenset[str]
    besides: frozenset[str]
    pattern: re.Pattern[str]


class Cued:
    """Patterns for small letters, each with its words. It is looked for if one of them is in the text and, after a "+",
    one of those as well: "no + image video". Those without words are looked for in any text that is not ASCII, and
    those with "KANA" or "HANGUL" for words where there are such letters."""

    def __init__(self, *parts: tuple[str, str]) -> None:
        self._parts = list[_Part]()
        self._wide = list[tuple[str, re.Pattern[str]]]()
        self._with = dict[str, list[int]]()  # the places of a word's parts
        for words, pattern in parts:
            first, _, besides = words.partition("+")
            if first.strip() not in ("", "KANA", "HANGUL"):
                for word in listed(first):
                    self._with.setdefault(word, []).append(len(self._parts))
                self._parts.append(_Part(listed(first), listed(besides), re.compile(pattern)))
            else:
                self._wide.append((first.strip(), re.compile(pattern)))
        self._words = frozenset(self._with)

    def found(self, text: Text) -> Iterator[re.Match[str]]:
        """All that is found, in the order of the patterns."""
        for part in self._said(text):
            yield from part.pattern.finditer(text.told)
        if self._wide and not text.told.isascii():
            for script, pattern in self._wide:
                if script and script not in text.scripts:
                    continue
                yield from pattern.finditer(text.told)

    def found_within(self, text: Text) -> Iterator[re.Match[str]]:
        """The same for patterns that stay within a sentence: only those with their words are searched."""
        for words, _, pattern in self._said(text):
            for start, end in sentences_with(text, words):
                yield from pattern.finditer(text.told, start, end)

    def _said(self, text: Text) -> Iterator[_Part]:
        """The patterns whose words are in the text."""
        vocabulary = text.vocabulary
        if said := self._words & vocabulary:
            for place in sorted({place for word in said for place in self._with[word]}):
                part = self._parts[place]
                if not part.besides or not part.besides.isdisjoint(vocabulary):
                    yield part
