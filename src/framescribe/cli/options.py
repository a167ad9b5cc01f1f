"""Knows every option of the commands that caption, once, and how options become a Recipe; runs nothing."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import os
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

if TYPE_CHECKING:
    from framescribe.frames.sampling import Sampling
    from framescribe.prices import Budget
    from framescribe.recipe import ModelChoice, Serving
    from framescribe.records import Video
    from framescribe.runners.ranks import Rank

Say = Callable[[str], None]
FOR_ENGINE: ContextVar[tuple[str, ...]] = ContextVar("FOR_ENGINE", default=())  # what follows `--`


def _option(panel: str, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel, **more)


class SampleMethod(StrEnum):
    """The samplers' names."""

    mid = "mid"
    uniform = "uniform"
    random = "random"
    times = "times"
    every = "every"
    keyframes = "keyframes"
    scenes = "scenes"


MOST = 16  # frames of one video where keyframes or scenes are wanted and no number is given


class EngineName(StrEnum):
    """The engines' names."""

    transformers = "transformers"
    openai = "openai"
    vllm = "vllm"
    sglang = "sglang"
    lmdeploy = "lmdeploy"
    llama_cpp = "llama-cpp"
    ollama = "ollama"


class Quantize(StrEnum):
    """The precisions below 16 bits."""

    int8 = "int8"
    int4 = "int4"


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """Where the videos come from."""

    sources: Annotated[
        list[str],
        typer.Argument(
            help="Videos: files, folders, globs, or metadata files (txt, csv, tsv, jsonl, json, parquet).",
            show_default=False,
        ),
    ]
    video_column: Annotated[
        str | None, _option("Sources", "The metadata's column of video paths. Guessed where only one can be meant.")
    ] = None
    id_column: Annotated[
        str | None, _option("Sources", "The metadata's column of ids. Without it: the path as written.")
    ] = None
    video_root: Annotated[
        str | None,
        _option("Sources", "The folder that the metadata's paths start from. Without it: the metadata file's."),
    ] = None
    limit: Annotated[int | None, _option("Sources", "Only the first N videos.", min=1, metavar="N")] = None

    def find(self, say: Say) -> list[Video]:
        """The videos, in a stable order."""
        from framescribe.sources import find_videos

        videos = find_videos(
            self.sources, video_column=self.video_column, id_column=self.id_column, video_root=self.video_root, say=say
        )
        return videos[: self.limit]


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """Which frames, and how large."""

    sample: Annotated[
        SampleMethod | None, _option("Frames", "How frames are chosen. Without it: mid, one frame.", show_default=False)
    ] = None
    frames: Annotated[
        int | None,
        _option(
            "Frames",
            f"How many for uniform and random (1 where not given), how many at most for keyframes and scenes ({MOST}).",
            min=1,
            metavar="N",
            show_default=False,
        ),
    ] = None
    times: Annotated[str | None, _option("Frames", "The frames at these seconds: 1.5,3.0", metavar="S,S,…")] = None
    every: Annotated[str | None, _option("Frames", "A frame every so often: 2s, 500ms.", metavar="TIME")] = None
    skip_edges: Annotated[
        float, _option("Frames", "Leave out this share at both ends (black first frames): 0.05", min=0.0, max=0.49)
    ] = 0.0
    salvage: Annotated[
        bool, _option("Frames", "Take what can be had of videos that are cut off or damaged, and flag them.")
    ] = False
    seed: Annotated[int, _option("Frames", "For random frames, and for decoding above temperature 0.")] = 0
    max_pixels: Annotated[
        int, _option("Frames", "Frames are shrunk while decoding to at most so many pixels.", min=1024, metavar="N")
    ] = 1024 * 1024
    decoders: Annotated[
        int | None, _option("Frames", "Videos decoded at once. Without it: one a core, 8 at most.", min=1)
    ] = None

    decode_timeout: Annotated[
        float | None,
        _option("Frames", "Seconds for decoding one video. Without it: 60, and 1 for each megabyte.", min=0.1),
    ] = None

    def sampling(self) -> Sampling:
        """The sampler; UserError where the options contradict each other."""
        from framescribe.errors import UserError
        from framescribe.frames.sampling import COUNTED, Sampling, seconds

        implied = [name for name, value in (("times", self.times), ("every", self.every)) if value is not None]
        method = self.sample.value if self.sample else (implied[0] if implied else "mid")
        if len(implied) > 1 or (implied and implied[0] != method):
            raise UserError(f"--{' and --'.join(implied)} and --sample {method} contradict each other: choose one")
        if method in ("times", "every") and not implied:
            raise UserError(f"--sample {method} needs --{method}")
        if (self.frames or 1) > 1 and method not in COUNTED:
            counted = f"{', '.join(COUNTED[:-1])} or {COUNTED[-1]}"
            raise UserError(f"--frames {self.frames} needs --sample {counted}: {method} does not count frames")
        return Sampling(
            method=method,  # type: ignore[arg-type]
            frames=self.frames or (MOST if method in ("keyframes", "scenes") else 1),
            times=tuple(seconds(text) for text in self.times.split(",")) if self.times else (),
            every=seconds(self.every) if self.every else None,
            seed=self.seed,
            skip_edges=self.skip_edges,
            salvage=self.salvage,
        )


@dataclass(frozen=True, slots=True)
class FrameModelOptions:
    """Who captions the frames."""

    model: Annotated[
        str | None, _option("Models", "A name of `framescribe models`, a folder, a repository id, or a server's model.")
    ] = None
    base_url: Annotated[
        list[str] | None,
        _option(
            "Models",
            "An OpenAI-compatible server: http://host:8000/v1. Given several times, they share the work.",
            metavar="URL",
        ),
    ] = None
    prompt: Annotated[str, _option("Prompts", "The frame prompt: text, @file, or default, easyanimate.")] = "default"


@dataclass(frozen=True, slots=True)
class SummaryModelOptions:
    """Who writes the video's caption."""

    summary_model: Annotated[
        str | None, _option("Models", "Writes the video's caption. Without it: the same as --model.")
    ] = None
    summary_base_url: Annotated[
        list[str] | None,
        _option("Models", "Its server, where it is another one. Without it: --base-url.", metavar="URL"),
    ] = None
    summary_prompt: Annotated[
        str, _option("Prompts", "The summary prompt, with {captions}: text, @file, or default, easyanimate.")
    ] = "default"


@dataclass(frozen=True, slots=True)
class FrameCaptionOptions:
    """Which frame captions are summed up, and who does it."""

    source: Annotated[
        Path, typer.Argument(help="What `framescribe frames` wrote: .jsonl, .csv or .parquet.", show_default=False)
    ]
    model: Annotated[
        str | None,
        _option(
            "Models",
            "Writes the video's caption. Without it: one that suits the frames' model.",
            "--model",
            "--summary-model",
        ),
    ] = None
    base_url: Annotated[
        list[str] | None,
        _option(
            "Models",
            "An OpenAI-compatible server. Given several times, they share the work.",
            "--base-url",
            "--summary-base-url",
            metavar="URL",
        ),
    ] = None
    prompt: Annotated[
        str,
        _option(
            "Prompts", "The summary prompt, with {captions}: text, @file, or default, easyanimate.", "--summary-prompt"
        ),
    ] = "default"
    seed: Annotated[int, _option("Prompts", "For decoding above temperature 0.")] = 0
    limit: Annotated[int | None, _option("Sources", "Only the first N videos.", min=1, metavar="N")] = None


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """How models run and answer."""

    engine: Annotated[
        EngineName | None,
        _option(
            "Models",
            "transformers (in this process), openai (servers that run), or a server that is started for the run: vllm, "
            "sglang, lmdeploy, llama-cpp, ollama. Without it: openai with --base-url, else transformers.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None
    revision: Annotated[str | None, _option("Models", "The hub's branch, tag or commit.")] = None
    device: Annotated[str, _option("Models", "cuda, cuda:1, mps, cpu.")] = "auto"
    dtype: Annotated[str, _option("Models", "float32, float16, bfloat16.")] = "auto"
    quantize: Annotated[Quantize | None, _option("Models", "Load the weights in 8 or 4 bits.")] = None
    trust_remote_code: Annotated[
        bool, _option("Models", "Run code that comes with the model.", "--trust-remote-code")
    ] = False
    batch_size: Annotated[
        int | None, _option("Models", "Requests answered together in process.", min=1, metavar="N")
    ] = None
    requests: Annotated[
        int | None,
        _option("Servers", "Requests in flight to each server. Without it: found out.", min=1, metavar="N"),
    ] = None
    timeout: Annotated[float, _option("Servers", "Seconds until a request is given up and asked again.")] = 600
    endpoint_timeout: Annotated[
        float, _option("Servers", "Seconds to wait when no server answers any more, before the run stops.", min=0.0)
    ] = 60
    api_key_env: Annotated[str, _option("Servers", "The environment variable that holds the server's key.")] = (
        "OPENAI_API_KEY"
    )
    engine_command: Annotated[
        str | None,
        _option("Servers", "What starts the engine, where it is not on the PATH: ~/vllm/bin/vllm", metavar="CMD"),
    ] = None
    gpus: Annotated[
        str | None, _option("Servers", "The GPUs for started servers: 0,1,2,3. Without it: all.", metavar="LIST")
    ] = None
    tensor_parallel: Annotated[
        int, _option("Servers", "GPUs that one started server spreads the model over.", min=1, metavar="N")
    ] = 1
    replicas: Annotated[
        int | None, _option("Servers", "How many servers are started. Without it: one a GPU.", min=1, metavar="N")
    ] = None
    max_tokens: Annotated[int, _option("Prompts", "The longest answer of a model.", min=1, metavar="N")] = 512
    temperature: Annotated[float, _option("Prompts", "0 is greedy.", min=0.0)] = 0.0
    top_p: Annotated[
        float, _option("Prompts", "Above temperature 0: the share of likely tokens kept.", min=0.0, max=1.0)
    ] = 1.0

    def choice(self, model: str | None, base_urls: Sequence[str] | None) -> ModelChoice:
        """One model with these options. UserError where they contradict each other."""
        from framescribe.errors import UserError
        from framescribe.recipe import ModelChoice

        engine = self.engine.value if self.engine else ("openai" if base_urls else "transformers")
        if base_urls and engine != "openai":
            raise UserError(
                f"--engine {engine} and --base-url contradict each other: the server at the URL runs already"
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
            batch_size=self.batch_size,
            requests=self.requests,
            timeout=self.timeout,
            patience=self.endpoint_timeout,
            api_key_env=self.api_key_env,
            serving=self._serving(engine),
        )

    def _serving(self, engine: str) -> Serving:
        from framescribe.errors import UserError
        from framescribe.recipe import Serving

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


@dataclass(frozen=True, slots=True)
class ResultOptions:
    """Where rows go, and what of earlier ones is done again."""

    output: Annotated[
        Path | None,
        _option(
            "Results",
            "The result: .jsonl, .csv or .parquet. Without it: captions.jsonl.",
            "--output",
            "-o",
            show_default=False,
        ),
    ] = None
    retry_failed: Annotated[bool, _option("Results", "Do the failed videos again.", "--retry-failed")] = False
    redo: Annotated[
        bool, _option("Results", "Caption again what another recipe captioned (its rows stay in the parts).", "--redo")
    ] = False


@dataclass(frozen=True, slots=True)
class LimitOptions:
    """What a run may spend, and whether it looks before it leaps."""

    max_requests: Annotated[
        int | None, _option("Limits", "Begin no video once so many requests are asked.", min=1, metavar="N")
    ] = None
    max_cost: Annotated[
        float | None, _option("Limits", "Begin no video once so much is spent. Needs --prices.", min=0.0)
    ] = None
    prices: Annotated[
        Path | None, _option("Limits", "What a million tokens cost, by model (TOML).", metavar="FILE")
    ] = None
    preflight: Annotated[
        bool,
        _option(
            "Limits",
            "Before a run of 50 videos or more, ask the model about two pictures: does it see?",
            "--preflight/--no-preflight",
        ),
    ] = True

    def budget(self) -> Budget:
        """UserError where the file of prices is none."""
        from framescribe.prices import Budget, read_prices

        prices = read_prices(self.prices) if self.prices else {}
        return Budget(prices=prices, max_cost=self.max_cost, max_requests=self.max_requests)


class RunnerName(StrEnum):
    """The runners' names."""

    local = "local"
    accelerate = "accelerate"


@dataclass(frozen=True, slots=True)
class RunnerOptions:
    """Where the run happens."""

    runner: Annotated[
        RunnerName | None,
        _option(
            "Runner",
            "local: this process does all. accelerate: its share, as torchrun and accelerate launch say. Without it: "
            "accelerate where one of these started it.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None

    def rank(self) -> Rank | None:
        """Which of several processes this is; UserError where --runner accelerate has nothing to go by."""
        from framescribe.errors import UserError
        from framescribe.runners.ranks import rank_of

        rank = None if self.runner == RunnerName.local else rank_of(os.environ)
        if rank is None and self.runner == RunnerName.accelerate and "WORLD_SIZE" not in os.environ:
            raise UserError(
                "--runner accelerate is for processes that a launcher starts:\n"
                "torchrun --nproc-per-node 4 -m framescribe caption …, or accelerate launch -m framescribe caption …"
            )
        return rank


@dataclass(frozen=True, slots=True)
class ScreenOptions:
    """What is seen of a run."""

    quiet: Annotated[bool, _option("Screen", "Only errors.", "--quiet", "-q")] = False
    json_logs: Annotated[bool, _option("Screen", "One JSON object a line instead of a display.", "--json-logs")] = False


def takes(*groups: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of these groups; it receives one object per group, in this order."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapper(**values: Any) -> None:
            command(
                *(group(**{field.name: values[field.name] for field in dataclasses.fields(group)}) for group in groups)
            )

        parameters = []
        for group in groups:
            hints = get_type_hints(group, include_extras=True)
            for field in dataclasses.fields(group):
                default = inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
                parameters.append(
                    inspect.Parameter(
                        field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hints[field.name]
                    )
                )
        wrapper.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        wrapper.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return wrapper

    return decorate
