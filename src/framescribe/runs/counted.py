"""Knows what one video's one stage asked of engines, and what that cost; asks nothing of its own accord."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from framescribe.engines.base import ChatRequest, Engine, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.errors import NO_USAGE, FramescribeError, Usage
from framescribe.runs.budget import Budget, Tab
from framescribe.runs.meter import Meter
from framescribe.strategies.asking import Asked


class Counts(Protocol):
    """Where it is counted: a captioner."""

    meter: Meter
    budget: Budget


class Counted:
    """One video's one stage asking engines: counts that video's answers and the run's."""

    def __init__(self, counts: Counts, stage: str, tab: Tab) -> None:
        self._meter, self._budget, self._stage, self._tab = counts.meter, counts.budget, stage, tab
        self._usage = NO_USAGE
        self._left_out: set[str] = set()
        self._cost: float | None = None

    def asked(self, engine: Engine, choice: ModelChoice) -> Asked:
        """This engine, with every answer counted."""
        return Asked(
            name=choice.model,
            complete=partial(self._complete, engine, choice.model),
            cost=partial(self._budget.cost_of, choice.model),
            takes_video=engine.takes_video,
            may_think=engine.may_think,
        )

    async def _complete(self, engine: Engine, model: str | None, request: ChatRequest) -> Reply:
        try:
            with self._meter.busy(self._stage):
                reply = await engine.complete(request if engine.takes_schema else replace(request, schema=None))
        except FramescribeError as error:
            self._pay(model, error.usage)  # useless answers are billed too
            raise
        video = request.video.frames if request.video else ()
        self._meter.counts["pictures"] += len(request.images) + len(video)
        self._pay(model, reply.usage)
        self._left_out.update(reply.left_out)
        return reply

    def _pay(self, model: str | None, usage: Usage) -> None:
        counts = self._meter.counts
        self._usage += usage
        counts[self._stage] += usage.answers
        for name in ("prompt_tokens", "completion_tokens"):
            counts[name] += getattr(usage, name)
            counts[f"{self._stage}_{name}"] += getattr(usage, name)
        paid = self._budget.pay(model, usage, self._tab)
        self._cost = self._cost if paid is None else (self._cost or 0.0) + paid

    def spent(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What a stage's record says of its answers, useless ones included, and which of `wanted` was really sent."""
        return {
            "decoding": {name: value for name, value in wanted.items() if name not in self._left_out},
            "attempts": self._usage.answers,
            "prompt_tokens": self._usage.prompt_tokens,
            "completion_tokens": self._usage.completion_tokens,
            **({"cost": round(self._cost, 8)} if self._cost is not None else {}),
            **({"left_out": sorted(self._left_out)} if self._left_out else {}),
        }
