"""Knows how to make random examples of the text model's tasks beside frame captions: steps, a JSON object, segments,
other lengths; knows no drawing and no tensors."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from form_prompts import clear_wish, length_prompt, notes_prompt, some_words, wishes
from prompts import summary_prompt, wants_lead
from summaries import Example, random_statements, training_example

from framescribe.demo import told
from framescribe.demo.scenes import MOTIONS, PLACES, SHAPES, SIZES, Statement, parse_statement, summarise
from framescribe.engines.sight import COLOURS

UNSEEN = ("", "not sure", "none", [], {})
OTHER_NOTES: Mapping[str, Sequence[Any]] = {
    "light": ("soft, from above", "even", "bright", "dim"),
    "shot_size": ("wide shot", "medium shot", "close-up"),
    "angle": ("level", "high angle", "overhead"),
    "height": ("eye level", "aerial"),
    "style": ("animated", "a drawing"),
}


def steps(rng: random.Random, statements: Sequence[Statement], *, mistakes: float = 0.0) -> str:
    """The first frame's caption, what changed after it, a line for each frame, and what is there at the end, as
    strategy `sliding` shows them.

    With probability `mistakes` some of the changes are wrong, and now and then how something looks at the end: then the
    first line and the last one still tell what happened, since colours differ. Otherwise the last one is sometimes left
    out.
    """
    start = 0.0 if rng.random() < 0.7 else rng.uniform(0, 300)
    gap = rng.choice((0.25, 0.5, 0.75, 1.0, 2.0, rng.uniform(0.1, 5)))
    records = [told.step(before, now) for before, now in pairwise(statements)]
    changes, ends = [record["changed"] for record in records], [one["present"] for one in records if "present" in one]
    shown, present = bool(ends) and rng.random() < 0.85, ends[-1] if ends else []
    if shown and rng.random() < mistakes and summarise(statements) == summarise([statements[0], statements[-1]]):
        changes = with_mistakes(rng, changes)
        if rng.random() < 0.15:
            present = _looking_otherwise(rng, present, statements[0])
    lines = [statements[0].sentence(), *(" ".join(one) or "nothing changes." for one in changes)]
    timed = [f"{start + gap * k:.2f} s: {line}" for k, line in enumerate(lines)]
    return "\n".join([*timed, f"At the end: {'; '.join(present) or 'nothing'}."] if shown else timed)


def with_mistakes(rng: random.Random, changes: Sequence[Sequence[str]]) -> list[list[str]]:
    """The changes of each step with one to three mistakes: one is left out or says something else of an object or of
    another one, or one that did not happen is added."""
    wrong = [list(one) for one in changes]
    for _ in range(rng.choice((1, 1, 2, 3))):
        said = [(step, at) for step, one in enumerate(wrong) for at in range(len(one))]
        if not said:
            break
        (step, at), kind = rng.choice(said), rng.random()
        if kind < 0.35:
            del wrong[step][at]
        elif kind < 0.75:
            wrong[step][at] = _said_otherwise(rng, wrong[step][at])
        else:
            rng.choice(wrong if rng.random() < 0.3 else [wrong[step]]).append(_said_otherwise(rng, wrong[step][at]))
    return wrong


def _looking_otherwise(rng: random.Random, present: Sequence[str], first: Statement) -> list[str]:
    """What is there at the end, but something that was there before has another shape or size."""
    known = [one for one in first.mentions if any(one.name in other for other in present)]
    if not known:
        return list(present)
    one = rng.choice(known)
    changed = rng.choice((replace(one, shape=rng.choice(SHAPES)), replace(one, size=rng.choice(SIZES))))
    return [other.replace(one.name, changed.name) for other in present]


def _said_otherwise(rng: random.Random, change: str) -> str:
    """A change of which something else is said: what the object does, or where, or how it looks."""
    (one,) = parse_statement(change.replace("The ", "a ", 1)).mentions
    kind = rng.random()
    if kind < 0.35:
        one = replace(one, motion=rng.choice(MOTIONS[1:]))
        if one.motion == "moves" and one.start == one.end:
            one = replace(one, **{rng.choice(("start", "end")): rng.choice(PLACES)})
    elif kind < 0.7:
        one = replace(one, **{rng.choice(("start", "end")): rng.choice(PLACES)})
    else:
        name, among = rng.choice((("colour", tuple(COLOURS)), ("shape", SHAPES), ("size", SIZES)))
        one = replace(one, **{name: rng.choice(among)})
    return f"The {one.phrase().removeprefix('a ')}."


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
    mistakes: float = 0.0,
) -> Example:
    """An example whose answer is the clip's summary, or with `long` the clip told at length.

    `kind` is "frames", "steps", "structured" or "segments"; `frames` counts segments if these are shown; `wish` is
    the probability that wishes stand behind a prompt that does not ask for a long caption, `mistakes` the one that some
    steps are wrong.
    """
    each = rng.choice((1, 2, 2, 3, 5)) if kind == "segments" else 1
    statements = random_statements(rng, frames * each + int(min(frames, each) > 1 and rng.random() < 0.3), objects)
    while long and _share_a_place(statements[-1]):
        statements = random_statements(rng, len(statements), objects)
    if kind == "frames":
        prompt, start, end = summary_prompt(rng, [statement.sentence() for statement in statements])
    else:
        notes = {
            "steps": lambda: steps(rng, statements, mistakes=mistakes),
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
    "mistaken": lambda rng, frames, objects: summary_of(rng, "steps", frames, objects, mistakes=1.0),
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
    {"frames": 16, "steps": 18, "mistaken": 26, "structured": 4, "segments": 10, "lengths": 8, "long": 14, "wishes": 4},
    {
        "frames": 12,
        "steps": 10,
        "mistaken": 26,
        "structured": 4,
        "segments": 10,
        "lengths": 14,
        "long": 10,
        "choice": 14,
    },
    {
        "frames": 28,
        "steps": 10,
        "mistaken": 14,
        "structured": 6,
        "segments": 16,
        "lengths": 8,
        "long": 10,
        "wishes": 4,
        "choice": 4,
    },
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
