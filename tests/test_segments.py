"""Long videos in segments: each is captioned from its own frames alone, as their pixels prove, and none is left out."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import re
import shutil
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from framescribe.demo.clips import demo_clips
from framescribe.engines.choice import ModelChoice
from framescribe.errors import Unreadable, UserError
from framescribe.frames import decoder
from framescribe.frames.sampling import Sampling
from framescribe.frames.segments import chunks, divided, division_in
from framescribe.records import Row
from framescribe.results.rows import read_rows
from framescribe.runs.gate import GateChoice
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.strategies.ways import way_of
from tests.runs import MODELS, alone, running, until, writers
from tests.runs_in_process import Run, found
from tests.servers import Act, ScriptedServer, answers, says
from tests.videos import bars, film, number_in

# ------------------------------------------------------------------------------------------ arithmetic


def spans(division: Any, times: list[float], end: float, shots: tuple[int, ...] = ()) -> list[tuple[float, ...]]:
    parts = divided(division, range(len(times)), times, end, shots)
    assert parts[0].first == 0
    assert parts[-1].last == len(times) - 1
    for before, after in pairwise(parts):
        assert (before.end, before.last + 1) == (after.start, after.first)
    return [(part.start, part.end, part.first) for part in parts]


def every(step: float, count: int) -> list[float]:
    return [round(step * number, 6) for number in range(count)]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (30, [(0, 10, 0), (10, 20, 10), (20, 30, 20)]),
        (35, [(0, 10, 0), (10, 20, 10), (20, 30, 20), (30, 35, 30)]),  # half a segment is one
        (34, [(0, 10, 0), (10, 20, 10), (20, 34, 20)]),  # less is not
        (4, [(0, 4, 0)]),
        (1, [(0, 1, 0)]),
    ],
)
def test_the_last_segment_is_at_least_half_as_long(frames: int, expected: list[tuple[float, ...]]) -> None:
    assert spans(10.0, every(1.0, frames), frames) == expected


def test_a_frame_belongs_to_the_segment_in_which_it_is_first_on_the_screen() -> None:
    # 0.1 * 3 is more than 0.3 in floating point: times are compared in whole microseconds.
    assert spans(0.3, every(0.1, 9), 0.9) == [(0, 0.3, 0), (0.3, 0.6, 3), (0.6, 0.9, 6)]
    assert spans(1.0, [0.0, 0.999999, 1.0, 2.5], 3.0) == [(0, 1, 0), (1, 2, 2), (2, 3, 3)]


def test_a_segment_in_which_no_frame_begins_is_joined_to_the_one_before() -> None:
    assert spans(1.0, [0.0, 0.5, 4.0, 5.0], 6.0) == [(0, 4, 0), (4, 5, 2), (5, 6, 3)]
    assert spans(1.0, [7.2, 8.0], 9.0) == [(7, 8, 0), (8, 9, 1)]


def test_shots_are_segments_but_for_very_short_and_very_long_ones() -> None:
    times = every(0.5, 160)  # 80 s
    # 0 to 5 s; 0.5 s, which goes with it; then to 10 s; then 70 s: three equal parts
    starts = [start for start, _, _ in spans("shots", times, 80.0, (0, 10, 11, 20))]
    assert starts == pytest.approx([0, 5.5, 10, 10 + 70 / 3, 10 + 140 / 3], abs=2e-6)
    assert spans("shots", times[:20], 10.0, (0, 1)) == [(0, 10, 0)]  # the first one may be short, too


def test_frames_without_times_are_no_segments_unless_there_is_only_one() -> None:
    with pytest.raises(Unreadable, match="carry no times, so it cannot be divided"):
        divided(10.0, range(3), [0.0, None, 1.0], 2.0)
    (only,) = divided(10.0, range(1), [None], None)
    assert (only.start, only.end) == (0.0, 0.0)


@pytest.mark.parametrize(("text", "division"), [("10s", 10.0), ("500ms", 0.5), ("2min", 120.0), ("shots", "shots")])
def test_how_segments_are_called(text: str, division: object) -> None:
    assert division_in(text) == division


@pytest.mark.parametrize("text", ["0s", "scenes", "-3s", ""])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(UserError, match="shots, or a length such as 10s"):
        division_in(text)


# ------------------------------------------------------------------------------------------ frames


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 numbered frames, 25 a second: eight seconds."""
    return film(tmp_path_factory.mktemp("counting") / "counting.mp4", frames=200, gop=30, options={"sc_threshold": "0"})


def test_frames_are_chosen_in_each_segment_and_decoded_chunk_by_chunk(counting: Path) -> None:
    sampling = Sampling(method="uniform", frames=40)
    clip = decoder.sample(str(counting), sampling, key="", max_pixels=None, division=2.0)
    expected = [[start + int(number * 1.25) for number in range(40)] for start in (0, 50, 100, 150)]
    assert [list(part.frames) for part in clip.segments] == expected
    assert [number_in(frame.image) for frame in clip.frames] == expected[0]  # 40 more would be too many at once
    assert [len(chunk) for chunk in chunks(clip.segments)] == [1, 1, 1, 1]
    again = decoder.sample(str(counting), sampling, key="", max_pixels=None, division=2.0, numbers=expected[2])
    assert [number_in(frame.image) for frame in again.frames] == expected[2]
    assert again.segments == ()


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [25, 75, 125, 175]),
        (Sampling(method="every", every=1.5), [0, 37, 50, 87, 100, 137, 150, 187]),
        (Sampling(method="keyframes", frames=1), [0, 60, 120, 150]),
        (Sampling(method="uniform", frames=2, skip_edges=0.1), [5, 25, 55, 75, 105, 125, 155, 175]),
    ],
)
def test_each_way_of_sampling_is_that_of_a_segment(counting: Path, sampling: Sampling, expected: list[int]) -> None:
    clip = decoder.sample(str(counting), sampling, key="", max_pixels=None, division=2.0)
    assert [number_in(frame.image) for frame in clip.frames] == expected


def test_random_frames_differ_from_segment_to_segment(counting: Path) -> None:
    sampling = Sampling(method="random", frames=3)
    clip = decoder.sample(str(counting), sampling, key="a", max_pixels=None, division=2.0)
    places = {tuple(index - part.first for index in part.frames) for part in clip.segments}
    assert len(places) == 4
    assert clip.segments == decoder.sample(str(counting), sampling, key="a", max_pixels=None, division=2.0).segments


@pytest.mark.parametrize("name", ["counting.mkv", "counting.ts", "counting.avi"])
def test_in_every_container_a_segment_holds_the_same_frames(tmp_path: Path, name: str) -> None:
    codec = {"avi": "mjpeg"}.get(name[-3:], "libx264")
    path = film(tmp_path / name, frames=100, codec=codec, gop=30)
    clip = decoder.sample(str(path), Sampling(), key="", max_pixels=None, division=1.0)
    assert [(part.first, part.last) for part in clip.segments] == [(0, 24), (25, 49), (50, 74), (75, 99)]
    assert [number_in(frame.image) for frame in clip.frames] == [12, 37, 62, 87]


def test_shots_of_a_film_are_its_segments(tmp_path: Path) -> None:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    lengths = (40, 60, 50)
    pictures = [np.full((64, 128, 3), c, np.uint8) for c, n in zip(colours, lengths, strict=True) for _ in range(n)]
    path = film(tmp_path / "shots.mp4", pictures=pictures)
    clip = decoder.sample(str(path), Sampling(), key="", max_pixels=None, division="shots")
    assert [(part.start, part.end, part.first, part.last) for part in clip.segments] == [
        (0.0, 1.6, 0, 39),
        (1.6, 4.0, 40, 99),
        (4.0, 6.0, 100, 149),
    ]
    assert [tuple(int(v > 100) for v in frame.image[32, 64]) for frame in clip.frames] == [
        (1, 0, 0),
        (0, 1, 0),
        (0, 0, 1),
    ]


# ------------------------------------------------------------------------------------------ captions


def seen(body: dict[str, Any]) -> list[int]:
    """The numbers that the pictures of a request show."""
    content = body["messages"][0]["content"]
    urls = [part["image_url"]["url"] for part in content if part["type"] == "image_url"]
    return [
        number_in(np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")))
        for url in urls
    ]


def text_of(body: dict[str, Any]) -> str:
    content = body["messages"][0]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def looks() -> Act:
    """Answers with the numbers in the pictures, or, to words alone, with the numbers in these."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        numbers = seen(body) if "image_url" in str(body) else re.findall(r"<(\d+)>", text_of(body))
        return await says(" ".join(f"<{number}>" for number in numbers))(request)

    return act


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(looks()) as started:
        yield started


def made(server: ScriptedServer, strategy: str = "frames-then-summary", **more: Any) -> Recipe:
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=4)
    segment = more.pop("segment", 2.0)
    prompts = {
        "frames": "At {time} of {duration}?",
        "clip": "What, in {duration}?",
        "timeline": "All of it:\n{captions}",
    }
    return Recipe(
        strategy=strategy,
        segment=segment,
        decoders=1,
        **{"sampling": Sampling(method="uniform", frames=2), **more},
        stages={
            stage.name: StageChoice(model=choice, prompt=prompts.get(stage.name, "Say it: {captions}"))
            for stage in way_of(strategy, segment=segment).stages
        },
    )


def row_of(output: Path) -> Row:
    (row,) = read_rows(output)
    return row


def test_each_segment_is_captioned_from_its_own_frames_alone(
    server: ScriptedServer, counting: Path, tmp_path: Path
) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(counting), output, made(server))
    row = row_of(output)
    assert row.status == "ok"
    assert [(frame.index, frame.time, frame.caption) for frame in row.frames] == [
        (number, number / 25, f"<{number}>") for number in (0, 25, 50, 75, 100, 125, 150, 175)
    ]
    assert [(part["start"], part["end"], part["caption"]) for part in row.segments] == [
        (0.0, 2.0, "<0> <25>"),
        (2.0, 4.0, "<50> <75>"),
        (4.0, 6.0, "<100> <125>"),
        (6.0, 8.0, "<150> <175>"),
    ]
    assert [[frame.index for frame in part["frames"]] for part in row.segments] == [
        [0, 25],
        [50, 75],
        [100, 125],
        [150, 175],
    ]
    assert row.caption == "<0> <25> <50> <75> <100> <125> <150> <175>"
    *before, last = server.requests
    assert text_of(last) == (
        "All of it:\n0.0–2.0 s: <0> <25>\n2.0–4.0 s: <50> <75>\n4.0–6.0 s: <100> <125>\n6.0–8.0 s: <150> <175>"
    )
    # Within a segment, time is the segment's.
    times = {(*seen(body), text_of(body)) for body in before if "image_url" in str(body)}
    assert times == {
        (number, f"At {(number % 50) / 25:.1f} seconds of 2.0 seconds?")
        for number in (0, 25, 50, 75, 100, 125, 150, 175)
    }
    assert {name: made["output"].keys() for name, made in row.stages.items() if "output" in made} == {
        "frames": {"segments"},
        "summary": {"segments"},
    }


def test_whole_clips_work_in_segments_too(server: ScriptedServer, counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(counting), output, made(server, "whole-clip"))
    row = row_of(output)
    assert [part["caption"] for part in row.segments] == ["<0> <25>", "<50> <75>", "<100> <125>", "<150> <175>"]
    assert row.caption == "<0> <25> <50> <75> <100> <125> <150> <175>"
    first = next(body for body in server.requests if "image_url" in str(body) and seen(body)[0] == 100)
    labels = [part["text"] for part in first["messages"][0]["content"] if part["type"] == "text"]
    assert labels == ["Frame 1 (0.00 s):", "Frame 2 (1.00 s):", "What, in 2.0 seconds?"]


def described() -> Act:
    """Fills in the form of the strategy "structured" with the numbers in the pictures."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" not in str(body):
            return await looks()(request)
        value = {
            "subjects": [],
            "setting": " ".join(f"<{number}>" for number in seen(body)),
            **dict.fromkeys(("light", "style", "shot_size", "angle", "height"), "not sure"),
            "camera": {"movement": "static", "direction": "none", "speed": "none"},
            "actions": [],
            "text": [],
        }
        return await says(json.dumps(value))(request)

    return act


def test_each_segment_is_described_by_a_form_of_its_own(counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(described()) as server:
        Run(server, found(counting), output, made(server, "structured"))
        assert len(server.requests) == 9
        gate = GateChoice(on=("mood",), off=("all",))
        assert Run(server, found(counting), output, made(server, "structured", gate=gate), recheck=True).requests == 0
    row = row_of(output)
    settings = ["<0> <25>", "<50> <75>", "<100> <125>", "<150> <175>"]
    assert [part["value"]["setting"] for part in row.segments] == settings
    assert [part["caption"] for part in row.segments] == settings
    assert row.caption == " ".join(settings)


def slides() -> Act:
    """Names the picture that came new in a step, and the numbers in words."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" in str(body) and len(seen(body)) == 2:
            before, now = seen(body)
            return await says(json.dumps({"changed": [f"<{before}> becomes <{now}>."]}))(request)
        return await looks()(request)

    return act


def test_each_segment_begins_with_a_first_frame_of_its_own(counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    recipe = {"sampling": Sampling(method="uniform", frames=3)}
    with ScriptedServer(slides()) as server:
        Run(server, found(counting), output, made(server, "sliding", **recipe))
        assert len(server.requests) == 4 * (1 + 2 + 1) + 1
        gate = GateChoice(on=("mood",), off=("all",))
        assert (
            Run(server, found(counting), output, made(server, "sliding", gate=gate, **recipe), recheck=True).requests
            == 0
        )
    row = row_of(output)
    steps = [[(step["index"], step["time"]) for step in part["value"]["steps"]] for part in row.segments]
    assert steps == [[(start + 16, 0.64), (start + 33, 1.32)] for start in (0, 50, 100, 150)]
    assert [part["caption"] for part in row.segments] == [
        f"<{start}> <{start}> <{start + 16}> <{start + 16}> <{start + 33}>" for start in (0, 50, 100, 150)
    ]
    assert [frame.caption for frame in row.frames][:4] == ["<0>", None, None, "<50>"]


def test_of_many_frames_a_few_are_held_at_a_time(server: ScriptedServer, counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    recipe = made(server, "whole-clip", sampling=Sampling(method="uniform", frames=40))
    Run(server, found(counting), output, recipe)
    assert [part["caption"] for part in row_of(output).segments] == [
        " ".join(f"<{start + int(number * 1.25)}>" for number in range(40)) for start in (0, 50, 100, 150)
    ]


def test_a_short_video_is_one_segment_whose_caption_is_its_own(server: ScriptedServer, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    Run(server, found(film(tmp_path / "short.mp4", frames=50)), output, made(server))
    row = row_of(output)
    assert row.caption == "<0> <25>"
    assert [part["caption"] for part in row.segments] == ["<0> <25>"]
    assert len(server.requests) == 3
    assert row.stages["timeline"]["attempts"] == 0


def test_only_what_differs_is_asked_again(server: ScriptedServer, counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    first = made(server)
    Run(server, found(counting), output, first)
    assert Run(server, found(counting), output, first).requests == 0
    other = first.model_copy(
        update={
            "stages": {
                **first.stages,
                "timeline": StageChoice(**{**dict(first.stages["timeline"]), "prompt": "Now: {captions}"}),
            }
        }
    )
    run = Run(server, found(counting), output, other)
    assert (run.pictures, run.texts) == (0, 1)
    summary = StageChoice(**{**dict(first.stages["summary"]), "prompt": "Shortly: {captions}"})
    run = Run(
        server, found(counting), output, first.model_copy(update={"stages": {**first.stages, "summary": summary}})
    )
    assert (run.pictures, run.texts) == (0, 5)
    assert "Frame 1 (0.00 s): <50>\nFrame 2 (1.00 s): <75>" in {
        text_of(body).partition(": ")[2] for body in server.requests[-5:]
    }
    with pytest.raises(UserError, match="another way"):
        Run(server, found(counting), output, made(server, segment=4.0))


def test_what_a_stage_made_of_all_segments_is_kept_when_a_later_one_fails(counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"

    def until_told(fails: bool) -> Act:
        async def act(request: web.Request) -> web.StreamResponse:
            if fails and "<100>" in text_of(await request.json()):
                return await answers(400, {"error": {"message": "no"}})(request)
            return await looks()(request)

        return act

    with ScriptedServer(until_told(fails=True)) as server:
        Run(server, found(counting), output, made(server))
    row = row_of(output)
    assert row.error is not None
    assert row.error.stage == "summary"
    assert row.error.message.startswith("In its segment 4.0–6.0 s: ")
    assert [frame.caption for frame in row.frames][4:6] == ["<100>", "<125>"]
    with ScriptedServer(until_told(fails=False)) as server:
        run = Run(server, found(counting), output, made(server), retry_failed=True)
    assert (run.pictures, run.texts) == (0, 5)
    assert row_of(output).caption == "<0> <25> <50> <75> <100> <125> <150> <175>"


def test_captions_too_many_for_the_model_are_told_by_halves(counting: Path, tmp_path: Path) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        if text_of(await request.json()).count("–") > 2:
            return await answers(400, {"error": {"message": "longer than the maximum model length of 40"}})(request)
        return await looks()(request)

    output = tmp_path / "captions.jsonl"
    with ScriptedServer(act) as server:
        Run(server, found(counting), output, made(server))
    row = row_of(output)
    assert row.caption == "<0> <25> <50> <75> <100> <125> <150> <175>"
    assert text_of(server.requests[-1]) == (
        "All of it:\n0.0–4.0 s: <0> <25> <50> <75>\n4.0–8.0 s: <100> <125> <150> <175>"
    )


def faulty_in_one() -> Act:
    """Says something with a fault of the segment from the hundredth frame on, unless told of it."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        text = text_of(body)
        if "image_url" in str(body):
            return await says(f"A row of white columns stands on a black wall, <{seen(body)[0]}>.")(request)
        if text.startswith("Say it") and "<100>" in text and "Begin with" not in text:
            return await says("In this video, a row of columns stands on a wall.")(request)
        return await says("A row of white columns stands on a black wall.")(request)

    return act


def test_a_fault_of_one_segment_is_flagged_as_its_own(counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    gate = GateChoice(mode="flag", on=("boilerplate_opening",), off=("all",))
    with ScriptedServer(faulty_in_one()) as server:
        Run(server, found(counting), output, made(server, gate=gate))
    row = row_of(output)
    assert (row.status, row.flags) == ("flagged", ("segment_caption_boilerplate_opening",))
    (record,) = row.stages["summary"]["checked"]
    assert (record["text"], record["segment"]) == ("caption", 2)


def test_recheck_mends_the_segment_that_fails_and_asks_for_no_other(counting: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(faulty_in_one()) as server:
        Run(server, found(counting), output, made(server))
        gate = GateChoice(on=("boilerplate_opening",), off=("all",))
        run = Run(server, found(counting), output, made(server, gate=gate), recheck=True)
    row = row_of(output)
    assert [part["caption"] for part in row.segments][2] == "A row of columns stands on a wall."
    assert row.status == "ok"
    assert (run.pictures, run.texts) == (0, 1)  # stripped without a model; then all of it is told anew
    (record,) = row.stages["summary"]["checked"]
    assert (record["segment"], record["by"]) == (2, "stripped")


# ------------------------------------------------------------------------------------------ as users run it


def test_a_run_that_was_killed_within_a_long_video_goes_on_with_that_video(counting: Path, tmp_path: Path) -> None:
    """Of the video that was under way nothing is left; the one before it is done."""
    clips, output = tmp_path / "clips", tmp_path / "captions.jsonl"
    clips.mkdir()
    shutil.copyfile(counting, clips / "a.mp4")
    film(clips / "b.mp4", pictures=[bars(200 + number // 4) for number in range(200)])
    stuck, free = threading.Event(), threading.Event()

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" in str(body) and seen(body)[0] >= 225 and not free.is_set():
            stuck.set()
            await asyncio.sleep(3600)
        return await looks()(request)

    with ScriptedServer(act) as server:
        words = ("caption", clips, "--base-url", server.url, "--segment", "2s", "--sample", "uniform", "--frames", 2)
        words = (*words, "--gate", "off", "--no-preflight", "-o", output)
        with running(*words) as run:
            until(lambda: stuck.is_set() and writers(output) == [1])
            run.kill()
        free.set()
        before = len(server.requests)
        alone(*words)
        assert len(server.requests) - before == 13
    assert [(row.id, row.caption) for row in read_rows(output)] == [
        ("a.mp4", "<0> <25> <50> <75> <100> <125> <150> <175>"),
        ("b.mp4", "<200> <206> <212> <218> <225> <231> <237> <243>"),
    ]


def test_the_tiny_models_tell_of_each_segment_what_is_in_it(tmp_path: Path) -> None:
    scenes = [clip.scene for clip in demo_clips(tmp_path / "demo", count=3)]
    pictures = [np.asarray(scene.draw(n / 74, 320, 240).convert("RGB")) for scene in scenes for n in range(75)]
    path = film(tmp_path / "three.mp4", pictures=pictures)
    output = tmp_path / "captions.jsonl"
    alone("caption", path, *MODELS, "--segment", "3s", "--no-preflight", "-o", output)
    row = row_of(output)
    times = (0, 25 / 74, 50 / 74)
    assert [part["caption"] for part in row.segments] == [scene.summary(times) for scene in scenes]
    assert [frame.caption for frame in row.frames] == [scene.frame_caption(t) for scene in scenes for t in times]
    assert row.caption
