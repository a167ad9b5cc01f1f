"""Knows how to train shapes-clip, which tells what happens in a clip of coloured shapes; knows nothing of files.

Run as `python training/train_clip.py --seed 0 --from DIR --out DIR`, with the finished shapes-vlm. Its tower stays as
it is, its language model learns on: to tell several pictures apart, and to answer in JSON. With `--first STEP`, DIR is
a finished shapes-clip, which learns on from that step with a new optimiser.
"""

from __future__ import annotations

import argparse
import copy
import functools
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from branches import run
from clip_data import FRAMES, ClipPool, Growing
from clip_model import warm
from clip_tasks import ask, markers
from clip_tokenizer import CLIP_CHAT, build_clip_tokenizer, opening
from common import adamw, finish, log, options, quick, save, update
from torch import nn
from torch.nn import functional
from transformers import (
    AutoProcessor,
    LlavaNextForConditionalGeneration,
    LlavaNextProcessor,
    PreTrainedTokenizerFast,
)
from vision_data import GRID, PATCH, TILES, image_tokens

from framescribe.demo.scenes import PLACES, Statement, summarise

RATE = 1.2e-3
ROWS = {1: 40, 2: 28, 3: 20, 4: 16, 5: 14}  # in a batch, by pictures
ENDS_WEIGHT, VERB_WEIGHT = 1.0, 4.0
VERBS = ("is", "moves", "appears", "disappears", "stays")
LISTS = ('"changed": [', '"actions": [', '"present": [', '": ["', '": []}')
FIRST_CLIPS, CLIPS_A_STEP = 300, 4
# From step LATE on, the examples are those that were hardest until then; every FRESH steps the clips are other ones.
LATE, LATE_CLIPS, FRESH = 1200, 2000, 3000
LONG = 0.2  # the share of batches with long prompts: they are batched separately, because padding costs time


# ------------------------------------------------------------------------------------------- batches


@dataclass
class Batch:
    """Several clips with several questions each, all about the same pictures, which are read once.

    ids, places (of each token, for the model), branch (0 for what all answers see, else the question's number, -1
    behind the end), targets (the next token where it is part of an answer, else -100), asked (to which answer a token
    belongs, -1 for none): [rows, length]. ends [rows, length, 2]: where a verb is next, the object's place in the first
    and in the last picture, else -100. pictures are (index in the pool, mirrored, frame); answers the task, the number
    of pictures and that of objects.
    """

    ids: torch.Tensor
    places: torch.Tensor
    branch: torch.Tensor
    targets: torch.Tensor
    asked: torch.Tensor
    ends: torch.Tensor
    pictures: list[tuple[int, int, int]]
    answers: list[str]


# How likely 1, 2, ... pictures are, up to a step.
STAGES = ((60, (1, 6, 2, 0, 0)), (200, (1, 4, 2, 1, 2)), (LATE, (1, 4, 1.5, 1.5, 3)), (1 << 30, (0.7, 7, 1, 2, 3.5)))


def tasks_for(rng: random.Random, count: int, long: bool) -> list[str]:
    if count == 1:
        return ["frame", rng.choices(("clip", "structured"), (3, 1))[0]]
    if count > 2:
        return ["clip", "structured"]
    return ["step", rng.choice(("clip", "structured"))] if long else ["step", "clip", "structured"]


def make_batch(rng: random.Random, pool: ClipPool, tokenizer: PreTrainedTokenizerFast, count: int, long: bool) -> Batch:
    image, verb_ids = tokenizer.convert_tokens_to_ids("<image>"), verb_tokens(tokenizer)
    rows, pictures, answers = [], [], []
    for _ in range(ROWS[count] * 2 // 3 if long else ROWS[count]):
        clip, side = rng.randrange(len(pool)), rng.randrange(2)
        frames = chosen_frames(rng, count)
        times = sorted(pool.times[clip][frame] for frame in frames)
        statements = [pool.statements[clip][side][frame] for frame in frames]
        pictures += [(clip, side, frame) for frame in frames]
        height, width = pool.sizes[clip]
        tokens = [image] * image_tokens(width, height)
        marked = rng.random() < (0.92 if count > 1 else 0.15)
        shown = tokenizer(opening(count) + (markers(times) if marked else ""))["input_ids"]
        shown = [token for one in shown for token in (tokens if one == image else (one,))]
        if rng.random() > 0.05:  # a few come without it, as from a server without the chat template
            shown = [tokenizer.bos_token_id, *shown]
        ids, places = list(shown), list(range(len(shown)))
        branch, targets, asked = [0] * len(shown), [-100] * len(shown), [-1] * len(shown)
        ends = [(-100, -100)] * len(shown)
        for number, task in enumerate(tasks_for(rng, count, long), start=1):
            prompt, right = ask(rng, task, statements, times, long)
            question = tokenizer(f"{prompt} ASSISTANT:")["input_ids"]
            # No space before JSON: servers that hold a model to a schema allow none there.
            answer = [*tokenizer(right if right.startswith("{") else f" {right}")["input_ids"], tokenizer.eos_token_id]
            inputs = question + answer[:-1]
            ids += inputs
            places += range(len(shown), len(shown) + len(inputs))
            branch += [number] * len(inputs)
            targets += [-100] * (len(question) - 1) + answer
            told = iter(objects_told(task, statements))
            ends += [(-100, -100)] * (len(question) - 1)
            ends += [next(told, (-100, -100)) if token in verb_ids else (-100, -100) for token in answer]
            asked += [-1] * (len(question) - 1) + [len(answers)] * len(answer)
            objects = len({mention.name for statement in statements for mention in statement.mentions})
            answers.append(f"{task} {count} {min(objects, 3)}")
        rows.append((ids, places, branch, targets, asked, ends))
    length = max(len(row[0]) for row in rows)
    fills = (tokenizer.pad_token_id, 0, -1, -100, -1, (-100, -100))
    padded = [torch.tensor([row[k] + [fill] * (length - len(row[k])) for row in rows]) for k, fill in enumerate(fills)]
    return Batch(*padded, pictures, answers)


def objects_told(task: str, statements: list[Statement]) -> list[tuple[int, int]]:
    """For each verb of an answer, its object's places in the first and in the last picture; 9 where it is not there."""
    mentions = summarise(statements).mentions
    changed = [mention for mention in mentions if mention.motion != "is"]
    listed = {"clip": mentions, "structured": (*mentions, *changed), "step": changed}.get(task, ())
    return [
        (
            9 if one.motion == "appears" else PLACES.index(one.start),
            9 if one.motion == "disappears" else PLACES.index(one.end),
        )
        for one in listed
    ]


def chosen_frames(rng: random.Random, count: int) -> list[int]:
    """Which of a clip's frames are shown: in order of time, reversed, or (rarely) in any order."""
    frames = sorted(rng.sample(range(FRAMES), count))
    kind = rng.random()
    if kind < 0.15:
        rng.shuffle(frames)
    return frames[::-1] if kind > 0.65 else frames


# ------------------------------------------------------------------------------------------ training


@functools.cache
def verb_tokens(tokenizer: PreTrainedTokenizerFast) -> set[int]:
    return {token for token in range(len(tokenizer)) if tokenizer.decode([token]).strip() in VERBS}


def reasoned(tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    """Which tokens say whether something changed, [vocabulary] bool."""
    texts = [tokenizer.decode([token]) for token in range(len(tokenizer))]
    return torch.tensor([text.strip() in VERBS or any(key in text for key in LISTS) for text in texts])


class EndsHead(nn.Module):
    """Reads an object's first and last place from what is known before its verb is said; thrown away after training."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.places = nn.LayerNorm(width), nn.Linear(width, 2 * (len(PLACES) + 1))

    def loss(self, states: torch.Tensor, ends: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss and share of right places; states [N, width], ends [N, 2]."""
        logits = self.places(self.norm(states.float())).view(len(states), 2, -1)
        loss = functional.cross_entropy(logits.flatten(0, 1), ends.flatten(), reduction="sum") / max(1, ends.numel())
        return loss, (logits.argmax(-1) == ends).float().mean(0)


def forward(
    model: LlavaNextForConditionalGeneration,
    pool: ClipPool,
    batch: Batch,
    head: EndsHead,
    weights: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Loss, for each token of an answer whether it is right and which answer it is in, and the head's share of right.

    weights [vocabulary]: how much it counts to predict a token.
    """
    inner, image_token = model.model, model.config.image_token_index
    clips, sides, frames = zip(*batch.pictures, strict=True)
    features = torch.from_numpy(pool.features[list(clips), list(sides), list(frames)]).flatten(0, 1)
    sizes = torch.tensor([pool.sizes[clip] for clip in clips])
    wanted = batch.targets != -100
    most = int(wanted.sum(1).max())
    order = torch.argsort(~wanted, dim=1, stable=True)[:, :most]  # those that are wanted, and some more where few are
    answers = wanted.gather(1, order)
    with quick():
        projected = inner.multi_modal_projector(features.float()).view(len(clips), TILES, GRID * GRID, -1)
        packed, _ = inner.pack_image_features(list(projected), sizes, "default", image_newline=inner.image_newline)
        words = model.get_input_embeddings()(batch.ids)
        words = words.masked_scatter((batch.ids == image_token)[..., None], torch.cat(list(packed)).to(words.dtype))
        seen, before = run(inner.language_model, words, batch.places, batch.branch, order)
        logits = model.lm_head(seen[answers]).float()
    targets, asked = batch.targets.gather(1, order)[answers], batch.asked.gather(1, order)[answers]
    loss = functional.cross_entropy(logits, targets, weights)
    ends = batch.ends.gather(1, order[..., None].expand(-1, -1, 2))
    told = ends[..., 0] >= 0
    places_loss, places = head.loss(before[told], ends[told])
    return loss + ENDS_WEIGHT * places_loss, logits.argmax(-1) == targets, asked, places


class Exact:
    """Which answers had every token right, by task, pictures and objects, since it was last read."""

    def __init__(self) -> None:
        self.marks: dict[str, list[bool]] = defaultdict(list)

    def add(self, batch: Batch, right: torch.Tensor, asked: torch.Tensor) -> None:
        wrong = set(asked[~right].tolist())
        for number, name in enumerate(batch.answers):
            self.marks[name].append(number not in wrong)

    def read(self) -> str:
        merged: dict[str, list[bool]] = defaultdict(list)
        for name, marks in self.marks.items():
            task, _, objects = name.rsplit(" ", 2)
            merged[f"{task} {'3' if objects == '3' else '1-2'}"] += marks
        self.marks.clear()
        return ", ".join(f"{name}: {np.mean(marks):.3f}" for name, marks in sorted(merged.items()))


def pace(step: int, steps: int) -> float:
    """The learning rate's factor: it stays the same for most of the time, so that a run can be made longer."""
    return max(0.02, min((step + 1) / 60, 1.0, (steps - step) / (0.3 * steps)))


def train(
    model: LlavaNextForConditionalGeneration,
    grown: Callable[[str, int], Growing],
    tokenizer: PreTrainedTokenizerFast,
    args: argparse.Namespace,
    held_out: ClipPool | None,
    keep: Callable[[LlavaNextForConditionalGeneration], None],
) -> None:
    """`keep` is given the model every 100 steps and at the end."""
    model.model.vision_tower.requires_grad_(False)
    head = EndsHead(model.config.text_config.hidden_size)
    learning = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    learning += [(f"head.{name}", p) for name, p in head.named_parameters()]
    optimizer = torch.optim.AdamW(adamw(learning, args.rate), betas=(0.9, 0.98), fused=True)
    exact, losses, first, heavy = Exact(), [], args.first, reasoned(tokenizer)
    found: list[torch.Tensor] = []
    if args.state and args.state.exists():
        first, weights, moments, places = torch.load(args.state)
        model.load_state_dict(weights)
        head.load_state_dict(places)
        optimizer.load_state_dict(moments)
    if held_out is not None:
        log(f"held out: {judge(model, held_out, tokenizer, head)}")
    for step in range(first, args.steps):
        rng = random.Random(f"clip {args.seed} {step}")
        since = LATE + (step - LATE) // FRESH * FRESH if step >= LATE else 0
        if step in (first, since):
            name, clips = (f"late {since}", LATE_CLIPS) if since else ("clips", args.clips)
            growing = grown(name, clips)
            pool = growing.pool
        growing.grow(FIRST_CLIPS + CLIPS_A_STEP * (step - max(since, args.first)))
        likely = next(likely for until, likely in STAGES if step < until)
        count = rng.choices(range(1, FRAMES + 1), likely)[0]
        batch = make_batch(rng, pool, tokenizer, count, rng.random() < LONG)
        weights = torch.where(heavy, VERB_WEIGHT, 1.0)
        loss, right, asked, places = forward(model, pool, batch, head, weights)
        found.append(places)
        update(optimizer, loss, pace(step - args.first, args.steps - args.first))
        exact.add(batch, right, asked)
        losses.append(float(loss.detach()))
        if (step + 1) % 50 == 0:
            places = torch.stack(found).nanmean(0).tolist()
            log(f"step {step + 1}: loss {np.mean(losses):.4f}; ends {places[0]:.2f} {places[1]:.2f}; {exact.read()}")
            losses.clear()
            found.clear()
        if (step + 1) % 100 == 0 or step + 1 == args.steps:
            if args.state:
                torch.save((step + 1, model.state_dict(), optimizer.state_dict(), head.state_dict()), args.state)
            if held_out is not None:
                log(f"held out: {judge(model, held_out, tokenizer, head)}")
            keep(model)


@torch.inference_mode()
def judge(
    model: LlavaNextForConditionalGeneration, pool: ClipPool, tokenizer: PreTrainedTokenizerFast, head: EndsHead
) -> str:
    """The share of exact answers about clips that are not learnt from, with the long prompts."""
    rng, exact = random.Random("judge"), Exact()
    for count in (1, 2, 2, 3, 4, 5, 5):
        batch = make_batch(rng, pool, tokenizer, count, True)
        _, right, asked, _ = forward(model, pool, batch, head)
        exact.add(batch, right, asked)
    return exact.read()


def save_all(
    model: LlavaNextForConditionalGeneration, tokenizer: PreTrainedTokenizerFast, start: Path, folder: Path
) -> None:
    processor, model = AutoProcessor.from_pretrained(start), copy.deepcopy(model)
    save(model, tokenizer, folder, max_new_tokens=256)
    LlavaNextProcessor(
        image_processor=processor.image_processor,
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=CLIP_CHAT,
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    finish(folder, "shapes-clip")


def main() -> None:
    parser = options("Trains shapes-clip, beginning with the finished shapes-vlm, or on from a finished shapes-clip.")
    parser.add_argument("--from", dest="start", type=Path, required=True, help="the directory of that one")
    parser.add_argument("--first", type=int, default=0, help="the first step; above 0 for a finished shapes-clip")
    parser.add_argument("--processes", type=int, default=2, help="processes that draw the pictures")
    parser.add_argument("--clips", type=int, default=2000)
    parser.add_argument("--steps", type=int, default=7050)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--state", type=Path, help="keep the training's state in this file, or go on from it")
    parser.add_argument("--judge", type=int, default=0, help="how many clips to keep for judging on the way")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    if args.first:
        tokenizer = AutoProcessor.from_pretrained(args.start).tokenizer
        model = LlavaNextForConditionalGeneration.from_pretrained(args.start, dtype=torch.float32)
    else:
        tokenizer = build_clip_tokenizer()
        model = warm(args.start, tokenizer, args.seed)
    log(f"{sum(p.numel() for p in model.parameters()) / 1e6:.3f} M parameters, {len(tokenizer)} tokens")
    width = model.config.vision_config.hidden_size
    tower = model.model.vision_tower

    def grown(name: str, clips: int) -> Growing:
        return Growing(f"{name} {args.seed}", clips, args.processes, tower, width)

    def keep(model: LlavaNextForConditionalGeneration) -> None:
        save_all(model, tokenizer, args.start, args.out)
        log("saved", args.out)

    held_out = None
    if args.judge:
        other = grown("held out", args.judge)
        other.grow(args.judge)
        held_out = other.pool
    train(model, grown, tokenizer, args, held_out, keep)


if __name__ == "__main__":
    main()
