"""The command `check`: what is wrong with the captions of a table, found without a model."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe.cli.options import option, takes
from framescribe.cli.terminal import PIPED_WIDTH, say, tell
from framescribe.errors import UserError
from framescribe.names import json_shown, shown
from framescribe.plain_json import dumps

if TYPE_CHECKING:
    from framescribe.checks.base import Circumstances
    from framescribe.dataset.checking import Counted, Kind, TokenLimit

EXAMPLE = 60  # characters of an example's words, and of what is wrong with them


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Which captions are checked, for what, and where the answer goes."""

    file: Annotated[
        str,
        typer.Argument(
            help="Captions: a table (jsonl, csv, tsv, parquet, json, or txt with one in each line), a folder of .txt, "
            "or a result.",
            show_default=False,
        ),
    ]
    output: Annotated[
        str | None,
        option(
            "Answer",
            "Write the rows, with what was found in each: .jsonl, .csv, .tsv or .parquet.",
            "--output",
            "-o",
            metavar="FILE",
        ),
    ] = None
    as_json: Annotated[bool, option("Answer", "What was found, as one JSON object.", "--json")] = False
    caption_column: Annotated[
        str | None, option("Captions", "The column of captions. Default: caption, else text.", metavar="NAME")
    ] = None
    language: Annotated[
        str,
        option(
            "Captions", "What they should be written in, such as en, zh or German; any: not judged.", metavar="CODE"
        ),
    ] = "en"
    min_words: Annotated[
        int | None, option("Captions", "The fewest words. Default: 5.", min=0, metavar="N", show_default=False)
    ] = None
    max_words: Annotated[int | None, option("Captions", "The most words.", min=1, metavar="N")] = None
    max_tokens: Annotated[
        int | None, option("Captions", "The most tokens of a text encoder (--tokenizer).", min=1, metavar="N")
    ] = None
    tokenizer: Annotated[
        str | None,
        option(
            "Captions",
            "What counts tokens: a folder with a tokenizer.json, or t5, clip, umt5.",
            metavar="NAME|DIR",
        ),
    ] = None
    trigger: Annotated[
        list[str] | None,
        option("Captions", "Words that each must hold. Can be given several times.", metavar="WORDS"),
    ] = None
    forbid: Annotated[
        list[str] | None,
        option("Captions", "Words that none may hold. Can be given several times.", metavar="WORDS"),
    ] = None
    must_mention: Annotated[
        list[str] | None,
        option("Captions", "Words that each must mention, in any form. Can be given several times.", metavar="WORDS"),
    ] = None
    target: Annotated[
        str | None,
        option(
            "Captions",
            "What they are for, as for `caption`: its most words or tokens, and for a LoRA the words to keep out.",
            "--for",
            metavar="NAME",
        ),
    ] = None
    prompt: Annotated[
        str | None, option("Captions", "The instruction that the model was given: text or @file.", metavar="TEXT")
    ] = None
    all_checks: Annotated[bool, option("Checks", "Also what is off by default.", "--all-checks")] = False
    check: Annotated[
        list[str] | None,
        option("Checks", "Also look for this, which is off by default. Can be given several times.", metavar="NAME"),
    ] = None
    no_check: Annotated[
        list[str] | None,
        option(
            "Checks",
            "Do not look for this; all: only for what --check names. Can be given several times.",
            metavar="NAME",
        ),
    ] = None
    check_limit: Annotated[
        list[str] | None,
        option(
            "Checks",
            "From which figure on it is a fault: repeats.phrase_times=4. Can be given several times.",
            "--limit",
            "--check-limit",
            metavar="CHECK.MEASURE=VALUE",
        ),
    ] = None


@takes(CheckOptions)
def check(options: CheckOptions) -> None:
    """Find what is wrong with captions, without a model: refusals, loops, boilerplate, twins and the like.

    A row's own columns count before the options: language, min_words,
    max_words, trigger, forbid, must_mention, prompt; also finish_reason, frame_captions
    and set (docs/checks.md). Ends with 3 if there is a fault.
    """
    from framescribe.checks.judge import ALL, Checks, limits_in
    from framescribe.dataset.caption_table import captions_in
    from framescribe.dataset.checking import check_captions, refuse_output
    from framescribe.storage.tables import ending_of

    checks = Checks.chosen(
        on=[*(options.check or ()), *([ALL] if options.all_checks else ())],
        off=options.no_check or (),
        limits=limits_in(options.check_limit or (), "--limit"),
    )
    tokens = _tokens(options)
    if options.output is not None:
        refuse_output(options.output, options.file)
    ending = ending_of(options.output or ".jsonl")
    captions = captions_in(options.file, column=options.caption_column, of=_circumstances(options), ending=ending)
    counted = check_captions(captions, checks, options.output, tokens=tokens, say=say)
    if options.as_json:
        _as_json(options.file, counted)
    else:
        _as_table(counted)
    if counted.flagged:
        raise typer.Exit(3)


def _circumstances(options: CheckOptions) -> Circumstances:
    from framescribe import prompts
    from framescribe.checks.base import Circumstances, fewest
    from framescribe.dataset.caption_table import texts_in
    from framescribe.language.languages import code
    from framescribe.python.targets import target_of
    from framescribe.python.wanted import Wanted

    target = target_of(options.target)
    wanted = Wanted(
        min_words=options.min_words,
        max_words=options.max_words,
        language=options.language,
        trigger=options.trigger,
        forbid=options.forbid,
        must_mention=options.must_mention,
        target=options.target,
    )
    wanted.refuse_contradictions()
    if (unknown := wanted.unknown_language) is not None:
        say(unknown)
    most = wanted.words_of(target)[1]
    return Circumstances(
        prompt="" if options.prompt is None else prompts.load(options.prompt, "summary"),
        language=code(options.language),
        min_words=fewest(options.min_words, most),
        max_words=most,
        tokens=target.encoder if target is not None else None,
        learns=target.learns if target is not None else "",
        trigger=tuple(words for text in options.trigger or () for words in texts_in(text)),
        forbid=tuple(words for text in options.forbid or () for words in texts_in(text)),
        must_mention=tuple(words for text in options.must_mention or () for words in texts_in(text)),
    )


def _tokens(options: CheckOptions) -> TokenLimit | None:
    if options.max_tokens is None and options.tokenizer is None:
        return None
    if options.max_tokens is None or options.tokenizer is None:
        raise UserError("--max-tokens N and --tokenizer NAME belong together; give both, or neither")
    from framescribe.dataset.checking import TokenLimit
    from framescribe.language.tokens import counter

    found = counter(options.tokenizer)
    if found.estimated is not None:
        say(found.estimated)
    return TokenLimit(options.max_tokens, found.count, options.tokenizer)


def _as_json(file: str, counted: Counted) -> None:
    kinds = {
        name: {"count": kind.count, "example": {"row": kind.row, "text": kind.text, "what": kind.what}}
        for name, kind in counted.kinds.items()
    }
    record = {"file": file, "captions": counted.captions, "flagged": counted.flagged, "checks": kinds}
    print(json_shown(dumps(record), sys.stdout.encoding))


def _as_table(counted: Counted) -> None:
    from rich.console import Console
    from rich.table import Table

    if counted.kinds:
        console = Console(highlight=False, markup=False)
        if not console.is_terminal:
            console.width = PIPED_WIDTH
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("check", no_wrap=True)
        table.add_column("captions", justify="right", no_wrap=True)
        table.add_column("the first")
        for name, kind in counted.kinds.items():
            table.add_row(name, f"{kind.count:,}", shown(f"{kind.row}: {_told(kind)}"))
        console.print(table)
    share = f" ({counted.flagged / counted.captions:.1%})" if counted.flagged else ""
    tell(f"captions checked: {counted.captions:,}; with a fault: {counted.flagged:,}{share}")


def _told(kind: Kind) -> str:
    """What is wrong, and with which words, unless that names them."""
    words, what = (
        text if len(text) <= EXAMPLE else f"{text[: EXAMPLE - 1]}…" for text in (kind.text.strip(), kind.what)
    )
    return what if not words or kind.text.strip().lower() in kind.what.lower() else f"{what}: “{words}”"
