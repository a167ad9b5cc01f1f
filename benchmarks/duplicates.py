"""Knows how to measure what looking for duplicates takes in a set of a million captions: seconds and memory.

    python benchmarks/duplicates.py [--captions 1000000] [--words 100]

The captions are made up: words as frequent as in any text (Zipf's law), openings that thousands share, one caption in
twenty that is another one with a few words exchanged, and one in a hundred that is one of a few dozen word for word.
Every copy that was planted must be found.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from collections.abc import Iterator

from framescribe.checks.duplicates import Duplicates

OPENINGS = [
    "A man in a dark jacket walks along a street while",
    "The camera moves slowly through a room in which",
    "Two people sit at a wooden table near a window and",
    "A close-up of a hand that holds a small object;",
]
WORDS = 60_000
COPIED = [f"Nothing but a black screen, number {number}." for number in range(30)]


def captions(count: int, length: int) -> Iterator[tuple[str, bool]]:
    """The captions, and whether each was planted as a copy of one before it; that one may be any of the last 10,000."""
    chance = random.Random(7)
    vocabulary = ["".join(chance.choices("abcdefghijklmnoprstuvwy", k=chance.randint(2, 10))) for _ in range(WORDS)]
    sums, total = [], 0.0
    for rank in range(WORDS):
        total += 1 / (rank + 3)
        sums.append(total)
    recent: list[list[str]] = []
    for number in range(count):
        if number % 100 == 99:
            yield chance.choice(COPIED), True
            continue
        if number % 20 == 11 and recent:
            words = list(chance.choice(recent))
            for _ in range(max(1, len(words) // 25)):
                words[chance.randrange(len(words))] = chance.choice(vocabulary)
            yield " ".join(words), True
            continue
        size = chance.randint(length // 2, length * 3 // 2)
        words = [*chance.choice(OPENINGS).split(), *chance.choices(vocabulary, cum_weights=sums, k=size)][:size]
        if number % 4 == 0:
            recent.append(words)
            del recent[:-2_500]
        yield " ".join(words), False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--captions", type=int, default=1_000_000)
    parser.add_argument("--words", type=int, default=100)
    options = parser.parse_args()
    made, planted, copies = time.process_time(), [], Duplicates[int]()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    added = 0.0
    for number, (text, copy) in enumerate(captions(options.captions, options.words)):
        planted.append(copy)
        begun = time.process_time()
        copies.add(number, text)
        added += time.process_time() - begun
    made = time.process_time() - made - added
    begun = time.process_time()
    found = {twin.key: twin.other for twin in copies.twins()}
    sought = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    missed = sum(copy and number not in found for number, copy in enumerate(planted))
    print("| captions | words | taking in, s | finding, s | peak, MB | planted | missed | in groups |")
    print("|---" * 8 + "|")
    print(
        f"| {len(planted):,} | {options.words} | {added:.0f} | {sought:.0f} | {peak * unit / 1e6:,.0f} "
        f"(at the start {before * unit / 1e6:,.0f}) | {sum(planted):,} | {missed:,} | {len(found):,} |"
    )
    print(f"making them up took {made:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
