"""Knows which files are no longer what their rows were made from, by their hash; writes no row and captions nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from framescribe.errors import VideoError
from framescribe.frames.files import content_of
from framescribe.frames.pool import DecoderPool
from framescribe.machine import cpus
from framescribe.records import Video
from framescribe.results.rows import Results


async def changed_files(
    videos: Sequence[Video], results: Results, workers: int | None, say: Callable[[str], None]
) -> set[str]:
    """The ids of videos whose files have another content than their rows say; each file is read whole, in a worker.

    Rows without a hash are left out, and so are files that cannot be read now: both are said.
    """
    known = results.contents()
    rest = [video for video in videos if video.id in known]
    if without := sum(video.id in results for video in videos) - len(rest):
        say(f"{without:,} rows hold no hash of their file (--check-content was off, or they failed): they stay")
    if not rest:
        return set()
    say(f"comparing {len(rest):,} files with what their rows were made from")
    count = workers or min(8, cpus())
    pool, left = DecoderPool(count), iter(rest)
    changed: set[str] = set()
    unread: list[tuple[Video, VideoError]] = []

    async def worker() -> None:
        for video in left:
            try:
                if await pool.run(content_of, video.path) != known[video.id]:
                    changed.add(video.id)
            except VideoError as error:
                unread.append((video, error))

    try:
        await asyncio.gather(*(worker() for _ in range(2 * count)))
    finally:
        await asyncio.to_thread(pool.close)
    if unread:
        video, error = unread[0]
        say(f"{len(unread):,} files cannot be read now; their rows stay (first: {video.id}: {error})")
    return changed
