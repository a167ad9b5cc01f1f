"""Knows with which recipe a model is asked again: what the command line names, else what made the result; asks none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from framescribe import registry
from framescribe.errors import UserError
from framescribe.frames.sampling import COUNTED
from framescribe.python.prompts import OPTIONS, own_text
from framescribe.python.recipe import DEFAULTS, Recipe
from framescribe.python.wanted import several
from framescribe.records import Row
from framescribe.strategies.ways import way_of

MOST_LETTERS, MOST_FRAMES = 20_000, 256
CRITICISM = "{criticism}"
_WHOLE = "whole-clip"
_PROMPTS = tuple(dict.fromkeys(OPTIONS.values()))
_FRAMES = ("sample", "frames", "times", "every", "skip_edges", "salvage", "avoid_bad_frames", "seed")
_MADE = ("strategy", *_PROMPTS, *_FRAMES)
_HOW = (*_MADE, "segment", "max_pixels", "max_tokens", "temperature", "top_p")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be different when a model is asked again. UserError for what makes no sense."""

    criticism: str | None = None
    prompt: str | None = None
    model: str | None = None
    frames: int | None = None

    def __post_init__(self) -> None:
        for name in ("criticism", "prompt", "model"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, str):
                raise UserError(f"{name}: it must be a text")
            text = (given or "").strip()
            if len(text) > MOST_LETTERS:
                raise UserError(f"{name}: it is {len(text):,} letters long; at most {MOST_LETTERS:,} are possible")
            object.__setattr__(self, name, text or None)
        number = self.frames
        if number is not None and (type(number) is not int or not 1 <= number <= MOST_FRAMES):
            raise UserError(f"frames: it must be a whole number from 1 to {MOST_FRAMES}")
        if self.criticism and self.prompt and CRITICISM not in self.prompt:
            raise UserError(f"a prompt of your own beside a criticism must say where that goes: {CRITICISM}")

    def recipe(self, base: Recipe) -> Recipe:
        """The recipe, from the one that is used without wishes. A criticism is answered by a model that sees the whole
        clip, with the strategy "whole-clip"."""
        made = base if self.model is None else _with_model(base, self.model)
        if self.criticism is not None:
            made = _whole(made)
        if self.prompt is not None or self.criticism is not None:
            made = replace(made, prompt=_as_text(self.prompt) if self.prompt is not None else "criticism")
        if self.frames is not None:
            method = made.sample or made.way().sampling["method"]
            counted = method if method in COUNTED else "uniform"
            made = replace(made, sample=counted, frames=self.frames, times=(), every=None)
        return made


def base_of(given: Recipe | None, noted: Mapping[str, Any], row: Row | None) -> Recipe:
    """The recipe that is used without wishes: what is `given` on the command line; where that says nothing, how the
    result was made according to what its last run `noted`; and, if no model is given, the one that made `row`.
    UserError if that cannot be asked from here."""
    made = _noted(noted) or _as_made(row)
    how = given or DEFAULTS
    if made is not None and how.strategy in (DEFAULTS.strategy, made.strategy):
        how = replace(
            how, **{name: getattr(made, name) for name in _HOW if getattr(how, name) == getattr(DEFAULTS, name)}
        )
    if given is not None and (given.model or given.engine or several(given.base_url)):
        return how
    models = _models(row, how.strategy)
    if not models:
        raise UserError("no model is known to ask: start the page with --model or --base-url")
    for engine, model in models:
        if engine == "openai":
            raise UserError(
                f"these captions come from {model} on a server, whose address the result does not keep: start the page "
                "with --base-url"
            )
        if engine not in registry.names("engines"):
            raise UserError(f"these captions come from {model} on {engine}: start the page with --model or --base-url")
    sees = [step.sees for step in way_of(how.strategy).stages]
    engine, model = models[sees.index(True)]
    writing = models[sees.index(False)][1] if False in sees else None
    return replace(how, engine=engine, model=model, summary_model=writing)


def prompt_of(recipe: Recipe) -> str:
    """The prompt for what sees, as text. UserError if it cannot be read."""
    return own_text(recipe.prompt, next(step for step in recipe.way().stages if step.sees))


def _models(row: Row | None, strategy: str) -> list[tuple[str, str]]:
    """The engine and the model of each stage of the strategy that made the row; none if another one did."""
    steps = way_of(strategy).stages
    made = [(row.stages.get(step.name) or {}) if row is not None else {} for step in steps]
    if not all(of.get("engine") and of.get("model") for of in made):
        return []
    return [(of["engine"], of["model"]) for of in made]


def _as_made(row: Row | None) -> Recipe | None:
    """The strategy whose stages made the row, with its defaults; None if there is none."""
    fits = (name for name in registry.names("strategies") if _models(row, name))
    divided = (of["segment"] for of in (row.stages.values() if row is not None else ()) if "segment" in of)
    return next((Recipe(strategy=name, segment=next(divided, None)) for name in fits), None)


def _noted(noted: Mapping[str, Any]) -> Recipe | None:
    """The recipe of which a result says that it was made with; None if it does not say, or no longer in words that are
    understood. Models are not in it."""
    from framescribe.prompts import load

    stages = noted.get("stages") or {}
    try:
        first = next(iter(stages.values()))
        strategy = way_of(first["strategy"], segment=first.get("segment"))
        stages = {step.name: stages[step.name] for step in strategy.stages if step.name in stages}
        seeing = next(of for name, of in stages.items() if strategy.stage(name).sees)
        sampling, decoding = seeing["sampling"], seeing["decoding"]
        # Of several stages that share an option, the first one's prompt counts.
        own = [strategy.stage(name) for name in reversed(stages)]
        own = [step for step in own if stages[step.name]["prompt"] != load(step.preset, step.prompt)]
        values = {
            "strategy": strategy.name,
            **{OPTIONS[step.prompt]: _as_text(stages[step.name]["prompt"]) for step in own},
            "sample": sampling["method"],
            "segment": seeing.get("segment"),
            "max_pixels": seeing["max_pixels"],
            **{name: sampling[name] for name in _MADE if name in sampling},
            **{name: decoding[name] for name in _HOW if name in decoding},
        }
        return Recipe(**values)
    except (UserError, KeyError, TypeError, AttributeError, StopIteration):
        return None


def _with_model(recipe: Recipe, model: str) -> Recipe:
    """The same with another model: a revision is one of the model's own repository."""
    return recipe if model == recipe.model else replace(recipe, model=model, revision=None)


def _whole(recipe: Recipe) -> Recipe:
    """The same for the whole clip at once, with that strategy's own frames."""
    if recipe.strategy == _WHOLE:
        return replace(recipe, segment=None)
    others = [one.name for one in fields(Recipe) if "summary" in one.name or one.name in _PROMPTS[1:]]
    plain = {name: getattr(DEFAULTS, name) for name in (*others, "segment", "max_pixels")}
    return replace(recipe, strategy=_WHOLE, sample=None, frames=None, times=(), every=None, **plain)


def _as_text(prompt: str) -> str:
    """The prompt so that it is taken for a text: never for the name of a file."""
    return f" {prompt}" if prompt.startswith("@") else prompt
