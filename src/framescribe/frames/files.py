"""Knows what a file that is no video is instead, from its name's entry and its bytes; decodes nothing."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from stat import S_ISDIR, S_ISREG
from typing import BinaryIO

from framescribe.errors import Unreadable


def look(path: str) -> None:
    """Raises Unreadable, in plain words, for what no decoder needs to see."""
    try:
        state = os.stat(path)
        if S_ISDIR(state.st_mode):
            raise Unreadable("It is a folder, not a file.")
        if not S_ISREG(state.st_mode):  # opening a pipe would wait for its other end
            raise Unreadable("It is no ordinary file.")
        if not state.st_size:
            raise Unreadable("The file is empty (0 bytes).")
        with open(path, "rb"):
            pass
    except FileNotFoundError as error:
        raise Unreadable("There is no such file.") from error
    except PermissionError as error:
        raise Unreadable("There is no permission to read the file.") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise Unreadable(f"The file cannot be read: {error}.") from error


def diagnosis(path: str) -> str | None:
    """Why the file at `path` cannot be opened as a video, as a sentence; None where its bytes do not tell."""
    with open(path, "rb") as file:
        head = file.read(4096)
        if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") and not _has_moov(file):
            return "The file is cut off: its index (moov atom) is missing, so nothing in it can be found."
    return "It is a text file, not a video." if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(head)  # incremental: the last character may be cut in two
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def _has_moov(file: BinaryIO) -> bool:
    """Whether the boxes at the top of an mp4 or mov file include its index, whole."""
    end, place = file.seek(0, os.SEEK_END), 0
    while place < end:
        file.seek(place)
        head = file.read(16)
        size = int.from_bytes(head[8:16] if head[:4] == b"\0\0\0\1" else head[:4], "big") or end - place
        if head[4:8] == b"moov":
            return place + size <= end
        if size < 8:
            return False
        place += size
    return False
