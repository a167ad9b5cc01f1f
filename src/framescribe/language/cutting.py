"""Knows where a text may end earlier than it does: after a sentence, a clause, a word; knows no limit and no tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from framescribe.language.letters import JOINERS, MARKS, SPACELESS, spaceless

_END = re.compile(
    r"(?<![.!?…])(?P<stop>[.!?…]+)[\"'”’»)\]*]*(?=\s)|(?P<wide>[。！？｡।॥؟۔]+[”’』」）)\"]*)|(?=[\n\r\v\f\x85\u2028\u2029])"
)
# Where one of these is, it is worth looking: a search for single letters is much quicker.
_MARK = re.compile(r"[.!?…。！？｡।॥؟۔\n\r\v\f\x85\u2028\u2029]")
_ABBREVIATIONS = """
    mr mrs ms dr prof st sr jr mt ft no nr vs approx dept est fig vol gen col sgt capt lt rev hon inc ltd co corp
    ave blvd rd e.g i.e cf al ca bzw usw z.b d.h str sra dra mme mlle ул им
"""
_LETTER = re.compile(r"\S")
_CLAUSE = re.compile(r"[,;:—–](?=\s)|[，；：、]")
_CLOSING = "、。，！？；：」』）】》〉”’"
_WORD = re.compile(
    rf"\s+|(?<=[{SPACELESS}])(?<![เ-ไເ-ໄ])(?![\s{MARKS}{JOINERS}{_CLOSING}])|(?<=\S)(?<![「『（【《〈“‘])(?=[{SPACELESS}])(?![{MARKS}])"
)
_LOOSE = " \t\r\n\v\f\x85\u2028\u2029\u3000\xa0,;:–—-/&([{<“‘«，；：、（「『《"
# Words with which no sentence ends: what they announce would be missing.
_CONJUNCTIONS = """
    and or but nor while whereas as because that which who whose where when if than then so yet und oder aber
"""
_PREPOSITIONS = """
    a an the this these his her its their our your my some each every of in on at to from by for with without into onto
    over under between among through toward towards across along around past behind beside near against during before
    after above below beneath inside outside like is are was were be being been has have had not very more
    e.g. i.e. cf. vs. mr. mrs. ms. dr. prof.
"""
_SHORT = frozenset(_ABBREVIATIONS.split())
_BINDS = frozenset(_CONJUNCTIONS.split())
_HANGS = _BINDS | frozenset(_PREPOSITIONS.split())
_HANGING_CJK = "的和与及或在是把被从向对"
_CLOSERS = "\"'”’»)]」』）*"
_STOPS = {**dict.fromkeys(".!?…", "."), **dict.fromkeys("。！？", "。")}
_PAIRS = {"“": "”", "(": ")", "[": "]", "«": "»", "「": "」", "『": "』", "（": "）", "《": "》"}
_OPENS = re.compile(r"[“(\[«「『（《]|(?<![^\s(\[“])\"(?=\S)")
_MOST_HANGING = 10  # "and then in the" is four
_LONGEST_PAIR = 400  # characters; what is not closed by then was not opened
_FEW = 3  # a clause must leave a third of what a cut at a word would


def first_sentence(text: str) -> str:
    """The text up to its first sentence's end."""
    return text[: next(sentence_ends(text), len(text))]


def at_sentence(text: str, fits: Callable[[str], bool]) -> str | None:
    """The longest beginning of a text that fits and ends with a sentence. None if there is none."""
    return _last(_outside(sentence_ends(text), _spans(text, None)), lambda end: text[:end].rstrip(), fits)


def cut(text: str, fits: Callable[[str], bool], keep: re.Pattern[str] | None = None) -> str | None:
    """The longest beginning of a text that fits: after the last sentence that does; else at a clause, or at a word, or
    at a letter of a script without spaces, where it gets a full stop if the text had one. Not inside brackets, quotes
    or what `keep` finds, unless they are all there is. None if not even its first word fits."""
    spans = _spans(text, keep)
    sentences = _outside(sentence_ends(text), spans)
    if (whole := _last(sentences, lambda end: text[:end].rstrip(), fits)) is not None:
        return whole
    stop = _STOPS.get(text.rstrip(_CLOSERS)[-1:], "")
    clauses = _outside((found.start() for found in _CLAUSE.finditer(text)), spans)
    words = [found.start() for found in _WORD.finditer(text) if found.start() > 0]
    clause = _last(clauses, lambda end: _ended(text[:end], _BINDS, stop), fits)
    word = _last(_outside(words, spans), lambda end: _ended(text[:end], _HANGS, stop), fits)
    if clause is not None and (word is None or _FEW * len(clause) >= len(word)):
        return clause
    return word or _last(words, lambda end: _ended(text[:end], _HANGS, stop), fits)


def _last(ends: list[int], at: Callable[[int], str], fits: Callable[[str], bool]) -> str | None:
    """The longest text that fits, found by halving: a longer one is taken to need no less room than a shorter one."""
    best, low, high = None, 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        candidate = at(ends[middle])
        if candidate and not fits(candidate):
            high = middle
        else:
            best, low = candidate or best, middle + 1
    return best


def sentence_ends(text: str) -> Iterator[int]:
    """Where its sentences end, in order: after the closing mark and quotes, and before line breaks."""
    mark = _MARK.search(text)
    while mark is not None:
        found = _END.match(text, mark.start())
        if found is not None and (found["wide"] or _ends_here(text, found)):
            yield found.end()
        mark = _MARK.search(text, max(mark.end(), found.end() if found else 0))


def _ends_here(text: str, found: re.Match[str]) -> bool:
    """Whether a sentence ends with this, and not an abbreviation or a number in a list."""
    next_one = _LETTER.search(text, found.end())
    after = next_one[0] if next_one else ""
    if found["stop"] != ".":
        return not after.islower()
    before = text[max(0, found.start() - 20) : found.start()]
    words = before.split()
    word = words[-1].lstrip("(\"'“‘[") if words else ""
    if word.casefold() in _SHORT or (len(word) == 1 and word.isalpha() and word != "I") or not word:
        return False
    if word.isdecimal() and before.splitlines()[-1].strip() == word:
        return False  # "1. A dog"
    if "." in word and not word[-1].isdecimal():
        return word.islower() and not after.islower()  # "at 5 p.m. The", but "U.S. Army"
    return word.casefold() != "etc" or not after.islower()


def _ended(text: str, hanging: frozenset[str], stop: str) -> str:
    """The text without the commas and conjunctions that it would end with, and with its full stop. May be empty."""
    text = text.rstrip(_LOOSE)
    for _ in range(_MOST_HANGING):
        last = text.rsplit(None, 1)[-1] if text else ""
        if last != text and last.strip("\"'(").casefold() in hanging:
            text = text[: -len(last)].rstrip(_LOOSE)
        elif len(text) > 1 and text[-1] in _HANGING_CJK and spaceless(text[-2]):
            text = text[:-1].rstrip(_LOOSE)
        else:
            break
    return text if text.rstrip(_CLOSERS)[-1:] in _STOPS else text and text + stop


def _spans(text: str, keep: re.Pattern[str] | None) -> list[tuple[int, int]]:
    """Where it may not be cut, in their order: between brackets or quotes, and within what `keep` finds."""
    spans = [found.span() for found in keep.finditer(text)] if keep else []
    end = 0
    for found in _OPENS.finditer(text):
        if found.start() < end:
            continue
        close = text.find(_PAIRS.get(found[0], '"'), found.end(), found.end() + _LONGEST_PAIR)
        if close >= 0:
            end = close + 1
            spans.append((found.start(), end))
    return sorted(spans)


def _outside(ends: Iterable[int], spans: list[tuple[int, int]]) -> list[int]:
    """Those of the ends, in their order, that are in none of the spans."""
    found, passed, close = [], 0, 0
    for end in ends:
        while passed < len(spans) and spans[passed][0] < end:
            close = max(close, spans[passed][1])
            passed += 1
        if end >= close:
            found.append(end)
    return found
