"""Knows what a word is, in scripts with spaces and without; knows nothing of captions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

# Two of these count as a word: ideographs, kana.
IDEOGRAPHS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
# Beside these, Thai, Lao, Burmese and Khmer put no spaces between words.
SPACELESS = IDEOGRAPHS + "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
# Accents and vowel signs belong to the letter before them, which \w does not know.
MARKS = "".join(chr(code) for code in range(0x300, 0x3100) if unicodedata.category(chr(code)).startswith("M"))
JOINERS = "\u200c\u200d"

_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_SPACELESS = re.compile(f"[{SPACELESS}]")
_IN_A_WORD = rf"(?:[^\W{SPACELESS}]|[{MARKS}{JOINERS}])"
_NOT_AFTER_ONE = rf"(?<!{_IN_A_WORD})(?<![\w{MARKS}][-‐‑])"
# "man's" holds the word "man", but "can't" does not hold "can", nor "man-made" "man".
_NOT_BEFORE_ONE = rf"(?!{_IN_A_WORD}|[-‐‑]\w|['’]t\b)"


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written with spaces and line breaks between them."""
    return frozenset(text.split())


def count(text: str) -> int:
    """How many words: runs between spaces that hold a letter or a digit; two ideographs or kana count as one."""
    ideographs = 0
    if not text.isascii():
        text, ideographs = _IDEOGRAPH.subn(" ", text)
    return (ideographs + 1) // 2 + len([run for run in text.split() if run[0].isalnum() or any(map(str.isalnum, run))])


def spaceless(letter: str) -> bool:
    """Whether it is of a script that puts no spaces between words."""
    return _SPACELESS.match(letter) is not None


def phrases(texts: Iterable[str]) -> re.Pattern[str]:
    """Finds each of these as whole, unbroken words, ignoring case; at one place the longest. Of scripts without spaces,
    which have no visible words, it finds them anywhere."""
    longest = sorted({form for text in texts for form in _forms(text)}, key=len, reverse=True)
    return re.compile("|".join(_phrase(text) for text in longest), re.IGNORECASE)


def perhaps(texts: Iterable[str]) -> Callable[[str], bool]:
    """Says quickly whether `phrases` of these may find one in a text; if not, it certainly finds none."""
    starts = [text.split()[0].casefold() for text in texts]
    if not all(start.isascii() for start in starts):
        return lambda text: True

    def may(text: str) -> bool:
        text = text.casefold()
        return any(start in text for start in starts)

    return may


def folded(text: str) -> str:
    """What two texts share if `phrases` finds one where the other is."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _forms(text: str) -> set[str]:
    return {unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)}


def _phrase(text: str) -> str:
    words = text.split()
    first, last = words[0][0], words[-1][-1]
    before = _NOT_AFTER_ONE if _edge(first) else ""
    after = _NOT_BEFORE_ONE if _edge(last) else f"(?![{MARKS}{JOINERS}])"
    return before + r"\s+".join(map(re.escape, words)) + after


def _edge(letter: str) -> bool:
    return (letter.isalnum() or letter == "_" or letter in MARKS) and not spaceless(letter)
