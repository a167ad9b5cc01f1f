"""Knows which model a name means: on each engine, where none is named, and whether two are the same; loads nothing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

from framescribe.engines.models import MODELS
from framescribe.engines.routes import CHECKED, Preset, Route
from framescribe.errors import UserError

# Those to which vLLM shows two frames as one, so that a clip costs half the tokens, and each frame's time.
AS_VIDEO = {f"{name}ForConditionalGeneration" for name in ("Qwen2_5_VL", "Qwen3VL", "Qwen3VLMoe")}
PRESETS = {preset.name: preset for preset in MODELS}


def default_image_model(gpu_memory: int | None, engine: str = "transformers") -> str:
    """The preset that suits this engine on a GPU with `gpu_memory` bytes, or on a machine without one (None)."""
    name = "smolvlm-500m"
    if gpu_memory is not None:
        name = "qwen3-vl-8b" if gpu_memory >= 20 * 2**30 else "qwen3-vl-2b"
    return name if engine in PRESETS[name].routes else PRESETS[name].instead


def summary_partner(model: str) -> str:
    """The model that sums up what `model` says where the user named none: mostly `model` itself."""
    preset = PRESETS.get(model)
    return (preset.summary if preset else None) or model


def route(model: str, engine: str) -> Route:
    """What `engine` is to load for `model`, and the arguments of its own that the model needs.

    A name without a preset is passed on as it is, and so is every name on an engine without routes (`openai`: what a
    server calls its models is its own affair). UserError where the model has a preset and the engine has no route.
    """
    preset = PRESETS.get(model)
    if preset is None or engine not in CHECKED:
        return Route(model)
    if engine not in preset.routes:
        others = [] if preset.otherwise is None else [preset.otherwise]
        if preset.routes:
            others.append(f"give --engine {next(iter(preset.routes))}")
        choices = ", or ".join([f"take {preset.instead}", *others])
        version = f" {CHECKED[engine]}" if CHECKED[engine] else ""
        raise UserError(f"{model} does not run in {engine}{version}: {lack(preset, engine)}. Instead, {choices}.")
    found = preset.routes[engine]
    return replace(found, repository=str(builtin_folder(model))) if preset.builtin else found


def frames_as_video(model: str | None, engine: str) -> bool:
    """Whether the engine takes frames of a clip as one video for this model: by its short name, the repository that
    this stands for, or the architecture that a folder's config.json names."""
    if engine != "vllm" or model is None:
        return False
    known = [preset for preset in MODELS if model == preset.name or Route(model) in preset.routes.values()]
    if known:
        return known[0].architecture in AS_VIDEO
    try:
        config = json.loads((Path(model).expanduser() / "config.json").read_text(encoding="utf-8"))
        return not AS_VIDEO.isdisjoint(config["architectures"])
    except (OSError, ValueError, LookupError, TypeError):
        return False


def lack(preset: Preset, engine: str) -> str:
    """Why `engine` has no route for this model, as half a sentence."""
    plain = {
        "llama-cpp": "no GGUF of it is known to work",
        "ollama": "no tag of it in Ollama's library is known to work",
    }
    return preset.lacks.get(engine) or plain.get(engine) or f"it has no {preset.architecture}"


def builtin_folder(name: str) -> Path:
    """The folder of a checkpoint that ships with framescribe."""
    return Path(str(resources.files("framescribe.demo"))) / "checkpoints" / name


def identity(model: str, revision: str | None) -> str:
    """The same text for the same weights on every machine and engine: content for folders, else name and revision.

    Of a weight file the size, the first and the last MiB count, so that a retrained checkpoint is told from the old
    one without reading all of it.
    """
    preset = PRESETS.get(model)
    folder = builtin_folder(model) if preset is not None and preset.builtin else Path(model).expanduser()
    if (preset is not None and not preset.builtin) or not folder.is_dir():
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
