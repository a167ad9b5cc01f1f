"""Data sets of clips in a folder, as the tests of formats make them: with names and words that trip loaders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from framescribe.formats.base import Format, Sample
from framescribe.formats.target import Target
from framescribe.records import VideoInfo

# Names that file systems and loaders take, and that break globs, splitting at dots, shells and settings files.
NASTY = {
    "plain.mp4": "A dog.",
    "a b.mp4": 'He says "no", it\'s 1,000 \\ back\\slash',
    "日本 é.mp4": "犬が走る 🐕 ñ",
    "x[1].mp4": "a\ttab",
    "dots.v1.2.mp4": " ".join(f"word{number}" for number in range(2000)),
    'it\'s "q".mp4': "# no comment: [x]",
    "UP.MP4": '{"json": ["x"]} ${x}',
    "100% {brace}.mkv": "ends with a comma,",
    "-dash.webm": "a \u2028 line separator, and a\x85next line",
    "_under_score_.mov": "null",
    "back\\slash.mp4": "- item",
}
LINES = "line one\nline two"


def info(frames: int, fps: float = 16.0) -> VideoInfo:
    return VideoInfo(duration=frames / fps, fps=fps, width=64, height=32, codec="h264", frames=frames)


def exported(
    format: Format,
    layout: str,
    folder: Path,
    clips: Mapping[str, str | tuple[str, ...]],
    infos: Mapping[str, VideoInfo] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Write clips (name: caption or captions) as a data set, and return what a trainer must find in it: paths and
    captions. The videos are links to files elsewhere, as those of an export are."""
    way = format.layout(layout)
    samples = []
    with Target(folder) as target:
        for name, captions in clips.items():
            source = folder.parent / "source" / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_bytes(b"video")
            place = f"{way.videos_in}/{name}" if way.videos_in else name
            target.video(place, str(source))
            samples.append(
                Sample(
                    video=str(target.path(place)),
                    captions=(captions,) if isinstance(captions, str) else captions,
                    id=name,
                    info=(infos or {}).get(name),
                )
            )
        assert [way.refuses(sample) for sample in samples] == [None] * len(samples)
        way.write(iter(samples), target)
    return {sample.video: sample.captions for sample in samples}


def files(folder: Path, **contents: str) -> Path:
    """A folder with files: `a_mp4="x"` is a.mp4; made as a person would."""
    for name, content in contents.items():
        stem, _, ending = name.rpartition("_")
        path = folder / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return folder


def found(format: Format, layout: str, path: Path) -> dict[str, tuple[str, ...]]:
    """What the format's reader finds: file names and captions."""
    return {Path(sample.video).name: sample.captions for sample in format.layout(layout).read(path)}
