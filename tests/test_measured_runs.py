"""What is measured stays with the row, is made once, is told to models, and decides which videos are captioned."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framescribe.engines.choice import ModelChoice, Serving
from framescribe.errors import RunError, UserError
from framescribe.frames.sampling import Sampling
from framescribe.records import DECODE, MEASURE, Row
from framescribe.results.rows import read_rows
from framescribe.runs.gate import GateChoice
from framescribe.runs.recipe import Recipe, StageChoice
from tests.runs_in_process import Run, found
from tests.servers import ScriptedServer, says
from tests.videos import film

SAID = "A grey pattern fills the whole picture, and after a while it is replaced by another one."
CUT = "There is one cut, at 1.0 s."


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of one picture and a second of another one; and two seconds of one."""
    folder = tmp_path_factory.mktemp("clips")
    random = np.random.default_rng(3)
    one, other = (random.integers(0, 255, (8, 16, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1) for _ in range(2))
    film(folder / "cut.mp4", pictures=[one] * 25 + [other] * 25)
    film(folder / "still.mp4", pictures=[one] * 50)
    return folder


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(says(SAID)) as started:
        yield started


def recipe(server: ScriptedServer, prompt: str = "What happens?", **more: Any) -> Recipe:
    choice = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=4)
    return Recipe(
        strategy="whole-clip",
        sampling=Sampling(method="uniform", frames=2),
        decoders=1,
        stages={"clip": StageChoice(model=choice, prompt=prompt)},
        **more,
    )


def rows(output: Path) -> dict[str, Row]:
    return {Path(row.id).stem: row for row in read_rows(output)}


def asked(server: ScriptedServer) -> list[str]:
    """The texts behind the frames, as they were sent."""
    return [request["messages"][0]["content"][-1]["text"] for request in server.requests]


def test_facts_are_kept_with_the_row_and_told_to_the_model(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output, made = tmp_path / "captions.jsonl", recipe(server, measures=("cuts", "light"))
    assert Run(server, found(clips / "cut.mp4"), output, made).requests == 1
    row = rows(output)["cut"]
    assert row.facts["cuts"]["cuts"] == [1.0]
    assert row.facts["cuts"]["version"] >= 1
    assert 0.2 < row.facts["light"]["brightness"] < 0.8
    assert set(row.stages[MEASURE]["fingerprint"].split()) >= {
        f"{name}={of['version']}" for name, of in row.facts.items()
    }
    (text,) = asked(server)
    assert text.startswith("What happens?\n\n")
    assert text.endswith(CUT)
    assert row.stages["clip"]["told"] in text
    assert Run(server, found(clips / "cut.mp4"), output, made).requests == 0
    assert rows(output)["cut"] == row


def test_without_measures_nothing_is_different(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    plain, measured = recipe(server), recipe(server, measures=("cuts",), keep="cuts < 9")
    assert plain.fingerprints() == {"clip": measured.fingerprints()["clip"]}
    Run(server, found(clips / "cut.mp4"), tmp_path / "plain.jsonl", plain)
    assert asked(server) == ["What happens?"]
    row = rows(tmp_path / "plain.jsonl")["cut"]
    assert (row.facts, list(row.stages), "told" in row.stages["clip"]) == ({}, ["clip"], False)


def test_finished_captions_are_measured_later_without_asking_a_model(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips)
    Run(server, videos, output, recipe(server))
    before = rows(output)
    run = Run(server, videos, output, recipe(server, measures=("cuts",)))
    assert run.requests == 0
    assert "videos to be measured, their captions kept: 2" in run.said
    now = rows(output)
    assert {name: row.caption for name, row in now.items()} == {name: SAID for name in before}
    assert all(now[name].stages["clip"] == before[name].stages["clip"] for name in before)
    assert [len(now[name].facts["cuts"]["cuts"]) for name in ("cut", "still")] == [1, 0]
    assert now["cut"].frames == before["cut"].frames
    run = Run(server, videos, output, recipe(server, measures=("light",)))  # one more: the first ones stay
    assert run.requests == 0
    assert {"cuts", "light"} <= set(rows(output)["cut"].facts)
    run = Run(server, videos, output, recipe(server, measures=("cuts",)))
    assert "videos already done: 2" in run.said
    run = Run(server, videos, output, recipe(server))
    assert "videos already done: 2" in run.said


def test_facts_stay_where_only_the_caption_is_made_anew(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips / "cut.mp4")
    Run(server, videos, output, recipe(server, measures=("cuts",)))
    assert Run(server, videos, output, recipe(server, "And now?"), redo=True).requests == 1
    assert rows(output)["cut"].facts["cuts"]["cuts"] == [1.0]


def test_a_file_that_cannot_be_measured_any_more_keeps_its_caption(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output, copy = tmp_path / "captions.jsonl", tmp_path / "gone.mp4"
    copy.write_bytes((clips / "cut.mp4").read_bytes())
    videos = found(copy)
    Run(server, videos, output, recipe(server))
    copy.unlink()
    Run(server, videos, output, recipe(server, measures=("cuts",)))
    row = rows(output)["gone"]
    assert (row.status, row.caption) == ("ok", SAID)
    assert row.facts["cuts"]["cannot_tell"] is True
    assert row.facts["cuts"]["error"]


def test_videos_that_do_not_meet_the_condition_cost_nothing(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips)
    made = recipe(server, measures=("cuts",), keep="not cuts")
    run = Run(server, videos, output, made)
    assert run.requests == 1
    assert (run.report.failed, run.report.left_out[0]) == (0, 1)
    left, kept = rows(output)["cut"], rows(output)["still"]
    assert (kept.status, left.status, left.left_out, left.caption) == ("ok", "failed", True, None)
    assert left.error is not None
    assert left.error.message == "left out by --keep 'not cuts': cuts is 1"
    assert left.facts["cuts"]["cuts"] == [1.0]

    run = Run(server, videos, output, made, retry_failed=True)
    assert (run.requests, run.report.new) == (0, 0)
    assert "videos left out by --keep before: 1" in run.said

    run = Run(server, videos, output, recipe(server, measures=("cuts",), keep="cuts < 2"))
    assert (run.requests, rows(output)["cut"].caption) == (1, SAID)
    run = Run(server, videos, output, made)  # what has a caption keeps it
    assert (run.requests, rows(output)["cut"].caption) == (0, SAID)


def test_without_the_condition_they_are_captioned_after_all(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips)
    Run(server, videos, output, recipe(server, measures=("cuts",), keep="cuts"))
    assert Run(server, videos, output, recipe(server)).requests == 1
    assert {row.caption for row in rows(output).values()} == {SAID}


def test_a_condition_on_what_is_known_without_measuring(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output, videos = tmp_path / "captions.jsonl", found(clips / "cut.mp4")
    assert Run(server, videos, output, recipe(server, keep="duration > 3")).requests == 0
    assert rows(output)["cut"].left_out
    assert Run(server, videos, output, recipe(server, keep="duration > 1")).requests == 1


def test_a_condition_that_cannot_be_decided_leaves_nothing_out(
    server: ScriptedServer, clips: Path, tmp_path: Path
) -> None:
    made = recipe(server, measures=("cuts",), keep="motion > 0.5")  # which is not measured here
    assert Run(server, found(clips / "cut.mp4"), tmp_path / "captions.jsonl", made).requests == 1


def test_a_prompt_names_facts_itself(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    made = recipe(server, "Cuts: {cuts}. Camera: {camera}.", measures=("cuts",))
    Run(server, found(clips / "cut.mp4"), tmp_path / "captions.jsonl", made)
    assert asked(server) == ["Cuts: one cut, at 1.0 s. Camera: ."]


def test_a_users_column_of_that_name_is_the_users(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    table = tmp_path / "clips.csv"
    with open(table, "w", newline="") as file:
        csv.writer(file).writerows([["path", "cuts"], [str(clips / "cut.mp4"), "mine"]])
    made = recipe(server, "Cuts: {cuts}.", measures=("cuts",))
    Run(server, found(table), tmp_path / "captions.jsonl", made)
    assert asked(server) == ["Cuts: mine."]


BEFORE = "What happens?\n\nThis was measured in the video and is certain: "


@pytest.mark.parametrize(
    ("prompt", "segment", "heard"),
    [
        ("What happens?", 1.0, [f"{BEFORE}There is no cut."] * 2),  # the second one begins with the cut
        ("What happens?", 0.8, [f"{BEFORE}There is {cut}." for cut in ("no cut", "one cut, at 0.2 s", "no cut")]),
        ("Cuts: {cuts}.", 0.8, ["Cuts: no cut.", "Cuts: one cut, at 0.2 s.", "Cuts: no cut."]),
    ],
)
def test_the_model_of_a_segment_is_told_what_was_measured_there(
    server: ScriptedServer, clips: Path, tmp_path: Path, prompt: str, segment: float, heard: list[str]
) -> None:
    choice = recipe(server, prompt).stages["clip"]
    stages = {"clip": choice, "timeline": choice.model_copy(update={"prompt": "All of it: {captions}"})}
    made = recipe(server, measures=("cuts",)).model_copy(update={"segment": segment, "stages": stages})
    Run(server, found(clips / "cut.mp4"), tmp_path / "captions.jsonl", made)
    row = rows(tmp_path / "captions.jsonl")["cut"]
    assert row.facts["cuts"]["cuts"] == [1.0]
    of_segments = [request["messages"][0]["content"] for request in server.requests[: len(heard)]]
    assert sorted(parts[-1]["text"] for parts in of_segments) == sorted(heard)
    told = [f"What happens?\n\n{part['told']}" if "told" in part else "" for part in row.segments]
    assert told == (heard if prompt == "What happens?" else [""] * len(heard))


def test_a_caption_that_contradicts_what_was_measured_is_asked_for_again_with_it(clips: Path, tmp_path: Path) -> None:
    wrong = "A grey pattern fills the picture, filmed in a single continuous shot from beginning to end."
    with ScriptedServer(says(wrong), says(SAID)) as server:
        made = recipe(server, measures=("cuts",), gate=GateChoice())
        assert Run(server, found(clips / "cut.mp4"), tmp_path / "captions.jsonl", made).requests == 2
        assert "Keep to that" in asked(server)[1]
        assert "cuts to another shot, 1 of them" in asked(server)[1]
    row = rows(tmp_path / "captions.jsonl")["cut"]
    assert (row.caption, row.status) == (SAID, "ok")
    assert row.stages["clip"]["checked"][0]["before"] == ["measured_contradiction"]


def test_without_facts_the_same_caption_stands(clips: Path, tmp_path: Path) -> None:
    said = "A grey pattern fills the picture, filmed in a single continuous shot from beginning to end."
    with ScriptedServer(says(said)) as server:
        made = recipe(server, gate=GateChoice())
        assert Run(server, found(clips / "cut.mp4"), tmp_path / "captions.jsonl", made).requests == 1


def test_a_video_that_cannot_be_decoded_fails_as_ever(server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video at all" * 100)
    output, made = tmp_path / "captions.jsonl", recipe(server, measures=("cuts",), keep="not cuts")
    assert Run(server, found(tmp_path / "broken.mp4"), output, made).requests == 0
    row = rows(output)["broken"]
    assert row.error is not None
    assert (row.status, row.error.stage, row.left_out, dict(row.facts)) == ("failed", "decode", False, {})


def test_a_row_says_which_frames_were_avoided_and_why(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    picture = random.integers(0, 255, (8, 16, 3)).astype(np.uint8).repeat(8, 0).repeat(8, 1)
    film(tmp_path / "clip.mp4", pictures=[np.zeros_like(picture)] * 3 + [picture] * 47)
    output, videos, plain = tmp_path / "captions.jsonl", found(tmp_path / "clip.mp4"), recipe(server)
    avoiding = replace(plain.sampling, avoid_bad_frames=True)
    made = plain.model_copy(update={"sampling": avoiding})
    Run(server, videos, output, made)
    row = rows(output)["clip"]
    assert row.stages[DECODE] == {"replaced": [{"frame": 0, "by": 3, "why": "black"}]}
    assert ([frame.index for frame in row.frames], row.status) == ([3, 25], "ok")
    assert dict(row.facts) == {}
    assert Run(server, videos, output, made).requests == 0
    with pytest.raises(UserError, match="different: sampling"):
        Run(server, videos, output, plain)
    assert Run(server, videos, output, plain, redo=True).requests == 1
    assert DECODE not in rows(output)["clip"].stages


def test_where_only_facts_are_missing_no_model_is_opened(server: ScriptedServer, clips: Path, tmp_path: Path) -> None:
    output, videos, made = tmp_path / "captions.jsonl", found(clips), recipe(server)
    Run(server, videos, output, made)
    nowhere = ModelChoice(engine="vllm", model="tiny", serving=Serving(command=str(tmp_path / "no-such-program")))
    stages = {"clip": made.stages["clip"].model_copy(update={"model": nowhere})}
    made = made.model_copy(update={"stages": stages, "measures": ("cuts",)})
    assert made.fingerprints()["clip"] == recipe(server).fingerprints()["clip"]
    Run(server, videos, output, made)
    assert [len(rows(output)[name].facts["cuts"]["cuts"]) for name in ("cut", "still")] == [1, 0]
    film(tmp_path / "new.mp4", frames=5)
    with pytest.raises((UserError, RunError), match="no-such-program"):
        Run(server, [*videos, *found(tmp_path / "new.mp4")], output, made)
