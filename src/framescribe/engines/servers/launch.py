"""Knows each engine's command line for serving a model for captions, and where the command is found; starts nothing.

Flags are those of the published versions in `VERSIONS`, of llama.cpp's server and of Ollama; docs/engines.md says why
each is set.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framescribe.engines.base import PromptSize
from framescribe.errors import UserError

VERSIONS = {"vllm": "0.33.0", "sglang": "0.5.23", "lmdeploy": "0.18.0"}  # those on PyPI
EXECUTABLES = {
    "vllm": "vllm",
    "sglang": "sglang",
    "lmdeploy": "lmdeploy",
    "llama-cpp": "llama-server",
    "ollama": "ollama",
}
SLOTS, SLOT_TOKENS = 4, 8192  # of llama.cpp and Ollama: requests at once, and the least context of each
# An answer of vLLM ends where 4 to 64 tokens have come four times in a row: a loop would go on to --max-tokens.
CIRCLES = {"min_pattern_size": 4, "max_pattern_size": 64, "min_count": 4}
# A variable of Qwen3's chat template and others: thinking aloud would take most of --max-tokens.
NO_THINKING = {"chat_template_kwargs": {"enable_thinking": False}}
IMAGES = 2  # in one prompt, at least: `doctor` compares two


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is to be served, and how. `repository` is what the engine loads, `name` what it calls it.

    `prompt`: the largest with pictures; None: prompts are text. `share`: the part of a GPU's memory that it may take.
    `arguments` are the model's own, then the user's, which come last and so count where they contradict.
    """

    repository: str
    name: str
    revision: str | None = None
    dtype: str = "auto"
    trust_remote_code: bool = False
    prompt: PromptSize | None = field(default_factory=PromptSize)
    tensor_parallel: int = 1
    share: float = 1.0
    processors: int = 1
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line without its executable, what it wants in the environment, and the path that says it is ready.

    `first` is a command line to be run once against the server that is up, before its model can be asked. `extra` goes
    into every request.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    ready: str = "/health"
    first: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def _given(*pairs: tuple[bool, Sequence[str]]) -> list[str]:
    return [word for wanted, words in pairs if wanted for word in words]


def _images(prompt: PromptSize | None) -> dict[str, Any]:
    """How many pictures are allowed in a prompt; nothing where that is not known."""
    return {"image": max(IMAGES, prompt.pictures)} if prompt is not None and prompt.pictures is not None else {}


def _slot_tokens(prompt: PromptSize | None) -> int:
    return max(SLOT_TOKENS, -(-prompt.tokens // 1024) * 1024) if prompt is not None else SLOT_TOKENS


def _vllm(server: Server, port: int) -> Command:
    prompt, video = server.prompt, server.prompt is not None and server.prompt.video
    # Memory is set aside for the largest video that may come: one with so many frames, and no more.
    frames = {"num_frames": max(2, prompt.pictures)} if prompt is not None and prompt.pictures else {}
    limits = {**_images(prompt), "video": {"count": 1, **frames} if video else 0}
    return Command(
        argv=(
            *("serve", server.repository, "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", server.name, "--max-model-len", "auto"),
            *_given(
                (
                    prompt is not None,
                    (
                        *("--limit-mm-per-prompt", json.dumps(limits, separators=(",", ":"))),
                        *("--mm-processor-cache-gb", "0"),
                    ),
                ),
                (video, ("--trust-request-mm-kwargs",)),  # the frames' times come with each request
                (server.processors > 1, ("--api-server-count", str(server.processors))),
                (server.tensor_parallel > 1, ("--tensor-parallel-size", str(server.tensor_parallel))),
                (server.share < 1, ("--gpu-memory-utilization", f"{0.92 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra={"repetition_detection": CIRCLES, **NO_THINKING},
    )


def _sglang(server: Server, port: int) -> Command:
    return Command(
        argv=(
            *("serve", "--model-path", server.repository, "--host", "127.0.0.1", "--port", str(port)),
            *("--served-model-name", server.name),
            *_given(
                (bool(_images(server.prompt)), ("--limit-mm-data-per-request", json.dumps(_images(server.prompt)))),
                (server.tensor_parallel > 1, ("--tp-size", str(server.tensor_parallel))),
                (server.share < 1, ("--mem-fraction-static", f"{0.85 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra=NO_THINKING,
    )


def _lmdeploy(server: Server, port: int) -> Command:
    return Command(
        argv=(
            *("serve", "api_server", server.repository, "--server-name", "127.0.0.1", "--server-port", str(port)),
            *("--model-name", server.name),
            *_given(
                (server.tensor_parallel > 1, ("--tp", str(server.tensor_parallel))),
                (server.share < 1, ("--cache-max-entry-count", f"{0.8 * server.share:.2f}")),
                (server.dtype != "auto", ("--dtype", server.dtype)),
                (server.revision is not None, ("--revision", server.revision or "")),
                (server.trust_remote_code, ("--trust-remote-code",)),
            ),
            *server.arguments,
        ),
        extra=NO_THINKING,
    )


def _llama_cpp(server: Server, port: int) -> Command:
    folder = Path(server.repository).expanduser()
    if folder.suffix == ".gguf" or folder.is_dir():
        model, projector = _gguf(folder)
        weights = ["-m", str(model), *(["--mmproj", str(projector)] if projector else [])]
    else:
        weights = ["-hf", server.repository]
    return Command(
        argv=(
            *weights,
            *("--host", "127.0.0.1", "--port", str(port), "--alias", server.name, "--jinja"),
            *("--parallel", str(SLOTS), "--ctx-size", str(SLOTS * _slot_tokens(server.prompt))),
            *server.arguments,
        )
    )


def _gguf(path: Path) -> tuple[Path, Path | None]:
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


def _ollama(server: Server, port: int) -> Command:
    address = f"127.0.0.1:{port}"
    return Command(
        argv=("serve", *server.arguments),
        environment={
            "OLLAMA_HOST": address,
            "OLLAMA_NUM_PARALLEL": str(SLOTS),
            "OLLAMA_CONTEXT_LENGTH": str(_slot_tokens(server.prompt)),
        },
        ready="/api/version",
        first=("pull", server.repository),
    )


_COMMANDS: dict[str, Callable[[Server, int], Command]] = {
    "vllm": _vllm,
    "sglang": _sglang,
    "lmdeploy": _lmdeploy,
    "llama-cpp": _llama_cpp,
    "ollama": _ollama,
}


def command(engine: str, server: Server, port: int) -> Command:
    """How `engine` serves this on a loopback port. UserError where it cannot."""
    if engine in ("llama-cpp", "ollama") and server.tensor_parallel > 1:
        raise UserError(f"{engine} spreads a model over GPUs by itself: leave --tensor-parallel out")
    return _COMMANDS[engine](server, port)


def executable(engine: str, given: str | None) -> list[str]:
    """The words that start the engine's program: what the user gave, the PATH's, or uvx's at a pinned version."""
    name = EXECUTABLES[engine]
    if given is not None:
        words = shlex.split(given)
        if not words or shutil.which(os.path.expanduser(words[0])) is None:
            raise UserError(f"--engine-command {given!r}: there is no such program. It looks like ~/vllm/bin/vllm")
        return [os.path.expanduser(words[0]), *words[1:]]
    if (found := shutil.which(name)) is not None:
        return [found]
    if engine in VERSIONS:
        if (uvx := shutil.which("uvx")) is not None:
            return [uvx, "--from", f"{engine}=={VERSIONS[engine]}", name]
        home = f"~/{engine}"
        raise UserError(
            f"{name} is not installed here. Give it an environment of its own: python3 -m venv {home} && "
            f"{home}/bin/pip install {engine}=={VERSIONS[engine]}\n"
            f"and add --engine-command {home}/bin/{name}; or name a server that runs: --base-url http://host:8000/v1"
        )
    where = {"llama-cpp": "https://github.com/ggml-org/llama.cpp", "ollama": "https://ollama.com/download"}[engine]
    raise UserError(f"{name} is not on the PATH. Get it from {where}, or give --engine-command PATH/{name}")


def version(words: list[str]) -> str:
    """What the engine's program says its version is, on one line; "of unknown version" where it says nothing."""
    if words[1:2] == ["--from"]:  # uvx would first have to fetch the gigabytes that it has the version of
        return words[2].partition("==")[2]
    try:
        said = subprocess.run([*words, "--version"], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return "of unknown version"
    lines = [line.strip() for line in (said.stdout + said.stderr).splitlines() if re.search(r"\d\.\d|\d{3}", line)]
    return lines[-1][:80] if said.returncode == 0 and lines else "of unknown version"


def visible_gpus() -> list[str]:
    """The GPUs of this machine, as CUDA_VISIBLE_DEVICES names them; none where there is no driver."""
    if (chosen := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [gpu.strip() for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    return _nvidia_smi("index")


def gpu_memory() -> int | None:
    """Bytes of the first GPU, or None where there is no driver."""
    found = _nvidia_smi("memory.total", "nounits")
    return int(found[0]) * 2**20 if found and visible_gpus() else None


def _nvidia_smi(field: str, *form: str) -> list[str]:
    try:
        said = subprocess.run(
            ["nvidia-smi", f"--query-gpu={field}", f"--format={','.join(('csv', 'noheader', *form))}"],
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return said.stdout.split() if said.returncode == 0 else []


def shares(gpus: Sequence[str], tensor_parallel: int, replicas: int | None) -> list[tuple[str, ...]]:
    """The GPUs of each replica. One replica a GPU, or a group of `tensor_parallel`; without GPUs, `replicas` or one."""
    if not gpus:
        return [()] * (replicas or 1)
    groups = [tuple(gpus[at : at + tensor_parallel]) for at in range(0, len(gpus), tensor_parallel)]
    if len(groups[-1]) < tensor_parallel:
        raise UserError(f"{len(gpus)} GPUs cannot be shared out in groups of {tensor_parallel} (--tensor-parallel)")
    if replicas is not None and replicas > len(groups):
        raise UserError(f"--replicas {replicas} needs {replicas * tensor_parallel} GPUs; there are {len(gpus)}")
    return groups[:replicas]
