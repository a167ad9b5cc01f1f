"""Knows every option of how models run and answer, once, and how these become a ModelChoice; runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from framescribe.cli.options import Thinking, option

if TYPE_CHECKING:
    from framescribe.engines.choice import ModelChoice, Serving

FOR_ENGINE: ContextVar[tuple[str, ...]] = ContextVar("FOR_ENGINE", default=())  # what follows `--`


class Quantize(StrEnum):
    """The precisions below 16 bits."""

    int8 = "int8"
    int4 = "int4"


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How models run and answer."""

    engine: Annotated[
        str | None,
        option(
            "Models",
            "transformers (in this process), openai (servers already running), or a server started for the "
            "run: vllm, sglang, lmdeploy, llama-cpp, ollama. Plug-ins may add others. Default: openai with --base-url, "
            "else transformers.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None
    revision: Annotated[str | None, option("Models", "A branch, tag or commit on the hub.")] = None
    device: Annotated[str, option("Models", "cuda, cuda:1, mps, cpu.")] = "auto"
    dtype: Annotated[str, option("Models", "float32, float16, bfloat16.")] = "auto"
    quantize: Annotated[Quantize | None, option("Models", "Load the weights in 8 or 4 bits.")] = None
    trust_remote_code: Annotated[
        bool, option("Models", "Run code that comes with the model.", "--trust-remote-code")
    ] = False
    batch_size: Annotated[
        int | None, option("Models", "Requests answered together in this process.", min=1, metavar="N")
    ] = None
    requests: Annotated[
        int | None,
        option(
            "Servers", "Requests in flight to each server. Default: as many as each server takes.", min=1, metavar="N"
        ),
    ] = None
    timeout: Annotated[
        float, option("Servers", "Seconds until a request is given up and retried.", min=0.1, metavar="SECONDS")
    ] = 600
    endpoint_timeout: Annotated[
        float, option("Servers", "Seconds to wait once no server answers, before the run stops.", min=0.0)
    ] = 60
    api_key_env: Annotated[str, option("Servers", "The environment variable that holds the server's key.")] = (
        "OPENAI_API_KEY"
    )
    engine_command: Annotated[
        str | None,
        option("Servers", "The engine's command, if it is not on the PATH: ~/vllm/bin/vllm", metavar="CMD"),
    ] = None
    gpus: Annotated[
        str | None, option("Servers", "The GPUs for started servers: 0,1,2,3. Default: all.", metavar="LIST")
    ] = None
    tensor_parallel: Annotated[
        int, option("Servers", "GPUs over which one started server spreads the model.", min=1, metavar="N")
    ] = 1
    replicas: Annotated[
        int | None,
        option(
            "Servers",
            "How many servers to start, or Ray actors with --runner ray. Default: one per GPU.",
            min=1,
            metavar="N",
        ),
    ] = None
    max_tokens: Annotated[int, option("Prompts", "The most tokens in a model's answer.", min=1, metavar="N")] = 512
    thinking: Annotated[
        Thinking | None,
        option(
            "Prompts",
            "Whether the model thinks before it answers, where model and server have a switch; thoughts are never part "
            "of a caption, but count towards --max-tokens. Default: off; with --base-url as the server does it.",
            show_default=False,
        ),
    ] = None
    temperature: Annotated[float, option("Prompts", "0 is greedy.", min=0.0)] = 0.0
    top_p: Annotated[
        float, option("Prompts", "Above temperature 0: the likeliest tokens up to this share.", min=0.0, max=1.0)
    ] = 1.0

    def choice(self, model: str | None, base_urls: Sequence[str] | None, *, beside: bool = False) -> ModelChoice:
        """One model with these options. UserError if they contradict each other. `beside`: its server is already
        running, and options about starting one are for the model beside it."""
        from framescribe import registry
        from framescribe.engines.choice import ModelChoice, Serving
        from framescribe.errors import UserError

        engine = (None if beside else self.engine) or ("openai" if base_urls else "transformers")
        if engine not in registry.names("engines"):
            registry.load("engines", engine)  # whose error lists the engines
        if base_urls and engine != "openai":
            raise UserError(
                f"--engine {engine} and --base-url contradict each other: the server at that URL is already running"
            )
        return ModelChoice(
            engine=engine,
            model=model,
            base_urls=tuple(base_urls or ()),
            revision=self.revision,
            device=self.device,
            dtype=self.dtype,
            quantize=self.quantize.value if self.quantize else None,
            trust_remote_code=self.trust_remote_code,
            thinking=self.thinking.value if self.thinking else None,
            batch_size=self.batch_size,
            requests=self.requests,
            timeout=self.timeout,
            patience=self.endpoint_timeout,
            api_key_env=self.api_key_env,
            serving=Serving() if beside else self._serving(engine),
        )

    def _serving(self, engine: str) -> Serving:
        from framescribe.engines.choice import Serving
        from framescribe.errors import UserError

        serving = Serving(
            command=self.engine_command,
            gpus=tuple(gpu.strip() for gpu in self.gpus.split(",")) if self.gpus else (),
            replicas=self.replicas,
            tensor_parallel=self.tensor_parallel,
            arguments=FOR_ENGINE.get(),
        )
        if engine in ("openai", "transformers") and serving != Serving():
            raise UserError(
                "--engine-command, --gpus, --replicas, --tensor-parallel and what follows -- are for servers that are "
                "started here: --engine vllm, sglang, lmdeploy, llama-cpp or ollama"
            )
        return serving
