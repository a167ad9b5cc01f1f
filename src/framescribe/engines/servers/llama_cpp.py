"""Knows the command line of llama.cpp's server for captions, and which files it loads; starts nothing."""

from __future__ import annotations

import os
from pathlib import Path

from framescribe.engines.servers.program import SLOTS, Command, Program, Server, flags, given, lacks, slot_tokens
from framescribe.engines.thinking_switch import in_template
from framescribe.errors import UserError

INERT = flags(
    """
    C Cb Cr Crb a alias api-prefix b batch-size cache-prompt cache-ram cache-reuse cb check-tensors cmoe
    cont-batching cpu-mask cpu-mask-batch cpu-moe cpu-range cpu-range-batch cpu-strict cpu-strict-batch cram
    ctx-checkpoints defrag-thold dev device dt fa fit fit-ctx fit-target flash-attn gpu-layers hf-token hft host
    kv-offload kv-unified kvu list-devices log-colors log-disable log-file log-prefix log-timestamps log-verbosity
    lv main-gpu metrics mg mlock mmap mmproj-offload n-cpu-moe n-gpu-layers ncmoe ngl nkvo nocb np nr numa offline
    op-offload ot override-tensor parallel path perf poll poll-batch port prio prio-batch props reasoning-budget
    reasoning-format repack reuse-port sleep-idle-seconds slot-prompt-similarity slot-save-path slots sm split-mode
    sps ssl-cert-file swa-checkpoints swa-full t tb tensor-split threads threads-batch threads-http timeout to ts ub
    ubatch-size v verbose verbosity warmup webui
    """
)


PRECISION = "precision and version are those of the GGUF file: name another repository or file"


def command(server: Server, port: int) -> Command:
    """How llama.cpp's server serves this on a loopback port. UserError if the files do not fit together, or for an
    option that it does not have."""
    lacks("llama.cpp", PRECISION, dtype=server.dtype != "auto", revision=server.revision is not None)
    folder = Path(os.path.expanduser(server.repository))
    if folder.suffix == ".gguf" or folder.is_dir():
        model, projector = gguf_files(folder)
        weights = ["-m", str(model), *(["--mmproj", str(projector)] if projector else [])]
    else:
        weights = ["-hf", server.repository]
    return Command(
        argv=(
            *weights,
            *("--host", "127.0.0.1", "--port", str(port), "--alias", server.name, "--jinja"),
            *("--parallel", str(SLOTS), "--ctx-size", str(SLOTS * slot_tokens(server))),
            *("--reasoning-format", "deepseek"),  # thoughts go into a field of their own
            *given((server.thinking == "off", ("--reasoning-budget", "0"))),
            *server.arguments,
        ),
        extra=in_template(server.thinking),
    )


def gguf_files(path: Path) -> tuple[Path, Path | None]:
    """The model and, if there is one beside it, the projector: a file with "mmproj" in its name.

    UserError if it is not clear which files are meant.
    """
    beside = sorted((path if path.is_dir() else path.parent).glob("*.gguf"))
    projectors = [file for file in beside if "mmproj" in file.name.lower()]
    models = [file for file in beside if file not in projectors] if path.is_dir() else [path]
    if len(models) != 1 or not models[0].exists() or len(projectors) > 1:
        raise UserError(
            f"{path} must hold one .gguf model and at most one mmproj file; it has {len(models)} and "
            f"{len(projectors)}. Name the model's file itself."
        )
    return models[0], projectors[0] if projectors else None


def _by_role(model: Path, projector: Path | None) -> dict[str, Path]:
    return {"model": model, **({"mmproj": projector} if projector is not None else {})}


PROGRAM = Program(
    executable="llama-server",
    command=command,
    website="https://github.com/ggml-org/llama.cpp",
    tensor_parallel=False,
    files=lambda path: _by_role(*gguf_files(path)),
    inert=INERT,
)
