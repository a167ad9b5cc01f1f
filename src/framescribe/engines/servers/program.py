"""Knows what describes a server program and what it is to serve; knows no particular program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.thinking_switch import Thinking
from framescribe.errors import UserError

SLOTS, SLOT_TOKENS = 4, 8192  # of llama.cpp and Ollama: requests at a time, and the smallest context of each
IMAGES = 2  # in one prompt, at least: `doctor` compares two


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What is to be served, and how. `repository` is what the engine loads, `name` is the name it serves under.

    `prompt` is the largest prompt with pictures; None means that prompts are text. `share` is the fraction of each
    GPU's memory that the server may take, from 0 to 1; `before` of the servers that share it are already up. `thinking`
    is whether the model thinks before it answers, if it has the choice, and `parser` what the engine calls the part of
    it that separates thoughts from answers. `context` is the most tokens that the model was made for. `sized`: a
    picture's tokens grow with its pixels. `arguments` are the model's own, then the user's, which come last and so win
    where they contradict.
    """

    repository: str
    name: str
    revision: str | None = None
    dtype: str = "auto"
    trust_remote_code: bool = False
    prompt: PromptSize | None = field(default_factory=PromptSize)
    tensor_parallel: int = 1
    share: float = 1.0
    before: int = 0
    thinking: Thinking = "off"
    parser: str | None = None
    context: int | None = None
    sized: bool = False
    processors: int = 1
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line without its executable, the environment variables it needs, and the path that says it is ready.

    `first` is a command line to run once against the server when it is up, before its model can be asked. `extra` goes
    into every request.
    """

    argv: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    ready: str = "/health"
    first: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def _itself(path: Path) -> dict[str, Path]:
    return {"model": path}


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A server program that framescribe can start. `command` returns its command line for a server and a loopback port.

    `version` is the release on PyPI whose flags are used; a program without one comes from `website`. `ask_version` are
    the words that ask a program for its version. `tensor_parallel` False: it spreads a model over several GPUs by
    itself. `library` True: its models have names in a library of its own, which are never paths and which it serves
    them under, and one server uses all GPUs. `files` returns the files that it loads if given the path of one, by role.

    `inert` are the flags, without dashes, that change no captions: speed, batch sizes, memory, addresses, logs,
    parallelism, scheduling and caches. Limits that may cut off an answer, such as the context's, are not among them.
    """

    executable: str
    command: Callable[[Server, int], Command]
    version: str | None = None
    ask_version: tuple[str, ...] = ("--version",)
    website: str | None = None
    tensor_parallel: bool = True
    library: bool = False
    files: Callable[[Path], dict[str, Path]] = _itself
    inert: frozenset[str] = frozenset()


def flags(words: str) -> frozenset[str]:
    """The names in a text, separated by white space."""
    return frozenset(words.split())


def given(*pairs: tuple[bool, Sequence[str]]) -> list[str]:
    """The words of all pairs that are wanted."""
    return [word for wanted, words in pairs if wanted for word in words]


def images(prompt: PromptSize | None) -> dict[str, int]:
    """How many pictures are allowed in a prompt; empty if that is not known."""
    return {"image": max(IMAGES, prompt.pictures)} if prompt is not None and prompt.pictures is not None else {}


def slot_tokens(server: Server) -> int:
    """The context for each of `SLOTS` requests, in tokens: every one costs memory, and a model uses none beyond those
    that it was made for."""
    wanted = -(-server.prompt.tokens // 1024) * 1024 if server.prompt is not None else 0
    return min(server.context or max(SLOT_TOKENS, wanted), max(SLOT_TOKENS, wanted))


def share_of_free(share: float, before: int) -> float:
    """The fraction to ask for where an engine counts what is still free: those before have taken theirs."""
    return share / (1 - share * before)


def lacks(engine: str, why: str, **options: bool) -> None:
    """UserError if an option is given that this engine does not have."""
    if wanted := [name for name, value in options.items() if value]:
        raise UserError(f"--{wanted[0].replace('_', '-')} has no counterpart in {engine}: {why}")
