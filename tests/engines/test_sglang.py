"""SGLang's own server on the CPU, started by framescribe, answers as transformers does, also through its router.

The models are shapes-llm and a tiny random Qwen2.5-VL, which SGLang runs in classes of its own.
"""

import asyncio
import json
import os
import signal
import urllib.request

import numpy as np
import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.in_process.engine import TransformersEngine
from framescribe.engines.presets import builtin_folder
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.servers import program
from framescribe.engines.servers.child import Child, free_port
from framescribe.engines.servers.served import ServedEngine
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import Refused, TooLong
from tests.engines.checkpoints import write
from tests.engines.environments import ready
from tests.engines.native_resolution import QWEN2_5_VL
from tests.engines.sglang import ENVIRONMENT, EXECUTABLE, OPTIONS, serving
from tests.runs import gone, until

if not ready("sglang"):
    pytest.skip("no SGLang here: make test-sglang", allow_module_level=True)

CLIPS = 20
MANY = 16
pytestmark = pytest.mark.timeout(1200)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


class Asking:
    """A server that framescribe started for a checkpoint's folder, and the in-process engine beside it."""

    def __init__(self, folder, runner, served):
        self.folder, self.runner, self.served = folder, runner, served

    def served_replies(self, *requests, at_once=False):
        """The server's replies, of pictures that no JPEG has changed."""
        return self.runner.run(self._work(requests, at_once))

    def engine(self, **options):
        settings = {"model": "model", "base_url": self.served.urls, "api_key_env": "", "concurrency": MANY}
        return OpenAIEngine(**settings | options, image_format="png")

    async def _work(self, requests, at_once):
        engine = self.engine()
        await engine.open()
        try:
            return await replies(engine, requests, at_once)
        finally:
            await engine.close()

    def in_process(self, *requests):
        async def work():
            engine = TransformersEngine(model=str(self.folder), device="cpu", dtype="float32")
            await engine.open()
            try:
                return await replies(engine, requests, False)
            finally:
                await engine.close()

        return self.runner.run(work())


async def replies(engine, requests, at_once):
    if at_once:
        return await asyncio.gather(*(engine.complete(request) for request in requests))
    return [await engine.complete(request) for request in requests]


def asking(folder, logs, **server):
    """An `Asking` for the folder, as a generator."""
    described = program.Server(repository=str(folder), name="model", arguments=OPTIONS, **server)
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        served = ServedEngine("sglang", described, executable=[str(EXECUTABLE)], gpus=[()], logs=logs)
        runner.run(served.open())
        try:
            yield Asking(folder, runner, served)
        finally:
            runner.run(served.close())


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    folder = write(QWEN2_5_VL, tmp_path_factory.mktemp("qwen2_5_vl"))
    yield from asking(folder, tmp_path_factory.mktemp("logs"), prompt=PromptSize(pictures=3))


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    yield from asking(builtin_folder("shapes-llm"), tmp_path_factory.mktemp("logs"), prompt=None)


def picture(seed, width, height):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


WIDE, TALL, SQUARE = picture(1, 128, 96), picture(2, 64, 120), picture(3, 80, 80)


def question(*pictures, text="Tell me.", max_tokens=8):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(max_tokens=max_tokens))


def sentences(count):
    colours = ("red", "blue", "green", "yellow")
    places = ("on the left", "on the right", "at the top", "at the bottom", "in the middle")
    told = [f"A large {colour} circle is {place}." for colour in colours for place in places]
    return [f"frame 1: {first} frame 2: {second}" for first, second in zip(told, told[::-1], strict=True)][:count]


PICTURED = [question(), *(question(*shown) for shown in [(WIDE,), (TALL,), (WIDE, TALL), (TALL, WIDE)])]
PICTURED += [question(WIDE, TALL, SQUARE), question(SQUARE, TALL, WIDE)]


def test_pictures_and_their_order_reach_the_model_as_in_process(qwen):
    got = qwen.served_replies(*PICTURED)
    assert got == qwen.in_process(*PICTURED)
    assert len({reply.text for reply in got}) == len(PICTURED)


def test_many_at_once_get_what_each_gets_alone(qwen):
    assert qwen.served_replies(*PICTURED, at_once=True) == qwen.served_replies(*PICTURED)


def test_one_picture_more_than_the_run_needs_is_refused(qwen):
    with pytest.raises(Refused, match="Image count 4 exceeds limit 3"):
        qwen.served_replies(question(WIDE, TALL, SQUARE, SQUARE))


def test_a_picture_and_words_that_do_not_fit_are_too_long(qwen):
    with pytest.raises(TooLong):
        qwen.served_replies(question(WIDE, text="word " * 5000))


def test_text_is_answered_as_in_process(llm):
    asked = [question(text=text, max_tokens=64) for text in sentences(20)]
    got = llm.served_replies(*asked)
    assert got == llm.in_process(*asked)
    assert len({reply.text for reply in got}) > len(asked) / 2


@pytest.fixture
def router(qwen, tmp_path):
    """The URL of SGLang's router before the server."""
    words = ("--worker-urls", qwen.served.urls[0].removesuffix("/v1"), "--host", "127.0.0.1")
    port, other = free_port(), free_port()
    argv = [str(EXECUTABLE.with_name("sglang-router")), "launch", *words, "--port", str(port)]
    child = Child([*argv, "--prometheus-port", str(other)], {}, tmp_path / "router.log")
    qwen.runner.run(child.start())
    try:
        qwen.runner.run(
            child.until_up(f"http://127.0.0.1:{port}/v1/models", 60)
        )  # it is healthy before it has a server
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        qwen.runner.run(child.stop())


def test_the_same_answers_come_through_the_router_which_tells_its_model(qwen, router):
    async def work():
        engine = qwen.engine(base_url=router, model=None)
        await engine.open()
        try:
            with pytest.raises(TooLong):
                await engine.complete(question(text="word " * 5000))
            return await replies(engine, PICTURED, True)
        finally:
            await engine.close()

    assert qwen.runner.run(work()) == qwen.served_replies(*PICTURED)


def under_way(url):
    """How many requests the server has."""
    with urllib.request.urlopen(f"{url}/loads?include=core", timeout=10) as answer:
        return sum(one["num_running_reqs"] + one["num_waiting_reqs"] for one in json.load(answer)["loads"])


def test_told_to_end_it_finishes_what_is_under_way_and_is_started_again(llm):
    asked = [question(text=text, max_tokens=300) for text in sentences(MANY)]
    before = serving(os.getpid(), llm.folder)

    async def work():
        engine = llm.engine(extra={"ignore_eos": True}, retries=0, patience=0)  # answers as long as they may be
        await engine.open()
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(engine.complete(request)) for request in asked]
                await asyncio.to_thread(until, lambda: under_way(llm.served.urls[0]) == MANY, 300)
                os.kill(before, signal.SIGTERM)
        finally:
            await engine.close()
        await asyncio.to_thread(until, lambda: gone([before]), 300)
        again = await llm.served.complete(question(max_tokens=3))
        return [task.result() for task in tasks], again

    got, again = llm.runner.run(work())
    assert {(reply.finish_reason, reply.completion_tokens) for reply in got} == {("length", 300)}
    assert again.completion_tokens == 3
    assert serving(os.getpid(), llm.folder) != before
