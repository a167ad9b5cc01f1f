"""Knows when a folder's files are written while a run goes on: now and then, in a thread; not which (`growing`)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence

from framescribe.errors import UserError
from framescribe.records import Video
from framescribe.results import filling
from framescribe.results.folder import Folder
from framescribe.results.growing import Growing
from framescribe.results.reading import why
from framescribe.results.rows import Results
from framescribe.results.todos import Todo
from framescribe.runs.driver import in_thread
from framescribe.storage.object_store import StoreError

_log = logging.getLogger("framescribe")


class Meanwhile:
    """Use it as a context manager around the time in which the videos of `todo`, some of `videos` and in their order,
    get their rows. Does nothing where the result is one file."""

    def __init__(self, results: Results, videos: Sequence[Video], todo: Iterable[Todo]) -> None:
        folder = results.output
        self._growing = Growing(results, folder, videos, todo) if isinstance(folder, Folder) else None
        self._folder, self._new = folder, 0
        self._writing: asyncio.Task[None] | None = None

    def settled(self, name: str, place: str) -> None:
        """The video of this id at this place is done with."""
        if self._growing is None:
            return
        self._growing.settled(name, place)
        self._new += 1
        if self._new >= filling.ROWS_A_FILE // 10 and (self._writing is None or self._writing.done()):
            self._new, self._writing = 0, asyncio.create_task(self._write(self._growing))

    async def _write(self, growing: Growing) -> None:
        try:
            await in_thread(growing.write)
        except (OSError, StoreError, UserError) as error:
            _log.warning("%s takes no file now (%s): the run tries it again in the end", self._folder, why(error))
            self._growing = None

    async def __aenter__(self) -> Meanwhile:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *raised: object) -> None:
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if kind is None and self._growing is not None:
            await self._write(self._growing)
