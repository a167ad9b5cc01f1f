"""Damaged films neither hang the decoder nor end the run; most are refused or right. `tests/fuzz.py` does many more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from framescribe.frames.pool import DecoderPool
from tests.films import program
from tests.fuzz import KINDS, WRONG, Case, fuzz, made, originals, table

pytestmark = pytest.mark.skipif(program() is None, reason="no ffmpeg program to make films: pip install imageio-ffmpeg")

FILES = 160
# FFmpeg's decoders of HEVC, VP8 and VP9 see next to no damage, and those of the rest not all of it: no file holds a
# checksum of its pictures. Of 3,000 files 9 % gave a wrong picture, of which FFmpeg at its strictest saw a quarter.
MOST_WRONG = 0.15
# FFmpeg sees these streams' damage, so that hardly any wrong picture of theirs may pass.
WELL_CHECKED = ("h264", "interlaced", "mpeg", "mjpeg", "fragment", "late", "turned", "vfr", "10_bit_h264")


async def _cases(folder: Path) -> list[Case]:
    pool = DecoderPool(1, seconds=120)
    try:
        films = await originals(pool, made(folder))
        assert len(films) > 50
        return await fuzz(pool, films, range(FILES), seed=1, at_once=2)
    finally:
        pool.close()


def test_damaged_films_neither_hang_nor_end_the_run(tmp_path: Path) -> None:
    cases = asyncio.run(_cases(tmp_path))
    print(table(cases, lambda case: case.kind))
    assert len(cases) == FILES
    assert {case.kind for case in cases} == set(KINDS)
    assert [case for case in cases if case.outcome in ("timeout", "crash", "fault")] == []
    wrong = [case for case in cases if case.outcome in WRONG]
    assert len(wrong) <= MOST_WRONG * FILES, wrong
    assert sum(case.film.startswith(WELL_CHECKED) for case in wrong) <= 0.05 * FILES, wrong
    # They are not all refused either.
    assert sum(case.outcome == "right" for case in cases) >= 0.3 * FILES
