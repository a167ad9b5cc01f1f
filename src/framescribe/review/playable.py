"""Knows which files are videos by how they begin, and which of them browsers play; opens none."""

from __future__ import annotations

import os
from collections.abc import Sequence

MP4, WEBM = "video/mp4", "video/webm"
_PLAYED = {MP4: {"h264", "av1", "vp9"}, WEBM: {"vp8", "vp9", "av1"}}
_ENDINGS = {".mp4": MP4, ".m4v": MP4, ".mov": MP4, ".webm": WEBM}

# How videos begin: where, with what.
_SIGNS: tuple[tuple[str, int, Sequence[bytes]], ...] = (
    (MP4, 4, (b"ftyp", b"moov", b"mdat", b"wide")),
    ("video/x-msvideo", 8, (b"AVI ",)),
    ("video/x-flv", 0, (b"FLV\x01",)),
    ("video/mpeg", 0, (b"\0\0\x01\xba", b"\0\0\x01\xb3")),
    ("video/x-ms-asf", 0, (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",)),
    ("video/ogg", 0, (b"OggS\0",)),
    ("image/gif", 0, (b"GIF87a", b"GIF89a")),
)


def container_of(head: bytes) -> str | None:
    """The media type of a video file that begins with `head`, by its signature; None if it is no video."""
    for kind, at, signs in _SIGNS:
        if head[at:].startswith(tuple(signs)):
            return kind
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else "video/x-matroska" if b"matroska" in head[:64] else None
    for packet, first in ((188, 0), (192, 4)):
        places = head[first : first + 5 * packet : packet]
        if len(places) >= 3 and set(places) == {0x47}:
            return "video/mp2t"
    return None


def plays(path: str, codec: str | None) -> str:
    """How a browser can probably show the video at `path`: "direct", or by its "preview"; "none" without a codec."""
    return plays_as(_ENDINGS.get(os.path.splitext(path.partition("?")[0])[1].lower(), ""), codec)


def plays_as(kind: str, codec: str | None) -> str:
    """As `plays`, for a file of this media type."""
    if codec is None:
        return "none"
    return "direct" if codec in _PLAYED.get(kind, ()) else "preview"
