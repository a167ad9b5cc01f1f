"""llama.cpp's server, started, fed and ended by framescribe, with a tiny random Qwen2.5-VL of its own converter's."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.servers import program
from framescribe.engines.servers.guard import descendants
from framescribe.engines.servers.served import ServedEngine
from tests.engines.checkpoints import write
from tests.engines.environments import ready
from tests.engines.llama_cpp import SERVER, converted
from tests.engines.native_resolution import QWEN2_5_VL
from tests.videos import film

if not ready("llama-cpp"):
    pytest.skip("llama.cpp is not built here: make test-llama-cpp", allow_module_level=True)

ONE_BY_ONE = ("--threads", "1", "--parallel", "1")  # in slots of their own, later tokens part over rounding


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(QWEN2_5_VL, tmp_path_factory.mktemp("qwen2_5_vl"))


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    return converted(folder, tmp_path_factory.mktemp("gguf"))


@pytest.fixture(scope="module")
def ask(model, tmp_path_factory):
    """Answers requests, one after the other or all at once, with a server that framescribe started."""
    server = program.Server(repository=str(model), name="tiny-qwen", arguments=ONE_BY_ONE)
    logs = tmp_path_factory.mktemp("logs")
    served = ServedEngine("llama-cpp", server, executable=[str(SERVER)], gpus=[()], logs=logs)

    async def replies(requests, at_once):
        if at_once:
            return await asyncio.gather(*(served.complete(request) for request in requests))
        return [await served.complete(request) for request in requests]

    with asyncio.Runner() as runner:
        runner.run(served.open())
        try:
            yield lambda *requests, at_once=False: runner.run(replies(requests, at_once))
        finally:
            runner.run(served.close())


def picture(seed, width, height):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


WIDE, TALL = picture(1, 128, 96), picture(2, 64, 120)


def question(*pictures, text="Tell me.", max_tokens=8):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(max_tokens=max_tokens))


def first_token(folder, text):
    """What transformers itself says first to the prompt as it is documented, and the prompt's length."""
    import torch
    from transformers import AutoTokenizer, Qwen2_5_VLForConditionalGeneration

    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32)
    inputs = tokenizer([QWEN2_5_VL.expected(0).replace("Tell me.", text)], return_tensors="pt")
    with torch.inference_mode():
        logits = model(**inputs).logits[0, -1]
    return tokenizer.decode([int(logits.argmax())]), inputs["input_ids"].shape[1]


def test_it_sees_the_prompt_that_the_checkpoint_was_made_for(ask, folder):
    texts = ("Tell me.", "What is on the left?", "Where is the star?", "And then?")  # later tokens part over rounding
    got = ask(*(question(text=text, max_tokens=1) for text in texts))
    assert [(reply.text, reply.prompt_tokens) for reply in got] == [first_token(folder, text) for text in texts]


def test_pictures_and_their_order_reach_the_model(ask):
    asked = [(WIDE,), (TALL,), (WIDE, TALL), (TALL, WIDE)]
    got = ask(question(), *(question(*pictures) for pictures in asked))
    assert len({reply.text for reply in got}) == len(asked) + 1
    none, one, _, two, _ = (reply.prompt_tokens for reply in got)
    assert none < one < two


def test_many_at_once_get_what_each_gets_alone(ask):
    texts = ("Tell me.", "And then?", "Colour?")
    questions = [question(*pictures, text=text) for pictures in ((), (WIDE,), (TALL,), (WIDE, TALL)) for text in texts]
    assert ask(*questions, at_once=True) == ask(*questions)


def test_an_answer_that_is_cut_says_so(ask):
    [short] = ask(question(max_tokens=2))
    assert (short.finish_reason, short.completion_tokens) == ("length", 2)


# ------------------------------------------------------------------------------------------ runs


def framescribe(*words):
    command = [sys.executable, "-m", "framescribe", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    """What it said, once it has ended well."""
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    return said


def rows(output):
    return list(map(json.loads, output.read_text().splitlines()))


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    for number in range(6):
        film(folder / f"{number}.mp4", frames=20, size=(160, 96))
    return folder


def run(kind, clips, model, output, *words):
    engine = ("--engine", "llama-cpp", "--engine-command", SERVER, "--max-tokens", "12")
    return framescribe(kind, clips, "--model", model, *engine, "-o", output, *words, "--", "--threads", "1")


@pytest.mark.parametrize("whole", [False, True], ids=["frames", "whole clips"])
def test_a_run_starts_it_asks_it_and_ends_it(whole, clips, model, tmp_path):
    output = tmp_path / "captions.jsonl"
    words = ("--strategy", "whole-clip", "--frames", "4") if whole else ("--sample", "uniform", "--frames", "2")
    process = run("caption", clips, model, output, *words)
    before = set()
    while process.poll() is None and not before:
        before = set(descendants(process.pid))
        time.sleep(0.05)
    finish(process)
    found = rows(output)
    assert len(found) == 6
    assert all(row["caption"] and row["status"] != "failed" for row in found)
    stage = "clip" if whole else "frames"
    assert all(row["provenance"]["stages"][stage]["prompt_tokens"] > 0 for row in found)
    assert all(len(row["frames"]) == (4 if whole else 2) for row in found)
    assert not any(Path(f"/proc/{pid}").exists() for pid in before)


def test_killed_in_the_middle_of_a_run_it_is_started_again(clips, model, tmp_path):
    output = tmp_path / "frames.jsonl"
    words = ("--sample", "uniform", "--frames", "10", "--requests", "1", "--max-tokens", "100")
    process = run("frames", clips, model, output, *words)
    parts = output.with_name(output.name + ".parts")
    end = time.monotonic() + 120
    while not sum(part.read_bytes().count(b"\n") for part in parts.glob("*.jsonl")):
        assert time.monotonic() < end
        time.sleep(0.05)
    names = {pid: Path(f"/proc/{pid}/comm").read_text().strip() for pid in descendants(process.pid)}
    (server,) = (pid for pid, name in names.items() if name == "llama-server")
    os.kill(server, signal.SIGKILL)
    assert "llama-cpp-0 died and is being restarted: it was ended by SIGKILL" in finish(process)
    assert [row["status"] != "failed" for row in rows(output)] == [True] * 6
