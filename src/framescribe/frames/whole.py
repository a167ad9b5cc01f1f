"""Knows how a file is decoded from start to end, and which of its frames are damaged; chooses none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.frames.container import decoded, packets_of
from framescribe.frames.joined import Timeline

JOINT = 4  # packets: where two transport streams were joined, FFmpeg marks one of the last before it as corrupt


@dataclass(frozen=True, slots=True)
class Notes:
    """What a full decode met: packets in order (timestamp, is it a keyframe?), timestamps that are wrong, errors.

    Where the file's time starts again, timestamps count on: see `joined`.
    """

    packets: list[tuple[int | None, bool]] = field(default_factory=list)
    lost: set[int | None] = field(default_factory=set)  # the container says that bytes are missing
    wrong: set[int | None] = field(default_factory=set)
    trouble: list[FFmpegError] = field(default_factory=list)
    timeline: Timeline = field(default_factory=Timeline)

    def damaged(self) -> set[int | None]:
        """Timestamps of the frames that are wrong or may depend on one: those stored after it, to the next keyframe."""
        wrong = self.wrong | self.lost
        damaged, sound, leaders, key = set(wrong), False, False, None
        for pts, is_key in self.packets:
            if is_key:
                leaders, sound, key = sound, True, pts
            # Pictures shown before the keyframe but stored after it may need the group before and one another;
            # no other picture needs them.
            leading = key is not None and pts is not None and pts < key
            if pts in wrong:
                leaders, sound = leaders and not leading, sound and leading
            if not sound or (leading and not leaders):
                damaged.add(pts)
        return damaged | {None} if self.trouble else damaged


def all_frames(container: InputContainer, stream: VideoStream, notes: Notes) -> Iterator[VideoFrame]:
    """Every frame that can be decoded, in order."""
    gap = False
    for packet in _to_the_end(container, stream, notes):
        if packet is not None:
            if notes.timeline.take(packet) and packet.is_keyframe:
                # The parts of a joined transport stream do not count its packets on, though none is lost.
                notes.lost.difference_update(pts for pts, _ in notes.packets[-JOINT:])
                gap = False
            notes.packets.append((packet.pts, packet.is_keyframe))
            # What a transport stream lost may end the picture that FFmpeg marks, or begin the next.
            if packet.is_corrupt or gap:
                notes.lost.add(packet.pts)
            gap = packet.is_corrupt and container.format.name == "mpegts"
        try:
            frames = decoded(stream, packet)
        except FFmpegError as error:
            notes.trouble.append(error)
            notes.wrong.add(packet.pts if packet is not None else None)
            continue
        notes.wrong.update(frame.pts for frame in frames if frame.is_corrupt)
        yield from frames


def _to_the_end(container: InputContainer, stream: VideoStream, notes: Notes) -> Iterator[Packet[VideoStream] | None]:
    """Packets to the end or to the first position that cannot be read, then None."""
    try:
        yield from packets_of(container, stream)
    except FFmpegError as error:
        notes.trouble.append(error)
    yield None
