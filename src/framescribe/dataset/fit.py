"""Knows how a caption is fitted to what a trainer reads, on the way out: trigger word, lengths, line breaks. The rows
keep their own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How captions are fitted; by default they only lose the blanks at their ends.

    trigger         put before a caption, once, unless it holds it already
    replace         words, and what each becomes: {"man": "ohwx man"}
    prefix, suffix  put before and after it
    drop_opening    "The video shows a dog" becomes "A dog"
    max_words       at most so many words, cut after a sentence if one ends before
    max_tokens      at most so many tokens of the `tokenizer`: a folder, or "t5", "clip", "umt5"
    on_newline      what becomes of line breaks: "space", or "refuse"; None: a space where the format cannot hold them
    """

    trigger: str | None = None
    replace: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    drop_opening: bool = False
    max_words: int | None = None
    max_tokens: int | None = None
    tokenizer: str | None = None
    on_newline: Literal["space", "refuse"] | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """A caption as it is given to a trainer, and what was done to it: "cut", "newlines", "opening", "triggered"."""

    text: str
    done: tuple[str, ...] = ()
    refused: str | None = None


class Fitter:
    """Placeholder until the other branch is merged."""

    says: tuple[str, ...] = ()

    def __init__(self, fit: Fit, *, newlines: bool, tokens: tuple[int, str] | None) -> None:
        self._fit, self._newlines = fit, newlines

    def fit(self, text: str) -> Fitted:
        """Placeholder."""
        text = text.strip()
        if not self._newlines:
            text = " ".join(text.split())
        return Fitted(text)
