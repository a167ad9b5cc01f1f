"""Knows how time goes on where a file's timestamps start again, as in joined recordings; knows no picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from av.audio.stream import AudioStream
from av.packet import Packet
from av.video.stream import VideoStream

# A step back by more than this, in seconds, is a new start; a smaller one is only untidy, unless it leads to where the
# part began.
BACK = 0.5


@dataclass(slots=True)
class Timeline:
    """Counts on where the time of the packets, taken in the order of storage, starts again (`restarts` times).

    Files joined byte by byte start again with each part; so does a clock of 33 bits after 26.5 hours. `shifts`: by how
    many seconds the packets of each part are moved.
    """

    shifts: list[Fraction] = field(default_factory=lambda: [Fraction(0)])
    # In ticks. Decoding timestamps tell a new start, because pictures may be stored in another order than they are
    # shown in: the first and the latest of this part, as they are stored. The rest counts when pictures are shown.
    _first: int | None = None
    _last: int | None = None
    _end: int | None = None  # where the latest picture of all parts is, as counted on
    _gap: int = 1
    _shift: int = 0

    @property
    def restarts(self) -> int:
        return len(self.shifts) - 1

    def take(self, packet: Packet[VideoStream] | Packet[AudioStream]) -> bool:
        """Move the packet to where it belongs. Whether the time starts again with it."""
        again = self._starts_again(packet)
        time = packet.dts if packet.pts is None else packet.pts
        if again and time is not None:
            self._shift = (self._end or 0) + self._gap - time
            self.shifts.append(self._shift * packet.time_base)
            self._first = self._last = packet.dts
        if self._shift:
            packet.pts = None if packet.pts is None else packet.pts + self._shift
            packet.dts = None if packet.dts is None else packet.dts + self._shift
        if time is not None:
            moved = time + self._shift
            self._end = moved if self._end is None else max(self._end, moved)
        return again

    def _starts_again(self, packet: Packet[VideoStream] | Packet[AudioStream]) -> bool:
        time, last = packet.dts, self._last
        if time is None:  # as in matroska, at the beginning of a part
            time = packet.pts if packet.is_keyframe else None
            return time is not None and last is not None and (last - time) * packet.time_base > BACK
        if last is None or self._first is None:
            self._first = self._last = time
        elif time < last:
            return (last - time) * packet.time_base > BACK or time <= self._first
        elif time > last:
            self._gap, self._last = time - last, time
        return False
