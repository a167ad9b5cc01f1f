"""Knows how several measures see one video, and how what they say is put together; measures nothing itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any

from framescribe import registry
from framescribe.errors import MissingExtra, UserError
from framescribe.measures.base import Measure, Shown, Size

VERSION, CANNOT_TELL, ERROR = "version", "cannot_tell", "error"
MOST = 300  # characters of an error


class Watcher:
    """The measures of these names, and those that they read, shown one video: `begin`, `see` for every frame in
    order, then `facts` once.

    One that raises is not asked again; the others, and the video, are not harmed. UserError for an unknown name.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._kinds = ordered(names)
        self._measures = dict[str, Measure]()
        self._broken = dict[str, str]()

    def begin(self, size: Size) -> None:
        """Before the first frame."""
        for name, kind in self._kinds.items():
            with self._confined(name):
                self._measures[name] = kind(size)

    def see(self, frame: Shown) -> None:
        for name, measure in self._measures.items():
            if name not in self._broken:
                with self._confined(name):
                    measure.see(frame)

    def measure(self, name: str) -> Measure | None:
        """The measure of this name; None if it failed, or has seen nothing."""
        return None if name in self._broken else self._measures.get(name)

    def facts(self) -> dict[str, dict[str, Any]]:
        """By the measures' names: `version` and what each says. One that cannot tell says `cannot_tell`: true, with the
        `error` if it failed; so do all where there was no frame."""
        found = dict[str, dict[str, Any]]()
        for name, kind in self._kinds.items():
            made = None
            if name in self._measures and name not in self._broken:
                known = {other: found[other] for other in kind.after if CANNOT_TELL not in found[other]}
                with self._confined(name):
                    made = self._measures[name].facts(known)
            why = {ERROR: self._broken[name]} if name in self._broken else {}
            found[name] = {VERSION: kind.version, **({CANNOT_TELL: True} if made is None else made), **why}
        return found

    @contextmanager
    def _confined(self, name: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self._broken[name] = f"{type(error).__name__}: {' '.join(str(error).split())}"[:MOST]


def ordered(names: Iterable[str]) -> dict[str, type[Measure]]:
    """The measures of these names and those that they read, each after those that it reads. UserError for an unknown
    name, and for measures that read each other."""
    kinds: dict[str, type[Measure]] = {}
    left = list(names)
    while left:
        if (name := left.pop()) not in kinds:
            kinds[name] = _kind(name)
            kinds[name].check()
            left += kinds[name].after
    order = TopologicalSorter({name: kind.after for name, kind in sorted(kinds.items())})
    try:
        return {name: kinds[name] for name in order.static_order()}
    except ValueError as error:  # CycleError
        raise UserError(f"measures read each other: {', '.join(error.args[1])}") from error


def _kind(name: str) -> type[Measure]:
    try:
        kind: type[Measure] = registry.load("measures", name)
    except ImportError as error:
        raise MissingExtra("Measuring", "measures") from error
    return kind


ALL, NONE = "all", "none"


def chosen(given: Iterable[str]) -> tuple[str, ...]:
    """The names of measures that a person gave: names, lists with commas, "all" or "none". UserError for an unknown
    one."""
    asked = [name.strip() for text in given for name in text.split(",") if name.strip()]
    if NONE in asked and len(set(asked)) > 1:
        raise UserError(f"--measure {','.join(asked)}: {NONE} goes with nothing else")
    known = registry.names("measures")
    for name in asked:
        if name not in (*known, ALL, NONE):
            raise UserError(
                f"--measure {name}: there is no such measure. {registry.suggest(name, [*known, ALL, NONE])}"
            )
    every = [name for name in known if not _kind(name).asked_only] if ALL in asked else []
    return tuple(dict.fromkeys(name for name in (*every, *asked) if name not in (ALL, NONE)))


def versions(names: Iterable[str]) -> dict[str, int]:
    """The version of each of these measures and of those that they read."""
    return {name: kind.version for name, kind in sorted(ordered(names).items())}
