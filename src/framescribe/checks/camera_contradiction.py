"""Knows when a text says of one shot that the camera stands still and that it moves; measures no pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.camera_words import ENGLISH, OTHERS, SPACELESS, SPACELESS_CAMERA, Words
from framescribe.checks.clauses import sentence_at, sentences_with
from framescribe.checks.scripts import beyond_latin
from framescribe.checks.text import Span, Text

# One thing after another: in the sentences of the two claims, near them.
_THEN = re.compile(
    r"\b(?:then|until|till|before|after(?!noon)|afterwards?|at first|initially|later|finally|eventually|suddenly|"
    r"briefly|next(?! to\b)|"
    r"first|ends? with|ending|begins?|beginning(?! to end)|starts?|starting|followed by|transitions?|switch(?:es)?|"
    r"once (?:the|an?|he|she|it|they)|when|"
    r"no longer|moments?|alternat\w+|at the end|midway|halfway|resumes?|settles?|comes to|stops?|pauses?|holds? again|"
    r"becomes|"
    r"turns into|dann|bis|bevor|danach|anschließend|zunächst|anfangs|später|schließlich|plötzlich|nachdem|erst|puis|"
    r"ensuite|"
    r"jusqu\w*|avant de|après|d'abord|enfin|finalement|soudain|au début|luego|después|hasta que|antes|entonces|"
    r"primero|"
    r"finalmente|al principio|de repente|poi|dopo|finché|prima|depois|até que|então|daarna|totdat|vervolgens|eerst|"
    r"sedan|tills|"
    r"затем|потом|пока|сначала|potem|następnie|aż|sonra)\b"
    "|然后|然後|随后|隨後|接着|接著|之后|之後|直到|后来|後來|最后|最後|起初|开始时|一开始|转为|轉為|再|突然|才|先"
    "|その後|それから|やがて|続いて|まで|後に|次に|最後|最初|突然|그 후|이어서|까지|다음|처음"
)
# Another shot: anywhere between them.
_CUT = re.compile(
    r"\b(?:cuts?(?: back)? to|(?:next|second|another|other|new|last|first|third|final) (?:shot|view|angle|camera|"
    r"scene|clip)|split[- ]screen|"
    r"intercut\w*|scene changes|shot (?:two|2|b)|schnitt auf|zweite\w* einstellung|nächste\w* einstellung|(?:deuxième|"
    r"second|autre) plan|"
    r"(?:segundo|otro|siguiente) plano|corte a|seconda inquadratura|segundo plano|in the second)\b"
    "|切换|切換|第二个镜头|下一个镜头|另一个镜头|切り替|次のショット"
)
# A camera that is filmed itself.
_FILMED = re.compile(
    r"\b(?:(?:his|her|their) (?:\w+ )?camera|(?:another|old|toy|security|phone|film|video|tv|television|web|"
    r"surveillance|vintage|red|black|"
    r"instant|polaroid|film|cctv|dash|trail|speed) camera(?!'s| (?:movement|motion|move|pan|tilt|shake))|cameras|"
    r"cameraman|camerawoman|"
    r"camera (?:operator|crew|man|lens cap|bag|strap)|photographers?|film crew|filmmaker|(?:sets?|puts?|mounts?|"
    r"places?|holds?|lifts?|raises?|points?|aims?|"
    r"adjusts?) (?:the|up the|an?) (?:\w+ )?camera)\b|\ban? (?!(?:\w+ )?(?:static|fixed|stationary|still|locked|"
    r"motionless|unmoving|immobile|unmoved|rooted|shaky|swaying|gliding|handheld|hand-held|moving|steady|"
    r"tracking|panning|tripod|drone|roving|swooping)[\w-]* )(?:(?!camera)\w+ )?camera\b(?! (?:movement|motion|move|"
    r"pan|tilt|shake|that|which|angle|position|placed))"
    r"|摄影师|攝影師|一台相机|一台摄像机|拿着相机|監視カメラ|カメラマン|photographe|fotógraf|fotograf"
)
_DENIED = re.compile(
    r"(?:\b(?:no|not|never|without|nor|neither|instead of|rather than|kein\w*|nicht|ohne|sans|ne|sin|senza|sem|не|"
    r"barely|"
    r"hardly|as if|as though)\b|n't\b|没有|沒有|不(?![断停住])|无|無|未)"
    r"(?:(?!\b(?:while|as|but|yet|and yet|although|während|aber|tandis|mais|mientras|pero)\b)[^.,;。，；]){0,24}$"
)
_DENIES = re.compile(r"\b(?:not|never|no|nor|without|nicht|ne|pas|niet|não|non|не)\b|n't\b|没有|不(?![断停住])")
_NEARLY = re.compile(
    r"\b(?:mostly|nearly|almost|relatively|primarily|fairly|otherwise|largely|mainly|generally|essentially|fast|"
    r"presque|casi|quasi|"
    r"meist|weitgehend|nahezu|quase|bijna|почти)\s*$|(?:几乎|基本|大致|大体|ほぼ|ほとんど)$"
)
_HALF = re.compile(r"\b(?:mostly|nearly|almost|relatively|largely|fast|presque|casi|quasi|quase|bijna|почти) ")
_THROUGHOUT = re.compile(r"from (?:start|beginning) to (?:finish|end)")
_LINKS = re.compile(r"[,;，；.]|\s*(?:while|as|yet|but|and|während|obwohl)\b")
_JUST_BEFORE = 20  # characters in which an adverb of the claim stands
_BEFORE, _AFTER = 60, 40  # characters in which a "then" belongs to a claim


class CameraContradiction(Check):
    name = "camera_contradiction"
    help = "says of the same shot that the camera is static and that it moves"

    def measure(self, text: Text, of: Circumstances) -> Iterator[Finding]:
        said = text.vocabulary
        spoken = [
            words
            for words in (ENGLISH, *OTHERS)
            if not said.isdisjoint(words.camera) and not said.isdisjoint(words.cues)
        ]
        if beyond_latin(text) and SPACELESS_CAMERA.search(text.told):
            spoken.append(SPACELESS)
        found = next((both for words in spoken if (both := _both(text, words)) is not None), None)
        if found is not None and not _FILMED.search(text.told):
            yield self._finding(text, *found)

    def _finding(self, text: Text, still: re.Match[str], move: re.Match[str]) -> Finding:
        said = [text.raw[each.start() : each.end()].strip(" ,;.，") for each in (still, move)]
        start, end = min(still.start(), move.start()), max(still.end(), move.end())
        return Finding(check=self.name, start=start, end=end, what=f"both static and moving: {said[0]}, {said[1]}")


def claims(text: Text) -> Iterator[re.Match[str]]:
    """Where a text says of the camera that filmed it that it stands still, or that it moves."""
    if _FILMED.search(text.told):
        return
    spoken = [words for words in (ENGLISH, *OTHERS) if not text.vocabulary.isdisjoint(words.camera)]
    if beyond_latin(text) and SPACELESS_CAMERA.search(text.told):
        spoken.append(SPACELESS)
    for words in spoken:
        yield from _all(words.still, text, words.cues)
        for found in _all(words.moves, text, words.motions):
            if not _DENIES.search(found[0]):
                yield found


def is_still(claim: re.Match[str]) -> bool:
    """Whether it is a claim that the camera stands still."""
    return any(claim.re is words.still for words in (ENGLISH, *OTHERS, SPACELESS))


def _both(text: Text, words: Words) -> tuple[re.Match[str], re.Match[str]] | None:
    """A claim that the camera stands still, and one that it moves, of the same shot."""
    told = text.told
    claims = [each for each in _all(words.still, text, words.cues) if not _nearly(told, each)]
    if not claims:
        return None
    moves = [each for each in _all(words.moves, text, words.motions) if not _DENIES.search(each[0])]
    for claim in claims:
        move = words.at_once.match(told, claim.end()) if words.at_once is not None else None
        if move is not None and not _DENIES.search(move[0]) and not _THEN.search(_THROUGHOUT.sub("", move[0])):
            return claim, move
        for each in moves:
            inside = claim.start() <= each.start() and each.end() <= claim.end()
            if not inside and not _after(text, claim, each):
                return claim, each
    return None


def _all(pattern: re.Pattern[str], text: Text, cues: frozenset[str]) -> Iterator[re.Match[str]]:
    """What it finds and nothing denies, in the sentences with one of its cues; in all of them if these are unknown."""
    for start, end in sentences_with(text, cues) if cues else (Span(0, len(text.told)),):
        for found in pattern.finditer(text.told, start, end):
            if not _denied(text.told, found):
                yield found


def _nearly(told: str, claim: re.Match[str]) -> bool:
    """Whether it is only nearly still."""
    return (
        _NEARLY.search(told, max(0, claim.start() - _JUST_BEFORE), claim.start()) is not None
        or _HALF.search(claim[0]) is not None
    )


def _denied(told: str, found: re.Match[str]) -> bool:
    """Whether a "not" or "without" is before it in its clause."""
    if _LINKS.match(found[0]):
        return False
    return _DENIED.search(told, max(0, found.start() - 40), found.start()) is not None


def _after(text: Text, one: re.Match[str], other: re.Match[str]) -> bool:
    """Whether the one holds before or after the other, or in another shot."""
    told = text.told
    first, second = sorted((one, other), key=lambda each: each.start())
    opening, closing = sentence_at(text, first.start()), sentence_at(text, second.start())
    soon = min(opening.end, first.end() + _AFTER, max(first.end(), second.start()))
    near = max(closing.start, second.start() - _BEFORE, first.start() if opening == closing else 0)
    return bool(
        _CUT.search(told, first.start(), second.end())
        or _THEN.search(told, max(opening.start, first.start() - 20), soon)
        or _THEN.search(told, near, second.end())
    )
