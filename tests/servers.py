"""Knows how to play a faulty OpenAI server on a loopback port, act by act, and how to start a real one; tests nothing.

Scripted servers are for faults alone: what works is proven on the real one, `transformers serve`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

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
    return f"seen {hashlib.sha256(content.encode()).hexdigest()[:16]}"


def tells() -> Act:
    """An answer that tells which pictures and words were asked about, so that one on the wrong video is seen."""

    async def act(request: web.Request) -> web.StreamResponse:
        return await says(answer_to(await request.json()))(request)

    return act


class ScriptedServer:
    """Plays `acts` for POST /v1/chat/completions in order of arrival, the last one again and again.

    `models` is the act for GET /v1/models, or the names it lists; `others` for every other path.
    `requests` holds what was asked (JSON), `headers`, `queries` and `authorization` what came with each,
    `most_at_once` how many were under way together.
    """

    def __init__(
        self, *acts: Act, models: Act | Sequence[str] = ("tiny",), others: Act | None = None, port: int = 0
    ) -> None:
        self._port = port
        self._acts = list(acts) or [says()]
        self._models = models if callable(models) else answers(200, {"data": [{"id": name} for name in models]})
        self._others = others or answers(404, "not found")
        self.requests: list[dict[str, Any]] = []
        self.authorization: list[str | None] = []
        self.headers: list[Mapping[str, str]] = []
        self.queries: list[dict[str, str]] = []
        self.most_at_once = self._at_once = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        self.requests.append(await request.json())
        self.authorization.append(request.headers.get("Authorization"))
        self.headers.append(request.headers.copy())
        self.queries.append(dict(request.query))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await act(request)
        finally:
            self._at_once -= 1

    async def _start(self) -> int:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_get("/v1/models", self._models)
        app.router.add_route("*", "/{path:.*}", self._others)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self._runner.addresses[0][1]

    def _await(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def __enter__(self) -> Self:
        self._thread.start()
        self.port: int = self._await(self._start())
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/v1"
        return self

    def stop(self) -> None:
        """Close the port; later connections are refused."""
        self._await(self._runner.cleanup())

    async def _end_what_sleeps(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._await(self._end_what_sleeps())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def transformers_serve(folder: Path, *options: str) -> Iterator[str]:
    """The URL of a real server on the CPU that loads any checkpoint by its path; `folder` keeps its log and cache.

    Needs the packages of `transformers[serving]`: fastapi and uvicorn. Up in about 9 s. It ends with the block.
    """
    (folder / "hub").mkdir(parents=True, exist_ok=True)  # without one, its list of models is an error
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).with_name("transformers")), "serve", "--device", "cpu", "--dtype", "float32"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder), "OMP_NUM_THREADS": "1"}
    url = f"http://127.0.0.1:{port}"
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port), *options], env=environment, stdout=log, stderr=log
        )
        try:
            _wait_until_up(f"{url}/health", server, folder / "server.log")
            yield f"{url}/v1"
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not come up:\n{log.read_text(errors='replace')[-2000:]}")
