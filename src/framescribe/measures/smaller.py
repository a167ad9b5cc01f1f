"""Knows how a small picture is made smaller still, quickly."""

from __future__ import annotations

import cv2
import numpy as np


def smaller(picture: np.ndarray, longer: int) -> np.ndarray:
    """The picture halved until its longer side has fewer than 1.5 times `longer` pixels. Halves are many times quicker
    than any other ratio."""
    while max(picture.shape) >= 1.5 * longer:
        size = (max(1, picture.shape[1] // 2), max(1, picture.shape[0] // 2))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return picture
