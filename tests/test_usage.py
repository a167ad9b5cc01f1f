"""What was spent is told, also for answers that were of no use. The servers are scripted."""

import asyncio
import pickle

import pytest

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import BadReply, EngineFault, Refused, RunError, Usage
from tests.servers import ScriptedServer, answers, drops, says


def ask(server, times=1, **options):
    """Replies, or the errors in their place, of requests asked one after the other."""
    request = ChatRequest(messages=(Message(role="user", parts=(TextPart("what?"),)),), decoding=Decoding())

    async def main():
        engine = OpenAIEngine(model="tiny", base_url=server.url, timeout=5, **options)
        await engine.open()
        found = []
        for _ in range(times):
            found += await asyncio.gather(engine.complete(request), return_exceptions=True)
        await engine.close()
        return found

    return asyncio.run(main())


@pytest.mark.parametrize(
    "act",
    [
        says(None, "length", (900, 6000), reasoning_content="let me think"),
        says("", "length", (900, 6000), reasoning="hm"),
        says(None, "stop", (900, 6000)),
        says(None, "stop", (900, 6000), refusal="I can't describe that."),
        says("", "content_filter", (900, 6000)),
        says("A red squ", "SAFETY", (900, 6000)),
        says("<think>let me think", "length", (900, 6000)),
    ],
    ids=["thought", "thought, empty", "no text", "refusal", "filter", "filter with text", "thought in text"],
)
def test_an_answer_without_text_tells_what_it_cost(act):
    with ScriptedServer(act, says()) as server:
        error, reply = ask(server, 2)
    assert isinstance(error, BadReply | Refused)
    assert error.usage == Usage(prompt_tokens=900, completion_tokens=6000, answers=1)
    assert reply.usage == Usage(prompt_tokens=5, completion_tokens=2, answers=1)
    assert reply.wasted == Usage()
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.usage) == (type(error), str(error), error.usage)


def test_answers_that_were_asked_again_are_counted_with_the_one_that_is_used(monkeypatch):
    monkeypatch.setattr("framescribe.engines.transport.openai_api.FIRST_WAIT_SECONDS", 0.01)
    given_up = says("A red squ", "abort", (100, 3)), answers(500, "oops"), says("", "abort", (100, 4))
    billed = {"usage": {"prompt_tokens": 100, "completion_tokens": 5}}
    errors = answers(200, {**billed, "choices": []}), answers(200, {**billed, "error": {"code": 502}})
    with ScriptedServer(*given_up, *errors, says("fine", tokens=(100, 50))) as server:
        (reply,) = ask(server)
        assert len(server.requests) == 6
    assert (reply.prompt_tokens, reply.completion_tokens) == (100, 50)
    assert reply.wasted == Usage(prompt_tokens=400, completion_tokens=17, answers=4)
    assert reply.usage == Usage(prompt_tokens=500, completion_tokens=67, answers=5)


def test_answers_that_were_asked_again_are_counted_with_the_error_at_the_end():
    with ScriptedServer(says("half", "abort", (10, 1))) as server:
        (error,) = ask(server, retries=2)
    assert isinstance(error, EngineFault)
    assert error.usage == Usage(prompt_tokens=30, completion_tokens=3, answers=3)
    with ScriptedServer(says("half", "abort", (10, 1)), says(None, tokens=(10, 5))) as server:
        (error,) = ask(server)
    assert isinstance(error, BadReply)
    assert error.usage == Usage(prompt_tokens=20, completion_tokens=6, answers=2)
    with ScriptedServer(says("half", "abort", (10, 1)), answers(401, "no")) as server:
        (error,) = ask(server)
    assert isinstance(error, RunError)
    assert error.usage == Usage(prompt_tokens=10, completion_tokens=1, answers=1)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({}, Usage(answers=1)),
        ({"prompt_tokens": None, "completion_tokens": "many"}, Usage(answers=1)),
        ({"prompt_tokens": -3, "completion_tokens": 4}, Usage(completion_tokens=4, answers=1)),
        ([], Usage(answers=1)),
        ({"input_tokens": 7, "output_tokens": 4}, Usage(prompt_tokens=7, completion_tokens=4, answers=1)),
        ({"prompt_tokens": 7.0, "completion_tokens": True}, Usage(prompt_tokens=7, answers=1)),
    ],
)
def test_what_a_server_does_not_tell_counts_as_nothing(usage, counted):
    body = {"choices": [{"finish_reason": "stop", "message": {"content": None}}], "usage": usage}
    with ScriptedServer(answers(200, body)) as server:
        (error,) = ask(server)
    assert error.usage == counted


def test_what_was_never_answered_cost_nothing():
    with ScriptedServer(answers(400, "no"), drops()) as server:
        for error in ask(server, 2, retries=0):
            assert error.usage == Usage()
