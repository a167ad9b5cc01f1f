"""Captions of drawn clips with one falsehood in each, before a model that really sees: shapes-vlm looks at the frames,
and rules read the statements (benchmarks/seeing.py)."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from types import ModuleType

import pytest

from framescribe.python.recipe import Recipe

CLIPS, FRAMES = 3, 2


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    import verify

    return verify


def test_falsehoods_are_taken_out_and_true_captions_stay(benchmark: ModuleType, tmp_path: Path) -> None:
    clips = benchmark.drawn(tmp_path, CLIPS, seed=3, frames=FRAMES)

    async def check(url: str) -> int:
        recipe = Recipe(verify="all", base_url=url, strategy="whole-clip", frames=FRAMES, decoders=1)
        captioner = await benchmark.opened(recipe, [clip.video for clip in clips], alone=True)
        planted = 0
        for clip in clips:
            row = await benchmark.verified(captioner, clip, clip.truth.sentence())
            assert (row.caption, row.support, row.flags) == (clip.truth.sentence(), 1.0, ())
            for one in benchmark.plant(random.Random(0), clip.truth):
                row = await benchmark.verified(captioner, clip, one.caption)
                assert row.caption and not one.said(row.caption), one
                assert one.said(one.caption) and row.output("verify")["wrong"], one
                planted += 1
        await captioner.close()
        return planted

    with benchmark.served() as url:
        assert asyncio.run(check(url)) >= 5 * CLIPS
