"""Knows how many videos a second one driver keeps up with, when models are never the limit.

    python benchmarks/simulate.py [--seconds 15] [--latency 8] [--loop 100,300,1000] [--client 10,30,100]

First a real run with the built-in models is recorded: how long each decode, frame request and summary took, and its
rows. Then the real run loop and the real parts are fed with these latencies, drawn anew for each video and stretched to
`--latency` seconds a video on average, so that a rate of X videos a second has X times that many videos in flight, as
it would with enough GPUs for X videos a second. Two stand-ins:

loop      a captioner that sleeps and returns a recorded row: what the loop and the parts cost
client    a decoder that sleeps and returns recorded frames, and servers that sleep and answer: the strategy, the client
          with its HTTP and base64, and the parts are real; only decoding and the models are not

For each offered rate it prints the rate reached and the driver's CPU, and at the end how many videos, and requests, one
core can handle a second. Each line is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import pickle
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from aiohttp import web

STAGES = ("decode", "frames", "summary")
FRAMES = 3
SERVERS = 4


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a real run took, in seconds by stage, and its rows."""

    seconds: dict[str, list[float]]
    rows: list[Any]
    clips: list[Any]

    def stretched(self, latency: float) -> dict[str, list[float]]:
        """The same, so that a video takes `latency` on average: its decode, the slowest of its frames, its summary."""
        chance = random.Random(0)
        mean = sum(sum(draw(self.seconds, stage, chance) for stage in STAGES) for _ in range(20_000)) / 20_000
        return {stage: [one * latency / mean for one in self.seconds[stage]] for stage in STAGES}


def draw(seconds: dict[str, list[float]], stage: str, chance: random.Random) -> float:
    """What one video's stage takes."""
    return max(chance.choice(seconds[stage]) for _ in range(FRAMES if stage == "frames" else 1))


def record(folder: Path) -> Recorded:
    from framescribe.demo.clips import demo_clips
    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice
    from framescribe.frames.pool import sample_as
    from framescribe.frames.sampling import Sampling
    from framescribe.prompts import presets
    from framescribe.records import Video
    from framescribe.runs.captioner import Captioner
    from framescribe.runs.meter import Meter
    from framescribe.runs.recipe import Recipe, StageChoice

    class Recording(Meter):
        def __init__(self) -> None:
            super().__init__([stage for stage in STAGES if stage != "decode"])
            self.pieces: dict[str, list[float]] = {stage: [] for stage in STAGES}

        @contextmanager
        def busy(self, stage: str) -> Iterator[None]:
            began = time.monotonic()
            with super().busy(stage):
                yield
            self.pieces[stage].append(time.monotonic() - began)

    clips = demo_clips(folder, seed=0, count=12)
    sampling, meter = Sampling(method="uniform", frames=FRAMES), Recording()
    recipe = Recipe(
        sampling=sampling,
        decoders=1,
        stages={
            "frames": StageChoice(
                model=ModelChoice(model="shapes-vlm", batch_size=FRAMES),
                prompt=presets("frame")["default"],
                decoding=Decoding(max_tokens=96),
            ),
            "summary": StageChoice(
                model=ModelChoice(model="shapes-llm", batch_size=1),
                prompt=presets("summary")["default"],
                decoding=Decoding(max_tokens=160),
            ),
        },
    )

    async def run() -> list[Any]:
        captioner = Captioner(recipe, meter)
        await captioner.open()
        try:
            videos = [Video(id=one.path.name, path=str(one.path)) for one in clips]
            await captioner.caption(videos[0])  # the first pays for what is loaded on use
            for pieces in meter.pieces.values():
                pieces.clear()
            return [await captioner.caption(video) for video in videos * 2]
        finally:
            await captioner.close()

    rows = asyncio.run(run())
    shown = [sample_as(str(one.path), sampling, key="", max_pixels=2**20, form="jpeg") for one in clips]
    return Recorded(meter.pieces, rows, shown)


# --- the driver that is measured -------------------------------------------------------------------


async def drive(part: str, recorded: Recorded, rate: float, latency: float, seconds: float, folder: Path) -> None:
    """One process's work: as many videos as `rate` means in `seconds`, and what they took, as JSON."""
    from framescribe.records import Video
    from framescribe.results.rows import Results
    from framescribe.results.todos import Todo
    from framescribe.runs import driver

    drawn, chance = recorded.stretched(latency), random.Random(0)
    in_flight = max(1, round(rate * latency))
    count = round(rate * seconds) + 2 * in_flight
    videos = (Video(id=f"clips/{number:09}.mp4", path=f"/data/{number:09}.mp4", size=1) for number in range(count))
    results = Results(folder / f"{part}-{rate:g}.jsonl")
    results.begin({"inputs": count})

    async def sleeping(todo: Todo) -> Any:
        for stage in STAGES:
            await asyncio.sleep(draw(drawn, stage, chance))
        return replace(chance.choice(recorded.rows), id=todo.video.id, video_path=todo.video.place)

    async def asking_it(todo: Todo) -> Any:
        return await captioner.caption(todo.video)

    captioner = None if part == "loop" else await asking(recorded, drawn["decode"], in_flight)
    try:
        caption = sleeping if captioner is None else asking_it
        times, spent, started = [], time.process_time(), time.monotonic()
        rows = driver.drive(caption, map(Todo, videos), room=lambda _: in_flight, stop=asyncio.Event())
        async for row in rows:
            assert row.status != "failed", row.error
            results.append(row)
            times.append(time.monotonic() - started)
        cpu = time.process_time() - spent
    finally:
        if captioner is not None:
            await captioner.close()
        results.close()
    first, last = in_flight, count - in_flight - 1  # between these all places are taken, and not all by one stage
    reached = (last - first) / (times[last] - times[first])
    print(json.dumps({"in_flight": in_flight, "rows": count, "reached": reached, "cpu": cpu, "wall": times[-1]}))


async def asking(recorded: Recorded, decoding: list[float], in_flight: int) -> Any:
    """A real captioner, except for its decoders."""
    from framescribe.engines.choice import ModelChoice
    from framescribe.frames.sampling import Sampling
    from framescribe.prompts import presets
    from framescribe.records import Clip
    from framescribe.runs.captioner import Captioner
    from framescribe.runs.recipe import Recipe, StageChoice

    class Sleeping(Captioner):
        async def decode(self, *which: Any, **how: Any) -> Clip:
            await asyncio.sleep(random.choice(decoding))
            clip = random.choice(recorded.clips)  # its pictures as new objects: their base64 is made for each video
            return replace(clip, frames=tuple(replace(one, image=replace(one.image)) for one in clip.frames))

    urls = tuple(sys.stdin.readline().split())
    model = ModelChoice(engine="openai", model="none", base_urls=urls, requests=FRAMES * in_flight)
    captioner = Sleeping(
        Recipe(
            sampling=Sampling(method="uniform", frames=FRAMES),
            decoders=1,
            stages={
                "frames": StageChoice(model=model, prompt=presets("frame")["default"]),
                "summary": StageChoice(model=model, prompt=presets("summary")["default"]),
            },
        )
    )
    await captioner.open()
    captioner.memory.decoders = in_flight  # this many may sleep at once; the pool's one process gets no work
    return captioner


# --- servers that sleep ---------------------------------------------------------------------------


async def answer(frames: list[float], summaries: list[float]) -> None:
    from responders import ANSWER

    body = json.dumps(ANSWER).encode()

    async def complete(request: web.Request) -> web.Response:
        asked = await request.read()
        await asyncio.sleep(random.choice(frames if b"image_url" in asked else summaries))
        return web.Response(body=body, content_type="application/json")

    async def models(_: web.Request) -> web.Response:
        return web.json_response({"data": [{"id": "none"}]})

    app = web.Application(client_max_size=2**28)
    app.add_routes([web.post("/v1/chat/completions", complete), web.get("/v1/models", models)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", flush=True)
    await asyncio.Event().wait()


@contextmanager
def servers(kept: Path, latency: float) -> Iterator[list[str]]:
    command = [sys.executable, __file__, "--answer", str(kept), "--latency", str(latency)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(SERVERS)]
    try:
        yield [each.stdout.readline().strip() for each in running if each.stdout is not None]
    finally:
        for each in running:
            each.terminate()
            each.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="How many videos a second does one driver keep up with?")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--latency", type=float, default=8, help="seconds a video, on average")
    parser.add_argument("--loop", default="100,300,1000", help="offered rates, videos a second")
    parser.add_argument("--client", default="10,30,100")
    parser.add_argument("--drive", nargs=3, metavar=("PART", "RATE", "FILE"), help=argparse.SUPPRESS)
    parser.add_argument("--answer", metavar="FILE", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.answer:
        drawn = pickle.loads(Path(args.answer).read_bytes()).stretched(args.latency)
        asyncio.run(answer(drawn["frames"], drawn["summary"]))
        return
    if args.drive:
        part, rate, kept = args.drive
        recorded = pickle.loads(Path(kept).read_bytes())
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(drive(part, recorded, float(rate), args.latency, args.seconds, Path(folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "recorded"
        recorded = record(Path(folder) / "clips")
        kept.write_bytes(pickle.dumps(recorded))
        for stage in STAGES:
            some = sorted(recorded.seconds[stage])
            print(f"recorded: {stage:8} {len(some):3} of {1e3 * some[0]:6.0f} to {1e3 * some[-1]:6.0f} ms")
        print(f"stretched to {args.latency:g} s a video\n")
        print(
            "part     offered/s   in flight   reached/s    CPU s    ms CPU a video   videos/s a core   requests",
            flush=True,
        )
        for part in ("loop", "client"):
            for rate in filter(None, getattr(args, part).split(",")):
                command = [sys.executable, __file__, "--drive", part, rate, str(kept)]
                command += ["--latency", str(args.latency), "--seconds", str(args.seconds)]
                with servers(kept, args.latency) as urls:
                    given = " ".join(urls) + "\n"
                    done = subprocess.run(command, input=given, check=True, stdout=subprocess.PIPE, text=True)
                said = json.loads(done.stdout)
                each = said["cpu"] / said["rows"]
                print(
                    f"{part:8} {float(rate):9.0f} {said['in_flight']:11,} {said['reached']:11.1f} {said['cpu']:8.1f} "
                    f"{1e3 * each:17.2f} {1 / each:17.0f} {(FRAMES + 1) / each if part == 'client' else 0:10.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
