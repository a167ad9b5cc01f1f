"""Knows which model a name stands for on each engine, and which one is the default; loads nothing."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from importlib import resources
from pathlib import Path

from framescribe.engines.models import MODELS
from framescribe.engines.routes import CHECKED, Preset, Route, Thinks
from framescribe.errors import UserError

# For these, vLLM merges two frames of a video into one, at half the tokens, and tells the model each frame's time.
AS_VIDEO = {f"{name}ForConditionalGeneration" for name in ("Qwen2_5_VL", "Qwen3VL", "Qwen3VLMoe")}
_GLM = ("Glm4vForConditionalGeneration", "Glm4vMoeForConditionalGeneration")
_GEMMA = ("Gemma4ForConditionalGeneration", "Gemma4UnifiedForConditionalGeneration")
_BOTH = {**dict.fromkeys(_GLM, "glm45"), **dict.fromkeys(_GEMMA, "gemma4"), "MiniCPMV": "qwen3"}
# By engine and architecture. LMDeploy's own does not start with a tokenizer that has no token for <think>.
PARSERS = {"vllm": {**_BOTH, "MiniCPMV4_6ForConditionalGeneration": "minicpmv"}, "sglang": _BOTH}
PRESETS = {preset.name: preset for preset in MODELS}


def default_image_model(gpu_memory: int | None, engine: str = "transformers") -> str:
    """The preset that suits this engine on a GPU with `gpu_memory` bytes, or on a machine without one (None)."""
    name = "smolvlm-500m"
    if gpu_memory is not None:
        name = "qwen3-vl-8b" if gpu_memory >= 20 * 2**30 else "qwen3-vl-2b"
    return name if engine in PRESETS[name].routes else PRESETS[name].instead


def summary_partner(model: str) -> str:
    """The default model for summarizing what `model` says: usually `model` itself."""
    preset = PRESETS.get(model)
    return (preset.summary if preset else None) or model


def route(model: str, engine: str) -> Route:
    """What `engine` loads for `model`, and the arguments of its own that the model needs.

    A name without a preset is passed on unchanged, and so is every name on an engine without routes (with `openai`, the
    server decides what its models are called). UserError if the model has a preset but no route on this engine.
    """
    preset = PRESETS.get(model)
    if preset is None or engine not in CHECKED:
        return Route(model)
    if engine not in preset.routes:
        others = [] if preset.otherwise is None else [preset.otherwise]
        if preset.routes:
            others.append(f"give --engine {next(iter(preset.routes))}")
        choices = ", or ".join([f"use {preset.instead}", *others])
        version = f" {CHECKED[engine]}" if CHECKED[engine] else ""
        raise UserError(f"{model} does not run in {engine}{version}: {lack(preset, engine)}. Instead, {choices}.")
    found = preset.routes[engine]
    return replace(found, repository=str(builtin_folder(model))) if preset.builtin else found


def thinks(model: str | None) -> Thinks | None:
    """Whether a model with a preset thinks before it answers; None also where that is not known."""
    found = preset_of(model)
    return found.thinks if found is not None else None


def parser(model: str | None, engine: str) -> str | None:
    """What the engine calls the part of it that separates this model's thoughts from its answers; None: it has none for
    it, or needs none."""
    found = preset_of(model)
    return PARSERS.get(engine, {}).get(found.architecture) if found is not None and found.thinks else None


def preset_of(model: str | None) -> Preset | None:
    """The preset of this short name, or the first one that stands for this repository."""
    if model in PRESETS:
        return PRESETS[model]
    return next((preset for preset in MODELS if any(model == it.repository for it in preset.routes.values())), None)


def frames_as_video(model: str | None, engine: str) -> bool:
    """Whether the engine accepts the frames of a clip as one video for this model, judged by its short name, the
    repository that this stands for, or the architecture in a folder's config.json."""
    if engine != "vllm" or model is None:
        return False
    if (known := preset_of(model)) is not None:
        return known.architecture in AS_VIDEO
    try:
        config = json.loads(Path(os.path.expanduser(model), "config.json").read_text(encoding="utf-8"))
        return not AS_VIDEO.isdisjoint(config["architectures"])
    except (OSError, ValueError, LookupError, TypeError):
        return False


def lack(preset: Preset, engine: str) -> str:
    """Why `engine` has no route for this model, as a clause without a full stop."""
    plain = {
        "llama-cpp": "no GGUF of it is known to work",
        "ollama": "no tag of it in Ollama's library is known to work",
    }
    return preset.lacks.get(engine) or plain.get(engine) or f"it has no {preset.architecture}"


def builtin_folder(name: str) -> Path:
    """The folder of a checkpoint that ships with framescribe."""
    return Path(str(resources.files("framescribe.demo"))) / "checkpoints" / name


def identity(model: str, revision: str | None) -> str:
    """How version 0.1.0 identified weights; its rows are recognized by it, so it must not change.

    A folder counts by content, anything else by name and revision. Of each file, only the size and the first and last
    MiB count; `ModelChoice.ingredients` reads files whole.
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
