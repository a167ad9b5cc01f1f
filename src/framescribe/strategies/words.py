"""Knows what is wrong with an answer as far as its words show it: it refuses, it repeats itself, it has broken letters;
knows no model and no video."""

from __future__ import annotations

import re
import zlib
from collections import Counter

_PICTURE = r"(image|picture|photo|photograph|video|clip|frame|screenshot|attachment|file|content)s?\b"
_DO = r"(assist|help|describe|provide|view|see|process|identify|comply|fulfil|fulfill|analy[sz]e|access|caption|open)\b"
_CANNOT = r"(cannot|can't|can not|could not|couldn't|won't|will not|am unable to|'m unable to|(am|'m) not able to)"
# How an answer begins that is none; elsewhere, a caption may well speak of someone who cannot see. Apostrophes are
# plain here, and an apology before it is left out.
_REFUSALS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"i ?{_CANNOT}( directly| currently| actually| really)? {_DO}",
        rf"i ?{_CANNOT} (do that|fulfil)",
        r"(i('m| am) (just |only )?an?|as an?) (ai|text-based|language)\b",
        rf"i (don't|do not|didn't|did not) (actually )?(see|find|have|detect|receive) (any|an|the|a)( \w+)? {_PICTURE}",
        r"i (don't|do not) have (the (ability|capability)|access)\b",
        rf"(it (looks|seems|appears)( like| as if| as though| that)?,? )?there('s| is| are) no {_PICTURE}",
        rf"(it (looks|seems|appears)( like| as if| that)? )?no {_PICTURE} (was|were|is|has been|have been) "
        r"(provided|attached|uploaded|given|included|found|shared)",
        r"(it (looks|seems|appears)( like| as if| that)? )?you (haven't|have not|didn't|did not|forgot to)"
        r" (actually )?(provide|attach|upload|include|share|send)",
        rf"(please|could you|can you)( please)? (re-?)?(provide|upload|share|attach|send)( me)?( with)? (the|an?|your)"
        rf"( actual)? {_PICTURE}",
        r"(我无法|我不能|我看不到|无法(查看|识别|描述)|作为(一个|一名|一位)?(ai|人工智能|语言模型))",
    )
]
_SORRY = re.compile(
    r"\W*((i('m| am) )?(so |very |really )?sorry|(i|my) apologi[sz]es?|apologies|unfortunately|(非常|很)?抱歉|对不起)"
    r"[^.!?。，]{0,40}?(,|，|\bbut\b|\.|!|。|:)+\s*(but )?",
    re.IGNORECASE,
)
LONG = 400  # characters: below that, prose may repeat a phrase
TIMES = 8  # that one sentence comes
_SENTENCE = re.compile(r"[^.!?。！？\n]+")


def refuses(text: str) -> bool:
    """Whether the model says that it will not, or that it sees nothing, where a caption should be."""
    plain = text[:500].replace("’", "'").lstrip(" \t\n\"'“*_>#-")
    plain = _SORRY.sub("", plain, count=1) if _SORRY.match(plain) else plain
    return any(pattern.match(plain) for pattern in _REFUSALS)


def repeats(text: str) -> bool:
    """Whether the answer is one phrase again and again: one sentence makes up half of it, or it shrinks to a tenth when
    it is compressed, as no prose does."""
    if len(text) < LONG:
        return False
    sentences = Counter(" ".join(each.split()).lower() for each in _SENTENCE.findall(text) if each.strip())
    sentence, times = max(sentences.items(), key=lambda each: len(each[0]) * each[1], default=("", 0))
    if times >= TIMES and 2 * times * len(sentence) >= len(text):
        return True
    data = text.encode("utf-8", "replace")
    return len(zlib.compress(data)) * 10 < len(data)


def garbled(text: str) -> bool:
    """Whether it holds U+FFFD, which stands for bytes that were no letter."""
    return "\ufffd" in text


def oddities(text: str) -> list[str]:
    """The words for what is wrong, as they end the names of flags."""
    found = {"refusal": refuses(text), "repeats": repeats(text), "garbled": garbled(text)}
    return [word for word, is_so in found.items() if is_so]
