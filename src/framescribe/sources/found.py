"""Knows a video's name and location before its id is settled, and which endings mean video; lists nothing."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from framescribe.registry import nearest

Say = Callable[[str], None]

# What FFmpeg reads as video without further options. Left out: playlists, frames without a header, what is
# mostly sound (.ogg, .mod) or a still (.webp, .avif), and GoPro's .lrv, a small copy of the video beside it.
_ENDINGS = """
.mp4 .m4v .mov .qt .mkv .mk3d .webm .avi .divx .wmv .asf .wm .flv .f4v .swf .mpg .mpeg .mpe .mpv .mpv2
.m1v .m2v .m2p .mp2v .vob .evo .vro .tod .ts .m2ts .m2t .mts .mpegts .trp .tp .3gp .3gpp .3g2 .3gp2 .ogv
.ogm .ogx .rm .rmvb .rv .mxf .gxf .dv .dif .dvr-ms .wtv .gif .apng .mjpeg .mjpg .mj2 .y4m .ivf .av1 .obu
.h261 .h263 .h264 .264 .avc .h26l .h265 .265 .hevc .h266 .266 .vvc .evc .apv .avs2 .avs3 .vc1 .vc2 .drc
.nut .nuv .nsv .mqv .ismv .insv .360 .amv .mtv .pva .ty .bik .smk .usm .moflex .roq .rpl .fli .flc .cine
.r3d .dav .dhav .viv .mvi .xmv .mp4v .mpeg4 .cdg .anm .mve .kux .lvf
"""
VIDEO_ENDINGS = frozenset(_ENDINGS.split())
LOOKED_FOR = f".mp4, .mkv, .mov, .webm, .avi, … {len(VIDEO_ENDINGS)} endings"

_NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")
MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A video before its id is settled."""

    id: str
    path: str
    # Where the path leads once links are followed: files that lead to the same place are captioned once.
    real: str
    size: int | None
    # The folder that the id is relative to: if there are several, the names in which they differ become part of it.
    folder: str
    # What the file's store says about its version: a modification time in nanoseconds, an ETag.
    stamp: int | str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # Why there is nothing to open, if that is known already.
    fault: str | None = None
    # "row 3 of list.csv" if the id is the user's own and must not be changed.
    named_by: str | None = None


def numbered(source: str) -> list[str]:
    """ "a-{000..002}.tar" as its three names, as a shell expands it outside quotes; anything else unchanged."""
    found = None if os.path.lexists(source) else _NUMBERS.search(source)
    if found is None:
        return [source]
    first, last = found.groups()
    width = len(first) if first.startswith("0") else 0
    step = 1 if int(first) <= int(last) else -1
    numbers = range(int(first), int(last) + step, step)
    names = (f"{source[: found.start()]}{number:0{width}}{source[found.end() :]}" for number in numbers)
    return [one for name in names for one in numbered(name)]


def absolute(path: str, base: str = "") -> str:
    joined = os.path.join(os.getcwd(), base, path)
    plain = os.path.normpath(joined)
    # "link/.." is the parent of the link's target, not the folder that holds the link.
    if ".." in joined.split(os.sep) and os.path.realpath(plain) != os.path.realpath(joined):
        return joined
    return plain


def look_up(path: str, real_folders: dict[str, str]) -> tuple[str, int | None, int | None]:
    """Where a path really leads, and the size and stamp of the file there; `real_folders` caches lookups."""
    folder, name = os.path.split(path)
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder)
    real = os.path.join(real_folders[folder], name)
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            real, status = os.path.realpath(path), os.stat(path)
    except OSError:
        return real, None, None
    return (real, status.st_size, stamp_of(status)) if stat.S_ISREG(status.st_mode) else (real, None, None)


def stamp_of(status: os.stat_result) -> int:
    """Nanoseconds that change when the file does: when it is written, renamed or given another time, the inode's change
    time moves on (POSIX st_ctime; on Windows that is the file's creation, and says nothing)."""
    return status.st_mtime_ns if sys.platform == "win32" else max(status.st_mtime_ns, status.st_ctime_ns)


def not_there(path: str) -> str:
    """Says that `path` does not exist, which folder is missing, and what there has a similar name."""
    head = path.rstrip("/") or path
    folder, name = os.path.split(head)
    while os.path.dirname(folder) != folder and not os.path.isdir(folder):  # "", "/" and a drive are their own folders
        head = folder
        folder, name = os.path.split(head)
    siblings = os.listdir(folder or ".") if os.access(folder or ".", os.R_OK) else []
    if name in siblings:
        fault = "a broken link" if os.path.islink(head) else "not a folder"
        return f"{path} does not exist: {head} is {fault}"
    missing = "" if head == path.rstrip("/") else f": there is no folder {head}"
    return f"{path} does not exist{missing}{did_you_mean(name, siblings)}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """ " (did you mean …?)" if one of the names is close, else nothing."""
    near = nearest(name, names)
    return f" (did you mean {near!r}?)" if near is not None else ""
