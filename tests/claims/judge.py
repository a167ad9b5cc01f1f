"""Compares a splitter's claims with those that a reader marked in a caption, by their words. Splits nothing itself.

Marks: `[o dog]` is an object; `a` an attribute, `n` a count, `p` a place, `x` an action, `d` a direction, `r` an order,
`c` the camera, `t` text, `s` a setting. Marks may hold others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

KINDS = {
    "o": "object", "a": "attribute", "n": "count", "p": "place", "x": "action", "d": "direction", "r": "order",
    "c": "camera", "t": "text", "s": "setting",
}  # fmt: skip
# Words that do not decide where a claim ends: "the" dog, sits "down", "is" red.
_SMALL = frozenset(
    """
    a an the this that these those its his her their another some is are was were be been being has have had and or
    but to of in on at by for from into onto with up down off out over under as it he she they them him while who
    which there also not along across through toward towards past away back around near behind beside above below
    inside outside next front against between among beneath upon about then before after now still just can seen
    each other
    """.split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


class Mark(NamedTuple):
    """What a reader marked: its kind, and its characters in the caption."""

    kind: str
    start: int
    end: int


def marked(line: str) -> tuple[str, list[Mark]]:
    """The caption in a line with marks, and the marks."""
    caption, marks, opened, at = "", list[Mark](), list[tuple[str, int]](), 0
    while at < len(line):
        if line[at] == "[" and line[at + 1 : at + 2] in KINDS and line[at + 2] == " ":
            opened.append((KINDS[line[at + 1]], len(caption)))
            at += 3
        elif line[at] == "]":
            kind, start = opened.pop()
            marks.append(Mark(kind, start, len(caption)))
            at += 1
        else:
            caption += line[at]
            at += 1
    return caption, sorted(marks, key=lambda mark: (mark.start, -mark.end))


class Compared(NamedTuple):
    """How many of the marks and of the claims have a partner of exactly the same words, and of how many the kind is the
    same; which have none; and which marks share no word with any claim, which claims none with any mark."""

    found: int
    marks: int
    right: int
    claims: int
    kinds: int
    missed: list[str]
    extra: list[str]
    lost: list[str]
    made_up: list[str]


def compared(caption: str, marks: Iterable[Mark], claims: Iterable[Mark]) -> Compared:
    """The claims against the marks. Words of a mark that is within another belong to the inner one alone."""
    marks, claims = list(marks), list(claims)
    inner = {
        (one.start, one.end)
        for one in marks
        if any(other != one and other.start <= one.start and one.end <= other.end for other in marks)
    }

    def words(one: Mark) -> frozenset[int]:
        nested = {span for span in inner if one.start <= span[0] and span[1] <= one.end and span != one[1:]}
        all_words = [
            (found.start(), found[0].lower())
            for found in _WORD.finditer(caption, one.start, one.end)
            if not any(start <= found.start() < end for start, end in nested)
        ]
        large = frozenset(at for at, word in all_words if word not in _SMALL)
        return large or frozenset(at for at, _ in all_words)

    said = {mark: words(mark) for mark in marks}
    made = {claim: words(claim) for claim in claims}
    free, pairs = list(claims), list[tuple[Mark, Mark]]()
    for mark in marks:
        same = [claim for claim in free if made[claim] == said[mark]]
        if same:
            best = min(same, key=lambda claim: claim.kind != mark.kind)
            free.remove(best)
            pairs.append((mark, best))
    paired = {mark for mark, _ in pairs}
    text = lambda one: f"{one.kind}: {caption[one.start : one.end]}"  # noqa: E731
    return Compared(
        found=len(pairs),
        marks=len(marks),
        right=len(pairs),
        claims=len(claims),
        kinds=sum(mark.kind == claim.kind for mark, claim in pairs),
        missed=[text(mark) for mark in marks if mark not in paired],
        extra=[text(claim) for claim in free],
        lost=[text(mark) for mark in marks if not any(said[mark] & one for one in made.values())],
        made_up=[text(claim) for claim in claims if not any(made[claim] & one for one in said.values())],
    )
