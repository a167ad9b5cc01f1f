"""Knows the file named by `--saved_path`: rows in the original's columns, to which new ones are added; knows no run."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framescribe.errors import RunError, UserError
from framescribe.records import Video
from framescribe.storage.tables import read_table, write_table


@dataclass(slots=True)
class Saved:
    """The rows of the file in their order; the first of `columns` holds the video paths."""

    path: Path
    columns: tuple[str, ...]
    records: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def read(
        cls, path: Path, columns: tuple[str, ...], path_column: str, same: Mapping[str, str], advice: str
    ) -> Saved:
        """What is there. UserError if it is not a result of this script, or differs in what must be the `same`.

        One of the original's two writers named the first column as the metadata does: `path_column`.
        """
        if path.suffix.lower() not in (".csv", ".jsonl"):
            raise UserError(f"--saved_path {path} must end in .csv or .jsonl: the ending decides the format")
        if path.is_dir():
            raise UserError(f"--saved_path {path} is a folder; name a file in it")
        table = read_table(path) if path.exists() else None
        if table is None or not table.records:
            return cls(path, columns)
        if columns[0] not in table.columns and path_column in table.columns:
            columns = (path_column, *columns[1:])
        missing = [name for name in columns if name not in table.columns]
        if missing:
            raise UserError(
                f"{path} has no column {missing[0]!r}, so it is not a result of this script. Use another --saved_path."
            )
        for name, value in same.items():
            others = {str(record.get(name)).strip() for record in table.records} - {value}
            if others:
                there, now = _short(min(others)), _short(value)
                raise UserError(f"{path} holds rows with another {name}: {there} there, {now} now.\n{advice}")
        return cls(path, (*columns, *(name for name in table.columns if name not in columns)), table.records)

    def find(self, videos: Sequence[Video], made_here: Callable[[str], bool]) -> dict[str, int]:
        """Where the row of each video is, by the video's id.

        The original kept only a file's name. Such a row counts if exactly one video has that name, and if it is not
        one of our rows (`made_here`), whose paths are complete.
        """
        rows: dict[str, int] = {}
        for index, record in enumerate(self.records):
            rows.setdefault(str(record.get(self.columns[0])), index)
        found: dict[str, int] = {}
        by_name: dict[str, list[str]] = defaultdict(list)
        for video in videos:
            by_name[os.path.basename(video.path)].append(video.id)
            key = video.id if video.id in rows else video.path
            if key in rows:
                found[video.id] = rows[key]
        taken = set(found.values())
        for name, ids in by_name.items():
            index = rows.get(name, -1)
            if index >= 0 and index not in taken and len(ids) == 1 and not made_here(name):
                found.setdefault(ids[0], index)
        return found

    def drop(self, there: Mapping[str, int], ids: Collection[str]) -> dict[str, int]:
        """Remove the rows of these videos from the file; returns the updated `there`, which says where rows are."""
        out = {index for id, index in there.items() if id in ids}
        if not out:
            return dict(there)
        moved = {index: place for place, index in enumerate(i for i in range(len(self.records)) if i not in out)}
        self.records = [self.records[index] for index in moved]
        self._write()
        return {id: moved[index] for id, index in there.items() if index in moved}

    def add(self, order: Iterable[Video], fresh: Mapping[str, dict[str, Any]], there: Mapping[str, int]) -> None:
        """Insert the `fresh` rows, each after that of the video before it in this order; the others do not move."""
        behind: dict[int, list[dict[str, Any]]] = defaultdict(list)
        here = -1
        for video in order:
            here = there.get(video.id, here)
            if video.id in fresh:
                values = map(self._cell, fresh[video.id].values())
                behind[here].append(dict(zip(self.columns, values, strict=False)))
        if not behind:
            return
        merged = behind[-1]
        for index, record in enumerate(self.records):
            merged += [record, *behind.get(index, ())]
        self.records = merged
        self._write()

    def _cell(self, value: Any) -> Any:
        # In csv a list is written as pandas writes it, which is what ast.literal_eval reads.
        return str(value) if isinstance(value, list) and self._is_csv else value

    @property
    def _is_csv(self) -> bool:
        return self.path.suffix.lower() == ".csv"

    def _write(self) -> None:
        try:
            write_table(self.path, self.records, self.columns if self._is_csv else None)
        except OSError as error:
            reason = error.strerror or error
            raise RunError(f"{self.path} cannot be written: {reason}. Run the same command again to go on.") from error


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
