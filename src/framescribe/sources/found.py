"""Knows what a video is called and where it lies before its id is settled, and what ends like one; lists nothing."""

from __future__ import annotations

import difflib
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Say = Callable[[str], None]

# What FFmpeg reads as video without being told more. Left out: playlists, frames without a header, what is
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
    # Where the path leads once links are followed: what leads to the same place is captioned once.
    real: str
    size: int | None
    # The folder that the id is relative to: its names tell two equal ids apart.
    folder: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # "row 3 of list.csv" where the id is the user's own and must not be changed.
    named_by: str | None = None


def numbered(source: str) -> list[str]:
    """ "a-{000..002}.tar" as the three that it stands for, as a shell does outside quotes; anything else as it is."""
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
    # "link/.." is the parent of what the link leads to, which is not the folder that holds the link.
    if ".." in joined.split(os.sep) and os.path.realpath(plain) != os.path.realpath(joined):
        return joined
    return plain


def look_up(path: str, real_folders: dict[str, str]) -> tuple[str, int | None]:
    """Where a path really leads, and the size of the file there; `real_folders` keeps what was looked up."""
    folder, name = os.path.split(path)
    if folder not in real_folders:
        real_folders[folder] = os.path.realpath(folder)
    real = os.path.join(real_folders[folder], name)
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            real, status = os.path.realpath(path), os.stat(path)
    except OSError:
        return real, None
    return real, status.st_size if stat.S_ISREG(status.st_mode) else None


def not_there(path: str) -> str:
    """That `path` does not exist, from which folder on, and what beside it is spelled nearly so."""
    head = path.rstrip("/") or path
    folder, name = os.path.split(head)
    while folder not in ("", "/") and not os.path.isdir(folder):
        head = folder
        folder, name = os.path.split(head)
    siblings = os.listdir(folder or ".") if os.access(folder or ".", os.R_OK) else []
    if name in siblings:
        fault = "a link that leads nowhere" if os.path.islink(head) else "not a folder"
        return f"{path} does not exist: {head} is {fault}"
    missing = "" if head == path.rstrip("/") else f": there is no folder {head}"
    return f"{path} does not exist{missing}{did_you_mean(name, siblings)}"


def did_you_mean(name: str, names: Iterable[str]) -> str:
    by_lower = {other.lower(): other for other in names}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=1)
    return f" (did you mean {by_lower[close[0]]!r}?)" if close else ""
