"""What framescribe needs of a server with a model that sees, asked of vLLM, SGLang, `transformers serve` and llama.cpp;
`make test-engine URL=http://host:8000/v1` asks any other.

What a model says is judged by the cards that it is shown. What a server may or may not do is skipped with what it said;
what one of those here is known not to do is expected to fail.
"""

import asyncio
import contextlib
import json
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

import pytest

from framescribe.engines import sight
from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.presets import builtin_folder, route
from framescribe.engines.servers import program
from framescribe.engines.servers.served import ServedEngine
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import EngineFault, Refused, RunError, TooLong, UserError
from tests.engines.environments import environment, ready
from tests.servers import transformers_serve

URL = os.environ.get("FRAMESCRIBE_URL")
KEY_ENV = os.environ.get("FRAMESCRIBE_KEY_ENV") or "OPENAI_API_KEY"
KEY = os.environ.get(KEY_ENV)  # no test inherits one: tests/conftest.py
MANY = 64
CARDS = [
    (colour, sight.card(colour, shape, x))
    for x, shape, colour in product((0.2, 0.4, 0.6, 0.8), ("circle", "square"), sight.COLOURS)
]
FORM = {
    "type": "object",
    "properties": {"colour": {"type": "string", "enum": list(sight.COLOURS)}},
    "required": ["colour"],
    "additionalProperties": False,
}
FOR_VLLM = (
    *("--dtype", "float32", "--enforce-eager", "--max-num-seqs", "16"),
    # Without this the grammar lets a small model write blanks for ever; no field of a request can say it.
    *("--structured-outputs-config", '{"backend":"guidance","disable_any_whitespace":true}'),
)
VLLM_ENVIRONMENT = {"HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A server under test, and what is known of it: `sees`: its model is trained; `context`: tokens; `images`: how many
    it was told to take in one prompt; `reader`: a model of text alone that it serves too; `lacks`: the tests that it
    fails, and why."""

    url: str = field(repr=False)  # it may hold a password
    model: str | None
    sees: bool = True
    context: int | None = None
    images: int | None = None
    reader: str | None = None
    lacks: Mapping[str, str] = field(default_factory=dict)


def the_users(_folder):
    return contextlib.nullcontext(Target(url=URL, model=os.environ.get("FRAMESCRIBE_MODEL") or None))


@contextlib.contextmanager
def started(engine, server, executable, folder, environment):
    """The URL of a server that framescribe starts, and ends with the block."""
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        for name, value in environment.items():
            patch.setenv(name, value)
        served = ServedEngine(engine, server, executable=[str(executable)], gpus=[()], logs=folder)
        runner.run(served.open())
        try:
            yield served.urls[0]
        finally:
            runner.run(served.close())


@contextlib.contextmanager
def vllm(folder):
    if not (executable := environment("vllm") / "bin" / "vllm").exists():
        pytest.skip("no vLLM here: `make test-engines` sets it up")
    server = program.Server(repository=str(builtin_folder("shapes-vlm")), name="shapes-vlm", arguments=FOR_VLLM)
    with started("vllm", server, executable, folder, VLLM_ENVIRONMENT) as url:
        yield Target(url=url, model="shapes-vlm", context=4096, images=program.IMAGES)


@contextlib.contextmanager
def sglang(folder):
    if not ready("sglang"):
        pytest.skip("no SGLang here: make test-sglang")
    from tests.engines.sglang import ENVIRONMENT, EXECUTABLE, OPTIONS

    model = route("shapes-vlm", "sglang")
    options = (*model.arguments, *OPTIONS)
    server = program.Server(repository=model.repository, name="shapes-vlm", arguments=options)
    with started("sglang", server, EXECUTABLE, folder, ENVIRONMENT) as url:
        yield Target(url=url, model="shapes-vlm", context=4096, images=program.IMAGES)


@contextlib.contextmanager
def transformers(folder):
    vlm, llm = (str(builtin_folder(name)) for name in ("shapes-vlm", "shapes-llm"))
    lacks = {
        "test_an_answer_keeps_to_a_schema_or_the_request_is_refused": "it ignores response_format",
        "test_a_prompt_longer_than_the_context_is_too_long": "it takes prompts of any length",
        "test_a_model_that_is_not_served_is_found_out_at_open": "it lists no models, and answers 500 to unknown names",
    }
    # torchvision cannot read image files here (torchvision_schemas.py); without it transformers reads them with Pillow.
    (folder / "sitecustomize.py").write_text('import sys\n\nsys.modules["torchvision"] = None\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        with transformers_serve(folder) as url:
            yield Target(url=url, model=vlm, context=4096, reader=llm, lacks=lacks)


@contextlib.contextmanager
def llama_cpp(folder):
    if not ready("llama-cpp"):
        pytest.skip("llama.cpp is not built here: make test-llama-cpp")
    from tests.engines.checkpoints import write
    from tests.engines.llama_cpp import SERVER, converted
    from tests.engines.native_resolution import QWEN2_5_VL

    (folder / "gguf").mkdir()
    model = converted(write(QWEN2_5_VL, folder / "checkpoint"), folder / "gguf")
    server = program.Server(repository=str(model), name="tiny-qwen", arguments=("--threads", "1"))
    with started("llama-cpp", server, SERVER, folder, {}) as url:
        yield Target(url=url, model="tiny-qwen", sees=False, context=4096)


@pytest.fixture(
    scope="module", params=[the_users] if URL else [vllm, sglang, transformers, llama_cpp], ids=lambda p: p.__name__
)
def target(request, tmp_path_factory):
    with request.param(tmp_path_factory.mktemp("server")) as target:
        yield target


@pytest.fixture(autouse=True)
def what_it_lacks(request, target):
    if why := target.lacks.get(request.node.originalname):
        request.applymarker(pytest.mark.xfail(reason=why, raises=(AssertionError, pytest.fail.Exception), strict=True))


@pytest.fixture(autouse=True)
def key(monkeypatch):
    if URL and KEY:
        monkeypatch.setenv(KEY_ENV, KEY)


@pytest.fixture
def seeing(target):
    if not target.sees:
        pytest.skip("its weights are random")
    return target


def using(target, work, **options):
    """What `work(engine)` returns, of an engine that is opened before the server and closed behind."""

    async def main():
        settings = {"model": target.model, "concurrency": MANY, "api_key_env": KEY_ENV if URL else "", **options}
        engine = OpenAIEngine(base_url=target.url, **settings)
        await engine.open()
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


def question(text, *pictures, system=None, max_tokens=64, **decoding):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    first = (Message(role="system", parts=(TextPart(system),)),) if system else ()
    messages = (*first, Message(role="user", parts=parts))
    return ChatRequest(messages=messages, decoding=Decoding(max_tokens=max_tokens, **decoding))


def replies(target, *requests):
    """The replies to requests that are asked one after the other."""

    async def work(engine):
        return [await engine.complete(request) for request in requests]

    return using(target, work)


def is_its_own(target, colour, reply, alone):
    """Whether this reply belongs to the card of this colour: it is what the card gets alone or, as an engine may differ
    by a word when it batches, names the colour that is named alone."""
    if reply.text == alone.text or not target.sees:
        return reply.text == alone.text
    return colour in reply.text.lower() or colour not in alone.text.lower()


# ------------------------------------------------------------------------------------------ pictures


def test_a_picture_is_seen(seeing):
    finding = using(seeing, sight.colours)
    assert finding.verdict == "ok", finding.text


def test_every_one_of_many_at_once_gets_its_own_reply(target):
    asked = [question(sight.DESCRIBE, pixels, max_tokens=40) for _, pixels in CARDS]
    assert len(asked) == MANY

    async def work(engine):
        together = await asyncio.gather(*(engine.complete(request) for request in asked))
        return together, [await engine.complete(request) for request in asked]

    together, alone = using(target, work)
    if target.sees:
        named = sum(colour in own.text.lower() for (colour, _), own in zip(CARDS, alone, strict=True))
        assert named >= MANY / 2, Counter(own.text for own in alone).most_common(3)
    assert len({own.text for own in alone}) >= len(sight.COLOURS)
    assert not [
        (colour, reply.text, own.text)
        for (colour, _), reply, own in zip(CARDS, together, alone, strict=True)
        if not is_its_own(target, colour, reply, own)
    ]
    assert [reply.prompt_tokens for reply in together] == [own.prompt_tokens for own in alone]


def test_the_first_picture_is_told_from_the_second(seeing):
    finding = using(seeing, sight.order)
    if finding.verdict == "odd":
        pytest.skip(finding.text)
    assert finding.verdict == "ok", finding.text


def test_pictures_are_paid_for_in_prompt_tokens_and_too_many_are_refused(target):
    async def work(engine):
        asked = [question(sight.DESCRIBE, *[sight.card("red")] * count, max_tokens=1) for count in range(4)]
        return await asyncio.gather(*(engine.complete(request) for request in asked), return_exceptions=True)

    found = using(target, work)
    refused = [reply for reply in found if isinstance(reply, Refused)]
    taken = found[: len(found) - len(refused)]
    assert not [reply for reply in taken if isinstance(reply, BaseException)]
    counts = [reply.prompt_tokens for reply in taken]
    assert len(counts) >= 2, refused[0]
    assert counts == sorted(set(counts)), counts
    assert all(str(error).rpartition("): ")[2] for error in refused)
    if target.images is not None:
        assert len(taken) - 1 == target.images


def test_a_model_of_text_alone_is_not_taken_for_one_that_sees(target):
    if target.reader is None:
        pytest.skip("it serves one model")
    try:
        finding = using(target, sight.colours, model=target.reader)
    except Refused:
        return
    assert finding.verdict == "bad", finding.text


# ------------------------------------------------------------------------------------------ words


def test_prompt_tokens_grow_with_the_text_and_a_system_prompt_is_among_them(target):
    text = "What is a circle?"
    plain, longer, told = replies(
        target,
        question(text, max_tokens=1),
        question(f"{text} Think of its radius, and of its centre.", max_tokens=1),
        question(text, system="You are brief and answer in French.", max_tokens=1),
    )
    assert plain.prompt_tokens is not None, "it does not tell how many tokens a prompt had"
    assert 0 < plain.prompt_tokens < longer.prompt_tokens
    assert plain.prompt_tokens < told.prompt_tokens


def test_an_answer_is_cut_at_max_tokens_and_says_so(target):
    cut, whole = replies(target, *(question(sight.DESCRIBE, sight.card("red"), max_tokens=most) for most in (3, 512)))
    assert (cut.finish_reason, cut.completion_tokens) == ("length", 3)
    assert len(whole.text) > len(cut.text)
    if target.sees:
        assert whole.finish_reason == "stop"
        assert 3 < whole.completion_tokens <= 512


def test_an_answer_keeps_to_a_schema_or_the_request_is_refused(seeing):
    asked = 'Which colour is the shape? Answer as {"colour": …}.'
    try:
        reply = using(seeing, lambda engine: sight.ask(engine, asked, sight.card("red"), schema=FORM))
    except Refused as error:
        pytest.skip(f"it takes no schema: {error}")
    try:
        said = json.loads(reply.text)
    except ValueError:
        pytest.fail(f"it takes a JSON schema and does not keep to it: {reply.text[:200]!r}, {reply.finish_reason}")
    assert isinstance(said, dict)
    assert list(said) == ["colour"]
    assert said["colour"] in sight.COLOURS


def test_the_same_question_gets_the_same_answer_at_temperature_0(target):
    asked = [question(sight.DESCRIBE, pixels) for _, pixels in CARDS[:4]]
    first, second = (replies(target, *asked) for _ in range(2))
    differ = [(a.text, b.text) for a, b in zip(first, second, strict=True) if a.text != b.text]
    if differ:
        pytest.xfail(
            f"{len(differ)} of {len(asked)} answers differ: engines that batch often are not exact: {differ[0]}"
        )


def test_a_seed_above_temperature_0_is_no_error(target):
    asked = question(sight.DESCRIBE, sight.card("red"), max_tokens=16, temperature=0.7, top_p=0.9, seed=11)
    for reply in replies(target, asked, asked):
        assert reply.finish_reason in ("stop", "length")


# ------------------------------------------------------------------------------------------ what cannot be


def test_a_prompt_longer_than_the_context_is_too_long(target):
    sizes = (2 * target.context,) if target.context else (5_000, 40_000, 300_000)

    async def work(engine):
        for words in sizes:
            try:
                reply = await engine.complete(question("word " * words, max_tokens=1))
            except TooLong:
                return True
            assert reply.prompt_tokens > words / 2, f"of {words} words it reads {reply.prompt_tokens} tokens"
        return False

    if not using(target, work):
        assert target.context is None
        pytest.skip(f"it takes a prompt of {sizes[-1]} words")


def test_a_model_that_is_not_served_is_found_out_at_open(target):
    async def work(engine):
        with contextlib.suppress(Refused, EngineFault, RunError):
            return await engine.complete(question("Hello.", max_tokens=1))

    try:
        reply = using(target, work, model="no-such-model-anywhere", retries=0)
    except UserError as error:
        said = str(error)
    else:
        assert reply is not None, "it does not say at open that it lacks the model, and then fails"
        pytest.skip("it answers to any name")
    assert "no-such-model-anywhere" in said


def test_cancelling_half_disturbs_no_other_and_the_server_stays_well(target):
    cards = CARDS[:32]

    async def work(engine):
        lengths = (1, *[40] * (len(cards) - 1))  # one answer ends while the others are under way, however they batch
        asked = [question(sight.DESCRIBE, card[1], max_tokens=most) for card, most in zip(cards, lengths, strict=True)]
        tasks = [asyncio.create_task(engine.complete(request)) for request in asked]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks[1::2]:
            task.cancel()
        kept = await asyncio.gather(*tasks[::2])
        await asyncio.wait(tasks)
        after = [await engine.complete(request) for request in asked]
        return sum(task.cancelled() for task in tasks), kept, after

    cancelled, kept, after = using(target, work)
    assert cancelled > 0
    for (colour, _), reply, own in zip(cards[::2], kept, after[::2], strict=True):
        assert is_its_own(target, colour, reply, own), (colour, reply, own)
    if target.sees:
        assert sum(colour in own.text.lower() for (colour, _), own in zip(cards, after, strict=True)) >= len(cards) / 2
