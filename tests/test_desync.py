"""Answers that belong to no request, and answers that stop half way, on connections that are used again.

The server here is raw TCP: no HTTP library sends what it sends.
"""

import asyncio
from contextlib import asynccontextmanager

import pytest

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.transport.openai_api import OpenAIEngine
from tests.servers.raw import listening, received, response, says


@asynccontextmanager
async def serving(chat):
    """The URL of a server that keeps its connections; `chat(text, writer)` writes what answers a question."""

    async def connected(reader, writer):
        while True:
            head, body = await received(reader)
            if head["path"].endswith("/models"):
                writer.write(response({"data": [{"id": "tiny"}]}))
            else:
                await chat(body["messages"][0]["content"], writer)

    async with listening(connected) as url:
        yield url


def question(text):
    return ChatRequest(messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding())


async def said(engine, text):
    return (await engine.complete(question(text))).text


@pytest.mark.parametrize("seconds", [None, 0, 0.2], ids=["in the same segment", "at once", "while it is idle"])
def test_an_answer_that_nobody_asked_for_is_taken_by_no_request(seconds):
    async def chat(text, writer):
        if seconds is None:
            writer.write(says(f"to {text}") + says("to nobody"))
        else:
            writer.write(says(f"to {text}"))
            await writer.drain()
            await asyncio.sleep(seconds)
            writer.write(says("to nobody"))

    async def main():
        async with serving(chat) as url:
            engine = OpenAIEngine(model="tiny", base_url=url, timeout=5)
            await engine.open()
            try:
                one_by_one = []
                for number in range(5):
                    one_by_one.append(await said(engine, f"question {number}"))
                    await asyncio.sleep(2 * (seconds or 0))
                at_once = await asyncio.gather(*(said(engine, f"question {number}") for number in range(20)))
                await asyncio.sleep(2 * (seconds or 0))
                return one_by_one, at_once, await said(engine, "the last")
            finally:
                await engine.close()

    one_by_one, at_once, last = asyncio.run(main())
    assert one_by_one == [f"to question {number}" for number in range(5)]
    assert at_once == [f"to question {number}" for number in range(20)]
    assert last == "to the last"


def test_an_answer_that_stalls_half_way_ends_by_the_time_out_and_is_asked_again():
    asked = []

    async def chat(text, writer):
        asked.append(text)
        whole = says(f"to {text}")
        if len(asked) > 2:
            writer.write(whole)
        else:
            writer.write(whole[: whole.index(b"\r\n\r\n") + 20])  # the head and the beginning of the body

    async def main():
        async with serving(chat) as url:
            engine = OpenAIEngine(model="tiny", base_url=url, timeout=0.5)
            await engine.open()
            try:
                return await said(engine, "one"), await said(engine, "two")
            finally:
                await engine.close()

    assert asyncio.run(main()) == ("to one", "to two")
    assert asked == ["one", "one", "one", "two"]


def test_an_answer_that_only_drips_ends_by_the_time_out_too():
    asked = []

    async def chat(text, writer):
        asked.append(text)
        whole = says(f"to {text}")
        if len(asked) > 1:
            writer.write(whole)
            return
        for byte in whole:  # some 15 seconds in all, never two tenths of a second without a byte
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    async def main():
        async with serving(chat) as url:
            engine = OpenAIEngine(model="tiny", base_url=url, timeout=0.5)
            await engine.open()
            try:
                return await said(engine, "one")
            finally:
                await engine.close()

    assert asyncio.run(main()) == "to one"
    assert asked == ["one", "one"]
