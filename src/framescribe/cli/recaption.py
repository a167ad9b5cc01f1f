"""The command `recaption`: captions some videos of a result another way, and keeps everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.gate_options import GateOptions
from framescribe.cli.options import (
    FrameModelOptions,
    SamplingOptions,
    SummaryModelOptions,
    option,
    takes,
)
from framescribe.cli.recipes import recipe_of
from framescribe.cli.run_options import LimitOptions, RunnerOptions, ScreenOptions
from framescribe.cli.running import run
from framescribe.cli.screen import screen
from framescribe.cli.verify_options import VerifyOptions
from framescribe.cli.wish_options import WishOptions
from framescribe.errors import UserError
from framescribe.python.recipe import Say

if TYPE_CHECKING:
    from framescribe.records import Row, Video
    from framescribe.results.rows import Results


@dataclass(frozen=True, slots=True)
class ChoiceOptions:
    """Which rows of a result."""

    output: Annotated[str, typer.Argument(help="The result: captions.jsonl", show_default=False)]
    ids: Annotated[
        str | None,
        option("Rows", "The videos with these ids: a .txt, one per line, or a table with a column id.", metavar="FILE"),
    ] = None
    where: Annotated[
        list[str] | None,
        option(
            "Rows",
            "The videos that match: flagged, failed, a flag, 'duration < 3', 'words > 80', 'title = A dog'. "
            "Given several times, all must match.",
            metavar="CONDITION",
        ),
    ] = None
    source: Annotated[
        list[str] | None,
        option(
            "Rows",
            "Where the videos are, as for `caption`: needed if their addresses contain keys or queries, which "
            "rows do not keep. Default: the places in the rows.",
            metavar="SOURCE",
        ),
    ] = None
    drop_edits: Annotated[
        bool,
        option(
            "Rows",
            "Also caption rows that a person corrected or accepted, dropping the corrections. Locked rows stay.",
            "--drop-edits",
        ),
    ] = False


@takes(
    ChoiceOptions,
    SamplingOptions,
    FrameModelOptions,
    SummaryModelOptions,
    EngineOptions,
    WishOptions,
    GateOptions,
    VerifyOptions,
    LimitOptions,
    RunnerOptions,
    ScreenOptions,
)
def recaption(
    which: ChoiceOptions,
    sampling: SamplingOptions,
    frame: FrameModelOptions,
    summary: SummaryModelOptions,
    engine: EngineOptions,
    wishes: WishOptions,
    gate: GateOptions,
    verify: VerifyOptions,
    limits: LimitOptions,
    running: RunnerOptions,
    shown: ScreenOptions,
) -> None:
    """Caption some videos of a result another way, with another prompt or model, and keep everything else.

    Give the options of the first command, and those that should differ.

    The first command can go on afterwards: it leaves these videos as they are unless given --redo.
    """
    engine, runner = running.runner_for(engine)
    with screen(quiet=shown.quiet, json_logs=shown.json_logs, rank=runner.number) as display:
        display.say(f"reading {which.output}")
        from framescribe.results.plan import Again  # which takes long, so not before the first words
        from framescribe.results.rows import Results, video_of
        from framescribe.runs.job import RunOptions

        results = Results(which.output)
        if not len(results):
            raise UserError(f"there is no result at {which.output} (nor {results.parts}). Give the path from -o.")
        rows = chosen_rows(results, which, display.say)
        videos = videos_of(rows, which.source, display.say)
        recipe = recipe_of(sampling, frame, summary, engine, wishes, gate, videos, display.say, runner, verify=verify)
        code = run(
            recipe,
            videos,
            results,
            display,
            options=RunOptions(
                again=Again(failed=True, redo=True),
                preflight=limits.preflight,
                recaption=True,
                order=[video_of(row) for row in results.in_order()],
                drop_edits=which.drop_edits,
                max_failed=limits.most_failed(),
                max_flagged=limits.most_flagged(),
            ),
            limits=limits,
            runner=runner,
            metrics=shown.metrics_port,
        )
    raise typer.Exit(code)


def chosen_rows(results: Results, which: ChoiceOptions, say: Say) -> list[Row]:
    """The selected rows. UserError if there are none, or if nothing selects any."""
    from framescribe.results.edits import ACCEPTED, review_of
    from framescribe.results.selection import FORMS, chosen

    if which.ids is None and not which.where:
        raise UserError(f"which videos? Name them with --ids FILE or --where CONDITION: {FORMS}")
    rows = list(chosen(results.in_order(), ids=which.ids, where=which.where or ()))
    if not which.drop_edits:
        free = [row for row in rows if not row.provenance.get("edits") and review_of(row).get("verdict") != ACCEPTED]
        if edited := len(rows) - len(free):
            say(
                "rows that a person corrected or accepted, kept as they are (--drop-edits captions them too): "
                f"{edited:,}"
            )
        rows = free
    if not rows:
        raise UserError(f"no row of {which.output} is selected: nothing to do")
    return rows


def videos_of(rows: Sequence[Row], sources: Sequence[str] | None, say: Say) -> list[Video]:
    """The videos of these rows, with what the rows say now. UserError if a row alone is not enough to find its file."""
    from framescribe.results.videos import Videos

    wanted = list({(row.id, row.video_path): row for row in rows}.values())
    videos = Videos(sources, say)
    if missing := videos.missing(wanted):
        raise UserError(
            f"videos not found in --source {' '.join(sources or ())}: {len(missing):,} (first: {missing[0].id})"
        )
    return [videos.of(row) for row in wanted]
