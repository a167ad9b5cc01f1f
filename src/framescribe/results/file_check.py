"""Knows, by their bytes, which files their rows were made from; writes no row and captions nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from framescribe.errors import FramescribeError, VideoError
from framescribe.frames.files import content_of, fingerprint_of
from framescribe.frames.pool import DecoderPool
from framescribe.machine import cpus
from framescribe.packed import PackedVideos
from framescribe.records import Video
from framescribe.results.index import Key, hash_of
from framescribe.results.plan import Checked, Doubt
from framescribe.results.rows import Results
from framescribe.storage.object_store import is_remote, size_of

Say = Callable[[str], None]


async def check_doubts(doubts: Sequence[Doubt], results: Results, workers: int | None, say: Say) -> Checked:
    """What the files say that were moved or touched, perhaps; each is opened in a worker."""
    if not doubts:
        return Checked()
    say(f"checking the content of files that moved or were touched: {len(doubts):,}")
    found = dict[Key, str | None]()

    def seen(video: Video, says: str | VideoError) -> None:
        found[video.id, hash_of(video)] = says if isinstance(says, str) else None

    quick = [any(entry.fingerprint is not None for entry in doubt.entries) for doubt in doubts]
    await _each(fingerprint_of, [doubt.video for doubt, q in zip(doubts, quick, strict=True) if q], workers, seen)
    await _each(content_of, [doubt.video for doubt, q in zip(doubts, quick, strict=True) if not q], workers, seen)
    copies = set[Key]()
    for video, entries in doubts:
        key = video.id, hash_of(video)
        same = [entry for entry in entries if found[key] in (entry.fingerprint, entry.content)]
        if found[key] is not None and same and same[0].place != key[1]:
            old = results.load(same[0]).video_path
            if await asyncio.to_thread(_is_there, old):
                copies.add(key)
    return Checked(found=found, copies=copies)


async def check_content(videos: Sequence[Video], results: Results, workers: int | None, say: Say) -> set[Key]:
    """Id and place of the videos whose file content differs from what their rows say; each file is read whole.

    Rows without a hash are left out, as are files that cannot be read now; both are reported.
    """
    known, without = dict[Key, str](), 0
    for video in videos:
        entry = results.entry(video)
        if entry is not None and entry.content is not None:
            known[video.id, hash_of(video)] = entry.content
        without += entry is not None and entry.content is None
    rest = PackedVideos(video for video in videos if (video.id, hash_of(video)) in known)
    if without:
        say(f"rows without a file hash (--check-content was off, or they failed), which stay: {without:,}")
    if not rest:
        return set()
    say(f"comparing files with the hashes in their rows: {len(rest):,}")
    changed = set[Key]()
    unread: list[tuple[Video, VideoError]] = []

    def seen(video: Video, found: str | VideoError) -> None:
        if isinstance(found, VideoError):
            unread.append((video, found))
        elif found != known[video.id, hash_of(video)]:
            changed.add((video.id, hash_of(video)))

    await _each(content_of, rest, workers, seen)
    if unread:
        video, error = unread[0]
        say(f"files that cannot be read now, whose rows stay: {len(unread):,} (first: {video.id}: {error})")
    return changed


async def _each(
    look: Callable[[str], str], videos: Iterable[Video], workers: int | None, seen: Callable[[Video, Any], None]
) -> None:
    """Check every video's file, several at once, in workers that can be killed."""
    left, count = iter(videos), workers or min(8, cpus())
    first = next(left, None)
    if first is None:
        return
    pool = DecoderPool(count)

    async def worker(video: Video | None) -> None:
        while video is not None:
            try:
                seen(video, await pool.run(look, video.path))
            except VideoError as error:
                seen(video, error)
            video = next(left, None)

    tasks = [
        asyncio.ensure_future(worker(video)) for video in (first, *(next(left, None) for _ in range(2 * count - 1)))
    ]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.to_thread(pool.close)


def _is_there(place: str) -> bool:
    """Whether a place still holds a file, if that can be checked without a key."""
    tar, inside, _ = place.partition(".tar/")
    path = f"{tar}.tar" if inside else place
    if not is_remote(path):
        return os.path.exists(path)
    try:
        return "?" not in path and size_of(path) is not None
    except (FramescribeError, ValueError):
        return False
