"""Knows how well the checks judge captions that people have labelled; judges none itself.

    python benchmarks/quality.py [--wrong] [--labelled FILE…]

Default: the captions that the tests use. A line of a file: "text", "flags" (the checks that should find a fault), "may"
(those about which people can differ: they count neither way), and what else is known of it (`Circumstances`); captions
of the same "set" are compared for duplicates. All checks are on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from framescribe.checks.base import Circumstances
from framescribe.checks.duplicates import Duplicates
from framescribe.checks.judge import ALL, Checks

LABELLED = Path(__file__).parent.parent / "tests" / "checks" / "labelled.jsonl"
KNOWN = [field.name for field in fields(Circumstances)]
WIDTH = 100  # characters of a text that --wrong shows


@dataclass(frozen=True, slots=True)
class Labelled:
    """A caption and the checks that should find a fault in it, and those that `may`. `at`: the file and line; `set`: ""
    outside of any."""

    at: str
    text: str
    flags: frozenset[str]
    of: Circumstances
    set: str
    why: str
    may: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Score:
    """How many captions have the fault, in how many of those it was found, and in how many others."""

    bad: int
    found: int
    false: int

    @property
    def precision(self) -> float:
        """1.0 where nothing was found."""
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        """1.0 where there was nothing to find."""
        return self.found / self.bad if self.bad else 1.0


def read(path: Path) -> list[Labelled]:
    rows = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line:
            row = json.loads(line)
            rows.append(
                Labelled(
                    at=f"{path.name}:{number}",
                    text=row["text"],
                    flags=frozenset(row["flags"]),
                    of=Circumstances(**{name: _known(row[name]) for name in KNOWN if name in row}),
                    set=row.get("set", ""),
                    why=row.get("why", ""),
                    may=frozenset(row.get("may", ())),
                )
            )
    return rows


def judged(rows: Sequence[Labelled], checks: Checks) -> list[frozenset[str]]:
    """What the checks find in each, without what they may find or not."""
    found = [set(checks.flags(checks.look(row.text, row.of))) for row in rows]
    alike = Duplicates[int](checks.limits["duplicate"]["likeness"])
    for number, row in enumerate(rows):
        if row.set:
            alike.add(number, row.text, f"{row.at.partition(':')[0]} {row.set}")
    for twin in alike.twins():
        found[twin.key].add("duplicate")
    return [frozenset(flags - (row.may - row.flags)) for row, flags in zip(rows, found, strict=True)]


def scores(rows: Sequence[Labelled], found: Sequence[frozenset[str]], names: Iterable[str]) -> Mapping[str, Score]:
    """The score of each check in `names`."""
    pairs = [(row.flags, flags) for row, flags in zip(rows, found, strict=True)]
    return {
        name: Score(
            bad=sum(name in right for right, _ in pairs),
            found=sum(name in right and name in said for right, said in pairs),
            false=sum(name not in right and name in said for right, said in pairs),
        )
        for name in names
    }


def total(scores: Iterable[Score]) -> Score:
    """All checks together."""
    parts = list(scores)
    return Score(sum(each.bad for each in parts), sum(each.found for each in parts), sum(each.false for each in parts))


def table(scores: Mapping[str, Score]) -> str:
    lines = [f"{'check':22} {'bad':>5} {'found':>6} {'false alarms':>13} {'precision':>10} {'recall':>7}"]
    for name, score in {**scores, "all": total(scores.values())}.items():
        lines.append(
            f"{name:22} {score.bad:5} {score.found:6} {score.false:13} {score.precision:10.3f} {score.recall:7.3f}"
        )
    return "\n".join(lines)


def wrong(rows: Sequence[Labelled], found: Sequence[frozenset[str]]) -> str:
    """The captions that are judged wrongly: what was overlooked (-) and what was no fault (+)."""
    lines = defaultdict[str, list[str]](list)
    for row, flags in zip(rows, found, strict=True):
        for name in sorted(row.flags ^ flags):
            sign = "-" if name in row.flags else "+"
            lines[name].append(f"{sign} {name} ({row.at}, {row.why}): {_short(row.text)}")
    return "\n".join(line for name in sorted(lines) for line in lines[name])


def main() -> None:
    parser = argparse.ArgumentParser(description="how well the checks judge labelled captions")
    parser.add_argument("--labelled", nargs="+", type=Path, default=[LABELLED], metavar="FILE")
    parser.add_argument("--wrong", action="store_true", help="show the captions that are judged wrongly")
    options = parser.parse_args()
    rows = [row for path in options.labelled for row in read(path)]
    checks = Checks.chosen(on=[ALL])
    found = judged(rows, checks)
    print(f"{len(rows)} captions, {sum(not row.flags for row in rows)} of them good")
    print(table(scores(rows, found, checks.on)))
    if options.wrong:
        print(wrong(rows, found))


def _known(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _short(text: str) -> str:
    """The text on one line, its middle left out where it is long."""
    line = ascii(text) if not text.isprintable() else text
    return line if len(line) <= WIDTH else f"{line[: WIDTH // 2]} … {line[-WIDTH // 2 :]}"


if __name__ == "__main__":
    main()
