"""Knows how the rows of a query are distributed, in bars that each say what to filter by; draws nothing."""

from __future__ import annotations

import json
import math
import re
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from framescribe.measures.camera_moves import LABELS
from framescribe.review.index import numbers

BARS = 20  # at most
DRAWN = 2000  # captions whose words are looked at, to find those that are frequent
DRAWN_FACTS = {  # those that are drawn where they differ, by name
    "support": "Share of claims supported",
    "motion": "Motion",
    "objects": "Share that moves on its own",
    "cuts": "Cuts",
    "fades": "Fades",
    "frozen": "Share of time frozen",
    "bars": "Widest bar",
    "brightness": "Brightness",
    "contrast": "Contrast",
    "dark": "Share of dark frames",
    "bright": "Share of bright frames",
    "flashes": "Flashes",
    "blur": "Blur",
    "noise": "Noise",
    "overlays": "Overlays",
}
WHOLE = ("cuts", "fades", "flashes", "overlays")
_COMMON = """
a an and are as at be been being but by can could do does for from had has have he her hers him his i if in into is it
its more most no not of off on onto or other others out over she so some such than that the their them then there these
they this those through to too under up was we were what when where which while who with would you your
"""
NO_NEWS = frozenset(_COMMON.split())  # words that any English caption has


def charts(connection: sqlite3.Connection, where: str, values: Sequence[Any], facts: str = "") -> dict[str, Any]:
    """The charts of the rows `f` of which `where` is true; `facts`: the condition on facts that it has already, which
    those of the bars narrow."""
    connection.execute("CREATE TEMP TABLE IF NOT EXISTS charted (row INTEGER PRIMARY KEY)")
    connection.execute("BEGIN")  # what is counted is of one moment
    try:
        connection.execute("DELETE FROM charted")
        connection.execute(f"INSERT INTO charted SELECT f.row FROM facts f WHERE {where}", values)
        made = [
            _chart("words", "Words per caption", _numbers(connection, "words")),
            _chart("seconds", "Seconds per clip", _numbers(connection, "duration")),
            _chart("camera", "Camera", _camera(connection, facts)),
            *_measured(connection, facts),
            _chart("flags", "Flags", _labels(connection, "flag")),
            _chart("statuses", "Statuses", _values(connection, "status", "status", ("ok", "flagged", "failed"))),
            _chart("frequent", "Frequent words", _frequent(connection)),
            _chart("verdicts", "Verdicts", _values(connection, "verdict", "verdict", ("accepted", "rejected", None))),
            _chart("tags", "Tags", _labels(connection, "tag")),
            _chart("days", "Last edited", _days(connection)),
        ]
    finally:
        connection.execute("ROLLBACK")
    return {"charts": [chart for chart in made if chart["bars"]]}


def _chart(name: str, title: str, bars: list[dict[str, Any]]) -> dict[str, Any]:
    return {"name": name, "title": title, "bars": bars}


def _bar(label: str, count: int, **query: str) -> dict[str, Any]:
    return {"label": label, "count": count, "query": query}


def _numbers(connection: sqlite3.Connection, column: str) -> list[dict[str, Any]]:
    """Bars of equal width over a column of numbers; what lies far out is in the last one."""
    rows = f"charted c JOIN facts f ON f.row = c.row WHERE f.{column} IS NOT NULL"
    found = list(map(float, numbers(connection, f"SELECT f.{column} AS n FROM {rows} ORDER BY 1")))
    if not found:
        return []
    whole = column == "words"
    low, high = found[0], found[min(len(found) - 1, math.ceil(0.99 * len(found)))]
    width = _round((high - low) / BARS, whole)
    first, count = math.floor(low / width), Counter[int]()
    last = max(first, math.floor(high / width))
    for value in found:
        count[min(last, math.floor(value / width + 1e-9))] += 1
    bars = []
    for at in range(first, last + 1):
        least, most = at * width, (at + 1) * width
        end = most - (1 if whole else 0.001)
        query = {f"min_{column}": _said(least)}
        if at < last or found[-1] <= end:
            query[f"max_{column}"] = _said(end)
            label = _said(least) if whole and width == 1 else f"{_said(least)}–{_said(end if whole else most)}"
        else:
            label = f"{_said(least)} or more"
        bars.append(_bar(label, count[at], **query))
    return bars


def _measured(connection: sqlite3.Connection, facts: str) -> list[dict[str, Any]]:
    """The charts of facts, of which not all rows have the same."""
    lists = ", ".join(f"group_concat(f.{name})" for name in DRAWN_FACTS)  # as texts, for the reason in `numbers`
    found = connection.execute(f"SELECT {lists} FROM charted c JOIN facts f ON f.row = c.row").fetchone()
    made = []
    for (name, title), text in zip(DRAWN_FACTS.items(), found, strict=True):
        count = {} if text is None else Counter(text.split(","))
        if len(count) > 1:
            made.append(_chart(name, title, _fact(name, {float(one): rows for one, rows in count.items()}, facts)))
    return made


def _fact(name: str, count: Mapping[float, int], facts: str) -> list[dict[str, Any]]:
    """Bars of equal width over a fact, by how many rows have each value, of which each says its condition. Integers are
    counted one by one if they are few."""
    found, whole = sorted(count), name in WHOLE
    before = list(accumulate(count[value] for value in found))
    high = found[bisect_right(before, min(before[-1] - 1, math.ceil(0.99 * before[-1])))]
    low = found[0]
    width = _round((high - low) / BARS, whole, least=1e-4)
    first = math.floor(low / width + 1e-9)
    ends = [_said(at * width, 4) for at in range(first, max(first, math.floor(high / width + 1e-9)) + 1)]
    held, bounds = Counter[int](), [float(end) for end in ends]
    for value in found:
        held[bisect_right(bounds, value)] += count[value]
    bars = []
    for at, least in enumerate(ends, 1):
        if at == len(ends):
            said, label = f"{name} >= {least}", f"{least} or more"
        elif whole and width == 1:
            said, label = f"{name} = {least}", least
        else:
            said, label = f"{least} <= {name} < {ends[at]}", f"{least}–{ends[at]}"
        bars.append(_bar(label, held[at], facts=_both(facts, said)))
    return bars


def _camera(connection: sqlite3.Connection, facts: str) -> list[dict[str, Any]]:
    """How many rows have each of the camera's moves, the most frequent first; at last those of which none is sure."""
    said = (
        "SELECT f.camera, count(*) FROM charted c JOIN facts f ON f.row = c.row WHERE f.camera IS NOT NULL GROUP BY 1"
    )
    count = Counter[str]()
    for moves, rows in connection.execute(said):
        count.update(dict.fromkeys(json.loads(moves) or [""], rows))
    labels = sorted((label for label in LABELS if count[label]), key=lambda label: -count[label])
    bars = [_bar(one.replace("_", " "), count[one], facts=_both(facts, f"camera = {one}")) for one in labels]
    if count[""]:
        bars.append(_bar("not sure", count[""], facts=_both(facts, "not camera")))
    return bars


def _both(one: str, other: str) -> str:
    """A condition for those rows for which both hold."""
    return other if not one else f"({one}) and {other}" if re.search(r"\bor\b", one) else f"{one} and {other}"


def _round(width: float, whole: bool, least: float = 0.01) -> float:
    """The next width that people count in: 1, 2 or 5 times a power of ten; never below the `least`."""
    if width <= 0:
        return 1
    power = 10.0 ** math.floor(math.log10(width))
    width = next(power * step for step in (1, 2, 5, 10) if power * step >= width * (1 - 1e-9))
    return max(1, round(width)) if whole else max(least, width)


def _said(number: float, digits: int = 3) -> str:
    return f"{round(number, digits):g}" if abs(number) < 1e5 else f"{number:.0f}"


def _labels(connection: sqlite3.Connection, kind: str) -> list[dict[str, Any]]:
    said = (
        "SELECT name, count(*) FROM labels l JOIN charted c ON c.row = l.row WHERE l.kind = ? GROUP BY name "
        f"ORDER BY 2 DESC, 1 LIMIT {BARS}"
    )
    return [_bar(name, count, **{kind: name}) for name, count in connection.execute(said, (kind,))]


def _values(
    connection: sqlite3.Connection, column: str, name: str, order: Sequence[str | None]
) -> list[dict[str, Any]]:
    said = f"SELECT f.{column}, count(*) FROM charted c JOIN facts f ON f.row = c.row GROUP BY 1"
    found = dict(connection.execute(said).fetchall())
    return [_bar(value or "none", found[value], **{name: value or "none"}) for value in order if found.get(value)]


def _days(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """The days (UTC) on which rows were edited last."""
    said = (
        "SELECT date(f.edited_at, 'unixepoch'), count(*) FROM charted c JOIN facts f ON f.row = c.row "
        "WHERE f.edited_at IS NOT NULL GROUP BY 1 ORDER BY 1 DESC LIMIT 60"
    )
    return [_bar(day, count, since=day, until=day) for day, count in reversed(connection.execute(said).fetchall())]


def _frequent(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Words that many captions have, each with the number of captions. Which words those are is found in `DRAWN`
    captions, evenly drawn; how many have them, in all."""
    total = connection.execute("SELECT count(*) FROM charted").fetchone()[0]
    every = max(1, total // DRAWN)
    said = (
        "SELECT t.caption FROM (SELECT row, row_number() OVER () AS n FROM charted) c JOIN texts t ON t.row = c.row "
        f"WHERE c.n % {every} = 0 AND t.caption IS NOT NULL"
    )
    count = Counter[str]()
    for (caption,) in connection.execute(said):
        count.update({word.strip(".,;:!?\"'()[]“”‘’…") for word in caption.lower().split()})
    words = [word for word, _ in count.most_common(4 * BARS) if word.isalpha() and word not in NO_NEWS][:BARS]
    bars = []
    for word in words:
        match = "SELECT count(*) FROM words w JOIN charted c ON c.row = w.rowid WHERE words MATCH ?"
        number = connection.execute(match, (f'"{word}"',)).fetchone()[0]
        bars.append(_bar(word, number, q=word))
    return sorted((bar for bar in bars if bar["count"]), key=lambda bar: -int(bar["count"]))
