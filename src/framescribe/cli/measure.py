"""The command `measure`: facts of videos that no model is needed for, as a table."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from framescribe.cli.options import SourceOptions, option, takes
from framescribe.cli.terminal import say
from framescribe.measures.said import on_screen_text
from framescribe.names import shown

MOST = 50  # videos with a line each on the screen
BARS, DARK = 0.01, 0.15  # of a side; of brightness: from where on, and up to where, a video counts as such
MUCH = 0.5  # of the time
NAME = 30  # characters of a video's name that are not broken off


@dataclass(frozen=True, slots=True)
class MeasuringOptions:
    """What is measured, and where it goes."""

    measure: Annotated[
        list[str] | None,
        option("Measures", "These alone: names, with commas between them. Default: all.", metavar="NAMES"),
    ] = None
    output: Annotated[
        str | None,
        option("Measures", "The table: .parquet, .csv, .tsv, .jsonl. Default: none.", "--output", "-o", metavar="FILE"),
    ] = None
    decoders: Annotated[
        int | None, option("Measures", "Videos decoded at once. Default: one per core, at most 8.", min=1, max=256)
    ] = None
    decode_timeout: Annotated[
        float | None,
        option("Measures", "Seconds allowed for one video. Default: 240, plus 4 per megabyte.", min=0.1),
    ] = None


@takes(SourceOptions, MeasuringOptions)
def measure(sources: SourceOptions, options: MeasuringOptions) -> None:
    """Measure videos without a model: cuts, camera, motion, bars, light, sharpness and more (docs/measures.md).

    A table holds a row per video, also of those that cannot be decoded. An interrupted command goes on where it was.
    """
    from framescribe.measures.watching import ALL, chosen
    from framescribe.runs.measuring import Table, measured

    names = chosen(options.measure or [ALL])
    say(f"looking for videos: {sources.named()}")
    videos = sources.find(say)
    table = Table(options.output, videos, names) if options.output is not None else None
    known = table.known if table is not None else {}
    if known:
        say(f"videos measured before: {len(known):,}")

    def told(number: int, record: Mapping[str, Any]) -> None:
        if record["error"] is not None:
            say(f"failed: {record['id']}: {record['error']}")
        if table is not None:
            table.keep(number, dict(record))

    work = measured(videos, names, decoders=options.decoders, seconds=options.decode_timeout, known=known, told=told)
    records = asyncio.run(work)
    if table is not None:
        table.finish(records)
    _show(records)
    if options.output is not None:
        say(f"facts written to {options.output}: {len(records):,} rows")
    raise typer.Exit(3 if any(record["error"] is not None for record in records) else 0)


def _show(records: Sequence[Mapping[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    if len(records) <= MOST:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        longest = max((len(record["id"]) for record in records), default=0)
        table.add_column("video", overflow="fold", min_width=min(longest, NAME))
        columns = [name for name in _COLUMNS if any(_COLUMNS[name](record) for record in records)]
        for name in columns:
            table.add_column(name, overflow="fold")
        for record in records:
            table.add_row(Text(shown(record["id"])), *(Text(shown(_COLUMNS[name](record))) for name in columns))
        console.print(table)
    for line in summary(records):
        console.print(line)


def _number(name: str, form: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda record: "" if record.get(name) is None else format(record[name], form)


def _camera(record: Mapping[str, Any]) -> str:
    return (record["facts"].get("camera") or {}).get("said") or ""


def _text(record: Mapping[str, Any]) -> str:
    """What can be read for certain."""
    return on_screen_text(record["facts"])


_COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "seconds": _number("duration", ".2f"),
    "camera": _camera,
    "motion": _number("motion", ".3f"),
    "cuts": _number("cuts", "d"),
    "fades": _number("fades", "d"),
    "frozen": _number("frozen", ".2f"),
    "bars": _number("bars", ".2f"),
    "brightness": _number("brightness", ".2f"),
    "blur": _number("blur", ".2f"),
    "noise": _number("noise", ".1f"),
    "text": _text,
    "odd": lambda record: record["error"] or ", ".join(flag.replace("_", " ") for flag in record["flags"]),
}

_COUNTED: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "static camera": ("camera", lambda labels: labels == ["static"]),
    "moving camera": ("camera", lambda labels: any(label != "static" for label in labels)),
    "with cuts": ("cuts", lambda cuts: cuts > 0),
    "with fades": ("fades", lambda fades: fades > 0),
    "with bars": ("bars", lambda bars: bars > BARS),
    "dark": ("brightness", lambda brightness: brightness < DARK),
    "mostly frozen": ("frozen", lambda share: share > MUCH),
    "with logos or subtitles": ("overlays", lambda overlays: overlays > 0),
    "with text": ("text_lines", lambda lines: lines > 0),
}


def summary(records: Sequence[Mapping[str, Any]]) -> list[str]:
    """How many videos are of which kind: of each fact, also for how many it could not be told."""
    failed = sum(record["error"] is not None for record in records)
    lines = [f"videos: {len(records):,}" + (f", {failed:,} of them cannot be decoded" if failed else "")]
    decoded = [record for record in records if record["error"] is None]
    for words, (name, holds) in _COUNTED.items():
        if not any(name in record for record in decoded):
            continue
        known = [record[name] for record in decoded if record.get(name) not in (None, [])]  # none: no sure movement
        unsure = len(decoded) - len(known)
        lines.append(f"{words}: {sum(map(holds, known)):,}" + (f" (cannot tell: {unsure:,})" if unsure else ""))
    return lines
