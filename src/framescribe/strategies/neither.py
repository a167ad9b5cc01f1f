"""Knows by which further sentence a claim is decided if neither it nor its contrast is true; asks no model itself.

A blue circle that a caption calls red is not green either, so "red" is found wrong by what else is said of the circle:
"There is a red circle." is untrue, "There is a circle." is true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from framescribe.claims import Claim
from framescribe.claims.base import ATTRIBUTE, OBJECT
from framescribe.claims.contrasts import FALSE, bare, negated

_THERE = ("There is ", "There are ")


def further(claims: Sequence[Claim], said: Mapping[str, str]) -> dict[Claim, str]:
    """For each of these claims that is answered with "no" as its contrast is, a sentence that is true if the claim is
    wrong. `said`: the answers, by the sentence.

    An attribute: the same without it. Anything else: its plain negation; but nothing if the contrast is that already,
    nor for what a thing does, or where it is, if there is no such thing: that its name is wrong is another claim.
    """
    missing = [
        claim.statement.split(" ", 2)[2].rstrip(".").lower()
        for claim in claims
        if claim.statement.startswith(_THERE) and said.get(claim.statement) == "no"
    ]
    asked = dict[Claim, str]()
    for claim in claims:
        if said.get(claim.statement) != "no" or said.get(claim.contrast) != "no":
            continue
        sentence: str | None = None
        if claim.statement.startswith(_THERE):
            if claim.kind == ATTRIBUTE:
                sentence = bare(claim.statement, claim.contrast)
            sentence = sentence or negated(claim.statement)
        elif not any(claim.statement.lower().startswith(name) for name in missing):
            sentence = negated(claim.statement)
        if sentence is not None and sentence != claim.contrast and not claim.contrast.startswith(FALSE):
            asked[claim] = sentence
    return asked


def contradicted(asked: Mapping[Claim, str], said: Mapping[str, str]) -> set[Claim]:
    """Which of these claims are wrong, once their sentences are answered, too. That there is no such thing decides
    nothing if one of its attributes is wrong."""
    wrong = {claim for claim, sentence in asked.items() if said.get(sentence) == "yes"}
    misnamed = {claim.statement for claim in wrong if claim.kind == ATTRIBUTE}
    return {claim for claim in wrong if claim.kind != OBJECT or claim.statement not in misnamed}
