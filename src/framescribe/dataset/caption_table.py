"""Knows where a table, a folder of texts or a result has its captions, and what each row says about its own; judges
none of them."""

from __future__ import annotations

import ast
import hashlib
import json
import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from framescribe import prompts
from framescribe.addresses import without_keys
from framescribe.checks.base import Circumstances
from framescribe.dataset.row_texts import Placed, texts_of
from framescribe.engines.transport.ends import end_of
from framescribe.errors import UserError
from framescribe.language.languages import code
from framescribe.records import Row
from framescribe.results.cells import cells
from framescribe.results.finished import is_result
from framescribe.results.standing import Standing
from framescribe.results.texts import sources
from framescribe.sources.found import not_there
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import all_columns, ending_of, open_table

CAPTION_NAMES = ("caption", "text", "cap")
TEXT_ENDINGS = (".txt", ".caption")
_SEEN = 1000  # rows of a JSON table whose keys are taken for its columns
_LINES = re.compile(r"[\r\n]+")
_PARTS = re.compile(r"[\r\n,，、]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Captioned:
    """A row with a caption: the row itself, the name by which a person finds it, its caption, and what is known about
    that. `among`: the set among which it should have no twin; `others`: the captions of that set, if the row has them.
    `texts`: what else a row of a result says, None for rows of other kinds.
    """

    record: Mapping[str, Any]
    name: str
    text: str | None
    of: Circumstances
    among: str = ""
    others: tuple[str, ...] = ()
    texts: tuple[Placed, ...] | None = None


class Captions(Protocol):
    """Rows with captions, which can be gone through several times. UserError where one cannot be read."""

    def __iter__(self) -> Iterator[Captioned]: ...


def captions_in(
    source: str | os.PathLike[str], *, column: str | None = None, of: Circumstances, ending: str = ".jsonl"
) -> Captions:
    """The captions of a table, of a folder of texts, or of a result, with what people changed in it. UserError if there
    are none. `column`: a table's column of captions, which is otherwise guessed. `of`: what is known about those whose
    rows say no other. `ending`: of the table that the rows of a result are to stand in."""
    path = os.fspath(source)
    if is_remote(path):
        return _Table(path, column, of)
    path = os.path.expanduser(path)
    is_ours = os.path.isdir(f"{Path(path)}.parts") or is_result(Path(path))
    texts = os.path.isdir(path) and not is_ours
    if not (texts or is_ours):
        if not os.path.exists(path):
            raise UserError(not_there(path))
        return _Table(path, column, of)
    if column not in (None, CAPTION_NAMES[0]):
        raise UserError(f"--caption-column is for tables; {path} is a {'folder' if texts else 'result'}: leave it out")
    return _Texts(path, of) if texts else _Result(path, of, ending)


def texts_in(value: Any, *, lines: bool = False) -> tuple[str, ...]:
    """The texts that a value lists: a list, a list written as JSON or as Python writes it (pandas does so in csv), or a
    text divided at commas and line breaks (only at line breaks if `lines`). Of objects their `caption`."""
    if isinstance(value, str):
        found = _list_in(value)
        value = found if found is not None else (_LINES if lines else _PARTS).split(value)
    if isinstance(value, Mapping):
        value = value.get("caption")
    if not isinstance(value, list | tuple):
        value = [value]
    texts = (one.get("caption") if isinstance(one, Mapping) else one for one in value)
    return tuple(text for one in texts if not _missing(one) and (text := str(one).strip()))


# --- a table ---


class _Table:
    """The rows of a csv, tsv, jsonl, json or Parquet file; of a .txt each line."""

    def __init__(self, path: str, column: str | None, of: Circumstances) -> None:
        self._path, self._shown, self._of = path, without_keys(path), of
        self._lines = ending_of(self._shown) == ".txt"
        self._column = CAPTION_NAMES[0] if self._lines else self._found(column)

    def _found(self, wanted: str | None) -> str:
        opened = open_table(self._path)
        columns = opened.columns
        if columns is None:
            columns = all_columns(row.record for row in islice(opened.rows, _SEEN))
        for name in CAPTION_NAMES if wanted is None else (wanted,):
            if name in columns or not columns:
                return name
        there = f"It has: {', '.join(columns)}"
        if wanted is None:
            raise UserError(f"{self._shown} has no column {CAPTION_NAMES[0]!r}: name it with --caption-column. {there}")
        raise UserError(f"{self._shown} has no column {wanted!r}. {there}")

    def __iter__(self) -> Iterator[Captioned]:
        for row in open_table(self._path).rows:
            place = f"{self._shown}, {row.at}"
            if row.fault is not None:
                raise UserError(f"{place}: {row.fault}")
            record = {self._column: row.record["path"]} if self._lines else row.record
            said = _there(record)
            said.pop(self._column, None)
            yield Captioned(
                record=record,
                name=str(said.get("id", row.at)),
                text=_caption(record.get(self._column), place),
                of=_made(said, _wanted(said, self._of, place)),
                **_set(said),
            )


def _caption(value: Any, place: str) -> str | None:
    if _missing(value):
        return None
    if not isinstance(value, str):
        raise UserError(f"{place}: the caption is no text, but {type(value).__name__} {str(value)[:60]!r}")
    return value


def _wanted(said: Mapping[str, Any], of: Circumstances, place: str) -> Circumstances:
    """What is known about a caption, with what its row says that it should be."""
    own: dict[str, Any] = {}
    if "language" in said:
        own["language"] = code(str(said["language"]))
    own |= {name: _whole(said[name], name, place) for name in ("min_words", "max_words") if name in said}
    own |= {name: texts_in(said[name]) for name in ("trigger", "forbid") if name in said}
    own |= {"must_mention": texts_in(said["must_mention"])} if "must_mention" in said else {}
    return replace(of, **own) if own else of


def _made(said: Mapping[str, Any], of: Circumstances) -> Circumstances:
    """What is known about a caption, with what its row says of how it came about."""
    own: dict[str, Any] = {name: str(said[name]) for name in ("prompt", "longer", "learns") if name in said}
    if "finish_reason" in said:
        own["finish_reason"] = end_of(said["finish_reason"])
    if "frame_captions" in said:
        own["frame_captions"] = texts_in(said["frame_captions"], lines=True)
    return replace(of, **own) if own else of


def _set(said: Mapping[str, Any]) -> dict[str, Any]:
    """The set that a row names, or the captions of it that the row lists."""
    named = said.get("set", "")
    listed = _list_in(named) if isinstance(named, str) else named if isinstance(named, list | tuple) else None
    return {"among": str(named)} if listed is None else {"others": texts_in(listed)}


def _there(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not _missing(value)}


def _whole(value: Any, name: str, place: str) -> int:
    try:
        number = float(value)
        if number != int(number) or number < 0:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise UserError(f"{place}: {name} must be a whole number, not {str(value)[:60]!r}") from None
    return int(number)


def _missing(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _list_in(text: str) -> list[Any] | None:
    if not text.lstrip().startswith("["):
        return None
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
        return found if isinstance(found, list) else None
    return None


# --- a folder of texts ---


class _Texts:
    """The texts in a folder and below it, whatever they stand beside."""

    def __init__(self, folder: str, of: Circumstances) -> None:
        self._folder, self._of = folder, of
        if not any(True for _ in self._files()):
            raise UserError(f"{folder} holds no texts ({', '.join(TEXT_ENDINGS)}); name a folder of texts, or a table")

    def _files(self) -> Iterator[str]:
        for at, folders, names in os.walk(self._folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if ending_of(name) in TEXT_ENDINGS and not name.startswith("."):
                    yield os.path.join(at, name)

    def __iter__(self) -> Iterator[Captioned]:
        for path in self._files():
            name = os.path.relpath(path, self._folder).replace(os.sep, "/")
            text = _text(path)
            yield Captioned(record={"path": name, "caption": text}, name=name, text=text, of=self._of)


def _text(path: str) -> str:
    with open(path, encoding="utf-8-sig", errors="replace") as file:  # `encoding` finds what is no UTF-8
        return file.read().strip()


# --- a result ---


class _Result:
    """The rows of a result as they stand, with what people changed in it."""

    def __init__(self, path: str, of: Circumstances, ending: str) -> None:
        self._path, self._of, self._ending = path, of, ending
        shipped = (text for kind in prompts.VALUES for text in prompts.presets(kind).values())
        self._prompts = {hashlib.sha256(text.encode()).hexdigest()[:16]: text for text in shipped}

    def __iter__(self) -> Iterator[Captioned]:
        for row in Standing(self._path):
            record = row.as_dict()
            if self._ending not in (".jsonl", ".ndjson"):
                record = cells(row, spreadsheet=self._ending != ".parquet")
            said = _there(row.metadata)
            of = self._circumstances(row, _wanted(said, self._of, f"{self._path}, {row.id}"))
            texts = tuple(texts_of(row, of, self._prompt_of))
            yield Captioned(record=record, name=row.id, text=row.caption, of=of, texts=texts, **_set(said))

    def _prompt_of(self, row: Row, field: str) -> str:
        """The prompt that asked for this field of the row, if it is one of ours."""
        made = (stage for stage in row.stages.values() if field in (stage.get("fills") or ()))
        known = (self._prompts.get(str(stage.get("prompt_sha256"))) for stage in made)
        return next(filter(None, known), "")

    def _circumstances(self, row: Row, of: Circumstances) -> Circumstances:
        """What the row says about how its caption came about; only what was seen is true of a person's words, too."""
        of = replace(of, frame_captions=tuple(sources(row)))
        if any(edit.get("field") == "caption" for edit in row.provenance.get("edits") or ()):
            return of
        ends = {"caption_truncated": "length", "caption_repeats": "repetition"}
        end = next((reason for flag, reason in ends.items() if flag in row.flags), of.finish_reason)
        return replace(of, finish_reason=end, prompt=self._prompt_of(row, "caption") or of.prompt)
