"""Knows how a Python program has captions checked without a model: by the checks of the command `check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from framescribe.checks.base import Circumstances, Finding
from framescribe.checks.judge import Checks
from framescribe.dataset.caption_table import Captioned
from framescribe.dataset.checking import found_in


def check(
    captions: str | Iterable[str | None],
    *,
    on: Iterable[str] = (),
    off: Iterable[str] = (),
    limits: Mapping[str, Mapping[str, float]] | None = None,
    language: str | None = "en",
    min_words: int = 5,
    max_words: int | None = None,
    trigger: str | Sequence[str] = (),
    forbid: str | Sequence[str] = (),
    must_mention: str | Sequence[str] = (),
    prompt: str = "",
    finish_reason: str = "stop",
    frame_captions: Sequence[str] = (),
    longer: str | None = None,
    learns: str = "",
    facts: Mapping[str, Any] | None = None,
) -> list[tuple[Finding, ...]]:
    """What is wrong with each of these captions, which are also compared with each other.

        for caption, found in zip(captions, fs.check(captions, forbid=["video"])):
            print(caption, [finding.check for finding in found])

    `on` and `off` name checks; `limits` are by check and measure: {"repeats": {"phrase_times": 4}}. The rest is what is
    known about all of them (docs/checks.md). UserError for a check or a limit that does not exist.
    """
    of = Circumstances(
        finish_reason=finish_reason,
        prompt=prompt,
        language=language,
        min_words=min_words,
        max_words=max_words,
        trigger=(trigger,) if isinstance(trigger, str) else tuple(trigger),
        forbid=(forbid,) if isinstance(forbid, str) else tuple(forbid),
        must_mention=(must_mention,) if isinstance(must_mention, str) else tuple(must_mention),
        frame_captions=tuple(frame_captions),
        longer=longer,
        learns=learns,
        facts=facts,
    )
    texts = [captions] if isinstance(captions, str) else captions
    rows = [
        Captioned(record={}, name=f"number {number}", text=text, of=of) for number, text in enumerate(texts, start=1)
    ]
    return [found for _, found, _ in found_in(rows, Checks.chosen(on=on, off=off, limits=limits))]
