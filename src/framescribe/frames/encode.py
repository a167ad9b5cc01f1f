"""Knows how pixels become the bytes of an image file; knows no video and no server."""

from __future__ import annotations

import io
from typing import Literal

import numpy as np
import simplejpeg
from PIL import Image

from framescribe.records import EncodedImage

QUALITY = 90
Form = Literal["pixels", "jpeg", "png"]  # of a frame's image, as it is asked for


def encode(pixels: np.ndarray, form: Literal["jpeg", "png"], quality: int = QUALITY) -> EncodedImage:
    """RGB uint8 pixels [height, width, 3] as JPEG of this quality (4:4:4, so that coloured edges stay sharp) or PNG."""
    if form == "jpeg":
        data = simplejpeg.encode_jpeg(
            np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling="444"
        )
    else:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
        data = buffer.getvalue()
    return EncodedImage(data, form)


def base64_size(image: EncodedImage) -> int:
    """How long the picture's base64 is, whether or not it has been made."""
    return 4 * -(-len(image.data) // 3)


def size(image: np.ndarray | EncodedImage) -> tuple[int, int]:
    """Width and height in pixels; of an encoded picture only the header is read."""
    if isinstance(image, EncodedImage):
        with Image.open(io.BytesIO(image.data)) as opened:
            return opened.size
    return image.shape[1], image.shape[0]


def halved(image: np.ndarray | EncodedImage) -> np.ndarray | EncodedImage:
    """The picture with both sides halved (at least one pixel), in the form in which it came."""
    pixels = np.asarray(Image.open(io.BytesIO(image.data)).convert("RGB")) if isinstance(image, EncodedImage) else image
    height, width = (max(1, side // 2) for side in pixels.shape[:2])
    small = np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))
    return encode(small, image.format) if isinstance(image, EncodedImage) else small
