"""Knows the few facts of a row that decide whether it counts, or are counted, as an array holds them and as an entry
names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from framescribe.hashes import hash_of_text
from framescribe.records import DECODE, INTERNAL, LEFT_OUT, Row, Video
from framescribe.results import texts
from framescribe.results.parts import Location
from framescribe.results.row_lines import File, Line, Stage

Key = tuple[str, int]  # an id, and the hash of a place
Prints = tuple[tuple[str, str | None, bool], ...]
Kind = tuple[Prints, str | None]  # stages, and which of them made the caption
QUICK = "quick:"

# `line`: the number of its part, and where in it the line begins. `kind`: the number of its Kind. From `tokens` on:
# what `runs.totals` adds up, unless the row is UNCOUNTED.
FACTS = np.dtype(
    [
        ("place", "<u8"),
        ("line", "<u8"),
        ("size", "<i8"),
        ("stamp", "<i8"),
        ("quick", "V16"),
        ("kind", "<u4"),
        ("marks", "<u2"),
        ("tokens", "<u4"),
        ("segments", "<u2"),
        ("steps", "<u2"),
        ("same", "<u2"),
    ]
)
Facts = NDArray[np.void]
OFFSET_BITS = 40  # of `line`
FAILED, RECAPTIONED, SIZED, STAMPED, PRINTED, INTERNALLY, LEFT, GONE = (1 << bit for bit in range(8))
MORE = 1 << 8  # only the line tells the size, the fingerprint and the content's hash
OTHER_FILE = 1 << 9  # it replaces a row of another file
FLAGGED = 1 << 10
UNCOUNTED = 1 << 11  # only the line tells what is to be counted
COUNTED = ("tokens", "segments", "steps", "same")
_NO_PRINT = bytes(16)
_NO_COUNTS = (0, 0, 0, 0)
_MOST_TOKENS, _MOST = 2**32 - 1, 2**16 - 1


class Entry(NamedTuple):
    """Where a row's line is (or the row itself, if no part holds it yet), and what decides whether it counts.

    `place` is a hash of its place; `stamp` is what `stamp_number` makes of its file's; `quick` the file's fingerprint,
    as bytes where it has the usual form. `stages`: for each its name, fingerprint, and whether it has a result.
    `internal`: it failed in a way that nobody foresaw. `captioned`: the stage whose caption the row has. `left_out`: it
    "failed" because a condition left it out.
    """

    part: Location | None
    offset: int
    row: Row | None
    place: int
    failed: bool
    recaptioned: bool
    size: int | None
    stamp: int | None
    quick: bytes | str | None
    content: str | None
    stages: Prints
    internal: bool = False
    captioned: str | None = None
    left_out: bool = False

    @property
    def part_name(self) -> str:
        """The name of the part that holds it; "" if none does yet."""
        return self.part.name if isinstance(self.part, Path) else self.part or ""

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the file's bytes, as rows hold it."""
        return f"{QUICK}{self.quick.hex()}" if isinstance(self.quick, bytes) else self.quick

    def print_of(self, stage: str) -> str | None:
        """The fingerprint of this stage, None if it was not wanted."""
        return next((found for name, found, _ in self.stages if name == stage), None)

    def has(self, stage: str) -> bool:
        """Whether this stage produced a result."""
        return any(name == stage and made for name, _, made in self.stages)


def place_hash(place: str) -> int:
    """64 bits that stand for a place."""
    return hash_of_text(place)


def hash_of(video: Video) -> int:
    """The hash of a video's place."""
    return place_hash(video.place)


def stamp_number(stamp: object) -> int | None:
    """A number for a file's stamp, another one for any other stamp: the same one if it is a time."""
    if stamp is None or (type(stamp) is int and -(2**63) <= stamp < 2**63):
        return stamp
    return hash_of_text(str(stamp)) >> 1


def same_files(facts: Facts, sizes: Sequence[int | None], stamps: Sequence[object]) -> NDArray[np.bool_]:
    """Which of these rows did not fail and were plainly made of files with these sizes and stamps, as far as both are
    known."""
    marks = facts["marks"]
    same: NDArray[np.bool_] = (marks & FAILED == 0) & ((marks & MORE == 0) | (marks & SIZED != 0))
    for now, then, known in (
        (list(sizes), facts["size"], SIZED),
        (list(map(stamp_number, stamps)), facts["stamp"], STAMPED),
    ):
        given = np.array([one is not None for one in now], bool)
        same &= ~given | (marks & known == 0) | (np.array([one or 0 for one in now], np.int64) == then)
    return same


def kind_of(line: Line) -> Kind:
    """The stages of a row, and which of them made the caption."""
    stages = (line.provenance and line.provenance.stages) or {}
    return _prints(stages), _filled_by(stages)


def facts_of(line: Line, at: int, kind: int) -> tuple[Any, ...]:
    """The facts of a row, as FACTS has them, whose line is `at` some place."""
    made = line.provenance
    file = (made and made.file) or File()
    quick, stamp, size = packed_print(file.fingerprint), stamp_number(file.stamp), line.size
    failed = line.status == "failed"
    error = line.error.kind if failed and line.error is not None else None
    sized = type(size) is int and -(2**63) <= size < 2**63
    usual = quick is None or (isinstance(quick, bytes) and len(quick) == len(_NO_PRINT))
    marks = (
        (FAILED if failed else 0)
        | (RECAPTIONED if made is not None and made.recaptioned else 0)
        | (SIZED if sized else 0)
        | (STAMPED if stamp is not None else 0)
        | (PRINTED if quick is not None else 0)
        | (INTERNALLY if error == INTERNAL else 0)
        | (LEFT if error == LEFT_OUT else 0)
        | (OTHER_FILE if file.replaced else 0)
        | (0 if usual and (sized or size is None) and file.content is None else MORE)
    )
    counts = _counts(line)
    marks |= (FLAGGED if line.status == "flagged" else 0) | (UNCOUNTED if counts is None else 0)
    bits = quick if usual and isinstance(quick, bytes) else _NO_PRINT
    return place_hash(line.video_path), at, size if sized else 0, stamp or 0, bits, kind, marks, *(counts or _NO_COUNTS)


def _counts(line: Line) -> tuple[int, int, int, int] | None:
    """What is COUNTED of a row; None if its line says more, or something unusual."""
    if line.error is not None or line.status == "failed":
        return None
    stages, tokens, several = (line.provenance and line.provenance.stages) or {}, 0, False
    for name, of in stages.items():
        if of.checked:
            return None
        for count in (of.prompt_tokens, of.completion_tokens):
            if type(count) is int and count >= 0:
                tokens += count
            elif count is not None:
                return None
        several = several or name == texts.STEPS or (type(of.output) is dict and texts.SEGMENTS in of.output)
    if tokens > _MOST_TOKENS:
        return None
    if not several:
        return tokens, 0, 0, 0
    outputs = {name: {"output": of.output} for name, of in stages.items()}
    steps = texts.steps_of(outputs)
    counts = len(texts.segments_of(outputs)), len(steps), sum("same_as" in step for step in steps)
    return (tokens, *counts) if max(counts) <= _MOST else None


def _prints(stages: Mapping[str, Stage]) -> Prints:
    return tuple(
        [
            (name, of.fingerprint, bool(of.fills) or of.output is not None)
            for name, of in stages.items()
            if name != DECODE
        ]
    )


def _filled_by(stages: Mapping[str, Stage]) -> str | None:
    """The stage that made the caption."""
    for name, of in stages.items():
        if "caption" in (of.fills or ()):
            return name
    return None


def packed_print(fingerprint: str | None) -> bytes | str | None:
    """A fingerprint as bytes, where it has the usual form."""
    if fingerprint is None or not fingerprint.startswith(QUICK):
        return fingerprint
    try:
        return bytes.fromhex(fingerprint[len(QUICK) :])
    except ValueError:
        return fingerprint
