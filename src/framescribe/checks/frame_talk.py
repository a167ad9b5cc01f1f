"""Knows captions that speak of the pictures which the model was given, by number, by order or by time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import ClassVar

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.frames_abroad import ABROAD, HAS_FRAMES, IN_TIME, THINGS, wide
from framescribe.checks.text import Text
from framescribe.language.letters import listed

_ORDER = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|\d+(?:st|nd|rd|th)|next|last|final"
    r"|penultimate|previous|preceding"
    r"|following|subsequent|successive|consecutive|earlier|later|initial|opening|closing|middle|remaining|beginning"
    r"|ending|starting|early"
    r"|prior|intermediate)"
)
_COUNT = r"(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|few|several|couple of|\d+) )?"
_AND = rf"(?:(?:,| and|,? or| to| through)? (?:the )?{_ORDER})"
_GIVEN = (
    r"(?:provided|given|supplied|uploaded|attached|sampled|extracted|selected|shown|available|input|presented"
    r"|shared|displayed)"
)
_NUMBER = r"(?:#|no\. ?|number )?(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\b"
# Nothing but the pictures that the model was given can be meant.
_CERTAIN = (
    r"\b(?:sampled|extracted) (?:images|pictures|stills)\b|"
    rf"\b(?:after|within|for|over) (?:roughly |about |around |some |only |just )?{_COUNT.rstrip('?')}frames\b|"
    rf"\b(?:between|across|throughout|over|in|on|from) (?:the |these |those |both |all |of )+{_COUNT}stills\b|"
    r"\b(?:in|by|until|at) (?:frames?|images?) ?#?\d+\b"
    rf"|\bin (?:both|all|each|every|some|several|most|many|these|those|one|any) (?:of (?:the|these"
    rf"|those) )?(?:{_ORDER} )?{_COUNT}frames?\b(?! of)"
    rf"|\b(?:across|throughout|between|over|among|from) (?:all |both |each |every )?(?:of )?(?:the|these|those|all"
    rf"|both)? ?(?:{_ORDER} ?)?(?:{_AND} )?{_COUNT}(?:video |key )?frames\b"
    rf"|\b(?:these|those|the|all|all the|all these|of the|both|each of the|several"
    rf"|multiple) (?:{_ORDER} )?{_COUNT}{_GIVEN} (?:video |key |still |sequential )?(?:frames?|images?|stills?"
    rf"|pictures?|photos?|screenshots?|snapshots?)\b"
    rf"|\b(?:frames?|images|stills|pictures|photos|screenshots"
    rf"|snapshots) (?:that )?(?:you |i |were |was |are )?(?:{_GIVEN})\b(?! (?:on"
    rf"|in the|at|by|with|against|behind|under))"
    rf"|\b(?:individual|sequential|consecutive|successive|sampled|extracted|video|key|still|multiple|several|various"
    rf"|different|distinct) frames\b"
    rf"|\b(?:keyframes?|frame-by-frame|frame by frame|from frame to frame|from one frame to the next(?! (?:on|of|in"
    rf"|with)))\b(?! animation)"
    rf"|\b(?:these|those) (?:{_COUNT})(?:still (?:images|frames|pictures)|stills)\b"
    r"|\b(?:each|every|one|another|any) (?:of the )?(?:single )?frames? (?:shows?|depicts?|captures?|features?"
    r"|presents?|contains?|displays?)\b"
    r"|\bframes? (?:show|depict|capture|feature|present|illustrate|reveal|suggest|indicate)s? "
    r"|\b(?:this|that|each) (?:particular |video |single )?(?:frame|still)\b(?! (?:of the|of a|is (?:made|empty|hung)"
    r"|holds|house))"
    rf"|\b(?:frame|image) (?:sequence|set|series)\b|\b(?:sequence|series|set|succession|collection"
    rf"|string) of (?:{_COUNT}|still |consecutive |sequential |video |the )*(?:frames|stills|still images)\b"
    r"|\b(?:in|at|around|near|by|from|until|about|after|before|past) (?:the |roughly |about "
    r"|approximately )*(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty"
    r"|thirty)[- ]?(?:seconds?|sec|s) (?:mark|point|timestamp|into)\b"
    r"|\b(?:(?:\d+(?:\.\d+)?|one|two|three|four|five|six|seven|eight|nine|ten|a few|several|some) (?:seconds?|s|sec"
    r"|minutes?) into (?:the|this) (?:video|clip|footage|scene|recording|shot))"
    r"|\b(?:at|around|by|from|near|until) (?:the )?(?:seconds?|timestamp|time|t ?=) ?\d+(?:[.:]\d+)?\b(?! (?:street"
    r"|avenue|place))"
    r"|\b(?:in|during|for|over|throughout|within) the (?:first|last|final|opening|initial"
    r"|closing) (?:\S+ )?(?:seconds?|moments) of (?:the|this) (?:video|clip|footage|recording)\b"
)
# A picture, bicycle, door or beehive has frames too, and a wall has images.
_LIKELY = (
    rf"\b(?:the |this |a |its |these |each |every |in )?(?<!picture )(?:very )?{_ORDER}{_AND}* {_COUNT}(?:video |key "
    rf"|still )?(?:frames?|stills?|images?|pictures?|photos?|photographs?|screenshots?|snapshots?)\b"
    rf"|\b(?:frames?|images?|picture|photo|still|screenshot) {_NUMBER}(?:(?:,| and|,? or|-|–| to"
    rf"| through) ?(?:frame |image )?{_NUMBER})*(?! (?:of|percent|%|degrees|inch|cm|mm|feet|meters|metres"
    rf"|by)\b(?! \d))"
    rf"|\b{_COUNT}(?:a )?(?:frames?|images?|pictures?|stills?) (?:later|earlier|afterwards|further on|before that"
    rf"|after that)\b"
    r"|\b(?:as|while) the (?:\w+ )?(?:images|pictures|sequence of \w+) (?:progress|advance|unfold|continue|go on"
    r"|move on|proceed|change)\w*"
    r"|\bthe timestamp \d|\bat second (?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)\b"
    r"|\b(?:the|these|those|all|all the) (?:frames|stills|still images)\b"
    r"|\b(?:these|those) (?:\w+ )?(?:images|pictures|photos|photographs|screenshots|snapshots)\b"
    r"|\bacross (?:the|all|both) images\b|\bin (?:both|all|each|every) (?:of the )?images?\b"
    rf"|\b(?:in|during|for|over|within) the (?:first|last|final|opening|initial) (?:(?:one|two|three|four|five|six"
    rf"|ten|few|couple of|\d+) )?seconds\b"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|\d+(?:\.\d+)?|a few) seconds? in,"
    r"|\b(?:(?<=^)|(?<=[.!?\n] ))at (?:one|two|three|four|five|six|seven|eight|nine|ten|\d+(?:\.\d+)?) ?(?:seconds?"
    r"|s)\b,?"
)
_THINGS = re.compile(
    r"\b(?:walls?|gallery|galleries|museum|exhibit\w*|bicycles?|bikes?|cyclists?|weld\w*|bees?|beekeepers?|hives?"
    r"|beehives?|honey\w*|bowl(?:ing|er|ers)|lanes?"
    r"|pins|snooker|billiards?|pool table|cue ball|glasses|eyeglasses|spectacles|optician\w*|lens|lenses|windows?"
    r"|doors?|doorway|doorframe|carpenters?|joiner|timber\w*"
    r"|looms?|embroider\w*|canvas\w*|album|scrapbook|comics?|slides?|projector\w*|monitors?|phones?|tablet|laptop"
    r"|computer|photographers?|photographs|photos|photo ?booth|camera"
    r"|frame(?:r|rs|'s)|hangs?|hung|hanging|shelf|mantel\w*|nails?|hammers?|easel|prints?|printer|darkroom|develop\w*"
    r"|polaroid|storyboard|animator|film strip|rolls?|cartridge|reel"
    r"|filmstrip|billboard|jumbotron|screens?|tv|television|match|game|race|round|quarter|lap|half|countdown|whistle"
    r"|gun|tents?|barn"
    r"|trampoline|scaffold\w*|greenhouse|seedlings|pedals?|sash|magazine|newspaper|books?|pages?|locket"
    r"|scrolls?|parchment|painted|engraved|carved|tapestry|tapestries|mosaic|gold(?:en)? frame|quilt|puzzle|beds?"
    r"|bunk)\b"
)
# Games, crafts and animals that count frames of their own.
_COUNTS_ITS_OWN = re.compile(
    r"\b(?:bowl(?:ing|er|ers|s)|strikes?|spare|pins|snooker|billiards?|cue ball|bees?|beekeepers?|hives?|beehives?"
    r"|honey\w*|weld\w*|carpenters?|barn|optician\w*"
    r"|timber\w*|loom|distillery|distiller\w*|whiskey|whisky|moonshine|framers?|framing|picture frames?|galler(?:y"
    r"|ies)|museum|exhibition|photo albums?|scrapbook"
    r"|slide projector|comics?|storyboard|animator|puppet\w*)\b"
)
# … but a model's are given to it.
_PROVIDED = re.compile(r"\b(?:provided|uploaded|sampled|extracted|input)\b")
_SERIES = re.compile(
    rf"\b(?:sequence|series|set|succession|collection) of (?:{_COUNT}|still |consecutive |sequential |photographic "
    rf"|static |individual )*(?:images|pictures|photos|photographs|snapshots|screenshots)\b"
)
_ON_SHOW = re.compile(
    r"\b(?:walls?|gallery|museum|exhibit\w*|hangs?|hung|hanging|screens?|monitors?|billboard|projector|projected"
    r"|scrolls?|parchment|painted|carved|engraved|printed|tapestry|mosaic|phones?|tablet|laptop|computer|tv"
    r"|television|album|book|magazine|slides?|jumbotron|takes|took|taking|snaps"
    r"|shoots|scrolls|flips|photographer|pinned|taped|shelf|table|desk|floor|fridge)\b"
)
# After these, the frame can be none of the scene, whatever else is in it.
_AS_A_PLACE = re.compile(
    rf"(?:in|by|from|until|between|within) (?:the |its |each )?(?:very )?{_ORDER}{_AND}* {_COUNT}(?:video |key "
    rf"|still )?(?:frames?|images?|stills?)"
)
_BY_THEN = re.compile(rf"\b(?:by|until) (?:the |its )?(?:very )?{_ORDER} {_COUNT}(?:frames?|images?|stills?)\b")
_PLAYS = re.compile(r"\b(?:bowl\w*|snooker|billiards?|pins|cue)\b")
_GOES_ON = re.compile(
    r"\s*(?:,|(?:he|she|it|they|an?|the|two|his|her|its|their|another|only|both|all|nobody|someone"
    r"|every\w*|is|are|was|were|with|where|when|nothing|there|we|you|one|three|four)\b|shows?\b|depicts?\b|finds?\b"
    r"|captures?\b|features?\b|reveals?\b|has\b|have\b|sees?\b|presents?\b"
    r"|catch(?:es)?\b|\(|:|[.!?]|$)"
)
_OF_A_THING = re.compile(
    r"(?:frames?|images?|stills?|pictures?|photos?|photographs?|screenshots?|snapshots?) (?:of (?:the|a|an|her|his"
    r"|its|their) (?:door|window|bike|bicycle|bed|hive|greenhouse|tent|house|barn|game|match|roll|album"
    r"|strip|book|comic|page|wall|picture|painting|row|gallery|series|set|exhibition)|on (?:the|a|her|his)|hangs?"
    r"|hung|is (?:hung|welded|fixed|nailed|being)|from (?:the|a|her|his)|in (?:the|a|her|his) (?:album|gallery|row"
    r"|book|exhibition|hall|frame))"
)
_HANDLED = re.compile(
    r"\b(?:lifts?|lifting|pulls?|pulling|slides?|sliding|hangs?|hanging|welds?|welding|paints?|painting|hammers?"
    r"|carries|carrying|straightens|dusts|wipes|nails|holds?|holding|bowls|fits|glues|assembles|screws|turns"
    r"|pins?|tapes?|sticks?|draws?|drawing|sketches|scrolls|swipes|develops|selects|opens|removes|mounts|sands"
    r"|polishes|raises|inspects|photographs|takes|snaps|prints) (?:up |out |over |to |past |through )?(?:the |a |her "
    r"|his |an )?$"
)

_CLOCK = re.compile(
    r"\b(?:clocks?|watch|wristwatch|timers?|stopwatch|scoreboards?|score\w*|countdown|counts?|counter|overlay|cctv"
    r"|time ?stamps?|display\w*|dashboard|alarm|digital|led|reads?|reading|departure|departures|arrival"
    r"|board|train|bus|flight|gate|schedule|timetable|progress bar|player|caption|subtitle|recording|hud|corner"
    r"|jumbotron|ratio|aspect|verse|psalm|genesis|odds"
    r"|a\.m|p\.m|am|pm|o'clock|noon|morning|evening|midnight|night|afternoon|dawn|dusk|sundial|microwave|oven|meter"
    r"|parking|screens?|phone)\b"
    r"|uhr|anzeige|stoppuhr|horloge|pendule|chronom|tableau d|reloj|marcador|cron[oó]metro|orologio"
    r"|tabellone|relógio|placar"
    r"|часы|часах|табло|таймер|секундомер|счёт|счет|钟|表|指向|显示|比分|记分|计时|時計|スコア|タイマー|時刻|시계"
    r"|점수|스코어|klok|scorebord"
)
# With no hour or minute before it, and at the beginning, it is no time of day: only these still count so.
_COUNTS_SECONDS = re.compile(
    r"\b(?:clocks?|timers?|stopwatch|scoreboards?|score|countdown|counts|counter|overlay|cctv|display|digital"
    r"|microwave|oven|reads|recording|progress|player)\b"
    r"|uhr|horloge|chronom|reloj|cron[oó]metro|marcador|orologio|relógio|табло|таймер|секундомер|钟|比分|计时"
    r"|タイマー|時計|시계"
)
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
_SPAN = rf"{_TIME}(?: ?(?:-|–|—|to|~|until|→) ?{_TIME})?"
_SECONDS = (
    r"\d+(?:\.\d+)? ?(?:s|sec|secs|seconds?)(?: ?(?:-|–|—|to) ?\d+(?:\.\d+)? ?(?:s|sec|secs|seconds?))?"
    r"|\d+(?:\.\d+)? ?(?:-|–|—|to) ?\d+(?:\.\d+)? ?(?:s|sec|secs|seconds)"
)
_BRACKETED = re.compile(
    rf"[(\[<（【]\s*(?:at |from |around |time(?:stamp)?:? ?|t ?= ?|~)?(?:{_SPAN}|{_SECONDS}"
    rf"|第?\d+(?:\.\d+)?秒(?:[-–~至到]\d+(?:\.\d+)?秒)?)\s*[)\]>）】]\s?(?:[-–—:] )?"
)
_AT_TIME = re.compile(
    rf"\b(?:at|by|from|around|between|until|after|before|near|bei|à|um|ab|a|alle|às|в|на|от|с) (?:about |around "
    rf"|approximately |los |las |le )?{_SPAN}(?: (?:and|und|et|y|e|и|bis|à|a) {_TIME})?"
    rf"|(?:^|(?<=[.!?。；;\n])\s*|(?<=\n))(?:time(?:stamp)?:? )?{_SPAN}(?: ?[-–—:|]|,)? "
    r"|\bat t ?= ?\d+(?:\.\d+)? ?s?\b|\b(?:at|by|around|until|from|after) (?:around |about |roughly "
    r"|approximately )?\d+(?:\.\d+)? ?s(?:ecs?)?\b(?! (?:kite))"
    rf"|(?:在|于)?(?:第)?{_TIME}(?:时|处|秒|左右|，)|{_TIME}(?:の時点|頃|ごろ|에서|에|쯤|부터)"
)
_FROM_ZERO = re.compile(r"\b0{1,2}:\d\d")
_SECOND_LABEL = re.compile(
    r"(?:^|(?<=[.!?;\n] )|(?<=\n))(?:\d+(?:\.\d+)?(?:-|–| to )?\d*(?:\.\d+)?) ?(?:s|sec"
    r"|seconds)(?: ?[:–—]| - )"
)

_SECOND = frozenset({"second"})
_ENGLISH = listed(
    """
    frame frames image images still stills picture pictures photo photos photograph photographs screenshot screenshots
    snapshot snapshots keyframe keyframes frame-by-frame second seconds sec secs timestamp
    """
)
# Words that no English text has: images and photos are spoken of elsewhere, too.
_ABROAD = listed("der das und des les une el los las una del il di della um uma dos een het")
_CUES = _ENGLISH - _SECOND | listed(
    """
    bild bilder bildern bildes
    einzelbild einzelbilder einzelbildern standbild standbilder standbildern foto fotos aufnahmen bildsequenz
    bilderfolge bildfolge bildserie bildreihe sekunde sekunden l'image d'images trame trames photogramme
    photogrammes cliché clichés seconde secondes fotograma fotogramas cuadro cuadros imagen imágenes segundo
    segundos fotogramma fotogrammi scatto immagine immagini l'immagine nell'immagine nell'ultima l'ultima quadro
    quadros imagem imagens кадр кадра кадре кадры кадров кадрах кадром изображении изображение изображения
    изображениях картинке картинка картинки снимке снимок снимки снимках фото секунде секунды beeld beelden
    afbeelding afbeeldingen beeldje
    """
)
_CUE = re.compile(
    rf"frame|image|stills?\b|pictures|{_ORDER} picture\b"
    rf"|picture \d|photo|screenshot"
    rf"|snapshot|secs?\b|second|timestamp|bild|foto|aufnahmen|sekunde"
    r"|trame|cliché"
    r"|cuadro"
    r"|imagen|imágen|segundo|immagin|scatto|ultima|quadro|imagem|кадр|изображени|картин|сним|фото|секунд|beeld"
)
# What else is said with words that clean captions hold too, for more to be worth looking for: "the last still".
_ORDERED = re.compile(
    rf"\b(?:{_ORDER}|this|each) (?:still|picture)\b|\b(?:still|picture) (?:\d|images|frames"
    rf"|pictures)"
)
_SHARPER = {
    "still": _ORDERED,
    "picture": _ORDERED,
    "frame": re.compile(r"(?<!the )frame|frame(?![,.;]| (?:as|and|from|while|with|at|on|to|until|of)\b)"),
    "seconds": re.compile(
        r"(?:first|last|final|opening|initial|closing) (?:\S+ |couple of )?seconds|\bat \S+ ?seconds"
        r"|seconds? (?:mark|point|timestamp|in\b|into\b|\d)"
    ),
}
_AROUND = 60  # characters before and after such a word, in which whatever it is part of stands
_DIGIT = re.compile(r"\d(?::\d\d| ?s(?:ecs?|econds?)?\b|秒|\.\d)")
_DIGIT_OF_SECOND = re.compile(r"second \d|second[- ]mark|-second|seconds \d|\d second|at second")
_IN_SECONDS = re.compile(r"sekund|секунд|\d")
_CERTAINLY = re.compile(_CERTAIN)
_PROBABLY = re.compile(_LIKELY, re.MULTILINE)


class FrameTalk(Check):
    """ "In the first frame", "Image 2", "these stills", "at 0:03": talk of what the model was given."""

    name: ClassVar[str] = "frame_talk"
    help: ClassVar[str] = 'it speaks of the pictures that the model was given: "the last frame", "(0:03)"'

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        told = text.told
        seen: list[tuple[int, int]] = []
        for start, end, cut in self._places(text, told):
            if not any(start < other and begun < end for begun, other in seen):
                seen.append((start, end))
                said = text.raw[start:end].strip()
                yield Finding(
                    check=self.name, start=start, end=end, what=f"it speaks of frames: {said[:60]!r}", cut=cut
                )

    def _places(self, text: Text, told: str) -> Iterator[tuple[int, int, tuple[tuple[int, int, str], ...] | None]]:
        if text.digits and _DIGIT.search(told):
            yield from self._times(text, told)
        cues = _CUES & text.vocabulary
        if "-second" in told or ("second " in told and _DIGIT_OF_SECOND.search(told)):
            cues |= _SECOND
        if cues:
            english = cues <= _ENGLISH and "the" in text.vocabulary and text.vocabulary.isdisjoint(_ABROAD)
            places = _places_of(cues, told) if english else (found.span() for found in _CUE.finditer(told))
            for start, end in _near(told, places):
                yield from self._named(told, start, end, english)
        if not told.isascii():
            for found in wide(text):
                yield *found.span(), None

    def _named(self, told: str, start: int, end: int, english: bool) -> Iterator[tuple[int, int, None]]:
        for found in _CERTAINLY.finditer(told, start, end):
            counted = found[0].endswith(("frame", "frames", "stills")) and not _PROVIDED.search(found[0])
            if counted and _COUNTS_ITS_OWN.search(told):
                continue
            if not _HANDLED.search(told, 0, found.start()) and not _OF_A_THING.search(
                told, found.start(), found.end() + 20
            ):
                yield *found.span(), None
        for found in _SERIES.finditer(told, start, end):
            if not _ON_SHOW.search(_sentence(told, found)):
                yield *found.span(), None
        for found in _PROBABLY.finditer(told, start, end):
            if _is_of_the_video(told, found):
                yield *found.span(), None
        for found in () if english else ABROAD.finditer(told, start, end):
            things = HAS_FRAMES if IN_TIME.search(told, 0, found.end()) else THINGS
            if _IN_SECONDS.search(found[0]) or not things.search(told):
                yield *found.span(), None

    def _times(self, text: Text, told: str) -> Iterator[tuple[int, int, tuple[tuple[int, int, str], ...] | None]]:
        for found in _BRACKETED.finditer(told):
            if _begins_sentence(told, found.start()) or not _CLOCK.search(_clause_before(told, found.start())):
                yield *found.span(), _stripped(text, *found.span())
        for pattern in (_AT_TIME, _SECOND_LABEL):
            for found in pattern.finditer(told):
                sure = _FROM_ZERO.search(found[0]) and _begins_sentence(told, found.start())
                if found[0].strip() and not (_COUNTS_SECONDS if sure else _CLOCK).search(_sentence(told, found)):
                    yield *found.span(), None


def _places_of(words: Iterable[str], told: str) -> list[tuple[int, int]]:
    """Where these words stand, in order."""
    places = list[tuple[int, int]]()
    for word in words:
        at = told.find(word)
        while at >= 0:
            places.append((at, at + len(word)))
            at = told.find(word, at + 1)
    return sorted(places)


def _near(told: str, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of a text around the words for what the model was given, in order."""
    parts = list[tuple[int, int]]()
    for begin, stop in places:
        sharper = _SHARPER.get(told[begin:stop])
        if sharper is not None and not sharper.search(told, max(0, begin - 30), stop + 15):
            continue
        start, end = max(0, begin - _AROUND), min(len(told), stop + _AROUND)
        if parts and start <= parts[-1][1]:
            parts[-1] = (parts[-1][0], end)
        else:
            parts.append((start, end))
    return parts


def _is_of_the_video(told: str, found: re.Match[str]) -> bool:
    """Whether this frame or image is one that the model was given, and none in the scene."""
    if _OF_A_THING.search(told, found.start(), found.end() + 30) or _HANDLED.search(told, 0, found.start()):
        return False
    if _COUNTS_ITS_OWN.search(told):
        return _BY_THEN.search(told, max(0, found.start() - 8), found.end()) is not None and not _PLAYS.search(told)
    if not _THINGS.search(_sentence(told, found)):
        return True
    begins = _begins_sentence(told, found.start()) or told[: found.start()].endswith(", ")
    placed = _AS_A_PLACE.search(told, max(0, found.start() - 12), found.end())
    return bool((begins or placed) and _GOES_ON.match(told, found.end()))


def _sentence(told: str, found: re.Match[str]) -> str:
    """About the sentence around it."""
    start = max(told.rfind(mark, 0, found.start()) for mark in (". ", "! ", "? ", "\n", "。")) + 1
    ends = [end for mark in (". ", "! ", "? ", "\n", "。") if (end := told.find(mark, found.end())) >= 0]
    return told[start : min(ends, default=len(told))]


def _clause_before(told: str, start: int) -> str:
    begin = max(told.rfind(mark, 0, start) for mark in (". ", "! ", "? ", "\n", "。", "; ")) + 1
    return told[begin:start]


def _begins_sentence(told: str, start: int) -> bool:
    before = told[:start].rstrip(" -*•")
    return not before or before[-1] in ".!?\n。！？:;"


def _stripped(text: Text, start: int, end: int) -> tuple[tuple[int, int, str], ...]:
    """The cut that leaves a space where words would run together, and a capital where a sentence begins."""
    raw = text.raw
    while end < len(raw) and raw[end] == " ":
        end += 1
    if _begins_sentence(raw, start) and end < len(raw):
        return ((start, end + 1, raw[end].upper()),)
    while start > 0 and raw[start - 1] == " ":
        start -= 1
    joins = end < len(raw) and start > 0 and raw[end] not in ".,;:!?。，！？)" and raw[start - 1].isascii()
    return ((start, end, " " if joins else ""),)
