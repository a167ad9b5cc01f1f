"""Knows the row of a video during which two actors died, one after the other; knows no actor."""

from __future__ import annotations

from collections.abc import Sequence

from framescribe.errors import ActorDied
from framescribe.records import SCHEMA, Failure, Row, Video
from framescribe.strategies.base import StageWanted
from framescribe.version import VERSION


def row_of(video: Video, earlier: Row | None, wanted: Sequence[StageWanted]) -> Row:
    """The failed row of this video, which was to be made from `earlier`."""
    kept = dict(earlier.stages) if earlier is not None else {}
    stages = {
        **kept,
        **{step.name: {**kept.get(step.name, {}), "fingerprint": step.of(video)} for step in wanted},
    }
    at = next(step.name for step in wanted if not (earlier and earlier.has_result(step.name)))
    return Row(
        id=video.id,
        video_path=video.place,
        caption=None,
        status="failed",
        frames=earlier.frames if earlier is not None else (),
        video=earlier.video if earlier is not None else None,
        size=video.size,
        error=Failure(
            stage=at,
            kind=ActorDied.kind,
            message="Its actor died twice, the second time with nothing else under way.",
        ),
        provenance={
            "schema": SCHEMA,
            "version": VERSION,
            "file": dict(earlier.file) if earlier is not None else {},
            "stages": stages,
        },
        metadata=video.kept,
    )
