"""Knows how framescribe's own engine is timed with 7B models on a GPU, without a download; knows no model's shapes.

    python benchmarks/gpu.py [--model NAME,...] [--batch 8,16,32,64] [--attention sdpa,eager,flash_attention_2]
                             [--cache dynamic,static,compiled] [--frames 1] [--answer 200] [--peaks TFLOPS TB/S]

It writes LLaVA-1.6-7B and Qwen2.5-VL-7B in their published shapes with random weights into a temporary folder (15 and
17 GB, one at a time; TMPDIR says where), loads each as framescribe loads any checkpoint, and captions the videos below
FRAMESCRIBE_CLIPS, or clips of 1280 x 720 that it makes. Random weights give nonsense of a fixed length, at the speed of
trained ones. It prints one row per model and setting; gains are relative to the first setting of a list; the last lines
say which was best. Qwen2.5-VL needs torchvision.

The time counted runs from the end of the second batch (the first is small, and both warm up) to the end of the last
full one: decoding videos, preparing pictures and answering, as in a long run. "Preparing" is the part of it in which
pictures became tensors, mostly while the GPU worked on the previous batch; "between" is the part in which the GPU had
none and stood idle.
The roofline is benchmarks/roofline.py's estimate of the best the GPU could do; `--peaks` is for GPUs that it does not
know. Attention and cache, which framescribe's engine does not let one choose, are set in the loaded model here.
Settings that fail are named and left out. Without a GPU it says so and exits with 0; `--tiny` runs all of it on
the CPU with the same models made small, which shows that the script works and says nothing about speed.

It has not been run on a GPU yet: there are no figures, and what it does only there (CUDA, and its handling of memory
and compiled graphs) is untried.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import itertools
import math
import os
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from batches import Batch, watched
from random_models import MODELS, NoRoom, RandomModel, Written, written
from roofline import PEAKS, Peaks, frames_per_second

from framescribe.demo.clips import write_clip
from framescribe.demo.random_scenes import random_clip
from framescribe.engines.base import Decoding, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.errors import FramescribeError
from framescribe.frames.display import fit
from framescribe.frames.sampling import Sampling
from framescribe.prompts import load
from framescribe.records import Row, Video
from framescribe.results.todos import Todo
from framescribe.runs.captioner import Captioner
from framescribe.runs.driver import drive
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.sources import find_videos

CLIPS, CLIP_FRAMES, CLIP_SIZE, TINY_SIZE = 8, 20, (1280, 720), (320, 180)
COUNTED = 4  # full batches
CACHES = ("dynamic", "static", "compiled")
HEADS = (
    *("model", "GPU", "precision", "batch", "attention", "cache", "compiled", "frames a clip", "pixels a frame"),
    *("prompt tokens a frame", "answer tokens a frame", "clips/s", "frames/s", "prompt tokens/s", "answer tokens/s"),
    *("gain", "preparing", "between", "peak memory", "roofline, frames/s", "of the roofline"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What distinguishes one row from the next."""

    attention: str
    cache: str
    batch: int

    def __str__(self) -> str:
        cache = "static cache, compiled" if self.cache == "compiled" else f"{self.cache} cache"
        return f"{self.attention}, {cache}, batch {self.batch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where the models run. `peaks` None: unknown, and then there is no roofline."""

    name: str
    torch_name: str
    memory: float
    peaks: Peaks | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A setting's figures, over the counted batches."""

    seconds: float
    batches: Sequence[Batch]
    frames_a_clip: float
    pixels: float
    peak_memory: float

    @property
    def replies(self) -> list[Reply]:
        return [reply for batch in self.batches for reply in batch.replies]

    @property
    def frames_a_second(self) -> float:
        return len(self.replies) / self.seconds

    @property
    def prompt(self) -> float:
        """Tokens a frame."""
        return mean(reply.prompt_tokens or 0 for reply in self.replies)

    @property
    def answer(self) -> float:
        """Tokens a frame."""
        return mean(reply.completion_tokens or 0 for reply in self.replies)

    @property
    def patches(self) -> float:
        """What the vision tower saw of a frame."""
        return sum(batch.patches for batch in self.batches) / len(self.replies)


class Failed(Exception):
    """A setting cannot be measured; the text says why."""


# ------------------------------------------------------------------------------------------ one setting


def choose(engine: Any, setting: Setting) -> None:
    """Make the loaded model work as `setting` says. Failed if it cannot."""
    network = engine._network
    vars(network).pop("_compiled_call", None)
    try:
        network.set_attn_implementation(setting.attention)
    except (ImportError, ValueError, RuntimeError, OSError) as error:
        raise Failed(_short(str(error))) from error
    network.generation_config.cache_implementation = None if setting.cache == "dynamic" else "static"
    network.generation_config.disable_compile = setting.cache != "compiled"
    engine._batcher.max_batch = setting.batch


async def measure(captioner: Captioner, setting: Setting, videos: Sequence[Video], on: Device) -> Measured:
    """Caption the videos, all in progress at once as in a run. Failed if that gives no full batches."""
    engine: Any = captioner.engines["frames"]
    choose(engine, setting)
    _forget_memory(on)
    rows: list[Row] = []
    with watched(engine) as batches:
        rows += [
            row
            async for row in drive(
                lambda todo: captioner.caption(todo.video),
                map(Todo, videos),
                room=lambda _: captioner.in_flight,
                stop=asyncio.Event(),
            )
        ]
    full = engine.concurrency  # lower than asked for where the memory ran out
    counted = batches[2:]
    while counted and len(counted[-1].replies) < full:
        counted.pop()
    done = [row for row in rows if row.video is not None and row.frames]
    if not counted or not done:
        said = {row.error.message for row in rows if row.error is not None}
        raise Failed(
            _short("; ".join(sorted(said))) or "there were too few frames for a full batch: more or longer clips"
        )
    limit = captioner.recipe.max_pixels
    return Measured(
        seconds=counted[-1].ended - batches[1].ended,
        batches=counted,
        frames_a_clip=mean(len(row.frames) for row in done),
        pixels=mean(math.prod(fit(row.video.width, row.video.height, limit)) for row in done if row.video),
        peak_memory=_peak_memory(on),
    )


def _short(said: str) -> str:
    return " ".join(said.split())[:200]


def _forget_memory(on: Device) -> None:
    import torch

    if on.torch_name == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _peak_memory(on: Device) -> float:
    """Bytes: on the GPU since its peak was last reset, else of this process since it began."""
    import resource

    import torch

    if on.torch_name == "cuda":
        return float(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


# ------------------------------------------------------------------------------------------ one model


async def bench(
    model: RandomModel, settings: Sequence[Setting], videos: Sequence[Video], options: argparse.Namespace, on: Device
) -> None:
    """Print a row per setting, and which was best."""
    with written(model, on.torch_name, options.answer) as checkpoint:
        recipe = Recipe(
            sampling=Sampling(method="uniform", frames=options.frames),
            stages={
                "frames": StageChoice(
                    model=ModelChoice(
                        model=str(checkpoint.folder),
                        device=on.torch_name,
                        dtype="bfloat16",
                        batch_size=settings[0].batch,
                    ),
                    prompt=load("default", "frame"),
                    decoding=Decoding(max_tokens=options.answer),
                )
            },
        )
        # The same work for every setting, enough for the largest batch.
        wanted = math.ceil(max(setting.batch for setting in settings) * (COUNTED + 2) / options.frames)
        again = itertools.islice(itertools.cycle(videos), wanted)
        work = [Video(id=str(number), path=video.path, size=video.size) for number, video in enumerate(again)]
        captioner = Captioner(recipe)
        found: dict[Setting, Measured] = {}
        try:
            await captioner.open()
            for setting in settings:
                try:
                    found[setting] = measured = await measure(captioner, setting, work, on)
                except Failed as error:
                    print(f"{model.title}, {setting}: {error}", file=sys.stderr)
                    continue
                gain = measured.frames_a_second / next(iter(found.values())).frames_a_second
                print(_line(row(model, checkpoint, captioner, setting, measured, gain, on)), flush=True)
        finally:
            await captioner.close()
    if len(found) > 1:
        best = max(found, key=lambda setting: found[setting].frames_a_second)
        first = next(iter(found))
        gain = found[best].frames_a_second / found[first].frames_a_second
        options.verdicts.append(f"{model.title}: best is {best}; {gain:.2f} times as fast as {first}")


def row(
    model: RandomModel,
    checkpoint: Written,
    captioner: Captioner,
    setting: Setting,
    measured: Measured,
    gain: float,
    on: Device,
) -> dict[str, str]:
    """The row's cells by HEADS."""
    engine: Any = captioner.engines["frames"]
    speed, seconds = measured.frames_a_second, measured.seconds
    preparing = sum(batch.preparing for batch in measured.batches)
    working = sum(batch.ended - batch.begun for batch in measured.batches)
    batch = f"{setting.batch}" if engine.concurrency == setting.batch else f"{setting.batch}, only {engine.concurrency}"
    best = None
    if on.peaks is not None:
        best = frames_per_second(
            checkpoint.counts,
            on.peaks,
            on.memory,
            prompt=measured.prompt,
            answer=measured.answer,
            patches=measured.patches,
        )
    cells = (
        *(model.title, on.name, str(engine._dtype).removeprefix("torch."), batch),
        *(setting.attention, "dynamic" if setting.cache == "dynamic" else "static"),
        "yes" if "_compiled_call" in vars(engine._network) else "no",  # transformers decides; never on a CPU
        *(f"{measured.frames_a_clip:.1f}", f"{measured.pixels:,.0f}"),
        *(f"{measured.prompt:,.0f}", f"{measured.answer:,.0f}"),
        *(f"{speed / measured.frames_a_clip:.2f}", f"{speed:.2f}"),
        *(f"{speed * measured.prompt:,.0f}", f"{speed * measured.answer:,.0f}"),
        *(f"{gain:.2f}", f"{preparing / seconds:.0%}", f"{(seconds - working) / seconds:.0%}"),
        f"{measured.peak_memory / 1e9:.1f} GB",
        *(("unknown", "unknown") if best is None else (f"{best:.1f}", f"{speed / best:.0%}")),
    )
    return dict(zip(HEADS, cells, strict=True))


def _line(cells: dict[str, str]) -> str:
    return f"| {' | '.join(cells.values())} |"


# ------------------------------------------------------------------------------------------ the run


def main() -> None:
    options = arguments()
    on = device(options)
    if on is None:
        print("No CUDA GPU here: nothing to measure (--tiny tries the script itself on the CPU).")
        return
    settings = [Setting(*each) for each in itertools.product(options.attention, options.cache, options.batch)]
    options.verdicts = []
    print(_line({head: head for head in HEADS}), _line({head: "---" for head in HEADS}), sep="\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="gpu-clips-") as folder:
        videos = clips(Path(folder), TINY_SIZE if options.tiny else CLIP_SIZE)
        for name in options.model:
            kind = MODELS[name]
            if missing := [package for package in kind.needs if importlib.util.find_spec(package) is None]:
                print(f"{name} is left out: pip install {' '.join(missing)}", file=sys.stderr)
                continue
            try:
                asyncio.run(bench(kind(options.tiny), settings, videos, options, on))
            except (NoRoom, FramescribeError) as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
    if options.verdicts:
        print("", *options.verdicts, sep="\n")


def arguments() -> argparse.Namespace:
    def words(text: str) -> list[str]:
        return text.split(",")

    def numbers(text: str) -> list[int]:
        return [int(each) for each in text.split(",")]

    parser = argparse.ArgumentParser(description="framescribe's own engine with 7B models of random weights on a GPU")
    parser.add_argument("--model", type=words, default=list(MODELS), help="default: " + ",".join(MODELS))
    parser.add_argument("--batch", type=numbers, help="frames at once; default: what the engine takes on a GPU, 16")
    parser.add_argument("--attention", type=words, default=["sdpa"], help="as transformers names them; default: sdpa")
    parser.add_argument("--cache", type=words, default=["dynamic"], help=f"of {','.join(CACHES)}; default: dynamic")
    parser.add_argument("--frames", type=int, default=1, help="of each clip; default: 1")
    parser.add_argument("--answer", type=int, help="tokens of each answer; default: 200")
    parser.add_argument("--peaks", type=float, nargs=2, metavar=("TFLOPS", "TB/S"), help="of the GPU, dense bfloat16")
    parser.add_argument("--tiny", action="store_true", help="try the script on the CPU, with small models")
    options = parser.parse_args()
    options.batch = options.batch or ([2] if options.tiny else [16])
    options.answer = options.answer or (8 if options.tiny else 200)
    for name in options.model:
        if name not in MODELS:
            parser.error(f"no model is called {name!r}: {', '.join(MODELS)}")
    for name in options.cache:
        if name not in CACHES:
            parser.error(f"no cache is called {name!r}: {', '.join(CACHES)}")
    if min(*options.batch, options.frames, options.answer, 1) < 1:
        parser.error("--batch, --frames and --answer are at least 1")
    return options


def device(options: argparse.Namespace) -> Device | None:
    """The GPU, or the CPU with --tiny; None where there is no GPU."""
    import torch

    given = Peaks(options.peaks[0] * 1e12, options.peaks[1] * 1e12) if options.peaks else None
    if options.tiny:
        memory = float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
        return Device(name="none (CPU)", torch_name="cpu", memory=memory, peaks=given)
    if not torch.cuda.is_available():
        return None
    name, memory = torch.cuda.get_device_name(), float(torch.cuda.get_device_properties(0).total_memory)
    return Device(name=name, torch_name="cuda", memory=memory, peaks=given or PEAKS.get(name))


def clips(folder: Path, size: tuple[int, int]) -> list[Video]:
    """The videos below FRAMESCRIBE_CLIPS, or some that are made in `folder`."""
    if given := os.environ.get("FRAMESCRIBE_CLIPS"):
        return find_videos([given], say=lambda line: print(line, file=sys.stderr))
    width, height = size
    for number in range(CLIPS):
        scene = random_clip(random.Random(number), width, height)
        path = folder / f"{number}.mp4"
        write_clip(path, scene, width=width, height=height, fps=10, frames=CLIP_FRAMES)
    return find_videos([str(folder)], say=print)


if __name__ == "__main__":
    main()
