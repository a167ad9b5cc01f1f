"""Knows how servers say how long to wait before the next request, in headers and in words; waits for nothing."""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime

LONGEST_RESET_SECONDS = 60.0  # a budget that is full again in an hour has room for a request much sooner
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_STEP = r"\d+(?:\.\d+)?\s*(?:milliseconds?|msecs?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"
_DURATION = re.compile(rf"(?:{_STEP})(?:[\s,]*(?:and\s+)?{_STEP})*", re.IGNORECASE)
# "Please try again in 1m23.5s" (OpenAI, Groq), "Please retry in 41.2s" (Gemini), "retry after 6 seconds" (Azure)
_IN_WORDS = re.compile(
    r"\b(?:try again|retry|retrying|wait|resets?|available)\b"
    rf"(?:[^.\d]{{0,40}}?(?P<time>{_DURATION.pattern})|\s+(?:in|after|for)\s+(?P<plain>\d+(?:\.\d+)?)\b)",
    re.IGNORECASE,
)
_FIELDS = re.compile(r"retry_?(?:delay|after|in)(?P<unit>_?ms|_?seconds)?", re.IGNORECASE)


def told(headers: Mapping[str, str], body: object, words: str) -> float | None:
    """The seconds that the server asks to be left alone; None if it does not say.

    In this order: Retry-After in milliseconds, Retry-After (RFC 9110, 10.2.3: seconds or a date), a field of the body
    ("retryDelay": "41s", as Google writes it), the words of the error, and when a limit's budget is full again.
    """
    for name, unit in (("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001), ("retry-after", 1.0)):
        if (seconds := _moment(headers.get(name, ""), unit)) is not None:
            return seconds
    for seconds in _in_body(body):
        return seconds
    if (found := _IN_WORDS.search(words)) is not None:
        return _seconds(found["time"]) if found["time"] else _number(found["plain"])
    return _reset(headers)


def _number(text: str) -> float | None:
    try:
        return max(0.0, float(text))
    except ValueError:
        return None


def _seconds(text: str) -> float | None:
    """The seconds in a duration like "1m23.5s", "20 ms" or "2 hours"; None if it is none."""
    if not _DURATION.fullmatch(text.strip()):
        return None
    total = 0.0
    for step in re.finditer(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text, re.IGNORECASE):
        unit = step[2].lower()
        total += float(step[1]) * _UNITS["ms" if unit.startswith(("ms", "mil")) else unit[0]]
    return total


def _moment(text: str, unit: float = 1.0) -> float | None:
    """The seconds in a number, a duration, a date or a Unix time in seconds or milliseconds; None if it is none."""
    text = text.strip()
    if not text:
        return None
    if (number := _number(text)) is not None:
        if number > 1e11:
            return max(0.0, number / 1000 - time.time())
        return max(0.0, number - time.time()) if number > 1e9 else number * unit
    if (seconds := _seconds(text)) is not None:
        return seconds
    for read in (datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            return max(0.0, read(text).timestamp() - time.time())
        except (TypeError, ValueError):
            continue
    return None


def _in_body(body: object) -> Iterator[float]:
    if isinstance(body, dict):
        for name, value in body.items():
            if (field := _FIELDS.fullmatch(str(name))) is not None:
                text = value if isinstance(value, str) else json.dumps(value)
                if (seconds := _moment(text, 0.001 if (field["unit"] or "").endswith("ms") else 1.0)) is not None:
                    yield seconds
        for value in body.values():
            yield from _in_body(value)
    elif isinstance(body, list):
        for value in body:
            yield from _in_body(value)


def _reset(headers: Mapping[str, str]) -> float | None:
    """When the limits are open again, as x-ratelimit-reset-requests and its like say: of those that are used up, or,
    where a server does not say which are, of the one that opens first."""
    resets, used_up = list[float](), list[float]()
    for name, value in headers.items():
        low = name.lower()
        if "ratelimit" not in low.replace("rate-limit", "ratelimit") or "reset" not in low:
            continue
        if (seconds := _moment(value)) is not None:
            resets.append(seconds)
            if _number(headers.get(low.replace("reset", "remaining"), "")) == 0:
                used_up.append(seconds)
    wait = max(used_up) if used_up else min(resets, default=None)
    return None if wait is None else min(wait, LONGEST_RESET_SECONDS)
