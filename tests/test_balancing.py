"""Several servers share the work, and the end of one costs no request. Faults are scripted."""

import asyncio
import logging
import socket
import time

import pytest

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import EngineFault, RunError, TooLong, UserError
from tests.servers import ScriptedServer, answers, drops, says, sleeps


def question(text="what?"):
    return ChatRequest(messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding())


def using(urls, work, **options):
    async def main():
        engine = OpenAIEngine(**{"model": "tiny", "base_url": urls, "timeout": 5, "patience": 5, **options})
        await engine.open()
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


def closed_port():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        return reserved.getsockname()[1]


def many(count):
    async def work(engine):
        return await asyncio.gather(*(engine.complete(question(str(n))) for n in range(count)))

    return work


def test_servers_get_work_by_what_they_hold():
    with ScriptedServer(sleeps(0.02, says("quick"))) as quick, ScriptedServer(sleeps(3, says("slow"))) as slow:
        replies = using([quick.url, slow.url], many(120), concurrency=4)
        assert len(replies) == 120
        assert slow.requests
        assert len(quick.requests) > 4 * len(slow.requests)
        assert max(quick.most_at_once, slow.most_at_once) == 4


def test_the_end_of_one_server_costs_no_request(caplog):
    caplog.set_level(logging.INFO, "framescribe")
    with ScriptedServer(sleeps(0.02)) as first, ScriptedServer(sleeps(0.02)) as second:

        async def work(engine):
            asked = asyncio.gather(*(engine.complete(question(str(n))) for n in range(150)))
            while not second.requests:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.to_thread(second.stop)
            return await asked

        replies = using([first.url, second.url], work, concurrency=4)
        assert [reply.text for reply in replies] == ["fine"] * 150
        assert second.requests
    assert f"{second.url} gets no requests now" in caplog.text
    assert "1 left" in caplog.text


def test_a_server_that_fails_is_taken_out_and_put_back(caplog):
    ill = [answers(500, "CUDA error")] * 3
    with ScriptedServer(sleeps(0.01)) as well, ScriptedServer(*ill, sleeps(0.01, says("well again"))) as other:

        async def work(engine):
            before = await many(12)(engine)
            await asyncio.sleep(1)  # the first probe is half a second after
            return before, await many(40)(engine)

        before, after = using([well.url, other.url], work, concurrency=2)
        assert len(before) == 12
        assert "well again" in {reply.text for reply in after}
    assert f"{other.url} gets no requests now: it answers 500 CUDA error (1 left)" in caplog.text
    assert f"{other.url} answers again" in caplog.text


def test_a_server_that_is_not_there_yet_joins_later():
    with ScriptedServer(sleeps(0.02)) as first:
        port = closed_port()

        async def work(engine):
            before = await many(10)(engine)
            with ScriptedServer(sleeps(0.02, says("late")), port=port) as late:
                await asyncio.sleep(1.2)
                after = await many(40)(engine)
                assert late.requests
            return before, after

        before, after = using([f"http://127.0.0.1:{port}/v1", first.url], work, concurrency=2)
        assert {reply.text for reply in before} == {"fine"}
        assert {reply.text for reply in after} == {"fine", "late"}


def test_with_no_server_left_it_waits_says_so_and_stops(caplog):
    caplog.set_level(logging.INFO, "framescribe")
    with ScriptedServer() as server:

        async def work(engine):
            await engine.complete(question())
            await asyncio.to_thread(server.stop)
            started = time.monotonic()
            found = await asyncio.gather(*(engine.complete(question()) for _ in range(20)), return_exceptions=True)
            return found, time.monotonic() - started

        found, waited = using([server.url], work, patience=2)
        assert all(isinstance(error, RunError) for error in found)
        assert "no server has answered for 2 s" in str(found[0])
        assert "refused" in str(found[0])
        assert waited >= 2
    assert "none is left: waiting" in caplog.text


def test_the_only_server_may_come_back():
    with ScriptedServer() as server:
        port = server.port

        async def work(engine):
            await engine.complete(question())
            await asyncio.to_thread(server.stop)
            asked = asyncio.gather(*(engine.complete(question()) for _ in range(20)))
            await asyncio.sleep(0.7)
            with ScriptedServer(says("again"), port=port):
                return await asked

        assert {reply.text for reply in using([server.url], work, patience=10)} == {"again"}


def test_overload_halves_what_is_under_way():
    busy = answers(429, {"error": {"message": "slow down"}})
    with ScriptedServer(*[busy] * 4, sleeps(0.05)) as server:

        async def work(engine):
            before = engine.concurrency
            found = await many(60)(engine)
            return before, found, engine.concurrency

        before, found, after = using([server.url], work)
        assert (before, after) == (16, 8)
        assert len(found) == 60


def test_retry_after_leaves_the_server_alone_but_not_the_others():
    later = answers(429, "later", {"Retry-After": "300"})
    with ScriptedServer(later, says("rested")) as tired, ScriptedServer(sleeps(0.02)) as fresh:
        replies = using([tired.url, fresh.url], many(30), concurrency=1)
        assert {reply.text for reply in replies} == {"fine"}
        assert len(tired.requests) == 1


def test_a_request_goes_to_another_server_when_one_fails_it():
    with ScriptedServer(answers(500, "oops")) as broken, ScriptedServer(says("right")) as good:

        async def work(engine):
            return [await engine.complete(question()) for _ in range(2)]

        assert [reply.text for reply in using([broken.url, good.url], work)] == ["right", "right"]


def test_servers_that_serve_different_models_are_refused_by_name():
    with ScriptedServer(models=["one"]) as first, ScriptedServer(models=["two"]) as second:
        with pytest.raises(UserError, match="do not serve the same model") as caught:
            using([first.url, second.url], many(1), model=None)
        assert "one" in str(caught.value)
        assert "two" in str(caught.value)


def test_a_wrong_key_at_one_of_two_is_told_before_the_run():
    who = ScriptedServer(models=answers(401, "who are you?"))
    with ScriptedServer() as first, who as second, pytest.raises(UserError, match="needs a key"):
        using([first.url, second.url], many(1))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "This model's maximum context length is 4096 tokens. However, your messages resulted in 9000 tokens."),
        (400, "The decoder prompt (length 9000) is longer than the maximum model length of 4096."),
        (500, "Prompt exceeds n_ctx: 9000 > 4096"),
    ],
)
def test_a_request_that_is_too_long_is_told_apart(status, words):
    with ScriptedServer(answers(status, {"error": {"message": words}})) as server:

        async def work(engine):
            with pytest.raises(TooLong, match="4096"):
                await engine.complete(question())

        using([server.url], work)


def test_organisation_headers_and_a_query_in_the_url_reach_the_server(monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-7")
    with ScriptedServer() as server:
        using([f"{server.url}?api-version=2026-01-01"], many(1))
        assert server.headers[0]["OpenAI-Organization"] == "org-7"
        assert server.queries[0] == {"api-version": "2026-01-01"}


def test_dropped_connections_fail_the_request_after_its_retries():
    with ScriptedServer(drops()) as server:

        async def work(engine):
            with pytest.raises(EngineFault, match="dropped the connection"):
                await engine.complete(question())

        using([server.url], work, retries=1)


def test_azures_key_header_is_sent_to_azure_alone(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "a-key")

    def headers(url):
        return OpenAIEngine(model="m", base_url=url).endpoints[0]._connect().place.headers

    azure = headers("https://mine.openai.azure.com/openai/deployments/m?api-version=2024-10-21")
    assert azure["api-key"] == "a-key"
    for url in ("https://api.example.org/v1", "https://azure.com.example.org/v1"):
        assert "api-key" not in headers(url)
