"""Knows the prose that names a mood, or what a viewer is to feel; feelings that show on a face are no mood."""

from __future__ import annotations

from collections.abc import Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.clauses import without_clause
from framescribe.checks.mood_words import ALONE, NAMES, OPENS, PHRASES, SPACELESS
from framescribe.checks.scripts import beyond_latin
from framescribe.checks.text import Text


class Mood(Check):
    name = "mood"
    help = "names a mood or what a viewer is to feel: evoking nostalgia, a dreamlike vibe"
    on = False

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        if not text.vocabulary.isdisjoint(ALONE):
            for word, start, end in text.words:
                if word in ALONE and not (word in NAMES and text.raw[start].isupper()):
                    yield self._finding(text, start, end)
        for found in PHRASES.found_within(text):
            yield self._finding(text, found.start(), found.end())
        if beyond_latin(text):
            for found in SPACELESS.finditer(text.told):
                yield self._finding(text, found.start(), found.end())

    def _finding(self, text: Text, start: int, end: int) -> Finding:
        what = f"prose of mood: {' '.join(text.raw[start:end].split())}"
        cut = without_clause(text, start, end, opens=text.told.startswith(OPENS, start))
        return Finding(check=self.name, start=start, end=end, what=what, cut=cut)
