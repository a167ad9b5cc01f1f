"""Knows how measured facts are said to a model, in English; measures nothing, and leaves out what is not sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from framescribe.measures.watching import CANNOT_TELL

NAMES = ("camera", "cuts", "motion", "on_screen_text")
"""The placeholders that prompts may use."""

SURE = 0.7  # of confidence, from which on a fact is told
MOST_TIMES = 8  # cuts whose seconds are told
READ, MOST_LINES, MOST_LETTERS = 0.9, 8, 80  # of confidence in a line of text; lines and letters of each that are told
_STILL, _LITTLE, _MUCH = 0.005, 0.05, 0.3  # of `motion.amount`


def known(facts: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """What this measure says, if it can tell, and is sure where it says how sure it is."""
    of = facts.get(name)
    if not isinstance(of, Mapping) or of.get(CANNOT_TELL):
        return None
    return of if of.get("confidence", 1.0) >= SURE else None


def words(facts: Mapping[str, Any]) -> dict[str, str]:
    """What prompts get for their placeholders; empty where it is not known."""
    return {
        "camera": camera(facts),
        "cuts": cuts(facts),
        "motion": motion(facts),
        "on_screen_text": on_screen_text(facts),
    }


def line(facts: Mapping[str, Any]) -> str:
    """All that is known, as a line behind a prompt; empty if nothing is."""
    said = []
    if text := camera(facts):
        said.append(f"Camera: {text}.")
    if text := cuts(facts):
        said.append(f"There {'is' if text.startswith(('no', 'one')) else 'are'} {text}.")
    if text := on_screen_text(facts):
        said.append(f"This text can be read: {text}.")
    return f"This was measured in the video and is certain: {' '.join(said)}" if said else ""


def camera(facts: Mapping[str, Any]) -> str:
    """What the camera does, as its measure says it: "pan left, then static"."""
    of = facts.get("camera")
    return (of.get("said") if isinstance(of, Mapping) else None) or ""


def cuts(facts: Mapping[str, Any]) -> str:
    """How often and when the picture cuts to another shot: "one cut, at 2.3 s"."""
    of = known(facts, "cuts")
    if of is None:
        return ""
    times = of["cuts"]
    if not times:
        return "no cut"
    at = ", ".join(f"{time:.1f}" for time in times[:MOST_TIMES])
    more = " and later" if len(times) > MOST_TIMES else ""
    return f"one cut, at {at} s" if len(times) == 1 else f"{len(times)} cuts, at {at} s{more}"


def motion(facts: Mapping[str, Any]) -> str:
    """How much moves: "nothing moves", "a little moves", "some of it moves", "much moves"."""
    of = known(facts, "motion")
    if of is None:
        return ""
    amount = of["amount"]
    levels = ((_STILL, "nothing moves"), (_LITTLE, "a little moves"), (_MUCH, "some of it moves"))
    return next((text for most, text in levels if amount < most), "much moves")


def on_screen_text(facts: Mapping[str, Any]) -> str:
    """The lines of text that can be read for certain, in quotes, in the order in which they appear."""
    of = known(facts, "text")
    sure = [line["text"] for line in (of or {}).get("lines", ()) if line["confidence"] >= READ]
    short = [text.replace('"', "'") for text in sure if len(text) <= MOST_LETTERS][:MOST_LINES]
    return ", ".join(f'"{text}"' for text in short)
