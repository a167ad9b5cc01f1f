"""Knows how a caption is fitted to what a trainer reads, on the way out: trigger word, lengths, line breaks. The rows
keep their own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from framescribe.checks.openings import without_opening
from framescribe.dataset.replacing import Replacements
from framescribe.errors import UserError
from framescribe.language.cutting import cut
from framescribe.language.estimate import ESTIMATES, surely_fits
from framescribe.language.letters import count, perhaps, phrases, spaceless
from framescribe.language.tokens import Counter, counter


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How captions are fitted; by default they only lose the blanks at their ends.

    trigger         put before a caption, once, unless it holds it already
    replace         words, and what each becomes: {"man": "ohwx man"}
    prefix, suffix  put before and after it, unless it begins or ends with them already
    drop_opening    "The video shows a dog" becomes "A dog"
    max_words       at most so many words, cut after a sentence if one ends before
    max_tokens      at most so many tokens of the `tokenizer`: a folder, or "t5", "clip", "umt5", "llama3"
    on_newline      what becomes of line breaks: "space", or "refuse"; None: a space where the format cannot hold them
    """

    trigger: str | None = None
    replace: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    suffix: str = ""
    drop_opening: bool = False
    max_words: int | None = None
    max_tokens: int | None = None
    tokenizer: str | None = None
    on_newline: Literal["space", "refuse"] | None = None


class Fitted(NamedTuple):
    """A caption as it is given to a trainer, what was done to it ("newlines", "opening", "replaced", "triggered",
    "cut", in this order), and why it cannot be given to one, in words for the user, or None."""

    text: str
    done: tuple[str, ...] = ()
    refused: str | None = None


class Fitter:
    """Fits the captions of one export.

    newlines  whether the format can hold line breaks
    tokens    how many tokens of a caption the format's text encoder reads, and the tokenizer that counts them; None if
              there is no such limit
    longer    how many captions, of those fitted so far, are longer than that

    UserError if what is asked for contradicts itself, or if there is no such tokenizer.

    The trigger is set off by a comma: "ohwx dog, a brown dog runs". Kohya's scripts divide captions into tags at
    commas, so that keep_tokens = 1 keeps the whole trigger at the front while they shuffle and drop the other tags. In
    prose the caption becomes an apposition; with a space alone the trigger would run into the first sentence.
    """

    def __init__(self, fit: Fit, *, newlines: bool, tokens: tuple[int, str] | None) -> None:
        self.longer = 0
        self._fit, self._reads = fit, tokens
        self._one_line = not newlines or fit.on_newline is not None
        self._prefix, self._suffix = fit.prefix.lstrip(), fit.suffix.rstrip()
        self._trigger = "" if fit.trigger is None else fit.trigger.strip()
        self._check()
        triggers = [self._trigger] if self._trigger else []
        self._may_hold, self._holds = perhaps(triggers), phrases(triggers)
        self._replace = Replacements(fit.replace, triggers) if fit.replace else None
        made = [*triggers, *(other.strip() for other in fit.replace.values())]
        self._keep = phrases(made) if made else None
        self._tokens, self._reader = self._counters()
        self._limited = fit.max_words is not None or fit.max_tokens is not None
        self._strips_only = not (
            fit.drop_opening or fit.replace or self._trigger or self._prefix or self._suffix or self._limited
        )
        alone = self._joined(self._trigger, triggered=False) or "."
        if self._limited and not self._fits(alone):
            raise UserError(
                "--trigger, --prefix and --suffix alone are longer than --max-words or --max-tokens allow. Allow more."
            )

    @property
    def says(self) -> list[str]:
        """What the user should know, once all captions are fitted."""
        said = []
        estimated = self._tokens.estimated if self._tokens is not None else None
        if estimated is not None:
            said.append(estimated)
        if self._reads is not None and self.longer:
            limit, _ = self._reads
            about = "" if self._reader is None or self._reader.estimated is None else ", as estimated"
            many = f"{self.longer} captions are" if self.longer > 1 else "1 caption is"
            said.append(
                f"{many} longer than the {limit} tokens that the trainer's text encoder reads{about}: it ignores the"
                f" rest. --max-tokens {limit} cuts them after a sentence instead."
            )
        return said

    def fit(self, text: str) -> Fitted:
        """A caption, fitted. One without a word stays empty, whatever would be put before it."""
        text = text.strip()
        if not text:
            return Fitted("")
        done: list[str] = []
        if self._one_line and len(lines := text.splitlines()) > 1:
            if self._fit.on_newline == "refuse":
                return Fitted(text, refused="it has line breaks; --on-newline space makes spaces of them")
            text = " ".join(filter(None, map(str.strip, lines)))
            done.append("newlines")
        if not self._strips_only:
            fitted = self._words(text, done)
            if fitted is None:
                return Fitted(text, tuple(done), "not even its first word fits in the length allowed")
            text = fitted
        if self._reader is not None:
            self._note_length(text)
        return Fitted(text, tuple(done))

    def _words(self, text: str, done: list[str]) -> str | None:
        body = self._bare(text)
        if self._fit.drop_opening and (rest := without_opening(body, self._keep)) != body:
            body = rest
            done.append("opening")
        if self._replace is not None and (rest := self._replace(body)) != body:
            body = rest
            done.append("replaced")
        triggered = self._lacks_trigger(body)
        if self._limited and not self._fits(self._joined(body, triggered=triggered)):
            shorter = self._cut(body, triggered=triggered)
            if shorter is not None and not triggered and self._lacks_trigger(shorter):
                triggered = True  # the caption held it, but only in what was cut off
                shorter = self._cut(body, triggered=True)
            if shorter is None:
                return None
            body = shorter
            done.append("cut")
        if triggered:
            done.insert(len(done) - ("cut" in done), "triggered")
        return self._joined(body, triggered=triggered)

    def _cut(self, body: str, *, triggered: bool) -> str | None:
        def fits(text: str) -> bool:
            return self._fits(self._joined(text, triggered=triggered))

        shorter = cut(body, fits, self._keep)
        # An opening that was kept for the sake of what has just been cut off.
        while (
            shorter is not None and self._fit.drop_opening and (rest := without_opening(shorter, self._keep)) != shorter
        ):
            shorter = rest if fits(rest) else cut(rest, fits, self._keep)
        return shorter

    def _bare(self, text: str) -> str:
        """The caption without the prefix and suffix, if it has them: then it was fitted before."""
        body = text
        if self._prefix and body.startswith(self._prefix):
            rest = body[len(self._prefix) :].lstrip()
            body = rest if rest and _joint(self._prefix, rest) == body else body
        if self._suffix and body.endswith(self._suffix):
            rest = body[: -len(self._suffix)].rstrip()
            body = rest if rest and _joint(rest, self._suffix) == body else body
        return body

    def _lacks_trigger(self, body: str) -> bool:
        if not self._trigger:
            return False
        text = self._joined(body, triggered=False)
        return not (self._may_hold(text) and self._holds.search(text))

    def _joined(self, body: str, *, triggered: bool) -> str:
        if triggered:
            comma = "," if self._trigger[-1].isalnum() or self._trigger[-1] in ")]>}\"'" else ""
            body = f"{self._trigger}{comma} {body}"
        return _joint(_joint(self._prefix, body), self._suffix)

    def _fits(self, text: str) -> bool:
        words, tokens = self._fit.max_words, self._fit.max_tokens
        if words is not None and count(text) > words:
            return False
        return tokens is None or self._tokens is None or self._tokens.count(text) <= tokens

    def _note_length(self, text: str) -> None:
        """Counts exactly only where the estimate says that it is too long."""
        assert self._reads is not None and self._reader is not None
        limit, name = self._reads
        if surely_fits(text, limit) or ESTIMATES[name](text) <= limit:
            return
        if self._reader.estimated is not None or self._reader.count(text) > limit:
            self.longer += 1

    def _check(self) -> None:
        fit = self._fit
        if fit.trigger is not None and not self._trigger:
            raise UserError("--trigger is empty: give it a word or two, or leave it out.")
        for option, limit in (("--max-words", fit.max_words), ("--max-tokens", fit.max_tokens)):
            if limit is not None and limit < 1:
                raise UserError(f"{option} {limit}: at least 1.")
        if fit.tokenizer is not None and fit.max_tokens is None and self._reads is None:
            raise UserError("--tokenizer counts for --max-tokens: give both, or neither.")
        if fit.max_tokens is not None and fit.tokenizer is None and self._reads is None:
            raise UserError(
                "--max-tokens: whose tokens? This format names none: add --tokenizer t5, clip, umt5, llama3 or FOLDER."
            )
        if len(self._trigger.splitlines()) > 1:
            raise UserError("--trigger has a line break: give it in one line.")
        for option, value in (
            ("--prefix", self._prefix),
            ("--suffix", self._suffix),
            *(("--replace", other.strip()) for other in fit.replace.values()),
        ):
            if self._one_line and len(value.splitlines()) > 1:
                raise UserError(f"{option} has a line break, and line breaks are not kept here: give it in one line.")

    def _counters(self) -> tuple[Counter | None, Counter | None]:
        """What counts for max_tokens, and for the format's text encoder where captions may be longer than that."""
        fit = self._fit
        tokens = reader = None
        if fit.max_tokens is not None and (name := fit.tokenizer or (self._reads and self._reads[1])):
            tokens = counter(name)
        if self._reads is not None:
            limit, name = self._reads
            if fit.tokenizer in (None, name) or fit.tokenizer not in ESTIMATES:
                # A folder is the user's word for the tokenizer of this very encoder.
                reader = tokens if tokens is not None else counter(fit.tokenizer or name)
                reader = None if fit.max_tokens is not None and fit.max_tokens <= limit else reader
            else:
                reader = counter(name)
        return tokens, reader


_OPENING = "([{<「『（《【“‘«¿¡@#_-/"
_CLOSING = ")]}>」』）》】”’»,.;:!?…、。，；：！？'_-/"
_QUOTE = '"'


def _joint(before: str, after: str) -> str:
    """Both, with a space between them if they would run together otherwise."""
    if not before or not after:
        return before + after
    last, first = before[-1], after[0]
    together = (
        last.isspace()
        or first.isspace()
        or last in _OPENING
        or first in _CLOSING
        or (last == _QUOTE and before.count(_QUOTE) % 2 == 1)
        or (first == _QUOTE and after.count(_QUOTE) % 2 == 1)
        or (_wide(last) and _wide(first))
    )
    return before + after if together else f"{before} {after}"


_WIDE_SIGNS = re.compile("[\u3000-\u303f\uff00-\uffef]")


def _wide(letter: str) -> bool:
    return spaceless(letter) or _WIDE_SIGNS.match(letter) is not None
