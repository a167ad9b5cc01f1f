"""Knows the one call that gives a person the frames of a video; knows nothing of how they are decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence

from framescribe.frames import decoder
from framescribe.frames.sampling import Method, Sampling
from framescribe.records import Frame


def sample(
    path: str | os.PathLike[str],
    n: int = 8,
    method: Method = "uniform",
    *,
    times: Sequence[float] = (),
    every: float | None = None,
    seed: int = 0,
    skip_edges: float = 0.0,
    max_pixels: int | None = None,
    salvage: bool = False,
    avoid_bad_frames: bool = False,
) -> tuple[Frame, ...]:
    """Frames of a video file in order, each with `index`, `time` in seconds and `image`, RGB uint8 [height, width, 3].

    `n` applies to uniform, random, keyframes, scenes and motion; `Sampling` describes the methods. With `times` or
    `every`, both in seconds, the method need not be named. Frames keep their own size, or are shrunk until
    width * height <= `max_pixels`.

    Decodes in this process, without the time and memory limits of the command line. Raises VideoError (Unreadable,
    NoFrames) for a file that is not a video or is damaged where a frame is wanted, and UserError for arguments that
    make no sense.
    """
    if times or every is not None:
        method = "times" if times else "every"
    sampling = Sampling(
        method=method,
        frames=n,
        times=tuple(times),
        every=every,
        seed=seed,
        skip_edges=skip_edges,
        salvage=salvage,
        avoid_bad_frames=avoid_bad_frames,
    )
    name = os.fspath(path)
    return decoder.sample(name, sampling, key=os.path.basename(name), max_pixels=max_pixels).frames
