"""What a server can do wrong, and what the user is told; the key is in no message and in no log."""

import asyncio
import base64
import email.utils
import io
import logging
import socket
import threading
import time
import traceback

import numpy as np
import pytest
from PIL import Image

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import BadReply, EngineFault, Refused, RunError, UserError
from tests.runs import until
from tests.servers import ScriptedServer, answers, breaks_off, drops, says, sends, sleeps

KEY = "marker-5ecret-0123456789"


@pytest.fixture(autouse=True)
def key(monkeypatch, caplog):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    caplog.set_level(logging.DEBUG)
    yield
    assert KEY not in caplog.text


def question(text="what?", **decoding):
    return ChatRequest(messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding(**decoding))


def ask(server_or_url, *requests, **options):
    """Replies, or the errors in their place, of requests asked one after the other; an error of open is raised."""
    url = getattr(server_or_url, "url", server_or_url)

    async def main():
        engine = OpenAIEngine(**{"model": "tiny", "base_url": url, "timeout": 5, **options})
        await engine.open()
        found = []
        for request in requests:
            found += await asyncio.gather(engine.complete(request), return_exceptions=True)
        await engine.close()
        await engine.close()
        return found

    found = asyncio.run(main())
    for error in found:
        if isinstance(error, Exception):
            assert KEY not in "".join(traceback.format_exception(error))
    return found


def refused_to_open(url, **options):
    with pytest.raises(UserError) as caught:
        ask(url, **options)
    text = str(caught.value)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert len(text.splitlines()) <= 2
    return text


# ------------------------------------------------------------------------------------------ what passes


def test_a_death_that_is_known_after_two_tries_was_one_death():
    async def main(server):
        engine = OpenAIEngine(model="tiny", base_url=server.url, timeout=5)
        await engine.open()
        before = len(server.requests)
        work = asyncio.create_task(engine.complete(question()))
        await asyncio.to_thread(until, lambda: len(server.requests) >= before + 2)
        engine.died(0, "it died")  # as whoever started it says
        engine.returned(0)
        reply = await work
        await engine.close()
        return reply

    with ScriptedServer(drops(), drops(), says("at last")) as server:
        assert asyncio.run(main(server)).text == "at last"


def test_what_comes_while_a_server_ends_is_not_blamed_for_its_end():
    dead = threading.Event()

    async def chat(request):
        if (await request.json())["messages"][0]["content"] == "die":
            dead.set()
        return await (drops() if dead.is_set() else says())(request)

    async def models(request):
        return await (drops() if dead.is_set() else answers(200, {"data": [{"id": "tiny"}]}))(request)

    async def main(server):
        engine = OpenAIEngine(model="tiny", base_url=server.url, timeout=5)
        await engine.open()
        work = asyncio.gather(*(engine.complete(question(text)) for text in ("die", "you")), return_exceptions=True)
        for _ in range(2):
            await asyncio.to_thread(dead.wait, 30)
            await asyncio.sleep(0.2)
            engine.died(0, "it died")  # as whoever started it says
            dead.clear()
            engine.returned(0)
        found = await work
        await engine.close()
        return found

    with ScriptedServer(chat, models=models) as server:
        killer, other = asyncio.run(main(server))
    assert isinstance(killer, EngineFault)
    assert other.text == "fine"


def test_retry_after_is_waited_for_in_seconds():
    limited = answers(429, {"error": {"message": "slow down"}}, {"Retry-After": "2"})
    with ScriptedServer(limited, says("at last")) as server:
        started = time.monotonic()
        (reply,) = ask(server, question())
        assert time.monotonic() - started >= 2
        assert reply.text == "at last"
        assert len(server.requests) == 2


def test_retry_after_may_be_a_date():
    date = email.utils.formatdate(time.time() + 3, usegmt=True)
    with ScriptedServer(answers(503, "busy", {"Retry-After": date}), says("at last")) as server:
        started = time.monotonic()
        (reply,) = ask(server, question())
        assert time.monotonic() - started >= 1.5
        assert reply.text == "at last"


def test_a_long_retry_after_is_not_cut_short():
    async def main(url):
        engine = OpenAIEngine(model="tiny", base_url=url)
        await engine.open()
        asked = asyncio.create_task(engine.complete(question()))
        done, _ = await asyncio.wait([asked], timeout=3)  # the client's own back-off would have asked again by now
        asked.cancel()
        await engine.close()
        return done

    with ScriptedServer(answers(429, "later", {"Retry-After": "30"}), says()) as server:
        assert not asyncio.run(main(server.url))
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fault",
    # A vLLM that is told to end answers what it was at as if it were done.
    [answers(500, "oops"), drops(), breaks_off(), sleeps(30), says("", "abort"), says("A red squ", "abort")],
    ids=["500", "drop", "break", "time-out", "aborted", "aborted half-way"],
)
def test_passing_faults_are_asked_again(fault):
    with ScriptedServer(fault, fault, says("fine")) as server:
        (reply,) = ask(server, question(), timeout=0.5)
        assert reply.text == "fine"
        assert len(server.requests) == 3


def test_no_more_requests_than_allowed_are_under_way():
    async def main(url):
        engine = OpenAIEngine(model="tiny", base_url=url, concurrency=3)
        await engine.open()
        await asyncio.gather(*(engine.complete(question(str(n))) for n in range(12)))
        await engine.close()

    with ScriptedServer(sleeps(0.05)) as server:
        asyncio.run(main(server.url))
        assert server.most_at_once == 3
        assert len(server.requests) == 12


# ------------------------------------------------------------------------------------------ what is asked and answered


@pytest.mark.parametrize("image_format", ["jpeg", "png"])
def test_pictures_keep_their_place_and_their_colours(image_format):
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, :30] = (220, 20, 30)
    parts = (TextPart("before"), ImagePart(pixels[:, ::-1]), TextPart("after"))
    system = Message(role="system", parts=(TextPart("be brief"),))
    request = ChatRequest(messages=(system, Message(role="user", parts=parts)), decoding=Decoding(max_tokens=7, seed=3))
    with ScriptedServer() as server:
        (reply,) = ask(server, request, image_format=image_format)
        asked = server.requests[0]
        assert server.authorization[0] == f"Bearer {KEY}"
    assert (reply.text, reply.finish_reason, reply.prompt_tokens, reply.completion_tokens) == ("fine", "stop", 5, 2)
    assert asked["messages"][0] == {"role": "system", "content": "be brief"}
    first, picture, last = asked["messages"][1]["content"]
    assert (first["text"], last["text"]) == ("before", "after")
    kind, _, data = picture["image_url"]["url"].partition(",")
    assert kind == f"data:image/{image_format};base64"
    seen = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    assert seen.shape == (40, 60, 3)
    assert np.abs(seen[20, 50] - (220, 20, 30)).max() < 6
    assert seen[20, 10].max() < 6
    rest = {name: value for name, value in asked.items() if name != "messages"}
    assert rest == {"model": "tiny", "max_tokens": 7, "temperature": 0.0}  # nothing is drawn


def test_a_server_that_wants_max_completion_tokens_gets_it_from_then_on():
    wants = answers(400, {"error": {"message": "Unsupported parameter: use 'max_completion_tokens' instead."}})
    with ScriptedServer(wants, says("one"), says("two")) as server:
        replies = ask(server, question(max_tokens=9), question(max_tokens=9))
        assert [reply.text for reply in replies] == ["one", "two"]
        assert ["max_completion_tokens" in request for request in server.requests] == [False, True, True]
        assert "max_tokens" not in server.requests[-1]


# ------------------------------------------------------------------------------------------ one request fails


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_carries_the_servers_words_cut_and_is_not_repeated(status):
    long = f"This model's maximum context length is 4096 tokens, key {KEY} " + "x" * 2000
    with ScriptedServer(answers(status, {"error": {"message": long}}), says("next")) as server:
        error, reply = ask(server, question(), question())
        assert isinstance(error, Refused)
        assert "maximum context length is 4096" in str(error)
        assert len(str(error)) < 400
        assert reply.text == "next"
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "body",
    [{"detail": [{"msg": "too many images"}]}, {"error": "too many images"}, "<html><b>too many images</b></html>"],
)
def test_the_servers_words_are_found_in_every_servers_way_of_saying_them(body):
    with ScriptedServer(answers(400, body)) as server:
        (error,) = ask(server, question())
        assert str(error).endswith("(400): too many images")


@pytest.mark.parametrize(
    "act",
    [
        *(sends(raw) for raw in (b"", b"null", b"{ not json", b"\xff\xfe", b'"text"', b'{"choices": "none"}')),
        *(sends(b'{"choices": [%s]}' % choice) for choice in (b"", b"null", b'{"message": null}')),
        answers(200, "<html>a proxy's page</html>"),
    ],
)
def test_garbage_is_asked_again_and_a_bad_reply_if_it_lasts(act):
    with ScriptedServer(act, says("next")) as server:
        assert ask(server, question())[0].text == "next"
        assert len(server.requests) == 2
    with ScriptedServer(act) as server:
        (error,) = ask(server, question(), retries=1)
        assert isinstance(error, BadReply)
        assert "not a chat completion" in str(error)
        assert len(server.requests) == 2


def test_an_answer_without_text_is_a_bad_reply_and_the_next_request_goes_on():
    with ScriptedServer(says(None), says(" "), says("next")) as server:
        *errors, reply = ask(server, question(), question(), question())
        assert all(isinstance(error, BadReply) and "empty answer" in str(error) for error in errors)
        assert reply.text == "next"


def test_a_model_that_only_thought_is_told_apart():
    with ScriptedServer(
        says(None, "length", reasoning_content="let me think"), says("", "length", reasoning="hm")
    ) as server:
        for error in ask(server, question(), question()):
            assert isinstance(error, BadReply)
            assert "--max-tokens" in str(error)


def test_a_models_own_refusal_is_a_refusal():
    with ScriptedServer(says(None, refusal="I can't describe that."), says(None, "content_filter")) as server:
        first, second = ask(server, question(), question())
        assert isinstance(first, Refused)
        assert "can't describe" in str(first)
        assert isinstance(second, Refused)


def test_a_lasting_fault_of_one_request_is_that_requests_own():
    fault = answers(500, {"error": {"message": f"CUDA went away, {KEY}"}})
    with ScriptedServer(fault, fault, says("next")) as server:
        error, reply = ask(server, question(), question(), retries=1)
        assert isinstance(error, EngineFault)
        assert "500 CUDA went away" in str(error)
        assert reply.text == "next"


# ------------------------------------------------------------------------------------------ the run must stop


def test_ten_failures_in_a_row_end_the_run_and_a_success_between_them_starts_the_count_again():
    fault = answers(503, {"error": {"message": "no workers"}})
    with ScriptedServer(*[fault] * 9, says(), fault) as server:
        found = ask(server, *[question()] * 22, retries=0)
        assert [type(error).__name__ for error in found[:10]] == ["EngineFault"] * 9 + ["Reply"]
        assert [type(error).__name__ for error in found[10:]] == ["EngineFault"] * 9 + ["RunError"] * 3
        assert "10 requests in a row" in str(found[19])
        assert "no workers" in str(found[19])
        assert len(server.requests) == 20  # once it is over, nobody is asked any more


def test_dropped_connections_and_time_outs_count_too():
    with ScriptedServer(drops()) as server:
        found = ask(server, *[question()] * 10, retries=0, patience=1)
        assert isinstance(found[0], EngineFault)
        assert "dropped" in str(found[0])
        assert isinstance(found[9], RunError)
    with ScriptedServer(sleeps(5)) as server:
        (error,) = ask(server, question(), retries=0, timeout=1)
        assert isinstance(error, EngineFault)
        assert "no answer in time" in str(error)


def test_a_server_that_goes_away_ends_the_run():
    async def main(server):
        engine = OpenAIEngine(model="tiny", base_url=server.url, retries=1, patience=1)
        await engine.open()
        assert (await engine.complete(question())).text == "fine"
        server.stop()
        try:
            with pytest.raises(RunError, match=r"cannot be reached any more: .*refused"):
                await engine.complete(question())
        finally:
            await engine.close()

    with ScriptedServer() as server:
        asyncio.run(main(server))


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (
            answers(401, {"error": {"message": f"Incorrect API key provided: {KEY}"}}),
            "does not accept the key in OPENAI_API_KEY",
        ),
        (answers(403, "forbidden"), "OPENAI_API_KEY"),
        (answers(404, {"error": {"message": "The model `tiny` does not exist."}}), "does not exist"),
        (answers(429, {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}), "quota"),
        (answers(429, {"error": {"message": "daily limit"}}, {"Retry-After": "3600"}), "3600 s"),
    ],
    ids=["401", "403", "404", "quota", "an hour"],
)
def test_what_no_request_can_get_past_ends_the_run(act, words):
    with ScriptedServer(act, says()) as server:
        first, second = ask(server, question(), question(), retries=0)
        assert isinstance(first, RunError)
        assert words in str(first)
        assert isinstance(second, RunError)
        assert len(server.requests) == 1


# ------------------------------------------------------------------------------------------ opening


def test_nobody_listens():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        text = refused_to_open(f"http://user:{KEY}@127.0.0.1:{reserved.getsockname()[1]}/v1")
    assert "http://127.0.0.1" in text
    assert "Is the server running?" in text
    assert "user" not in text


def test_something_that_is_no_http_server_listens():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        async def main():
            def greet():
                for _ in range(3):
                    connection, _ = other.accept()
                    connection.sendall(b"220 mail.example.org ESMTP\r\n")
                    connection.close()

            asyncio.get_running_loop().run_in_executor(None, greet)
            engine = OpenAIEngine(model="tiny", base_url=f"http://127.0.0.1:{port}/v1", timeout=2)
            with pytest.raises(UserError) as caught:
                await engine.open()
            for _ in range(2):  # let the greeter end, however many connections were made
                with socket.create_connection(("127.0.0.1", port), 0.2):
                    pass
            return str(caught.value)

        assert "127.0.0.1" in asyncio.run(main())


@pytest.mark.parametrize("url", ["localhost:8000/v1", "ftp://host/v1", "http:///v1"])
def test_a_url_that_is_none(url):
    assert "http://localhost:8000/v1" in refused_to_open(url)


def test_the_models_name_is_settled():
    unknown = answers(404, {"error": {"message": "no such model"}})
    with ScriptedServer(unknown, models=["qwen3-vl-8b", "qwen3-8b"]) as server:
        assert "Did you mean --model qwen3-vl-8b?" in refused_to_open(server.url, model="qwen3-vl-8B-instruct")
        assert "qwen3-vl-8b, qwen3-8b" in refused_to_open(server.url, model="zzz")
        assert "serves 2 models" in refused_to_open(server.url, model=None)
    with ScriptedServer(models=["the-only-one"]) as server:
        ask(server, question(), model=None)
        assert server.requests[0]["model"] == "the-only-one"
    with ScriptedServer(models=["llava:latest"]) as server:  # Ollama: answers to a name that it does not list
        assert ask(server, question(), model="llava")[0].text == "fine"


def test_the_only_models_name_is_known_once_the_engine_is_open():
    async def main(url):
        engine = OpenAIEngine(model=None, base_url=url)
        before = engine.model
        await engine.open()
        await engine.close()
        return before, engine.model

    with ScriptedServer(models=["the-only-one"]) as server:
        assert asyncio.run(main(server.url)) == (None, "the-only-one")


@pytest.mark.parametrize("act", [answers(404, "not found"), answers(500, "oops"), answers(200, "<html>"), sends(b"[]")])
def test_a_server_that_lists_no_models(act):
    with ScriptedServer(models=act) as server:
        assert ask(server, question(), retries=0)[0].text == "fine"
        assert "--model NAME" in refused_to_open(server.url, model=None, retries=0)


def test_a_server_that_still_loads_and_a_url_without_its_v1():
    with ScriptedServer(models=answers(503, {"error": {"message": "Loading model"}})) as server:
        assert "503 Loading model" in refused_to_open(server.url, retries=0)
    with ScriptedServer() as server:
        assert f"--base-url {server.url}" in refused_to_open(server.root)
        assert server.requests == []


def test_the_key_is_missing_wrong_or_broken(monkeypatch):
    with ScriptedServer(models=answers(401, {"error": {"message": f"bad key {KEY}"}})) as server:
        assert "does not accept the key in OPENAI_API_KEY" in refused_to_open(server.url)
    with ScriptedServer(models=answers(401, "who are you?")) as server:
        assert "none is set in MY_KEY" in refused_to_open(server.url, api_key_env="MY_KEY")
    monkeypatch.setenv("OPENAI_API_KEY", f"{KEY}\nsecond line")
    assert "cannot be a key" in refused_to_open("http://127.0.0.1:9/v1")
    monkeypatch.delenv("OPENAI_API_KEY")
    assert "OPENAI_API_KEY is not set" in refused_to_open(None)


def test_a_login_in_the_url_reaches_the_server_and_no_message():
    with ScriptedServer() as server:
        url = server.url.replace("http://", f"http://me:{KEY}@")
        ask(url, question())
        assert server.authorization[0] == "Basic " + base64.b64encode(f"me:{KEY}".encode()).decode()
        described = OpenAIEngine(model="tiny", base_url=url).describe()
        assert described == f"tiny at {server.url}, as many requests at once as it can handle"
