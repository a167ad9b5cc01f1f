"""Knows how shapes-clip begins: as the finished shapes-vlm, made able to tell several pictures apart; trains nothing.

Before each of several pictures the chat template puts a token that says whether it is the first, the last, or one
between. To find by chance how to use them takes longer than all the rest, so a way is built in: a head of the first
layer has each picture's tokens copy the mark in front of it, and in the layers behind it every head is there twice,
once for the first picture and once for the last. The marks are kept in four directions that the finished model
hardly uses.
"""

from __future__ import annotations

import math
import random
from pathlib import Path

import torch
from clip_tokenizer import MARKS
from torch import nn
from transformers import AutoConfig, AutoProcessor, LlavaNextForConditionalGeneration, PreTrainedTokenizerFast

from framescribe.demo.random_scenes import random_scene

NEAR_PAIR, STILL_PAIR = 18, 31  # rotary pairs: one that tells distances up to 600 tokens apart, one that hardly turns
MARK_SCORE, NEAR_SCORE, NEAR_TURN = 25.0, 40.0, 0.3  # of a mark over other tokens, and of the nearest of them
MARK_LENGTH = 0.4  # of what is copied, as a share of a picture token's own length
DISLIKE = 7.0  # of the other pictures, in the score
PROJECTIONS = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj")
TEXTS = (
    "Describe this image in detail. ASSISTANT: A large red circle is on the left and a small blue star is at the top.",
    "Write a caption for the frame. ASSISTANT: A small green cross is at the bottom right, on a navy background.",
)


def warm(folder: Path, tokenizer: PreTrainedTokenizerFast, seed: int) -> LlavaNextForConditionalGeneration:
    """The model to train, in float32."""
    old = LlavaNextForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    processor, config = AutoProcessor.from_pretrained(folder), AutoConfig.from_pretrained(folder)
    text = config.text_config
    heads = text.num_attention_heads
    text.num_attention_heads = text.num_key_value_heads = 2 * heads
    text.vocab_size = len(tokenizer)
    weights = old.state_dict()
    weights.pop("lm_head.weight", None)
    embedding = weights.pop("model.language_model.embed_tokens.weight")
    words = _embeddings(embedding, processor.tokenizer, tokenizer)

    seen = _inputs(old, processor, seed)
    free = _unused(torch.cat([words, *(inputs for inputs, _ in seen)]))
    shared, first, between, last = free
    length = words.norm(dim=1).mean() / 2**0.5
    ids = tokenizer.convert_tokens_to_ids(list(MARKS))
    words[ids] = length * torch.stack([shared + first, shared + between, shared + last])
    weights["model.language_model.embed_tokens.weight"] = weights["lm_head.weight"] = words

    size, unit = text.head_dim, text.hidden_size**0.5
    root = size**0.5  # scores are divided by it
    for number, (inputs, pictures) in enumerate(seen):
        prefix = f"model.language_model.layers.{number}."
        gain = {part: weights[f"{prefix}{part}.weight"] for part in ("input_layernorm", "post_attention_layernorm")}
        for name in PROJECTIONS:
            matrix = weights[f"{prefix}{name}.weight"]
            scale = gain["input_layernorm" if "attn" in name else "post_attention_layernorm"]
            matrix -= (matrix * scale) @ free.T @ (free / scale)  # nothing is read from the marks but what follows
        for name in PROJECTIONS[:3]:
            weights[f"{prefix}{name}.weight"] = weights[f"{prefix}{name}.weight"].repeat(2, 1)
        output = weights[f"{prefix}self_attn.o_proj.weight"].repeat(1, 2) / 2
        weights[f"{prefix}self_attn.o_proj.weight"] = output
        query, key, value = (
            weights[f"{prefix}self_attn.{name}.weight"].view(2 * heads, 2, size // 2, -1)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        scale, normed = gain["input_layernorm"], unit * inputs / inputs.norm(dim=1, keepdim=True)
        own = inputs[pictures].norm(dim=1).mean()
        if number == 0:
            copied = MARK_LENGTH * own
            reader, written, others = heads, output.view(-1, 2 * heads, size), words
            written[:, 0] *= 2  # there is no second copy of this one
            written[:, reader] = 0
            written[:, reader, :3] = copied * free[1:].T
            query[reader], key[reader], value[reader] = 0, 0, 0
            everything = torch.cat([normed, unit * others / others.norm(dim=1, keepdim=True)]) * scale
            asks = torch.cat([pictures.float(), torch.zeros(len(others))])
            asking, mark = _direction(everything, asks), shared / scale * (2**0.5 / unit)  # both are 1 where they apply
            query[reader, 0, STILL_PAIR], key[reader, 0, STILL_PAIR] = MARK_SCORE * root * asking, mark
            query[reader, 0, NEAR_PAIR] = NEAR_SCORE * root * math.cos(NEAR_TURN) * asking
            query[reader, 1, NEAR_PAIR] = NEAR_SCORE * root * math.sin(NEAR_TURN) * asking
            key[reader, 0, NEAR_PAIR] = mark
            value[reader, 0, :3] = free[1:] / scale * (2**0.5 / unit)
        else:
            asking = _direction(normed * scale, torch.ones(len(normed)))
            there = unit * copied / (own**2 + copied**2) ** 0.5
            query[:, :, STILL_PAIR], key[:, :, STILL_PAIR] = 0, 0
            strength = (DISLIKE * root) ** 0.5
            query[:, 0, STILL_PAIR] = strength * asking
            key[:heads, 0, STILL_PAIR] = -strength * (between + last) / scale / there
            key[heads:, 0, STILL_PAIR] = -strength * (between + first) / scale / there
    model = LlavaNextForConditionalGeneration(config)
    model.load_state_dict(weights)
    return model


def _embeddings(old: torch.Tensor, known: PreTrainedTokenizerFast, new: PreTrainedTokenizerFast) -> torch.Tensor:
    """Those of the new vocabulary: the old ones of the same tokens, else the mean of the old tokens for the text."""
    there, rows = known.get_vocab(), []
    for token, _ in sorted(new.get_vocab().items(), key=lambda pair: pair[1]):
        if token in there:
            rows.append(old[there[token]])
        else:
            pieces = known(new.convert_tokens_to_string([token]), add_special_tokens=False)["input_ids"]
            rows.append(old[pieces].mean(0) + 0.02 * torch.randn(old.shape[1]))
    return torch.stack(rows)


def _inputs(model: LlavaNextForConditionalGeneration, processor, seed: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What reaches each layer of the finished model, [tokens, width], and which of the tokens are of a picture."""
    rng, seen = random.Random(f"warm {seed}"), []
    hooks = [
        layer.input_layernorm.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        for layer in model.model.language_model.layers
    ]
    chats = [processor.tokenizer.bos_token + f"USER: <image>\n{rng.choice(TEXTS)}" for _ in range(24)]
    images = [random_scene(rng, 320, 240).draw(320, 240) for _ in chats]
    inputs = processor(images=images, text=chats, return_tensors="pt", padding=True)
    with torch.no_grad():
        model(**inputs)
    for hook in hooks:
        hook.remove()
    kept = inputs["attention_mask"].bool()
    pictures = (inputs["input_ids"] == model.config.image_token_index)[kept]
    return [(state[kept], pictures) for state in seen]


def _unused(states: torch.Tensor) -> torch.Tensor:
    """The four directions in which the states have least, [4, width]."""
    states = nn.functional.normalize(states, dim=1)
    return torch.linalg.eigh(states.T @ states).eigenvectors[:, :4].T.contiguous()


def _direction(inputs: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """The direction along which inputs are as wanted, by least squares."""
    square = inputs.T @ inputs + 0.001 * len(inputs) * torch.eye(inputs.shape[1])
    return torch.linalg.solve(square, inputs.T @ wanted)
