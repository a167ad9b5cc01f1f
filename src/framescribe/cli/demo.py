"""The command `demo`: makes the demonstration, and shows on the terminal how it went."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.caption import run
from framescribe.cli.options import ResultOptions
from framescribe.cli.screen import Screen, screen
from framescribe.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from framescribe.demo.show import DemoFolder, Score, Shown

_LISTED = 30


def demo(
    videos: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FOLDER]", help="Videos of yours (a folder, files). Without it: clips are made.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="DIR", help="Where all of it goes. Without it: framescribe-demo.")
    ] = None,
    seed: Annotated[int | None, typer.Option(metavar="N", help="Other clips. Without it: 0.", show_default=False)] = None,
    clips: Annotated[int | None, typer.Option(metavar="N", min=1, help="How many clips. Without it: 12.")] = None,
) -> None:
    """See it work: make clips with known content, caption them with two tiny built-in models, compare with the truth.

    Leaves the clips, captions.jsonl and report.html in DIR. The models know only drawn shapes; with FOLDER they caption
    videos of yours, which makes sense only as a test of the way there. Exit code 3: finished, but some videos failed.
    """
    from framescribe.demo import show
    from framescribe.demo.report import write_report
    from framescribe.job import Report
    from framescribe.results import Results

    if videos and (seed is not None or clips is not None):
        raise UserError("--seed and --clips are for the clips that the demo makes; leave them out where you name videos")
    with screen(quiet=False, json_logs=False) as display:
        folder = _ready(videos, output, seed, clips, display)
        code = run(show.recipe(), folder.videos, ResultOptions(output=folder.captions, retry_failed=True, redo=True), folder.captions, display)
    if code == 130:
        raise typer.Exit(code)
    shown = show.show(Results(folder.captions).rows(folder.videos), folder.clips)
    score = show.score(shown)
    write_report(folder.report, shown, score)
    _tell(folder, shown, score)
    raise typer.Exit(code)
