"""Knows how many frames a second a GPU could caption at best, from a model's shapes and the GPU's peaks; runs nothing.

With a prompt of T tokens, an answer of A tokens, V patches of pictures and B answers written at a time:

    prefill, FLOPs per frame   2 · P_text · T  +  2 · L · n_heads · d_head · T²  +  2 · P_vision · V
    decoding, bytes per token  W / B  +  (T + A / 2) · kv          kv = 2 · L · n_kv_heads · d_head · 2 bytes
    frames/s                   1 / (prefill / (0.5 · peak FLOP/s)  +  A · bytes / (0.8 · peak bytes/s))

P_text and P_vision are the parameters of the layers, without embeddings, head and projector; W is all weights at two
bytes. T² counts the half of the attention matrix that a causal mask leaves. B is what fits beside the weights in
90 % of the memory, 2 GB held back, and at most 256. Half of the FLOP/s in prefill and 80 % of the bandwidth in
decoding is what well-made engines reach; nothing overlaps. So this is a goal, not a limit: LLaVA-1.6-7B with T 1960 and
A 200 comes to 6.3 frames/s on an H100 and 8.3 on an H200.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PREFILL_SHARE, DECODE_SHARE = 0.5, 0.8
MEMORY_SHARE, KEPT_BACK, MOST_ANSWERS = 0.9, 2e9, 256
WIDTH = 2  # bytes of a weight or of a value in the cache: bfloat16


@dataclass(frozen=True, slots=True)
class Peaks:
    """What a GPU can do: FLOP/s of dense bfloat16, bytes/s to its memory."""

    flops: float
    bandwidth: float


# By the name that CUDA gives them. From NVIDIA's data sheets of the A100 80GB (SXM), H100 (SXM) and H200 (SXM), dense.
PEAKS = {
    "NVIDIA A100-SXM4-80GB": Peaks(312e12, 2.04e12),
    "NVIDIA H100 80GB HBM3": Peaks(989e12, 3.35e12),
    "NVIDIA H200": Peaks(989e12, 4.8e12),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A model as the formula sees it; parameters in numbers, not bytes."""

    text: int
    vision: int
    everything: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int

    @property
    def weights(self) -> int:
        """Bytes of all weights."""
        return self.everything * WIDTH

    @property
    def kv(self) -> int:
        """Bytes that one token takes in the cache."""
        return 2 * self.layers * self.kv_heads * self.head_size * WIDTH

    @classmethod
    def of(cls, network: Any) -> Counts:
        """The counts of a transformers model for pictures and text; one on the meta device will do."""
        config = network.config.get_text_config()
        sizes = {name: weight.numel() for name, weight in network.named_parameters()}
        return cls(
            text=sum(size for name, size in sizes.items() if "language_model.layers." in name),
            vision=sum(size for name, size in sizes.items() if "vision_tower.encoder." in name or ".blocks." in name),
            everything=sum(sizes.values()),
            layers=config.num_hidden_layers,
            heads=config.num_attention_heads,
            kv_heads=config.num_key_value_heads,
            head_size=getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads,
        )


def frames_per_second(
    model: Counts, peaks: Peaks, memory: float, *, prompt: float, answer: float, patches: float
) -> float:
    """The goal, for `memory` bytes of GPU memory and one frame per prompt.

    `prompt` and `answer` are tokens, `patches` what the vision tower sees of one frame.
    """
    answers = min(MOST_ANSWERS, answers_that_fit(model, memory, prompt + answer))
    attention = 2 * model.layers * model.heads * model.head_size * prompt**2
    prefill = 2 * model.text * prompt + attention + 2 * model.vision * patches
    read = model.weights / answers + (prompt + answer / 2) * model.kv
    return 1 / (prefill / (PREFILL_SHARE * peaks.flops) + answer * read / (DECODE_SHARE * peaks.bandwidth))


def answers_that_fit(model: Counts, memory: float, tokens: float) -> int:
    """How many answers of `tokens` tokens, prompt included, fit in the cache at a time; at least 1."""
    return max(1, int((MEMORY_SHARE * memory - KEPT_BACK - model.weights) / (tokens * model.kv)))
