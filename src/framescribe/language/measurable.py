"""Knows how English says what can be measured of shots and light, and what a measurement surely contradicts of it.

Only what is measured with a wide margin counts. It measures nothing, and knows nothing of captions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SURE = 0.8  # of confidence, for cuts
DARK, BRIGHT = 0.12, 0.6  # of full brightness: below this nothing is bright, above that nothing is dark

_ONE_SHOT = re.compile(
    r"\b(?:(?:in|as|is|of) (?:a|one) (?:single|continuous|unbroken|uninterrupted)(?:,? (?:single|continuous|unbroken|"
    r"uninterrupted))? (?:shot|take)|without (?:any )?cuts?|no cuts?|uncut)\b"
)
_ANOTHER_SHOT = re.compile(
    r"\b(?:(?:video|scene|shot|view|camera|clip|footage|it) (?:then |suddenly |abruptly )?cuts? (?:back )?to|"
    r"(?:a|the) (?:hard |quick |sudden )?cut to|(?:second|next|third|final) shot|"
    r"(?:two|three|four|five|six|several|multiple) (?:\w+ )?shots)\b"
)
_DARK = re.compile(
    r"\b(?:pitch[- ]black|pitch[- ]dark|dimly[- ]lit|poorly[- ]lit|(?:very |mostly |almost completely |"
    r"extremely )dark) (?:\w+ )?(?:scene|room|setting|picture|image|environment|interior|street|background|night)\b"
)
_BRIGHT = re.compile(
    r"\b(?:brightly[- ]lit|sunlit|sun-drenched|(?:very |extremely )bright) (?:\w+ )?(?:scene|room|setting|picture|"
    r"image|environment|interior|street|background|day)\b"
)


def known(facts: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """What a measure says, if it can tell."""
    of = facts.get(name)
    return of if isinstance(of, Mapping) and not of.get("cannot_tell") else None


def sure_cuts(facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Where the picture cuts, if that is sure."""
    cuts = known(facts, "cuts")
    return cuts if cuts is not None and cuts.get("confidence", 0.0) >= SURE else None


def is_bright(light: Mapping[str, Any]) -> bool:
    """Whether it is so bright, in every frame, that nothing of it can be called dark."""
    level = light.get("brightness")
    return isinstance(level, int | float) and level >= BRIGHT and not light.get("dark")


def is_dark(light: Mapping[str, Any]) -> bool:
    """Whether it is so dark, in every frame, that nothing of it can be called bright."""
    level = light.get("brightness")
    return isinstance(level, int | float) and level <= DARK and not light.get("bright")


def contradicted(text: str, facts: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """What a text in small letters says of shots and light that the measurements (`Row.facts`) contradict: from where,
    to where, and what was measured."""
    if (cuts := sure_cuts(facts)) is not None:
        number = len(cuts.get("cuts") or ())
        if number and (found := _ONE_SHOT.search(text)):
            yield *found.span(), f"measured in the video: cuts to another shot, {number} of them"
        if not number and not cuts.get("fades") and (found := _ANOTHER_SHOT.search(text)):
            yield *found.span(), "measured in the video is that it is one shot, without a cut"
    if (light := known(facts, "light")) is not None:
        if is_bright(light) and (found := _DARK.search(text)):
            yield *found.span(), "measured in the video is that it is bright"
        if is_dark(light) and (found := _BRIGHT.search(text)):
            yield *found.span(), "measured in the video is that it is dark"
