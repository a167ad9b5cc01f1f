"""Knows what a user asks for, with the default of everything, and what a run makes of it; runs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal, TypedDict

from framescribe.errors import UserError
from framescribe.python.models import settled_model

if TYPE_CHECKING:
    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice, Serving
    from framescribe.frames.sampling import Method, Sampling
    from framescribe.prompts import Kind
    from framescribe.records import Video
    from framescribe.runs import recipe as full
    from framescribe.strategies.base import Strategy

Say = Callable[[str], None]
Thinking = Literal["off", "on"]

MOST = 16  # frames of one video if keyframes or scenes are wanted and no number is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How videos are captioned: the options of `framescribe caption` that decide it, under the same names and with the
    same defaults (docs/cli.md describes each).

    `fs.Recipe(model="qwen3-vl-8b", engine="vllm", sample="uniform", frames=5)`. None stands for what the command does
    without the option. Prompts are texts, "@file" or a name such as "default". `times` and `every` are in seconds;
    `every` may also be a text such as "500ms". `engine_arguments` are what follows `--` on the command line. What makes
    no sense is a UserError once the recipe is used.
    """

    model: str | None = None
    summary_model: str | None = None
    base_url: str | Sequence[str] | None = None
    summary_base_url: str | Sequence[str] | None = None
    strategy: str = "frames-then-summary"
    prompt: str = "default"
    summary_prompt: str = "default"

    sample: Method | None = None
    frames: int | None = None
    times: Sequence[float] = ()
    every: float | str | None = None
    skip_edges: float = 0.0
    salvage: bool = False
    seed: int = 0
    max_pixels: int | None = None
    decoders: int | None = None
    decode_timeout: float | None = None

    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    thinking: Thinking | None = None
    summary_thinking: Thinking | None = None

    engine: str | None = None
    revision: str | None = None
    device: str = "auto"
    dtype: str = "auto"
    quantize: Literal["int8", "int4"] | None = None
    trust_remote_code: bool = False
    batch_size: int | None = None
    requests: int | None = None
    timeout: float = 600
    endpoint_timeout: float = 60
    api_key_env: str = "OPENAI_API_KEY"
    summary_api_key_env: str | None = None
    engine_command: str | None = None
    gpus: str | None = None
    tensor_parallel: int = 1
    replicas: int | None = None
    engine_arguments: Sequence[str] = ()

    def __repr__(self) -> str:
        given = ((one.name, getattr(self, one.name)) for one in fields(self))
        return f"Recipe({', '.join(f'{name}={value!r}' for name, value in given if value != getattr(DEFAULTS, name))})"

    async def settled(
        self, videos: Sequence[Video], say: Say, *, elsewhere: bool = False, only: Sequence[str] | None = None
    ) -> full.Recipe:
        """The recipe of a run over these videos: all stages of the strategy, or `only` these, each with its model, its
        prompt's text and its settings. `model` and `prompt` are for the stages that see, `summary_model` and
        `summary_prompt` for the others.

        `say` gets a line for each choice made on the user's behalf; `elsewhere`: models run on machines that are not
        known here. UserError if something makes no sense, or a server does not say what it serves.
        """
        from pydantic import ValidationError

        try:
            return await self._settled(videos, say, elsewhere, only)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error

    async def _settled(
        self, videos: Sequence[Video], say: Say, elsewhere: bool, only: Sequence[str] | None
    ) -> full.Recipe:
        from framescribe.runs import recipe as full

        strategy = strategy_of(self.strategy)
        steps = [step for step in strategy.stages if only is None or step.name in only]
        if all(step.sees for step in steps) and self != self._without_summary():
            raise UserError(f"--strategy {self.strategy} writes no summary: leave --summary-model and the like out")
        seeing = await settled_model(self.choice(self.model, urls(self.base_url)), say, elsewhere=elsewhere)
        writing = seeing if all(step.sees for step in steps) else await self._summary_choice(seeing, say)
        return full.Recipe(
            strategy=self.strategy,
            sampling=self.sampling(strategy),
            max_pixels=self.pixels(strategy),
            decoders=self.decoders,
            decode_seconds=self.decode_timeout,
            stages={
                step.name: full.StageChoice(
                    model=seeing if step.sees else writing,
                    prompt=prompt_text(self.prompt if step.sees else self.summary_prompt, step.prompt, videos, say),
                    decoding=self.decoding(),
                )
                for step in steps
            },
        )

    def sampling(self, strategy: type[Strategy]) -> Sampling:
        """Which frames, by default as the strategy has it. UserError if the settings contradict each other."""
        from framescribe.frames.sampling import COUNTED, Sampling, seconds

        given: tuple[tuple[Method, bool], ...] = (("times", bool(self.times)), ("every", self.every is not None))
        implied = [name for name, is_given in given if is_given]
        method: Method = self.sample or (implied or [strategy.sampling["method"]])[0]
        if len(implied) > 1 or (implied and implied[0] != method):
            raise UserError(f"--{' and --'.join(implied)} and --sample {method} contradict each other: choose one")
        if method in ("times", "every") and not implied:
            raise UserError(f"--sample {method} needs --{method}")
        if (self.frames or 1) > 1 and method not in COUNTED:
            counted = f"{', '.join(COUNTED[:-1])} or {COUNTED[-1]}"
            raise UserError(f"--frames {self.frames} needs --sample {counted}: {method} does not count frames")
        many = MOST if method in ("keyframes", "scenes") else strategy.sampling["frames"] if method in COUNTED else 1
        return Sampling(
            method=method,
            frames=many if self.frames is None else self.frames,
            times=tuple(self.times),
            every=seconds(self.every) if isinstance(self.every, str) else self.every,
            seed=self.seed,
            skip_edges=self.skip_edges,
            salvage=self.salvage,
        )

    def pixels(self, strategy: type[Strategy]) -> int:
        """The most pixels of a frame."""
        return strategy.max_pixels if self.max_pixels is None else self.max_pixels

    def decoding(self) -> Decoding:
        """How answers are decoded. UserError for values that make no sense."""
        from framescribe.engines.base import Decoding

        for name, value, fits, wanted in (
            ("max-tokens", self.max_tokens, self.max_tokens >= 1, "1 or more"),
            ("temperature", self.temperature, self.temperature >= 0, "0 or more"),
            ("top-p", self.top_p, 0 <= self.top_p <= 1, "0 to 1"),
        ):
            if not fits:
                raise UserError(f"--{name} {value}: it must be {wanted}")
        return Decoding(max_tokens=self.max_tokens, temperature=self.temperature, top_p=self.top_p, seed=self.seed)

    def choice(self, model: str | None, base_urls: Sequence[str] = (), *, beside: bool = False) -> ModelChoice:
        """One model with these settings. UserError if they contradict each other. `beside`: its server is already
        running, and settings about starting one are for the model beside it."""
        from framescribe import registry
        from framescribe.engines.choice import ModelChoice, Serving

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
            base_urls=tuple(base_urls),
            revision=self.revision,
            device=self.device,
            dtype=self.dtype,
            quantize=self.quantize,
            trust_remote_code=self.trust_remote_code,
            thinking=self.thinking,
            batch_size=self.batch_size,
            requests=self.requests,
            timeout=self.timeout,
            patience=self.endpoint_timeout,
            api_key_env=self.api_key_env,
            serving=Serving() if beside else self._serving(engine),
        )

    def _serving(self, engine: str) -> Serving:
        from framescribe.engines.choice import Serving

        serving = Serving(
            command=self.engine_command,
            gpus=tuple(gpu.strip() for gpu in self.gpus.split(",")) if self.gpus else (),
            replicas=self.replicas,
            tensor_parallel=self.tensor_parallel,
            arguments=tuple(self.engine_arguments),
        )
        if engine in ("openai", "transformers") and serving != Serving():
            raise UserError(
                "--engine-command, --gpus, --replicas, --tensor-parallel and what follows -- are for servers that are "
                "started here: --engine vllm, sglang, lmdeploy, llama-cpp or ollama"
            )
        return serving

    def _without_summary(self) -> Recipe:
        plain = Recipe()
        return replace(self, **{one.name: getattr(plain, one.name) for one in fields(self) if "summary" in one.name})

    async def _summary_choice(self, frame: ModelChoice, say: Say) -> ModelChoice:
        """The same model and server as the frames', unless the user names others."""
        from framescribe.engines.presets import summary_partner

        thinking = self.summary_thinking or self.thinking
        if servers := urls(self.summary_base_url):
            key = self.summary_api_key_env or self._shared_key(servers, frame, say)
            own = replace(self, thinking=thinking, api_key_env=key)
            return await settled_model(own.choice(self.summary_model, servers, beside=True), say)
        if self.summary_api_key_env is not None:
            raise UserError("--summary-api-key-env is the key for --summary-base-url, which is missing")
        model = self.summary_model
        if model is None:
            model = frame.model if frame.engine == "openai" else summary_partner(frame.model or "")
        return frame.with_model(model).model_copy(update={"thinking": thinking})

    def _shared_key(self, servers: Sequence[str], frame: ModelChoice, say: Say) -> str:
        """The variable with the key for the summary's servers: that of `api_key_env`, unless it is for the frames'
        servers and these are on other hosts; then none."""
        from framescribe.addresses import without_keys
        from framescribe.engines.redaction import hosts

        name = self.api_key_env
        if frame.engine != "openai" or hosts(servers) <= hosts(frame.base_urls):
            return name
        if os.environ.get(name):
            say(
                f"{', '.join(map(without_keys, servers))} does not get the key in {name}, which is for another host: "
                "--summary-api-key-env names a key for it"
            )
        return ""


class Options(TypedDict, total=False):
    """The keywords of `Recipe`, for functions that take them too."""

    model: str | None
    summary_model: str | None
    base_url: str | Sequence[str] | None
    summary_base_url: str | Sequence[str] | None
    strategy: str
    prompt: str
    summary_prompt: str
    sample: Method | None
    frames: int | None
    times: Sequence[float]
    every: float | str | None
    skip_edges: float
    salvage: bool
    seed: int
    max_pixels: int | None
    decoders: int | None
    decode_timeout: float | None
    max_tokens: int
    temperature: float
    top_p: float
    thinking: Thinking | None
    summary_thinking: Thinking | None
    engine: str | None
    revision: str | None
    device: str
    dtype: str
    quantize: Literal["int8", "int4"] | None
    trust_remote_code: bool
    batch_size: int | None
    requests: int | None
    timeout: float
    endpoint_timeout: float
    api_key_env: str
    summary_api_key_env: str | None
    engine_command: str | None
    gpus: str | None
    tensor_parallel: int
    replicas: int | None
    engine_arguments: Sequence[str]


DEFAULTS = Recipe()


def urls(given: str | Iterable[str] | None) -> tuple[str, ...]:
    """One server or several, as a tuple."""
    return (given,) if isinstance(given, str) else tuple(given or ())


def strategy_of(name: str) -> type[Strategy]:
    """The strategy of this name. UserError if there is none."""
    from framescribe import registry

    found: type[Strategy] = registry.load("strategies", name)
    return found


def prompt_text(value: str, kind: Kind, videos: Sequence[Video], say: Say) -> str:
    """The prompt that `value` stands for. UserError if it names a column that no video has."""
    from framescribe.prompts import check, load

    text = load(value, kind)
    check(text, kind, sorted({column for video in videos for column in video.values}))
    if kind == "summary" and "{captions}" not in text:
        say("the summary prompt does not say {captions}: the frame captions follow it")
    return text
