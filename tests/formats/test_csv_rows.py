"""A csv of texts is written as Python's own writer writes it, all values in quotes."""

from __future__ import annotations

import csv
import io

from framescribe.formats.csv_rows import write_rows
from tests.nasty import CAPTIONS


def test_rows_are_written_as_the_csv_module_writes_them() -> None:
    header = ("video", 'a "name"')
    rows = [(f"{number}.mp4", text) for number, text in enumerate([*CAPTIONS, "", '"', '""', ",", "a\r\nb"])]
    ours, theirs = io.StringIO(), io.StringIO()
    write_rows(ours, header, rows)
    csv.writer(theirs, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])
    assert ours.getvalue() == theirs.getvalue()
