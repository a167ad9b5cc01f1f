"""Knows the columns of a table of samples: which there are, and which type holds all values of each; writes no table.

A table's header, and Parquet's types, come before its rows, but only the last row settles them. So the samples are put
aside in a file without a name, in the data set's folder, and gone through a second time.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, cast

from framescribe.formats.base import Sample
from framescribe.storage.cell_text import escaped
from framescribe.storage.parquet import as_text

AT_ONCE = 4096  # samples that are held together: a few tens of MB of captions
FIRST = 5  # samples from which loaders that see no types guess them, at the least
APART = "metadata."
FACTS = ("duration", "fps", "width", "height", "frames", "codec")
_EXACT = 2**53  # whole numbers up to here are floats as well
_LARGEST = 2**63

Kind = Literal["text", "int", "float", "bool"]
Values = dict[str, list[Any]]


@dataclass(slots=True)
class _Seen:
    """The types of a column's values, its largest whole number, and whether one of the first samples has a value."""

    types: set[type] = field(default_factory=set)
    largest: int = 0
    early: bool = False

    def kind(self) -> Kind:
        types = self.types
        if types == {bool}:
            return "bool"
        if types == {int} and self.largest < _LARGEST:
            return "int"
        if types and types <= {int, float} and self.largest <= _EXACT:
            return "float"
        return "text"


class Columns:
    """The samples, as columns of values. `own` says what is in ours; the user's are named so that none is one of these.

    `facts`: with columns for the files' facts, where a sample has them. `taken`: whether a name of the user's means
    something else to the loader. Use it as a context manager.
    """

    def __init__(
        self,
        samples: Iterable[Sample],
        folder: Path,
        own: Mapping[str, Callable[[Sample], Any]],
        *,
        facts: bool = False,
        taken: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._own, self._taken = own, taken
        self._facts = FACTS if facts else ()
        self._seen: dict[str, _Seen] = {name: _Seen() for name in (*own, *self._facts)}
        self._names: dict[str, str] = {}
        self._file = cast(IO[bytes], tempfile.TemporaryFile(dir=folder, prefix=".framescribe-"))  # noqa: SIM115
        try:
            self._put_aside(samples)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Columns:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def kinds(self) -> dict[str, Kind]:
        """The type of each column, by its name, ours first. One that holds values of several kinds is text."""
        return {name: seen.kind() for name, seen in self._seen.items()}

    @property
    def late(self) -> set[str]:
        """The columns in which the first samples have no value, so that a loader cannot guess their type."""
        return {name for name, seen in self._seen.items() if not seen.early}

    def chunks(self, kinds: Mapping[str, Kind] | None = None) -> Iterator[Values]:
        """The samples once more, a few thousand at once: for each column its values, of its type or None."""
        kinds = self.kinds if kinds is None else kinds
        self._file.seek(0)
        while True:
            try:
                length, values = pickle.load(self._file)
            except EOFError:
                return
            nothing = [None] * length
            yield {name: _as(kind, values.get(name, nothing)) for name, kind in kinds.items()}

    def _put_aside(self, samples: Iterable[Sample]) -> None:
        rest = iter(samples)
        first = True
        while chunk := list(islice(rest, AT_ONCE)):
            values: Values = {name: [value(sample) for sample in chunk] for name, value in self._own.items()}
            if self._facts and any(sample.info is not None for sample in chunk):
                for name in self._facts:
                    values[name] = [getattr(sample.info, name, None) for sample in chunk]
            for name in dict.fromkeys(name for sample in chunk for name in sample.columns):
                values[self._named(name)] = [_plain(sample.columns.get(name)) for sample in chunk]
            for name, column in values.items():
                self._note(name, column, first=first)
            pickle.dump((len(chunk), values), self._file, protocol=pickle.HIGHEST_PROTOCOL)
            first = False

    def _note(self, name: str, values: list[Any], *, first: bool) -> None:
        seen = self._seen.setdefault(name, _Seen())
        types = set(map(type, values))
        types.discard(type(None))
        seen.types |= types
        if int in types:
            seen.largest = max(seen.largest, max(abs(value) for value in values if type(value) is int))
        if first:
            seen.early = any(value is not None for value in values[:FIRST])

    def _named(self, name: str) -> str:
        """What a column of the user's is called in the table."""
        if name not in self._names:
            written = escaped(name)
            if self._taken(written):
                written = f"{APART}{written}_"
            elif written in self._own or written in self._facts or written.startswith(APART):
                written = APART + written
            self._names[name] = written
        return self._names[name]


def _plain(value: Any) -> Any:
    """A value that a cell can hold: what is nested, a date and the like become text."""
    return value if value is None or type(value) in (str, int, float, bool) else as_text(value)


def _as(kind: Kind, values: list[Any]) -> list[Any]:
    if kind == "text":
        return [value if value is None or type(value) is str else as_text(value) for value in values]
    if kind == "float":
        return [None if value is None else float(value) for value in values]
    return values
