"""Knows how evenly the measured camera movements of a set are spread (`--measure camera`); measures nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import log

from framescribe.measures.expression import values_of
from framescribe.scoring.base import Candidate, Chart, Metric

STATIC = "static"


class Camera(Metric):
    name = "camera"
    help = "how evenly camera movements are spread over the clips; of rows in which they were measured"
    source = "evenness: E. C. Pielou, The measurement of diversity in different types of biological collections (1966)"

    def whole(self, ones: Sequence[Candidate]) -> Mapping[str, tuple[float | None, str]]:
        measured = _labels(ones)
        if not measured:
            return {}
        count = Counter(label for labels in measured for label in labels if label != STATIC)
        return {
            "static": (sum(labels == [STATIC] for labels in measured) / len(measured), "the share of measured clips"),
            "evenness of movements": (
                _evenness(list(count.values())),
                "of those that occur: 1, if each does as often as the others; near 0, if nearly all are of one kind",
            ),
        }

    def charts(self, ones: Sequence[Candidate]) -> list[Chart]:
        count = Counter(label for labels in _labels(ones) for label in labels)
        bars = tuple((label.replace("_", " "), float(number)) for label, number in count.most_common())
        return [Chart(title="Camera, in clips", bars=bars)]


def _labels(ones: Sequence[Candidate]) -> list[list[str]]:
    """The movements in each clip of which they are known."""
    values = (values_of(one.row.facts, one.row.video).get("camera") for one in ones if one.row and one.row.facts)
    return [list(labels) for labels in values if labels]


def _evenness(counts: Sequence[int]) -> float | None:
    """Shannon's entropy as a share of what it can be at most; None for fewer than two kinds."""
    if len(counts) < 2:
        return None
    total = sum(counts)
    return -sum(count / total * log(count / total) for count in counts) / log(len(counts))
