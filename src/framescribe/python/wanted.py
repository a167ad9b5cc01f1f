"""Knows what a user wants of captions: what models are told of it, and what the gate checks; asks nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from framescribe.errors import UserError
from framescribe.python.options import GateMode

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice
    from framescribe.language.limits import Limit
    from framescribe.prompts.wishes import Wishes
    from framescribe.python.targets import Target
    from framescribe.records import Video
    from framescribe.runs.gate import GateChoice
    from framescribe.strategies.base import Stage
    from framescribe.strategies.lengths import Length
    from framescribe.strategies.verify import Which

AIM = 9  # tenths of a limit that a model is told to write, so that few captions are too long


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options that say what captions are to be like, and how they are checked; part of a `Recipe`."""

    gate: GateMode = "mend"
    check: str | Sequence[str] | None = None
    no_check: str | Sequence[str] | None = None
    check_limit: str | Sequence[str] | None = None
    min_words: int | None = None
    max_words: int | None = None
    forbid: str | Sequence[str] | None = None
    trigger: str | Sequence[str] | None = None
    language: str | None = None
    second_model: str | None = None
    verify: str | None = None
    verify_model: str | None = None

    note: str | Sequence[str] | None = None
    hint: str | None = None
    must_mention: str | Sequence[str] | None = None
    captions: str | Sequence[str] | None = None
    target: str | None = None

    def wishes(self, prompt: str, step: Stage, videos: Sequence[Video]) -> Wishes:
        """What the model of the stage that writes the caption is told behind this prompt. UserError if a note or a hint
        is empty, or if one names a column that no video has."""
        from framescribe.prompts import check, presets
        from framescribe.prompts.wishes import Wishes
        from framescribe.python.targets import target_of
        from framescribe.strategies.lengths import of_caption

        for option, texts in (("note", several(self.note)), ("hint", several(self.hint))):
            for text in texts:
                if not text.strip():
                    raise UserError(f"--{option} is empty: say something, or leave it out")
                check(text, step.prompt, columns_of(videos), f"--{option}")
        mention, trigger, forbid = _words(self.must_mention), _words(self.trigger), _words(self.forbid)
        for option, words in (("must-mention", mention), ("trigger", trigger), ("forbid", forbid)):
            for text in words:
                check(text, step.prompt, columns_of(videos), f"--{option}")
        if step.prompt == "length":
            return Wishes(must_mention=mention, trigger=trigger, forbid=forbid)
        longest, target = of_caption(self.lengths()), target_of(self.target)
        least, most = self.words_of(target)
        told = Wishes(
            form=target.form if target is not None else (),
            notes=several(self.note),
            hint=self.hint,
            must_mention=mention,
            trigger=trigger,
            forbid=forbid,
            min_words=least,
            max_words=most,
            about_words=None if longest is None else max(1, longest.about * AIM // 10),
            language=self.language,
        )
        return told.for_prompt(english=prompt in presets(step.prompt).values())

    def lengths(self) -> tuple[Length, ...]:
        """The lengths in which captions are wanted. UserError for one that makes no sense."""
        from framescribe.strategies.lengths import lengths_in

        return lengths_in(several(self.captions))

    def verified(self) -> Which | None:
        """Which captions are compared with the frames. UserError for what is none, or for a model without captions."""
        from framescribe.strategies.verify import which_in

        if self.verify is None and self.verify_model is not None:
            raise UserError("--verify-model compares captions with the frames: it needs --verify")
        return None if self.verify is None else which_in(self.verify)

    def words_of(self, target: Target | None) -> tuple[int | None, int | None]:
        """The fewest and the most words: the user's, and of the target's those that do not contradict them."""
        least, most = target.words if target is not None else (None, None)
        least = None if least and self.max_words and least > self.max_words else least
        most = None if most and self.min_words and most < self.min_words else most
        return least if self.min_words is None else self.min_words, most if self.max_words is None else self.max_words

    @property
    def unknown_language(self) -> str | None:
        """What is said of a language that nothing here knows."""
        from framescribe.language.languages import ANY, code

        if self.language is None or self.language.strip().lower() == ANY or code(self.language) is not None:
            return None
        return f"--language {self.language}: no language that is known here, so captions are not checked for it"

    def say_wanted(self, say: Callable[[str], None]) -> None:
        """Say what captions are made for and what that sets, and what of it cannot be checked. UserError if there is no
        such target."""
        from framescribe.checks.lora_words import CHARACTER
        from framescribe.python.targets import target_of

        if (unknown := self.unknown_language) is not None:
            say(unknown)
        target = target_of(self.target)
        if target is None:
            return
        say(target.line)
        say_estimates([target.encoder], say)
        if target.learns == CHARACTER and not _words(self.trigger):
            say(f"--for {target.name}: no --trigger: give the word that is to stand for the character")

    def refuse_contradictions(self) -> None:
        """UserError for wishes that no caption can meet, and for those that say nothing."""
        from framescribe.checks.base import Circumstances
        from framescribe.checks.text import Text
        from framescribe.checks.wanted_words import ForbiddenWord
        from framescribe.language.languages import code
        from framescribe.strategies.lengths import of_caption

        if self.language is not None and not self.language.strip():
            raise UserError("--language is empty: name one, or leave it out")
        given = {"--trigger": self.trigger, "--forbid": self.forbid, "--must-mention": self.must_mention}
        for option, texts in given.items():
            if not all(map(_words, several(texts))):
                raise UserError(f"{option} is empty: name words, or leave it out")
        least, longest = self.min_words, of_caption(self.lengths())
        if least and self.max_words and least > self.max_words:
            raise UserError(f"--min-words {least} is more than --max-words {self.max_words}")
        if least and longest is not None and longest.words and least > longest.words:
            raise UserError(f"--min-words {least} is more than --captions allows ({longest.words} words)")
        forbidden = Circumstances(forbid=_words(self.forbid), language=code(self.language) or "en")
        for option in ("--trigger", "--must-mention"):
            for words in (each for each in _words(given[option]) if "{" not in each):
                for found in ForbiddenWord().measure(Text(words), forbidden):
                    raise UserError(f"{option} “{words}” has a word that --forbid keeps out: {found.what}")

    def refuse_mode(self) -> None:
        """UserError for a mode of the gate that does not exist, that asks no second model, or that checks nothing."""
        if self.gate not in get_args(GateMode):
            raise UserError(f"--gate {self.gate}: it must be {', '.join(get_args(GateMode))}")
        if self.gate != "mend" and self.second_model is not None:
            raise UserError("--second-model is asked to mend captions: it needs --gate mend")
        if self.gate == "off" and (self.check or self.check_limit):
            option = "--check" if self.check else "--check-limit"
            raise UserError(f"{option} says how texts are checked, and --gate off checks none: leave one of them out")

    def checked(self, second: ModelChoice | None) -> GateChoice:
        """How texts are checked. UserError for a check or a limit that does not exist."""
        from framescribe.checks.judge import limits_in
        from framescribe.python.targets import target_of
        from framescribe.runs.gate import GateChoice

        target = target_of(self.target)
        on = target.checks if target is not None else ()
        choice = GateChoice(
            mode="flag" if self.gate == "flag" else "mend",
            on=(
                *several(self.check),
                *(name for name in on if name not in (*several(self.check), *several(self.no_check))),
            ),
            off=several(self.no_check),
            limits=limits_in(several(self.check_limit), "--check-limit"),
            min_words=self.min_words,
            max_words=self.words_of(target)[1],
            tokens=target.encoder if target is not None else None,
            learns=target.learns if target is not None else "",
            forbid=_words(self.forbid),
            trigger=_words(self.trigger),
            must_mention=_words(self.must_mention),
            language=self.language,
            second=second,
        )
        choice.checks()
        return choice


def say_estimates(limits: Iterable[Limit | None], say: Callable[[str], None]) -> None:
    """Say of limits in tokens which of them are only estimated. UserError if there is no such tokenizer."""
    from framescribe.language.limits import counted_by

    for name in dict.fromkeys(limit.tokenizer for limit in limits if limit is not None and limit.tokens):
        if (estimated := counted_by(name).estimated) is not None:
            say(estimated)


def several(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """One text or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def columns_of(videos: Iterable[Video]) -> list[str]:
    """What prompts may name of these videos, sorted."""
    return sorted({column for video in videos for column in video.values})


def _words(given: str | Iterable[str] | None) -> tuple[str, ...]:
    from framescribe.dataset.caption_table import texts_in

    return tuple(words for text in several(given) for words in texts_in(text))
