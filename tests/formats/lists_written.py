"""Samples with captions and names that break lists, and how they are written for a test."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from framescribe.formats.base import Layout, Sample
from framescribe.formats.target import Target
from framescribe.records import VideoInfo

INFO = VideoInfo(duration=5.0, fps=24.0, width=1280, height=720, codec="h264", frames=120)
NASTY = {
    "plain.mp4": "A cat sleeps.",
    "two words.mp4": 'He said "hello, world"; it\'s late.',
    "dots.in.name.mp4": "Ünï — 猫が走る 🐈 عربى",
    "猫.mp4": "one line\nand another\r\nand a third",
    "comma,name.mp4": "a, b, c",
    "deep/er/clip.mp4": "word " * 1999 + "end",
    "quote'd.mp4": "\\n stays; {braces} [brackets] <b>tags</b> 50% %20 # no comment",
    "same.mp4": "one separator\u2028and next\x85and\ta tab",
}


def samples_in(folder: Path, captions: dict[str, str] = NASTY, *, flat: bool = False) -> list[Sample]:
    """A sample for each name; the files need not be there."""
    return [
        Sample(
            video=str(folder / (name.replace("/", "_") if flat else name)), captions=(text,), id=name[:-4], info=INFO
        )
        for name, text in captions.items()
    ]


def write(layout: Layout, folder: Path, samples: Sequence[Sample]) -> None:
    with Target(folder) as target:
        layout.write(iter(samples), target)


def found(layout: Layout, path: Path) -> list[tuple[str, tuple[str, ...]]]:
    return [(sample.video, sample.captions) for sample in layout.read(path)]


def meant(samples: Sequence[Sample]) -> list[tuple[str, tuple[str, ...]]]:
    return [(sample.video, sample.captions) for sample in samples]
