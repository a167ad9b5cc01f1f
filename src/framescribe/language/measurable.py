"""Knows how English says what can be measured of shots and light, and what a measurement surely contradicts of it.

Only what is measured with a wide margin counts. It measures nothing, and knows nothing of captions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SURE = 0.8  # of confidence, for cuts
DARK, BRIGHT = 0.12, 0.6  # of full brightness: below this nothing is bright, above that nothing is dark

_FILM = r"(?:video|scene|clip|footage|film|shot|take|sequence|recording)"
_NOT_ON_SKIN = r"(?! (?:or|and|of|on|in|to|from)\b)"  # "no cuts or bruises"
_ONE_SHOT = re.compile(
    r"\b(?:(?:in|as|is|of) (?:a|one) (?:single|continuous|unbroken|uninterrupted)(?:,? (?:single|continuous|unbroken|"
    r"uninterrupted))? (?:shot|take)|"
    r"(?:filmed|shot|recorded|captured|runs?|plays?|take|footage|video|clip|scene)(?: \w+)? "
    rf"without (?:any )?cuts?{_NOT_ON_SKIN}|"
    rf"(?:there (?:is|are)|with|has|contains?|shows?) no cuts?{_NOT_ON_SKIN}|"
    rf"uncut {_FILM}|{_FILM} (?:is|plays|runs) (?:\w+ly )?uncut)\b"
)
_MANY = r"(?:two|three|four|five|six|several|multiple)"
_NO_DRINK = (
    r"(?! (?:of (?!an?\b|the\b|his\b|her\b|its\b|their\b|this\b|two\b|different\b|people\b)|at\b|from the\b|on goal))"
)
_SKIN = r"(?:head|forehead|face|arm|leg|hand|knee|lip|cheek|finger|chin|eye|bone|core|quick|basket)"
_ANOTHER_SHOT = re.compile(
    r"\b(?:(?:video|scene|shot|view|camera|clip|footage|it) (?:then |suddenly |abruptly )?cuts? (?:back )?to"
    rf"(?! (?:\w+ ){{0,2}}{_SKIN}\b)|"
    rf"(?:a|the) (?:hard |quick |sudden |smash |jump )?cut to(?! (?:\w+ ){{0,2}}{_SKIN}\b)|"
    r"in the (?:second|next|third|final) shot(?=,)|"
    r"the (?:second|next|third|final) shot (?:is|shows|features|depicts|reveals|opens|follows|captures|focuses|frames|"
    r"pans|zooms|tilts)|"
    rf"(?:in|of|over|across|between|into|contains?|comprises|has) {_MANY} (?:\w+ )?shots{_NO_DRINK})\b"
)
_PASSING = re.compile(
    r"\b(?:at first|initially|for (?:a|some) (?:moment|while|time|second|few)|momentarily|briefly|begins?|starts?|"
    r"opens?|then|before|until|finally|eventually|(?:at|towards?|near) the (?:start|beginning|end)|"
    r"in the (?:first|second|third|next|last|opening|final) (?:shot|half|part|scene))\b"
)
# What is seen in something else has a light of its own.
_PICTURED = re.compile(
    r"\b(?:painting|photo(?:graph)?|poster|drawing|mural|picture|image|screen|television|tv|monitor|phone|laptop|window|"
    r"mirror|doorway) (?:\w+ ){0,3}$"
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
    """Whether it is so bright that nothing of it can be called dark, at any time."""
    level = light.get("brightness")
    return isinstance(level, int | float) and level >= BRIGHT and not light.get("dark") and not _turns(light, level)


def is_dark(light: Mapping[str, Any]) -> bool:
    """Whether it is so dark that nothing of it can be called bright, at any time."""
    level = light.get("brightness")
    return isinstance(level, int | float) and level <= DARK and not light.get("bright") and not _turns(light, level)


def _turns(light: Mapping[str, Any], level: float) -> bool:
    """Whether a stretch of it is as dark as it is bright on the whole, or the other way round."""
    return any((one["brightness"] <= DARK) is not (level <= DARK) for one in light.get("stretches") or ())


def is_passing(text: str) -> bool:
    """Whether what a text in small letters says is said of a part of the time only."""
    return _PASSING.search(text) is not None


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
        if is_bright(light) and (found := _DARK.search(text)) and not _PICTURED.search(text, 0, found.start()):
            yield *found.span(), "measured in the video is that it is bright"
        if is_dark(light) and (found := _BRIGHT.search(text)) and not _PICTURED.search(text, 0, found.start()):
            yield *found.span(), "measured in the video is that it is dark"
