"""Knows what is wrong with an answer, prose or JSON, and what may stand of it without asking again; asks nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from framescribe.checks.base import Circumstances, Finding
from framescribe.checks.judge import Checks, Mended
from framescribe.strategies.form import Form, written

MALFORMED = "malformed"
"""What is wrong with an answer that is not the JSON that was asked for: in findings and flags like a check."""

WHOLE = frozenset(
    {"empty", "truncated", "too_short", "too_long", "boilerplate_opening", "boilerplate_ending"}
    | {"missing_trigger", "missing_words", "duplicate", "unsupported_text"}
)
"""Checks that judge captions as a whole, not a word or a phrase that is one field of many."""
_NOT_THERE, _MOSTLY = "negation_filler", 0.5  # of its letters
_INSTEAD = frozenset({"refusal", "repeats"})  # what a model may write instead of JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An answer: what is wrong with it as it came (`found`), what may stand of it (`text`, empty if nothing may), and
    what is `left` wrong with that. `cut` names the checks whose strips were made.

    The places of what is `left` are places in `text`, or, for a JSON value, in the text of the finding's `field`.
    """

    found: tuple[Finding, ...]
    text: str
    left: tuple[Finding, ...]
    cut: tuple[str, ...] = ()


def judged(raw: str, of: Circumstances, checks: Checks, *, mend: bool, form: Form | None = None) -> Judged:
    """An answer that is not empty, stripped of what can be cut if `mend` says so."""
    if form is not None:
        return _value(raw, of, checks, mend, form)
    found = checks.look(raw, of)
    if not found or not mend:
        return Judged(found=found, text=raw, left=found)
    mended = checks.mended(raw, of)
    return Judged(found=found, text=mended.text, left=mended.left, cut=mended.cut)


def _value(raw: str, of: Circumstances, checks: Checks, mend: bool, form: Form) -> Judged:
    """A JSON value: each text in it is judged and mended by itself. What cannot be read is repaired if it can be."""
    wrong = tuple[Finding, ...]()
    try:
        value = form.read(raw)
    except ValueError as error:
        what = "it was cut off" if of.finish_reason == "length" else str(error)
        wrong = (Finding(check=MALFORMED, start=0, end=0, what=what),)
        repaired = form.repaired(raw)
        if repaired is None:
            instead = [one for one in checks.look(raw, of) if one.check in _INSTEAD]
            wrong = (*(replace(one, start=0, end=0, cut=None) for one in instead), *wrong)
            return Judged(found=wrong, text="", left=wrong)
        value = repaired
    parts, of = checks.without(WHOLE), replace(of, finish_reason="stop", min_words=1)
    texts = form.texts(value)
    faults = {field: found for field, said in texts.items() if (found := parts.look(said, of))}
    found = (*wrong, *_placed(faults))
    if not faults or not mend:
        return Judged(found=found, text=written(value), left=found)
    mended = {field: _mended(texts[field], of, parts) for field in faults}
    value = form.with_texts(value, {field: one.text for field, one in mended.items()})
    cut = [name for one in mended.values() for name in one.cut]
    left = _placed({field: one.left for field, one in mended.items()})
    return Judged(found=found, text=written(value), left=(*wrong, *left), cut=tuple(dict.fromkeys(cut)))


def _mended(said: str, of: Circumstances, checks: Checks) -> Mended:
    """One text of a value. If all that it says is what is not there ("No visible text."), it is emptied."""
    mended = checks.mended(said, of)
    for one in mended.left:
        if one.check == _NOT_THERE and one.start == 0 and one.end >= _MOSTLY * len(mended.text):
            return Mended(text="", cut=(*mended.cut, _NOT_THERE), left=())
    return mended


def _placed(faults: Mapping[str, tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """What is wrong with the texts of a value, each with its field. What could be cut has been."""
    return tuple(replace(one, field=field, cut=None) for field, found in faults.items() for one in found)
