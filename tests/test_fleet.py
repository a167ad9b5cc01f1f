"""A server that answers nothing useful, turns requests away or hangs costs no video while another one works, and with
no other it is said and the run ends. Pauses are shortened; the servers are scripted."""

import asyncio
import contextlib
import json
import logging
import subprocess
import sys
import time

import pytest
from aiohttp import web

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.transport import fleet, openai_api
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import BadReply, EngineFault, Refused, RunError
from tests.runs import until
from tests.servers import ScriptedServer, answer_to, answers, drops, says, sends, sleeps, tells


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(fleet, "FIRST_PROBE_SECONDS", 0.05)
    monkeypatch.setattr(fleet, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(openai_api, "FIRST_WAIT_SECONDS", 0.05)


def question(text="what?"):
    return ChatRequest(messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding())


def ask(urls, count, at_once=True, **options):
    """Replies, or the errors in their place."""

    async def main():
        engine = OpenAIEngine(**{"model": "tiny", "base_url": urls, "timeout": 5, "patience": 2, **options})
        await engine.open()
        try:
            asked = [question(str(n)) for n in range(count)]
            if at_once:
                return await asyncio.gather(*map(engine.complete, asked), return_exceptions=True)
            found = []
            for each in asked:
                found += await asyncio.gather(engine.complete(each), return_exceptions=True)
            return found
        finally:
            await engine.close()

    return asyncio.run(main())


# ------------------------------------------------------------------------------------------ one good, one bad

USELESS = {
    "500": answers(500, "CUDA error"),
    "503": answers(503, "busy"),
    "drops": drops(),
    "an error in 200": answers(200, {"error": {"message": "out of memory", "code": 500}}),
    "429 in 200": answers(200, {"error": {"code": 429}}),
    "429": answers(429, "slow down"),
    "html": answers(200, "<html>log in</html>"),
    "no json": sends(b"{ not"),
    "no text": says(None),
    "blanks": says(" \n"),
    "refuses": says(None, refusal="I can't"),
    "filters": says("A red squ", "content_filter"),
    "flags": answers(403, {"error": {"message": "Your input was flagged", "code": 403}}),
    "400": answers(400, {"error": {"message": "no pictures, please"}}),
    "401": answers(401, "who are you?"),
    "402": answers(402, "no credit"),
    "404": answers(404, "no such model"),
    "thinks": says(None, "length", reasoning_content="hm"),
    "breaks off": says("A red", "abort"),
    "hangs": sleeps(60),
}


@pytest.mark.parametrize("requests", [None, 1], ids=["as many as it can", "one at a time"])
@pytest.mark.parametrize("bad", USELESS)
def test_with_a_good_one_beside_it_a_bad_server_costs_no_video(bad, requests):
    with ScriptedServer(USELESS[bad]) as first, ScriptedServer(tells()) as good:
        replies = ask([first.url, good.url], 12, concurrency=requests, timeout=1 if bad == "hangs" else 5)
        told = {answer_to({"messages": [{"role": "user", "content": str(n)}], "model": "tiny"}) for n in range(12)}
    assert [getattr(reply, "text", repr(reply)) for reply in replies] == [
        answer_to({"messages": [{"role": "user", "content": str(n)}], "model": "tiny"}) for n in range(12)
    ]
    assert len(told) == 12


@pytest.mark.parametrize("bad", ["filters", "no text", "flags", "400", "an error in 200", "html"])
def test_a_server_that_only_refuses_is_taken_out_while_another_one_answers(bad, caplog):
    caplog.set_level(logging.INFO, "framescribe")
    with ScriptedServer(USELESS[bad]) as first, ScriptedServer(sleeps(0.01)) as good:
        replies = ask([first.url, good.url], 60, concurrency=2)
        assert [reply.text for reply in replies] == ["fine"] * 60
        assert len(first.requests) < 20
    assert f"{first.url} gets no requests now" in caplog.text


def test_what_all_servers_refuse_is_refused_once_at_each():
    with ScriptedServer(says(None, refusal="I can't")) as first, ScriptedServer(says("", "SAFETY")) as second:
        (error,) = ask([first.url, second.url], 1)
        assert isinstance(error, Refused)
        assert (len(first.requests), len(second.requests)) == (1, 1)
        assert error.usage.answers == 2  # both are billed


def test_a_server_that_refuses_one_clip_stays_in_use(caplog):
    async def act(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["messages"][0]["content"]
        return await (answers(403, {"error": {"message": "Your input was flagged"}}) if text == "3" else says())(
            request
        )

    with ScriptedServer(act) as first, ScriptedServer(act) as second:
        found = ask([first.url, second.url], 40, concurrency=2)
    assert [type(each).__name__ for each in found] == ["Reply"] * 3 + ["Refused"] + ["Reply"] * 36
    assert "gets no requests" not in caplog.text


def test_many_answers_of_no_use_in_a_row_are_said(caplog):
    with ScriptedServer(says(None)) as server:
        found = ask([server.url], 12, at_once=False)
        assert all(isinstance(error, BadReply) for error in found)
    assert caplog.text.count("the last 10 answers were of no use") == 1


# ------------------------------------------------------------------------------------------ one clip or the run

FLAGGED = [
    answers(403, {"error": {"message": "Your input was flagged", "code": 403, "metadata": {"reasons": ["violence"]}}}),
    answers(
        400, {"error": {"message": "Input data may contain inappropriate content.", "code": "data_inspection_failed"}}
    ),
    answers(400, {"error": {"message": "The response was filtered", "code": "content_filter"}}),
    answers(403, "<html>Sorry, you have been blocked by our firewall</html>"),
    answers(403, {"error": {"message": "forbidden"}}),
    answers(404, {"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}),
    answers(400, {"error": {"message": "'invalid api key' in the prompt is not allowed"}}),
]


@pytest.mark.parametrize("act", FLAGGED, ids=range(len(FLAGGED)))
def test_one_clips_refusal_is_that_clips(act):
    """What may be about the clip alone is settled by a small question to the same server."""
    with ScriptedServer(says("one"), act, says("three")) as server:
        first, error, third = ask([server.url], 3, at_once=False)
    assert isinstance(error, Refused), error
    assert (first.text, third.text) == ("one", "three")


ENDING = [
    (answers(403, {"error": {"message": "Country, region, or territory not supported"}}), "region"),
    (answers(403, {"error": {"message": "forbidden"}}), "forbidden"),
    (answers(402, {"error": {"message": "Insufficient Balance"}}), "Insufficient Balance"),
    (answers(400, [{"error": {"message": "API key not valid. Please pass a valid API key."}}]), "API key not valid"),
    (answers(429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}), "quota"),
    (answers(200, {"error": {"message": "No credits left", "code": 402}}), "No credits left"),
]


@pytest.mark.parametrize(("act", "words"), ENDING, ids=[words for _, words in ENDING])
@pytest.mark.parametrize("before", [(), (says("one"),)], ids=["at once", "later"])
def test_keys_regions_and_credit_are_the_runs(act, words, before):
    with ScriptedServer(*before, act) as server:
        *_, error = ask([server.url], len(before) + 1, at_once=False)
    assert isinstance(error, RunError)
    assert words in str(error)


# ------------------------------------------------------------------------------------------ rate limits


class Window:
    """A server that answers `most` requests in each `seconds`, and turns the others away."""

    def __init__(self, most, seconds, refusal):
        self._most, self._seconds, self._refusal = most, seconds, refusal
        self._since, self._count, self.turned_away = 0.0, 0, 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        now = time.monotonic()
        if now - self._since > self._seconds:
            self._since, self._count = now, 0
        self._count += 1
        if self._count > self._most:
            self.turned_away += 1
            return await self._refusal(request)
        return await tells()(request)


@pytest.mark.parametrize(
    "refusal",
    [
        answers(429, "too many"),
        answers(429, {"error": {"message": "Resource has been exhausted (e.g. check quota)."}}),
        answers(200, {"error": {"code": 429, "message": "Provider returned error"}}),
        answers(403, {"error": {"message": "rate limit exceeded"}}),
        answers(429, "later", {"retry-after-ms": "300"}),
        answers(429, {"error": {"message": "Rate limit reached. Please try again in 300ms."}}),
        answers(429, "later", {"x-ratelimit-reset-requests": "300ms", "x-ratelimit-remaining-requests": "0"}),
    ],
    ids=["status alone", "gemini", "in 200", "as 403", "milliseconds", "in words", "reset"],
)
def test_a_rate_limit_fails_no_request_however_often_it_turns_one_away(refusal, caplog):
    window = Window(3, 0.4, refusal)
    with ScriptedServer(window) as server:
        replies = ask([server.url], 12, retries=1)
    assert [getattr(reply, "text", repr(reply)) for reply in replies] == [
        answer_to({"messages": [{"role": "user", "content": str(n)}], "model": "tiny"}) for n in range(12)
    ]
    assert window.turned_away >= 3
    assert caplog.text.count("limits the rate of requests") == 1


def test_nothing_but_429_ends_the_run_once_patience_is_over(monkeypatch):
    monkeypatch.setattr(openai_api, "LIMITED_SECONDS", 0.5)
    with ScriptedServer(answers(429, "slow down")) as server:
        found = ask([server.url], 5)
    assert all(isinstance(error, RunError) for error in found)
    assert "turned every request away" in str(found[0])


@pytest.mark.parametrize(
    "act",
    [
        answers(429, {"error": {"message": "Rate limit exceeded: free-models-per-day. Add 10 credits"}}),
        answers(429, {"error": {"message": "You have reached the daily limit"}}),
        answers(
            429, {"error": {"message": "no", "details": [{"quotaId": "RequestsPerDayPerModel"}, {"retryDelay": "4s"}]}}
        ),
        answers(429, "come back tomorrow", {"Retry-After": "40000"}),
    ],
)
def test_a_days_quota_ends_the_run(act):
    with ScriptedServer(says(), act) as server:
        _, error, last = ask([server.url], 3, at_once=False)
        assert isinstance(error, RunError)
        assert isinstance(last, RunError)
        assert len(server.requests) == 2


# ------------------------------------------------------------------------------------------ hangs


def test_a_server_that_hangs_is_noticed_and_ends_as_a_dead_one_does(caplog):
    with ScriptedServer(sleeps(600)) as server:
        found = ask([server.url], 60, timeout=1, patience=1)
        assert all(isinstance(error, RunError) for error in found)
        assert len(server.requests) < 60  # most were never sent
    assert "it hangs" in str(found[0])
    assert f"{server.url} gets no requests now: it hangs" in caplog.text


def test_one_at_a_time_too():
    with ScriptedServer(sleeps(600)) as server:
        found = ask([server.url], 60, timeout=0.3, patience=1, concurrency=1)
        assert all(isinstance(error, RunError) for error in found)
        assert len(server.requests) < 10


def test_a_server_that_answers_small_questions_alone_ends_the_run():
    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return await (says() if body["max_tokens"] == 1 else sleeps(600))(request)

    with ScriptedServer(act) as server:
        found = ask([server.url], 60, timeout=0.5)
        assert all(isinstance(error, RunError) for error in found)
    assert "--timeout" in str(found[0])


def test_a_server_that_wakes_up_goes_on():
    asleep = [sleeps(600)] * 20
    with ScriptedServer(*asleep, says("awake")) as server:
        replies = ask([server.url], 16, timeout=0.5, patience=20)
    assert [getattr(reply, "text", repr(reply)) for reply in replies] == ["awake"] * 16


def test_a_slow_request_is_not_a_server_that_hangs(caplog):
    async def act(request: web.Request) -> web.StreamResponse:
        text = (await request.json())["messages"][0]["content"]
        return await (sleeps(600) if text == "3" else sleeps(0.05))(request)

    with ScriptedServer(act) as server:
        found = ask([server.url], 80, timeout=0.5, retries=1, concurrency=4)
    assert isinstance(found.pop(3), EngineFault)
    assert [reply.text for reply in found] == ["fine"] * 79
    assert "hangs" not in caplog.text


def test_whoever_started_a_server_that_hangs_is_told():
    told = []

    async def main(server):
        engine = OpenAIEngine(model="tiny", base_url=server.url, timeout=0.5, on_hang=told.append)
        await engine.open()
        asked = asyncio.gather(*(engine.complete(question(str(n))) for n in range(8)))
        await asyncio.to_thread(until, lambda: bool(told))
        engine.died(0, "it was ended")  # as whoever started it says
        server._acts = [says("restarted")]
        engine.returned(0)
        replies = await asked
        await engine.close()
        return replies

    with ScriptedServer(sleeps(600)) as server:
        assert {reply.text for reply in asyncio.run(main(server))} == {"restarted"}
    assert told == [0]


def test_a_run_against_a_server_that_hangs_ends_and_says_so(demo_clips, tmp_path):
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(sleeps(600)) as server:
        words = ["frames", str(demo_clips[0].path.parent), "--base-url", server.url, "-o", str(output)]
        words += ["--timeout", "1", "--endpoint-timeout", "1"]
        done = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=90)
    assert done.returncode == 1, done.stderr
    assert "it hangs" in done.stderr
    with contextlib.suppress(FileNotFoundError):
        assert not [line for line in output.read_text().splitlines() if json.loads(line)["status"] == "failed"]


# ------------------------------------------------------------------------------------------ a whole run


def run(clips, output, *words):
    command = [sys.executable, "-m", "framescribe", "frames", str(clips), "-o", str(output), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    rows = [json.loads(line) for line in output.read_text().splitlines()] if output.exists() else []
    return done, rows


def test_with_a_good_server_beside_it_one_that_only_refuses_costs_no_row(demo_clips, tmp_path):
    with ScriptedServer(says(None, refusal="I can't")) as bad, ScriptedServer(says("A grey square on a wall.")) as good:
        urls = ("--base-url", bad.url, "--base-url", good.url)
        done, rows = run(demo_clips[0].path.parent, tmp_path / "frames.jsonl", *urls)
        assert bad.requests
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in rows] == ["ok"] * 12


def test_a_clip_that_is_flagged_costs_its_own_row_and_a_refusal_in_words_a_flag(demo_clips, tmp_path):
    flagged = answers(403, {"error": {"message": "Your input was flagged", "code": 403}})
    refusal = says("I'm sorry, I can't assist with that.")
    good = says("A grey square on a wall.")
    with ScriptedServer(good, flagged, refusal, good) as server:
        options = ("--base-url", server.url, "--requests", "1", "--gate", "flag")
        done, rows = run(demo_clips[0].path.parent, tmp_path / "frames.jsonl", *options)
    assert done.returncode == 3, done.stderr
    (failed,) = [row for row in rows if row["status"] == "failed"]
    assert failed["error"]["kind"] == "refused"
    assert "Your input was flagged" in failed["error"]["message"]
    (odd,) = [row for row in rows if row["status"] == "flagged"]
    assert odd["flags"] == ["frame_caption_refusal"]
    assert len(rows) == 12
