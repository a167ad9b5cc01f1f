"""Knows what the word for the end of an answer means, in every provider's tongue; knows no answer."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

End = Literal["stop", "length", "repetition", "refused", "broken", "other"]

# "refused": a filter, or the model, will not speak of this clip. "broken": the server gave up on its answer.
# Whatever is not listed is "other", and flagged: only ends that are known to be good count as good.
_WORDS: dict[End, tuple[str, ...]] = {
    "stop": (
        "stop",  # OpenAI and most; STOP: Gemini
        "eos",  # Together
        "eos_token",  # TGI
        "end_turn",  # Anthropic
        "stop_sequence",  # Anthropic, TGI
        "complete",  # Cohere
        "completed",  # OpenAI's newer API, as OpenRouter's native_finish_reason passes it on
        "end_of_text",
    ),
    "length": (
        "length",  # OpenAI and most
        "max_tokens",  # Anthropic, Cohere; MAX_TOKENS: Gemini
        "max_output_tokens",
        "model_length",  # Mistral
        "model_context_window_exceeded",  # Anthropic
        "max_length",
        "token_limit",
    ),
    "repetition": ("repetition",),  # vLLM
    "refused": (
        "content_filter",  # OpenAI, Azure, DeepSeek, DashScope
        "content_filtered",  # Bedrock
        "guardrail_intervened",  # Bedrock
        "refusal",  # Anthropic
        "sensitive",  # Zhipu
        "error_toxic",  # Cohere
        # Gemini's, which its OpenAI interface passes on as they are:
        "safety",
        "recitation",
        "language",
        "blocklist",
        "prohibited_content",
        "spii",
        "image_safety",
        "image_prohibited_content",
        "image_recitation",
        "image_other",
        "model_armor",
    ),
    "broken": (
        "abort",  # vLLM, SGLang
        "aborted",
        "cancelled",
        "canceled",
        "error",  # OpenRouter, Cohere, vLLM
        "error_limit",  # Cohere
        "insufficient_system_resource",  # DeepSeek
        "network_error",  # Zhipu
        "timeout",
        "overloaded",
        "load",  # Ollama: it only loaded the model
        "unload",
        "malformed_response",  # Gemini
    ),
    "other": ("tool_calls", "function_call", "tool_use", "pause_turn"),
}
_ENDS = {word: end for end, words in _WORDS.items() for word in words}
_WORST_FIRST: tuple[End, ...] = ("broken", "refused", "length", "repetition", "other", "stop")


def end_of(*said: object) -> End:
    """The end that these words stand for: `finish_reason` first, then the provider's own (`native_finish_reason`).

    A gateway's "stop" does not hide that the provider cut the answer off or withheld it; a provider's word that is not
    known does not make a good end a bad one.
    """
    # SGLang's own: {"type": "stop", "matched": 2}
    words = (each.get("type") if isinstance(each, dict) else each for each in said)
    return _worst(tuple([word for word in words if isinstance(word, str)]))


@lru_cache  # nearly all answers end in the same way
def _worst(words: tuple[str, ...]) -> End:
    found = [end for word in words if (end := _end(word)) is not None]
    return next((end for end in _WORST_FIRST if end in found), "other")


def _end(said: str) -> End | None:
    words = [said, *re.split(r"[\s:/.]+", said)]  # "content_filter: PROHIBITED_CONTENT"
    names = [re.sub(r"(?<=[a-z])(?=[A-Z])|[\s-]+", "_", word.strip()).lower() for word in words]
    return next(
        (_ENDS[name] for name in (name.removeprefix("finish_reason_") for name in names) if name in _ENDS), None
    )
