"""The commands `doctor`, which finds out whether a run will work, and `serve`, which only keeps servers running."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framescribe import names
from framescribe.cli.engine_options import EngineOptions
from framescribe.cli.options import FrameModelOptions, option, takes
from framescribe.cli.recipes import asked, chosen
from framescribe.cli.running import on_ending_signals
from framescribe.cli.screen import screen
from framescribe.engines.prompt_size import PIXELS
from framescribe.errors import RunError, UserError
from framescribe.python.wanted import several

if TYPE_CHECKING:
    from rich.console import Console

    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice

LOGS = Path("framescribe-logs")
PACKAGES = ("av", "aiohttp", "torch", "transformers", "accelerate", "scenedetect")
MARKS = {"ok": "[green]ok [/]", "odd": "[yellow]odd[/]", "bad": "[red]bad[/]"}
HUB_SECONDS = 5


@dataclass(frozen=True, slots=True)
class PictureOptions:
    """How large the pictures are that a model is asked about."""

    max_pixels: Annotated[
        int, option("Frames", "The most pixels of a picture, as for `caption`.", min=1024, metavar="N")
    ] = PIXELS


@takes(FrameModelOptions, PictureOptions, EngineOptions)
def doctor(frame: FrameModelOptions, pictures: PictureOptions, engine: EngineOptions) -> None:
    """Will this run work? Checks the machine, then tests what the model sees: colours, places, order, JSON and more.

    Takes the options of `caption` that concern the model, and asks as a run with them would. Exit code 1 if something
    is bad.
    """
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 100)
    for name, text in machine():
        _line(console, name, text)
    with screen(quiet=False, json_logs=False) as display:
        recipe = asked(engine)
        choice = chosen(recipe.choice(frame.model, several(frame.base_url)), display.say)
        bad = asyncio.run(_examine(choice, recipe.decoding(), pictures.max_pixels, console))
    raise typer.Exit(1 if bad else 0)


@takes(FrameModelOptions, EngineOptions)
def serve(frame: FrameModelOptions, engine: EngineOptions) -> None:
    """Only start the servers, with settings that suit captioning, and keep them running until Ctrl-C.

    Prints the URLs to give to --base-url in another run.
    """
    with screen(quiet=False, json_logs=False) as display:
        choice = chosen(asked(engine).choice(frame.model, several(frame.base_url)), display.say)
        if choice.engine in ("openai", "transformers"):
            raise UserError("`serve` starts an engine's servers: --engine vllm, sglang, lmdeploy, llama-cpp or ollama")
        asyncio.run(_serve(choice))


def machine() -> Iterator[tuple[str, str]]:
    """What this machine has: names and lines."""
    from framescribe.engines.servers.launch import gpu_memory, visible_gpus
    from framescribe.version import VERSION

    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {package}")
    yield "framescribe", f"{VERSION}, Python {platform.python_version()}, {platform.system()}, {', '.join(found)}"
    gpus, memory = visible_gpus(), gpu_memory()
    yield "GPU", f"{len(gpus)}, the first with {memory / 2**30:.0f} GB" if gpus and memory else "none"
    yield "disk", f"{shutil.disk_usage('.').free / 1e9:,.0f} GB free here"
    yield "hub", _hub()


def _hub() -> str:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return "not checked (HF_HUB_OFFLINE)"
    url = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    shown = url.split("//")[-1].rpartition("@")[2]
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=HUB_SECONDS):
            return f"{shown} answers"
    except urllib.error.HTTPError:
        return f"{shown} answers"
    except (OSError, ValueError):
        return f"{shown} cannot be reached: use local folders, a mirror (HF_ENDPOINT) or a server (--base-url)"


async def _examine(choice: ModelChoice, decoding: Decoding, pixels: int, console: Console) -> bool:
    """Print a line per question; returns whether anything was bad."""
    from framescribe.engines.arguments import shown
    from framescribe.engines.factory import make_engine
    from framescribe.engines.prompt_size import PromptSize
    from framescribe.engines.servers import launch
    from framescribe.engines.sight import QUESTIONS, examine

    if choice.engine in launch.PROGRAMS:
        words = launch.executable(choice.engine, choice.serving.command)
        found = await asyncio.to_thread(launch.version, words, launch.PROGRAMS[choice.engine].ask_version)
        _line(console, "engine", f"{shown(words)}, {found}")
    asked = make_engine(
        choice, prompt=PromptSize(pixels=pixels, answer=decoding.max_tokens), beside=[choice], logs=LOGS
    )
    bad = False
    try:
        await asked.open()
        _line(console, "model", asked.describe())
        for question in QUESTIONS:
            finding = await examine(question, asked, decoding, pixels)
            bad |= finding.verdict == "bad"
            _line(console, finding.name, finding.text, MARKS[finding.verdict])
    finally:
        await asked.close()
    return bad


def _line(console: Console, name: str, text: str, mark: str = "   ") -> None:
    from rich.markup import escape

    console.print(f"{mark} [bold]{name:12}[/] {escape(names.shown(text))}")


async def _serve(choice: ModelChoice) -> None:
    from framescribe.engines.factory import make_engine
    from framescribe.engines.prompt_size import PromptSize
    from framescribe.engines.servers.served import ServedEngine
    from framescribe.runs.driver import Stopped, unless_stopped

    stop = asyncio.Event()
    on_ending_signals(stop.set)
    engine = make_engine(choice, prompt=PromptSize(pictures=None), beside=[choice], logs=LOGS)
    assert isinstance(engine, ServedEngine)
    try:
        await unless_stopped(engine.open(), stop)
        typer.echo(f"{engine.describe()} is ready; logs are in {LOGS}. Ctrl-C ends it.")
        typer.echo("framescribe caption clips/ " + " ".join(f"--base-url {url}" for url in engine.urls))
        await unless_stopped(engine.until_one_is_lost(), stop)
        raise RunError(f"a server died too often; its log is in {LOGS}")
    except Stopped:
        return
    finally:
        await engine.close()
