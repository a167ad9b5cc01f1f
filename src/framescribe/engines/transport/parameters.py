"""Knows which parameters of a request one server accepts, as its answers have shown; sends nothing.

A parameter that may be in the way is found by trying without it, not by its mention: providers word refusals in every
way, and a refusal of one clip may quote the clip's own words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

ALWAYS = frozenset({"model", "messages", "max_completion_tokens", "stream", "media_io_kwargs"})
ANOTHER_NAME = {"max_tokens": "max_completion_tokens"}  # what OpenAI's reasoning models call it
MOST_TRIES = 12
# Those that are refused most often first; a schema last, because an answer without it is of another form.
_LIKELY = ("max_tokens", "top_p", "seed", "temperature")


class Parameters:
    """What was learned about one server: parameters that it `refuses`, and those that it has answered with."""

    def __init__(self) -> None:
        self.refused: set[str] = set()
        self._accepted: set[str] = set()
        self._not_to_blame: set[str] = set()

    def applied(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """The body as this server accepts it."""
        return without(wanted, self.refused) if self.refused else dict(wanted)

    def left_out(self, wanted: Mapping[str, Any]) -> tuple[str, ...]:
        """What is missing in it; another name for the same is not missing."""
        if not self.refused:
            return ()
        return tuple(sorted(name for name in wanted if name in self.refused and name not in ANOTHER_NAME))

    def accepts(self, body: Mapping[str, Any]) -> None:
        """The server answered this."""
        self._accepted.update(body)

    def suspects(self, body: Mapping[str, Any], said: str) -> list[str]:
        """The parameters that may be why the server refused this: those that it has never answered with, first the ones
        that the refusal mentions. None after a refusal whose like no parameter was to blame for."""
        if alike(said) in self._not_to_blame:
            return []
        names = [name for name in body if name not in ALWAYS and name not in self._accepted]
        return sorted(names, key=lambda name: (not is_named(name, said), name == "response_format", _rank(name)))

    def learn(self, names: Iterable[str]) -> list[str]:
        """The server answered without these, and not with them; returns those that are news."""
        new = [name for name in names if name not in self.refused]
        self.refused.update(new)
        return new

    def acquit(self, said: str) -> None:
        """No parameter was to blame for a refusal in these words."""
        self._not_to_blame.add(alike(said))


def without(body: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The body without these parameters; one with another name gets that."""
    gone = set(names)
    return {(ANOTHER_NAME[n] if n in gone else n): v for n, v in body.items() if n not in gone or n in ANOTHER_NAME}


def is_named(name: str, said: str) -> bool:
    """Whether a refusal mentions a parameter."""
    names = {name, ANOTHER_NAME.get(name, name)}
    return any(re.search(rf"(?<![a-z_]){re.escape(each)}(?![a-z_])", said) for each in names)


def alike(said: str) -> str:
    """The refusal without what differs from one to the next: numbers, ids of requests."""
    return re.sub(r"[\w-]*\d[\w-]*", "#", said)


def text_of(body: object) -> str:
    """All that a refusal says, for `suspects`."""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _rank(name: str) -> int:
    return _LIKELY.index(name) if name in _LIKELY else -1
