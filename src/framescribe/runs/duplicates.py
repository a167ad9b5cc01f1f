"""Finds the videos of a result whose captions say the same, says which are to be asked for again, and marks the rows
that still do; asks nobody and writes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from framescribe.records import IMPORTED, Row, Video
from framescribe.results.index import Entry
from framescribe.results.rows import Results
from framescribe.runs.kept import DUPLICATE
from framescribe.runs.recipe import Recipe
from framescribe.strategies.base import CAPTION

MOST = 2_000_000
"""Videos whose captions are compared. A million take 530 MB of memory (`benchmarks/duplicates.py`)."""

_FLAG = f"{CAPTION}_{DUPLICATE}"


@dataclass(frozen=True, slots=True)
class Compared:
    """Which videos, by their number, have a caption that says the same as others': for each, one other and how alike
    they are (`twins`); those that belong together, in their order (`groups`); and those that are flagged by now."""

    twins: Mapping[int, tuple[int, float]]
    groups: Sequence[Sequence[int]]
    flagged: Collection[int]


class ToAsk(NamedTuple):
    """A video whose caption is to be asked for again, and the one that has it too and keeps it; both by number."""

    number: int
    stands: int


def looked_for(recipe: Recipe) -> bool:
    """Whether the recipe's gate looks for them at all."""
    return recipe.gate is not None and DUPLICATE in recipe.gate.checks().limits


def asked_for(recipe: Recipe) -> bool:
    """Whether those that it finds are asked for again."""
    return looked_for(recipe) and recipe.gate is not None and recipe.gate.mode == "mend" and recipe.sees


def limit(recipe: Recipe) -> float:
    """How alike captions are that count as the same."""
    assert recipe.gate is not None
    return recipe.gate.checks().limits[DUPLICATE]["likeness"]


def compared(recipe: Recipe, videos: Sequence[Video], results: Results) -> Compared:
    """What the captions that these videos have now say of each other."""
    from framescribe.checks.duplicates import Duplicates  # which needs numpy

    known, flagged = Duplicates[int](limit(recipe)), set[int]()
    for number, video in enumerate(videos):
        row = next(iter(results.rows([video])), None)
        if row is not None and row.caption and row.error is None:
            known.add(number, row.caption)
        if row is not None and _FLAG in row.flags:
            flagged.add(number)
    twins = {twin.key: (twin.other, twin.likeness) for twin in known.twins()}
    return Compared(twins, known.groups() if twins else (), flagged)


def to_ask(
    found: Compared, recipe: Recipe, videos: Sequence[Video], results: Results, *, every_row: bool
) -> list[ToAsk]:
    """Whose caption is to be asked for again: of those that say the same the first keeps it, or one that nothing may
    change: a person's, another recipe's, one of a result that was finished before (unless `every_row`). So do copies of
    one file, which have one caption. Each is asked for once."""
    assert recipe.gate is not None
    since, digest, wanted = results.marked_until(), recipe.gate.digest(), recipe.wanted()
    seeing = [step.name for step in recipe.steps if step.sees]

    def ours(video: Video, entry: Entry) -> bool:
        """Whether this run, or one that was killed, made it, and nobody holds on to it."""
        return (
            (every_row or entry.part_name > since)
            and not entry.recaptioned
            and entry.captioned != IMPORTED
            and all(one.met_by(entry.print_of(one.name) or "", video) for one in wanted)
            and not results.held(video)
        )

    def may(number: int, row: Row) -> bool:
        asked = any(text.get("gate") == digest for text in records(row))
        deaf = all({"temperature", "seed"} <= set(row.stages[name].get("left_out") or ()) for name in seeing)
        return not asked and not deaf and (every_row or number not in found.flagged)

    todo = []
    for group in found.groups:
        entries = {number: entry for number in group if (entry := results.entry(videos[number])) is not None}
        mine = [number for number, entry in entries.items() if ours(videos[number], entry)]
        stands = next((number for number in group if number not in mine), group[0])
        copies = Counter(entry.quick for entry in entries.values())
        for number in mine:
            entry = entries[number]
            if (
                number != stands
                and (entry.quick is None or copies[entry.quick] < 2)
                and may(number, results.load(entry))
            ):
                todo.append(ToAsk(number, stands))
    return sorted(todo)


def remarked(found: Compared, videos: Sequence[Video], results: Results) -> Iterator[Row]:
    """The rows of these videos that are to be kept anew: those that turned out to be duplicates, and those that no
    longer are."""
    for number in sorted(found.twins.keys() | set(found.flagged)):
        entry = results.entry(videos[number])
        if entry is None or (number in found.twins) == (number in found.flagged):
            continue
        other, likeness = found.twins.get(number, (None, 0.0))
        yield _marked(results.load(entry), None if other is None else videos[other].id, likeness)


def asked(row: Row, record: Mapping[str, Any]) -> Row:
    """The row with the record of how its caption was asked for again because of another one."""
    stages = {name: dict(made) for name, made in row.stages.items()}
    if (made := _stage_of_caption(stages)) is not None:
        others = [text for text in made.get("checked") or () if text.get("before") != [DUPLICATE]]
        made["checked"] = [*others, dict(record)]
    return replace(row, provenance={**row.provenance, "stages": stages})


def records(row: Row) -> Iterator[Mapping[str, Any]]:
    """What the row says of its caption as one that another clip has too."""
    for made in row.stages.values():
        yield from (text for text in made.get("checked") or () if text.get("before") == [DUPLICATE])


def _stage_of_caption(stages: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    return next((of for of in stages.values() if CAPTION in (of.get("fills") or ())), None)


def _marked(row: Row, other: str | None, likeness: float) -> Row:
    """The row with the mark of a duplicate of another one, or without it."""
    stages = {name: dict(made) for name, made in row.stages.items()}
    made = _stage_of_caption(stages)
    if made is None:
        return row
    texts = list(made.get("checked") or ())
    known = next(
        (text for text in texts if text.get("before") == [DUPLICATE]), {"text": CAPTION, "before": [DUPLICATE]}
    )
    record = {name: value for name, value in known.items() if name != "found"}
    made["flags"] = [flag for flag in made.get("flags") or () if flag != _FLAG]
    made["checked"] = [text for text in texts if text.get("before") != [DUPLICATE]]
    if other is not None:
        found: dict[str, Any] = {"check": DUPLICATE, "start": 0, "end": len(row.caption or "")}
        seen = record.get("looks_like")
        what = f"as for {other}" if seen is None else f"as for {other}; the clip looks the same as {seen}"
        record["found"] = [found | {"what": what, "measure": "likeness", "value": round(likeness, 3)}]
        made["flags"].append(_FLAG)
    if other is not None or "tries" in record:
        made["checked"].append(record)
    for name in ("flags", "checked"):
        if not made[name]:
            del made[name]
    flags = tuple(dict.fromkeys(flag for of in stages.values() for flag in of.get("flags") or ()))
    status = row.status if row.error is not None else "flagged" if flags else "ok"
    return replace(row, status=status, flags=flags, provenance={**row.provenance, "stages": stages})
