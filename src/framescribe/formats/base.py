"""Knows what a format is: what a trainer takes, how its files are written, and how they are read; knows no trainer.

A `Format` is what one trainer reads, a `Layout` one of the ways in which it may lie on a disk. `write` and `read` know
nothing of each other: `read` does what the trainer's own loader does, its traps included.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from framescribe.errors import UserError
from framescribe.formats.target import Target
from framescribe.records import VideoInfo
from framescribe.registry import suggest


class Sample(msgspec.Struct, frozen=True, kw_only=True):  # made twice a row, a tenth as long as a frozen dataclass
    """One clip as it is given to a trainer, or as a trainer's loader finds it.

    `video` is where the loader opens it: an absolute path or a URL (in a tar: the tar's path, "/", and the member's
    name). `captions` has one text or, where the layout takes several, more; when read it is empty if the loader finds
    none. `id` is the row's, when written. `info`: the file's facts, if known. `columns`: when written the user's own
    columns, when read what else the record says about the clip.
    """

    video: str
    captions: tuple[str, ...]
    id: str = ""
    info: VideoInfo | None = None
    columns: Mapping[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameRule:
    """The numbers of frames that a trainer uses fully: those that leave `remainder` when divided by `step`, at least
    `least`, counted at `fps` if it resamples, of clips that last at most `seconds`. Of other clips it leaves some or
    all out, as `then` says in a few words."""

    step: int = 1
    remainder: int = 0
    least: int = 1
    fps: float | None = None
    seconds: float | None = None
    then: str = ""

    def fits(self, info: VideoInfo) -> bool:
        """Whether it uses every frame of such a clip."""
        if self.seconds is not None and info.duration and info.duration > self.seconds:
            return False
        frames = info.frames
        if self.fps is not None and info.duration:
            frames = round(info.duration * self.fps)
        return frames >= self.least and frames % self.step == self.remainder


def _nothing(sample: Sample) -> str | None:
    return None


def _as_written(sample: Sample) -> tuple[str, ...]:
    return sample.captions


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One way in which a trainer's data lies on a disk.

    name, about     as on the command line, and a line that says what lies where
    write           writes the samples through the target, one at a time, in memory that does not grow with their number
    read            the samples of a folder or file, as the trainer's loader finds them. Also of one that framescribe
                    did not write. UserError where the loader would stop. One at a time for lists
    recognises      whether a folder or file is certainly, or most probably, of this layout: no other reads it better
    videos          "beside": the loader searches a folder, and the caption belongs to the file beside it; "listed": a
                    list names each file, wherever it lies; "within": a list names each, and all lie in the folder;
                    "packed": the videos' bytes, read by `formats.packed.Videos`, go into the files that are written
    videos_in       the folder below the data set's in which the videos must lie ("videos"); "" for the data set's own
    flat            the loader does not look into folders below that one
    stems           two videos that differ in their endings alone would share a caption
    endings         those of the videos that the loader takes, in lower case; None: any
    ending_case     whether it takes them in lower case only
    several         what several captions of a clip become ("one line each"); None: it takes one
    newlines        whether a caption may hold line breaks
    urls            whether a list may name files at URLs
    dots            whether a video's name may hold dots before its ending
    facts           whether its files hold a video's size, frames and frames per second
    refuses         why the trainer would stumble over a sample, in words for the user; None: it would not
    composes        what becomes of a clip's structure (the value that `--strategy structured` makes) and its caption,
                    where it is exported: the JSON that the trainer's own tools make; None: it stays as it is
    variant         the texts that are exported if the user names none: a stage, say; "": the caption
    read_as         the captions that `read` must find for a sample, where the format adds to them
    """

    name: str
    about: str
    write: Callable[[Iterable[Sample], Target], None]
    read: Callable[[Path], Iterator[Sample]]
    recognises: Callable[[Path], bool]
    videos: Literal["beside", "listed", "within", "packed"]
    videos_in: str = ""
    flat: bool = False
    stems: bool = False
    endings: frozenset[str] | None = None
    ending_case: bool = False
    several: str | None = None
    newlines: bool = True
    urls: bool = False
    dots: bool = True
    facts: bool = False
    refuses: Callable[[Sample], str | None] = _nothing
    composes: Callable[[Mapping[str, Any], str | None], Mapping[str, Any]] | None = None
    variant: str = ""
    read_as: Callable[[Sample], tuple[str, ...]] = _as_written


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What one trainer reads.

    name, title     as on the command line ("musubi-tuner"), and as its authors write it
    source          where that was read: repository and commit
    layouts         the first is the default
    start           the command that starts the training, or begins to, for the data set in that folder and layout; ""
                    where there is none
    frames          the numbers of frames that it uses fully; None: any
    tokens          how many tokens of a caption its text encoder reads, and which tokenizer counts them: "t5", "clip",
                    "umt5", or None where there is no such limit that matters
    notes           what else its users should know, a sentence or two each, in Markdown
    """

    name: str
    title: str
    source: str
    layouts: tuple[Layout, ...]
    start: Callable[[Path, str], str]
    frames: FrameRule | None = None
    tokens: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()

    def layout(self, name: str | None = None) -> Layout:
        """The layout of this name, by default the first. UserError if there is none."""
        if name is None:
            return self.layouts[0]
        for layout in self.layouts:
            if layout.name == name:
                return layout
        raise UserError(f"{self.name} has no layout {name!r}. {suggest(name, [one.name for one in self.layouts])}")
