"""Knows what a check is given and what it says; checks nothing itself.

Measuring is apart from judging: `measure` reports what is there, with its figures; which of that is too much is decided
by limits, which can be changed over finished rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from framescribe.checks.text import Text
from framescribe.language.limits import Limit

FEWEST = 5
"""The fewest words of a caption if nobody says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known about a text besides its words. Whatever is left out is not judged by.

    `language`: a code such as "en" or "zh"; None: any. `prompt`: the instruction that the model was given.
    `frame_captions`: the texts that it was made from; `longer`: the caption that it shortens. `must_mention`: what it
    must mention, in any form of the words. `tokens`: at most so many, of a tokenizer. `learns`: what a LoRA is to learn
    from the clips alone, so that no word may name it: "character", "style", or nothing. `facts`: what was measured in
    the video (`records.Row.facts`).
    """

    finish_reason: str = "stop"
    prompt: str = ""
    language: str | None = "en"
    min_words: int = FEWEST
    max_words: int | None = None
    trigger: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    must_mention: tuple[str, ...] = ()
    frame_captions: tuple[str, ...] = ()
    longer: str | None = None
    tokens: Limit | None = None
    learns: str = ""
    facts: Mapping[str, Any] | None = None

    @property
    def most_words(self) -> int | None:
        """How many words to ask for, where it may have so many at most; with a limit in tokens, about."""
        return self.max_words if self.tokens is None else replace(self.tokens, words=self.max_words).about


def fewest(given: int | None, most: int | None) -> int:
    """The fewest words of a caption: those `given`, else the usual ones where it may have so many."""
    return given if given is not None else FEWEST if most is None else min(FEWEST, most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check found: where in the text (characters from `start` to before `end`; the whole text if it
    has no place), and in a few words what.

    `measure` names the figure `value` among the check's `limits`; without one, finding it is judgement enough. `cut`:
    these places are replaced by these texts to mend it without a model, as (start, end, text) in order; None: only
    asking again helps. `field`: which text of a JSON value it is about, such as "subjects[0].action"; checks, which are
    given one text, leave it empty.
    """

    check: str
    start: int
    end: int
    what: str
    measure: str | None = None
    value: float | None = None
    cut: tuple[tuple[int, int, str], ...] | None = None
    field: str = ""


class Check(ABC):
    """Looks for one kind of fault in a text. One instance serves all texts, on any number of threads."""

    name: ClassVar[str]
    """Its name in flags and on the command line."""

    help: ClassVar[str]
    """What it finds, as the table in the docs says it: one line."""

    on: ClassVar[bool] = True
    """Whether it is used unless a person says otherwise."""

    limits: ClassVar[Mapping[str, float]] = {}
    """Its figures by name, and from which value on (for names that begin with "min_": below which) they are a fault."""

    @abstractmethod
    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        """What is there, whatever the limits are. Cheap where nothing is: a few microseconds."""
