"""Knows when a caption is a list of tags ("1girl, long hair, standing"), and what each claims; knows no sentences."""

from __future__ import annotations

import re

from framescribe.claims import base, contrasts, statements
from framescribe.claims import words as w
from framescribe.claims.base import Claim
from framescribe.claims.clause import Memory
from framescribe.claims.nouns import Words, is_plural
from framescribe.claims.sentence import Walk
from framescribe.claims.tokens import tokens
from framescribe.claims.verbs import verb
from framescribe.language.letters import listed

FEWEST, LONGEST = 4, 3  # tags; words of one, on average
_IN_SENTENCES = listed("a an the and is are was were has have his her their while as then who which that")
_TAG = re.compile(r"[^,\n]+")
_PEOPLE = re.compile(r"1 ?(girl|boy|man|woman|dog|cat)")
_SEEN_FROM = re.compile(r"from (?:above|below|behind|the side|side)")


def tags(caption: str) -> list[tuple[int, int]] | None:
    """Where each tag of a list of them begins and ends; None: it is no such list."""
    body = caption.rstrip(" .\n")
    found = []
    for one in _TAG.finditer(body):
        said = one[0].strip()
        if said:
            start = one.start() + one[0].index(said)
            found.append((start, start + len(said)))
    words = re.findall(r"[\w'-]+", body.lower())
    if len(found) < FEWEST or len(words) > LONGEST * len(found) or re.search(r"[.!?;:]\s", body):
        return None
    return found if _IN_SENTENCES.isdisjoint(words) else None


def claims_of(caption: str, places: list[tuple[int, int]]) -> list[Claim]:
    """What the tags at these places claim, each for itself."""
    one_of = _PEOPLE.search(caption)
    who = f"the {one_of[1]}" if one_of is not None else "someone"
    return [claim for start, end in places for claim in _of_tag(caption, start, end, who)]


def _of_tag(caption: str, start: int, end: int, who: str) -> list[Claim]:
    said = caption[start:end]
    low, words = said.lower(), Words(tokens(caption, start, end))
    if not len(words):
        return []
    first = verb(words.low(0))

    def claim(kind: str, both: tuple[str, str]) -> list[Claim]:
        return [Claim(kind=kind, start=start, end=end, statement=both[0], contrast=both[1])]

    if first is not None and first.form == "ing":
        statement = statements.sentence(f"{who} is {low}")
        return claim(base.ACTION, (statement, contrasts.negated(statement)))
    if low == "solo":
        return claim(base.COUNT, ("There is only one character.", "There are several characters."))
    if _SEEN_FROM.fullmatch(low):
        statement = f"The scene is seen {low.replace('from side', 'from the side')}."
        return claim(base.CAMERA, (statement, contrasts.of_camera(statement)))
    if low in ("outdoors", "indoors"):
        return claim(base.SETTING, statements.set_in(low))
    if low in w.SETTINGS:
        return claim(base.SETTING, statements.of_weather(f"is {low}"))
    phrase = words.phrase(0)
    if words.all[0].quoted or (phrase is not None and phrase.last == len(words)):
        return Walk(words, Memory()).claimed()
    plural = is_plural(words.low(len(words) - 1))
    statement = contrasts.with_article(f"There are {low}." if plural else f"There is a {low}.")
    return claim(base.OBJECT, (statement, contrasts.negated(statement)))
