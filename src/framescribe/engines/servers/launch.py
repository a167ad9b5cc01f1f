"""Knows the server programs by engine, where to find each, and which GPUs a server gets; starts no server.

docs/engines.md says why each flag is set.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence

from framescribe.engines.arguments import shown
from framescribe.engines.servers import llama_cpp, lmdeploy, ollama, sglang, vllm
from framescribe.engines.servers.program import Command, Program, Server
from framescribe.errors import UserError

PROGRAMS: dict[str, Program] = {
    "vllm": vllm.PROGRAM,
    "sglang": sglang.PROGRAM,
    "lmdeploy": lmdeploy.PROGRAM,
    "llama-cpp": llama_cpp.PROGRAM,
    "ollama": ollama.PROGRAM,
}


def command(engine: str, server: Server, port: int) -> Command:
    """The command line with which `engine` serves this on a loopback port. UserError if it cannot."""
    program = PROGRAMS[engine]
    if server.tensor_parallel > 1 and not program.tensor_parallel:
        raise UserError(f"{engine} spreads a model over GPUs by itself: leave out --tensor-parallel")
    return program.command(server, port)


def executable(engine: str, given: str | None) -> list[str]:
    """The words that start the engine's program: those given, from the PATH, or uvx with a pinned version.

    UserError, with what to install, if there is none.
    """
    if sys.platform == "win32":
        raise UserError(
            f"--engine {engine} starts a server, which framescribe does on Linux and macOS alone. Run framescribe in "
            "WSL, or start the server yourself and name it: --base-url http://host:8000/v1"
        )
    program = PROGRAMS[engine]
    name = program.executable
    if given is not None:
        words = shlex.split(given)
        if not words or shutil.which(os.path.expanduser(words[0])) is None:
            raise UserError(
                f"--engine-command {shown(words)!r}: there is no such program. Write it like this: ~/vllm/bin/vllm"
            )
        return [os.path.expanduser(words[0]), *words[1:]]
    if (found := shutil.which(name)) is not None:
        return [found]
    if program.version is not None:
        if (uvx := shutil.which("uvx")) is not None:
            return [uvx, "--from", f"{engine}=={program.version}", name]
        home = f"~/{engine}"
        raise UserError(
            f"{name} is not installed here. Give it an environment of its own: python3 -m venv {home} && "
            f"{home}/bin/pip install {engine}=={program.version}\n"
            f"and add --engine-command {home}/bin/{name}; or use a server that is already running: --base-url http://host:8000/v1"
        )
    raise UserError(f"{name} is not on the PATH. Get it from {program.website}, or give --engine-command PATH/{name}")


def version(words: Sequence[str], ask: Sequence[str] = ("--version",)) -> str:
    """The version that the engine's program reports if it is asked so, on one line; "of unknown version" if it reports
    none."""
    if words[1:2] == ["--from"]:  # asking would make uvx download gigabytes first
        return words[2].partition("==")[2]
    try:
        said = subprocess.run([*words, *ask], capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return "of unknown version"
    lines = [line.strip() for line in (said.stdout + said.stderr).splitlines()]
    for form in (r"^(?:\S+ )?version\b.*\d", r"\d\.\d", r"\d{3}"):
        if said.returncode == 0 and (found := [line for line in lines if re.search(form, line, re.IGNORECASE)]):
            return found[-1][:80]
    return "of unknown version"


def is_older(found: str, wanted: str) -> bool:
    """Whether what a program says of its version is older than the version that is wanted."""
    match = re.search(r"\d+(?:\.\d+)+", found)
    return match is not None and _numbers(match[0]) < _numbers(wanted)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def visible_gpus() -> list[str]:
    """The GPUs of this machine, as CUDA_VISIBLE_DEVICES names them; none without a driver."""
    if (chosen := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [gpu.strip() for gpu in chosen.split(",") if gpu.strip() not in ("", "-1")]
    return _nvidia_smi("index")


def gpu_memory() -> int | None:
    """The memory of the first GPU in bytes; None without a driver."""
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
    """The GPUs of each replica: one replica per GPU or per group of `tensor_parallel`. Without GPUs, `replicas` or one.

    UserError if the GPUs do not suffice or cannot be divided evenly.
    """
    if not gpus:
        return [()] * (replicas or 1)
    groups = [tuple(gpus[at : at + tensor_parallel]) for at in range(0, len(gpus), tensor_parallel)]
    if len(groups[-1]) < tensor_parallel:
        raise UserError(f"{len(gpus)} GPUs cannot be divided into groups of {tensor_parallel} (--tensor-parallel)")
    if replicas is not None and replicas > len(groups):
        raise UserError(f"--replicas {replicas} needs {replicas * tensor_parallel} GPUs; there are {len(gpus)}")
    return groups[:replicas]
