"""Knows how the page is served until Ctrl-C: the port, the server, the browser; knows nothing of what is served."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from framescribe.errors import UserError

FIRST_PORT, MOST_PORTS = 8765, 50  # tried one after the other, where none is named


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens at the port, or at the first free one from FIRST_PORT on. UserError if there is none."""
    ports = [port] if port is not None else [*range(FIRST_PORT, FIRST_PORT + MOST_PORTS), 0]
    for number in ports:
        try:
            return _bound(host, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or port is not None:
                raise UserError(_why(host, number, error)) from error
    raise AssertionError("port 0 is always free")


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    bound = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound


def _why(host: str, port: int, error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"--host {host}: there is no such host"
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken: choose another --port, or omit it for the next that is free"
    return f"{host}, port {port}: {error.strerror or error}"


class _Server(uvicorn.Server):
    """Ends at the first signal: an open page is not waited for, and Ctrl-C is how this is meant to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        def end(number: int, frame: FrameType | None) -> None:
            self.should_exit = True

        names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)]
        numbers = [getattr(signal, name) for name in names]
        before = {
            number: signal.signal(number, end)
            for number in numbers
            if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN  # as under nohup
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: ASGIApp, bound: socket.socket) -> None:
    """Serve the app at this socket until Ctrl-C."""
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,  # addresses would be in it, and so the token
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="on",
        proxy_headers=False,  # whoever asks could name another address than their own
        server_header=False,
        timeout_graceful_shutdown=0,
    )
    asyncio.run(_Server(config).serve(sockets=[bound]))


def has_browser() -> bool:
    """Whether a browser that is opened here appears before the person who asked for it."""
    if "SSH_CONNECTION" in os.environ or "SSH_TTY" in os.environ:
        return False
    return sys.platform in ("win32", "darwin") or any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_browser(address: str) -> None:
    """Open the address in the browser, without waiting for it."""
    threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
