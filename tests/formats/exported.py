"""Samples whose words and names break lists, written in a layout after its own refusals, as an export does it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from framescribe.formats.base import Layout, Sample
from framescribe.formats.target import Target
from framescribe.records import VideoInfo
from framescribe.registry import load

INFO = VideoInfo(duration=5.0, fps=24.0, width=1280, height=720, codec="h264", frames=120)
CAPTIONS = (
    "A dog runs over a meadow.",
    "He says \"hello, world\", twice; and, 'so on'.",
    "Ein Hündchen läuft – 犬が走る 🐕‍🦺 e\u0301 \u202eflipped",
    "word " * 1999 + "end",
    "back\\slash \\n is no line break, \\u0041 no letter",
    '"""',
    "=SUM(A1:A2)",
    '[{"a": 1}, {"b": "]"}]',
    "a\ttab, a , comma, a | bar",
    "null and void",
    "12 dogs, 007",
    "#1 <b>&amp;</b> 50%",
)
BROKEN = ("two\nlines", "three\n\nparagraphs\n- and a list")
SEPARATED = tuple(f"before{character}after" for character in "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
NAMES = ("a", "two words", "dots.in.name", "猫-ü", "comma,name", "quote's", 'double"quoted', "#x", "50%20", "[x]", "-y")


class Exported(NamedTuple):
    """What was written, and why the rest was refused, by its caption."""

    samples: list[Sample]
    refused: dict[str, str]

    @property
    def pairs(self) -> list[tuple[str, tuple[str, ...]]]:
        return [(sample.video, sample.captions) for sample in self.samples]


def exported(layout: Layout, folder: Path, captions: Sequence[str], elsewhere: Path | None = None) -> Exported:
    """Write a sample for each caption; every second video lies in `elsewhere`, if that is given. The videos are there,
    but empty."""
    samples, refused = [], {}
    for number, caption in enumerate(captions):
        name = NAMES[number] if number < len(NAMES) else f"clip-{number}"
        if not layout.flat and number % 3 == 2:
            name = f"deep/er/{name}"
        root = elsewhere if elsewhere is not None and number % 2 else folder / layout.videos_in
        video = root / f"{name}.mp4"
        video.parent.mkdir(parents=True, exist_ok=True)
        video.touch()
        sample = Sample(video=str(video), captions=(caption,), id=name, info=INFO if number % 2 else None)
        if why := layout.refuses(sample):
            refused[caption] = why
        else:
            samples.append(sample)
    written(layout, folder, samples)
    return Exported(samples, refused)


def written(layout: Layout, folder: Path, samples: Iterable[Sample]) -> None:
    with Target(folder) as target:
        layout.write(iter(samples), target)


def found(layout: Layout, path: Path) -> list[tuple[str, tuple[str, ...]]]:
    """What the layout's reader finds: videos and captions."""
    return [(sample.video, sample.captions) for sample in layout.read(path)]


def recognised(path: Path) -> list[str]:
    """The layouts of the formats of lists that recognise a folder or file."""
    names = ("finetrainers", "diffusers", "videox-fun", "diffsynth-studio")
    formats = [load("formats", name) for name in names]
    return [f"{one.name} {layout.name}" for one in formats for layout in one.layouts if layout.recognises(path)]


def many(folder: Path, count: int) -> Iterator[Sample]:
    """Samples that are made only as they are taken, each with a caption of 2 kB."""
    for number in range(count):
        yield Sample(video=f"{folder}/videos/{number:07}.mp4", captions=(f"{number} " + "word " * 400 + "end",))
