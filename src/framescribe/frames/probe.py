"""Knows the facts of a video file and what is odd about it; shows no frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from av.container import InputContainer
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from framescribe.addresses import without_keys
from framescribe.errors import NoFrames
from framescribe.frames.container import explained, is_cut_off, is_still, open_video, pace, real_videos, times_of
from framescribe.frames.decoder import packets_index
from framescribe.frames.display import Turn, stretch
from framescribe.frames.files import Source, is_followed, look
from framescribe.frames.index import InDoubt
from framescribe.frames.picture import turn_of_frame
from framescribe.frames.whole import Notes, all_frames

_HDR = {ColorTrc.SMPTE2084: "HDR (PQ)", ColorTrc.ARIB_STD_B67: "HDR (HLG)"}
_LONG_GAP = 250  # frames; x264's default distance between keyframes, beyond which a frame in the middle costs more


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A video file's facts. `size` is in bytes, `width` and `height` are in pixels as displayed, `frames` is how many a
    full decode shows, `duration` is in seconds, `rotation` is in degrees, clockwise.

    `odd` holds what a person should know, in words.
    """

    path: str
    size: int
    container: str
    codec: str
    pixel_format: str
    width: int
    height: int
    fps: float | None
    duration: float | None
    frames: int
    keyframes: int | None
    rotation: int
    mirrored: bool
    audio: bool
    odd: tuple[str, ...]


def probe(path: str) -> Probe:
    """The facts of the file at `path`. Its packets are read once, and one frame is decoded (all, if packets are wrong).

    Raises Unreadable and NoFrames as `decoder.sample` does.
    """
    source = look(path)
    try:
        with explained(source, "It cannot be read"):
            stamps, keyframes, last, restarts = _frames(source)
            with open_video(source) as (container, stream):
                first = next(all_frames(container, stream, Notes()), None)
                if first is None:
                    raise NoFrames("It opens, but not one of its frames can be decoded.")
                turn = turn_of_frame(first)
                width, height = stretch(first.width, first.height, stream.sample_aspect_ratio)
                times = times_of(container, stream, stamps)
                fps, duration = pace(stream, times, last)
                return Probe(
                    path=without_keys(path),
                    size=source.size,
                    container=container.format.name,
                    codec=stream.codec_context.codec.canonical_name,
                    pixel_format=first.format.name,
                    width=height if turn.swap else width,
                    height=width if turn.swap else height,
                    fps=fps,
                    duration=duration,
                    frames=len(stamps),
                    keyframes=keyframes,
                    rotation=_degrees(turn),
                    mirrored=turn.across != turn.down if not turn.swap else turn.across == turn.down,
                    audio=bool(container.streams.audio),
                    odd=(
                        *(["cut off: its last frames are missing"] if is_cut_off(source, container, stream) else []),
                        *(["another file follows in it, which is not read"] if is_followed(source) else []),
                        *(["a still picture, not a video"] if is_still(container) else []),
                        *_about_the_picture(first.interlaced_frame, container, stream),
                        *([f"its time starts again (times added up: {restarts})"] if restarts else []),
                        *_about_the_frames(stamps, keyframes, times, stream),
                    ),
                )
    finally:
        source.close()


def _frames(source: Source) -> tuple[Sequence[int | None], int | None, int, int]:
    """Each frame's timestamp, the number of keyframes (None where unknown), the last frame's duration in ticks, and how
    often the time starts again."""
    with suppress(InDoubt), open_video(source) as (container, stream):
        index = packets_index(container, stream)
        return index.frames, len(index.keys), index.last, 0
    with open_video(source) as (container, stream):
        notes = Notes()
        found = [(frame.pts, frame.duration or 0) for frame in all_frames(container, stream, notes)]
    if not found:
        raise NoFrames("It opens, but not one of its frames can be decoded.")
    return [pts for pts, _ in found], None, found[-1][1], notes.timeline.restarts


def _degrees(turn: Turn) -> int:
    if turn.swap:
        return 90 if turn.across else 270
    return 180 if turn.down else 0


def _about_the_picture(interlaced: bool, container: InputContainer, stream: VideoStream) -> Iterator[str]:
    codec = stream.codec_context
    with suppress(ValueError):
        if transfer := _HDR.get(ColorTrc(codec.color_trc)):
            yield transfer
    if codec.format is not None and codec.format.components[0].bits > 8:
        yield f"{codec.format.components[0].bits} bits per colour"
    if "alpha_mode" in stream.metadata or (codec.pix_fmt or "").startswith(("yuva", "rgba", "bgra", "argb", "abgr")):
        yield "transparency"
    if interlaced:
        yield "interlaced"
    if stream.sample_aspect_ratio not in (None, 0, 1):
        yield f"pixels {stream.sample_aspect_ratio.numerator}:{stream.sample_aspect_ratio.denominator}"
    if len(streams := real_videos(container)) > 1:
        yield f"{len(streams)} video streams, of which number {streams.index(stream) + 1} is read"


def _about_the_frames(
    stamps: Sequence[int | None], keyframes: int | None, times: Sequence[float | None], stream: VideoStream
) -> Iterator[str]:
    known = [time for time in times if time is not None]
    if stream.frames and stream.frames != len(stamps):
        yield f"the header says {stream.frames} frames"
    if keyframes is None:
        yield "no usable index: it is decoded from the start"
    elif len(stamps) / keyframes > _LONG_GAP:
        yield f"a keyframe every {len(stamps) / keyframes:.0f} frames"
    if len(known) < len(stamps):
        yield "frames without times"
    gaps = [later - earlier for earlier, later in pairwise(known)]
    if gaps and min(gaps) < 0:
        yield "times that go back"
    elif gaps and max(gaps) > 1.5 * min(gaps) + 0.002:
        usual = sorted(gaps)[len(gaps) // 2]
        yield f"variable frame rate (gaps of {min(gaps):.3f} to {max(gaps):.3f} s, mostly {usual:.3f})"
    if known and abs(known[0]) > 0.1:
        yield f"its first frame is shown at {known[0]:.2f} s"
