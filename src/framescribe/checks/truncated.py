"""Knows when a text stops before it is finished; knows nothing of what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.language.endings import closed, dangles
from framescribe.language.letters import count, spaceless
from framescribe.language.pairs import unclosed

_ENOUGH = 0.6  # of its characters must remain of a text that is cut to its last whole sentence
_CUT_OFF = re.compile(r"[,，、;；:：]$|(?<=[^\W\d_])[-–—‐]$|\s[–—]$|[(（\[{“„「『《‘]$")
_LABEL = re.compile(r"\W*[^\W\d_][\w /-]{0,30}[:：]")
_COMMA = re.compile(r"[,，、;]")
_TRAILER = re.compile(
    r"(?:\s*(?:#\w+|[:;=]-?[)(DPp]|[\u2190-\u2bff\U0001f000-\U0001faff\ufe0f\u200d]))+\s*$"
)  # hashtags, smileys, emoji
_MARKUP = re.compile(r"(?:<[/|｜]?[\w|｜/]+>|\[/?[A-Z]{3,}\]|&#?\w{2,8};|```|[*_~`\s])+$")
_TAG_WORDS, _TAGS = 4, 3  # tags are so short, and so many


class Truncated(Check):
    name = "truncated"
    help = "the text stops before it is finished"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        what = "stopped at the token limit" if of.finish_reason == "length" else _stops(text, of.language)
        if what is None:
            return ()
        sentences = text.sentences
        start = sentences[-1].start if sentences else 0
        return (Finding(check=self.name, start=start, end=len(text.raw), what=what, cut=_cut(text, of)),)


def _stops(text: Text, language: str | None) -> str | None:
    """What shows that it is unfinished, in a few words; None: nothing does."""
    raw = text.raw.rstrip()
    if raw[-1:] in ">]`*_~;":
        raw = _MARKUP.sub("", raw)
    if not raw.strip():
        return None
    if (opened := unclosed(raw)) is not None:
        return f"{raw[opened]} is not closed"
    if raw[-1:] in ".!?。！？" and not raw.endswith(".."):
        return None
    raw = _TRAILER.sub("", raw).rstrip()
    last = text.sentences[-1]
    tail = text.raw[last.start :].strip()
    if not raw or not any(map(str.isalnum, tail)):
        return None
    if closed(raw):
        trails_off = raw.endswith(("..", "…")) and dangles(raw, language)  # "and the..."
        return "ends in the middle of a sentence" if trails_off else None
    if dangles(raw, language):
        return "ends with a word that needs another"
    tags = _tags(tail)
    if not tags and _CUT_OFF.search(raw):
        return "ends in the middle of a sentence"
    if tags or raw[-1] in "\"'”’»)]）」』】" or _LABEL.match(tail):
        return None
    before = text.sentences[:-1]
    # "The 1. FC Köln" has no sentence that ends with a number.
    if any(closed(text.raw[start:end]) and not text.raw[end - 2].isdigit() for start, end in before):
        return "no mark closes the last sentence"
    return None


def _tags(tail: str) -> bool:
    items = [item for item in _COMMA.split(tail) if item.strip()]
    most = _TAG_WORDS if tail.isascii() or not spaceless(tail[0]) else _TAG_WORDS // 2
    return len(items) >= _TAGS and all(count(item) <= most for item in items)


def _cut(text: Text, of: Circumstances) -> tuple[tuple[int, int, str], ...] | None:
    """What follows the last whole sentence, if enough remains before it."""
    raw = text.raw
    whole = [span for span in text.sentences if closed(raw[span.start : span.end])]
    if not whole:
        return None
    end = whole[-1].end
    kept = raw[:end]
    if (unclosed(kept) is not None) or count(kept) < of.min_words or len(kept.strip()) < _ENOUGH * len(raw.strip()):
        return None
    return ((end, len(raw), ""),) if raw[end:].strip() else ()
