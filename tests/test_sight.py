"""What `doctor` finds: nothing bad in a model that sees, and the fault of each server that is scripted to have one."""

import asyncio
import base64
import io
import json

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from framescribe.engines import sight
from framescribe.engines.in_process.engine import TransformersEngine
from framescribe.engines.presets import builtin_folder
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import RunError
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
            row = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)[120]
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


def test_before_a_run_a_blind_model_and_a_mute_one_are_found():
    assert preflight(lambda colours, body: names(colours, body) if colours else "One sentence.") == []
    with pytest.raises(RunError, match=r"blind.*\n.*--no-preflight"):
        preflight(lambda colours, body: "A lovely picture.")
    with pytest.raises(RunError, match="empty answer"):
        preflight(lambda colours, body: names(colours, body) if colours else " ")
    (line,) = preflight(lambda colours, body: f"{len(colours[0])} letters" if colours else "One sentence.")
    assert line.startswith("note: of a red circle, the frame model says '3 letters'")
