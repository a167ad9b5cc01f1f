"""Knows what can go wrong, sorted by what the program does next; knows nothing about the code that raises.

FramescribeError
├─ UserError        the user must change something: one or two lines, no traceback, exit code 2
│  └─ MissingExtra  an optional package is absent: names the extra and the pip line
├─ VideoError       this video cannot be done: a failed row with stage, kind and message; the run goes on
│  ├─ Unreadable    the file cannot be opened or is not a video
│  │  └─ Missing    there is no such file
│  ├─ NoFrames      it opens, but no picture can be read from it
│  ├─ DecodeTimeout decoding took longer than its limit and was stopped
│  ├─ DecodeCrashed the decoder died on it
│  ├─ TooLarge      decoding it needs more memory than is allowed
│  ├─ Refused       the engine will not answer this request (a 4xx for this content)
│  │  └─ TooLong    prompt, pictures and answer do not fit in the model's context
│  ├─ EngineFault   the engine failed on this request after every retry (a lasting 5xx, out of memory)
│  ├─ BadReply      the engine answered, but not with a caption
│  └─ ActorDied     the cluster's actor that was working on it died, and so did the next one
├─ TurnedAway       nothing was done for this video yet: it may begin elsewhere; the run goes on
└─ RunError         this run must stop; nothing is marked, the same command continues later, exit code 1
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What servers counted: tokens of prompts, tokens of answers, and the number of these answers."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    answers: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            answers=self.answers + other.answers,
        )


NO_USAGE = Usage()


class FramescribeError(Exception):
    """Anything that framescribe itself raises. `usage`: what was spent on answers before it was raised."""

    usage: Usage = NO_USAGE

    def after(self, spent: Usage) -> Self:
        """This error, with what was spent before it added to its `usage`."""
        self.usage = spent + self.usage
        return self


class UserError(FramescribeError):
    """Something the user must change; its text says what, where, and what to do."""


class MissingExtra(UserError):
    """An optional package is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        self._what = feature, extra
        super().__init__(
            f"{feature} needs packages that are not installed. Install them: pip install 'framescribe[{extra}]'"
        )

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return MissingExtra, self._what  # it may come from a decoder's process


class VideoError(FramescribeError):
    """This video cannot be done; `kind` is the word for this error in the row."""

    kind: ClassVar[str] = "error"


class Unreadable(VideoError):
    """The file cannot be opened, or it is not a video."""

    kind = "unreadable"


class Missing(Unreadable):
    """There is no such file, here or at its address."""

    kind = "missing"


class NoFrames(VideoError):
    """The file opens, but no frame can be read from it."""

    kind = "no_frames"


class DecodeTimeout(VideoError):
    """Decoding took longer than its limit and was stopped."""

    kind = "decode_timeout"


class DecodeCrashed(VideoError):
    """The decoder's process died on this video."""

    kind = "decode_crashed"


class TooLarge(VideoError):
    """Decoding needs more memory than a worker is allowed."""

    kind = "too_large"


class Refused(VideoError):
    """The engine will not answer this request, however often it is sent."""

    kind = "refused"


class TooLong(Refused):
    """Prompt, pictures and answer together do not fit in the model's context."""

    kind = "too_long"


class EngineFault(VideoError):
    """The engine failed on this request after every retry."""

    kind = "engine_fault"


class BadReply(VideoError):
    """The engine answered with something that is not a caption."""

    kind = "bad_reply"


class ActorDied(VideoError):
    """The cluster's processes that were working on this video died."""

    kind = "actor_died"


class TurnedAway(FramescribeError):
    """A video that waits here may begin elsewhere; nothing was done for it yet."""


class RunError(FramescribeError):
    """The run must stop now; rows already written stay, and the same command continues from there."""
