"""Knows how to read the answer or failure of any server; sends nothing and decides nothing."""

from __future__ import annotations

import email.utils
import json
import os
import re
import time
from collections.abc import Callable, Mapping

import aiohttp
import openai

from framescribe.engines.base import FinishReason, Reply
from framescribe.errors import BadReply, Refused, Usage


def names(body: object) -> list[str]:
    """The names in a list of models; an empty list if it is not one."""
    entries = body.get("data") if isinstance(body, dict) else body  # Together sends the bare list
    if not isinstance(entries, list):
        return []
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def words(body: object) -> str:
    """The message in an error's body: {"message": …} (OpenAI), {"detail": …} (FastAPI), {"error": …}, or bare text."""
    while isinstance(body, dict):
        inner = next((body[key] for key in ("message", "detail", "error", "msg") if body.get(key)), None)
        if inner is None:
            return json.dumps(body, ensure_ascii=False)
        body = inner
    if isinstance(body, list):
        return "; ".join(words(item) for item in body)
    return re.sub(r"<[^>]*>", " ", str(body or ""))


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = [error]
    while (cause := found[-1].__cause__) is not None:
        found.append(cause)
    return found


def no_connection(error: openai.APIConnectionError) -> bool:
    """Whether no connection was made at all."""
    # The aiohttp transport reports a refused connection as a timeout: only the cause below tells them apart.
    return any(
        isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError) for cause in _chain(error)
    )


def cause(error: openai.APIConnectionError) -> str:
    """Why there was no answer, in a few words and without the URL."""
    root = _chain(error)[-1]
    for cause in _chain(error):
        if isinstance(cause, aiohttp.ClientConnectorError):
            failed = cause.os_error
            # asyncio replaces the system's words by "Connect call failed (address)"; resolvers' numbers are below 0.
            number = failed.errno or 0
            return os.strerror(number) if number > 0 else failed.strerror or str(failed)
        if isinstance(cause, aiohttp.ServerDisconnectedError):
            return "the server dropped the connection"
    if isinstance(error, openai.APITimeoutError) and isinstance(root, TimeoutError):
        return "no answer in time"
    return f"the connection broke ({type(root).__name__})"


def _choice(body: object) -> object:
    choices = body.get("choices") if isinstance(body, dict) else None
    return choices[0] if isinstance(choices, list) and choices else None


def is_broken_off(body: object) -> bool:
    """Whether the server gave up on the request, as vLLM does with all that are under way when it is stopped."""
    choice = _choice(body)
    return isinstance(choice, dict) and choice.get("finish_reason") == "abort"


def usage(body: object) -> Usage:
    """What the server counted for this answer. Tokens that it does not report count as 0."""
    prompt, completion = _tokens(body)
    return Usage(prompt_tokens=prompt or 0, completion_tokens=completion or 0, answers=1)


def reply(body: object, clean: Callable[[str], str]) -> Reply:
    """The reply in a chat completion; Refused or BadReply if there is none."""
    choice = _choice(body)
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        raise BadReply(f"the server's answer is not a chat completion: {clean(str(body))[:120]}")
    text, cut = message.get("content"), choice.get("finish_reason") == "length"
    if not text and cut and (message.get("reasoning_content") or message.get("reasoning")):
        raise BadReply("the model spent all its tokens on thinking and wrote no answer: raise --max-tokens")
    if not text and message.get("refusal"):
        raise Refused(f"the model refused: {clean(str(message['refusal']))}")
    if not text and choice.get("finish_reason") == "content_filter":
        raise Refused("the server's content filter withheld the answer")
    if not isinstance(text, str):
        raise BadReply("the server's answer has no text")
    said = choice.get("finish_reason")
    finish: FinishReason = said if said in ("stop", "length", "repetition") else "other"
    prompt, completion = _tokens(body)
    return Reply(text=text, finish_reason=finish, prompt_tokens=prompt, completion_tokens=completion)


def _tokens(body: object) -> tuple[int | None, int | None]:
    """The tokens of the prompt and of the answer; None where the server does not report them."""
    told = body.get("usage") if isinstance(body, dict) else None
    counts = told if isinstance(told, dict) else {}
    return _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens"))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the server asks us to wait (RFC 9110, 10.2.3: seconds or a date); None if it does not say."""
    said = headers.get("retry-after", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
