"""The command `models`: which models have a short name, on which engines they run, and the details of one."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from framescribe.engines.routes import Preset

WIDTH = 100  # if there is no terminal to ask


def models(
    name: Annotated[str | None, typer.Argument(help="Show the details of this model.", show_default=False)] = None,
) -> None:
    """List the models with a short name, or show one. Any folder, repository id or server's model works too."""
    from rich.console import Console

    from framescribe.engines.presets import PRESETS
    from framescribe.errors import UserError
    from framescribe.registry import suggest

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = WIDTH
    if name is None:
        _table(console)
    elif name in PRESETS:
        for line in described(PRESETS[name]):
            console.print(line, soft_wrap=True)
    else:
        raise UserError(f"no model is called {name!r}. {suggest(name, PRESETS)}")


def _table(console: Console) -> None:
    from rich.table import Table

    from framescribe.engines.presets import PRESETS
    from framescribe.engines.routes import CHECKED

    heads = {"transformers": "trans-\nformers", "lmdeploy": "lm-\ndeploy", "llama-cpp": "llama-\ncpp"}
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("takes", no_wrap=True)
    table.add_column("GPU", justify="right", no_wrap=True)
    table.add_column("licence")
    for engine in CHECKED:
        table.add_column(heads.get(engine, engine), justify="center", no_wrap=True)
    for preset in PRESETS.values():
        runs = ("yes" if engine in preset.routes else "-" for engine in CHECKED)
        table.add_row(preset.name, preset.kind, f"{preset.memory} GB", preset.licence, *runs)
    console.print(table)
    console.print("\nGPU: memory in BF16, derived from the parameters. Details of one: framescribe models NAME")


def described(preset: Preset) -> list[str]:
    """All about one model, a line each: what it is, its route on each engine or why there is none, what to type."""
    from framescribe.engines.presets import lack
    from framescribe.engines.routes import CHECKED

    lines = [
        f"{preset.name}: {preset.note}",
        f"{'takes':<14}{preset.kind}" + (f", up to {preset.pixels} pixels per frame" if preset.pixels else ""),
        f"{'licence':<14}{preset.licence}",
        f"{'GPU memory':<14}{preset.memory} GB in BF16, derived from {preset.parameters:g} billion parameters",
    ]
    for engine in CHECKED:
        found = preset.routes.get(engine)
        told = (
            " ".join((found.repository, *map(shlex.quote, found.arguments))) if found else f"- {lack(preset, engine)}"
        )
        lines.append(f"{engine:<14}{told}")
    if preset.otherwise:
        lines.append(f"{'otherwise':<14}{preset.otherwise}")
    return [*lines, *(f"    {line}" for line in to_type(preset))]


def to_type(preset: Preset) -> list[str]:
    """The commands that run it: in process if possible, and on the first engine that has a server."""
    start = "summarize frames.jsonl" if preset.kind == "text" else "caption clips/"
    smaller = f" --max-pixels {preset.pixels}" if preset.pixels and preset.pixels < 1024 * 1024 else ""
    served = next((engine for engine in preset.routes if engine != "transformers"), None)
    engines = ([""] if "transformers" in preset.routes else []) + ([f" --engine {served}"] if served else [])
    return [f"framescribe {start} --model {preset.name}{engine}{smaller} -o captions.jsonl" for engine in engines]
