"""Knows what an engine is asked and what it answers; knows no engine, no video and no file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from framescribe.engines.prompt_size import PromptSize
from framescribe.errors import NO_USAGE, Usage

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from framescribe.engines.choice import ModelChoice
    from framescribe.records import EncodedImage

FinishReason = Literal["stop", "length", "repetition", "other"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text in a message."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class ImagePart:
    """A picture in a message: RGB uint8 pixels [height, width, 3], or an encoded file where the engine `wants` one."""

    image: np.ndarray | EncodedImage


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VideoPart:
    """Frames of a clip as one video, for an engine that `takes_video`: pictures of one size, in order of time.

    `times` are the frames', in seconds from the start of the clip; `duration` is the clip's, in seconds.
    """

    frames: tuple[np.ndarray | EncodedImage, ...]
    times: tuple[float, ...]
    duration: float


ContentPart = TextPart | ImagePart | VideoPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[ContentPart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How the answer is decoded. Temperature 0 is greedy; `top_p` and `seed` matter only above 0."""

    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question: messages in order, and how to answer. `schema` is a JSON schema that the answer must follow;
    `thinks` False that the model is to answer at once, None that it does as it is set up to do."""

    messages: tuple[Message, ...]
    decoding: Decoding
    schema: Mapping[str, Any] | None = None
    thinks: Literal[False] | None = None

    @property
    def images(self) -> tuple[ImagePart, ...]:
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, ImagePart))

    @property
    def video(self) -> VideoPart | None:
        """The video in the request; there is at most one."""
        parts = (part for message in self.messages for part in message.parts)
        return next((part for part in parts if isinstance(part, VideoPart)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `finish_reason` "length" means that it was cut off, "repetition" that the engine ended it because it
    repeated itself, "other" that it does not say, or says something that no good answer ends with. Token counts are
    None where the engine does not report them. `wasted` is what was spent on earlier answers to the same request that
    were of no use. `left_out` names the parameters that the engine's server does not accept, and did not get."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    wasted: Usage = NO_USAGE
    left_out: tuple[str, ...] = ()

    @property
    def usage(self) -> Usage:
        """All that was spent on the request: this answer and the wasted ones. Unreported tokens count as 0."""
        own = Usage(prompt_tokens=self.prompt_tokens or 0, completion_tokens=self.completion_tokens or 0, answers=1)
        return self.wasted + own


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The current load of one server, or of the model in this process: the requests `under_way` of those `allowed`,
    whether it is `there`, and how many tries have failed at it."""

    name: str
    under_way: int
    allowed: int
    there: bool = True
    failed_tries: int = 0


class Engine(ABC):
    """A model that answers requests. Any number of requests may be awaited at the same time: an engine batches them or
    limits them itself. A reply goes to the `complete` that awaits it and to no other.

    Another package adds an engine with an entry point in the group "framescribe.engines": its name is what users write
    after --engine, its value is the class. The class needs `made`, `open`, `complete`, `close`, `concurrency` and
    `describe`. By default, the model's weights and all arguments count as changing captions; where that is wrong, the
    class has a classmethod `ingredients(choice) -> dict` that returns what does, as plain JSON. It may start from
    `choice.default_ingredients()`.

    `complete` raises Refused, EngineFault or BadReply if this request gets no answer, RunError if no request will get
    one, and UserError for pictures that the model cannot see. The error's `usage` is what was spent before it.
    """

    model: str | None = None
    """The model's name. Where a server's only model is used, it is known once the engine is open."""

    wants: Literal["pixels", "jpeg", "png"] = "pixels"
    """The form in which it uses pictures. An engine that wants a file format accepts pixels, too, and encodes them."""

    takes_video: bool = False
    """Whether the frames of a clip may be sent as one video."""

    may_think: bool = False
    """Whether the model may think before it answers, and a request can say that it is not to."""

    takes_schema: bool = False
    """Whether requests may have a schema. Without one, only the prompt asks for JSON."""

    @classmethod
    @abstractmethod
    def made(cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Self:
        """The engine for `choice`, not yet opened. UserError if it cannot run what was chosen.

        `prompt` is the largest prompt with pictures that it will get; None means that there will be no pictures.
        `beside` are all models of the run, including this one: servers that share GPUs share their memory. `logs` is
        the folder for its logs, which may not exist yet.
        """

    @abstractmethod
    async def open(self) -> None:
        """Load the model, or connect to it. UserError says what the user must change."""

    @abstractmethod
    async def complete(self, request: ChatRequest) -> Reply:
        """The reply to `request`; the class says which errors are raised."""

    @abstractmethod
    async def close(self) -> None:
        """Release everything. May be called twice, and without `open`."""

    @property
    @abstractmethod
    def concurrency(self) -> int:
        """How many requests it answers at the same time; more may wait."""

    def loads(self) -> list[Load]:
        """The current load: one entry per server, or one for the model in this process."""
        return []

    @abstractmethod
    def describe(self) -> str:
        """One line for people: the model, where it runs, in which precision."""
