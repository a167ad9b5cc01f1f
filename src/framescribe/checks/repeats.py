"""Knows where a text loops: words, phrases, sentences, lists, numbers and characters that come again and again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import eq

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Span, Text
from framescribe.language.letters import IDEOGRAPHS, count, listed

_LONGEST = 8  # words of a phrase that comes again
_MOST = 24  # words; what is longer comes again as a sentence
_SHORT = 2  # words; what is not longer may come more often
_LEAST_WORDS = 4  # of a sentence that must not come twice
_LEAST_CONTENT = 6  # content words of sentences that are compared
_LEAST_AGAIN = 4  # of them come again where sentences are alike
_LEAST_ITEMS = 8
_ITEM_WORDS = 4
_LEAST_NUMBERS = 9  # that follow one another, with nothing between them
_IDEOGRAPH = re.compile(f"[{IDEOGRAPHS}]")
_LETTERS = re.compile(rf"[{IDEOGRAPHS}]|[^\W_{IDEOGRAPHS}]+")
_ITEM = re.compile(r"[,;、，；\n。.]|\b(?:and|und|et|y)\b")
_AROUND = " \t\r\n.,;:!?…\"'“”‘’()[]«»。！？，、；：「」"
_NUMBERS = listed(
    """
    one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth another
    ein eine eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf erste zweite dritte vierte fünfte sechste
    siebte achte neunte zehnte ersten zweiten dritten vierten fünften sechsten un une deux trois quatre cinq sept
    huit neuf dix premier première deuxième troisième quatrième cinquième sixième septième huitième
    un uno una dos tres cuatro cinco seis siete ocho nueve diez primer primero primera segundo segunda tercer tercero
    tercera cuarto cuarta quinto quinta sexto sexta 一 二 三 四 五 六 七 八 九 十 两
    """
)
_DIGITS = re.compile(r"\d\D+\d").search
_COMMA = re.compile("[,、，;；\n]").split
_ITEM_LETTERS = 32  # a list's items are hardly longer
_SOMEWHAT = 0.8  # less likeness is not worth reporting
_DULL = listed(
    """
    a an the and or but of in on at to from by for with into onto over under through along across around as is are
    was were be been it its his her their he she they him them this that these those there then while who which
    near up down out off der die das den dem des ein eine einen einem einer und oder mit von zu im am auf an in
    ist sind er sie es le la les un une des du de et ou à au aux dans sur avec pour par il elle est sont el los
    las una unos unas del y con por para en es son su
    """
)


class Repeats(Check):
    name = "repeats"
    help = "the text loops"
    limits = {  # noqa: RUF012
        "word_times": 4,
        "phrase_times": 3,
        "twice_words": 4,
        "count_times": 4,
        "sentence_times": 2,
        "likeness": 0.9,
        "list_share": 0.5,
        "character_times": 8,
    }

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        if of.finish_reason == "repetition":
            yield Finding(check=self.name, start=0, end=0, what="the engine stopped a loop")
        yield from self._characters(text)
        copies = list(self._sentences(text)) if len(text.sentences) > 1 else []
        yield from copies
        yield from self._runs(text, [copy for copy in copies if copy.cut])
        yield from self._lists(text)

    def _characters(self, text: Text) -> Iterator[Finding]:
        raw = text.raw
        # Of eight in a row, two are four apart, at places that four divides.
        some = set(compress(raw[::4], map(eq, raw[::4], raw[4::4])))
        for one in some:
            if not (one.isdigit() or one.isspace() or one in ".…・·。") and one * 4 in raw:
                for found in re.finditer(re.escape(one) + "{4,}", raw):
                    yield self._found(*found.span(), f"{one!r} {len(found[0])} times", "character_times", len(found[0]))

    def _runs(self, text: Text, copies: Sequence[Finding]) -> Iterator[Finding]:
        """Phrases that follow themselves, as they are and with numbers counting up in them. Not those that are gone
        once copies of sentences are."""
        words: Sequence[str] = text.tokens
        size, pattern = 1, None
        if not text.told.isascii() and len(_IDEOGRAPH.findall(text.told)) > len(words):
            size, pattern = 2, _LETTERS  # ideographs count as one word
            words = pattern.findall(text.told)
        loops = list(_loops(words, size)) if _may_loop(words) else []
        counts = len(text.vocabulary & _NUMBERS) > 1 or (text.digits and _DIGITS(text.told))
        counted = list(_counting(words, size)) if counts else []
        if not loops and not counted:
            return
        places = (
            [found.span() for found in pattern.finditer(text.told)] if pattern else [word[1:] for word in text.words]
        )
        for first, last, period in loops:
            again = places[first + period : last]
            if copies and all(any(copy.start <= start and end <= copy.end for copy in copies) for start, end in again):
                continue
            if period < size:
                continue  # single ideographs are doubled and trebled: 哈哈哈
            measure = "word_times" if period <= _SHORT * size else "phrase_times"
            times = (last - first) // period
            said = text.raw[places[first][0] : places[first + period - 1][1]]
            start, end = places[first][0], places[last - 1][1]
            yield self._found(start, end, f"{said!r} {times} times", measure, times)
            seam = text.told[places[first + period - 1][1] : places[first + period][0]]
            if times == _SHORT and measure == "phrase_times" and not seam.strip():
                yield self._found(start, end, f"{said!r} twice", "twice_words", period // size)
        for first, last, times in counted:
            yield self._found(places[first][0], places[last - 1][1], f"counts on, {times} times", "count_times", times)

    def _sentences(self, text: Text) -> Iterator[Finding]:
        """Those that come again, word for word or nearly so."""
        seen: dict[str, int] = {}
        spans = list[Span]()
        for span in text.sentences:
            said = text.plain[span.start : span.end].strip(_AROUND)
            seen[said] = seen.get(said, 0) + 1
            if seen[said] == 1:
                spans.append(span)
            elif count(said) >= _LEAST_WORDS:
                what = "the same sentence again"
                yield self._found(*span, what, "sentence_times", seen[said], cut=(_without(text.raw, span),))
        known = list[tuple[Span, frozenset[str]]]()
        for span in spans if _may_resemble(text) else ():
            words = frozenset(text.plain[span.start : span.end].split()) - _DULL
            size = len(words)
            if size < _LEAST_CONTENT:
                continue
            for other, theirs in known:
                # Commas and full stops still cling to words.
                if (
                    2 * len(words & theirs) >= min(size, len(theirs))
                    and (likeness := _likeness(text, span, other)) >= _SOMEWHAT
                ):
                    yield self._found(*span, "nearly the same sentence again", "likeness", likeness)
                    break
            known.append((span, words))

    def _lists(self, text: Text) -> Iterator[Finding]:
        told = text.told
        if sum(len(part) < _ITEM_LETTERS for part in _COMMA(told)) < _LEAST_ITEMS - 2:
            return
        items = [item for part in _ITEM.split(told) if (item := _item(part))]
        times = Counter(items)
        recurring = sum(number for number in times.values() if number > 1)
        if len(items) >= _LEAST_ITEMS and recurring > 2:
            share = recurring / len(items)
            yield self._found(0, len(text.raw), f"{recurring} of {len(items)} items recur", "list_share", share)

    def _found(
        self,
        start: int,
        end: int,
        what: str,
        measure: str,
        value: float,
        cut: tuple[tuple[int, int, str], ...] | None = None,
    ) -> Finding:
        return Finding(check=self.name, start=start, end=end, what=what, measure=measure, value=value, cut=cut)


def _may_resemble(text: Text) -> bool:
    """Whether so many content words come again that two sentences may share most of theirs: quick, and true of all that
    do."""
    if not text.raw.isascii():
        return True
    again = len([word for word in text.tokens if word not in _DULL]) - len(text.vocabulary - _DULL)
    hidden = sum(len(text.raw[start:end].split()) for start, end in text.quoted)  # those are no tokens
    return again + hidden >= _LEAST_AGAIN


def _may_loop(words: Sequence[str]) -> bool:
    """Whether three words in a row come again: quick, and true of every loop."""
    return len(set(zip(words, words[1:], words[2:], strict=False))) < len(words) - 2


def _counting(words: Sequence[str], size: int) -> Iterator[tuple[int, int, int]]:
    """Loops in which only numbers differ: the first word, the one behind the last, and how often."""
    marked = ["#" if _is_number(word) else word.removesuffix("s") or word for word in words]
    for first, last, period in _loops(marked, size) if _may_loop(marked) else ():
        times = (last - first) // period
        numbers = {words[place] for place in range(first, last) if marked[place] == "#"}
        alone = all(each == "#" for each in marked[first : first + period])
        if len(numbers) >= (_LEAST_NUMBERS if alone else max(times // 2, 3)):
            yield first, last, times


def _loops(words: Sequence[str], size: int) -> Iterator[tuple[int, int, int]]:
    """Where a phrase follows itself: the first word, the one behind the last, and how many words the phrase has. `size`
    letters count as one word."""
    last: dict[str, int] = {}
    back = bytearray()
    for place, word in enumerate(words):
        back.append(min(place - last.get(word, -255), 255))
        last[word] = place
    for shortest, longest, least in ((1, _LONGEST * size, 3), (_LONGEST * size + 1, _MOST * size, 2 * _LONGEST * size)):
        near = back.translate(bytes(distance <= longest for distance in range(256)))
        at = near.find(b"\1" * least)
        while at >= 0:
            stop = near.find(b"\0", at)
            stop = len(words) if stop < 0 else stop
            yield from _periods(words, max(at - longest, 0), stop, range(shortest, longest + 1))
            at = near.find(b"\1" * least, stop)


def _periods(words: Sequence[str], begin: int, end: int, periods: range) -> Iterator[tuple[int, int, int]]:
    done = begin
    for period in periods:
        first = begin
        while first + period < end:
            place = first
            while place + period < end and words[place] == words[place + period]:
                place += 1
            if place - first >= (period if period > 2 else 2 * period) and first >= done:
                yield first, place + period, period
                done = place + period
            first = max(place, first + 1)


def _is_number(word: str) -> bool:
    return word in _NUMBERS or word[0].isdigit()


def _likeness(text: Text, one: Span, other: Span) -> float:
    """Of the content words of the shorter of two sentences, the share that the other has too; 0 if there are few."""
    mine, theirs = (_content(text.plain[span.start : span.end]) for span in (one, other))
    least = min(len(mine), len(theirs))
    return len(mine & theirs) / least if least >= _LEAST_CONTENT else 0.0


def _content(said: str) -> frozenset[str]:
    """The words that carry meaning; of a script without spaces, each two letters that follow one another."""
    if not said.isascii() and _IDEOGRAPH.search(said):
        bare = "".join(_LETTERS.findall(said))
        return frozenset(bare[place : place + 2] for place in range(len(bare) - 1)) if len(bare) > 12 else frozenset()
    return frozenset(word for part in said.split() if (word := part.strip(_AROUND)) and word not in _DULL)


def _item(part: str) -> str:
    """What of this part of a list is compared: its last words, without the article."""
    words = [word for word in part.split() if word not in _DULL]
    return " ".join(words[-2:]) if 0 < len(words) <= _ITEM_WORDS else ""


def _without(raw: str, span: Span) -> tuple[int, int, str]:
    """The sentence, with the spaces before it, or behind it where it comes first on its line."""
    start, end = span
    while start > 0 and raw[start - 1].isspace():
        start -= 1
    return (start, end, "")
