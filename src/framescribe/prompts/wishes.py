"""Knows how a user's wishes about captions are put to a model, as sentences behind a prompt; judges no caption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from framescribe.language.languages import ANY, code, in_english
from framescribe.prompts import fill, named_in

MOST_NAMED = 50  # forbidden words that a prompt names: more would suggest them rather than keep them out


class Wishes(BaseModel):
    """What a user wants of captions, as far as a model can be told.

    `form`: sentences that say how captions are to be written. `notes`: what is known about a video; `hint`: what may be
    wrong, such as an old caption or tags. These three and the words may hold columns as placeholders. `language`: a
    code or a name; None: the prompt's own. `about_words`: the length to aim at, where `max_words` is only a limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    form: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    hint: str | None = None
    must_mention: tuple[str, ...] = ()
    trigger: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    min_words: int | None = None
    max_words: int | None = None
    about_words: int | None = None
    language: str | None = None

    def behind(self, prompt: str, values: Mapping[str, Any] | None = None) -> str:
        """The prompt with the wishes behind it. With a video's `values`, notes and a hint that would stay empty for it
        are left out, but no placeholder is filled."""
        notes = [f"{note.rstrip('. ')}." for note in _not_empty(self.notes, values)]
        known = [f"What is known about this video: {' '.join(notes)}"] if notes else []
        said = " ".join((*known, *self.told(prompt)))
        hints = [
            f"A hint, which may be wrong; use it only where it agrees with what is seen: {hint}"
            for hint in _not_empty([self.hint] if self.hint else [], values)
        ]
        return "\n\n".join((prompt, *([said] if said else []), *hints))

    def told(self, prompt: str) -> list[str]:
        """The sentences that tell a model what to do, behind this prompt."""
        wanted = [*self.form]
        if self.must_mention:
            wanted.append(f"Mention {_quoted(self.must_mention)}.")
        if self.trigger:
            wanted.append(f"Use {_quoted(self.trigger)}, exactly as written.")
        if 0 < len(self.forbid) <= MOST_NAMED:
            wanted.append(f"Do not use the words {_quoted(self.forbid)}.")
        wanted += self._length()
        if self.language is not None and self.language.strip().lower() != ANY:
            wanted.append(f"Write in {in_english(self.language)}.")
        elif wanted and not prompt.isascii():  # these sentences are English, whatever the prompt is
            wanted.append("Keep to the language of the text above.")
        return wanted

    def for_prompt(self, *, english: bool) -> Wishes:
        """The wishes without what the prompt says itself: an `english` one that English is to be written."""
        return self.model_copy(update={"language": None}) if english and code(self.language) == "en" else self

    def _length(self) -> Iterable[str]:
        least, most = self.min_words, self.max_words
        if self.about_words is not None:
            yield f"Write about {self.about_words} words."
            if most is not None and most > self.about_words:
                yield f"Write at most {most} words."
        elif least is not None and most is not None:
            yield f"Write at least {least} and at most {most} words."
        elif most is not None:
            yield f"Write at most {most} words."
        elif least is not None:
            yield f"Write at least {least} words."


def filled(words: Iterable[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The words with a video's values for their placeholders, without those that are empty then."""
    return tuple(text for each in words if (text := fill(each, values).strip()))


def _not_empty(texts: Iterable[str], values: Mapping[str, Any] | None) -> list[str]:
    return [text for text in texts if values is None or not _is_empty(text, values)]


def _is_empty(text: str, values: Mapping[str, Any]) -> bool:
    names = [name for name in named_in(text) if name in values]
    return bool(names) and not any(str(values[name] if values[name] is not None else "").strip() for name in names)


def _quoted(words: Iterable[str]) -> str:
    *others, last = (f"“{each.strip()}”" for each in words)
    return f"{', '.join(others)} and {last}" if others else last
