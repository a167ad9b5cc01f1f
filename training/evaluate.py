"""Knows how to measure the two checkpoints on clips and captions they were not trained on; trains nothing.

    python training/evaluate.py --vlm DIR --llm DIR --clips 120 --seed 777

Everything is decoded greedily, in float32. Frames come from files that were encoded and decoded again.
"""

from __future__ import annotations

import argparse
import itertools
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import torch
from PIL import Image
from prompts import EASYANIMATE_FRAME, EASYANIMATE_SUMMARY, HOUSE_FRAME, HOUSE_SUMMARY, house_layout, wants_lead
from summaries import random_example, random_statements
from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.demo.scenes import ClipScene, Scene, Statement, parse_statement, summarise

CHECKPOINTS = Path(__file__).resolve().parents[1] / "src" / "framescribe" / "demo" / "checkpoints"
FRAME_SIZES = (
    *((320, 240), (640, 360), (640, 480), (854, 480), (1280, 720), (480, 480), (480, 854), (360, 640)),
    *((400, 300), (176, 144), (720, 240), (240, 720), (800, 200), (200, 800)),
)
FRAME_PROMPTS = {
    "house prompt": HOUSE_FRAME,
    "EasyAnimate's prompt": EASYANIMATE_FRAME,
    "short prompt": "Please describe this image in detail.",
}
CLIP_FRAMES, CLIP_FPS, FRAMES_TAKEN = 30, 10, 8
ATTRIBUTES = ("count", "size", "colour", "shape", "position", "background")
CLEAR = 0.03  # a frame is clear of borders when no centre is closer to one than this fraction of the frame

Captioner = Callable[[Sequence[Image.Image], Sequence[str]], list[str]]
Writer = Callable[[Sequence[str]], list[str]]


# -------------------------------------------------------------------------------------------- models


def load_captioner(folder: Path, batch: int) -> Captioner:
    """The function from images and their prompts to captions."""
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()

    def caption(images: Sequence[Image.Image], prompts: Sequence[str]) -> list[str]:
        texts = []
        for start in range(0, len(images), batch):
            messages = [
                [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}]
                for prompt in prompts[start : start + batch]
            ]
            chats = [processor.apply_chat_template(message, add_generation_prompt=True) for message in messages]
            inputs = processor(
                images=list(images[start : start + batch]), text=chats, return_tensors="pt", padding=True
            )
            with torch.inference_mode():
                output = model.generate(**inputs)
            texts += processor.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
        return [text.strip() for text in texts]

    return caption


def load_writer(folder: Path, batch: int) -> Writer:
    """The function from prompts to summaries."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def write(prompts: Sequence[str]) -> list[str]:
        order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
        texts = [""] * len(prompts)
        for start in range(0, len(order), batch):
            indices = order[start : start + batch]
            inputs = tokenizer.apply_chat_template(
                [[{"role": "user", "content": prompts[index]}] for index in indices],
                add_generation_prompt=True,
                padding=True,
                return_dict=True,
                return_tensors="pt",
            )
            with torch.inference_mode():
                output = model.generate(**inputs)
            decoded = tokenizer.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            for index, text in zip(indices, decoded, strict=True):
                texts[index] = text.strip()
        return texts

    return write


# -------------------------------------------------------------------------------------------- frames


@dataclass(frozen=True)
class Frame:
    """A decoded frame, what it shows, and the prompt it is captioned with."""

    image: Image.Image
    scene: Scene
    prompt: str

    @property
    def strip(self) -> bool:
        """Whether the frame is unusually wide or tall."""
        return max(self.image.size) >= 3 * min(self.image.size)

    @property
    def clear(self) -> bool:
        """Whether every object is clear of the borders between places."""
        ends = (value - border / 3 for o in self.scene.objects for value in (o.x, o.y) for border in (1, 2))
        return all(abs(distance) > CLEAR for distance in ends)


@dataclass(frozen=True)
class Clip:
    """A clip and the frames taken from it; times in seconds."""

    scene: ClipScene
    frames: list[Frame]
    times: list[float]


def make_clip(folder: Path, seed: int, index: int) -> Clip:
    """Write, read back and sample one H.264 clip; sizes and prompts are taken in turn."""
    rng = random.Random(f"evaluation {seed} {index}")
    width, height = FRAME_SIZES[index % len(FRAME_SIZES)]
    scene, path = random_clip(rng, width, height), folder / f"{index}.mp4"
    crf = rng.choice(("20", "23", "28", "33"))
    write_clip(path, scene, width=width, height=height, fps=CLIP_FPS, frames=CLIP_FRAMES, options={"crf": crf})
    with av.open(str(path)) as container:
        images = [frame.to_image() for frame in container.decode(video=0)]
    path.unlink()
    last, prompt = CLIP_FRAMES - 1, list(FRAME_PROMPTS)[index % len(FRAME_PROMPTS)]
    taken = [round(k * last / (FRAMES_TAKEN - 1)) for k in range(FRAMES_TAKEN)]
    frames = [Frame(images[k], scene.frame(k / last), prompt) for k in taken]
    return Clip(scene, frames, [k / CLIP_FPS for k in taken])


def judge(right: Statement, said: Statement) -> dict[str, list[bool]]:
    """For every attribute, whether it is right: once per frame, or once for each object that is there.

    Objects are matched so that as many attributes as possible are right.
    """
    there = [(m.size, m.colour, m.shape, m.end) for m in right.mentions]
    named = [(m.size, m.colour, m.shape, m.end) for m in said.mentions]
    named += [("", "", "", "")] * (len(there) - len(named))
    matches = ([[a == b for a, b in zip(*pair, strict=True)] for pair in zip(there, chosen, strict=True)]
               for chosen in itertools.permutations(named, len(there)))  # fmt: skip
    best = max(matches, key=lambda rows: sum(map(sum, rows)))
    marks = {name: [row[k] for row in best] for k, name in enumerate(("size", "colour", "shape", "position"))}
    marks["count"] = [len(right.mentions) == len(said.mentions)]
    marks["background"] = [right.background == said.background]
    return marks


# -------------------------------------------------------------------------------------------- tables


def share(marks: Iterable[bool]) -> str:
    marks = list(marks)
    return f"{100 * sum(marks) / len(marks):6.1f}" if marks else "     -"


def frame_table(frames: Sequence[Frame], captions: Sequence[str]) -> None:
    print(f"{'':24}{'frames':>7}{'whole':>8}" + "".join(f"{name:>12}" for name in ATTRIBUTES))

    def row(name: str, wanted: Callable[[Frame], bool]) -> None:
        exact, marks, count = [], defaultdict(list), 0
        for frame, text in zip(frames, captions, strict=True):
            if not wanted(frame):
                continue
            count += 1
            exact.append(text == frame.scene.caption())
            for attribute, values in judge(frame.scene.statement(), parse_statement(text)).items():
                marks[attribute] += values
        if count:
            print(f"{name:24}{count:7}{share(exact):>8}" + "".join(f"{share(marks[a]):>12}" for a in ATTRIBUTES))

    row("all", lambda frame: True)
    row("usual frame sizes", lambda frame: not frame.strip)
    row("strips, 3:1 and 4:1", lambda frame: frame.strip)
    row("clear of borders", lambda frame: frame.clear)
    for objects in range(4):
        row(f"{objects} objects", lambda frame, n=objects: len(frame.scene.objects) == n)
    for prompt in FRAME_PROMPTS:
        row(prompt, lambda frame, name=prompt: frame.prompt == name)
    for width, height in FRAME_SIZES:
        row(f"{width}x{height}", lambda frame, size=(width, height): frame.image.size == size)


def summary_table(write: Writer, seed: int, examples: int) -> None:
    """Summaries of right captions, by the number of frames and of objects."""
    counts = (1, 2, 3, 4, 5, 8)

    def table(title: str, prompts: Callable[[random.Random, int, int], tuple[str, str]]) -> None:
        keys = [(objects, frames) for objects in (1, 2, 3) for frames in counts]
        cases = [
            (key, *prompts(random.Random(f"evaluation summaries {seed} {title} {key} {k}"), key[1], key[0]))
            for key in keys
            for k in range(examples)
        ]
        said = write([prompt for _, prompt, _ in cases])
        marks = defaultdict(list)
        for (key, _, answer), text in zip(cases, said, strict=True):
            marks[key].append(text == answer)
        print(f"{title:24}" + "".join(f"{f'{frames} frames':>10}" for frames in counts))
        for objects in (1, 2, 3):
            print(f"{f'{objects} objects':24}" + "".join(f"{share(marks[objects, frames]):>10}" for frames in counts))
        target = [mark for (objects, frames), values in marks.items() if objects < 3 and frames < 6 for mark in values]
        print(f"{'up to 2 objects, 5 frames':24}{share(target):>9} of {len(target)}")

    def house(rng: random.Random, frames: int, objects: int) -> tuple[str, str]:
        statements = random_statements(rng, frames, objects)
        start, step = rng.uniform(0, 2), rng.uniform(0.2, 5)
        shown = house_layout([start + step * k for k in range(frames)], [s.sentence() for s in statements])
        prompt = rng.choice((HOUSE_SUMMARY, EASYANIMATE_SUMMARY)).replace("{captions}", shown)
        return prompt, summarise(statements).sentence(lead=wants_lead(prompt))

    def other(rng: random.Random, frames: int, objects: int) -> tuple[str, str]:
        example = random_example(rng, frames, objects)
        return example.prompt, example.answer

    table("the two shipped prompts", house)
    table("all kinds of prompts", other)


def end_to_end(write: Writer, clips: Sequence[Clip], captions: Sequence[str]) -> None:
    """Summaries of what the captioner said of the frames of each clip."""
    takes = {"middle frame": [4], "first and last": [0, 7], "4 frames": [0, 2, 5, 7], "8 frames": list(range(8))}
    for name, taken in takes.items():
        for title, template in (("house prompt", HOUSE_SUMMARY), ("EasyAnimate's", EASYANIMATE_SUMMARY)):
            prompts, answers = [], []
            for index, clip in enumerate(clips):
                said = [captions[index * FRAMES_TAKEN + k] for k in taken]
                prompts.append(template.replace("{captions}", house_layout([clip.times[k] for k in taken], said)))
                frames = [clip.frames[k].scene.statement() for k in taken]
                answers.append(summarise(frames).sentence(lead=wants_lead(template)))
            right = [text == answer for text, answer in zip(write(prompts), answers, strict=True)]
            few = [mark for mark, clip in zip(right, clips, strict=True) if len(clip.scene.tracks) < 3]
            print(f"{name:16}{title:16} all clips {share(right)}, up to two objects {share(few)}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures the checkpoints on clips they were not trained on.")
    parser.add_argument("--vlm", type=Path, default=CHECKPOINTS / "shapes-vlm")
    parser.add_argument("--llm", type=Path, default=CHECKPOINTS / "shapes-llm")
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--examples", type=int, default=60, help="summaries for each number of frames and objects")
    parser.add_argument("--seed", type=int, default=777)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--mistakes", type=int, default=0, help="how many wrong captions to print")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for folder in (args.vlm, args.llm):
        size = sum(path.stat().st_size for path in folder.iterdir())
        print(f"{folder.name}: {size / 1e6:.2f} MB")

    caption, write = load_captioner(args.vlm, args.batch), load_writer(args.llm, args.batch)
    with tempfile.TemporaryDirectory() as folder:
        clips = [make_clip(Path(folder), args.seed, index) for index in range(args.clips)]
    frames = [frame for clip in clips for frame in clip.frames]
    start = time.process_time()
    captions = caption([frame.image for frame in frames], [FRAME_PROMPTS[frame.prompt] for frame in frames])
    seconds = (time.process_time() - start) / len(frames)
    print(f"\nCaptions of {len(frames)} frames of {len(clips)} H.264 clips, per cent right; {seconds:.3f} CPU s each\n")
    frame_table(frames, captions)
    wrong = [(f.scene.caption(), text) for f, text in zip(frames, captions, strict=True) if f.scene.caption() != text]
    for right, said in wrong[: args.mistakes]:
        print(re.sub("^", "    ", f"right: {right}\nsaid:  {said}", flags=re.MULTILINE))

    print("\nSummaries of right captions, per cent exactly right\n")
    summary_table(write, args.seed, args.examples)
    print("\nSummaries of the captions that shapes-vlm gave, per cent exactly right\n")
    end_to_end(write, clips, captions)


if __name__ == "__main__":
    main()
