"""Measures many videos, without any model: each in a decoder's process, and what is known is kept as it goes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from framescribe.errors import Unreadable, UserError, VideoError
from framescribe.frames.pool import DecoderPool
from framescribe.machine import cpus
from framescribe.measures.expression import FACTS, values_of
from framescribe.measures.watching import versions
from framescribe.plain_json import dumps
from framescribe.records import Video, VideoInfo
from framescribe.runs.clips import ANY_FRAME, SMALLEST
from framescribe.storage.tables import WRITABLE_ENDINGS, ending_of, write_table
from framescribe.storage.whole_file import refuse_unwritable

Record = dict[str, Any]
UNFINISHED = ".unfinished"  # behind the table's name: the records so far, a line for each


async def measured(
    videos: Sequence[Video],
    measures: Sequence[str],
    *,
    decoders: int | None = None,
    seconds: float | None = None,
    known: Mapping[int, Record] | None = None,
    told: Callable[[int, Record], None] = lambda number, record: None,
) -> list[Record]:
    """A record for each video, in their order; `told` gets each one with its number as soon as it is made. Those that
    are `known`, by number, are not made again. A video that cannot be decoded has an `error`."""
    records: dict[int, Record] = dict(known or {})
    left = iter([number for number in range(len(videos)) if number not in records])
    if len(records) == len(videos):
        return [records[number] for number in range(len(videos))]
    count = min(decoders or min(8, cpus()), len(videos) - len(records))
    pool = DecoderPool(count, seconds=seconds)

    async def work() -> None:
        for number in left:
            records[number] = await _record(pool, videos[number], measures)
            told(number, records[number])

    works = [asyncio.ensure_future(work()) for _ in range(count)]
    try:
        await asyncio.gather(*works)
    finally:
        for one in works:
            one.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        await asyncio.to_thread(pool.close)
    return [records[number] for number in range(len(videos))]


async def _record(pool: DecoderPool, video: Video, measures: Sequence[str]) -> Record:
    """What a table says of a video: what it is, each fact that conditions may use, and all `facts`."""
    info, facts, flags, error = None, dict[str, Any](), tuple[str, ...](), None
    try:
        if video.fault is not None:
            raise Unreadable(video.fault)
        # One small picture of those that can be decoded comes with the facts, and is not used.
        clip = await pool.sample(video.path, ANY_FRAME, key=video.id, max_pixels=SMALLEST, measures=measures)
        info, facts, flags = clip.info, dict(clip.facts or {}), clip.flags
    except VideoError as fault:
        error = str(fault)
    values = values_of(facts, info)
    of = asdict(info) if info is not None else dict.fromkeys(VideoInfo.__annotations__)
    made = versions(measures)
    told = {name: values[name] for name, (measure, _) in FACTS.items() if measure in made}
    more = {"flags": list(flags), "error": error, "facts": facts}
    return {"id": video.id, "video_path": video.place, **of, **told, **more}


class Table:
    """The table of facts at `path`, written whole at the end, and beside it a file of the records so far, from which an
    interrupted command goes on. UserError if it cannot be written there, or is in no format that is known."""

    def __init__(self, path: str, videos: Sequence[Video], measures: Sequence[str]) -> None:
        if ending_of(path) not in WRITABLE_ENDINGS:
            raise UserError(f"{path}: a table cannot be written with this ending; use {', '.join(WRITABLE_ENDINGS)}")
        refuse_unwritable(path)
        self._path, self._videos = path, videos
        self._beside = Path(path + UNFINISHED)
        self._made = sorted(f"{name}={version}" for name, version in versions(measures).items())
        self.known = self._read()

    def _key(self, video: Video) -> list[Any]:
        return [video.id, video.place, video.size, video.stamp, self._made]

    def _read(self) -> dict[int, Record]:
        """What an interrupted command left, by the videos' numbers: of the same files and the same measures."""
        there = dict[str, Record]()
        with suppress(FileNotFoundError), open(self._beside, encoding="utf-8") as file:
            for line in file:
                with suppress(ValueError, KeyError, TypeError):  # a line that was being written
                    one = json.loads(line)
                    there[dumps(one["of"])] = one["record"]
        numbers = {dumps(self._key(video)): number for number, video in enumerate(self._videos)}
        return {numbers[key]: record for key, record in there.items() if key in numbers}

    def keep(self, number: int, record: Record) -> None:
        """Add a record to those so far."""
        line = dumps({"of": self._key(self._videos[number]), "record": record}) + "\n"
        with open(self._beside, "a", encoding="utf-8") as file:
            file.write(line)

    def finish(self, records: Sequence[Record]) -> None:
        """Write the table."""
        write_table(self._path, records)
        with suppress(FileNotFoundError):
            os.unlink(self._beside)
