"""Knows how the frames of a video are shown to measures, small and as a player shows them; measures nothing itself."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, Interpolation
from av.video.stream import VideoStream

from framescribe.errors import NoFrames, Unreadable
from framescribe.frames.container import open_video, times_of
from framescribe.frames.display import Turn, stretch
from framescribe.frames.files import Source
from framescribe.frames.picture import HDR, Picture, pixel_aspect, turn_of_frame
from framescribe.frames.sampling import Looks
from framescribe.frames.tone import to_srgb
from framescribe.frames.whole import Notes, all_frames
from framescribe.measures.base import LONGER, Shown, Size
from framescribe.measures.camera import Camera
from framescribe.measures.watching import ERROR, Watcher, ordered

MEAN = Interpolation.AREA  # each small pixel is the mean of those that it stands for
WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)  # of red, green and blue in luma, ITU-R BT.709
Show = Callable[[VideoFrame, VideoStream], Picture]

PACE = Fraction(25)  # frames per second where the file says none


class Watch:
    """The measures of these names, and those that a choice of frames `needs` (`Choice.needs`), shown one video while it
    is decoded: `see` for every frame in order, then `facts`, and `looks`.

    Damaged frames are counted but not shown. A frame of another size than the first, as in joined recordings, is shown
    in the size of the first. UserError for an unknown name. Without names it sees nothing.
    """

    def __init__(self, names: Sequence[str], needs: Sequence[str] = ()) -> None:
        self._asked, self._names = ordered(names), (*names, *needs)
        self.stamps = list[int | None]()  # of the frames seen, damaged ones too
        self._times = array("d")
        self._time = 0.0
        self._watcher = Watcher(self._names)
        self._poor = None
        if "still" in needs:
            from framescribe.measures.poor import Poor  # OpenCV is there: the watcher has loaded a measure with it

            self._poor = Poor()
        self._needs = needs
        self._look: _Look | None = None

    @property
    def waits(self) -> bool:
        """Whether it has measures that have not seen the video."""
        return bool(self._names) and not self.stamps

    def see(self, frame: VideoFrame, container: InputContainer, stream: VideoStream) -> None:
        if not self._names:
            return
        index = len(self.stamps)
        self.stamps.append(frame.pts)
        if frame.is_corrupt:
            self._times.append(self._time)
            return
        rate = stream.average_rate or stream.guessed_rate
        (time,) = times_of(container, stream, [frame.pts])
        self._time = max(self._time, float(index / (rate or PACE)) if time is None else time)
        self._times.append(self._time)
        if self._look is None:
            self._look = _Look(frame, stream)
            fps = float(rate) if rate else None
            self._watcher.begin(Size(width=self._look.width, height=self._look.height, fps=fps))
        small = _Small(frame, index, self._time, self._look)
        self._watcher.see(small)
        if self._poor is not None:
            self._poor.see(small)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return self._watcher.facts()

    def facts(self) -> dict[str, Any]:
        """As `Watcher.facts`, of the measures that were asked for."""
        return {name: of for name, of in self._facts.items() if name in self._asked}

    def looks(self) -> Looks:
        """What was seen that decides which frames are chosen, after the last of them. Unreadable if it cannot be
        told."""
        if self._look is None:  # not one frame is whole
            return Looks(moved=[0.0] * len(self._times))
        for name in self._needs:
            if error := self._facts[name].get(ERROR):
                raise Unreadable(f"Which frames to choose cannot be told: the measure {name} failed ({error}).")
        camera = self._watcher.measure("camera") if "camera" in self._needs else None
        return Looks(
            poor=self._poor.found(self._facts["still"]) if self._poor is not None else {},
            moved=camera.moved(self._times) if isinstance(camera, Camera) else (),
        )


def watched(
    source: Source, wanted: Collection[int], stamps: Sequence[int], show: Show, watch: Watch
) -> dict[int, Picture]:
    """Decodes the file from start to end before the eyes of `watch`. Gives the pictures of the frames with the `wanted`
    timestamps; none if the file does not have exactly the frames with these `stamps`, or any of them is damaged."""
    shown: dict[int, Picture] = {}
    notes, wanted = Notes(), set(wanted)
    with suppress(FFmpegError, NoFrames, Unreadable), open_video(source) as (container, stream):
        for frame in all_frames(container, stream, notes):
            watch.see(frame, container, stream)
            if frame.pts in wanted:
                shown[frame.pts] = show(frame, stream)
        if watch.stamps == list(stamps) and not (notes.trouble or notes.damaged() or notes.timeline.restarts):
            return shown
    return {}


class _Look:
    """How a video's frames are shown, as its first one says: turned so, in this size, and in this small size."""

    def __init__(self, first: VideoFrame, stream: VideoStream) -> None:
        self.turn: Turn = turn_of_frame(first)
        self.stored = first.width, first.height
        self.shown = shown = stretch(first.width, first.height, pixel_aspect(stream))
        self.small = self.within(LONGER)
        self.width, self.height = shown[::-1] if self.turn.swap else shown

    def within(self, longer: int) -> tuple[int, int]:
        """The size with so many pixels or less on the longer side, before it is turned."""
        scale = min(1.0, longer / max(self.shown))
        return max(1, round(self.shown[0] * scale)), max(1, round(self.shown[1] * scale))


class _Small(Shown):
    """A frame of which is made what is asked for."""

    _frame: VideoFrame
    _look: _Look

    def __init__(self, frame: VideoFrame, index: int, time: float, look: _Look) -> None:
        vars(self).update(index=index, time=time, _frame=frame, _look=look)  # past the dataclass, which is frozen

    @cached_property
    def luma(self) -> np.ndarray:
        if self._frame.color_trc in HDR:
            return np.rint(self.colours @ WEIGHTS).astype(np.uint8)
        return self._look.turn.of(_scaled(self._frame, self._look.small, "gray").to_ndarray())

    def large(self, longer: int) -> np.ndarray:
        return self._look.turn.of(_scaled(self._frame, self._look.within(longer), "gray").to_ndarray())

    @cached_property
    def plane(self) -> np.ndarray:
        frame = self._frame
        if (frame.width, frame.height) != self._look.stored:
            frame = _scaled(frame, self._look.stored, frame.format.name)
        return _brightness(frame)

    @cached_property
    def colours(self) -> np.ndarray:
        transfer = HDR.get(self._frame.color_trc)
        planes, packed = ("gbrp16le", "rgb48le") if transfer else ("gbrp", "rgb24")
        rgb = _scaled(self._frame, self._look.small, planes).reformat(format=packed, threads=1).to_ndarray()
        if transfer:
            rgb = to_srgb(rgb, transfer, wide=self._frame.color_primaries != ColorPrimaries.BT709)
        return self._look.turn.of(rgb)


def _scaled(frame: VideoFrame, size: tuple[int, int], form: str) -> VideoFrame:
    return frame.reformat(width=size[0], height=size[1], format=form, interpolation=MEAN, threads=1)


def _brightness(frame: VideoFrame) -> np.ndarray:
    """The frame's own plane of brightness where it has one, else one that is made: see `Shown.plane`."""
    form, own = frame.format, frame.planes[0]
    bits = form.components[0].bits
    wide = 2 if bits > 8 else 1
    lies_alone = form.name.startswith(("yuv", "nv", "gray")) and 8 <= bits <= 16 and not form.is_big_endian
    if not lies_alone or own.line_size < wide * frame.width:
        return frame.reformat(format="gray", threads=1).to_ndarray()
    stored: Any = own  # a buffer, which its type does not say
    rows = np.frombuffer(stored, "<u2" if wide == 2 else np.uint8).reshape(-1, own.line_size // wide)
    plane: np.ndarray = rows[: frame.height, : frame.width]
    return plane if wide == 1 else (plane >> bits - 8).astype(np.uint8)
