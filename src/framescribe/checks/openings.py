"""Knows how models announce that they are about to describe a video, in English, and where that ends; checks nothing.

What remains must be a sentence, or what a caption may be instead, a thing that is described: "The video shows a dog"
becomes "A dog". Where that is in doubt, as in "The video shows how to swim", there is no knowing where to cut.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from framescribe.checks.medium import ENGLISH
from framescribe.checks.openings_abroad import BEFORE_A_SENTENCE, BEFORE_A_THING
from framescribe.language.cutting import first_sentence

_MEDIUM = rf"{ENGLISH}(?: (?:you )?provided| in question)?"
_ADJECTIVES = r"(?:(?:short|brief|given|provided|entire|whole|full|opening|first|animated|silent) ){0,2}"
_SHOWS = (
    r"(?:shows|showcases|depicts|captures|presents|features|displays|portrays|illustrates|documents|is showing"
    r"|is depicting|is capturing)(?: us)?"
)
_BEGINS = r"(?:begins|opens|starts|commences) (?:with|on)"
_ADVERB = r"(?:(?:clearly|mainly|primarily|simply|then|mostly|vividly|briefly|initially|first) )?"
# "is a view of a street", but not "is a bit shaky"
_IS_A = r"(?:is|appears to be) (?=an? (?!bit |lot |little )(?:[\w-]+ ){1,5}?(?:of|showing|featuring|depicting) )"
_SEE = r"(?:we (?:can )?see|you (?:can )?see|there (?:is|are)|(?:is|are) shown)"
_SHOT_NOUN = (
    r"(?:shot|view|close-up|closeup|video|film|clip|footage|image|animation|scene|time-?lapse|photo|photograph|picture"
    r"|recording|rendering|screenshot|montage|perspective)"
)
_SHOT = rf"(?:[\w-]+ ){{0,4}}{_SHOT_NOUN}"
_TEXT = r"(?:caption|description|summary|answer|response|prompt)"
_CHAT = (
    r"(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|great|gladly|yes|alright|all right|got it"
    r"|understood)"
)
_HERE = r"here(?:['’]s| is| are)"
_LABEL = (
    r"[*_#\s\[]*(?:(?:the|video|image|clip|scene|final|short|long|detailed|dense|brief|revised|english|concise|visual"
    r"|generated|output|new|my|one-sentence) ){0,3}(?:caption|description|answer|response|output|result|summary)"
)


def _any_case(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


# What follows these is a text of its own.
_ANNOUNCED = _any_case(
    rf"{_CHAT}[,!.]+ (?:so )?{_HERE} [^:\n.]{{0,100}}?(?::|\n)\s*",
    rf"{_HERE} (?:the|a|an|your|my|one) [^:\n.]{{0,40}}?\b{_TEXT}[^:\n.]{{0,60}}(?::|\n)\s*",
    rf"(?:{_CHAT}[,!.]+ )?{_HERE} [^:\n.]{{0,40}}?\b{_TEXT}\b[^:\n.]{{0,60}}\.\s+(?=\S)",
    rf"(?:below is|the following is|what follows is) [^:\n.]{{0,40}}?\b{_TEXT}\b[^:\n.]{{0,60}}[:.\n]\s*",
    rf"{_CHAT}!\s+",
    r"sure(?: thing)?[,.]\s+(?!here)(?=[\w\"“])",
    rf"{_LABEL}[*_\]]*\s?[:：][*_]*\s*(?=\w|[\"“(])",
    r"(?:video|clip|image)\s?[:：]\s*(?=\w|[\"“(])",
)
# After these comes a sentence.
_IN_THIS = (
    *_any_case(
        rf"(?:in|throughout|within|across) (?:this|the) (?!(?:first|opening) (?:image|picture"
        rf"|photo)){_ADJECTIVES}{_MEDIUM}, ",
        rf"(?:at|in|from) the (?:very )?(?:start|beginning|opening|outset) of (?:this|the) {_ADJECTIVES}{_MEDIUM},? ",
        rf"as (?:this|the) {_ADJECTIVES}{_MEDIUM} (?:begins|opens|starts|unfolds|plays|progresses), ",
        rf"(?:this|the) {_ADJECTIVES}{_MEDIUM} (?:begins|opens|starts) (?:as|when) ",
        rf"in (?:this|the) (?!first|opening){_ADJECTIVES}{_MEDIUM} (?=(?:an?|two|three|four|several|some|someone"
        rf"|people) )(?![^.,]* (?:is|are)"
        r" (?:shown|seen|visible)\b)",
    ),
    *BEFORE_A_SENTENCE,
)
# After these comes a thing, or a thing and what it does.
_SHOWN = (
    *_any_case(
        rf"(?:(?:the|this) )?{_ADJECTIVES}{_MEDIUM} {_ADVERB}(?:{_SHOWS}|{_BEGINS}|is (?:about|of)) ",
        rf"(?:the|this) {_ADJECTIVES}{_MEDIUM} {_IS_A}",
        rf"(?:in|throughout) (?:this|the) {_ADJECTIVES}{_MEDIUM},? {_SEE} ",
        r"here,? we (?:can )?see ",
        rf"{_CHAT}[,!.]+ {_HERE} (?![^:\n.]{{0,40}}\b{_TEXT}\b)",
    ),
    *BEFORE_A_THING,
)
_THIS_IS = re.compile(rf"(?:this|it) is (?=an? {_SHOT} (?:of|showing|from|featuring) )", re.IGNORECASE)
_OF = re.compile(
    rf"(?:an? )?{_ADJECTIVES}(?:video|film|clip|footage|image|animation)(?: (?:clip|footage|sequence))?"
    r" (?:of|showing|featuring|depicting|capturing) ",
    re.IGNORECASE,
)
# Words with which no description of a thing begins.
_NO_THING = re.compile(
    r"(?:how|that|what|why|when|where|who|whom|whose|whether|if|which|us|you|it|its?elf|them(?:selves)?|him|me|off|up"
    r"|out"
    r"|no|not|none|nothing|to|in|on|at|as|by|from|for|with|through|during|after|before|of|and|or|but|so|is|are|was|were"
    r"|be|being|been|about|this|[a-z]+ly (?:the|an?|how))\b|[^\w\"“'‘(]",
    re.IGNORECASE,
)
# What else the medium does in that sentence would be left without it: "... and ends with a cat".
_MORE = re.compile(
    r"(?:\b(?:and|then|but|before|while|also|later|finally)|[,;])"
    r" (?:(?:it|then|also|later|finally|eventually|slowly|quickly|the|video|clip|scene) ){0,3}"
    r"(?:ends?|ending|concludes?|concluding|finish(?:es|ing)|clos(?:es|ing)|begins?|starts|opens|continues|continuing"
    r"|shows|showcases|captures|depicts|presents|features|displays|highlights|focuses|transition(?:s|ing)|cut(?:s|ting)"
    r"|shift(?:s|ing)|switch(?:es|ing)|mov(?:es|ing) (?:on|to)|pan(?:s|ning)|zoom(?:s|ing)|fad(?:es|ing)"
    r"|is|was|has)\b",
    re.IGNORECASE,
)
# "A video of a goal is replayed" speaks of a video in the scene.
_HAPPENS_TO_IT = re.compile(
    r"(?<!who )(?<!that )(?<!which )(?<!they )(?<!it )(?<!he )(?<!she )"
    r"\b(?:is|are|was|were|has|have|had|plays?|loops?|appears?|rolls?|runs?|streams?|shows|begins|starts|ends|cuts"
    r"|fades"
    r"|flickers|glows|hangs?|fills?|lights|moves|stands?|sits?|lies|can|will)\b",
    re.IGNORECASE,
)
_MOST = 5  # "Sure! Here is a caption: In this video, the clip shows ..." are four
_QUOTED = re.compile(r"\s*(?:\"([^\"]*)\"|“([^”]*)”)\s*")


class Rest(NamedTuple):
    """What is left of a text: from `start` to before `end`."""

    start: int
    end: int


def after_opening(text: str) -> Rest | None:
    """Where the text goes on after what announces it; None if nothing does, or if there is no telling. Never empty."""
    rest = Rest(0, len(text))
    for _ in range(_MOST):
        if (shorter := _once(text[rest.start : rest.end])) is None:
            break
        rest = Rest(rest.start + shorter.start, rest.start + shorter.end)
    return rest if rest.start else None


def without_opening(text: str, keep: re.Pattern[str] | None = None) -> str:
    """The text without what announces it, its first letter a capital unless `keep` finds its first words; or the same,
    if nothing does. Never empty."""
    if (found := after_opening(text)) is None:
        return text
    rest = text[found.start : found.end]
    return rest if keep is not None and keep.match(rest) else capital(rest)


def capital(text: str) -> str:
    """The text with a capital first letter, unless its second is one: "iPhone"."""
    return text if text[1:2].isupper() else text[:1].title() + text[1:]


def happens_to_it(rest: str) -> bool:
    """Whether what follows "A video of" tells what becomes of that video, which is then part of the scene."""
    return _HAPPENS_TO_IT.search(first_sentence(rest)) is not None


def _once(text: str) -> Rest | None:
    for pattern in _ANNOUNCED:
        if (found := pattern.match(text)) and text[found.end() :].strip():
            quoted = _QUOTED.fullmatch(text, found.end())
            inside = 0 if quoted is None else 1 if quoted[1] is not None else 2
            if quoted is not None and quoted[inside].strip():
                return _trimmed(text, *quoted.span(inside))
            return _trimmed(text, found.end(), len(text))
    for pattern in _SHOWN:
        if (found := pattern.match(text)) and _is_a_thing(text[found.end() :].lstrip()):
            return _trimmed(text, found.end(), len(text))
    for pattern in _IN_THIS:
        if (found := pattern.match(text)) and text[found.end() :].strip():
            return _trimmed(text, found.end(), len(text))
    if found := _THIS_IS.match(text):
        return Rest(found.end(), len(text))
    if (found := _OF.match(text)) and _is_a_thing(rest := text[found.end() :].lstrip()) and not happens_to_it(rest):
        return _trimmed(text, found.end(), len(text))
    return None


def _trimmed(text: str, start: int, end: int) -> Rest:
    inner = text[start:end]
    return Rest(start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip()))


def _is_a_thing(rest: str) -> bool:
    """Whether it may stand for itself: a thing, or a thing and what it does."""
    return rest != "" and not _NO_THING.match(rest) and not _MORE.search(first_sentence(rest))
