"""Knows which frames of an opened file are taken, and why it gives none; decodes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from av.video.stream import VideoStream

from framescribe.errors import Unreadable
from framescribe.frames.container import pace
from framescribe.frames.files import CHANGED
from framescribe.frames.sampling import Looks
from framescribe.frames.segments import Choice
from framescribe.frames.shots import ShotDetector
from framescribe.frames.watched import Watch
from framescribe.records import Segment


@dataclass(frozen=True, slots=True)
class Chosen:
    """The indices of the frames that are taken, all segments of a divided video, and `Clip.replaced`."""

    frames: list[int]
    segments: tuple[Segment, ...]
    replaced: tuple[Mapping[str, Any], ...]


def chosen_among(
    choice: Choice,
    candidates: Sequence[int],
    times: Sequence[float | None],
    end: float | None,
    keys: Sequence[int],
    shots: ShotDetector | None,
    watch: Watch,
) -> Chosen:
    """As `Choice.among`. Raises Unreadable where the file has no longer the frames that it had."""
    looks = watch.looks() if choice.needs else Looks()
    starts = shots.starts() if shots else ()
    try:
        frames, segments, instead = choice.among(candidates, times, end, keys=keys, shots=starts, looks=looks)
    except IndexError:
        raise Unreadable(CHANGED) from None
    replaced = [{"frame": one, "by": other, "why": looks.poor[one]} for one, other in sorted(instead.items())]
    return Chosen(frames, segments, tuple(replaced))


def chosen_of_whole(
    wrong: Sequence[int],
    choice: Choice,
    times: Sequence[float | None],
    end: float | None,
    keys: Sequence[int],
    shots: ShotDetector | None,
    watch: Watch,
) -> Chosen:
    """As `chosen_among`, of all frames. Raises Unreadable where a wanted frame is `wrong`; with `salvage` others are
    chosen."""
    damaged = set(wrong)
    candidates = [position for position in range(len(times)) if not (choice.sampling.salvage and position in damaged)]
    if not candidates:
        raise Unreadable(f"It is damaged: not one of its {len(times)} frames can be decoded without errors.")
    made = chosen_among(choice, candidates, times, end, keys, shots, watch)
    for position in made.frames:
        if position in damaged:
            at = "" if times[position] is None else f" (at {times[position]:g} s)"
            raise Unreadable(f"It is damaged: frame {position}{at} of {len(times)} cannot be decoded without errors.")
    return made


def end_of(stream: VideoStream, times: Sequence[float | None], last: int) -> float | None:
    """The second at which the last frame ends, if that is known."""
    _, duration = pace(stream, times, last)
    return None if duration is None else (times[0] or 0.0) + duration
