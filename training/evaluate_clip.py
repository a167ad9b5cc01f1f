"""Knows how to measure shapes-clip on clips that it was not trained on; trains nothing.

    python training/evaluate_clip.py --model DIR --clips 112 --seed 888

Clips are drawn with a seed of their own, written as H.264 files, decoded and sampled as framescribe does. Prompts are
those that framescribe sends. Everything is decoded greedily, in float32.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import torch
from clip_tasks import HOUSE_CLIP, HOUSE_STEP, HOUSE_STRUCTURED
from evaluate import CHECKPOINTS, FRAME_SIZES, share
from PIL import Image
from prompts import HOUSE_FRAME
from transformers import AutoModelForImageTextToText, AutoProcessor

from framescribe.demo import told
from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.demo.scenes import ClipScene, Statement, summarise
from framescribe.demo.show import ATTRIBUTES, judge_caption
from framescribe.frames.sampling import Sampling, choose

FRAMES, FPS = 30, 10
OWN_PROMPT = "Describe the video briefly.\n\nWrite at most 40 words."
FIELDS = ("subjects", "what", "appearance", "action", "place", "setting", "actions", "the other fields")


class Model:
    """The checkpoint, asked as framescribe asks it."""

    def __init__(self, folder: Path, batch: int) -> None:
        self.processor = AutoProcessor.from_pretrained(folder)
        self.model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
        self.batch = batch

    def __call__(self, requests: Sequence[tuple[Sequence[Image.Image], str]]) -> list[str]:
        """The answers to some pictures each and the text behind them."""
        texts: list[str] = []
        for start in range(0, len(requests), self.batch):
            part = requests[start : start + self.batch]
            chats = [
                self.processor.apply_chat_template(
                    [{"role": "user", "content": [{"type": "image"}] * len(images) + [{"type": "text", "text": text}]}],
                    add_generation_prompt=True,
                )
                for images, text in part
            ]
            images = [image for images, _ in part for image in images]
            inputs = self.processor(images=images, text=chats, return_tensors="pt", padding=True)
            with torch.inference_mode():
                output = self.model.generate(**inputs)
            said = self.processor.batch_decode(output[:, inputs["input_ids"].shape[1] :], skip_special_tokens=True)
            texts += [text.strip() for text in said]
        return texts


@dataclass(frozen=True)
class Sampled:
    """A decoded clip's frames, their times in seconds, and what each shows."""

    images: list[Image.Image]
    times: list[float]
    statements: list[Statement]
    objects: int
    size: tuple[int, int]

    @property
    def strip(self) -> bool:
        return max(self.size) >= 3 * min(self.size)

    @property
    def markers(self) -> str:
        return "".join(f"Frame {number} ({time:.2f} s):" for number, time in enumerate(self.times, start=1))


def written(folder: Path, seed: int, index: int) -> tuple[ClipScene, list[Image.Image]]:
    """One clip, written as H.264 and decoded again; sizes are taken in turn."""
    rng = random.Random(f"clip evaluation {seed} {index}")
    width, height = FRAME_SIZES[index % len(FRAME_SIZES)]
    scene, path = random_clip(rng, width, height), folder / f"{index}.mp4"
    crf = rng.choice(("20", "23", "28", "33"))
    write_clip(path, scene, width=width, height=height, fps=FPS, frames=FRAMES, options={"crf": crf})
    with av.open(str(path)) as container:
        images = [frame.to_image() for frame in container.decode(video=0)]
    path.unlink()
    return scene, images


def sampled(scene: ClipScene, images: list[Image.Image], count: int) -> Sampled:
    times = [k / FPS for k in range(FRAMES)]
    taken = choose(Sampling(method="uniform", frames=count), times, "")
    return Sampled(
        [images[k] for k in taken],
        [times[k] for k in taken],
        [scene.frame(k / (FRAMES - 1)).statement() for k in taken],
        len(scene.tracks),
        images[0].size,
    )


class Table:
    """Shares of right answers: whole ones, and by attribute, for all clips and for kinds of clips."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = columns
        self.whole: dict[str, list[bool]] = defaultdict(list)
        self.hits: dict[str, Counter[str]] = defaultdict(Counter)
        self.asked: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, clip: Sampled, right: bool, hits: Counter[str], asked: Counter[str]) -> None:
        for kind, wanted in (
            ("all", True),
            ("up to two objects", clip.objects < 3),
            ("three objects", clip.objects == 3),
            ("usual sizes, up to two", clip.objects < 3 and not clip.strip),
        ):
            if wanted:
                self.whole[kind].append(right)
                self.hits[kind] += hits
                self.asked[kind] += asked

    def print(self, title: str, answers: str = "answers") -> None:
        columns = [name for name in self.columns if self.asked["all"][name]]
        print(f"\n{title}\n\n{'':24}{answers:>8}{'whole':>8}{'all':>8}" + "".join(f"{name:>18}" for name in columns))
        for kind, marks in self.whole.items():
            hits, asked = self.hits[kind], self.asked[kind]
            figures = "".join(f"{100 * hits[name] / asked[name]:18.1f}" for name in columns)
            print(f"{kind:24}{len(marks):8}{share(marks):>8}{100 * hits.total() / asked.total():8.1f}{figures}")


def measure_sentences(model: Model, clips: Sequence[Sampled], prompt: str, title: str) -> None:
    """Sentences about the whole clip, or about its only picture if the prompt is the one for frames."""
    alone = prompt == HOUSE_FRAME
    said = model([(clip.images, prompt if alone else clip.markers + prompt) for clip in clips])
    table = Table(ATTRIBUTES)
    for clip, text in zip(clips, said, strict=True):
        verdict = judge_caption(text, summarise(clip.statements).sentence(), moving=not alone)
        table.add(clip, verdict.right, verdict.hits, verdict.asked)
    table.print(title)


def measure_steps(model: Model, clips: Sequence[Sampled], title: str) -> None:
    """Chains of steps, each told what the model itself said was there before; all clips take the same step at once."""
    states = model([(clip.images[:1], HOUSE_FRAME) for clip in clips])
    table, chains = Table(("changed", "present", "JSON")), [True] * len(clips)
    for k in range(1, len(clips[0].images)):
        requests = []
        for clip, state in zip(clips, states, strict=True):
            pair = Sampled(clip.images[k - 1 : k + 1], clip.times[k - 1 : k + 1], [], clip.objects, clip.size)
            values = {"before": f"{pair.times[0]:.1f} seconds", "time": f"{pair.times[1]:.1f} seconds", "state": state}
            prompt = HOUSE_STEP
            for name, value in values.items():
                prompt = prompt.replace(f"{{{name}}}", value)
            requests.append((pair.images, pair.markers + prompt))
        for number, text in enumerate(model(requests)):
            clip = clips[number]
            right = told.step(*clip.statements[k - 1 : k + 1])
            heard, hits = _object(text), Counter[str]()
            hits["JSON"] = int(heard is not None)
            hits["changed"] = int((heard or {}).get("changed") == right["changed"])
            hits["present"] = int((heard or {}).get("present") == right.get("present"))
            whole = text == json.dumps(right)
            chains[number] &= whole
            table.add(clip, whole, hits, Counter(dict.fromkeys(hits, 1)))
            if heard and isinstance(heard.get("present"), list):
                states[number] = "; ".join(map(str, heard["present"]))
    table.print(title, "steps")
    few = [whole for whole, clip in zip(chains, clips, strict=True) if clip.objects < 3]
    print(f"whole chains right: {share(chains)}, up to two objects {share(few)}")


def measure_structure(model: Model, clips: Sequence[Sampled], title: str) -> None:
    said = model([(clip.images, clip.markers + HOUSE_STRUCTURED) for clip in clips])
    table = Table((*FIELDS, "JSON"))
    for clip, text in zip(clips, said, strict=True):
        right = told.structure(clip.statements)
        heard = _object(text)
        hits, asked = _fields(right, heard or {})
        hits["JSON"], asked["JSON"] = int(heard is not None), 1
        table.add(clip, text == json.dumps(right), hits, asked)
    table.print(title)


def _object(text: str) -> dict | None:
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _fields(right: dict, heard: dict) -> tuple[Counter[str], Counter[str]]:
    """Subjects are compared in their order; "subjects" says whether their number is right."""
    hits, asked = Counter[str](), Counter[str]()

    def mark(name: str, good: bool) -> None:
        asked[name] += 1
        hits[name] += int(good)

    subjects = heard.get("subjects", [])
    mark("subjects", len(subjects) == len(right["subjects"]))
    for number, subject in enumerate(right["subjects"]):
        other = subjects[number] if number < len(subjects) else {}
        for key, value in subject.items():
            mark(key, other.get(key) == value)
    for key in ("setting", "actions"):
        mark(key, heard.get(key) == right[key])
    rest = [key for key in right if key not in ("subjects", "setting", "actions")]
    mark("the other fields", all(heard.get(key) == right[key] for key in rest))
    return hits, asked


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures shapes-clip on clips it was not trained on.")
    parser.add_argument("--model", type=Path, default=CHECKPOINTS / "shapes-clip")
    parser.add_argument("--clips", type=int, default=112)
    parser.add_argument("--seed", type=int, default=888)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=16)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"{args.model.name}: {sum(path.stat().st_size for path in args.model.iterdir()) / 1e6:.2f} MB")
    start, model = time.process_time(), Model(args.model, args.batch)
    with tempfile.TemporaryDirectory() as folder:
        made = [written(Path(folder), args.seed, index) for index in range(args.clips)]
    clips = {count: [sampled(scene, images, count) for scene, images in made] for count in (1, 2, 3, 4, 5)}
    for count in (2, 3, 4, 5):
        measure_sentences(model, clips[count], HOUSE_CLIP, f"Whole clips, {count} frames, clip.txt")
    measure_sentences(model, clips[5], OWN_PROMPT, f"Whole clips, 5 frames, another prompt: {OWN_PROMPT!r}")
    for count in (2, 5):
        measure_structure(model, clips[count], f"Structured, {count} frames, structured-clip.txt")
    measure_steps(model, clips[5], "Steps, 5 frames, step.txt")
    measure_sentences(model, clips[1], HOUSE_FRAME, "Single frames, frame.txt")
    print(f"\n{time.process_time() - start:.0f} CPU s")


if __name__ == "__main__":
    main()
