"""Knows how to run a Llama quickly on rows in which several questions about the same pictures stand side by side."""

from __future__ import annotations

import torch
from common import QUICK
from torch import nn
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaModel, apply_rotary_pos_emb

QUERIES = 160  # attention is computed for so many queries at once


Chunk = tuple[int, int, list[tuple[int, int]]]  # first and last query, and the ranges of the keys that they see


class _Attention(torch.autograd.Function):
    """Attention of some queries at a time; `mask` is added to the scores."""

    @staticmethod
    def forward(ctx, query, key, value, mask, chunks):
        mixed, shares = torch.empty_like(query), []
        for start, end, seen in chunks:
            scores = query[:, :, start:end] @ _part(key, seen).transpose(-1, -2)
            hidden = torch.cat([mask[:, :, start:end, first:last] for first, last in seen], dim=-1)
            shares.append(torch.softmax(scores.add_(hidden), dim=-1))
            mixed[:, :, start:end] = shares[-1] @ _part(value, seen)
        ctx.save_for_backward(query, key, value, *shares)
        ctx.chunks = chunks
        return mixed

    @staticmethod
    def backward(ctx, gradient):
        query, key, value, *shares = ctx.saved_tensors
        to_query, to_key, to_value = torch.empty_like(query), torch.zeros_like(key), torch.zeros_like(value)
        for share, (start, end, seen) in zip(shares, ctx.chunks, strict=True):
            part = gradient[:, :, start:end]
            _spread(to_value, seen, share.transpose(-1, -2) @ part)
            to_scores = torch._softmax_backward_data(
                part @ _part(value, seen).transpose(-1, -2), share, -1, share.dtype
            )
            to_query[:, :, start:end] = to_scores @ _part(key, seen)
            _spread(to_key, seen, to_scores.transpose(-1, -2) @ query[:, :, start:end])
        return to_query, to_key, to_value, None, None


def _part(tokens: torch.Tensor, ranges: list[tuple[int, int]]) -> torch.Tensor:
    return torch.cat([tokens[:, :, first:last] for first, last in ranges], dim=2)


def _spread(tokens: torch.Tensor, ranges: list[tuple[int, int]], more: torch.Tensor) -> None:
    """Add what `_part` would take."""
    done = 0
    for first, last in ranges:
        tokens[:, :, first:last] += more[:, :, done : done + last - first]
        done += last - first


def _chunks(branch: torch.Tensor) -> list[Chunk]:
    """Neighbouring queries, each with what any row's may see: what all branches see, and their own branches."""
    length, shared, chunks = branch.shape[1], int((branch == 0).sum(1).max()), []
    for start in range(0, length, QUERIES):
        end = min(start + QUERIES, length)
        own = branch[:, start : start + 1]
        begins = (branch == own).int().argmax(1)  # where the branch of this chunk's first query begins
        first = int(torch.where(own[:, 0] < 0, start, begins).min())
        chunks.append((start, end, [(0, end)] if first <= shared else [(0, shared), (first, end)]))
    return chunks


def hidden_from(branch: torch.Tensor) -> torch.Tensor:
    """What is added to the scores, [rows, 1, length, length]: a token sees what is before it in its branch and in 0.

    branch [rows, length]: 0 for what all branches see, then 1, 2, ...
    """
    length = branch.shape[1]
    apart = (branch[:, :, None] != branch[:, None, :]) & (branch[:, None, :] != 0)
    apart |= torch.ones(length, length, dtype=torch.bool).triu(1)
    return torch.zeros(apart.shape, dtype=QUICK).masked_fill_(apart, -1e4)[:, None]


def run(model: LlamaModel, words: torch.Tensor, places: torch.Tensor, branch: torch.Tensor, rows: torch.Tensor):
    """The last hidden states of some tokens and those before the last layer, [rows, wanted, width].

    words [rows, length, width], places (positions) and branch [rows, length], rows [rows, wanted]: which tokens.
    """
    mask, turns, state = hidden_from(branch), model.rotary_emb(words, places), words
    chunks = _chunks(branch)
    for layer in model.layers[:-1]:
        state = _layer(layer, state, turns, mask, chunks, None)
    # Nobody reads what the last layer makes of the other tokens.
    picked = mask.expand(-1, 1, -1, -1).gather(2, rows[:, None, :, None].expand(-1, 1, -1, mask.shape[-1]))
    before = state.gather(1, rows[..., None].expand(-1, -1, state.shape[-1]))
    everything = [(0, rows.shape[1], [(0, branch.shape[1])])]
    return model.norm(_layer(model.layers[-1], state, turns, picked, everything, rows)), before


def _layer(
    layer: LlamaDecoderLayer,
    state: torch.Tensor,
    turns: tuple[torch.Tensor, torch.Tensor],
    mask: torch.Tensor,
    chunks: list[Chunk],
    rows: torch.Tensor | None,
) -> torch.Tensor:
    attention, inputs = layer.self_attn, layer.input_layernorm(state)

    def heads(project: nn.Linear, inputs: torch.Tensor) -> torch.Tensor:
        return project(inputs).view(*inputs.shape[:2], -1, attention.head_dim).transpose(1, 2)

    def pick(tokens: torch.Tensor) -> torch.Tensor:
        return tokens if rows is None else tokens.gather(1, rows[..., None].expand(-1, -1, tokens.shape[-1]))

    cosines, sines = (turn.to(QUICK) for turn in turns)
    query, key, value = (
        heads(project, tokens)
        for project, tokens in (
            (attention.q_proj, pick(inputs)),
            (attention.k_proj, inputs),
            (attention.v_proj, inputs),
        )
    )
    query, _ = apply_rotary_pos_emb(query, query, pick(cosines), pick(sines))
    key, _ = apply_rotary_pos_emb(key, key, cosines, sines)
    mixed = _Attention.apply(query * attention.scaling, key, value, mask, chunks)
    state = pick(state) + attention.o_proj(mixed.transpose(1, 2).flatten(2))
    return state + layer.mlp(layer.post_attention_layernorm(state))
