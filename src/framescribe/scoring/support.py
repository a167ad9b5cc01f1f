"""Knows what verification says of captions (`--verify`): how much of what they claim the frames support."""

from __future__ import annotations

from framescribe.records import CONTRADICTED, UNDECIDED
from framescribe.scoring.base import Candidate, Metric, Tally, mean


class Support(Metric):
    name = "support"
    help = "how much of what captions claim the frames support; of rows that were verified"
    formulas = {  # noqa: RUF012
        "supported": mean("supported", "clips", "the share of a caption's claims that the frames support, on average"),
        "contradicted": mean("contradicted", "claims", "the share of claims that they contradict", "claims"),
        "undecided": mean("undecided", "claims", "the share of claims that they do not decide", "claims"),
    }

    def tally(self, one: Candidate) -> Tally | None:
        if one.row is None or one.row.support is None:
            return None
        verdicts = [claim["verdict"] for claim in one.row.claims]
        return {
            "clips": 1,
            "supported": one.row.support,
            "claims": len(verdicts),
            "contradicted": verdicts.count(CONTRADICTED),
            "undecided": verdicts.count(UNDECIDED),
        }
