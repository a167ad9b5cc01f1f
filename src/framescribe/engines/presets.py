"""Knows models by name: the built-in ones, those of the original pipeline, and what to take when none is named."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from framescribe.errors import UserError

Kind = Literal["image", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A model that can be called by a short name.

    `repository` is what the in-process engine loads (None for a built-in checkpoint or where it can load nothing);
    `instead` says what to take where it cannot.
    """

    name: str
    kind: Kind
    licence: str
    note: str
    repository: str | None = None
    builtin: bool = False
    summary: str | None = None
    instead: str | None = None


_OLD = "the original pipeline's; captions are far below today's models"

PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="shapes-vlm",
            kind="image",
            licence="Apache-2.0",
            builtin=True,
            summary="shapes-llm",
            note="built in, 4 MB: knows only drawn shapes; for the demo and for tests",
        ),
        Preset(
            name="shapes-llm",
            kind="text",
            licence="Apache-2.0",
            builtin=True,
            note="built in, 3 MB: sums up the captions of shapes-vlm and nothing else",
        ),
        Preset(
            name="qwen3-vl-8b",
            kind="image",
            licence="Apache-2.0",
            repository="Qwen/Qwen3-VL-8B-Instruct",
            note="the default with 20 GB of GPU memory or more; needs torchvision",
        ),
        Preset(
            name="qwen3-vl-2b",
            kind="image",
            licence="Apache-2.0",
            repository="Qwen/Qwen3-VL-2B-Instruct",
            note="the default on a smaller GPU; needs torchvision",
        ),
        Preset(
            name="smolvlm-500m",
            kind="image",
            licence="Apache-2.0",
            repository="HuggingFaceTB/SmolVLM-500M-Instruct",
            note="the default without a GPU: runs on a laptop, without torchvision",
        ),
        Preset(
            name="llava-v1.6-vicuna-7b",
            kind="image",
            licence="Llama 2",
            repository="llava-hf/llava-v1.6-vicuna-7b-hf",
            note=_OLD,
        ),
        Preset(
            name="deepseek-vl-7b-chat",
            kind="image",
            licence="DeepSeek",
            note=_OLD,
            repository="deepseek-community/deepseek-vl-7b-chat",
        ),
        Preset(
            name="Mistral-7B-Instruct-v0.2",
            kind="text",
            licence="Apache-2.0",
            note="the original pipeline's summary model",
            repository="mistralai/Mistral-7B-Instruct-v0.2",
        ),
        Preset(
            name="Qwen-VL-Chat",
            kind="image",
            licence="Tongyi Qianwen",
            note=_OLD,
            instead="it needs code that today's transformers no longer runs; take qwen3-vl-8b or qwen3-vl-2b, "
            "or serve it with vLLM 0.23.0 or older and give --base-url",
        ),
        Preset(
            name="ShareGPT4V-7B",
            kind="image",
            licence="Llama 2",
            note=_OLD,
            instead="its weights are in a layout that transformers does not read; take llava-v1.6-vicuna-7b, "
            "or a folder converted to the llava-hf layout",
        ),
        Preset(
            name="internlm-xcomposer2-vl-7b",
            kind="image",
            licence="Apache-2.0 (code), own (weights)",
            note=_OLD,
            instead="it needs code that today's transformers no longer runs; take qwen3-vl-8b or llava-v1.6-vicuna-7b, "
            "or serve it with LMDeploy 0.13.0 or older and give --base-url",
        ),
    )
}


def default_image_model(gpu_memory: int | None) -> str:
    """The preset that suits a GPU with `gpu_memory` bytes, or a machine without one (None)."""
    if gpu_memory is None:
        return "smolvlm-500m"
    return "qwen3-vl-8b" if gpu_memory >= 20 * 2**30 else "qwen3-vl-2b"


def summary_partner(model: str) -> str:
    """The model that sums up what `model` says where the user named none: mostly `model` itself."""
    preset = PRESETS.get(model)
    return (preset.summary if preset else None) or model


def resolve(model: str) -> str:
    """What the in-process engine is to load: a folder or a repository id. UserError where the name has no route."""
    preset = PRESETS.get(model)
    if preset is None:
        return model
    if preset.builtin:
        return str(builtin_folder(model))
    if preset.repository is None:
        raise UserError(f"{model} does not run in this engine: {preset.instead}.")
    return preset.repository


def builtin_folder(name: str) -> Path:
    """The folder of a checkpoint that ships with framescribe."""
    return Path(str(resources.files("framescribe.demo"))) / "checkpoints" / name


def identity(model: str, revision: str | None) -> str:
    """The same text for the same weights on every machine: content for folders, name and revision for the hub's.

    Of a weight file the size, the first and the last MiB count, so that a retrained checkpoint is told from the old
    one without reading all of it.
    """
    folder = Path(resolve(model) if model in PRESETS else model).expanduser()
    if not folder.is_dir():
        return f"{model}@{revision}" if revision else model
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.suffix in {".safetensors", ".bin", ".json", ".jinja", ".model"}:
            digest.update(f"{file.name}:{file.stat().st_size}:".encode())
            with file.open("rb") as stream:
                digest.update(stream.read(2**20))
                stream.seek(max(0, file.stat().st_size - 2**20))
                digest.update(stream.read(2**20))
    return f"folder:{digest.hexdigest()[:24]}"
