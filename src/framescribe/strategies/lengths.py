"""Knows in which lengths captions can be wanted, and has the shorter ones made from the longer ones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from framescribe.engines.base import ChatRequest, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.errors import UserError
from framescribe.frames.sampling import Sampling
from framescribe.language.limits import Limit
from framescribe.prompts import fill
from framescribe.records import LENGTHS
from framescribe.strategies.base import Context, Output, Stage, seconds

SIZES = {"short": Limit(words=20), "medium": Limit(words=60), "long": None}
"""Lengths by name; "long" is the caption as it is."""

FORMS = f"{', '.join(SIZES)}, a number of words (60w) or of tokens (226t:t5)"
_WORDS = re.compile(r"(\d+)w")
_TOKENS = re.compile(r"(\d+)t(?::(.+))?", re.DOTALL)
_MOST = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A length by its name. Without a limit it is that of the caption; `named`: it is no number of the user's."""

    name: str
    limit: Limit | None
    named: bool = False

    @property
    def about(self) -> float:
        """About how many words it allows."""
        return float("inf") if self.limit is None else self.limit.about


def lengths_in(given: Iterable[str]) -> tuple[Length, ...]:
    """The lengths that texts such as "short,long" or "20w,226t:t5" name, in their order. UserError for another form."""
    found: dict[str, Length] = {}
    for text in (part.strip() for each in given for part in each.split(",")):
        if text in found:
            raise UserError(f"--captions: {text} is given twice")
        found[text] = _length(text)
    return tuple(found.values())


def _length(text: str) -> Length:
    if text in SIZES:
        return Length(name=text, limit=SIZES[text], named=True)
    words, tokens = _WORDS.fullmatch(text), _TOKENS.fullmatch(text)
    number = int((words or tokens or [0, 0])[1])
    if not 1 <= number <= _MOST:
        raise UserError(f"--captions: {text!r} is no length; give {FORMS}, divided by commas")
    if words:
        return Length(name=text, limit=Limit(words=number))
    if tokens is None or tokens[2] is None:
        raise UserError(f"--captions {text}: whose tokens? Write {text}:t5, {text}:clip, {text}:umt5 or {text}:FOLDER")
    return Length(name=text, limit=Limit(tokens=number, tokenizer=tokens[2]))


def of_caption(lengths: Iterable[Length]) -> Limit | None:
    """The limit of the caption itself, which is the longest that is wanted, if that is a number; None: a caption as it
    would be without, so that named lengths never have it written again."""
    longest = max(lengths, key=lambda length: length.about, default=None)
    return None if longest is None or longest.named else longest.limit


class Lengths(Stage):
    """Captions of several lengths: each is made from the next longer one, the longest from the caption."""

    name = LENGTHS
    model = "length model"
    prompt = "length"
    from_caption = True

    def __init__(self, lengths: tuple[Length, ...], *after: str) -> None:
        self.lengths, self.after = lengths, after
        self.limits = {length.name: length.limit for length in lengths if length.limit is not None}

    def requests(self, sampling: Sampling) -> int:
        return len(self.limits) - (of_caption(self.lengths) is not None)

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        return {"lengths": [length.name for length in self.lengths]}

    def values(self, result: Any) -> Mapping[tuple[str, int | None], Any]:
        made = result if isinstance(result, Mapping) else {}
        return {(name, None): made[name] for name in self.limits if name in made}

    async def run(self, context: Context) -> Output:
        written = [context.earlier[name].caption for name in self.after]
        text, made = next((one for one in reversed(written) if one), ""), dict[str, str]()
        for length in sorted(self.lengths, key=lambda length: length.about, reverse=True):
            if length.limit is not None and length.limit.excess(text):
                text = await _shortened(text, length.name, length.limit, context)
            made[length.name] = text
        return Output(value={length.name: made[length.name] for length in self.lengths})


async def _shortened(text: str, name: str, limit: Limit, context: Context) -> str:
    duration = seconds(context.info.duration if context.info else None)
    values = {**context.metadata, "text": text, "words": limit.about, "duration": duration}
    message = Message(role="user", parts=(TextPart(fill(context.prompt, values)),))
    request = ChatRequest(messages=(message,), decoding=context.decoding)
    return await context.ask(request, name, f"the caption of the length {name}", made_from=[text])
