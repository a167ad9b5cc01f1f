"""Knows how llama.cpp's server serves a model for captions: its flags, and which files it loads; starts nothing."""

from __future__ import annotations

from pathlib import Path

from framescribe.engines.servers.program import SLOTS, Command, Program, Server, slot_tokens
from framescribe.errors import UserError


def command(server: Server, port: int) -> Command:
    folder = Path(server.repository).expanduser()
    if folder.suffix == ".gguf" or folder.is_dir():
        model, projector = gguf_files(folder)
        weights = ["-m", str(model), *(["--mmproj", str(projector)] if projector else [])]
    else:
        weights = ["-hf", server.repository]
    return Command(
        argv=(
            *weights,
            *("--host", "127.0.0.1", "--port", str(port), "--alias", server.name, "--jinja"),
            *("--parallel", str(SLOTS), "--ctx-size", str(SLOTS * slot_tokens(server.prompt))),
            *server.arguments,
        )
    )


def gguf_files(path: Path) -> tuple[Path, Path | None]:
    """The model and, where one lies beside it, the projector (a file whose name has "mmproj" in it)."""
    beside = sorted((path if path.is_dir() else path.parent).glob("*.gguf"))
    projectors = [file for file in beside if "mmproj" in file.name.lower()]
    models = [file for file in beside if file not in projectors] if path.is_dir() else [path]
    if len(models) != 1 or not models[0].exists() or len(projectors) > 1:
        raise UserError(
            f"{path} must hold one model as .gguf and at most one mmproj file; it has {len(models)} and "
            f"{len(projectors)}. Name the model's file itself."
        )
    return models[0], projectors[0] if projectors else None


PROGRAM = Program(
    executable="llama-server",
    command=command,
    website="https://github.com/ggml-org/llama.cpp",
    tensor_parallel=False,
)
