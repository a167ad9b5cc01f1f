"""Knows captions whose last sentence sums up, announces that the video ends, or turns to the reader."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.endings_abroad import ADDRESSES, ANNOUNCES, SUMS_UP, TELLS
from framescribe.checks.openings import capital
from framescribe.checks.text import Span, Text
from framescribe.language.letters import listed

_MEDIUM = r"(?:video|clip|footage|scene|animation|recording|segment|sequence|video ?clip|timelapse|time-lapse)"
_THE_MEDIUM = rf"(?:the|this|our) (?:(?:short|brief|whole|entire|full|animated|video) ){{0,2}}{_MEDIUM}"
_NOW = r"(?:(?:then|also|finally|eventually|ultimately|[a-z]+ly) ){0,2}"
_ENDS = (
    r"(?:ends(?! up)|concludes|finishes|wraps up|comes to (?:an end|a close|its end)|draws to (?:an end|a close)"
    r"|is over\b|stops (?:there|here|abruptly|at this|as|with|when|just)|breaks off|is complete\b|reaches (?:its"
    r"|the) (?:end|close|conclusion)|runs out\b|cuts out\b|leaves off|signs off"
    r"|fades (?:out|to black|to white)|cuts (?:to black|off)|culminates|closes (?:with|on|as)(?! a (?:click|snap|pop)"
    r"| her| his))"
)
_SUMS_UP = re.compile(
    r"(?:overall(?:,| (?=the\b|this\b|it\b|a sense))|in (?:summary|conclusion|essence|a nutshell|sum)\b(?! of)"
    r"|to (?:sum up|summari[sz]e|conclude|recap)(?:[,:]| (?:the|this) (?:video|clip|scene|footage))|(?:such|that"
    r"|this),? in (?:a nutshell|short|brief|essence),|as (?:this|the) (?:summary|description|caption) (?:makes|shows)"
    rf"|these are the (?:key|main) (?:moments|points|events)"
    r"|summing up\b|(?:so,? )?in (?:short|brief|general|other words|closing|total),|(?:to put it (?:briefly|simply)"
    r"|simply put|put (?:simply|briefly)|briefly put|summary|tl;?dr|conclusion|bottom line|takeaway|recap|all told"
    r"|on balance|to wrap up|to round (?:it )?off)[,:]|all in all\b|on the whole\b|taken (?:together"
    r"|as a whole)\b|as a whole,"
    rf"|(?:ultimately|altogether|in general|generally|essentially|basically|thus|therefore|so"
    rf"|together),? (?={_THE_MEDIUM}\b))"
)
_SUMS_UP_ANYWHERE = re.compile(
    r"the overall (?:mood|atmosphere|scene|tone|impression|effect|feeling|feel|ambian?ce|ambience|composition"
    r"|aesthetic|style"
    r"|vibe|video|clip|footage|impact|message|theme|energy|setting)\b"
    rf"|{_THE_MEDIUM},? (?:as a whole|overall)\b"
    rf"|(?:the|this) (?:short |brief |entire |whole )?(?:video|clip|footage|animation|recording) {_NOW}"
    r"(?:highlights|emphasi[sz]es|conveys|illustrates|celebrates|serves as|underscores|reflects|evokes|encapsulates"
    r"|exemplifies"
    r"|demonstrates|summari[sz]es|leaves|invites|reminds|inspires|aims|is (?:about|a (?:\w+ )?(?:testament"
    r"|celebration|reminder|glimpse"
    r"|tribute|snapshot|portrait))|(?:provides|offers|gives|presents) (?:us |viewers |the viewer )?(?:an?"
    r"|the) (?:\w+ ){0,3}?"
    r"(?:glimpse|look|insight|view|overview|sense|impression|portrayal|perspective|snapshot)"
    r"|(?:captures|showcases|shows|portrays|depicts) (?:the|an?|both|how) (?:\w+ ){0,2}?(?:essence|beauty|spirit|joy"
    r"|energy|magic|charm|power"
    r"|importance|simplicity|bond|elegance|skill|dedication|teamwork|harmony|process|moment|life))\b"
    rf"|(?:the|this) (?:short |brief |entire |whole )?(?:video|clip|footage|animation|recording)"
    r" (?:would|could|can|might|may) (?:also )?(?:serve\b"
    r"|be (?:(?:\w+ )?(?:useful|suitable|ideal|perfect|great|good|helpful|interesting)"
    r" (?:for|as|to)|used (?:for|as|in|to))|appeal to|inspire)\b"
    rf"|{_THE_MEDIUM} {_NOW}(?:encapsulates|serves as|captures the (?:essence|spirit|beauty|magic|joy)"
    rf"|is a testament)\b"
)
_ADDRESSES = re.compile(
    r"[*_(\[\s]*(?:let me know|let us know|feel free|please (?:let|feel|provide|share|specify|tell|ask|do)\b"
    r"|(?:i )?(?:really )?hope (?:this|that|it|you|the)\b"
    r"|if you(?:'d| would| need| want| have| require| prefer| wish| like|'re looking| could)\b|would you (?:like"
    r"|prefer)|do you (?:want|need|have|like|see)\b"
    r"|is there anything|don't hesitate|do not hesitate|(?:i'm |i am |i'd be |i'd be more than |i would be |always "
    r"|i'll be )?(?:happy"
    r"|glad|delighted|able) to (?:help|describe|go|give|tell|share|shorten|elaborate|continue|provide|assist|adjust"
    r"|refine|add|answer|expand|write|make)"
    r"|i (?:can|could) (?:also )?(?:provide|give|write|make|shorten|expand|add|help|adjust|refine|rewrite|describe"
    r"|go)\b"
    r"|thank you(?: for|!|\.)|thanks (?:for|!)|enjoy!|stay tuned|don't forget|what do you (?:think|notice)|(?:can"
    r"|could) you (?:imagine|spot|see|tell|please)"
    r"|(?:should|do) you (?:need|want|wish|prefer|require|let me)\b|do let me know|just (?:let me|ask|say)"
    r"|tell me (?:if|what|whether)|say the word|more (?:details?|information) (?:is|are|can be)\b[^.]*\b(?:request"
    r"|available|provided)|further details\b|i(?:'m| am| will be|'ll be) (?:here|available|at your)|looking forward"
    r"|ready for (?:the|your) next|(?:shall|should) i\b|(?:do you )?(?:want|need) me to|any (?:other )?questions\b"
    r"|subscribe\b|like and subscribe"
    r"|(?:want|need) (?:more|a (?:longer|shorter)|any)\b|ask (?:me|away|if)\b|you (?:can|may) (?:also )?(?:ask|use"
    r"|adjust|request)\b"
    r"|how(?:'s| is| does) (?:that|this)\b[^.]*\?|have a (?:great|nice|good|wonderful) (?:day|one|time)"
    r"|imagine (?:yourself|being)|notice how\b)"
    r"|[*_(\[\s-]*(?:the )?end(?: of (?:the )?(?:video|clip|caption|description|scene|footage|summary|transcript"
    r"|recording))?[\])*_\s.!-]*$"
)
_ANNOUNCES = re.compile(
    r"(?:and )?(?:this|that) (?:concludes|completes|ends|is the end of) (?:the|this|my) (?:description|caption"
    r"|summary|account|answer)"
    rf"|(?:finally,? |eventually,? |in the end,? |(?:and )?with (?:this|that),? |and |then,? "
    rf"|lastly,? )?{_THE_MEDIUM}(?:'s)? {_NOW}{_ENDS}"
    rf"|(?:at|by|toward|towards|near|before) the (?:very )?end of {_THE_MEDIUM}"
    rf"|the (?:very )?end of {_THE_MEDIUM}\b|(?:this is where|and that is where|that's where) {_THE_MEDIUM} ends"
    rf"|with (?:this|that),? {_THE_MEDIUM}\b|(?:so|thus|there|here|and so|and with (?:this|that)),? (?:ends|concludes"
    rf"|closes|stops) {_THE_MEDIUM}"
    rf"|(?:there|here|and there|at this point),? {_THE_MEDIUM} (?:ends|stops|breaks off|cuts)"
    rf"|(?:and )?(?:that|this)(?: is|'s) (?:everything|all|where|how|what)\b[^.!?]*{_THE_MEDIUM}\b"
    rf"|the last (?:thing|image|sight|moment)[^.!?]*{_THE_MEDIUM}\b|{_THE_MEDIUM}'s (?:final|last|closing) "
    rf"|(?:in|on|with) (?:the|a) (?:final|last|closing) (?:note|beat|shot|scene) of {_THE_MEDIUM}\b"
    rf"|(?:this|that|which|and this|and that) (?:concludes|ends|completes|marks the end of|is the end of"
    rf"|brings us to the end of) {_THE_MEDIUM}"
    rf"|(?:in |during )?the (?:final|last|closing) (?:shot|scene|moments?|part|seconds?|section"
    rf"|segment) of {_THE_MEDIUM}\b"
    rf"|(?:as|when|before|just before|while) {_THE_MEDIUM} {_NOW}(?:{_ENDS}|fades|closes|stops)"
)
_TRAILING = re.compile(
    rf",? ?(?:\b(?:and|before|as|when|until|while|where|which is (?:where|when))) {_THE_MEDIUM} {_NOW}(?:{_ENDS}"
    rf"|fades|stops)[^.!?]*(?=[.!?]|$)"
    rf"|,? (?:at|by) the (?:very )?end of {_THE_MEDIUM}(?=[.!?]|$)"
)
# What stands after these is told of the scene itself, and stays.
_PHRASE = re.compile(
    rf"(?:finally,? |eventually,? |in the end,? |and |then,? "
    rf"|lastly,? )?{_THE_MEDIUM} {_NOW}{_ENDS.replace('closes (?:with|on|as)', 'closes')}"
    r" (?:with |on |as |when |by showing |showing )(?!him\b|her (?!\w+ )|them\b|it\b|us\b|me\b|no\b|that\b|this\b"
    r"|what\b|how\b|an? (?:fade|cut)\b)"
    rf"|(?:at|by|toward|towards|near) the (?:very )?end of {_THE_MEDIUM},? |(?:as"
    rf"|when) {_THE_MEDIUM} {_NOW}(?:{_ENDS}|fades|closes),? "
)
_ONLY_ENDS = re.compile(
    rf"(?:this|that) (?:concludes|completes|ends|is the end of) (?:the|this|my) (?:description|caption|summary"
    rf"|account|answer)[.!\s]*"
    rf"|(?:this|that) (?:concludes|ends|completes|marks the end of|is the end of) {_THE_MEDIUM}[.!\s]*"
    rf"|[^,]*{_ENDS}(?: (?:here|there|abruptly|soon after|shortly after))?[.!\s]*"
)
_HER_DOES = re.compile(r"her (?:\w+ing|as|and|in|on|at|to|with)\b")
# A film in a cinema, a video on somebody's phone, a play: they may end within the clip.
_WATCHED = re.compile(
    r"\b(?:videos?|films?|phones?|smartphone|tablet|laptop|computer|tv|television|cinema|projector|theat(?:re|er)"
    r"|stage|curtains?"
    r"|actors?|actress|director|rehears\w+|audience|screen|hair|paper ?clip)\b"
)
_WORD = re.compile(r"[a-z]+")
_CUES = listed(
    """
    such these
    concludes completes everything where last should do tell say more further looking ready recap conclusion takeaway
    closing told balance wrap that this simply put briefly complete stops here there
    overall summary conclusion essence nutshell sum summing short brief general all whole taken ultimately
    altogether generally essentially basically together thus therefore summarize summarise conclude recap video
    clip footage scene animation recording segment sequence timelapse time-lapse videoclip know free hope please
    you hesitate happy glad thank thanks enjoy tuned forget questions subscribe shall should me want need ask end
    imagine notice i insgesamt zusammenfassend zusammengefasst alles kurz kurzum fazit lass lassen ich wenn falls
    gib geben sag endet ende schlie bei viel soll kann gerne bref somme conclure ensemble globalement finalement
    enfin termine finit conclut dites dis voulez souhaitez peux savoir vid resumen conjunto suma definitiva espero
    si dime concluye finaliza acaba culmina cierra final complesso sintesi conclusione breve complessivamente
    riassumendo spero se fammi fatemi finisce chiude fine geral resumo avise fique encerra no sommige kortom
    samengevat samenvattend al laat ik als mocht wil wilt eindigt einde sluit prend filmato scena termina
    """
)


_Mend = tuple[int, int, str]


class BoilerplateEnding(Check):
    """A last sentence such as "Overall, the scene shows", "The video ends with" or "Let me know"."""

    name: ClassVar[str] = "boilerplate_ending"
    help: ClassVar[str] = "it ends by summing up, by announcing the end of the video, or by turning to the reader"

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        sentences = text.sentences
        for at in range(len(sentences) - 1, -1, -1):
            if (found := self._one(text, at)) is None:
                return
            yield found
            if found.end < sentences[at].end:
                return

    def _one(self, text: Text, at: int) -> Finding | None:
        """What is wrong with the sentence number `at` as the last one."""
        sentence = text.sentences[at]
        told = text.told[sentence.start : sentence.end]
        lead = len(told) - len(told.lstrip("¡¿*_(（[【-—– \n"))
        sentence, told = Span(sentence.start + lead, sentence.end), told[lead:]
        if told.isascii() and _CUES.isdisjoint(_WORD.findall(told)):
            return None
        alone = at == 0
        for pattern, what in ((_ADDRESSES, "it turns to the reader"), (ADDRESSES, "it turns to the reader")):
            if pattern.match(told):
                return self._found(text, sentence, what, None if alone else self._without(text, at))
        if (
            found := _SUMS_UP.match(told) or (None if alone and told[:1] in "这整" else SUMS_UP.match(told))
        ) is not None:
            cut = _from(text, sentence, found.end()) if alone else self._without(text, at)
            return self._found(text, sentence, "it sums up", cut)
        if not alone and _SUMS_UP_ANYWHERE.match(told):
            return self._found(text, sentence, "it sums up", self._without(text, at))
        before = text.told[: sentence.start]
        found = _ANNOUNCES.match(told)
        if found is not None and not (_is_bare(told, found) and _WATCHED.search(before)):
            return self._found(text, sentence, "it announces the end of the video", self._announced(text, at, told))
        if (found := ANNOUNCES.match(told)) is not None:
            return self._found(text, sentence, "it announces the end of the video", _abroad(text, sentence, told))
        if (found := _TRAILING.search(told)) is not None and not _WATCHED.search(
            before + told[: found.start()].replace("screen", "")
        ):
            start, end = sentence.start + found.start(), sentence.start + found.end()
            clause = ((start, end, ""),) if found.start() else None
            what = "it announces the end of the video"
            return Finding(check=self.name, start=start, end=end, what=what, cut=clause)
        return None

    def _announced(self, text: Text, at: int, told: str) -> tuple[_Mend, ...] | None:
        sentence = text.sentences[at]
        phrase = _PHRASE.match(told)
        if phrase is not None and not _HER_DOES.match(told, phrase.end()) and len(told[phrase.end() :].split()) > 1:
            return _from(text, sentence, phrase.end())
        if at and _ONLY_ENDS.fullmatch(told):
            return self._without(text, at)
        return None

    def _without(self, text: Text, at: int) -> tuple[_Mend, ...]:
        """The cut that leaves out the sentence and what stands after it."""
        return ((text.sentences[at - 1].end, len(text.raw), ""),)

    def _found(self, text: Text, sentence: Span, what: str, cut: tuple[_Mend, ...] | None) -> Finding:
        said = " ".join(text.raw[sentence.start : sentence.end].split())[:60]
        return Finding(check=self.name, start=sentence.start, end=sentence.end, what=f"{what}: {said!r}", cut=cut)


def _is_bare(told: str, found: re.Match[str]) -> bool:
    """Whether it only says that something ends, not with what."""
    return not re.match(
        r" (?:with|on|as|when|by"
        r"|in)\b",
        told[found.end() :],
    ) and not found[0].startswith(("at ", "by "))


def _from(text: Text, sentence: Span, offset: int) -> tuple[_Mend, ...]:
    """The cut that lets the sentence begin at `offset`, with a capital."""
    at = sentence.start + offset
    at += len(text.raw[at : sentence.end]) - len(text.raw[at : sentence.end].lstrip(" ,"))
    return ((sentence.start, at + 1, capital(text.raw[at : at + 2])[:1]),)


def _abroad(text: Text, sentence: Span, told: str) -> tuple[_Mend, ...] | None:
    found = TELLS.match(told)
    if found is None:
        return None
    if found.re.groups and found.lastgroup == "wide":
        start, end = found.span("wide")
        return (
            (sentence.start, sentence.start + start, ""),
            (sentence.start + end, sentence.start + found.end(), ""),
        )
    return _from(text, sentence, found.end())
