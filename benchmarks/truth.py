"""Knows what a full decode of a file shows and whether given pictures are those frames; knows no decoder under test.

Frame i is the i-th frame that PyAV decodes from the video stream that the file calls its default (no cover, no still
beside a moving picture), read from the start to the end with PyAV's own choice of threads, and turned by numpy as the
display matrix says.

Frames are told apart at their native size only, where the right one can be had bit by bit. A fitted picture is judged
by what its method gives for the same frames at native size, since there the filters of two scalers may differ by more
than one frame from the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import ColorTrc, Interpolation
from av.video.stream import VideoStream
from PIL import Image

# Tags in odd encodings are no reason to fail; PyAV 19 always replaces what it cannot decode.
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
THUMB = 32  # a side of the small picture that is kept of every frame
# Mean absolute differences, in levels of 0 to 255. A right frame stays far below this one, whatever its colour matrix,
# chroma sampling and filter.
UNLIKE = 25.0
CLEARLY = 0.25  # closer than this to a frame farther off, as a share of what tells the two apart, is wrong

HDR = (ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a full decode of one file found. `width` and `height` are as displayed, before any stretching."""

    codec: str
    container: str
    stream: int
    width: int
    height: int
    stamps: list[int | None]
    times: list[float | None]  # seconds from the start of the file
    keys: list[int]  # timestamps of the keyframes, sorted
    gop: int  # the most frames between one keyframe and the next
    thumbs: np.ndarray  # uint8 [frames, THUMB, THUMB, 3]
    trouble: str  # why there is no telling which frame is right; "" if all is well

    @property
    def seconds(self) -> float:
        known = [time for time in self.times if time is not None]
        return (max(known) - min(known)) * len(known) / (len(known) - 1) if len(known) > 1 else 0.0


# ---------------------------------------------------------------------------------- the full decode


def full_decode(path: str) -> Truth:
    with av.open(path, **LENIENT) as container:
        stream = shown_video(container)
        stamps: list[int | None] = []
        thumbs: list[np.ndarray] = []
        keys: set[int] = set()
        gop = run = 0
        trouble = ""
        size = (0, 0)
        try:
            for packet in _packets(container, stream):
                if packet is not None:
                    run = 1 if packet.is_keyframe else run + 1
                    gop = max(gop, run)
                    if packet.is_keyframe and packet.pts is not None:
                        keys.add(packet.pts)
                    if packet.is_corrupt:
                        trouble = trouble or "a packet is damaged"
                for frame in stream.codec_context.decode(packet):
                    if frame.is_corrupt:
                        trouble = trouble or f"frame {len(stamps)} is damaged"
                    thumb = frame.reformat(width=THUMB, height=THUMB, format="rgb24", interpolation=Interpolation.AREA)
                    thumbs.append(turned(frame, thumb.to_ndarray()))
                    if not stamps:
                        size = displayed(frame)
                        if frame.color_trc in HDR:
                            trouble = "HDR, which framescribe maps to sRGB and the others leave as it is"
                    stamps.append(frame.pts)
        except FFmpegError as error:
            trouble = f"the full decode fails at frame {len(stamps)}: {error.strerror}"
        base = stream.time_base or Fraction(1, av.time_base)
        start = Fraction(container.start_time or 0, av.time_base)
        return Truth(
            codec=stream.codec_context.codec.canonical_name,
            container=container.format.name,
            stream=stream.index,
            width=size[0],
            height=size[1],
            stamps=stamps,
            times=[None if pts is None else float(pts * base - start) for pts in stamps],
            keys=sorted(keys),
            gop=gop,
            thumbs=np.array(thumbs, np.uint8).reshape(-1, THUMB, THUMB, 3),
            trouble=trouble or ("" if stamps else "no frame can be decoded"),
        )


def keep(path: str, numbers: Collection[int], folder: Path) -> None:
    """Write the frames of these `numbers` to `folder` as `kept`: uint8 [height, width, 3] as displayed."""
    with av.open(path, **LENIENT) as container:
        stream = shown_video(container)
        number, last = 0, max(numbers)
        for packet in _packets(container, stream):
            for frame in stream.codec_context.decode(packet):
                if number in numbers:
                    np.save(kept(folder, number), turned(frame, frame.to_ndarray(format="rgb24")))
                number += 1
            if number > last:
                return


def kept(folder: Path, number: int) -> Path:
    return folder / f"{number}.npy"


def shown_video(container: InputContainer) -> VideoStream:
    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        raise ValueError("no video stream")
    defaults = [one for one in streams if one.disposition & Disposition.default] or streams
    return next((one for one in defaults if one.frames != 1), defaults[0])


def turned(frame: VideoFrame, pixels: np.ndarray) -> np.ndarray:
    """`pixels` of `frame` as its display matrix shows them, to the nearest quarter turn."""
    a, b, c, d = _matrix(frame)
    if max(abs(b), abs(c)) > max(abs(a), abs(d)):
        pixels, a, d = pixels.swapaxes(0, 1), c, b
    return np.ascontiguousarray(pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1])


def _matrix(frame: VideoFrame) -> tuple[int, int, int, int]:
    """a, b, c, d of the matrix that puts pixel (x, y) at (ax + cy, bx + dy)."""
    with suppress(ValueError):  # PyAV lists no side data at all if it has no name for one of them
        matrix = frame.side_data.get(SideDataType.DISPLAYMATRIX)
        if matrix is not None:
            a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist()
            return a, b, c, d
    return ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[round(frame.rotation / 90) % 4]


def displayed(frame: VideoFrame) -> tuple[int, int]:
    """Width and height after turning."""
    a, b, _, _ = _matrix(frame)
    return (frame.height, frame.width) if abs(b) > abs(a) else (frame.width, frame.height)


def _packets(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream] | None]:
    """Its packets, then None for the end. PyAV would take an empty packet, which repeats a picture, for the end."""
    yield from (packet for packet in container.demux(stream) if packet.size)
    yield None


# ---------------------------------------------------------------------------------- the judgement


def mistake(pictures: Sequence[np.ndarray], numbers: Sequence[int], truth: Truth, folder: Path) -> str:
    """What is wrong with `pictures`, of native size, as the frames `numbers`; "" if they are right.

    `keep` wrote these frames and those beside them to `folder`.
    """
    if len(pictures) != len(numbers):
        return f"{len(pictures)} frames in place of {len(numbers)}"
    wrong = [
        what
        for picture, number in zip(pictures, numbers, strict=True)
        if (what := _mistake(picture, number, truth, folder))
    ]
    return f"{len(wrong)} of {len(numbers)}: {wrong[0]}" if wrong and len(numbers) > 1 else "".join(wrong)


def misfit(fitted: Sequence[np.ndarray], native: Sequence[np.ndarray]) -> str:
    """What is wrong with `fitted` as the pictures `native` made smaller; "" if nothing is."""
    if len(fitted) != len(native):
        return f"{len(fitted)} fitted frames in place of {len(native)}"
    for place, (small, large) in enumerate(zip(fitted, native, strict=True)):
        off = difference(small, resized(large, small.shape[1::-1]))
        if off > UNLIKE:
            return f"fitted picture {place} is not what the method gives at native size: {off:.0f} levels off"
    return ""


def _mistake(picture: np.ndarray, number: int, truth: Truth, folder: Path) -> str:
    size = truth.width, truth.height
    height, width = picture.shape[:2]
    if (height > width) != (size[1] > size[0]) and 0.8 < height * size[1] / (width * size[0]) < 1.25:
        return f"frame {number} comes unturned, {width} x {height}"

    def true(place: int) -> np.ndarray:
        return resized(np.load(kept(folder, place), mmap_mode="r"), (width, height))

    wanted = true(number)
    if np.array_equal(picture, wanted):
        return ""
    off = difference(picture, wanted)
    close = [place for place in range(len(truth.stamps)) if place != number and kept(folder, place).exists()]
    for place in close:
        near = true(place)
        if np.array_equal(near, wanted):
            continue
        if np.array_equal(picture, near) or share(picture, wanted, near) > 0.5:
            return f"frame {place} in place of {number}"
    # Any other frame of the file, by small pictures, which for interlaced frames now and then resemble the wrong one.
    small = resized(picture, (THUMB, THUMB)).astype(np.int16)
    offs = np.array([np.abs(thumb - small).mean() for thumb in truth.thumbs])
    others = offs.copy()
    others[close] = np.inf  # they were, more closely
    best = int(others.argmin())
    apart = difference(truth.thumbs[best], truth.thumbs[number])
    if apart > 1 and offs[number] - offs[best] > CLEARLY * apart:
        return f"frame {best} in place of {number}" if offs[best] < UNLIKE else f"unlike frame {number} or any other"
    return f"unlike frame {number}: {off:.0f} levels off" if off > UNLIKE else ""


def resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """`pixels` [height, width, 3] in `size` (width, height)."""
    if pixels.shape[1::-1] == size:
        return pixels
    return np.asarray(Image.fromarray(np.asarray(pixels)).resize(size, Image.Resampling.BICUBIC))


def share(picture: np.ndarray, one: np.ndarray, other: np.ndarray) -> float:
    """How far `picture` lies on the way from `one` (0) to `other` (1), by least squares.

    What another conversion to RGB rounds, whole picture by whole picture or at random, hardly lies on that way.
    """
    way = other.astype(np.float32) - one
    gone = picture.astype(np.float32) - one
    return float(np.vdot(way - way.mean(), gone - gone.mean()) / max(1e-9, np.vdot(way - way.mean(), way - way.mean())))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())
