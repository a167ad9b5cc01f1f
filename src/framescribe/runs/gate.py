"""Knows what a user wants of a run's texts: which checks, how strict, and what happens to a text that fails; checks
nothing itself, and changes no fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from framescribe.checks.base import Circumstances, fewest
from framescribe.checks.judge import Checks
from framescribe.engines.choice import ModelChoice
from framescribe.language.languages import ANY
from framescribe.language.limits import Limit
from framescribe.prompts import Kind, presets
from framescribe.prompts.wishes import Wishes, filled
from framescribe.strategies.asking import Gate


class GateChoice(BaseModel):
    """What texts are checked for, and whether one that fails is only flagged, or mended.

    `on` and `off` name checks; `limits` holds other thresholds than theirs, by check and measure. The wishes
    (`min_words` to `language`) concern captions, not the texts on the way there. `language`: a code, a name or "any";
    None: English for the prompts that ship with framescribe, else any. `tokens` and `learns`: as `Circumstances` have
    them. `second`: the model that is asked when the first cannot do it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: Literal["flag", "mend"] = "mend"
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    limits: Mapping[str, Mapping[str, float]] = Field(default_factory=dict)
    min_words: int | None = Field(default=None, ge=1)
    max_words: int | None = Field(default=None, ge=1)
    forbid: tuple[str, ...] = ()
    trigger: tuple[str, ...] = ()
    must_mention: tuple[str, ...] = ()
    language: str | None = None
    tokens: Limit | None = None
    learns: str = ""
    second: ModelChoice | None = None

    def checks(self) -> Checks:
        """The checks that are used. UserError for one that does not exist, or for a limit that it does not have."""
        return Checks.chosen(on=self.on, off=self.off, limits=self.limits)

    def digest(self) -> str:
        """A text that is equal if the same would be tried for the same fault."""
        second = [self.second.engine, self.second.model] if self.second is not None else None
        later = {name for name in ("must_mention", "tokens", "learns") if not getattr(self, name)}  # rows have digests
        wanted = {**self.model_dump(mode="json", exclude={"second", "mode", *later}), "second": second}
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]

    def of(
        self,
        prompt: str,
        kind: Kind,
        wishes: Wishes = Wishes(),  # noqa: B008
        limits: Mapping[str, Limit] = MappingProxyType({}),
    ) -> Gate:
        """The gate for texts that this prompt asks for, with these wishes behind it, and with limits to the length of
        some."""
        own = "en" if prompt in presets(kind).values() else None
        said = "\n\n".join(filter(None, (prompt, " ".join(wishes.told(prompt)))))
        step = Circumstances(prompt=said, language=own)
        caption = Circumstances(
            prompt=said,
            language=own if self.language is None else None if self.language == ANY else self.language,
            min_words=fewest(self.min_words, self.max_words),
            max_words=self.max_words,
            forbid=self.forbid,
            trigger=self.trigger,
            must_mention=self.must_mention,
            tokens=self.tokens,
            learns=self.learns,
        )
        return Gate(
            checks=self.checks(),
            mend=self.mode == "mend",
            caption=caption,
            step=step,
            digest=self.digest(),
            limits=limits,
        )


def of_video(of: Circumstances, values: Mapping[str, Any]) -> Circumstances:
    """The circumstances with a video's values where the wishes about words name columns."""
    if not any("{" in word for words in (of.must_mention, of.trigger, of.forbid) for word in words):
        return of
    return replace(
        of,
        must_mention=filled(of.must_mention, values),
        trigger=filled(of.trigger, values),
        forbid=filled(of.forbid, values),
    )
