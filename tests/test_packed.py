"""Videos that are packed are the ones that were put in; a table of hashes knows what a dict knows."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from framescribe.hashes import HashTable, hash_of_text, hashes_of
from framescribe.packed import BLOCK, PackedVideos, blocks_of, video_of
from framescribe.records import Video

MANY = [
    Video(id=f"{number}.mp4", path=f"/data/{number}.mp4", size=number, stamp=str(number), metadata={"n": number})
    for number in range(2 * BLOCK + 3)
]
MANY[BLOCK] = Video(
    id="\udcff",
    path="",
    fault="no path",
    caption="a cat",
    metadata={"made": datetime.date(2026, 1, 1), "costs": decimal.Decimal("1.50"), "of": [{"deep": None}]},
)


def test_packed_videos_are_a_sequence_like_any_other() -> None:
    packed = PackedVideos(MANY)
    assert len(packed) == len(MANY)
    assert list(packed) == MANY
    assert packed == MANY and packed == MANY and packed != MANY[1:]
    assert [packed[number] for number in (0, BLOCK - 1, BLOCK, -1, 2 * BLOCK)] == [
        MANY[number] for number in (0, BLOCK - 1, BLOCK, -1, 2 * BLOCK)
    ]
    assert MANY[5] in packed and packed.index(MANY[300]) == 300
    for videos in (MANY, packed):
        assert [video_of(fields) for block in blocks_of(videos) for fields in block] == MANY


@settings(max_examples=60, deadline=None)
@given(st.slices(len(MANY)))
def test_a_slice_of_packed_videos_is_the_slice_of_the_list(wanted: slice) -> None:
    assert PackedVideos(MANY)[wanted] == MANY[wanted]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30)), max_size=12), st.booleans())
def test_a_table_of_hashes_knows_every_number_of_a_hash(batches: list[list[int]], colliding: bool) -> None:
    """Hashes that ask for the same place in the table, and those that are the same."""
    table, known = HashTable(), dict[int, list[int]]()
    for batch in batches:
        hashes = [number << 40 if colliding else number * 0x9E3779B97F4A7C15 % 2**64 for number in batch]
        for one in hashes:
            known.setdefault(one, []).append(sum(map(len, known.values())))
        table.add(np.array(hashes, np.uint64))
    asked = [*known, 77, 2**64 - 1]
    assert [table.numbers(one) for one in asked] == [known.get(one, []) for one in asked]
    found = table.first(np.array(asked, np.uint64)).tolist()
    assert all(number in known.get(one, [-1]) for one, number in zip(asked, found, strict=True))


def test_a_table_grows() -> None:
    hashes = hashes_of(map(str, range(20_000)))
    table = HashTable()
    for begin in range(0, len(hashes), 999):
        table.add(hashes[begin : begin + 999])
    assert table.first(hashes).tolist() == list(range(20_000))
    assert table.numbers(hash_of_text("12345")) == [12_345]
    assert not table.numbers(hash_of_text("20000"))
