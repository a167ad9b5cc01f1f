"""Knows what a metric is given and what it says; knows no metric, no model and no file.

A metric counts each clip by itself. Its figures are made from the sums of these tallies, so that clips can be drawn
again and again to see how sure a figure is (`intervals.bootstrap`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from framescribe.records import Row
from framescribe.strategies.form import Form

Tally = Mapping[str, float]
"""What was counted of one clip, by name."""

Ask = Callable[[str, Mapping[str, object], Form], Awaitable[dict[str, Any]]]
"""Has the judge answer: the name of the prompt, what stands in its placeholders, and the form of the answer. Raises
VideoError if there is no such answer."""


class Question(NamedTuple):
    """A question about a clip, and its right answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is known to be true of a clip: a caption; its events and questions, if they come with it (else None)."""

    text: str
    events: tuple[str, ...] | None = None
    questions: tuple[Question, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A caption that is scored; "": the clip has none. `row`: if it is a result's. `reference`: if there is one."""

    id: str
    text: str
    row: Row | None = None
    reference: Reference | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A figure: what is made of the sums of tallies. `of`: the tally that says of how many `unit`s it is a figure.
    `share`: that of the clips which it is a share of, if every clip counts as none or one."""

    help: str
    make: Callable[[Mapping[str, Any]], Any]
    of: str
    unit: str
    share: str | None = None


def mean(part: str, of: str, help: str, unit: str = "clips") -> Formula:
    """The sum of `part` over that of `of`."""
    return Formula(help=help, make=lambda sums: sums[part] / sums[of], of=of, unit=unit)


def share(part: str, of: str, help: str) -> Formula:
    """The same where each clip counts as one, and is or is not one of the `part`."""
    return Formula(help=help, make=lambda sums: sums[part] / sums[of], of=of, unit="clips", share=part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars with a label and a number each."""

    title: str
    bars: tuple[tuple[str, float], ...]


class Metric(ABC):
    """One way to say how good captions are. One instance serves all clips."""

    name: ClassVar[str]
    help: ClassVar[str]
    """What it says, as the table in the docs has it: one line."""

    source: ClassVar[str] = ""
    """Where its formulas are from."""

    formulas: ClassVar[Mapping[str, Formula]] = {}

    def tally(self, one: Candidate) -> Tally | None:
        """What is counted of a clip; None: it says nothing here."""
        return None

    def whole(self, ones: Sequence[Candidate]) -> Mapping[str, tuple[float | None, str]]:
        """Figures of all captions together, which no clip has by itself, and what each means."""
        return {}

    def charts(self, ones: Sequence[Candidate]) -> list[Chart]:
        """What is worth a picture; without bars, it is left out."""
        return []


class Judgement(NamedTuple):
    """What a judge's answers come to for a clip: the tally, and the evidence, as plain JSON."""

    tally: Tally
    told: Mapping[str, Any]


class Judged(Metric):
    """A metric of captions against references, for which a model is asked."""

    prompts: ClassVar[tuple[str, ...]]
    """The prompts that it asks with."""

    @abstractmethod
    async def judged(self, one: Candidate, reference: Reference, ask: Ask) -> Judgement:
        """What is counted of a clip with a reference. Raises VideoError."""
