"""The command `export`: a result becomes a data set in a trainer's own format."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.options import option, takes
from framescribe.cli.terminal import say, tell
from framescribe.errors import UserError

if TYPE_CHECKING:
    from framescribe.dataset.export import Exported

UNFIT_SHOWN = 5
DONE = {
    "cut": "captions cut",
    "newlines": "captions whose line breaks became blanks",
    "opening": "captions without their opening phrase",
    "replaced": "captions with words replaced",
    "triggered": "captions with the trigger put before",
}


class Videos(StrEnum):
    """How videos get into a data set."""

    link = "link"
    copy = "copy"
    as_is = "as-is"


class OnNewline(StrEnum):
    """What becomes of line breaks in captions."""

    space = "space"
    refuse = "refuse"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is exported, in which format, and where to."""

    captions: Annotated[str | None, typer.Argument(help="The result: captions.jsonl", show_default=False)] = None
    to: Annotated[
        str | None,
        option("Format", "The trainer. Without it, all of them are listed.", "--to", metavar="TRAINER"),
    ] = None
    folder: Annotated[str | None, option("Format", "The folder of the data set.", "--output", "-o", metavar="DIR")] = (
        None
    )
    layout: Annotated[
        str | None,
        option(
            "Format", "One of the trainer's layouts. Default: the first that is listed.", "--layout", metavar="NAME"
        ),
    ] = None
    videos: Annotated[
        Videos,
        option(
            "Format",
            "link: links to the videos in the folder. copy: copies. as-is: they stay where they are, and the list "
            "names them there. Videos that already lie in the folder stay there in any case.",
            metavar="link|copy|as-is",
        ),
    ] = Videos.link
    force: Annotated[
        bool, option("Format", "Overwrite files in the folder that a person wrote or changed.", "--force")
    ] = False
    where: Annotated[
        list[str] | None,
        option(
            "Rows",
            "Only rows that match, as for `recaption`: 'duration < 3', 'support >= 0.9 and motion > 0.02', "
            "'id != NAME'. Given several times, all must match.",
            metavar="CONDITION",
        ),
    ] = None
    ids: Annotated[
        str | None,
        option(
            "Rows", "Only the videos with these ids: a .txt, one per line, or a table with a column id.", metavar="FILE"
        ),
    ] = None
    include_flagged: Annotated[
        bool,
        option(
            "Rows",
            "Also rows with flags. Default: only if a person edited or accepted the caption.",
            "--include-flagged",
        ),
    ] = False
    skip_unusable: Annotated[
        bool,
        option(
            "Rows",
            "Leave out rows that the trainer could not use. Default: they are named, and nothing is written.",
            "--skip-unusable",
        ),
    ] = False
    segments: Annotated[
        bool,
        option(
            "Rows",
            "Each segment of a video that was captioned in segments is a clip of its own, cut out frame by frame, "
            "with its sound.",
            "--segments",
        ),
    ] = False
    variant: Annotated[
        list[str] | None,
        option(
            "Captions",
            "Which text of a row: caption, a stage, a value in what a stage made, or one of your columns. Given "
            "several times, a clip has several captions, if the trainer takes them; NAME=2 counts twice.",
            metavar="NAME",
        ),
    ] = None
    trigger: Annotated[
        str | None, option("Captions", "Put before each caption that does not hold it: 'ohwx dog'.", metavar="WORDS")
    ] = None
    replace: Annotated[
        list[str] | None,
        option(
            "Captions", "Put other words for a word: 'man=ohwx man'. Can be given several times.", metavar="WORD=WORDS"
        ),
    ] = None
    prefix: Annotated[str, option("Captions", "Text before each caption.", metavar="TEXT")] = ""
    suffix: Annotated[str, option("Captions", "Text after each caption.", metavar="TEXT")] = ""
    drop_opening: Annotated[bool, option("Captions", "Drop openings such as 'The video shows'.", "--drop-opening")] = (
        False
    )
    max_words: Annotated[
        int | None,
        option("Captions", "Cut captions to this many words, after a sentence if possible.", min=1, metavar="N"),
    ] = None
    max_tokens: Annotated[
        int | None,
        option("Captions", "Cut captions to this many tokens, after a sentence if possible.", min=1, metavar="N"),
    ] = None
    tokenizer: Annotated[
        str | None,
        option(
            "Captions",
            "What counts tokens: a folder with a tokenizer.json, or t5, clip, umt5, llama3. Default: the trainer's.",
            metavar="NAME|DIR",
        ),
    ] = None
    on_newline: Annotated[
        OnNewline | None,
        option(
            "Captions",
            "What becomes of line breaks in captions: space or refuse. Default: a blank where the trainer cannot read "
            "them.",
            metavar="space|refuse",
            show_default=False,
        ),
    ] = None
    license: Annotated[
        str | None, option("Card", "The data set's licence, for its card: cc-by-4.0.", metavar="NAME")
    ] = None
    push_to_hub: Annotated[
        str | None,
        option("Card", "Upload the folder to this data set on the Hugging Face Hub.", "--push-to-hub", metavar="REPO"),
    ] = None
    private: Annotated[bool, option("Card", "Create that data set as a private one.", "--private")] = False


def replacements(given: tuple[str, ...] | list[str]) -> Mapping[str, str]:
    """Words and what each becomes. UserError if one is not WORD=WORDS, or is given twice."""
    found: dict[str, str] = {}
    for text in given:
        word, sign, words = (part.strip() for part in text.partition("="))
        if not sign or not word:
            raise UserError(f"--replace {text!r} is not WORD=WORDS, such as man='ohwx man'")
        if found.setdefault(word, words) != words:
            raise UserError(f"--replace gives two replacements for {word!r}; keep one")
    return found


@takes(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write the captions as a trainer reads them, with the videos linked, and check that its loader finds all of them.

    Without --to: the trainers and their layouts.
    """
    if options.to is None:
        _list_formats()
        return
    if options.captions is None:
        raise UserError("export what? Name the result: framescribe export captions.jsonl --to …")
    if options.folder is None:
        raise UserError("where to? Name the folder of the data set with -o DIR")
    if options.private and options.push_to_hub is None:
        raise UserError("--private is for --push-to-hub REPO, which is missing")
    from framescribe.addresses import without_keys
    from framescribe.python.export import export as export_dataset

    given = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    given |= {
        "where": options.where or (),
        "variants": given.pop("variant") or (),
        "replace": replacements(options.replace or ()),
    }
    words = (shlex.quote(without_keys(word)) for word in sys.argv[1:])
    _tell(export_dataset(**given, command=" ".join(["framescribe", *words]), say=say))


def _tell(exported: Exported) -> None:
    for what, count in exported.left_out.items():
        hint = " (--include-flagged exports them)" if what == "flagged" else ""
        tell(f"{what}, left out: {count:,}{hint}")
    for what, count in exported.done.items():
        tell(f"{DONE.get(what, what)}: {count:,}")
    if exported.unfit_count:
        shown = ", ".join(f"{name} ({frames})" for name, frames in exported.unfit[:UNFIT_SHOWN])
        more = "" if exported.unfit_count <= UNFIT_SHOWN else ", …; README.md there lists them"
        tell(f"clips of which the trainer leaves something out: {exported.unfit_count:,}: {shown}{more}")
        tell(f"    ({exported.unfit_why})")
    if exported.kept:
        tell(
            f"captions beside videos that a person wrote or changed, kept: {len(exported.kept):,} "
            f"(first: {exported.kept[0]}; --force overwrites them)"
        )
    for path in exported.settings_kept:
        tell(f"{path} was changed by a person, and is kept (--force overwrites it)")
    if exported.others:
        tell(f"other captioned clips in {exported.folder}, which the trainer will use too: {exported.others:,}")
    tell(f"{exported.clips:,} clips in {exported.folder}, read back as {exported.format} reads them: all as written")
    if exported.start:
        tell(f"next: {exported.start}")


def _list_formats() -> None:
    from framescribe import registry

    for name, format in registry.load_all("formats").items():
        tell(name if name == format.title else f"{name}: {format.title}")
        for layout in format.layouts:
            tell(f"    {layout.name}: {layout.about}")
