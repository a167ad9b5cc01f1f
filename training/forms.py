"""Knows how to make random examples of the text model's tasks beside frame captions: steps, a JSON object, segments,
other lengths; knows no drawing and no tensors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from form_prompts import clear_wish, length_prompt, notes_prompt, some_words, wishes
from prompts import summary_prompt, wants_lead
from summaries import Example, random_statements, training_example

from framescribe.demo import told
from framescribe.demo.scenes import Statement, summarise

UNSEEN = ("", "not sure", "none", [], {})
OTHER_NOTES: Mapping[str, Sequence[Any]] = {
    "light": ("soft, from above", "even", "bright", "dim"),
    "shot_size": ("wide shot", "medium shot", "close-up"),
    "angle": ("level", "high angle", "overhead"),
    "height": ("eye level", "aerial"),
    "style": ("animated", "a drawing"),
}


def steps(rng: random.Random, statements: Sequence[Statement]) -> str:
    """The first frame's caption and what changed after it, a line for each frame, as strategy `sliding` shows them."""
    start = 0.0 if rng.random() < 0.7 else rng.uniform(0, 300)
    gap = rng.choice((0.25, 0.5, 0.75, 1.0, 2.0, rng.uniform(0.1, 5)))
    lines = [statements[0].sentence()]
    for before, now in pairwise(statements):
        lines.append(" ".join(told.step(before, now)["changed"]) or "nothing changes.")
    return "\n".join(f"{start + gap * k:.2f} s: {line}" for k, line in enumerate(lines))


def structured(rng: random.Random, statements: Sequence[Statement]) -> str:
    """The clip as a JSON object without what is empty, as strategy `structured` shows it."""
    value = told.structure(statements)
    if rng.random() < 0.15:
        for key in rng.sample(list(OTHER_NOTES), rng.randint(1, 2)):
            value[key] = rng.choice(OTHER_NOTES[key])
    return json.dumps(_seen(value), ensure_ascii=False)


def _seen(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: inner for key, part in value.items() if (inner := _seen(part)) not in UNSEEN}
    if isinstance(value, list):
        return [_seen(part) for part in value]
    return value


def segments(rng: random.Random, statements: Sequence[Statement], count: int) -> str:
    """The captions of `count` segments with their times, a line for each; some clips are cut evenly, some anywhere."""
    if len(statements) % count == 0:
        cuts = [k * len(statements) // count for k in range(1, count)]
    else:
        cuts = sorted(rng.sample(range(1, len(statements)), count - 1))
    edges, bounds = [0.0], [0, *cuts, len(statements)]
    even = rng.choice((5.0, 10.0, 10.0, 20.0, 30.0)) if rng.random() < 0.6 else None
    for _ in range(count):
        edges.append(edges[-1] + (even or rng.uniform(0.5, 20)))
    return "\n".join(
        f"{edges[k]:.1f}–{edges[k + 1]:.1f} s: {summarise(statements[bounds[k] : bounds[k + 1]]).sentence()}"
        for k in range(count)
    )


def summary_of(
    rng: random.Random,
    kind: str,
    frames: int,
    objects: int,
    *,
    long: bool = False,
    wish: float = 0.3,
) -> Example:
    """An example whose answer is the clip's summary, or with `long` the clip told at length.

    `kind` is "frames", "steps", "structured" or "segments"; `frames` counts segments if these are shown; `wish` is
    the probability that wishes stand behind a prompt that does not ask for a long caption.
    """
    each = rng.choice((1, 2, 2, 3, 5)) if kind == "segments" else 1
    statements = random_statements(rng, frames * each + int(min(frames, each) > 1 and rng.random() < 0.3), objects)
    while long and _share_a_place(statements[-1]):
        statements = random_statements(rng, len(statements), objects)
    if kind == "frames":
        prompt, start, end = summary_prompt(rng, [statement.sentence() for statement in statements])
    else:
        notes = {
            "steps": lambda: steps(rng, statements),
            "structured": lambda: structured(rng, statements),
            "segments": lambda: segments(rng, statements, frames),
        }[kind]()
        prompt, start, end = notes_prompt(rng, kind, notes)
    if long or rng.random() < wish:
        prompt += wishes(rng, long=long)
    lead = wants_lead(prompt)
    answer = told.long(statements, lead=lead) if long else summarise(statements).sentence(lead=lead)
    return Example(prompt, start, end, answer, frames, objects)


def _share_a_place(statement: Statement) -> bool:
    """Whether two objects are at one place; then notes do not tell which of them is named first at the end."""
    places = [mention.end for mention in statement.mentions]
    return len(set(places)) < len(places)


def shortened(rng: random.Random, frames: int, objects: int, *, clear: bool = False) -> Example:
    """A caption of medium or great length to be written again in fewer words."""
    statements = random_statements(rng, frames, objects)
    whole, lead = summarise(statements), rng.random() < 0.3
    caption = told.long(statements, lead=lead) if rng.random() < 0.5 else whole.sentence(lead=lead)
    short = rng.random() < 0.5
    prompt, start, end = length_prompt(rng, caption, some_words(rng, short=short), clear=clear)
    answer = told.short(whole) if short else whole.sentence(lead=lead)
    return Example(prompt, start, end, answer, frames, objects)


def long_of_any(rng: random.Random, frames: int, objects: int) -> Example:
    kind = rng.choices(("frames", "steps", "structured", "segments"), (30, 30, 20, 20))[0]
    return summary_of(rng, kind, min(frames, 6) if kind == "segments" else frames, objects, long=True)


def choice(rng: random.Random) -> Example:
    """A short, easy example in which it matters only which length is asked for: what takes longest to learn."""
    frames, objects = rng.choice((1, 1, 2)), rng.choice((1, 1, 1, 2))
    if rng.random() < 0.4:
        return shortened(rng, frames, objects, clear=True)
    long = rng.random() < 0.5
    statements = random_statements(rng, frames, objects)
    while _share_a_place(statements[-1]):
        statements = random_statements(rng, frames, objects)
    if rng.random() < 0.5:
        prompt, start, end = summary_prompt(rng, [statement.sentence() for statement in statements])
    else:
        kind = rng.choice(("steps", "structured", "segments"))
        notes = (
            {"steps": steps, "structured": structured}[kind](rng, statements)
            if kind != "segments"
            else (segments(rng, statements, 1))
        )
        prompt, start, end = notes_prompt(rng, kind, notes)
    if long or rng.random() < 0.8:
        prompt += clear_wish(rng, long=long)
    lead = wants_lead(prompt)
    answer = told.long(statements, lead=lead) if long else summarise(statements).sentence(lead=lead)
    return Example(prompt, start, end, answer, frames, objects)


Maker = Callable[[random.Random, int, int], Example]
TASKS: dict[str, Maker] = {
    "steps": lambda rng, frames, objects: summary_of(rng, "steps", frames, objects),
    "structured": lambda rng, frames, objects: summary_of(rng, "structured", frames, objects),
    "segments": lambda rng, frames, objects: summary_of(rng, "segments", min(frames, 6), objects),
    "lengths": shortened,
    "long": long_of_any,
    "wishes": lambda rng, frames, objects: summary_of(rng, "frames", frames, objects, wish=1.0),
}
SHARES = (  # of the tasks, round by round
    {"frames": 24, "steps": 18, "structured": 12, "segments": 18, "lengths": 8, "long": 14, "wishes": 6},
    {"frames": 22, "steps": 20, "structured": 14, "segments": 16, "lengths": 12, "long": 12, "wishes": 4},
    {"frames": 20, "steps": 20, "structured": 12, "segments": 14, "lengths": 8, "long": 12, "wishes": 2, "choice": 18},
    {"frames": 18, "steps": 22, "structured": 6, "segments": 16, "lengths": 24, "long": 12, "wishes": 2, "choice": 6},
    {"frames": 22, "steps": 14, "structured": 6, "segments": 16, "lengths": 8, "long": 28, "wishes": 4, "choice": 2},
)


def form_example(shares: Mapping[str, int], rng: random.Random, ease: float) -> Example:
    """An example of any task, "frames" included, in these shares: `ease` is the share of simple ones."""
    task = rng.choices(list(shares), list(shares.values()))[0]
    if task == "frames":
        return training_example(rng, ease)
    if task == "choice":
        return choice(rng)
    if rng.random() < ease:
        return TASKS[task](rng, rng.randint(1, 3), rng.choice((1, 1, 2)))
    frames = rng.choices(range(1, 13), (6, 14, 20, 18, 18, 7, 5, 7, 2, 1, 1, 1))[0]
    return TASKS[task](rng, frames, rng.choices((0, 1, 2, 3), (1, 18, 48, 33))[0])
