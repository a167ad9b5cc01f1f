"""Knows how captions are scored by events, in the manner of AutoDQ: which of the reference's events a caption tells of,
and which of its own the reference bears out. Asks through what it is given; knows no model.

What differs from the original (bytedance/tarsier, evaluation/metrics/evaluate_dream_gpt.py, 1b72e57): a caption without
events has no precision there 1, here none; one without a reference's events no recall there 1, here none; a clip
without a caption recalls nothing, instead of being left out; and every event has a verdict of its own, by its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from framescribe.scoring.base import Ask, Candidate, Formula, Judged, Judgement, Reference, mean
from framescribe.scoring.numbered import closed, numbered
from framescribe.strategies.form import Form

MOST = 10
ENTAILS, NEUTRAL, CONTRADICTS = RELATIONS = ("entailment", "neutral", "contradiction")
EVENTS = Form(
    {
        "type": "object",
        "properties": {
            "events": {"type": "array", "items": {"type": "string", "maxLength": 200, "minLength": 1}, "maxItems": MOST}
        },
        "required": ["events"],
        "additionalProperties": False,
    }
)


def _f1(sums: Mapping[str, Any]) -> Any:
    precision, recall = sums["precision"] / sums["precise of"], sums["recall"] / sums["recalled of"]
    return 2 * precision * recall / np.maximum(precision + recall, 1e-9)  # 0 where both are


class Events(Judged):
    name = "events"
    help = "which events of the reference a caption tells of, and which of its own the reference bears out (AutoDQ)"
    source = "J. Wang et al., Tarsier: Recipes for Training and Evaluating Large Video Description Models (2407.00634)"
    formulas = {  # noqa: RUF012
        "precision": mean("precision", "precise of", "of a caption's events, the share that the reference entails"),
        "recall": mean("recall", "recalled of", "of the reference's events, the share that the caption entails"),
        "F1": Formula(help="the harmonic mean of these two", make=_f1, of="recalled of", unit="clips"),
        "contradicted": mean("contradicted", "events", "the share of captions' events that it contradicts", "events"),
    }
    prompts = ("events", "relations")

    async def judged(self, one: Candidate, reference: Reference, ask: Ask) -> Judgement:
        theirs = list(reference.events if reference.events is not None else await _events(reference.text, ask))
        own = await _events(one.text, ask) if one.text else []
        recalled = await _relations(theirs, one.text, ask) if one.text else [NEUTRAL] * len(theirs)
        precise = await _relations(own, reference.text, ask)
        tally = {
            **({"recalled of": 1, "recall": recalled.count(ENTAILS) / len(recalled)} if recalled else {}),
            **({"precise of": 1, "precision": precise.count(ENTAILS) / len(precise)} if precise else {}),
            "events": len(precise),
            "contradicted": precise.count(CONTRADICTS),
        }
        told = {
            "of the reference": _told(theirs, recalled),
            "of the caption": _told(own, precise),
        }
        return Judgement(tally, told)


async def _events(text: str, ask: Ask) -> list[str]:
    """The events that a text tells of, each once."""
    found = (await ask("events", {"text": text}, EVENTS))["events"]
    return list(dict.fromkeys(found))


async def _relations(events: Sequence[str], text: str, ask: Ask) -> list[str]:
    """What a text says of each of these events."""
    if not events:
        return []
    answer = await ask("relations", {"text": text, "list": numbered(events)}, closed(len(events), RELATIONS))
    return [answer[str(number)] for number in range(1, len(events) + 1)]


def _told(events: Sequence[str], relations: Sequence[str]) -> list[dict[str, str]]:
    return [{"event": event, "is": relation} for event, relation in zip(events, relations, strict=True)]
