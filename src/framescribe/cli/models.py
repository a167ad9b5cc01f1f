"""The command `models`: which names a model can be called by here."""

from __future__ import annotations


def models() -> None:
    """List the models that have a short name. Any folder, repository id or server's model works as well."""
    from rich.console import Console

    from framescribe.engines.presets import PRESETS

    console = Console(highlight=False)
    for preset in PRESETS.values():
        loads = "built in" if preset.builtin else preset.repository or "not in process"
        console.print(f"[bold]{preset.name}[/]  {loads}  ({preset.licence})")
        console.print(f"    {preset.note}" + (f". Not in process: {preset.instead}" if preset.instead else ""))
