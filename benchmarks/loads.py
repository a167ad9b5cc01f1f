"""Knows the ways of sending pictures to a server that are compared; knows no server, and judges nothing.

All send the same: one picture and one prompt per request, greedy, with the same token limit.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import resource
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.engines.servers.guard import descendants
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import VideoError
from framescribe.frames.pool import sample_as
from framescribe.frames.sampling import Sampling
from framescribe.records import EncodedImage, Video
from framescribe.results.rows import Results
from framescribe.runs.job import run_job
from framescribe.runs.recipe import Recipe, StageChoice

PROMPT = "Describe this image."
FRAMES = 8  # per video
MAX_PIXELS = 1024 * 1024  # per frame: framescribe's own default

Ask = Callable[[Any], Awaitable["Answers"]]  # of a picture, or a group of them


@dataclass(frozen=True, slots=True)
class Answers:
    """How many requests were answered, and the tokens that the server counted for them."""

    requests: int
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pass: its answers, the seconds it took, the client's CPU seconds, those of its ended children too, and how
    many cores other programs took meanwhile, on average."""

    answers: Answers
    seconds: float
    cpu: float
    others: float

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answers.requests / self.seconds

    @property
    def per_core(self) -> float:
        """Answers per second of the client's CPU time."""
        return self.answers.requests / self.cpu


async def measured(work: Awaitable[Answers]) -> Outcome:
    others, cpu, started = _others(), _cpu(), time.monotonic()
    answers = await work
    seconds, cpu = time.monotonic() - started, _cpu() - cpu
    return Outcome(answers, seconds, cpu, max(0.0, _others() - others) / seconds)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def _others() -> float:
    """CPU seconds of the machine that went to neither this process nor those below it; 0 if there is no /proc."""
    try:
        user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split()[1:9])
    except OSError:
        return 0.0
    ticks = user + nice + system + sum(interrupts)  # proc(5); the last of them is what the hypervisor took
    for process in (os.getpid(), *descendants(os.getpid())):
        with contextlib.suppress(OSError):  # it ended meanwhile
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks -= sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def frames_of(videos: Sequence[Video], seed: int) -> Iterator[EncodedImage]:
    """The pictures that framescribe asks about in a pass of this seed, as it sends them; decoded one video at a time.

    Videos that cannot be decoded yield none.
    """
    for video in videos:
        try:
            clip = sample_as(video.path, sampling(seed), key=video.id, max_pixels=MAX_PIXELS, form="jpeg")
        except VideoError:
            continue
        for frame in clip.frames:
            assert isinstance(frame.image, EncodedImage)
            yield frame.image


def sampling(seed: int) -> Sampling:
    return Sampling(method="random", frames=FRAMES, seed=seed)


def message(image: EncodedImage) -> list[dict[str, Any]]:
    uri = f"data:image/jpeg;base64,{base64.b64encode(image.data).decode('ascii')}"
    parts = [{"type": "image_url", "image_url": {"url": uri}}, {"type": "text", "text": PROMPT}]
    return [{"role": "user", "content": parts}]


def request(model: str, image: EncodedImage, max_tokens: int) -> dict[str, Any]:
    drawn = {"temperature": 0.0, "top_p": 1.0, "seed": 0}
    return {"model": model, "messages": message(image), "max_tokens": max_tokens, **drawn}


# ------------------------------------------------------------------------------- videos, a real server


async def framescribe(
    url: str, model: str, videos: Sequence[Video], seed: int, max_tokens: int, output: Path
) -> Answers:
    """`framescribe frames`: from the files to the rows, told nothing of the server but its URL."""
    recipe = Recipe(
        sampling=sampling(seed),
        max_pixels=MAX_PIXELS,
        stages={
            "frames": StageChoice(
                model=ModelChoice(engine="openai", model=model, base_urls=(url,)),
                prompt=PROMPT,
                decoding=Decoding(max_tokens=max_tokens),
            )
        },
    )
    report = await run_job(recipe, videos, Results(output))
    if report.failed:
        raise SystemExit(f"{report.failed} videos failed: {[row.error for row in report.examples.values()]}")
    counts = report.meter.counts
    return Answers(counts["frames"], counts["prompt_tokens"], counts["completion_tokens"])


async def ready(url: str, bodies: Sequence[bytes], at_once: int) -> Answers:
    """The ideal load: requests that are ready, `at_once` of them in flight, and a client that does nothing else."""
    waiting, answers = iter(bodies), list[Answers]()
    async with _session() as session:

        async def ask() -> None:
            for body in waiting:
                answers.append(await _post(session, url, body))

        await asyncio.gather(*(ask() for _ in range(at_once)))
    return _sum(answers)


async def in_batches(url: str, model: str, videos: Sequence[Video], seed: int, max_tokens: int, size: int) -> Answers:
    """Like scripts that caption in batches: decode a number of frames, send them together, wait for the last answer."""
    pictures, answers = frames_of(videos, seed), list[Answers]()
    async with _session() as session:
        while batch := [picture for _, picture in zip(range(size), pictures, strict=False)]:
            bodies = [json.dumps(request(model, picture, max_tokens)).encode() for picture in batch]
            answers += await asyncio.gather(*(_post(session, url, body) for body in bodies))
    return _sum(answers)


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=None))


async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> Answers:
    headers = {"Content-Type": "application/json"}
    async with session.post(f"{url}/chat/completions", data=body, headers=headers) as response:
        response.raise_for_status()
        answer = await response.json()
    assert isinstance(answer["choices"][0]["message"]["content"], str)
    return Answers(1, answer["usage"]["prompt_tokens"], answer["usage"]["completion_tokens"])


def _sum(answers: Sequence[Answers]) -> Answers:
    return Answers(
        sum(one.requests for one in answers),
        sum(one.prompt_tokens for one in answers),
        sum(one.completion_tokens for one in answers),
    )


# ------------------------------------------------------------------------------- pictures, a responder


async def engine(url: str, model: str, pictures: Sequence[EncodedImage], max_tokens: int, at_once: int) -> Answers:
    """framescribe's client: `OpenAIEngine.complete` for each picture, all awaited together."""
    made = OpenAIEngine(model=model, base_url=url, concurrency=at_once)
    await made.open()
    try:
        asked = [
            ChatRequest(
                messages=(Message(role="user", parts=(ImagePart(one), TextPart(PROMPT))),),
                decoding=Decoding(max_tokens=max_tokens),
            )
            for one in pictures
        ]
        replies = await asyncio.gather(*(made.complete(one) for one in asked))
    finally:
        await made.close()
    return _sum([Answers(1, reply.prompt_tokens or 0, reply.completion_tokens or 0) for reply in replies])


@asynccontextmanager
async def one_by_one(url: str, model: str, max_tokens: int, at_once: int) -> AsyncIterator[Ask]:
    """framescribe's client, `OpenAIEngine.complete`, for one picture, or a group of them, at a time."""
    made = OpenAIEngine(model=model, base_url=url, concurrency=at_once)
    await made.open()

    async def ask(picture: EncodedImage | Sequence[EncodedImage]) -> Answers:
        shown = (picture,) if isinstance(picture, EncodedImage) else picture
        parts = (*map(ImagePart, shown), TextPart(PROMPT))
        asked = ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(max_tokens=max_tokens))
        reply = await made.complete(asked)
        return Answers(1, reply.prompt_tokens or 0, reply.completion_tokens or 0)

    try:
        yield ask
    finally:
        await made.close()


@asynccontextmanager
async def plain(url: str, model: str, max_tokens: int, at_once: int) -> AsyncIterator[Ask]:
    """aiohttp as anyone would use it: base64 and json.dumps, one session, its own pool of connections."""
    trust = ssl.create_default_context() if url.startswith("https") else True
    connector = aiohttp.TCPConnector(limit=0, ssl=trust)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:

        async def ask(picture: EncodedImage) -> Answers:
            return await _post(session, url, json.dumps(request(model, picture, max_tokens)).encode())

        yield ask


async def in_turns(ask: Ask, pictures: Sequence[Any], at_once: int) -> Answers:
    """All these pictures, so many of them at once, each in its turn."""
    waiting, answers = iter(pictures), list[Answers]()

    async def work() -> None:
        for picture in waiting:
            answers.append(await ask(picture))

    await asyncio.gather(*(work() for _ in range(at_once)))
    return _sum(answers)


async def package(url: str, model: str, pictures: Sequence[EncodedImage], max_tokens: int, at_once: int) -> Answers:
    """The `openai` package as its users use it: AsyncOpenAI, `gather`, a semaphore, the transport it comes with."""
    import openai

    turn = asyncio.Semaphore(at_once)
    async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

        async def ask(picture: EncodedImage) -> Answers:
            async with turn:
                said = await client.chat.completions.create(**request(model, picture, max_tokens))
            assert isinstance(said.choices[0].message.content, str) and said.usage
            return Answers(1, said.usage.prompt_tokens, said.usage.completion_tokens)

        return _sum(await asyncio.gather(*(ask(picture) for picture in pictures)))
