"""Knows what HDR light must look like on a plain screen, from the standards' own figures; decodes one film of it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from framescribe.frames.decoder import sample
from framescribe.frames.sampling import Sampling
from framescribe.frames.tone import to_srgb

RED_709_IN_2020 = (0.6274, 0.0691, 0.0164)  # ITU-R BT.2087, table 1


def pq(nits: float) -> float:
    """The inverse EOTF of SMPTE ST 2084."""
    y = (nits / 10000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)


def shown(code: tuple[float, float, float], transfer: str) -> list[int]:
    pixel = np.array(code)[None, None] * 65535
    return to_srgb(np.round(pixel).astype(np.uint16), transfer)[0, 0].tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("nits", "value"),
    [
        (0, 0),
        (203 * 0.0452, 60),  # what sRGB 60 is in linear light
        (203 * 0.2159, 128),
        (203 * 0.5029, 188),  # so far light is kept as it is
        (100000 / 10, 255),
    ],
)
def test_grey_in_pq(nits: float, value: int) -> None:
    assert shown((pq(nits),) * 3, "pq") == pytest.approx([value] * 3, abs=1)


def test_brighter_light_is_pressed_together_below_white() -> None:
    values = [shown((pq(nits),) * 3, "pq")[0] for nits in (120, 203, 400, 800, 1600)]
    assert values == sorted(values)
    assert len(set(values[:4])) == 4
    assert 225 < values[1] < 245  # white paper
    assert values[-1] > 253


def test_grey_in_hlg() -> None:
    # 75 % is white paper on a screen of 1000 cd/m2 (ITU-R BT.2408), as 203 cd/m2 in PQ.
    assert shown((0.75,) * 3, "hlg") == pytest.approx(shown((pq(203),) * 3, "pq"), abs=2)
    assert shown((0, 0, 0), "hlg") == [0, 0, 0]


def test_colours_keep_their_hue() -> None:
    half = tuple(pq(203 * 0.5 * part) for part in RED_709_IN_2020)
    assert shown(half, "pq") == pytest.approx([188, 0, 0], abs=3)
    bright = shown(tuple(pq(203 * 3 * part) for part in RED_709_IN_2020), "pq")
    assert bright == pytest.approx([252, 0, 0], abs=6)


@pytest.mark.parametrize("max_pixels", [None, 1000])
def test_a_film_in_pq(tmp_path: Path, max_pixels: int | None) -> None:
    path, nits = tmp_path / "hdr.mkv", (203 * 0.0452, 203 * 0.2159, 203 * 0.5029, 203.0)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("ffv1", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 64, "yuv420p10le"
        codec = stream.codec_context
        codec.colorspace, codec.color_primaries = Colorspace.BT2020, ColorPrimaries.BT2020
        codec.color_trc, codec.color_range = ColorTrc.SMPTE2084, ColorRange.MPEG
        luma = np.repeat([round(64 + 876 * pq(level)) for level in nits], 32).astype(np.uint16)
        planes = [np.tile(luma, (64, 1)), *(np.full((32, 64), 512, np.uint16) for _ in range(2))]
        frame = av.VideoFrame(128, 64, "yuv420p10le")
        for plane, values in zip(frame.planes, planes, strict=True):
            padded = np.zeros((plane.height, plane.line_size // 2), np.uint16)
            padded[:, : values.shape[1]] = values
            plane.update(padded.tobytes())
        frame.pts, frame.time_base = 0, Fraction(1, 25)
        frame.color_trc, frame.colorspace = ColorTrc.SMPTE2084, Colorspace.BT2020
        frame.color_primaries, frame.color_range = ColorPrimaries.BT2020, ColorRange.MPEG
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    pixels = sample(str(path), Sampling(), key="", max_pixels=max_pixels).frames[0].image
    height, width = pixels.shape[:2]
    row = pixels[height // 2, [int(width * place / 8) for place in (1, 3, 5, 7)]].astype(int)
    assert row[:3].tolist() == pytest.approx(np.repeat([[60], [128], [188]], 3, axis=1), abs=3)
    assert all(225 < value < 245 for value in row[3])
