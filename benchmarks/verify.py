"""How well a model verifies captions: falsehoods caught, true captions kept, and noisy captions before and after.

    python benchmarks/verify.py --clips 40
    python benchmarks/verify.py --clips 40 --model shapes-verifier
    python benchmarks/verify.py --clips 40 --base-url http://127.0.0.1:8000/v1 --model Qwen/Qwen3-VL-8B-Instruct

Without either the model that verifies is the one of `seeing.py`: shapes-vlm sees, rules understand. Clips of drawn
shapes, so that what is true is known. "Caught": the caption no longer says what was planted, or the row is flagged.
"Kept": a true caption stays, word for word, and is not flagged. Intervals: Wilson, 95 %.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from seeing import served

from framescribe.claims import split
from framescribe.demo.clips import clear_scene, write_clip
from framescribe.demo.scenes import PLACES, SHAPES, SIZES, ClipScene, Mention, Statement, summarise
from framescribe.demo.truth import holds
from framescribe.engines.sight import COLOURS
from framescribe.frames.sample import sample
from framescribe.python.recipe import Recipe
from framescribe.records import SCHEMA, Row, Video
from framescribe.runs.captioner import Captioner
from framescribe.sources import find_videos

WIDTH, HEIGHT, FRAMES = 336, 252, 12


class Clip(NamedTuple):
    video: Video
    truth: Statement


class Planted(NamedTuple):
    """A caption with one falsehood, and whether a text says it."""

    kind: str
    caption: str
    said: Callable[[str], bool]


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's interval of 95 % for a share."""
    if not of:
        return 0.0, 1.0
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def told(name: str, hits: int, of: int) -> str:
    low, high = interval(hits, of)
    return f"{name:<24} {100 * hits / max(1, of):6.1f} %  ({100 * low:.1f}–{100 * high:.1f})  of {of}"


def drawn(folder: Path, number: int, seed: int, frames: int) -> list[Clip]:
    """Clips with one or two objects, and what is right to say of each from so many frames."""
    rng, clips = random.Random(seed), []
    for at in range(number):
        motions = [rng.choice(("is", "moves", "appears", "disappears")) for _ in range(rng.choice((1, 2)))]
        scene: ClipScene = clear_scene(rng, motions, WIDTH, HEIGHT)
        path = folder / f"clip_{at:04}.mp4"
        write_clip(path, scene, width=WIDTH, height=HEIGHT, fps=6, frames=FRAMES)
        shown = [frame.index / (FRAMES - 1) for frame in sample(path, method="uniform", n=frames)]
        clips.append((path, summarise([scene.frame(time).statement() for time in shown])))
    found = {Path(video.path).name: video for video in find_videos([str(folder)], say=lambda line: None)}
    return [Clip(found[path.name], truth) for path, truth in clips]


def plant(rng: random.Random, truth: Statement) -> list[Planted]:
    """Captions with one falsehood of each kind that this clip has room for."""
    made = list[Planted]()
    at = rng.randrange(len(truth.mentions))
    mention = truth.mentions[at]
    true_names = {one.name for one in truth.mentions}

    def changed(kind: str, other: Mention) -> None:
        mentions = (*truth.mentions[:at], other, *truth.mentions[at + 1 :])
        phrase = other.phrase().split(" ", 1)[1] if kind in ("place", "direction", "movement") else other.name
        if other.name in true_names and kind in ("colour", "shape", "size"):
            return
        text = Statement(mentions, truth.background).sentence()
        says = re.compile(rf"{phrase}\b(?! left| right)")  # "at the top" is not said by "at the top left"
        made.append(Planted(kind, text, lambda said: says.search(said) is not None))

    changed("colour", replace(mention, colour=rng.choice([one for one in COLOURS if one != mention.colour])))
    changed("shape", replace(mention, shape=rng.choice([one for one in SHAPES if one != mention.shape])))
    changed("size", replace(mention, size=next(one for one in SIZES if one != mention.size)))
    if mention.motion == "is":
        place = rng.choice([one for one in PLACES if one != mention.end])
        changed("place", replace(mention, start=place, end=place))
        place = rng.choice([one for one in PLACES if one != mention.end])
        changed("movement", replace(mention, motion="moves", end=place))
    if mention.motion == "moves":
        changed("direction", replace(mention, start=mention.end, end=mention.start))
    number = len(truth.mentions)
    names = (
        "",
        "There is one object.",
        "There are two objects.",
        "There are three objects.",
        "There are four objects.",
    )
    wrong = names[number + 1]
    made.append(Planted("count", f"{wrong} {truth.sentence()}", lambda said: wrong in said))
    free = [place for place in PLACES if place not in {one for m in truth.mentions for one in (m.start, m.end)}]
    colour = rng.choice([one for one in COLOURS if one not in {m.colour for m in truth.mentions}])
    place = rng.choice(free)
    extra = Mention("large", colour, rng.choice(SHAPES), place, place)
    text = Statement((*truth.mentions, extra), truth.background).sentence()
    made.append(Planted("extra object", text, lambda said: extra.name in said))
    return made


async def verified(captioner: Captioner, clip: Clip, caption: str) -> Row:
    """The clip's row after its caption was verified."""
    stages = {"imported": {"fingerprint": "benchmark", "fills": ["caption"]}}
    provenance = {"schema": SCHEMA, "stages": stages}
    earlier = Row(id=clip.video.id, video_path=clip.video.place, caption=caption, status="ok", provenance=provenance)
    return await captioner.caption(replace(clip.video, caption=caption), earlier)


def right(caption: str | None, truth: Statement) -> tuple[int, int]:
    """How many of a caption's statements are true, and how many there are."""
    said = dict.fromkeys(claim.statement for claim in split(caption or ""))
    return sum(holds(statement, truth) is True for statement in said), len(said)


async def opened(recipe: Recipe, videos: Sequence[Video], *, alone: bool) -> Captioner:
    captioner = Captioner(await recipe.settled(videos, lambda line: None, alone=alone))
    await captioner.open()
    return captioner


async def main(options: argparse.Namespace) -> None:
    rng = random.Random(options.seed)
    shared = {"strategy": "whole-clip", "frames": options.frames, "decoders": 1}
    server = nullcontext(options.base_url) if options.base_url or options.model else served()
    with tempfile.TemporaryDirectory() as folder, server as url:
        clips = drawn(Path(folder), options.clips, options.seed, options.frames)
        videos = [clip.video for clip in clips]
        by = options.model or "seeing.py"
        print(f"{options.clips} clips, {options.frames} frames each, verified by {by}", flush=True)
        verifier = Recipe(verify="all", base_url=url, model=options.model, **shared)
        captioner = await opened(verifier, videos, alone=True)
        kept = supported = claims = cut = 0
        caught, planted = Counter[str](), Counter[str]()
        for clip in clips:
            caption, wrong = clip.truth.sentence(), plant(rng, clip.truth)
            texts = [caption, *(one.caption for one in wrong)]
            row, *rows = await asyncio.gather(*(verified(captioner, clip, text) for text in texts))
            kept += row.caption == caption and "contradicted_claim" not in row.flags
            supported += sum(one["verdict"] == "supported" for one in row.claims)
            claims += len(row.claims)
            for one, row in zip(wrong, rows, strict=True):
                gone, flagged = not one.said(row.caption or ""), "contradicted_claim" in row.flags
                planted[one.kind] += 1
                caught[one.kind] += gone or flagged
                cut += gone
        print(told("true captions kept", kept, len(clips)))
        print(told("their claims supported", supported, claims))
        for kind, of in planted.items():
            print(told(f"caught: {kind}", caught[kind], of))
        print(told("caught: all", sum(caught.values()), sum(planted.values())))
        print(told("of these gone", cut, sum(caught.values())))
        noisy_recipe = Recipe(model=options.noisy, temperature=options.temperature, gate="off", **shared)
        noisy = await opened(noisy_recipe, videos, alone=False)
        before = after = said = left = 0
        rows = await asyncio.gather(*(noisy.caption(clip.video) for clip in clips))
        mended = await asyncio.gather(
            *(verified(captioner, clip, row.caption or "") for clip, row in zip(clips, rows, strict=True))
        )
        for clip, one, other in zip(clips, rows, mended, strict=True):
            (good, all_said), (still, kept_said) = right(one.caption, clip.truth), right(other.caption, clip.truth)
            before, said = before + good, said + all_said
            after, left = after + still, left + kept_said
        print(f"captions by {options.noisy} at temperature {options.temperature}: statements that are true")
        print(told("before", before, said))
        print(told("after", after, left))
        await noisy.close()
        await captioner.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", help="that verifies: in this process, or on the server")
    parser.add_argument("--base-url", help="the server of the model that verifies")
    parser.add_argument("--noisy", default="shapes-clip", help="whose captions are verified in the last part")
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--frames", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=1.0)
    asyncio.run(main(parser.parse_args()))
