"""Knows what several trainers' lists have in common: JSON lines, first records, `cap`, facts; knows no trainer."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.csv_rows import read_rows
from framescribe.formats.listed import broken_text, utf8_lines
from framescribe.formats.target import Target
from framescribe.storage.json_stream import read_objects

Found = tuple[int, dict[str, Any]]  # the line in which a record stands, and the record


def namer_in(target: Target, folder: str) -> Callable[[str], str]:
    """What gives a video's name in a list whose relative paths start in this folder of the data set."""
    root = f"{target.path(folder)}/"
    return lambda video: video[len(root) :] if video.startswith(root) else video


def list_in(path: Path, name: str) -> Path:
    """The list itself, where its folder is given instead. UserError if it is not there."""
    found = path / name if path.is_dir() else path
    if not found.is_file():
        raise UserError(f"there is no {found}")
    return found


def read_json_lines(path: Path) -> Iterator[Found]:
    """The objects of JSON lines, as `json.loads` takes each line. UserError, with the line, at the first that is none:
    also at an empty line, and at a byte order mark."""
    for number, line in enumerate(utf8_lines(path), 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            what = f"not JSON ({error})" if line.strip() else "empty, at which the trainer stops; remove it"
            raise UserError(f"{path}, line {number}: this is {what}") from None
        if not isinstance(record, dict):
            raise UserError(f"{path}, line {number}: this is not an object")
        yield number, record


def first_record(path: Path) -> dict[str, Any] | None:
    """The first record of a list, by its ending (.json, .jsonl, .csv); None if there is none, or it is no list."""
    if not path.is_file():
        return None
    try:
        if path.suffix == ".json":
            return next((value for _, value in read_objects(path)), None)
        if path.suffix == ".jsonl":
            return next((value for _, value in read_json_lines(path)), None)
        if path.suffix == ".csv":
            rows = (row for _, row in read_rows(path) if row)
            return dict(zip(next(rows, []), next(rows, []), strict=False)) or None
    except UserError:
        pass
    return None


def lacking_facts(sample: Sample) -> str | None:
    """Why a list that needs the video's size, frames and frames per second cannot hold a sample; None: it can."""
    info = sample.info
    if info is None or not info.fps or info.frames < 1 or info.width < 1 or info.height < 1:
        return "its size, frames or frames per second are not known, and the trainer needs them"
    return broken_text(sample)


def captions_of(texts: Any, where: str) -> tuple[str, ...]:
    """The captions in a `cap`, which holds one text or a list of them. UserError if it holds neither."""
    found = texts if isinstance(texts, list) else [] if texts is None else [texts]
    if not all(isinstance(text, str) for text in found):
        raise UserError(f"{where}: cap must be a text, or a list of texts")
    return tuple(text for text in found if text)


def root_of(video: str, *places: str) -> str:
    """Where relative paths start, told by one video: the first of these places in which it lies, else the first."""
    return next((place for place in places if os.path.isfile(os.path.join(place, video))), places[0])
