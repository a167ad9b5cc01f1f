"""Knows how many bytes of decoded frames are held, and when the next video may be decoded; knows no video."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from framescribe.errors import TurnedAway
from framescribe.frames.encode import base64_size
from framescribe.machine import memory_bytes
from framescribe.records import Clip, EncodedImage

MOST_BYTES, SHARE = 2 * 2**30, 8  # an eighth of the memory, which ranks and servers share, but no more than 2 GiB


class FrameMemory:
    """Lets the next video be decoded while fewer than `budget` bytes of frames are held and a decoder is free.

    So at most the budget and one clip per decoder are held, and a single clip may be larger than the budget. Videos
    take turns in the order in which they ask. For use from one event loop.
    """

    def __init__(self, decoders: int, budget: int | None = None) -> None:
        self.decoders = decoders
        self.budget = budget if budget is not None else min(MOST_BYTES, (memory_bytes() or SHARE * MOST_BYTES) // SHARE)
        self.held = 0  # bytes
        self.clips = 0  # whose frames these are
        self.decoding = 0
        self._waiting: deque[tuple[asyncio.Future[None], bool]] = deque()  # and whether anything was done for it

    @property
    def waiting(self) -> int:
        """How many videos wait for their turn."""
        return len(self._waiting)

    @asynccontextmanager
    async def clip(self, decode: Callable[[], Awaitable[Clip]], *, begun: bool = True) -> AsyncIterator[Clip]:
        """What `decode` gives, once there is room for it. Its bytes are held until the block ends. A video that is not
        `begun`, for which nothing was done yet, may be turned away (`turn_away`): TurnedAway.

        Whoever asks again inside the block may wait for itself: leave it first.
        """
        await self._turn(begun)
        try:
            clip = await decode()
            size = frame_bytes(clip)
            self.held += size
        finally:
            self.decoding -= 1
            self._hand_out()
        self.clips += 1
        try:
            yield clip
        finally:
            self.clips -= 1
            self.held -= size
            self._hand_out()

    def turn_away(self) -> int:
        """Turn away half of the videos that wait and have not begun, those that came last. Returns how many."""
        new = [turn for turn, begun in self._waiting if not begun and not turn.done()]
        away = new[len(new) // 2 :]
        for turn in away:
            turn.set_exception(TurnedAway())
        self._waiting = deque((turn, begun) for turn, begun in self._waiting if not turn.done())
        return len(away)

    async def _turn(self, begun: bool) -> None:
        if not self._waiting and self._room:
            self.decoding += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, begun))
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # its turn came at the same moment
                self.decoding -= 1
            self._hand_out()
            raise

    @property
    def _room(self) -> bool:
        return self.decoding < self.decoders and self.held < self.budget

    def _hand_out(self) -> None:
        while self._waiting and self._room:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                self.decoding += 1
                turn.set_result(None)


def frame_bytes(clip: Clip) -> int:
    """How many bytes the pictures of a clip take, in whichever form they are: files with the base64 made of them."""
    images = (frame.image for frame in clip.frames)
    return sum(
        len(image.data) + base64_size(image) if isinstance(image, EncodedImage) else image.nbytes for image in images
    )
