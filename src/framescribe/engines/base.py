"""Knows what an engine is asked and what it answers; knows no engine, no video and no file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from framescribe.errors import NO_USAGE, Usage

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from framescribe.engines.choice import ModelChoice
    from framescribe.records import EncodedImage

FinishReason = Literal["stop", "length", "repetition", "other"]

PIXELS = 1024 * 1024  # of a picture, where nobody says
PIXELS_A_TOKEN = 28 * 28  # Qwen2.5-VL's; other models make fewer tokens of a picture
QUESTION_TOKENS = 1024  # the prompt's text, with room to spare


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text of a message."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class ImagePart:
    """A picture of a message: RGB uint8 pixels [height, width, 3], or encoded where the engine `wants` that."""

    image: np.ndarray | EncodedImage


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VideoPart:
    """Frames of a clip as one video, for an engine that `takes_video`: pictures of one size, in the order of time.

    `times` are theirs, in seconds from the clip's start; `duration` is the clip's.
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
    """How the answer is drawn. Temperature 0 is greedy; `seed` counts where it is above 0."""

    max_tokens: int = 512
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """One question: messages in order, and how to answer. `schema`: the JSON schema that the answer must keep to."""

    messages: tuple[Message, ...]
    decoding: Decoding
    schema: Mapping[str, Any] | None = None

    @property
    def images(self) -> tuple[ImagePart, ...]:
        return tuple(part for message in self.messages for part in message.parts if isinstance(part, ImagePart))

    @property
    def video(self) -> VideoPart | None:
        """The video of the request; there is one at most."""
        parts = (part for message in self.messages for part in message.parts)
        return next((part for part in parts if isinstance(part, VideoPart)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptSize:
    """What a prompt with pictures holds at most: how many (None: not known), of how many pixels each, tokens of the
    answer, and whether the pictures come as one video."""

    pictures: int | None = 1
    pixels: int = PIXELS
    answer: int = 512
    video: bool = False

    @property
    def tokens(self) -> int:
        """The context that it may want."""
        return (self.pictures or 1) * -(-self.pixels // PIXELS_A_TOKEN) + self.answer + QUESTION_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. `finish_reason` "length" means that it was cut off, "repetition" that the
    engine ended it because it went in circles; token counts are None where none are told. `wasted` is what answers
    to the same request cost that were of no use, so that it was asked again."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    wasted: Usage = NO_USAGE

    @property
    def usage(self) -> Usage:
        """All that the request cost: this answer and the wasted ones. Tokens that nobody told count as none."""
        own = Usage(prompt_tokens=self.prompt_tokens or 0, completion_tokens=self.completion_tokens or 0, answers=1)
        return self.wasted + own


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What one place that answers holds now: requests `under_way` of those `allowed`; whether it is there; how many
    tries failed at it."""

    name: str
    under_way: int
    allowed: int
    there: bool = True
    failed_tries: int = 0


class Engine(ABC):
    """A model that can be asked. Requests may be awaited together, as many as the caller likes: an engine batches or
    bounds them itself. A reply belongs to the `complete` that awaited it and to no other.

    A package adds one by an entry point in the group "framescribe.engines", whose name is what users write after
    --engine and whose value is the class. Needed are `made`, `open`, `complete`, `close`, `concurrency` and `describe`.
    Where more or less than a model's weights and all of its arguments changes captions, a classmethod
    `ingredients(choice) -> dict` says what does, as plain JSON; `choice.default_ingredients()` is what it replaces.

    `complete` raises Refused, EngineFault or BadReply when this request has no answer, RunError when no request will
    have one, and UserError for pictures that the model cannot see. What was spent until then is the error's `usage`.
    """

    wants: Literal["pixels", "jpeg", "png"] = "pixels"
    """The form in which it uses pictures. One that wants a format takes pixels as well, and encodes them."""

    takes_video: bool = False
    """Whether frames of one clip may be sent as one video."""

    @classmethod
    @abstractmethod
    def made(cls, choice: ModelChoice, *, prompt: PromptSize | None, beside: Sequence[ModelChoice], logs: Path) -> Self:
        """The engine for `choice`, not yet opened; UserError where the choice cannot be.

        `prompt` is the largest prompt with pictures that it will be asked; None: it will see none. `beside` are the
        run's models, this one among them: servers that share GPUs share the memory. `logs` is a folder for logs, which
        may not exist yet.
        """

    @abstractmethod
    async def open(self) -> None:
        """Load or reach the model; UserError says what the user must change."""

    @abstractmethod
    async def complete(self, request: ChatRequest) -> Reply: ...

    @abstractmethod
    async def close(self) -> None:
        """Give everything back; may be called twice, and without `open`."""

    @property
    @abstractmethod
    def concurrency(self) -> int:
        """How many requests it answers at once; more may wait."""

    def loads(self) -> list[Load]:
        """What each place that answers holds: one a server, or the model in this process."""
        return []

    @abstractmethod
    def describe(self) -> str:
        """One line for a person: the model, where it runs, in which precision."""
