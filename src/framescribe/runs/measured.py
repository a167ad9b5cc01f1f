"""Knows which facts are measured for a run, which of them a row has, and which videos a condition leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framescribe.measures.expression import condition
from framescribe.measures.watching import CANNOT_TELL, ERROR, VERSION, versions
from framescribe.records import LEFT_OUT, MEASURE, Failure, Video, VideoInfo
from framescribe.strategies.base import StageWanted

_LEFT = "left out: "  # begins the condition in the fingerprint of a row that was left out


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsWanted(StageWanted):
    """What a run wants of a row's facts: those of these measures, in these versions. A row that has more is as good;
    one that was left out must have been by the same condition."""

    name: str = MEASURE
    keep: str | None = None

    def met_by(self, found: str, video: Video) -> bool:
        had, _, left = found.partition(_LEFT)
        return set(self.recipe.split()) <= set(had.split()) and (not left or left == self.keep)


def wanted(measures: Sequence[str], keep: str | None) -> FactsWanted:
    """What a run with these measures, and this condition, wants of each row."""
    return FactsWanted(recipe=_print_of(versions(measures)), keep=keep)


def missing(measures: Sequence[str], facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Those of these measures, and of those that they read, that must still be made."""
    return tuple(
        name for name, version in versions(measures).items() if (facts.get(name) or {}).get(VERSION) != version
    )


def unmeasured(measures: Sequence[str], why: str) -> dict[str, Any]:
    """The facts of a file that cannot be decoded."""
    return {name: {VERSION: version, CANNOT_TELL: True, ERROR: why} for name, version in versions(measures).items()}


def record(facts: Mapping[str, Any], left: Failure | None = None, keep: str | None = None) -> dict[str, Any]:
    """What a row's provenance says of its facts."""
    made = _print_of({name: of[VERSION] for name, of in sorted(facts.items())})
    return {"fingerprint": made if left is None else f"{made} {_LEFT}{keep}", "output": dict(facts)}


def left_out(keep: str | None, facts: Mapping[str, Any], info: VideoInfo | None) -> Failure | None:
    """Why a video is not captioned, if the condition does not hold. One that cannot be decided leaves nothing out."""
    if keep is None:
        return None
    wish = condition(keep, "--keep")
    if wish.holds(facts, info) is not False:
        return None
    return Failure(stage=MEASURE, kind=LEFT_OUT, message=f"left out by --keep {keep!r}: {wish.told(facts, info)}")


def _print_of(made: Mapping[str, int]) -> str:
    return " ".join(f"{name}={version}" for name, version in made.items())
