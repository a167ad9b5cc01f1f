"""Knows how a strategy asks an engine and what the end of an answer means; knows no prompt and no order of stages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from framescribe.engines.base import ChatRequest, Decoding, Reply
from framescribe.errors import BadReply

SMALLER = 2  # times that a picture's sides are halved where the model's context is too small for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Whom a stage asks, and how: an engine's `complete`, a prompt with placeholders, and the way to decode."""

    complete: Callable[[ChatRequest], Awaitable[Reply]]
    prompt: str
    decoding: Decoding


def text(reply: Reply, what: str) -> str:
    """The answer without blanks around it. BadReply where nothing is left; `what` it was for is said there."""
    said = reply.text.strip()
    if not said:
        raise BadReply(f"the model's answer for {what} was empty (finish reason: {reply.finish_reason})")
    return said


def ended_badly(reply: Reply, what: str) -> list[str]:
    """The flags of an answer that was cut off or went in circles."""
    return {"length": [f"{what}_truncated"], "repetition": [f"{what}_repeats"]}.get(reply.finish_reason, [])


def seconds(value: float | None) -> str:
    """Seconds as a prompt says them, or nothing where they are not known."""
    return "" if value is None else f"{value:.1f} seconds"
