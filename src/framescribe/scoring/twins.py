"""Knows how many captions of a set say the same as another clip's, or nearly; compares no pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from framescribe.checks.duplicates import Duplicates
from framescribe.scoring.base import Candidate, Metric


class Twins(Metric):
    name = "duplicates"
    help = "how many captions say the same as another clip's, or nearly (the check `duplicate`)"

    def whole(self, ones: Sequence[Candidate]) -> Mapping[str, tuple[float | None, str]]:
        compared, texts = Duplicates[int](), [one.text for one in ones if one.text]
        for number, text in enumerate(texts):
            compared.add(number, text)
        found = len({twin.key for twin in compared.twins()}) if texts else 0
        return {"with a twin": (found / len(texts), "the share of captions")} if texts else {}
