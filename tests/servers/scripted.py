"""Knows how to play an OpenAI server on a loopback port, act by act; knows no act."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Self

from aiohttp import web

from tests.servers.acts import Act, answers, says


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
        self._site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await self._site.start()
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
        self._await(self._stop())

    async def _stop(self) -> None:
        if self._site in self._runner.sites:
            await self._site.stop()
            # Connections that were just accepted are nobody's until these tasks have handed them over.
            accepted = (task for task in asyncio.all_tasks() if "accept_connection" in task.get_coro().__qualname__)
            await asyncio.gather(*accepted, return_exceptions=True)
        await self._runner.cleanup()

    async def _end_what_sleeps(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for transport in list(self._loop._transports.values()):  # type: ignore[attr-defined]
            transport.abort()  # a client may have left it with something still to be written
        await asyncio.sleep(0)

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._await(self._end_what_sleeps())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
