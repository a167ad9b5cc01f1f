"""Knows which of a user's prompts each stage is asked with; reads no video and asks no model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from framescribe.errors import UserError
from framescribe.measures.said import NAMES
from framescribe.prompts import Kind, check, load, named_in
from framescribe.python.wanted import columns_of

if TYPE_CHECKING:
    from framescribe.records import Video
    from framescribe.strategies.base import Stage

DEFAULT = "default"
OPTIONS: Mapping[Kind, str] = {
    "frame": "prompt",
    "clip": "prompt",
    "step": "step_prompt",
    "summary": "summary_prompt",
}
"""The recipe's field that holds the prompt of a stage, by the kind of prompt that the stage uses."""


def own_text(value: str, step: Stage) -> str:
    """The text that `value` stands for at a stage, with its placeholders. UserError if it cannot be read, or if there
    is no prompt of that name for such a stage."""
    return load(step.preset if value == DEFAULT else value, step.prompt)


def prompt_text(
    value: str, step: Stage, videos: Sequence[Video], say: Callable[[str], None], *, measured: bool = False
) -> str:
    """As `own_text`; UserError, too, if it names a column that no video has. What is `measured` is like a column."""
    text = own_text(value, step)
    columns = columns_of(videos)
    missing = [name for name in named_in(text) if name in NAMES and name not in columns]
    if missing and not measured:
        raise UserError(
            f"the {step.prompt} prompt names {{{missing[0]}}}, which is measured in the videos only with --measure"
        )
    check(text, step.prompt, [*columns, *(NAMES if measured else ())])
    if step.prompt == "summary" and "{captions}" not in text:
        say("the summary prompt does not say {captions}: what is to be summed up follows it")
    return text
