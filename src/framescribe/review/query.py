"""Knows what a list of rows may be asked for, as the page's address says it, and how SQLite finds it; runs no query."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError
from framescribe.measures.expression import Condition, condition
from framescribe.records import STATUSES
from framescribe.results.selection import OF_ROWS
from framescribe.review.facts_sql import sql
from framescribe.review.needed import needed
from framescribe.review.patterns import compiled

if TYPE_CHECKING:
    from regex import Pattern

SORTED_FACTS = ("motion", "cuts", "brightness", "blur")
SORTS = {  # by a person's word; equal rows stay in the result's order
    "worst": "f.score DESC",
    "order": "",
    "id": "f.id",
    "words": "f.words",
    "-words": "f.words DESC",
    "duration": "f.duration IS NULL, f.duration",
    "-duration": "f.duration IS NULL, f.duration DESC",
    "edited": "f.edited_at IS NULL, f.edited_at DESC",
    "support": "f.support IS NULL, f.support",
    **{name: f"f.{name} IS NULL, f.{name}" for name in SORTED_FACTS},
    **{f"-{name}": f"f.{name} IS NULL, f.{name} DESC" for name in SORTED_FACTS},
}
VERDICTS = ("accepted", "rejected", "none")
OF_THE_PAGE = ("clip", "view", "token", "right")  # in the address, and no matter of which rows there are
_SEVERAL = ("status", "flag", "tag")
_YES_OR_NO = ("locked", "edited", "seen", "note", "candidates")
_NUMBERS = ("min_words", "max_words", "min_duration", "max_duration")
_ONE = ("q", "re", "facts", "id", "verdict", "model", "since", "until", "sort")
NAMES = (*_ONE, *_SEVERAL, *_YES_OR_NO, *_NUMBERS)
MOST_LETTERS = 1000  # of words or a pattern to search for
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
# Scripts that put no blanks between words: the index knows no words there, so they are looked for as they are.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)

Sql = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which rows, and in what order. Fields that are None or empty ask for nothing.

    `q`: words and "quoted phrases" of the caption and of what else was written of the clip (`results.texts`), -word for
    what none of these may have. `re`: a regular expression that is found in the caption, regardless of case unless it
    has a capital letter. `facts`: a condition on facts, as `--where` takes it. `flag`: any of them; `tag`: all of them.
    Durations are in seconds; `since` and `until` in seconds since 1970, the latter excluded.
    """

    q: str = ""
    re: str = ""
    facts: str = ""
    id: str = ""
    verdict: str = ""
    model: str | None = None
    since: float | None = None
    until: float | None = None
    sort: str = "worst"
    status: tuple[str, ...] = ()
    flag: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    locked: bool | None = None
    edited: bool | None = None
    seen: bool | None = None
    note: bool | None = None
    candidates: bool | None = None
    min_words: float | None = None
    max_words: float | None = None
    min_duration: float | None = None
    max_duration: float | None = None

    @classmethod
    def of(cls, params: Mapping[str, str | Sequence[str]] | Iterable[tuple[str, str]]) -> Query:
        """The query of an address's parameters. UserError, in one line, for what makes no sense."""
        given: dict[str, list[str]] = {}
        for name, value in params.items() if isinstance(params, Mapping) else params:
            given.setdefault(name, []).extend([value] if isinstance(value, str) else value)
        values: dict[str, Any] = {}
        for name, said in given.items():
            if name in OF_THE_PAGE:
                continue
            if name not in NAMES:
                raise UserError(f"{name} is not something to filter by; use {', '.join(NAMES)}")
            said = [one for one in said if one != ""]
            if not said:
                continue
            if name not in _SEVERAL and len(said) > 1:
                raise UserError(f"{name} is given {len(said)} times; give it once")
            values[name] = tuple(said) if name in _SEVERAL else _READ.get(name, _text)(name, said[0])
        for status in values.get("status", ()):
            _one_of("status", status, STATUSES)
        return cls(**values)

    def where(self) -> Sql:
        """A condition of SQLite on the row `f` of `facts`, and its parameters; `pattern` comes on top."""
        parts: list[str] = []
        values: list[Any] = []

        def add(condition: str, *parameters: Any) -> None:
            parts.append(condition)
            values.extend(parameters)

        for name, column in (("status", "f.status"), ("model", "f.model")):
            if wanted := getattr(self, name):
                wanted = wanted if isinstance(wanted, tuple) else (wanted,)
                add(f"{column} IN ({_marks(wanted)})", *map(storable, wanted))
        if self.flag:
            labelled = f"SELECT row FROM labels WHERE kind = 'flag' AND name IN ({_marks(self.flag)})"
            add(f"f.row IN ({labelled})", *map(storable, self.flag))
        for tag in self.tag:
            add("f.row IN (SELECT row FROM labels WHERE kind = 'tag' AND name = ?)", storable(tag))
        if self.verdict:
            add("f.verdict IS ?", None if self.verdict == "none" else self.verdict)
        for name in ("locked", "edited", "seen", "note"):
            if (wanted := getattr(self, name)) is not None:
                add(f"f.{name} = ?", int(wanted))
        if self.candidates is not None:
            add(f"f.candidates {'>' if self.candidates else '='} 0")
        for name in _NUMBERS:
            if (bound := getattr(self, name)) is not None:
                least, _, column = name.partition("_")
                add(f"f.{column} {'>=' if least == 'min' else '<='} ?", bound)
        if self.since is not None:
            add("f.edited_at >= ?", self.since)
        if self.until is not None:
            add("f.edited_at < ?", self.until)
        if self.id:
            add("instr(lower(f.id), lower(?))", storable(self.id))
        if self.facts:
            said, parameters = sql(wished(self.facts))
            add(said, *parameters)
        for said, value in _words(self.q):
            add(said, value)
        return " AND ".join(parts) or "1", values

    @property
    def order(self) -> str:
        """The terms of SQLite's ORDER BY."""
        return f"{SORTS[self.sort]}, f.place" if SORTS[self.sort] else "f.place"

    @property
    def needed(self) -> Sql:
        """A condition on the caption `t.caption` without which `pattern` is not found in it, and its parameters."""
        texts = needed(self.re) if self.re else []
        return " OR ".join(["t.caption LIKE ?"] * len(texts)) or "1", list(texts)

    def pattern(self) -> Pattern[str] | None:
        """What `re` stands for, None if it is not asked for."""
        return _pattern(self.re) if self.re else None


def wished(facts: str) -> Condition:
    """The condition that `facts` stands for. UserError if it is none."""
    return condition(facts, "facts", OF_ROWS)


def storable(text: str) -> str:
    """The text as SQLite can hold and search it: without lone surrogates and NUL."""
    if "\0" in text or not text.isascii():
        return re.sub("[\0\ud800-\udfff]", "\ufffd", text)
    return text


def _words(said: str) -> list[tuple[str, str]]:
    """Conditions for words to search for, each with its parameter."""
    wanted, found = list[str](), list[tuple[str, str]]()
    for minus, phrase, word in _TERM.findall(storable(said)):
        text = phrase or word
        if not text.strip():
            continue
        if _UNSPACED.search(text) or not any(letter.isalnum() for letter in text):
            said = "SELECT ifnull(caption, '') || char(10) || ifnull(more, '') FROM texts t WHERE t.row = f.row"
            found.append((f"instr(({said}), ?) {'=' if minus else '>'} 0", text))
            continue
        quoted = '"' + text.replace('"', " ") + '"'  # whatever FTS5 would take for an operator is a word in quotes
        if minus:
            found.append(("f.row NOT IN (SELECT rowid FROM words WHERE words MATCH ?)", quoted))
        else:
            wanted.append(quoted)
    if wanted:
        found.insert(0, ("f.row IN (SELECT rowid FROM words WHERE words MATCH ?)", " ".join(wanted)))
    return found


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _text(name: str, said: str) -> str:
    if len(said) > MOST_LETTERS:
        raise UserError(f"{name} is longer than {MOST_LETTERS:,} characters; shorten it")
    return said


def _one_of(name: str, said: str, allowed: Iterable[str]) -> str:
    if said not in allowed:
        raise UserError(f"{name}={said} makes no sense; use {', '.join(allowed)}")
    return said


def _expression(name: str, said: str) -> str:
    _pattern(_text(name, said))
    return said


def _facts(name: str, said: str) -> str:
    wished(said)
    return said


def _pattern(said: str) -> Pattern[str]:
    plain = re.sub(r"\\[pP]\{[^}]*\}|\\.|\(\?P[<=>]", "", said, flags=re.DOTALL)  # \S is no capital letter
    return compiled(said, case=any(letter.isupper() for letter in plain))


def _flag(name: str, said: str) -> bool:
    return _one_of(name, said, ("1", "0")) == "1"


def _number(name: str, said: str) -> float:
    try:
        number = float(said)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UserError(f"{name}={said} is not a number")
    return number


def _moment(name: str, said: str) -> float:
    """Seconds since 1970; of a day its beginning, or with `until` its end, in UTC."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        try:
            moment = datetime.fromisoformat(said)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            raise UserError(f"{name}={said} is not a date; write it as 2026-11-29") from None
    try:
        day += timedelta(days=name == "until")
    except OverflowError:
        raise UserError(f"{name}={said} is too late a date") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _sort(name: str, said: str) -> str:
    return _one_of(name, said, SORTS)


def _verdict(name: str, said: str) -> str:
    return _one_of(name, said, VERDICTS)


_READ: dict[str, Callable[[str, str], object]] = {
    **dict.fromkeys(_YES_OR_NO, _flag),
    **dict.fromkeys(_NUMBERS, _number),
    "since": _moment,
    "until": _moment,
    "re": _expression,
    "facts": _facts,
    "sort": _sort,
    "verdict": _verdict,
}
