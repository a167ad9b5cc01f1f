"""Parameters that a server does not accept are found by trying without them, once, for that server alone, and told."""

import asyncio
import json
import subprocess
import sys

import pytest
from aiohttp import web

from framescribe.engines.base import ChatRequest, Decoding, Message, TextPart
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import Refused
from tests.servers import Act, ScriptedServer, answers, says

SCHEMA = {"type": "object", "properties": {"colour": {"type": "string"}}}


def question(text="what?", schema=None, **decoding):
    return ChatRequest(
        messages=(Message(role="user", parts=(TextPart(text),)),), decoding=Decoding(**decoding), schema=schema
    )


def ask(servers, *requests, at_once=False, **options):
    """Replies, or the errors in their place."""
    urls = [server.url for server in servers]

    async def main():
        engine = OpenAIEngine(**{"model": "tiny", "base_url": urls, "timeout": 5, **options})
        await engine.open()
        found = []
        if at_once:
            found = await asyncio.gather(*map(engine.complete, requests), return_exceptions=True)
        for request in () if at_once else requests:
            found += await asyncio.gather(engine.complete(request), return_exceptions=True)
        await engine.close()
        return found

    return asyncio.run(main())


def takes(refuses, then: Act | None = None) -> Act:
    """A server that answers, unless `refuses(body)` gives a status and an error."""

    async def act(request: web.Request) -> web.StreamResponse:
        refusal = refuses(await request.json())
        return await (answers(*refusal) if refusal else (then or says()))(request)

    return act


def dislikes(name, words, status=400, **more):
    return lambda body: (status, {"error": {"message": words, **more}}) if name in body else None


# The words are providers' own.
DISLIKES = [
    ("temperature", dislikes("temperature", "Unsupported value: 'temperature' does not support 0.5 with this model. "
                             "Only the default (1) value is supported.", param="temperature", code="unsupported")),
    ("temperature", dislikes("temperature", "`temperature` is deprecated for this model.")),
    ("temperature", dislikes("temperature", "bad request")),
    ("temperature", dislikes("temperature", "no", status=422)),
    ("temperature", dislikes("temperature", "this model takes no temperature", status=500)),
    ("seed", dislikes("seed", "Unknown name \"seed\": Cannot find field.")),
    ("seed", lambda body: (422, {"object": "error", "message": {"detail": [
        {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 3}]},
        "type": "invalid_request_error"}) if "seed" in body else None),
    ("seed", dislikes("seed", "property 'seed' is unsupported", status=400)),
    ("top_p", lambda body: (400, {"error": {"message": "`temperature` and `top_p` cannot both be specified for this "
        "model."}}) if {"temperature", "top_p"} <= set(body) else None),
    ("chat_template_kwargs", dislikes("chat_template_kwargs", "chat_template is not supported for Mistral tokenizers")),
    ("chat_template_kwargs", dislikes("chat_template_kwargs", "Additional properties are not allowed", status=422)),
    ("response_format", dislikes("response_format", "This response_format type is unavailable now")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "refuses"), DISLIKES, ids=[f"{n} {d[0]}" for n, d in enumerate(DISLIKES)])
def test_what_a_server_dislikes_is_left_out_from_then_on_and_said_once(name, refuses, caplog):
    asked = [question(f"{n}", SCHEMA, temperature=0.5, top_p=0.9, seed=3) for n in range(3)]
    with ScriptedServer(takes(refuses)) as server:
        replies = ask([server], *asked, extra={"chat_template_kwargs": {"enable_thinking": False}})
        sent = [set(body) for body in server.requests]
    assert [reply.text for reply in replies] == ["fine"] * 3
    assert [reply.left_out for reply in replies] == [(name,)] * 3
    everything = {"temperature", "top_p", "seed", "max_tokens", "response_format", "chat_template_kwargs"}
    assert sent[-2:] == [{"model", "messages"} | everything - {name}] * 2
    assert caplog.text.count("it is left out") == 1
    assert f"does not accept {name!r}" in caplog.text


def test_several_are_found_one_after_the_other(caplog):
    def refuses(body):
        # OpenAI's reasoning models name one at a time
        for name in ("max_tokens", "temperature", "top_p"):
            if name in body:
                hint = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
                return 400, {"error": {"message": f"Unsupported parameter: '{name}' is not supported.{hint}"}}
        return None

    with ScriptedServer(takes(refuses)) as server:
        replies = ask([server], *[question(temperature=0.5, top_p=0.9, seed=3, max_tokens=9)] * 2)
        last = server.requests[-1]
    assert [reply.text for reply in replies] == ["fine"] * 2
    assert {name: value for name, value in last.items() if name != "messages"} == {
        "model": "tiny",
        "max_completion_tokens": 9,
        "seed": 3,
    }
    assert replies[0].left_out == ("temperature", "top_p")  # max_tokens came under its other name


def test_many_at_once_find_out_together():
    with ScriptedServer(takes(dislikes("seed", "no seed, please"))) as server:
        asked = [question(str(n), temperature=0.5) for n in range(12)]
        replies = ask([server], *asked, at_once=True)
        assert [reply.text for reply in replies] == ["fine"] * 12
        assert len(server.requests) <= 12 + 12 + 3  # each once with it, each once without, and few to find out


def test_one_clips_refusal_that_quotes_a_parameter_changes_nothing(caplog):
    """The refusal quotes the clip's title, and the parameter is not to blame."""

    def refuses(body):
        text = body["messages"][0]["content"]
        if "hot" in text:
            return 400, {"error": {"message": f"The request is invalid: {text!r} is not allowed, temperature, seed"}}
        return None

    asked = [question(text, temperature=0.5) for text in ("hot temperature not allowed", "cold", "hot seed", "mild")]
    with ScriptedServer(takes(refuses)) as server:
        first, second, third, fourth = ask([server], *asked)
        assert isinstance(first, Refused)
        assert isinstance(third, Refused)
        assert (second.text, second.left_out, fourth.left_out) == ("fine", (), ())
        assert {"temperature", "seed"} <= set(server.requests[-1])
        # Once the server has answered with a parameter, it is not to blame: a refusal costs one request.
        assert [body["messages"][0]["content"] for body in server.requests].count("hot seed") == 1
    assert "left out" not in caplog.text


def test_each_server_learns_for_itself():
    picky, easy = takes(dislikes("seed", "Unknown name 'seed'")), takes(lambda body: None)
    with ScriptedServer(picky) as first, ScriptedServer(easy) as second:
        asked = [question(str(n), temperature=0.5) for n in range(12)]
        replies = ask([first, second], *asked, at_once=True, concurrency=2)
        assert [reply.text for reply in replies] == ["fine"] * 12
        assert all("seed" in body for body in second.requests)
        assert {reply.left_out for reply in replies} == {(), ("seed",)}


@pytest.mark.parametrize(
    ("decoding", "sent"),
    [
        ({}, {"temperature": 0.0}),
        ({"seed": 3, "top_p": 0.5}, {"temperature": 0.0}),
        ({"temperature": 0.7, "seed": 3}, {"temperature": 0.7, "seed": 3}),
        ({"temperature": 0.7, "seed": 3, "top_p": 0.9}, {"temperature": 0.7, "seed": 3, "top_p": 0.9}),
    ],
)
def test_only_what_matters_is_sent(decoding, sent):
    with ScriptedServer() as server:
        ask([server], question(**decoding))
        (body,) = server.requests
    assert {name: body[name] for name in ("temperature", "top_p", "seed") if name in body} == sent


def test_a_row_tells_what_was_really_sent(demo_clips, tmp_path):
    output = tmp_path / "frames.jsonl"
    with ScriptedServer(takes(dislikes("temperature", "`temperature` is deprecated for this model."))) as server:
        words = [
            "frames",
            str(demo_clips[0].path),
            "--gate",
            "off",
            "--base-url",
            server.url,
            "-o",
            str(output),
            "--temperature",
            "0.7",
        ]
        done = subprocess.run([sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    assert "does not accept 'temperature'" in done.stderr
    made = json.loads(output.read_text())["provenance"]["stages"]["frames"]
    assert made["left_out"] == ["temperature"]
    assert "temperature" not in made["decoding"]
    assert "seed" in made["decoding"]


# ------------------------------------------------------------------------------------------ the model's name


@pytest.mark.parametrize(
    "act",
    [
        answers(
            400, {"error": {"message": "Invalid 'max_output_tokens': integer below minimum value. Expected >= 16"}}
        ),
        answers(400, {"error": {"message": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'."}}),
        answers(429, {"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}),
        answers(400, {"error": {"message": "An image is required"}}),
        answers(503, "busy"),
        answers(403, {"error": {"message": "Your input was flagged", "code": 403}}),
    ],
)
def test_a_model_that_is_not_listed_is_there_unless_the_server_says_no(act):
    with ScriptedServer(act, says("here"), models=["gpt-4o"]) as server:
        assert ask([server], question(), model="my-deployment")[0].text == "here"
