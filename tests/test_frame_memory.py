"""Decoded frames are held up to a number of bytes, whatever the engine's pace; nothing waits for ever."""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

from framescribe.demo.clips import DemoClip
from framescribe.engines.choice import ModelChoice
from framescribe.errors import TurnedAway, Unreadable
from framescribe.frames.memory import FrameMemory
from framescribe.frames.sampling import Sampling
from framescribe.prompts import presets
from framescribe.records import Clip, EncodedImage, Frame, Video, VideoInfo
from framescribe.runs.captioner import Captioner, Clips
from framescribe.runs.recipe import Recipe, StageChoice
from tests.servers import ScriptedServer, sleeps

INFO = VideoInfo(duration=1.0, fps=1.0, width=100, height=100, codec="h264", frames=4)


def clip(size: int, *, encoded: bool = False) -> Clip:
    # An encoded picture is held as it is and as base64, which is 4/3 of it: together 7/3.
    image = EncodedImage(bytes(3 * size // 7), "png") if encoded else np.zeros((1, size // 3, 3), np.uint8)
    return Clip(info=INFO, frames=(Frame(index=0, time=0.0, image=image),))


def test_never_more_than_the_budget_and_one_clip_a_decoder() -> None:
    clips = [clip(31_500, encoded=number % 2 == 0) for number in range(200)]
    decoders, budget = 3, 100_000
    memory = FrameMemory(decoders, budget)
    held = most = decoding = most_decoding = 0

    async def decode(number: int) -> Clip:
        nonlocal decoding, most_decoding
        decoding += 1
        most_decoding = max(most_decoding, decoding)
        await asyncio.sleep(random.random() / 1000)
        decoding -= 1
        return clips[number]

    async def video(number: int) -> None:
        nonlocal held, most
        async with memory.clip(lambda: decode(number)) as given:
            assert given is clips[number]
            held += 31_500
            most = max(most, held)
            assert memory.held == held
            await asyncio.sleep(random.random() / 100)  # the engine is ten times slower
            held -= 31_500

    async def main() -> None:
        await asyncio.wait_for(asyncio.gather(*map(video, range(200))), 60)

    asyncio.run(main())
    assert budget <= most < budget + decoders * 31_500
    assert most_decoding == decoders
    assert (memory.held, memory.clips, memory.decoding, memory.waiting) == (0, 0, 0, 0)


def test_a_clip_larger_than_the_budget_goes_through_alone() -> None:
    memory = FrameMemory(4, 1000)
    order, most = [], 0

    async def video(number: int) -> None:
        nonlocal most

        async def decode() -> Clip:
            await asyncio.sleep(0.001)
            return clip(30_000)

        async with memory.clip(decode):
            most = max(most, memory.clips)
            order.append(number)
            await asyncio.sleep(0.002)

    async def main() -> None:
        await asyncio.wait_for(asyncio.gather(*map(video, range(20))), 30)

    asyncio.run(main())
    assert order == list(range(20))  # turns are in the order of asking
    assert most <= 4


def test_what_fails_or_is_dropped_gives_its_turn_back() -> None:
    memory = FrameMemory(1, 1000)

    async def broken() -> Clip:
        raise Unreadable("it is no video")

    async def endless() -> Clip:
        await asyncio.sleep(60)
        raise AssertionError

    async def video(decode: object) -> Clip:
        async with memory.clip(decode) as given:  # type: ignore[arg-type]
            return given

    async def main() -> None:
        with pytest.raises(Unreadable):
            await video(broken)
        first = asyncio.create_task(video(endless))
        waiting = [asyncio.create_task(video(endless)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert (memory.decoding, memory.waiting) == (1, 3)
        waiting[0].cancel()  # while it waits
        first.cancel()  # while it decodes: the next one's turn comes
        await asyncio.sleep(0.01)
        assert (memory.decoding, memory.waiting) == (1, 1)
        waiting[1].cancel()
        waiting[2].cancel()  # its turn comes in the same moment, perhaps
        await asyncio.gather(first, *waiting, return_exceptions=True)
        assert (memory.decoding, memory.waiting, memory.held) == (0, 0, 0)

        async def good() -> Clip:
            return clip(300)

        assert await asyncio.wait_for(video(good), 5)

    asyncio.run(main())


def test_frames_given_back_may_be_asked_for_again_by_many_under_a_budget_of_one_clip() -> None:
    memory = FrameMemory(decoders=2, budget=30_000)
    rounds = 0

    async def decode() -> Clip:
        await asyncio.sleep(random.random() / 1000)
        return clip(30_000)

    async def video() -> None:
        nonlocal rounds
        for _ in range(4):
            async with memory.clip(decode):
                await asyncio.sleep(random.random() / 1000)
            rounds += 1

    async def main() -> None:
        await asyncio.wait_for(asyncio.gather(*(video() for _ in range(100))), 60)

    asyncio.run(main())
    assert rounds == 400
    assert (memory.held, memory.clips, memory.decoding, memory.waiting) == (0, 0, 0, 0)


def test_of_the_videos_that_wait_half_are_turned_away_and_none_that_has_begun() -> None:
    memory, free = FrameMemory(1, 10**6), asyncio.Event()

    async def decode() -> Clip:
        await free.wait()
        return clip(30)

    async def video(number: int, begun: bool) -> int | None:
        try:
            async with memory.clip(decode, begun=begun):
                return number
        except TurnedAway:
            return None

    async def main() -> list[int | None]:
        videos = [asyncio.ensure_future(video(number, number % 3 == 1)) for number in range(9)]
        await asyncio.sleep(0)
        assert memory.waiting == 8  # 1, 4 and 7 have begun
        assert [memory.turn_away() for _ in range(4)] == [3, 1, 1, 0]
        assert memory.waiting == 3
        free.set()
        return await asyncio.wait_for(asyncio.gather(*videos), 60)

    assert asyncio.run(main()) == [0, 1, None, None, 4, None, None, 7, None]
    assert (memory.waiting, memory.decoding, memory.held) == (0, 0, 0)


def test_a_slow_engine_holds_decoding_up_and_every_video_gets_its_row(demo_clips: list[DemoClip]) -> None:
    """Three frames of 640 x 360 a clip, as pixels; room for one clip at a time."""
    pixels = 3 * 640 * 360 * 3
    videos = [Video(id=str(number), path=str(demo_clips[0].path)) for number in range(20)]
    most = []

    async def main(url: str) -> list[str]:
        model = ModelChoice(engine="openai", model="m", base_urls=(url,))
        captioner = Captioner(
            Recipe(
                sampling=Sampling(method="uniform", frames=3),
                decoders=2,
                stages={"frames": StageChoice(model=model, prompt=presets("frame")["default"])},
            )
        )
        await captioner.open()
        captioner.engines["frames"].wants = "pixels"
        captioner.memory.budget = pixels

        async def look() -> None:
            while True:
                most.append(captioner.memory.held)
                await asyncio.sleep(0.005)

        looking = asyncio.create_task(look())
        try:
            rows = await asyncio.wait_for(asyncio.gather(*map(captioner.caption, videos)), 100)
        finally:
            looking.cancel()
            await captioner.close()
        return [row.status for row in rows]

    with ScriptedServer(sleeps(0.1)) as server:
        assert asyncio.run(main(server.url)) == ["ok"] * len(videos)
    assert pixels <= max(most) <= 2 * pixels


def test_stages_that_ask_again_for_frames_never_wait_for_themselves() -> None:
    """Room for one clip, and fifty videos whose stages each ask for three sizes in turn, as a ladder does."""
    memory = FrameMemory(decoders=2, budget=1)
    most = []

    class Decoding:
        """As much of a captioner as decoding needs."""

        recipe = Recipe(stages={"frames": StageChoice(model=ModelChoice(model="x"), prompt="")})
        memory: FrameMemory

        async def decode(
            self,
            video: Video,
            sampling: Sampling,
            max_pixels: int | None,
            numbers: tuple[int, ...] = (),
            **more: object,
        ) -> Clip:
            most.append(memory.clips)
            await asyncio.sleep(0)
            return clip(max_pixels or 0)

    Decoding.memory = memory

    async def video(number: int) -> None:
        async with Clips(Decoding(), Video(id=str(number), path="")) as clips:  # type: ignore[arg-type]
            for pixels in (4000, 2000, 2000, 1000):
                await clips(max_pixels=pixels)
                await asyncio.sleep(random.random() / 1000)

    async def main() -> None:
        await asyncio.wait_for(asyncio.gather(*(video(number) for number in range(50))), 60)

    asyncio.run(main())
    assert (memory.held, memory.clips, memory.decoding, memory.waiting) == (0, 0, 0, 0)
    assert max(most) <= 2
    assert len(most) == 150  # the same frames again cost nothing
