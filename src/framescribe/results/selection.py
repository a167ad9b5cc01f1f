"""Knows which rows a person selects by ids or by conditions ("flagged", "duration < 3"); changes none.

A condition is a word, one on facts (`measures.expression`), or a comparison of texts, which needs no quotes.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from framescribe.errors import UserError
from framescribe.measures.expression import FACTS, INFO, LISTS, values_of
from framescribe.measures.expression import condition as on_facts
from framescribe.records import IMPORTED, Row
from framescribe.results.edits import ACCEPTED, REJECTED, review_of
from framescribe.storage.tables import ending_of, read_table

_COMPARISON = re.compile(r"\s*([^\s<>=!][^<>=!]*?)\s*(<=|>=|==|!=|=|<|>)\s*(.+?)\s*")
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
    "locked": lambda row: bool(review_of(row).get("locked")),
    "accepted": lambda row: review_of(row).get("verdict") == ACCEPTED,
    "rejected": lambda row: review_of(row).get("verdict") == REJECTED,
    "seen": lambda row: bool(review_of(row).get("seen")),
    "noted": lambda row: "note" in review_of(row),
}
_VALUES: dict[str, Callable[[Row], Any]] = {
    "codec": lambda row: row.video.codec if row.video else None,
    "caption": lambda row: row.caption,
    "id": lambda row: row.id,
    "status": lambda row: row.status,
    "note": lambda row: review_of(row).get("note", row.metadata.get("note")),
    "tag": lambda row: (*(review_of(row).get("tags") or ()), *([row.metadata["tag"]] if "tag" in row.metadata else ())),
}
OF_ROWS = ("support", "words")
"""What conditions may name besides facts."""
FORMS = (
    f"{', '.join(_WORDS)}, a flag (caption_truncated), a condition on {', '.join((*INFO, *OF_ROWS))} and what was "
    "measured (motion, cuts, camera, …), such as 'duration < 3' or 'support >= 0.9 and camera = static', or a "
    f"comparison of {', '.join(_VALUES)} or one of your columns: 'tag = hands', 'title = A dog'"
)
_JOINED = re.compile(r"\b(and|or|not|in)\b")


def chosen(
    rows: Iterable[Row],
    *,
    ids: str | None,
    where: Sequence[str],
    unmet: Callable[[str], object] = lambda condition: None,
) -> Iterator[Row]:
    """The rows whose id is in the file `ids` (one per line, or a table's column "id") and for which every condition
    holds. `unmet` hears, of each row with such an id that is left out, the first condition that does not hold.
    UserError if a condition is not understood, or if an id has no row."""
    if ids is None and not where:
        yield from rows
        return
    tests = [(text, condition(text)) for text in where]
    named = ids_in(ids) if ids is not None else None
    left = set((named or {}).values())
    for row in rows:
        if named is not None and row.id not in named:
            continue
        left.discard(named[row.id] if named is not None else row.id)
        failed = next((text for text, test in tests if not test(row)), None)
        if failed is None:
            yield row
        else:
            unmet(failed)
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


def values_in(row: Row) -> dict[str, Any]:
    """Every name that a condition on facts may use of a row, with its value; None if that is not known. A number in a
    column of the user's that has the name of a fact comes first."""
    values = values_of(row.facts, row.video)
    values |= {name: _number(row.metadata[name]) for name in FACTS if name in row.metadata and name not in LISTS}
    return {**values, "support": row.support, "words": len((row.caption or "").split())}


def condition(text: str) -> Callable[[Row], bool]:
    """The test that a condition stands for. UserError if it is not understood. What is not known of a row meets no
    condition on facts."""
    word = text.strip()
    if word in _WORDS:
        return _WORDS[word]
    compared = _COMPARISON.fullmatch(text)
    name, sign, wanted = compared.groups() if compared is not None else ("", "", "")
    texts = _texts(name, sign, wanted) if name else None
    try:
        wish = on_facts(text, "--where", OF_ROWS)
    except UserError:
        if _means_facts(name, text):
            raise
        if texts is not None:
            return texts
        if re.fullmatch(r"\w+", word) is not None:
            return _has_flag(word)
        raise UserError(f"--where {text!r} is not a condition; it takes {FORMS}") from None
    if texts is None or name not in FACTS or _JOINED.search(wanted):
        return lambda row: wish.of(values_in(row)) is True
    return lambda row: texts(row) if name in row.metadata else wish.of(values_in(row)) is True


def _means_facts(name: str, text: str) -> bool:
    """Whether what cannot be read as a condition on facts was meant as one, for all that it begins like a comparison of
    `name`: it joins several, and a fact is among them."""
    outside = re.sub(r"\"[^\"]*\"|'[^']*'", "", text)
    facts = re.compile(rf"\b({'|'.join((*FACTS, *INFO, *OF_ROWS))})\b")
    if name in FACTS or name in INFO or name in OF_ROWS or not name:
        return _JOINED.search(outside) is not None and facts.search(outside) is not None
    if _JOINED.search(name) is not None:
        return facts.search(name) is not None
    joined = re.search(r"\b(?:and|or)\b([^<>=]*)[<>=]", outside)
    return joined is not None and facts.search(joined[1]) is not None


def _texts(name: str, sign: str, wanted: str) -> Callable[[Row], bool]:
    """The test of a comparison with what stands there, also without quotes."""
    value = _VALUES.get(name) or (lambda row: row.metadata.get(name))
    compare = _OPERATORS[sign]

    def holds(row: Row) -> bool:
        found = value(row)
        if name == "tag":  # of which a row may have several: one that is, or none that is
            return any(_compared(operator.eq if sign == "!=" else compare, one, wanted) for one in found or ()) != (
                sign == "!="
            )
        if found is None:
            return sign == "!="
        return _compared(compare, found, wanted)

    return holds


def _compared(compare: Callable[[Any, Any], bool], found: object, wanted: str) -> bool:
    """Whether it holds, between numbers if both are."""
    own, number = _number(found), _number(wanted)
    if own is not None and number is not None:
        return compare(own, number)
    return compare(str(found), wanted.strip("'\""))


def _has_flag(flag: str) -> Callable[[Row], bool]:
    return lambda row: flag in row.flags


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
