"""Knows how a table, the original's or another, holds frame captions; knows nothing about summaries."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from framescribe.errors import UserError
from framescribe.records import SCHEMA, FrameCaption, Row
from framescribe.registry import suggest
from framescribe.storage.tables import read_table


def frame_captions(
    path: str, path_column: str, caption_column: str, remove_quotes: bool, say: Callable[[str], None]
) -> dict[str, Row]:
    """The frame captions by video path, in table order; of several rows with the same path the first counts."""
    table = read_table(path)
    if not table.records:
        raise UserError(f"{path} has no rows: there is nothing to summarise")
    for flag, column in (("--video_path_column", path_column), ("--caption_column", caption_column)):
        if column not in table.columns:
            raise UserError(f"{path} has no column {column!r} ({flag}). {suggest(column, table.columns)}")
    rows: dict[str, Row] = {}
    again: list[str] = []
    for number, record in enumerate(table.records, start=1):
        name = record.get(path_column)
        if name is None or name == "":
            raise UserError(f"row {number} of {path} has no path in column {path_column!r}; every row needs one")
        if str(name) in rows:
            again.append(str(name))
            continue
        captions = _captions(record.get(caption_column), f"row {number} of {path}, column {caption_column!r}")
        if remove_quotes:
            captions = [without_quotes(caption) for caption in captions]
        rows[str(name)] = _row(str(name), captions, record, {path_column, caption_column})
    if again:
        times = "1 row names a video" if len(again) == 1 else f"{len(again):,} rows name videos"
        say(f"{times} that an earlier row named: left out (first: {again[0]})")
    return rows


def without_quotes(caption: str) -> str:
    """The caption without quote characters, its words untouched; an apostrophe inside a word is not a quote."""
    return re.sub(r"[\"“”„‟«»]|(?<!\w)['‘’‚‛]|['‘’‚‛](?!\w)", "", caption).strip() or caption


def _row(name: str, captions: Sequence[str], record: Mapping[str, Any], taken: Collection[str]) -> Row:
    indices = _as_list(record.get("sampled_frame_idx")) or []
    if len(indices) != len(captions) or not all(type(index) is int for index in indices):
        indices = list(range(len(captions)))
    # Stands for how the captions were made, which the table does not say: changed captions are summarised again.
    made = hashlib.sha256(json.dumps(captions).encode()).hexdigest()[:16] if captions else None
    return Row(
        id=name,
        video_path=name,
        caption=None,
        status="ok",
        frames=tuple(
            FrameCaption(index=index, time=None, caption=caption)
            for index, caption in zip(indices, captions, strict=True)
        ),
        provenance={
            "schema": SCHEMA,
            "stages": {"frames": {"fingerprint": made, **({"fills": ["frames"]} if captions else {})}},
        },
        metadata={key: value for key, value in record.items() if key not in taken},
    )


def _captions(cell: object, place: str) -> list[str]:
    """The captions of a cell: a list, the text of a list, or one caption as plain text."""
    values = _as_list(cell)
    if values is None:
        values = [cell]
    if not all(value is None or isinstance(value, str) for value in values):
        raise UserError(f"{place} holds {str(cell)[:60]!r}, not captions; choose with --caption_column")
    return [value.strip() for value in values if value and value.strip()]


def _as_list(cell: object) -> list[Any] | None:
    """The list in a cell, or in its text as Python or JSON writes it; None for anything else."""
    text = cell.strip() if isinstance(cell, str) else ""
    if text.startswith("["):
        for read in (ast.literal_eval, json.loads):
            try:
                cell = read(text)
                break
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
    return cell if isinstance(cell, list) else None
