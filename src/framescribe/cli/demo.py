"""The command `demo`: makes the demonstration, and shows on the terminal how it went."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.plain import Screen, cut
from framescribe.cli.running import run
from framescribe.cli.screen import screen
from framescribe.cli.terminal import width
from framescribe.errors import UserError
from framescribe.names import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType
    from rich.text import Text

    from framescribe.demo.show import DemoFolder, Piece, Score, Shown

_LISTED = 30  # videos in the table
_LONGEST = 280  # characters of a caption there: on real footage, small models ramble


def demo(
    videos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FOLDER",
            help="Your own videos (a folder, files). Default: clips are made for you.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Where everything goes. Default: framescribe-demo."),
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Other clips. Default: 0.", show_default=False)] = None,
    clips: Annotated[int | None, typer.Option(metavar="N", min=1, help="How many clips. Default: 12.")] = None,
) -> None:
    """See it work: make clips with known content, caption them with two tiny built-in models, compare with the truth.

    Leaves the clips, captions.jsonl and report.html in DIR.
    The models know only drawn shapes; captioning your own videos with them is only a test of the pipeline.
    Exit code 3: finished, but some videos failed.
    """
    # Models this small gain nothing from a second thread, and wait for it if the machine is busy.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    from framescribe.demo import show
    from framescribe.demo.report import write_report
    from framescribe.results.plan import Again
    from framescribe.results.rows import Results
    from framescribe.runs.job import RunOptions

    if videos and (seed is not None or clips is not None):
        raise UserError("--seed and --clips are for the clips that the demo makes; leave them out if you name videos")
    with screen(quiet=False, json_logs=False) as display:
        folder = _ready(videos, output, seed, clips, display)
        code = run(
            show.recipe(),
            folder.videos,
            Results(folder.captions),
            display,
            options=RunOptions(again=Again(failed=True, redo=True), prune=True),
        )
    if code == 130:
        raise typer.Exit(code)
    judged = show.show(Results(folder.captions).rows(folder.videos), folder.clips)
    score = show.score(judged)
    write_report(folder, judged, score)
    _tell(folder, judged, score)
    raise typer.Exit(code)


def _ready(
    videos: Sequence[str] | None, output: Path | None, seed: int | None, clips: int | None, display: Screen
) -> DemoFolder:
    from framescribe.demo import show
    from framescribe.sources import find_videos

    if videos:
        display.say(show.WARNING)
        return show.own(output, find_videos(videos, say=display.say), videos)
    folder = show.made_up(output or Path(show.DEFAULT_FOLDER), seed or 0, clips or show.CLIPS)
    display.say(
        f"clips made in {folder.folder / 'clips'}: {len(folder.clips):,}; now two tiny built-in models caption them"
    )
    return folder


def _tell(folder: DemoFolder, judged: Sequence[Shown], score: Score | None) -> None:
    """Print clips, captions and truths, the share that is right, and what to do next."""
    from rich.console import Console
    from rich.text import Text

    from framescribe.demo.show import WARNING

    console = Console(highlight=False, width=width(sys.stdout))
    console.print()
    console.print(_table(judged, score))
    if len(judged) > _LISTED:
        console.print(f"  and {len(judged) - _LISTED:,} more", style="dim")
    console.print()
    if score is not None:
        _tell_score(score, console)
        console.print()
    # Paths and the command stay on one line, however long: they are there to be copied.
    for name, path, hint in (("captions", folder.captions, ""), ("report  ", folder.report, " (open it in a browser)")):
        console.print(Text.assemble((name, "bold"), f"  {shown(str(path))}{hint}"), soft_wrap=True)
    console.print()
    console.print(WARNING)
    console.print("A real model, on your own videos (fetched from the internet once):")
    console.print(Text(shown(f"  {folder.real_command}"), style="bold"), soft_wrap=True)
    console.print("To look through the captions, correct them, and ask again:")
    console.print(Text(shown(f"  {folder.review_command}"), style="bold"), soft_wrap=True)


def _table(judged: Sequence[Shown], score: Score | None) -> RenderableType:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("video", overflow="fold", max_width=30)
    table.add_column("caption", overflow="fold", ratio=1)
    if score is not None:
        table.add_column("right?", no_wrap=True)
        table.add_column("frames", no_wrap=True, justify="right")
    for one in judged[:_LISTED]:
        row, verdict = one.row, one.caption
        said = Text(shown(cut(row.caption or "", _LONGEST)))
        if row.error is not None:
            said = Text(shown(f"failed: {row.error.stage}: {row.error.message}"), style="red")
        if verdict is None:
            table.add_row(Text(shown(row.id)), said)
            continue
        if not verdict.right and row.error is None:
            pieces, others = verdict.side_by_side()
            if len(said) == len(row.caption or ""):
                said = _underlined(pieces)
            said = Text("\n").join([said, Text.assemble(("truth: ", "yellow"), _underlined(others))])
        right = (
            Text("right", style="green")
            if verdict.right
            else Text("wrong" if row.error is None else "failed", style="bold red")
        )
        frames = Text(f"{one.frames_right}/{len(one.frames)}" if one.frames else "-")
        frames.stylize("red" if one.frames_right < len(one.frames) else "")
        table.add_row(_named(one), said, right, frames)
    return table


def _underlined(pieces: Sequence[Piece]) -> Text:
    from rich.text import Text

    return Text.assemble(
        *((shown(text), "bold underline" if differs and text.strip() else "") for text, differs in pieces)
    )


def _named(one: Shown) -> Text:
    """A made-up clip's number and shape; its whole name would only repeat the caption."""
    from rich.text import Text

    number, _, rest = one.row.id.partition("-")
    form = " ".join(filter(None, (Path(rest).suffix.lstrip("."), one.row.video.codec if one.row.video else "")))
    return Text.assemble(number, " ", (form, "dim"))


def _tell_score(score: Score, console: Console) -> None:
    from rich.table import Table

    from framescribe.demo.report import percent

    parts = ", ".join(f"{name} {percent(share)}" for name, share in score.attributes.items())
    grid = Table.grid(padding=(0, 2))
    grid.add_row("[bold]videos right[/]", f"{score.videos_right:,} of {score.videos:,}, to the letter")
    grid.add_row("[bold]frames right[/]", f"{score.frames_right:,} of {score.frames:,}")
    grid.add_row("[bold]attributes[/]", f"{percent(score.share)} right" + (f": {parts}" if parts else ""))
    console.print(grid)
