"""Every architecture that users may name answers in process as transformers does by itself on a prompt written by hand.

The checkpoints are tiny and random (`architectures.py`): what they say means nothing, but which tokens come.
"""

import asyncio
import logging

import numpy as np
import pytest

from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.in_process.engine import TransformersEngine
from tests.engines.architectures import READING, SEEING
from tests.engines.checkpoints import write

TOKENS = 8
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # transformers on GLM-4V


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    import torch

    torch.set_num_threads(1)


def made(architecture, tmp_path_factory):
    return architecture, write(architecture, tmp_path_factory.mktemp(architecture.name))


@pytest.fixture(scope="module", params=SEEING, ids=lambda architecture: architecture.name)
def seeing(request, tmp_path_factory):
    return made(request.param, tmp_path_factory)


@pytest.fixture(scope="module", params=(*SEEING, *READING), ids=lambda architecture: architecture.name)
def reading(request, tmp_path_factory):
    return made(request.param, tmp_path_factory)


def picture(seed, width, height):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


WIDE, TALL, SQUARE = picture(1, 128, 96), picture(2, 64, 120), picture(3, 80, 80)


def question(*pictures, text="Tell me.", max_tokens=TOKENS):
    parts = (*(ImagePart(pixels) for pixels in pictures), TextPart(text))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(max_tokens=max_tokens))


def replies(folder, *requests, at_once=False):
    async def work():
        engine = TransformersEngine(model=str(folder), device="cpu", dtype="float32", max_batch=4)
        await engine.open()
        try:
            if at_once:
                return await asyncio.gather(*(engine.complete(request) for request in requests))
            return [await engine.complete(request) for request in requests]
        finally:
            await engine.close()

    return asyncio.run(work())


def truth(architecture, folder, *pictures):
    """What transformers itself answers to the prompt as it is documented: the prompt's length, and the text."""
    import torch
    import transformers
    from PIL import Image

    prompt = architecture.expected(len(pictures))
    adding = {"add_special_tokens": not (architecture.bos and prompt.startswith(architecture.bos))}
    model = getattr(transformers, architecture.model).from_pretrained(folder, dtype=torch.float32)
    if architecture.processing is None:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        inputs = tokenizer([prompt], return_tensors="pt", **adding)
    else:
        processor = transformers.AutoProcessor.from_pretrained(folder)
        tokenizer = processor.tokenizer
        images = [Image.fromarray(pixels) for pixels in pictures]
        inputs = processor(images=[images] if images else None, text=[prompt], return_tensors="pt", **adding)
    length = inputs["input_ids"].shape[1]
    with torch.inference_mode():
        tokens = model.generate(**inputs, max_new_tokens=TOKENS, do_sample=False, pad_token_id=3)
    return length, tokenizer.decode(tokens[0, length:], skip_special_tokens=True)


def test_pictures_reach_the_model_as_its_prompt_format_says(seeing):
    architecture, folder = seeing
    asked = [(WIDE,), (WIDE, TALL), (TALL, WIDE)]
    got = replies(folder, *(question(*pictures) for pictures in asked))
    assert [(reply.prompt_tokens, reply.text) for reply in got] == [
        truth(architecture, folder, *pictures) for pictures in asked
    ]
    assert len({reply.text for reply in got}) == 3


def test_text_alone_is_answered(reading):
    architecture, folder = reading
    [got] = replies(folder, question())
    assert (got.prompt_tokens, got.text) == truth(architecture, folder)


def test_pictures_are_paid_for_in_prompt_tokens(seeing):
    _, folder = seeing
    none, one, two, three = replies(folder, *(question(*[SQUARE] * count) for count in range(4)))
    assert none.prompt_tokens < one.prompt_tokens
    assert none.prompt_tokens < two.prompt_tokens < three.prompt_tokens  # LLaVA-OneVision cuts one into tiles, two not


def test_many_at_once_get_what_each_gets_alone(seeing):
    _, folder = seeing
    texts = (
        "Tell me.",
        "A large red circle is on the left. And on the right?",
        "Colour?",
        "How many?",
    )
    questions = [
        *(question(pixels, text=text) for pixels, text in zip((WIDE, TALL, SQUARE, TALL), texts, strict=True)),
        *(question(*pixels, text=texts[1]) for pixels in ((WIDE, TALL), (SQUARE, SQUARE), (TALL, WIDE))),
        *(question(text=text) for text in texts),
    ]
    alone = replies(folder, *questions)
    assert len({reply.text for reply in alone}) > 6
    assert replies(folder, *questions, at_once=True) == alone


def test_an_answer_that_is_cut_says_so(reading):
    _, folder = reading
    [short, long] = replies(folder, question(max_tokens=2), question(max_tokens=5))
    assert (short.finish_reason, short.completion_tokens) == ("length", 2)
    assert (long.finish_reason, long.completion_tokens) == ("length", 5)


def test_every_weight_of_a_published_file_is_taken(reading, caplog):
    _, folder = reading
    with caplog.at_level(logging.WARNING):
        replies(folder)
    assert not [record.getMessage() for record in caplog.records]
