"""Knows how a video file is opened and what its header and its timestamps say; decodes nothing.

FFmpeg stays silent: PyAV drops its messages unless `av.logging.set_level` is called, which must never happen here,
because its callback into Python can deadlock with FFmpeg's threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import ArgumentError, FFmpegError, InvalidDataError
from av.packet import Packet
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import NoFrames, Unreadable
from framescribe.frames.files import Source, lacks_moov, lacks_tail
from framescribe.frames.formats import ENCRYPTED, READ, is_scrambled

# 8192 x 8192: nearly twice what the highest levels of H.264, HEVC, VP9 and AV1 allow. A header with more is broken.
LARGEST = 8192 * 8192
LIMITS = {"max_pixels": str(LARGEST)}

NO_VIDEO = Disposition.attached_pic | Disposition.timed_thumbnails

# By default FFmpeg decodes the first pictures of a stream to learn about it, which takes 0.16 s for 4K H.264.
UNDECODED = {"codec_whitelist": "none"}
# Tags in odd encodings are no reason to fail. PyAV 19 always replaces what it cannot decode.
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
ONE_PACKET = {"probesize": "32"}  # bytes; of a remote mp4 only the index is then fetched


@contextmanager
def open_video(source: Source, *, quick: bool = False) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The open file and its video stream, ready to decode on one thread.

    With `quick` nothing is decoded to open it. It is then not always known whether pictures are shown in another order
    than they are stored in (`has_b_frames`), nor when the first one is shown: see `tells_times`.

    Raises Unreadable where it is no video, NoFrames where it has no video stream.
    """
    quickly = UNDECODED | (ONE_PACKET if source.stream and source.is_mp4 else {}) if quick else {}
    with ExitStack() as held:
        try:
            container = held.enter_context(_opened(source, quickly, held))
        except FFmpegError as error:
            if lacks_moov(source):
                raise Unreadable("The file is cut off: its index (moov atom) is missing.") from error
            if isinstance(error, ArgumentError):
                raise Unreadable(
                    "It is no video, or in a format that is not read, as those that name other files."
                ) from error
            raise Unreadable(f"It is not a video, or its beginning is damaged: {said(error)}.") from error
        stream = _chosen_video(container)
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        stream.codec_context.thread_count = 1
        # By default these show damaged pictures without reporting them; other decoders mark or report more of them.
        strict = {"err_detect": "explode"} if stream.codec_context.name in ("hevc", "mjpeg") else {}
        stream.codec_context.options = LIMITS | strict
        yield container, stream


@contextmanager
def open_sound(source: Source) -> Iterator[tuple[InputContainer, AudioStream | None]]:
    """The open file and the stream of sound that a player takes: one that the file calls its default; None if it has
    none. Raises Unreadable where there is no decoder for it, and FFmpegError."""
    with ExitStack() as held:
        container = held.enter_context(_opened(source, {}, held))
        streams = container.streams.audio
        chosen = min(streams, key=lambda stream: not stream.disposition & Disposition.default, default=None)
        if chosen is not None and chosen.codec_context is None:
            raise Unreadable("Its sound is in a codec that is not supported.")
        for other in container.streams:
            other.discard = Discard.default if other is chosen else Discard.all
        yield container, chosen


@contextmanager
def explained(source: Source, failure: str) -> Iterator[None]:
    """Turns what goes wrong within the block into Unreadable or NoFrames; `failure` begins FFmpeg's own errors."""
    try:
        yield
    except (FFmpegError, Unreadable, NoFrames) as error:
        if is_scrambled(source.head):
            raise Unreadable(ENCRYPTED) from error
        if isinstance(error, FFmpegError):
            raise Unreadable(f"{failure}: {said(error)}.") from error
        raise


def _opened(source: Source, options: dict[str, str], held: ExitStack) -> InputContainer:
    """The container, in which FFmpeg can reach no file but this one: see `formats`."""
    # "file:" keeps FFmpeg from taking "12:30.mp4" for a protocol.
    file = source.stream or f"file:{os.path.abspath(source.path)}"
    only = {"format_whitelist": READ, "protocol_whitelist": "none" if source.stream else "file"}
    if source.stream:
        source.stream.seek(0)
    try:
        opened: InputContainer = av.open(file, options=LIMITS, container_options=only | options, **LENIENT)
    except ArgumentError:
        # A name such as 1.jpg makes it one of numbered pictures that may lie beside it: now its bytes alone decide.
        bytes_only = _Nameless(held.enter_context(source.open()))
        only["protocol_whitelist"] = "none"
        opened = av.open(bytes_only, options=LIMITS, container_options=only | options, **LENIENT)
    return opened


class _Nameless:
    """An open file that does not say what it is called."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def packets_of(container: InputContainer, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    """The stream's packets from the current position on, without the empty ones, which repeat a picture.

    Raises Unreadable where they are encrypted.
    """
    try:
        for packet in container.demux(stream):
            if packet.size:
                if packet.is_keyframe and packet.has_sidedata("encryption_info"):
                    raise Unreadable(ENCRYPTED)
                yield packet
    except IndexError as error:  # from PyAV, where a stream begins in the middle of the file
        raise InvalidDataError(0, "a stream begins in the middle of it") from error


def decoded(stream: VideoStream, packet: Packet[VideoStream] | None) -> list[VideoFrame]:
    """The frames that the decoder gives after this packet, or, after None, at the end. Raises FFmpegError."""
    try:
        return stream.codec_context.decode(packet)
    except FFmpegError:
        raise
    except ValueError as error:  # from PyAV 19, where the decoder could not be started before
        raise InvalidDataError(0, "its decoder cannot be started") from error


def real_videos(container: InputContainer) -> list[VideoStream]:
    """The video streams without cover images and thumbnails."""
    return [stream for stream in container.streams.video if not stream.disposition & NO_VIDEO]


def _chosen_video(container: InputContainer) -> VideoStream:
    """The stream that a player shows: one that the file calls its default, and no still beside a moving picture."""
    streams = real_videos(container)
    if not streams:
        if container.streams.audio:
            cover = " (only a cover image)" if container.streams.video else ""
            raise NoFrames(f"It contains sound but no picture{cover}.")
        raise NoFrames("It contains no video stream.")
    chosen = min(streams, key=lambda stream: (not stream.disposition & Disposition.default, stream.frames == 1))
    if chosen.codec_context is None:
        raise Unreadable("Its video codec is not supported.")
    if "enc_key_id" in chosen.metadata:  # matroska; mp4 says it of each packet
        raise Unreadable(ENCRYPTED)
    return chosen


def is_still(container: InputContainer) -> bool:
    """Whether the file is in a format of single pictures, such as JPEG or PNG."""
    return container.format.name.endswith("_pipe")


def is_mp4(container: InputContainer) -> bool:
    return "mp4" in container.format.name.split(",")


def tells_times(container: InputContainer, stream: VideoStream) -> bool:
    """Whether the timestamps of a file opened with `quick` say when frames are shown; in others FFmpeg computes it."""
    form, codec = container.format.name, stream.codec_context.codec.canonical_name
    return form in ("mpegts", "gif") or is_mp4(container) or ("matroska" in form and codec in ("vp8", "vp9", "av1"))


def is_cut_off(source: Source, container: InputContainer, stream: VideoStream) -> bool:
    """Whether the file lists frames that lie beyond its end; False where its format cannot tell."""
    if is_mp4(container):
        # The boxes' own lengths do not show it: some writers leave that of the last one open, or make it too long.
        return any(entry.pos + entry.size > source.size for entry in stream.index_entries)
    return lacks_tail(source)


def said(error: FFmpegError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower()


def times_of(container: InputContainer, stream: VideoStream, stamps: Sequence[int | None]) -> list[float | None]:
    """Seconds since the start of the file, to the microsecond, for timestamps in the stream's ticks."""
    base = stream.time_base or Fraction(1, av.time_base)
    start = Fraction(container.start_time or 0, av.time_base)
    # The container's start is rounded to the microsecond; that of a video stream which starts the file is exact.
    if stream.start_time is not None and abs(stream.start_time * base - start) < Fraction(1, av.time_base):
        start = stream.start_time * base
    # Integers up to the last division are exact; Fractions would take longer than decoding a frame.
    scale, offset = base.numerator * start.denominator, start.numerator * base.denominator
    whole = base.denominator * start.denominator
    return [None if pts is None else round((pts * scale - offset) / whole, 6) for pts in stamps]


def pace(stream: VideoStream, times: Sequence[float | None], last: int) -> tuple[float | None, float | None]:
    """Frames per second and the duration in seconds; `last` is the last frame's duration in ticks, 0 where unknown."""
    known = [time for time in times if time is not None]
    said_rate = stream.average_rate or stream.guessed_rate
    fps = float(said_rate) if said_rate else None
    duration = None if fps is None else len(times) / fps
    if len(known) == len(times) > 1 and max(known) > min(known):
        span = max(known) - min(known)
        duration = span + (float(last * stream.time_base) if last and stream.time_base else span / (len(times) - 1))
        # The header's rate is exact where it is right at all; matroska and flv may say 1000.
        if fps is None or abs(fps * duration / len(times) - 1) > 0.01:
            fps = len(times) / duration
    return None if fps is None else round(fps, 6), None if duration is None else round(duration, 6)
