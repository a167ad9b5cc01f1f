"""Knows how to play a server byte by byte, over TCP: no HTTP library sends what these send; plays no test's part."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any


def response(body: object, more: bytes = b"", status: bytes = b"200 OK") -> bytes:
    """An answer with this JSON, and more headers if wanted."""
    data = json.dumps(body).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, more, len(data)) + data


def says(text: str, number: str = "", more: bytes = b"") -> bytes:
    """A chat completion, with the request's number in its id as vLLM writes it."""
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return response({"id": f"chatcmpl-{number}", "choices": choices}, more)


async def head_of(reader: asyncio.StreamReader) -> dict[str, str]:
    """A request's headers in lower case, and its path as "path"."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)} | {
        "path": first.split()[1]
    }


async def received(reader: asyncio.StreamReader) -> tuple[dict[str, str], Any]:
    """A request's headers and its JSON."""
    head = await head_of(reader)
    return head, json.loads(await reader.readexactly(int(head.get("content-length", 0))) or b"null")


@asynccontextmanager
async def listening(
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """The URL of a server that does this with each connection, and then closes it."""
    tasks = set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await connected(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
