"""Knows which frames of a video are wanted, by arithmetic on their number and times; knows no file and no pixel."""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any, Literal, get_args

from framescribe.errors import Unreadable, UserError

Method = Literal["mid", "uniform", "random", "times", "every", "keyframes", "scenes", "motion"]
COUNTED: tuple[Method, ...] = ("uniform", "random", "keyframes", "scenes", "motion")  # the methods that use `frames`

SECOND = 1_000_000  # in microseconds, the finest step by which times differ

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "": 1.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames to take. Raises UserError for values that make no sense.

    mid      the middle frame
    uniform  `frames` frames evenly spread, the first one included: frame i * n / frames for i = 0, 1, ...
    random   `frames` frames drawn without replacement; the same `seed` and video give the same frames everywhere
    times    the frames on the screen at these `times`, seconds from the start of the file
    every    the first frame, then the one on the screen every `every` seconds, up to the last frame
    keyframes  the frames that the file stores whole, evenly spread over them where there are more than `frames`
    scenes   the middle frame of every shot, evenly spread over the shots where there are more than `frames`
    motion   `frames` frames between which equally much moves, the first one included: nearly as `uniform` where the
             motion is even, or where nothing moves

    `skip_edges` is the share of the frames (0 <= x < 0.5) left out at each end before choosing, against fades and
    title cards; `times` are not affected by it. A video of fewer frames than asked for gives each frame once.
    With `salvage`, the frames of a video that is cut off or damaged are chosen from those that can be decoded; without
    it, such a video fails. With `avoid_bad_frames`, a frame that shows little (`measures.poor`) gives way to the
    nearest one that does not, among those that are nearest to it of all chosen frames (for `scenes`: in its shot); if
    there is none, it stays.
    """

    method: Method = "mid"
    frames: int = 1
    times: tuple[float, ...] = ()
    every: float | None = None
    seed: int = 0
    skip_edges: float = 0.0
    salvage: bool = False
    avoid_bad_frames: bool = False

    def __post_init__(self) -> None:
        if self.method not in get_args(Method):
            raise UserError(
                f"There is no sampling method {self.method!r}. Choose one of {', '.join(get_args(Method))}."
            )
        if not isinstance(self.frames, int) or isinstance(self.frames, bool) or self.frames < 1:
            raise UserError(f"The number of frames must be a whole number of at least 1, not {self.frames!r}.")
        if not 0 <= self.skip_edges < 0.5:
            raise UserError(f"skip_edges is a share of the frames, at least 0 and below 0.5, not {self.skip_edges!r}.")
        for time in self.times:
            if not 0 <= time < math.inf:
                raise UserError(f"Times are seconds from the start of the video, 0 or more, not {time!r}.")
        if self.method == "times" and not self.times:
            raise UserError("Sampling by times needs at least one time, in seconds from the start of the video.")
        if self.method == "every" and self.every is None:
            raise UserError("Sampling by 'every' needs an interval in seconds, such as 2.")
        if self.method == "times" and self.avoid_bad_frames:
            raise UserError("--avoid-bad-frames would take other frames than those that --times names: choose one.")
        if self.every is not None and not 1 / SECOND <= self.every < math.inf:
            raise UserError(f"The interval between frames must be a number of seconds above 0, not {self.every!r}.")

    @property
    def most(self) -> int | None:
        """The most frames of one video; None where its length decides."""
        if self.method in COUNTED:
            return self.frames
        return {"mid": 1, "times": len(self.times)}.get(self.method)

    @property
    def likely(self) -> int:
        """How many frames a video probably gives; for some methods that depends on the video."""
        if self.method in ("uniform", "random", "motion"):
            return self.frames
        return {"mid": 1, "times": len(self.times), "every": 8}.get(self.method, min(self.frames, 8))

    @property
    def needs(self) -> tuple[str, ...]:
        """The measures that must see the whole video before frames can be chosen."""
        return (*(("still",) if self.avoid_bad_frames else ()), *(("camera",) if self.method == "motion" else ()))

    @property
    def ingredients(self) -> dict[str, Any]:
        """What decides which frames are taken, as plain JSON, without what makes no difference for this method."""
        kept: dict[str, Any] = {"method": self.method}
        if self.method in COUNTED:
            kept["frames"] = self.frames
        if self.method == "times":
            kept["times"] = list(self.times)
        elif self.skip_edges:
            kept["skip_edges"] = self.skip_edges
        if self.method == "every":
            kept["every"] = self.every
        if self.method == "random":
            kept["seed"] = self.seed
        for name in ("salvage", "avoid_bad_frames"):
            kept |= {name: True} if getattr(self, name) else {}
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """What was seen of a video's frames, where that decides: `poor`, in a word, why a frame shows little, by its index;
    `moved`, how much had moved when each frame was shown, never falling."""

    poor: Mapping[int, str] = field(default_factory=dict)
    moved: Sequence[float] = ()


def choose(
    sampling: Sampling,
    times: Sequence[float | None],
    key: str,
    marks: Sequence[int] = (),
    moved: Sequence[float] = (),
) -> list[int]:
    """The indices of the wanted frames, sorted, each once.

    `times` holds the time of every frame in the order in which they are shown, in seconds, None where the file
    gives none; its length is the number of frames. `key` names the video for `random`: its id, the same on every
    machine. `marks` are the indices of the keyframes, for `keyframes`, or of the first frame of each shot, for
    `scenes`; `moved`, as in `Looks`, is for `motion`. Empty for a video without frames. Raises Unreadable where the
    method needs times and some are missing.
    """
    count = len(times)
    if not count:
        return []
    if sampling.method == "times":
        clock = clock_of(times)
        return sorted({_shown(clock, round(time * SECOND)) for time in sampling.times})
    edge = _edge(count, sampling)
    inner = count - 2 * edge
    if sampling.method in ("keyframes", "scenes"):
        inside = [mark for mark in marks if edge <= mark < edge + inner]
        if sampling.method == "scenes":
            starts = sorted({edge, *inside})
            inside = [(start + end) // 2 for start, end in pairwise([*starts, edge + inner])]
        # Without a keyframe between the edges, the middle frame is better than none.
        return [inside[position] for position in _spread(len(inside), sampling.frames)] or [edge + inner // 2]
    if sampling.method == "mid":
        picked = [inner // 2]
    elif sampling.method == "uniform":
        picked = _spread(inner, sampling.frames)
    elif sampling.method == "motion":
        picked = _by_motion(moved[edge : edge + inner], sampling.frames)
    elif sampling.method == "random":
        picked = _drawn(inner, sampling.frames, f"{sampling.seed}\n{key}")
    else:
        assert sampling.every is not None  # Sampling refuses the rest
        picked = _each(clock_of(times)[edge : edge + inner], sampling.every)
    return [edge + index for index in picked]


def choose_among(
    candidates: Sequence[int],
    sampling: Sampling,
    times: Sequence[float | None],
    key: str,
    marks: Sequence[int],
    moved: Sequence[float] = (),
) -> list[int]:
    """As `choose`, among the frames `candidates` alone, as if the video had no others; the indices are the video's."""
    marked = sorted({min(bisect_left(candidates, mark), len(candidates) - 1) for mark in marks})
    if sampling.method == "keyframes":
        there = set(candidates)
        marked = [bisect_left(candidates, mark) for mark in marks if mark in there]
    own_times, own_moved = [times[index] for index in candidates], [moved[index] for index in candidates if moved]
    return [candidates[position] for position in choose(sampling, own_times, key, marked, own_moved)]


def spared(
    chosen: Sequence[int], candidates: Sequence[int], sampling: Sampling, marks: Sequence[int], poor: Mapping[int, str]
) -> dict[int, int]:
    """Which of the `candidates` are better taken instead of which of the frames that `choose_among` chose of them."""
    if not sampling.avoid_bad_frames or not poor:
        return {}
    places = [bisect_left(candidates, index) for index in chosen]
    edge = _edge(len(candidates), sampling)
    if sampling.method == "scenes":
        starts = [bisect_left(candidates, mark) for mark in marks]
    else:
        starts = [(one + other) // 2 + 1 for one, other in pairwise(places)]
    starts = [edge, *(start for start in starts if start > edge), len(candidates) - edge]
    found = {}
    for place in places:
        if candidates[place] in poor:
            after = bisect_right(starts, place)
            own = range(starts[after - 1], starts[after])
            better = [(abs(other - place), other) for other in own if candidates[other] not in poor]
            if better:
                found[candidates[place]] = candidates[min(better)[1]]
    return found


def seconds(text: str) -> float:
    """The seconds in a duration such as "2s", "500ms", "1.5", "2min" or "1h". Raises UserError for any other text."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|min|h|)\s*", text.lower(), flags=re.ASCII)
    if not match:
        raise UserError(f"{text!r} is not a duration. Write it as 2s, 500ms, 1.5 (seconds) or 2min.")
    return float(match[1]) * _UNITS[match[2]]


def _edge(count: int, sampling: Sampling) -> int:
    """How many frames are left out at each end; however large the share, the middle frame (of an even number both
    middle frames) stays."""
    return min(int(count * sampling.skip_edges), (count - 1) // 2)


def _by_motion(moved: Sequence[float], wanted: int) -> list[int]:
    """The frames at equal shares of what moves, of which there is, while the last frame is shown, as much as before it
    on the average."""
    count, first = len(moved), moved[0]
    whole = moved[-1] - first
    if wanted >= count or whole <= 0:
        return _spread(count, wanted)
    picked = [0]
    for number in range(1, wanted):
        share = number / wanted * count / (count - 1)
        place = bisect_right(moved, first + (share + 1e-9) * whole) - 1  # so that no rounding error decides
        picked.append(min(max(place, picked[-1] + 1), count - wanted + number))
    return picked


def _spread(count: int, wanted: int) -> list[int]:
    if wanted >= count:
        return list(range(count))
    # A float step, rounded down: what numpy.linspace(0, count, wanted, endpoint=False, dtype=int) does. With
    # integers, i * count // wanted, some frames would come out one later (22 of 30 frames: 15, not numpy's 14).
    step = count / wanted
    return [int(index * step) for index in range(wanted)]


def _drawn(count: int, wanted: int, seed: str) -> list[int]:
    """Floyd's sampling without replacement, driven by SHA-256: no version or hash seed of Python changes it."""
    drawn: set[int] = set()
    for last in range(max(0, count - wanted), count):
        digest = hashlib.sha256(f"{seed}\n{last}".encode("utf-8", "surrogatepass")).digest()
        index = int.from_bytes(digest, "big") % (last + 1)
        drawn.add(last if index in drawn else index)
    return sorted(drawn)


def _each(clock: Sequence[int], every: float) -> list[int]:
    first, pace, step = clock[0], every * SECOND, 0
    picked: list[int] = []
    while (time := first + round(step * pace)) <= clock[-1]:
        index = _shown(clock, time)
        if not picked or index > picked[-1]:
            picked.append(index)
        if index + 1 == len(clock):
            break
        # Skip all steps that would show the same frame again: `every` may be far shorter than a frame.
        step = max(step + 1, int((clock[index + 1] - first) / pace))
    return picked


def clock_of(times: Sequence[float | None]) -> list[int]:
    """The times in microseconds, never falling: a frame whose time is before that of an earlier one gets the latter's.

    Integers, so that no rounding error decides whether three steps of 0.1 s reach the frame at 0.3 s.
    """
    known = [round(time * SECOND) for time in times if time is not None]
    if len(known) < len(times):
        raise Unreadable("Its frames carry no times, so none can be chosen by time; mid, uniform and random work.")
    return list(accumulate(known, max))


def _shown(clock: Sequence[int], time: int) -> int:
    return max(0, bisect_right(clock, time) - 1)
