"""Connections that are used again: which are, which never, and that an answer goes to its question alone.

The servers here are raw TCP. One that `proves` puts a request's number into its answer, as vLLM does.
"""

import asyncio
import logging
import socket
import struct
from contextlib import asynccontextmanager

import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.transport import client, reuse
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import TooLong, UserError
from framescribe.frames.encode import base64_size
from framescribe.records import EncodedImage
from tests.servers.raw import head_of, listening, received, response, says

REST = 0.05


@pytest.fixture(autouse=True)
def short_rest(monkeypatch):
    monkeypatch.setattr(reuse, "REST_SECONDS", REST)


class Chats:
    """A server that answers "to …". `after(writer, count)` happens after each answer, `before` as a request begins."""

    def __init__(self, *, proves=False, before=None, after=None, more=b""):
        self.proves, self.more = proves, more
        self.before, self.after = before, after
        self.connections = 0  # that had a question
        self.asked = []
        self.numbers = []

    async def connected(self, reader, writer):
        count = 0
        while True:
            if count and self.before:
                await self.before(reader, writer, count)
            head, body = await received(reader)
            if head["path"].endswith("/models"):
                writer.write(response({"data": [{"id": "tiny"}]}))
                return
            count += 1
            self.connections += count == 1
            content = body["messages"][0]["content"]
            text = content if isinstance(content, str) else content[-1]["text"]
            self.asked.append(text)
            self.numbers.append(head["x-request-id"])
            writer.write(says(f"to {text}", head["x-request-id"] if self.proves else "", self.more))
            await writer.drain()
            if self.after:
                await self.after(writer, count)


def question(text, *pictures):
    parts = (*(ImagePart(EncodedImage(bytes(size), "jpeg")) for size in pictures), TextPart(text))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding())


async def said(engine, text, *pictures):
    return (await engine.complete(question(text, *pictures))).text


@asynccontextmanager
async def asking(server):
    async with listening(server.connected if isinstance(server, Chats) else server) as url:
        engine = OpenAIEngine(model="tiny", base_url=url, timeout=30)
        await engine.open()
        try:
            yield engine
        finally:
            await engine.close()


async def in_turn(server, count=4, wait=3 * REST):
    """Questions one after the other; what was answered, and how many tries failed."""
    async with asking(server) as engine:
        found = []
        for number in range(count):
            found.append(await said(engine, str(number)))
            await asyncio.sleep(wait)
        return found, engine.loads()[0].failed_tries


RIGHT = [f"to {number}" for number in range(4)]


# ------------------------------------------------------------------------------------------ which are used again


def test_a_connection_is_used_again_once_it_has_rested():
    server = Chats()
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.connections == 1


def test_one_that_has_not_rested_is_not(monkeypatch):
    monkeypatch.setattr(reuse, "REST_SECONDS", 60)
    server = Chats()
    assert asyncio.run(in_turn(server, wait=0)) == (RIGHT, 0)
    assert server.connections == 4


def test_where_answers_prove_whose_they_are_there_is_no_rest(monkeypatch):
    monkeypatch.setattr(reuse, "REST_SECONDS", 60)
    server = Chats(proves=True)
    assert asyncio.run(in_turn(server, wait=0)) == (RIGHT, 0)
    assert server.connections == 1
    assert len(set(server.numbers)) == 4


def test_a_connection_that_the_server_is_about_to_close_is_not_used_again():
    server = Chats(more=b"Connection: close\r\n")
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.connections == 4


def test_one_that_was_idle_for_long_is_not_used_again(monkeypatch):
    monkeypatch.setattr(reuse, "KEPT_SECONDS", REST)
    server = Chats()
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.connections == 4


def test_no_more_are_kept_than_allowed(monkeypatch):
    monkeypatch.setattr(reuse, "MOST_IDLE", 2)
    server = Chats()

    async def main():
        async with asking(server) as engine:
            for _ in range(2):
                await asyncio.gather(*(said(engine, "at once", 1_000_000) for _ in range(6)))
                await asyncio.sleep(3 * REST)

    asyncio.run(main())
    assert server.connections == 10


def test_of_more_than_are_kept_those_that_have_rested_longest_are(monkeypatch):
    """Else, at a rate at which more come to rest than may be kept, none would ever have rested."""
    monkeypatch.setattr(reuse, "MOST_IDLE", 2)
    monkeypatch.setattr(reuse, "REST_SECONDS", 1.0)
    server = Chats()

    async def main():
        async with asking(server) as engine:
            for _ in range(2):
                await asyncio.gather(*(said(engine, "at once", 1_000_000) for _ in range(4)))
                await asyncio.sleep(0.6)  # less than a rest, and two are more
            await asyncio.gather(*(said(engine, "at once", 1_000_000) for _ in range(2)))

    asyncio.run(main())
    assert server.connections == 8


# ------------------------------------------------------------------------------------------ what ends an idle one


async def half_an_answer(writer, count):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Le")


async def half_closes(writer, count):
    writer.write_eof()


async def resets(writer, count):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize("after", [half_an_answer, half_closes, resets])
def test_what_happens_to_an_idle_connection_ends_it_and_fails_no_request(after):
    server = Chats(after=after)
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.asked == ["0", "1", "2", "3"]
    assert server.connections == 4


def test_what_nobody_asked_for_and_nobody_has_read_yet_is_seen_before_the_connection_is_used():
    """The answer comes while the event loop is busy: it is in the socket when the next request begins."""
    stale = []

    async def after(writer, count):
        stale.append(writer)

    async def main():
        server = Chats(after=after)
        async with asking(server) as engine:
            assert await said(engine, "one") == "to one"
            await asyncio.sleep(3 * REST)
            raw = stale[0].get_extra_info("socket")
            with socket.socket(fileno=socket.dup(raw.fileno())) as copy:
                copy.send(says("to nobody"))  # and at once, before the loop looks again:
            return await said(engine, "two")

    assert asyncio.run(main()) == "to two"


def test_a_server_that_sends_what_nobody_asked_for_is_told_once_and_gets_a_connection_for_each_request(caplog):
    async def after(writer, count):
        if len(server.asked) == 1:
            writer.write(says("to nobody"))

    server = Chats(after=after)
    with caplog.at_level(logging.WARNING):
        assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.connections == 4
    assert caplog.text.count("From now on, each request gets a connection of its own") == 1


def test_a_server_that_times_out_an_idle_connection_says_so_and_is_trusted(caplog):
    async def after(writer, count):
        if len(server.asked) == 1:
            await asyncio.sleep(REST)
            writer.write(b"HTTP/1.0 408 Request Time-out\r\nConnection: close\r\n\r\n")  # HAProxy

    server = Chats(after=after)
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.connections == 2
    assert caplog.text == ""


# ------------------------------------------------------------------------------------------ while it is in use


def test_a_connection_that_ends_as_the_request_comes_is_no_failure_and_nothing_is_asked_twice():
    async def before(reader, writer, count):
        await reader.readexactly(1)
        await resets(writer, count)
        raise ConnectionError

    server = Chats(before=before)
    assert asyncio.run(in_turn(server)) == (RIGHT, 0)
    assert server.asked == ["0", "1", "2", "3"]
    assert server.connections == 4


def test_a_server_that_read_the_request_and_then_closed_has_failed_it():
    async def before(reader, writer, count):
        if len(server.asked) == 1:
            await received(reader)
            raise ConnectionError

    server = Chats(before=before)
    assert asyncio.run(in_turn(server)) == (RIGHT, 1)


def test_the_answer_to_another_request_is_seen_where_answers_prove_whose_they_are(monkeypatch, caplog):
    """It comes after the next request was sent: nothing but its number tells."""

    async def before(reader, writer, count):
        await reader.readexactly(1)
        if count == 2:
            writer.write(says("to nobody", server.numbers[0]))
        reader.feed_data(b"")
        reader._buffer[:0] = b"P"  # it is read as ever

    server = Chats(proves=True, before=before)

    async def main():
        async with asking(server) as engine:
            return [await said(engine, str(number)) for number in range(4)]

    assert asyncio.run(main()) == RIGHT
    assert caplog.text.count("did not belong to its request") == 1


def test_what_comes_late_under_load_goes_to_no_request(monkeypatch):
    monkeypatch.setattr(reuse, "REST_SECONDS", 2)

    async def after(writer, count):
        await asyncio.sleep(0.02)
        writer.write(says("to nobody"))

    async def main():
        server = Chats(after=after)
        async with asking(server) as engine:
            texts = [str(number) for number in range(200)]
            return texts, await asyncio.gather(*(said(engine, text, 10_000) for text in texts))

    texts, found = asyncio.run(main())
    assert found == [f"to {text}" for text in texts]


@pytest.mark.parametrize("proves", [False, True])
def test_under_load_with_idle_connections_that_break_each_question_gets_its_answer(proves):
    async def after(writer, count):
        number = len(server.asked)
        if number % 7 == 0:
            await resets(writer, count)
        elif number % 5 == 0:
            writer.write_eof()

    server = Chats(proves=proves, after=after)

    async def main():
        async with asking(server) as engine:
            texts = [str(number) for number in range(400)]
            return texts, await asyncio.gather(*(said(engine, text, 10_000) for text in texts))

    texts, found = asyncio.run(main())
    assert found == [f"to {text}" for text in texts]
    assert server.connections < 400


def early(answer):
    """A server that answers the first question as soon as it has its head."""
    asked = []

    async def connected(reader, writer):
        head = await head_of(reader)
        if head["path"].endswith("/models"):
            writer.write(response({"data": [{"id": "tiny"}]}))
            return
        asked.append(head)
        if len(asked) == 1:
            writer.write(answer)
            await writer.drain()
            await asyncio.sleep(1)
        await reader.readexactly(int(head["content-length"]))
        writer.write(says("at last"))

    return connected


def test_an_answer_that_comes_before_the_request_was_sent_is_not_its_answer():
    async def main():
        async with asking(early(says("to nobody"))) as engine:
            return await said(engine, "what?", 6_000_000)

    assert asyncio.run(main()) == "at last"


def test_a_refusal_may_come_before_the_request_was_sent():
    async def main():
        refusal = response({"error": "too large"}, status=b"413 Payload Too Large")
        async with asking(early(refusal)) as engine:
            with pytest.raises(TooLong):
                await said(engine, "what?", 6_000_000)

    asyncio.run(main())


def test_a_request_that_is_cancelled_in_mid_answer_leaves_no_connection_behind():
    async def main():
        begun, writers = asyncio.Event(), []

        async def connected(reader, writer):
            while True:
                head, body = await received(reader)
                if head["path"].endswith("/models"):
                    writer.write(response({"data": [{"id": "tiny"}]}))
                    return
                answer = says(f"to {body['messages'][0]['content']}", head["x-request-id"])
                if not writers:
                    writers.append(writer)
                    writer.write(answer[:-5])
                    begun.set()
                    await asyncio.sleep(3 * REST)
                    writer.write(answer[-5:])
                else:
                    writer.write(answer)

        async with asking(connected) as engine:
            task = asyncio.create_task(said(engine, "one"))
            await begun.wait()
            await asyncio.sleep(REST)  # half of the answer is there
            task.cancel()
            return await asyncio.gather(*(said(engine, text) for text in ("two", "three")))

    assert asyncio.run(main()) == ["to two", "to three"]


# ------------------------------------------------------------------------------------------ what is sent, and where


def test_a_long_body_lets_others_have_their_turn():
    """16 pictures of 300 kB to a socket that takes everything at once."""
    turns = []

    class Writer:
        async def write(self, data):
            turns.append(len(data))

        async def drain(self):
            pass

    async def main():
        async def others():
            while True:
                turns.append("others")
                await asyncio.sleep(0)

        pieces = [b"{"]
        for _ in range(16):
            pieces += [EncodedImage(bytes(300_000), "jpeg"), b"}"]
        task = asyncio.create_task(others())
        await client._Body(pieces).write(Writer())
        task.cancel()

    asyncio.run(main())
    longest = sent = 0
    for turn in turns:
        sent = 0 if turn == "others" else sent + turn
        longest = max(longest, sent)
    assert sum(turn for turn in turns if turn != "others") == 1 + 16 * 400_001
    assert longest < 1_000_000


def test_base64_is_made_once_and_counted():
    picture = EncodedImage(b"a picture", "jpeg")
    assert picture.base64 == b"YSBwaWN0dXJl"
    assert picture.base64 is picture.base64
    assert [base64_size(EncodedImage(bytes(n), "png")) for n in range(5)] == [0, 4, 4, 4, 8]


def test_no_redirect_is_followed_and_the_key_goes_nowhere_else(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "marker-5ecret-0123456789")
    seen = []

    async def elsewhere(reader, writer):
        seen.append(await head_of(reader))

    async def main():
        async with listening(elsewhere) as other:

            async def here(reader, writer):
                await head_of(reader)
                moved = f"Location: {other}/models\r\n".encode()
                writer.write(response({}, moved, status=b"307 Temporary Redirect"))

            async with listening(here) as url:
                with pytest.raises(UserError) as caught:
                    await OpenAIEngine(model="tiny", base_url=url).open()
            assert other in str(caught.value)
            assert len(str(caught.value).splitlines()) == 2

    asyncio.run(main())
    assert seen == []
