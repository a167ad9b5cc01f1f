"""Knows how to keep an engine's own servers running during a run and send them requests; knows no command line."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

from framescribe.engines.arguments import own_key
from framescribe.engines.base import ChatRequest, Engine, Load, Reply
from framescribe.engines.presets import frames_as_video, parser, preset_of, route
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.servers import launch
from framescribe.engines.servers.program import Server
from framescribe.engines.servers.replica import Replica
from framescribe.engines.transport.openai_api import OpenAIEngine
from framescribe.errors import RunError, UserError
from framescribe.machine import cpus

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice

DEATHS_FORGIVEN, WITHIN_SECONDS = 3, 600.0
MOST_PROCESSORS = 4  # processes of one server that prepare pictures: more would have nothing to do

_log = logging.getLogger("framescribe")


class ServedEngine(Engine):
    """Servers of `engine` ("vllm", "sglang", …) that run as long as this is open, one per entry of `gpus`.

    A server that dies is restarted, up to 3 times in 10 minutes, and its requests are retried. `executable` are the
    words that start the engine's program. Logs are appended to files in the folder `logs`, one per server. `timeout`
    and `patience` are in seconds.
    """

    wants = "jpeg"
    takes_schema = True

    def __init__(
        self,
        engine: str,
        server: Server,
        *,
        executable: Sequence[str],
        gpus: Sequence[Sequence[str]],
        logs: Path,
        requests: int | None = None,
        timeout: float = 600,
        patience: float = 60,
    ) -> None:
        self.engine, self._server, self.model = engine, server, server.name
        self._replicas = [
            Replica(f"{engine}-{number}", engine, server, executable, given, logs) for number, given in enumerate(gpus)
        ]
        self._keepers: list[asyncio.Task[None]] = []
        self._ending: set[asyncio.Task[None]] = set()
        self.takes_video = server.prompt is not None and server.prompt.video
        self._asked = OpenAIEngine(
            model=server.name,
            base_url=[replica.url for replica in self._replicas],
            concurrency=requests,
            timeout=timeout,
            patience=patience,
            extra=self._replicas[0].extra,
            takes_video=self.takes_video,
            api_key_env="",  # one's own server needs none, and must not see the key for another
            on_hang=self._hung,
        )

    @classmethod
    def made(cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Self:
        engine, serving = choice.engine, choice.serving
        program = launch.PROGRAMS[engine]
        if choice.model is None:
            raise UserError(f"the engine {engine!r} needs a model: give --model")
        loaded = route(choice.model, engine)
        if choice.quantize is not None:
            raise UserError(
                f"--quantize is for models in this process. Name a quantized repository, or {engine}'s own option "
                "after --"
            )
        if own_key(serving.arguments):
            raise UserError(
                f"the {engine} that framescribe starts can be reached from this machine alone and needs no key"
            )
        gpus = list(serving.gpus) or launch.visible_gpus()
        shared = launch.shares(gpus, serving.tensor_parallel, 1 if program.library else serving.replicas)
        preset = preset_of(choice.model)
        others = [other for other in beside if other.engine in launch.PROGRAMS]
        server = Server(
            repository=loaded.repository,
            name=loaded.repository if program.library else choice.model,
            revision=choice.revision,
            dtype=choice.dtype,
            trust_remote_code=choice.trust_remote_code,
            prompt=prompt,
            tensor_parallel=serving.tensor_parallel,
            share=1 / max(1, len(others)) if gpus else 1.0,
            before=others.index(choice) if gpus and choice in others else 0,
            thinking=choice.settled_thinking(),
            parser=parser(choice.model, engine),
            context=preset.context if preset is not None else None,
            sized=frames_as_video(choice.model, engine),
            processors=max(1, min(MOST_PROCESSORS, cpus() // (2 * len(shared)))),
            arguments=(*loaded.arguments, *serving.arguments),
        )
        part = "" if len(others) < 2 else f"-{others.index(choice) + 1}"
        return cls(
            engine,
            server,
            executable=launch.executable(engine, serving.command),
            gpus=shared,
            logs=logs / f"{engine}{part}",
            requests=choice.requests,
            timeout=choice.timeout,
            patience=choice.patience,
        )

    @property
    def urls(self) -> list[str]:
        return [replica.url for replica in self._replicas]

    @property
    def concurrency(self) -> int:
        return self._asked.concurrency

    def loads(self) -> list[Load]:
        return self._asked.loads()

    def describe(self) -> str:
        count = len(self._replicas)
        return f"{self._server.name} in {self.engine}" + (f", {count} servers" if count > 1 else "")

    async def open(self) -> None:
        """Start the servers and wait until all are ready. RunError, with the log's reason, if one cannot start."""
        try:
            await asyncio.gather(*(replica.start() for replica in self._replicas))
            for number, replica in enumerate(self._replicas):
                await self._asked.moved(number, replica.url)
            await self._asked.open()
        except BaseException:
            await self.close()
            raise
        self._keepers = [asyncio.create_task(self._keep(number)) for number in range(len(self._replicas))]

    async def complete(self, request: ChatRequest) -> Reply:
        return await self._asked.complete(request)

    async def close(self) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, *self._ending, return_exceptions=True)
        self._keepers = []
        await self._asked.close()
        await asyncio.gather(*(replica.child.stop() for replica in self._replicas))

    async def until_one_is_lost(self) -> None:
        """Wait until a server has died for good."""
        await asyncio.wait(self._keepers, return_when=asyncio.FIRST_COMPLETED)

    def _hung(self, number: int) -> None:
        """A server listens, but answers nothing: it is ended, and so restarted like one that died."""
        task = asyncio.create_task(self._replicas[number].child.stop())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _keep(self, number: int) -> None:
        """Restart a server whenever it dies. If that goes wrong in any way, the server is lost: nobody awaits this
        task, and requests would wait for ever."""
        try:
            await self._restart(number)
        except Exception as error:
            why = str(error) if isinstance(error, RunError) else f"{type(error).__name__}: {error}"
            self._asked.lost(number, f"{self._replicas[number].name} cannot be restarted: {why}")

    async def _restart(self, number: int) -> None:
        """Restart a server whenever it dies, until it has died too often."""
        replica, deaths = self._replicas[number], list[float]()
        while True:
            how = await replica.child.wait()
            deaths = [at for at in deaths if at > time.monotonic() - WITHIN_SECONDS] + [time.monotonic()]
            why = f"{how}: {replica.child.reason().line}"
            if len(deaths) > DEATHS_FORGIVEN:
                self._asked.lost(number, f"{replica.name} died {len(deaths)} times, the last time {why}")
                return
            _log.warning("%s died and is being restarted: %s", replica.name, why)
            self._asked.died(number, "it died")
            await replica.start()
            await self._asked.moved(number, replica.url)
            self._asked.returned(number)
