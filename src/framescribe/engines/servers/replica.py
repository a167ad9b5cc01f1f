"""Knows how one of an engine's servers is brought up, on which port, and why it failed; knows no request."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from framescribe.engines import arguments
from framescribe.engines.servers import launch, reasons
from framescribe.engines.servers.child import Child, free_port, is_free
from framescribe.engines.servers.program import Server
from framescribe.errors import RunError

UP_SECONDS = 1800.0  # for loading a model, which may have to be downloaded first
SAY_EVERY_SECONDS = 10.0
PORTS = 5  # that may be taken by others, one after the other

_log = logging.getLogger("framescribe")


class Replica:
    """One server: its process, port and log. `url` is where it is once it has started, and may be another one after
    the next start: its port may have been taken by then."""

    def __init__(
        self, name: str, engine: str, server: Server, executable: Sequence[str], gpus: Sequence[str], logs: Path
    ) -> None:
        self.name = name
        self._engine, self._server, self._executable = engine, server, list(executable)
        self._gpus, self._log = {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus else {}, logs / f"{name}.log"
        self._secrets = arguments.secrets((*executable, *server.arguments))
        self._take(free_port())

    def _take(self, port: int) -> None:
        """Be the server at this port from the next start on."""
        self._port, root = port, f"http://127.0.0.1:{port}"
        self._command = launch.command(self._engine, self._server, port)
        self.url, self._ready, self.extra = f"{root}/v1", f"{root}{self._command.ready}", self._command.extra
        argv, variables = arguments.without_token(self._command.argv)
        self._environment = {**self._command.environment, **self._gpus, **variables}
        self.child = self._run(argv)

    def _run(self, words: Sequence[str]) -> Child:
        return Child([*self._executable, *words], self._environment, self._log, self._secrets)

    async def start(self) -> None:
        """Bring it up; RunError says why it failed."""
        for left in reversed(range(PORTS)):
            if not is_free(self._port):
                self._take(free_port())
            try:
                await self._start_once()
                return
            except RunError as error:
                found = self.child.reason()
                if found.kind != "port" or not left:
                    raise await self._explained(str(error), found) from None
                await self.child.stop()
                _log.warning("%s: port %d was taken meanwhile, trying another one", self.name, self._port)
                self._take(free_port())

    async def _start_once(self) -> None:
        await self.child.start()
        up = asyncio.create_task(self._until_up())
        started = time.monotonic()
        try:
            while not (await asyncio.wait([up], timeout=SAY_EVERY_SECONDS))[0]:
                seconds = time.monotonic() - started
                _log.info("%s is loading, %.0f s: %s", self.name, seconds, self.child.last_line())
            await up
        finally:
            up.cancel()

    async def _until_up(self) -> None:
        await self.child.until_up(self._ready, UP_SECONDS)
        if self._command.first:
            first = self._run(self._command.first)
            await first.start()
            try:
                if (how := await first.wait()) != "it ended with exit code 0":
                    found = first.reason()
                    raise await self._explained(f"{arguments.shown(first.argv)}: {how}", found)
            finally:
                await first.stop()

    async def _explained(self, how: str, found: reasons.Reason) -> RunError:
        """The error with the reason from the log, what can be done about it, and where the log is."""
        version = ""
        if found.kind in ("options", "architecture"):
            ask = launch.PROGRAMS[self._engine].ask_version
            version = await asyncio.to_thread(launch.version, self._executable, ask)
        todo = self._about_options(found, version) if found.kind == "options" else ""
        todo = todo or reasons.advice(found.kind, self._engine, version)
        return RunError("\n".join(filter(None, (f"{self.name}: {how}: {found.line}", todo, f"Its log: {self._log}"))))

    def _about_options(self, found: reasons.Reason, version: str) -> str:
        """What to do about an option that the program does not accept."""
        engine, wanted = self._engine, launch.PROGRAMS[self._engine].version
        own = {word.partition("=")[0].lstrip("-").replace("_", "-") for word in self._server.arguments}
        if own & found.flags:
            return f"That is none of framescribe's own options for {engine}: what follows -- goes to it unchanged."
        if wanted is None:
            return f"This {engine} ({version}) does not know an option that framescribe gives it: update it."
        old = " is old:" if launch.is_older(version, wanted) else ":"
        return (
            f"This {engine} ({version}){old} framescribe's options are those of {wanted}. Install that one, or name "
            "another program with --engine-command."
        )
