"""Knows how the sampled frames of many clips become pictures that fit into one document; knows no page."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence

from framescribe.errors import FramescribeError
from framescribe.frames.pool import DecoderPool
from framescribe.frames.preview import stills, stills_at
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.python.background import Background
from framescribe.records import Row

MOST_FRAMES = 12  # of a clip
BUDGET_BYTES = 16_000_000  # of all pictures together; as text in a page a third more, which most mail servers take
LARGEST, SMALLEST = 480 * 360, 128 * 96  # pixels of one
_SECONDS = 60.0  # for one clip
# Measured on footage of many kinds: a picture of LARGEST takes 22 KB, one of 240 × 180 9 KB, one of 128 × 96 3.8 KB.
_BYTES_OF_LARGEST, _GROWTH = 22_500, 0.66
_SALVAGED = {"video_cut_off", "video_damaged"}

Pictures = Mapping[int, str]  # JPEG in base64, by the frame's index


def pictures_of(rows: Sequence[Row]) -> list[Pictures]:
    """For each row the pictures of its sampled frames, or of the middle of the clip if it has none.

    All are made smaller, the more of them there are. A clip that cannot be read, or is no longer the one that was
    captioned, has no pictures.
    """
    pixels = _pixels(sum(min(len(row.frames) or 1, MOST_FRAMES) for row in rows))
    if not rows:
        return []
    work = Background(lambda stop: _all(rows, pixels))
    work.wait()
    return work.result()


async def _all(rows: Sequence[Row], pixels: int) -> list[Pictures]:
    pool = DecoderPool(workers := min(cpus(), len(rows)), seconds=_SECONDS)
    found: list[Pictures] = [{} for _ in rows]
    left = iter(enumerate(rows))

    async def worker() -> None:
        for at, row in left:
            found[at] = await _one(pool, row, pixels)

    try:
        await asyncio.gather(*(worker() for _ in range(workers)))
    finally:
        await asyncio.to_thread(pool.close)
    return found


async def _one(pool: DecoderPool, row: Row, pixels: int) -> Pictures:
    frames = row.frames[:MOST_FRAMES]
    times = [frame.time for frame in frames if frame.time is not None]
    salvage = not _SALVAGED.isdisjoint(row.flags)
    try:
        if not frames:
            found, fingerprint = await pool.run(stills, row.video_path, Sampling(salvage=salvage), row.id, pixels)
        elif len(times) == len(frames):
            sampling = Sampling(method="times", times=tuple(times), salvage=salvage)
            found, fingerprint = await pool.run(stills, row.video_path, sampling, row.id, pixels)
        else:
            found, fingerprint = await pool.run(stills_at, row.video_path, [frame.index for frame in frames], pixels)
    except FramescribeError:
        return {}
    if row.file.get("fingerprint") not in (None, fingerprint):
        return {}
    wanted = {frame.index for frame in frames}
    return {one.index: base64.b64encode(one.data).decode() for one in found if not wanted or one.index in wanted}


def _pixels(count: int) -> int:
    """The size at which that many pictures probably fit."""
    share = BUDGET_BYTES / max(1, count) / _BYTES_OF_LARGEST
    return int(min(LARGEST, max(SMALLEST, LARGEST * share ** (1 / _GROWTH))))
