"""Knows how a decoded frame becomes the picture that a player shows; knows no file and no order of frames."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.sidedata.sidedata import SideDataContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorPrimaries, ColorTrc, Interpolation
from av.video.stream import VideoStream

from framescribe.frames.display import QUARTERS, Turn, fit, stretch, turn_of
from framescribe.frames.encode import Form, encode
from framescribe.frames.tone import Transfer, to_srgb
from framescribe.records import EncodedImage

# Scaled into planes of green, blue and red: into packed RGB swscale takes two to three times as long for the same
# pixels, or loses chroma and turns white into 253 (measured: benchmarks/scaling.py).
SCALE = Interpolation.BICUBIC | Interpolation.ACCURATE_RND

HDR: dict[int, Transfer] = {ColorTrc.SMPTE2084: "pq", ColorTrc.ARIB_STD_B67: "hlg"}

# The image as displayed, and the displayed width and height before it was shrunk.
Picture = tuple[np.ndarray | EncodedImage, int, int]


def picture_of(frame: VideoFrame, stream: VideoStream, max_pixels: int | None, form: Form) -> Picture:
    """What a player shows of `frame`, shrunk to `max_pixels` and in this form; `decoder.sample` says how."""
    turn = turn_of_frame(frame)
    width, height = stretch(frame.width, frame.height, pixel_aspect(stream))
    small = fit(width, height, max_pixels)
    transfer, wide = HDR.get(frame.color_trc), frame.color_primaries != ColorPrimaries.BT709
    packed, planes = ("rgb48le", "gbrp16le") if transfer else ("rgb24", "gbrp")
    if small != (frame.width, frame.height):
        frame = frame.reformat(width=small[0], height=small[1], format=planes, interpolation=SCALE, threads=1)
    rgb = frame.reformat(format=packed, threads=1).to_ndarray()
    if transfer:
        rgb = to_srgb(rgb, transfer, wide=wide)
    pixels = turn.of(rgb)
    image = pixels if form == "pixels" else encode(pixels, form)
    return (image, height, width) if turn.swap else (image, width, height)


def pixel_aspect(stream: VideoStream) -> Fraction | None:
    """A pixel's width over its height, known once a picture was decoded: the container's, or else the codec's."""
    return stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio


def turn_of_frame(frame: VideoFrame) -> Turn:
    try:
        # Not `frame.side_data`: in PyAV 18 it keeps the frame in memory until the garbage collector runs.
        matrix = SideDataContainer(frame).get(SideDataType.DISPLAYMATRIX)  # type: ignore[call-arg]
    except ValueError:  # PyAV 18 has no name for EXIF side data and then lists none at all; the angle is still given
        return QUARTERS[round(frame.rotation / 90) % 4]
    return Turn() if matrix is None else turn_of(np.frombuffer(bytes(matrix), np.int32).tolist())
