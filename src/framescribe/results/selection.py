"""Knows which rows a person selects by ids or by conditions ("flagged", "duration < 3"); changes none."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from framescribe.errors import UserError
from framescribe.records import IMPORTED, Row
from framescribe.storage.tables import ending_of, read_table

_COMPARED = re.compile(r"\s*([^\s<>=!][^<>=!]*?)\s*(<=|>=|==|!=|=|<|>)\s*(.+?)\s*")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
}
_WORDS: dict[str, Callable[[Row], bool]] = {
    "ok": lambda row: row.status == "ok",
    "flagged": lambda row: row.status == "flagged",
    "failed": lambda row: row.status == "failed",
    "edited": lambda row: bool(row.provenance.get("edits")),
    "imported": lambda row: "caption" in (row.stages.get(IMPORTED, {}).get("fills") or ()),
    "recaptioned": lambda row: bool(row.provenance.get("recaptioned")),
}
_VALUES: dict[str, Callable[[Row], Any]] = {
    "duration": lambda row: row.video.duration if row.video else None,
    "fps": lambda row: row.video.fps if row.video else None,
    "width": lambda row: row.video.width if row.video else None,
    "height": lambda row: row.video.height if row.video else None,
    "codec": lambda row: row.video.codec if row.video else None,
    "frames": lambda row: len(row.frames),
    "words": lambda row: len((row.caption or "").split()),
    "caption": lambda row: row.caption,
    "id": lambda row: row.id,
    "status": lambda row: row.status,
}
FORMS = (
    f"{', '.join(_WORDS)}, a flag (caption_truncated), or a comparison of {', '.join(_VALUES)} or one of your columns: "
    "'duration < 3', 'title = A dog'"
)


def chosen(rows: Iterable[Row], *, ids: str | None, where: Sequence[str]) -> Iterator[Row]:
    """The rows whose id is in the file `ids` (one per line, or a table's column "id") and for which every condition
    holds. UserError if a condition is not understood, or if an id has no row."""
    if ids is None and not where:
        yield from rows
        return
    tests = [condition(text) for text in where]
    named = ids_in(ids) if ids is not None else None
    left = set((named or {}).values())
    for row in rows:
        if named is not None and row.id not in named:
            continue
        left.discard(named[row.id] if named is not None else row.id)
        if all(test(row) for test in tests):
            yield row
    if ids is not None and ending_of(ids) == ".txt":
        left = {name for name in left if not name.lstrip().startswith("#")}  # comments
    if left:
        first = sorted(left)[0]
        raise UserError(f"{ids}: no row in the result for {len(left):,} of its ids (first: {first}); correct the list")


def ids_in(path: str) -> dict[str, str]:
    """The ids that a file lists, one per line (also without the blanks at its ends), or in a table's column "id", and
    how each is written there. UserError if there are none."""
    table = read_table(path)
    column = "path" if ending_of(path) == ".txt" else "id"
    if column not in table.columns:
        raise UserError(f"{path} has no column 'id'; list ids in a .txt, one per line, or in such a column")
    written = [str(record[column]) for record in table.records if record.get(column) not in (None, "")]
    return {name.strip(): name for name in written if column == "path"} | {name: name for name in written}


def condition(text: str) -> Callable[[Row], bool]:
    """The test that a condition stands for. UserError if it is not understood."""
    compared = _COMPARED.fullmatch(text)
    if compared is None:
        word = text.strip()
        if re.fullmatch(r"\w+", word) is None:
            raise UserError(f"--where {text!r} is not a condition; it takes {FORMS}")
        return _WORDS.get(word) or _has_flag(word)
    name, sign, wanted = compared.groups()
    value = _value(name)
    compare, number = _OPERATORS[sign], _number(wanted)

    def holds(row: Row) -> bool:
        found = value(row)
        if found is None:
            return sign == "!="
        if number is not None and (own := _number(found)) is not None:
            return compare(own, number)
        return compare(str(found), wanted.strip("'\""))

    return holds


def _has_flag(flag: str) -> Callable[[Row], bool]:
    return lambda row: flag in row.flags


def _value(name: str) -> Callable[[Row], Any]:
    return _VALUES.get(name) or (lambda row: row.metadata.get(name))


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
