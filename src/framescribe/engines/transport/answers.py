"""Knows how to read the answer of any server; sends nothing and decides nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from framescribe.engines import thinking
from framescribe.engines.base import Reply
from framescribe.engines.transport.ends import end_of
from framescribe.errors import BadReply, Refused, Usage

_THOUGHTS = frozenset(("reasoning_content", "reasoning", "reasoning_details", "thinking", "thinking_blocks"))
# OpenAI's name, then Anthropic's, then Google's
_PROMPT = ("prompt_tokens", "input_tokens", "promptTokenCount")
_COMPLETION = ("completion_tokens", "output_tokens", "candidatesTokenCount")


class BrokenOff(BadReply):
    """The server gave up on its answer: vLLM does so with all that are under way when it is stopped."""


def parsed(content: bytes) -> object:
    """The JSON in an answer, whatever its header calls it; else its text. Half a character (a lone surrogate, bytes
    that are not UTF-8) becomes U+FFFD: neither a file nor a terminal takes it, and the rest is still an answer."""
    text = content.decode(errors="replace").removeprefix("\ufeff")
    try:
        body = json.loads(text)
        return _whole(body) if "\\u" in text and "\\ud" in text.lower() else body
    except (ValueError, RecursionError):
        return text


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return {name: _whole(item) for name, item in value.items()} if isinstance(value, dict) else value


def names(body: object) -> list[str]:
    """The names in a list of models; an empty list if it is not one."""
    entries = body.get("data") if isinstance(body, dict) else body  # Together sends the bare list
    if not isinstance(entries, list):
        return []
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def usage(body: object) -> Usage:
    """What the server counted for this answer. Tokens that it does not report count as 0."""
    prompt, completion = _tokens(body)
    return Usage(prompt_tokens=prompt or 0, completion_tokens=completion or 0, answers=1)


def reply(body: dict[str, Any], clean: Callable[[str], str]) -> Reply:
    """The reply in a chat completion. BrokenOff, Refused or BadReply if there is none."""
    choice = body["choices"][0]
    message = choice["message"]
    said = choice.get("finish_reason", choice.get("finishReason"))
    end = end_of(said, choice.get("native_finish_reason"))
    if end == "broken":
        raise BrokenOff(f"it broke off its answer (finish reason: {clean(_word(said))})")
    if isinstance(refusal := message.get("refusal"), str) and refusal.strip():
        raise Refused(f"the model refused: {clean(refusal)}")
    if end == "refused":
        raise Refused(f"the server withheld the answer (finish reason: {clean(_word(said))})")
    written, thought = _content(message)
    inside, text = thinking.split(written or "")
    if not text.strip():
        if not (thought or inside or _thought_tokens(body)):
            raise BadReply(f"the model gave an empty answer (finish reason: {clean(_word(said))})")
        if end == "length":
            raise BadReply(thinking.UNANSWERED)
        raise BadReply("the model thought, and wrote no answer, or the server took it for thinking: try --thinking off")
    prompt, completion = _tokens(body)
    return Reply(text=text, finish_reason=end, prompt_tokens=prompt, completion_tokens=completion)


def _word(said: object) -> str:
    return str(said.get("type") if isinstance(said, dict) else said)


def _content(message: dict[str, Any]) -> tuple[str | None, bool]:
    """The text of a message without parts that are thoughts, None if it has none; and whether there are thoughts."""
    content = message.get("content")
    thought = not _THOUGHTS.isdisjoint(message) and any(message.get(name) for name in _THOUGHTS)
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        return (content if isinstance(content, str) else None), thought
    texts = list[str]()
    for part in content:
        kind = str(part.get("type", "text")) if isinstance(part, dict) else "text"
        text = part.get("text") if isinstance(part, dict) else part
        if kind in ("text", "output_text") and isinstance(text, str):
            texts.append(text)
        elif kind not in ("text", "output_text"):  # "thinking" (Mistral, Anthropic), "reasoning", "redacted_thinking"
            thought = True
    return ("".join(texts) if texts else None), thought


def _thought_tokens(body: dict[str, Any]) -> bool:
    """Whether the server counted tokens for thinking that it does not show, as OpenAI does."""
    told = body.get("usage")
    details = told.get("completion_tokens_details") if isinstance(told, dict) else None
    return bool(_count(details.get("reasoning_tokens"))) if isinstance(details, dict) else False


def _tokens(body: object) -> tuple[int | None, int | None]:
    """The tokens of the prompt and of the answer; None where the server does not report them."""
    told = body.get("usage") or body.get("usageMetadata") if isinstance(body, dict) else None
    counts = told if isinstance(told, dict) else {}
    return _first(counts, _PROMPT), _first(counts, _COMPLETION)


def _first(counts: Mapping[str, Any], keys: Sequence[str]) -> int | None:
    for key in keys:
        if (count := _count(counts.get(key))) is not None:
            return count
    return None


def _count(value: object) -> int | None:
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return whole if isinstance(whole, int) and not isinstance(whole, bool) and whole >= 0 else None
