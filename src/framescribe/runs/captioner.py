"""Turns one video into one row: decodes it, runs the strategy's stages, and puts every failure of the video in its row.

It opens what it needs once. It does not know where videos come from, where rows go, or any stage by name.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from framescribe.engines.base import Engine
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import make_engine
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.sight import check_sight
from framescribe.errors import FramescribeError, Unreadable, VideoError
from framescribe.frames import likeness
from framescribe.frames.files import fingerprint_of
from framescribe.frames.memory import FrameMemory
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.measures import said
from framescribe.prompts import named_in
from framescribe.records import DECODE, INTERNAL, MEASURE, SCHEMA, Clip, Failure, Row, Video
from framescribe.runs.budget import Budget, Tab
from framescribe.runs.clips import ANY_FRAME, Clips
from framescribe.runs.counted import Counted
from framescribe.runs.figures import where_models_run
from framescribe.runs.gate import of_video
from framescribe.runs.kept import kept, known, read_by, result_of, settle
from framescribe.runs.measured import left_out, missing, record
from framescribe.runs.meter import Figure, Meter
from framescribe.runs.recipe import Recipe, drawn
from framescribe.runs.unforeseen import told
from framescribe.storage.object_store import is_remote
from framescribe.strategies.asking import Asking, Known, Place
from framescribe.strategies.base import Context, Output, Stage
from framescribe.strategies.hope import Hope
from framescribe.strategies.ladder import redrawn
from framescribe.version import VERSION


class Captioner:
    """`await open()`, then `await caption(video)` for as many videos at once as `in_flight`, then `await close()`.

    Servers started for it keep their logs in the folder `logs`. With `hashed`, rows hold their file's hash. `engines`
    are already open, one for each of the recipe's models; whoever opened them closes them.
    """

    def __init__(
        self,
        recipe: Recipe,
        meter: Meter | None = None,
        logs: Path | None = None,
        budget: Budget | None = None,
        hashed: bool = False,
        engines: Mapping[ModelChoice, Engine] | None = None,
    ) -> None:
        self.recipe, self.steps = recipe, recipe.steps
        self._lent = engines
        self._hashed = hashed
        self.budget = budget or Budget()
        self._logs = logs or Path("framescribe-logs")
        self.meter = meter or Meter(list(recipe.stages))
        self.engines: dict[str, Engine] = {}  # by stage
        self._opened: Mapping[ModelChoice, Engine] = {}
        self._opening, self._ready = asyncio.Lock(), False
        self._wanted = {wanted.name: wanted for wanted in recipe.wanted()}
        self._hope = Hope()
        self._gates = {step.name: recipe.gate_of(step) for step in self.steps}
        self._decoders = recipe.decoders or min(8, cpus())
        self.memory = FrameMemory(self._decoders)
        self._pool: DecoderPool | None = None

    async def open(self, *, models: bool = True) -> None:
        """Get ready. Without `models`, these are opened once one is to be asked."""
        if models:
            await self._open_models()
        if self.recipe.sees:
            self._pool = DecoderPool(self._decoders, seconds=self.recipe.decode_seconds)

    async def _open_models(self) -> None:
        """Load or connect to the models; each is opened once, even if several stages use it."""
        distinct = self.recipe.choices
        self.budget.check([choice.model for choice in distinct])
        self._opened = opened = self._lent or {
            choice: make_engine(choice, prompt=largest_prompt(self.recipe, choice), beside=distinct, logs=self._logs)
            for choice in distinct
        }
        self.engines = {step.name: opened[self.recipe.stages[step.name].model] for step in self.steps}
        if self._lent is None:
            for engine in opened.values():
                await engine.open()
        self._ready = True

    async def close(self) -> None:
        """Release the models and the decoders, all of them even if one raises; may be called twice."""
        async with AsyncExitStack() as closing:
            if self._pool is not None:
                closing.push_async_callback(asyncio.to_thread, self._pool.close)
            for engine in set(self._opened.values()) if self._lent is None else ():
                closing.push_async_callback(engine.close)

    def describe(self) -> list[str]:
        """A line about each open model, for people to read."""
        return [f"{self._called(engine)}: {engine.describe()}" for engine in dict.fromkeys(self._opened.values())]

    def _called(self, engine: Engine) -> str:
        """What people call the model of an engine: "frame and summary model"."""
        names = dict.fromkeys(step.model.removesuffix(" model") for step in self._steps_of(engine))
        return f"{' and '.join(names) or 'second'} model"

    def _steps_of(self, engine: Engine) -> list[Stage]:
        return [step for step in self.steps if self.engines[step.name] is engine]

    async def check_sight(self, say: Callable[[str], None]) -> None:
        """Ask the models whether they see; RunError if one does not."""
        for engine in dict.fromkeys(self._opened.values()):
            called, size = self._called(engine), self.recipe.max_pixels
            for step in {step.sees: step for step in self._steps_of(engine) or self.steps}.values():
                asked = self.recipe.stages[step.name].decoding
                await check_sight(engine, say, model=called, sees=step.sees, decoding=asked, pixels=size)

    @property
    def in_flight(self) -> int:
        """How many videos at once keep every model busy while the next ones are decoded; it may change.

        Twice what the models answer at once, and no more: that way rows come out sooner, and so does the end of a stop.
        """
        answered = max((engine.concurrency for engine in self.engines.values()), default=self._decoders)
        most = max(step.at_once(self.recipe.sampling) for step in self.steps)
        return math.ceil(2 * answered / most) + self._decoders

    @property
    def requests_a_video(self) -> int:
        """How many requests a video probably takes."""
        return sum(step.requests(self.recipe.sampling) for step in self.steps)

    def figures(self) -> Iterator[Figure]:
        """What is known here about the run; see `runs.figures`."""
        second = self._second
        beside = {"second": second} if second is not None and not self._steps_of(second) else {}
        return where_models_run(self.meter, self.memory, {**self.engines, **beside}, self.steps)

    @property
    def _second(self) -> Engine | None:
        """The model that is asked when another one cannot do it."""
        return self._opened.get(self.recipe.second) if self.recipe.second is not None else None

    async def caption(self, video: Video, earlier: Row | None = None) -> Row:
        """The row for this video. Any stage result in `earlier` is reused, not requested again.

        What goes wrong with this video becomes a failed row; UserError and RunError concern the run and are raised.
        """
        with self.budget.video() as tab:
            async with Clips(self, video) as clips:
                return await self._caption(video, earlier, clips, tab)

    async def redraw(self, video: Video, earlier: Row | None, seed: int) -> Row:
        """As `caption`, but the stages that see are asked at another temperature, and with a seed that is so much
        higher."""
        with self.budget.video() as tab:
            async with Clips(self, video) as clips:
                return await self._caption(video, earlier, clips, tab, seed)

    async def alike(self, one: Video, other: Video) -> bool:
        """Whether the sampled frames of two videos show the same, so that no model could tell them apart. False where
        they cannot be decoded, and for videos in segments, of which only the first frames are at hand."""
        try:
            shown = [await self._sketches(video) for video in (one, other)] if self.recipe.segment is None else []
        except VideoError:
            return False
        return bool(shown) and likeness.alike(*shown)

    async def _sketches(self, video: Video) -> list[likeness.Sketch]:
        recipe = self.recipe
        async with self.memory.clip(lambda: self.decode(video, recipe.sampling, recipe.max_pixels)) as clip:
            return await asyncio.to_thread(lambda: [likeness.sketch(frame.image) for frame in clip.frames])

    async def _caption(self, video: Video, earlier: Row | None, clips: Clips, tab: Tab, seed: int | None = None) -> Row:
        outputs, stages = kept(earlier)
        at, failure, facts = DECODE, None, dict[str, Any](earlier.facts if earlier is not None else {})
        seeing = [step.name for step in self.steps if step.sees and step.name not in outputs]
        if any(step.name not in outputs for step in self.steps):
            async with self._opening:
                if not self._ready:
                    await self._open_models()
        info = earlier.video if earlier is not None else None
        try:
            if lacking := missing(self.recipe.measures, facts):
                facts |= await clips.facts(lacking, seeing=bool(seeing))
            elif self.recipe.keep and seeing and info is None:
                await clips()
            info = clips.info or info
            failure = left_out(self.recipe.keep, facts, info) if seeing else None
            if self.recipe.measures or self.recipe.keep:
                stages[MEASURE] = record(facts, failure, self.recipe.keep)
            for step in self.steps:
                made: dict[str, Any] = {"fingerprint": self._wanted[step.name].of(video)}
                if step.name in outputs:
                    stages[step.name] = {**stages[step.name], **made}
                    continue
                if failure is not None or (failure := _lacks(step, outputs, earlier)):
                    stages[step.name] = made
                    continue
                decoding = self.recipe.stages[step.name].decoding
                decoding = decoding if seed is None or not step.sees else redrawn(decoding, seed)
                stages[step.name] = made | self.recipe.made_by(step.name) | {"decoding": drawn(decoding)}
                if line := self._told(step, facts):
                    stages[step.name]["told"] = line
                at = step.name
                read, of = read_by(step, outputs, earlier)
                stages[step.name] |= of
                counted = Counted(self, step.name, tab)
                asking = self._asking(step, video, counted, known(earlier, step), facts)
                try:
                    context = self._context(step, video, counted, asking, clips, read, info, facts)
                    context = replace(context, decoding=decoding, id=video.id, records=dict(stages))
                    output = await step.run(context)
                    clips.begun = True
                finally:
                    stages[step.name] |= counted.spent(stages[step.name]["decoding"])
                    if step.name in seeing[-1:]:
                        await clips.give_back()  # its pixels need not stay while the text is written
                info = clips.info or info
                stages[step.name] |= result_of(output, asking)
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
        if clips.frames:
            flags = {"flags": list(clips.flags)} if clips.flags else {}
            replaced = {"replaced": list(clips.replaced)} if clips.replaced else {}
            own = {name: made for name, made in stages.items() if name != DECODE}
            stages = {DECODE: flags | replaced, **own} if flags or replaced else own
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

    def _asking(
        self, step: Stage, video: Video, counted: Counted, texts: Mapping[Place, Known], facts: Mapping[str, Any]
    ) -> Asking:
        """How the texts of a stage come through the gate."""
        if (gate := self._gates.get(step.name)) is not None:
            of = of_video(gate.caption, video.values)
            gate = replace(gate, caption=replace(of, facts=facts))
        model = counted.asked(self.engines[step.name], self.recipe.stages[step.name].model)
        second = self._second
        if second is None or second is self.engines[step.name] or self.recipe.second is None:
            return Asking(gate, model, None, texts, self._hope)
        return Asking(gate, model, counted.asked(second, self.recipe.second), texts, self._hope)

    def _context(
        self,
        step: Stage,
        video: Video,
        counted: Counted,
        asking: Asking,
        clips: Clips,
        outputs: Mapping[str, Output],
        info: Any,
        facts: Mapping[str, Any],
    ) -> Context:
        choice = self.recipe.stages[step.name]
        prompt = choice.wishes.behind(choice.prompt, video.values)
        return Context(
            prompt="\n\n".join(filter(None, (prompt, self._told(step, facts)))),
            decoding=choice.decoding,
            metadata={**said.words(facts), **video.values},
            info=clips.info or info,
            earlier=dict(outputs),
            ask=asking,
            complete=counted.asked(self.engines[step.name], choice.model).complete,
            clip=clips,
            takes_video=self.engines[step.name].takes_video,
            facts=facts if self.recipe.measures else {},
        )

    def _told(self, step: Stage, facts: Mapping[str, Any]) -> str:
        """What the model of a stage is told of the facts, unless its prompt says itself which."""
        asks = not set(said.NAMES).isdisjoint(named_in(self.recipe.stages[step.name].asked))
        return said.line(facts) if step.told and self.recipe.measures and not asks else ""

    async def decode(
        self,
        video: Video,
        sampling: Sampling,
        max_pixels: int | None,
        numbers: tuple[int, ...] = (),
        measures: tuple[str, ...] = (),
    ) -> Clip:
        """A video's frames, those with these `numbers` if there are any, in the form wanted by the engines that see."""
        assert self._pool is not None
        if video.fault is not None:
            raise Unreadable(video.fault)
        seeing = [self.engines.get(step.name) for step in self.steps if step.sees]
        forms = {engine.wants for engine in (*seeing, self._second) if engine is not None}
        self.meter.counts["file_bytes"] += 0 if numbers else video.size or 0
        with self.meter.busy(DECODE):
            return await self._pool.sample(
                video.path,
                sampling,
                key=video.id,
                max_pixels=max_pixels,
                form=forms.pop() if len(forms) == 1 else "pixels",
                hashed=self._hashed and not numbers,
                division=self.recipe.segment if sampling is not ANY_FRAME else None,
                numbers=numbers,
                measures=measures,
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
        if choice in ((own := recipe.stages[step.name]).model, recipe.second)
        and (size := step.largest(recipe.sampling, recipe.max_pixels, choice, own.decoding.max_tokens)) is not None
    ]
    return max(sizes, key=lambda size: size.tokens, default=None)


def _lacks(step: Stage, outputs: Mapping[str, Output], earlier: Row | None) -> Failure | None:
    """Why a stage cannot run: a stage that it reads, and that this recipe does not run, produced nothing before."""
    missing = next((name for name in step.after if name not in outputs), None)
    if missing is None:
        return None
    made = ", ".join(outputs)
    message = f"the result of its stage {missing} is missing" + (f"; there is what these made: {made}" if made else "")
    return (earlier and earlier.error) or Failure(stage=missing, kind=f"no_{missing}", message=message)
