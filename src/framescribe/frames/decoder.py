"""Knows how to read the wanted frames of a video file, exactly, with PyAV; knows nothing of what they are for.

Which frames there are comes from an index, without decoding. Each wanted frame is then decoded from the last keyframe
before it. Where the file contradicts its index (missing or repeated times, a frame that never comes, an error),
everything is decoded from the start and counted instead.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import NoFrames, Unreadable, UserError
from framescribe.frames.choosing import Chosen, chosen_among, chosen_of_whole, end_of
from framescribe.frames.container import (
    LARGEST,
    decoded,
    explained,
    is_cut_off,
    is_still,
    open_video,
    pace,
    packets_of,
    said,
    tells_times,
    times_of,
)
from framescribe.frames.encode import Form
from framescribe.frames.files import CHANGED, Source, is_followed, look
from framescribe.frames.index import UNINDEXED, Index, InDoubt, Positions, index_as_stored, index_by_packets
from framescribe.frames.picture import Picture, picture_of
from framescribe.frames.sampling import Sampling
from framescribe.frames.segments import Choice, Division
from framescribe.frames.shots import ShotDetector, shot_detector
from framescribe.frames.watched import Show, Watch, watched
from framescribe.frames.whole import Notes, all_frames
from framescribe.records import Clip, Frame, VideoInfo

HELD_BYTES = 2**27  # of decoded frames that are kept, so that a short clip is decoded only once

Packets = Iterator["Packet[VideoStream] | None"]  # the last item, None, marks the end of the stream


def sample(
    path: str,
    sampling: Sampling,
    *,
    key: str,
    max_pixels: int | None,
    form: Form = "pixels",
    hashed: bool = False,
    division: Division | None = None,
    numbers: Sequence[int] = (),
    measures: Sequence[str] = (),
) -> Clip:
    """The frames of the video file at `path` that `sampling` asks for, and what the file says about itself.

    `path` names a file on this machine, a URL, of which only the parts that are needed are fetched, or a video in a
    tar (`records.in_tar`).
    `key` names the video for random sampling. `Frame.image` is RGB uint8 [height, width, 3] as a player shows it:
    turned and mirrored by the display matrix, and stretched where the pixels are not square, then shrunk, never
    enlarged, until width * height <= `max_pixels` (None: not shrunk). With `form` "jpeg" or "png" it is an
    EncodedImage of these pixels instead, made as soon as the frame is decoded: no more than one frame's pixels are in
    memory at a time. `Frame.index` counts in presentation order, `Frame.time` is in seconds from the start of the file,
    None where the file gives no times. HDR (PQ and HLG) is mapped to sRGB, transparency is dropped, and the two fields
    of an interlaced picture stay woven together.

    A file that is cut off, or damaged where a frame is wanted, is Unreadable; with `sampling.salvage` the frames are
    chosen from those that can be decoded, and `Clip.flags` says so: "video_cut_off", "video_damaged". Other flags:
    "video_time_restarts", where the file's time starts again, as in joined recordings (the parts' times are added up);
    "video_ends_before_times", where a wanted time lies after its end (its last frame is given);
    "video_is_a_picture", for a still picture; "video_followed_by_another", where another mp4 file was joined to it, of
    which no frame is read.

    With a `division`, `sampling` is of each segment, and the frames are those of the first chunk of segments
    (`segments.chunks`); with `numbers`, which rise, they are the frames of these indices instead.

    `Clip.fingerprint` is the quick one of the file's bytes (`files.fingerprint_of`). With `hashed`, `Clip.content` is
    the SHA-256 of the whole file, which is then read in full. With `measures`, which are names, `Clip.facts` is what
    they say of all its frames; it is then decoded from start to end, and its frames are the same as without. Where
    `sampling` needs to see all frames first, they are decoded once for that, and the chosen ones again; `Clip.replaced`
    says which were avoided.

    Raises Unreadable where the file is not a readable video, a wanted frame is damaged, or the file changes meanwhile;
    NoFrames where it contains no picture; UserError for a `max_pixels` below 1. May be called from several threads at
    once; a call runs on one.
    """
    if max_pixels is not None and max_pixels < 1:
        raise UserError(f"max_pixels must be at least 1, not {max_pixels}.")
    choice = Choice(sampling=sampling, key=key, division=division, numbers=tuple(numbers))
    watch, source = Watch(measures, choice.needs), look(path)
    try:
        with explained(source, "It cannot be decoded"):
            clip = _sample(source, choice, partial(picture_of, max_pixels=max_pixels, form=form), watch)
        flags = (*clip.flags, "video_followed_by_another") if is_followed(source) else clip.flags
        content = source.content() if hashed else None
        clip = replace(clip, flags=flags, content=content, facts=watch.facts() or None)
        return replace(clip, fingerprint=source.fingerprint())
    finally:
        source.close()


def _sample(source: Source, choice: Choice, show: Show, watch: Watch) -> Clip:
    shots = _seen_first(source, choice, watch) if choice.by_shots or choice.needs else None
    with open_video(source, quick=True) as (container, stream):
        cut_off = is_cut_off(source, container, stream)
        if cut_off and not choice.sampling.salvage:
            raise Unreadable(
                "It is cut off: its last frames are missing. "
                "With --salvage, frames are chosen from those that remain, if they can be decoded."
            )
        # Before frames are chosen in segments, it must be known of all frames whether they are damaged.
        if cut_off or (choice.sampling.salvage and choice.division is not None and not choice.numbers):
            clip = _by_counting(source, choice, show, watch)
            return replace(clip, flags=("video_cut_off", *clip.flags)) if cut_off else clip
        stored = index_as_stored(container, stream) if choice.by_number else None
        by_packets = stored is None and tells_times(container, stream)
        if stored or by_packets:
            with suppress(InDoubt):
                index = stored or packets_index(container, stream)
                return _by_index(source, container, stream, index, choice, show, shots, watch)
    if not by_packets and container.format.name not in UNINDEXED:
        with suppress(InDoubt), open_video(source) as (container, stream):
            index = packets_index(container, stream)
            return _by_index(source, container, stream, index, choice, show, shots, watch)
    return _by_counting(source, choice, show, watch)


# ---------------------------------------------------------------------------------- frames by an index


def _by_index(
    source: Source,
    container: InputContainer,
    stream: VideoStream,
    index: Index,
    choice: Choice,
    show: Show,
    shots: ShotDetector | None,
    watch: Watch,
) -> Clip:
    if shots is not None and shots.frames != len(index.frames):
        raise InDoubt
    if choice.needs and watch.stamps != list(index.frames):
        raise InDoubt
    times = times_of(container, stream, index.frames)
    by_keys = choice.sampling.method == "keyframes"
    keys = [bisect_left(index.frames, pts) for pts in index.keys] if by_keys else []
    made = chosen_among(choice, range(len(times)), times, end_of(stream, times, index.last), keys, shots, watch)
    targets = [index.frames[position] for position in made.frames]
    shown = watched(source, targets, index.frames, show, watch) if watch.waits else {}
    for start, wanted in {} if shown else _by_key(index.keys, targets).items():
        packets = _packets(container, stream, index.keys, start, index.packets)
        positions = Positions(index, start, max(wanted)) if index.stored else None
        position = bisect_left(index.frames, start)
        for pts, frame in _decoded(stream, packets, start, wanted, skip=not index.made_up, positions=positions):
            if index.made_up and pts >= start:
                if pts != index.frames[position]:
                    raise InDoubt
                position += 1
            if pts in wanted:
                shown[pts] = show(frame, stream)
        while positions and not positions.proven:
            positions.see(next(packets))
        # Once it has decoded a picture, the decoder knows whether they are reordered; if so, the times may be made up.
        if index.in_order and not index.made_up and stream.codec_context.has_b_frames:
            raise InDoubt
    if len(shown) < len(targets):
        raise InDoubt
    pictures = [shown[pts] for pts in targets]
    return _clip(container, stream, times, index.last, choice, made, pictures)


def packets_index(container: InputContainer, stream: VideoStream) -> Index:
    """The index that the packets give, with only those frames that decoding from the first keyframe on shows."""

    def shown(keys: list[int]) -> set[int]:
        first = keys[0]
        packets = _packets(container, stream, keys, first)
        return {pts for pts, _ in _decoded(stream, packets, first, {first}, skip=False)}

    return index_by_packets(container, stream, shown)


def _by_key(keys: list[int], targets: Sequence[int]) -> dict[int, set[int]]:
    groups: dict[int, set[int]] = {}
    for pts in targets:
        groups.setdefault(keys[max(0, bisect_right(keys, pts) - 1)], set()).add(pts)
    return groups


def _decoded(
    stream: VideoStream,
    packets: Packets,
    start: int,
    wanted: set[int],
    *,
    skip: bool,
    positions: Positions | None = None,
) -> Iterator[tuple[int, VideoFrame]]:
    """Timestamps and frames from the keyframe `start` on, in order; `skip` leaves out what no wanted frame needs."""
    codec, last = stream.codec_context, max(wanted)
    before: int | None = None
    for packet in packets:
        if positions is not None:
            positions.see(packet)
        # Pictures stored after the keyframe but shown before it need what was not read; no wanted frame needs them.
        leading = packet is not None and packet.pts is not None and packet.pts < start
        plain = not skip or packet is None or packet.is_keyframe or packet.pts in wanted
        codec.skip_frame = "DEFAULT" if plain else "NONREF"
        try:
            frames = decoded(stream, packet)
            if packet is not None and any(frame.pts is not None and frame.pts >= last for frame in frames):
                # A frame that a wanted one depends on may be shown after it: decode it too, to see whether it is whole.
                frames += decoded(stream, None)
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
    container: InputContainer,
    stream: VideoStream,
    keys: list[int],
    start: int,
    held: list[Packet[VideoStream]] | None = None,
) -> Packets:
    """The packets from the keyframe `start` on, then None for the end; `held` are all packets, where they are few."""
    if held is not None:
        stream.codec_context.flush_buffers()  # as a seek does
        first = next(place for place, packet in enumerate(held) if packet.is_keyframe and packet.pts == start)
        yield from held[first:]
        yield None
        return
    if container.format.name == "mpegts" and stream.time_base:
        # Seeks in a transport stream land a little late, so they aim at a second or more before.
        second = int(1 / stream.time_base)
        seeks = [start - second, start - 2 * second, start - 4 * second, keys[0] - 4 * second]
    else:
        number = keys.index(start)
        seeks = [keys[max(0, number - back)] for back in range(3)]
    for asked in seeks:
        try:
            container.seek(asked, stream=stream, backward=True)
        except FFmpegError:
            continue
        packets = packets_of(container, stream)
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


def _seen_first(source: Source, choice: Choice, watch: Watch) -> ShotDetector | None:
    """Every frame is seen by what must know them all before some are chosen."""
    with open_video(source) as (container, stream):
        detector = shot_detector(stream) if choice.by_shots else None
        for frame in all_frames(container, stream, Notes()):
            if detector is not None:
                detector.see(frame)
            watch.see(frame, container, stream)
    return detector


def _by_counting(source: Source, choice: Choice, show: Show, watch: Watch) -> Clip:
    """A decode from the start counts the frames; where they are too large to hold, another gives those wanted."""
    with open_video(source) as (container, stream):
        notes, detector = Notes(), shot_detector(stream) if choice.by_shots else None
        found: list[tuple[int | None, int, bool]] = []
        held: list[VideoFrame] = []
        room, waits = HELD_BYTES, watch.waits
        for frame in all_frames(container, stream, notes):
            found.append((frame.pts, frame.duration or 0, frame.key_frame))
            room -= sum(plane.buffer_size for plane in frame.planes)
            if room < 0:
                held.clear()
            else:
                held.append(frame)
            if detector is not None:
                detector.see(frame)
            if waits:
                watch.see(frame, container, stream)
        if not found:
            why = f": {said(notes.trouble[0])}" if notes.trouble else ""
            size = "" if stream.width else f"; its frame size is missing, broken or above {LARGEST} pixels"
            raise NoFrames(f"It opens, but not one of its frames can be decoded{why}{size}.")
        times = times_of(container, stream, [pts for pts, _, _ in found])
        keys = [position for position, (_, _, is_key) in enumerate(found) if is_key]
        damaged = notes.damaged()
        wrong = [position for position, (pts, _, _) in enumerate(found) if pts in damaged]
        made = chosen_of_whole(wrong, choice, times, end_of(stream, times, found[-1][1]), keys, detector, watch)
        flags: tuple[str, ...] = ("video_damaged",) if choice.sampling.salvage and wrong else ()
        flags += ("video_time_restarts",) if notes.timeline.restarts else ()
        if held:
            pictures = [show(held[position], stream) for position in made.frames]
            return _clip(container, stream, times, found[-1][1], choice, made, pictures, flags)
    with open_video(source) as (container, stream):
        pictures = []
        for position, frame in enumerate(all_frames(container, stream, Notes())):
            if position == made.frames[len(pictures)]:
                pictures.append(show(frame, stream))
            if len(pictures) == len(made.frames):
                return _clip(container, stream, times, found[-1][1], choice, made, pictures, flags)
    raise Unreadable(CHANGED)


def _clip(
    container: InputContainer,
    stream: VideoStream,
    times: Sequence[float | None],
    last: int,
    choice: Choice,
    made: Chosen,
    pictures: Sequence[Picture],
    flags: tuple[str, ...] = (),
) -> Clip:
    fps, duration = pace(stream, times, last)
    sampling = choice.sampling
    if sampling.method == "times" and duration and max(sampling.times) > round((times[0] or 0.0) + duration, 6):
        flags += ("video_ends_before_times",)
    if is_still(container):
        flags += ("video_is_a_picture",)
    _, width, height = pictures[0]
    info = VideoInfo(
        duration=duration,
        fps=fps,
        width=width,
        height=height,
        codec=stream.codec_context.codec.canonical_name,
        frames=len(times),
    )
    frames = (
        Frame(index=i, time=times[i], image=image) for i, (image, _, _) in zip(made.frames, pictures, strict=True)
    )
    return Clip(info=info, frames=tuple(frames), segments=made.segments, flags=flags, replaced=made.replaced)
