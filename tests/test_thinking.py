"""Tests of what is cut from a model's text: all that it thought, in every form, and nothing of what it says."""

from __future__ import annotations

import asyncio

import pytest

from framescribe.engines.base import ChatRequest, Decoding, FinishReason, Message, Reply, TextPart
from framescribe.engines.thinking import split
from framescribe.errors import BadReply
from framescribe.strategies.asking import Asked, Asking
from framescribe.strategies.base import CAPTION

THOUGHT, ANSWER = "The user wants a caption. I see red.", "A red car drives past a wall."

PAIRS = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),
    ("<reasoning>", "</reasoning>"),
    ("<THINK>", "</THINK>"),
    ("<Think >", "</ think>"),
    ("<seed:think>", "</seed:think>"),
    ("<mm:think>", "</mm:think>"),
    ("<longcat_think>", "</longcat_think>"),
    ("[THINK]", "[/THINK]"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|channel>thought\n", "<channel|>"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
    ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    ("<|start|>assistant<|channel|>analysis<|message|>", "<|channel|>final<|message|>"),
    ("&lt;think&gt;", "&lt;/think&gt;"),
]


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
@pytest.mark.parametrize("gap", ["", "\n", "\n\n", " "])
def test_what_stands_between_the_marks_is_no_part_of_the_answer(opening: str, closing: str, gap: str) -> None:
    assert split(f"{opening}{gap}{THOUGHT}{gap}{closing}{gap}{ANSWER}") == (THOUGHT, ANSWER)


@pytest.mark.parametrize(("opening", "closing"), PAIRS)
def test_an_empty_thought_leaves_no_trace(opening: str, closing: str) -> None:
    assert split(f"{opening}\n\n{closing}\n\n{ANSWER}") == ("", ANSWER)


@pytest.mark.parametrize(("_opening", "closing"), PAIRS)
@pytest.mark.parametrize("thought", [THOUGHT, "so the wall is grey and", "- red\n- a car\n"])
def test_only_the_closing_mark_is_there_since_the_prompt_had_the_other(
    _opening: str, closing: str, thought: str
) -> None:
    assert split(f"{thought}{closing}\n{ANSWER}") == (thought.strip(), ANSWER)
    assert split(f"{thought}{closing}a red car") == (thought.strip(), "a red car")


@pytest.mark.parametrize(("opening", "_closing"), PAIRS)
def test_a_budget_that_ran_out_while_it_thought_leaves_no_answer(opening: str, _closing: str) -> None:
    assert split(f"{opening}\n{THOUGHT}") == (THOUGHT, "")
    assert split(f"\n{opening}{THOUGHT}") == (THOUGHT, "")


@pytest.mark.parametrize(
    ("text", "thought", "answer"),
    [
        ("<think>a<think>b</think>c</think>It rains.", "a\nb\nc", "It rains."),
        ("<think>a</think><think>b</think>It rains.", "a\nb", "It rains."),
        ("<think>a</think>\nIt rains.\n<think>b</think>\nA dog runs.", "a\nb", "It rains.\n\nA dog runs."),
        ("<think>\n<think>a</think>It rains.", "a", "It rains."),
        ("draft</think>second thought</think>It rains.", "draft\nsecond thought", "It rains."),
        ("<think>a</think>It rains.</think>", "a", "It rains."),
        ("It rains.\n<think>Was that all? Let me", "Was that all? Let me", "It rains."),
        ('<think>No "</think>" in the answer.</think>It rains.', 'No "</think>" in the answer.', "It rains."),
        ("<think>a", "a", ""),
        ("a</think>", "a", ""),
        ("a</think>\n", "a", ""),
        ("<think></think>", "", ""),
        ("\n\n</think>\n\nIt rains.", "", "It rains."),
        ("Sure, <think>a</think> It rains.", "Sure, <think>a", "It rains."),
        ("思考。</think>下雨了。", "思考。", "下雨了。"),
    ],
)
def test_marks_that_are_nested_repeated_or_left_over(text: str, thought: str, answer: str) -> None:
    assert split(text) == (thought, answer)


@pytest.mark.parametrize(
    "text",
    [
        f"<think>{THOUGHT}</think><answer>{ANSWER}</answer>",
        f"<think>{THOUGHT}</think>\n<answer>\n{ANSWER}\n</answer>\n",
        f"<think>{THOUGHT}</think><answer>{ANSWER}",  # cut off
        f"{THOUGHT}</think>\n<answer>{ANSWER}</answer>",
        f"<think>{THOUGHT}\n<answer>{ANSWER}</answer>",  # the closing mark was forgotten
        f"{THOUGHT}\n<answer>{ANSWER}</answer>",
        f"<think>{THOUGHT}</think><|begin_of_box|>{ANSWER}<|end_of_box|>",
        f"<think>{THOUGHT}</think><answer><|begin_of_box|>{ANSWER}<|end_of_box|></answer>",
        f"<think>{THOUGHT}</think>\\boxed{{{ANSWER}}}",
        f"<think>{THOUGHT}</think>$\\boxed{{\\text{{{ANSWER}}}}}$",
        f"<REASONING>{THOUGHT}</REASONING>\n\n<CONCLUSION>{ANSWER}</CONCLUSION>",
        f"<REASONING>{THOUGHT}</REASONING><CONCLUSION>{ANSWER}</CONCLUSION>",
        f"<thinking>{THOUGHT}</thinking>\n<output>\n{ANSWER}\n</output>",
        f"<analysis>{THOUGHT}</analysis>{ANSWER}",
        f"Here are my reasoning steps:\n{THOUGHT}\n[BEGIN FINAL RESPONSE]\n{ANSWER}\n[END FINAL RESPONSE]<|end|>",
        f"{THOUGHT}\n[BEGIN FINAL RESPONSE]{ANSWER}[END FINAL RESPONSE]",
        f"```\n<think>{THOUGHT}</think>\n{ANSWER}\n```",
        f"```xml\n<think>\n{THOUGHT}\n</think>\n```\n{ANSWER}",
        f"```thinking\n{THOUGHT}\n```\n{ANSWER}",
        f"analysis{THOUGHT}assistantfinal{ANSWER}",
        f"Here is my thought process: {THOUGHT}\n\nHere is my response: {ANSWER}",
        f"Thinking...\n{THOUGHT}\n...done thinking.\n\n{ANSWER}",
        f"<|channel|>analysis<|message|>{THOUGHT}<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
        f"<|START_THINKING|>{THOUGHT}<|END_THINKING|><|START_RESPONSE|>{ANSWER}<|END_RESPONSE|>",
    ],
)
def test_an_answer_comes_out_of_its_box_and_out_of_its_fence(text: str) -> None:
    assert split(text) == (THOUGHT, ANSWER)


@pytest.mark.parametrize(
    "text", [f"<answer>{ANSWER}</answer>", f"\\boxed{{{ANSWER}}}", f"<|begin_of_box|>{ANSWER}<|end_of_box|>"]
)
def test_a_box_without_a_thought_is_opened_too(text: str) -> None:
    assert split(text) == ("", ANSWER)


def test_no_engine_brings_a_thought_into_a_caption() -> None:
    """Engines cut them off themselves; one from a plug-in may not."""

    def said(text: str, finish_reason: FinishReason) -> str:
        async def complete(request: ChatRequest) -> Reply:
            return Reply(text=text, finish_reason=finish_reason)

        message = Message(role="user", parts=(TextPart("Describe it."),))
        request = ChatRequest(messages=(message,), decoding=Decoding())
        return asyncio.run(Asking(None, Asked(name="plug-in", complete=complete))(request, CAPTION, "the clip"))

    assert said(f"<think>{THOUGHT}</think>\n{ANSWER}", "stop") == ANSWER
    with pytest.raises(BadReply, match="thinking"):
        said(f"<think>{THOUGHT}", "length")


@pytest.mark.parametrize(
    "text",
    [
        ANSWER,
        f"  {ANSWER}\n",
        "",
        'A man holds a sign that reads "<think>" in red letters.',
        "A man holds a sign that reads <think> in red letters.",
        "A sign reads <think> above, and </think> in small letters below it.",
        "The screen shows `<think>` and `</think>`, the tags of a language model.",
        "A whiteboard with the word [THINK] on it.",
        "She seems lost in thought; he is thinking: the answer is on the board.",
        "The board reads \\boxed{x^2 + 1} in white chalk.",
        "The page shows <answer> in a form, and a button.",
        "analysis of the scene: a red car.",
        "Thinking... is written on the wall.",
        '{"caption": "A sign.\\n<think>x</think>"}',
        '["<think>", "</think>"]',
        "```\nA red car.\n```",
        "<b>A red car</b> drives <i>past</i> a wall.",
        "f(x) < think > 3",
    ],
)
def test_a_caption_that_only_mentions_such_words_stays_as_it_is(text: str) -> None:
    assert split(text) == ("", text)
