"""Knows how one request goes to a server over HTTP and how its answer comes back; knows not what they mean."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import aiohttp
from aiohttp.abc import AbstractStreamWriter
from yarl import URL

from framescribe.engines.transport.reuse import Connections, Taker
from framescribe.frames.encode import base64_size
from framescribe.records import EncodedImage

MOST_BYTES = 64 * 2**20  # of an answer: thousands of times what a caption needs
STEP_BYTES = 2**18  # of a body, after which others get their turn
SMALL_BYTES = 2**16  # a body that is put together first: one call to the system, and one record of TLS
AGAIN = 3  # times that a request is sent again because the server had closed the connection before
NUMBER = "X-Request-Id"


class Answer(NamedTuple):
    """What came back: the status, the headers (in any case of letters) and the body."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class WrongAnswer(aiohttp.ClientError):
    """What came cannot be the answer to this request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server is, and with what it is asked: all calls begin with `base` and have the `query`."""

    base: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    connect_seconds: float
    proxy: str | None = None
    trust: ssl.SSLContext | None = None


class Client:
    """Sends requests to one server, any number at a time. It connects when it is first used.

    No redirect is followed: the key is for the server that was named.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._urls = dict[str, URL]()
        self._session: aiohttp.ClientSession | None = None
        self._connections: Connections | None = None

    async def get(self, path: str) -> Answer:
        session, _ = self._opened()
        async with session.get(self._url(path), allow_redirects=False) as response:
            return Answer(response.status, response.headers, await _read(response))

    async def post(self, path: str, pieces: Sequence[bytes | EncodedImage]) -> Answer:
        """The answer to a request whose body is these pieces: JSON, a picture's base64, JSON, and so on.

        aiohttp.ClientError or TimeoutError if there is none. A connection is used again only after a good answer. A
        request that a server cannot have read, because it had just ended the idle connection, is sent again at once.
        """
        for _ in range(AGAIN):
            body = _Body(pieces)
            try:
                return await self._post(path, body)
            except aiohttp.ClientError:
                if body.line is None or not body.line.unread:
                    raise
                self._opened()[1].end_idle()  # those that it ended, too
        return await self._post(path, _Body(pieces))

    async def _post(self, path: str, body: _Body) -> Answer:
        session, connections = self._opened()
        number = secrets.token_hex(16)
        sent = {NUMBER: number}
        good = False
        try:
            async with session.post(self._url(path), data=body, headers=sent, allow_redirects=False) as response:
                if response.status < 400 and not body.sent:  # an error may come early (413); an answer cannot
                    response.close()
                    raise WrongAnswer("it answered before it was asked")
                answer = Answer(response.status, response.headers, await _read(response))
            good = answer.status == 200 and self._belongs(answer, number, body, connections)
        finally:
            if body.line is not None and not good:
                body.line.close()
        if good and body.line is not None:
            if not body.line.ends_with(answer.headers.get("Content-Length")):
                connections.distrust("it sends more than it was asked")
            connections.keep(body.line)
        return answer

    def _belongs(self, answer: Answer, number: str, body: _Body, connections: Connections) -> bool:
        """True, or WrongAnswer. vLLM puts a request's number into its answer's id, some gateways into a header: once
        the first answer on a new connection had it, an answer without it is another request's."""
        carries = number.encode() in answer.content or number in answer.headers.get(NUMBER, "")
        if body.line is not None and body.line.uses == 1:
            connections.proven = carries
        elif connections.proven and not carries:
            connections.distrust("an answer did not belong to its request")
            raise WrongAnswer("it gave the answer to another request")
        return True

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _url(self, path: str) -> URL:
        if path not in self._urls:
            self._urls[path] = URL(f"{self.place.base.rstrip('/')}{path}").extend_query(self.place.query)
        return self._urls[path]

    def _opened(self) -> tuple[aiohttp.ClientSession, Connections]:
        if self._session is None or self._connections is None:
            place = self.place
            self._connections = Connections(place.base, ssl=place.trust or True)
            self._session = aiohttp.ClientSession(
                connector=self._connections,
                headers=place.headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, connect=place.connect_seconds),  # the caller limits the rest
                proxy=place.proxy,
            )
        return self._session, self._connections


class _Body(Taker):
    """A request's body. Of each picture the base64 is made when its turn comes."""

    def __init__(self, pieces: Sequence[bytes | EncodedImage]) -> None:
        super().__init__(pieces, content_type="application/json")
        self._length = sum(base64_size(piece) if isinstance(piece, EncodedImage) else len(piece) for piece in pieces)
        self._size = self._length
        self._pieces = pieces
        self.sent = False  # whole, into the kernel

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        raise TypeError("a body that is only sent")

    async def write(self, writer: AbstractStreamWriter) -> None:
        first, *others = self._pieces
        if self._length <= SMALL_BYTES:
            first, others = b"".join(map(_bytes, self._pieces)), []
        await writer.write(_bytes(first))
        step = 0
        for picture, text in zip(others[::2], others[1::2], strict=True):  # in one call to the system
            data = _bytes(picture) + _bytes(text)
            await writer.write(data)
            step += len(data)
            if step > STEP_BYTES:
                await asyncio.sleep(0)
                step = 0
        await writer.drain()
        self.sent = True

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        await self.write(writer)


def _bytes(piece: bytes | EncodedImage) -> bytes:
    return piece.base64 if isinstance(piece, EncodedImage) else piece


async def _read(response: aiohttp.ClientResponse) -> bytes:
    found = list[bytes]()
    size = 0
    while data := await response.content.readany():
        found.append(data)
        size += len(data)
        if size > MOST_BYTES:
            response.close()
            raise WrongAnswer(f"its answer is longer than {MOST_BYTES >> 20} MiB")
    return b"".join(found)
