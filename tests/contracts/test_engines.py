"""What every engine promises, on real engines: the in-process one, and the OpenAI one before `transformers serve`."""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import textwrap
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from framescribe.demo import random_scenes
from framescribe.engines import sight
from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.in_process.engine import TransformersEngine
from framescribe.engines.presets import builtin_folder
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import EngineFault, MissingExtra, RunError, TooLong, UserError
from tests.servers import ScriptedServer, answers, transformers_serve

MANY = 7


@dataclass(frozen=True)
class Checkpoints:
    """The folders of the built-in image-text model and text model."""

    vlm: Path
    llm: Path


@pytest.fixture(scope="session")
def checkpoints():
    return Checkpoints(builtin_folder("shapes-vlm"), builtin_folder("shapes-llm"))


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """On a shared machine one thread is faster than two, and models this small gain nothing from more."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with transformers_serve(tmp_path_factory.mktemp("serve")) as url:
        yield url


@pytest.fixture(params=["transformers", "openai"])
def make(request):
    """Makes an engine of the kind under test for a checkpoint's folder."""
    if request.param == "transformers":
        return lambda folder: TransformersEngine(model=str(folder), device="cpu", max_batch=4)
    url = request.getfixturevalue("server")
    return lambda folder: OpenAIEngine(model=str(folder), base_url=url, concurrency=4, image_format="png")


def using(engine, work):
    async def main():
        await engine.open()
        try:
            return await work(engine)
        finally:
            await engine.close()

    return asyncio.run(main())


def question(text, *pictures, system=None, **decoding):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    first = (Message(role="system", parts=(TextPart(system),)),) if system else ()
    options = Decoding(**{"max_tokens": 40, **decoding})
    return ChatRequest(messages=(*first, Message(role="user", parts=parts)), decoding=options)


def one_shape(seed, width=320, height=240):
    """A frame's pixels with one shape in it, and the shape's colour."""
    rng = random.Random(seed)
    while len((scene := random_scenes.random_scene(rng, width, height)).objects) != 1:
        pass
    return np.asarray(scene.draw(width, height)), scene.objects[0].colour


def pictured():
    """Questions about frames of different sizes, and the colour of the one shape in each."""
    sizes = [(320, 240), (240, 320), (400, 200)]
    frames = [one_shape(seed, *sizes[seed % 3]) for seed in range(MANY)]
    return [question("Describe this image.", pixels) for pixels, _ in frames], [colour for _, colour in frames]


def written():
    colours = list(sight.COLOURS)[:MANY]
    return [
        question(f"frame 1: A large {colour} circle is on the left, on a white background. "
                 f"frame 2: A large {colour} circle is on the right, on a white background.")
        for colour in colours
    ], colours  # fmt: skip


# ------------------------------------------------------------------------------------------ the contract


@pytest.mark.parametrize(("which", "ask"), [("vlm", pictured), ("llm", written)])
def test_every_request_gets_its_own_reply_however_many_ask_at_once(make, checkpoints, which, ask):
    questions, colours = ask()

    async def work(engine):
        alone = [await engine.complete(one) for one in questions]
        together = await asyncio.gather(*(engine.complete(one) for one in questions))
        return alone, together

    alone, together = using(make(getattr(checkpoints, which)), work)
    assert [reply.text for reply in together] == [reply.text for reply in alone]
    assert [reply.finish_reason for reply in together] == [reply.finish_reason for reply in alone]
    assert [reply.prompt_tokens for reply in together] == [reply.prompt_tokens for reply in alone]
    assert [reply.completion_tokens for reply in together] == [reply.completion_tokens for reply in alone]
    assert len({reply.text for reply in alone}) > MANY // 2
    for reply, colour in zip(together, colours, strict=True):
        assert colour in reply.text
        assert reply.finish_reason == "stop"


def test_mixed_requests_wait_together_without_mixing(make, checkpoints):
    (pixels, _), (other, _) = one_shape(1), one_shape(2)
    questions = [
        question("Describe this image.", pixels),
        question("Hello there.", max_tokens=5),
        question("Compare these.", pixels, other, max_tokens=7),
        question("Describe this image.", other, max_tokens=3),
        question("Hello there.", system="Be brief.", max_tokens=5),
    ]

    async def work(engine):
        together = await asyncio.gather(*(engine.complete(one) for one in questions))
        return together, [await engine.complete(one) for one in questions]

    together, alone = using(make(checkpoints.vlm), work)
    assert together == alone
    assert together[4].prompt_tokens > together[1].prompt_tokens
    assert together[2].prompt_tokens > together[0].prompt_tokens


def test_what_is_cut_off_says_so(make, checkpoints):
    async def work(engine):
        return await engine.complete(question("frame 1: A large red circle is on the left.", max_tokens=3))

    reply = using(make(checkpoints.llm), work)
    assert reply.finish_reason == "length"
    assert reply.completion_tokens == 3


def test_cancelling_some_disturbs_no_other(make, checkpoints):
    questions, _ = written()

    async def work(engine):
        wanted = [(await engine.complete(one)).text for one in questions]
        tasks = [asyncio.create_task(engine.complete(one)) for one in questions]
        await asyncio.sleep(0.05)
        for task in tasks[::3]:
            task.cancel()
        return wanted, await asyncio.gather(*tasks, return_exceptions=True)

    wanted, found = using(make(checkpoints.llm), work)
    for number, (text, reply) in enumerate(zip(wanted, found, strict=True)):
        if number % 3 and not isinstance(reply, asyncio.CancelledError):
            assert reply.text == text
        assert number % 3 == 0 or not isinstance(reply, asyncio.CancelledError)


def test_close_twice_without_open_and_before_the_next_question(make, checkpoints):
    engine = make(checkpoints.llm)

    async def main():
        await engine.close()
        with pytest.raises(RunError):
            await engine.complete(question("too early"))
        await engine.open()
        await engine.close()
        await engine.close()
        with pytest.raises(RunError):
            await engine.complete(question("too late"))

    asyncio.run(main())


def test_it_describes_itself_on_one_line(make, checkpoints):
    async def work(engine):
        return engine.describe()

    line = using(make(checkpoints.llm), work)
    assert checkpoints.llm.name in line
    assert "4" in line
    assert "\n" not in line


def test_both_engines_read_pictures_alike(server, checkpoints):
    questions, _ = pictured()

    async def work(engine):
        return [reply.text for reply in await asyncio.gather(*(engine.complete(one) for one in questions[:4]))]

    local = using(TransformersEngine(model=str(checkpoints.vlm), device="cpu"), work)
    served = using(OpenAIEngine(model=str(checkpoints.vlm), base_url=server, image_format="png"), work)
    assert local == served


# ------------------------------------------------------------------------------------------ in process


def test_seeds_count_only_where_something_is_drawn(checkpoints):
    async def work(engine):
        async def texts(**decoding):
            return [
                (await engine.complete(question("Hello.", max_tokens=12, seed=seed, **decoding))).text
                for seed in (1, 1, 2)
            ]

        return await texts(temperature=3.0), await texts()

    drawn, greedy = using(TransformersEngine(model=str(checkpoints.llm), device="cpu"), work)
    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert len(set(greedy)) == 1


@pytest.mark.parametrize(("most", "left"), [(3, 2), (1, 1), (0, 1)])
def test_running_out_of_memory_halves_the_batch_for_good(checkpoints, caplog, most, left):
    import torch

    questions, _ = written()
    engine = TransformersEngine(model=str(checkpoints.llm), device="cpu", max_batch=4)
    sizes = []

    async def work(engine):
        wanted = [(await engine.complete(one)).text for one in questions[:4]]
        generate = engine._network.generate

        def scarce(**inputs):  # stands in for a GPU whose memory holds `most` requests
            sizes.append(len(inputs["input_ids"]))
            if sizes[-1] > most:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return generate(**inputs)

        engine._network.generate = scarce
        found = await asyncio.gather(*(engine.complete(one) for one in questions[:4]), return_exceptions=True)
        sizes.append(0)
        await asyncio.gather(*(engine.complete(one) for one in questions[:4]), return_exceptions=True)
        return wanted, found, engine.concurrency

    wanted, found, concurrency = using(engine, work)
    assert concurrency == left
    assert max(sizes[sizes.index(0) :]) <= left
    if most:
        assert [reply.text for reply in found] == wanted
    else:
        assert [type(reply) for reply in found] == [EngineFault] * 4
        assert "not enough memory on cpu" in str(found[0])


def test_pictures_are_prepared_while_the_model_answers_the_batch_before(checkpoints):
    questions, _ = pictured()
    engine = TransformersEngine(model=str(checkpoints.vlm), device="cpu", max_batch=2)
    prepared, waited = [], []

    async def work(engine):
        alone = [await engine.complete(one) for one in questions[:4]]
        generate, encode = engine._network.generate, engine._reader.encode
        second = threading.Event()

        def noted(requests):
            inputs = encode(requests)
            prepared.append(len(requests))
            if len(prepared) == 2:
                second.set()
            return inputs

        def patient(**inputs):
            waited.append(second.wait(60))  # the first batch ends only when the second is prepared
            return generate(**inputs)

        engine._network.generate, engine._reader.encode = patient, noted
        return alone, await asyncio.gather(*(engine.complete(one) for one in questions[:4]))

    alone, together = using(engine, work)
    assert waited == [True, True]
    assert prepared == [2, 2]
    assert together == alone


def test_a_picture_that_cannot_be_prepared_spoils_no_other(checkpoints):
    questions, colours = pictured()
    questions[2] = question("Describe this image.", np.zeros((0, 40, 3), np.uint8))

    async def work(engine):
        return await asyncio.gather(*(engine.complete(one) for one in questions), return_exceptions=True)

    found = using(TransformersEngine(model=str(checkpoints.vlm), device="cpu", max_batch=4), work)
    assert isinstance(found.pop(2), EngineFault)
    del colours[2]
    assert all(colour in reply.text for reply, colour in zip(found, colours, strict=True))


def test_a_lost_gpu_ends_the_run(checkpoints):
    async def work(engine):
        def lost(**_inputs):
            raise RuntimeError("CUDA error: device-side assert triggered")

        engine._network.generate = lost
        return await asyncio.gather(*(engine.complete(one) for one in written()[0]), return_exceptions=True)

    found = using(TransformersEngine(model=str(checkpoints.llm), device="cpu"), work)
    assert {type(error) for error in found} == {RunError}
    assert "device-side assert" in str(found[0])


def test_one_request_that_cannot_be_spoils_no_other(checkpoints):
    questions, _ = written()
    questions[2] = question("word " * 5000)

    async def work(engine):
        return await asyncio.gather(*(engine.complete(one) for one in questions), return_exceptions=True)

    found = using(TransformersEngine(model=str(checkpoints.llm), device="cpu", max_batch=8), work)
    assert isinstance(found[2], TooLong)
    assert "tokens, and the model takes" in str(found[2])
    assert [type(reply).__name__ for reply in found].count("Reply") == len(questions) - 1


def test_a_short_request_is_not_cut_off_by_one_near_the_contexts_end(checkpoints):
    engine = TransformersEngine(model=str(checkpoints.llm), device="cpu", max_batch=4)
    short, middle = question("Hello there.", max_tokens=20), question("word " * 300, max_tokens=20)
    sizes = []

    async def work(engine):
        engine._network.generation_config.eos_token_id = -1  # goes on until it is stopped
        count = (await engine.complete(question("word " * 300, max_tokens=1))).prompt_tokens
        each = (count - (await engine.complete(question("word " * 200, max_tokens=1))).prompt_tokens) // 100
        words = 300 + (engine._limit - 6 - count) // each
        long = question("word " * words, max_tokens=20)
        alone = [await engine.complete(one) for one in (short, long, middle)]
        generate = engine._network.generate

        def noted(**inputs):
            sizes.append(len(inputs["input_ids"]))
            return generate(**inputs)

        engine._network.generate = noted
        together = await asyncio.gather(*(engine.complete(one) for one in (short, long, middle)))
        return alone, together, engine._limit, engine.concurrency

    alone, together, limit, concurrency = using(engine, work)
    assert [reply.completion_tokens for reply in alone] == [20, limit - alone[1].prompt_tokens, 20]
    assert 0 < alone[1].completion_tokens < 20
    assert together == alone
    assert concurrency == 4
    assert len(sizes) <= 3


def test_close_ends_a_running_generate(checkpoints):
    engine = TransformersEngine(model=str(checkpoints.llm), device="cpu")

    async def main():
        await engine.open()
        engine._network.generation_config.eos_token_id = -1  # goes on until it is stopped
        asked = asyncio.create_task(engine.complete(question("Hello.", max_tokens=100_000)))
        await asyncio.sleep(0.5)
        await engine.close()
        with pytest.raises(RunError):
            await asked

    asyncio.run(main())


def test_it_says_nothing_on_its_own(checkpoints, capfd):
    async def work(engine):
        await engine.complete(question("Hello.", one_shape(0)[0], max_tokens=5))
        await engine.complete(question("Hello.", max_tokens=5, temperature=0.7, top_p=0.9))

    using(TransformersEngine(model=str(checkpoints.vlm), device="cpu"), work)
    seen = capfd.readouterr()
    assert (seen.out, seen.err) == ("", "")


@pytest.mark.parametrize("package", ["torch", "transformers", "accelerate"])
def test_a_missing_package_is_named_with_the_extra_that_brings_it(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"pip install 'framescribe\[local\]'"):
        asyncio.run(TransformersEngine(model="any").open())


def test_weights_that_are_missing_are_not_passed_over(checkpoints, tmp_path, caplog):
    from safetensors.torch import load_file, save_file

    lame = tmp_path / "lame"
    shutil.copytree(checkpoints.llm, lame)
    weights = load_file(lame / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, lame / "model.safetensors", metadata={"format": "pt"})

    async def work(engine):
        pass

    using(TransformersEngine(model=str(lame), device="cpu"), work)
    assert "lacks 1 of its weights (model.layers.1.mlp.up_proj.weight" in caplog.text


def test_pictures_for_a_text_model(checkpoints):
    async def work(engine):
        await engine.complete(question("Describe this image.", one_shape(0)[0]))

    with pytest.raises(UserError, match="reads only text"):
        using(TransformersEngine(model=str(checkpoints.llm), device="cpu"), work)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"device": "cuda:64"}, "--device"),
        ({"device": "abacus"}, "is not a device"),
        ({"device": "cpu", "dtype": "float3"}, "float32, bfloat16, float16"),
        ({"device": "cpu", "quantize": "int4"}, "needs a GPU"),
    ],
)
def test_a_device_or_precision_that_cannot_be(checkpoints, options, words):
    with pytest.raises(UserError, match=words):
        asyncio.run(TransformersEngine(model=str(checkpoints.llm), **options).open())


# -------------------------------------------------------------------------------- checkpoints that cannot be had


def refusal(model):
    with pytest.raises(UserError) as caught:
        asyncio.run(TransformersEngine(model=str(model), device="cpu").open())
    return str(caught.value)


def test_folders_that_are_no_checkpoints(checkpoints, tmp_path):
    assert "there is no folder ./nowhere" in refusal("./nowhere")
    assert "there is no folder" in refusal(tmp_path / "nowhere")
    assert "config.json" in refusal(tmp_path)
    assert "is a file" in refusal(checkpoints.llm / "config.json")

    half = tmp_path / "half"
    shutil.copytree(checkpoints.llm, half)
    (half / "model.safetensors").unlink()
    assert "weights (*.safetensors)" in refusal(half)
    (half / "model.safetensors").write_bytes(b"torn")
    assert "cannot be loaded" in refusal(half)


def test_a_checkpoint_without_a_chat_template_and_one_of_an_unknown_kind(checkpoints, tmp_path):
    plain = tmp_path / "plain"
    shutil.copytree(checkpoints.llm, plain)
    (plain / "chat_template.jinja").unlink(missing_ok=True)
    settings = json.loads((plain / "tokenizer_config.json").read_text())
    settings.pop("chat_template", None)
    (plain / "tokenizer_config.json").write_text(json.dumps(settings))
    assert "has no chat template" in refusal(plain)

    config = json.loads((plain / "config.json").read_text())
    (plain / "config.json").write_text(json.dumps({**config, "model_type": "from-next-year"}))
    assert "pip install -U transformers" in refusal(plain)


@pytest.mark.parametrize("which", ["vlm", "llm"])
def test_a_model_that_can_think_aloud_is_told_not_to(checkpoints, tmp_path, caplog, which):
    folder = getattr(checkpoints, which)
    thinks = tmp_path / which
    shutil.copytree(folder, thinks)
    template = (thinks / "chat_template.jinja").read_text()
    aloud = "{%- if enable_thinking is not defined or enable_thinking -%}think think think{%- endif -%}"
    (thinks / "chat_template.jinja").write_text(template + aloud)
    asked = question("Describe this image.", *([one_shape(1)[0]] if which == "vlm" else []))
    replies = [
        using(TransformersEngine(model=str(model), device="cpu"), lambda engine: engine.complete(asked))
        for model in (folder, thinks)
    ]
    assert replies[0] == replies[1]
    assert not caplog.text


HUB = textwrap.dedent(
    """
    import sys
    from framescribe.engines.in_process import hub
    from framescribe.errors import UserError
    for name in sys.argv[1:]:
        model, _, revision = name.partition("@")
        try:
            print(hub.find(model, revision or None))
        except UserError as error:
            print(str(error))
    """
)


def ask_hub(endpoint, *models, home, **environment):
    """What `hub.find` says of each model in a fresh process whose hub is `endpoint`: two lines each."""
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("HF_")},
        "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_TOKEN": "hf_marker5ecret", **environment,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", HUB, *models], env=settings, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "5ecret" not in done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) == 2 * len(models)
    assert all("HF_ENDPOINT=" in line and "./folder" in line and "--base-url" in line for line in lines[1::2])
    return lines[::2]


def test_a_hub_that_cannot_be_reached(tmp_path):
    (line,) = ask_hub("http://user:pass5ecret@127.0.0.1:9", "someone/some-model", home=tmp_path)
    assert line.startswith("someone/some-model could not be fetched: 127.0.0.1:9 cannot be reached")


def test_a_hub_that_may_not_be_asked(tmp_path):
    (line,) = ask_hub("http://127.0.0.1:9", "someone/some-model", home=tmp_path, HF_HUB_OFFLINE="1")
    assert line == "someone/some-model could not be fetched: HF_HUB_OFFLINE is set, and it is not in the cache."


@pytest.mark.parametrize(
    ("model", "act", "words"),
    [
        ("a/b", answers(404, "", {"X-Error-Code": "RepoNotFound"}), "has no model of that name"),
        ("a/b", answers(403, "", {"X-Error-Code": "GatedRepo"}), "accepted its licence"),
        ("a/b@v9", answers(404, "", {"X-Error-Code": "RevisionNotFound"}), "not that revision"),
        ("a/b", answers(404, "", {"X-Error-Code": "EntryNotFound"}), "not a transformers checkpoint"),
        ("a/b", answers(418, ""), "answers 418"),
        ("not a name", answers(500, ""), "neither a folder nor a name on the hub"),
    ],
    ids=["unknown", "gated", "revision", "no config", "418", "no name"],
)
def test_a_hub_that_says_no(tmp_path, model, act, words):
    with ScriptedServer(others=act) as server:
        (line,) = ask_hub(server.root, model, home=tmp_path)
    assert words in line
