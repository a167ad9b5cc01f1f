"""Knows which stages a run goes through: those of its strategy, and those that the user's wishes add. Runs none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from framescribe import registry
from framescribe.frames.segments import Division
from framescribe.language.limits import Limit
from framescribe.strategies.base import CAPTION, Stage, Strategy
from framescribe.strategies.lengths import Length, Lengths, of_caption
from framescribe.strategies.segments import Segmented, Timeline
from framescribe.strategies.verify import Verify, Which


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """From a video to its captions: the stages, ordered so that each comes after those that it reads; which frames, and
    of how many pixels, if the user does not say; and the lengths in which captions are wanted besides."""

    name: str
    stages: tuple[Stage, ...]
    sampling: Mapping[str, Any]
    max_pixels: int
    lengths: tuple[Length, ...] = ()

    @property
    def writers(self) -> tuple[str, ...]:
        """The stages that write captions, of the clip or of its segments: what a user wants of captions is told to
        their models."""
        stages = [stage for stage in self.stages if stage.prompt not in ("length", "verify")]
        if not stages:
            return ()
        merged = stages[-1].preset == "segments"
        return tuple(stage.name for stage in stages[-2 if merged else -1 :])

    def stage(self, name: str) -> Stage:
        """The stage of this name. KeyError if there is none."""
        return {stage.name: stage for stage in self.stages}[name]

    def limits_of(self, stage: Stage) -> Mapping[str, Limit]:
        """How long the texts of a stage may be, by what they are."""
        longest = of_caption(self.lengths) if stage.name in self.writers[-1:] else None
        return stage.limits if longest is None else {**stage.limits, CAPTION: longest}


def way_of(
    name: str,
    *,
    segment: Division | None = None,
    lengths: tuple[Length, ...] = (),
    verify: Which | None = None,
    alone: bool = False,
) -> Way:
    """The way of the strategy of this name; with a `segment`, of each segment, and then of the whole video; with
    captions of these lengths in the end. `verify`: which captions are verified before that; `alone`: nothing else is
    done. UserError if there is none."""
    strategy: type[Strategy] = registry.load("strategies", name)
    stages = strategy.stages
    if segment is not None:
        stages = (*(Segmented(stage, segment) for stage in stages), Timeline(stages[-1].name))
    last = [stages[-1].name]
    if verify is not None:
        own = Verify(verify, None if alone else last[0], divided=segment is not None)
        stages = (own,) if alone else (*stages, own)
        last.append(stages[-1].name)
    if lengths:
        stages = (*stages, Lengths(lengths, *last))
    return Way(
        name=strategy.name,
        stages=stages,
        sampling=strategy.sampling,
        max_pixels=strategy.max_pixels,
        lengths=lengths,
    )
