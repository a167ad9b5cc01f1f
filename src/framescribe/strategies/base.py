"""Knows what a strategy is: its stages, what each depends on and declares, what each is given and returns.

It knows no prompt, no file and no results. A strategy is a class with a name and stages; a stage, a class with `run`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from framescribe.addresses import without_access
from framescribe.engines.base import ChatRequest, Decoding, Reply
from framescribe.engines.choice import ModelChoice
from framescribe.engines.prompt_size import PromptSize
from framescribe.frames.sampling import Sampling
from framescribe.language.limits import Limit
from framescribe.prompts import Kind, as_filled
from framescribe.records import Clip, FrameCaption, Video, VideoInfo
from framescribe.strategies.form import Form

CAPTION, FRAME_CAPTION = "caption", "frame_caption"  # texts, as the flags about them begin
SEGMENT_CAPTION = "segment_caption"  # CAPTION, in a segment of a video
SMALLER = 2  # times that a picture's sides are halved if the model's context is too small for it
FRAME_PIXELS = 1024 * 1024
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a stage made from a video: the row's caption, its frames with their captions, or any JSON value that later
    stages read; and flags for anything odd about it besides what is wrong with its texts."""

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
    `ask` gets a text from the stage's model that passed the gate; `complete` only its answer, for what is no text. Both
    count. `takes_video`: frames may be sent as one video. `id`: the video's. `records`: those of its stages until now
    (`records.Row`). `facts`: what was measured in the video (`records.Row.facts`), if
    models are to be told.
    """

    prompt: str
    decoding: Decoding
    metadata: Mapping[str, Any]
    info: VideoInfo | None
    earlier: Mapping[str, Output]
    ask: Asks
    complete: Callable[[ChatRequest], Awaitable[Reply]]
    clip: ClipSource
    takes_video: bool = False
    id: str = ""
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


class Asks(Protocol):
    """Returns the text that a model writes for a request: checked, and mended or asked for again if the run's gate says
    so. What is still wrong with it is flagged, and kept in the stage's record.

    `what`: CAPTION for the caption that the strategy ends with, another word for other texts; flags begin with it.
    `called`: what a message calls it. `frame`: the index of the frame that it is about. `segment`: the number of the
    segment that it is about, if the video is divided, and `span` the seconds from and to which that goes. `made_from`:
    the texts in the request that it sums up. `other`: the same question put another way, with fewer pictures, say.
    `form`: the text is a JSON value of this form, which `form.read` then always can read; engines that take schemas get
    its schema. TooLong if the request itself does not fit; BadReply if there is no text, however it is asked for.
    """

    def __call__(
        self,
        request: ChatRequest,
        what: str,
        called: str,
        *,
        frame: int | None = None,
        segment: int | None = None,
        span: tuple[float, float] | None = None,
        made_from: Sequence[str] = (),
        other: ChatRequest | None = None,
        form: Form | None = None,
    ) -> Awaitable[str]: ...


class ClipSource(Protocol):
    """Returns a video's frames: those sampled, or those with these numbers. With neither, a video that is divided into
    segments gives all segments, and the frames of the first ones."""

    def __call__(
        self, sampling: Sampling | None = None, max_pixels: int | None = None, *, numbers: Sequence[int] = ()
    ) -> Awaitable[Clip]: ...


class Stage(ABC):
    """One step from a video to its caption. It knows no file and no results, and raises VideoError if the video
    gets no result. Whatever changes its result is in the recipe or in `ingredients`."""

    name: str
    """Its name in rows, figures and on the command line."""

    model: str
    """What people call the model that it asks: "frame model"."""

    after: tuple[str, ...] = ()
    """The stages whose results it reads."""

    sees: bool = False
    """Whether it is shown frames. Its result is the expensive one, and is never redone without asking."""

    from_caption: bool = False
    """Whether all that it reads is the caption: that of the stages before it, or a person's in its place."""

    adds: bool = False
    """Whether captions stand without it, so that rows that lack it are of no other recipe."""

    columns: tuple[str, ...] = ()
    """Values of a video that its result depends on, besides those that its prompt names."""

    prompt: Kind
    """Which of the prompts that ship with framescribe it uses, and so which placeholders exist."""

    preset: str = "default"
    """Which of those prompts it is asked, if the user does not say."""

    form: Form | None = None
    """The form of the JSON values that it asks for; None: it asks for prose."""

    told: bool = False
    """Whether its model is told what was measured in the video."""

    limits: Mapping[str, Limit] = {}
    """How long its texts may be, by what they are, besides what the user wants of captions."""

    def values(self, result: Any) -> Mapping[tuple[str, int | None], Any]:
        """The values of its `form`, or the texts, in its result (`Output.value`, as rows keep it, of one segment if the
        video is divided), by what they are and the frame, as they were asked for."""
        return {}

    def requests(self, sampling: Sampling) -> int:
        """How many requests it probably makes per video."""
        return 1

    def at_once(self, sampling: Sampling) -> int:
        """How many of them are under way together: by default all; fewer where one needs another's answer."""
        return self.requests(sampling)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWanted:
    """What a recipe wants from one stage of a video's row.

    `recipe`: the fingerprint of everything that is the same for every video. `columns`: the user's columns whose values
    the prompt uses. `by_id`: the video's id changes the result. `from_caption`: all that it reads is the caption.
    `adds`: a row is a success without its result. `former`: the fingerprint that version 0.1.0 gave the same recipe.
    """

    name: str
    after: tuple[str, ...] = ()
    sees: bool = False
    recipe: str = ""
    columns: tuple[str, ...] = ()
    by_id: bool = False
    from_caption: bool = False
    adds: bool = False
    former: str | None = None

    def met_by(self, found: str, video: Video) -> bool:
        """Whether a row with the fingerprint `found` has what is wanted."""
        return found == self.of(video)

    def of(self, video: Video) -> str:
        """The fingerprint for this video: the recipe's, and a hash of those of the video's own values that
        the result depends on."""
        if not self.columns and not self.by_id:
            return self.recipe
        # A re-signed address is the same value.
        values = [without_access(as_filled(video.values.get(name))) for name in self.columns]
        values += [video.id] if self.by_id else []
        return f"{self.recipe}:{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]}"


async def together(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """What each of them gives, in their order, all under way at once. If one raises, the others are dropped: the video
    has failed, and what else would be asked for it need not be."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def seconds(value: float | None) -> str:
    """Seconds as a prompt words them, or nothing if they are not known."""
    return "" if value is None else f"{value:.1f} seconds"
