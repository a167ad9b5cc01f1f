"""Knows how parts of a video become files of their own, each with exactly its frames and their sound; knows no row and
no data set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.audio.stream import AudioStream
from av.codec import codecs_available
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import Unreadable
from framescribe.frames.container import explained, open_video
from framescribe.frames.files import CHANGED, look
from framescribe.frames.picture import picture_of
from framescribe.frames.preview import BT601, LIMITED, even
from framescribe.frames.sound import Sound
from framescribe.frames.whole import Notes, all_frames

# The best one first. At such a quality hardly anybody sees a difference.
ENCODERS: dict[str, dict[str, str]] = {"libx264": {"preset": "medium", "crf": "14"}, "libopenh264": {"b": "20M"}}
SOUND_BITS = 128_000  # a second for each channel, at which hardly anybody hears what is lost


class Cutter:
    """Cuts parts out of videos. Parts of one video that come in their order are cut in one pass over it, which decodes
    all of it once. Use it as a context manager, or close it: it holds the video that it cut last.

    `soundless`: the videos whose sound could not be decoded, and why; their parts have none.
    """

    def __init__(self) -> None:
        self._held = ExitStack()
        self._path: str | None = None
        self._next = 0  # the number of the frame that comes next
        self._frames: Iterator[VideoFrame] = iter(())
        self._ahead: VideoFrame | None = None
        self._stream: VideoStream | None = None
        self._sound: Sound | None = None
        self.soundless: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._held.close()

    def cut(self, path: str, first: int, last: int, target: str, mark: str) -> None:
        """Write the frames of the video at `path` from number `first` to `last`, both included, as an mp4 at `target`,
        with the pauses between them that they have there, and what is heard meanwhile; `mark_of` tells its `mark`.

        They are as `decoder.sample` shows them, of their own size, but for a last line where a side is odd. Where the
        video's sound begins later or ends earlier, there is silence. Raises Unreadable if these frames are not all
        there, and as `decoder.sample` does.
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
        self._held, self._next, notes = ExitStack(), 0, Notes()
        self._source = look(path)
        self._held.callback(self._source.close)
        with explained(self._source, "It cannot be decoded"):
            container, stream = self._held.enter_context(open_video(self._source))
            self._frames = all_frames(container, stream, notes)
            self._ahead = next(self._frames, None)
        self._stream = stream
        self._rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._ticks = stream.time_base or 1 / self._rate
        try:
            sound = self._held.enter_context(Sound(path, notes.timeline))
            self._sound = sound if sound.there else None
        except Unreadable as error:
            self._sound = None
            self.soundless[path] = str(error)

    def _write(self, first: int, last: int, target: str, mark: str) -> int:
        """How many frames were written."""
        encoder = next((name for name in ENCODERS if name in codecs_available), None)
        if encoder is None:
            raise Unreadable(f"It cannot be cut: this build of FFmpeg has none of {', '.join(ENCODERS)}.")
        assert self._stream is not None
        rate, ticks = self._rate, self._ticks
        count, begin, before, start = 0, 0, -1, Fraction(0)
        with av.open(target, "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as output:
            output.metadata["comment"] = mark
            stream: VideoStream | None = None
            heard: AudioStream | None = None
            for frame, shown in self._part(first, last):
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
                    start = first / rate if frame.pts is None else begin * ticks
                    heard = self._begin_sound(output, start)
                made = VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
                    width=stream.width, height=stream.height, format="yuv420p", dst_colorspace=BT601
                )
                before = max(before + 1, (frame.pts or 0) - begin)
                made.pts, made.time_base, made.duration = before, ticks, shown
                output.mux(stream.encode(made))
                self._write_sound(output, heard, start + (before + shown) * ticks)
                count += 1
            for whole in (stream, heard):
                if whole is not None:
                    output.mux(whole.encode(None))
        return count

    def _begin_sound(self, output: OutputContainer, start: Fraction) -> AudioStream | None:
        if self._sound is None:
            return None
        self._sound.begin(start)
        heard = output.add_stream("aac", rate=self._sound.rate, layout=self._sound.layout)
        heard.bit_rate = SOUND_BITS * heard.codec_context.layout.nb_channels
        return heard

    def _write_sound(self, output: OutputContainer, heard: AudioStream | None, end: Fraction) -> None:
        if self._sound is not None and heard is not None:
            for frame in self._sound.until(end):
                output.mux(heard.encode(frame))

    def _part(self, first: int, last: int) -> Iterator[tuple[VideoFrame, int]]:
        """These frames, each with how many ticks it is shown: until the next one, where that is known."""
        while self._next <= last and (frame := self._ahead) is not None:
            self._ahead = after = next(self._frames, None)
            self._next += 1
            if self._next > first:
                until = None if after is None or after.pts is None or frame.pts is None else after.pts - frame.pts
                usual = frame.duration or round(1 / self._rate / self._ticks)
                yield frame, until if until and until > 0 else usual


def mark_of(path: str) -> str | None:
    """The mark in a file that was cut; None if it has none."""
    with suppress(OSError, FFmpegError), av.open(path) as container:
        mark: str | None = container.metadata.get("comment")
        return mark
    return None
