"""Knows how what happens in a drawn clip is told in the forms that strategies ask for: as steps from one frame to the
next, as a JSON object, in few words and in many. Knows no model and no prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from framescribe.demo.scenes import AT_PLACE, Mention, Statement, summarise

SHORT_WORDS, LONG_WORDS = 20, 60
"""In at most so many words a clip is told shortly; in at least so many, at length."""


def step(before: Statement, now: Statement) -> dict[str, Any]:
    """What changed between two frames of a clip, as the answer to the prompt "step"."""
    changed = [_change(mention) for mention in summarise([before, now]).mentions if mention.motion != "is"]
    if not changed:
        return {"changed": []}
    return {"present": [f"a {one.name} {AT_PLACE[one.end]}" for one in now.mentions], "changed": changed}


def structure(frames: Sequence[Statement]) -> dict[str, Any]:
    """A clip as the answer to the prompt "structured", from the statements about its frames in order of time."""
    whole = summarise(frames)
    return {
        "subjects": [
            {
                "what": one.shape,
                "appearance": f"{one.size}, {one.colour}",
                "action": _action(one),
                "place": AT_PLACE[one.start],
            }
            for one in whole.mentions
        ],
        "setting": f"a {whole.background} background",
        "light": "not sure",
        "style": "drawn",
        "actions": [_change(one) for one in whole.mentions if one.motion != "is"],
        "shot_size": "not sure",
        "angle": "not sure",
        "height": "not sure",
        "camera": {"movement": "static", "direction": "none", "speed": "none"},
        "text": [],
    }


def short(whole: Statement) -> str:
    """A clip's statement in at most SHORT_WORDS words: what is there and what it does, without sizes and places."""
    said = [
        f"{'an' if one.colour[0] in 'aeiou' else 'a'} {one.colour} {one.shape} "
        f"{'stays' if one.motion == 'is' else one.motion}"
        for one in whole.mentions
    ]
    text = " and ".join(filter(None, (", ".join(said[:-1]), said[-1]))) if said else "there are no objects"
    return f"{text[0].upper()}{text[1:]}."


def long(frames: Sequence[Statement], *, lead: bool = False) -> str:
    """A clip at length: its summary, then what is to be seen at first and at the end."""
    ends = (("At first", frames[0]), ("At the end", frames[-1]))
    listed = [f"{when}, {_listed(statement)}." for when, statement in ends]
    return " ".join([summarise(frames).sentence(lead=lead), *listed])


def _listed(statement: Statement) -> str:
    phrases = [mention.phrase() for mention in statement.mentions] or ["there are no objects"]
    return " and ".join(filter(None, (", ".join(phrases[:-1]), phrases[-1])))


def _change(mention: Mention) -> str:
    return f"The {mention.phrase().removeprefix('a ')}."


def _action(mention: Mention) -> str:
    if mention.motion == "moves":
        return f"moves from the {mention.start} to the {mention.end}"
    return {"is": "stays still"}.get(mention.motion, mention.motion)
