"""Knows the small file beside a part that holds the facts of its rows, so that a resume need not read these again.

It is never believed over the part: what does not fit it, or is damaged or missing, only costs the time for reading the
part's own lines. Whoever writes a part leaves it when that ends; else whoever first reads the part does. It consists of
frames, one for so many lines: a digest and a JSON object in one line, an array of hashes of ids, then one of FACTS. It
holds plain rows; all other lines of the part (what people said, rows that replace others, damaged lines) are read from
there, in their order.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from framescribe.errors import UserError
from framescribe.hashes import Hashes
from framescribe.results.facts import FACTS, OFFSET_BITS, Facts, Kind
from framescribe.results.index import Index
from framescribe.storage.whole_file import whole_file

VERSION = 2  # of the frames, and of all that the facts mean
LINES = 2**14  # in a frame
PACKED = 2**9  # rows whose facts are put into an array at once: a run must not be held up for long
LEAST = 2**12  # lines that are worth it
ENDS = 4096  # bytes at the beginning and at the end of what a frame is about, by which its part is recognised
ENDING = ".index"


class Frame(NamedTuple):
    """What is known of the lines of a part from byte `begin` to `end`. In `facts`, `line` is only the offset in the
    part, and `kind` a number among `kinds`. `others`: the offsets of the lines that are no plain rows."""

    begin: int
    end: int
    names: Hashes
    facts: Facts
    kinds: list[Kind]
    others: list[int]


class Noted:
    """Takes note of the lines of a part as they are read, and in the end keeps the frames, after those that were there
    already. `part`: its file."""

    def __init__(self, part: Path, index: Index, begin: int, kept: int) -> None:
        self.part, self._index = part, index
        self._kept = kept  # bytes of the file that are still good
        self._begin = self.end = begin
        self._names: list[int] = []
        self._facts: list[tuple[Any, ...]] = []
        self._packed: list[Facts] = []  # those before, in a sixth of the room
        self._others: list[int] = []
        self._new = 0
        self._full = False  # the disk: nothing is kept then
        self._frames: IO[bytes] | None = None

    def line(self, offset: int, end: int, plain: tuple[int, tuple[Any, ...]] | None) -> None:
        """A line from `offset` to `end`, with the hash of its id and its facts, if it is a plain row."""
        if self._full:
            return
        if plain is None:
            self._others.append(offset)
        else:
            self._names.append(plain[0])
            self._facts.append(plain[1])
            if len(self._facts) == PACKED:
                self._pack()
        self.end = end
        self._new += 1
        if self._new % LINES == 0:
            try:
                self._write()
            except OSError:
                self._full = True

    def close(self) -> None:
        """Keep what was noted, if that is worth it and possible."""
        with suppress(OSError, UserError):  # in a folder that is only read, say
            if self._new >= LEAST and not self._full:
                self._write()
                self._keep()
        if self._frames is not None:
            self._frames.close()

    def _write(self) -> None:
        if self._frames is None:
            self._frames = tempfile.TemporaryFile(prefix="framescribe-")  # noqa: SIM115
        self._pack()
        facts = np.concatenate(self._packed)
        facts["line"] &= np.uint64((1 << OFFSET_BITS) - 1)
        kinds, facts["kind"] = np.unique(facts["kind"], return_inverse=True)
        content = np.array(self._names, np.uint64).tobytes() + facts.tobytes()
        with self.part.open("rb") as part:
            ends = _ends(part, self._begin, self.end)
        head = {
            "version": VERSION,
            "begin": self._begin,
            "end": self.end,
            "ends": ends,
            "rows": len(facts),
            "kinds": [self._index.kind(number) for number in kinds.tolist()],
            "others": self._others,
        }
        content = json.dumps(head).encode() + b"\n" + content
        self._frames.write(_digest(content).encode() + b" " + content)
        self._begin, self._names, self._packed, self._others = self.end, [], [], []

    def _pack(self) -> None:
        self._packed.append(np.array(self._facts, FACTS))
        self._facts = []

    def _keep(self) -> None:
        assert self._frames is not None
        self._frames.seek(0)
        beside = beside_of(self.part)
        with whole_file(str(beside)) as temporary, open(temporary, "wb") as file:
            if self._kept:
                with beside.open("rb") as before:
                    file.write(before.read(self._kept))
            shutil.copyfileobj(self._frames, file)


class Kept:
    """What is kept beside a part, as far as it fits the part."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self.end = 0  # of what was known of the part
        self.good = 0  # bytes of the file that were good

    def frames(self) -> Iterator[Frame]:
        """One after the other, until one does not fit."""
        with suppress(OSError), beside_of(self._part).open("rb") as file, self._part.open("rb") as part:
            size = part.seek(0, 2)
            while (frame := _frame_in(file, part, self.end, size)) is not None:
                self.end, self.good = frame.end, file.tell()
                yield frame


def beside_of(part: Path) -> Path:
    """The file beside a part."""
    return part.with_name(part.name + ENDING)


def expected(parts: Iterable[Path]) -> int:
    """About how many rows are kept beside these parts."""
    size = 0
    for part in parts:
        with suppress(OSError):
            size += min(beside_of(part).stat().st_size, part.stat().st_size // 4)  # a row's line is no shorter
    return size // (8 + FACTS.itemsize)


def take_in(part: Path, index: Index, others: Callable[[int], None], rest: Callable[[int, Noted], None]) -> None:
    """Put the rows of a part into the index: what is kept of them, then the `rest` from a byte on, of which note is
    taken. `others` takes in the line at an offset."""
    kept = Kept(part)
    for frame in kept.frames():
        facts = frame.facts
        number = np.uint64(index.part_number(part) << OFFSET_BITS)
        cuts = np.searchsorted(facts["line"], np.array(frame.others, np.uint64)).tolist()
        facts["line"] |= number
        facts["kind"] = np.array([index.kind_number(kind) for kind in frame.kinds], np.uint32)[facts["kind"]]
        begin = 0
        for other, cut in zip(frame.others, cuts, strict=True):
            index.put(frame.names[begin:cut], facts[begin:cut])
            others(other)
            begin = cut
        index.put(frame.names[begin:], facts[begin:])
    noted = Noted(part, index, kept.end, kept.good)
    try:
        rest(kept.end, noted)
    finally:
        noted.close()


def _frame_in(file: IO[bytes], part: IO[bytes], begin: int, size: int) -> Frame | None:
    try:
        digest, _, line = file.readline().partition(b" ")
        head = json.loads(line)
        rows, end = head["rows"], head["end"]
        if head["version"] != VERSION or head["begin"] != begin or not begin < end <= size:
            return None
        content = file.read(rows * (8 + FACTS.itemsize))
        if len(content) != rows * (8 + FACTS.itemsize) or _digest(line + content).encode() != digest:
            return None
        if _ends(part, begin, end) != head["ends"]:
            return None
        names = np.frombuffer(content, np.uint64, rows)
        facts = np.frombuffer(content, FACTS, rows, 8 * rows).copy()
        kinds = [(tuple((name, found, made) for name, found, made in prints), by) for prints, by in head["kinds"]]
        return Frame(begin, end, names, facts, kinds, list(map(int, head["others"])))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None


def _ends(part: IO[bytes], begin: int, end: int) -> str:
    """A digest of the first and the last bytes from `begin` to `end`."""
    part.seek(begin)
    head = part.read(min(ENDS, end - begin))
    part.seek(max(begin, end - ENDS))
    return _digest(head + part.read(min(ENDS, end - begin)))


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()
