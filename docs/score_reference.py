"""Writes the tables of docs/score.md from the metrics; a test compares the two. Run: python docs/score_reference.py"""

from __future__ import annotations

from pathlib import Path

from framescribe.scoring.base import Judged
from framescribe.scoring.scores import metrics

PAGE = Path(__file__).parent / "score.md"
BEGIN, END = "<!-- metrics: begin, written by docs/score_reference.py -->\n", "<!-- metrics: end -->\n"


def table() -> str:
    """A row for each metric, in the order of the registry, and one for each of its figures of clips."""
    lines = ["| metric | says | asks a model | from |", "|---|---|---|---|"]
    every = metrics()
    for metric in every:
        asks = "yes" if isinstance(metric, Judged) else "no"
        lines.append(f"| {metric.name} | {metric.help} | {asks} | {metric.source} |")
    lines += ["", "| figure | is | counted over |", "|---|---|---|"]
    for metric in every:
        for name, one in metric.formulas.items():
            lines.append(f"| {metric.name}: {name} | {one.help} | {one.unit} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.split(BEGIN)[0], page.split(END)[1]
    PAGE.write_text(before + BEGIN + table() + END + after, encoding="utf-8")
