"""Knows how models announce that they are about to describe a video, and drops that; knows no checks and no trainer.

"The video shows a dog" becomes "A dog". What remains must be a sentence, or what a caption may be instead, a thing that
is described. Where that is in doubt, as in "The video shows how to swim", the text stays as it is.
"""

from __future__ import annotations

import re

from framescribe.dataset.cutting import first_sentence

_MEDIUM = r"(?:video|film|clip|footage|image|animation|scene)(?: (?:clip|footage|sequence))?(?: (?:you )?provided)?"
_ADJECTIVES = r"(?:(?:short|brief|given|provided|entire|whole|full) ){0,2}"
_SHOWS = r"(?:shows|showcases|depicts|captures|presents|features|displays|portrays|illustrates|is showing)(?: us)?"
_BEGINS = r"(?:begins|opens|starts) (?:with|on)"
_ADVERB = r"(?:(?:clearly|mainly|primarily|simply|then) )?"
# "is a view of a street", but not "is a bit shaky"
_IS_A = r"(?:is|appears to be) (?=an? (?!bit |lot |little )(?:[\w-]+ ){1,5}?(?:of|showing|featuring|depicting) )"
_SEE = r"(?:we (?:can )?see|you (?:can )?see|there (?:is|are)|(?:is|are) shown)"
_SHOT = r"(?:[\w-]+ ){0,4}(?:shot|view|close-up|closeup|video|film|clip|footage|image|animation|scene|time-?lapse)"
_TEXT = r"(?:caption|description|summary|answer|response|prompt)"
_CHAT = r"(?:sure|certainly|of course|absolutely|okay|ok|great)"
_HERE = r"here(?:['’]s| is| are)"


def _openings(*patterns: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


# What follows these is a text of its own.
_ANNOUNCED = _openings(
    rf"{_CHAT}[,!.]+ {_HERE} [^:\n.]{{0,100}}?(?::|\n)\s*",
    rf"{_HERE} (?:the|a|an|your|my) [^:\n.]{{0,40}}?\b{_TEXT}[^:\n.]{{0,60}}(?::|\n)\s*",
    rf"{_CHAT}[,!.]+ {_HERE} [^:\n.]{{0,40}}?\b{_TEXT}\b[^:\n.]{{0,60}}\.\s+(?=\S)",
    rf"{_CHAT}!\s+",
    r"[*_#\s]*(?:(?:the|video|image|final|short|long|detailed) ){0,3}(?:caption|description|answer|response)"
    r"[*_]*\s?[:：][*_]*\s*(?=\w|[\"“(])",
)
# After these comes a sentence.
_IN_THIS = _openings(
    rf"in (?:this|the) {_ADJECTIVES}{_MEDIUM}, ",
    r"在?[这该本]?一?[个段]?(?:视频|短片|影片|画面)[中里][，,]\s*",
)
# After these comes a thing, or a thing and what it does.
_SHOWN = _openings(
    rf"(?:(?:the|this) )?{_ADJECTIVES}{_MEDIUM} {_ADVERB}(?:{_SHOWS}|{_BEGINS}|is (?:about|of)) ",
    rf"(?:the|this) {_ADJECTIVES}{_MEDIUM} {_IS_A}",
    rf"in (?:this|the) {_ADJECTIVES}{_MEDIUM},? {_SEE} ",
    rf"{_CHAT}[,!.]+ {_HERE} (?![^:\n.]{{0,40}}\b{_TEXT}\b)",
    r"[这该本]?一?[个段]?(?:视频|短片|影片|画面)(?:主要)?(?:展示|显示|呈现|描绘|展现|描述)了?+(?!如何|怎|为什么|的)",
)
_THIS_IS = re.compile(rf"this is (?=an? {_SHOT} (?:of|showing|from|featuring) )", re.IGNORECASE)
_OF = re.compile(
    rf"(?:an? )?{_ADJECTIVES}(?:video|film|clip|footage|image)(?: (?:clip|footage))?"
    r" (?:of|showing|featuring|depicting) ",
    re.IGNORECASE,
)
# Words with which no description of a thing begins.
_NO_THING = re.compile(
    r"(?:how|that|what|why|when|where|who|whom|whose|whether|if|which|us|you|it|its?elf|them(?:selves)?|him|me|off|up|out"
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
    r"\b(?:is|are|was|were|has|have|had|plays?|loops?|appears?|rolls?|runs?|streams?|shows|begins|starts|ends|cuts|fades"
    r"|flickers|glows|hangs?|fills?|lights|moves|stands?|sits?|lies|can|will)\b",
    re.IGNORECASE,
)
_MOST = 5  # "Sure! Here is a caption: In this video, the clip shows ..." are four
_QUOTED = re.compile(r"\"([^\"]*)\"|“([^”]*)”")


def without_opening(text: str, keep: re.Pattern[str] | None = None) -> str:
    """The text without what announces it, its first letter a capital unless `keep` finds its first words; or the same,
    if nothing does. Never empty."""
    for _ in range(_MOST):
        if (rest := _once(text)) is None:
            break
        text = rest if keep is not None and keep.match(rest) else _capital(rest)
    return text


def _once(text: str) -> str | None:
    for pattern in _ANNOUNCED:
        if (found := pattern.match(text)) and (rest := text[found.end() :].strip()):
            quoted = _QUOTED.fullmatch(rest)
            return ((quoted[1] or quoted[2] or "").strip() if quoted else "") or rest
    for pattern in _SHOWN:
        if (found := pattern.match(text)) and _is_a_thing(rest := text[found.end() :].lstrip()):
            return rest
    for pattern in _IN_THIS:
        if (found := pattern.match(text)) and (rest := text[found.end() :].lstrip()):
            return rest
    if found := _THIS_IS.match(text):
        return text[found.end() :]
    if (found := _OF.match(text)) and _is_a_thing(rest := text[found.end() :].lstrip()):
        return None if _HAPPENS_TO_IT.search(first_sentence(rest)) else rest
    return None


def _is_a_thing(rest: str) -> bool:
    """Whether it may stand for itself: a thing, or a thing and what it does."""
    return rest != "" and not _NO_THING.match(rest) and not _MORE.search(first_sentence(rest))


def _capital(text: str) -> str:
    return text if text[1:2].isupper() else text[0].title() + text[1:]
