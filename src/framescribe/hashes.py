"""Knows hashes of texts that are the same in every process, and in little memory which numbers they were given.

Whoever finds a number by the hash of one text has to compare the text itself, if a wrong one could do harm.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Found = NDArray[np.int64]  # numbers, or -1

_LEAST = 1024  # places of a table


def hash_of_text(text: str) -> int:
    """64 bits that stand for a text, also for one that is no proper Unicode."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def hashes_of(texts: Iterable[str]) -> Hashes:
    """The `hash_of_text` of each."""
    found = b"".join([blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in texts])
    return np.frombuffer(found, "<u8")


class HashTable:
    """Hashes under the numbers 0, 1, 2, … in the order in which they were added: 8 bytes each, and 6 to 12 for finding
    them. A hash may have several numbers. Other threads may ask while one adds."""

    def __init__(self, expected: int = 0) -> None:
        self._hashes: Hashes = np.zeros(0, np.uint64)
        self._count = 0
        self._places = np.full(0, -1, np.int32)
        self.make_room(expected)

    def __len__(self) -> int:
        return self._count

    def add(self, hashes: Hashes) -> None:
        """Give the next numbers to these hashes."""
        first, last = self._count, self._count + len(hashes)
        if last > len(self._hashes):
            self.make_room(max(last * 9 // 8, _LEAST))
        self._hashes[first:last] = hashes
        self._place(self._places, hashes, first)
        self._count = last

    def numbers(self, found: int) -> list[int]:
        """All numbers of a hash, in their order."""
        if not len(self._places):
            return []
        numbers, places = [], self._places
        last = len(places) - 1
        at = found & last
        while (number := int(places[at])) >= 0:
            if int(self._hashes[number]) == found:
                numbers.append(number)
            at = (at + 1) & last
        return sorted(numbers)

    def first(self, hashes: Hashes) -> Found:
        """For each of these hashes one of its numbers, or -1."""
        result = np.full(len(hashes), -1, np.int64)
        if not len(self._places):
            return result
        places = self._places
        last = np.uint64(len(places) - 1)
        left, at = np.arange(len(hashes)), (hashes & last).astype(np.int64)
        while len(left):
            number = places[at]
            there = number >= 0
            left, at, number = left[there], at[there], number[there]
            same = self._hashes[number] == hashes[left]
            result[left[same]] = number[same]
            left, at = left[~same], (at[~same] + 1) & int(last)
        return result

    def make_room(self, count: int) -> None:
        """Get ready for so many hashes. Whoever asks meanwhile finds what was there before."""
        there, size = self._count, max(_LEAST, len(self._places))
        if count > len(self._hashes):
            hashes = np.zeros(count, np.uint64)
            hashes[:there] = self._hashes[:there]
            self._hashes = hashes
        while 3 * count > 2 * size:
            size *= 2
        if size > len(self._places):
            places = np.full(size, -1, np.int32)
            for first in range(0, there, 2**16):
                self._place(places, self._hashes[first : min(first + 2**16, there)], first)
            self._places = places

    @staticmethod
    def _place(places: NDArray[np.int32], hashes: Hashes, first: int) -> None:
        """Find the first free place behind the one that each hash asks for."""
        last = len(places) - 1
        if len(hashes) == 1:  # much quicker alone
            place = int(hashes[0]) & last
            while places[place] >= 0:
                place = (place + 1) & last
            places[place] = first
            return
        numbers = np.arange(first, first + len(hashes), dtype=np.int32)
        at = (hashes & np.uint64(last)).astype(np.int64)
        while len(numbers):
            free = places[at] < 0
            places[at[free]] = numbers[free]  # of several that want one, one gets it
            left = places[at] != numbers
            numbers, at = numbers[left], (at[left] + 1) & last


class Numbers:
    """A set of numbers from 0 on, a byte for each up to the largest."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._there = bytearray()
        for number in numbers:
            self.add(number)

    def __contains__(self, number: int) -> bool:
        return number < len(self._there) and bool(self._there[number])

    def add(self, number: int) -> bool:
        """Whether it was not there yet, which it is now."""
        if number in self:
            return False
        if number >= len(self._there):
            self._there.extend(bytes(max(number + 1, len(self._there) * 5 // 4) - len(self._there)))
        self._there[number] = 1
        return True
