"""The command `score`: how good captions are, alone or against references."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.judge_options import JudgeOptions, KeepingOptions, code_of, until_done
from framescribe.cli.options import option, takes
from framescribe.cli.recipes import asked
from framescribe.cli.run_options import BudgetOptions
from framescribe.cli.terminal import PIPED_WIDTH, say, tell
from framescribe.errors import UserError
from framescribe.names import json_shown, shown
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    from framescribe.scoring.scores import Score

NAMED = 5  # ids in a line


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """Which captions, against what, and where the answer goes."""

    captions: Annotated[
        str,
        typer.Argument(help="A result, a table of captions, or a folder of texts.", show_default=False),
    ]
    against: Annotated[
        str | None,
        option(
            "Answer",
            "References for the same clips, which a judge compares the captions with: a result, a table with ids, or a "
            "data set that `import` reads.",
            metavar="REFERENCE",
        ),
    ] = None
    output: Annotated[
        str | None, option("Answer", "Write a page with plots: score.html", "--output", "-o", metavar="FILE")
    ] = None
    as_json: Annotated[bool, option("Answer", "All of it, as one JSON object.", "--json")] = False
    caption_column: Annotated[
        str | None, option("Answer", "A table's column of captions. Default: caption, else text.", metavar="NAME")
    ] = None
    judge_prompt: Annotated[
        list[str] | None,
        option(
            "Prompts",
            "Another prompt for the judge: events, relations, questions, answers or grades, as text or @file. Can be "
            "given several times.",
            metavar="NAME=TEXT",
        ),
    ] = None


@takes(ScoreOptions, JudgeOptions, KeepingOptions, EngineOptions, BudgetOptions)
def score(
    options: ScoreOptions, judge: JudgeOptions, keeping: KeepingOptions, engine: EngineOptions, budget: BudgetOptions
) -> None:
    """Say how good captions are: without a model, or, against references, by a model that judges.

    Without --against: how much the frames support, flags, lengths, vocabulary, twins, camera, agreement with what was
    measured. With it, also events (precision, recall, F1) and questions that a caption answers (docs/score.md).
    """
    from framescribe.python.score import score_async

    made, stopped = until_done(
        lambda stop: score_async(
            options.captions,
            options.against,
            asked(judge, engine),
            column=options.caption_column,
            judgements=keeping.judgements,
            prompts=_prompts(options.judge_prompt or ()),
            seed=keeping.seed,
            say=say,
            stop=stop,
            budget=budget.budget(),
        )
    )
    if made is None:
        raise typer.Exit(code_of(stopped, 0, 0))
    if options.as_json:
        print(json_shown(dumps({"captions": options.captions, **made.as_dict()}), sys.stdout.encoding))
    else:
        show(made)
    if options.output is not None:
        from framescribe.scoring.page import write_score

        write_score(made, options.captions, options.output)
        say(f"page: {options.output} (open it in a browser)")
    raise typer.Exit(code_of(stopped, made.left, len(made.failed)))


def _prompts(given: tuple[str, ...] | list[str]) -> dict[str, str]:
    found = dict[str, str]()
    for one in given:
        name, sign, text = one.partition("=")
        if not sign:
            raise UserError(f"--judge-prompt {one}: write it as NAME=TEXT or NAME=@file")
        found[name] = text
    return found


def show(made: Score) -> None:
    """The figures as a table, and lines about what they leave out."""
    from rich.console import Console
    from rich.table import Table

    from framescribe.scoring.page import counted, interval, number, said_of

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("metric", "figure"):
        table.add_column(name, no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95 %", no_wrap=True)
    table.add_column("of", no_wrap=True)
    last = ""
    for one in made.figures:
        metric, last = "" if one.metric == last else one.metric, one.metric
        table.add_row(metric, one.name, number(one), interval(one), counted(one).strip(" ()"))
    console.print(table)
    tell(said_of(made))
    for line in left_out(made):
        tell(line)


def left_out(made: Score) -> list[str]:
    """What the figures do not speak of."""
    lines = []
    if made.judge is not None:
        lines.append(f"requests: {made.requests:,}; answers that were kept: {made.kept:,}")
        if lacking := made.clips - made.references:
            lines.append(f"clips without a reference: {lacking:,}")
    lines += named("references of no clip here", made.unmatched)
    lines += named("clips that could not be judged", [f"{one} ({why})" for one, why in made.failed.items()])
    if made.left:
        lines.append(f"clips that are not judged yet: {made.left:,} (the same command goes on)")
    return lines


def named(words: str, names: list[str]) -> list[str]:
    """A line with the number of these, and the first few; no line if there are none."""
    if not names:
        return []
    more = "" if len(names) <= NAMED else ", …"
    return [shown(f"{words}: {len(names):,} ({', '.join(names[:NAMED])}{more})")]
