"""Knows how light coded for HDR screens becomes a plain sRGB picture; knows no file and no codec.

Players do the same on ordinary screens. Without it HDR video looks grey and washed out to a model.
"""

from __future__ import annotations

import functools
from typing import Literal

import numpy as np

Transfer = Literal["pq", "hlg"]

WHITE = 203.0  # candela per square metre of a white sheet of paper in HDR, ITU-R BT.2408
PEAK = 1000.0  # of the screen that HLG is defined for, ITU-R BT.2100
KNEE = 0.6  # of white: darker light is kept as it is, brighter light is compressed to fit below white
TO_709 = np.array(  # from the primaries of BT.2020 to those of BT.709 and sRGB, ITU-R BT.2087
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)
LUMINANCE = np.array([0.2627, 0.6780, 0.0593], np.float32)  # of BT.2020


def to_srgb(coded: np.ndarray, transfer: Transfer, *, wide: bool = True) -> np.ndarray:
    """RGB uint8 [height, width, 3] of `coded`, RGB uint16 in full range, whose transfer function is `transfer`.

    With `wide` its primaries are those of BT.2020, as usual for HDR, otherwise those of BT.709.
    """
    light = _light(transfer)[coded]
    if transfer == "hlg":  # the screen's part: it shows bright pictures brighter still
        luminance = np.maximum(light @ LUMINANCE, 1e-6)[..., None]
        light *= (PEAK / WHITE) * luminance ** np.float32(0.2)
    if wide:
        light = light @ TO_709.T
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    compressed = np.where(brightest > KNEE, KNEE + (1 - KNEE) * -np.expm1((KNEE - brightest) / (1 - KNEE)), brightest)
    light *= compressed / brightest  # by one factor for all three, so that colours keep their hue
    shown: np.ndarray = _srgb()[(np.clip(light, 0, 1) * 65535 + 0.5).astype(np.uint16)]
    return shown


@functools.cache
def _light(transfer: Transfer) -> np.ndarray:
    """The light that each of the 65,536 code values stands for: PQ's in units of white, HLG's in the scene, 0 to 1."""
    code = np.linspace(0, 1, 65536)
    if transfer == "pq":  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        power = code ** (1 / m2)
        light = 10000 / WHITE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    else:  # ARIB STD-B67, ITU-R BT.2100
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)


@functools.cache
def _srgb() -> np.ndarray:
    """The sRGB value of light from 0 to 1 in 65,536 steps, IEC 61966-2-1."""
    light = np.linspace(0, 1, 65536)
    code = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(255 * code).astype(np.uint8)
