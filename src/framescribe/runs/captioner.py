"""Turns one video into one row: decodes it, runs the strategy's stages, and puts every failure of the video in its row.

It opens what it needs once. It does not know where videos come from, where rows go, or any stage by name.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from framescribe.engines.base import ChatRequest, Engine, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import make_engine
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.sight import check_sight
from framescribe.errors import NO_USAGE, FramescribeError, Unreadable, Usage, VideoError
from framescribe.frames.files import fingerprint_of
from framescribe.frames.memory import FrameMemory
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.records import DECODE, INTERNAL, SCHEMA, Clip, Failure, FrameCaption, Row, Video
from framescribe.runs.budget import Budget, Tab
from framescribe.runs.figures import where_models_run
from framescribe.runs.kept import kept, result_of, settle
from framescribe.runs.meter import Figure, Meter
from framescribe.runs.recipe import Recipe
from framescribe.runs.unforeseen import told
from framescribe.storage.object_store import is_remote
from framescribe.strategies.base import Context, Output, Stage
from framescribe.version import VERSION


class Captioner:
    """`await open()`, then `await caption(video)` for as many videos at once as `in_flight`, then `await close()`.

    Servers started for it keep their logs in the folder `logs`. With `hashed`, rows hold their file's hash.
    """

    def __init__(
        self,
        recipe: Recipe,
        meter: Meter | None = None,
        logs: Path | None = None,
        budget: Budget | None = None,
        hashed: bool = False,
    ) -> None:
        self.recipe, self.steps = recipe, recipe.steps
        self._hashed = hashed
        self.budget = budget or Budget()
        self._logs = logs or Path("framescribe-logs")
        self.meter = meter or Meter(list(recipe.stages))
        self.engines: dict[str, Engine] = {}  # by stage
        self._wanted = {wanted.name: wanted for wanted in recipe.wanted()}
        self._decoders = recipe.decoders or min(8, cpus())
        self.memory = FrameMemory(self._decoders)
        self._pool: DecoderPool | None = None

    async def open(self) -> None:
        """Load or connect to the models; each is opened once, even if several stages use it."""
        distinct = self.recipe.choices
        self.budget.check([choice.model for choice in distinct])
        opened = {
            choice: make_engine(choice, prompt=largest_prompt(self.recipe, choice), beside=distinct, logs=self._logs)
            for choice in distinct
        }
        self.engines = {step.name: opened[self.recipe.stages[step.name].model] for step in self.steps}
        for engine in opened.values():
            await engine.open()
        if self.recipe.sees:
            self._pool = DecoderPool(self._decoders, seconds=self.recipe.decode_seconds)

    async def close(self) -> None:
        """Release the models and the decoders, all of them even if one raises; may be called twice."""
        async with AsyncExitStack() as closing:
            if self._pool is not None:
                closing.push_async_callback(asyncio.to_thread, self._pool.close)
            for engine in set(self.engines.values()):
                closing.push_async_callback(engine.close)

    def describe(self) -> list[str]:
        """A line about each open model, for people to read."""
        return [f"{self._called(engine)}: {engine.describe()}" for engine in dict.fromkeys(self.engines.values())]

    def _called(self, engine: Engine) -> str:
        """What people call the model of an engine: "frame and summary model"."""
        names = [step.model.removesuffix(" model") for step in self._steps_of(engine)]
        return f"{' and '.join(names)} model"

    def _steps_of(self, engine: Engine) -> list[Stage]:
        return [step for step in self.steps if self.engines[step.name] is engine]

    async def check_sight(self, say: Callable[[str], None]) -> None:
        """Ask the models whether they see; RunError if one does not."""
        for engine in dict.fromkeys(self.engines.values()):
            called, size = self._called(engine), self.recipe.max_pixels
            for step in {step.sees: step for step in self._steps_of(engine)}.values():
                asked = self.recipe.stages[step.name].decoding
                await check_sight(engine, say, model=called, sees=step.sees, decoding=asked, pixels=size)

    @property
    def in_flight(self) -> int:
        """How many videos at once keep every model busy while the next ones are decoded; it may change.

        Twice what the models answer at once, and no more: that way rows come out sooner, and so does the end of a stop.
        """
        answered = max(engine.concurrency for engine in self.engines.values())
        most = max(step.requests(self.recipe.sampling) for step in self.steps)
        return math.ceil(2 * answered / most) + self._decoders

    @property
    def requests_a_video(self) -> int:
        """How many requests a video probably takes."""
        return sum(step.requests(self.recipe.sampling) for step in self.steps)

    def figures(self) -> Iterator[Figure]:
        """What is known here about the run; see `runs.figures`."""
        return where_models_run(self.meter, self.memory, self.engines, self.steps)

    async def caption(self, video: Video, earlier: Row | None = None) -> Row:
        """The row for this video. Any stage result in `earlier` is reused, not requested again.

        What goes wrong with this video becomes a failed row; UserError and RunError concern the run and are raised.
        """
        with self.budget.video() as tab:
            async with Clips(self, video) as clips:
                return await self._caption(video, earlier, clips, tab)

    async def _caption(self, video: Video, earlier: Row | None, clips: Clips, tab: Tab) -> Row:
        outputs, stages = kept(earlier)
        at, failure = DECODE, None
        seeing = [step.name for step in self.steps if step.sees and step.name not in outputs]
        info = earlier.video if earlier is not None else None
        try:
            for step in self.steps:
                made: dict[str, Any] = {"fingerprint": self._wanted[step.name].of(video)}
                if step.name in outputs:
                    stages[step.name] = {**stages[step.name], **made}
                    continue
                if failure is not None or (failure := _lacks(step, outputs, earlier)):
                    stages[step.name] = made
                    continue
                stages[step.name] = made | self.recipe.made_by(step.name)
                at = step.name
                counted = Counted(self, step.name, tab)
                try:
                    output = await step.run(self._context(step, video, counted, clips, outputs, info))
                finally:
                    stages[step.name] |= counted.spent(stages[step.name]["decoding"])
                    if step.name in seeing[-1:]:
                        await clips.give_back()  # its pixels need not stay while the text is written
                info = clips.info or info
                stages[step.name] |= result_of(output)
                settle(stages, outputs, output)
                outputs[step.name] = output
        except VideoError as error:
            failure = Failure(stage=DECODE if clips.failed else at, kind=error.kind, message=str(error))
        except FramescribeError:
            raise
        except (Exception, asyncio.CancelledError) as error:
            # The one place that confines a bug, ours or a library's, to one video.
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            failure = Failure(stage=DECODE if clips.failed else at, kind=INTERNAL, message=told(error))
        for wanted in self._wanted.values():
            stages.setdefault(wanted.name, {"fingerprint": wanted.of(video)})
        if failure is not None:
            settle(stages, outputs, None)
        if clips.flags:
            stages = {DECODE: {"flags": list(clips.flags)}, **stages}
        return self._row(video, earlier, clips, stages, outputs, info, failure)

    def _row(
        self,
        video: Video,
        earlier: Row | None,
        clips: Clips,
        stages: Mapping[str, Mapping[str, Any]],
        outputs: Mapping[str, Output],
        info: Any,
        failure: Failure | None,
    ) -> Row:
        order = [step.name for step in self.steps]
        made = [outputs[name] for name in sorted(outputs, key=lambda name: order.index(name) if name in order else -1)]
        captions = [output.caption for output in made if output.caption is not None]
        frames = [output.frames for output in made if output.frames is not None]
        flags = tuple(dict.fromkeys(flag for of in stages.values() for flag in of.get("flags") or ()))
        file = {**(earlier.file if earlier is not None else {}), **clips.file}
        return Row(
            id=video.id,
            video_path=video.place,
            caption=captions[-1] if captions and failure is None else None,
            status="failed" if failure else "flagged" if flags else "ok",
            frames=frames[-1] if frames else clips.frames,
            video=clips.info or info,
            size=video.size,
            flags=flags,
            error=failure,
            provenance={"schema": SCHEMA, "version": VERSION, "file": file, "stages": dict(stages)},
            metadata=video.kept,
        )

    def _context(
        self, step: Stage, video: Video, counted: Counted, clips: Clips, outputs: Mapping[str, Output], info: Any
    ) -> Context:
        choice = self.recipe.stages[step.name]
        return Context(
            prompt=choice.prompt,
            decoding=choice.decoding,
            metadata=video.values,
            info=clips.info or info,
            earlier=dict(outputs),
            complete=counted.complete,
            clip=clips,
            takes_video=self.engines[step.name].takes_video,
        )

    async def decode(self, video: Video, sampling: Sampling, max_pixels: int | None) -> Clip:
        """A video's frames, in the form wanted by the engines that see."""
        assert self._pool is not None
        if video.fault is not None:
            raise Unreadable(video.fault)
        forms = {self.engines[step.name].wants for step in self.steps if step.sees}
        self.meter.counts["file_bytes"] += video.size or 0
        with self.meter.busy(DECODE):
            return await self._pool.sample(
                video.path,
                sampling,
                key=video.id,
                max_pixels=max_pixels,
                form=forms.pop() if len(forms) == 1 else "pixels",
                hashed=self._hashed,
            )

    async def fingerprint(self, video: Video) -> dict[str, Any]:
        """What a row says about a local file that could not be decoded, as far as it can be read."""
        assert self._pool is not None
        if is_remote(video.path):
            return {}
        try:
            return {"fingerprint": await self._pool.run(fingerprint_of, video.path)}
        except VideoError:
            return {}


def _is_cancelled() -> bool:
    """Whether somebody cancelled this task; an error of the same kind may also come out of a stage's own work."""
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


def largest_prompt(recipe: Recipe, choice: ModelChoice) -> PromptSize | None:
    """The largest prompt with pictures that this model is sent; None if it is sent none."""
    sizes = [
        size
        for step in recipe.steps
        if (own := recipe.stages[step.name]).model == choice
        and (size := step.largest(recipe.sampling, recipe.max_pixels, choice, own.decoding.max_tokens)) is not None
    ]
    return max(sizes, key=lambda size: size.tokens, default=None)


def _lacks(step: Stage, outputs: Mapping[str, Output], earlier: Row | None) -> Failure | None:
    """Why a stage cannot run: a stage that it reads, and that this recipe does not run, produced nothing before."""
    missing = next((name for name in step.after if name not in outputs), None)
    if missing is None:
        return None
    message = f"the result of its stage {missing} is missing"
    return (earlier and earlier.error) or Failure(stage=missing, kind=f"no_{missing}", message=message)


class Clips:
    """One video's frames: decoded when a stage asks for them, held until every stage that sees is done with them."""

    def __init__(self, captioner: Captioner, video: Video) -> None:
        self._captioner, self._video = captioner, video
        self._held = AsyncExitStack()
        self._key: tuple[Sampling, int | None] | None = None
        self._clip: Clip | None = None
        self.failed = False
        self.info: Any = None
        self.flags: tuple[str, ...] = ()
        self.frames: tuple[FrameCaption, ...] = ()
        self.file: dict[str, Any] = {}

    async def __aenter__(self) -> Clips:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.give_back()

    async def give_back(self) -> None:
        """Release the frames."""
        self._key = self._clip = None
        await self._held.aclose()

    async def __call__(self, sampling: Sampling | None = None, max_pixels: int | None = None) -> Clip:
        recipe = self._captioner.recipe
        key = sampling or recipe.sampling, max_pixels or recipe.max_pixels
        if self._clip is not None and key == self._key:
            return self._clip
        await self.give_back()  # whoever waits for room while holding some may be waiting for itself
        self.failed = True
        decoded = self._captioner.memory.clip(lambda: self._captioner.decode(self._video, *key))
        try:
            clip = await self._held.enter_async_context(decoded)
        except VideoError:
            self.file |= await self._captioner.fingerprint(self._video)  # so that it is recognised if it moves
            raise
        self.failed = False
        self._key, self._clip, self.info = key, clip, clip.info
        self.flags = tuple(dict.fromkeys((*self.flags, *clip.flags)))
        self.frames = tuple(FrameCaption(index=frame.index, time=frame.time, caption=None) for frame in clip.frames)
        told = {"fingerprint": clip.fingerprint, "content": clip.content}
        self.file |= {name: value for name, value in told.items() if value is not None}
        return clip


class Counted:
    """One video's one stage asking an engine: counts that video's answers and the run's."""

    def __init__(self, captioner: Captioner, stage: str, tab: Tab) -> None:
        self._captioner, self._stage, self._tab = captioner, stage, tab
        self._engine, self._model = captioner.engines[stage], captioner.recipe.stages[stage].model.model
        self._usage = NO_USAGE
        self._left_out: set[str] = set()
        self._cost: float | None = None

    async def complete(self, request: ChatRequest) -> Reply:
        try:
            with self._captioner.meter.busy(self._stage):
                reply = await self._engine.complete(request)
        except FramescribeError as error:
            self._pay(error.usage)  # useless answers are billed too
            raise
        video = request.video.frames if request.video else ()
        self._captioner.meter.counts["pictures"] += len(request.images) + len(video)
        self._pay(reply.usage)
        self._left_out.update(reply.left_out)
        return reply

    def _pay(self, usage: Usage) -> None:
        counts = self._captioner.meter.counts
        self._usage += usage
        counts[self._stage] += usage.answers
        for name in ("prompt_tokens", "completion_tokens"):
            counts[name] += getattr(usage, name)
            counts[f"{self._stage}_{name}"] += getattr(usage, name)
        paid = self._captioner.budget.pay(self._model, usage, self._tab)
        self._cost = self._cost if paid is None else (self._cost or 0.0) + paid

    def spent(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What a stage's record says of its answers, useless ones included, and which of `wanted` was really sent."""
        return {
            "decoding": {name: value for name, value in wanted.items() if name not in self._left_out},
            "attempts": self._usage.answers,
            "prompt_tokens": self._usage.prompt_tokens,
            "completion_tokens": self._usage.completion_tokens,
            **({"cost": round(self._cost, 8)} if self._cost is not None else {}),
            **({"left_out": sorted(self._left_out)} if self._left_out else {}),
        }
