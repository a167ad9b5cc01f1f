"""Knows how the files of a folder are filled with rows, so many in each, and which of them are to be written anew.

A file that holds already what it is to hold is left alone. Of each it is noted how many rows it has, of which videos
(`keys`), what they say (`content`) and in which columns (`form`); all Parquet files of a folder have the same.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

from framescribe.records import Row
from framescribe.results.cells import CAPTIONS, own_cells, typed_cells
from framescribe.results.finished import write_finished
from framescribe.results.folder import Folder, stamp_of_file, stamp_of_files
from framescribe.storage.parquet import Types, write_typed
from framescribe.storage.tables import all_columns
from framescribe.storage.whole_file import whole_file

ROWS_A_FILE = 10_000  # which are held at once: some 100 MB

About = dict[str, Any]


class ChangedMeanwhile(Exception):
    """A finished file was changed by hand while a new one was written."""


class Form:
    """The columns of a folder's files and their types, as far as rows have been seen; only Parquet has any. `known`:
    what another one found out."""

    def __init__(self, folder: Folder, known: Mapping[str, Any] | None = None) -> None:
        self._types = Types(_fixed(), known) if folder.ending == ".parquet" else None

    def see(self, rows: Sequence[Row]) -> None:
        """Make room for these rows."""
        if self._types is not None:
            lengths = [{CAPTIONS: dict(row.captions)} if row.captions else {} for row in rows]
            self._see([{**more, **own_cells(row.metadata)} for row, more in zip(rows, lengths, strict=True)])

    def see_columns(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Make room for these values of the user's columns."""
        cells = map(own_cells, records)
        while self._types is not None and (some := list(islice(cells, ROWS_A_FILE))):
            self._see(some)

    def _see(self, records: Sequence[Mapping[str, Any]]) -> None:
        assert self._types is not None
        self._types.see(records, all_columns(records))

    @property
    def known(self) -> dict[str, Any] | None:
        """What was found out."""
        return self._types.known if self._types is not None else None

    @property
    def print(self) -> str:
        """What differs where the columns do."""
        return _hash([str(self._types.settled())]) if self._types is not None else ""

    def refit(self, other: Form) -> None:
        """What did not fit its type when the other one wrote it is text here, too."""
        if self._types is not None and other._types is not None:
            self._types.mixed |= other._types.unfit
            self._types.unfit |= other._types.unfit

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        """Write these rows, which were seen, as this file, whole or not at all. OSError if that fails."""
        if self._types is None:
            write_finished(path, lambda: iter(rows))
            return
        records = [typed_cells(row) for row in rows]
        with whole_file(str(path)) as temporary:
            while not write_typed(temporary, records, self._types):
                pass


def fill(
    folder: Folder, rows: Callable[[], Iterator[Row]], note: Mapping[str, Any], stamp: Mapping[str, Any]
) -> dict[str, Any]:
    """Have the folder's files hold these rows, and no others; `rows` yields them afresh each time. `note` is what was
    noted when that was done last, `stamp` the folder's now. Returns what is to be noted. ChangedMeanwhile if somebody
    else changes a file, OSError if one cannot be written."""
    there = dict(stamp.get("files") or {})
    noted = {
        name: about
        for name, about in (note.get("files") or {}).items()
        if there.get(name) == ((note.get("stamp") or {}).get("files") or {}).get(name, "")
    }
    form, again = Form(folder, note.get("columns")), True
    while (
        again
    ):  # once, unless the columns are others than before, or a later file has some that an earlier one has not
        needed, made = Form(folder), dict[str, About]()
        for number, some in enumerate(_divided(rows())):
            form.see(some)
            needed.see(some)
            path = folder.file(number)
            about = about_of(some, form)
            if noted.get(path.name) != about:
                refuse_changed(path, there)
                folder.mark(whole=False)
                form.write(path, some)
                there[path.name] = stamp_of_file(path)
            needed.refit(form)
            made[path.name] = {**about, "form": form.print}  # which a value that did not fit has changed
        noted, form = {**noted, **made}, needed
        again = any(about["form"] != form.print for about in made.values())
    for path in folder.files():
        if path.name not in made:
            refuse_changed(path, there)
            folder.mark(whole=False)
            path.unlink()
            del there[path.name]
    folder.mark(whole=True)
    return {"files": made, "stamp": stamp_of_files(there), "columns": form.known}


def about_of(rows: Sequence[Row], form: Form) -> About:
    """What is noted of a file with these rows."""
    return {
        "rows": len(rows),
        "keys": keys_of((row.id, row.video_path) for row in rows),
        "content": _hash(row.as_line() for row in rows),
        "form": form.print,
    }


def keys_of(keys: Iterable[tuple[str, str]]) -> str:
    """What differs where the ids or places of the videos do, or their order."""
    return _hash(f"{name}\n{place}" for name, place in keys)


def refuse_changed(path: Path, there: Mapping[str, Any]) -> None:
    """ChangedMeanwhile if the file is not as it was when this was found of all files."""
    now = stamp_of_file(path) if path.exists() else None
    if now != there.get(path.name):
        raise ChangedMeanwhile


def _divided(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while some := list(islice(rows, ROWS_A_FILE)):
        yield some


def _hash(texts: Iterable[str]) -> str:
    made = blake2b(digest_size=8)
    for text in texts:
        made.update(text.encode(errors="surrogatepass"))
        made.update(b"\0")
    return made.hexdigest()


def _fixed() -> Any:
    """The types of our own columns."""
    pa = importlib.import_module("pyarrow")
    text, number, real = pa.string(), pa.int64(), pa.float64()
    return pa.schema(
        [
            ("id", text),
            ("video_path", text),
            ("caption", text),
            ("status", text),
            ("frames", pa.list_(pa.struct([("index", number), ("time", real), ("caption", text)]))),
            (
                "video",
                pa.struct(
                    [
                        ("duration", real),
                        ("fps", real),
                        ("width", number),
                        ("height", number),
                        ("codec", text),
                        ("frames", number),
                    ]
                ),
            ),
            ("size", number),
            ("flags", pa.list_(text)),
            ("error", pa.struct([("stage", text), ("kind", text), ("message", text)])),
            ("provenance", text),
        ]
    )
