"""Knows the order in which a set of captions is checked, twins among them included, and what is written and counted;
knows no check and no kind of file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from framescribe import registry
from framescribe.checks.base import Finding
from framescribe.checks.duplicates import Duplicate, Duplicates, Twin, likeness
from framescribe.checks.judge import Checks
from framescribe.dataset.caption_table import Captioned, Captions, texts_in
from framescribe.dataset.row_texts import Placed
from framescribe.errors import UserError
from framescribe.plain_json import dumps
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import WRITABLE_ENDINGS, ending_of, write_table
from framescribe.storage.whole_file import refuse_unwritable
from framescribe.strategies.base import CAPTION
from framescribe.strategies.judged import WHOLE

Say = Callable[[str], None]
TOLD = 100_000  # captions between two lines that say how far it is
Elsewhere = list[tuple[Placed, tuple[Finding, ...]]]
"""What is wrong with the texts of a row besides its caption."""
Key = tuple[int, str, str]  # a caption's number, its row's name, and its set


@dataclass(frozen=True, slots=True)
class TokenLimit:
    """How many tokens of a text encoder a caption may have, who counts them, and its name."""

    most: int
    count: Callable[[str], int]
    encoder: str


@dataclass(slots=True)
class Kind:
    """What one check found: in how many rows, and the first of these: its row, the words, and what is wrong."""

    count: int = 0
    row: str = ""
    text: str = ""
    what: str = ""


@dataclass(slots=True)
class Counted:
    """How many captions were checked, in how many rows something has a fault, and what each check found."""

    captions: int = 0
    flagged: int = 0
    kinds: dict[str, Kind] = field(default_factory=dict)


def found_in(
    captions: Captions, checks: Checks, *, tokens: TokenLimit | None = None, say: Say = lambda line: None
) -> Iterator[tuple[Captioned, tuple[Finding, ...], Elsewhere]]:
    """Each caption with its faults, and those of its row's other texts. Goes through the captions twice if duplicates
    are looked for."""
    twins: Iterator[Twin[Key]] = iter(())
    compares = Duplicate.name in checks.on
    if compares:
        twins = _twins(captions, checks.limits[Duplicate.name]["likeness"], say)
    twin = next(twins, None)
    parts = checks.without(WHOLE)

    def elsewhere(one: Captioned) -> Elsewhere:
        looked = [(text, (parts if text.part else checks).look(text.text, text.of)) for text in one.texts or ()]
        return [(text, found) for text, found in looked if found]

    for number, one in enumerate(captions):
        text = one.text or ""
        found = list(checks.measured(text, one.of))
        if tokens is not None and (count := tokens.count(text)) > tokens.most:
            what = f"{count:,} of at most {tokens.most:,} tokens ({tokens.encoder})"
            found.append(Finding(check="too_long", start=0, end=len(text), what=what, value=count))
        if twin is not None and twin.key[0] == number:
            found.append(_finding(text, twin.likeness, twin.other[1]))
            twin = next(twins, None)
        if compares and text and one.others:
            found.append(_finding(text, *max((likeness(text, other), repr(other[:60])) for other in one.others)))
        yield one, checks.judged(found), elsewhere(one)
        if (number + 1) % TOLD == 0:
            say(f"checked {number + 1:,} captions")


def _twins(captions: Captions, limit: float, say: Say) -> Iterator[Twin[Key]]:
    compared, sets = Duplicates[Key](limit), False
    for number, one in enumerate(captions):
        sets |= one.among != "" or one.others != ()
        if one.text:
            compared.add((number, one.name, one.among), one.text, one.among)
        if (number + 1) % TOLD == 0:
            say(f"read {number + 1:,} captions, to find duplicates")
    # Where rows name sets, one that names none is in none.
    return (twin for twin in compared.twins() if twin.key[2] or not sets)


def _finding(text: str, alike: float, other: str) -> Finding:
    what = f"the same as {other}" if alike == 1.0 else f"{alike:.0%} alike: {other}"
    return Finding(check=Duplicate.name, start=0, end=len(text), what=what, measure="likeness", value=alike)


def check_captions(
    captions: Captions,
    checks: Checks,
    output: str | os.PathLike[str] | None = None,
    *,
    tokens: TokenLimit | None = None,
    say: Say = lambda line: None,
) -> Counted:
    """Check all captions, and count what was found. `output`: a table that gets the rows as they are, with the columns
    `flags` (names) and `checks` (what was found)."""
    counted = Counted()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as verdicts:
        for one, found, others in found_in(captions, checks, tokens=tokens, say=say):
            names = [*checks.flags(found)]
            names += [f"{text.name}_{name}" for text, wrong in others for name in checks.flags(wrong)]
            counted.captions += 1
            counted.flagged += bool(names)
            every = [(one.name, one.text or "", fault) for fault in found]
            every += [(f"{one.name}, {text.place}", text.text, fault) for text, wrong in others for fault in wrong]
            for name in checks.flags(fault for *_, fault in every):
                kind = counted.kinds.setdefault(name, Kind())
                kind.count += 1
                if kind.count == 1:
                    kind.row, said, first = next(one for one in every if one[2].check == name)
                    kind.what, kind.text = first.what, said[first.start : first.end]
            if output is not None:
                where = [] if one.texts is None else [CAPTION] * len(found)
                where += [text.place for text, wrong in others for _ in wrong]
                told = [as_told(fault, said) for _, said, fault in every]
                told = [{"in": place, **fault} for place, fault in zip(where, told, strict=True)] if where else told
                verdicts.write(dumps([names, told]) + "\n")
        counted.kinds = {name: counted.kinds[name] for name in checks.on if name in counted.kinds}
        if output is not None:
            write_table(output, _Rows(captions, verdicts, frozenset(registry.names("checks"))))
    return counted


def as_told(finding: Finding, text: str) -> dict[str, Any]:
    """A finding as the column `checks` has it."""
    return {
        "check": finding.check,
        "start": finding.start,
        "end": finding.end,
        "text": text[finding.start : finding.end],
        "what": finding.what,
        "value": None if finding.value is None else float(finding.value),
    }


def refuse_output(output: str, source: str) -> None:
    """UserError if the rows cannot be written there, before anything is checked."""
    if ending_of(output) not in WRITABLE_ENDINGS:
        raise UserError(f"-o {output}: the ending decides the format; use {', '.join(WRITABLE_ENDINGS)}")
    if is_remote(output):
        raise UserError(f"-o {output}: name a file on this machine's disks")
    if os.path.exists(output) and os.path.exists(source) and os.path.samefile(output, source):
        raise UserError(f"-o {output} is the file that is to be checked; write to another one")
    refuse_unwritable(output)


class _Rows:
    """The rows as they are, each with its verdict; flags of a row's own stay, unless they are names of checks."""

    def __init__(self, captions: Captions, verdicts: IO[str], known: frozenset[str]) -> None:
        self._captions, self._verdicts, self._known = captions, verdicts, known

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        self._verdicts.seek(0)
        for one, line in zip(self._captions, self._verdicts, strict=True):
            names, told = json.loads(line)
            yield {
                **one.record,
                "flags": list(dict.fromkeys((*self._own(one.record.get("flags")), *names))),
                "checks": told,
            }

    def _own(self, flags: Any) -> Iterable[str]:
        return (flag for flag in texts_in(flags) if flag not in self._known)
