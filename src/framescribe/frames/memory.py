"""Knows how many bytes of decoded frames are held, and when the next video may be decoded; knows no video."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

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
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """How many videos wait for their turn."""
        return len(self._waiting)

    @asynccontextmanager
    async def clip(self, decode: Callable[[], Awaitable[Clip]]) -> AsyncIterator[Clip]:
        """What `decode` gives, once there is room for it. Its bytes are held until the block ends.

        Whoever asks again inside the block may wait for itself: leave it first.
        """
        await self._turn()
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

    async def _turn(self) -> None:
        if not self._waiting and self._room:
            self.decoding += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
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
            turn = self._waiting.popleft()
            if not turn.done():
                self.decoding += 1
                turn.set_result(None)


def frame_bytes(clip: Clip) -> int:
    """How many bytes the pictures of a clip take, in whichever form they are."""
    return sum(
        len(frame.image.data) if isinstance(frame.image, EncodedImage) else frame.image.nbytes for frame in clip.frames
    )
