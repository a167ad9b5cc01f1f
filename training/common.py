"""Knows what the two trainings share: options, log, optimiser, schedule and the saved directory; knows no data."""

from __future__ import annotations

import argparse
import json
import math
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel, PreTrainedTokenizerFast

START = time.time()
# bf16 halves the work where the processor multiplies it in hardware, and is some forty times slower where it does not.
QUICK = torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32
CARDS = Path(__file__).parent / "cards"


def options(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, help="directory to write the checkpoint to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="CPU threads for the training steps")
    return parser


def log(*words: object) -> None:
    """Print, preceded by the seconds since the start: wall-clock time and this process's CPU time."""
    print(f"[{time.time() - START:7.1f} s, cpu {time.process_time():7.1f} s]", *words, flush=True)


def quick() -> torch.autocast:
    """A context in which matrices are multiplied in the number format that is quickest here."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=QUICK is torch.bfloat16)


def cosine(step: int, steps: int, warmup: int, floor: float) -> float:
    """The learning rate's factor: a linear warm-up, then half a cosine from 1 down to `floor`."""
    fall = floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1.0, (step + 1) / warmup) * fall


def adamw(parameters: Iterable[tuple[str, nn.Parameter]], rate: float) -> list[dict[str, object]]:
    """Parameter groups for AdamW: weight decay for matrices only, not for embeddings, norms and biases."""
    decayed, plain = [], []
    for name, parameter in parameters:
        (decayed if parameter.dim() >= 2 and "embed" not in name else plain).append(parameter)
    return [
        {"params": decayed, "weight_decay": 0.05, "lr": rate, "base": rate},
        {"params": plain, "weight_decay": 0.0, "lr": rate, "base": rate},
    ]


def update(optimizer: torch.optim.Optimizer, loss: torch.Tensor, factor: float) -> None:
    """One step at `factor` times each group's base rate, with the gradient clipped to a norm of 1."""
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    used = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
    nn.utils.clip_grad_norm_(used, 1.0)
    for group in optimizer.param_groups:
        group["lr"] = group["base"] * factor
    optimizer.step()


def causal_attention(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: None,
    scaling: float,
    **_: object,
) -> tuple[torch.Tensor, None]:
    """Causal attention whose scores stay in bf16: much quicker to train on a CPU than the stock versions."""
    rows, heads, length, size = query.shape
    groups = key.shape[1]
    scores = (query * scaling).reshape(rows, groups, -1, size) @ key.transpose(-1, -2)
    hidden = torch.full((length, length), -1e4, dtype=scores.dtype).triu(1)
    shares = torch.softmax(scores.view(rows, groups, -1, length, length) + hidden, dim=-1)
    mixed = shares.view(rows, groups, -1, length) @ value
    return mixed.reshape(rows, heads, length, size).transpose(1, 2).contiguous(), None


AttentionInterface.register("training", causal_attention)
AttentionMaskInterface.register("training", lambda *args, **kwargs: None)  # batches are padded on the right


class Average:
    """A running average of a vector of figures, for the log."""

    def __init__(self, keep: float = 0.98) -> None:
        self.keep, self.value = keep, None

    def add(self, figures: torch.Tensor) -> None:
        figures = figures.detach()
        self.value = (
            figures
            if self.value is None
            else torch.where(figures.isnan(), self.value, self.keep * self.value + (1 - self.keep) * figures)
        )

    def __str__(self) -> str:
        return "" if self.value is None else " ".join(f"{figure:.4f}" for figure in self.value.tolist())


def save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, folder: Path, max_new_tokens: int) -> None:
    """Write model (as fp16) and tokenizer; the caller then saves its processor, if any, and calls `finish`."""
    model.generation_config.update(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        max_new_tokens=max_new_tokens,
        do_sample=False,
    )
    folder.mkdir(parents=True, exist_ok=True)
    model.to(torch.float16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def finish(folder: Path, card: str) -> None:
    """Make a saved directory readable by older readers and servers too, and add its model card.

    transformers 5 writes its own names and places; checkpoints on the hub, and servers such as vLLM, expect
    the vision tower under `vision_tower.vision_model`, a preprocessor_config.json, and these keys beside the new ones.
    """
    weights = folder / "model.safetensors"
    tensors = {}
    for name, tensor in load_file(weights).items():
        if name.startswith("vision_tower.") and not name.startswith("vision_tower.vision_model."):
            name = name.replace("vision_tower.", "vision_tower.vision_model.", 1)
        tensors[name] = tensor.contiguous()
    save_file(tensors, weights, metadata={"format": "pt"})
    weights.chmod(0o644)

    tokenizer = _read(folder / "tokenizer_config.json")
    _write(folder / "tokenizer_config.json", tokenizer | {"tokenizer_class": "PreTrainedTokenizerFast"})
    config = _read(folder / "config.json")
    config["torch_dtype"] = config["dtype"]
    for part in (config, config.get("text_config", {})):
        if "rope_parameters" in part:
            part["rope_theta"] = part["rope_parameters"]["rope_theta"]
    _write(folder / "config.json", config)
    if (folder / "processor_config.json").exists():
        processor = _read(folder / "processor_config.json")
        _write(
            folder / "preprocessor_config.json",
            processor["image_processor"] | {"processor_class": processor["processor_class"]},
        )
    shutil.copyfile(CARDS / f"{card}.md", folder / "README.md")


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
