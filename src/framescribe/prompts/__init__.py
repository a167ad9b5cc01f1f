"""Knows the prompt texts and how their placeholders are filled; knows no model and no video."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Literal

from framescribe.errors import UserError

Kind = Literal["frame", "summary", "clip", "step", "length", "verify", "judge"]
VALUES: dict[Kind, tuple[str, ...]] = {
    "frame": ("duration", "time", "frame_index"),
    "summary": ("captions", "duration", "frame_count"),
    "clip": ("duration", "frame_count"),
    "step": ("before", "time", "state", "frame_index", "duration"),
    "length": ("text", "words", "duration"),
    "verify": ("claims", "sentence", "wrong", "duration", "frame_count"),
    "judge": ("text", "list", "first", "second", "duration", "frame_count"),
}

# Only names count as placeholders, so JSON examples in a prompt need no escaping.
_PLACEHOLDER = re.compile(r"\{([^\W\d][\w .\-]*)\}")


def presets(kind: Kind) -> dict[str, str]:
    """The prompts that ship with framescribe, by name; "default" comes first."""
    texts = {}
    for file in resources.files(__package__).iterdir():
        if file.name == f"{kind}.txt":
            texts["default"] = file.read_text(encoding="utf-8").strip()
        elif file.name.endswith(f"-{kind}.txt"):
            texts[file.name.removesuffix(f"-{kind}.txt")] = file.read_text(encoding="utf-8").strip()
    return dict(sorted(texts.items()))


def load(value: str, kind: Kind) -> str:
    """The prompt that `value` stands for: `@file`, the name of a preset, or the text itself."""
    if value.startswith("@"):
        try:
            text = Path(value[1:]).expanduser().read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"the {kind} prompt cannot be read from {value[1:]!r}: {error}") from error
    else:
        own = presets(kind)
        if value not in own and any(value in presets(other) for other in VALUES):
            raise UserError(
                f"there is no {kind} prompt called {value!r}. Give the text, @file or one of: {', '.join(own)}."
            )
        text = own.get(value, value).strip()
    if not text:
        raise UserError(f"the {kind} prompt is empty. Give the text, @file or one of: {', '.join(presets(kind))}.")
    return text


def check(text: str, kind: Kind, columns: Iterable[str], called: str = "") -> None:
    """UserError if the prompt, or what else it is `called`, names something that no video has."""
    known = [*VALUES[kind], *columns]
    for name in named_in(text):
        if name not in known:
            raise UserError(
                f"{called or f'the {kind} prompt'} names {{{name}}}, but there is no such value or column. "
                f"Known: {', '.join(known)}."
            )


def named_in(text: str) -> list[str]:
    """The names of its placeholders."""
    return _PLACEHOLDER.findall(text)


def columns_in(text: str, kind: Kind) -> tuple[str, ...]:
    """The user's columns whose values the prompt uses, sorted."""
    return tuple(sorted(set(named_in(text)) - set(VALUES[kind])))


def as_filled(value: object) -> str:
    """A value as it stands in a filled prompt."""
    return "" if value is None else str(value)


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with every `{name}` in `values` replaced, in one pass, so that values are never filled in again."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            return match[0]
        return as_filled(values[match[1]])

    return _PLACEHOLDER.sub(value, text)
