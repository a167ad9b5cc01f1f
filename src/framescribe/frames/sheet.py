"""Knows how the sampled frames of a video are laid out on one image; knows no file and no model."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw

from framescribe.frames.encode import encode
from framescribe.records import Clip, EncodedImage

_WIDTH = 320
_LINE = 18
_LONGEST_SIDE = 16_384  # pixels of a sheet: JPEG takes 65,535, and what shows pictures often less


def contact_sheet(clip: Clip, form: Literal["jpeg", "png"]) -> EncodedImage:
    """The frames of `clip` (as pixels) in rows, each 320 pixels wide (narrower, if they are very many or very tall),
    under a line with its index and time."""
    columns = math.ceil(math.sqrt(len(clip.frames)))
    rows = math.ceil(len(clip.frames) / columns)
    shape = clip.info.height / clip.info.width
    wide = max(1, min(_WIDTH, _LONGEST_SIDE // columns, int((_LONGEST_SIDE // rows - _LINE) / shape)))
    height = max(1, min(round(wide * shape), _LONGEST_SIDE // rows - _LINE))
    sheet = Image.new("RGB", (columns * wide, rows * (height + _LINE)), "white")
    brush = ImageDraw.Draw(sheet)
    for position, frame in enumerate(clip.frames):
        assert isinstance(frame.image, np.ndarray)
        left, top = position % columns * wide, position // columns * (height + _LINE)
        at = "" if frame.time is None else f"  {frame.time:.3f} s"
        brush.text((left + 4, top + 3), f"frame {frame.index}{at}", fill="black")
        sheet.paste(Image.fromarray(frame.image).resize((wide, height), Image.Resampling.LANCZOS), (left, top + _LINE))
    return encode(np.asarray(sheet), form)
