"""Knows captions and videos in two files whose lines belong together; not how a trainer divides or strips them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.listed import namer, utf8_lines
from framescribe.formats.target import Target

PROMPTS, VIDEOS = "prompts.txt", "videos.txt"


def write_lines(samples: Iterable[Sample], target: Target) -> None:
    """A line for each sample's caption in prompts.txt, and one for its video in videos.txt."""
    named = namer(target)
    with target.file(PROMPTS) as prompts, target.file(VIDEOS) as videos:
        for sample in samples:
            prompts.write(sample.captions[0] + "\n")
            videos.write(named(sample.video) + "\n")


def read_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """The lines of a text, each with "\\n" unless it is the last. As in Python's text mode CR LF and CR end lines too.
    UserError if it is not UTF-8, or begins with a byte order mark, which trainers take for part of the first line."""
    lines = utf8_lines(path)
    first = next(lines, None)
    if first is None:
        return
    if first.startswith("\ufeff"):
        raise UserError(
            f"{os.fspath(path)} begins with a byte order mark, which would become part of its first line; "
            "save it as UTF-8 without"
        )
    yield first
    yield from lines
