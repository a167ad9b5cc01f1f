"""Knows how a video's sound becomes samples at the times of its pictures; knows no picture, and writes no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from typing import Self

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError

from framescribe.errors import Unreadable
from framescribe.frames.container import explained, open_sound
from framescribe.frames.files import look
from framescribe.frames.joined import Timeline

# A second, that AAC has.
RATES = frozenset((96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000))
USUAL_RATE = 48_000
SLACK = Fraction(1, 50)  # seconds by which timestamps may be off from the samples before: some are rounded to the ms

Piece = tuple[int, int, np.ndarray]  # part of a joined file, first sample, [channels, samples]


class Sound:
    """The sound of the video at `path`, from its start to its end: mono, stereo or 5.1, whichever is next to it, at its
    own rate where AAC has that. Use it as a context manager.

    `pictures` is the time of its pictures: where the file's time starts again, sound goes on where they do. If the
    file has several, it is the one that a player takes. Raises Unreadable where there is no sound that can be decoded;
    `there` is False where the file has none.
    """

    def __init__(self, path: str, pictures: Timeline) -> None:
        self._pictures, self._own = pictures, Timeline()
        self._at = self._zero = 0  # samples since the file's time 0: given so far, and where the clip begins
        self._held = ExitStack()
        try:
            self._open(path)
        except BaseException:
            self._held.close()
            raise

    def _open(self, path: str) -> None:
        source = look(path)
        self._held.callback(source.close)
        with explained(source, "Its sound cannot be decoded"):
            container, stream = self._held.enter_context(open_sound(source))
        self.there = stream is not None
        if stream is None:
            return
        self.rate = stream.rate if stream.rate in RATES else USUAL_RATE
        channels = stream.codec_context.layout.nb_channels
        self.layout = "mono" if channels == 1 else "5.1" if channels >= 6 else "stereo"
        self._channels = {"mono": 1, "stereo": 2}.get(self.layout, 6)
        self._pieces = self._resampled(self._frames(container, stream))
        self._piece = next(self._pieces, None)
        if self._piece is None:
            raise Unreadable(f"Its sound cannot be decoded ({stream.codec_context.name}).")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._held.close()

    def begin(self, at: Fraction) -> None:
        """A clip begins at this second of the file's time, not before the one that was begun last."""
        self._at = self._zero = round(at * self.rate)

    def until(self, end: Fraction) -> Iterator[AudioFrame]:
        """What is heard from where the last call ended, or the clip begins, to this second of the file's time: silence
        where the file has nothing. Times count from the beginning of the clip."""
        stop = round(end * self.rate)
        while self._at < stop:
            first, samples = self._next()
            if samples is None or first > self._at:
                silent = min(stop if samples is None else first, stop, self._at + self.rate) - self._at
                samples = np.zeros((self._channels, silent), np.float32)
            else:
                samples = samples[:, self._at - first : stop - first]
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self.layout)
            frame.sample_rate, frame.pts, frame.time_base = self.rate, self._at - self._zero, Fraction(1, self.rate)
            self._at += frame.samples
            yield frame

    def _next(self) -> tuple[int, np.ndarray | None]:
        """The first samples that are not over yet, and the number of the first of them; None if none are known."""
        while self._piece is not None:
            part, first, samples = self._piece
            if part > self._pictures.restarts:  # its pictures are still to come
                break
            first += round((self._pictures.shifts[part] - self._own.shifts[part]) * self.rate)
            if first + samples.shape[1] > self._at:
                return first, samples
            self._piece = next(self._pieces, None)
        return 0, None

    def _resampled(self, frames: Iterator[tuple[int, AudioFrame]]) -> Iterator[Piece]:
        """The frames as samples of one rate and layout, one after the other but for where timestamps say otherwise."""
        resampler: AudioResampler | None = None
        before: tuple[object, ...] = ()
        last, first, expected = 0, 0, Fraction(0)
        for part, frame in frames:
            at = expected if frame.pts is None else Fraction(frame.pts * (frame.time_base or 0))
            kind = (part, frame.sample_rate, frame.format.name, frame.layout.name)
            if resampler is None or kind != before or abs(at - expected) > SLACK:
                if resampler is not None:
                    yield from self._made(resampler, None, last, first)
                resampler = AudioResampler(format="fltp", layout=self.layout, rate=self.rate)
                before, last, first, expected = kind, part, round(at * self.rate), at
            expected += Fraction(frame.samples, frame.sample_rate)
            for piece in self._made(resampler, frame, part, first):
                first += piece[2].shape[1]
                yield piece
        if resampler is not None:
            yield from self._made(resampler, None, last, first)

    def _made(self, resampler: AudioResampler, frame: AudioFrame | None, part: int, first: int) -> Iterator[Piece]:
        """What the resampler makes of a frame or, of None, what it still holds."""
        for made in resampler.resample(frame):
            yield part, first, made.to_ndarray()
            first += made.samples

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[tuple[int, AudioFrame]]:
        """All frames that can be decoded, each with how often the file's time had started again."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except (FFmpegError, IndexError):  # as in `container.packets_of`; what follows cannot be read
                packet = None
            if packet is not None and packet.size:
                self._own.take(packet)
            try:
                frames = stream.codec_context.decode(packet if packet is not None and packet.size else None)
            except (FFmpegError, ValueError):
                frames = []
            for frame in frames:
                yield self._own.restarts, frame
            if packet is None or not packet.size:
                return
