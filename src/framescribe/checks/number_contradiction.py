"""Knows when a text gives two counts for the same things without telling of a change; counts nothing in pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.counted import FORMS, Form
from framescribe.checks.numerals import (
    ALL,
    ARRIVES,
    BEFORE_NOUN,
    BOTH,
    DEFINITE,
    DIVIDED,
    ELSEWHERE,
    FEWER,
    GENERIC,
    GROUPS,
    IRREGULAR,
    MORE,
    NO_ARTICLES,
    NO_CHANGE,
    NO_COUNT,
    NOW,
    NUMBERS,
    PEOPLE,
    PERFORMERS,
    RESTRICTED,
    SAME,
    SINGLE,
    SUM,
    TROUPE,
    UNITS,
)
from framescribe.checks.scripts import words
from framescribe.checks.text import Text
from framescribe.language.languages import code

_OF = words("of de von di")
_NO_NOUN = words("those them of is are in on at and or who with as to")
_ADDED = words("more other others additional further of or to")
# "and all", "and the", right before a count: they add nobody.
_LEAD = re.compile(r"(?:\b(?:and|und|et|y|e|with|mit|avec|con)\s+)?(?:(?:the|all|die|les|los|las|i|le|alle|both)\s+)*$")
_PAIR = "对對"
_BESIDES = re.compile(
    r"\band (?:an?|his|her|their|its|another|two|three)\b|\b(?:with|beside|behind) (?:an?|his|"
    r"her) (?:friend|companion)\b"
)
_FURTHEST = 4  # words between a number and its noun


class _Count(NamedTuple):
    """So many of these, and how the text says it. `noun` is "" where it names none."""

    start: int
    end: int
    value: int
    noun: str = ""
    adjectives: frozenset[str] = frozenset()
    definite: bool = False
    restricted: bool = False
    whole: bool = False


class NumberContradiction(Check):
    name = "number_contradiction"
    help = "gives two counts for the same things, with no change told between"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        language = code(of.language) or "en"
        if (form := FORMS.get(language)) is not None:
            pair = _spaceless(text, form)
        elif (numbers := NUMBERS.get(language)) is not None and _differ(text, numbers) and _taken_up(text, language):
            pair = _spaced(text, language, numbers)
        else:
            return
        if pair is not None:
            (start, end), (other, stop) = pair
            what = f"two counts: {text.raw[start:end]}, {text.raw[other:stop]}"
            yield Finding(check=self.name, start=start, end=stop, what=what)


def _differ(text: Text, numbers: dict[str, int]) -> bool:
    """Whether there are numbers that are not equal; "one" is seldom one."""
    said = text.vocabulary.intersection(numbers)
    values = {numbers[word] for word in said if word != "one"}
    if len(values) == 1 and "one" in text.vocabulary:
        return text.raw.startswith("One ") or ". One " in text.raw or "only one" in text.told or "just one" in text.told
    if len(values) == 1 and text.raw.startswith(("A ", "An ")):
        told = text.told  # "A man …": the two men?
        return any(f" {the} {word} " in told for word in said for the in ("the", "all"))
    return len(values) > 1


def _taken_up(text: Text, language: str) -> bool:
    """Whether a number may speak of things that were counted before: "the two", "both", "all three"."""
    numbers, tokens = NUMBERS[language], text.tokens
    places = [place for place, word in enumerate(tokens) if word in numbers]
    return language in NO_ARTICLES or any(
        tokens[place] in BOTH or (place and (tokens[place - 1] in DEFINITE[language] or tokens[place - 1] in ALL))
        for place in places
    )


def _spaceless(text: Text, form: Form) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Two counts with the same measure word and noun that do not agree."""
    found = list(form.pattern.finditer(text.told))
    for place, later in enumerate(found):
        noun, value = form.head(later["noun"]), _value(form, later)
        if form.everybody.match(text.told, later.start("noun")) and place == 1:
            noun = form.head(found[0]["noun"])  # 三个人都
        same = [
            each
            for each in found[:place]
            if (form.head(each["noun"]) == noun or (len(noun) == 1 and noun in each["noun"]))
            and (each["measure"] in (later["measure"], *_PAIR) or noun != form.head(later["noun"]))
            and (later["adjective"] or "").rstrip("的") in ("", (each["adjective"] or "").rstrip("的"))
        ]
        if value < 2 or not same or _reachable([_value(form, each) for each in same], value):
            continue
        before = text.told[max(0, later.start() - 12) : later.start()]
        placed = not form.marked.search(before) and form.placed.match(text.told, later.end())
        if placed or form.elsewhere.search(before):
            continue
        told = text.told[max(0, same[0].start() - 4) : later.start()]
        if value > _value(form, same[-1]):
            told = form.some.sub("", told)
            if form.every.search(before):
                told = form.later.sub("", told)
        if not form.change.search(told):
            return same[-1].span(), later.span()
    return None


def _value(form: Form, found: re.Match[str]) -> int:
    return form.value(found["number"]) * (2 if found["measure"] in _PAIR else 1)


def _spaced(text: Text, language: str, numbers: dict[str, int]) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """A count, and one that speaks of the same things and does not agree."""
    counts = _counts(text, language, numbers)
    for place, later in enumerate(counts):
        if later.definite and (earlier := _contradicted(text, counts[:place], later)) is not None:
            return (earlier.start, earlier.end), (later.start, later.end)
    return None


def _counts(text: Text, language: str, numbers: dict[str, int]) -> list[_Count]:
    """All counts of things in the text, in order."""
    found = list[_Count]()
    for place, (word, start, end) in enumerate(text.words):
        if (value := numbers.get(word)) is None:
            continue
        before, after = _beside(text, place)
        if word == "dozen" and [each for each, _, _ in text.words[max(0, place - 2) : place]] == ["half", "a"]:
            value = 6
        if before in NO_COUNT:
            continue
        if word in SINGLE or word == "one":
            if word in SINGLE or _alone(text, place):
                found += _singles(text, place)
            continue
        definite = before in DEFINITE[language] or word in BOTH or language in NO_ARTICLES
        whole = word in BOTH or before in ALL
        if word in GROUPS:
            beside = language == "de" and text.raw[start].isupper()  # "ein Paar Pferde"
            noun = _noun(text, place + (1 if beside else 2), language) if beside or after in _OF else None
            if noun is None and after not in _OF and (definite or word in PERFORMERS):
                found.append(_Count(start, end, value, "", frozenset(), definite, after in RESTRICTED))
        else:
            noun = _noun(text, place + (2 if whole and after in _OF else 1), language)
            if noun is None and (whole or (definite and _of_them(text, place))):
                found.append(_Count(start, end, value, definite=True, whole=True))
            if after in _ADDED and not (whole and after in _OF):
                continue
        if noun is not None and noun.noun not in UNITS and noun.adjectives.isdisjoint(_ADDED):
            found.append(noun._replace(start=start, value=value, definite=definite, whole=whole))
    return found


def _beside(text: Text, place: int) -> tuple[str, str]:
    """The words before and after a word, with only a space between; "" where there is none."""
    words = text.words
    _, start, end = words[place]
    before = words[place - 1][0] if place and not _gap(text, words[place - 1][2], start) else ""
    after = words[place + 1] if place + 1 < len(words) and not _gap(text, end, words[place + 1][1]) else ("", 0, 0)
    return before, after[0]


def _gap(text: Text, end: int, start: int) -> bool:
    """Whether there is more than a space between two words."""
    return text.told[end:start] not in (" ", "\n")


def _of_them(text: Text, place: int) -> bool:
    return [word for word, _, _ in text.words[place + 1 : place + 3]] == ["of", "them"]


def _alone(text: Text, place: int) -> bool:
    """Whether "one" counts: it opens a sentence, or stands after "only"."""
    _, start, _ = text.words[place]
    return any(each.start == start for each in text.sentences) or (
        place > 0 and text.words[place - 1][0] in ("only", "just")
    )


def _singles(text: Text, place: int) -> Iterator[_Count]:
    """What "single" may count: one of the words after it."""
    words = text.words
    for step in range(place + 1, min(place + _FURTHEST, len(words))):
        if _gap(text, words[step - 1][2], words[step][1]):
            return
        word, _, end = words[step]
        yield _Count(words[place][1], end, 1, IRREGULAR.get(word, word))


def _noun(text: Text, place: int, language: str) -> _Count | None:
    """The noun that a number stands before, with the adjectives between; its value is yet to be filled in."""
    words, adjectives = text.words, set[str]()
    for step in range(place, min(place + _FURTHEST, len(words))):
        if step > 0 and _gap(text, words[step - 1][2], words[step][1]):
            return None
        word, start, end = words[step]
        if step == place and word in DEFINITE[language]:
            continue
        if word in _NO_NOUN:
            return None
        if (noun := _folded(text.raw[start:end], language)) is not None:
            _, after = _beside(text, step)
            return _Count(start, end, 0, noun, frozenset(adjectives), False, after in RESTRICTED)
        adjectives.add(word)
    return None


def _folded(raw: str, language: str) -> str | None:
    """What stands for the noun whose plural this is: in English its singular. None: it is no plural."""
    word = raw.lower()
    if language == "de":
        return word if raw[0].isupper() else None
    if language != "en":
        return None if BEFORE_NOUN.fullmatch(word) else word[:4] if language in ("ru", "sv", "da", "no") else word
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in SAME:
        return word
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "'s")):
        return None
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "sses", "xes")):
        return word[:-2]
    return word[:-1]


def _contradicted(text: Text, earlier: list[_Count], later: _Count) -> _Count | None:
    """Which of the earlier counts a later one of the same things contradicts."""
    same = [each for each in earlier if each.noun == later.noun] if later.noun else _only_group(text, earlier, later)
    if not same and (later.noun in GENERIC or (later.noun in PEOPLE and later.whole)):
        same = _only_people(text, earlier, later)
    if not same and later.noun in PEOPLE | TROUPE:  # "a quartet plays … the five musicians"
        same = [
            each
            for each in earlier
            if not each.noun and not each.whole and (later.value > each.value or later.noun in TROUPE)
        ]
    if not same and later.noun and later.value > 1:
        same = _introduced(text, later)
    if not same or _reachable([each.value for each in same], later.value):
        return None
    last = same[-1]
    if later.restricted and later.value < last.value:
        return None
    if later.adjectives - last.adjectives:
        return None
    return None if _changed(text, same[0].end, last.value, later) else last


def _introduced(text: Text, later: _Count) -> list[_Count]:
    """What a text begins with, if it is one of what was counted later, and the only one of its kind: "A man …"."""
    first = re.match(rf"an? (?:[\w-]+ ){{0,2}}?{re.escape(later.noun)}\b", text.told)
    if first is None or _BESIDES.search(_LEAD.sub("", text.told[: later.start])):
        return []
    others = PEOPLE & text.vocabulary - {later.noun} if later.noun in PEOPLE else frozenset[str]()
    if others or sum(word == later.noun for word, _, _ in text.words) > 1:
        return []
    return [_Count(0, first.end(), 1, later.noun)]


def _only_group(text: Text, earlier: list[_Count], later: _Count) -> list[_Count]:
    """What "all three" or "the pair" speaks of: all that was counted before, if that is one kind and nobody else."""
    counted = [each for each in earlier if each.value > 1 and (each.noun or not each.whole)]
    before = _LEAD.sub("", text.told[: later.start])
    return counted if len({each.noun for each in counted}) == 1 and not SUM.search(before) else []


def _only_people(text: Text, earlier: list[_Count], later: _Count) -> list[_Count]:
    """Those whom "the three people" speaks of: the only ones before."""
    people = [each for each in earlier if each.noun in PEOPLE]
    before = _LEAD.sub("", text.told[: later.start])
    return people if len(people) == 1 and text.vocabulary.isdisjoint(PEOPLE) and not SUM.search(before) else []


def _reachable(values: list[int], total: int) -> bool:
    """Whether one of these counts, or several together, make up the total."""
    sums = {0}
    for value in values:
        sums |= {each + value for each in sums}
    return total in sums


def _changed(text: Text, start: int, value: int, later: _Count) -> bool:
    """Whether a change is told, or others of the kind are spoken of, before this count."""
    between = NO_CHANGE.sub(" ", text.told[start : later.start])
    if later.value > value and later.noun not in PEOPLE and DIVIDED.search(between):
        return True
    if NOW.search(between) or ELSEWHERE.search(between) or (MORE if later.value > value else FEWER).search(between):
        return True
    if re.search(r"\b[Ee]ine?[rs]? [a-zäöüß]+t\b", text.raw[start : later.start]):
        return True
    if later.noun and re.search(rf"\b(?:an?|une?|un[ao]) (?:\w+ )?{re.escape(later.noun)}\b", between):
        return True
    for found in ARRIVES.finditer(between):
        if found[1] in ("one", "they", "which", "that", "who", "eine", "einer", "eins", "two", "three"):
            return True
        if not later.noun or later.noun in (found[1], _folded(found[1], "en")):
            return True
    return False
