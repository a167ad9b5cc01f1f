"""Knows the commands' names and how an error ends the program; each command has a file of its own."""

from __future__ import annotations

import sys

import typer

from framescribe.cli import (
    caption,
    check,
    compare,
    convert,
    demo,
    doctor,
    export,
    imported,
    look,
    measure,
    models,
    recaption,
    review,
    score,
    status,
    verify,
)
from framescribe.cli.engine_options import FOR_ENGINE
from framescribe.cli.terminal import ended
from framescribe.version import VERSION

app = typer.Typer(
    name="framescribe",
    help="Captions videos for text-to-video training: samples frames, captions them, summarises, keeps every row.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"framescribe {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


app.command("caption", rich_help_panel="Caption")(caption.caption)
app.command("frames", rich_help_panel="Caption")(caption.frames)
app.command("summarize", rich_help_panel="Caption")(caption.summarize)
app.command("recaption", rich_help_panel="Caption")(recaption.recaption)
app.command("verify", rich_help_panel="Caption")(verify.verify)
app.command("review", rich_help_panel="Caption")(review.review)
app.command("check", rich_help_panel="Data sets")(check.check)
app.command("score", rich_help_panel="Data sets")(score.score)
app.command("compare", rich_help_panel="Data sets")(compare.compare)
app.command("export", rich_help_panel="Data sets")(export.export)
app.command("import", rich_help_panel="Data sets")(imported.import_)
app.command("serve", rich_help_panel="Engines")(doctor.serve)
app.command("doctor", rich_help_panel="Engines")(doctor.doctor)
app.command("status", rich_help_panel="Look")(status.status)
app.command("probe", rich_help_panel="Look")(look.probe)
app.command("sample", rich_help_panel="Look")(look.sample)
app.command("measure", rich_help_panel="Look")(measure.measure)
app.command("models", rich_help_panel="Look")(models.models)
app.command("convert", rich_help_panel="Look")(convert.convert)
app.command("demo", rich_help_panel="Look")(demo.demo)


def split_arguments(words: list[str]) -> tuple[list[str], list[str]]:
    """The command line, and what follows `--`: the engine's own options, if the named engine has a server to start."""
    named = any(word == "--engine" or word.startswith("--engine=") for word in words)
    if not named or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def main() -> None:
    """Run the command line. Exit codes: 0 all done, 1 the run had to stop, 2 a user error, 3 finished with failed
    videos or with captions that have faults or are worse, 130 interrupted."""
    words, for_engine = split_arguments(sys.argv[1:])
    FOR_ENGINE.set(tuple(for_engine))
    sys.exit(ended("framescribe", lambda: app(words) or 0))
