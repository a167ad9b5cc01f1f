"""Knows how to send one request once to one server that speaks OpenAI's chat API, and what its faults mean; knows no
other server and no retry.

The key comes from the environment and is kept out of every message.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

import aiohttp
import httpx2
import numpy as np
import openai

from framescribe import registry
from framescribe.engines import redaction
from framescribe.engines.base import ChatRequest, ImagePart, Message, Reply, TextPart, VideoPart
from framescribe.engines.transport import answers
from framescribe.errors import BadReply, EngineFault, Refused, RunError, TooLong, Usage, UserError, VideoError
from framescribe.frames.encode import encode
from framescribe.records import EncodedImage

CONNECT_SECONDS = 10.0
# No connection is reused: what a server sends after an answer would be taken for the answer to the next request.
CONNECTIONS = httpx2.Limits(max_connections=1000, keepalive_expiry=-1)
LONGEST_WAIT_SECONDS = 120.0  # the longest that a server may ask us to wait; a longer wait ends the run
NO_KEY = "none"  # one's own servers need some key, and accept any
DROPPABLE = ("seed", "top_p", "temperature")  # some providers reject these, and answer without them
CLOCK = 1000  # positions per second for a video's frames
_log = logging.getLogger("framescribe")
# How OpenAI, vLLM, SGLang and llama.cpp's server say that a request does not fit into the model's context.
_OVERFLOW = re.compile(
    r"context (length|size|window)|maximum model length|longer than the (maximum|model)|max_model_len|n_ctx"
    r"|too many tokens",
    re.IGNORECASE,
)
_REJECTS = re.compile(
    r"unsupported|not support|unknown|unrecogni|unexpected|not (permitted|allowed)|invalid|extra", re.IGNORECASE
)


class Trouble(EngineFault):
    """The server failed this try; another try may succeed.

    `overloaded`: it has too much to do. `wait`: the seconds that it asks us to wait, or None. `gone`: nothing listens
    there.
    """

    def __init__(self, what: str, *, overloaded: bool = False, wait: float | None = None, gone: bool = False) -> None:
        super().__init__(what)
        self.overloaded, self.wait, self.gone = overloaded, wait, gone


class NotThere(UserError):
    """Nothing listens at the URL, or the server is not ready."""


class Endpoint:
    """One server. `base_url` ends where "/chat/completions" begins, usually in "/v1"; a query is kept (Azure).

    None stands for OPENAI_BASE_URL or OpenAI itself. `model` None takes the only model that the server serves.
    `timeout` is in seconds. `headers` are sent with every request, `extra` in the body of every chat request.
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
    ) -> None:
        self.model = model
        self._base_url, self._key_env, self._timeout = base_url, api_key_env, timeout
        self._image_format, self._headers, self._extra = image_format, dict(headers), dict(extra)
        self.url = redaction.address(base_url or os.environ.get("OPENAI_BASE_URL") or "https://api.openai.com/v1")
        self._limit_field = "max_tokens"
        self._dropped: set[str] = set()
        self._secrets: tuple[str, ...] = ()
        self._client: openai.AsyncOpenAI | None = None

    async def open(self) -> None:
        """Connect and determine the model's name. UserError if the URL, the model or the key is wrong."""
        self._client = self._connect()
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
            self._base_url, self.url = url, redaction.address(url)

    async def answers(self) -> bool:
        """Whether a server that was not there answers again."""
        if self._client is None:  # it was not up when the others were opened
            try:
                await self.open()
            except UserError:
                return False
        assert self._client is not None
        try:
            await self._client.get("/models", cast_to=object, options={"timeout": CONNECT_SECONDS})
        except openai.APIStatusError as error:
            return error.status_code < 500
        except (openai.APIError, aiohttp.ClientError):
            return False
        except ValueError:
            pass
        return True

    async def ask(self, request: ChatRequest) -> Reply:
        """The reply of one try. Refused and BadReply concern this request only. Trouble: another try may succeed.
        RunError: this server will answer no request."""
        client = self._client
        if client is None:
            raise RunError("the engine is not open")
        messages = await self._messages(request)
        try:
            async with asyncio.timeout(self._timeout):  # the client's own limit is between two bytes
                body = await self._post(client, request, messages)
        except TimeoutError:
            raise Trouble("no answer in time", overloaded=True) from None
        except (openai.APIError, aiohttp.ClientError) as error:
            # The client's exceptions hold the request with its key, so none of them may remain as a cause.
            raise self._fault(error) from None
        except ValueError:
            raise BadReply(f"{self.url} answered with something that is not JSON").after(Usage(answers=1)) from None
        if answers.is_broken_off(body):
            raise Trouble("it broke off its answer").after(answers.usage(body))
        try:
            return answers.reply(body, self._clean)
        except VideoError as error:
            error.after(answers.usage(body))
            raise

    # ---------------------------------------------------------------------------------------- opening

    def _connect(self) -> openai.AsyncOpenAI:
        key = os.environ.get(self._key_env, "").strip()
        given = self._base_url or os.environ.get("OPENAI_BASE_URL")
        if not given and not key:
            raise UserError(
                f"{self.url} needs a key, and the environment variable {self._key_env} is not set.\n"
                "Set it, or use a server of your own: --base-url http://localhost:8000/v1"
            )
        if not key.isascii() or not key.isprintable():
            raise UserError(f"the value of {self._key_env} cannot be a key: it contains characters that no key has")
        address = urlsplit(given or self.url)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise UserError(f"{self.url!r} is not the URL of a server. Write it like this: http://localhost:8000/v1")
        # A name and password in the URL are sent in a header, so that they appear in no log of URLs.
        login = (unquote(address.username), unquote(address.password or "")) if address.username else None
        self._secrets = tuple(filter(None, (key, address.password, login and login[1])))
        bare = urlunsplit(address._replace(netloc=redaction.host(address.geturl()), query="", fragment=""))
        timeout = openai.Timeout(self._timeout, connect=min(CONNECT_SECONDS, self._timeout))
        return openai.AsyncOpenAI(
            api_key=key or NO_KEY,
            base_url=bare,
            timeout=timeout,
            max_retries=0,
            # Azure's older addresses read the key from a header of their own.
            default_headers=self._headers | ({"api-key": key} if address.hostname.endswith(".azure.com") else {}),
            default_query=dict(parse_qsl(address.query)),
            http_client=openai.DefaultAioHttpClient(timeout=timeout, limits=CONNECTIONS, auth=login),
        )

    async def _settle_model(self, client: openai.AsyncOpenAI) -> None:
        served = await self._served(client)
        if self.model is None:
            if not served:
                raise UserError(f"{self.url} does not say which models it serves. Name one: --model NAME")
            if len(served) > 1:
                raise UserError(f"{self.url} serves {len(served)} models. Name one: --model NAME\n{_listed(served)}")
            self.model = served[0]
        elif served and self.model not in served and not await self._knows(client, self.model):
            near = registry.nearest(self.model, served)
            hint = f"Did you mean --model {near}?" if near is not None else _listed(served)
            raise UserError(f"{self.url} does not serve the model {self.model!r}.\n{hint}")

    async def _served(self, client: openai.AsyncOpenAI) -> list[str]:
        """The names of the models served; an empty list if the server does not say."""
        try:
            return answers.names(await client.get("/models", cast_to=object, options={"timeout": 60}))
        except (openai.AuthenticationError, openai.PermissionDeniedError) as error:
            raise UserError(self._key_refused(error)) from None
        except openai.APIStatusError as error:
            if error.status_code in (404, 405):
                await self._look_below_v1(client)
            elif error.status_code in (502, 503, 504):
                raise NotThere(
                    f"{self.url} is not ready: it answers {error.status_code} {self._said(error)}\n"
                    "Is the server still loading its model? Try again when it is ready."
                ) from None
        except openai.APIConnectionError as error:
            raise NotThere(f"{self.url} cannot be reached: {answers.cause(error)}\nIs the server running?") from None
        except aiohttp.ClientError as error:
            raise UserError(
                f"{self.url} does not speak HTTP: {type(error).__name__}\nIs that the right port?"
            ) from None
        except ValueError:
            pass  # not a list that can be read: the model's name decides
        return []

    async def _look_below_v1(self, client: openai.AsyncOpenAI) -> None:
        below = f"{str(client.base_url).rstrip('/')}/v1"
        try:
            found = answers.names(await client.get(f"{below}/models", cast_to=object, options={"timeout": 60}))
        except (openai.APIError, aiohttp.ClientError, ValueError):
            return
        if found:
            raise UserError(
                f"{self.url} answers, but its models are under /v1. Write --base-url {self.url.rstrip('/')}/v1"
            )

    async def _knows(self, client: openai.AsyncOpenAI, model: str) -> bool:
        """Whether the server answers for `model` although it does not list it: Ollama lists llava as "llava:latest",
        `transformers serve` lists its cache, and llama.cpp's server accepts any name."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], self._limit_field: 1}
        try:
            await client.post("/chat/completions", cast_to=object, body=body)
        except openai.APIStatusError:
            return False
        except (openai.APIConnectionError, aiohttp.ClientError, ValueError):
            pass  # that says nothing about the model
        return True

    # ---------------------------------------------------------------------------------------- asking

    async def _messages(self, request: ChatRequest) -> list[dict[str, Any]]:
        if not request.images and request.video is None:
            return [_plain(message) for message in request.messages]
        return await asyncio.to_thread(lambda: [self._with_images(message) for message in request.messages])

    def _with_images(self, message: Message) -> dict[str, Any]:
        if all(isinstance(part, TextPart) for part in message.parts):
            return _plain(message)
        parts: list[dict[str, Any]] = []
        for part in message.parts:
            if isinstance(part, TextPart):
                parts.append({"type": "text", "text": part.text})
            elif isinstance(part, ImagePart):
                parts.append({"type": "image_url", "image_url": {"url": self._image_uri(part)}})
            else:
                parts.append({"type": "video_url", "video_url": {"url": _video_uri(part)}})
        return {"role": message.role, "content": parts}

    def _image_uri(self, part: ImagePart) -> str:
        image = _encoded(part.image, self._image_format)
        return _data_uri(f"image/{image.format}", image)

    async def _post(self, client: openai.AsyncOpenAI, request: ChatRequest, messages: list[dict[str, Any]]) -> object:
        """The answer as plain JSON, whose types `answers` checks: servers do not always keep to the API."""
        while True:
            body, field, dropped = self._body(request, messages), self._limit_field, frozenset(self._dropped)
            try:
                return await client.post("/chat/completions", cast_to=object, body=body)
            except openai.BadRequestError as error:
                self._learn(self._said(error), error.param, body)
                if self._limit_field == field and self._dropped == dropped:
                    raise

    def _body(self, request: ChatRequest, messages: list[dict[str, Any]]) -> dict[str, Any]:
        decoding = request.decoding
        drawn = {"temperature": decoding.temperature, "top_p": decoding.top_p, "seed": decoding.seed}
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            self._limit_field: decoding.max_tokens,
            **{name: value for name, value in drawn.items() if name not in self._dropped},
            **self._extra,
        }
        if request.video is not None:
            body["media_io_kwargs"] = {"video": _as_sampled(request.video)}
        if request.schema is not None:
            form = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def _learn(self, said: str, param: str | None, body: dict[str, Any]) -> None:
        """Learn from a refusal which parameter the provider rejects; it is left out from now on, with one warning."""
        if "max_tokens" in body and "max_completion_tokens" in said:
            self._limit_field = "max_completion_tokens"
            return
        for name in DROPPABLE:
            if name in body and (param == name or (re.search(rf"\b{name}\b", said) and _REJECTS.search(said))):
                if name not in self._dropped:  # another request may have learned it meanwhile
                    self._dropped.add(name)
                    _log.warning("%s does not accept %r: it is left out", self.url, name)
                return

    # ---------------------------------------------------------------------------------------- faults

    def _fault(self, error: openai.APIError | aiohttp.ClientError) -> Exception:
        if isinstance(error, openai.APIStatusError):
            return self._status_fault(error)
        if isinstance(error, openai.APIConnectionError):
            gone, late = answers.no_connection(error), isinstance(error, openai.APITimeoutError)
            return Trouble(answers.cause(error), gone=gone, overloaded=late and not gone)
        return Trouble(self._clean(str(error)) or type(error).__name__)

    def _status_fault(self, error: openai.APIStatusError) -> Exception:
        status, said = error.status_code, self._said(error)
        if status in (401, 403):
            return RunError(self._key_refused(error))
        if status in (402, 404, 405) or error.code == "insufficient_quota":
            return RunError(f"{self.url} answers {status} for the model {self.model!r}: {said}")
        if status >= 500 and _OVERFLOW.search(said):  # llama-cpp-python's server reports it as its own fault
            return TooLong(f"{self.url} refused the request ({status}): {said}")
        if status in (408, 409, 429) or status >= 500:
            wait = answers.retry_after(error.response.headers)
            if wait is not None and wait > LONGEST_WAIT_SECONDS:
                return RunError(f"{self.url} answers {status} and asks for no requests for {wait:.0f} s: {said}")
            return Trouble(f"it answers {status} {said}", overloaded=status in (408, 429, 503), wait=wait)
        kind = TooLong if _OVERFLOW.search(said) else Refused
        return kind(f"{self.url} refused the request ({status}): {said}")

    def _key_refused(self, error: openai.APIStatusError) -> str:
        held = "does not accept the key in" if os.environ.get(self._key_env) else "needs a key, and none is set in"
        return f"{self.url} {held} {self._key_env} ({error.status_code}): {self._said(error)}"

    def _said(self, error: openai.APIStatusError) -> str:
        """The server's own words, on one line of at most 300 characters."""
        return self._clean(answers.words(error.body))

    def _clean(self, text: str) -> str:
        text = " ".join(redaction.redacted(text, self._secrets).split())
        return text if len(text) <= 300 else f"{text[:299]}…"


def _plain(message: Message) -> dict[str, Any]:
    return {
        "role": message.role,
        "content": "\n".join(part.text for part in message.parts if isinstance(part, TextPart)),
    }


def _video_uri(video: VideoPart) -> str:
    """Frames in the form in which vLLM accepts a video that is already decoded."""
    return _data_uri("video/jpeg", *(_encoded(frame, "jpeg") for frame in video.frames))


def _data_uri(media: str, *images: EncodedImage) -> str:
    data = ",".join(base64.b64encode(image.data).decode("ascii") for image in images)
    return f"data:{media};base64,{data}"


def _encoded(image: np.ndarray | EncodedImage, image_format: Literal["jpeg", "png"]) -> EncodedImage:
    return image if isinstance(image, EncodedImage) else encode(image, image_format)


def _as_sampled(video: VideoPart) -> dict[str, Any]:
    """What vLLM must know about these frames. Positions are milliseconds, so that models which compute a frame's time
    as position / fps get the time at which it is shown, even at a variable frame rate. Without `num_frames` -1, vLLM
    would silently drop all frames after the 32nd."""
    positions = [round(time * CLOCK) for time in video.times]
    return {
        "fps": CLOCK,
        "frames_indices": positions,
        "total_num_frames": max(round(video.duration * CLOCK), positions[-1] + 1),
        "duration": video.duration,
        "num_frames": -1,
        "do_sample_frames": False,
    }


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"It serves: {', '.join(names[:20])}{more}"
