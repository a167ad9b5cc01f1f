"""Knows how to read the wanted frames of a video file, exactly, with PyAV; knows nothing of what they are for.

A first pass reads packets without decoding them, which gives the time of every frame. Each wanted frame is then
decoded from the last keyframe before it. Where the file does not keep to that picture of it (no or repeated times,
a frame that does not come, an error), everything is decoded from the start and counted instead.

FFmpeg stays silent: PyAV drops its messages unless `av.logging.set_level` is called, which must never happen here,
because its callback into Python can deadlock with FFmpeg's threads.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.sidedata.sidedata import Type as SideDataType
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation
from av.video.stream import VideoStream

from framescribe.errors import NoFrames, Unreadable, UserError
from framescribe.frames.display import QUARTERS, Turn, fit, stretch, turn_of
from framescribe.frames.files import is_cut_off, look
from framescribe.frames.sampling import Sampling, choose
from framescribe.records import Clip, Frame, VideoInfo

# 8192 x 8192: nearly twice what the highest levels of H.264, HEVC, VP9 and AV1 allow. More is a broken header.
LARGEST = 8192 * 8192
LIMITS = {"max_pixels": str(LARGEST)}
# Streams cut anywhere, and raw streams: their packets do not say reliably which frames there are.
UNINDEXED = {"mpeg", "mpegvideo", "h264", "hevc", "vvc", "m4v", "h263", "h261", "vc1", "cavsvideo", "obu"}

# Without full chroma white comes out as 253 where swscale scales (measured).
SHRINK = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT

# The pixels as displayed, and the displayed width and height before they were shrunk.
Picture = tuple[np.ndarray, int, int]


def sample(path: str, sampling: Sampling, *, key: str, max_pixels: int | None) -> Clip:
    """The frames of the local video file at `path` that `sampling` asks for, and what the file says of itself.

    `key` names the video for random sampling. `Frame.image` is RGB uint8 [height, width, 3] as a player shows it:
    turned and mirrored by the display matrix, and stretched where the pixels are not square, then shrunk, never
    enlarged, until width * height <= `max_pixels` (None: not shrunk). `Frame.index` counts in presentation order,
    `Frame.time` is in seconds from the start of the file, None where the file gives no times. Transparency is
    dropped, HDR is not tone-mapped, interlaced pictures are not deinterlaced.

    Raises Unreadable where the file is no readable video or a wanted frame is damaged, NoFrames where it holds no
    picture, UserError for a `max_pixels` below 1. May be called from several threads at once; a call runs on one.
    """
    if max_pixels is not None and max_pixels < 1:
        raise UserError(f"max_pixels must be at least 1, not {max_pixels}.")
    look(path)
    try:
        with suppress(InDoubt):
            return _by_index(path, sampling, key, max_pixels)
        return _by_counting(path, sampling, key, max_pixels)
    except FFmpegError as error:
        raise Unreadable(f"It cannot be decoded: {_said(error)}.") from error


class InDoubt(Exception):
    """The packets do not say what the decoder does: count decoded frames instead."""


@dataclass(frozen=True, slots=True)
class Index:
    """The frames that a full decode shows and the places to start from, by their timestamps, each list sorted."""

    frames: list[int]
    keys: list[int]
    last: int  # how long the last frame is shown, in the same ticks; 0 where unknown


# ---------------------------------------------------------------------------------- frames by the packets' index


def _by_index(path: str, sampling: Sampling, key: str, max_pixels: int | None) -> Clip:
    with open_video(path) as (container, stream):
        index = index_of(container, stream)
        times = times_of(container, stream, index.frames)
        chosen = choose(sampling, times, key)
        targets = [index.frames[place] for place in chosen]
        shown: dict[int, Picture] = {}
        for start, wanted in _by_key(index.keys, targets).items():
            for pts, frame in _decoded(container, stream, index.keys, start, wanted, skip=True):
                if pts in wanted:
                    shown[pts] = _picture(frame, stream, max_pixels)
        if len(shown) < len(targets):
            raise InDoubt
        pictures = [shown[pts] for pts in targets]
        return _clip(container, stream, times, index.last, chosen, pictures)


def index_of(container: InputContainer, stream: VideoStream) -> Index:
    if container.format.name in UNINDEXED:
        raise InDoubt
    try:
        packets = [
            (packet.pts, packet.is_keyframe, packet.is_discard, packet.duration or 0, packet.dts)
            for packet in container.demux(stream)
            if packet.size
        ]
    except FFmpegError as error:
        raise InDoubt from error
    shown = [packet for packet in packets if not packet[2]]
    live = {packet[0]: packet[3] for packet in shown if packet[0] is not None}
    # Times that are missing or repeated, or a beginning that was cut off.
    if not live or len(live) < len(shown) or not packets[0][1]:
        raise InDoubt
    # Pictures may be shown in another order than they are stored, but all times rise as stored: AVI and old matroska
    # know no other times, and FFmpeg made these up. (A transport stream's are its own: it just has no such pictures.)
    delays = {pts - dts for pts, _, _, _, dts in packets if pts is not None and dts is not None}
    may_reorder = stream.codec_context.has_b_frames and container.format.name != "mpegts"
    if may_reorder and len(delays) == 1 and len(packets) > 1:
        raise InDoubt
    keys = sorted({packet[0] for packet in packets if packet[1] and packet[0] is not None})
    frames = sorted(live)
    if not keys:
        raise InDoubt
    if frames[0] < keys[0]:
        frames = _without_lost(container, stream, frames, keys)
    return Index(frames, keys, live[frames[-1]])


def _without_lost(container: InputContainer, stream: VideoStream, frames: list[int], keys: list[int]) -> list[int]:
    """Frames shown before the first keyframe of a cut stream may need what was cut off: ask the decoder which do."""
    first = keys[0]
    come = {pts for pts, _ in _decoded(container, stream, keys, first, {first}, skip=False)}
    return [pts for pts in frames if pts >= first or pts in come]


def _by_key(keys: list[int], targets: Sequence[int]) -> dict[int, set[int]]:
    groups: dict[int, set[int]] = {}
    for pts in targets:
        groups.setdefault(keys[max(0, bisect_right(keys, pts) - 1)], set()).add(pts)
    return groups


def _decoded(
    container: InputContainer, stream: VideoStream, keys: list[int], start: int, wanted: set[int], *, skip: bool
) -> Iterator[tuple[int, VideoFrame]]:
    """Timestamps and frames from the keyframe `start` on, in order; `skip` leaves out what no wanted frame needs."""
    codec, last = stream.codec_context, max(wanted)
    before: int | None = None
    for packet in _packets(container, stream, keys, start):
        # Pictures before the keyframe that come after it need what was not read; nothing needs them.
        leading = packet is not None and packet.pts is not None and packet.pts < start
        plain = not skip or packet is None or packet.is_keyframe or packet.pts in wanted
        codec.skip_frame = "DEFAULT" if plain else "NONREF"
        try:
            frames = codec.decode(packet)
            if packet is not None and any(frame.pts is not None and frame.pts >= last for frame in frames):
                # What a wanted frame was made from may be shown after it: have that too, to see whether it is whole.
                frames += codec.decode(None)
        except FFmpegError as error:
            if leading:
                continue
            raise InDoubt from error
        if packet is not None and packet.is_corrupt and not leading:
            raise InDoubt
        for frame in frames:
            if frame.pts is None or (before is not None and frame.pts <= before):
                raise InDoubt
            if frame.is_corrupt and (frame.pts >= start or frame.pts in wanted):
                raise InDoubt
            before = frame.pts
            yield frame.pts, frame
        if before is not None and before >= last:
            return


def _packets(
    container: InputContainer, stream: VideoStream, keys: list[int], start: int
) -> Iterator[Packet[VideoStream] | None]:
    """The packets from the keyframe `start` on, then None for the end of the stream."""
    if container.format.name == "mpegts" and stream.time_base:
        # Seeks in a transport stream land a little late, so they ask for a second or more before.
        second = int(1 / stream.time_base)
        places = [start - second, start - 2 * second, start - 4 * second, keys[0] - 4 * second]
    else:
        place = keys.index(start)
        places = [keys[max(0, place - back)] for back in range(3)]
    for asked in places:
        try:
            container.seek(asked, stream=stream, backward=True)
        except FFmpegError:
            continue
        packets = (packet for packet in container.demux(stream) if packet.size)
        for packet in packets:
            if packet.is_keyframe and packet.pts == start:
                yield packet
                yield from packets
                yield None
                return
            if packet.pts is None or (packet.is_keyframe and packet.pts > start):
                break
    raise InDoubt


# ---------------------------------------------------------------------------------- frames by decoding everything


def _by_counting(path: str, sampling: Sampling, key: str, max_pixels: int | None) -> Clip:
    """Two decodes from the start: one counts the frames, so that no more than the wanted ones are ever held."""
    with open_video(path) as (container, stream):
        notes = Notes()
        found = [(frame.pts, frame.duration) for frame in all_frames(container, stream, notes)]
        if not found:
            why = f": {_said(notes.trouble[0])}" if notes.trouble else ""
            size = "" if stream.width else f"; its frame size is missing, broken or above {LARGEST} pixels"
            raise NoFrames(f"It opens, but not one of its frames can be decoded{why}{size}.")
        times = times_of(container, stream, [pts for pts, _ in found])
    damaged = notes.damaged()
    chosen = choose(sampling, times, key)
    for place in chosen:
        if found[place][0] in damaged:
            at = "" if times[place] is None else f" (at {times[place]:g} s)"
            raise Unreadable(f"It is damaged: frame {place}{at} of {len(found)} cannot be decoded as it was.")
    with open_video(path) as (container, stream):
        pictures: list[Picture] = []
        for place, frame in enumerate(all_frames(container, stream, Notes())):
            if place == chosen[len(pictures)]:
                pictures.append(_picture(frame, stream, max_pixels))
            if len(pictures) == len(chosen):
                return _clip(container, stream, times, found[-1][1] or 0, chosen, pictures)
    raise Unreadable("It changed while it was read.")


@dataclass(frozen=True, slots=True)
class Notes:
    """What a full decode met: the packets in their order (timestamp, keyframe?), those that went wrong, the errors."""

    packets: list[tuple[int | None, bool]] = field(default_factory=list)
    wrong: set[int | None] = field(default_factory=set)
    trouble: list[FFmpegError] = field(default_factory=list)

    def damaged(self) -> set[int | None]:
        """Timestamps of the frames that are wrong or may be made from one: those stored after it, to the next key."""
        damaged, sound, before, key = set(self.wrong), False, False, None
        for pts, is_key in self.packets:
            if is_key:
                before, sound, key = sound, True, pts
            # Pictures shown before the keyframe but stored after it may need the group before; nothing needs them.
            leading = key is not None and pts is not None and pts < key
            if pts in self.wrong and not leading:
                sound = False
            if not sound or (leading and not before):
                damaged.add(pts)
        return damaged | {None} if self.trouble else damaged


def all_frames(container: InputContainer, stream: VideoStream, notes: Notes) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in order."""
    for packet in _to_the_end(container, stream, notes):
        if packet is not None:
            notes.packets.append((packet.pts, packet.is_keyframe))
            if packet.is_corrupt:
                notes.wrong.add(packet.pts)
        try:
            frames = stream.codec_context.decode(packet)
        except FFmpegError as error:
            notes.trouble.append(error)
            notes.wrong.add(packet.pts if packet is not None else None)
            continue
        notes.wrong.update(frame.pts for frame in frames if frame.is_corrupt)
        yield from frames


def _to_the_end(container: InputContainer, stream: VideoStream, notes: Notes) -> Iterator[Packet[VideoStream] | None]:
    """Packets to the end or to the first place that cannot be read, then None."""
    try:
        # An empty packet repeats the last picture; PyAV would take it for the end.
        yield from (packet for packet in container.demux(stream) if packet.size)
    except FFmpegError as error:
        notes.trouble.append(error)
    yield None


# ---------------------------------------------------------------------------------- the file


@contextmanager
def open_video(path: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The open file and its first video stream, ready to decode on one thread."""
    try:
        # "file:" keeps FFmpeg from taking "12:30.mp4" for a protocol; tags in odd encodings are no reason to fail.
        opened = av.open(f"file:{os.path.abspath(path)}", metadata_errors="replace", options=LIMITS)
    except FFmpegError as error:
        if is_cut_off(path):
            raise Unreadable("The file is cut off: its index (moov atom) is missing.") from error
        raise Unreadable(f"It is no video, or its beginning is damaged: {_said(error)}.") from error
    with opened as container:
        stream = _first_video(container)
        for other in container.streams:
            other.discard = Discard.default if other is stream else Discard.all
        stream.codec_context.thread_count = 1
        # Left to itself FFmpeg shows damaged HEVC pictures without a word; other decoders mark or report them.
        strict = {"err_detect": "explode"} if stream.codec_context.name == "hevc" else {}
        stream.codec_context.options = LIMITS | strict
        yield container, stream


def _first_video(container: InputContainer) -> VideoStream:
    pictures = container.streams.video
    for stream in pictures:
        if not stream.disposition & Disposition.attached_pic:
            if stream.codec_context is None:
                raise Unreadable("Its video codec is not supported.")
            return stream
    if container.streams.audio:
        raise NoFrames(f"It holds sound but no picture{' (only a cover image)' if pictures else ''}.")
    raise NoFrames("It holds no video stream.")


def _said(error: FFmpegError) -> str:
    return (error.strerror or str(error)).rstrip(".").lower()


# ---------------------------------------------------------------------------------- times and pictures


def times_of(container: InputContainer, stream: VideoStream, stamps: Sequence[int | None]) -> list[float | None]:
    """Seconds since the start of the file, to the microsecond, for timestamps in the stream's ticks."""
    base = stream.time_base or Fraction(1, av.time_base)
    start = Fraction(container.start_time or 0, av.time_base)
    # The container's start is rounded to the microsecond; where the picture starts the file its own is exact.
    if stream.start_time is not None and abs(stream.start_time * base - start) < Fraction(1, av.time_base):
        start = stream.start_time * base
    return [None if pts is None else round(float(pts * base - start), 6) for pts in stamps]


def _clip(
    container: InputContainer,
    stream: VideoStream,
    times: Sequence[float | None],
    last: int,
    chosen: Sequence[int],
    pictures: Sequence[Picture],
) -> Clip:
    fps, duration = pace(stream, times, last)
    _, width, height = pictures[0]
    info = VideoInfo(
        duration=duration,
        fps=fps,
        width=width,
        height=height,
        codec=stream.codec_context.codec.canonical_name,
        frames=len(times),
    )
    frames = (Frame(index=i, time=times[i], image=pixels) for i, (pixels, _, _) in zip(chosen, pictures, strict=True))
    return Clip(info=info, frames=tuple(frames))


def pace(stream: VideoStream, times: Sequence[float | None], last: int) -> tuple[float | None, float | None]:
    """Frames a second and seconds in all; `last` is how long the last frame is shown, in ticks, 0 where unknown."""
    known = [time for time in times if time is not None]
    said = stream.average_rate or stream.guessed_rate
    fps = float(said) if said else None
    duration = None if fps is None else len(times) / fps
    if len(known) == len(times) > 1 and max(known) > min(known):
        span = max(known) - min(known)
        duration = span + (float(last * stream.time_base) if last and stream.time_base else span / (len(times) - 1))
        # The header's rate is the exact one where it is right at all: matroska and flv may say 1000.
        if fps is None or abs(fps * duration / len(times) - 1) > 0.01:
            fps = len(times) / duration
    return None if fps is None else round(fps, 6), None if duration is None else round(duration, 6)


def _picture(frame: VideoFrame, stream: VideoStream, max_pixels: int | None) -> Picture:
    turn = turn_of_frame(frame)
    width, height = stretch(frame.width, frame.height, stream.sample_aspect_ratio)
    small = fit(width, height, max_pixels)
    how = None if small == (frame.width, frame.height) else SHRINK
    rgb = frame.reformat(width=small[0], height=small[1], format="rgb24", interpolation=how, threads=1)
    pixels = turn.of(rgb.to_ndarray())
    return (pixels, height, width) if turn.swap else (pixels, width, height)


def turn_of_frame(frame: VideoFrame) -> Turn:
    try:
        sides: Iterable[Any] = frame.side_data
        matrix = next((bytes(side) for side in sides if side.type is SideDataType.DISPLAYMATRIX), None)
    except ValueError:  # PyAV 18 has no name for EXIF side data and then lists none; the angle can still be had
        return QUARTERS[round(frame.rotation / 90) % 4]
    return Turn() if matrix is None else turn_of(np.frombuffer(matrix, np.int32).tolist())
