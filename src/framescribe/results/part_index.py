"""Knows the small file beside a part that holds the facts of its rows, so that a resume need not read these again.

It is never believed over the part: what does not fit it, or is damaged or missing, only costs the time for reading the
part's own lines. It grows with the part, so that a run that is killed leaves it too; whoever reads a part that has too
little of it makes the rest. It consists of frames, one for so many lines: a digest and a JSON object in one line, an
array of hashes of ids, then one of FACTS. It holds plain rows; all other lines of the part (what people said, rows that
replace others, damaged lines) are read from there, in their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from framescribe.hashes import Hashes
from framescribe.results.facts import FACTS, OFFSET_BITS, Facts, Kind
from framescribe.results.index import Index

VERSION = 2  # of the frames, and of all that the facts mean
LINES = 2**12  # in a frame; fewer alone are not worth one
PACKED = 2**9  # rows whose facts are put into an array at once: a run must not be held up for long
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
    """Takes note of the lines of a part as they are read or written, and adds a frame to the file beside it whenever
    there are enough. `part`: its file. `kept`: the bytes of the file beside it that are good, of `size` that it has."""

    def __init__(self, part: Path, index: Index, begin: int = 0, kept: int = 0, size: int = 0) -> None:
        self.part, self._index = part, index
        self._kept, self._size = kept, size
        self._begin = self.end = begin
        self._names: list[int] = []
        self._facts: list[tuple[Any, ...]] = []
        self._packed: list[Facts] = []  # those before, in a sixth of the room
        self._others: list[int] = []
        self._new = 0
        self._ended = False  # the disk is full, say, or another process writes the file

    def line(self, offset: int, end: int, plain: tuple[int, tuple[Any, ...]] | None) -> None:
        """A line from `offset` to `end`, with the hash of its id and its facts, if it is a plain row."""
        if self._ended:
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
            self._write()

    def close(self) -> None:
        """Keep the last lines too, if there were enough before them."""
        if self._new > LINES and not self._ended and self.end > self._begin:
            self._write()

    def _write(self) -> None:
        try:
            self._add(self._frame())
        except OSError:  # in a folder that is only read, say
            self._ended = True

    def _add(self, frame: bytes) -> None:
        with beside_of(self.part).open("ab") as file:
            if file.tell() != self._size:  # another process writes it: both would only damage it, which is noticed
                self._ended = True
                return
            file.truncate(self._kept)
            file.write(frame)
        self._kept = self._size = self._kept + len(frame)

    def _frame(self) -> bytes:
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
        self._begin, self._names, self._packed, self._others = self.end, [], [], []
        return _digest(content).encode() + b" " + content

    def _pack(self) -> None:
        self._packed.append(np.array(self._facts, FACTS))
        self._facts = []


class Kept:
    """What is kept beside a part, as far as it fits the part."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self.end = 0  # of what was known of the part
        self.good = 0  # bytes of the file that were good
        self.size = 0  # of the file

    def frames(self) -> Iterator[Frame]:
        """One after the other, until one does not fit."""
        with suppress(OSError), beside_of(self._part).open("rb") as file, self._part.open("rb") as part:
            self.size, size = file.seek(0, 2), part.seek(0, 2)
            file.seek(0)
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
    noted = Noted(part, index, kept.end, kept.good, kept.size)
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
