"""Knows how a Python program has captions scored, and results compared: as the commands `score` and `compare` do."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.python.background import Background
from framescribe.python.models import settled_model
from framescribe.python.recipe import Recipe
from framescribe.python.wanted import several
from framescribe.python.words import in_python
from framescribe.runs.budget import Budget
from framescribe.scoring.judge import FRAMES, Judge, Sight, prompts_in
from framescribe.scoring.judgements import Judgements, beside
from framescribe.scoring.pairs import Comparison, Found, pairs_of
from framescribe.scoring.pairs import compare as compared
from framescribe.scoring.references import candidates_in, references_in, with_references
from framescribe.scoring.scores import Score
from framescribe.scoring.scores import score as scored

Source = str | os.PathLike[str]
Say = Callable[[str], None]
_log = logging.getLogger("framescribe")


def score(
    captions: Source,
    against: Source | None = None,
    *,
    judge: Recipe | None = None,
    caption_column: str | None = None,
    judgements: Source | None = None,
    prompts: Mapping[str, str] | None = None,
    seed: int = 0,
) -> Score:
    """How good the captions of a result or a table are: without references, or `against` those of another one.

        made = fs.score("captions.jsonl", "by_hand.csv", judge=fs.Recipe(model="qwen3-vl-8b"))
        print(made.value("events", "F1"))

    The options are those of `framescribe score` (docs/score.md); `judge` says which model is asked, as for `fs.run`.
    UserError for what you must change; RunError if the model is gone: what it answered until then is kept.
    """
    work = Background(
        lambda stop: score_async(
            os.fspath(captions),
            None if against is None else os.fspath(against),
            judge,
            column=caption_column,
            judgements=None if judgements is None else os.fspath(judgements),
            prompts=prompts or {},
            seed=seed,
            say=_log.info,
            stop=stop,
        )
    )
    with in_python():
        work.wait()
        return work.result()


def compare(
    a: Source,
    b: Source,
    *,
    judge: Recipe,
    source: str | list[str] | None = None,
    frames: int = FRAMES,
    judgements: Source | None = None,
    prompt: str = "pair",
    seed: int = 0,
) -> Comparison:
    """Which of two results has the better captions, as a model that sees the clips judges them blindly.

        made = fs.compare("a.jsonl", "b.jsonl", judge=fs.Recipe(model="qwen3-vl-8b"))
        print(made.wins_a, made.wins_b, made.ties, made.worse)

    The options are those of `framescribe compare` (docs/score.md). Errors as `score`; RunError, too, if the model
    does not see.
    """
    work = Background(
        lambda stop: compare_async(
            os.fspath(a),
            os.fspath(b),
            judge,
            sources=several(source),
            frames=frames,
            judgements=None if judgements is None else os.fspath(judgements),
            prompt=prompt,
            seed=seed,
            say=_log.info,
            stop=stop,
        )
    )
    with in_python():
        work.wait()
        return work.result()


async def score_async(
    captions: str,
    against: str | None,
    recipe: Recipe | None,
    *,
    column: str | None,
    judgements: str | None,
    prompts: Mapping[str, str],
    seed: int,
    say: Say,
    stop: asyncio.Event,
    budget: Budget | None = None,
) -> Score:
    """As `score`, told what happens, and stopped by an event."""
    named = recipe is not None and (recipe.model is not None or bool(several(recipe.base_url)))
    if against is not None and not named:
        raise UserError("captions are compared with references by a model: name it with --model or --base-url")
    if against is None and named:
        raise UserError("a model is asked only about references: name them with --against")
    ones = candidates_in(captions, column=column)
    if against is None or recipe is None:
        return await scored(ones, seed=seed, say=say, stop=stop)
    references = references_in(against)
    ones = with_references(ones, references)
    if not any(one.reference for one in ones):
        raise UserError(f"no clip of {captions} has a reference in {against}: neither an id nor a file is the same")
    async with await _judge(
        recipe, judgements or beside(captions), say, texts=prompts_in(prompts), budget=budget
    ) as one:
        return await scored(ones, judge=one, unmatched=references.unused(), seed=seed, say=say, stop=stop)


async def compare_async(
    a: str,
    b: str,
    recipe: Recipe,
    *,
    sources: list[str] | tuple[str, ...],
    frames: int,
    judgements: str | None,
    prompt: str,
    seed: int,
    say: Say,
    stop: asyncio.Event,
    preflight: bool = True,
    budget: Budget | None = None,
) -> Comparison:
    """As `compare`, told what happens, and stopped by an event."""
    if recipe.model is None and not several(recipe.base_url):
        raise UserError(
            "a model that sees judges the pairs: name it with --model or --base-url. To judge them yourself: "
            f"framescribe review {a} --against {b}"
        )
    texts = prompts_in({"pair": prompt})
    found: Found = pairs_of(a, b, sources or None, say)
    seen = Sight(frames=frames) if recipe.max_pixels is None else Sight(frames=frames, max_pixels=recipe.max_pixels)
    judge = await _judge(recipe, judgements or beside(b), say, texts=texts, budget=budget, sight=seen)
    async with judge:
        if preflight and found.pairs:
            await judge.refuse_blind(say)
        return await compared(found, judge, seed=seed, say=say, stop=stop)


async def _judge(recipe: Recipe, kept: str, say: Say, **more: Any) -> Judge:
    """The judge that a recipe names, not yet opened."""
    choice = await settled_model(recipe.choice(recipe.model, several(recipe.base_url)), say)
    logs = Path(f"{kept}.logs")
    return Judge(choice, Judgements(kept), decoding=recipe.decoding(), logs=logs, **more)
