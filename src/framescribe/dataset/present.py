"""Knows which files are there on this machine, asked for one after the other; knows no row and no data set."""

from __future__ import annotations

import os
from collections.abc import Collection
from itertools import islice

ENOUGH = 100  # files asked for in a row before their folder is listed
MOST = 2**16  # names that are held: some 8 MB


class Present:
    """Whether files are there. A folder from which many are asked for in a row is listed, once, which takes a tenth of
    the time; what the list lacks, be it that the folder is too large or a name spelled otherwise, is asked for."""

    def __init__(self) -> None:
        self._folder, self._asked = "", 0
        self._names: Collection[str] = ()
        self._listed: set[str] = set()

    def is_file(self, folder: str, name: str) -> bool:
        """Whether there is a file, or a link to one, of this name in that folder."""
        if folder != self._folder:
            self._folder, self._asked, self._names = folder, 0, ()
        self._asked += 1
        if self._asked == ENOUGH and folder not in self._listed:
            self._listed.add(folder)
            self._names = _files_in(folder)
        return name in self._names or os.path.isfile(f"{folder}{os.sep}{name}")


def _files_in(folder: str) -> Collection[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in islice(entries, MOST) if entry.is_file()}
    except OSError:  # a folder that may be entered and not read
        return ()
