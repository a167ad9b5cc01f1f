"""Knows what an answer says that nobody judges, and when there is none; asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from framescribe.checks.base import Finding
from framescribe.engines.base import Reply
from framescribe.engines.thinking import UNANSWERED, split
from framescribe.errors import BadReply
from framescribe.strategies.form import Form, written
from framescribe.strategies.judged import MALFORMED


def unjudged(reply: Reply, called: str, form: Form | None) -> tuple[str, dict[str, Any]]:
    """An answer as it stands without a gate, and what a stage's record says of it. BadReply if it is no text of that
    form."""
    text = said(reply, called)
    if form is None:
        return text, {}
    try:
        return written(form.read(text)), {}
    except ValueError as error:
        found = Finding(check=MALFORMED, start=0, end=0, what=str(error))
        value = form.repaired(text)
        if value is None:
            raise no_text(called, reply.finish_reason, [found]) from None
        return written(value), {"before": [MALFORMED], "found": told([found]), "raw": text}


def told(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as rows keep them."""
    return [
        {"check": one.check, "start": one.start, "end": one.end, "what": one.what}
        | ({"field": one.field} if one.field else {})
        | ({"measure": one.measure, "value": one.value} if one.measure is not None else {})
        for one in found
    ]


def no_text(called: str, finish: str, left: Sequence[Finding]) -> BadReply:
    """What is said of an answer of which nothing can stand."""
    wrong = next((one.what for one in left if one.check == MALFORMED), None)
    ended = f"(finish reason: {finish})"
    return BadReply(
        f"the model's answer for {called} was empty {ended}"
        if wrong is None
        else f"the model's answer for {called} is not the JSON that was asked for: {wrong} {ended}"
    )


def said(reply: Reply, called: str) -> str:
    """An answer without surrounding whitespace, and without thoughts, which an engine from a plug-in may leave in it.
    BadReply, which says what it was for, if nothing is left."""
    thought, text = (part.strip() for part in split(reply.text))
    if thought and not text:
        raise BadReply(UNANSWERED)
    if not text:
        raise no_text(called, reply.finish_reason, ())
    return text
