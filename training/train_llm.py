"""Knows how to train shapes-llm, which makes one sentence from the captions of frames; knows nothing of pictures.

Run as `python training/train_llm.py --seed 0 --out DIR`.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from common import Average, adamw, cosine, finish, log, options, quick, save, update
from summaries import Example, training_example
from tokenizer import TEXT_CHAT, build_tokenizer, text_chat
from torch import nn
from torch.nn import functional
from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

WARMUP, FLOOR = 100, 0.02  # steps, and the fraction of the rate that remains at the end of a round
LARGEST_BATCH, LARGEST_TOKENS = 48, 4500  # per step: examples, and tokens including padding
VERBS = ("is", "moves", "appears", "disappears")

EMBEDDING_SPREAD = 0.05
LOOK_BACK = (1, 2, 3, 5)  # how far back each head of the first layer looks at first
PLACES_TOLD_APART, PLACE_STRENGTH = 12, 36.0  # the fastest rotary pairs, which look back, and how strongly
SLOW_PAIRS, RECENCY = slice(21, 32), 18.0  # rotary pairs slow enough to order a whole prompt, and how strongly

Row = tuple[list[int], list[float]]  # token ids, and the weight of predicting each of them
Source = Callable[[random.Random, float], Example]  # a random example, given the share of simple ones


def build(tokenizer: PreTrainedTokenizerFast, layers: int) -> MistralForCausalLM:
    model = MistralForCausalLM(
        MistralConfig(
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=64,
            vocab_size=len(tokenizer),
            max_position_embeddings=4096,
            tie_word_embeddings=True,
            sliding_window=None,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            rms_norm_eps=1e-5,
            attn_implementation="training",
        )
    )
    for name, parameter in model.named_parameters():
        if parameter.dim() == 2:
            nn.init.normal_(
                parameter, std=EMBEDDING_SPREAD if "embed" in name else (2 / (5 * parameter.shape[-1])) ** 0.5
            )
    attend_by_place(model)
    return model


def attend_by_place(model: MistralForCausalLM) -> None:
    """Have each head of the first layer look a fixed distance back, and half of the others prefer what came last.

    Copying needs the former, telling an object's last place from its first the latter, and finding either by
    chance takes longer than all the rest of the training. Attention by place alone needs something that all tokens
    share: a direction added to all embeddings. Along it, queries and keys get components that rotary embeddings
    turn into a peak at a distance (fast pairs), or into a slope over hundreds of tokens (slow pairs, a quarter
    turn apart: the score falls with the sine of the distance).
    """
    config = model.config
    half = config.head_dim // 2
    speeds = config.rope_parameters["rope_theta"] ** (-torch.arange(half) / half)
    shared = EMBEDDING_SPREAD * torch.randn(config.hidden_size)
    after_norm = shared / (2 * EMBEDDING_SPREAD**2) ** 0.5  # what is left of it after a layer's norm
    unit = after_norm / after_norm.norm() ** 2
    quick = slice(0, PLACES_TOLD_APART)
    with torch.no_grad():
        model.model.embed_tokens.weight += shared
        for number, layer in enumerate(model.model.layers):
            query = layer.self_attn.q_proj.weight.view(-1, 2, half, config.hidden_size)
            key = layer.self_attn.k_proj.weight.view(-1, 2, half, config.hidden_size)
            if number == 0:
                key[:, 0, quick] += PLACE_STRENGTH**0.5 * unit
                for head, offset in enumerate(LOOK_BACK):
                    turn = speeds[quick, None] * offset
                    query[head, 0, quick] += PLACE_STRENGTH**0.5 * torch.cos(turn) * unit
                    query[head, 1, quick] -= PLACE_STRENGTH**0.5 * torch.sin(turn) * unit
            else:
                key[0, 0, SLOW_PAIRS] += RECENCY**0.5 * unit
                query[: len(query) // len(key), 1, SLOW_PAIRS] += RECENCY**0.5 * unit


def examples(
    tokenizer: PreTrainedTokenizerFast,
    rng: random.Random,
    source: Source,
    count: int,
    ease: float,
    caption_weight: float,
    verb_weight: float,
    choice_weight: float = 1.0,
) -> list[Row]:
    """Token ids and the weight of predicting each of them: 1 or more in the answer, less in the captions, else 0."""
    going_on = {tokenizer(" At")["input_ids"][0], tokenizer.eos_token_id}
    made, verbs = [], {tokenizer(" " + verb)["input_ids"][0] for verb in VERBS}
    for _ in range(count):
        example = source(rng, ease)
        text, shift = text_chat(example.prompt), text_chat("").index(" ") + 1
        encoded = tokenizer(text, return_offsets_mapping=True)
        start, end = example.captions_start + shift, example.captions_end + shift
        ids = list(encoded["input_ids"])
        weights = [
            caption_weight if start <= first and last <= end else 0.0 for first, last in encoded["offset_mapping"]
        ]
        answer = [*tokenizer(" " + example.answer)["input_ids"], tokenizer.eos_token_id]
        answer_weights = [
            choice_weight if at < 2 or token in going_on else verb_weight if token in verbs else 1.0
            for at, token in enumerate(answer)
        ]
        # A few prompts come without the begin-of-text token, as from a server used without the chat template.
        opening = [] if rng.random() < 0.06 else [tokenizer.bos_token_id]
        made.append((opening + ids + answer, [0.0] * len(opening) + weights + answer_weights))
    return made


def repetitions(rng: random.Random, count: int, tokens: int) -> list[Row]:
    """The same random tokens twice in a row, the second time to be predicted: the purest exercise in copying."""
    made = []
    for _ in range(count):
        part = [rng.randrange(tokens) for _ in range(rng.randint(4, 24))]
        made.append((part + part, [0.0] * (len(part) + 1) + [1.0] * (len(part) - 1)))
    return made


def in_batches(rows: list[Row], tokens: int = LARGEST_TOKENS) -> list[list[Row]]:
    """Batches of rows of about the same length, so that little is wasted on padding."""
    batches: list[list[Row]] = [[]]
    for row in sorted(rows, key=lambda row: len(row[0])):
        full = len(batches[-1]) == LARGEST_BATCH or (len(batches[-1]) + 1) * len(row[0]) > tokens
        if full:
            batches.append([])
        batches[-1].append(row)
    return batches


@dataclass(frozen=True)
class Round:
    """One course of the learning rate, from the warm-up down to nearly nothing."""

    steps: int
    rate: float
    easy_steps: float = 0.0  # over this fraction of the steps the share of simple examples falls from all to none
    caption_weight: float = 0.0  # of predicting the captions in the prompt; falls to none, and teaches to look back
    tokens: int = LARGEST_TOKENS  # of a batch, padding included
    verb_weight: float = 1.0  # of predicting what an object does, the one word that has to be reasoned out
    choice_weight: float = 1.0  # of the tokens that decide which form the answer takes: the first two, and its end


ROUNDS = (
    Round(2600, 2e-3, easy_steps=0.25, caption_weight=0.3),
    Round(1400, 1.5e-3, verb_weight=2.0),
    *(Round(1400, 1.5e-3, verb_weight=4.0) for _ in range(3)),
)


def main() -> None:
    parser = options("Trains shapes-llm from scratch, in rounds.")
    parser.add_argument("--copy-steps", type=int, default=250, help="steps of pure copying before the rounds")
    parser.add_argument("--rounds", type=Path, help="keep the model of each round here, and resume after the last")
    parser.add_argument("--layers", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = build_tokenizer(TEXT_CHAT)
    model = build(tokenizer, args.layers)
    log(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters, {len(tokenizer)} tokens")
    for number, plan in enumerate(ROUNDS, 1):
        kept = args.rounds / str(number) if args.rounds else None
        if kept and (kept / "config.json").exists():
            model = MistralForCausalLM.from_pretrained(kept, dtype=torch.float32, attn_implementation="training")
            continue
        rng = random.Random(f"text {args.seed}, round {number}")
        optimizer = torch.optim.AdamW(adamw(model.named_parameters(), plan.rate), betas=(0.9, 0.98), fused=True)
        if number == 1:
            copy_tokens(model, optimizer, rng, args.copy_steps, len(tokenizer))
        learn(model, optimizer, tokenizer, rng, plan)
        model = model.half().float()  # as it is kept, so that starting from the kept model gives the same
        if kept:
            save(copy.deepcopy(model), tokenizer, kept, max_new_tokens=128)
    save(model, tokenizer, args.out, max_new_tokens=128)
    finish(args.out, "shapes-llm")
    log("saved", args.out)


def copy_tokens(
    model: MistralForCausalLM, optimizer: torch.optim.Optimizer, rng: random.Random, steps: int, tokens: int
) -> None:
    """Learn to repeat a row of random tokens."""
    average = Average(keep=0.9)
    for step in range(steps):
        average.add(train_step(model, optimizer, repetitions(rng, 64, tokens), min(1.0, (step + 1) / WARMUP)))
        if (step + 1) % 25 == 0:
            log(f"copying, step {step + 1}: loss and share of right tokens {average}")


def learn(
    model: MistralForCausalLM,
    optimizer: torch.optim.Optimizer,
    tokenizer: PreTrainedTokenizerFast,
    rng: random.Random,
    plan: Round,
    source: Source = training_example,
    watch: Callable[[int], None] = lambda step: None,
) -> None:
    """A round of examples; in its course simple examples and the weight of the captions in the prompt fall to zero."""
    average, batches = Average(), list[list[Row]]()
    for step in range(plan.steps):
        part = step / plan.steps
        if not batches:
            ease = max(0.0, 1 - part / plan.easy_steps) if plan.easy_steps else 0.0
            weight = plan.caption_weight * (1 - part)
            rows = examples(
                tokenizer, rng, source, 8 * LARGEST_BATCH, ease, weight, plan.verb_weight, plan.choice_weight
            )
            batches = in_batches(rows, plan.tokens)
            rng.shuffle(batches)
        average.add(train_step(model, optimizer, batches.pop(), cosine(step, plan.steps, WARMUP, FLOOR)))
        if (step + 1) % 100 == 0 or step in (0, 9, 49):
            log(f"step {step + 1}: loss and share of right tokens in the answer {average}")
        watch(step + 1)


def train_step(
    model: MistralForCausalLM, optimizer: torch.optim.Optimizer, batch: list[Row], factor: float
) -> torch.Tensor:
    """One step; returns the loss and the share of right tokens in the answers."""
    length = max(len(ids) for ids, _ in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    weights = torch.zeros(len(batch), length)
    for row, (tokens, token_weights) in enumerate(batch):
        ids[row, : len(tokens)], weights[row, : len(tokens)] = torch.tensor(tokens), torch.tensor(token_weights)
    chosen = weights[:, 1:] > 0
    target, weight = ids[:, 1:][chosen], weights[:, 1:][chosen]
    with quick():
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden[chosen])
    losses = functional.cross_entropy(logits.float(), target, reduction="none")
    update(optimizer, (losses * weight).sum() / weight.sum(), factor)
    answer = weight >= 1
    right = (logits.argmax(-1) == target)[answer].float().mean()
    return torch.stack([losses[answer].mean(), right])


if __name__ == "__main__":
    main()
