"""Knows a folder whose files are one result: their names, whether all are there, and what shows a change; not rows.

The files are those that loaders take: `part-00000.parquet`, `part-00001.parquet` … Each is whole or not there. What
begins with "_" or "." is nothing to loaders: `_SUCCESS` (as Spark has it) says that the files are all of the result.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from framescribe.errors import UserError

ENDINGS = (".parquet", ".jsonl", ".tar")  # the first, unless the folder's own name ends in one of them
WHOLE = "_SUCCESS"
_NAME = re.compile(r"part-(\d{5,})(\.[a-z]+)")

if TYPE_CHECKING:
    _Path = Path
else:
    _Path = type(Path())  # before Python 3.12 only the system's own kind of path can be derived from


class Folder(_Path):
    """The folder of a result. What is derived from it, such as its `parent`, is no result: take `os.path` for that."""

    @property
    def ending(self) -> str:
        """The ending of its files, which says what they are."""
        own = os.path.splitext(str(self))[1].lower()
        if own in ENDINGS:
            return own
        there = self.files()
        return there[0].suffix if there else ENDINGS[0]

    def file(self, number: int) -> Path:
        """The path of its file of this number, from 0 on."""
        return Path(str(self), f"part-{number:05d}{self.ending}")

    def files(self) -> list[Path]:
        """Its files, in their order."""
        found = []
        with suppress(FileNotFoundError, NotADirectoryError):
            for name in os.listdir(self):
                if (match := _NAME.fullmatch(name)) and match[2] in ENDINGS:
                    found.append((int(match[1]), name))
        return [Path(str(self), name) for _, name in sorted(found)]

    @property
    def whole(self) -> bool:
        """Whether its files are all of the result: a run that finished says so, or there are no parts of one."""
        if os.path.exists(os.path.join(self, WHOLE)):
            return True
        return bool(self.files()) and not any(Path(f"{self}.parts").glob("*.jsonl"))

    def mark(self, *, whole: bool) -> None:
        """Say whether its files are all of the result. OSError if that cannot be written."""
        path = os.path.join(self, WHOLE)
        if whole:
            with open(path, "wb"):
                pass
        else:
            with suppress(FileNotFoundError):
                os.unlink(path)

    def stamp(self) -> dict[str, Any]:
        """What shows whether a file was changed: as `finished.stamp_of` of all of them, with those of each by name."""
        return stamp_of_files({path.name: stamp_of_file(path) for path in self.files()})

    def changed(self, stamp: Mapping[str, Any] | None) -> list[Path]:
        """The files that are not as they were when `stamp` was taken."""
        before = (stamp or {}).get("files") or {}
        return [path for path in self.files() if before.get(path.name) != stamp_of_file(path)]

    def make_ready(self) -> None:
        """Make the folder. UserError if it holds something else, which loaders might take for a part of the result."""
        if not os.path.isdir(f"{self}.parts") and (other := self.other()) is not None:
            raise UserError(
                f"{self} holds other files, such as {other}: name a folder that is new or empty, or a file "
                f"({os.path.join(self, 'captions.jsonl')})"
            )
        os.makedirs(self, exist_ok=True)
        if not os.access(self, os.W_OK | os.X_OK):
            raise UserError(f"{self} cannot be written: the folder is read-only; choose another place")

    def other(self) -> str | None:
        """The name of something in it that is not of a result, None if there is nothing."""
        with suppress(FileNotFoundError):
            for name in sorted(os.listdir(self)):
                match = _NAME.fullmatch(name)
                if not name.startswith((".", "_")) and (match is None or match[2] != self.ending):
                    return name
        return None


def folder_at(path: str | os.PathLike[str]) -> Folder | None:
    """The folder that is named by this path on this machine, there or to be made; None if a file is meant."""
    if isinstance(path, Folder):
        return path
    name = os.fspath(path)
    if "://" not in name and (name.endswith(("/", os.sep)) or os.path.isdir(name)):
        return Folder(name)
    return None


def stamp_of_files(files: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """What shows whether one of these files was changed, from what shows it of each."""
    return {
        "size": sum(size for size, _ in files.values()),
        "modified": max((modified for _, modified in files.values()), default=0.0),
        "files": dict(files),
    }


def stamp_of_file(path: str | Path) -> list[Any]:
    """The size of a file in bytes, and its modification time in seconds."""
    status = os.stat(path)
    return [status.st_size, status.st_mtime]
