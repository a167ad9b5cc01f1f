"""Knows how a video that was captioned in segments becomes a row for each of them; cuts nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from framescribe.records import Row
from framescribe.sources.found import VIDEO_ENDINGS

LACK = "it was not captioned in segments, as `framescribe caption --segment` does"


@dataclass(frozen=True, slots=True)
class Part:
    """Which frames of a row's video are a clip of their own: from number `first` to `last`, both included."""

    first: int
    last: int


def parts_of(row: Row) -> list[tuple[Row, Part | None]]:
    """A row for each segment, as if it were a video, and what is to be cut out for it: nothing where the segment is all
    of the video. Empty if the row has no segments.

    a.mp4 becomes a_0001.mp4, a_0002.mp4 and so on.
    """
    segments = row.segments
    if len(segments) == 1:
        return [(row, None)]
    return [
        (_row_of(row, number, segment), Part(segment["first_frame"], segment["last_frame"]))
        for number, segment in enumerate(segments)
    ]


def _row_of(row: Row, number: int, segment: Mapping[str, Any]) -> Row:
    stem, ending = os.path.splitext(row.id)
    stem = stem if ending.lower() in VIDEO_ENDINGS else row.id
    frames = segment["last_frame"] - segment["first_frame"] + 1
    info = row.video
    if info is not None:
        length = frames / info.fps if info.fps else segment["end"] - segment["start"]
        sides = {"width": _even(info.width), "height": _even(info.height)}
        info = replace(info, duration=round(length, 6), frames=frames, codec="h264", **sides)
    stages = {name: _stage_of(made, number) for name, made in row.stages.items() if "segment" in made}
    return replace(
        row,
        id=f"{stem}_{number + 1:04}.mp4",
        caption=segment.get("caption"),
        frames=tuple(segment["frames"]),
        video=info,
        provenance={**row.provenance, "stages": stages},
    )


def _stage_of(made: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A stage's record, with what it made of one segment."""
    part = made["output"]["segments"][number] if made.get("output") else {}
    output = part.get("value", part.get("caption"))
    return {**made, "output": output}


def _even(side: int) -> int:
    return max(2, side // 2 * 2)
