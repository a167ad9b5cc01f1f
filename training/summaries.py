"""Knows how to make random training and test examples for the text model; knows no drawing and no tensors."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from prompts import summary_prompt, wants_lead

from framescribe.demo.scenes import BACKGROUNDS, MOTIONS, PLACES, SHAPES, SIZES, Mention, Statement, summarise
from framescribe.engines.sight import COLOURS

Point = tuple[float, float]


@dataclass(frozen=True)
class Example:
    """A prompt, the span of the captions in it, and the right answer."""

    prompt: str
    captions_start: int
    captions_end: int
    answer: str
    frames: int
    objects: int


def frame_times(rng: random.Random, count: int) -> list[float]:
    """Times between 0 and 1 at which frames may have been taken."""
    if count == 1:
        return [0.5]
    return rng.choice(
        (
            [k / (count - 1) for k in range(count)],
            [(k + 0.5) / count for k in range(count)],
            [k / count for k in range(count)],
        )
    )


def ends_of_path(rng: random.Random) -> tuple[Point, Point]:
    """Where an object starts and ends, in thirds of the frame; often straight from one side to the opposite one.

    In the sentence such places differ by a single word, "on the left" and "on the right": a model that has seen few of
    them takes them for the same place.
    """
    if rng.random() < 0.75:
        return (rng.random() * 3, rng.random() * 3), (rng.random() * 3, rng.random() * 3)
    (side, other), level = rng.choice(((0.5, 2.5), (2.5, 0.5))), rng.choice((0.5, 1.5, 1.5, 2.5))
    return rng.choice((((side, level), (other, level)), ((level, side), (level, other))))


def random_statements(rng: random.Random, frames: int, objects: int) -> list[Statement]:
    """What is seen in the frames of a random clip, whose objects differ in colour and may pass through each other."""
    tracks = []
    for colour in rng.sample(list(COLOURS), objects):
        start, end = ends_of_path(rng)
        name = (rng.choice(SIZES), colour, rng.choice(SHAPES))
        motion, when = rng.choices(MOTIONS, (4, 5, 1.3, 1.3))[0], rng.uniform(0.15, 0.85)
        tracks.append((name, motion, start, end, when, rng.random() < 0.3))
    dwell, background, statements = rng.choice((0, 0.15, 0.3, 0.4)), rng.choice(BACKGROUNDS), []
    for t in frame_times(rng, frames):
        done, mentions = min(1.0, max(0.0, (t - dwell) / (1 - 2 * dwell))), []
        for name, motion, start, end, when, at_once in tracks:
            if (motion == "appears" and t < when) or (motion == "disappears" and t >= when):
                continue
            gone = 0.0 if motion != "moves" else float(t >= when) if at_once else done
            column, row = (min(2, int(a + (b - a) * gone)) for a, b in zip(start, end, strict=True))
            place = PLACES[column * 3 + row]
            mentions.append(Mention(*name, place, place))
        mentions.sort(key=lambda mention: PLACES.index(mention.end))
        statements.append(Statement(tuple(mentions), background))
    return statements


def with_mistake(rng: random.Random, statements: list[Statement]) -> list[Statement]:
    """The statements with one mistake in a frame between the first and the last; it must not matter."""
    index = rng.randrange(1, len(statements) - 1)
    mentions = list(statements[index].mentions)
    if not mentions:
        return statements
    at = rng.randrange(len(mentions))
    if rng.random() < 0.5:
        place = rng.choice(PLACES)
        mentions[at] = replace(mentions[at], start=place, end=place)
    else:
        del mentions[at]
    mentions.sort(key=lambda mention: PLACES.index(mention.end))
    wrong = Statement(tuple(mentions), statements[index].background)
    changed = [*statements[:index], wrong, *statements[index + 1 :]]
    # A missing mention may change the order in which objects are first named: such an example would be unclear.
    return changed if summarise(changed) == summarise(statements) else statements


def random_example(rng: random.Random, frames: int, objects: int, *, mistakes: float = 0.0) -> Example:
    """An example with this many frames and objects; with probability `mistakes` a middle caption is wrong."""
    statements = random_statements(rng, frames, objects)
    shown = with_mistake(rng, statements) if frames > 2 and rng.random() < mistakes else statements
    prompt, start, end = summary_prompt(rng, [statement.sentence() for statement in shown])
    answer = summarise(statements).sentence(lead=wants_lead(prompt))
    return Example(prompt, start, end, answer, frames, objects)


def training_example(rng: random.Random, ease: float) -> Example:
    """An example for training: `ease` is the share of simple ones (few frames, one or two objects)."""
    if rng.random() < ease:
        return random_example(rng, rng.randint(1, 3), rng.choice((1, 1, 2)))
    frames = rng.choices((1, 2, 3, 4, 5, 6, 7, 8), (12, 16, 20, 18, 18, 5, 5, 6))[0]
    return random_example(rng, frames, rng.choices((1, 2, 3), (20, 50, 30))[0], mistakes=0.1)
