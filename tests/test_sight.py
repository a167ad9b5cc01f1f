"""What `doctor` finds: nothing bad in a model that sees, and the fault of each server that is scripted to have one."""

import asyncio
import base64
import io
import json
import subprocess
import sys

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from framescribe.engines import sight
from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.engines.in_process.engine import TransformersEngine
from framescribe.engines.presets import builtin_folder
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import RunError
from framescribe.runs.captioner import Captioner
from framescribe.runs.recipe import Recipe, StageChoice
from tests.servers import ScriptedServer, answers


def using(engine, work):
    async def main():
        await engine.open()
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


def seen(request):
    """The colours of the pictures in a request, in order, as the pixels in their middle rows say."""
    found = []
    for part in request["messages"][-1]["content"]:
        if part["type"] == "image_url":
            data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
            row = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
            row = row[len(row) // 2]
            pixel = row[np.argmax(np.ptp(row, axis=1))]
            found.append(min(sight.COLOURS, key=lambda name: np.abs(pixel - sight.COLOURS[name]).sum()))
    return found


def server(say, usage=None):
    """A server that answers what `say` makes of the colours in the request and the request itself."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        pictures = isinstance(body["messages"][-1]["content"], list)
        text = say(seen(body) if pictures else [], body)
        finish = "stop"
        count = len(text.split())
        if usage is not None:
            count, finish = usage(body)
        choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": count}})

    return ScriptedServer(act)


def ask(question, say, usage=None):
    with server(say, usage) as running:
        return using(OpenAIEngine(model="tiny", base_url=running.url), lambda engine: sight.examine(question, engine))


def names(colours, body):
    return f"I see {' and '.join(colours)}."


def test_the_built_in_model_sees():
    engine = TransformersEngine(model=str(builtin_folder("shapes-vlm")), device="cpu")

    async def work(engine):
        return [await sight.examine(question, engine) for question in sight.QUESTIONS]

    found = {finding.name: finding for finding in using(engine, work)}
    assert [found[name].verdict for name in ("colours", "places", "length", "together")] == ["ok"] * 4
    assert "bad" not in {finding.verdict for finding in found.values()}
    assert "accepts no schema" in found["JSON"].text


def test_a_server_that_does_all_right():
    def say(colours, body):
        return json.dumps({"colour": colours[0]}) if "response_format" in body else names(colours, body)

    for question in (sight.colours, sight.order, sight.long_prompt, sight.length, sight.schema, sight.together):
        assert ask(question, say).verdict == "ok", question.__name__


@pytest.mark.parametrize(
    ("question", "say", "verdict", "words"),
    [
        (sight.colours, lambda colours, body: "A lovely picture.", "bad", "it is blind"),
        (
            sight.colours,
            lambda colours, body: {"red": "blue", "blue": "red"}.get(colours[0], colours[0]),
            "bad",
            "channels are swapped",
        ),
        (sight.colours, lambda colours, body: f"a shape {len(colours[0])}", "odd", "named 0 of 3"),
        (sight.order, lambda colours, body: names(colours[::-1], body), "bad", "swaps the order"),
        (sight.order, lambda colours, body: names(sorted(colours), body), "odd", "makes no difference"),
        (sight.order, lambda colours, body: names(colours[:1], body), "odd", "does not mention both"),
        (sight.places, lambda colours, body: "a red circle", "odd", "the same answer"),
        (sight.schema, names, "odd", "ignores the schema"),
        (sight.schema, lambda colours, body: '{"color": "red"}', "odd", "does not follow the schema"),
    ],
)
def test_servers_with_a_fault(question, say, verdict, words):
    finding = ask(question, say)
    assert finding.verdict == verdict
    assert words in finding.text


def test_a_server_that_cuts_at_16_tokens():
    finding = ask(sight.length, names, usage=lambda body: (16, "length"))
    assert finding.verdict == "bad"
    assert "cuts answers at 16 tokens though 96 were allowed" in finding.text


def test_a_server_that_mixes_answers_up():
    waiting = []

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        mine = seen(body)[0]
        waiting.append(mine)
        await asyncio.sleep(0.1)
        text = waiting.pop()  # the last one's answer, whoever asks
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return web.json_response({"choices": [choice]})

    with ScriptedServer(act) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        finding = using(engine, lambda engine: sight.examine(sight.together, engine))
    assert finding.verdict == "bad"
    assert "mixed up" in finding.text


def test_one_picture_a_prompt_and_a_small_context():
    refusal = answers(400, {"error": {"message": "At most 1 image(s) may be provided in one prompt."}})
    with ScriptedServer(refusal) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        assert "one picture per prompt" in using(engine, lambda engine: sight.examine(sight.order, engine)).text
    overflow = answers(400, {"error": {"message": "maximum context length is 1024 tokens"}})
    with ScriptedServer(overflow) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        assert "context is small" in using(engine, lambda engine: sight.examine(sight.long_prompt, engine)).text


def preflight(say):
    lines = []
    with server(say) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        using(
            engine, lambda engine: sight.check_sight(engine, lines.append, model="frame model", sees=True, writes=True)
        )
    return lines


def thinks(needs):
    """A server whose model thinks for so many tokens before it names the colours; with fewer, it has no answer."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        pictures = isinstance(body["messages"][-1]["content"], list)
        enough = body["max_tokens"] > needs
        text = names(seen(body), body) if pictures else "One sentence."
        message = {"role": "assistant", "content": text if enough else "", "reasoning_content": "Let me see"}
        choice = {"index": 0, "finish_reason": "stop" if enough else "length", "message": message}
        tokens = min(needs + 5, body["max_tokens"])
        return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 5, "completion_tokens": tokens}})

    return ScriptedServer(act)


def test_a_model_that_thinks_is_given_as_many_tokens_as_in_the_run():
    async def look(engine, most):
        await sight.check_sight(
            engine, lambda line: None, model="frame model", sees=True, writes=True, decoding=Decoding(max_tokens=most)
        )

    with thinks(1000) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        using(engine, lambda engine: look(engine, 4096))
        with pytest.raises(RunError, match=r"thinking.*--max-tokens") as caught:
            using(engine, lambda engine: look(engine, 500))
        assert "blind" not in str(caught.value)
        found = [
            using(engine, lambda engine, q=question: sight.examine(q, engine, Decoding(max_tokens=4096)))
            for question in (sight.colours, sight.order, sight.together, sight.length)
        ]
    assert [finding.verdict for finding in found] == ["ok"] * 4, found


def test_pictures_are_no_larger_than_in_the_run():
    sizes = []

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        for part in body["messages"][-1]["content"]:
            if part["type"] == "image_url":
                data = base64.b64decode(part["image_url"]["url"].partition(",")[2])
                sizes.append(Image.open(io.BytesIO(data)).size)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": f"{len(sizes)}"}}
        return web.json_response({"choices": [choice]})

    with ScriptedServer(act) as running:
        engine = OpenAIEngine(model="tiny", base_url=running.url)
        for pixels in (None, 1_000_000, 4800):
            using(engine, lambda engine, most=pixels: sight.examine(sight.colours, engine, pixels=most))
    assert set(sizes[:6]) == {(320, 240)}
    assert set(sizes[6:]) == {(80, 60)}


def test_the_run_and_doctor_ask_with_the_runs_own_settings():
    with thinks(1000) as running:
        choice = ModelChoice(engine="openai", model="tiny", base_urls=(running.url,), thinking="on")
        stage = StageChoice(model=choice, prompt="{captions}", decoding=Decoding(max_tokens=3000))
        made = Recipe(stages={"frames": stage, "summary": stage}, decoders=1)
        captioner = Captioner(made)

        async def check():
            await captioner.open()
            try:
                await captioner.check_sight(lambda line: None)
            finally:
                await captioner.close()

        asyncio.run(check())
        assert [request["max_tokens"] for request in running.requests] == [3000] * 3
        running.requests.clear()
        words = ["doctor", "--base-url", running.url, "--model", "tiny", "--max-tokens", "2000", "--thinking", "on"]
        words += ["--max-pixels", "4800"]
        ended = subprocess.run(
            [sys.executable, "-m", "framescribe", *words], capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == 0, ended.stdout
        limits = {request["max_tokens"] for request in running.requests}
        assert limits == {2000, 96}
        assert all(request["chat_template_kwargs"]["enable_thinking"] for request in running.requests)


def test_two_empty_answers_are_not_called_blind():
    with pytest.raises(RunError, match="empty answer") as caught:
        preflight(lambda colours, body: "")
    assert "blind" not in str(caught.value)


def test_before_a_run_a_blind_model_and_a_mute_one_are_found():
    assert preflight(lambda colours, body: names(colours, body) if colours else "One sentence.") == []
    with pytest.raises(RunError, match=r"blind.*\n.*--no-preflight"):
        preflight(lambda colours, body: "A lovely picture.")
    with pytest.raises(RunError, match="empty answer"):
        preflight(lambda colours, body: names(colours, body) if colours else " ")
    (line,) = preflight(lambda colours, body: f"{len(colours[0])} letters" if colours else "One sentence.")
    assert line.startswith("note: of a red circle, the frame model says '3 letters'")
