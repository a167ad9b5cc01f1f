"""The command `compare`: which of two results has the better captions, judged blindly by a model."""

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
from framescribe.cli.score import named
from framescribe.cli.terminal import say, tell
from framescribe.names import json_shown
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    from framescribe.scoring.pairs import Comparison


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """Which results, and what becomes of the answer."""

    a: Annotated[str, typer.Argument(help="A result: what B is measured by.", metavar="A", show_default=False)]
    b: Annotated[str, typer.Argument(help="Another result of the same clips.", metavar="B", show_default=False)]
    fail_if_worse: Annotated[
        bool,
        option(
            "Answer",
            "End with exit code 3 if B is worse than A beyond chance: if it loses more of the decided pairs than it "
            "wins, and so few wins would come about in 5 % of cases or fewer if both were equally good.",
            "--fail-if-worse",
        ),
    ] = False
    output: Annotated[
        str | None, option("Answer", "Write a page with every pair: compared.html", "--output", "-o", metavar="FILE")
    ] = None
    as_json: Annotated[bool, option("Answer", "All of it, as one JSON object.", "--json")] = False
    source: Annotated[
        list[str] | None,
        option(
            "Frames", "Where the videos are, as for `recaption`. Default: the places in A's rows.", metavar="SOURCE"
        ),
    ] = None
    frames: Annotated[
        int, option("Frames", "Evenly spread frames that the judge sees of each clip.", min=1, metavar="N")
    ] = 8
    prompt: Annotated[
        str, option("Prompts", "Another prompt for the judge, with {first} and {second}: text or @file.")
    ] = "pair"
    preflight: Annotated[
        bool,
        option("Limits", "First ask the judge about two pictures: does it see?", "--preflight/--no-preflight"),
    ] = True


@takes(CompareOptions, JudgeOptions, KeepingOptions, EngineOptions, BudgetOptions)
def compare(
    options: CompareOptions, judge: JudgeOptions, keeping: KeepingOptions, engine: EngineOptions, budget: BudgetOptions
) -> None:
    """Say which of two results has the better captions: a model sees each clip and judges blindly, in both orders.

    A caption wins only if it is named in both orders; else it is a tie (docs/score.md). To judge the pairs yourself:
    framescribe review A --against B
    """
    from framescribe.python.score import compare_async

    made, stopped = until_done(
        lambda stop: compare_async(
            options.a,
            options.b,
            asked(judge, engine),
            sources=options.source or [],
            frames=options.frames,
            judgements=keeping.judgements,
            prompt=options.prompt,
            seed=keeping.seed,
            say=say,
            stop=stop,
            preflight=options.preflight,
            budget=budget.budget(),
        )
    )
    if made is None:
        raise typer.Exit(code_of(stopped, 0, 0))
    if options.as_json:
        print(json_shown(dumps({"A": options.a, "B": options.b, **made.as_dict()}), sys.stdout.encoding))
    else:
        for line in lines_of(made, options.a, options.b):
            tell(line)
    if options.output is not None:
        from framescribe.scoring.page import write_comparison

        write_comparison(made, (options.a, options.b), options.output)
        say(f"page: {options.output} (open it in a browser)")
    code = code_of(stopped, made.left, len(made.failed))
    if options.fail_if_worse and code in (0, 3):
        code = 3 if made.worse else 1 if made.failed else 0
    raise typer.Exit(code)


def lines_of(made: Comparison, a: str, b: str) -> list[str]:
    """What a person is told."""
    found = made.found
    lines = [
        f"A is better: {made.wins_a:,}   {a}",
        f"B is better: {made.wins_b:,}   {b}",
        f"ties: {made.ties:,}",
    ]
    one_sided = made.first + made.second
    if one_sided:
        lines.append(
            f"of the ties, so many because the judge changed its mind with the order: {one_sided:,} (it named the "
            f"first twice: {made.first:,}, the second twice: {made.second:,})"
        )
    if found.equal:
        lines.append(f"of the ties, so many because the captions are the same: {len(found.equal):,}")
    if made.share_b is not None:
        lines.append(f"B's share, with half of the ties: {made.share_b:.3f}{_bounds(made.share_bounds)}")
    if made.decided_b is not None:
        lines.append(f"B's share of the decided: {made.decided_b:.3f}{_bounds(made.decided_bounds)}")
        lines.append(f"so few wins of B, or fewer, by chance: {made.chance:.4f} (one-sided sign test)")
    if made.wins_b < made.wins_a:
        lines.append("B is worse than A beyond chance" if made.worse else "whether B is worse than A is not certain")
    lines += named("clips only in A", found.only_a) + named("clips only in B", found.only_b)
    lines += named("clips without a caption in A", found.bare_a)
    lines += named("clips without a caption in B", found.bare_b)
    lines += named("clips that could not be judged", [f"{one} ({why})" for one, why in made.failed.items()])
    if made.left:
        lines.append(f"pairs that are not judged yet: {made.left:,} (the same command goes on)")
    lines.append(f"judge: {made.judge}; requests: {made.requests:,}; answers that were kept: {made.kept:,}")
    lines.append(f"to judge the pairs yourself: framescribe review {a} --against {b}")
    return lines


def _bounds(bounds: tuple[float | None, float | None]) -> str:
    low, high = bounds
    return "" if low is None or high is None else f" (95 %: {low:.3f} to {high:.3f})"
