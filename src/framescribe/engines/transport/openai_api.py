"""Knows how requests are shared among servers that speak OpenAI's chat API, retried and given up; knows no HTTP.

A request that fails is retried at whichever server has room: after 0.5 s, doubling up to 8 s, with jitter, or after the
time that the server asks for. One that a server refuses is asked of the others. One that is turned away by a limit of
rate has not failed: it waits its turn, however long that takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from framescribe.engines.base import ChatRequest, Engine, Load, Reply
from framescribe.engines.presets import thinks
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.thinking_switch import Thinking, fields
from framescribe.engines.transport.connection import url_of
from framescribe.engines.transport.endpoint import Endpoint, NotThere, Trouble
from framescribe.engines.transport.fleet import Backend, Fleet
from framescribe.errors import (
    NO_USAGE,
    BadReply,
    EngineFault,
    FramescribeError,
    Refused,
    RunError,
    TooLong,
    Usage,
    UserError,
    VideoError,
)

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice

FAILURES_IN_A_ROW = 10
USELESS_IN_A_ROW = 10  # refusals and answers without text: said once
USELESS_TRIES = 3  # of a request that is answered with what is no answer
HANGS = 3  # of a server that in between answered nothing but small questions
TURNED_AWAY = 20  # times that words alone spoke of a rate limit, while the server answered others
LIMITED_SECONDS = 1800.0  # without any answer but "too many requests": the run ends, and can go on later
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 8.0
DEATHS = 2  # of its server while it had a request: the request is not sent a third time
_log = logging.getLogger("framescribe")
ORGANISATION = {"OPENAI_ORG_ID": "OpenAI-Organization", "OPENAI_PROJECT_ID": "OpenAI-Project"}


class OpenAIEngine(Engine):
    """Any servers with POST /chat/completions: vLLM, SGLang, LMDeploy, llama.cpp, Ollama, OpenAI and the like.

    `base_url` is one URL or several that serve the same model; each ends where "/chat/completions" begins, usually in
    "/v1"; None stands for OPENAI_BASE_URL or OpenAI itself. `model` None takes the only model that is served.
    `concurrency` is the number of requests at a time at each server; None finds a good one. `timeout` is in seconds and
    for one try. `patience` is how many seconds requests wait while no server answers. `extra` goes into the body of
    every request: what an engine reads beyond OpenAI's API. `takes_video`: frames may be sent as one video, as vLLM
    reads it. `thinking` turns the model's thinking on or off in the way of each server; None leaves it to the model.
    `on_hang` is told the number of a server that listens, but answers nothing: whoever started it can restart it, and
    says so with `died` and `returned`, or `lost`.
    """

    takes_schema = True

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
        on_hang: Callable[[int], None] | None = None,
    ) -> None:
        self.model, self.takes_video = model, takes_video
        self.wants: Literal["jpeg", "png"] = image_format
        # Not where the user, or whoever started the server, has settled it.
        self.may_think = thinking is None and extra is None and thinks(model) != "always"
        self._requests, self._retries, self._patience = concurrency, retries, patience
        self._timeout, self._on_hang = timeout, on_hang
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
                extra={**fields(thinking, url_of(url)), **(extra or {})},
                at_once=fields("off", url_of(url)) if self.may_think else {},
            )
            for url in urls
        ]
        self._failures = self._useless = 0  # in a row
        self._last_answer = 0.0
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
        self._failures, self._useless, self._over, self._suspects = 0, 0, None, asyncio.Lock()
        self._last_answer = time.monotonic()
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
        self._fleet = Fleet(list(self.backends), self._answers, self._patience)
        for backend, endpoint in self.backends.items():
            if endpoint not in there:
                endpoint.model = self.model
                self._fleet.take_out(backend, "it cannot be reached yet")

    async def _answers(self, backend: Backend) -> bool:
        return await self.backends[backend].answers(questions=backend.hangs)

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
        backend = self._fleet.backends[number]
        backend.returning = backend.hangs = False

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

        Refused: no server will answer this request. BadReply: the answer has no text. EngineFault: every retry failed,
        or the request killed its server. RunError: no server can be reached, none accepts the key or has the model,
        credit or a day's quota is used up, or every request fails.
        """
        wasted, refusals, answered = list[Usage](), dict[Backend, VideoError](), False
        try:
            reply = await self._answer(request, wasted, refusals)
            answered = True
        except FramescribeError as error:
            error.after(sum(wasted, NO_USAGE))
            raise
        finally:
            if self._fleet is not None:
                self._fleet.settle(refusals, answered=answered)
        return replace(reply, wasted=sum(wasted, NO_USAGE)) if wasted else reply

    async def _answer(self, request: ChatRequest, wasted: list[Usage], refusals: dict[Backend, VideoError]) -> Reply:
        """The reply of the first try that succeeds. What the failed ones cost is added to `wasted`, and which servers
        refused it to `refusals`."""
        tries, useless, turned_away, broken = 0, 0, 0, list[_Failed]()
        last: Backend | None = None
        while True:
            deaths = _deaths(broken)
            if deaths >= DEATHS:
                raise EngineFault(f"the server died {deaths} times while it had this request")
            try:
                # One suspect at a time, so that the next death has one cause.
                async with self._suspects if deaths else contextlib.nullcontext():
                    fleet = self._open_fleet()
                    backend = await fleet.take(avoid=last, never=refusals)
                    if backend is None:  # all refuse it
                        raise next(iter(refusals.values()))
                    if _deaths(broken) != deaths:  # another one has become known
                        fleet.give_back(backend)
                        continue
                    try:
                        return await self._try(request, fleet, backend)
                    except _Failed as error:
                        if deaths and error.trouble.why != "gone":
                            await self._until_clear(fleet, error)
                        raise
                    except (Refused, BadReply) as error:
                        if self._is_final(error):
                            raise
                        wasted.append(error.usage)
                        error.usage = NO_USAGE
                        refusals[backend] = error
                        continue
            except _Failed as error:
                failed = error
                wasted.append(error.trouble.usage)
            last, trouble = failed.backend, failed.trouble
            if trouble.why == "limited" and not self._over:
                turned_away += not trouble.sure
                if turned_away <= TURNED_AWAY:
                    self._check_patience(failed.backend, trouble)
                    continue
            if trouble.why != "gone":  # a server that is not there has not failed the request
                tries += 1
                useless += trouble.why == "useless"
                broken.append(failed)
            if useless >= min(USELESS_TRIES, self._retries + 1):
                raise BadReply(str(trouble))
            if tries > self._retries:
                raise self._counted(last.name, str(trouble))
            if trouble.wait is None and not self._over:  # the fleet keeps to the wait that a server asked for
                wait = FIRST_WAIT_SECONDS * 2 ** max(0, tries - 1)
                await asyncio.sleep(min(LONGEST_WAIT_SECONDS, wait) * random.uniform(0.75, 1))

    async def _until_clear(self, fleet: Fleet, failed: _Failed) -> None:
        """Wait until it is clear what a suspect did to the server, which has little else to do."""
        backend, late = failed.backend, failed.trouble.why == "late"
        if late and backend.out is None and not await self.backends[backend].answers(questions=True):
            self._hangs(fleet, backend)
        await fleet.until_clear(backend, failed.deaths)

    def _is_final(self, refusal: VideoError) -> bool:
        """Whether no other server is asked about a request that one has refused."""
        return isinstance(refusal, TooLong) or len(self.backends) == 1

    def _check_patience(self, backend: Backend, trouble: Trouble) -> None:
        if time.monotonic() - self._last_answer > LIMITED_SECONDS:
            why = f"{backend.name} has turned every request away for {LIMITED_SECONDS / 60:.0f} min: {trouble}"
            for each in self.backends:
                self._end(each, why)
            raise RunError(why)

    def _open_fleet(self) -> Fleet:
        if self._over or self._fleet is None:
            raise RunError(self._over or "the engine is not open")
        return self._fleet

    async def _try(self, request: ChatRequest, fleet: Fleet, backend: Backend) -> Reply:
        """One try at this server. The backend is given back."""
        endpoint, deaths, begun = self.backends[backend], backend.deaths, asyncio.get_running_loop().time()
        try:
            if self._over:
                raise RunError(self._over)
            reply = await endpoint.ask(request)
        except Trouble as trouble:
            backend.failed_tries += 1
            self._weigh(fleet, backend, trouble, begun)
            raise _Failed(backend, deaths, trouble) from None
        except RunError as error:
            self._end(backend, str(error))
            raise _Failed(backend, deaths, Trouble(str(error), "gone")) from None
        except (Refused, BadReply) as error:
            self._failures = 0
            if not self._is_final(error):
                fleet.refused(backend)
            else:
                fleet.alive(backend)
                self._count_useless(backend, error)
            raise
        finally:
            fleet.give_back(backend)
        fleet.answered(backend)
        self._failures = self._useless = 0
        self._last_answer = time.monotonic()
        return reply

    def _weigh(self, fleet: Fleet, backend: Backend, trouble: Trouble, begun: float) -> None:
        """What this trouble, with a request that was sent then, means for the server."""
        why = trouble.why
        if why == "limited":
            fleet.turned_away(backend, trouble.wait, str(trouble))
            return
        if trouble.wait is not None:
            fleet.pause(backend, trouble.wait)
        if why in ("busy", "late"):
            backend.limit.overloaded()
        if why == "gone":
            fleet.take_out(backend, f"it cannot be reached any more: {trouble}")
        elif why != "late":
            fleet.alive(backend)
            fleet.failed(backend, str(trouble))
        elif fleet.is_late(backend, begun):
            self._hangs(fleet, backend)

    def _hangs(self, fleet: Fleet, backend: Backend) -> None:
        seconds = f"{self._timeout:g} s"
        if backend.relapses + 1 >= HANGS and self._on_hang is None:
            self._end(
                backend,
                f"{backend.name} answers small questions, but none of the run's requests within {seconds}.\n"
                "If it is only slow, give it more time with --timeout, or fewer requests with --requests.",
            )
            return
        backend.hangs = True
        fleet.take_out(backend, f"it hangs: {max(1, backend.late)} requests in a row had no answer in {seconds}")
        if self._on_hang is not None:
            self._on_hang(list(self.backends).index(backend))

    def _count_useless(self, backend: Backend, error: VideoError) -> None:
        """The answers of one server cannot be compared with another's: a person has to know."""
        self._useless += not isinstance(error, TooLong)
        if self._useless == USELESS_IN_A_ROW:
            _log.warning("%s: the last %d answers were of no use: %s", backend.name, self._useless, error)

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
    if not broken:
        return 0
    return len({(each.backend, each.deaths) for each in broken if each.backend.deaths > each.deaths})


class _Failed(Exception):
    """A try failed at this backend, which had died `deaths` times when the try began."""

    def __init__(self, backend: Backend, deaths: int, trouble: Trouble) -> None:
        self.backend, self.deaths, self.trouble = backend, deaths, trouble
