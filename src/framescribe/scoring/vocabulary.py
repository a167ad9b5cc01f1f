"""Knows how varied the words of captions are; not whether they are true."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from framescribe.scoring.base import Candidate, Metric

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


class Vocabulary(Metric):
    name = "vocabulary"
    help = "how varied the words are; comparable only between captions of the same clips, and about as long"
    source = "distinct-2: J. Li et al., A Diversity-Promoting Objective Function (NAACL 2016)"

    def whole(self, ones: Sequence[Candidate]) -> Mapping[str, tuple[float | None, str]]:
        texts = [_WORD.findall(one.text.lower()) for one in ones]
        words = {word for text in texts for word in text}
        pairs = [pair for text in texts for pair in pairwise(text)]
        if not words:
            return {}
        return {
            "different words": (float(len(words)), "in all captions together"),
            "distinct-2": (
                len(set(pairs)) / len(pairs) if pairs else None,
                "different pairs of neighbouring words, as a share of all",
            ),
        }
