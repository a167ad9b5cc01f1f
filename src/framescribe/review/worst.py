"""Knows what makes a caption suspicious as far as words and numbers show it, how much, and how to say so; asks no
model and reads nothing.

What one caption's own words show is found when its row is taken in (`marks_of`). What only the others show (that it is
far shorter than they are, or that they say the same) is found over all rows in SQLite.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from framescribe.checks.refusal import refuses

EMPTY, REFUSAL, REPEATS, FRAMES, UNENDED, GARBLED, SHORT, LONG, SAME = (1 << bit for bit in range(9))
WEIGHTS = {  # in points; a failed row has 1000, a flagged one 500 and 10 more for each flag
    EMPTY: 120,
    REFUSAL: 100,
    GARBLED: 60,
    REPEATS: 60,
    SHORT: 50,
    SAME: 40,
    LONG: 30,
    FRAMES: 25,
    UNENDED: 20,
}
FAILED, FLAGGED, FLAG = 1000, 500, 10
ENOUGH = 30  # captions, before any is compared with the others
FAR = 3.5  # robust standard deviations, of the logarithm of the number of words

PHRASE, TIMES = 5, 3  # so many words in a row, so many times
_MODEL_SPEAKS = re.compile(
    r"\b(i (cannot|can't|can not|am unable|'m unable|apologi[sz]e)|i('m| am) (so |very )?sorry|as an ai\b|unable to "
    r"(describe|see|view|determine|provide|assist))",
    re.IGNORECASE,
)
_OF_FRAMES = re.compile(
    r"\b((the|this|these|those|each|every|all|first|second|third|next|last|final|previous|same|provided|given|single) "
    r"(video|clip|frame|image|picture|photo|photograph|screenshot|footage)s?|frames? #?\d+|(in|across) (the )?frames|"
    r"sequence of (images|frames|pictures))\b",
    re.IGNORECASE,
)
# One of these is in whatever the two find: to look for a text is far quicker.
_MODEL_SAYS = ("i can", "i am", "i'm", "i apolog", "as an ai", "unable to")
_FRAMES_SAID = ("frame", "video", "clip", "image", "picture", "photo", "screenshot", "footage")
_ENDS = re.compile(r"[.!?…。！？؟।\"”’')\]»」』]\s*\Z")


class Others(NamedTuple):
    """What is usual in a result: `median` words; a caption under `least` or over `most` words is far from it. `marks`:
    those that say something here; a habit that most captions share is not suspicious."""

    captions: int = 0
    median: float = 0.0
    least: float = 0.0
    most: float = 1e9
    marks: int = EMPTY | REFUSAL | REPEATS | GARBLED | SHORT | LONG | SAME


def marks_of(caption: str | None, status: str) -> int:
    """The marks that a caption's own words deserve; none for a row that failed without one."""
    text = (caption or "").strip()
    if not text:
        return EMPTY if status != "failed" else 0
    plain = text.replace("’", "'").lower()
    found = 0
    if refuses(text) or (any(said in plain for said in _MODEL_SAYS) and _MODEL_SPEAKS.search(plain)):
        found |= REFUSAL
    if any(said in plain for said in _FRAMES_SAID) and _OF_FRAMES.search(plain):
        found |= FRAMES
    if not _ENDS.search(text[-20:]):
        found |= UNENDED
    if "\ufffd" in text:
        found |= GARBLED
    if repeated(text):
        found |= REPEATS
    return found


def repeated(text: str) -> tuple[str, int] | None:
    """A phrase of `PHRASE` words that comes at least `TIMES` times, or a word that comes so often in a row, and how
    often; None if there is none."""
    words = text[:20_000].lower().split()
    if max(Counter(pairwise(words)).values(), default=0) < TIMES:  # quick, and true of nearly all
        return None
    phrases = Counter(zip(*(words[at:] for at in range(PHRASE)), strict=False))
    phrase, times = max(phrases.items(), key=lambda found: found[1], default=((), 0))
    if times >= TIMES and len(set(phrase)) > 1:
        return " ".join(phrase).strip(".,;:!?"), times
    run, longest, said = 1, 1, ""
    for one, other in pairwise(words):
        run = run + 1 if one == other else 1
        if run > longest:
            longest, said = run, one
    return (said.strip(".,;:!?"), longest) if longest > TIMES else None


def others(words: Sequence[int], unended: int, of_frames: int) -> Others:
    """What is usual where captions have so many `words`, sorted; so many of them do not end a sentence, and so many
    speak of frames."""
    count = len(words)
    if count < ENOUGH:
        return Others(captions=count)
    usual = Others().marks
    if unended < 0.2 * count:
        usual |= UNENDED
    if of_frames < 0.5 * count:
        usual |= FRAMES
    logarithms = [math.log(max(1, one)) for one in words]
    middle = logarithms[count // 2]
    away = sorted(abs(one - middle) for one in logarithms)[count // 2]
    factor = math.exp(max(FAR * 1.4826 * away, math.log(2)))
    median = math.exp(middle)
    return Others(count, round(median), median / factor, median * factor, usual)


def score(status: str, flags: int, marks: int) -> int:
    """How bad a row is, in points."""
    points = sum(weight for mark, weight in WEIGHTS.items() if marks & mark)
    return points + (FAILED if status == "failed" else FLAGGED if status == "flagged" else 0) + FLAG * flags


def score_sql() -> str:
    """`score` as an expression of SQLite over the columns status, flags and marks."""
    marks = " + ".join(f"((marks & {mark}) != 0) * {weight}" for mark, weight in WEIGHTS.items())
    return (
        f"(CASE status WHEN 'failed' THEN {FAILED} WHEN 'flagged' THEN {FLAGGED} ELSE 0 END) + {FLAG} * flags + {marks}"
    )


def reasons(marks: int, caption: str | None, words: int, usual: Others, twins: int) -> list[str]:
    """The marks in words that a person understands, the weightiest first; `twins` other clips have the same caption."""
    text = caption or ""
    said = []
    for mark in WEIGHTS:
        if marks & mark:
            said.append(_reason(mark, text, words, usual, twins))
    return said


def _reason(mark: int, text: str, words: int, usual: Others, twins: int) -> str:
    if mark == REPEATS:
        phrase, times = repeated(text) or ("a phrase", TIMES)
        return f"repeats “{phrase}” {times} times"
    if mark == FRAMES:
        found = _OF_FRAMES.search(text)
        return f"speaks of “{found[0]}” instead of what is in it" if found else "speaks of the frames"
    if mark in (SHORT, LONG):
        number = "no words" if not words else "1 word" if words == 1 else f"{words:,} words"
        return f"far {'shorter' if mark == SHORT else 'longer'} than most: {number}, usual are {usual.median:,.0f}"
    if mark == SAME:
        return (
            f"the same caption as {twins:,} other clip{'s' * (twins != 1)}" if twins else "the same as another clip's"
        )
    return {
        EMPTY: "has no caption",
        REFUSAL: "sounds like a refusal or an apology",
        GARBLED: "holds broken letters (\ufffd)",
        UNENDED: "does not end like a sentence",
    }[mark]
