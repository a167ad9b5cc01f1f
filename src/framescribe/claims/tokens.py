"""Knows the words and marks of a caption, with short forms such as "doesn't" as two words; knows no grammar."""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r"[\"“”][^\"“”\n]{1,80}[\"“”]|(?<!\w)'(?=[A-Z0-9])[^'\n]{1,60}'(?!\w)|\d+(?:-[^\W\d_]+)+|\d+(?:[.,:]\d+)*|[^\W\d_](?:[\w’'-]*\w)?|[^\w\s]"
)

_SHORT_FORM = re.compile(
    r"((?:it|he|she|there|that|who|here|what|they|we|you)(?='[srvl])|(?:is|are|was|were|do|does|did|has|have|had|ca|"
    r"wo|could|would|should)(?=n't))('s|'re|'ve|'ll|n't)"
)
_LONG = {"'s": "is", "'re": "are", "'ve": "have", "'ll": "will", "n't": "not"}
_HAS = re.compile(r" (?:been|got|had)\b")


class Token(NamedTuple):
    """A word, a number, a quotation or a mark, with its place in the caption; `low` is in small letters."""

    text: str
    low: str
    start: int
    end: int

    @property
    def quoted(self) -> bool:
        return len(self.text) > 2 and self.text[0] in "\"“”'"

    @property
    def is_word(self) -> bool:
        return self.text[0].isalnum()


def tokens(caption: str, start: int, end: int) -> list[Token]:
    """The words and marks of a part of a caption."""
    found = list[Token]()
    for one in _TOKEN.finditer(caption, start, end):
        token = Token(one[0], one[0].lower().replace("’", "'"), *one.span())
        found += _long_forms(token, caption[token.end : end])
    return found


def _long_forms(token: Token, following: str) -> list[Token]:
    """ "it's" as "it" and "is", "doesn't" as "does" and "not": each with the characters that say it."""
    short = _SHORT_FORM.fullmatch(token.low)
    if short is None:
        return [token]
    at = token.start + len(short[1])
    long = "has" if short[2] == "'s" and _HAS.match(following) else _LONG[short[2]]
    first = {"ca": "can", "wo": "will"}.get(short[1], token.text[: len(short[1])])
    return [Token(first, first.lower(), token.start, at), Token(long, long, at, token.end)]
