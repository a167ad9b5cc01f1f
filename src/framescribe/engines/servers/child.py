"""Knows how to start, watch and end a server's process, and how to read its log; knows no engine and no request."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from framescribe.engines.redaction import redacted
from framescribe.engines.servers import guard
from framescribe.engines.servers.reasons import Reason, reason
from framescribe.errors import RunError

END_SECONDS = guard.GRACE_SECONDS + 5
ASK_EVERY_SECONDS = 0.5
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
READ_BYTES = 200_000  # of the end of a log
LAST_LINES = 500  # a traceback of each of a server's processes, and nothing from long before


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether nothing listens on this loopback port at the moment."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class Child:
    """A process and all that it starts, under a guard that ends them when this process ends, however that happens.

    `secrets` are never shown, though its log may hold them.
    """

    def __init__(
        self, argv: Sequence[str], environment: Mapping[str, str], log: Path, secrets: Sequence[str] = ()
    ) -> None:
        self.argv, self.log, self._secrets = list(argv), log, tuple(secrets)
        self._environment = {**os.environ, **environment}
        self._process: asyncio.subprocess.Process | None = None
        self._logged_before = 0

    async def start(self) -> None:
        """Start it; its output is appended to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._logged_before = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-I",
                guard.__file__,
                *self.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,  # Ctrl-C in the terminal is for this process to handle
            )

    async def wait(self) -> str:
        """Wait until it ends; return how it ended, in words."""
        assert self._process is not None
        code = await self._process.wait()
        number = -code if code < 0 else code - 128  # the signal that ended the guard, or the server
        if number in set(signal.Signals):
            return f"it was ended by {signal.Signals(number).name}"
        return f"it ended with exit code {code}"

    @property
    def ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None

    async def stop(self) -> None:
        """End it and all that it started; may be called twice, and without `start`."""
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def until_up(self, url: str, seconds: float) -> None:
        """Wait until `url` answers 200. RunError if the process ends first, or after `seconds`."""
        end = asyncio.get_running_loop().time() + seconds
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while not self.ended:
                try:
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                except (aiohttp.ClientError, TimeoutError):
                    pass
                if asyncio.get_running_loop().time() > end:
                    raise RunError(f"it did not come up in {seconds:.0f} s")
                await asyncio.sleep(ASK_EVERY_SECONDS)
        raise RunError(f"it did not come up: {await self.wait()}")

    def last_line(self) -> str:
        """The last line of its output, short enough for a screen."""
        lines = self._lines()
        return redacted(lines[-1], self._secrets)[-100:] if lines else ""

    def reason(self) -> Reason:
        """Why it ended, as far as its output says."""
        found = reason(self._lines()[-LAST_LINES:])
        return Reason(redacted(found.line, self._secrets), found.kind)

    def _lines(self) -> list[str]:
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._logged_before, size - READ_BYTES))
            text = _TERMINAL.sub("", log.read().decode(errors="replace")).replace("\r", "\n")
        return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
