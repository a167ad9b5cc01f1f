"""Knows whether a sentence about a drawn clip is true, and which of its frames decide that; knows no model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from framescribe.demo.scenes import BACKGROUNDS, PLACES, SHAPES, SIZES, Statement, summarise
from framescribe.engines.sight import COLOURS

NUMBERS = ("no", "one", "two", "three", "four", "five")
_NAME = rf"(?:({'|'.join(SIZES)}) )?(?:({'|'.join(COLOURS)}) )?({'|'.join(SHAPES)})"
_PLACE = f"({'|'.join(sorted(PLACES, key=len, reverse=True))})"
_COUNT = re.compile(r"There (?:is|are) (not )?(an?|no|one|two|three|four|five) objects?\.|There are objects\.")
_THERE = re.compile(rf"There is (?:(no)|an?) {_NAME}\.")
_RESTS = re.compile(rf"An? {_NAME} is (not )?(?:at|on|in) the {_PLACE}\.")
_MOVES = re.compile(rf"An? {_NAME} (moves|does not move) from the {_PLACE} to the {_PLACE}\.")
_COMES = re.compile(rf"An? {_NAME} (?:(does not) )?(appear|disappear)s? (?:at|on|in|from) the {_PLACE}\.")
_DOES = re.compile(rf"An? {_NAME} (?:(does not) )?(stay|move|appear|disappear)s?\.")
_GROUND = re.compile(rf"The background is (not )?(?:a )?({'|'.join((*BACKGROUNDS, *COLOURS))})\.")
_HAPPENS = (_MOVES, _COMES, _DOES)


def holds(sentence: str, truth: Statement) -> bool | None:
    """Whether a sentence about a clip is true; None: it is none of those that can be told.

    "A circle is at the top" is true if any circle is; things that move, appear or disappear "are" nowhere.
    """
    if found := _COUNT.fullmatch(sentence):
        word, count = found[2], len(truth.mentions)
        if word in (None, "a", "an"):
            return count > 0
        return (NUMBERS.index(word) == count) != bool(found[1])
    if found := _GROUND.fullmatch(sentence):
        return (truth.background == found[2]) != bool(found[1])
    if found := _THERE.fullmatch(sentence):
        return _some(truth, found, 2) != bool(found[1])
    if found := _RESTS.fullmatch(sentence):
        return _some(truth, found, 1, motion="is", end=found[5]) != bool(found[4])
    if found := _MOVES.fullmatch(sentence):
        return _some(truth, found, 1, motion="moves", start=found[5], end=found[6]) != (found[4] != "moves")
    if found := _COMES.fullmatch(sentence):
        return _some(truth, found, 1, motion=f"{found[5]}s", end=found[6]) != bool(found[4])
    if found := _DOES.fullmatch(sentence):
        return _some(truth, found, 1, motion="is" if found[5] == "stay" else f"{found[5]}s") != bool(found[4])
    return None


def _some(truth: Statement, found: re.Match[str], first: int, **what: str) -> bool:
    """Whether there is a thing of the size, colour and shape in the match's groups from `first` on that is so."""
    named = zip(("size", "colour", "shape"), found.group(first, first + 1, first + 2), strict=True)
    wanted = {name: value for name, value in named if value is not None} | what
    return any(all(getattr(one, name) == value for name, value in wanted.items()) for one in truth.mentions)


def decided(sentence: str, frames: Sequence[Statement]) -> tuple[str, list[int]]:
    """ "yes", "no" or "cannot tell", as the prompt "verify" asks for, and the numbers of the frames that decide it.

    One frame does not show what moves or comes and goes. A thing that is there is decided by the frames that show it,
    what it does by the first and the last, and everything else by all.
    """
    happens = any(pattern.fullmatch(sentence) for pattern in _HAPPENS)
    true = holds(sentence, summarise(frames))
    if true is None or (happens and len(frames) == 1):
        return "cannot tell", []
    every = list(range(1, len(frames) + 1))
    if happens or _RESTS.fullmatch(sentence):
        every = sorted({1, len(frames)})
    elif found := _THERE.fullmatch(sentence):
        every = [number for number in every if _some(frames[number - 1], found, 2)] or every
    return "yes" if true else "no", every
