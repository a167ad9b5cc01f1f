"""Knows which frames a video file holds without decoding them: by its packets, or by the index that mp4 stores.

Either may be wrong about a file. Where that shows, InDoubt is raised, and frames are counted by decoding.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from itertools import pairwise

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from framescribe.frames.container import is_mp4, packets_of

# Streams that may be cut anywhere, and raw streams: their packets do not say reliably which frames there are.
UNINDEXED = {"mpeg", "mpegvideo", "h264", "hevc", "vvc", "m4v", "h263", "h261", "vc1", "cavsvideo", "obu"}
HELD_BYTES = 2**22  # of packets, so that a small file is read only once
SHOWN = 0x10  # in the first byte of a picture of VP8: others are only made from those without it (RFC 6386, 9.1)
MOST_REORDERED = 32  # frames stored after a keyframe and shown before it; H.264 and HEVC hold 16 pictures


class InDoubt(Exception):
    """The packets do not say what the decoder does: count decoded frames instead."""


@dataclass(frozen=True, slots=True)
class Index:
    """The frames that a full decode shows and the keyframes to start from, as sorted timestamps."""

    frames: list[int]
    keys: list[int]
    last: int  # how long the last frame is shown, in the same ticks; 0 where unknown
    stored: list[int] | None = None  # decoding timestamps of all frames, where the lists are derived from them
    in_order: bool = False  # whether the timestamps say that frames are shown in the order in which they are stored
    made_up: bool = False  # whether frames may be shown in another order than their timestamps say
    packets: list[Packet[VideoStream]] | None = None  # all of them in the order of storage, where they are few bytes


def index_by_packets(
    container: InputContainer, stream: VideoStream, shown_from: Callable[[list[int]], Collection[int]]
) -> Index:
    """The index that the packets give, each of which is read once. Raises InDoubt.

    `shown_from(keys)` gives the timestamps of the frames that decoding from the first of `keys` really shows.
    """
    hides = stream.codec_context.codec.canonical_name == "vp8"
    packets: list[tuple[int | None, bool, bool, int, int | None]] = []
    held: list[Packet[VideoStream]] = []
    room = HELD_BYTES
    try:
        for packet in packets_of(container, stream):
            room -= packet.size
            if room >= 0:
                held.append(packet)
            hidden = packet.is_discard or (hides and not memoryview(packet)[0] & SHOWN)
            packets.append((packet.pts, packet.is_keyframe, hidden, packet.duration or 0, packet.dts))
            if packet.is_corrupt and container.format.name == "mpegts":
                raise InDoubt  # the next picture may be hit, too
    except FFmpegError as error:
        raise InDoubt from error
    shown = [packet for packet in packets if not packet[2]]
    live = {packet[0]: packet[3] for packet in shown if packet[0] is not None}
    # Times that are missing or repeated, or a beginning that was cut off.
    if not live or len(live) < len(shown) or not packets[0][1]:
        raise InDoubt
    clock = [packet[4] for packet in packets if packet[4] is not None]
    if clock != sorted(clock):  # time starts again: see `joined`
        raise InDoubt
    # Pictures may be shown in another order than they are stored in although all times rise in the order of storage:
    # AVI and old matroska store no other times, and FFmpeg made these up. (A transport stream's times are its own: it
    # just has no such pictures.)
    delays = {pts - dts for pts, _, _, _, dts in packets if pts is not None and dts is not None}
    in_order = len(delays) == 1 < len(packets) and container.format.name != "mpegts"
    made_up = in_order and bool(stream.codec_context.has_b_frames)
    keys = sorted({packet[0] for packet in packets if packet[1] and packet[0] is not None})
    frames = sorted(live)
    if not keys:
        raise InDoubt
    if frames[0] < keys[0]:
        if frames[min(MOST_REORDERED, len(frames) - 1)] < keys[0]:
            raise InDoubt
        # Frames shown before the first keyframe of a cut stream may need what was cut off.
        there = shown_from(keys)
        frames = [pts for pts in frames if pts >= keys[0] or pts in there]
    few = held if room >= 0 else None
    return Index(frames, keys, live[frames[-1]], in_order=in_order, made_up=made_up, packets=few)


def index_as_stored(container: InputContainer, stream: VideoStream) -> Index | None:
    """The index that a plain mp4 or mov file stores, for which no packet is read; None for all others.

    It gives the order of storage and the decoding timestamps. Frames are usually shown at these same timestamps, a
    fixed number of frames later; and where no picture stored after a keyframe is shown before it, a keyframe that is
    the k-th frame stored is also the k-th shown. `Positions` proves both for the frames that are wanted.
    """
    entries = list(stream.index_entries) if is_mp4(container) else []
    stamps = [entry.timestamp for entry in entries]
    plain = all(entry.size > 0 and not entry.is_discard for entry in entries)
    gaps = {later - earlier for earlier, later in pairwise(stamps)}
    if not plain or not gaps or min(gaps) <= 0 or len(entries) != stream.frames or stream.start_time is None:
        return None
    delay = bisect_left(stamps, stream.start_time, hi=len(stamps) - 1)
    keys = [position for position, entry in enumerate(entries) if entry.is_keyframe]
    all_keys = len(keys) == len(entries) and delay  # no frame needs another one, and yet they are reordered
    if stamps[delay] != stream.start_time or not keys or keys[0] != 0 or all_keys or (delay and len(gaps) > 1):
        return None
    gap = stamps[-1] - stamps[-2]
    frames = stamps[delay:] + [stamps[-1] + gap * (position + 1) for position in range(delay)]
    return Index(frames, [frames[position] for position in keys], gap, stored=stamps, in_order=not delay)


@dataclass(slots=True)
class Positions:
    """Proves, from the packets that follow one keyframe, that a stored index gives frames their right positions.

    Everything stored before a keyframe is shown before it; so if nothing stored after it is, it is shown at the
    position at which it is stored. From there on frames are counted by their timestamps; the count is final as soon
    as the decoding timestamps, which never exceed them, have passed it.
    """

    index: Index
    start: int
    last: int
    seen: list[int] = field(default_factory=list)
    proven: bool = False

    def see(self, packet: Packet[VideoStream] | None) -> None:
        """Take the next packet, None at the end of the file. Raises InDoubt where the index was wrong."""
        if self.proven:
            return
        stored, first = self.index.stored or [], bisect_left(self.index.frames, self.start)
        if packet is not None:
            position = first + len(self.seen)
            if position >= len(stored) or packet.dts != stored[position] or packet.pts is None:
                raise InDoubt
            if packet.pts < max(self.start, packet.dts):
                raise InDoubt
            self.seen.append(packet.pts)
        if packet is None or stored[first + len(self.seen) - 1] > self.last:
            upto = bisect_left(self.index.frames, self.last) + 1
            if sorted(pts for pts in self.seen if pts <= self.last) != self.index.frames[first:upto]:
                raise InDoubt
            self.proven = True
