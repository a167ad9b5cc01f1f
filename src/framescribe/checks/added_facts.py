"""Knows whether a caption that shortens a longer one says something else than that; sees no clip."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.camera_contradiction import CameraContradiction, claims
from framescribe.checks.camera_directions import directions, spoken_of
from framescribe.checks.number_contradiction import NumberContradiction
from framescribe.checks.numerals import DEFINITE, IRREGULAR, NUMBERS
from framescribe.checks.text import Text
from framescribe.checks.unsupported_text import UnsupportedText
from framescribe.language.languages import code
from framescribe.language.letters import listed

_FUNCTION = listed("of the a an and or in on at to by with from his her its their for as is are de la les des von der")
_AFTER = 3  # words that follow a number, of which one is what it counts
_AROUND = " ,;.，。"
_FIGURES = re.compile(r"\d+(?:[.,:]\d+)*")


class AddedFacts(Check):
    name = "added_facts"
    help = "a shorter caption counts, films or quotes something else than the longer one that it was made from"

    def __init__(self) -> None:
        self._films = CameraContradiction()
        self._contradictions = NumberContradiction(), self._films
        self._quotes = UnsupportedText()

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        longer = of.longer
        if longer is None:
            return
        both, begin, before = Text(f"{longer} {text.raw}"), len(longer) + 1, Text(longer)
        for check in self._contradictions:
            if check is self._films and all(claim[0].strip(_AROUND) in before.told for claim in claims(text)):
                continue  # of another shot there, perhaps
            for found in check.measure(both, of):
                if found.end > begin:
                    yield self._finding(max(0, found.start - begin), found.end - begin, found.what)
        for found in self._quotes.measure(text, replace(of, frame_captions=(longer,))):
            yield self._finding(found.start, found.end, found.what)
        yield from self._counts(text, before, code(of.language) or "en")
        yield from self._camera(text, before)
        for figures in _FIGURES.finditer(text.raw):
            if figures[0] not in longer:
                yield self._finding(*figures.span(), f"{figures[0]} is not in the longer one")

    def _camera(self, text: Text, longer: Text) -> Iterable[Finding]:
        """A camera of which the longer caption says nothing, or that moves another way there."""
        if not spoken_of(text):
            return
        if not spoken_of(longer):
            for claim in claims(text):
                if spoken_of(Text(claim[0])):
                    yield self._finding(*claim.span(), f"{_said(text, *claim.span())!r}: it names no camera")
                    return
        mine, theirs = directions(text), directions(longer)
        if mine and theirs and mine.keys().isdisjoint(theirs):
            for way, (start, end) in mine.items():
                yield self._finding(start, end, f"the camera moves {way}, not {' or '.join(theirs)}")

    def _counts(self, text: Text, longer: Text, language: str) -> Iterable[Finding]:
        """Things that are counted in both, and are not equally many."""
        known: dict[str, set[int]] = {}
        for value, nouns, *_ in _counted(longer, language):
            for noun in nouns:
                known.setdefault(noun, set()).add(value)
        for value, nouns, start, end in _counted(text, language):
            of_both = [noun for noun in nouns if noun in known]
            if of_both and not any(value in known[noun] or value == sum(known[noun]) for noun in of_both):
                yield self._finding(start, end, f"{text.raw[start:end]!r} is another number of {of_both[0]}")
            elif (
                not of_both
                and (noun := _plural(nouns, text, end, language))
                and _uncounted(noun, value, longer, language)
            ):
                yield self._finding(start, end, f"{text.raw[start:end]!r}: the {noun} are not counted there")

    def _finding(self, start: int, end: int, what: str) -> Finding:
        return Finding(check=self.name, start=start, end=end, what=f"unlike the longer caption: {what}")


def _said(text: Text, start: int, end: int) -> str:
    return text.raw[start:end].strip(_AROUND)


def _is_plural(word: str) -> bool:
    return word in IRREGULAR or (word.endswith("s") and not word.endswith("ss"))


def _plural(nouns: list[str], text: Text, end: int, language: str) -> str:
    """What of the words that follow a number it counts; "" where that is not sure."""
    if language == "en":
        return next(filter(_is_plural, nouns), "")
    if language == "de":
        places = [(word, start) for word, start, _ in text.words if start > end]
        return next((word for word, start in places[:_AFTER] if text.raw[start].isupper()), "")
    return nouns[0] if nouns and language in NUMBERS else ""


def _uncounted(noun: str, value: int, longer: Text, language: str) -> bool:
    """Whether the longer caption first speaks of these as of some, however many, and names no one of them."""
    tokens, numbers = longer.tokens, NUMBERS.get(language, {})
    if noun not in tokens or any(numbers.get(word, 1) == value for word in longer.vocabulary if word in numbers):
        return False
    place = tokens.index(noun)
    one = IRREGULAR.get(noun, noun.removesuffix("s"))
    several = DEFINITE.get(language, frozenset())
    return one not in longer.vocabulary - {noun} and not (several & set(tokens[max(0, place - 2) : place]))


def _counted(text: Text, language: str) -> Iterator[tuple[int, list[str], int, int]]:
    """The numbers in a text, the words that may be what each counts, and where the number is."""
    numbers = NUMBERS.get(language, {})
    if text.vocabulary.isdisjoint(numbers):
        return
    for place, (word, start, end) in enumerate(text.words):
        if (value := numbers.get(word, 1)) > 1:
            after = [each for each, _, _ in text.words[place + 1 : place + 1 + _AFTER] if each not in _FUNCTION]
            if language == "en":
                last = next((at for at, each in enumerate(after) if _is_plural(each)), len(after))
                after = after[: last + 1]
            yield value, after, start, end
