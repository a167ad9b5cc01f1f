"""Knows how to ask an ASGI app directly, so that a test can send what no browser and no client library would."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Headers = Iterable[tuple[str, str]] | Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What an app answered."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """The header's value; None if there is none."""
        found = [value for header, value in self.headers if header.lower() == name.lower()]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    app: Any,
    method: str,
    target: str,
    headers: Headers = (),
    body: bytes | Iterable[bytes] = b"",
    *,
    client: str = "127.0.0.1",
    leaves: bool = False,
) -> Reply:
    """The app's answer to one request. `body` may come in several pieces; no header is added to those given. With
    `leaves`, whoever asks is gone once the request is sent."""
    path, _, query = target.partition("?")
    pieces = [body] if isinstance(body, bytes) else list(body)
    given = headers.items() if isinstance(headers, Mapping) else headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given],
        "client": (client, 50000),
        "server": ("127.0.0.1", 8765),
    }
    left = [
        {"type": "http.request", "body": piece, "more_body": number + 1 < len(pieces)}
        for number, piece in enumerate(pieces)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if left:
            return left.pop(0)
        if leaves:
            return {"type": "http.disconnect"}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    start = sent[0]
    return Reply(
        start["status"],
        [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]],
        b"".join(message.get("body", b"") for message in sent[1:]),
    )
