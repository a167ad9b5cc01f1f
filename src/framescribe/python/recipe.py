"""Knows what a user asks for, with the default of everything, and what a run makes of it; runs nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Literal

from framescribe.errors import UserError
from framescribe.python.models import settled_model
from framescribe.python.options import Thinking
from framescribe.python.prompts import DEFAULT, OPTIONS, prompt_text
from framescribe.python.wanted import Wanted, say_estimates, several

if TYPE_CHECKING:
    from framescribe.engines.base import Decoding
    from framescribe.engines.choice import ModelChoice, Serving
    from framescribe.frames.sampling import Method, Sampling
    from framescribe.frames.segments import Division
    from framescribe.records import Video
    from framescribe.runs import recipe as full
    from framescribe.runs.gate import GateChoice
    from framescribe.strategies.base import Stage
    from framescribe.strategies.ways import Way

Say = Callable[[str], None]

MOST = 16  # frames of one video if keyframes or scenes are wanted and no number is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe(Wanted):
    """How videos are captioned: the options of `framescribe caption` that decide it, under the same names and with the
    same defaults (docs/cli.md describes each).

    `fs.Recipe(model="qwen3-vl-8b", engine="vllm", sample="uniform", frames=5)`. None stands for what the command does
    without the option. Prompts are texts, "@file" or a name such as "default". `times`, `every` and `segment` are in
    seconds; `every` and `segment` may also be texts such as "500ms", and `segment` may be "shots". `engine_arguments`
    are what follows `--` on the command line. `gate` and what follows it say how texts are checked:
    `check_limit=["repeats.phrase_times=4"]`. `measure` names what is measured in the videos ("all", or names), and
    `keep` is a condition on it that a video must meet. `note`, `hint` and the wishes about words are told to the model
    that writes the caption; `target` is `--for`. What makes no sense is a UserError once the recipe is used.
    """

    model: str | None = None
    summary_model: str | None = None
    base_url: str | Sequence[str] | None = None
    summary_base_url: str | Sequence[str] | None = None
    strategy: str = "frames-then-summary"
    prompt: str = "default"
    step_prompt: str = "default"
    summary_prompt: str = "default"

    sample: Method | None = None
    frames: int | None = None
    times: Sequence[float] = ()
    every: float | str | None = None
    skip_edges: float = 0.0
    salvage: bool = False
    avoid_bad_frames: bool = False
    seed: int = 0
    max_pixels: int | None = None
    segment: float | str | None = None
    measure: str | Sequence[str] | None = None
    keep: str | None = None
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
        self,
        videos: Sequence[Video],
        say: Say,
        *,
        elsewhere: bool = False,
        only: Sequence[str] | None = None,
        alone: bool = False,
    ) -> full.Recipe:
        """The recipe of a run over these videos: all stages of the strategy, or `only` these, each with its model, its
        prompt's text and its settings. `model` is for the stages that see, `summary_model` for the others; which prompt
        is for which stage, `python.prompts` says. `alone`: only the captions that are there are verified.

        `say` gets a line for each choice made on the user's behalf; `elsewhere`: models run on machines that are not
        known here. UserError if something makes no sense, or a server does not say what it serves.
        """
        from pydantic import ValidationError

        try:
            return await self._settled(videos, say, elsewhere, only, alone)
        except ValidationError as error:
            first = error.errors()[0]
            raise UserError(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error

    async def _settled(
        self, videos: Sequence[Video], say: Say, elsewhere: bool, only: Sequence[str] | None, alone: bool
    ) -> full.Recipe:
        from framescribe.runs import recipe as full

        way = self.way(alone=alone)
        self.refuse_contradictions()
        self.say_wanted(say)
        say_estimates([length.limit for length in way.lengths], say)
        steps = [step for step in way.stages if only is None or step.name in only]
        if all(step.sees for step in steps) and self != self._without_summary():
            raise UserError(f"--strategy {self.strategy} writes no summary: leave --summary-model and the like out")
        used = {OPTIONS.get(step.prompt) for step in way.stages}
        for name in dict.fromkeys(OPTIONS.values()):
            if name not in used and getattr(self, name) != getattr(DEFAULTS, name):
                raise UserError(
                    f"--strategy {self.strategy} asks nothing with --{name.replace('_', '-')}: leave it out"
                )
        seeing = await settled_model(self.choice(self.model, several(self.base_url)), say, elsewhere=elsewhere)
        checking = seeing
        if self.verify_model is not None:
            checking = await settled_model(seeing.with_model(self.verify_model), say, elsewhere=elsewhere)
        writing = seeing if all(step.sees for step in steps) else await self._summary_choice(seeing, say)
        return full.Recipe(
            gate=await self.gate_choice(seeing, say, elsewhere=elsewhere),
            strategy=self.strategy,
            lengths=self.lengths(),
            verify=self.verified(),
            alone=alone,
            sampling=self.sampling(way),
            max_pixels=self.pixels(way),
            segment=self.division(),
            measures=self.measures(),
            keep=self.keep,
            decoders=self.decoders,
            decode_seconds=self.decode_timeout,
            stages={
                step.name: self.stage_choice(
                    step, checking if step.adds else seeing if step.sees else writing, videos, say
                )
                for step in steps
            },
        )

    def stage_choice(self, step: Stage, model: ModelChoice, videos: Sequence[Video], say: Say) -> full.StageChoice:
        """What is asked at a stage: the stage that writes the caption is told the user's wishes. UserError if its
        prompt or a wish names a column that no video has."""
        from framescribe.prompts.wishes import Wishes
        from framescribe.runs import recipe as full

        option = OPTIONS.get(step.prompt)
        given = DEFAULT if option is None else getattr(self, option)
        prompt = prompt_text(given, step, videos, say, measured=bool(self.measures()))
        wishes = (
            self.wishes(prompt, step, videos)
            if step.prompt == "length" or step.name in self.way().writers
            else Wishes()
        )
        return full.StageChoice(model=model, prompt=prompt, wishes=wishes, decoding=self.decoding())

    def way(self, *, alone: bool = False) -> Way:
        """The stages from a video to its captions. UserError for a strategy that does not exist."""
        from framescribe.strategies.ways import way_of

        return way_of(
            self.strategy, segment=self.division(), lengths=self.lengths(), verify=self.verified(), alone=alone
        )

    def division(self) -> Division | None:
        """How videos are divided into segments: seconds, or "shots"; None: not at all. UserError if it makes no sense,
        or if times of the whole video are given beside it."""
        from framescribe.frames.segments import division_in

        if self.segment is not None and self.times:
            raise UserError("--times are seconds of the whole video, and --segment takes frames from each segment")
        return None if self.segment is None else division_in(str(self.segment))

    def sampling(self, way: Way) -> Sampling:
        """Which frames, by default as the strategy has it. UserError if the settings contradict each other."""
        from framescribe.frames.sampling import COUNTED, Sampling, seconds
        from framescribe.measures.watching import versions

        given: tuple[tuple[Method, bool], ...] = (("times", bool(self.times)), ("every", self.every is not None))
        implied = [name for name, is_given in given if is_given]
        method: Method = self.sample or (implied or [way.sampling["method"]])[0]
        if len(implied) > 1 or (implied and implied[0] != method):
            raise UserError(f"--{' and --'.join(implied)} and --sample {method} contradict each other: choose one")
        if method in ("times", "every") and not implied:
            raise UserError(f"--sample {method} needs --{method}")
        if (self.frames or 1) > 1 and method not in COUNTED:
            counted = f"{', '.join(COUNTED[:-1])} or {COUNTED[-1]}"
            raise UserError(f"--frames {self.frames} needs --sample {counted}: {method} does not count frames")
        many = MOST if method in ("keyframes", "scenes") else way.sampling["frames"] if method in COUNTED else 1
        made = Sampling(
            method=method,
            frames=many if self.frames is None else self.frames,
            times=tuple(self.times),
            every=seconds(self.every) if isinstance(self.every, str) else self.every,
            seed=self.seed,
            skip_edges=self.skip_edges,
            salvage=self.salvage,
            avoid_bad_frames=self.avoid_bad_frames,
        )
        versions(made.needs)  # what they need is missing here rather than in each decoder
        return made

    async def gate_choice(self, model: ModelChoice, say: Say, *, elsewhere: bool = False) -> GateChoice | None:
        """How texts are checked, with the second model where and how `model` is; None: not at all. UserError for a
        check, a limit or a mode that does not exist."""
        self.refuse_mode()
        if self.gate == "off":
            return None
        second = None
        if self.second_model is not None:
            second = await settled_model(model.with_model(self.second_model), say, elsewhere=elsewhere)
        return self.checked(second)

    def measures(self) -> tuple[str, ...]:
        """What is measured in the videos: what is asked for, and what the condition is about. UserError for a name that
        does not exist, or a condition that makes no sense."""
        from framescribe.measures.expression import condition
        from framescribe.measures.watching import chosen

        asked = chosen(several(self.measure))
        needed = condition(self.keep, "--keep").measures if self.keep is not None else ()
        return tuple(dict.fromkeys((*asked, *chosen(needed))))

    def pixels(self, way: Way) -> int:
        """The most pixels of a frame."""
        return way.max_pixels if self.max_pixels is None else self.max_pixels

    def decoding(self) -> Decoding:
        """How answers are decoded. UserError for values that make no sense."""
        from framescribe.engines.base import Decoding

        for name, value, fits, allowed in (
            ("max-tokens", self.max_tokens, self.max_tokens >= 1, "1 or more"),
            ("temperature", self.temperature, self.temperature >= 0, "0 or more"),
            ("top-p", self.top_p, 0 <= self.top_p <= 1, "0 to 1"),
        ):
            if not fits:
                raise UserError(f"--{name} {value}: it must be {allowed}")
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
        if servers := several(self.summary_base_url):
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


DEFAULTS = Recipe()
