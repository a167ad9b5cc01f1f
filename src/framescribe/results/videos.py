"""Knows how the rows of a result become videos again, also in tars and at addresses; opens no video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from framescribe.errors import UserError
from framescribe.records import Row, Video
from framescribe.results.rows import video_of
from framescribe.sources import find_videos

SHARDS = 8  # whose contents are remembered


class Videos:
    """Where the videos of rows are: in `sources`, as for `caption`, or, without any, where the rows say."""

    def __init__(self, sources: Sequence[str] | None, say: Callable[[str], None]) -> None:
        self._sources, self._say = sources or (), say
        self._found: Mapping[tuple[str, str], Video] | None = None
        self._shards: dict[str, Mapping[str, Video]] = {}

    def of(self, row: Row) -> Video:
        """The row's video, with what the row says now as its caption. UserError if the row alone is not enough to find
        its file, or if it is not there."""
        return replace(self._in_sources(row) if self._sources else self._in_its_place(row), caption=row.caption or "")

    def missing(self, rows: Sequence[Row]) -> list[Row]:
        """The rows whose videos are not in the sources; none if there are no sources."""
        return [row for row in rows if (row.id, row.video_path) not in self._all] if self._sources else []

    @property
    def _all(self) -> Mapping[tuple[str, str], Video]:
        if self._found is None:
            found = find_videos(list(self._sources), say=self._say)
            self._found = {(video.id, video.place): video for video in found}
        return self._found

    def _in_sources(self, row: Row) -> Video:
        video = self._all.get((row.id, row.video_path))
        if video is None:
            raise UserError(f"{row.id} is not in --source {' '.join(self._sources)}")
        return video

    def _in_its_place(self, row: Row) -> Video:
        video = video_of(row)
        if "?" in video.path and "://" in video.path:
            raise UserError(
                f"the address of {video.id} has a query, which rows do not keep: name the list or folder that it came "
                "from with --source"
            )
        tar, inside, _ = video.path.partition(".tar/")
        if not inside:
            return video
        found = self._in_shard(f"{tar}.tar").get(video.path)
        if found is None:
            raise UserError(f"{video.path} no longer exists")
        return replace(video, path=found.path, size=found.size, stamp=found.stamp)

    def _in_shard(self, shard: str) -> Mapping[str, Video]:
        if shard not in self._shards:
            while len(self._shards) >= SHARDS:
                self._shards.pop(next(iter(self._shards)))
            self._shards[shard] = {video.place: video for video in find_videos([shard], say=self._say)}
        return self._shards[shard]
