"""Knows how framescribe's client is compared with an ideal load and with other clients; sends no requests itself."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import each_request
import loads
import report
import responders
from loads import Answers, Outcome, measured

from framescribe.demo.clips import demo_clips
from framescribe.records import Video
from framescribe.sources import find_videos

ROOT = Path(__file__).parent.parent
PARTS = ("heavy", "shapes", "yes", "each")
OURS, IDEAL, BATCHES, ONE = "framescribe", "ideal load", "batches of ten", "one by one"
ENGINE, PACKAGE, RAY, FLOOR = "framescribe's OpenAIEngine", "openai's AsyncOpenAI", "Ray Data's HTTP stage", "floor"
MADE = 36  # clips made where none are given
TOKENS = {"heavy": 64, "shapes": 32}  # of each answer
HEAVY_VIDEOS = 24
SLOW_SHARE = {"heavy": 4, "shapes": 1}  # the slow ways get one video in this many
TRIED = (8, 16, 32)  # requests at once, of which the ideal load takes the best
TRIAL = 48  # requests
AT_ONCE = 64  # for the clients with the server that costs nothing
RAY_TURNS = 6
Passes = dict[str, list[Outcome]]


def main() -> None:
    options = arguments()
    os.environ.update(responders.ENVIRONMENT)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # like Ctrl-C: the server and the checkpoints are removed
    folder = options.folder or (Path(given) if (given := os.environ.get("FRAMESCRIBE_CLIPS")) else None)
    with tempfile.TemporaryDirectory(prefix="client-") as made:
        work = Path(made)
        videos = usable(folder or make_clips(work / "clips")) if set(options.only) != {"each"} else []
        about = machine(options, len(videos), made_up=folder is None)
        lines = ["# The client compared with an ideal load and other clients", ""]
        lines += [f"- {name}: {said}" for name, said in about.items()]
        for name in options.only:
            lines += ["", part(name, videos, options, work).rstrip()]
            if options.output:  # as far as it has got
                options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if not options.output:
        print("\n".join(lines))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="framescribe's client compared with an ideal load and other clients")
    parser.add_argument("folder", nargs="?", type=Path, help="videos; none: FRAMESCRIBE_CLIPS, or some are made")
    parser.add_argument("--only", type=lambda text: text.split(","), default=PARTS, help="of heavy, shapes, yes, each")
    parser.add_argument("--pairs", type=int, default=5, help="passes of each side (5)")
    parser.add_argument("--vllm", type=Path, default=ROOT / ".engines/vllm/bin/vllm", help="the program")
    parser.add_argument("--ray", type=Path, default=ROOT / ".engines/ray/bin/python", help="a Python that has Ray")
    parser.add_argument("-o", "--output", type=Path, help="a file for the tables")
    options = parser.parse_args()
    if unknown := set(options.only) - set(PARTS):
        parser.error(f"--only takes {', '.join(PARTS)}, not {', '.join(unknown)}")
    if {"heavy", "shapes"} & set(options.only) and not options.vllm.exists():
        parser.error(f"there is no {options.vllm}: python tests/engines/environments.py vllm makes it; or --only yes")
    return options


def make_clips(folder: Path) -> Path:
    say(f"making {MADE} clips")
    demo_clips(folder, count=MADE)
    return folder


def usable(folder: Path) -> list[Video]:
    """The videos that yield as many frames as are asked for."""
    found = find_videos([str(folder)], say=lambda line: None)
    return [video for video in found if len(list(loads.frames_of([video], seed=0))) == loads.FRAMES]


def machine(options: argparse.Namespace, videos: int, *, made_up: bool) -> dict[str, str]:
    versions = {"aiohttp": version("aiohttp")}
    if find_spec("openai") is not None:
        versions["openai"] = version("openai")
    for package, python in (("vllm", options.vllm.with_name("python")), ("ray", options.ray)):
        if python.exists():
            ask = [python, "-c", f"from importlib.metadata import version; print(version({package!r}))"]
            versions[package] = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    clips = (
        f"{videos} {'made-up' if made_up else 'real'} videos, {loads.FRAMES} random frames of each, others each pass"
    )
    return report.machine([]) | versions | {"date": time.strftime("%Y-%m-%d"), "clips": clips}


def part(name: str, videos: Sequence[Video], options: argparse.Namespace, work: Path) -> str:
    if name == "each":
        return each_request.compare(options.pairs, work)
    if name == "yes":
        return against_yes(videos, options, work)
    chosen = videos if name == "shapes" else videos[:: max(1, len(videos) // HEAVY_VIDEOS)][:HEAVY_VIDEOS]
    folder = work / name
    if name == "heavy":
        title = f"{responders.heavy(folder) / 1e6:.0f} million random weights in vLLM"
    else:
        responders.endless_shapes(folder)
        title = "shapes-vlm in vLLM"
    passes, at_once = asyncio.run(Served(name, chosen, options, folder).compare())
    return served_table(title, passes, at_once, TOKENS[name])


# ------------------------------------------------------------------------------- videos, vLLM


class Served:
    """The comparison with one model that vLLM serves."""

    def __init__(self, name: str, videos: Sequence[Video], options: argparse.Namespace, folder: Path) -> None:
        self.name, self.videos, self.pairs, self.vllm, self.folder = name, videos, options.pairs, options.vllm, folder
        self.tokens = TOKENS[name]
        self.seed = 0

    async def compare(self) -> tuple[Passes, int]:
        logs = self.folder.with_name(f"{self.name}-logs")
        passes: Passes = {OURS: [], IDEAL: [], BATCHES: [], ONE: []}
        async with responders.served(self.vllm, self.folder, self.name, logs) as self.url:
            at_once = await self.best()
            ways: dict[str, Callable[[], Awaitable[Outcome]]] = {
                OURS: self.ours,
                IDEAL: lambda: self.ideal(at_once),
                BATCHES: lambda: self.slow(10),
                ONE: lambda: self.slow(1),
            }
            for turn in range(self.pairs):
                first, second = (OURS, IDEAL) if turn % 2 == 0 else (IDEAL, OURS)
                for way in (first, second):
                    passes[way].append(await self.checked(way, ways[way]))
                ours, ideal = passes[OURS][-1].answers, passes[IDEAL][-1].answers
                if ours != ideal:
                    raise SystemExit(f"the two sides did not do the same work: {ours}, {ideal}")
            for way in (BATCHES, ONE):
                passes[way].append(await self.checked(way, ways[way]))
        return passes, at_once

    async def best(self) -> int:
        """The number of requests at once with which the ideal load does best."""
        rates = {}
        bodies = self.bodies()[:TRIAL]
        await loads.ready(self.url, bodies[:8], 8)  # its first answers are slow
        for count in TRIED:
            rates[count] = (await measured(loads.ready(self.url, bodies, count))).rate
            say(f"{self.name}, {count} at once: {rates[count]:.2f} answers/s")
        return max(rates, key=lambda count: rates[count])

    def bodies(self) -> list[bytes]:
        self.seed += 1
        pictures = loads.frames_of(self.videos, self.seed)
        return [json.dumps(loads.request(self.name, picture, self.tokens)).encode() for picture in pictures]

    async def ours(self) -> Outcome:
        self.seed += 1
        output = self.folder.with_name(f"{self.name}-{self.seed}.jsonl")
        work = loads.framescribe(self.url, self.name, self.videos, self.seed, self.tokens, output)
        return await measured(work)

    async def ideal(self, at_once: int) -> Outcome:
        return await measured(loads.ready(self.url, self.bodies(), at_once))

    async def slow(self, size: int) -> Outcome:
        self.seed += 1
        videos = self.videos[:: SLOW_SHARE[self.name]]
        return await measured(loads.in_batches(self.url, self.name, videos, self.seed, self.tokens, size))

    async def checked(self, name: str, way: Callable[[], Awaitable[Outcome]]) -> Outcome:
        outcome = await way()
        answers = outcome.answers
        say(f"{self.name}, {name}: {outcome.rate:.2f} answers/s, while others took {outcome.others:.2f} cores")
        if answers.completion_tokens != answers.requests * self.tokens:
            raise SystemExit(
                f"{answers.requests} answers have {answers.completion_tokens} tokens, not {self.tokens} each"
            )
        return outcome


def served_table(title: str, passes: Mapping[str, Sequence[Outcome]], at_once: int, tokens: int) -> str:
    requests = passes[IDEAL][0].answers.requests
    told = {OURS: "finds its concurrency", IDEAL: f"{at_once} at once, the best of {', '.join(map(str, TRIED))}"}
    rows = [
        (
            f"{way} ({told[way]})" if way in told else way,
            spread([one.rate for one in outcomes], "{:.2f}"),
            spread([mine.rate / ideal.rate for mine, ideal in zip(outcomes, passes[IDEAL], strict=False)], "{:.3f}"),
            f"{1e3 * median(one.cpu / one.answers.requests for one in outcomes):.1f}",
            spread([one.others for one in outcomes], "{:.1f}"),
        )
        for way, outcomes in passes.items()
    ]
    heads = (
        "way",
        "answers/s",
        "ratio to the ideal load, by pairs",
        "client's CPU, ms an answer",
        "cores that others took",
    )
    fewer = passes[ONE][0].answers.requests
    text = (
        f"{requests} requests per pass, {tokens} tokens per answer. "
        f"The last two ways have one pass, of {fewer} requests."
    )
    return f"## {title}\n\n{text}\n\n{table(heads, rows)}\n"


# ------------------------------------------------------------------------------- pictures, a server that costs nothing


def against_yes(videos: Sequence[Video], options: argparse.Namespace, work: Path) -> str:
    pictures = list(loads.frames_of(videos, seed=0))
    folder = work / "pictures"
    folder.mkdir()
    for number, picture in enumerate(pictures):
        (folder / f"{number:05}.jpg").write_bytes(picture.data)
    asked = pictures * max(1, 2000 // len(pictures))
    bodies = [json.dumps(loads.request("none", picture, 50)).encode() for picture in asked]
    passes: Passes = {ENGINE: [], PACKAGE: [], RAY: [], FLOOR: []}
    with responders.yes() as url:
        ways: dict[str, Callable[[], Awaitable[Answers]]] = {
            ENGINE: lambda: loads.engine(url, "none", asked, 50, AT_ONCE),
            **({PACKAGE: lambda: loads.package(url, "none", asked, 50, AT_ONCE)} if find_spec("openai") else {}),
            FLOOR: lambda: loads.ready(url, bodies, AT_ONCE),
        }
        for turn in range(options.pairs):
            order = list(ways) if turn % 2 == 0 else list(reversed(ways))
            for way in order:
                passes[way].append(asyncio.run(measured(ways[way]())))
                say(f"{way}: {passes[way][-1].per_core:.0f} answers per CPU second")
            if options.ray.exists():
                passes[RAY].append(ray(options.ray, url, folder))
                say(f"{RAY}: {passes[RAY][-1].per_core:.0f} answers per CPU second")
    size = sum(len(picture.data) for picture in pictures) / len(pictures)
    return yes_table(passes, len(asked), size)


def ray(python: Path, url: str, folder: Path) -> Outcome:
    command = [python, Path(__file__).with_name("ray_load.py"), url, folder, str(RAY_TURNS)]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    result = json.loads(said.splitlines()[-1])
    return Outcome(Answers(result["requests"], 0, 0), result["seconds"], result["cpu"], 0.0)


def yes_table(passes: Mapping[str, Sequence[Outcome]], requests: int, size: float) -> str:
    rows = [
        (
            way,
            spread([one.per_core for one in outcomes], "{:.0f}"),
            spread(
                [ours.per_core / one.per_core for ours, one in zip(passes[ENGINE], outcomes, strict=True)], "{:.2f}"
            ),
            spread([one.rate for one in outcomes], "{:.0f}"),
        )
        for way, outcomes in passes.items()
        if outcomes
    ]
    heads = ("client", "answers per second of its CPU time", "framescribe's to its, by pairs", "answers/s")
    text = (
        f"{requests} JPEG files of {size / 1e3:.0f} kB on average, {AT_ONCE} requests at once (each worker of Ray's "
        "stage has one at a time; there is one worker). The CPU time is user and system of the client's process, for "
        "Ray of all its processes, without their start. The floor is aiohttp with bodies that are ready in advance."
    )
    return f"## A server to which a request costs nothing\n\n{text}\n\n{table(heads, rows)}\n"


# ------------------------------------------------------------------------------- words


def spread(values: Sequence[float], form: str) -> str:
    """The median, the smallest and the largest."""
    middle, least, most = (form.format(value) for value in (median(values), min(values), max(values)))
    return f"{middle} ({least} to {most})"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
