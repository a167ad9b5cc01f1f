"""Knows every option of how models run and answer, once; runs nothing."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from framescribe.cli.options import Thinking, option
from framescribe.python.recipe import DEFAULTS

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
    ] = DEFAULTS.engine
    revision: Annotated[str | None, option("Models", "A branch, tag or commit on the hub.")] = DEFAULTS.revision
    device: Annotated[str, option("Models", "cuda, cuda:1, mps, cpu.")] = DEFAULTS.device
    dtype: Annotated[str, option("Models", "float32, float16, bfloat16.")] = DEFAULTS.dtype
    quantize: Annotated[Quantize | None, option("Models", "Load the weights in 8 or 4 bits.")] = None
    trust_remote_code: Annotated[
        bool, option("Models", "Run code that comes with the model.", "--trust-remote-code")
    ] = DEFAULTS.trust_remote_code
    batch_size: Annotated[
        int | None, option("Models", "Requests answered together in this process.", min=1, metavar="N")
    ] = DEFAULTS.batch_size
    requests: Annotated[
        int | None,
        option(
            "Servers", "Requests in flight to each server. Default: as many as each server takes.", min=1, metavar="N"
        ),
    ] = DEFAULTS.requests
    timeout: Annotated[
        float, option("Servers", "Seconds until a request is given up and retried.", min=0.1, metavar="SECONDS")
    ] = DEFAULTS.timeout
    endpoint_timeout: Annotated[
        float, option("Servers", "Seconds to wait once no server answers, before the run stops.", min=0.0)
    ] = DEFAULTS.endpoint_timeout
    api_key_env: Annotated[str, option("Servers", "The environment variable that holds the server's key.")] = (
        DEFAULTS.api_key_env
    )
    engine_command: Annotated[
        str | None,
        option("Servers", "The engine's command, if it is not on the PATH: ~/vllm/bin/vllm", metavar="CMD"),
    ] = DEFAULTS.engine_command
    gpus: Annotated[
        str | None, option("Servers", "The GPUs for started servers: 0,1,2,3. Default: all.", metavar="LIST")
    ] = DEFAULTS.gpus
    tensor_parallel: Annotated[
        int, option("Servers", "GPUs over which one started server spreads the model.", min=1, metavar="N")
    ] = DEFAULTS.tensor_parallel
    replicas: Annotated[
        int | None,
        option(
            "Servers",
            "How many servers to start, or Ray actors with --runner ray. Default: one per GPU.",
            min=1,
            metavar="N",
        ),
    ] = DEFAULTS.replicas
    max_tokens: Annotated[int, option("Prompts", "The most tokens in a model's answer.", min=1, metavar="N")] = (
        DEFAULTS.max_tokens
    )
    thinking: Annotated[
        Thinking | None,
        option(
            "Prompts",
            "Whether the model thinks before it answers, where model and server have a switch; thoughts are never part "
            "of a caption, but count towards --max-tokens. Default: off; with --base-url as the server does it.",
            show_default=False,
        ),
    ] = None
    temperature: Annotated[float, option("Prompts", "0 is greedy.", min=0.0)] = DEFAULTS.temperature
    top_p: Annotated[
        float, option("Prompts", "Above temperature 0: the likeliest tokens up to this share.", min=0.0, max=1.0)
    ] = DEFAULTS.top_p
