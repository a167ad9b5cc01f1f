"""Knows how many rows of a result are flagged or failed, and for what; judges no text itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from framescribe.scoring.base import Candidate, Chart, Metric, Tally, share

MOST = 12  # flags with a bar each


class Flags(Metric):
    name = "flags"
    help = "how many clips have no caption, and how many captions are flagged"
    formulas = {  # noqa: RUF012
        "without a caption": share("missing", "clips", "the share of clips that have none"),
        "flagged": share("flagged", "rows", "the share of clips with a flag (docs/checks.md)"),
    }

    def tally(self, one: Candidate) -> Tally | None:
        flags = {"rows": 1, "flagged": float(one.row.status == "flagged")} if one.row is not None else {}
        return {"clips": 1, "missing": float(not one.text), **flags}

    def charts(self, ones: Sequence[Candidate]) -> list[Chart]:
        count = Counter(flag for one in ones if one.row is not None for flag in one.row.flags)
        return [Chart(title="Flags", bars=tuple(sorted(count.items(), key=lambda bar: (-bar[1], bar[0]))[:MOST]))]
