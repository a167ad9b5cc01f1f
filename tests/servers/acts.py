"""Knows what a server of some kind does with one request, a small function for each trait; tests nothing.

A report of a new fault becomes a test with an act of its own or, mostly, with `answers(status, body, headers)`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

Act = Callable[[web.Request], Awaitable[web.StreamResponse]]


def says(text: str | None = "fine", finish: str = "stop", tokens: tuple[int, int] = (5, 2), **message: Any) -> Act:
    """A chat completion with this text, for so many tokens of the prompt and of the answer."""
    body = {
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1]},
    }
    return answers(200, body)


def answers(status: int, body: object, headers: dict[str, str] | None = None) -> Act:
    """Any status with a JSON body, or with bare text."""

    async def act(_request: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return act


def sends(raw: bytes) -> Act:
    """A 200 with these bytes, called JSON."""

    async def act(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=raw, content_type="application/json")

    return act


def drops() -> Act:
    """The connection is cut before any answer."""

    async def act(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return act


def breaks_off() -> Act:
    """An answer of which only the first bytes come."""

    async def act(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"choices": [')
        assert request.transport is not None
        request.transport.close()
        return response

    return act


def sleeps(seconds: float, then: Act | None = None) -> Act:
    """Nothing for `seconds`, then an answer."""

    async def act(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await (then or says())(request)

    return act


def answer_to(body: Mapping[str, Any]) -> str:
    """What `tells` answers to this request: a hash of its pictures and its words, and of nothing else."""
    content = json.dumps([body["messages"], body.get("model")], sort_keys=True)
    return f"seen {hashlib.sha256(content.encode()).hexdigest()[:16]} on a long road by the sea"


def tells() -> Act:
    """An answer that tells which pictures and words were asked about, so that one on the wrong video is seen."""

    async def act(request: web.Request) -> web.StreamResponse:
        return await says(answer_to(await request.json()))(request)

    return act
