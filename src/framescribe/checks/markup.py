"""Knows what of a text is notation and not words: markdown, tags, JSON, entities, tokens and roles of a model."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from html.entities import html5
from itertools import pairwise

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.json_value import json_text, looks_like_json
from framescribe.checks.text import Text

Cut = tuple[tuple[int, int, str], ...]

_SUSPECT = re.compile(r"[*_#`<{【\[&\\|~▁Ġ]")
_ROLES = frozenset(("assistant", "user", "system", "human", "助手", "用户"))
_FIRSTS = "-+•●▪‣◦–>0123456789=_*"  # what a line that is marked begins with

_THINKS = "(?:think|thinking|thought|reasoning)>"
_THINKING = re.compile(rf"(?:\A|<{_THINKS})(?:(?!<{_THINKS}).)*?</{_THINKS}\s*", re.DOTALL)
_UNENDED = re.compile(rf"<{_THINKS}(?!.*</{_THINKS})", re.DOTALL)
_FENCE = re.compile(r"(?:```|^~~~)[ \t]*(?:\w+(?=\n))?\n?|\n?(?:```|^~~~)", re.MULTILINE)
_TOKEN = re.compile(
    r"<[|｜][^<>\n]{1,40}?[|｜]>|<<\/?SYS>>|\[/?INST\]|\[/?(?:PAD|SEP|CLS|UNK|MASK|BOS|EOS|IMG|TOOL_CALLS)\]"
    r"|<0x[0-9A-F]{2}>|【\d+[†:][^】\n]*】|▁|[ĠĊ](?=\w)|<(?:bos|eos|pad|unk|s|sep|cls|mask|start_of_turn|end_of_turn|unused\d+)>|</s>"
)
_TAG = re.compile(
    rf"<!--.*?-->|</?(?!{_THINKS})[A-Za-z][\w:.-]*(?:\s+[\w:-]+\s*=[^<>\n]*)?\s*/?>|<https?://[^<>\s]+>|\[/?(?:b|i|u|url|img|quote|color)(?:=[^\]]*)?\]",
    re.S,
)
_ENTITY = re.compile(
    r"&(?:(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});|(?:amp|lt|gt|quot|nbsp|apos)\b|#\d{2,5}\b)"
)
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*(?:\s+\"[^\"\n]*\")?\)")
_EMPHASIS = re.compile(
    r"(?<![*_\\])(?P<bold>\*{2,3}|_{2,3})(?=[^\s*_])(?P<strong>(?:(?!(?P=bold))[^\n])*[^\s*_])(?P=bold)(?![*_])"
    r"|(?<![\w*\\/¯])(?P<mark>[*_])(?=[^\s*_])(?P<slanted>(?:(?!(?P=mark))[^\n])*[^\s*_])(?P=mark)(?![\w*])"
    r"|~~(?=[^\s~])[^~\n]+~~"
)
_LOOSE = re.compile(r"(?<!\*)\*\*(?=\w)|(?<=[\w.!?,:])\*\*(?!\*)")  # bold that is closed nowhere
_CODE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_HEADING = re.compile(r"(?:^|(?<=\n))[ \t]*#{1,6}[ \t]+(?=\S)([^\n]*)")
_QUOTE = re.compile(r"(?:^|(?<=\n))[ \t]*>[ \t]?(?=[^\s\d=>])")
_RULE = re.compile(r"(?:^|(?<=\n))[ \t]*(?:-{3,}|\*{3,}|_{3,}|={3,})[ \t]*(?:\n+|$)")
_BULLET = re.compile(r"(?:^|(?<=\n))[ \t]*[-*+•●▪‣◦–][ \t]+(?=\S)(?![-*+]\s)")
_NUMBERED = re.compile(r"(?:^|(?<=\n))[ \t]*(\d{1,3})[.)、][ \t]*(?=\S)")
_TABLE = re.compile(r"(?:^|(?<=\n))[ \t]*\|[^\n]*\|[ \t]*(?:\n|$)")
_ROLE = re.compile(
    r"(?:^|(?<=\n)|(?<=[.!?。！？]\s))[ \t]*(?:#+ *)?(?:assistant|user|system|human|助手|用户)"
    r"(?:[ \t]*[:：][ \t]*|[ \t]*\n+)",
    re.IGNORECASE,
)
_HUMAN = re.compile(r"human|user", re.IGNORECASE)
_ESCAPE = re.compile(
    r"(?:\\r)?\\n(?![a-z])(?:\\[rn])*|(?<=[a-z,;])\\n(?=[a-z]+(?![\w\\.]))|(?<![A-Za-z:\\])\\[nrt]|(?<![A-Za-z:\\/])\\t(?![a-z])|\\/|\\(?=[\"'`#\[\]()>!*~])|(?<!¯)\\(?=_)"
)
_COMMAND = re.compile(r"\\[A-Za-z]+\{([^{}\n]*)\}")
_REMNANT = re.compile(r"\"\s*\}|\}\s*\]|\]\s*\}|\{\s*\"")
_HEADING_WORDS = 6  # of a title; it goes with its mark


class Markup(Check):
    name = "markup"
    help = "markdown, JSON, tags, entities, special tokens, role names, literal \\n"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        raw = text.raw
        suspect = _SUSPECT.search(raw) is not None
        if (suspect or raw[:1] in "\"'") and looks_like_json(raw, text.told):
            value = json_text(raw)
            cut = None if value is None else ((0, len(raw), value),)
            return (self._finding(text, "JSON", 0, len(raw), cut),)
        found: list[tuple[str, int, int, Cut | None]] = []
        if "{" in raw or "}" in raw:
            found += [("what is left of JSON", *place.span(), None) for place in _REMNANT.finditer(raw)]
        if suspect:
            found += _inline(raw)
        if suspect or "\n" in raw or raw[:1] in _FIRSTS:
            found += _by_line(raw)
        if not _ROLES.isdisjoint(text.vocabulary):
            found += _roles(raw)
        return self._by_kind(text, found) if found else ()

    def _by_kind(self, text: Text, found: Iterable[tuple[str, int, int, Cut | None]]) -> Iterator[Finding]:
        """One finding for all of one kind: of two marks that belong together, one alone must not go."""
        kinds: dict[str, list[tuple[str, int, int, Cut | None]]] = {}
        for one in found:
            if not _quoted(text, one[1], one[2] + 2 * (one[0] == "an escape")):  # \\" may close a quotation
                kinds.setdefault(one[0], []).append(one)
        for what, places in kinds.items():
            cuts = sorted(piece for *_, cut in places for piece in cut or ())
            whole = all(cut is not None for *_, cut in places)
            yield self._finding(text, what, places[0][1], places[0][2], tuple(cuts) if whole else None)

    def _finding(self, text: Text, what: str, start: int, end: int, cut: Cut | None) -> Finding:
        return Finding(
            check=self.name, start=start, end=end, what=what, cut=None if cut is None else _tidy(text.raw, cut)
        )


def _inline(raw: str) -> Iterator[tuple[str, int, int, Cut | None]]:
    """What stands within a line."""
    if "<" in raw:
        for found in _THINKING.finditer(raw):
            yield "thinking", *found.span(), ((*found.span(), ""),)
        for found in _UNENDED.finditer(raw):
            yield "thinking", *found.span(), None
    if "```" in raw or "~~~" in raw:
        fences = [found.span() for found in _FENCE.finditer(raw)]
        if fences:
            yield "a code fence", *fences[0], tuple((start, end, "") for start, end in fences)
    if "\\" in raw:
        yield from _each("an escape", _ESCAPE, raw, _escaped)
        yield from _each("a command", _COMMAND, raw, lambda found: found[1])
    if "<" in raw or "[" in raw or "【" in raw or "▁" in raw or "Ġ" in raw:
        tokens = list(_each("a special token", _TOKEN, raw, lambda found: ""))
        yield from tokens
        taken = {one[1] for one in tokens}
        tags = (one for one in _each("a tag", _TAG, raw, _untagged) if one[1] not in taken)
        yield from tags
        yield from _each("a link", _LINK, raw, lambda found: found[1])
    if "&" in raw:
        for found in _ENTITY.finditer(raw):
            if found[0][1] == "#" or found[0][1:].rstrip(";") + ";" in html5:
                yield "an entity", *found.span(), ((*found.span(), unescape(found[0]).replace("\xa0", " ")),)
    if "`" in raw:
        yield from _each("code", _CODE, raw, lambda found: found[1])
    if "*" in raw or "_" in raw or "~~" in raw:
        emphasis = list(_each("emphasis", _EMPHASIS, raw, lambda found: found["strong"] or found["slanted"] or ""))
        yield from emphasis
        if not emphasis and (loose := _LOOSE.search(raw)):
            yield "emphasis", *loose.span(), ((*loose.span(), ""),)


def _by_line(raw: str) -> Iterator[tuple[str, int, int, Cut | None]]:
    """What stands at the beginning of a line."""
    for found in _HEADING.finditer(raw):
        title = len(found[1].split()) <= _HEADING_WORDS and found[1].rstrip()[-1:] not in ".!?。！？"
        end = found.end() + 1 if title and raw[found.end() :].strip() else found.start(1)
        yield "a heading", *found.span(), ((found.start(), end, ""),)
    yield from _each("a quotation", _QUOTE, raw, lambda found: "")
    if not raw.strip(" \n\t-*_="):
        return
    yield from _each("a rule", _RULE, raw, lambda found: "")
    rows = [found.span() for found in _TABLE.finditer(raw)]
    if len(rows) > 1:
        yield "a table", rows[0][0], rows[-1][1], None
    bullets = [found.span() for found in _BULLET.finditer(raw) if raw[found.start() : found.end()].strip() != "–"]
    if bullets:
        yield "a list", *bullets[0], tuple((start, end, "") for start, end in bullets)
    numbers = [(int(found[1]), *found.span()) for found in _NUMBERED.finditer(raw)]
    steps = [one for one, other in pairwise(numbers) if other[0] == one[0] + 1]
    if steps:
        yield "a list", *steps[0][1:], tuple((start, end, "") for _, start, end in numbers)


def _roles(raw: str) -> Iterator[tuple[str, int, int, Cut | None]]:
    found = list(_ROLE.finditer(raw))
    if not found or (
        found[0][0].strip().lower().startswith(("human", "system")) and len(found) == 1 and found[0].start() == 0
    ):
        return  # "Human: a runner" and "System: an espresso machine" are fields of a description
    answers = [
        one for one in found if not _HUMAN.search(one[0]) and "用户" not in one[0] and "system" not in one[0].lower()
    ]
    first = found[0]
    if answers and not raw[: first.start()].strip():
        begin = answers[0].end()
        later = next((one.start() for one in found if one.start() > begin), len(raw))
        cut: Cut = ((0, begin, ""),) if later == len(raw) else ((0, begin, ""), (later, len(raw), ""))
    elif raw[: first.start()].strip():
        cut = ((first.start(), len(raw), ""),)
    else:
        cut = ((0, first.end(), ""),)
    yield "a role", *first.span(), cut


def _each(
    what: str, pattern: re.Pattern[str], raw: str, instead: Callable[[re.Match[str]], str]
) -> Iterator[tuple[str, int, int, Cut | None]]:
    for found in pattern.finditer(raw):
        yield what, *found.span(), ((*found.span(), instead(found)),)


def _escaped(found: re.Match[str]) -> str:
    return " " if found[0][-1] in "nrt" else "/" if found[0] == "\\/" else ""


def _untagged(found: re.Match[str]) -> str:
    return " " if re.match(r"</?(?:br|p|div|li|tr|h\d|ul|ol)\b", found[0], re.IGNORECASE) else ""


def _quoted(text: Text, start: int, end: int) -> bool:
    return any(begin <= start and end <= stop for begin, stop in text.quoted)


def _tidy(raw: str, cut: Cut) -> Cut:
    """The same replacements, leaving one space where two would meet, none at the ends, and capitals at beginnings."""
    tidied = list[tuple[int, int, str]]()
    for start, end, instead in cut:
        begins = not raw[:start].strip()
        before, after = raw[start - 1 : start] or "\n", raw[end : end + 1] or "\n"
        if begins:
            start, before = 0, "\n"
        if instead.strip() == "" and (before.isspace() or instead.isspace()):
            while (end < len(raw) and raw[end] in " \t") or (begins and raw[end : end + 1].isspace()):
                end += 1
            after = raw[end : end + 1] or "\n"
        if instead.isspace() and (before.isspace() or after.isspace() or after in ".,;:!?"):
            instead = ""
        if instead == "" and after == "\n" and not raw[end:].strip():
            end = len(raw)
            while start > 0 and raw[start - 1].isspace():
                start -= 1
        first = instead.lstrip()[:1] or raw[end : end + 1]
        if (begins or (before == "\n" and start and raw[start:end].strip())) and first.islower():
            if instead.strip():
                instead = instead[0].upper() + instead[1:]
            else:
                end, instead = end + 1, first.upper()
        tidied.append((start, end, instead))
    return tuple(tidied)
