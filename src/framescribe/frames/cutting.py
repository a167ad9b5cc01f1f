"""Knows how parts of a video become files of their own, each with exactly its frames; knows no row and no data set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.codec import codecs_available
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import Unreadable
from framescribe.frames.container import explained, open_video
from framescribe.frames.files import CHANGED, look
from framescribe.frames.picture import picture_of
from framescribe.frames.preview import BT601, LIMITED, even
from framescribe.frames.whole import Notes, all_frames

# The best one first. At such a quality hardly anybody sees a difference.
ENCODERS: dict[str, dict[str, str]] = {"libx264": {"preset": "medium", "crf": "14"}, "libopenh264": {"b": "20M"}}


class Cutter:
    """Cuts parts out of videos. Parts of one video that come in their order are cut in one pass over it, which decodes
    all of it once. Use it as a context manager: it holds the video that it cut last."""

    def __init__(self) -> None:
        self._held = ExitStack()
        self._path: str | None = None
        self._next = 0  # the number of the frame that comes next
        self._frames: Iterator[VideoFrame] = iter(())
        self._stream: VideoStream | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._held.close()

    def cut(self, path: str, first: int, last: int, target: str, mark: str) -> None:
        """Write the frames of the video at `path` from number `first` to `last`, both included, as an mp4 at `target`,
        without sound, with the pauses between them that they have there; `mark` is kept in it (`mark_of`).

        They are as `decoder.sample` shows them, of their own size, but for a last line where a side is odd. Raises
        Unreadable if these frames are not all there, and as `decoder.sample` does.
        """
        if path != self._path or first < self._next:
            self._open(path)
        self._path = None  # unless all goes well
        with explained(self._source, "It cannot be decoded"):
            written = self._write(first, last, target, mark)
        self._path = path
        if written != last - first + 1:
            raise Unreadable(f"{CHANGED} It has no frame {first + written}.")

    def _open(self, path: str) -> None:
        self._held.close()
        self._held, self._next = ExitStack(), 0
        self._source = look(path)
        self._held.callback(self._source.close)
        with explained(self._source, "It cannot be decoded"):
            container, self._stream = self._held.enter_context(open_video(self._source))
        self._frames = all_frames(container, self._stream, Notes())

    def _write(self, first: int, last: int, target: str, mark: str) -> int:
        """How many frames were written."""
        encoder = next((name for name in ENCODERS if name in codecs_available), None)
        if encoder is None:
            raise Unreadable(f"It cannot be cut: this build of FFmpeg has none of {', '.join(ENCODERS)}.")
        assert self._stream is not None
        rate = self._stream.average_rate or self._stream.guessed_rate or Fraction(25)
        ticks = self._stream.time_base or 1 / rate
        count, begin, before = 0, 0, -1
        with av.open(target, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as output:
            output.metadata["comment"] = mark
            stream: VideoStream | None = None
            for frame in self._part(first, last):
                picture, _, _ = picture_of(frame, self._stream, None, "pixels")
                pixels = even(picture)
                if stream is None:
                    stream = output.add_stream(encoder, rate=rate, options=ENCODERS[encoder])
                    stream.height, stream.width = pixels.shape[:2]
                    stream.pix_fmt = "yuv420p"
                    codec = stream.codec_context
                    codec.time_base = ticks
                    codec.colorspace, codec.color_range = BT601, LIMITED
                    begin = frame.pts or 0
                made = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                    width=stream.width, height=stream.height, format="yuv420p", dst_colorspace=BT601
                )
                before = max(before + 1, (frame.pts or 0) - begin)
                made.pts, made.time_base, made.duration = before, ticks, frame.duration
                output.mux(stream.encode(made))
                count += 1
            if stream is not None:
                output.mux(stream.encode(None))
        return count

    def _part(self, first: int, last: int) -> Iterator[VideoFrame]:
        while self._next <= last and (frame := next(self._frames, None)) is not None:
            self._next += 1
            if self._next > first:
                yield frame


def mark_of(path: str) -> str | None:
    """The mark in a file that was cut; None if it has none."""
    with suppress(OSError, FFmpegError), av.open(path) as container:
        mark: str | None = container.metadata.get("comment")
        return mark
    return None
