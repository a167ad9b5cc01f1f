"""Knows how a video becomes what any browser shows: small pictures of its frames, and a small copy that plays; knows
no row and no page.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.codec import codecs_available
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import NoFrames, Unreadable
from framescribe.frames.container import explained, open_video, times_of
from framescribe.frames.decoder import sample
from framescribe.frames.encode import encode
from framescribe.frames.files import Source, look
from framescribe.frames.picture import picture_of
from framescribe.frames.sampling import Sampling
from framescribe.frames.whole import Notes, all_frames
from framescribe.records import EncodedImage

QUALITY = 82  # of JPEG: these are looked at, not sent to a model
MOST_PIXELS = 854 * 480
MOST_SECONDS, MOST_FRAMES, MOST_WORK = 60.0, 2000, 45.0  # of film, and of work on it
TICKS = 90_000  # a second
# The encoders that browsers have decoders for, the best one first.
ENCODERS: dict[str, dict[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "24", "bf": "0", "tune": "fastdecode"},
    "libopenh264": {},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "34", "b": "0"},
}
BT601, LIMITED = 6, 1  # FFmpeg's numbers for a matrix and for the range of sample values


@dataclass(frozen=True, slots=True)
class Still:
    """A frame as JPEG: its place in presentation order, its time in seconds, and the bytes of the picture."""

    index: int
    time: float | None
    data: bytes


def stills(path: str, sampling: Sampling, key: str, max_pixels: int) -> tuple[list[Still], str | None]:
    """The frames of the video at `path` that `sampling` asks for, and the quick fingerprint of its file. Raises as
    `decoder.sample` does."""
    clip = sample(path, sampling, key=key, max_pixels=max_pixels)
    return [Still(frame.index, frame.time, _jpeg(frame.image)) for frame in clip.frames], clip.fingerprint


def stills_at(path: str, indices: Sequence[int], max_pixels: int) -> tuple[list[Still], str | None]:
    """The frames at these places in presentation order, for files that give no times: all before them are decoded.

    Raises Unreadable and NoFrames as `decoder.sample` does; frames beyond the end are left out.
    """
    source = look(path)
    try:
        with explained(source, "It cannot be decoded"), open_video(source) as (container, stream):
            left, found = set(indices), list[Still]()
            for place, frame in enumerate(all_frames(container, stream, Notes())):
                if place in left:
                    left.discard(place)
                    image, _, _ = picture_of(frame, stream, max_pixels, "pixels")
                    at = times_of(container, stream, [frame.pts])[0]
                    found.append(Still(place, at, _jpeg(image)))
                if not left:
                    break
        return found, source.fingerprint()
    finally:
        source.close()


def write_preview(path: str, target: str) -> str:
    """Write the video at `path` as a small mp4 at `target` that browsers play, each frame at its own time, without
    sound; returns the quick fingerprint of the video's file.

    Frames are as `decoder.sample` shows them, of at most MOST_PIXELS pixels. It holds the first MOST_SECONDS of the
    video, fewer if that is more than MOST_FRAMES frames or takes longer than MOST_WORK seconds. Raises as
    `decoder.sample` does.
    """
    source = look(path)
    try:
        with explained(source, "It cannot be decoded"):
            _write(source, target)
        return source.fingerprint()
    finally:
        source.close()


def _write(source: Source, target: str) -> None:
    encoder = next((name for name in ENCODERS if name in codecs_available), None)
    if encoder is None:
        raise Unreadable("This build of FFmpeg has no encoder for a video that browsers play.")
    with av.open(target, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as output:
        stream: VideoStream | None = None
        for pts, pixels in _pictures(source):
            if stream is None:
                stream = output.add_stream(encoder, rate=25, options=ENCODERS[encoder])
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                codec = stream.codec_context
                codec.time_base, codec.gop_size, codec.thread_count = Fraction(1, TICKS), 24, 1
                codec.colorspace, codec.color_range = BT601, LIMITED
            frame = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                width=stream.width, height=stream.height, format="yuv420p", dst_colorspace=BT601
            )
            frame.pts, frame.time_base = pts, Fraction(1, TICKS)
            output.mux(stream.encode(frame))
        if stream is None:
            raise NoFrames("It opens, but not one of its frames can be decoded.")
        output.mux(stream.encode(None))


def _pictures(source: Source) -> Iterator[tuple[int, np.ndarray]]:
    """The frames of a video with their times in ticks, ready for an encoder: with even sides, at rising times from 0
    on."""
    began, last = time.monotonic(), -1
    with open_video(source) as (container, stream):
        pace = float(stream.average_rate or stream.guessed_rate or 25)
        for number, frame in enumerate(all_frames(container, stream, Notes())):
            at = times_of(container, stream, [frame.pts])[0]
            # Rounded down: a player that is sent to the frame's own time must not show the one before it.
            pts = int((number / pace if at is None else at) * TICKS)
            too_long = number >= MOST_FRAMES or pts >= MOST_SECONDS * TICKS
            if too_long or time.monotonic() - began > MOST_WORK:
                return
            if pts <= last:  # shown before the start, or at the same time as another
                continue
            picture, _, _ = picture_of(frame, stream, MOST_PIXELS, "pixels")
            pixels = even(picture)
            if last < 0 < pts:
                yield 0, pixels  # players show the first frame from the start on
            last = pts
            yield pts, pixels


def even(picture: np.ndarray | EncodedImage) -> np.ndarray:
    """The picture with both sides even, as the encoders need them: an odd one loses its last line."""
    pixels = np.asarray(picture)
    height, width = pixels.shape[:2]
    if height == 1 or width == 1:
        pixels = np.repeat(np.repeat(pixels, 1 + (height == 1), axis=0), 1 + (width == 1), axis=1)
        height, width = pixels.shape[:2]
    return np.ascontiguousarray(pixels[: height // 2 * 2, : width // 2 * 2])


def _jpeg(image: np.ndarray | EncodedImage) -> bytes:
    return encode(np.asarray(image), "jpeg", QUALITY).data
