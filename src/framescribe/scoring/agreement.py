"""Knows how far captions agree with what was measured in the pixels (`--measure`); by the rules of `claims.measured`
and of the check `measured_contradiction`."""

from __future__ import annotations

from framescribe.checks.base import Circumstances
from framescribe.checks.measured_contradiction import MeasuredContradiction
from framescribe.checks.text import Text
from framescribe.claims import split
from framescribe.claims.measured import decide
from framescribe.records import CONTRADICTED, SUPPORTED
from framescribe.scoring.base import Candidate, Metric, Tally, mean, share
from framescribe.strategies.verify import english


class Agreement(Metric):
    name = "measured"
    help = "whether captions agree with what was measured: camera, cuts, brightness; of rows in which it was"
    formulas = {  # noqa: RUF012
        "contradicting": share("contradicting", "clips", "the share of captions with a fault measured_contradiction"),
        "right": mean(
            "right", "claims", "of the claims that a measurement decides (camera, shots, light), the share it supports",
            "claims",
        ),
    }  # fmt: skip

    def __init__(self) -> None:
        self._check = MeasuredContradiction()

    def tally(self, one: Candidate) -> Tally | None:
        if one.row is None or not one.row.facts or not one.text:
            return None
        facts = one.row.facts
        found = any(True for _ in self._check.measure(Text(one.text), Circumstances(facts=facts)))
        decided = [decide(claim, facts) for claim in split(one.text, english=english(one.text))]
        right, wrong = decided.count(SUPPORTED), decided.count(CONTRADICTED)
        return {"clips": 1, "contradicting": float(found), "claims": right + wrong, "right": right}
