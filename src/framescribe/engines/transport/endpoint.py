"""Knows how to ask one server that speaks OpenAI's chat API, once, and what its failures mean for the request; knows
no other server and no retry."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Literal

import aiohttp

from framescribe import registry
from framescribe.engines import redaction
from framescribe.engines.base import ChatRequest, Reply
from framescribe.engines.transport import answers, connection, payload
from framescribe.engines.transport.client import Client, WrongAnswer
from framescribe.engines.transport.connection import CONNECT_SECONDS
from framescribe.engines.transport.faults import Fault, fault
from framescribe.engines.transport.parameters import MOST_TRIES, Parameters, alike, is_named, text_of, without
from framescribe.errors import NO_USAGE, EngineFault, Refused, RunError, TooLong, Usage, UserError, VideoError

SMALL_SECONDS = 30.0  # for the answer to a small question
LONGEST_WAIT_SECONDS = 900.0  # the longest that a server may ask us to wait; a longer wait ends the run
_log = logging.getLogger("framescribe")

Why = Literal["failed", "busy", "limited", "late", "gone", "useless"]


class Trouble(EngineFault):
    """The server failed this try; another try may succeed.

    "busy": it has too much to do. "limited": it gets too many requests. "late": it did not answer in time. "gone":
    nothing listens there. "useless": it answered with something that is no answer. `wait`: the seconds that it asks us
    to wait, or None. `sure`: it said so by a status or code of its own.
    """

    def __init__(self, what: str, why: Why = "failed", *, wait: float | None = None, sure: bool = True) -> None:
        super().__init__(what)
        self.why, self.wait, self.sure = why, wait, sure


class NotThere(UserError):
    """Nothing listens at the URL, or the server is not ready."""


class _NoReply(Exception):
    """What the server answered is no reply; `text` is all that it says."""

    def __init__(self, fault: Fault, text: str, usage: Usage) -> None:
        self.fault, self.text, self.usage = fault, text, usage


class Endpoint:
    """One server. `base_url` ends where "/chat/completions" begins, usually in "/v1"; a query is kept (Azure).

    None stands for OPENAI_BASE_URL or OpenAI itself. `model` None takes the only model that the server serves.
    `timeout` is in seconds. `headers` are sent with every request, `extra` in the body of every chat request,
    `at_once` in that of one whose answer is to come without thinking.
    """

    def __init__(
        self,
        *,
        model: str | None,
        base_url: str | None,
        timeout: float,
        api_key_env: str,
        image_format: Literal["jpeg", "png"],
        headers: Mapping[str, str],
        extra: Mapping[str, Any],
        at_once: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.model = model
        self._base_url, self._key_env, self._timeout = base_url, api_key_env, timeout
        self._image_format: Literal["jpeg", "png"] = image_format
        self._headers, self._extra, self._at_once = dict(headers), dict(extra), dict(at_once)
        self.url = redaction.address(connection.url_of(base_url))
        self._parameters, self._learning = Parameters(), asyncio.Lock()
        self._answered = False  # whether it has ever given a reply
        self._secrets: tuple[str, ...] = ()
        self._client: Client | None = None

    async def open(self) -> None:
        """Connect and determine the model's name. UserError if the URL, the model or the key is wrong."""
        self._client = self._connect()
        self._parameters, self._learning, self._answered = Parameters(), asyncio.Lock(), False
        try:
            await self._settle_model(self._client)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def move(self, url: str) -> None:
        """From now on, the server is at this URL; it is connected to anew when it is next probed."""
        if url != self._base_url:
            await self.close()
            self._base_url, self.url = url, redaction.address(connection.url_of(url))

    async def answers(self, *, questions: bool = False) -> bool:
        """Whether a server that was not there answers again; with `questions`, not only a call for its models, which a
        server that hangs may still answer."""
        if self._client is None:  # it was not up when the others were opened
            try:
                await self.open()
            except UserError:
                return False
        assert self._client is not None
        try:
            if questions:
                async with asyncio.timeout(min(self._timeout, SMALL_SECONDS)):
                    status, _, _ = await self._send(self._client, self._hello())
            else:
                status = (await self._get(self._client, "/models", CONNECT_SECONDS))[0]
        except (aiohttp.ClientError, TimeoutError):
            return False
        return status < 500

    async def ask(self, request: ChatRequest) -> Reply:
        """The reply of one try. Refused and BadReply concern this request only. Trouble: another try may succeed.
        RunError: this server will answer no request."""
        client = self._client
        if client is None:
            raise RunError("the engine is not open")
        extra = self._extra if request.thinks is None else {**self._extra, **self._at_once}
        wanted = await payload.body(request, self.model, self._image_format, extra)
        try:
            async with asyncio.timeout(self._timeout):
                reply = await self._answer(client, wanted)
        except aiohttp.ClientError as error:
            # The client's exceptions hold the request with its key, so none of them may remain as a cause.
            raise self._unconnected(error) from None
        except TimeoutError:
            raise Trouble("no answer in time", "late") from None
        except _NoReply as failed:
            raise (await self._meant(client, failed)).after(failed.usage) from None
        self._answered = True
        return reply

    # ---------------------------------------------------------------------------------------- opening

    def _connect(self) -> Client:
        made = connection.connect(self._base_url, self._key_env, self._timeout, self._headers)
        self._secrets = made.secrets
        return made.client

    async def _settle_model(self, client: Client) -> None:
        served = await self._served(client)
        if self.model is None:
            if not served:
                raise UserError(f"{self.url} does not say which models it serves. Name one: --model NAME")
            if len(served) > 1:
                raise UserError(f"{self.url} serves {len(served)} models. Name one: --model NAME\n{_listed(served)}")
            self.model = served[0]
        elif served and self.model not in served and not await self._knows(client):
            near = registry.nearest(self.model, served)
            hint = f"Did you mean --model {near}?" if near is not None else _listed(served)
            raise UserError(f"{self.url} does not serve the model {self.model!r}.\n{hint}")

    async def _served(self, client: Client) -> list[str]:
        """The names of the models served; an empty list if the server does not say."""
        try:
            status, body, headers = await self._get(client, "/models")
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            if (why := connection.no_trust(error)) is not None:
                raise UserError(f"{self.url}: {why}") from None
            asked = "Is the server running?" if connection.no_connection(error) else "Does it speak https, or http?"
            raise NotThere(f"{self.url} cannot be reached: {connection.cause(error)}\n{asked}") from None
        except aiohttp.ClientError as error:
            raise UserError(
                f"{self.url} does not speak HTTP: {type(error).__name__}\n"
                "Is that the right port, and is it http or https?"
            ) from None
        if status < 400 and (found := answers.names(body)):
            return found
        wrong = fault(status, body, headers)
        if wrong is not None and wrong.kind == "key":
            raise UserError(self._key_refused(wrong))
        if status in (502, 503, 504):
            raise NotThere(
                f"{self.url} is not ready: it answers {status} {self._said(wrong)}\n"
                "Is the server still loading its model? Try again when it is ready."
            )
        if 300 <= status < 400:
            named = self._clean(headers.get("Location", "nothing"))
            raise UserError(
                f"{self.url} is elsewhere: it answers {status} and names {named}\n"
                "No redirect is followed, so that the key goes nowhere else. Give the address it names as --base-url."
            )
        if "HTTPS" in self._said(wrong):  # nginx and Go say so in plain text
            raise UserError(f"{self.url} speaks https: {self._said(wrong)}\nWrite the URL with https://")
        await self._look_below_v1(client)
        return []

    async def _look_below_v1(self, client: Client) -> None:
        try:
            _, body, _ = await self._get(client, "/v1/models")
        except (aiohttp.ClientError, TimeoutError):
            return
        if answers.names(body):
            raise UserError(
                f"{self.url} answers, but its models are under /v1. Write --base-url {self.url.rstrip('/')}/v1"
            )

    async def _knows(self, client: Client) -> bool:
        """Whether the server answers for a model although it does not list it: Ollama lists llava as "llava:latest",
        Azure the models behind its deployments, OpenRouter no variants, and llama.cpp's server accepts any name. Only
        an answer that this model is not there means no; one to the question itself does not."""
        try:
            status, body, headers = await self._send(client, self._hello())
        except (aiohttp.ClientError, TimeoutError):
            return True  # that says nothing about the model
        wrong = fault(status, body, headers)
        if wrong is not None and wrong.kind == "key" and wrong.sure:
            raise UserError(self._key_refused(wrong))
        return wrong is None or wrong.kind != "run"

    # ---------------------------------------------------------------------------------------- asking

    def _hello(self) -> dict[str, Any]:
        """A small question."""
        body = {"model": self.model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}
        return self._parameters.applied(body)

    async def _get(self, client: Client, path: str, seconds: float = 60) -> tuple[int, object, Any]:
        """Status, body and headers of the answer."""
        async with asyncio.timeout(seconds):
            answer = await client.get(path)
        return answer.status, answers.parsed(answer.content), answer.headers

    async def _send(self, client: Client, body: dict[str, Any]) -> tuple[int, object, Any]:
        """Status, body and headers of the answer to one question."""
        answer = await client.post("/chat/completions", payload.pieces(body))
        return answer.status, answers.parsed(answer.content), answer.headers

    async def _post(self, client: Client, sent: dict[str, Any]) -> Any:
        """A chat completion; _NoReply if the answer is none."""
        status, body, headers = await self._send(client, sent)
        wrong = fault(status, body, headers)
        if wrong is not None:
            spent = answers.usage(body)
            counted = wrong.kind == "useless" or spent.prompt_tokens or spent.completion_tokens
            raise _NoReply(wrong, text_of(body), spent if counted else NO_USAGE)
        self._parameters.accepts(sent)
        return body

    async def _answer(self, client: Client, wanted: dict[str, Any]) -> Reply:
        sent = self._parameters.applied(wanted)
        try:
            body = await self._post(client, sent)
        except _NoReply as refused:
            if not self._may_be_a_parameter(sent, refused):
                raise
            body = await self._try_without(client, wanted, sent, refused)
        try:
            reply = answers.reply(body, self._clean)
        except answers.BrokenOff as error:
            raise Trouble(str(error)).after(answers.usage(body)) from None
        except VideoError as error:
            error.after(answers.usage(body))
            raise
        left_out = self._parameters.left_out(wanted)
        return replace(reply, left_out=left_out) if left_out else reply

    def _may_be_a_parameter(self, sent: dict[str, Any], refused: _NoReply) -> bool:
        kind = refused.fault.kind
        suspects = self._parameters.suspects(sent, refused.text)
        # A server may report what it does not accept as its own fault; then it has to name it.
        return bool(suspects) and (kind == "request" or (kind == "again" and suspects[0] in refused.text))

    async def _try_without(
        self, client: Client, wanted: dict[str, Any], sent: dict[str, Any], refused: _NoReply
    ) -> Any:
        """The answer once the parameters are left out that this server does not accept; they are left out from now on,
        with one warning. If it accepts the request without none of them, `refused` was meant for the request."""
        async with self._learning:  # of many requests at once, one finds out
            known = self._parameters.applied(wanted)
            if known != sent:
                try:
                    return await self._post(client, known)
                except _NoReply as again:
                    if not self._may_be_a_parameter(known, again):
                        raise
                    refused = again
            gone, doubtful, last, left = list[str](), set[str](), refused, MOST_TRIES
            suspects = self._parameters.suspects(known, last.text)
            while suspects and left:
                name, left = suspects.pop(0), left - 1
                try:
                    body = await self._post(client, without(known, [*gone, name]))
                except _NoReply as again:
                    if again.fault.kind not in ("request", "again"):
                        raise
                    if alike(again.text) != alike(last.text):  # another complaint: this one is settled
                        doubtful |= set() if is_named(name, last.text) else {name}
                        gone, last = [*gone, name], again
                        suspects = self._parameters.suspects(without(known, gone), last.text)
                    continue
                for other in doubtful:  # complaints may change by themselves
                    with contextlib.suppress(_NoReply):
                        body = await self._post(client, without(known, {*gone, name} - {other}))
                        gone.remove(other)
                for new in self._parameters.learn([*gone, name]):
                    _log.warning("%s does not accept %r: it is left out", self.url, new)
                return body
            self._parameters.acquit(refused.text)
            raise refused

    # ---------------------------------------------------------------------------------------- faults

    async def _meant(self, client: Client, failed: _NoReply) -> RunError | VideoError:
        """The error that an answer stands for."""
        wrong, said = failed.fault, self._said(failed.fault)
        answered = f"it answers {wrong.status} {said}".rstrip()
        refused = f"{self.url} refused the request ({wrong.status}): {said}"
        if wrong.kind in ("key", "spent", "run"):
            # A status or words that may be about this clip alone: a small question tells.
            if not wrong.sure and self._answered and await self._still_answers(client):
                return Refused(refused)
            if wrong.kind == "key":
                return RunError(self._key_refused(wrong))
            return RunError(f"{self.url} answers {wrong.status} for the model {self.model!r}: {said}")
        wait = wrong.wait
        if wait is not None and wait > LONGEST_WAIT_SECONDS and wrong.kind in ("limited", "busy", "again"):
            return RunError(f"{self.url} answers {wrong.status} and asks for no requests for {wait:.0f} s: {said}")
        if wrong.kind == "limited":
            return Trouble(answered, "limited", wait=wait, sure=wrong.sure)
        if wrong.kind == "busy":
            return Trouble(answered, "busy", wait=wait)
        if wrong.kind == "useless":
            return Trouble(f"{self.url} answered with something that is not a chat completion: {said[:120]}", "useless")
        if wrong.kind == "again":
            return Trouble(answered, wait=wait)
        return (TooLong if wrong.kind == "long" else Refused)(refused)

    async def _still_answers(self, client: Client) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                status, body, headers = await self._send(client, self._hello())
        except (aiohttp.ClientError, TimeoutError):
            raise Trouble("it refused a request, and then did not answer") from None
        wrong = fault(status, body, headers)
        if wrong is not None and wrong.kind in ("limited", "busy", "again", "useless"):
            raise Trouble(f"it refused a request, and then answered {wrong.status} {self._said(wrong)}")
        return wrong is None or wrong.kind not in ("key", "spent", "run")

    def _unconnected(self, error: aiohttp.ClientError) -> Trouble:
        if isinstance(error, WrongAnswer):
            return Trouble(str(error))
        if not isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
            return Trouble(f"its answer is not HTTP ({type(error).__name__})")
        if connection.no_connection(error):
            return Trouble(connection.cause(error), "gone")
        return Trouble(connection.cause(error), "late" if connection.is_late(error) else "failed")

    def _key_refused(self, wrong: Fault) -> str:
        if not self._key_env:
            held = "needs a key of its own: name its variable with --summary-api-key-env"
        elif os.environ.get(self._key_env):
            held = f"does not accept the key in {self._key_env}"
        else:
            held = f"needs a key, and none is set in {self._key_env}"
        return f"{self.url} {held} ({wrong.status}): {self._said(wrong)}"

    def _said(self, wrong: Fault | None) -> str:
        """The server's own words, on one line of at most 300 characters."""
        return self._clean(wrong.words) if wrong is not None else ""

    def _clean(self, text: str) -> str:
        text = " ".join(redaction.redacted(text, self._secrets).split())
        return text if len(text) <= 300 else f"{text[:299]}…"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"It serves: {', '.join(names[:20])}{more}"
