"""Knows how a sentence or a clause is taken out of a text so that whole sentences remain; judges nothing."""

from __future__ import annotations

import re

from framescribe.checks.text import Span, Text

Cut = tuple[tuple[int, int, str], ...]

_BOUNDARY = re.compile(r"[,;:](?=\s)|\s[–—-]\s|—|[，；：]")
_CLOSING = " .!?…\"'”’»」』）)。！？"
# Words with which what is taken out may begin, if they stand right before the fault.
_CONNECTOR = re.compile(
    r"\s+(?:(?:and|or|but|that|which|who|because|while|und|oder|aber|weil|et|ou|mais|qui|y|o|pero|que|e|ma|che|mas)"
    r"|(?:in|on|at|near|from|inside|outside|with|into|onto|toward|towards|to|by|through|for|behind|beside) what"
    r")(?:\s+(?:is|are|was|were|it|he|she|they|then|also|quite|very|most))?\s*$"
)
# After these a fault belongs to the clause that they are in.
_BOUND = re.compile(
    r"(?:^|\s)(?:is|are|was|were|be|been|being|has|have|had|will|would|can|could|does|do|did|the|a|an|of|his|her|its|"
    r"their|"
    r"which|who|that|it|he|she|they|ist|sind|war|waren|hat|haben|est|sont|était|a|ont|es|son|está|están|era|ha|"
    r"han)\s*$"
)
_GOES_ON = re.compile(r"[,，]\s*(?:or|oder|ou|o|and|und|et|y)?\s*(?:an?|the|his|her|its|their|some|or|oder|ou)\b")
_LEAD = 3  # words before the fault in its clause


def sentence_at(text: Text, place: int) -> Span:
    """The sentence of the text in which the place is."""
    return next((each for each in text.sentences if each.start <= place < each.end), Span(0, len(text.raw)))


def sentences_with(text: Text, words: frozenset[str]) -> list[Span]:
    """The sentences that hold one of these words, if only as a part of another."""
    told, said = text.told, words & text.vocabulary
    return (
        [each for each in text.sentences if any(word in told[each.start : each.end] for word in said)] if said else []
    )


def without_sentence(text: Text, sentence: Span) -> Cut | None:
    """Takes the sentence out. None: it is the only one."""
    if len(text.sentences) < 2 or sentence not in text.sentences:
        return None
    at = text.sentences.index(sentence)
    if at + 1 < len(text.sentences):
        return ((sentence.start, text.sentences[at + 1].start, ""),)
    return ((text.sentences[at - 1].end, sentence.end, ""),)


def without_clause(text: Text, start: int, end: int, *, opens: bool = False) -> Cut | None:
    """Takes out the clause in which the fault from `start` to `end` is, or its sentence if that is all of it.

    `opens`: the fault begins a clause even where no comma is before it. None: what remained would be no sentence.
    """
    sentence = sentence_at(text, start)
    stop = sentence.start + len(text.raw[sentence.start : sentence.end].rstrip(_CLOSING))
    if (inside := _brackets(text, sentence, start, end)) is not None:
        return inside
    marks = [each.span() for each in _BOUNDARY.finditer(text.told, sentence.start, stop)]
    left = next((each for each in reversed(marks) if each[1] <= start), None)
    right = next((each for each in marks if each[0] >= end), None)
    before = text.told[left[1] if left else sentence.start : start]
    until = right[0] if right else stop
    if connector := _CONNECTOR.search(before):
        begin = start - len(before) + connector.start()
        return _cut(text, begin, until) if begin > sentence.start and before[: connector.start()].strip() else None
    if opens and before.strip() and not _BOUND.search(before):
        begin = start - len(before) + len(before.rstrip())
        return _cut(text, begin, until)
    if left is None:
        if right is None:
            return without_sentence(text, sentence)
        return None if before.strip() or not opens else _opening(text, sentence, right)
    if right is None:
        return _cut(text, left[0], stop)
    if len(before.split()) > _LEAD or _GOES_ON.match(text.told, right[0]):
        return None
    if text.raw[left[0]] == "," == text.raw[right[0]]:
        return _cut(text, left[0], right[1])
    return _cut(text, left[0], right[0])


def _cut(text: Text, begin: int, end: int) -> Cut:
    return ((begin, end, ""),)


def _opening(text: Text, sentence: Span, right: tuple[int, int]) -> Cut | None:
    """Takes out what the sentence opens with, up to a comma."""
    rest = text.raw[right[1] : sentence.end].lstrip()
    if not rest or re.match(r"(?:and|but|or|which|who|with|while|und|aber|et|mais|y|pero|\w+ing)\b", rest):
        return None
    begin = text.raw.index(rest, right[1])
    return ((sentence.start, begin + 1, rest[0].upper()),)


def _brackets(text: Text, sentence: Span, start: int, end: int) -> Cut | None:
    """Takes out the brackets in which the fault is, if it is in any."""
    opening = max(text.told.rfind("(", sentence.start, start + 1), text.told.rfind("（", sentence.start, start + 1))
    if opening < 0:
        return None
    closing = re.compile("[)）]").search(text.told, opening)
    if closing is None or closing.start() < end:
        return None
    begin = opening - (opening > 0 and text.raw[opening - 1] == " ")
    return _cut(text, begin, closing.end())
