"""A segment's caption is held against what was measured in that segment, and the caption of the whole against the
whole; what the drawn clips show is known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from framescribe.engines.choice import ModelChoice
from framescribe.frames.sampling import Sampling
from framescribe.records import Row
from framescribe.results.rows import read_rows
from framescribe.runs.gate import GateChoice
from framescribe.runs.recipe import Recipe, StageChoice
from tests.runs_in_process import Run, found
from tests.servers import ScriptedServer, says
from tests.videos import film

SECOND = 25  # frames
FLAG = GateChoice(mode="flag")
FINE = "A pattern of grey squares fills the whole picture from one edge to the other."


def pattern(seed: int, low: int, high: int, width: int = 128) -> np.ndarray:
    grey = np.random.default_rng(seed).integers(low, high, (8, width // 8)).astype(np.uint8)
    return cv2.cvtColor(grey.repeat(8, 0).repeat(8, 1), cv2.COLOR_GRAY2RGB)


def moving(seed: int, frames: int) -> list[np.ndarray]:
    """What a camera sees that pans to the right at an even speed."""
    wide = cv2.GaussianBlur(pattern(seed, 0, 255, 128 + 4 * frames), (0, 0), 1.5)
    return [np.ascontiguousarray(wide[:, 3 * at : 3 * at + 128]) for at in range(frames)]


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`cut`: another picture after a second, and so it stays for a second. `light`: two seconds of night, two of snow.
    `still`: a still camera for two seconds, and behind a cut one that pans to the right."""
    folder = tmp_path_factory.mktemp("clips")
    film(folder / "cut.mp4", pictures=[pattern(1, 0, 255)] * SECOND + [pattern(2, 0, 255)] * SECOND)
    film(folder / "light.mp4", pictures=[pattern(1, 0, 24)] * 2 * SECOND + [pattern(2, 190, 235)] * 2 * SECOND)
    still = cv2.GaussianBlur(pattern(5, 0, 255), (0, 0), 1.5)
    film(folder / "still.mp4", pictures=[still] * 2 * SECOND + moving(7, 2 * SECOND))
    return folder


def recipe(server: ScriptedServer, segment: float, gate: GateChoice | None, *measures: str) -> Recipe:
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=4)
    return Recipe(
        strategy="whole-clip",
        sampling=Sampling(method="uniform", frames=2),
        decoders=1,
        segment=segment,
        measures=measures,
        gate=gate,
        stages={
            "clip": StageChoice(model=choice, prompt="What happens?"),
            "timeline": StageChoice(model=choice, prompt="All of it: {captions}"),
        },
    )


def wrong(row: Row) -> list[int | None]:
    """Which captions contradict what was measured: the numbers of the segments, and None for that of the whole."""
    return [
        of.get("segment")
        for stage in ("clip", "timeline")
        for of in row.stages[stage].get("checked", ())
        if "measured_contradiction" in of["before"]
    ]


@pytest.mark.parametrize(
    ("clip", "segment", "measure", "said", "contradicted"),
    [
        ("cut", 0.8, "cuts", "A grey pattern fills the picture in a single continuous shot, without pause.", [1, None]),
        ("cut", 1.0, "cuts", "A grey pattern fills the picture in a single continuous shot, without pause.", [None]),
        ("cut", 1.0, "cuts", "A grey pattern fills the picture, and then the video cuts to another one.", [0, 1]),
        ("light", 2.0, "light", "The camera looks into a very dark room with squares on all of its walls.", [1]),
        ("light", 2.0, "light", "The camera looks into a brightly lit room with squares on all of its walls.", [0]),
        ("light", 1.0, "light", "The camera looks into a brightly lit room with squares on all walls.", [0, 1]),
        ("light", 1.5, "light", "The camera looks into a brightly lit room with squares on all walls.", [0]),
        ("still", 2.0, "camera", "A pattern of squares fills the picture. The camera pans left evenly.", [0, 1, None]),
        ("still", 2.0, "camera", "A pattern of squares fills the picture. The camera pans right evenly.", [0]),
    ],
)  # fmt: skip
def test_each_segment_is_held_against_what_was_measured_there(
    clips: Path, tmp_path: Path, clip: str, segment: float, measure: str, said: str, contradicted: list[int | None]
) -> None:
    with ScriptedServer(says(said)) as server:
        made = recipe(server, segment, FLAG, measure)
        Run(server, found(clips / f"{clip}.mp4"), tmp_path / "captions.jsonl", made)
    (row,) = read_rows(tmp_path / "captions.jsonl")
    assert wrong(row) == contradicted
    assert ("segment_caption_measured_contradiction" in row.flags) == any(one is not None for one in contradicted)
    assert ("caption_measured_contradiction" in row.flags) == (None in contradicted)


def test_only_the_segment_that_is_wrong_is_asked_for_again_and_told_what_is_so(clips: Path, tmp_path: Path) -> None:
    with ScriptedServer(
        *[says("The camera looks into a brightly lit room with squares on all of its walls.")] * 2, says(FINE)
    ) as server:
        made = recipe(server, 2.0, GateChoice(), "light")
        assert Run(server, found(clips / "light.mp4"), tmp_path / "captions.jsonl", made).requests == 4
        (again,) = (text for text in map(str, server.requests) if "Keep to that" in text)
        assert "measured in the video is that it is dark" in again
    (row,) = read_rows(tmp_path / "captions.jsonl")
    assert ([part["caption"] == FINE for part in row.segments], row.status) == ([True, False], "ok")


def test_a_recheck_finds_the_segment_that_is_wrong(clips: Path, tmp_path: Path) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips / "light.mp4")
    with ScriptedServer(says("The camera looks into a very dark room with squares on all of its walls.")) as server:
        Run(server, videos, output, recipe(server, 2.0, None, "light"))
    with ScriptedServer(says(FINE)) as server:
        again = Run(server, videos, output, recipe(server, 2.0, GateChoice(), "light"), recheck=True)
        assert again.pictures == 1
    (row,) = read_rows(output)
    assert [part["caption"] == FINE for part in row.segments] == [False, True]
