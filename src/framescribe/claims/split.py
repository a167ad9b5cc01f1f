"""Splits a caption into its claims: sentence by sentence, and word by word where the caption is English."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from framescribe.claims import contrasts
from framescribe.claims.base import ACTION, Claim
from framescribe.claims.clause import Memory
from framescribe.claims.nouns import Words
from framescribe.claims.sentence import Walk
from framescribe.claims.tags import claims_of, tags
from framescribe.claims.tokens import tokens
from framescribe.language.cutting import sentence_ends

NOBODY = frozenset(("neither", "nobody", "none", "nothing"))  # whoever says one of these denies the whole sentence


def split(caption: str, *, english: bool = True) -> list[Claim]:
    """The claims of a caption, in its order; those within others come behind them. The same caption always gives the
    same claims. Of a caption in another language each sentence is one claim."""
    found, memory, begin = list[Claim](), Memory(), 0
    if english and (places := tags(caption)) is not None:
        return claims_of(caption, places)
    for end in (*sentence_ends(caption), len(caption)):
        if caption[begin:end].strip():
            found += _english(caption, begin, end, memory) if english else [_whole(caption, begin, end)]
        begin = end
    stated = {claim.statement for claim in found}
    return [_apart(claim, stated) if claim.contrast in stated else claim for claim in found]


def _apart(claim: Claim, stated: set[str]) -> Claim:
    """The claim with a contrast that the caption does not state of something else: there may be a red circle and a
    green one."""
    others = contrasts.others(claim.statement, claim.contrast)
    return replace(claim, contrast=next((other for other in others if other not in stated), claim.contrast))


def _english(caption: str, begin: int, end: int, memory: Memory) -> list[Claim]:
    words = Words(tokens(caption, begin, end))
    said = [words.low(at) for at in range(len(words))]
    if not NOBODY.isdisjoint(said) or ("no", "one") in pairwise(said):
        return [_whole(caption, begin, end)]
    return Walk(words, memory).claimed()


def _whole(caption: str, begin: int, end: int) -> Claim:
    said = caption[begin:end].strip()
    start = caption.index(said, begin)
    return Claim(kind=ACTION, start=start, end=start + len(said), statement=said, contrast=f"{contrasts.FALSE} {said}")
