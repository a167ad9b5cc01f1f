"""Knows how the page's pictures and previews are made from videos and kept on disk; knows no codec and no request.

They are decoded in processes that can be killed, what was asked for last first, since whoever scrolls looks at that;
what nobody waits for any more is not begun.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from anyio import to_thread

from framescribe.errors import RunError, VideoError
from framescribe.frames.pool import DecoderPool
from framescribe.frames.preview import stills, stills_at, write_preview
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.records import Row
from framescribe.review.media import Media, NotShown

THUMB_PIXELS, FRAME_PIXELS = 320 * 240, 640 * 480
MOST_BYTES = 2 * 2**30  # on disk
MOST_WORKERS = 4
MOST_FRAMES = 64  # decoded together: of more, those around the one that is asked for
STILL_SECONDS, COPY_SECONDS = 60.0, 120.0  # for one video; a copy gives up by itself before that
LEFT_BEHIND = 3600.0
FAILED_SECONDS, MOST_FAILED = 300.0, 10_000  # for which a failure is believed, and of how many
_SALVAGED = {"video_cut_off", "video_damaged"}
_VERSION = "1"  # of what is kept: another version makes it again
Work = Callable[[DecoderPool], Coroutine[Any, Any, None]]


class Pictures:
    """The pictures of a result's videos, kept in the folder `cache`. To be used in one event loop; `close` ends it."""

    def __init__(self, media: Media, cache: Path, *, workers: int | None = None, most_bytes: int = MOST_BYTES) -> None:
        self._media, self._kept = media, Kept(cache, most_bytes)
        count = workers or max(1, min(MOST_WORKERS, cpus() - 1))
        self._stills, self._previews = _Line(count, STILL_SECONDS), _Line(1, COPY_SECONDS)

    async def thumb(self, row: Row) -> Path:
        """A small picture of the clip, from its middle. NotShown if there is none."""
        middle = row.frames[len(row.frames) // 2].index if row.frames else None
        path = self._kept.path(row, "thumb", "jpg")
        if not path.exists():
            await self._stills.do(path, lambda pool: self._make(pool, row, [middle], THUMB_PIXELS, lambda at: path))
        return self._kept.used(path)

    async def frame(self, row: Row, index: int) -> Path:
        """The sampled frame with this index. NotShown if there is none."""
        places = [frame.index for frame in row.frames]
        if index not in places:
            raise NotShown(404, "That is not one of the clip's sampled frames.")
        path = self._kept.path(row, f"frame-{index}", "jpg")
        if not path.exists():
            start = places.index(index) // MOST_FRAMES * MOST_FRAMES
            wanted = places[start : start + MOST_FRAMES]

            def path_of(at: int) -> Path:
                return self._kept.path(row, f"frame-{at}", "jpg")

            try:
                work: Work = lambda pool: self._make(pool, row, wanted, FRAME_PIXELS, path_of)  # noqa: E731
                await self._stills.do(path_of(wanted[0]), work)
            except NotShown:
                if not path.exists():  # it may have been another one of them
                    raise
        return self._kept.used(path)

    async def preview(self, row: Row) -> Path:
        """A small copy that browsers play. NotShown if it cannot be made."""
        path = self._kept.path(row, "preview", "mp4")
        if not path.exists():
            await self._previews.do(path, lambda pool: self._copy(pool, row, path))
        return self._kept.used(path)

    async def close(self) -> None:
        """End what is under way, also where it hangs."""
        await asyncio.gather(self._stills.close(), self._previews.close())

    async def _make(
        self,
        pool: DecoderPool,
        row: Row,
        indices: Sequence[int | None],
        pixels: int,
        path_of: Callable[[int], Path],
    ) -> None:
        """Decode these frames of the row, None for one from the middle of the file, and keep each at its path."""
        path = await to_thread.run_sync(self._media.path_of, row, abandon_on_cancel=True)
        times = {frame.index: frame.time for frame in row.frames}
        known = [time for index in indices if index is not None and (time := times[index]) is not None]
        salvage = not _SALVAGED.isdisjoint(row.flags)
        if len(known) == len(indices):
            sampling = Sampling(method="times", times=tuple(known), salvage=salvage)
            found, fingerprint = await pool.run(stills, path, sampling, row.id, pixels)
        elif indices == [None]:
            found, fingerprint = await pool.run(stills, path, Sampling(salvage=True), row.id, pixels)
            indices = [found[0].index]
        else:
            found, fingerprint = await pool.run(stills_at, path, [at for at in indices if at is not None], pixels)
        _same(row, fingerprint)
        pictures = {still.index: still.data for still in found if still.index in indices}
        for index, data in pictures.items():
            await asyncio.to_thread(self._kept.keep, path_of(index), data)
        if len(pictures) < len(set(indices)):
            raise NotShown(404, "This frame cannot be found again in the file.")

    async def _copy(self, pool: DecoderPool, row: Row, path: Path) -> None:
        source = await to_thread.run_sync(self._media.path_of, row, abandon_on_cancel=True)
        temporary = await asyncio.to_thread(self._kept.temporary, ".mp4")
        try:
            fingerprint = await pool.run(write_preview, source, str(temporary))
            _same(row, fingerprint)
            await asyncio.to_thread(self._kept.place, temporary, path)
        finally:
            temporary.unlink(missing_ok=True)


def _same(row: Row, fingerprint: str | None) -> None:
    known = row.file.get("fingerprint")
    if known is not None and known != fingerprint:
        raise NotShown(409, "The file is another one than the row was made from.")


class Kept:
    """The pictures on disk: at most `most` bytes of them, of which the ones that were not used for longest go first."""

    def __init__(self, folder: Path, most: int) -> None:
        self._folder, self._most = folder, most
        self._bytes: int | None = None  # unknown until it is first looked at

    def path(self, row: Row, what: str, ending: str) -> Path:
        """Where this picture of the row's file is kept: in another place once the row is made from another file."""
        said = (_VERSION, row.id, row.video_path, row.file.get("fingerprint"), row.size, row.file.get("stamp"), what)
        places = [(frame.index, frame.time) for frame in row.frames] if what == "thumb" else []
        name = hashlib.blake2b(repr((said, places)).encode(errors="surrogatepass"), digest_size=16).hexdigest()
        return self._folder / name[:2] / f"{name[2:]}.{ending}"

    def keep(self, path: Path, data: bytes) -> None:
        """Write the bytes, whole or not at all."""
        temporary = self.temporary(path.suffix)
        try:
            temporary.write_bytes(data)
            self.place(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)

    def temporary(self, suffix: str) -> Path:
        """A new file beside what is kept."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(suffix, "new-", self._folder)
        os.close(number)
        return Path(name)

    def place(self, temporary: Path, path: Path) -> None:
        """Keep a finished file, and let go of the oldest if there is no more room."""
        path.parent.mkdir(exist_ok=True, mode=0o700)
        size = temporary.stat().st_size
        os.replace(temporary, path)
        if self._bytes is None or self._bytes + size > self._most:
            self._bytes = self._make_room()
        else:
            self._bytes += size

    def used(self, path: Path) -> Path:
        """The path, noted as used now."""
        with suppress(OSError):
            os.utime(path)
        return path

    def _make_room(self) -> int:
        """Remove the oldest until a tenth is free, if there is too much; returns how many bytes are left."""
        found = []
        for path in self._folder.glob("*/*"):
            with suppress(OSError):
                state = path.stat()
                found.append((state.st_mtime_ns, state.st_size, path))
        for path in self._folder.glob("new-*"):  # left behind by a page that was killed
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > LEFT_BEHIND:
                    path.unlink()
        total = sum(size for _, size, _ in found)
        if total > self._most:
            for _, size, path in sorted(found):
                with suppress(OSError):
                    path.unlink()
                    total -= size
                if total <= self._most * 0.9:
                    break
        return total


class _Line:
    """Work for `workers` processes: the last one that was asked for is done first, each once for all who wait."""

    def __init__(self, workers: int, seconds: float) -> None:
        self._pool = DecoderPool(workers, seconds=seconds)
        self._free = workers
        self._failed: OrderedDict[Path, tuple[float, NotShown]] = OrderedDict()
        self._turns: list[asyncio.Future[None]] = []  # of who waits for a process, the newest last
        self._jobs: dict[Path, _Job] = {}

    async def do(self, what: Path, work: Work) -> None:
        """Do the work, or wait for another's that is the same. NotShown if it fails, also at once if it just failed: a
        video that cannot be decoded is not tried again whenever somebody scrolls past it."""
        until, failure = self._failed.get(what, (0.0, None))
        if failure is not None and time.monotonic() < until:
            raise NotShown(failure.status, str(failure))
        job = self._jobs.get(what)
        if job is None:
            job = self._jobs[what] = _Job()
            job.task = asyncio.create_task(self._done(what, work, job))
            job.task.add_done_callback(lambda task: task.cancelled() or task.exception())  # who waits hears of it
        job.waiters += 1
        try:
            await asyncio.shield(job.task)
        except RunError as error:
            raise NotShown(404, str(error)) from error
        except (VideoError, NotShown) as error:
            known = error if isinstance(error, NotShown) else NotShown(404, str(error))
            self._failed[what] = time.monotonic() + FAILED_SECONDS, known
            if len(self._failed) > MOST_FAILED:
                self._failed.popitem(last=False)
            raise known from error
        finally:
            job.waiters -= 1
            if not job.waiters and not job.begun and not job.task.done():  # once begun it goes on, for the next time
                job.task.cancel()
                self._forget(what, job)

    async def _done(self, what: Path, work: Work, job: _Job) -> None:
        try:
            await self._turn()
            job.begun = True
            try:
                await work(self._pool)
            finally:
                self._next()
        finally:
            self._forget(what, job)

    def _forget(self, what: Path, job: _Job) -> None:
        if self._jobs.get(what) is job:
            del self._jobs[what]

    async def _turn(self) -> None:
        if self._free:
            self._free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._turns.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._turns:
                self._turns.remove(turn)
            elif not turn.cancelled():
                self._next()
            raise

    def _next(self) -> None:
        while self._turns:
            turn = self._turns.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def close(self) -> None:
        tasks = [job.task for job in self._jobs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(self._pool.close)
        await asyncio.gather(*tasks, return_exceptions=True)


class _Job:
    """One piece of work: its task, how many wait for it, and whether it has a process."""

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self.waiters, self.begun = 0, False
