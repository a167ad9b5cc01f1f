"""Takes contradicted claims out of a caption, or has their sentences written anew; asks no model itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from framescribe.checks.clauses import without_clause
from framescribe.checks.text import Text
from framescribe.claims import Claim, split
from framescribe.claims.contrasts import with_article
from framescribe.language.cutting import sentence_ends
from framescribe.language.wholeness import broken
from framescribe.records import CONTRADICTED, SUPPORTED

CUT, REWRITTEN = "cut", "rewritten"
TRIES = 2  # times that a sentence is written anew
_ENDS = '.!?"”。！？」』।'  # of a sentence
_ARTICLES = ("a ", "an ", "A ", "An ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a claim; `frames`: the numbers, in the video, of those that decided it; `by`: "asked" or
    "measured"."""

    verdict: str
    by: str
    frames: tuple[int, ...] = ()


Judge = Callable[[Sequence[Claim]], Awaitable[Mapping[Claim, Verdict]]]
Writer = Callable[[str, Sequence[Claim]], Awaitable[str | None]]


async def mended(
    caption: str,
    claims: Sequence[Claim],
    verdicts: Mapping[Claim, Verdict],
    judge: Judge,
    writer: Writer,
    *,
    english: bool = True,
) -> tuple[str, dict[Claim, str | None]]:
    """The caption without its contradicted claims, and what was done about each: CUT, REWRITTEN, or None: it still
    stands. From the last sentence to the first, so that the places before stay what they are.

    A claim is cut if nothing that is supported goes with it; else its sentence is written anew, and stands if the
    frames contradict nothing in it. If that fails, too, it is cut if no more is lost than was wrong.
    """
    ways: dict[Claim, str | None] = {}
    text = caption
    for start, end in reversed(_sentences(caption)):
        own = [claim for claim in claims if start <= claim.start < end]
        wrong = [claim for claim in own if verdicts[claim].verdict == CONTRADICTED]
        if not wrong:
            continue
        good = [claim for claim in own if verdicts[claim].verdict == SUPPORTED]
        made = _without(text, wrong, good, most=0)
        way: str | None = CUT
        if made is None:
            sentence = text[start:end].strip()
            begin = text.index(sentence, start)
            new = await _anew(sentence, wrong, judge, writer, english=english)
            made, way = (text[:begin] + new + text[begin + len(sentence) :], REWRITTEN) if new else (None, None)
        if made is None:
            made = _without(text, wrong, good, most=len(wrong))
            way = CUT if made is not None else None
        text = text if made is None else made
        ways |= dict.fromkeys(wrong, way)
    return text, ways


async def _anew(sentence: str, wrong: Sequence[Claim], judge: Judge, writer: Writer, *, english: bool) -> str | None:
    """The sentence as it is written anew, if the frames contradict nothing in it."""
    blamed = list(wrong)
    for _ in range(TRIES):
        new = await writer(sentence, blamed)
        if not new or new == sentence or new[-1] not in _ENDS:
            return None
        claims = split(new, english=english)
        verdicts = await judge(claims)
        again = [claim for claim in claims if verdicts[claim].verdict == CONTRADICTED]
        if claims and not again:
            return new
        blamed = list({claim.statement: claim for claim in (*blamed, *again)}.values())
    return None


def _without(text: str, wrong: Sequence[Claim], good: Sequence[Claim], most: int) -> str | None:
    """The text without these claims, if whole sentences remain and at most so many good claims go with them."""
    made, cut = text, list[tuple[int, int]]()
    # What is within another one goes with it.
    outer = [one for one in wrong if not any(_holds(other, one) for other in wrong)]
    for claim in sorted(outer, key=lambda claim: claim.start, reverse=True):
        if any(start <= claim.start and claim.end <= end for start, end in cut):
            continue
        edits = _adjective(made, claim) or without_clause(Text(made), claim.start, claim.end)
        if not edits:
            return None
        for start, end, new in sorted(edits, reverse=True):
            cut.append((start, end))
            made = made[:start] + new + made[end:]
    lost = [claim for claim in good if any(start < claim.end and claim.start < end for start, end in cut)]
    made = made.strip()
    return None if len(lost) > most or not made or broken(text, made) else made


def _holds(one: Claim, other: Claim) -> bool:
    """Whether another claim's words are some of this one's."""
    return one.start <= other.start and other.end <= one.end and other.end - other.start < one.end - one.start


def _adjective(text: str, claim: Claim) -> tuple[tuple[int, int, str], ...]:
    """Takes out an adjective before its noun, with "a" and "an" as the next word wants them; nothing: it is none."""
    after = text[claim.end : claim.end + 1]
    following = text[claim.end :].lstrip()[:1]
    if claim.kind != "attribute" or after != " " or not claim.statement.startswith("There "):
        return ()
    if not following.isalpha():
        return ()
    begin = text.rfind(" ", 0, max(claim.start - 1, 0)) + 1
    article = text[begin : claim.start]
    rest = text[claim.end :].lstrip()
    if article in _ARTICLES:
        right = with_article(f"{article}{rest}")[: len(article) + 1].split(" ")[0]
        return ((begin, claim.end, right),)
    if claim.start == 0 or text[: claim.start].rstrip()[-1:] in ".!?":
        return ((claim.start, claim.end + 1 + (len(text[claim.end + 1 :]) - len(rest)) + 1, rest[0].upper()),)
    return ((claim.start, claim.end + 1, ""),)


def _sentences(caption: str) -> list[tuple[int, int]]:
    ends = [0, *sentence_ends(caption), len(caption)]
    return [(start, end) for start, end in pairwise(ends) if caption[start:end].strip()]
