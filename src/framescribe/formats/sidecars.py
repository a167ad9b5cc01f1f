"""Knows texts beside videos: `a.mp4` with `a.txt`, as kohya's scripts and most trainers since then read them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.target import Target
from framescribe.sources.found import VIDEO_ENDINGS


def write_beside(samples: Iterable[Sample], target: Target, ending: str = ".txt") -> None:
    """A text beside each video; several captions become a line each."""
    for sample in samples:
        target.sidecar(sample.video, "\n".join(sample.captions), ending)


def videos_in(folder: Path, endings: frozenset[str], *, flat: bool = False) -> Iterator[str]:
    """The absolute paths of the videos in a folder, and below it unless it is `flat`, sorted folder by folder. Names
    that begin with a dot are left out."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    for at, folders, files in os.walk(os.path.abspath(folder), followlinks=True):
        folders[:] = [] if flat else sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in endings and not name.startswith("."):
                yield os.path.join(at, name)


def read_beside(
    folder: Path,
    endings: frozenset[str] = VIDEO_ENDINGS,
    *,
    flat: bool = False,
    split: Callable[[str], tuple[str, ...]] = lambda text: (text.strip(),) if text.strip() else (),
) -> Iterator[Sample]:
    """Each video, and what the text beside it holds, as `split` divides it; no caption where there is none."""
    for video in videos_in(folder, endings, flat=flat):
        try:
            text = Path(os.path.splitext(video)[0] + ".txt").read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            text = ""
        except UnicodeDecodeError as error:
            raise UserError(
                f"{os.path.splitext(video)[0]}.txt is not UTF-8 ({error.reason}); save it as UTF-8"
            ) from None
        yield Sample(video=video, captions=split(text))


def has_texts_beside(path: Path) -> bool:
    """Whether it is a folder in which, or below which, a video has a text beside it."""
    if not path.is_dir():
        return False
    return any(os.path.exists(os.path.splitext(video)[0] + ".txt") for video in videos_in(path, VIDEO_ENDINGS))


FORMAT = Format(
    name="txt",
    title="texts beside videos",
    source="kohya-ss/sd-scripts: docs/train_README-en.md",
    layouts=(
        Layout(
            name="folder",
            about="a.mp4 with a.txt, in folders as they are",
            write=write_beside,
            read=read_beside,
            recognises=has_texts_beside,
            videos="beside",
            stems=True,
        ),
    ),
    start=lambda folder, layout: f"ls {folder}",
)
