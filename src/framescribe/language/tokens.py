"""Knows how many tokens a text has for a text encoder, and where this machine has its tokenizer; asks no network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from framescribe.errors import MissingExtra, UserError
from framescribe.language.estimate import ESTIMATES

KEPT = 4096  # counts of the latest texts
_FILE = "tokenizer.json"
_OLDER = ({"vocab.json", "merges.txt"}, {"spiece.model"}, {"tokenizer.model"})  # which only transformers opens
_BELOW = ("", "tokenizer", "google/umt5-xxl")  # where a pipeline of diffusers has it, and Wan's own checkpoints
# Repositories on the Hub with the tokenizer of that name, and the folder in them.
_REPOSITORIES = {
    "t5": (
        ("google/t5-v1_1-*", ""),
        ("google-t5/t5-*", ""),
        ("DeepFloyd/t5-v1_1-xxl", ""),
        ("*/CogVideoX*", "tokenizer"),
        ("Lightricks/LTX-Video*", "tokenizer"),
        ("genmo/mochi-1-*", "tokenizer"),
        ("black-forest-labs/FLUX.1-*", "tokenizer_2"),
        ("stabilityai/stable-diffusion-3*", "tokenizer_3"),
    ),
    "clip": (
        ("openai/clip-vit-*", ""),
        ("stable-diffusion-v1-5/stable-diffusion-v1-5", "tokenizer"),
        ("black-forest-labs/FLUX.1-*", "tokenizer"),
        ("hunyuanvideo-community/HunyuanVideo", "tokenizer_2"),  # that of HunyuanVideo-1.5 counts bytes
        ("hunyuanvideo-community/HunyuanVideo-I2V", "tokenizer_2"),
    ),
    "umt5": (
        ("google/umt5-*", ""),
        ("Wan-AI/Wan2*-Diffusers", "tokenizer"),
        ("Wan-AI/Wan2*", "google/umt5-xxl"),
    ),
    "llama3": (  # it puts a token before a text; HunyuanVideo's template puts one behind it, which makes as many
        ("hunyuanvideo-community/HunyuanVideo", "tokenizer"),
        ("hunyuanvideo-community/HunyuanVideo-I2V", "tokenizer"),
        ("Kijai/llava-llama-3-8b-text-encoder-tokenizer", ""),
        ("xtuner/llava-llama-3-8b-v1_1-transformers", ""),
        ("meta-llama/*Llama-3*", ""),
    ),
}
NAMES = tuple(_REPOSITORIES)


@dataclass(frozen=True, slots=True)
class Counter:
    """How the tokens of a text are counted, those that the encoder adds at its ends included; `estimated`: why only
    about, in words for the user, or None where the real tokenizer counts."""

    count: Callable[[str], int]
    estimated: str | None = None


def counter(tokenizer: str) -> Counter:
    """The counter for "t5", "clip", "umt5" or "llama3", by the real tokenizer if the Hub's cache on this machine has
    it, or for the tokenizer in a folder. UserError if there is none in it; MissingExtra if the package that opens it is
    missing.
    """
    if tokenizer not in NAMES:
        return Counter(_opened(_found(tokenizer)))
    why = f"no tokenizer.json of {tokenizer} is on this machine; name a folder that has one, to count exactly"
    for path in _cached(tokenizer):
        try:
            return Counter(_opened(path))
        except MissingExtra as error:
            why = str(error)
        except UserError:
            continue  # a download that was broken off
    return Counter(ESTIMATES[tokenizer], f"Tokens are estimated: {why}")


def _found(tokenizer: str) -> Path:
    """The file or folder that holds a tokenizer, in what the user named."""
    path = Path(tokenizer).expanduser()
    if path.is_file() and path.name.endswith(".json"):
        return path
    several = sorted(each.name for each in path.glob("tokenizer*") if each.is_dir() and _holding(each))
    if len(several) > 1 and _holding(path) is None:
        raise UserError(f"tokenizer {tokenizer}: that folder has several. Give one of them: {', '.join(several)}.")
    for below in _BELOW:
        if (holds := _holding(path / below)) is not None:
            return holds
    if path.is_dir():
        raise UserError(f"tokenizer {tokenizer}: no tokenizer.json in that folder, nor in its folder 'tokenizer'.")
    raise UserError(f"tokenizer {tokenizer}: no such folder, nor a name that is known. Available: {', '.join(NAMES)}.")


def _holding(folder: Path) -> Path | None:
    if (folder / _FILE).is_file():
        return folder / _FILE
    if any(all((folder / name).is_file() for name in names) for names in _OLDER):
        return folder
    return None


def _cached(name: str) -> Iterator[Path]:
    """Where the Hub's cache has that tokenizer, files that tokenizers opens first."""
    found = [
        path
        for repository, below in _REPOSITORIES[name]
        for snapshot in sorted(_hub().glob(f"models--{repository.replace('/', '--')}/snapshots/*"))
        if (path := _holding(snapshot / below)) is not None
    ]
    yield from sorted(found, key=Path.is_dir)


def _hub() -> Path:
    """The Hub's cache, where huggingface_hub keeps it."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home, "hub")).expanduser()


def _opened(path: Path) -> Callable[[str], int]:
    """Counts with the tokenizer of that file or folder, without the length at which it may be set to stop."""
    try:
        encode = _with_tokenizers(path) if path.is_file() else _with_transformers(path)
        encode("a")
    except UserError:
        raise
    except Exception as error:  # of any kind: these packages raise bare ones for a broken file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} cannot be opened as a tokenizer: {reason}") from error

    @lru_cache(maxsize=KEPT)
    def count(text: str) -> int:
        return encode(text if text.isascii() else text.encode("utf-8", "replace").decode())

    return count


def _with_tokenizers(path: Path) -> Callable[[str], int]:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra("counting tokens exactly", "local-cpu") from error
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text).ids)


def _with_transformers(folder: Path) -> Callable[[str], int]:
    try:
        from transformers import AutoTokenizer
    except ImportError as error:
        raise MissingExtra("counting tokens without a tokenizer.json", "local-cpu") from error
    if not (folder / "vocab.json").is_file():
        for package in ("sentencepiece", "google.protobuf"):
            try:
                import_module(package)
            except ImportError as error:
                raise MissingExtra("a SentencePiece tokenizer", "convert") from error
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    return lambda text: len(tokenizer(text, truncation=False, verbose=False)["input_ids"])
