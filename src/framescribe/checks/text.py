"""Knows a text as checks read it: its words, its sentences, and what in it is quoted; judges nothing."""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from framescribe.language.cutting import sentence_ends
from framescribe.language.letters import MARKS, SPACELESS, count

_STRAIGHT = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "＇": "'"})
# Of a script with spaces: a mark beside one is an apostrophe, or inches, and does not open or close on that side.
_LETTER = rf"[^\W_{SPACELESS}]"
_QUOTED = re.compile(
    rf"(?<!{_LETTER})[\"＂](?=\S)[^\"＂\n]{{1,200}}(?<=\S)[\"＂](?!{_LETTER})"
    r"|[“„”][^“”„\n]{1,200}[”“]"
    r"|«[^«»\n]{1,200}»|»[^«»\n]{1,200}«"
    # Those of Chinese and Japanese, and of their titles.
    r"|「[^」\n]{1,200}」|『[^』\n]{1,200}』|《[^》\n]{1,200}》|〈[^〉\n]{1,200}〉"
    r"|‘(?=\S)[^‘\n]{1,100}?(?<=\S)’(?!\w)"
    # 'Exit', but not "the '90s", "get 'em" or "the cats' bowl".
    r"|(?<![\w'])'(?=[\w{<(\[#&*])(?!\d0s|(?:em|til|tis|twas|cause|n)\b)(?:[^'\n]|(?<=\w)'(?=\w)){1,80}(?<=\S)'(?!\w)"
)
_MARK = re.compile("[\"'“„”«»「『《〈‘＂]")
_DIGIT = re.compile(r"\d")
_SCRIPTS = {"KANA": re.compile("[\u3040-\u30ff]"), "HANGUL": re.compile("[\uac00-\ud7a3]")}
_WORD = re.compile(r"[^\W_]\w*+(?:['-]\w++)*+", re.ASCII)
_PART = rf"[^\W_](?:\w|[{MARKS}])*"
_WORD_WITH_MARKS = re.compile(rf"{_PART}(?:['-]{_PART})*")
_CLOSING = "\"'”’»」』＂"


class Span(NamedTuple):
    """Characters from `start` to before `end`."""

    start: int
    end: int


class Text:
    """A text, and what several checks ask about it, found once. All places are places in `raw`."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def plain(self) -> str:
        """In small letters and with straight apostrophes, of the same length as `raw`."""
        text = self.raw
        if text.isascii():
            return text.lower()
        text = text.translate(_STRAIGHT)
        lower = text.lower()
        if len(lower) == len(text):
            return lower
        return "".join(each if len(each.lower()) > 1 else each.lower() for each in text)  # "İ" becomes two

    @cached_property
    def quoted(self) -> tuple[Span, ...]:
        """Where text is quoted that is seen in the clip, quotation marks included. A text that is a quotation as a
        whole is not quoted: it is the caption."""
        raw, spans = self.raw, list[Span]()
        mark = _MARK.search(raw)
        while mark is not None:
            found = _QUOTED.match(raw, mark.start())
            if found is not None:
                spans.append(Span(*found.span()))
            mark = _MARK.search(raw, found.end() if found is not None else mark.end())
        if len(spans) == 1 and spans[0].end - spans[0].start == len(raw.strip(" \t\r\n.。")):
            return ()
        return tuple(spans)

    @cached_property
    def told(self) -> str:
        """`plain`, with spaces in place of what is quoted: what the caption itself says."""
        text = self.plain
        for start, end in self.quoted:
            text = text[:start] + " " * (end - start) + text[end:]
        return text

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The words of `told` in order. Several ideographs or kana in a row are one."""
        return tuple(self._word.findall(self.told))

    @cached_property
    def words(self) -> tuple[tuple[str, int, int], ...]:
        """`tokens` with their places: slower, so only where something was found."""
        return tuple([(found[0], *found.span()) for found in self._word.finditer(self.told)])

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """The words of `told`, once each: a quick answer to whether a check need look at all."""
        return frozenset(self.tokens)

    @cached_property
    def digits(self) -> bool:
        """Whether there is a digit in `told`."""
        return _DIGIT.search(self.told) is not None

    @cached_property
    def scripts(self) -> frozenset[str]:
        """Which of "KANA" and "HANGUL" there are in `told`: without them it is no Japanese or Korean."""
        told = self.told
        if told.isascii():
            return frozenset()
        return frozenset(name for name, letters in _SCRIPTS.items() if letters.search(told))

    @property
    def _word(self) -> re.Pattern[str]:
        return _WORD if self.told.isascii() else _WORD_WITH_MARKS

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences of `raw`, in order, without the spaces around them. A full stop in a quotation ends none."""
        raw, spans, begin = self.raw, list[Span](), 0
        for end in (*sentence_ends(raw), len(raw)):
            if self.quoted and end < len(raw) and self._goes_on(end):
                continue
            part = raw[begin:end].lstrip()
            if part:
                start = end - len(part)
                spans.append(Span(start, start + len(part.rstrip())))
            begin = end
        return tuple(spans)

    def _goes_on(self, end: int) -> bool:
        """Whether the sentence goes on after the mark at `end`, which belongs to a quotation."""
        if self.raw[end] in "\r\n":
            return False
        if any(start < end < stop for start, stop in self.quoted):
            return True
        return self.raw[end - 1] in _CLOSING and self.raw[end:].lstrip()[:1].islower()

    @cached_property
    def length(self) -> int:
        """How many words (`language.letters.count`)."""
        return count(self.raw)
