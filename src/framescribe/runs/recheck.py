"""Finds out which finished rows have texts that fail a gate which has not tried to mend them; asks nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from framescribe.errors import RunError, UserError
from framescribe.records import Row
from framescribe.results.index import Entry
from framescribe.runs.gate import of_video
from framescribe.runs.kept import texts_of
from framescribe.runs.recipe import Recipe
from framescribe.strategies.base import CAPTION, FRAME_CAPTION, Stage
from framescribe.strategies.judged import judged


def faulty(recipe: Recipe, load: Callable[[Entry], Row]) -> Callable[[Entry], tuple[str, ...]]:
    """What says of an entry which of its stages have such texts. UserError if the recipe mends nothing."""
    choice = recipe.gate
    if choice is None or choice.mode != "mend":
        raise UserError("--recheck mends what fails: it needs --gate mend (framescribe check only tells)")
    gates = {step: gate for step in recipe.steps if (gate := recipe.gate_of(step)) is not None}

    def stages(entry: Entry) -> tuple[str, ...]:
        try:
            row = load(entry)
        except (OSError, ValueError) as error:
            raise RunError(f"an earlier row cannot be read: {error}") from error
        return tuple(step.name for step in gates if _fails(row, step))

    def _fails(row: Row, step: Stage) -> bool:
        gate, made = gates[step], row.stages.get(step.name) or {}
        if made.get("gate") == gate.digest:
            return False
        gate = replace(gate, caption=replace(gate.caption, facts=row.facts))
        spans = [(part["start"], part["end"]) for part in row.segments]
        read = [texts_of(row, recipe.way.stage(name)) for name in step.after]
        sources = tuple(known.text for texts in read for known in texts.values())
        for (what, frame, segment), known in texts_of(row, step).items():
            of = of_video(gate.of(what, None if segment is None else spans[segment]), row.metadata)
            made_from = sources if frame is None else ()
            of = replace(of, finish_reason=known.finish, frame_captions=made_from)
            if what in gate.limits and what != CAPTION:
                of = replace(of, longer=" ".join(made_from))
            form = step.form if what not in (CAPTION, FRAME_CAPTION) else None
            if judged(known.text, of, gate.checks, mend=False, form=form).found:
                return True
        return False

    return stages
