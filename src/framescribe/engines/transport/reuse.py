"""Knows which connection a request gets, and when one may be used again; knows no request and no answer.

Nothing but their order says which answer on a connection belongs to which request (HTTP/1.1, RFC 9112, 9.3). So one
answer that nobody asked for gives every later question the answer to the one before it. Against that:

- A connection is kept only if the caller says so (`keep`): after a good answer to a request that was sent whole.
- While it is idle, whatever comes ends it, and just before it is used again, the socket is looked at once more.
- It rests first: what a server sends right after an answer comes in that time. Only where each answer is proven to
  belong to its request (`proven`) there is nothing to wait for.
- A server that has sent what nobody asked for gets a new connection for each request from then on.
"""

from __future__ import annotations

import asyncio
import logging
import select
import struct
import sys
from collections import deque
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

REST_SECONDS = 0.5
KEPT_SECONDS = 4.0  # uvicorn (vLLM, SGLang), Node and llama.cpp end idle connections after 5
MOST_IDLE = 256  # at one server
RESET_SECONDS = 1.0  # a reset that comes sooner after a request means that nobody was there to read it
_TIMED_OUT = (b"HTTP/1.1 408", b"HTTP/1.0 408")  # HAProxy says so when it ends an idle connection
_log = logging.getLogger("framescribe")


class Line(asyncio.Protocol):
    """One connection. It stands between the socket and aiohttp's handler, and listens while there is no request."""

    def __init__(self, connections: Connections, key: Any, handler: ResponseHandler) -> None:
        assert handler.transport is not None
        self.key, self.handler, self.transport = key, handler, handler.transport
        self.uses = 0
        self.taken = False  # by a Taker, which says what becomes of it
        self.idle = self._answering = self._unread = False
        self._received = self._head = 0  # bytes of the answer; those before its body
        self._last = b""
        self.since = 0.0  # when it was taken or became idle, on the loop's clock
        self._socket = self.transport.get_extra_info("socket")
        self._poll: Any = None  # select.poll, which Windows lacks
        # What is written is in the kernel, not in a buffer here. (With 0, TLS in asyncio pauses on an empty buffer.)
        self.transport.set_write_buffer_limits(1)
        self._connections, self._loop = connections, asyncio.get_running_loop()

    def begin(self) -> None:
        """A request gets this connection."""
        self.uses += 1
        self.idle = self._answering = self._unread = False
        self._received, self._head, self._last = 0, 0, b""
        self.since = self._loop.time()

    def rest(self) -> None:
        """The request is over, and the connection belongs to nobody."""
        self.idle, self.since = True, self._loop.time()

    @property
    def unread(self) -> bool:
        """Whether it had been closed before its last request came: the server cannot have read that."""
        return self._unread and self.uses > 1 and not self._answering

    def ends_with(self, length: str | None) -> bool:
        """Whether nothing came after the last answer, which says that it is so long, or None if it came in chunks."""
        if length is not None:
            return self._received - self._head == int(length)
        return self._last.endswith(b"0\r\n\r\n")

    @property
    def silent(self) -> bool:
        """Whether it is open, and nothing has come that nobody has read yet."""
        if self.transport.is_closing():
            return False
        if sys.platform == "win32":  # it has no poll, and select takes sockets of any number there
            return not select.select([self._socket.fileno()], [], [], 0)[0]
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._socket.fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def close(self) -> None:
        """End it at once; may be called twice."""
        self.transport.abort()

    # ---------------------------------------------------------------------------- what the socket does

    def data_received(self, data: bytes) -> None:
        if not self.idle:
            self._count(data)
            self.handler.data_received(data)
            return
        self.close()
        if not data.startswith(_TIMED_OUT):
            self._connections.distrust("it sends what nobody has asked for")

    def _count(self, data: bytes) -> None:
        self._answering = True
        if not self._head and (at := (self._last + data).find(b"\r\n\r\n")) >= 0:
            self._head = self._received - len(self._last) + at + 4
        self._received += len(data)
        self._last = (self._last + data[-5:])[-5:]

    def eof_received(self) -> None:
        self._unread = self._unacknowledged() > 0
        if not self.idle:
            self.handler.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        reset = isinstance(exc, ConnectionResetError | BrokenPipeError)
        soon = self._loop.time() - self.since < RESET_SECONDS
        self._unread = self._unread or (reset and soon)
        self.handler.connection_lost(exc)
        self._connections.lost(self)

    def pause_writing(self) -> None:
        self.handler.pause_writing()

    def resume_writing(self) -> None:
        self.handler.resume_writing()

    def _unacknowledged(self) -> int:
        """How many bytes of the request the other side has not confirmed. 0 where this cannot be told."""
        if sys.platform != "linux":
            return 0
        import fcntl
        import termios

        number = self._socket.fileno()
        (count,) = struct.unpack("i", fcntl.ioctl(number, termios.TIOCOUTQ, bytes(4)))  # tcp(7): SIOCOUTQ
        return int(count)


class Connections(aiohttp.TCPConnector):
    """Makes connections to one server, and keeps those that may be used again.

    aiohttp's own pool is out of use (`keepalive_timeout` 0): it would hand out a connection on which something came
    while it was idle. Should an aiohttp no longer call what is overridden here, no connection is used again.
    """

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(limit=0, keepalive_timeout=0, **options)
        self._name = name
        self._resting = deque[Line]()
        self._trusted = True
        self.proven = False
        """Whether each answer of this server says which request it belongs to."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: Any,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        handler, transport = connection.protocol, connection.transport
        assert handler is not None and transport is not None
        line = transport.get_protocol()
        if not isinstance(line, Line):
            line = Line(self, req.connection_key, handler)
            transport.set_protocol(line)
        line.begin()
        line.taken = isinstance(req.body, Taker)
        if isinstance(req.body, Taker):
            req.body.line = line
        return connection

    def keep(self, line: Line) -> None:
        """The last answer on it was good: it may be used again."""
        if not self._trusted or not line.idle or line.transport.is_closing():
            line.close()
            return
        if len(self._resting) >= MOST_IDLE:  # of those that rest, the oldest can be used soonest
            line.close()
            return
        self._resting.append(line)

    def distrust(self, why: str) -> None:
        """From now on, each request gets a connection of its own."""
        if self._trusted:
            _log.warning("%s: %s. From now on, each request gets a connection of its own.", self._name, why)
        self._trusted = False
        self.end_idle()

    def end_idle(self) -> None:
        while self._resting:
            self._resting.popleft().close()

    def lost(self, line: Line) -> None:
        """It is closed."""
        if line in self._resting:
            self._resting.remove(line)
        self._release(line.key, line.handler, should_close=True)

    async def close(self, *, abort_ssl: bool = False) -> None:
        self._trusted = False
        self.end_idle()
        await super().close(abort_ssl=abort_ssl)

    # -------------------------------------------------------------------------------- instead of aiohttp's pool

    async def _get(self, key: Any, traces: Any) -> Connection | None:
        rest = 0.0 if self.proven else REST_SECONDS
        while self._resting:
            line = self._resting[0]
            seconds = self._loop.time() - line.since
            if seconds < rest:
                return None  # it is the first, so the others have rested less
            self._resting.popleft()
            if line.key == key and seconds <= KEPT_SECONDS and line.silent:
                return Connection(self, key, line.handler, self._loop)
            line.close()
        return None

    def _release(self, key: Any, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        line = protocol.transport.get_protocol() if protocol.transport is not None else None
        if should_close or protocol.should_close or not isinstance(line, Line) or not line.taken:
            super()._release(key, protocol, should_close=True)
        else:
            line.rest()


class Taker(aiohttp.Payload):
    """The body of a request that is told which connection it goes over, and closes or keeps it."""

    line: Line | None = None
