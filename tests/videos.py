"""Knows how to make small video files whose frames carry their number as a bar code; knows nothing of framescribe.

Frame k of a film shows k in binary: `BITS` columns, white for 1, highest bit on the left. What a test expects can so
be written by hand and read back from pixels.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

BITS = 8
RED, GREEN, BLUE, WHITE = (230, 20, 20), (20, 200, 20), (20, 20, 230), (250, 250, 250)


def bars(number: int, width: int = 128, height: int = 64) -> np.ndarray:
    """RGB uint8 [height, width, 3] that shows `number`, 0 to 255."""
    columns = [255 * (number >> bit & 1) for bit in reversed(range(BITS))]
    row = np.array(columns, np.uint8)[np.arange(width) * BITS // width]
    return np.broadcast_to(row[None, :, None], (height, width, 3)).copy()


def number_in(pixels: np.ndarray) -> int:
    """The number that a picture of `bars` of any size shows; ValueError where a column is neither black nor white."""
    height, width = pixels.shape[:2]
    row = pixels[height // 4 : 3 * height // 4].mean(axis=(0, 2))
    columns = [float(row[int((bit + 0.5) * width / BITS)]) for bit in range(BITS)]
    if any(60 < column < 195 for column in columns):
        raise ValueError(f"no bar code: {columns}")
    return sum((column > 127) << bit for bit, column in enumerate(reversed(columns)))


def corners(width: int = 64, height: int = 32) -> np.ndarray:
    """RGB uint8: red top left, green top right, blue bottom left, white bottom right."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2], picture[: height // 2, width // 2 :] = RED, GREEN
    picture[height // 2 :, : width // 2], picture[height // 2 :, width // 2 :] = BLUE, WHITE
    return picture


def film(
    path: Path,
    *,
    frames: int = 40,
    codec: str = "libx264",
    container: str | None = None,
    gop: int = 250,
    ticks: Sequence[int] | None = None,
    size: tuple[int, int] = (128, 64),
    pictures: Sequence[np.ndarray] | None = None,
    matrix: Sequence[int] | None = None,
    turn: tuple[float, bool, bool] | None = None,
    aspect: Fraction | None = None,
    sound: bool = False,
    options: Mapping[str, str] | None = None,
    mux: Mapping[str, str] | None = None,
) -> Path:
    """`frames` numbered frames of `size` (width, height), 25 a second, with a keyframe every `gop` frames.

    `ticks`: the milliseconds at which the frames are shown (their number is `frames` then). `pictures`: RGB frames
    in place of numbers. `matrix` and `turn` (degrees against the clock, mirrored across, down) set the display
    matrix. `aspect`: width of a pixel over its height. `sound`: one second of silence from second 0 on.
    `options` go to the encoder (x264: three B-frames by default), `mux` to the file format.
    """
    pictures = pictures or [bars(number, *size) for number in range(len(ticks or range(frames)))]
    with av.open(str(path), "w", format=container, options=dict(mux or {})) as output:
        stream = output.add_stream(codec, rate=25, options={**_quality(codec), **(options or {})})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = {"gif": "rgb8", "mjpeg": "yuvj420p"}.get(codec, "yuv420p")
        if size[0] % 2 or size[1] % 2:
            stream.pix_fmt = "yuv444p"
        stream.codec_context.gop_size = gop
        if ticks:
            stream.codec_context.time_base = Fraction(1, 1000)
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if matrix:
            stream.set_display_matrix(matrix)
        if turn:
            stream.set_display_rotation(*turn)
        if sound:
            _silence(output, output.add_stream("aac", rate=16000, layout="mono"))
        for place, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = (ticks[place], Fraction(1, 1000)) if ticks else (place, Fraction(1, 25))
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def film_with_hidden_pictures(path: Path) -> Path:
    """A film of VP8 as `film` makes it, in which each sixth picture is stored once more before it and not shown, as
    encoders store those that others are made from (bit 4 of a picture's first byte: RFC 6386, section 9.1)."""
    shown = [number for number in range(40) for _ in range(1 + (number % 6 == 5))]
    encoded = film(path.with_suffix(".all.webm"), codec="libvpx", gop=16, pictures=[bars(n, 128, 64) for n in shown])
    with av.open(str(encoded)) as given, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(given.streams.video[0])
        packets = [packet for packet in given.demux(video=0) if packet.size]
        for place, packet in enumerate(packets):
            content = bytearray(bytes(packet))
            if shown[place + 1 : place + 2] == [shown[place]]:
                assert not packet.is_keyframe
                content[0] &= ~0x10
            made = av.Packet(bytes(content))
            made.pts = made.dts = 40 * shown[place]
            made.time_base, made.stream, made.is_keyframe = Fraction(1, 1000), stream, packet.is_keyframe
            output.mux(made)
    return path


def voice(path: Path) -> Path:
    """One second of silence, no picture."""
    with av.open(str(path), "w") as output:
        _silence(output, output.add_stream("mp3" if path.suffix == ".mp3" else "aac", rate=16000, layout="mono"))
    return path


def covered_voice(path: Path) -> Path:
    """An mp3 of one second of silence with a cover image of 40 x 40."""
    cover = path.with_suffix(".png")
    Image.new("RGB", (40, 40), RED).save(cover)
    body = b"\0image/png\0\3\0" + cover.read_bytes()
    image = b"APIC" + struct.pack(">I", len(body)) + b"\0\0" + body
    size = bytes(len(image) >> shift & 127 for shift in (21, 14, 7, 0))
    plain = voice(path).read_bytes()
    path.write_bytes(b"ID3\3\0\0" + size + image + plain[plain.index(b"\xff") :])
    return path


def cut(source: Path, path: Path, *, first: int, shift: int = 0) -> Path:
    """The packets of `source` from the `first` keyframe (0: the first) on, not decoded; `shift` frames at 25 a
    second before 0 are marked as not to be shown where the format can (mp4: an edit list)."""
    with av.open(str(source)) as given, av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as output:
        before = given.streams.video[0]
        after = output.add_stream_from_template(before)
        keys, zero = -1, None
        for packet in given.demux(before):
            if not packet.size:
                continue
            keys += packet.is_keyframe
            if keys < first:
                continue
            zero = packet.pts if zero is None else zero
            back = zero + int(Fraction(shift, 25) / before.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - back, packet.dts - back, after
            output.mux(packet)
    return path


def damaged(source: Path, path: Path, *, seed: int, start: float, end: float, times: int = 20) -> Path:
    """`source` with `times` bytes changed between the shares `start` and `end` of its length."""
    content = bytearray(source.read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(int(start * len(content)), int(end * len(content)), times):
        content[place] ^= int(random.integers(1, 256))
    path.write_bytes(content)
    return path


def _quality(codec: str) -> dict[str, str]:
    return {
        "libx264": {"bf": "3", "preset": "fast", "crf": "20"},
        "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:bframes=3:pools=1"},
        "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "10", "auto-alt-ref": "1"},
        "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    }.get(codec, {})


def _silence(output: av.container.OutputContainer, stream: av.AudioStream) -> None:
    for place in range(8):
        frame = av.AudioFrame(format="s16", layout="mono", samples=stream.rate // 8)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = stream.rate, place * (stream.rate // 8)
        output.mux(stream.encode(frame))
    output.mux(stream.encode(None))
