"""Knows how a text comes through the gate: it is checked, mended without a model where that can be done, else asked for
again in another way, a few times; the best of what came stands, flagged if it is not good. Knows no video and no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from framescribe.checks.base import Circumstances, Finding
from framescribe.checks.judge import Checks
from framescribe.engines.base import ChatRequest, Reply
from framescribe.engines.thinking import UNANSWERED, split
from framescribe.errors import NO_USAGE, BadReply, Refused, TooLong, Usage, VideoError
from framescribe.language.cutting import at_sentence
from framescribe.language.limits import Limit
from framescribe.measures.within import within
from framescribe.strategies import ladder
from framescribe.strategies.answered import no_text, told, unjudged
from framescribe.strategies.base import CAPTION, SEGMENT_CAPTION
from framescribe.strategies.form import Form
from framescribe.strategies.hope import Hope
from framescribe.strategies.judged import MALFORMED, judged
from framescribe.strategies.ladder import SECOND, Changes

ASKS = 3  # for one text, after the first
FEWEST = 4  # a caption of a certain length has a quarter of it at least
TOO_LONG = "too_long"  # the check
STRIPPED, ASKED, SECOND_MODEL = "stripped", "asked", "second_model"  # how a text that stands came
Place = tuple[str, int | None, int | None]  # of a text in a video: what it is, of which frame, in which segment
_OWN = {"other": "end_unknown"}
_ENDS = {"length": "truncated", "repetition": "repeats", **_OWN}
_NOTHING = (Finding(check="empty", start=0, end=0, what="nothing was written"),)
_NO = (Finding(check="refusal", start=0, end=0, what="the model refused"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A model that can be asked: its name, how, what its answers cost if that is known, whether it takes video, and
    whether it may think first and can be told not to."""

    name: str | None
    complete: Callable[[ChatRequest], Awaitable[Reply]]
    cost: Callable[[Usage], float | None] = lambda usage: None
    takes_video: bool = False
    may_think: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """How the texts of one stage are judged: by these checks, under these circumstances (`caption` for captions, `step`
    for other texts), and whether they are mended. `limits`: captions of these names may only be so long, and are cut at
    a sentence if nothing else helps. `digest` stands for all of it."""

    checks: Checks
    mend: bool
    caption: Circumstances
    step: Circumstances
    digest: str
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def of(self, what: str, span: tuple[float, float] | None = None) -> Circumstances:
        """What is known about a text of this name, that is about these seconds of the video, or about all of it."""
        caption, limit = self.caption, self.limits.get(what)
        if span is not None and caption.facts:
            caption = replace(caption, facts=within(caption.facts, *span))
        if limit is None:
            return caption if what == CAPTION else self.step
        words = [most for most in (self.caption.max_words, limit.words) if most is not None]
        return replace(
            caption,
            min_words=min(self.caption.min_words, max(1, limit.about // FEWEST)),
            max_words=min(words, default=None),
            tokens=None if limit.tokens is None else replace(limit, words=None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A text that an earlier run got for the same request: how its answer ended, and what its record says."""

    text: str
    finish: str = "stop"
    record: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """One answer: as written (`raw`) with its faults, and as it may stand, with what is left of them."""

    raw: str
    finish: str
    found: tuple[Finding, ...]
    text: str
    left: tuple[Finding, ...]
    cut: tuple[str, ...] = ()
    changed: Mapping[str, Any]
    second: bool = False
    usage: Usage = NO_USAGE
    cost: float | None = None
    unheard: tuple[str, ...] = ()
    error: VideoError | None = None


class Asking:
    """Asks for the texts of one stage of one video; it is the `ask` of a `Context`.

    Without a gate, a text stands as it came. `second`: the model that is asked when the first cannot do it. `known`:
    texts that count as first answers, by what they are, the frame and the segment. `hope` is the run's. Afterwards
    `flags` and `record` say what was wrong, and what became of it.
    """

    def __init__(
        self,
        gate: Gate | None,
        model: Asked,
        second: Asked | None = None,
        known: Mapping[Place, Known] | None = None,
        hope: Hope | None = None,
    ) -> None:
        self._gate, self._model, self._second, self._known = gate, model, second, known or {}
        self._hope, self._tried = hope or Hope(), False
        self._flags: dict[tuple[int, int, str], tuple[str, ...]] = {}
        self._records: dict[tuple[int, int, str], Mapping[str, Any]] = {}

    @property
    def flags(self) -> tuple[str, ...]:
        """What is wrong with the texts, in the order of the segments and the frames."""
        return tuple(dict.fromkeys(flag for _, flags in sorted(self._flags.items()) for flag in flags))

    @property
    def record(self) -> dict[str, Any]:
        """What a stage's record says of it; nothing if all texts were good."""
        records = [record for _, record in sorted(self._records.items(), key=lambda item: item[0])]
        return {
            **({"checked": records} if records else {}),
            **({"gate": self._gate.digest} if self._gate is not None and self._tried else {}),
        }

    async def __call__(
        self,
        request: ChatRequest,
        what: str,
        called: str,
        *,
        frame: int | None = None,
        segment: int | None = None,
        span: tuple[float, float] | None = None,
        made_from: Sequence[str] = (),
        other: ChatRequest | None = None,
        form: Form | None = None,
    ) -> str:
        """As `strategies.base.Asks` says."""
        place = -1 if segment is None else segment, -1 if frame is None else frame, what
        said = named(what, segment)
        about = {"text": what, "segment": segment, "frame": frame}
        if form is not None:
            request = replace(request, schema=form.schema)
            other = None if other is None else replace(other, schema=form.schema)
        if self._gate is None:
            reply = await self._model.complete(request)
            text, record = unjudged(reply, called, form)
            self._note(place, about, record)
            wrong = [f"{said}_{name}" for name in record.get("before", ())]
            self._flags[place] = (*wrong, *_ended(reply.finish_reason, said, _OWN if form else _ENDS))
            return text
        limit = self._gate.limits.get(what)
        of = replace(self._gate.of(what, span), frame_captions=tuple(made_from))
        if limit is not None and what != CAPTION:
            of = replace(of, longer=" ".join(made_from))
        one = _One(self._gate, self._model, self._second, request, other, of, self._hope, form, limit)
        known = self._known.get((what, frame, segment))
        best = await one.best(called, known)
        malformed = [MALFORMED] if any(one.check == MALFORMED for one in best.left) else []
        faults = [f"{said}_{name}" for name in (*malformed, *self._gate.checks.flags(best.left))]
        self._tried = self._tried or (one.tried and bool(best.left))
        self._flags[place] = (*faults, *_ended(best.finish, said, _OWN))
        if record := one.record(best):
            self._note(place, about, record)
        elif known is not None and known.record is not None:
            self._records[place] = {name: value for name, value in known.record.items() if name != "found"}
        return best.text

    def _note(
        self, place: tuple[int, int, str], about: Mapping[str, str | int | None], record: Mapping[str, Any]
    ) -> None:
        if record:
            self._records[place] = {**{name: value for name, value in about.items() if value is not None}, **record}


class _One:
    """One text on its way through the gate."""

    def __init__(
        self,
        gate: Gate,
        model: Asked,
        second: Asked | None,
        request: ChatRequest,
        other: ChatRequest | None,
        of: Circumstances,
        hope: Hope,
        form: Form | None,
        limit: Limit | None,
    ) -> None:
        self._gate, self._model, self._second, self._form, self._limit = gate, model, second, form, limit
        self._request, self._other, self._of, self._hope = request, other, of, hope
        self._tries = list[_Try]()
        self.tried = False  # all that there is to try

    async def best(self, called: str, known: Known | None) -> _Try:
        """The text that stands. TooLong and other errors of the first request; BadReply if nothing was ever written."""
        self._tries = [await self._first() if known is None else self._judged(known.text, known.finish, self._of, {})]
        faults = {one.check for one in self._tries[0].left}
        if self._gate.mend and faults and not all(map(self._hope.lost, faults)):
            await self._climb(first_sent=known is None)
            self.tried = True
        of_form = self._form is not None
        best = min(self._tries, key=lambda one: (of_form and not one.text, *ladder.gravity(one.left)))  # the first
        if self.tried:
            self._hope.note(faults, {one.check for one in best.left})
        if self._gate.mend and self._limit is not None:
            best = self._cut(best, self._limit)
        if not best.text:
            first = self._tries[0]
            raise first.error or no_text(called, first.finish, first.left if first.raw else ())
        return best

    def _cut(self, best: _Try, limit: Limit) -> _Try:
        """The text cut at a sentence, if it is too long and nothing else is wrong with it then."""
        before = {one.check for one in best.left}
        text = at_sentence(best.text, lambda part: not limit.excess(part)) if TOO_LONG in before else None
        if not text:
            return best
        left = self._gate.checks.look(text, self._of)
        if not {one.check for one in left} <= before - {TOO_LONG}:
            return best
        return replace(best, text=text, left=left, cut=(*best.cut, TOO_LONG))

    async def _first(self) -> _Try:
        try:
            return await self._asked(self._request, Changes(), self._of)
        except TooLong:
            raise
        except (Refused, BadReply) as error:
            if not self._gate.mend or (isinstance(error, Refused) and self._second is None):
                raise
            return self._failed(error, {})

    async def _climb(self, *, first_sent: bool) -> None:
        """Ask again, each time in another way, until a text is good or nothing is left to try. TooLong if that does not
        fit, and nobody has found out yet whether the first request does."""
        changes, places = Changes(), Counter[str]()
        sent = [ladder.sent(self._request, self._model.name)]
        while len(self._tries) <= ASKS and (last := self._tries[-1]).left:
            check = ladder.gravest(last.left)
            assert check is not None
            steps = ladder.CUT_OFF if check == MALFORMED and last.finish == "length" else check
            if self._model.may_think and str(last.error) == UNANSWERED:
                steps = ladder.THOUGHT
            for rung in ladder.rungs(steps, self._second is not None)[places[steps] :]:
                places[steps] += 1
                changes = changes.and_(rung, self._texts_of(last), last.left, self._of, as_json=self._form is not None)
                model = self._second if changes.second and self._second is not None else self._model
                request = changes.applied(self._request, self._other, self._of)
                request = request if model.takes_video else ladder.as_pictures(request)
                now, unheard = ladder.sent(request, model.name), self._unheard(model)
                if now.key(unheard) not in {one.key(unheard) for one in sent}:
                    break
            else:
                return
            sent.append(now)
            try:
                self._tries.append(await self._asked(request, changes, self._of_now(changes)))
            except VideoError as error:
                if isinstance(error, TooLong) and not first_sent and not changes.second:
                    raise
                self._tries.append(self._failed(error, self._said_of(request, changes), second=changes.second))

    def _unheard(self, model: Asked) -> frozenset[str]:
        """The settings that this model's server is known by now not to take."""
        return frozenset(name for one in self._tries if one.second == (model is self._second) for name in one.unheard)

    def _texts_of(self, one: _Try) -> dict[str, str]:
        """The texts of an answer by their fields; that of prose has none."""
        if self._form is None or not one.text:
            return {"": one.text or one.raw}
        return self._form.texts(self._form.read(one.text))

    def _of_now(self, changes: Changes) -> Circumstances:
        """The circumstances with what was added to the prompt, which may come back."""
        said = ladder.COMPRESS if changes.text is not None else changes.instruction
        return replace(self._of, prompt=f"{self._of.prompt}\n\n{said}") if said else self._of

    def _said_of(self, request: ChatRequest, changes: Changes) -> dict[str, Any]:
        """How a request differs from the first one, as rows say it."""
        names = {
            ladder.COMPRESSED: changes.text is not None,
            ladder.AT_ONCE: changes.at_once,
            ladder.FRAMES: changes.fewer and self._other is not None and changes.text is None,
            ladder.SECOND: changes.second,
        }
        return {
            **ladder.changed_settings(self._request.decoding, request.decoding),
            **({"instruction": changes.instruction} if changes.notes and changes.text is None else {}),
            **{name: True for name, is_so in names.items() if is_so and name != SECOND},
            **({"model": self._second.name} if changes.second and self._second is not None else {}),
        }

    async def _asked(self, request: ChatRequest, changes: Changes, of: Circumstances) -> _Try:
        model = self._second if changes.second and self._second is not None else self._model
        reply = await model.complete(request)
        thought, said = (part.strip() for part in split(reply.text))
        said_of = self._said_of(request, changes)
        made = self._judged(said, reply.finish_reason, of, said_of)
        return replace(
            made,
            second=model is self._second,
            usage=reply.usage,
            cost=model.cost(reply.usage),
            unheard=reply.left_out,
            error=BadReply(UNANSWERED) if thought and not said else None,
        )

    def _judged(self, raw: str, finish: str, of: Circumstances, changed: Mapping[str, Any]) -> _Try:
        """An answer, with what is wrong with it, and mended as far as that is possible without a model."""
        of = replace(of, finish_reason=finish)
        if not raw:
            return _Try(raw="", finish=finish, found=_NOTHING, text="", left=_NOTHING, changed=changed)
        made = judged(raw, of, self._gate.checks, mend=self._gate.mend, form=self._form)
        return _Try(
            raw=raw, finish=finish, found=made.found, text=made.text, left=made.left, cut=made.cut, changed=changed
        )

    def _failed(self, error: VideoError, changed: Mapping[str, Any], *, second: bool = False) -> _Try:
        found = _NO if isinstance(error, Refused) and not isinstance(error, TooLong) else _NOTHING
        return _Try(
            raw="",
            finish="length" if str(error) == UNANSWERED else "other",
            found=found,
            text="",
            left=found,
            changed=changed,
            second=second,
            usage=error.usage,
            cost=(self._second if second and self._second is not None else self._model).cost(error.usage),
            error=error,
        )

    def record(self, best: _Try) -> dict[str, Any]:
        """What a row says of this text; nothing if its first answer was good."""
        first = self._tries[0]
        if not first.found:
            return {}
        by = SECOND_MODEL if best.second else ASKED if best.changed != first.changed else STRIPPED if best.cut else None
        return {
            "before": list(dict.fromkeys(one.check for one in first.found)),
            **({"found": told(best.left)} if best.left else {}),
            **({"by": by} if by is not None else {}),
            **({"raw": best.raw, "cut": list(best.cut)} if best.text != best.raw else {}),
            **({"tries": [_told(one) for one in self._tries]} if len(self._tries) > 1 else {}),
        }


def named(what: str, segment: int | None) -> str:
    """As flags about a text begin: a segment's caption is not the video's."""
    return SEGMENT_CAPTION if segment is not None and what == CAPTION else what


def _told(one: _Try) -> dict[str, Any]:
    """A try as rows keep it."""
    return {
        **({"changed": dict(one.changed)} if one.changed else {}),
        "text": one.raw,
        **({"finish_reason": one.finish} if one.finish != "stop" else {}),
        "found": list(dict.fromkeys(finding.check for finding in one.found)),
        "prompt_tokens": one.usage.prompt_tokens,
        "completion_tokens": one.usage.completion_tokens,
        **({"cost": round(one.cost, 8)} if one.cost is not None else {}),
        **({"error": str(one.error)} if one.error is not None else {}),
    }


def _ended(finish: str, what: str, words: Mapping[str, str]) -> tuple[str, ...]:
    return (f"{what}_{words[finish]}",) if finish in words else ()
