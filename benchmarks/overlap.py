"""Knows what is gained by preparing the next batch of pictures while the in-process engine answers the current one.

    python benchmarks/overlap.py [--frames 48] [--batch 4] [--size 1920x1080] [--answer 40] [--rounds 3]
                                 [--threads 1] [--model shapes-vlm] [--elsewhere SECONDS]

Both ways run in this process, in turns, each with its own copy of the model, on the same frames: as the engine does it,
and with the preparation in the model's own thread, one after the other. All requests are there from the beginning. It
prints the frames per second of each way, the ratio, and the highest ratio possible: preparing and answering each take
part of the time, and at best the shorter one is hidden entirely by the longer. On a CPU both want the same cores, so
that only a core that one of them leaves idle is gained: torch gets `--threads` (one), Pillow and numpy use one. With
`--elsewhere` the model is not run: each batch waits for that many seconds instead and takes no core, as if a GPU did
the work. That shows what the threads can do and says nothing about a GPU's speed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from typing import Any

import numpy as np

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, Reply, TextPart
from framescribe.engines.in_process.engine import TransformersEngine, _Batch
from framescribe.engines.presets import route


class OneAfterTheOther(TransformersEngine):
    """The engine as it would be without a thread that prepares: the batch's own thread does both."""

    def _prepare(self, jobs: Any) -> Any:
        return _Batch(jobs)


class Clock:
    """Seconds in which pictures became tensors, and those in which the model answered, in whatever thread."""

    def __init__(self, engine: Any, elsewhere: float | None) -> None:
        self.preparing = self.answering = 0.0
        encode, generate = engine._encode, engine._generate

        def timed_encode(jobs: Any) -> Any:
            begun = time.monotonic()
            try:
                return encode(jobs)
            finally:
                self.preparing += time.monotonic() - begun

        def timed_generate(jobs: Any, inputs: Any) -> Any:
            begun = time.monotonic()
            try:
                if elsewhere is None:
                    return generate(jobs, inputs)
                time.sleep(elsewhere)
                return [Reply(text="…", finish_reason="stop")] * len(jobs)
            finally:
                self.answering += time.monotonic() - begun

        engine._encode, engine._generate = timed_encode, timed_generate


def questions(options: argparse.Namespace) -> list[ChatRequest]:
    width, height = map(int, options.size.split("x"))
    drawn = np.random.default_rng(0)
    requests = []
    for _ in range(options.frames):
        pixels = drawn.integers(0, 256, (height, width, 3), dtype=np.uint8)
        message = Message(role="user", parts=(ImagePart(pixels), TextPart("Describe this image.")))
        requests.append(ChatRequest(messages=(message,), decoding=Decoding(max_tokens=options.answer)))
    return requests


async def timed(engine: TransformersEngine, requests: list[ChatRequest]) -> tuple[float, list[str]]:
    begun = time.monotonic()
    replies = await asyncio.gather(*(engine.complete(request) for request in requests))
    return len(requests) / (time.monotonic() - begun), [reply.text for reply in replies]


async def bench(options: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(options.threads)
    requests = questions(options)
    speeds: dict[str, list[float]] = {"ahead": [], "one after the other": []}
    kinds = (("ahead", TransformersEngine), ("one after the other", OneAfterTheOther))
    model = route(options.model, "transformers").repository
    engines: dict[str, Any] = {name: kind(model=model, max_batch=options.batch) for name, kind in kinds}
    texts = set()
    try:
        for engine in engines.values():
            await engine.open()
            await timed(engine, requests[: options.batch])  # the first call warms up
        clocks = {name: Clock(engine, options.elsewhere) for name, engine in engines.items()}
        for number in range(options.rounds):
            for name in list(engines) if number % 2 else reversed(engines):
                speed, said = await timed(engines[name], requests)
                speeds[name].append(speed)
                texts.add(tuple(said))
    finally:
        for engine in engines.values():
            await engine.close()
    alone = clocks["one after the other"]
    ratios = [a / b for a, b in zip(*speeds.values(), strict=True)]
    for name, each in speeds.items():
        print(f"{name:20} {statistics.median(each):7.2f} frames/s ({', '.join(f'{speed:.2f}' for speed in each)})")
    whole = alone.preparing + alone.answering
    print(f"preparing takes {alone.preparing / whole:.0%} of the time of one after the other: ", end="")
    print(f"{whole / max(alone.preparing, alone.answering):.2f} times as fast would be the most")
    print(f"ratio {statistics.median(ratios):.2f} ({', '.join(f'{ratio:.2f}' for ratio in ratios)})")
    if options.elsewhere is None:
        print("the answers are the same" if len(texts) == 1 else "THE ANSWERS DIFFER")


def main() -> None:
    parser = argparse.ArgumentParser(description="what preparing ahead gains")
    parser.add_argument("--frames", type=int, default=48)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--size", default="1920x1080", help="of a frame, WIDTHxHEIGHT")
    parser.add_argument("--answer", type=int, default=40, help="tokens at most")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--model", default="shapes-vlm", help="a short name, or a folder")
    parser.add_argument("--elsewhere", type=float, metavar="SECONDS", help="a batch's wait in place of its answer")
    asyncio.run(bench(parser.parse_args()))


if __name__ == "__main__":
    main()
