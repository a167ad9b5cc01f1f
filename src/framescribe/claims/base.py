"""Knows what a claim is; finds none."""

from __future__ import annotations

from dataclasses import dataclass

OBJECT, ATTRIBUTE, COUNT, PLACE, ACTION = "object", "attribute", "count", "place", "action"
DIRECTION, ORDER, CAMERA, TEXT, SETTING = "direction", "order", "camera", "text", "setting"
KINDS = (OBJECT, ATTRIBUTE, COUNT, PLACE, ACTION, DIRECTION, ORDER, CAMERA, TEXT, SETTING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that a caption says of a video, and that can be right or wrong by itself.

    `start` and `end`: the caption's characters that say it. `statement`: a sentence that says only this, and is
    understood without the caption. `contrast`: its smallest negation, which cannot be true as well: one word is
    exchanged for its opposite, else it is a plain "not".
    """

    kind: str
    start: int
    end: int
    statement: str
    contrast: str
