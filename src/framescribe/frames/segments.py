"""Knows how a video is divided into segments and which frames are taken from each, by arithmetic; knows no file."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from framescribe.errors import Unreadable, UserError
from framescribe.frames.sampling import SECOND, Looks, Sampling, choose_among, clock_of, seconds, spared
from framescribe.records import Segment

Division = float | Literal["shots"]

SHORTEST, LONGEST = 1.0, 30.0  # seconds: a shorter shot goes with the one before it, a longer one is cut evenly
AT_ONCE = 64  # frames, which a chunk of several segments does not exceed
BY_NUMBER = ("mid", "uniform", "random")  # the methods that need no times


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which frames of one video are wanted: those that `sampling` takes from all of it; with a `division`, from each of
    its segments, and of these the first chunk; or else the frames with these `numbers`, in rising order.

    `key` names the video for random sampling.
    """

    sampling: Sampling
    key: str
    division: Division | None = None
    numbers: tuple[int, ...] = ()

    @property
    def by_number(self) -> bool:
        """Whether it is found without knowing when frames are shown."""
        return bool(self.numbers) or (self.division is None and self.sampling.method in BY_NUMBER)

    @property
    def needs(self) -> tuple[str, ...]:
        """The measures that must see the whole video before frames can be chosen."""
        return () if self.numbers else self.sampling.needs

    @property
    def by_shots(self) -> bool:
        """Whether it must be known where shots begin."""
        return not self.numbers and (self.sampling.method == "scenes" or self.division == "shots")

    def among(
        self,
        candidates: Sequence[int],
        times: Sequence[float | None],
        end: float | None,
        *,
        keys: Sequence[int] = (),
        shots: Sequence[int] = (),
        looks: Looks = Looks(),  # noqa: B008  (it is frozen)
    ) -> tuple[list[int], tuple[Segment, ...], dict[int, int]]:
        """The indices of the wanted frames; all segments, if the video is divided; and which frames are taken instead
        of which, because these show little.

        `candidates`: the indices of the frames that may be taken. `times`: those of all frames. `end`: when the last
        one ends. `keys` and `shots`: the indices of the keyframes, and of each shot's first frame. Raises Unreadable
        where times are needed and missing, and IndexError for a number beyond the last frame.
        """
        if self.numbers:
            if self.numbers[-1] >= len(times):
                raise IndexError
            return list(self.numbers), (), {}
        marks = shots if self.sampling.method == "scenes" else keys
        if self.division is None:
            chosen, instead = self._picked(candidates, times, self.key, marks, looks)
            return chosen, (), instead
        segments, replaced = [], dict[int, int]()
        for number, part in enumerate(divided(self.division, candidates, times, end, shots)):
            inside = candidates[bisect_left(candidates, part.first) : bisect_right(candidates, part.last)]
            marked = [mark for mark in marks if part.first <= mark <= part.last]
            frames, instead = self._picked(inside, times, f"{self.key}\n{number}", marked, looks)
            segments.append(replace(part, frames=tuple(frames)))
            replaced |= instead
        first = next(chunks(segments))
        return [index for part in first for index in part.frames], tuple(segments), replaced

    def _picked(
        self,
        candidates: Sequence[int],
        times: Sequence[float | None],
        key: str,
        marks: Sequence[int],
        looks: Looks,
    ) -> tuple[list[int], dict[int, int]]:
        chosen = choose_among(candidates, self.sampling, times, key, marks, looks.moved)
        instead = spared(chosen, candidates, self.sampling, marks, looks.poor)
        return [instead.get(index, index) for index in chosen], instead


def divided(
    division: Division,
    candidates: Sequence[int],
    times: Sequence[float | None],
    end: float | None,
    shots: Sequence[int] = (),
) -> list[Segment]:
    """The segments of a video, one after the other without gaps; each holds at least one frame of `candidates`.

    By seconds: [0, s), [s, 2s), ... A frame belongs to the segment in which it first is on the screen. The last one is
    joined to the one before if it is shorter than half, and so is one in which no frame begins. By shots: each one that
    is shorter than SHORTEST is joined to the one before, and each that is longer than LONGEST is cut evenly.
    """
    if len(candidates) == 1:
        (only,) = candidates
        start = times[only] or 0.0
        return [Segment(start=start, end=max(start, end or 0.0), first=0, last=len(times) - 1)]
    try:
        clock = clock_of([times[index] for index in candidates])
    except Unreadable:
        raise Unreadable("Its frames carry no times, so it cannot be divided into segments.") from None
    finish = max(clock[-1], round((end or 0.0) * SECOND))
    if division == "shots":
        begins = list(_by_shots(clock, finish, [bisect_left(candidates, shot) for shot in shots]))
    else:
        step = max(1, round(division * SECOND))
        begins = list(dict.fromkeys(time // step * step for time in clock))
        if len(begins) > 1 and 2 * (finish - begins[-1]) < step:
            begins.pop()
    # Each begins with a frame of its own: of those that begin with the same one, the last holds it.
    firsts = {bisect_left(clock, begin): begin for begin in begins if begin <= clock[-1]}
    bounds = [*firsts.items(), (len(candidates), finish)]
    return [
        Segment(
            start=start / SECOND,
            end=stop / SECOND,
            first=candidates[place] if place else 0,
            last=candidates[after] - 1 if after < len(candidates) else len(times) - 1,
        )
        for (place, start), (after, stop) in pairwise(bounds)
    ]


def chunks(segments: Iterable[Segment]) -> Iterator[list[Segment]]:
    """The segments in groups whose frames are decoded and held together; each has at least one segment."""
    group, size = list[Segment](), 0
    for part in segments:
        if group and size + len(part.frames) > AT_ONCE:
            yield group
            group, size = [], 0
        group.append(part)
        size += len(part.frames)
    if group:
        yield group


def division_in(text: str) -> Division:
    """What a user calls it: "shots", or a duration such as "10s". UserError for anything else."""
    if text.strip().lower() == "shots":
        return "shots"
    try:
        length = seconds(text)
    except UserError:
        length = 0.0
    if length <= 0:
        raise UserError(f"--segment {text}: it must be shots, or a length such as 10s, 500ms or 2min")
    return length


def _by_shots(clock: Sequence[int], finish: int, starts: Sequence[int]) -> Iterator[int]:
    """When the segments begin that shots make, whose first frames are at these places."""
    cuts = [clock[0], *(clock[place] for place in starts if 0 < place < len(clock))]
    kept = list[int]()
    for begin, end in pairwise([*cuts, finish]):
        short = end - begin < SHORTEST * SECOND
        first_is_short = len(kept) == 1 and begin - kept[0] < SHORTEST * SECOND
        if not kept or not (short or first_is_short):
            kept.append(begin)
    for begin, end in pairwise([*kept, finish]):
        parts = max(1, -(-(end - begin) // round(LONGEST * SECOND)))
        yield from (begin + (end - begin) * part // parts for part in range(parts))
