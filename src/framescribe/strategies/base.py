"""Knows what a strategy is: its stages, what each depends on and declares, what each is given and returns.

It knows no prompt, no file and no results. A strategy is a class with a name and stages; a stage, a class with `run`.
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from framescribe.addresses import without_access
from framescribe.engines.base import ChatRequest, Decoding, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize
from framescribe.engines.thinking import UNANSWERED, split
from framescribe.errors import BadReply
from framescribe.frames.sampling import Sampling
from framescribe.prompts import Kind, as_filled
from framescribe.records import Clip, FrameCaption, Video, VideoInfo
from framescribe.strategies.words import oddities

SMALLER = 2  # times that a picture's sides are halved if the model's context is too small for it
FRAME_PIXELS = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a stage made from a video: the row's caption, its frames with their captions, or any JSON value that later
    stages read; and flags for anything odd about it."""

    caption: str | None = None
    frames: tuple[FrameCaption, ...] | None = None
    value: Any = None
    flags: tuple[str, ...] = ()

    @property
    def fills(self) -> tuple[str, ...]:
        """The fields of a row that it fills."""
        return tuple(name for name in ("caption", "frames") if getattr(self, name) is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One stage's work on one video: what it may read, and which model it asks.

    `earlier` holds what the stages before it made, by name. `clip` decodes the sampled frames, once for all stages that
    see them; with other arguments it decodes again, and releases the earlier frames first. It raises VideoError.
    `complete` asks the stage's model and counts its answers; `takes_video`: frames may be sent as one video.
    """

    prompt: str
    decoding: Decoding
    metadata: Mapping[str, Any]
    info: VideoInfo | None
    earlier: Mapping[str, Output]
    complete: Callable[[ChatRequest], Awaitable[Reply]]
    clip: ClipSource
    takes_video: bool = False


class ClipSource(Protocol):
    """Returns a video's frames."""

    def __call__(self, sampling: Sampling | None = None, max_pixels: int | None = None) -> Awaitable[Clip]: ...


class Stage(ABC):
    """One step from a video to its caption. It knows no file and no results, and raises VideoError if the video
    gets no result. Whatever changes its result is in the recipe or in `ingredients`."""

    name: ClassVar[str]
    """Its name in rows, figures and on the command line."""

    model: ClassVar[str]
    """What people call the model that it asks: "frame model"."""

    after: ClassVar[tuple[str, ...]] = ()
    """The stages whose results it reads."""

    sees: ClassVar[bool] = False
    """Whether it is shown frames. Its result is the expensive one, and is never redone without asking."""

    prompt: ClassVar[Kind]
    """Which of the prompts that ship with framescribe it uses, and so which placeholders exist."""

    def requests(self, sampling: Sampling) -> int:
        """How many requests it probably makes per video."""
        return 1

    def ingredients(self, choice: ModelChoice) -> dict[str, Any]:
        """What its result depends on besides prompt, decoding, model and, if it sees, sampling; as plain JSON."""
        return {}

    def largest(
        self, sampling: Sampling, max_pixels: int | None, choice: ModelChoice, answer: int
    ) -> PromptSize | None:
        """The largest prompt with pictures that it makes, with an answer of so many tokens; None: text only."""
        return PromptSize(pixels=max_pixels or FRAME_PIXELS, answer=answer) if self.sees else None

    @abstractmethod
    async def run(self, context: Context) -> Output: ...


class Strategy(ABC):
    """A way from a video to its caption: stages, ordered so that each comes after those that it reads."""

    name: ClassVar[str]
    """Its name on the command line."""

    help: ClassVar[str]
    """What it does, for `--strategy`."""

    stages: ClassVar[tuple[Stage, ...]]

    sampling: ClassVar[Mapping[str, Any]] = {"method": "mid", "frames": 1}
    """Which frames, if the user does not say."""

    max_pixels: ClassVar[int] = FRAME_PIXELS
    """The most pixels of a frame, if the user does not say."""

    @classmethod
    def stage(cls, name: str) -> Stage:
        """The stage of this name. KeyError if there is none."""
        return {stage.name: stage for stage in cls.stages}[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWanted:
    """What a recipe wants from one stage of a video's row.

    `recipe`: the fingerprint of everything that is the same for every video. `columns`: the user's columns whose values
    the prompt uses. `by_id`: the video's id changes the result. `former`: the fingerprint that version 0.1.0 gave the
    same recipe.
    """

    name: str
    after: tuple[str, ...] = ()
    sees: bool = False
    recipe: str = ""
    columns: tuple[str, ...] = ()
    by_id: bool = False
    former: str | None = None

    def of(self, video: Video) -> str:
        """The fingerprint for this video: the recipe's, and a hash of those of the video's own values that
        the result depends on."""
        if not self.columns and not self.by_id:
            return self.recipe
        # A re-signed address is the same value.
        values = [without_access(as_filled(video.values.get(name))) for name in self.columns]
        values += [video.id] if self.by_id else []
        return f"{self.recipe}:{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]}"


def text(reply: Reply, what: str) -> str:
    """The answer without surrounding whitespace, and without thoughts, which an engine from a plug-in may leave in it.
    BadReply, which names `what` it was for, if nothing is left."""
    thought, said = (part.strip() for part in split(reply.text))
    if thought and not said:
        raise BadReply(UNANSWERED)
    if not said:
        raise BadReply(f"the model's answer for {what} was empty (finish reason: {reply.finish_reason})")
    return said


def ended_badly(reply: Reply, what: str) -> list[str]:
    """The flags of an answer that was cut off, repeats itself, refuses, holds broken letters or ended in a way that no
    good answer does."""
    ends = {"length": ["truncated"], "repetition": ["repeats"], "other": ["end_unknown"]}.get(reply.finish_reason, [])
    return [f"{what}_{word}" for word in dict.fromkeys((*ends, *oddities(reply.text)))]


def seconds(value: float | None) -> str:
    """Seconds as a prompt words them, or nothing if they are not known."""
    return "" if value is None else f"{value:.1f} seconds"
