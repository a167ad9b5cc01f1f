"""Knows when a text says what is not there; what something has not got, or does not do, is description."""

from __future__ import annotations

import re
from collections.abc import Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.clauses import Cut, sentence_at, without_clause
from framescribe.checks.negations import ASKED, COMPILED, LATER, SERIES, SPACELESS, VERBLESS, WITHOUT
from framescribe.checks.scripts import beyond_latin
from framescribe.checks.text import Text

# Of an empty picture this is all that there is to say.
_EMPTY = re.compile(
    r"(?:(?:in|on) (?:this|the|a) [^,.]{3,20},? )?(?:there (?:is|are|was|were) )?"
    r"(?:no|not any) (?:visible )?(?:objects?|things?|items|elements|shapes?|figures|content)\b"
    r"|(?:there (?:is|was) )?nothing\b(?! else| other| more)"
    r"|(?:es (?:ist|sind|gibt|befinden sich) )?(?:hier )?(?:keine (?:gegenstände|objekte|dinge|formen)|nichts)\b"
    r"(?! anderes| weiter)"
    r"|il n'y a (?:aucun objet|rien)\b(?! d'autre)|on ne voit (?:aucun objet|rien)\b(?! d'autre)"
    r"|no (?:hay|se ve) (?:ningún objeto|nada)\b(?! más)|non c'è (?:nessun oggetto|nulla|niente)\b(?! altro)"
    r"|não há (?:nenhum objeto|nada)\b(?! mais)"
    "|(?:画面|图|图片|圖)?(?:中|里|上)?(?:没有|沒有)任何(?:物体|東西|东西|物品)"
    "|(?:画面|图|图片)?(?:中|里|上)?什么(?:也|都)没有"
    "|(?:画面(?:に|には))?何も"
)
_NO_CLAUSE = 4  # words after a comma, itself counted: "…, the whole area free of guests"


class NegationFiller(Check):
    name = "negation_filler"
    help = "says what is not there: no cars can be seen, without any captions"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        if len(text.sentences) == 1 and _EMPTY.match(text.told, text.sentences[0].start):
            return
        for cues, phrases in COMPILED:
            if text.vocabulary.isdisjoint(cues):
                continue
            for found in phrases.finditer(text.told):
                sentence = sentence_at(text, found.start())
                told = text.told
                asked = ASKED.search(told, sentence.start, found.start())
                if not asked and not LATER.search(told, sentence.start, sentence.end):
                    yield self._finding(text, found.start(), found.end())
        if "no" in text.vocabulary:
            yield from self._bare(text)
        if beyond_latin(text):
            for found in SPACELESS.finditer(text.told):
                yield self._finding(text, found.start(), found.end())

    def _bare(self, text: Text) -> Iterator[Finding]:
        """Sentences without a verb: "No text, logos or captions."."""
        for start, end in text.sentences:
            said = text.told[start:end].rstrip(" .!")
            if said.startswith("no ") and (VERBLESS.fullmatch(said) or SERIES.match(said)):
                yield self._finding(text, start, end)

    def _finding(self, text: Text, start: int, end: int) -> Finding:
        what = f"says what is not there: {' '.join(text.raw[start:end].split())}"
        return Finding(check=self.name, start=start, end=end, what=what, cut=self._cut(text, start, end))

    def _cut(self, text: Text, start: int, end: int) -> Cut | None:
        """The trailing "without …", or the whole sentence."""
        sentence = sentence_at(text, start)
        if start - sentence.start > 2 and WITHOUT.match(text.told, start):
            comma = text.told.rfind(",", sentence.start, start)
            if comma > 0 and len(text.told[comma:start].split()) <= _NO_CLAUSE:
                return without_clause(text, start, end)
            return without_clause(text, start + (text.told[start] == ",") * 2, end, opens=True)
        return without_clause(text, start, end)
