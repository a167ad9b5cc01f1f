"""Knows how to train shapes-llm, which makes one sentence of captions of frames; knows nothing of pictures.

Run as `python training/train_llm.py --seed 0 --out DIR`.
"""

from __future__ import annotations

import copy
import random
from pathlib import Path

import torch
from common import Average, adamw, cosine, finish, log, options, save, update
from summaries import training_example
from tokenizer import TEXT_CHAT, build_tokenizer, text_chat
from torch import nn
from torch.nn import functional
from transformers import MistralConfig, MistralForCausalLM, PreTrainedTokenizerFast

RATE, SECOND_RATE, WARMUP, FLOOR = 2e-3, 1.5e-3, 100, 0.02
LARGEST_BATCH, LARGEST_TOKENS = 48, 4500  # of one step: examples, and tokens with padding
EASY_STEPS = 0.25  # over this part of the steps the share of simple examples falls from all to none
CAPTION_WEIGHT = 0.3  # of predicting the captions in the prompt; falls to none, and teaches to look back

EMBEDDING_SPREAD = 0.05
LOOK_BACK = (1, 2, 3, 5)  # how far back each head of the first layer looks at first

Row = tuple[list[int], list[float]]  # token ids, and the weight of predicting each of them


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
    look_back(model, LOOK_BACK)
    return model


def look_back(model: MistralForCausalLM, offsets: tuple[int, ...]) -> None:
    """Have each head of the first layer start by attending to the token `offset` places back.

    Copying needs such heads, and finding them by chance takes longer than all the rest of the training. Attention
    by place alone needs something that all tokens share: a direction added to all embeddings. Along it, queries and
    keys get components that rotary embeddings turn into a peak at the wanted distance.
    """
    config, attention = model.config, model.model.layers[0].self_attn
    half, count, strength = config.head_dim // 2, 12, 6.0
    speeds = config.rope_parameters["rope_theta"] ** (-torch.arange(count) / half)  # the quickest tell places apart
    shared = EMBEDDING_SPREAD * torch.randn(config.hidden_size)
    after_norm = shared / (2 * EMBEDDING_SPREAD**2) ** 0.5  # what is left of it behind the layer's norm
    direction = strength * after_norm / after_norm.norm() ** 2
    with torch.no_grad():
        model.model.embed_tokens.weight += shared
        query = attention.q_proj.weight.view(-1, 2, half, config.hidden_size)
        key = attention.k_proj.weight.view(-1, 2, half, config.hidden_size)
        key[:, 0, :count] += direction
        for head, offset in enumerate(offsets):
            query[head, 0, :count] += torch.cos(speeds * offset)[:, None] * direction
            query[head, 1, :count] -= torch.sin(speeds * offset)[:, None] * direction


def examples(
    tokenizer: PreTrainedTokenizerFast, rng: random.Random, count: int, ease: float, caption_weight: float
) -> list[Row]:
    """Token ids and the weight of predicting each of them: 1 in the answer, less in the captions, 0 elsewhere."""
    made = []
    for _ in range(count):
        example = training_example(rng, ease)
        text, shift = text_chat(example.prompt), text_chat("").index(" ") + 1
        encoded = tokenizer(text, return_offsets_mapping=True)
        start, end = example.captions_start + shift, example.captions_end + shift
        ids = list(encoded["input_ids"])
        weights = [
            caption_weight if start <= first and last <= end else 0.0 for first, last in encoded["offset_mapping"]
        ]
        answer = [*tokenizer(" " + example.answer)["input_ids"], tokenizer.eos_token_id]
        # A few prompts come without the begin-of-text token, as from a server used without the chat template.
        opening = [] if rng.random() < 0.06 else [tokenizer.bos_token_id]
        made.append((opening + ids + answer, [0.0] * len(opening) + weights + [1.0] * len(answer)))
    return made


def repetitions(rng: random.Random, count: int, tokens: int) -> list[Row]:
    """Random tokens twice in a row, the second time to be predicted: the purest exercise in copying."""
    made = []
    for _ in range(count):
        part = [rng.randrange(tokens) for _ in range(rng.randint(4, 24))]
        made.append((part + part, [0.0] * (len(part) + 1) + [1.0] * (len(part) - 1)))
    return made


def in_batches(rows: list[Row]) -> list[list[Row]]:
    """Batches of rows of about the same length, so that little is spent on padding."""
    batches: list[list[Row]] = [[]]
    for row in sorted(rows, key=lambda row: len(row[0])):
        full = len(batches[-1]) == LARGEST_BATCH or (len(batches[-1]) + 1) * len(row[0]) > LARGEST_TOKENS
        if full:
            batches.append([])
        batches[-1].append(row)
    return batches


def main() -> None:
    parser = options("Trains shapes-llm from scratch, in two rounds.")
    parser.add_argument("--steps", type=int, default=2600, help="of the first round, which begins with simple examples")
    parser.add_argument("--second-steps", type=int, default=1400, help="of the second round, which has them all")
    parser.add_argument("--copy-steps", type=int, default=250, help="steps of mere copying before the others")
    parser.add_argument("--first", type=Path, help="keep the first round's model here, or start from it if it is there")
    parser.add_argument("--layers", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = build_tokenizer(TEXT_CHAT)
    if args.first and (args.first / "config.json").exists():
        model = MistralForCausalLM.from_pretrained(args.first, dtype=torch.float32, attn_implementation="training")
    else:
        model = build(tokenizer, args.layers)
        log(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters, {len(tokenizer)} tokens")
        rng = random.Random(f"text {args.seed}")
        optimizer = torch.optim.AdamW(adamw(model.named_parameters(), RATE), betas=(0.9, 0.98), fused=True)
        copy_tokens(model, optimizer, rng, args.copy_steps, len(tokenizer))
        learn(model, optimizer, tokenizer, rng, args.steps, EASY_STEPS, CAPTION_WEIGHT)
        model = model.half().float()  # as it is kept, so that a start from the kept model gives the same
        if args.first:
            save(copy.deepcopy(model), tokenizer, args.first, max_new_tokens=128)
    rng = random.Random(f"text {args.seed}, second round")
    optimizer = torch.optim.AdamW(adamw(model.named_parameters(), SECOND_RATE), betas=(0.9, 0.98), fused=True)
    learn(model, optimizer, tokenizer, rng, args.second_steps, 0.0, 0.0)
    save(model, tokenizer, args.out, max_new_tokens=128)
    finish(args.out, "shapes-llm")
    log("saved", args.out)


def copy_tokens(
    model: MistralForCausalLM, optimizer: torch.optim.Optimizer, rng: random.Random, steps: int, tokens: int
) -> None:
    """Learn to say a row of random tokens again."""
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
    steps: int,
    easy_steps: float,
    caption_weight: float,
) -> None:
    """A round of summaries; simple examples and the weight of the captions in the prompt fall away in it."""
    average, batches = Average(), list[list[Row]]()
    for step in range(steps):
        part = step / steps
        if not batches:
            ease = max(0.0, 1 - part / easy_steps) if easy_steps else 0.0
            batches = in_batches(examples(tokenizer, rng, 8 * LARGEST_BATCH, ease, caption_weight * (1 - part)))
            rng.shuffle(batches)
        average.add(train_step(model, optimizer, batches.pop(), cosine(step, steps, WARMUP, FLOOR)))
        if (step + 1) % 100 == 0 or step in (0, 9, 49):
            log(f"step {step + 1}: loss and share of right tokens in the answer {average}")


def train_step(
    model: MistralForCausalLM, optimizer: torch.optim.Optimizer, batch: list[Row], factor: float
) -> torch.Tensor:
    """One step; gives the loss and the share of right tokens in the answers."""
    length = max(len(ids) for ids, _ in batch)
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    weights = torch.zeros(len(batch), length)
    for row, (tokens, token_weights) in enumerate(batch):
        ids[row, : len(tokens)], weights[row, : len(tokens)] = torch.tensor(tokens), torch.tensor(token_weights)
    chosen = weights[:, 1:] > 0
    target, weight = ids[:, 1:][chosen], weights[:, 1:][chosen]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(hidden[chosen])
    losses = functional.cross_entropy(logits.float(), target, reduction="none")
    update(optimizer, (losses * weight).sum() / weight.sum(), factor)
    answer = weight == 1
    right = (logits.argmax(-1) == target)[answer].float().mean()
    return torch.stack([losses[answer].mean(), right])


if __name__ == "__main__":
    main()
