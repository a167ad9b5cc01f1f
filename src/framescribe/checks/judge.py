"""Knows which checks are on and from which figures on a finding is a fault; checks no words itself.

Mending deletes what a check says can be deleted, and checks again. It asks no model.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Self

from framescribe import registry
from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.errors import UserError
from framescribe.language.letters import count
from framescribe.language.wholeness import broken

ALL = "all"
"""In place of names: every check there is."""

_ALONE = ("empty", "refusal")  # with one of these, nothing else that a text says matters
_CLAIM = frozenset({"prompt_echo", "boilerplate_opening", "boilerplate_ending"})
_LEAVE = frozenset({"frame_talk", "negation_filler", "meta_answer"})  # what those claimed is not judged by these
# What hides other faults is cut first; a trigger is put before what is then the text.
_TURN = {"markup": -3, "encoding": -2, "prompt_echo": -1, "missing_trigger": 1}
_DELETE_NOTHING = frozenset({"encoding", "missing_trigger"})
_MOST = 60  # strips of one text; each leaves a text that was not there before


@dataclass(frozen=True, slots=True)
class Mended:
    """A text after its faults were cut: `cut` names the checks whose strips were made, once each, in registry order;
    `left` are the faults that are still there."""

    text: str
    cut: tuple[str, ...]
    left: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _State:
    text: str
    of: Circumstances  # a text that was stripped to its last whole sentence did not stop for length
    faults: tuple[Finding, ...]


class Checks:
    """The checks that are on, and their limits. One instance serves all texts, on any number of threads."""

    def __init__(self, checks: Iterable[Check], limits: Mapping[str, Mapping[str, float]] | None = None) -> None:
        """`checks` in registry order. `limits`, by check and measure, replace the checks' own."""
        self._checks = tuple(checks)
        self._order = {check.name: place for place, check in enumerate(self._checks)}
        changed = limits or {}
        self.limits: Mapping[str, Mapping[str, float]] = {
            check.name: {**check.limits, **changed.get(check.name, {})} for check in self._checks
        }

    @classmethod
    def chosen(
        cls,
        *,
        on: Iterable[str] = (),
        off: Iterable[str] = (),
        limits: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Self:
        """The checks that are on by default, without those in `off`, with those in `on`; "all" means all of them, and
        gives way to a name on the other side. UserError for a name or a limit that does not exist."""
        on, off, limits = set(on), set(off), limits or {}
        known = registry.names("checks")
        for name in sorted((on | off | set(limits)) - {ALL, *known}):
            raise UserError(f"no check is called {name!r}. {registry.suggest(name, known)}")
        for name in sorted(on & off):
            raise UserError(f"{name!r} is turned on and off. Leave one of the two out.")
        if ALL in off:
            kinds = {name: registry.load("checks", name) for name in known if name in on}
        else:
            found = registry.load_all("checks").items()
            kinds = {name: kind for name, kind in found if name in on or (name not in off and (kind.on or ALL in on))}
        for name, changed in limits.items():
            _known_limits(name, kinds[name] if name in kinds else registry.load("checks", name), changed)
        return cls((kind() for kind in kinds.values()), limits)

    def without(self, names: Collection[str]) -> Checks:
        """The same without the checks of these names."""
        kept = [check for check in self._checks if check.name not in names]
        return Checks(kept, self.limits)

    @property
    def on(self) -> tuple[str, ...]:
        """The checks that are on, in registry order."""
        return tuple(self._order)

    def look(self, raw: str, of: Circumstances) -> tuple[Finding, ...]:
        """The faults of a text, in order of place."""
        return self.judged(self.measured(raw, of))

    def measured(self, raw: str, of: Circumstances) -> tuple[Finding, ...]:
        """All that the checks find, with their figures, whatever the limits are."""
        text = Text(raw)
        return tuple(finding for check in self._checks for finding in check.measure(text, of))

    def judged(self, findings: Iterable[Finding]) -> tuple[Finding, ...]:
        """Which of what was measured are faults by these limits, in order of place."""
        faults = [finding for finding in findings if finding.check in self._order and self._is_fault(finding)]
        if not faults:
            return ()
        for alone in _ALONE:
            if any(fault.check == alone for fault in faults):
                faults = [fault for fault in faults if fault.check == alone]
        claimed = [(fault.start, fault.end) for fault in faults if fault.check in _CLAIM]
        if claimed:
            faults = [fault for fault in faults if fault.check not in _LEAVE or not _within(fault, claimed)]
        return tuple(sorted(faults, key=lambda fault: (fault.start, fault.end, self._order[fault.check])))

    def flags(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """The names of the checks that these findings are from, once each, in registry order."""
        return self._ordered({finding.check for finding in findings})

    def mended(self, raw: str, of: Circumstances) -> Mended:
        """The text after all strips that leave it better: no new fault, no broken sentence, not too few words. A text
        without faults comes back as it is."""
        faults = self.look(raw, of)
        allowed = {fault.check for fault in faults}
        best = Mended(raw, (), faults)
        state, made, tried = _State(raw, of, faults), set[str](), {raw}
        for _ in range(_MOST):
            strips = ((fault.check, self._strip(state, fault, tried)) for fault in _cuttable(state.faults))
            name, stripped = next(((name, strip) for name, strip in strips if strip), ("", None))
            if stripped is None:
                break
            state = stripped
            made.add(name)
            tried.add(state.text)
            if name == "markup":
                allowed.update(fault.check for fault in state.faults)
            if allowed.issuperset(fault.check for fault in state.faults):
                best = Mended(state.text, self._ordered(made), state.faults)
        return best

    def _strip(self, state: _State, fault: Finding, tried: set[str]) -> _State | None:
        """The text without this fault; None if that would not be better. A fault that only comes to light is not of
        the strip's making: what markup hid, and what can be cut itself."""
        of = replace(state.of, finish_reason="stop") if fault.check == "truncated" else state.of
        text = _replaced(state.text, fault.cut or ())
        if text in tried and fault.cut:
            return None
        words = count(text)
        if words == 0 or (words < of.min_words and words < count(state.text)):
            return None
        if fault.check not in _DELETE_NOTHING and broken(state.text, text):
            return None
        faults, known = self.look(text, of), {each.check for each in state.faults}
        new = fault.check != "markup" and any(each.check not in known and each.cut is None for each in faults)
        return None if new or (text == state.text and faults == state.faults) else _State(text, of, faults)

    def _is_fault(self, finding: Finding) -> bool:
        if finding.measure is None or finding.value is None:
            return True
        limit = self.limits[finding.check][finding.measure]
        return finding.value < limit if finding.measure.startswith("min_") else finding.value >= limit

    def _ordered(self, names: set[str]) -> tuple[str, ...]:
        return tuple(sorted(names & self._order.keys(), key=self._order.__getitem__))


def limits_in(given: Iterable[str], option: str) -> dict[str, dict[str, float]]:
    """Limits by check and measure, from texts such as "repeats.phrase_times=4", which `option` was given. UserError for
    another form."""
    limits: dict[str, dict[str, float]] = {}
    for text in given:
        name, _, value = text.partition("=")
        check, dot, measure = name.strip().partition(".")
        try:
            limit = float(value) if dot else math.nan
        except ValueError:
            limit = math.nan
        if not math.isfinite(limit):
            raise UserError(f"{option} {text!r} is not CHECK.MEASURE=VALUE, such as repeats.phrase_times=4")
        limits.setdefault(check, {})[measure.strip()] = limit
    return limits


def _cuttable(faults: Iterable[Finding]) -> list[Finding]:
    return sorted((fault for fault in faults if fault.cut is not None), key=lambda fault: _TURN.get(fault.check, 0))


def _known_limits(name: str, kind: type[Check], changed: Mapping[str, float]) -> None:
    for measure in changed:
        if measure not in kind.limits:
            there = registry.suggest(measure, kind.limits) if kind.limits else "It has none."
            raise UserError(f"the check {name!r} has no limit called {measure!r}. {there}")


def _within(fault: Finding, claimed: Iterable[tuple[int, int]]) -> bool:
    return any(fault.start < end and start < fault.end for start, end in claimed)


def _replaced(text: str, cut: Iterable[tuple[int, int, str]]) -> str:
    parts, done = list[str](), 0
    for start, end, instead in cut:
        parts += (text[done:start], instead)
        done = end
    return "".join((*parts, text[done:]))
