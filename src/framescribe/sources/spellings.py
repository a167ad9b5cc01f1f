"""Knows in which other ways a path may be meant than it is written, and which files are packed; opens none."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import unquote, urlsplit

from framescribe.storage.tables import ending_of

_PACKED = frozenset(
    (".zip", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".zst", ".tzst", ".lz4", ".br", ".7z", ".rar")
)
_UNUSUAL = re.compile(r"[^!-~]|[\\~$\"']")  # what makes a path look as if it could be meant otherwise
_MARKS = (('"', '"'), ("'", "'"), ("\u201c", "\u201d"))


def can_be_a_name(path: str) -> bool:
    """Whether a file may be called so: no name holds a NUL, or a character that the file system cannot write."""
    if "\0" in path:
        return False
    try:
        os.fsencode(path)
    except UnicodeEncodeError:
        return False
    return True


def respelled(path: str) -> Iterator[str]:
    """The path without blanks at its ends, without quotes around it, with / for back slashes, with ~ and $NAME replaced
    as a shell does, with its letters composed (NFC) or decomposed (NFD); and all of these together."""
    if not _UNUSUAL.search(path):
        return
    plain = path.strip()
    seen = {path}
    for other in (plain, *(change(plain) for change in _CHANGES), *_together(plain)):
        if other and other not in seen:
            seen.add(other)
            yield other


def _together(path: str) -> Iterator[str]:
    for change in (_without_marks, _slashes, _expanded):
        path = change(path)
    yield path
    yield _composed(path)
    yield _decomposed(path)


def _without_marks(path: str) -> str:
    for first, last in _MARKS:
        if len(path) > 2 and path.startswith(first) and path.endswith(last):
            return path[1:-1]
    return path


def _slashes(path: str) -> str:
    return path.replace("\\", "/")


def _expanded(path: str) -> str:
    return os.path.expandvars(os.path.expanduser(path))


def _composed(path: str) -> str:
    return unicodedata.normalize("NFC", path)


def _decomposed(path: str) -> str:
    return unicodedata.normalize("NFD", path)


_CHANGES: tuple[Callable[[str], str], ...] = (
    _without_marks,
    _slashes,
    _expanded,
    _composed,
    _decomposed,
)


def local_of(address: str) -> str | None:
    """The path that a file:// address stands for (RFC 8089), None for every other; one that was not percent-encoded is
    taken as it is, if there is such a file."""
    address = address.strip()
    if address[:7].lower() != "file://":
        return None
    try:
        parts = urlsplit(address[7:] if address[7:8] == "/" else "//" + address[7:])
    except ValueError:
        return None
    if address[7:8] != "/" and parts.hostname not in ("localhost", "127.0.0.1"):
        return None
    plain = address[7:] if address[7:8] == "/" else address[7 + len(parts.netloc) :]
    for path in (plain, unquote(plain), unquote(plain.partition("?")[0].partition("#")[0])):
        if can_be_a_name(path) and os.path.exists(path):
            return path
    return unquote(plain)


def packed(path: str) -> str | None:
    """What to do with an archive or a compressed file, None for every other."""
    ending = ending_of(path.partition("?")[0] if "://" in path else path)
    if ending not in _PACKED:
        return None
    whole = os.path.splitext(path)[0].lower()
    if whole.endswith(".tar") or ending in (".tgz", ".tbz", ".tbz2", ".txz", ".tzst"):
        return "It is a compressed tar, in which no file can be reached without unpacking: make it a plain .tar."
    return "It is packed, and framescribe unpacks nothing: unpack it first, or make it a plain .tar of videos."
