"""Knows how framescribe and each rival get the wanted frames, and the process each of them runs in; judges nothing.

Every method gets the file closed and gives RGB uint8 pictures [height, width, 3] in the order of the frames. Rivals are
told more than a user knows: which frames these are by number and by time, which stream, and which size to shrink to.
framescribe is told none of this. What a rival then does is what its documentation offers for this, on one thread.
"""

from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, Literal

import numpy as np
from truth import LENIENT, Truth, displayed, full_decode, turned


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One file and one task: what framescribe is told (`method` to `max_pixels`), then what rivals are told."""

    path: str
    method: Literal["mid", "uniform"]
    count: int
    max_pixels: int | None
    stream: int
    numbers: list[int]
    stamps: list[int | None]
    seeks: list[float | None]  # seconds from the start, halfway between the frame before and the frame; 0 for the first
    keys: list[int]
    size: tuple[int, int]  # width and height to give back, as displayed
    shrinks: bool  # whether that is smaller than the frames are
    limit: float  # seconds


class WrongFrame(Exception):
    """The method itself says that these are other frames than the wanted ones."""


Decode = Callable[[Job], Sequence[np.ndarray]]


# ---------------------------------------------------------------------------------- the methods


def framescribe() -> Decode:
    from framescribe.frames.decoder import sample
    from framescribe.frames.sampling import Sampling

    def decode(job: Job) -> Sequence[np.ndarray]:
        sampling = Sampling(method=job.method, frames=job.count)
        clip = sample(job.path, sampling, key="", max_pixels=job.max_pixels)
        said = [frame.index for frame in clip.frames]
        if said != job.numbers:
            raise WrongFrame(f"says frames {said} in place of {job.numbers}")
        return [frame.image for frame in clip.frames]  # type: ignore[misc]

    return decode


def floor() -> Decode:
    """The cost that could only be saved by more cleverness: times and keyframes are known, and nothing is checked."""
    import av
    from av.stream import Discard
    from av.video.reformatter import Interpolation

    def decode(job: Job) -> Sequence[np.ndarray]:
        groups: dict[int, list[int]] = {}
        for pts in job.stamps:
            if pts is None:
                raise ValueError("the frames carry no times")
            groups.setdefault(bisect_right(job.keys, pts), []).append(pts)
        how = Interpolation.BICUBIC if job.shrinks else None
        pictures: dict[int, np.ndarray] = {}
        with av.open(job.path, **LENIENT) as container:
            stream = container.streams[job.stream]
            for other in container.streams:
                other.discard = Discard.default if other is stream else Discard.all
            stream.codec_context.thread_count = 1
            for wanted in groups.values():
                container.seek(wanted[0], stream=stream, backward=True)
                for frame in container.decode(stream):
                    if frame.pts in wanted:
                        upright = displayed(frame) == (frame.width, frame.height)
                        size = (None, None) if how is None else job.size if upright else job.size[::-1]
                        rgb = frame.reformat(*size, format="rgb24", interpolation=how, threads=1)
                        pictures[frame.pts] = turned(frame, rgb.to_ndarray())
                    if frame.pts is not None and frame.pts >= wanted[-1]:
                        break
        missing = [pts for pts in job.stamps if pts not in pictures]
        if missing:
            raise ValueError(f"{len(missing)} of {len(job.stamps)} frames do not come")
        return [pictures[pts] for pts in job.stamps if pts is not None]

    return decode


def decord() -> Decode:
    from decord import VideoReader, cpu

    def decode(job: Job) -> Sequence[np.ndarray]:
        size = dict(zip(("width", "height"), job.size, strict=True)) if job.shrinks else {}
        reader = VideoReader(job.path, ctx=cpu(0), num_threads=1, **size)
        return reader.get_batch(job.numbers).asnumpy()  # type: ignore[no-any-return]

    return decode


def torchcodec() -> Decode:
    import torch
    from torchcodec.decoders import VideoDecoder
    from torchcodec.transforms import Resize

    torch.set_num_threads(1)

    def decode(job: Job) -> Sequence[np.ndarray]:
        decoder = VideoDecoder(
            job.path,
            stream_index=job.stream,
            dimension_order="NHWC",
            num_ffmpeg_threads=1,
            seek_mode="exact",
            transforms=[Resize(job.size[::-1])] if job.shrinks else None,
        )
        return decoder.get_frames_at(job.numbers).data.numpy()  # type: ignore[no-any-return]

    return decode


def opencv(*, seeks: bool) -> Decode:
    import cv2

    cv2.setNumThreads(1)

    def decode(job: Job) -> Sequence[np.ndarray]:
        capture = cv2.VideoCapture(job.path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        if not capture.isOpened():
            raise ValueError("it does not open")
        pictures, place = [], 0
        try:
            for number in job.numbers:
                if seeks and number != place:
                    capture.set(cv2.CAP_PROP_POS_FRAMES, number)
                    place = number
                while place < number and capture.grab():
                    place += 1
                got, picture = capture.read()
                if not got or place < number:
                    raise ValueError(f"frame {number} does not come")
                place += 1
                if job.shrinks:
                    picture = cv2.resize(picture, job.size, interpolation=cv2.INTER_AREA)
                pictures.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
        finally:
            capture.release()
        return pictures

    return decode


def ffmpeg(*, seeks: bool) -> Decode:
    subprocess.run(["ffmpeg", "-version"], check=True, capture_output=True)  # is it installed?
    scale = {True: "scale={}:{}", False: "null"}

    def decode(job: Job) -> Sequence[np.ndarray]:
        fit = scale[job.shrinks].format(*job.size)
        end = time.monotonic() + job.limit
        if not seeks:
            chosen = "+".join(f"eq(n,{number})" for number in job.numbers)
            return run(job, [], f"select='{chosen}',{fit}", len(job.numbers), end)
        if None in job.seeks:
            raise ValueError("the frames carry no times")
        # The first frame is the one without a seek.
        starts = (["-ss", f"{second:.6f}"] if second else [] for second in job.seeks)
        return [picture for start in starts for picture in run(job, start, fit, 1, end)]

    def run(job: Job, start: list[str], filters: str, count: int, end: float) -> np.ndarray:
        alone = ["-v", "error", "-nostdin", "-filter_threads", "1", "-threads", "1", *start]
        file = ["-i", f"file:{job.path}", "-map", f"0:{job.stream}", "-vf", filters, "-frames:v", str(count)]
        raw = ["-fps_mode", "passthrough", "-threads", "1", "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1"]
        left = max(0.01, end - time.monotonic())
        done = subprocess.run(["ffmpeg", *alone, *file, *raw], capture_output=True, timeout=left)
        width, height = job.size
        if len(done.stdout) != count * width * height * 3:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise ValueError(
                said[-1] if said else f"{len(done.stdout)} bytes in place of {count} x {width} x {height} x 3"
            )
        return np.frombuffer(done.stdout, np.uint8).reshape(count, height, width, 3)

    return decode


@dataclass(frozen=True, slots=True)
class Method:
    """`load` imports what the method needs. `package` is the package whose version is shown."""

    load: Callable[[], Decode]
    package: str
    says: str


OURS, FLOOR = "framescribe", "floor"
_OPENCV = "opencv-python-headless"
METHODS = {
    OURS: Method(framescribe, "framescribe", "`frames.decoder.sample`, told only the task; one thread"),
    "torchcodec": Method(torchcodec, "torchcodec", "exact seek mode, `get_frames_at`, `Resize`; num_ffmpeg_threads=1"),
    "decord": Method(decord, "decord", "`get_batch`, shrinks by `width` and `height`; num_threads=1"),
    "opencv seek": Method(partial(opencv, seeks=True), _OPENCV, "POS_FRAMES, `read`, INTER_AREA; N_THREADS 1"),
    "opencv grab": Method(partial(opencv, seeks=False), _OPENCV, "the same with `grab` from the start, no seek"),
    "ffmpeg -ss": Method(partial(ffmpeg, seeks=True), "ffmpeg", "the program once per frame, `scale`; -threads 1"),
    "ffmpeg select": Method(partial(ffmpeg, seeks=False), "ffmpeg", "the program once, from the start; -threads 1"),
    FLOOR: Method(floor, "av", "PyAV told times and keyframes: seek, decode, convert; nothing is checked; one thread"),
}


# ---------------------------------------------------------------------------------- a process per method


@dataclass(frozen=True, slots=True)
class Reading:
    """What one call cost, in seconds; its pictures are in the folder that was given, if one was."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Fault:
    kind: Literal["wrong", "exception", "timeout"]
    what: str


def timed(name: str) -> Callable[[tuple[Job, str | None]], Reading]:
    decode = METHODS[name].load()

    def work(request: tuple[Job, str | None]) -> Reading:
        job, folder = request
        gc.collect()
        cpu, wall = _cpu(), time.perf_counter()
        pictures = decode(job)
        reading = Reading(_cpu() - cpu, time.perf_counter() - wall)
        for place, picture in enumerate(pictures if folder else ()):
            np.save(Path(str(folder)) / f"{place:03}.npy", picture)
        return reading

    return work


def _cpu() -> float:
    """User and system seconds of this process and of the programs it ran."""
    return sum(used.ru_utime + used.ru_stime for used in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def truths() -> Callable[[str], Truth]:
    return full_decode


class Worker:
    """A process that does what `load()` returns, request by request, and is replaced when it hangs or dies.

    `missing` says why it cannot work at all, "" if it can.
    """

    def __init__(self, load: Callable[[], Callable[[Any], Any]]) -> None:
        self._load = load
        self.missing = self._start()

    def ask(self, request: Any, limit: float) -> Any:
        """The answer to `request`, or a Fault. `limit` is in seconds."""
        try:
            self._connection.send(request)
            if self._connection.poll(limit):
                return self._connection.recv()
            fault = Fault("timeout", "not done in time")
        except (EOFError, ConnectionError):
            self._process.join(10)
            fault = Fault("exception", f"crashes ({_death(self._process.exitcode)})")
        self.close()
        self._start()
        return fault

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _start(self) -> str:
        # Spawned: a fork would inherit what other libraries have done to this process.
        context = get_context("spawn")
        self._connection, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far, self._load), daemon=True)
        self._process.start()
        far.close()
        try:
            return str(self._connection.recv())
        except (EOFError, ConnectionError):
            self._process.join(10)
            return f"its process ends at once ({_death(self._process.exitcode)})"


def _serve(connection: Connection, load: Callable[[], Callable[[Any], Any]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    try:
        work = load()
    except Exception as error:
        connection.send(_line(error))
        return
    connection.send("")
    while True:
        try:
            request = connection.recv()
        except EOFError:
            return
        try:
            answer = work(request)
        except WrongFrame as error:
            answer = Fault("wrong", str(error))
        except subprocess.TimeoutExpired:
            answer = Fault("timeout", "not done in time")
        except Exception as error:
            answer = Fault("exception", _line(error))
        connection.send(answer)


def _line(error: Exception) -> str:
    """An error in one line, without the time of day that decord writes into its own."""
    said = re.sub(r"\[\d\d:\d\d:\d\d\] ", "", " ".join(str(error).split()))
    return f"{type(error).__name__}: {said[:500]}"


def _death(code: int | None) -> str:
    return signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
