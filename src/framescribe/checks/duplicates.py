"""Knows which texts of a set say the same, or nearly, in memory that hardly grows with their number; judges no text by
itself.

Texts are compared by their shingles: every three words in a row, or three characters where a script has no spaces.
Comparing a million texts with each other is out of the question, so candidates come first: texts that agree in one of
50 bands of min-hashes, of which two texts that are alike enough miss all once in five hundred times at most, where
they are only just alike enough. Then the shingles themselves decide.
"""

from __future__ import annotations

import re
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import repeat
from typing import ClassVar, Generic, NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from framescribe.checks.base import Check, Circumstances, Finding
from framescribe.checks.text import Text
from framescribe.language.letters import JOINERS, MARKS, SPACELESS

ALIKE = 0.6
SHINGLE = 3  # words
BANDS = 50
MISSED = 0.002  # of pairs that are exactly as alike as the limit says, the share that may be missed
NEIGHBOURS = 8  # of each text with the same band, these many are looked at
_AT_ONCE = 1024  # texts that are hashed together, pairs that are compared together

_ODD = re.compile(rf"[^\w{MARKS}{JOINERS}]|_")
_APART = re.compile(f"([{SPACELESS}])")
_ASCII = bytes(code if chr(code).isalnum() else 32 for code in range(128)) + bytes(range(128, 256))

K = TypeVar("K")
Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint32]


class Duplicate(Check):
    """What is found by comparing texts (`Duplicates`); one text alone is no duplicate."""

    name = "duplicate"
    help = "the same caption, or nearly the same, on other clips of the set"
    limits: ClassVar[Mapping[str, float]] = {"likeness": ALIKE}

    def measure(self, text: Text, of: Circumstances) -> Iterable[Finding]:
        return ()


class Twin(NamedTuple, Generic[K]):
    """A text, by its key, another one that says the same, and how alike they are: the Jaccard index of their shingles,
    from the limit to 1.0 (equal but for capital letters and punctuation)."""

    key: K
    other: K
    likeness: float


class Duplicates(Generic[K]):
    """Takes texts one after the other, and then says which are alike; from then on it takes no more.

    Needs 250 bytes of memory per text beside its key, twice that while it compares, and 4 bytes per word in a temporary
    file.
    """

    def __init__(self, likeness: float = ALIKE) -> None:
        self._likeness = likeness
        self._rows = _rows_for(likeness)
        factors = np.random.default_rng(20_250_807).integers(0, 2**32, (2, BANDS * self._rows), dtype=np.uint32)
        self._factors, self._terms = factors[0] | np.uint32(1), factors[1]
        self._keys: list[K] = []
        self._waiting: list[Hashes] = []
        self._whole: list[int] = []  # a hash of each text
        self._wholes: list[NDArray[np.uint64]] = []
        self._found: _Alike | None = None
        self._sizes: list[Numbers] = []  # shingles in each text
        self._bands: list[Hashes] = []  # [BANDS, texts]
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # the shingles of all texts
        weakref.finalize(self, self._file.close)

    def add(self, key: K, text: str, among: str = "") -> None:
        """Take one more text, to be compared with the others `among` which it belongs. One without a letter is left
        out."""
        words = _words(text)
        if not words:
            return
        seed = crc32(among.encode(errors="surrogatepass"))
        self._keys.append(key)
        self._whole.append(_hash(b" ".join([seed.to_bytes(4, "big"), *words])))
        words += [b""] * (SHINGLE - len(words))
        self._waiting.append(np.fromiter(map(crc32, words, repeat(seed)), np.uint32, len(words)))
        if len(self._waiting) == _AT_ONCE:
            self._take_in()

    def twins(self) -> Iterator[Twin[K]]:
        """The texts that have one, in the order in which they came, each with the one most alike among those that were
        met."""
        alike = self._compared_all()
        for at in np.flatnonzero(alike.likeness).tolist():
            yield Twin(self._keys[at], self._keys[alike.other[at]], float(alike.likeness[at]))

    def groups(self) -> list[list[K]]:
        """The texts that are alike, directly or by way of others, in the order in which they came."""
        root = self._compared_all().roots()
        order = np.argsort(root, kind="stable")
        parts = np.split(order, np.flatnonzero(np.diff(root[order])) + 1) if len(order) else []
        return [[self._keys[at] for at in part.tolist()] for part in parts if len(part) > 1]

    # --- taking in ---

    def _take_in(self) -> None:
        """Hash the texts that wait."""
        if not self._waiting:
            return
        lengths = np.array([len(words) for words in self._waiting])
        shingles, sizes = _shingles(np.concatenate(self._waiting), lengths)
        self._file.write(shingles.tobytes())
        self._bands.append(self._banded(shingles, np.cumsum(sizes) - sizes))
        self._sizes.append(sizes)
        self._wholes.append(np.array(self._whole, np.uint64))
        self._waiting, self._whole = [], []

    def _banded(self, shingles: Hashes, starts: Numbers) -> Hashes:
        """A hash for each band of each text, whose shingles begin at `starts`: of the least values that `_rows` hash
        functions give them. [BANDS, texts]"""
        bands = np.zeros((BANDS, len(starts)), np.uint64)
        for number, (factor, term) in enumerate(zip(self._factors, self._terms, strict=True)):
            least = np.minimum.reduceat(shingles * factor + term, starts)
            bands[number % BANDS] = _mixed(bands[number % BANDS] + least)
        return (bands >> np.uint64(32)).astype(np.uint32)

    # --- finding ---

    def _compared_all(self) -> _Alike:
        if self._found is None:
            self._found = self._alike()
        return self._found

    def _alike(self) -> _Alike:
        self._take_in()
        self._file.flush()
        if not self._keys:
            return _Alike(0)
        sizes, whole = np.concatenate(self._sizes), np.concatenate(self._wholes)
        ends = np.cumsum(sizes)
        alike = _Alike(len(whole))
        _, first, same = np.unique(whole, return_index=True, return_inverse=True)
        first_of = first[same]
        for again in np.flatnonzero(first_of != np.arange(len(whole))).tolist():
            alike.join(again, int(first_of[again]), 1.0)
        first.sort()
        ahead = self._band(0, first)
        for number in range(BANDS if len(first) > 1 else 0):
            band, ahead = ahead, self._band((number + 1) % BANDS, first)
            # Those that agree in the next band too stand side by side: where many agree, not all can be compared.
            key = (band.astype(np.uint64) << np.uint64(32)) | ahead
            order = np.argsort(key, kind="stable")
            band = band[order]
            for step in range(1, min(NEIGHBOURS, len(order) - 1) + 1):
                at = np.flatnonzero(band[step:] == band[:-step])
                if not len(at):
                    break
                one, other = first[order[at]], first[order[at + step]]
                root = alike.roots()
                few, many = np.minimum(sizes[one], sizes[other]), np.maximum(sizes[one], sizes[other])
                worth = np.flatnonzero((root[one] != root[other]) & (few >= self._likeness * many))
                for begin in range(0, len(worth), _AT_ONCE):
                    some = worth[begin : begin + _AT_ONCE]
                    found = self._compared(one[some], other[some], sizes, ends)
                    for where in np.flatnonzero(found >= self._likeness).tolist():
                        alike.join(int(one[some[where]]), int(other[some[where]]), float(found[where]))
        return alike

    def _band(self, number: int, of: Numbers) -> Hashes:
        return np.concatenate([part[number] for part in self._bands])[of]

    def _compared(self, one: Numbers, other: Numbers, sizes: Numbers, ends: Numbers) -> NDArray[np.float64]:
        """The Jaccard index of the shingles of each pair."""
        both = np.stack([one, other], axis=1).ravel()
        lengths = sizes[both]
        read = []
        for at, length in zip(ends[both].tolist(), lengths.tolist(), strict=True):
            self._file.seek(4 * (at - length))
            read.append(self._file.read(4 * length))
        pair = np.repeat(np.arange(len(both)) // 2, lengths).astype(np.uint64)
        shingles = np.sort((pair << np.uint64(32)) | np.frombuffer(b"".join(read), np.uint32))
        twice = shingles[:-1][shingles[1:] == shingles[:-1]] >> np.uint64(32)
        common = np.bincount(twice.astype(np.int64), minlength=len(one))
        return common / (sizes[one] + sizes[other] - common)


class _Alike:
    """Which texts, by number, belong together, and which other one each is most alike."""

    def __init__(self, count: int) -> None:
        self.other = np.full(count, -1, np.int64)
        self.likeness = np.zeros(count)
        self._parent = list(range(count))
        self._roots: Numbers | None = np.arange(count)

    def join(self, one: int, other: int, likeness: float) -> None:
        for at, twin in ((one, other), (other, one)):
            if likeness > self.likeness[at]:
                self.other[at], self.likeness[at] = twin, likeness
        low, high = sorted((self._root(one), self._root(other)))
        if low != high:
            self._parent[high] = low
            self._roots = None

    def _root(self, at: int) -> int:
        parent = self._parent
        while parent[at] != at:
            parent[at] = at = parent[parent[at]]
        return at

    def roots(self) -> Numbers:
        """For each text the first one of those that it belongs to."""
        if self._roots is None:
            root = np.array(self._parent)
            while not np.array_equal(root, further := root[root]):
                root = further
            self._roots = root
        return self._roots


def likeness(one: str, other: str) -> float:
    """How alike two texts are, as in `Twin`."""
    words, others = _words(one), _words(other)
    if words == others:
        return 1.0
    shingles = {tuple(words[at : at + SHINGLE]) for at in range(len(words) - SHINGLE + 1)}
    those = {tuple(others[at : at + SHINGLE]) for at in range(len(others) - SHINGLE + 1)}
    return len(shingles & those) / max(1, len(shingles | those))


def _words(text: str) -> list[bytes]:
    """The words in small letters and without punctuation, those of scripts without spaces a letter each."""
    if text.isascii():
        return text.lower().encode().translate(_ASCII).split()
    return _APART.sub(r" \1 ", _ODD.sub(" ", text.casefold())).encode().split()


def _shingles(words: Hashes, lengths: Numbers) -> tuple[Hashes, Numbers]:
    """The hashes of every three words in a row of each text, once each, and how many there are in each."""
    text = np.repeat(np.arange(len(lengths)), lengths)
    wide = words.astype(np.uint64)
    mixed = wide[:-2] * np.uint64(0x9E3779B97F4A7C15)
    mixed = _mixed(mixed + wide[1:-1] * np.uint64(0xC2B2AE3D27D4EB4F))
    mixed = _mixed(mixed + wide[2:] * np.uint64(0x165667B19E3779F9)) >> np.uint64(32)
    inside = text[2:] == text[:-2]
    found = np.sort((text[:-2][inside].astype(np.uint64) << np.uint64(32)) | mixed[inside])
    found = found[np.append(True, found[1:] != found[:-1])]  # faster here than numpy's `unique`
    sizes = np.bincount((found >> np.uint64(32)).astype(np.int64), minlength=len(lengths))
    return found.astype(np.uint32), sizes


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of the result depends on every bit of the value (Stafford's variant 13, as in SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _hash(content: bytes) -> int:
    return int.from_bytes(blake2b(content, digest_size=8).digest(), "big")


def _rows_for(likeness: float) -> int:
    """How many hashes make a band: the more, the fewer candidates, and the more pairs are missed."""
    rows = 1
    while rows < 8 and (1 - likeness ** (rows + 1)) ** BANDS <= MISSED:
        rows += 1
    return rows
