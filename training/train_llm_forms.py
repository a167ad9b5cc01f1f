"""Knows how to teach a trained shapes-llm what strategies other than frame captions ask for; knows nothing of pictures.

Run as `python training/train_llm_forms.py --seed 0 --from DIR --out DIR`, where --from is what train_llm.py made, or,
with `--first ROUND`, what the round before that one made.
"""

from __future__ import annotations

import copy
import random
from functools import partial
from pathlib import Path

import torch
from added_words import add_rows, with_added_words
from common import adamw, finish, log, options, quick, save
from forms import SHARES, TASKS, Maker, form_example
from summaries import Example, random_example
from tokenizer import TEXT_CHAT, build_tokenizer
from torch import nn
from train_llm import Round, examples, in_batches, learn
from transformers import MistralForCausalLM, PreTrainedTokenizerFast

ROUNDS = (
    Round(900, 1.5e-3, easy_steps=0.3, tokens=3600, verb_weight=2.0),
    Round(1300, 1.4e-3, tokens=3600, verb_weight=3.0, choice_weight=3.0),
    Round(1300, 1.2e-3, tokens=3600, verb_weight=3.0, choice_weight=4.0),
    Round(900, 1.2e-3, tokens=3600, verb_weight=3.0, choice_weight=5.0),
    Round(700, 1.0e-3, tokens=3600, verb_weight=3.0, choice_weight=3.0),
    Round(400, 8e-4, tokens=1600, verb_weight=3.0, choice_weight=3.0),
    Round(260, 8e-4, tokens=1600, verb_weight=3.0, choice_weight=4.0),
    Round(400, 6e-4, tokens=2400, verb_weight=3.0, choice_weight=3.0),
)
WATCHED_EVERY, WATCHED = 300, 30  # steps, and examples of each task and number of objects


def main() -> None:
    parser = options("Teaches a trained shapes-llm the notes of other strategies, and other lengths, in rounds.")
    parser.add_argument("--from", dest="start", type=Path, required=True, help="directory that it begins with")
    parser.add_argument("--first", type=int, default=1, help="the first round; above 1 for a model that has had others")
    parser.add_argument("--rounds", type=Path, help="keep the model of each round here, and resume after the last")
    parser.add_argument("--layers", type=int, default=6)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer, parts = with_added_words(build_tokenizer(TEXT_CHAT))
    model = load(args.start)
    if args.first == 1:
        add_rows(model, parts)
        model = deeper(model, args.layers)
    log(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters, {len(tokenizer)} tokens")
    for number, (plan, shares) in list(enumerate(zip(ROUNDS, SHARES, strict=True), 1))[args.first - 1 :]:
        kept = args.rounds / str(number) if args.rounds else None
        if kept and (kept / "config.json").exists():
            model = load(kept)
            continue
        rng = random.Random(f"forms {args.seed}, round {number}")
        optimizer = torch.optim.AdamW(adamw(model.named_parameters(), plan.rate), betas=(0.9, 0.98), fused=True)
        learn(model, optimizer, tokenizer, rng, plan, partial(form_example, shares), partial(watch, model, tokenizer))
        model = model.half().float()  # as it is kept, so that starting from the kept model gives the same
        if kept:
            save(copy.deepcopy(model), tokenizer, kept, max_new_tokens=256)
    save(model, tokenizer, args.out, max_new_tokens=256)
    finish(args.out, "shapes-llm")
    log("saved", args.out)


def load(folder: Path) -> MistralForCausalLM:
    return MistralForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="training")


def deeper(model: MistralForCausalLM, layers: int) -> MistralForCausalLM:
    """The model with copies of its last layer behind it that change nothing until they have learned to."""
    while len(model.model.layers) < layers:
        layer = copy.deepcopy(model.model.layers[-1])
        layer.self_attn.layer_idx = len(model.model.layers)
        nn.init.zeros_(layer.self_attn.o_proj.weight)
        nn.init.zeros_(layer.mlp.down_proj.weight)
        model.model.layers.append(layer)
    model.config.num_hidden_layers = len(model.model.layers)
    if getattr(model.config, "layer_types", None):
        model.config.layer_types = [model.config.layer_types[0]] * len(model.model.layers)
    return model


def watch(model: MistralForCausalLM, tokenizer: PreTrainedTokenizerFast, step: int) -> None:
    """Now and then log for each task the share of examples, never trained on, that are answered exactly right."""
    if step % WATCHED_EVERY:
        return
    tasks = {"frames": random_example, **TASKS}
    found = []
    for task, make in tasks.items():
        shares = []
        for objects in (1, 2, 3):
            source = partial(held_out, make, objects)
            rows = examples(tokenizer, random.Random(f"held out {task} {objects}"), source, WATCHED, 0.0, 0.0, 1.0)
            right = [mark for batch in in_batches(rows) for mark in exact(model, batch)]
            shares.append(f"{100 * sum(right) / len(right):.0f}")
        found.append(f"{task} {' '.join(shares)}")
    log(f"held out, per cent exact with 1, 2, 3 objects: {', '.join(found)}")


def held_out(make: Maker, objects: int, rng: random.Random, _ease: float) -> Example:
    return make(rng, rng.randint(2, 5), objects)


def exact(model: MistralForCausalLM, batch: list[tuple[list[int], list[float]]]) -> list[bool]:
    """For each row whether greedy decoding gives exactly the right answer."""
    ids = torch.zeros(len(batch), max(len(tokens) for tokens, _ in batch), dtype=torch.long)
    for row, (tokens, _) in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
    with torch.inference_mode(), quick():
        likeliest = model(input_ids=ids, use_cache=False).logits.argmax(-1)
    return [
        all(likeliest[row, at - 1] == tokens[at] for at, weight in enumerate(weights) if weight)
        for row, (tokens, weights) in enumerate(batch)
    ]


if __name__ == "__main__":
    main()
