"""Knows how a Python program has videos measured without a model: by the measures of the command `measure`."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from typing import Any

from framescribe.measures.watching import ALL, chosen
from framescribe.python.background import Background
from framescribe.python.wanted import several
from framescribe.python.words import in_python
from framescribe.runs.measuring import measured
from framescribe.sources import find_videos

_log = logging.getLogger("framescribe")


def measure(
    videos: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    measures: str | Sequence[str] = ALL,
    *,
    limit: int | None = None,
    decoders: int | None = None,
    decode_timeout: float | None = None,
) -> list[dict[str, Any]]:
    """What is measured in these videos (files, folders, patterns, lists), a record for each, in their order.

        for record in fs.measure("clips/", ["cuts", "camera"]):
            print(record["id"], record["cuts"], record["facts"]["camera"])

    Each record holds what the file is, each fact that conditions may use by its name (None: not known), `flags`,
    `error` (None, or why the file cannot be decoded), and `facts` as docs/measures.md describes them. UserError for
    a measure that does not exist.
    """
    names = chosen(several(measures))
    sources = [videos] if isinstance(videos, str | os.PathLike) else videos
    found = find_videos([os.fspath(source) for source in sources], limit=limit, say=_log.info)
    work = Background(lambda stop: measured(found, names, decoders=decoders, seconds=decode_timeout))
    with in_python():
        work.wait()
        return work.result()
