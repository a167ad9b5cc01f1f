"""Knows whether a text stands as whole sentences after something was deleted from it; knows no reason to delete."""

from __future__ import annotations

import re
from collections import Counter

from framescribe.language.cutting import sentence_ends
from framescribe.language.endings import NO_WORDS, closed, dangles

# What is left where words were taken out from between these.
_GAP = re.compile(
    r"[^\S\n][,.;:!?，。；](?=\s|$)|[,;:，；：、]\s*[,.;:!?，。；！？、]|  |\(\s*\)|[“\"]\s*[”\"]|（\s*）"
)
_LAST_WORDS = re.compile(r"[A-Za-z ]+$|\w+$")  # of these no notation spells any in another way, if they are ASCII
_NO_START = re.compile(r"\s*[,;:.!?)\]}，。；：！？、）]")


def broken(before: str, after: str) -> bool:
    """Whether `after`, made from `before` by deleting, has a sentence that `before` had not and that is none: one that
    begins in the middle, ends in the middle, or has a gap."""
    if not after.strip():
        return True
    if Counter(_gaps(after)) - Counter(_gaps(before)) or (_NO_START.match(after) and not _NO_START.match(before)):
        return True
    known, small = set(sentences(before)), next(filter(str.isalpha, before), "").islower()
    new = [sentence for sentence in sentences(after) if sentence not in known]
    if any(
        (not small and sentence[0].islower()) or (dangles(sentence) and not _ended(before, sentence))
        for sentence in new
    ):
        return True
    return bool(new) and closed(before) and not closed(after)


def _ended(before: str, sentence: str) -> bool:
    """Whether this ended there before, too: no word came after it. Only its end is looked for, since notation may spell
    what is before that, and what follows, in another way, as JSON does quotation marks and control characters."""
    end = _LAST_WORDS.search(sentence.rstrip(NO_WORDS))
    if end is None:
        return False
    after = (before[found.end() : found.end() + 1] for found in re.finditer(re.escape(end[0]), before))
    return any(not letter.isalnum() and not letter.isspace() for letter in after)


def sentences(text: str) -> list[str]:
    """The sentences, without the spaces around them."""
    parts, begin = list[str](), 0
    for end in (*sentence_ends(text), len(text)):
        parts.append(text[begin:end].strip())
        begin = end
    return [part for part in parts if part]


def _gaps(text: str) -> list[str]:
    return [found[0] for found in _GAP.finditer(text)]
