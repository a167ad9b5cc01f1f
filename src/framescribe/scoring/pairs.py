"""Knows how a model judges two results blindly, caption against caption of the same clips, and what that says of which
is better. Shows nothing.

Each pair is asked about twice, with either caption first. Only if both answers name the same caption has it won; a
judge that always prefers what comes first makes ties, and is found out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any

from framescribe.errors import UserError, VideoError
from framescribe.records import Row, Video
from framescribe.results.standing import Standing
from framescribe.results.videos import Videos
from framescribe.runs.driver import drive
from framescribe.scoring.intervals import NONE, Bounds, at_most, bootstrap, wilson
from framescribe.scoring.judge import Judge
from framescribe.scoring.scores import Say, room, told
from framescribe.strategies.base import together
from framescribe.strategies.form import Form

A, B, TIE = "A", "B", "tie"
CHANCE = 0.05
FORM = Form(
    {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": 400},
            "better": {"type": "string", "enum": ["first", "second", "tie"]},
        },
        "required": ["reason", "better"],
        "additionalProperties": False,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two captions of a clip, `a` of the one result and `b` of the other, and where the clip is."""

    id: str
    a: str
    b: str
    video: Video


@dataclass(slots=True, kw_only=True)
class Found:
    """What two results have in common: `pairs` with two different captions; ids of clips with the same caption twice
    (`equal`), that only one result has (`only_a`, `only_b`), or that has no caption there (`bare_a`, `bare_b`)."""

    pairs: list[Pair] = field(default_factory=list)
    equal: list[str] = field(default_factory=list)
    only_a: list[str] = field(default_factory=list)
    only_b: list[str] = field(default_factory=list)
    bare_a: list[str] = field(default_factory=list)
    bare_b: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """How often which of two results has the better caption.

    `wins_a`, `wins_b`: both orders named the same caption. `ties`: pairs without a winner, of which in `first` the
    judge named what came first both times, and in `second` what came second; and `equal` captions, which nobody was
    asked about. `share_b`: B's wins and half of the ties, of all; with its 95 % interval (bootstrap over clips).
    `decided_b`: B's wins among the decided; with its interval (Wilson). `chance`: how probable so few wins of B, or
    fewer, are among the decided if both are equally good (one-sided sign test). `worse`: this is at most 5 %.
    """

    judge: str | None
    found: Found
    wins_a: int = 0
    wins_b: int = 0
    ties: int = 0
    first: int = 0
    second: int = 0
    share_b: float | None = None
    share_bounds: Bounds = NONE
    decided_b: float | None = None
    decided_bounds: Bounds = NONE
    chance: float = 1.0
    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    left: int = 0
    why: str | None = None
    requests: int = 0
    kept: int = 0
    cost: float | None = None

    @property
    def decided(self) -> int:
        """Pairs with a winner."""
        return self.wins_a + self.wins_b

    @property
    def worse(self) -> bool:
        """Whether B is worse than A beyond chance."""
        return self.wins_b < self.wins_a and self.chance <= CHANCE

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the captions."""
        found = {name: value for name, value in asdict(self.found).items() if name != "pairs"}
        told = {name: value for name, value in asdict(self).items() if name != "found"}
        return {**told, **found, "worse": self.worse}


def pairs_of(a: str, b: str, sources: Sequence[str] | None = None, say: Say = lambda line: None) -> Found:
    """The clips of two results. A clip is in both if they have its id (and its place, where several have that id), or
    else a file with the same fingerprint. UserError if there is no such result, or if the two have no clip in common.
    """
    ours, theirs = list(Standing(a, frames=False)), list(Standing(b, frames=False))
    by_id = {(row.id, row.video_path): row for row in theirs}
    named, many = Counter(row.id for row in ours), Counter(row.id for row in theirs)
    by_name = {row.id: row for row in theirs if named[row.id] == many[row.id] == 1}  # else the place must be the same
    by_print = {row.file["fingerprint"]: row for row in reversed(theirs) if row.file.get("fingerprint")}
    found, taken = Found(), set[tuple[str, str]]()
    videos = Videos(sources, say)
    for row in ours:
        other = (
            by_id.get((row.id, row.video_path))
            or by_name.get(row.id)
            or by_print.get(row.file.get("fingerprint") or "")
        )
        if other is None:
            found.only_a.append(row.id)
            continue
        taken.add((other.id, other.video_path))
        if row.caption and other.caption and row.caption != other.caption:
            name = row.id if named[row.id] == 1 else f"{row.id} ({row.video_path})"
            found.pairs.append(Pair(id=name, a=row.caption, b=other.caption, video=videos.of(row)))
        else:
            _sort(row, other, found)
    found.only_b = [row.id for row in theirs if (row.id, row.video_path) not in taken]
    if not taken:
        raise UserError(f"{a} and {b} have no clip in common: neither an id nor a file is the same")
    return found


def _sort(row: Row, other: Row, found: Found) -> None:
    """A clip without two different captions."""
    if row.caption and other.caption:
        found.equal.append(row.id)
    if not row.caption:
        found.bare_a.append(row.id)
    if not other.caption:
        found.bare_b.append(row.id)


async def compare(
    found: Found,
    judge: Judge,
    *,
    seed: int = 0,
    say: Say = lambda line: None,
    stop: asyncio.Event | None = None,
) -> Comparison:
    """Have the judge, which is open and sees, decide each pair. Once `stop` is set, no further pair is begun."""
    made, stop = Comparison(judge=judge.choice.model, found=found), stop or asyncio.Event()

    async def work(pair: Pair) -> tuple[Pair, tuple[Mapping[str, Any], Mapping[str, Any]] | str]:
        with judge.budget.video() as tab:
            try:
                one, other = await together(
                    judge.look(tab, pair.video, "pair", {"first": first, "second": second}, FORM)
                    for first, second in ((pair.a, pair.b), (pair.b, pair.a))
                )
            except VideoError as error:
                return pair, str(error)
        return pair, (one, other)

    begun = 0
    async with aclosing(drive(work, found.pairs, room=room(judge, 2, stop, made, say), stop=stop)) as results:
        async for pair, answers in told(results, len(found.pairs), "pairs judged", say):
            begun += 1
            if isinstance(answers, str):
                made.failed[pair.id] = answers
            else:
                made.verdicts[pair.id] = _verdict(*answers)
    made.left = len(found.pairs) - begun
    made.requests, made.kept = judge.budget.requests, judge.kept.found
    made.cost = judge.budget.cost if judge.budget.prices else None
    _count(made, seed)
    return made


def _verdict(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Which caption won, by the answers with A first and with B first."""
    said = one["better"], other["better"]
    better = {("first", "second"): A, ("second", "first"): B}.get(said, TIE)
    return {"better": better, "said": list(said), "reasons": [one["reason"], other["reason"]]}


def _count(made: Comparison, seed: int) -> None:
    verdicts = sorted(made.verdicts.items())  # so that the draws do not depend on which answer came first
    better = [verdict["better"] for _, verdict in verdicts]
    made.wins_a, made.wins_b = better.count(A), better.count(B)
    made.ties = better.count(TIE) + len(made.found.equal)
    made.first = sum(verdict["said"] == ["first", "first"] for _, verdict in verdicts)
    made.second = sum(verdict["said"] == ["second", "second"] for _, verdict in verdicts)
    points = [{A: 0.0, B: 1.0}.get(one, 0.5) for one in better] + [0.5] * len(made.found.equal)
    if points:
        made.share_b = sum(points) / len(points)
        tallies = [{"clips": 1.0, "points": one} for one in points]
        made.share_bounds = bootstrap(tallies, {"share": lambda sums: sums["points"] / sums["clips"]}, seed)["share"]
    if made.decided:
        made.decided_b = made.wins_b / made.decided
        made.decided_bounds = wilson(made.wins_b, made.decided)
        made.chance = at_most(made.wins_b, made.decided)
