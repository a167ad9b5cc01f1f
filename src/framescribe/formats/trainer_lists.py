"""Knows how trainers' code reads lists of clips: a JSON list, JSON lines, and csv through pandas; knows no trainer.

What pandas makes of a csv was read in pandas 3.1 (`pandas/_libs/parsers.pyx`, STR_NA_VALUES) and tried with it.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from framescribe.errors import UserError
from framescribe.formats.base import Sample
from framescribe.formats.target import Target
from framescribe.plain_json import dumps

# A value that is exactly one of these, quoted or not, is a missing one to `pandas.read_csv`.
# fmt: off
MISSING = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
})
# fmt: on
_BEGINNING = 2**20  # characters of a list in which its first record ends
_NEEDED = "a list of objects"

Found = tuple[str, dict[str, Any]]  # where a record stands ("line 3"), and the record


# --- paths ---


def relative_to(target: Target, folder: str = "") -> Callable[[str], str]:
    """What gives a video's path as a list names it: seen from the data set's folder or one below it, if the video lies
    there, else whole."""
    beginning = str(target.path(folder) if folder else target.folder) + "/"
    if not folder:
        return lambda video: video[len(beginning) :] if video.startswith(beginning) else target.relative(video)
    return lambda video: video[len(beginning) :] if video.startswith(beginning) else video


def joined(folder: str, path: str) -> str:
    """What `os.path.join` and pathlib's `/` make of a folder and a path in a list: a whole path stands for itself."""
    return path if path.startswith("/") or os.path.isabs(path) else f"{folder}/{path}"


def list_in(path: Path, name: str) -> Path:
    """The list itself, where its folder is given instead. UserError if it is not there."""
    found = path / name if path.is_dir() else path
    if not found.is_file():
        raise UserError(f"there is no {found}")
    return found


# --- records ---


def lacking_facts(sample: Sample) -> str | None:
    """Why a list that needs the video's size, frames and frames per second cannot hold a sample; None: it can."""
    info = sample.info
    if info is None or not info.fps or info.frames < 1 or info.width < 1 or info.height < 1:
        return "its size, frames or frames per second are not known, and the trainer needs them"
    return None


def captions_of(texts: Any, where: str) -> tuple[str, ...]:
    """The captions in a `cap`, which holds one text or a list of them. UserError if it holds neither."""
    found = texts if isinstance(texts, list) else [] if texts is None else [texts]
    if not all(isinstance(text, str) for text in found):
        raise UserError(f"{where}: cap must be a text, or a list of texts")
    return tuple(text for text in found if text)


# --- JSON ---


def write_json_list(file: IO[str], objects: Iterable[Mapping[str, Any]]) -> None:
    """A JSON list, an object a line."""
    between = "[\n"
    for one in objects:
        file.write(between + dumps(one))
        between = ",\n"
    file.write("[]\n" if between == "[\n" else "\n]\n")


def read_json_list(path: Path) -> Iterator[Found]:
    """The objects of a JSON list. UserError if it is none."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except ValueError as error:  # also bytes that are not UTF-8, and a byte order mark
        raise UserError(f"{path} is not JSON: {error}") from None
    if not isinstance(data, list):
        raise UserError(f"{path} is not {_NEEDED}")
    for number, record in enumerate(data, 1):
        if not isinstance(record, dict):
            raise UserError(f"{path}, record {number} is not an object; it must hold {_NEEDED}")
        yield f"record {number}", record


def write_json_lines(file: IO[str], objects: Iterable[Mapping[str, Any]]) -> None:
    """An object a line."""
    file.writelines(dumps(one) + "\n" for one in objects)


def read_json_lines(path: Path) -> Iterator[Found]:
    """The objects of JSON lines, as `json.loads` takes each line. UserError at the first that is none: also at an
    empty line."""
    try:
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                try:
                    record = json.loads(line)
                except ValueError as error:
                    what = f"not JSON: {error}" if line.strip() else "empty, which the trainer does not take: remove it"
                    raise UserError(f"{path}, line {number} is {what}") from None
                if not isinstance(record, dict):
                    raise UserError(f"{path}, line {number} is not an object")
                yield f"line {number}", record
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from None


# --- csv ---


def write_csv(file: IO[str], columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    """A csv with a header; text in quotes, numbers bare."""
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)


def read_csv(path: Path, text: str) -> Iterator[Found]:
    """The rows of a csv as `pandas.read_csv` gives them: None for what it takes as missing. `text` is the column that
    must be text: UserError if pandas would make numbers of it. The values of other columns stay texts."""
    csv.field_size_limit(2**31 - 1)
    words = number = 0
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            names = next(reader, None)
            if not names:
                raise UserError(f"{path} is empty: its first line must name the columns")
            for row in reader:
                if not row or (len(row) == 1 and not row[0].strip()):
                    continue
                if len(row) > len(names):
                    raise UserError(
                        f"{path}, line {reader.line_num} has {len(row)} values for {len(names)} columns: put the "
                        "caption in quotes"
                    )
                values: list[str | None] = [None if value in MISSING else value for value in row]
                values += [None] * (len(names) - len(row))
                record: dict[str, Any] = dict(zip(names, values, strict=True))
                words = words or not _is_number(record.get(text))
                number += 1
                yield f"line {reader.line_num}", record
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from None
    except csv.Error as error:
        raise UserError(f"{path} is not a csv: {error}") from None
    if number and not words:
        raise UserError(f"{path}: every {text} is a number, and pandas would read none of them as text")


def csv_trouble(*texts: str) -> str | None:
    """Why a csv could not bring these texts to a trainer through pandas; None: it can."""
    for text in texts:
        if text in MISSING:
            return f"pandas reads the text {text!r} as a missing value"
        if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
            return "its path is not UTF-8, which a csv cannot hold"
    return None


def _is_number(text: str | None) -> bool:
    if text is None or text.lower() in ("true", "false"):
        return True
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


# --- what a list is ---


def first_record(path: Path) -> Mapping[str, Any] | None:
    """The first record of a list, by its ending; None if there is none, or it is no list. Reads no more than that."""
    try:
        with open(path, encoding="utf-8-sig", newline="" if path.suffix == ".csv" else None) as file:
            if path.suffix == ".csv":
                reader = csv.reader(file)
                names = next(reader, [])
                return dict(zip(names, next(reader, []), strict=False)) or None
            beginning = (file.readline() if path.suffix == ".jsonl" else file.read(_BEGINNING)).lstrip()
    except (OSError, ValueError, csv.Error):
        return None
    if path.suffix == ".json":
        if not beginning.startswith("["):
            return None
        beginning = beginning[1:].lstrip()
    try:
        record, _ = json.JSONDecoder().raw_decode(beginning)
    except ValueError:
        return None
    return cast("dict[str, Any]", record) if isinstance(record, dict) else None
