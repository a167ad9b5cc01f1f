"""Knows one video's frames and facts while it is captioned: when they are decoded, and how long they are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Protocol

from framescribe.errors import Unreadable, VideoError
from framescribe.frames.files import CHANGED
from framescribe.frames.memory import FrameMemory
from framescribe.frames.sampling import Sampling
from framescribe.frames.segments import chunks
from framescribe.records import Clip, FrameCaption, Segment, Video
from framescribe.runs.measured import unmeasured
from framescribe.runs.recipe import Recipe

ANY_FRAME, SMALLEST = Sampling(salvage=True), 1024  # pixels: of no use, but a decode gives a frame


class Decodes(Protocol):
    """Whoever decodes videos: a `Captioner`."""

    recipe: Recipe
    memory: FrameMemory

    async def decode(
        self,
        video: Video,
        sampling: Sampling,
        max_pixels: int | None,
        numbers: tuple[int, ...] = (),
        measures: tuple[str, ...] = (),
    ) -> Clip: ...

    async def fingerprint(self, video: Video) -> dict[str, Any]: ...


class Clips:
    """One video's frames: decoded when a stage asks for them, held until every stage that sees is done with them."""

    def __init__(self, captioner: Decodes, video: Video) -> None:
        self._captioner, self._video = captioner, video
        self._held = AsyncExitStack()
        self._key: tuple[Sampling, int | None, tuple[int, ...]] | None = None
        self._segments: tuple[Segment, ...] = ()
        self._clip: Clip | None = None
        self.failed = False
        self.begun = False  # something was done for this video, which would be lost if it began elsewhere
        self.info: Any = None
        self.flags: tuple[str, ...] = ()
        self.replaced: tuple[Mapping[str, Any], ...] = ()
        self.frames: tuple[FrameCaption, ...] = ()
        self.file: dict[str, Any] = {}
        self._measures: tuple[str, ...] = ()  # still to be made

    async def __aenter__(self) -> Clips:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.give_back()

    async def give_back(self) -> None:
        """Release the frames."""
        self._key = self._clip = None
        await self._held.aclose()

    async def __call__(
        self, sampling: Sampling | None = None, max_pixels: int | None = None, *, numbers: Sequence[int] = ()
    ) -> Clip:
        recipe = self._captioner.recipe
        if self._segments and not numbers and sampling is None:  # they are found only once
            numbers = [index for part in next(chunks(self._segments)) for index in part.frames]
        key = sampling or recipe.sampling, max_pixels or recipe.max_pixels, tuple(numbers)
        if self._clip is not None and key == self._key:
            return self._clip
        await self.give_back()  # whoever waits for room while holding some may be waiting for itself
        self.failed = True
        measures, self._measures = self._measures, ()
        decoded = self._captioner.memory.clip(
            lambda: self._captioner.decode(self._video, *key, measures=measures), begun=self.begun
        )
        try:
            clip = await self._held.enter_async_context(decoded)
            if numbers and self.info is not None:
                self._same(clip)
        except VideoError:
            self.file |= await self._captioner.fingerprint(self._video)  # so that it is recognised if it moves
            raise
        self.failed, self.begun = False, True
        self._segments = clip.segments or self._segments
        clip = replace(clip, segments=self._segments)
        self._key, self._clip, self.info = key, clip, clip.info
        self.flags = tuple(dict.fromkeys((*self.flags, *clip.flags)))
        self.replaced = self.replaced or clip.replaced
        self.frames = self.frames or tuple(
            FrameCaption(index=frame.index, time=frame.time, caption=None) for frame in clip.frames
        )
        told = {"fingerprint": clip.fingerprint, "content": clip.content}
        self.file |= {name: value for name, value in told.items() if value is not None}
        return clip

    async def facts(self, measures: tuple[str, ...], *, seeing: bool) -> Mapping[str, Any]:
        """What these measures say of the video. With `seeing`, the sampled frames are decoded along with it, and held.
        Otherwise nothing but the facts is wanted, and a file that cannot be decoded gives those of it that say so."""
        if seeing:
            self._measures = measures
            return (await self()).facts or {}
        try:
            clip = await self._captioner.decode(self._video, ANY_FRAME, SMALLEST, measures=measures)
        except VideoError as error:
            return unmeasured(measures, str(error))
        self.info = self.info or clip.info
        return clip.facts or {}

    def _same(self, clip: Clip) -> None:
        """Unreadable if the frames' numbers no longer mean what they did when they were chosen."""
        if clip.fingerprint != self.file.get("fingerprint"):
            raise Unreadable(CHANGED)
        if clip.info.frames != self.info.frames:
            counts = f"{self.info.frames} frames are listed, {clip.info.frames} can be decoded"
            raise Unreadable(f"It is damaged, so its segments cannot be told: {counts}.")
