"""Knows where captions and their references are, and which reference is whose; scores nothing.

A reference may be a result, a table, or a data set in any format that `import` reads. It is a clip's if it has the same
id; else if it names the same file; in a folder of texts, if it is called as the clip is, but for the ending.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from framescribe.checks.base import Circumstances
from framescribe.dataset.caption_table import captions_in
from framescribe.dataset.recognised import recognised
from framescribe.errors import UserError
from framescribe.results.finished import is_result
from framescribe.results.standing import Standing
from framescribe.scoring.base import Candidate, Question, Reference
from framescribe.sources.found import absolute
from framescribe.storage.object_store import is_remote
from framescribe.storage.tables import all_columns, open_table

PATHS = ("video_path", "video", "file_name", "file_path", "media_path", "path")  # columns that name a file


def candidates_in(source: str, *, column: str | None = None) -> list[Candidate]:
    """The captions of a result, with their rows, or of a table or a folder of texts. UserError if there are none."""
    if column is None and _is_ours(source):
        return [Candidate(id=row.id, text=row.caption or "", row=row) for row in Standing(source, frames=False)]
    found = captions_in(source, column=column, of=Circumstances())
    made = [Candidate(id=one.name, text=(one.text or "").strip()) for one in found]
    if not made:
        raise UserError(f"{source} holds no captions")
    return made


@dataclass(slots=True)
class References:
    """References by the ids and by the files of their clips."""

    by_id: dict[str, Reference] = field(default_factory=dict)
    by_place: dict[str, Reference] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    def of(self, one: Candidate) -> Reference | None:
        """The reference of a clip."""
        place = one.row.video_path if one.row is not None else ""
        found = self.by_id.get(one.id) or self.by_place.get(place) or self.by_id.get(_stem(one.id))
        if found is not None:
            self.used.add(id(found))
        return found

    def unused(self) -> list[str]:
        """The names of those that are no clip's."""
        every = {**self.by_place, **self.by_id}
        names = {id(one): name for name, one in every.items()}
        return [name for number, name in names.items() if number not in self.used]


def with_references(ones: Iterable[Candidate], references: References) -> list[Candidate]:
    """The clips, each with its reference where there is one."""
    return [replace(one, reference=references.of(one)) for one in ones]


def references_in(source: str) -> References:
    """The references of a result, a table or a data set. UserError if it cannot be read, or holds none."""
    found = References()
    if _is_ours(source):
        for row in Standing(source, frames=False):
            if row.caption:
                _add(found, row.id, row.video_path, _reference(row.caption, row.metadata, f"{source}, {row.id}"))
    elif os.path.isdir(source) or not _has_ids(source):
        _read_data_set(source, found)
    else:
        for one in captions_in(source, of=Circumstances()):
            if one.text and one.text.strip():
                place = next((str(one.record[name]) for name in PATHS if one.record.get(name)), "")
                _add(found, one.name, place, _reference(one.text, one.record, f"{source}, {one.name}"))
    if not (found.by_id or found.by_place):
        raise UserError(f"{source} holds no captions that could be references")
    return found


def _read_data_set(source: str, found: References) -> None:
    for name, place, texts in _samples(source):
        if texts:
            _add(found, name, place, Reference(text=texts[0]))


def _samples(source: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Name, place and captions of the clips of a data set; of a folder that is none, its texts."""
    path = Path(os.path.abspath(os.path.expanduser(source)))
    try:
        layout = recognised(path).layout
    except UserError:
        if not path.is_dir():
            raise
        for one in captions_in(path, of=Circumstances()):
            yield _stem(one.name), "", (one.text,) if one.text else ()
        return
    root = path if path.is_dir() else path.parent
    for sample in layout.read(path):
        place = sample.video if is_remote(sample.video) else absolute(sample.video)
        name = os.path.relpath(place, root).replace(os.sep, "/") if not is_remote(place) else place
        yield name, place, tuple(text.strip() for text in sample.captions if text.strip())


def _add(found: References, name: str, place: str, reference: Reference) -> None:
    found.by_id.setdefault(name, reference)
    if place:
        found.by_place.setdefault(place, reference)


def _reference(text: str, record: Mapping[str, Any], place: str) -> Reference:
    """The caption, with the events and questions that its row lists. UserError if these are in no known form."""
    events, questions = (_listed(record.get(name), name, place) for name in ("events", "questions"))
    if events is not None and not all(isinstance(one, str) and one.strip() for one in events):
        raise UserError(f"{place}: events must be a list of texts")
    asked = None
    if questions is not None:
        try:
            asked = tuple(Question(str(one["question"]), str(one["answer"])) for one in questions)
        except (KeyError, TypeError):
            raise UserError(f'{place}: questions must be a list of {{"question": …, "answer": …}}') from None
    return Reference(text=text.strip(), events=None if events is None else tuple(events), questions=asked)


def _listed(value: Any, name: str, place: str) -> list[Any] | None:
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except ValueError:
            raise UserError(f"{place}: {name} must be a JSON list") from None
    if value is None or value == "":
        return None
    if not isinstance(value, list | tuple):
        raise UserError(f"{place}: {name} must be a list, not {type(value).__name__}")
    return list(value)


def _is_ours(source: str) -> bool:
    if is_remote(source):
        return True  # what is no result there is said to be none
    path = Path(os.path.expanduser(source))
    return os.path.isdir(f"{path}.parts") or is_result(path)


def _has_ids(source: str) -> bool:
    """Whether a table names its clips by id."""
    try:
        opened = open_table(os.path.expanduser(source))
        columns = opened.columns
        if columns is None:
            first = next(iter(opened.rows), None)
            columns = all_columns([first.record] if first is not None else [])
    except (UserError, OSError):
        return False
    return "id" in columns


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_suffix("")) if path.suffix else name
