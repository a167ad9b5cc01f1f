"""Knows how to train shapes-vlm, which captions pictures of coloured shapes; knows nothing of clips.

Run as `python training/train_vlm.py --seed 0 --out DIR`. First the vision tower learns alone, from labels for
every patch, then the projector and the language model learn to put into words what the tower sees, and finally
all three learn together.
"""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import torch
from common import Average, adamw, cosine, finish, log, options, save, update
from prompts import frame_prompt
from tokenizer import VISION_CHAT, build_tokenizer, vision_chat
from torch import nn
from torch.nn import functional
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaNextConfig,
    LlavaNextForConditionalGeneration,
    LlavaNextProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.llava_next.image_processing_pil_llava_next import LlavaNextImageProcessorPil
from vision_data import GRID, LABELS, PATCH, PINPOINTS, TILE, TILES, Pool, image_tokens, make_pool, mirror_tiles

WIDTH, LAYERS, MASK_LAYER = 128, 4, 2
MEAN, SPREAD = [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]
TOWER_RATE, RATE = 2e-3, 1.5e-3
SCENES, CROWDS, CROWD_SHARE = 16000, 6000, 0.7
TOWER_BATCH, CAPTION_BATCH = 64, 48
LABEL_WEIGHTS = {"part": 1.5, "shape": 2.0}
SHAPE_WEIGHT, MASK_WEIGHT, JOINT_LABEL_WEIGHT = 3.0, 10.0, 0.1
FROZEN_PART = 0.55  # of the joint steps, in which the tower does not learn


def configuration(tokenizer: PreTrainedTokenizerFast, layers: int, feature_layer: int) -> LlavaNextConfig:
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=layers,
        num_attention_heads=4,
        image_size=TILE,
        patch_size=PATCH,
        projection_dim=WIDTH,
        hidden_act="quick_gelu",
    )
    text = LlamaConfig(
        hidden_size=WIDTH,
        intermediate_size=3 * WIDTH,
        num_hidden_layers=4,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=64,
        vocab_size=len(tokenizer),
        max_position_embeddings=4096,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    return LlavaNextConfig(
        vision_config=vision,
        text_config=text,
        vision_feature_layer=feature_layer,
        vision_feature_select_strategy="default",
        image_grid_pinpoints=PINPOINTS,
        tie_word_embeddings=True,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )


def build(tokenizer: PreTrainedTokenizerFast) -> LlavaNextForConditionalGeneration:
    """The model to train, initialised for its size: CLIP's own initialisation is far too small here."""
    model = LlavaNextForConditionalGeneration(configuration(tokenizer, LAYERS, -1))
    model.set_attn_implementation({"vision_config": "eager", "text_config": "training"})
    for name, parameter in model.named_parameters():
        if "embed_tokens" in name:
            nn.init.normal_(parameter, std=0.05)
        elif "class_embedding" in name:
            nn.init.normal_(parameter, std=0.1)
        elif "position_embedding" in name:
            with torch.no_grad():
                parameter[0], parameter[1:] = 0, grid_waves()
        elif parameter.dim() == 2:
            nn.init.normal_(parameter, std=(2 / (5 * parameter.shape[-1])) ** 0.5)
        elif parameter.dim() == 4:
            nn.init.normal_(parameter, std=(1 / parameter[0].numel()) ** 0.5)
    return model


def grid_waves() -> torch.Tensor:
    """Sines and cosines of row and column, [GRID * GRID, WIDTH]: they make neighbours easy to find."""
    count = WIDTH // 4
    speeds = 1.5 * (1 / 20) ** (torch.arange(count) / (count - 1))
    angles = torch.arange(GRID)[:, None] * speeds
    waves = torch.cat([angles.sin(), angles.cos()], 1)
    rows, columns = waves[:, None].expand(GRID, GRID, -1), waves[None].expand(GRID, GRID, -1)
    return torch.cat([rows, columns], 2).reshape(GRID * GRID, WIDTH)


class LabelHeads(nn.Module):
    """Reads the patch labels and object masks from the tower's features; thrown away after training."""

    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mask_norm = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.heads = nn.ModuleDict({name: nn.Linear(WIDTH, values) for name, values in LABELS.items()})
        self.mask = nn.Linear(WIDTH, (PATCH // 2) ** 2)

    def label_loss(self, features: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and, for each label and for the shapes of whole objects, the share of right answers.

        features [N, GRID * GRID, WIDTH], labels [N, GRID * GRID, len(LABELS)], one row for each tile.
        """
        features, loss, right = self.norm(features.float()), torch.zeros(()), []
        for k, (name, head) in enumerate(self.heads.items()):
            target = labels[..., k]
            known = target >= 0
            logits = head(features[known])
            loss = loss + LABEL_WEIGHTS.get(name, 1.0) * functional.cross_entropy(logits, target[known])
            right.append((logits.argmax(-1) == target[known]).float().mean())
        # A patch may hold too little of an object to tell its shape, so the patches of an object also vote together.
        tile, patch = (labels[..., 2] >= 0).nonzero(as_tuple=True)
        _, colour, shape, size = labels[tile, patch, :4].unbind(-1)
        key = (tile * LABELS["colour"] + colour) * LABELS["shape"] + shape
        objects, index = torch.unique(key, return_inverse=True)
        patches = torch.zeros(len(objects)).index_add_(0, index, torch.ones(len(index)))
        votes = torch.zeros(len(objects), LABELS["shape"]).index_add_(
            0, index, self.heads["shape"](features[tile, patch])
        )
        votes, shapes = votes / patches[:, None].sqrt(), objects % LABELS["shape"]
        loss = loss + SHAPE_WEIGHT * functional.cross_entropy(votes, shapes)
        sizes = torch.zeros_like(objects).index_copy_(0, index, size)
        voted = (votes.argmax(-1) == shapes).float()
        right += [voted[sizes == k].mean() for k in range(LABELS["size"])]
        return loss, torch.stack(right)

    def mask_loss(self, features: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
        """features [N, GRID * GRID, WIDTH], masks [N, TILE / 2, TILE / 2] from 0 to 1."""
        side = PATCH // 2
        cut = masks.view(-1, GRID, side, GRID, side).permute(0, 1, 3, 2, 4).reshape(-1, GRID * GRID, side * side)
        return functional.binary_cross_entropy_with_logits(self.mask(self.mask_norm(features.float())), cut)


class Batches:
    """Random batches of a pool, every other image mirrored, brightness and colour balance changed a little."""

    def __init__(self, pool: Pool, seed: int) -> None:
        self.pool, self.random = pool, np.random.default_rng(seed)
        self.mean, self.spread = (torch.tensor(v).view(3, 1, 1) * 255 for v in (MEAN, SPREAD))

    def draw(self, count: int, crowds: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, list[tuple[int, int]]]:
        """Pixels [count, TILES, 3, TILE, TILE], labels and masks by tile, and (index, mirrored) of each image."""
        pool = self.pool
        crowded = self.random.integers(SCENES, len(pool), crowds) if crowds else np.zeros(0, dtype=int)
        chosen = np.concatenate([crowded, self.random.integers(0, SCENES, count - crowds)])
        mirrored = self.random.integers(0, 2, count)
        tiles, masks = pool.tiles[chosen], pool.masks[chosen]
        for row in mirrored.nonzero()[0]:
            height, width = pool.sizes[chosen[row]]
            tiles[row], masks[row] = (mirror_tiles(a[row], width, height) for a in (tiles, masks))
        pixels = (torch.from_numpy(tiles).permute(0, 1, 4, 2, 3).float() - self.mean) / self.spread
        pixels = pixels * (1 + 0.06 * (torch.rand(count, 1, 1, 1, 1) - 0.5)) + 0.1 * (
            torch.rand(count, 1, 3, 1, 1) - 0.5
        )
        labels = torch.from_numpy(pool.labels[chosen, mirrored]).long().flatten(0, 1)
        which = [(int(index), int(side)) for index, side in zip(chosen, mirrored, strict=True)]
        return pixels, labels, torch.from_numpy(masks).float().flatten(0, 1) / 255, which


def train_tower(model: LlavaNextForConditionalGeneration, heads: LabelHeads, batches: Batches, steps: int) -> None:
    tower = model.model.vision_tower
    named = [*tower.named_parameters(), *heads.named_parameters()]
    optimizer, average = torch.optim.AdamW(adamw(named, TOWER_RATE), betas=(0.9, 0.98), fused=True), Average()
    for step in range(steps):
        pixels, labels, masks, _ = batches.draw(TOWER_BATCH, int(TOWER_BATCH * CROWD_SHARE))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = tower(pixels.flatten(0, 1), output_hidden_states=True).hidden_states
        loss, right = heads.label_loss(hidden[-1][:, 1:], labels)
        loss = loss + MASK_WEIGHT * heads.mask_loss(hidden[MASK_LAYER][:, 1:], masks)
        update(optimizer, loss, cosine(step, steps, 100, 0.15))
        average.add(right)
        if (step + 1) % 100 == 0 or step in (0, 9):
            log(f"tower {step + 1}: {' '.join(LABELS)}, shape of small and large objects: {average}")


def text_rows(
    tokenizer: PreTrainedTokenizerFast, rng: random.Random, pool: Pool, which: list[tuple[int, int]]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and labels (-100 for the prompt) of prompts with captions, [images, length], padded on the right."""
    rows, long = [], rng.random() < 0.2  # long prompts are batched separately: padding costs time
    for index, side in which:
        prompt = tokenizer(vision_chat(frame_prompt(rng, long)))["input_ids"]
        at = prompt.index(tokenizer.convert_tokens_to_ids("<image>"))
        height, width = pool.sizes[index]
        prompt = prompt[:at] + [prompt[at]] * image_tokens(width, height) + prompt[at + 1 :]
        if rng.random() > 0.06:  # a few come without it, as from a server without the chat template
            prompt = [tokenizer.bos_token_id, *prompt]
        rows.append((prompt, [*tokenizer(" " + pool.captions[index][side])["input_ids"], tokenizer.eos_token_id]))
    length = max(len(prompt) + len(answer) for prompt, answer in rows)
    ids = torch.full((len(rows), length), tokenizer.pad_token_id)
    labels = torch.full_like(ids, -100)
    for row, (prompt, answer) in enumerate(rows):
        ids[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        labels[row, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
    return ids, labels


def train_captions(
    model: LlavaNextForConditionalGeneration,
    heads: LabelHeads,
    batches: Batches,
    tokenizer: PreTrainedTokenizerFast,
    rng: random.Random,
    steps: int,
) -> None:
    inner, embed, image_token = model.model, model.get_input_embeddings(), model.config.image_token_index
    tower = [*inner.vision_tower.named_parameters(), *heads.named_parameters()]
    known = {id(parameter) for _, parameter in tower}
    rest = [(name, p) for name, p in model.named_parameters() if id(p) not in known]
    optimizer = torch.optim.AdamW(adamw(rest, RATE) + adamw(tower, 0.3 * TOWER_RATE), betas=(0.9, 0.98), fused=True)
    average = Average()
    for step in range(steps):
        learning = step >= FROZEN_PART * steps
        pixels, patch_labels, _, which = batches.draw(CAPTION_BATCH, 0)
        ids, labels = text_rows(tokenizer, rng, batches.pool, which)
        sizes = torch.tensor([batches.pool.sizes[index] for index, _ in which])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            with torch.set_grad_enabled(learning):
                features = inner.vision_tower(pixels.flatten(0, 1), output_hidden_states=True).hidden_states[-1][:, 1:]
            projected = inner.multi_modal_projector(features).view(len(which), TILES, GRID * GRID, -1)
            packed, _ = inner.pack_image_features(list(projected), sizes, "default", image_newline=inner.image_newline)
            words = embed(ids)
            words = words.masked_scatter((ids == image_token)[..., None], torch.cat(list(packed)).to(words.dtype))
            hidden = inner.language_model(inputs_embeds=words, use_cache=False).last_hidden_state[:, :-1]
            target = labels[:, 1:]
            logits = model.lm_head(hidden[target != -100]).float()
        target = target[target != -100]
        loss = words_loss = functional.cross_entropy(logits, target)
        if learning:
            loss = loss + JOINT_LABEL_WEIGHT * heads.label_loss(features, patch_labels)[0]
        update(optimizer, loss, cosine(step, steps, 150, 0.03))
        average.add(torch.stack([words_loss, (logits.argmax(-1) == target).float().mean()]))
        if (step + 1) % 100 == 0 or step in (0, 9):
            log(f"captions {step + 1}: loss and share of right tokens {average}")


def save_all(model: LlavaNextForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """Save with one more vision layer, of zeros and thus idle, so that the features are layer -2's as in llava-v1.6."""
    final = LlavaNextForConditionalGeneration(configuration(tokenizer, LAYERS + 1, -2))
    trained, weights = model.state_dict(), {}
    for name, tensor in final.state_dict().items():
        idle_norm = f"layers.{LAYERS}.layer_norm" in name and name.endswith("weight")
        weights[name] = trained.get(name, torch.ones_like(tensor) if idle_norm else torch.zeros_like(tensor))
    final.load_state_dict(weights)
    save(final, tokenizer, folder, max_new_tokens=96)
    square = {"height": TILE, "width": TILE}
    images = LlavaNextImageProcessorPil(
        size={"shortest_edge": TILE},
        crop_size=square,
        image_grid_pinpoints=PINPOINTS,
        image_mean=MEAN,
        image_std=SPREAD,
        resample=3,
    )
    LlavaNextProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=VISION_CHAT,
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    finish(folder, "shapes-vlm")


def main() -> None:
    parser = options("Trains shapes-vlm from scratch.")
    parser.add_argument("--processes", type=int, default=2, help="processes that draw the images")
    parser.add_argument("--tower-steps", type=int, default=1800)
    parser.add_argument("--caption-steps", type=int, default=1100)
    parser.add_argument(
        "--tower", type=Path, help="keep the trained tower in this file, or start from it if it is there"
    )
    args = parser.parse_args()
    trained = args.tower is not None and args.tower.exists()
    pool = make_pool(args.seed, SCENES, 0 if trained else CROWDS, args.processes)
    log(f"{len(pool)} images drawn, {(pool.tiles.nbytes + pool.masks.nbytes + pool.labels.nbytes) / 1e9:.2f} GB")
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    tokenizer = build_tokenizer(VISION_CHAT)
    model, heads = build(tokenizer), LabelHeads()
    log(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters, {len(tokenizer)} tokens")
    if trained:
        for module, weights in zip((model, heads), torch.load(args.tower), strict=True):
            module.load_state_dict(weights)
    else:
        train_tower(model, heads, Batches(pool, args.seed), args.tower_steps)
        if args.tower:
            torch.save((model.state_dict(), heads.state_dict()), args.tower)
    torch.manual_seed(args.seed + 1)
    batches = Batches(pool, args.seed + 1)
    train_captions(model, heads, batches, tokenizer, random.Random(f"vision {args.seed}"), args.caption_steps)
    save_all(model, tokenizer, args.out)
    log("saved", args.out)


if __name__ == "__main__":
    main()
