"""Knows texts beside videos: `a.mp4` with `a.txt`, as kohya's scripts and most trainers since then read them; knows no
trainer's settings.

kohya-ss/sd-scripts @48d368f (library/train_util.py, read_caption): `.caption` unless a configuration names another
ending; UTF-8; of several lines the first one, or, with `enable_wildcard`, any one of them. musubi-tuner, diffusion-pipe
and ai-toolkit read the whole text. One caption on one line means the same to all of these.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Format, Layout, Sample
from framescribe.formats.target import Target
from framescribe.sources.found import VIDEO_ENDINGS

VIDEOS = "videos"  # the folder below the data set's for trainers that stumble over other files beside the videos


# ---------------------------------------------------------------------------------- writing


def write_beside(samples: Iterable[Sample], target: Target, ending: str = ".txt") -> None:
    """A text beside each video; several captions become a line each."""
    for sample in samples:
        target.sidecar(sample.video, "\n".join(sample.captions), ending)


@dataclass(slots=True)
class Seen:
    """What a stream of samples showed, for the settings that are written after it: the frame rates (two at most) and
    the numbers of frames (up to 1,000) of its clips; None where these are not known."""

    rates: set[float | None] = field(default_factory=set)
    frames: set[int | None] = field(default_factory=set)

    def through(self, samples: Iterable[Sample], fps: float | None = None) -> Iterator[Sample]:
        """The samples unchanged. Frames are counted at `fps`, if given."""
        for sample in samples:
            info = sample.info
            if len(self.rates) < 2:
                self.rates.add(round(info.fps, 3) if info and info.fps else None)
            frames = info.frames if info else None
            if info and fps and info.fps:
                frames = int(info.frames * fps / info.fps)
            self.frames.add(frames if frames is None else min(frames, 1000))
            yield sample


def write_settings(target: Target, name: str, text: str) -> None:
    """A file of settings, which people are meant to change: one that they did change stays."""
    with target.file(name, settings=True) as file:
        file.write(text)


def quoted(text: str) -> str:
    """A string as TOML (1.0, "basic strings") and YAML 1.2 (double-quoted) both take it."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(one) or (one if one.isprintable() else _code(one)) for one in text) + '"'


def _code(character: str) -> str:
    if 0xD800 <= ord(character) < 0xE000:
        raise UserError(f"a folder's name is not UTF-8 ({character!r}), which no settings file can hold: rename it")
    return f"\\u{ord(character):04x}" if ord(character) < 0x10000 else f"\\U{ord(character):08x}"


# ---------------------------------------------------------------------------------- reading


def videos_in(
    folder: Path, endings: frozenset[str], *, flat: bool = False, links: bool = True, hidden: bool = False
) -> Iterator[str]:
    """The absolute paths of the videos in a folder, and below it unless it is `flat`, sorted folder by folder. Linked
    folders are entered if `links`, each once. Names that begin with a dot are left out unless `hidden`."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder")
    entered: set[str] = set()
    for at, folders, files in os.walk(os.path.abspath(folder), followlinks=links):
        if links and not flat:
            real = os.path.realpath(at)
            if real in entered:  # a link to a folder that holds it
                folders.clear()
                continue
            entered.add(real)
        folders[:] = [] if flat else sorted(name for name in folders if hidden or not name.startswith("."))
        for name in sorted(files):
            if os.path.splitext(name)[1].lower() in endings and (hidden or not name.startswith(".")):
                yield os.path.join(at, name)


def text_of(path: str) -> str | None:
    """A text file's content with `\\n` as line breaks; None if there is no such file. UserError if it is not UTF-8. A
    byte order mark, which the trainers would take for a part of the caption, is left out."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from None


def whole(text: str | None) -> tuple[str, ...]:
    """The whole text, without blanks at its ends, as one caption; none if nothing is left."""
    stripped = text.strip() if text else ""
    return (stripped,) if stripped else ()


def read_toml(path: Path) -> dict[str, Any]:
    """A trainer's settings. UserError if there are none, or if they are not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror})") from None


def placed(path: str, base: str) -> str:
    """A relative path in a trainer's file counts from where the trainer is started, which the file does not say: the
    working directory is tried first, then `base`, the file's own folder. Absolute."""
    here = os.path.abspath(path)
    return here if os.path.isabs(path) or os.path.exists(here) else os.path.normpath(os.path.join(base, path))


def read_beside(
    folder: Path,
    endings: frozenset[str] = VIDEO_ENDINGS,
    *,
    flat: bool = False,
    split: Callable[[str], tuple[str, ...]] = whole,
) -> Iterator[Sample]:
    """Each video, and what the text beside it holds, as `split` divides it; no caption where there is none."""
    for video in videos_in(folder, endings, flat=flat):
        text = text_of(os.path.splitext(video)[0] + ".txt")
        yield Sample(video=video, captions=split(text) if text else ())


def _read(folder: Path) -> Iterator[Sample]:
    """The whole text of `a.txt`, else of `a.caption`. Nothing that a person wrote is left out: more lines than kohya's
    scripts would use are kept."""
    for video in videos_in(folder, VIDEO_ENDINGS):
        stem = os.path.splitext(video)[0]
        text = text_of(stem + ".txt")
        yield Sample(video=video, captions=whole(text_of(stem + ".caption") if text is None else text))


def has_texts_beside(path: Path) -> bool:
    """Whether it is a folder in which, or below which, a video has a text beside it."""
    if not path.is_dir():
        return False
    stems = (os.path.splitext(video)[0] for video in videos_in(path, VIDEO_ENDINGS))
    return any(os.path.exists(stem + ".txt") or os.path.exists(stem + ".caption") for stem in stems)


FORMAT = Format(
    name="txt",
    title="texts beside videos",
    source="kohya-ss/sd-scripts @48d368f: library/train_util.py, docs/config_README-en.md",
    notes=(
        'One caption on one line. Kohya\'s scripts look for `.caption` unless `caption_extension = ".txt"` is set.',
    ),
    layouts=(
        Layout(
            name="folder",
            about="a.mp4 with a.txt, in folders as they are",
            write=write_beside,
            read=_read,
            recognises=has_texts_beside,
            videos="beside",
            stems=True,
            newlines=False,
        ),
    ),
    start=lambda folder, layout: "",
)
