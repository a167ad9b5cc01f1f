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

from framescribe.engines.servers import guard
from framescribe.errors import RunError

END_SECONDS = guard.GRACE_SECONDS + 5
ASK_EVERY_SECONDS = 0.5
_TERMINAL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_REASONS = (  # the most likely first
    re.compile(r"\b\w*(Error|Exception): |^Value error, "),
    re.compile(r"\b(error|cannot|failed|unrecognized|not found|no such|out of memory)\b", re.IGNORECASE),
    re.compile(""),
)


def free_port() -> int:
    """A loopback port that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Child:
    """A process and all that it starts, under a guard that ends them when this process ends, however that happens."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.argv, self.log = list(argv), log
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
        """Wait until `url` answers 200. RunError, with the reason from the log, if the process ends first or after
        `seconds`."""
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
                    raise RunError(
                        f"the server did not come up in {seconds:.0f} s: {self.last_words()}\nIts log: {self.log}"
                    )
                await asyncio.sleep(ASK_EVERY_SECONDS)
        how = await self.wait()
        raise RunError(f"the server did not come up: {how}: {self.last_words()}\nIts log: {self.log}")

    def last_line(self) -> str:
        """The last line of its output, short enough for a screen."""
        lines = self._lines()
        return lines[-1][-100:] if lines else ""

    def last_words(self) -> str:
        """The last line of its output that looks like a reason, else the last one."""
        lines = self._lines()
        for reason in _REASONS:
            if found := [line for line in lines if reason.search(line)]:
                return found[-1][:300]
        return "it wrote nothing"

    def _lines(self) -> list[str]:
        with self.log.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(self._logged_before, size - 20_000))
            text = _TERMINAL.sub("", log.read().decode(errors="replace")).replace("\r", "\n")
        return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
