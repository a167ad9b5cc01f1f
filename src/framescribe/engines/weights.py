"""Knows files by content: one hash for a file or for a model's folder, wherever it is; knows no engine.

Hashes are cached in a file under $XDG_CACHE_HOME or ~/.cache, so that a large checkpoint is read once per machine, not
once per run.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from framescribe.errors import UserError
from framescribe.storage.whole_file import whole_file

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".ckpt", ".onnx", ".onnx_data", ".xml", ".h5", ".msgpack")
MORE_WEIGHTS = (".npz", ".npy", ".pkl", ".engine", ".plan", ".tflite", ".ggml")
SETTINGS = (".json", ".yaml", ".yml", ".toml", ".jinja", ".model", ".spm", ".vocab", ".txt", ".tiktoken", ".py")
READ = frozenset((*WEIGHTS, *MORE_WEIGHTS, *SETTINGS))
FOR_PEOPLE = ("readme", "license", "licence", "notice", "changelog", "requirements")
SETTLED_SECONDS = 2.0  # some disks' times are this coarse: a newer file may change again unnoticed
MOST_KEPT = 10_000  # hashes in the cache
SAY_FROM_BYTES = 2**30

_PIECE = re.compile(r"(.+)-\d{5}-of-(\d{5})\.gguf")
_log = logging.getLogger("framescribe")


def content(path: Path) -> str | None:
    """The same text for the same content, whatever the path; None if `path` does not exist.

    Of a folder, the files that a model is read from count, with their names. A GGUF that was split into several files
    counts with all of them. UserError if something cannot be read.
    """
    try:
        if os.path.isdir(path):
            names = _names(path)
            return _combined(zip(names, _hashes([path / name for name in names]), strict=True))
        if os.path.isfile(path):
            hashes = _hashes(_pieces(path))
            return f"sha256:{hashes[0][:32]}" if len(hashes) == 1 else _combined(enumerate(hashes))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read: {error.strerror}") from None
    return None


def _combined(parts: Iterable[tuple[object, str]]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(list(parts)).encode()).hexdigest()[:32]}"


def _names(folder: Path) -> list[str]:
    """The files below `folder` that a model is read from, sorted; all files if none looks like one of those."""
    found, seen = list[str](), set[str]()
    for root, folders, files in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        if (real := os.path.realpath(root)) in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        found += [Path(root, name).relative_to(folder).as_posix() for name in files if not name.startswith(".")]
    found.sort()
    return [name for name in found if _is_read(Path(name))] or found


def _is_read(file: Path) -> bool:
    return file.suffix.lower() in READ and not file.stem.lower().startswith(FOR_PEOPLE)


def _pieces(file: Path) -> list[Path]:
    match = _PIECE.fullmatch(file.name)
    if match is None:
        return [file]
    return [file.with_name(f"{match[1]}-{number:05}-of-{match[2]}.gguf") for number in range(1, int(match[2]) + 1)]


# ---------------------------------------------------------------------------------------- hashes that are kept


def _hashes(files: list[Path]) -> list[str]:
    """The SHA-256 of each file in hexadecimal, from the cache or computed now."""
    kept, new = _kept(), dict[str, list[Any]]()
    states = {file: _state(file) for file in files}
    missing = {file: state for file, state in states.items() if _known(kept, *state) is None}
    unread = sum(size for _, (size, _) in missing.values())
    if unread >= SAY_FROM_BYTES:
        _log.info("hashing %.0f GB of weights, once per machine: %s", unread / 1e9, files[0].parent)
    try:
        found = []
        for file, (real, state) in states.items():
            digest = _known(kept, real, state)
            if digest is None:
                started = time.time()
                with file.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "sha256").hexdigest()
                if _state(file) == (real, state) and state[1] < (started - SETTLED_SECONDS) * 1e9:
                    new[real] = [*state, digest]
            found.append(digest)
        return found
    finally:
        if new:
            _keep(new)


def _state(file: Path) -> tuple[str, tuple[int, int]]:
    stat = file.stat()
    return os.path.realpath(file), (stat.st_size, stat.st_mtime_ns)


def _known(kept: dict[str, Any], real: str, state: tuple[int, int]) -> str | None:
    entry = kept.get(real)
    if isinstance(entry, list) and len(entry) == 3 and entry[:2] == [*state] and isinstance(entry[2], str):
        return entry[2]
    return None


def _cache_file() -> Path | None:
    root = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(root):
        root = os.path.expanduser("~/.cache")
    return Path(root, "framescribe", "hashes.json") if os.path.isabs(root) else None


def _kept() -> dict[str, Any]:
    file = _cache_file()
    with contextlib.suppress(OSError, ValueError, RecursionError):  # an unreadable cache is an empty one
        if file is not None and isinstance(found := json.loads(file.read_bytes()), dict):
            return found
    return {}


def _keep(new: dict[str, list[Any]]) -> None:
    """Add hashes to those that other processes have cached meanwhile; those that cannot be saved are computed again."""
    file = _cache_file()
    with contextlib.suppress(OSError, UserError):
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            entries = [*{**_kept(), **new}.items()][-MOST_KEPT:]
            with whole_file(str(file)) as temporary:
                Path(temporary).write_text(json.dumps(dict(entries)), encoding="ascii")
