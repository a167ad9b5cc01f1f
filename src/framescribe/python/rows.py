"""Knows how a Python program reads the rows of a result, finished or not; writes nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

from framescribe.errors import UserError
from framescribe.python import notebook
from framescribe.records import Row
from framescribe.results.corrections import key_of
from framescribe.results.rows import Results, read_rows

notebook.install()


def rows(output: str | os.PathLike[str]) -> Iterator[Row]:
    """All rows of a result so far, whether its run has ended or not, with every correction that a person made.

    Those in the finished file come first, in its order. UserError if there is no result, or framescribe did not write
    it.
    """
    results = Results(os.fspath(output))
    if not results.finished and not len(results):
        raise UserError(f"there is no result at {results.output} (nor {results.parts})")
    return _with_corrections(results) if results.touched else results.in_order()


def _with_corrections(results: Results) -> Iterator[Row]:
    """The file as a person left it: no run has taken their words up yet."""
    there = set()
    for row in read_rows(results.output):
        there.add(key_of(row))
        yield row
    yield from (row for row in results.rows() if key_of(row) not in there)
