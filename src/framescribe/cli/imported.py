"""The command `import`: captions that lie in a trainer's format become rows of a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.options import option, takes
from framescribe.cli.terminal import say, tell

if TYPE_CHECKING:
    from framescribe.dataset.imported import Counted


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What is imported, and where to."""

    source: Annotated[str, typer.Argument(help="The data set: a folder or a file.", show_default=False)]
    wanted: Annotated[
        str | None,
        option(
            "Import",
            "Its format, or format and layout: txt, musubi-tuner, csv, … (`framescribe export` lists them). Default: "
            "recognised, and named.",
            "--from",
            metavar="FORMAT[:LAYOUT]",
            show_default=False,
        ),
    ] = None
    output: Annotated[
        str,
        option(
            "Import",
            "The result, new or not: .jsonl, .csv, .parquet or .tar.",
            "--output",
            "-o",
            metavar="FILE",
        ),
    ] = "captions.jsonl"


@takes(ImportOptions)
def import_(options: ImportOptions) -> None:
    """Make captions that you have in a trainer's format rows of a result: to review, correct, improve and export them.

    Repeating the command takes over what changed there. Clips without a caption get no row: `framescribe caption …
    --keep-captions` captions them, and only them.
    """
    from framescribe.dataset.imported import import_rows

    made = import_rows(options.source, options.output, options.wanted, say)
    for counted, what in (
        (made.new, "captions imported"),
        (made.changed, "captions that changed since they were imported, taken over"),
        (made.unchanged, "captions that did not change since they were imported, rows left as they are"),
        (made.others, f"clips that have another caption in {options.output} already, left as they are"),
        (made.repeated, "clips that are named more than once, all captions kept"),
        (made.missing, "captions whose video is not there, imported all the same"),
        (made.bare, "clips without a caption, not imported (`framescribe caption … --keep-captions` captions them)"),
    ):
        if counted.count:
            tell(f"{what}: {_shown(counted, first=counted not in (made.new, made.unchanged))}")
    tell(f"finished file: {made.output}")


def _shown(counted: Counted, *, first: bool) -> str:
    return f"{counted.count:,}" + (f" (first: {counted.first})" if first else "")
