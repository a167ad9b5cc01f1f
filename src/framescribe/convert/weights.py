"""Knows tensors in files: which there are, and how they are written under other names; knows no layout.

Reads and writes one tensor at a time: memory holds the largest tensor and a copy of it, however large the checkpoint.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

from framescribe.errors import UserError

INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")
SINGLES = ("model.safetensors", "pytorch_model.bin")
_DTYPES = {"float16": "F16", "bfloat16": "BF16", "float32": "F32"}
_NAMES = {form: name for name, short in _DTYPES.items() for form in (short, f"torch.{name}")}


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file; `dtype` is "float16", "bfloat16" or "float32"."""

    file: Path
    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A tensor to be written: `stored` under another name, and of `shape`, which may have more rows."""

    name: str
    stored: Stored
    shape: tuple[int, ...]


def weight_files(file: Callable[[str], Path | None], where: str) -> list[Path]:
    """The files that hold a checkpoint's weights. `file` gives the path of a file by its name, or None.

    UserError: there are no weights, or one of the files that their index names is missing.
    """
    for single, index in zip(SINGLES, INDEXES, strict=True):
        if (path := file(single)) is not None:
            return [path]
        if (path := file(index)) is None:
            continue
        try:
            names = sorted(set(json.loads(path.read_text(encoding="utf-8"))["weight_map"].values()))
        except (ValueError, LookupError, AttributeError, TypeError):
            raise UserError(f"{path} is not an index of weights. Fetch it again.") from None
        found = {name: file(name) for name in names}
        if missing := [name for name, each in found.items() if each is None]:
            raise UserError(f"{where} lacks {', '.join(missing)}, which {index} names. Fetch what is missing.")
        return [each for each in found.values() if each is not None]
    raise UserError(f"{where} has no weights: none of {', '.join((*INDEXES, *SINGLES))}.")


def stored_in(files: Iterable[Path], wanted: Callable[[str], bool]) -> dict[str, Stored]:
    """The `wanted` tensors by name, without reading them. UserError: a file is damaged or quantized."""
    found = {}
    for file in files:
        if file.suffix == ".safetensors":
            with _reading(file), _safetensors(file) as opened:
                slices = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
                facts = {name: (tuple(each.get_shape()), each.get_dtype()) for name, each in slices.items()}
        else:
            facts = {name: (tuple(each.shape), str(each.dtype)) for name, each in _pickled(file).items()}
        for name, (shape, dtype) in facts.items():
            if not wanted(name):
                continue
            if dtype not in _NAMES:
                raise UserError(f"{file}: {name} has type {dtype}. A quantized checkpoint cannot be converted.")
            found[name] = Stored(file, name, shape, _NAMES[dtype])
    return found


def total_bytes(planned: Iterable[Planned], dtype: str) -> int:
    """How much will be written, without headers."""
    return sum(math.prod(each.shape) for each in planned) * _size(dtype)


def write(
    planned: Sequence[Planned], folder: Path, *, dtype: str, shard_bytes: int, said: Callable[[str], None]
) -> None:
    """Write the tensors as `dtype` into shards of at most `shard_bytes` (one tensor at least), and their index.

    New rows are the mean of the old ones. Nothing needs to be drawn at random, and it is safe: as outputs
    their logit is the mean of all logits, so that none of them is ever the likeliest token, and none has a probability
    above one divided by the number of tokens (by Jensen's inequality); as inputs they are placeholders, never read.
    """
    shards: list[list[Planned]] = [[]]
    for each in planned:
        if shards[-1] and total_bytes([*shards[-1], each], dtype) > shard_bytes:
            shards.append([])
        shards[-1].append(each)
    index = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05}-of-{len(shards):05}.safetensors" if len(shards) > 1 else SINGLES[0]
        _write_shard(shard, folder / name, dtype)
        index.update({each.name: name for each in shard})
        said(f"{name}  {len(shard):,} tensors, {total_bytes(shard, dtype) / 1e9:.2f} GB ({number} of {len(shards)})")
    if len(shards) > 1:
        content = {"metadata": {"total_size": total_bytes(planned, dtype)}, "weight_map": index}
        (folder / INDEXES[0]).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _write_shard(shard: Sequence[Planned], path: Path, dtype: str) -> None:
    """One file as github.com/huggingface/safetensors specifies it: the header's length, the header, the tensors. Its
    own writer wants them all in memory at once."""
    import torch

    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    end = 0
    for each in shard:
        start, end = end, end + total_bytes([each], dtype)
        header[each.name] = {"dtype": _DTYPES[dtype], "shape": each.shape, "data_offsets": [start, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as stream:
        stream.write(len(text).to_bytes(8, "little") + text)
        for each in shard:
            tensor = _grown(_read(each.stored), each.shape).to(getattr(torch, dtype)).contiguous()
            stream.write(tensor.reshape(-1).view(torch.uint8).numpy().data)


def _grown(tensor: Any, shape: tuple[int, ...]) -> Any:
    import torch

    if tuple(tensor.shape) == shape:
        return tensor
    grown = tensor.new_empty(shape)
    grown[: len(tensor)] = tensor
    total = torch.stack([part.sum(0, dtype=torch.float32) for part in tensor.split(1024)]).sum(0)
    grown[len(tensor) :] = (total / len(tensor)).to(tensor.dtype)
    return grown


def _read(stored: Stored) -> Any:
    # Reopened for each: a mapped file that stays open keeps in memory everything ever read from it.
    if stored.file.suffix == ".safetensors":
        with _reading(stored.file), _safetensors(stored.file) as opened:
            return opened.get_tensor(stored.name)
    return _pickled(stored.file)[stored.name]


def _safetensors(file: Path) -> Any:
    from safetensors import safe_open

    return safe_open(file, framework="pt")


def _pickled(file: Path) -> dict[str, Any]:
    import torch

    with _reading(file):
        content = torch.load(file, map_location="cpu", mmap=True, weights_only=True)
        return {name: tensor for name, tensor in content.items() if isinstance(tensor, torch.Tensor)}


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Inside, whatever goes wrong with a file is reported in one line."""
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, UnpicklingError, RuntimeError, EOFError, OSError, AttributeError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise UserError(f"{file} cannot be read: {said}\nIf it is damaged, fetch it again.") from error


def _size(dtype: str) -> int:
    return 4 if dtype == "float32" else 2
