"""llama.cpp's server answers framescribe, with a tiny random Qwen2.5-VL that llama.cpp's own converter made of ours."""

import asyncio

import numpy as np
import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.openai_api import OpenAIEngine
from tests.engines.checkpoints import write
from tests.engines.environments import ready
from tests.engines.llama_cpp import llama_cpp_serve
from tests.engines.native_resolution import QWEN2_5_VL

if not ready("llama-cpp"):
    pytest.skip("llama.cpp is not built here: make test-llama-cpp", allow_module_level=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write(QWEN2_5_VL, tmp_path_factory.mktemp("qwen2_5_vl"))


@pytest.fixture(scope="module")
def url(folder, tmp_path_factory):
    with llama_cpp_serve(folder, tmp_path_factory.mktemp("gguf")) as url:
        yield url


def picture(seed, width, height):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


WIDE, TALL = picture(1, 128, 96), picture(2, 64, 120)


def question(*pictures, text="Tell me.", max_tokens=8):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(max_tokens=max_tokens))


def replies(url, *requests, at_once=False):
    async def work():
        engine = OpenAIEngine(model=None, base_url=url, image_format="png")
        await engine.open()
        try:
            assert engine.model == "tiny-qwen"
            if at_once:
                return await asyncio.gather(*(engine.complete(request) for request in requests))
            return [await engine.complete(request) for request in requests]
        finally:
            await engine.close()

    return asyncio.run(work())


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


def test_it_sees_the_prompt_that_the_checkpoint_was_made_for(url, folder):
    texts = ("Tell me.", "What is on the left?", "Where is the star?", "And then?")  # later tokens part over rounding
    got = replies(url, *(question(text=text, max_tokens=1) for text in texts))
    assert [(reply.text, reply.prompt_tokens) for reply in got] == [first_token(folder, text) for text in texts]


def test_pictures_and_their_order_reach_the_model(url):
    asked = [(WIDE,), (TALL,), (WIDE, TALL), (TALL, WIDE)]
    got = replies(url, question(), *(question(*pictures) for pictures in asked))
    assert len({reply.text for reply in got}) == len(asked) + 1
    none, one, _, two, _ = (reply.prompt_tokens for reply in got)
    assert none < one < two


def test_many_at_once_get_what_each_gets_alone(url):
    texts = ("Tell me.", "And then?", "Colour?")
    questions = [question(*pictures, text=text) for pictures in ((), (WIDE,), (TALL,), (WIDE, TALL)) for text in texts]
    assert replies(url, *questions, at_once=True) == replies(url, *questions)


def test_an_answer_that_is_cut_says_so(url):
    [short] = replies(url, question(max_tokens=2))
    assert (short.finish_reason, short.completion_tokens) == ("length", 2)
