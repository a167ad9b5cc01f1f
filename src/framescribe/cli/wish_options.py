"""Knows the options that say what captions are to be like: models are told, and captions checked; does neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from framescribe.cli.options import option
from framescribe.python.recipe import DEFAULTS

PANEL = "Wishes"


@dataclass(frozen=True, slots=True)
class WishOptions:
    """What captions are to be like. The model that writes them is told, and the gate checks what can be checked."""

    target: Annotated[
        str | None,
        option(
            PANEL,
            "What captions are made for: wan, hunyuan, ltx, cogvideox, videox-fun, cosmos, lora-character, lora-style, "
            "lora-motion. It sets wording, order, length and checks (docs/targets.md); other options count before it.",
            "--for",
            metavar="NAME",
        ),
    ] = DEFAULTS.target
    captions: Annotated[
        list[str] | None,
        option(
            PANEL,
            "Several captions, each made from the next longer one: short (at most 20 words), medium (60), long (the "
            "caption as it is), or numbers of words and tokens: 20w,60w,226t:t5.",
            metavar="LENGTHS",
        ),
    ] = None
    note: Annotated[
        list[str] | None,
        option(
            PANEL,
            "What is known about a video: 'the man is called {name}', where {name} is a column of the list. Left out "
            "for videos whose columns are empty.",
            metavar="TEXT",
        ),
    ] = None
    hint: Annotated[
        str | None,
        option(
            PANEL,
            "What may be wrong, such as tags or an old caption: '{tags}'. It is used where it agrees with what is "
            "seen. With recaption, {caption} is the present caption.",
            metavar="TEXT",
        ),
    ] = DEFAULTS.hint
    must_mention: Annotated[
        list[str] | None,
        option(PANEL, "Words that every caption must mention, in any form; columns, too: '{name}'.", metavar="WORDS"),
    ] = None
    trigger: Annotated[
        list[str] | None,
        option(
            PANEL,
            "A word or phrase that every caption must have; it is put in front where it is missing.",
            metavar="WORDS",
        ),
    ] = None
    forbid: Annotated[
        list[str] | None, option(PANEL, "A word or phrase that no caption may have.", metavar="WORDS")
    ] = None
    min_words: Annotated[
        int | None,
        option(PANEL, "Captions have at least so many words. Default: 5.", min=1, metavar="N", show_default=False),
    ] = DEFAULTS.min_words
    max_words: Annotated[int | None, option(PANEL, "Captions have at most so many words.", min=1, metavar="N")] = (
        DEFAULTS.max_words
    )
    language: Annotated[
        str | None,
        option(
            PANEL,
            "The language of the captions, such as en, zh or de; any: not judged. Default: en with the prompts that "
            "ship with framescribe, else any.",
            metavar="CODE",
            show_default=False,
        ),
    ] = DEFAULTS.language
