"""Knows how long a text may be: in words, or in tokens of a text encoder; shortens none."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from framescribe.language.letters import count
from framescribe.language.tokens import Counter, counter

WORDS_OF_TOKENS = 2, 3  # so many words have about so many tokens, on the safe side


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many `words`, or so many `tokens` of a `tokenizer` (a folder, or "t5", "clip", "umt5", "llama3")."""

    words: int | None = None
    tokens: int | None = None
    tokenizer: str = ""

    @property
    def about(self) -> int:
        """How many words that is, about."""
        if self.tokens is None:
            return self.words or 1
        words, tokens = WORDS_OF_TOKENS
        by_tokens = max(1, self.tokens * words // tokens)
        return by_tokens if self.words is None else min(by_tokens, self.words)

    def excess(self, text: str) -> str:
        """In a few words by how much a text is too long; "" if it is not. UserError if there is no such tokenizer."""
        if self.words is not None and (length := count(text)) > self.words:
            return f"{length} of at most {self.words} words"
        if self.tokens is not None and (length := counted_by(self.tokenizer).count(text)) > self.tokens:
            return f"{length} of at most {self.tokens} tokens ({self.tokenizer})"
        return ""


@lru_cache(maxsize=8)
def counted_by(tokenizer: str) -> Counter:
    """As `counter`, opened once."""
    return counter(tokenizer)
