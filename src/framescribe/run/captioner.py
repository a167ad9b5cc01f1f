"""Turns one video into one row: decodes it, runs the strategy, and puts every failure of the video into its row.

It opens what it needs once, and knows neither where videos come from nor where rows go.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from framescribe.engines.base import PIXELS, ChatRequest, Engine, PromptSize, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.factory import make_engine
from framescribe.engines.sight import check_sight
from framescribe.errors import FramescribeError, VideoError
from framescribe.frames.memory import FrameMemory
from framescribe.frames.pool import DecoderPool
from framescribe.frames.sampling import Sampling
from framescribe.machine import cpus
from framescribe.records import Clip, Failure, Row, Stage, Video
from framescribe.run.budget import Budget
from framescribe.run.meter import Meter
from framescribe.run.recipe import Part, Recipe
from framescribe.strategies.ask import Ask
from framescribe.strategies.frames_then_summary import caption_frames, summarize
from framescribe.strategies.whole_clip import caption_clip
from framescribe.version import VERSION


class Captioner:
    """`await open()`, then `await caption(video)` for as many videos at once as `in_flight`, then `await close()`.

    Servers that are started for it keep their logs in the folder `logs`. With `hashed` rows hold their file's hash.
    """

    def __init__(
        self,
        recipe: Recipe,
        meter: Meter | None = None,
        logs: Path | None = None,
        budget: Budget | None = None,
        hashed: bool = False,
    ) -> None:
        self.recipe = recipe
        self._hashed = hashed
        self.budget = budget or Budget()
        self._logs = logs or Path("framescribe-logs")
        self.meter = meter or Meter()
        self.engines: dict[Part, Engine] = {}
        self.models: dict[Part, str | None] = {
            "frames": recipe.frame_model.model if recipe.frame_model else None,
            "summary": recipe.summary_model.model if recipe.summary_model else None,
        }
        self._fingerprints = recipe.fingerprints()
        self._decoders = recipe.decoders or min(8, cpus())
        self.memory = FrameMemory(self._decoders)
        self._pool: DecoderPool | None = None

    async def open(self) -> None:
        """Load or reach the models; one and the same model is opened once."""
        choices: dict[Part, ModelChoice | None] = {
            "frames": self.recipe.frame_model,
            "summary": self.recipe.summary_model,
        }
        distinct = list(dict.fromkeys(choice for choice in choices.values() if choice is not None))
        opened = {
            choice: make_engine(
                choice,
                prompt=largest_prompt(self.recipe) if choice == choices["frames"] else None,
                beside=distinct,
                logs=self._logs,
            )
            for choice in distinct
        }
        self.engines = {stage: opened[choice] for stage, choice in choices.items() if choice is not None}
        self.budget.check([choice.model for choice in distinct])
        for engine in opened.values():
            await engine.open()
        if self.recipe.frame_model is not None:
            self._pool = DecoderPool(self._decoders, seconds=self.recipe.decode_seconds)

    async def close(self) -> None:
        """Give the models and the decoders back; may be called twice."""
        for engine in set(self.engines.values()):
            await engine.close()
        if self._pool is not None:
            await asyncio.to_thread(self._pool.close)

    def describe(self) -> list[str]:
        """A line for a person about each model that is open."""
        if len(self.engines) == 2 and len(set(self.engines.values())) == 1:
            return [f"frame and summary model: {self.engines['frames'].describe()}"]
        names = {"frames": "frame model", "summary": "summary model"}
        return [f"{names[stage]}: {engine.describe()}" for stage, engine in self.engines.items()]

    async def check_sight(self, say: Callable[[str], None]) -> None:
        """Ask the models whether they see; RunError where one does not."""
        await check_sight({str(stage): engine for stage, engine in self.engines.items()}, say)

    @property
    def in_flight(self) -> int:
        """How many videos at once keep every model busy while the next ones are decoded; it may change.

        Twice what the models answer at once, and no more: a row comes out, and a stop ends, the sooner for it.
        """
        answered = max(engine.concurrency for engine in self.engines.values())
        return math.ceil(2 * answered / self._frame_requests) + self._decoders

    @property
    def requests_a_video(self) -> int:
        """How many requests a video probably costs."""
        return (self._frame_requests if "frames" in self.engines else 0) + ("summary" in self.engines)

    @property
    def _frame_requests(self) -> int:
        """How many requests the frames of a video probably make."""
        return 1 if self.recipe.strategy == "whole-clip" else _frames_a_video(self.recipe.sampling)

    async def caption(self, video: Video, earlier: Row | None = None) -> Row:
        """The row for this video. Frame captions that `earlier` paid for are taken over, not asked for again.

        What goes wrong with this video becomes a failed row; UserError and RunError are the run's and are raised.
        """
        counted = {
            stage: _Counted(engine, stage, self.meter, self.budget, self.models[stage])
            for stage, engine in self.engines.items()
        }
        row = Row(
            id=video.id,
            video_path=video.public_path,
            caption=None,
            status="ok",
            size=video.size,
            metadata=dict(video.metadata),
        )
        flags: list[str] = []
        stage: Stage = "decode"
        content = earlier.content if earlier is not None and earlier.frames else None
        if "frames" not in counted and not (earlier and earlier.has_frame_captions):
            error = (earlier and earlier.error) or Failure(
                stage="frames", kind="no_frames", message="it has no frame captions"
            )
            return replace(row, status="failed", error=error, provenance=self._provenance(counted, earlier))
        try:
            if earlier is not None and earlier.frames:
                row = replace(row, frames=earlier.frames, video=earlier.video)
                flags += [flag for flag in earlier.flags if flag.startswith(("frame_", "video_"))]
            else:
                async with self.memory.clip(lambda: self._decode(video)) as clip:
                    row = replace(row, video=clip.info)
                    flags += clip.flags
                    content = clip.content
                    stage, ask = "frames", self._ask("frames", counted["frames"])
                    if self.recipe.strategy == "whole-clip":
                        as_video = self.engines["frames"].takes_video
                        told = await caption_clip(clip, ask, video.metadata, as_video=as_video)
                        row = replace(row, frames=told.frames, caption=told.caption)
                        flags += told.flags
                    else:
                        seen = await caption_frames(clip, ask, video.metadata)
                        row = replace(row, frames=seen.frames)
                        flags += seen.flags
                del clip  # its pixels need not stay while the summary is written
            if "summary" in counted:
                stage = "summary"
                written = await summarize(
                    row.frames, row.video, self._ask("summary", counted["summary"]), video.metadata
                )
                row = replace(row, caption=written.caption)
                flags += written.flags
        except VideoError as error:
            failure = Failure(stage=stage, kind=error.kind, message=str(error))
            row = replace(row, status="failed", error=failure)
        except FramescribeError:
            raise
        except Exception as error:  # the one place where a mistake of ours, or a library's, costs one video and no more
            failure = Failure(stage=stage, kind="internal", message=f"{type(error).__name__}: {error}")
            row = replace(row, status="failed", error=failure)
        else:
            row = replace(row, status="flagged" if flags else "ok")
        provenance = {**self._provenance(counted, earlier), **({"content": content} if content else {})}
        return replace(row, flags=tuple(flags), provenance=provenance)

    async def _decode(self, video: Video) -> Clip:
        assert self._pool is not None
        recipe = self.recipe
        self.meter.counts["file_bytes"] += video.size or 0
        with self.meter.busy("decode"):
            return await self._pool.sample(
                video.path,
                recipe.sampling,
                key=video.id,
                max_pixels=recipe.max_pixels,
                form=self.engines["frames"].wants,
                hashed=self._hashed,
            )

    def _ask(self, stage: Part, counted: _Counted) -> Ask:
        recipe = self.recipe
        if stage == "frames":
            return Ask(complete=counted.complete, prompt=recipe.frame_prompt, decoding=recipe.frame_decoding)
        return Ask(complete=counted.complete, prompt=recipe.summary_prompt, decoding=recipe.summary_decoding)

    def _provenance(self, counted: dict[Part, _Counted], earlier: Row | None) -> dict[str, Any]:
        """Who made the row, how, and for how many tokens; what an earlier run made keeps that run's record."""
        kept = earlier.provenance.get("stages", {}) if earlier is not None and earlier.frames else {}
        stages = {"frames": kept["frames"]} if "frames" in kept else {}
        for stage, counter in counted.items():
            if stage not in stages:
                stages[stage] = {
                    **self.recipe.made_by(stage),
                    "prompt_tokens": counter.prompt_tokens,
                    "completion_tokens": counter.completion_tokens,
                    **({"cost": round(counter.cost, 8)} if counter.cost is not None else {}),
                }
        prints = {stage: fingerprint for stage, fingerprint in self._fingerprints.items() if fingerprint is not None}
        if earlier is not None and earlier.frames and (frames := earlier.fingerprint("frames")):
            prints["frames"] = frames
        return {"version": VERSION, "fingerprints": prints, "stages": stages}


def largest_prompt(recipe: Recipe) -> PromptSize:
    """What the recipe's frame model is asked at most."""
    whole = recipe.strategy == "whole-clip"
    return PromptSize(
        pictures=recipe.sampling.most if whole else 1,
        pixels=recipe.max_pixels or PIXELS,
        answer=recipe.frame_decoding.max_tokens,
        video=recipe.as_video,
    )


def _frames_a_video(sampling: Sampling) -> int:
    """How many frames a video probably gives; `every` and the like depend on the video, which is not known yet."""
    if sampling.method in ("uniform", "random"):
        return sampling.frames
    return {"mid": 1, "times": len(sampling.times), "every": 8}.get(sampling.method, min(sampling.frames, 8))


class _Counted:
    """One video's one stage asking an engine: counts that video's tokens and the run's."""

    def __init__(self, engine: Engine, stage: Stage, meter: Meter, budget: Budget, model: str | None) -> None:
        self._engine, self._stage, self._meter = engine, stage, meter
        self._budget, self._model = budget, model
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cost: float | None = None

    async def complete(self, request: ChatRequest) -> Reply:
        with self._meter.busy(self._stage):
            reply = await self._engine.complete(request)
        self._meter.counts[self._stage] += 1
        self.prompt_tokens += reply.prompt_tokens or 0
        self.completion_tokens += reply.completion_tokens or 0
        for name in ("prompt_tokens", "completion_tokens"):
            tokens: int = getattr(reply, name) or 0
            self._meter.counts[name] += tokens
            self._meter.counts[f"{self._stage}_{name}"] += tokens
        paid = self._budget.pay(self._model, reply.prompt_tokens or 0, reply.completion_tokens or 0)
        self.cost = self.cost if paid is None else (self.cost or 0.0) + paid
        return reply
