"""Knows captions that speak of themselves, of their writer, of the request or of their limits, and yet describe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.cued import Cued
from framescribe.checks.metas_abroad import ABROAD, ABROAD_ALONE
from framescribe.checks.text import Span, Text
from framescribe.language.letters import listed

_ANSWER = (
    r"(?:caption|description|summary|answer|response|paragraph|rewrite|version|output|write-?up|text(?! (?:on|over"
    r"|that|reads|message))|account"
    r"|analysis|reply|prompt|wording|phrasing)"
)
_WHO = (
    r"(?<![\w-])(?<!elizabeth )(?<!charles )(?<!war )(?<!james )(?<!henry )(?<!edward )(?<!napoleon )(?<!type )"
    r"(?<!part )(?<!class )(?<!letter )(?<!numeral )(?<!the )i"
)
_NOW = (
    r"(?:(?:can|could|also|clearly|only|do|just|really|now|then|first|still|even|cannot|can't|couldn't|could not"
    r"|can not|have|had|would|will|should|must|might|may|need to|want to|tried to|try to|was able to|am able to"
    r"|quite|fully|entirely|mostly|actually|deliberately|simply|personally|immediately|quickly|carefully) )*"
)
# What the writer does, in words that no narrator of a walk would use.
_THINKS = (
    r"(?:see(?! you)|stick|stuck|stayed|stay with|stay close|refer|stress|skip|skipped|ignore|ignored|leave|left|mean"
    r"|meant|propose|offer|recall|wonder|doubt|find|found|understand|understood|know|knew|feel|read|take (?:it|this"
    r"|that|him|her|them)|took (?:it|this)|prefer|condense|condensed|translate|translated|trust|decide|decided|settle"
    r"|settled|opt|opted|prioriti[sz]e|present|presented|list|listed|report|reported|aim|aimed|watch|watched"
    r"|went with|go with|went for|refrain|check|checked|re-?read|use|used|emphasi[sz]e|emphasi[sz]ed|interpreted"
    r"|assumed|thought|believed|deduce|deduced|expect|count on|cannot see|paraphrase|sum up|compressed|shortened"
    r"|trimmed|notice|noticed|observe|observed|note|noted|think|believe|assume|guess|suspect|imagine|infer"
    r"|interpret|conclude|gather|suppose|estimate|presume|perceive|spot|spotted|detect|recognize|recognise|identify"
    r"|determine|discern|distinguish|make out|tell|confirm|verify|say"
    r"|describe|described|mention|mentioned|summari[sz]e|summari[sz]ed|write|written|wrote|caption|focus|focused|kept"
    r"|keep|counted|count|chose|omit|omitted|left out|leave out|avoid|avoided|include|included|add|added|call|phrase"
    r"|point out|highlight|followed|consider|look at|looked at|analy[sz]e|double-check|start with|begin with|limit"
    r"|limited|rewrite|rewrote|rephrase|provide|provided|give you|output|produce|generate|generated)\b"
)
_ENGLISH = Cued(
    (
        "limit count budget further more other additional need should needs far + word length character details detail"
        " information caption write describe can we",
        r"\b(?:the|your|a|any) (?:word|length|character|sentence) (?:limit|count|budget)\b"
        r"|\bno (?:further|more|other|additional) (?:details?|information|context) (?:can|could|is|are)\b"
        r"|\bwe (?:need|have|should|must|want) (?:to )?(?:write|describe|produce|caption|mention|avoid|keep|output"
        r"|provide)\b"
        r"|\b(?:needs|requires|wants|calls for) a (?:\w+ )?(?:caption|description|summary)\b"
        r"|\bas far as (?:can be|one can|we can)\b|\bas (?:can|could) be (?:judged|told|determined|inferred)\b",
    ),
    (
        "me i",
        r"\b(?:for|lets?|allows?|allowing|helps?|enough for) me to (?:read|tell|see|say|make out|identify|determine"
        r"|describe|judge"
        r"|count|know|be)\b|\b(?:stands? out|seems?|looks?|appears?|obvious|clear|unclear|strikes|known|visible"
        r"|apparent"
        r"|available|given|shown|provided|sent|struck) (?:to )?me\b|\bif i (?:had|were|have|may) to\b|\b(?:as far as"
        r"|from what"
        r"|so far as|from where|the way|what) i (?:can|could|see|know|understand|gather|make)\b",
    ),
    (
        "i",
        rf"{_WHO} {_NOW}{_THINKS}",
    ),
    (
        "i i'd i'm i'll i've",
        rf"{_WHO}(?:'d| would) (?:wager|bet|imagine|say|describe|call|guess|estimate|characteri[sz]e|add|note|like to"
        rf"|interpret"
        rf"|summari[sz]e)|{_WHO}'(?:ll|m going to|m about to) (?:describe|write|start|begin|focus|keep|provide|try"
        rf"|summari[sz]e|mention|give|avoid|include|go with|note|add|caption|do)|{_WHO}(?: am|'m) (?:not (?:sure"
        rf"|certain|confident|entirely|100|able to (?:tell|see|determine|make out))|unsure|uncertain"
        rf"|unable to (?:tell|see|determine|make out|discern|identify|confirm)|assuming|guessing|describing|seeing"
        rf"|looking at|writing|trying to|confident|noticing|going to|fairly|pretty sure|asked|supposed|told)"
        rf"|{_WHO}(?:'ve| have) (?:\w+ly |not |only )?(?:re)?(?:described|written|put|made|cut|drawn|taken|given"
        rf"|chosen|stuck|held|done|worded|phrased|named|condensed|shortened|translated|assumed|added|checked|watched"
        rf"|kept|focused|tried|avoided|included|omitted|noted|used|limited"
        rf"|summari[sz]ed|left|been (?:asked|given|told|instructed|provided)|followed|made)|{_WHO} (?:don't"
        rf"|do not) (?:see|notice|know|think|want to|observe)|{_WHO} (?:need|have|was asked|was told|was given"
        rf"|was instructed|want|should|must) (?:to|be|not|avoid|keep|write|mention|focus|start|describe)\b"
        rf"|{_WHO} hope\b",
    ),
    (
        "my",
        r"\b(?:in my (?:opinion|view|estimation|judg(?:e)?ment|assessment|interpretation|understanding|description"
        r"|caption|answer|response|summary|analysis|previous)|to my (?:knowledge|eye)"
        r"|my (?:own )?(?:\w+ )?(?:input|reading|take|sense|role|summary|words|eyes? (?:is|are) drawn|wording|account"
        r"|attempt|version|apologies|notes?(?= (?:on|about|say))|caption writer|reply|view(?= is)|assumption|point"
        r"|focus|aim|goal|intention|count|description|caption|answer|response|summary|analysis|interpretation"
        r"|understanding"
        r"|best guess|guess|task|job|instructions|output|thought process|reasoning|impression|observations?|knowledge"
        r"|training)\b(?! (?:book|hangs)))",
    ),
    (
        "user user's",
        r"\bthe user(?:'s (?:request|instructions?|prompt|question|wish(?:es)?))?\b (?:\w+ly )?(?:want|wants|wanted"
        r"|asks|asked|asking|is asking|requests|requested|would like|provided|provides|needs|said|says|gave|gives"
        r"|specified|instructs|instructed|has (?:asked|provided|given|requested|specified)|is requesting"
        r"|seems to want|mentioned|didn't|expects)\b|\bthe user's (?:request|instructions?|prompt|question|query)\b",
    ),
    (
        "requested required desired instructed asked specified directed required per request instruction instructions "
        "guidelines prompt requirements rules constraints you you've your + as like per following according "
        "accordance based line keeping given meet fit adhering response respecting complying comply stated format "
        "style length form tense you you've your",
        r"\b(?:as|like) (?:you )?(?:requested|instructed|asked|specified|directed|per (?:the|your)"
        r"|required by (?:the|your)|you (?:asked|requested|wanted|wished|specified|instructed))\b(?! by (?:the|a|his"
        r"|her) )|\bin the (?:requested|required|desired|specified) (?:format|style|length|form|tense|language)\b"
        r"|\bper (?:your|the) (?:request|instructions?|guidelines|prompt|requirements)\b|\b(?:following"
        r"|according to|in accordance with|based on|in line with|in keeping with|given|to meet|to fit|adhering to"
        r"|in response to|respecting|complying with|to comply with|as stated in) (?:your|the given|the provided"
        r"|the user's|the above|these|the) (?:request|instructions|guidelines|prompt|requirements|rules|format"
        r"|word limit|constraints|question|query)\b(?! (?:in|on|from|sheet|leaflet|manual|of (?:the|a) (?!user"
        r"|prompt)))|\byou(?:'ve| have)? (?:asked|requested|instructed|specified|provided|gave|wanted me|told me"
        r"|want me|shared|uploaded|sent)\b|\byour (?:request|instructions|prompt|question|requirements|query|video"
        r"|clip|guidelines|criteria)\b",
    ),
    (
        "caption description summary answer response paragraph rewrite version output write-up account text "
        "analysis reply prompt wording phrasing + this the a",
        rf"\b(?:this|the (?:above|preceding|following|resulting|revised|final|present"
        rf"|current)) (?:\w+ )?{_ANSWER}\b(?! (?:of the (?:dish|door|gate|building)|on the (?:wall|sign|label|plaque)"
        rf"|hangs|is (?:painted|printed|written on|engraved|carved|pinned)))|\b(?:the|a) (?:caption|description"
        rf"|summary|answer|response|paragraph) (?:above|below|is based|is limited"
        rf"|is written (?:in (?:the )?(?:present|past|third|one|two)|as|to|for|so|from|without|following|according)"
        rf"|is meant|is intended"
        rf"|is kept|focuses|focusses|avoids|does not|doesn't|omits|covers|should|must|needs to|has been|contains"
        rf"|includes|remains|captures|describes|stays|sticks|excludes|reflects|provided|uses only|was generated"
        rf"|follows the|meets|ends here|keeps|only|given)\b(?! (?:on the (?:wall|sign)|in (?:chalk|gold|ink)))",
    ),
    (
        "words word tokens characters chars sentences count wordcount",
        r"[(\[{<]\s*(?:approx(?:\.|imately)? |about |~ ?|exactly |total:? )?(?:(?:word count|length|words|total"
        r"|count):? ?)?\d+(?:/\d+)? (?:words?"
        r"|tokens|characters|chars|sentences)(?: total| exactly)?\s*[)\]}>]|\b(?:total )?(?:word|character|token"
        r"|sentence) ?count\s*[:=]|\b(?:total )?words\s*[:=] ?\d+|[(\[]\s*word count\b|(?:^|(?<=[.!?\n] ))(?:that's "
        r"|that is |this is |exactly |about |approximately |total of |total: )?\d+ words(?: total| exactly"
        r"|, as requested)?[.!]?(?:$|\n)|\b(?:in|under|within|at|below|than|of|exactly|about|around|only"
        r"|just) (?:exactly |about |the |under |a |fewer than |less than )*(?:\d+|fifty|sixty|hundred|one hundred"
        r"|twenty|thirty|forty)(?:-| )word(?:s)?(?: limit| range| count| maximum| requirement)?(?=[.,;)!]| as "
        r"| or less| or fewer| limit)",
    ),
    (
        "ai artificial language large ai-powered automated vision cutoff training",
        r"\bas an? (?:ai|artificial intelligence|language model|large language model|ai-powered|automated"
        r"|vision)(?: \w+)*\b|\b(?:i'm|i am) (?:just |only )?an? (?:ai|artificial|language|automated"
        r"|large language)\b|\b(?:my|the model's|its) (?:training data|knowledge cutoff)\b",
    ),
    (
        "based relying judging drawing going provided given available limited supplied without + available "
        "provided visible given supplied limited visual observable seen context information audio details "
        "content evidence",
        r"\b(?:based|relying|judging|going|drawing) (?:solely |only |purely |strictly |entirely |mainly )?(?:on|from"
        r"|by) (?:the |what(?:'s| is| can be)? |only |this |these |limited )*(?:available|provided|visible|given"
        r"|supplied|limited|visual|observable|seen|single|static|still) ?(?:information|details?|content|context"
        r"|evidence|cues|data|frames?|images?|video|clip|footage|material|visuals|input|descriptions?|captions?"
        r"|elements|observations?|description)?\b|\b(?:from|given|with|in) the (?:provided|given|available|limited"
        r"|supplied) (?:information|details?|content|context|evidence|footage|video|clip|data|input|descriptions?"
        r"|captions?|text|material|footage|view|visuals)\b|\bwithout (?:more|further|additional|any|the) (?:context"
        r"|information|audio|details)\b",
    ),
    (
        "unclear clear possible certain specified evident known obvious impossible unknown uncertain "
        "ambiguous hard difficult determined discerned identified confirmed verified ascertained inferred "
        "established stated mentioned disclosed discernible beyond outside + not unclear impossible tell say "
        "determine know discern ascertain identify confirm specify sure whether unknown uncertain ambiguous "
        "cannot can't couldn't scope visible shown what why who how which",
        r"\b(?:it is|it's|it was|is|remains|are) (?:not (?:clear|possible|entirely clear|certain|specified|evident"
        r"|known|obvious|discernible|determinable)|unclear|impossible|hard|difficult|unknown|uncertain"
        r"|ambiguous) (?:(?:for me |from (?:this|the) (?:\w+ ){1,3})?(?:to (?:tell|say|determine|know|discern"
        r"|ascertain|identify|confirm|specify|be (?:sure|certain))|what|whether|if|who|why|how|which|from (?:the"
        r"|this) (?:video|clip|footage|frames|images?|angle))\b)|\b(?:cannot|can't|can not|could not|couldn't"
        r"|not) be (?:\w+ly )?(?:determined|discerned|identified|confirmed|verified|ascertained|inferred|established"
        r"|specified|described in)\b(?! by)|\b(?:is|are|was|were) not (?:specified|stated|mentioned|disclosed"
        r"|described|given|detailed) (?:in|by|here|within)\b|\b(?:beyond|outside) (?:the scope|what (?:is"
        r"|can be) (?:visible|seen|shown))\b|\bhard to tell\b|\bdifficult to (?:tell|say|determine)\b"
        r"|\bone cannot (?:tell|say|know)\b",
    ),
    (
        "we you one viewer viewers i'd i + infer conclude deduce assume surmise guess tell observe notice "
        "note see know should would be love",
        r"\b(?:we|you|viewers?) (?:can|could|might|may) (?:infer|conclude|deduce|assume|surmise|guess|tell"
        r"|observe|notice|note)\b|\bwe (?:notice|observe|note|assume|infer|conclude|cannot (?:see|tell|know)"
        r"|can't (?:see|tell|know)|don't (?:see|know)|do not (?:see|know)|should (?:describe|mention|note|avoid"
        r"|focus))\b|\b(?:i'd|i would|we would) (?:be|love)\b",
    ),
    (
        "described mentioned listed noted stated summarized summarised outlined prompt instructions "
        "instruction guidelines rules task request here's here output answer describing describe "
        "speculation opinions opinion terms mood shown seen + above below earlier here previously before "
        "asks says wants requires requests specifies instructs states mentions said asked say ask require "
        "state specify forbid prohibit is are to a the my an another format json only used included added "
        "made",
        r"\b(?:no (?:camera terms|speculation|opinions?|mood) (?:is|are|has been|have been|was|were) (?:used|included"
        r"|added|made))\b|\b(?:described|mentioned|listed|noted|stated|summari[sz]ed|outlined) (?:above|below|earlier"
        r"|here|previously)\b|\b(?:as|like) (?:mentioned|described|stated|noted|shown|seen) (?:above|earlier|before"
        r"|previously)\b|\b(?:the )?prompt (?:asks|says|wants|requires|requests|specifies|instructs|states|mentions"
        r"|said|asked)\b|\b(?:the )?(?:instructions?|guidelines|rules|task|request) (?:say|says|ask|asks|require"
        r"|requires|state|states|specif(?:y|ies)|forbid|forbids|is to|was to|want|wants|prohibit)\b(?! (?:him|her"
        r"|them|to (?:stir|fold)))|\bhere(?:'s| is) (?:a|the|my|an|another) (?:\w+[ -]){0,3}?(?:caption|description"
        r"|version|summary|draft|attempt|rewrite)\b|\b(?:output|answer) (?:format|in json|only)\b|\b(?:describing"
        r"|to describe|in describing) (?:the|this) (?:video|clip|scene|footage|image)\b",
    ),
)
# How a sentence begins that thinks aloud or is a note.
_STARTS = re.compile(
    r"\W*(?:let me (?:be|see|describe|look|think|check|start|begin|write|break|analy[sz]e|count|try|take|go|examine"
    r"|provide|give|create|craft|summari[sz]e|note|re-?read|consider|know|clarify|explain|rephrase|put|also|just"
    r"|first|now|walk|focus|draft|make|double|re|verify|revise|rewrite|identify|list)|let's (?:see|describe|break"
    r"|analy[sz]e|look|count|think|start"
    r"|write|begin|check|craft|make|try|go|examine|consider|draft)|wait[,.]|hmm+|hm[,.]|okay,? so\b|ok,? so\b"
    r"|okay, (?:let|i|the user|now|first)|alright, (?:let|i|so|the user)|so,? the user|got it[,.]|first, (?:i"
    r"|let)|now,? (?:i|let me|let's)\b|actually, (?:i|let|no|it should|the caption)|thinking:"
    r"|thought(?: process)?:|thoughts:|reasoning:|analysis:|double-check|need to (?:describe|write|mention|keep"
    r"|avoid|include)|must (?:describe|write|mention|keep|avoid|not mention)|(?:sorry|apologies) (?:for|about)"
    r"|to answer (?:your|this|the user)"
    r"|in answer|as your (?:caption"
    r"|writer|assistant|describer|annotator)|for (?:the sake of|brevity|clarity|completeness|context|reference)"
    r"|in the interest of|to keep (?:it|this|things) (?:short|brief|concise|simple|within)|to (?:stay|remain"
    r"|keep) (?:within|under|below)|to be brief|answering|responding|thinking (?:about|of|again|through)"
    r"|on second thoughts?|on reflection|come to think|looking (?:again|closer|more closely)|re-?(?:reading|checking"
    r"|counting)|upon (?:review|reflection|closer)|as far as i|from what i|if i (?:had|were|have|may)"
    r"|to be (?:precise|clear|honest|safe|fair)|strictly speaking|in other words|they want|maybe i|perhaps i"
    r"|i'd better|alternatively|looking (?:at|closely at"
    r"|through) (?:the|this|these) (?:\w+ )?(?:video|clip|frames?|images?|footage|stills|pictures)"
    r"|checking (?:the )?(?:word|length)|draft(?: \d)?:|final answer:|final (?:caption|version|description):"
    r"|revised(?: caption| version)?:|version \d:|option \d:|rewritten:|attempt \d:|plan:|task:|request:"
    r"|instructions?:|constraints?:|edit:|correction:"
    r"|note(?: that)?\b ?[:,]|note(?: to (?:self|the user|reader))?[:：]"
    r"|note that\b|please note\b|disclaimer\b|important[:]|\(note\b|n\.?b\.?:|(?:it (?:is|should be|must be)"
    r"|it's) (?:important|worth|worth noting|noted|noting|hard|difficult|impossible|unclear)(?: to)? (?:note"
    r"|noting|mention|mentioning|remember|point|that|be noted)\b|worth noting|keep in mind\b|remark:|comment:"
    r"|explanation:|rationale:|justification:)"
)
_THOUGHT = re.compile(r"<(think|thinking|thought)>.*?(?:</\1>|$)|^.*?</think>", re.DOTALL)
_FIRST = re.compile(r"\W*([a-z]+(?:[-'][a-z]+)*)")
_START_WORDS = listed(
    """
    sorry apologies for answering responding as on come re-reading rereading re-checking re-counting upon from
    if to strictly in they maybe perhaps alternatively it it's let let's wait hmm hm okay ok alright got first
    thinking thought thoughts reasoning analysis double-check need must looking checking draft final revised
    version option rewritten attempt plan task request instruction instructions constraint constraints edit
    correction so now actually please note disclaimer important worth noted noting mind n b nb remark comment
    explanation rationale justification
    """
)
# These are about the answer alone: nothing of the clip is lost without their sentence.
_ALONE = re.compile(
    r"^\W*(?:note\b|please note|disclaimer|nb:|n\.b\.|(?:this|the (?:above|preceding|revised|final"
    r"|resulting)) (?:\w+ )?(?:caption|description|summary|answer|response|version|paragraph)|the (?:caption"
    r"|description|summary|answer|response) (?:above|is|focuses|avoids|does|omits|covers|should|has|contains|remains"
    r"|stays|meets|follows)|my (?:\w+ )?(?:description|caption|answer|response|summary|analysis)"
    r"|(?:total )?word ?count|words[:=]|\d+ words|that's \d+ words|(?:okay|ok|alright|so|got it|hmm+|wait)\b|the user"
    r"|as (?:you )?(?:requested|instructed|asked|specified), (?:the|this|i|it|here|no)|per your|following your"
    r"|according to your|let me|let's|first, (?:i|let)|now,? (?:i|let)|i (?:have|'ve|hope|need|should|must|will|kept"
    r"|tried|focused|avoided|am (?:not sure|unable)|was asked|left|limited|omitted|wrote|don't know|cannot|can't"
    r"|could not|couldn't)\b|i(?:'ve|'ll|'m)\b|checking|double-check|need to|must |as an ai|here(?:'s| is) (?:a|the"
    r"|my|another) (?:\w+[ -]){0,3}?(?:version|draft|caption|description|summary)|the (?:prompt|instructions?|task"
    r"|request) (?:asks|says?|wants|requires?|is)|explanation|rationale|it (?:is|'s) (?:unclear|impossible|difficult"
    r"|hard|not (?:clear|possible))|no (?:camera terms|speculation))"
)
_COUNT = re.compile(
    r"\s*(?:[(\[（【]\s*(?:approx(?:\.|imately)? |about |~ ?|total:? )?(?:(?:word count|length|words|total length"
    r"|count):? ?)?(?:共|字数[：:]?|約"
    r"|约)?\s?\d+(?:/\d+)? ?(?:words?|tokens|characters|chars|wörter|mots|palabras|parole|palavras|слов\w*|woorden|字"
    r"|个字|語|文字|단어|자)[^()\[\]（）]{0,12}[)\]）】]"
    r"|(?:total )?(?:word|character) ?count\s*[:=] ?\d+(?: words)?\.?)"
)


class MetaAnswer(Check):
    """ "I notice a man", "(38 words)", "Note: this description is based on": the writer beside the caption."""

    name: ClassVar[str] = "meta_answer"
    help: ClassVar[str] = 'it speaks of itself, its writer or the request: "I notice", "(38 words)", "Note: this"'

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        told = text.told
        places = list[tuple[int, int]]()
        for start, end, alone in self._places(text, told):
            if any(start < other and begun < end for begun, other in places):
                continue
            places.append((start, end))
            said = " ".join(text.raw[start:end].split())
            cut = (
                _count_cut(text, start, end)
                or _thought_cut(text, start, end)
                or (_sentence_cut(text, start) if alone else None)
            )
            yield Finding(check=self.name, start=start, end=end, what=f"it speaks of itself: {said[:60]!r}", cut=cut)

    def _places(self, text: Text, told: str) -> Iterator[tuple[int, int, bool]]:
        for found in _ENGLISH.found(text):
            yield *found.span(), _is_alone(text, found.end() - 1)
        thought = _THOUGHT.search(told) if "think" in told else None
        if thought and any(map(str.isalnum, told[: thought.start()] + told[thought.end() :])):
            yield *thought.span(), False
        for sentence in text.sentences:
            first = _FIRST.match(told, sentence.start, sentence.end)
            if first and first[1] in _START_WORDS and (start := _STARTS.match(told, sentence.start, sentence.end)):
                yield *start.span(), _ALONE.match(told[sentence.start : sentence.end]) is not None
        for found in ABROAD.found(text):
            sentence = _sentence(text, found.end() - 1)
            yield *found.span(), ABROAD_ALONE.match(told[sentence.start : sentence.end]) is not None


def _sentence(text: Text, at: int) -> Span:
    return next((span for span in text.sentences if span.start <= at < span.end), Span(0, len(text.raw)))


def _is_alone(text: Text, at: int) -> bool:
    sentence = _sentence(text, at)
    return _ALONE.match(text.told[sentence.start : sentence.end]) is not None


def _count_cut(text: Text, start: int, end: int) -> tuple[tuple[int, int, str], ...] | None:
    """The cut of a word count, with the space before it."""
    while start > 0 and text.raw[start - 1].isspace():
        start -= 1
    found = _COUNT.match(text.told, start)
    return ((start, found.end(), ""),) if found is not None and found.end() >= end else None


def _thought_cut(text: Text, start: int, end: int) -> tuple[tuple[int, int, str], ...] | None:
    """The cut of thinking in tags, with the space after it; None if nothing else is there."""
    if not text.told.startswith("</", text.told.rfind("<", start, end)) or not text.raw[end:].strip():
        return None
    after = text.raw[end:]
    return ((start, end + len(after) - len(after.lstrip()), ""),)


def _sentence_cut(text: Text, start: int) -> tuple[tuple[int, int, str], ...] | None:
    """The cut of the whole sentence around it; None if there is no other."""
    sentences = text.sentences
    at = next((number for number, span in enumerate(sentences) if span.start <= start < span.end), None)
    if at is None:
        at = next((number for number, span in enumerate(sentences) if start < span.end), None)
    if at is None or len(sentences) == 1:
        return None
    if at:
        return ((sentences[at - 1].end, sentences[at].end, ""),)
    return ((0, sentences[1].start, ""),)
