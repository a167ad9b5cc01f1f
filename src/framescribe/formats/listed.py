"""Knows how a list names videos: as seen from the data set's folder where they lie in it, else by their whole paths."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.target import Target
from framescribe.storage.lines import lone_bytes

_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[^}]*\})", re.ASCII)


def namer(target: Target) -> Callable[[str], str]:
    """What gives a video's name in a list: relative to the folder if it lies in it, else as it is."""
    root = str(target.folder).rstrip("/") + "/"
    start = len(root)
    return lambda video: video[start:] if video.startswith(root) else video


def opened(root: str, name: str) -> str:
    """The path that a loader opens for a name in a list: what is relative starts from `root`."""
    path = os.path.join(root, name)
    return str(Path(path)) if "/." in path or "//" in path else path


def holds_variable(sample: Sample) -> str | None:
    """Why `datasets` (utils/file_utils.py: it puts environment variables into paths) would look for this sample's video
    elsewhere, or None if it would not."""
    if "$" in sample.video and (found := _VARIABLE.search(sample.video)) is not None:
        return f"`datasets` puts the environment variable of that name in place of {found[0]} in its path: rename it"
    return None


def not_unicode(sample: Sample) -> str | None:
    """Why a text file in UTF-8 cannot hold this sample, or None if it can."""
    try:
        sample.video.encode()
    except UnicodeEncodeError:
        return "its path is not UTF-8: rename the file"
    return broken_text(sample)


def broken_text(sample: Sample) -> str | None:
    """Why tokenizers would stop at this sample's caption, or None if they would not."""
    try:
        for caption in sample.captions:
            caption.encode()
    except UnicodeEncodeError:
        return "its caption holds half of a surrogate pair, which is no text: correct it"
    return None


def utf8_lines(path: str | os.PathLike[str], newline: str | None = None) -> Iterator[str]:
    """The lines of a text, each with its end; `newline` as for `open`. UserError, with the line, if it is not UTF-8."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline=newline) as file:
            for number, line in enumerate(file, start=1):
                if not line.isascii() and lone_bytes(line):
                    raise UserError(f"{os.fspath(path)}, line {number}: this is not UTF-8; save the file as UTF-8")
                yield line
    except OSError as error:
        raise UserError(f"{os.fspath(path)} cannot be read: {error.strerror}") from None


def whole_folder(path: Path) -> Path:
    """The folder, as an absolute path. UserError if it is none."""
    if not path.is_dir():
        raise UserError(f"{path} is not a folder")
    return Path(os.path.abspath(path))
