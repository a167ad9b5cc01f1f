"""Knows how large a prompt with pictures may be, and what of a model's context it may want; knows no engine."""

from __future__ import annotations

from dataclasses import dataclass

PIXELS = 1024 * 1024  # of a picture, where nothing else is known
PIXELS_PER_TOKEN = 28 * 28  # Qwen2.5-VL's; other models need fewer tokens for a picture
QUESTION_TOKENS = 1024  # the prompt's text, with room to spare


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSize:
    """The largest prompt with pictures: how many there are (None: not known), pixels of each, tokens of the answer, and
    whether the pictures come as one video."""

    pictures: int | None = 1
    pixels: int = PIXELS
    answer: int = 512
    video: bool = False

    @property
    def tokens(self) -> int:
        """The context that it may need, in tokens."""
        return (self.pictures or 1) * -(-self.pixels // PIXELS_PER_TOKEN) + self.answer + QUESTION_TOKENS
