"""What an answer's words show: refusals and loops are flagged, captions that only sound like them are not."""

import pytest

from framescribe.engines.base import Reply
from framescribe.strategies.base import ended_badly
from framescribe.strategies.words import oddities

REFUSALS = [
    "I'm sorry, but I can't assist with that request.",
    "I’m sorry, but I can’t help with identifying people in this image.",
    "I can't assist with that.",
    "Sorry, I cannot describe this image.",
    "I'm unable to view images directly, but if you describe it, I can help.",
    "I am not able to see the video.",
    "As an AI language model, I do not have the ability to see images.",
    "I don't see any image attached to your message.",
    "I do not see an image in our conversation.",
    "It looks like there is no image attached. Please upload the picture.",
    "It seems no image was provided.",
    "There is no image in your message.",
    "Unfortunately, I cannot process this content.",
    "I apologize, but I cannot provide a description of this image.",
    "Please provide the image you would like me to describe.",
    "You haven't attached an image.",
    "\"I'm sorry, I can't help with that.\"",
    "抱歉，我无法描述这张图片。",
    "很抱歉，我不能协助这个请求。",
]
CAPTIONS = [
    "A sorry-looking dog sits in the rain; it cannot see the ball behind it.",
    'A woman holds a sign that reads "I can\'t help it".',
    "There is no snow on the mountain, and no people are visible.",
    "No person appears in the frame. A red kite flies over a field.",
    "I see a red car parked beside a blue one.",
    "A man apologizes to a woman, who will not listen.",
    "An AI robot arm picks up a cube.",
    "The image is blank.",
    "As an airplane lands, a crowd waves.",
    "The video shows a text that says: please upload the picture.",
    "Unfortunate timing: a cyclist falls into a puddle, unable to see the road.",
    "It looks like a rainy day in a big city. There are many umbrellas.",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_a_refusal_is_one(text):
    assert oddities(text) == ["refusal"]


@pytest.mark.parametrize("text", CAPTIONS)
def test_a_caption_that_sounds_like_one_is_none(text):
    assert oddities(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "The man walks along the road. " * 3000,  # 90 kB
        "and the wall and the wall " * 60,
        "A cat sits on a mat by the door. " + "It looks at the bird outside. " * 20,
        "一只猫坐在垫子上看着窗外的鸟。" * 60,
        "!" * 2000,
    ],
)
def test_one_phrase_again_and_again_is_said(text):
    assert "repeats" in oddities(text)


def test_a_long_description_does_not_repeat_itself():
    objects = ["chair", "lamp", "book", "cup", "plant", "clock", "shelf", "mirror", "rug", "painting", "stool", "vase"]
    text = " ".join(
        f"Next to the {a} there is a {b}, and behind it a {c}."
        for a, b, c in zip(objects, objects[1:], objects[2:], strict=False)
    )
    assert oddities(text * 1) == []
    assert oddities("red, red, red, blue.") == []


def test_half_a_letter_is_said():
    assert oddities("A caf\ufffd at night.") == ["garbled"]


@pytest.mark.parametrize(
    ("text", "finish", "flags"),
    [
        ("A cat.", "stop", []),
        ("A cat.", "length", ["caption_truncated"]),
        ("A cat.", "other", ["caption_end_unknown"]),
        ("I can't assist with that.", "stop", ["caption_refusal"]),
        ("A cat sits. " * 100, "length", ["caption_truncated", "caption_repeats"]),
        ("A cat sits. " * 100, "repetition", ["caption_repeats"]),
    ],
)
def test_what_is_wrong_with_an_answer_is_a_flag_of_its_row(text, finish, flags):
    assert ended_badly(Reply(text=text, finish_reason=finish), "caption") == flags
