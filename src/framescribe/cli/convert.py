"""The command `convert`: a checkpoint in the original LLaVA layout becomes one that today's engines read."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from framescribe.cli.terminal import say


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SRC", help="The checkpoint: a folder, or a repository such as liuhaotian/llava-v1.6-vicuna-7b."
        ),
    ],
    destination: Annotated[Path, typer.Argument(metavar="DST", help="The folder to write: a new or an empty one.")],
    vision_tower: Annotated[
        str | None,
        typer.Option(
            "--vision-tower",
            help="Where the vision tower is. Default: where the checkpoint's config says.",
            metavar="DIR_OR_REPO",
        ),
    ] = None,
) -> None:
    """Turn a checkpoint in the original LLaVA layout (LLaVA 1.5 and 1.6, ShareGPT4V) into one that engines read."""
    from framescribe.convert.checkpoint import convert

    convert(source, destination, vision_tower=vision_tower, said=say)
    say(f"Written. Next: framescribe caption clips/ --model {shlex.quote(str(destination))}")
