"""Knows how requests are shared among servers that speak OpenAI's chat API, retried and given up; knows no HTTP.

A request that fails is retried at whichever server has room: after 0.5 s, doubling up to 8 s, with jitter, or after the
time in the server's Retry-After.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from framescribe.engines.base import ChatRequest, Engine, Load, Reply
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.thinking_switch import Thinking, fields
from framescribe.engines.transport.endpoint import Endpoint, NotThere, Trouble
from framescribe.engines.transport.fleet import Backend, Fleet
from framescribe.errors import NO_USAGE, EngineFault, FramescribeError, Refused, RunError, Usage, UserError

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice

FAILURES_IN_A_ROW = 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 8.0
DEATHS = 2  # of its server while it had a request: the request is not sent a third time
OPENAI = "https://api.openai.com"
ORGANISATION = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


class OpenAIEngine(Engine):
    """Any servers with POST /chat/completions: vLLM, SGLang, LMDeploy, llama.cpp, Ollama, OpenAI and the like.

    `base_url` is one URL or several that serve the same model; each ends where "/chat/completions" begins, usually in
    "/v1"; None stands for OPENAI_BASE_URL or OpenAI itself. `model` None takes the only model that is served.
    `concurrency` is the number of requests at a time at each server; None finds a good one. `timeout` is in seconds and
    for one try. `patience` is how many seconds requests wait while no server answers. `extra` goes into the body of
    every request: what an engine reads beyond OpenAI's API. `takes_video`: frames may be sent as one video, as vLLM
    reads it. `thinking` turns the model's thinking on or off in the way of each server; None leaves it to the model.
    """

    def __init__(
        self,
        *,
        model: str | None,
        base_url: str | Sequence[str] | None,
        concurrency: int | None = None,
        timeout: float = 600,
        retries: int = 6,
        patience: float = 60,
        api_key_env: str = "OPENAI_API_KEY",
        image_format: Literal["jpeg", "png"] = "jpeg",
        extra: Mapping[str, Any] | None = None,
        takes_video: bool = False,
        thinking: Thinking | None = None,
    ) -> None:
        self.model, self.takes_video = model, takes_video
        self.wants: Literal["jpeg", "png"] = image_format
        self._requests, self._retries, self._patience = concurrency, retries, patience
        urls = [base_url] if base_url is None or isinstance(base_url, str) else list(dict.fromkeys(base_url))
        sent = {header: value for name, header in ORGANISATION.items() if (value := os.environ.get(name))}
        self.endpoints = [
            Endpoint(
                model=model,
                base_url=url,
                timeout=timeout,
                api_key_env=api_key_env,
                image_format=image_format,
                headers=sent,
                extra={**fields(thinking, url or os.environ.get("OPENAI_BASE_URL") or OPENAI), **(extra or {})},
            )
            for url in urls
        ]
        self._failures = 0
        self._over: str | None = None
        self._fleet: Fleet | None = None
        self._suspects = asyncio.Lock()

    @classmethod
    def made(cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Self:
        return cls(
            model=choice.model,
            base_url=choice.base_urls or None,
            concurrency=choice.requests,
            timeout=choice.timeout,
            patience=choice.patience,
            api_key_env=choice.api_key_env,
            thinking=choice.thinking,
        )

    @property
    def concurrency(self) -> int:
        if self._fleet is not None:
            return self._fleet.allowed
        return len(self.endpoints) * Backend("", self._requests).limit.allowed

    def loads(self) -> list[Load]:
        return [
            Load(
                name=backend.name,
                under_way=backend.under_way,
                allowed=backend.limit.allowed,
                there=backend.out is None,
                failed_tries=backend.failed_tries,
            )
            for backend in (self._fleet.backends if self._fleet is not None else ())
        ]

    def describe(self) -> str:
        where = ", ".join(endpoint.url for endpoint in self.endpoints)
        held = f"{self._requests} requests at once" if self._requests else "as many requests at once as it can handle"
        each = f"{held} each" if len(self.endpoints) > 1 else held
        return f"{self.model or 'the served model'} at {where}, {each}"

    async def open(self) -> None:
        """Connect to the servers and determine the model's name. UserError if a URL, the model or the key is wrong. Of
        several servers, those that are not up yet may join later."""
        self._failures, self._over, self._suspects = 0, None, asyncio.Lock()
        found = await asyncio.gather(*(endpoint.open() for endpoint in self.endpoints), return_exceptions=True)
        errors = [error for error in found if isinstance(error, BaseException)]
        if len(errors) == len(found) or any(not isinstance(error, NotThere) for error in errors):
            await self.close()
            raise next((error for error in errors if not isinstance(error, NotThere)), errors[0])
        there = [endpoint for endpoint, error in zip(self.endpoints, found, strict=True) if error is None]
        if len({endpoint.model for endpoint in there}) > 1:
            await self.close()
            served = "; ".join(f"{endpoint.url}: {endpoint.model}" for endpoint in there)
            raise UserError(f"the servers do not serve the same model. Name one that all serve: --model NAME\n{served}")
        self.model = there[0].model
        self.backends = {Backend(endpoint.url, self._requests): endpoint for endpoint in self.endpoints}
        self._fleet = Fleet(list(self.backends), lambda backend: self.backends[backend].answers(), self._patience)
        for backend, endpoint in self.backends.items():
            if endpoint not in there:
                endpoint.model = self.model
                self._fleet.take_out(backend, "it cannot be reached yet")

    def died(self, number: int, how: str) -> None:
        """Whoever started the server found it dead and is restarting it."""
        assert self._fleet is not None
        backend = self._fleet.backends[number]
        backend.deaths += 1
        backend.returning = True
        self._fleet.take_out(backend, how)

    def returned(self, number: int) -> None:
        """The server that died has been restarted."""
        assert self._fleet is not None
        self._fleet.backends[number].returning = False

    async def moved(self, number: int, url: str) -> None:
        """The server is at this URL from now on."""
        await self.endpoints[number].move(url)
        if self._fleet is not None:
            self._fleet.backends[number].name = self.endpoints[number].url

    def lost(self, number: int, why: str) -> None:
        """The server that died will not be restarted."""
        assert self._fleet is not None
        self._end(self._fleet.backends[number], why)

    async def close(self) -> None:
        fleet, self._fleet = self._fleet, None
        if fleet is not None:
            await fleet.close()
        for endpoint in self.endpoints:
            await endpoint.close()

    async def complete(self, request: ChatRequest) -> Reply:
        """The reply to `request`.

        Refused: the server will not answer this request. BadReply: its answer has no text. EngineFault: every retry
        failed, or the request killed its server. RunError: no server can be reached, none accepts the key or has the
        model, or every request fails.
        """
        wasted: list[Usage] = []
        try:
            reply = await self._answer(request, wasted)
        except FramescribeError as error:
            error.after(sum(wasted, NO_USAGE))
            raise
        return replace(reply, wasted=sum(wasted, NO_USAGE))

    async def _answer(self, request: ChatRequest, wasted: list[Usage]) -> Reply:
        """The reply of the first try that succeeds. What the failed ones cost is added to `wasted`."""
        tries, broken = 0, list[_Failed]()
        last: Backend | None = None
        while True:
            deaths = _deaths(broken)
            if deaths >= DEATHS:
                raise EngineFault(f"the server died {deaths} times while it had this request")
            try:
                # One suspect at a time, so that the next death has one cause.
                async with self._suspects if deaths else contextlib.nullcontext():
                    fleet = self._open_fleet()
                    backend = await fleet.take(avoid=last)
                    if _deaths(broken) != deaths:  # another one has become known
                        fleet.give_back(backend)
                        continue
                    try:
                        return await self._try(request, fleet, backend)
                    except _Failed as error:
                        if deaths and not error.trouble.gone:
                            await fleet.until_clear(backend, error.deaths)
                        raise
            except _Failed as error:
                failed = error
                wasted.append(error.trouble.usage)
            last, trouble = failed.backend, failed.trouble
            if not trouble.gone:  # a server that is not there has not failed the request
                tries += 1
                broken.append(failed)
            if tries > self._retries:
                raise self._counted(last.name, str(trouble))
            if trouble.wait is None and not self._over:  # the fleet keeps to the wait that a server asked for
                wait = FIRST_WAIT_SECONDS * 2 ** max(0, tries - 1)
                await asyncio.sleep(min(LONGEST_WAIT_SECONDS, wait) * random.uniform(0.75, 1))

    def _open_fleet(self) -> Fleet:
        if self._over or self._fleet is None:
            raise RunError(self._over or "the engine is not open")
        return self._fleet

    async def _try(self, request: ChatRequest, fleet: Fleet, backend: Backend) -> Reply:
        """One try at this server. The backend is given back."""
        endpoint, deaths = self.backends[backend], backend.deaths
        try:
            if self._over:
                raise RunError(self._over)
            reply = await endpoint.ask(request)
        except Trouble as trouble:
            backend.failed_tries += 1
            if trouble.overloaded:
                backend.limit.overloaded()
            if trouble.wait is not None:
                fleet.pause(backend, trouble.wait)
            if trouble.gone:
                fleet.take_out(backend, f"it cannot be reached any more: {trouble}")
            elif not trouble.overloaded:
                fleet.failed(backend, str(trouble))
            raise _Failed(backend, deaths, trouble) from None
        except RunError as error:
            self._end(backend, str(error))
            raise _Failed(backend, deaths, Trouble(str(error), gone=True)) from None
        except Refused:
            fleet.answered(backend)  # a server that refuses is alive
            self._failures = 0
            raise
        finally:
            fleet.give_back(backend)
        fleet.answered(backend)
        self._failures = 0
        return reply

    def _end(self, backend: Backend, why: str) -> None:
        """This server will answer no more requests; without any other, the run is over."""
        assert self._fleet is not None
        self._fleet.end(backend, why)
        if all(other.over is not None for other in self.backends):
            self._over = why

    def _counted(self, url: str, what: str) -> EngineFault | RunError:
        """The error for one more failed request; several in a row end the run, as all others would fail, too."""
        self._failures += 1
        if self._failures >= FAILURES_IN_A_ROW:
            self._over = f"{url} failed {self._failures} requests in a row, each after every retry: {what}"
            return RunError(self._over)
        return EngineFault(f"{url} failed this request after {self._retries} retries: {what}")


def _deaths(broken: Sequence[_Failed]) -> int:
    """How many deaths of servers made these tries fail. One death may fail several tries, since it is noticed only when
    the last of the server's processes has ended."""
    return len({(each.backend, each.deaths) for each in broken if each.backend.deaths > each.deaths})


class _Failed(Exception):
    """A try failed at this backend, which had died `deaths` times when the try began."""

    def __init__(self, backend: Backend, deaths: int, trouble: Trouble) -> None:
        self.backend, self.deaths, self.trouble = backend, deaths, trouble
