"""The command `verify`: compares the captions of a result with their videos' frames."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.gate_options import GateOptions
from framescribe.cli.options import SamplingOptions, SummaryModelOptions, option, takes
from framescribe.cli.recaption import videos_of
from framescribe.cli.recipes import recipe_of
from framescribe.cli.run_options import LimitOptions, RunnerOptions, ScreenOptions
from framescribe.cli.running import run
from framescribe.cli.screen import screen
from framescribe.cli.verify_options import VerifyOptions
from framescribe.cli.wish_options import WishOptions
from framescribe.errors import UserError
from framescribe.python.recipe import DEFAULTS, Say

if TYPE_CHECKING:
    from framescribe.records import Row, Video
    from framescribe.results.rows import Results


@dataclass(frozen=True, slots=True)
class RowOptions:
    """Which captions, and who compares them."""

    output: Annotated[str, typer.Argument(help="The result: captions.jsonl, also an imported one.", show_default=False)]
    rows: Annotated[
        str,
        option(
            "Rows",
            "all; suspicious: captions that failed a check at first, are flagged or long; or a share: 5%.",
            "--rows",
            metavar="WHICH",
        ),
    ] = "all"
    where: Annotated[
        list[str] | None,
        option("Rows", "Only rows that match, as for `recaption`. Given several times, all must.", metavar="CONDITION"),
    ] = None
    source: Annotated[
        list[str] | None,
        option("Rows", "Where the videos are, as for `recaption`. Default: the places in the rows.", metavar="SOURCE"),
    ] = None
    model: Annotated[
        str | None, option("Models", "The model that compares claims with the frames; as for `caption`.")
    ] = DEFAULTS.model
    base_url: Annotated[
        list[str] | None,
        option("Models", "An OpenAI-compatible server. Given several times, they share the work.", metavar="URL"),
    ] = None
    prompt: Annotated[str, typer.Option(hidden=True)] = DEFAULTS.prompt


@takes(RowOptions, SamplingOptions, EngineOptions, GateOptions, LimitOptions, RunnerOptions, ScreenOptions)
def verify(
    which: RowOptions,
    sampling: SamplingOptions,
    engine: EngineOptions,
    gate: GateOptions,
    limits: LimitOptions,
    running: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Compare the captions of a result with their videos, and mend what the frames contradict.

    The original captions stay in the rows. Repeating the command does only what is missing. Captions that a person
    wrote, accepted or locked stay as they are.
    """
    engine, runner = running.runner_for(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=runner.number) as display:
        display.say(f"reading {which.output}")
        from framescribe.cli.options import FrameModelOptions
        from framescribe.results.plan import Again  # which takes long, so not before the first words
        from framescribe.results.rows import Results, video_of
        from framescribe.runs.job import RunOptions

        results = Results(which.output)
        if not len(results):
            raise UserError(f"there is no result at {which.output} (nor {results.parts}). Give the path from -o.")
        rows = _captioned(results, which, display.say)
        videos = _videos(rows, which.source, display.say)
        recipe = recipe_of(
            sampling,
            FrameModelOptions(model=which.model, base_url=which.base_url),
            SummaryModelOptions(strategy="whole-clip"),
            engine,
            WishOptions(),
            gate,
            videos,
            display.say,
            runner,
            verify=VerifyOptions(verify=which.rows),
            alone=True,
        )
        code = run(
            recipe,
            videos,
            results,
            display,
            options=RunOptions(
                again=Again(redo=True, same_files=True),
                preflight=limits.preflight,
                order=[video_of(row) for row in results.in_order()],
                max_failed=limits.most_failed(),
                max_flagged=limits.most_flagged(),
            ),
            limits=limits,
            runner=runner,
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


def _captioned(results: Results, which: RowOptions, say: Say) -> list[Row]:
    """The rows with captions that no person holds on to. UserError if there are none."""
    from framescribe.results.edits import ACCEPTED, review_of
    from framescribe.results.selection import chosen

    rows = [row for row in chosen(results.in_order(), ids=None, where=which.where or ()) if row.caption]
    free = [row for row in rows if not row.provenance.get("edits") and review_of(row).get("verdict") != ACCEPTED]
    if held := len(rows) - len(free):
        say(f"captions that a person corrected or accepted, kept as they are: {held:,}")
    if not free:
        raise UserError(f"no caption of {which.output} is selected: nothing to do")
    return free


def _videos(rows: Sequence[Row], sources: Sequence[str] | None, say: Say) -> list[Video]:
    """The videos of these rows; as their caption that which is, or was, to be verified."""
    from framescribe.results.verified import caption_before

    before = {(row.id, row.video_path): caption_before(row) for row in rows}
    found = videos_of(rows, sources, say)
    return [replace(_as_it_is(video), caption=before[video.id, video.place]) for video in found]


def _as_it_is(video: Video) -> Video:
    """The video with its file's size and stamp of today, as far as that is a file here: its row has those of then."""
    from framescribe.sources.found import stamp_of

    try:
        status = os.stat(video.path)
    except (OSError, ValueError):
        return video
    return replace(video, size=status.st_size, stamp=stamp_of(status))
