"""Knows how a Python program reads the rows of a result, finished or not; writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from framescribe.python import notebook
from framescribe.records import Row
from framescribe.results.standing import Standing

notebook.install()


def rows(output: str | os.PathLike[str]) -> Iterator[Row]:
    """All rows of a result so far, whether its run has ended or not, with every correction that a person made.

    Those in the finished file come first, in its order. UserError if there is no result, or framescribe did not write
    it.
    """
    return iter(Standing(output))
