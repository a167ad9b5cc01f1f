"""The command `status`: what an output file holds so far, read from its parts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.terminal import tell
from framescribe.errors import UserError
from framescribe.names import json_shown
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    from framescribe.results.rows import Results


def status(
    output: Annotated[str, typer.Argument(help="The result: captions.jsonl", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="As one JSON object.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing it until the run is done.")] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Write the finished file from the rows so far, sorted by id.")
    ] = False,
) -> None:
    """Show how far a run has got: captioned, flagged, failed with reasons, and left. Works while it runs."""
    from framescribe.cli.watch import watch as watch_run
    from framescribe.results.rows import Results
    from framescribe.runs.totals import Totals

    results = Results(output)
    if not len(results) and not watch:
        raise UserError(f"there is no result at {output} (nor {results.parts}). Give the path from -o.")
    if watch:
        watch_run(results)
    if finish:
        _finish(results)
    totals = Totals(results)
    faults = totals.faults
    inputs = results.noted_recipe().get("inputs")
    if as_json:
        record = {
            "output": str(output),
            "finished": results.finished,
            "inputs": inputs,
            "rows": len(results),
            "statuses": dict(totals.statuses),
            "failures": dict(totals.failures),
            "segments": totals.segments,
            "steps": totals.steps,
            "steps_not_asked": totals.steps_not_asked,
            "tokens": totals.tokens,
            "checked": faults.as_json(),
        }
        print(json_shown(dumps(record), sys.stdout.encoding))
        return
    total = f" of {inputs:,}" if isinstance(inputs, int) and inputs >= len(results) else ""
    counts = ", ".join(f"{count:,} {name}" for name, count in totals.statuses.items())
    tell(f"videos with a row: {len(results):,}{total} ({counts})")
    for kind, count in totals.failures.most_common():
        tell(f"  {count:,} × {kind}, such as {totals.examples[kind]}")
    if totals.segments:
        tell(f"segments: {totals.segments:,}")
    if totals.steps:
        not_asked = totals.steps_not_asked
        same = f", {not_asked:,} of them not asked about: the pictures are nearly the same" if not_asked else ""
        tell(f"steps from frame to frame: {totals.steps:,}{same}")
    for line in faults.lines():
        tell(f"  checked: {line}")
    if spent := faults.spent():
        tell(f"  mending took {spent}")
    tell(f"{totals.tokens:,} tokens read and written")
    if results.unreadable_lines:
        tell(f"damaged lines, whose videos the next run captions again: {results.unreadable_lines:,}")
    tell(f"finished file: {output}" if results.finished else f"not finished yet: the rows are in {results.parts}")


def _finish(results: Results) -> None:
    results.begin(results.noted_recipe())
    results.finish([])
