"""Knows where one shot of a video ends and the next begins, by PySceneDetect's detectors; knows no file."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescribe.errors import MissingExtra

WIDTH = 256  # of the frames that are compared, in pixels: what PySceneDetect itself shrinks to by default
SHORTEST = 0.6  # seconds; a shorter shot is taken for a flash, as by PySceneDetect's command line


class ShotDetector:
    """Given every frame in order by `see`, `starts` has the index of each shot's first frame, of which the first is 0.

    The adaptive detector compares a frame's change of colour with that of its neighbours, so that a quick pan is no
    cut (https://www.scenedetect.com/docs/latest/api/detectors.html). Fades and dissolves are not found.
    """

    def __init__(self, fps: Fraction) -> None:
        try:
            from scenedetect import AdaptiveDetector, FrameTimecode
        except ImportError as error:
            raise MissingExtra("Sampling by scenes", "scenes") from error
        self._timecode = FrameTimecode
        self._detector: Any = AdaptiveDetector(min_scene_len=max(1, round(SHORTEST * fps)))
        self._fps, self._cuts, self.frames = fps, [0], 0

    def see(self, frame: VideoFrame) -> None:
        width, height = min(WIDTH, frame.width), max(1, round(frame.height * min(1, WIDTH / frame.width)))
        pixels = frame.reformat(width=width, height=height, format="bgr24", threads=1).to_ndarray()
        self._add(self._detector.process_frame(self._timecode(self.frames, self._fps), pixels))
        self.frames += 1

    def starts(self) -> list[int]:
        return sorted(set(self._cuts))

    def _add(self, cuts: list[Any]) -> None:
        self._cuts += [cut.frame_num for cut in cuts]


def shot_detector(stream: VideoStream) -> ShotDetector:
    return ShotDetector(stream.average_rate or stream.guessed_rate or Fraction(25))
