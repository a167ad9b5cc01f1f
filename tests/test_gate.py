"""The gate in a run: what fails is stripped or asked for again, differently each time, counted and kept; what is good
is left alone; and nothing that is finished is paid for again unasked.

The tiny models in this process misbehave for real: with eight tokens, and at temperature 3. Servers that play a part
are for faults, and for what exactly is sent.
"""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web

import framescribe as fs
from framescribe.demo.scenes import parse_statement
from framescribe.engines.base import ChatRequest, Decoding, ImagePart, Message, TextPart
from framescribe.engines.choice import ModelChoice
from framescribe.errors import UserError
from framescribe.prompts import presets
from framescribe.records import Row
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.budget import Budget, Price
from framescribe.runs.captioner import Captioner
from framescribe.runs.figures import figures
from framescribe.runs.gate import GateChoice
from framescribe.runs.job import RunOptions, Watcher, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.report import Report
from framescribe.strategies import ladder
from tests import test_job
from tests.runs import content, ended, running, until
from tests.runs_in_process import found, raw_film
from tests.servers import Act, ScriptedServer, answers, says, sleeps
from tests.test_held import say

MEND = GateChoice(mode="mend")
FLAG = GateChoice(mode="flag")
GOOD = "A brown dog runs along the beach and jumps over a wave."
LOOP = "A dog runs along the beach past the wall" + " and the wall" * 9 + "."
CLIP = presets("clip")["default"]


def run(
    made: Recipe, videos: Sequence[Any], output: Path, *, recheck: bool = False, prices: Mapping[str, Price] = {}
) -> Report:
    options = RunOptions(again=Again(recheck=recheck))
    return asyncio.run(run_job(made, videos, Results(output), options=options, budget=Budget(prices=prices)))


def checked(row: Row, stage: str) -> list[dict[str, Any]]:
    return list(row.stages[stage].get("checked") or ())


# ------------------------------------------------------------------------------ real models, in this process


@pytest.fixture(scope="module")
def films(demo_clips):  # type: ignore[no-untyped-def]
    """Three clips, and what is right to say of each."""
    some = demo_clips[:3]
    return test_job.find(*(clip.path for clip in some)), {clip.path.name: clip.summary() for clip in some}


def test_texts_that_stop_at_eight_tokens_get_more(films, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    videos, truths = films
    short = {"decoding": Decoding(max_tokens=8)}
    made = test_job.recipe(frames=short, summary=short, gate=MEND)
    report = run(made, videos, tmp_path / "captions.jsonl")
    rows = list(read_rows(tmp_path / "captions.jsonl"))
    assert {Path(row.id).name: row.caption for row in rows if row.status == "ok"}.items() <= truths.items()
    assert sum(row.status == "ok" for row in rows) >= 2
    for row in rows:
        for text in checked(row, "frames"):
            first, second = text["tries"][:2]
            assert (first["finish_reason"], first["completion_tokens"], first["found"]) == ("length", 8, ["truncated"])
            assert second["changed"] == {"max_tokens": 32} and second["text"].startswith(first["text"])
            assert (text["by"], "found" in text) == ("asked", False)
    asked = sum(len(text["tries"]) - 1 for row in rows for stage in row.stages for text in checked(row, stage))
    texts = sum(len(row.frames) + 1 for row in rows)
    assert asked == report.faults.requests and report.budget.requests == texts + asked
    assert report.faults.before["truncated"] == texts


def test_noise_is_drawn_again_cooler_or_flagged(films, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    videos, truths = films
    hot = {"decoding": Decoding(max_tokens=96, temperature=3.0, seed=1)}
    run(test_job.recipe(frames=hot, summary=hot, gate=FLAG), videos, tmp_path / "noise.jsonl")
    run(test_job.recipe(frames=hot, summary=hot, gate=MEND), videos, tmp_path / "mended.jsonl")
    noise, mended = (list(read_rows(tmp_path / f"{name}.jsonl")) for name in ("noise", "mended"))
    assert all(row.status == "flagged" for row in noise)
    assert not any(row.caption == truths[Path(row.id).name] for row in noise)
    fine = [row.caption for row in mended if row.status == "ok" and row.caption is not None]
    # They may be wrong about the clip, but are no noise any more; now and then noise looks like a sentence to the gate.
    assert sum(parse_statement(caption).sentence() != caption for caption in fine) <= 1
    for row in mended:
        assert row.caption is not None
        for text in checked(row, "frames"):
            assert all(one["changed"] for one in text["tries"][1:])
            assert any(one["changed"].get("temperature", 3.0) < 3.0 for one in text["tries"][1:])
    assert sum(row.status == "ok" for row in mended) >= 2


def test_texts_that_are_good_are_left_alone(films, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    videos, truths = films
    without = run(test_job.recipe(), videos, tmp_path / "without.jsonl")
    with_it = run(test_job.recipe(gate=MEND), videos, tmp_path / "with.jsonl")
    assert content(tmp_path / "with.jsonl") == content(tmp_path / "without.jsonl")
    assert with_it.budget.requests == without.budget.requests
    assert (with_it.faults.checks, with_it.faults.requests) == ([], 0)
    rows = list(read_rows(tmp_path / "with.jsonl"))
    assert {Path(row.id).name: row.caption for row in rows} == truths
    assert not any("checked" in made or "gate" in made for row in rows for made in row.stages.values())


def test_a_trigger_is_put_in_front_of_captions_alone(films, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    videos, truths = films
    report = run(test_job.recipe(gate=GateChoice(trigger=("rvn7",))), videos[:2], tmp_path / "captions.jsonl")
    for row in read_rows(tmp_path / "captions.jsonl"):
        truth = truths[Path(row.id).name]
        assert row.caption is not None and row.caption.startswith("rvn7") and row.status == "ok"
        assert not any("rvn7" in (frame.caption or "") for frame in row.frames)
        [text] = checked(row, "summary")
        assert (text["raw"], text["by"], text["cut"]) == (truth, "stripped", ["missing_trigger"])
    assert report.faults.requests == 0


# ------------------------------------------------------------------------------ what exactly is sent


def choice(server: ScriptedServer, model: str = "tiny", **more: Any) -> ModelChoice:
    return ModelChoice(engine="openai", model=model, base_urls=(server.url,), requests=1, **more)


def whole(server: ScriptedServer, gate: GateChoice | None, frames: int = 4, **decoding: Any) -> Recipe:
    """A recipe with one request per clip."""
    stage = StageChoice(model=choice(server), prompt=CLIP, decoding=Decoding(**decoding))
    sampling = {"method": "uniform", "frames": frames}
    return Recipe(strategy="whole-clip", sampling=sampling, stages={"clip": stage}, decoders=1, gate=gate)  # type: ignore[arg-type]


@pytest.fixture
def film(tmp_path: Path) -> list[Any]:
    return found(raw_film(tmp_path / "film.avi", 90))


def one(output: Path) -> Row:
    [row] = read_rows(output)
    return row


def text_of(body: Mapping[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def pictures(body: Mapping[str, Any]) -> int:
    return str(body).count("image_url': {")


BAD = {
    "truncated": (says("A dog runs along the beach and jumps over a", "length"), "truncated"),
    "loop": (says(LOOP), "repeats"),
    "engine's loop": (says("A dog runs along the beach and jumps.", "repetition"), "repeats"),
    "frames": (says("A dog runs, and the final frame finds him asleep on a red blanket."), "frame_talk"),
    "refusal": (says("I'm sorry, but I can't help with describing this clip."), "refusal"),
    "language": (says("Ein brauner Hund läuft am Strand entlang und springt über eine Welle."), "wrong_language"),
    "short": (says("A dog."), "too_short"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("heat", [0.0, 0.7, 1.5])
def test_no_request_is_ever_sent_twice_and_all_are_counted(
    name: str, heat: float, film: list[Any], tmp_path: Path
) -> None:
    act, check = BAD[name]
    with ScriptedServer(act) as server:
        report = run(whole(server, MEND, temperature=heat, seed=4), film, tmp_path / "captions.jsonl")
        bodies = server.requests
    asked = 3 if name == "refusal" else 4  # without a second model, there is less to try
    assert len({json.dumps(body, sort_keys=True) for body in bodies}) == len(bodies) == asked
    row = one(tmp_path / "captions.jsonl")
    assert (row.status, row.flags) == ("flagged", (f"caption_{check}",))
    [text] = checked(row, "clip")
    assert [len(text["tries"]), text["before"]] == [asked, [check]]
    assert all(tried["found"] == [check] for tried in text["tries"])
    made = row.stages["clip"]
    assert (made["attempts"], made["prompt_tokens"], made["completion_tokens"]) == (asked, 5 * asked, 2 * asked)
    assert (report.budget.requests, report.faults.requests) == (asked, asked - 1)
    assert (report.faults.tokens, report.meter.counts["prompt_tokens"]) == (7 * (asked - 1), 5 * asked)
    for finding in text["found"]:
        assert finding["what"] and 0 <= finding["start"] <= finding["end"] <= len(row.caption or "")


def test_each_fault_is_answered_by_its_own_change(film: list[Any], tmp_path: Path) -> None:
    changes = {
        "truncated": lambda body, first: body["max_tokens"] == 4 * first["max_tokens"],
        "loop": lambda body, first: body["temperature"] > first["temperature"],
        "frames": lambda body, first: "“the final frame”" in text_of(body).lower() or "final frame" in text_of(body),
        "refusal": lambda body, first: text_of(body).startswith(text_of(first)) and text_of(body) != text_of(first),
        "language": lambda body, first: "English" in text_of(body).removeprefix(text_of(first)),
        "short": lambda body, first: "at least 8 words" in text_of(body),
    }
    for name, is_right in changes.items():
        with ScriptedServer(BAD[name][0], says(GOOD)) as server:
            run(whole(server, MEND), film, tmp_path / f"{name}.jsonl")
            first, second = server.requests
        row = one(tmp_path / f"{name}.jsonl")
        assert is_right(second, first), name
        assert (row.caption, row.status, row.flags) == (GOOD, "ok", ())
        [text] = checked(row, "clip")
        assert (text["by"], text["before"], "found" in text) == ("asked", [BAD[name][1]], False)
        assert text["tries"][1]["changed"] and text["tries"][1]["text"] == GOOD
        assert "gate" not in row.stages["clip"]


def test_what_can_be_stripped_is_not_asked_for(film: list[Any], tmp_path: Path) -> None:
    raw = "In this video, a brown dog runs along the beach and jumps over a wave."
    with ScriptedServer(says(raw)) as server:
        report = run(whole(server, MEND), film, tmp_path / "captions.jsonl")
        assert len(server.requests) == 1
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.status) == (GOOD, "ok")
    [text] = checked(row, "clip")
    assert (text["raw"], text["cut"], text["by"]) == (raw, ["boilerplate_opening"], "stripped")
    assert (report.faults.mended["boilerplate_opening", "stripped"], report.faults.requests) == (1, 0)


def test_flag_changes_nothing_and_says_where(film: list[Any], tmp_path: Path) -> None:
    raw = "In this video, a brown dog runs, and the final frame finds him asleep."
    with ScriptedServer(says(raw)) as server:
        run(whole(server, FLAG), film, tmp_path / "captions.jsonl")
        assert len(server.requests) == 1
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.flags) == (raw, ("caption_boilerplate_opening", "caption_frame_talk"))
    [text] = checked(row, "clip")
    places = {of["check"]: raw[of["start"] : of["end"]] for of in text["found"]}
    assert places["boilerplate_opening"].startswith("In this video") and "final frame" in places["frame_talk"]
    assert "tries" not in text and "gate" not in row.stages["clip"]


def test_the_best_of_several_bad_answers_stands(film: list[Any], tmp_path: Path) -> None:
    sorry = says("I'm sorry, but I can't help with describing this clip.")
    short, loops = says("A dog."), says(LOOP)
    with ScriptedServer(sorry, loops, short, sorry) as server:
        run(whole(server, MEND), film, tmp_path / "captions.jsonl")
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.flags) == ("A dog.", ("caption_too_short",))
    [text] = checked(row, "clip")
    assert [tried["text"][:9] for tried in text["tries"]] == ["I'm sorry", "A dog run", "A dog.", "I'm sorry"]


def by_model(**acts: Act) -> Act:
    async def act(request: web.Request) -> web.StreamResponse:
        return await acts[(await request.json())["model"]](request)

    return act


def test_the_second_model_is_asked_last_and_paid_at_its_own_price(film: list[Any], tmp_path: Path) -> None:
    act = by_model(tiny=says("A dog."), large=says(GOOD, tokens=(100, 50)))
    prices = {"tiny": Price(1.0, 1.0), "large": Price(10.0, 20.0)}
    with ScriptedServer(act, models=("tiny", "large")) as server:
        gate = GateChoice(second=choice(server, "large"))
        report = run(whole(server, gate), film, tmp_path / "captions.jsonl", prices=prices)
        bodies = server.requests
    assert [body["model"] for body in bodies] == ["tiny", "tiny", "tiny", "large"]
    assert pictures(bodies[-1]) == pictures(bodies[0]) == 4
    row = one(tmp_path / "captions.jsonl")
    [text] = checked(row, "clip")
    assert (row.caption, row.status, text["by"]) == (GOOD, "ok", "second_model")
    assert text["tries"][-1]["changed"]["model"] == "large"
    costs = [tried["cost"] for tried in text["tries"]]
    assert costs == pytest.approx([7e-6, 7e-6, 7e-6, 2e-3])
    assert row.stages["clip"]["cost"] == pytest.approx(sum(costs)) == pytest.approx(report.budget.cost)
    assert report.faults.cost == pytest.approx(sum(costs[1:]))
    assert report.faults.mended["too_short", "second_model"] == 1


def test_faults_are_a_figure_by_what_became_of_them(tmp_path: Path) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(3)))
    act = by_clip([says("A dog."), says(GOOD)], [says("In this video, a cat climbs a tall tree.")], [says("A cat.")])
    with ScriptedServer(act) as server:
        made = whole(server, MEND)
        report = run(made, videos, tmp_path / "captions.jsonl")
    [figure] = [one for one in islice(figures(report, Captioner(made)), 5) if one.name == "framescribe_faults"]
    assert (figure.kind, figure.labels) == ("counter", ("check", "became"))
    asked, stripped, left = ("too_short", "asked"), ("boilerplate_opening", "stripped"), ("too_short", "left")
    assert figure.values == {asked: 1, stripped: 1, left: 1}


def test_a_model_that_the_server_refuses_for_is_replaced_by_the_second(film: list[Any], tmp_path: Path) -> None:
    act = by_model(tiny=answers(400, {"error": {"message": "flagged by our filter"}}), large=says(GOOD))
    with ScriptedServer(act, models=("tiny", "large")) as server:
        run(whole(server, GateChoice(second=choice(server, "large"))), film, tmp_path / "a.jsonl")
        assert [body["model"] for body in server.requests] == ["tiny", "tiny", "large"]
        before = len(server.requests)
        run(whole(server, MEND), film, tmp_path / "b.jsonl")
        assert len(server.requests) == before + 1  # without one it fails as ever
    assert (one(tmp_path / "a.jsonl").caption, one(tmp_path / "b.jsonl").status) == (GOOD, "failed")


def test_an_error_on_the_way_leaves_the_best_and_ends_no_run(film: list[Any], tmp_path: Path) -> None:
    refused = answers(400, {"error": {"message": "no such thing"}})
    with ScriptedServer(says("A dog."), refused, says("A brown dog."), refused) as server:
        run(whole(server, MEND), film, tmp_path / "captions.jsonl")
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.flags, row.error) == ("A dog.", ("caption_too_short",), None)
    tries = checked(row, "clip")[0]["tries"]
    assert "no such thing" in tries[1]["error"] and "error" not in tries[2]


def test_nothing_at_all_is_asked_for_again_and_fails_in_the_end(film: list[Any], tmp_path: Path) -> None:
    with ScriptedServer(says(None), says(GOOD)) as server:
        run(whole(server, MEND), film, tmp_path / "a.jsonl")
    assert (one(tmp_path / "a.jsonl").caption, one(tmp_path / "a.jsonl").status) == (GOOD, "ok")
    with ScriptedServer(says(None)) as server:
        run(whole(server, MEND), film, tmp_path / "b.jsonl")
        assert len({json.dumps(body, sort_keys=True) for body in server.requests}) == len(server.requests) == 4
    row = one(tmp_path / "b.jsonl")
    assert row.error is not None and row.error.kind == "bad_reply"
    assert row.stages["clip"]["attempts"] == 4


def takes_no_settings(text: str) -> Act:
    """Refuses every setting of how answers are drawn, one after the other; else says this."""

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if unknown := next((name for name in ("temperature", "seed", "top_p") if name in body), None):
            message = f"Unsupported parameter: '{unknown}' is not supported with this model."
            error = {"message": message, "param": unknown, "code": "unsupported_parameter"}
            return await answers(400, {"error": error})(request)
        return await says(text)(request)

    return act


def test_settings_that_the_server_does_not_take_count_as_no_change(film: list[Any], tmp_path: Path) -> None:
    with ScriptedServer(takes_no_settings(LOOP)) as server:
        run(whole(server, MEND, temperature=0.5), film, tmp_path / "captions.jsonl")
        heard = [body for body in server.requests if not {"temperature", "seed", "top_p"} & body.keys()]
    assert len({json.dumps(body, sort_keys=True) for body in heard}) == len(heard) > 1


def test_what_a_server_turns_out_not_to_take_is_no_change_afterwards(film: list[Any], tmp_path: Path) -> None:
    lost = "A dog runs along the \ufffd beach and jumps over a wave."
    with ScriptedServer(takes_no_settings(lost)) as server:
        run(whole(server, MEND, temperature=0.0), film, tmp_path / "captions.jsonl")
        heard = [body for body in server.requests if not {"temperature", "seed", "top_p"} & body.keys()]
    # It refuses the seed of the second request, which is the first one then; that is learnt once.
    assert len(heard) - len({json.dumps(body, sort_keys=True) for body in heard}) <= 1


def test_fewer_frames_are_shown_in_the_end(film: list[Any], tmp_path: Path) -> None:
    with ScriptedServer(BAD["frames"][0]) as server:
        run(whole(server, MEND), film, tmp_path / "captions.jsonl")
        assert [pictures(body) for body in server.requests] == [4, 4, 4, 2]
    assert checked(one(tmp_path / "captions.jsonl"), "clip")[0]["tries"][-1]["changed"]["fewer_frames"] is True


def test_a_long_caption_is_shortened_as_text(film: list[Any], tmp_path: Path) -> None:
    long = "A brown dog runs along the beach, past a red boat and two fishermen with nets, and jumps over a wave."
    with ScriptedServer(says(long), says(GOOD)) as server:
        run(whole(server, GateChoice(max_words=12)), film, tmp_path / "captions.jsonl")
        _, second = server.requests
    assert pictures(second) == 0 and long in text_of(second) and "12 words" in text_of(second)
    assert one(tmp_path / "captions.jsonl").caption == GOOD


def test_each_frame_has_its_own_ladder_and_the_summary_sees_what_was_mended(film: list[Any], tmp_path: Path) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" not in str(body):
            return await says(GOOD)(request)
        times = body.get("temperature", 0) or len(text_of(body)) > len(presets("frame")["default"])
        return await says("A dog stands on the wet sand of a beach." if times else "A dog.")(request)

    with ScriptedServer(act) as server:
        stage = {"model": choice(server), "decoding": Decoding()}
        stages = {name: StageChoice(prompt=presets(kind)["default"], **stage) for name, kind in KINDS.items()}  # type: ignore[arg-type]
        made = Recipe(sampling={"method": "uniform", "frames": 3}, stages=stages, decoders=1, gate=MEND)  # type: ignore[arg-type]
        run(made, film, tmp_path / "captions.jsonl")
        summary = [body for body in server.requests if "image_url" not in str(body)]
    row = one(tmp_path / "captions.jsonl")
    assert [text["frame"] for text in checked(row, "frames")] == [frame.index for frame in row.frames]
    assert row.status == "ok" and len(summary) == 1 and "A dog.\n" not in text_of(summary[0])
    assert text_of(summary[0]).count("wet sand") == 3


KINDS: dict[str, Any] = {"frames": "frame", "summary": "summary"}


# ------------------------------------------------------------------------------ rows that are there


def test_finished_rows_cost_nothing_until_they_are_rechecked(tmp_path: Path) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(4)))
    output = tmp_path / "captions.jsonl"
    fine = "Two men in orange coats lift a piano into the back of a van."
    acts = [says(GOOD), says("A dog."), says(fine), says("In this video, a white horse trots across a field.")]
    with ScriptedServer(*acts) as server:
        run(whole(server, None), videos, output)
        assert len(server.requests) == 4
    before = output.read_bytes()
    with ScriptedServer(says("A cat.")) as server:
        run(whole(server, MEND), videos, output)  # a new version, the same command: nothing is paid for
        assert (server.requests, output.read_bytes()) == ([], before)
        run(whole(server, MEND), videos, output, recheck=True)
        bodies = list(server.requests)
        assert len({json.dumps(body, sort_keys=True) for body in bodies}) == len(bodies) == 3
        assert all(text_of(body) != CLIP for body in bodies)  # what made "A dog." is not sent once more
        rows = {row.id: row for row in read_rows(output)}
        mended = [GOOD, "A dog.", fine, "A white horse trots across a field."]
        assert [row.caption for row in rows.values()] == mended

        assert [row.status for row in rows.values()] == ["ok", "flagged", "ok", "ok"]
        run(whole(server, MEND), videos, output, recheck=True)  # tried already
        assert len(server.requests) == 3
        other = MEND.model_copy(update={"limits": {"repeats": {"word_times": 9}}})
        run(whole(server, other), videos, output, recheck=True)  # another gate may try
        assert len(server.requests) == 6
        with pytest.raises(UserError, match="--gate mend"):
            run(whole(server, FLAG), videos, output, recheck=True)
    sleeps_on = "A grey dog sleeps on a doorstep in the midday sun."
    with ScriptedServer(says(sleeps_on)) as server:
        run(whole(server, GateChoice(min_words=6)), videos, output, recheck=True)
        [row] = [row for row in read_rows(output) if row.id == rows["1.avi"].id]
        assert (row.caption, row.flags, len(server.requests)) == (sleeps_on, (), 1)


def test_a_persons_words_and_locks_are_not_mended(tmp_path: Path) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(3)))
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(says("A dog.")) as server:
        run(whole(server, None), videos, output)
    say(output, "0.avi", "lock")
    say(output, "1.avi", "caption", new="Mine.")
    with ScriptedServer(says(GOOD)) as server:
        run(whole(server, MEND), videos, output, recheck=True)
        assert len(server.requests) == 1
    assert sorted(row.caption or "" for row in read_rows(output)) == [GOOD, "A dog.", "Mine."]


def test_only_the_frame_that_fails_is_asked_again(film: list[Any], tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    fine = "A dog stands on the wet sand of a beach."

    def made(server: ScriptedServer, gate: GateChoice | None) -> Recipe:
        stages = {
            name: StageChoice(model=choice(server), prompt=presets(kind)["default"]) for name, kind in KINDS.items()
        }
        return Recipe(sampling={"method": "uniform", "frames": 3}, stages=stages, decoders=1, gate=gate)  # type: ignore[arg-type]

    with ScriptedServer(says(fine), says("A dog."), says(fine), says(GOOD)) as server:
        run(made(server, None), film, output)
    with ScriptedServer(
        says("A dog sits on the wet sand of a beach."), says("A dog sits down on a long beach.")
    ) as server:
        run(made(server, MEND), film, output, recheck=True)
        assert ["image_url" in str(body) for body in server.requests] == [True, False]
    row = one(output)
    captions = [frame.caption for frame in row.frames]
    assert sorted(map(str, captions)) == ["A dog sits on the wet sand of a beach.", fine, fine]
    assert (row.caption, row.status) == ("A dog sits down on a long beach.", "ok")


def test_frames_that_never_fitted_are_halved_when_their_text_is_mended(film: list[Any], tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    too_long = answers(400, {"error": {"message": "This model's maximum context length is 512 tokens."}})
    with ScriptedServer(too_long, says("A dog.")) as server:
        run(whole(server, None), film, output)
    with ScriptedServer(too_long, says(GOOD)) as server:
        run(whole(server, MEND), film, output, recheck=True)
        assert len(server.requests) == 2 and len(str(server.requests[1])) < len(str(server.requests[0]))
    assert (one(output).caption, one(output).flags) == (GOOD, ("frame_shrunk",))


# ------------------------------------------------------------------------------ a run, and its end


def framescribe(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True, timeout=120
    )


@pytest.fixture
def four(tmp_path: Path) -> Path:
    for number in range(4):
        raw_film(tmp_path / "clips" / f"{number}.avi", 40 * number)
    return tmp_path / "clips"


def words_for(server: ScriptedServer, clips: Path, output: Path) -> tuple[object, ...]:
    how = ("--strategy", "whole-clip", "--frames", 2, "--decoders", 1, "--requests", 1)
    return ("caption", clips, "-o", output, "--base-url", server.url, "--model", "tiny", *how)


def by_clip(*acts: list[Act]) -> Act:
    """Each clip, in the order in which they come, has its own acts, the last one again and again."""
    left, known = list(acts), dict[str, list[Act]]()

    async def act(request: web.Request) -> web.StreamResponse:
        shown = str([part for part in (await request.json())["messages"][-1]["content"] if part["type"] != "text"])
        mine = known.setdefault(shown, left[0])
        if mine is left[0] and len(left) > 1:
            left.pop(0)
        return await (mine.pop(0) if len(mine) > 1 else mine[0])(request)

    return act


def numbered() -> Iterator[Act]:
    """Good captions that are all different."""
    yield says("A white horse trots across a frozen field and shakes its mane.")
    yield says("Two men in orange coats lift a piano into the back of a van.")
    yield says("Rain runs down the window of a bakery while a girl draws on the glass.")
    yield says("An old tractor pulls a cart of hay up a steep gravel road.")
    yield says("A chef slices a red onion on a wooden board and wipes the knife.")


def test_what_was_mended_stands_in_the_table_the_status_and_json(four: Path, tmp_path: Path) -> None:
    good = numbered()
    opening = says("In this video, a cat climbs a tall tree and sleeps.")
    act = by_clip([says("A dog."), next(good)], [opening], [next(good)], [says("A cat.")])
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(act) as server:
        done = framescribe(*words_for(server, four, output))
    assert done.returncode == 0, done.stderr
    assert "too_short: 2; mended: asked again 1; left: 1" in done.stdout
    assert "boilerplate_opening: 1; mended: stripped 1" in done.stdout
    assert "4 more requests, 28 tokens" in done.stdout
    told = framescribe("status", output)
    assert "checked: too_short: 2; mended: asked again 1; left: 1" in told.stdout
    found = json.loads(framescribe("status", output, "--json").stdout)["checked"]
    assert found["checks"]["too_short"] == {"before": 2, "stripped": 0, "asked": 1, "second_model": 0, "left": 1}
    assert (found["requests"], found["tokens"], found["cost"]) == (4, 28, None)


@pytest.mark.parametrize(("most", "code"), [("25%", 0), ("1", 0), ("20%", 3), ("0", 3), ("much", 2)])
def test_more_flagged_than_allowed_is_exit_code_3(most: str, code: int, four: Path, tmp_path: Path) -> None:
    good = numbered()
    with ScriptedServer(says("A dog."), *(next(good) for _ in range(3))) as server:
        done = framescribe(*words_for(server, four, tmp_path / "a.jsonl"), "--gate", "flag", "--max-flagged", most)
    assert done.returncode == code, done.stderr
    assert ("--max-flagged" in done.stderr) == (code != 0)
    assert (tmp_path / "a.jsonl").exists() == (code != 2)


def test_from_python_more_flagged_than_allowed_is_an_error_when_all_is_written(four: Path, tmp_path: Path) -> None:
    output, rows = tmp_path / "a.jsonl", list[Row]()
    good = numbered()

    def caption(most: str) -> None:
        rows.clear()
        for row in fs.run(recipe, four, output, max_flagged=most):
            rows.append(row)

    with ScriptedServer(says("A dog."), *(next(good) for _ in range(3))) as server:
        recipe = fs.Recipe(base_url=server.url, strategy="whole-clip", gate="flag", requests=1)
        with pytest.raises(fs.RunError, match="more videos are flagged than max_flagged 20% allows: 1") as raised:
            caption("20%")
        assert (len(rows), str(output) in str(raised.value)) == (4, True)
        assert len(list(fs.rows(output))) == 4
        caption("25%")
        assert rows == []


def test_a_run_that_is_killed_on_the_ladder_begins_that_video_again(four: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    good = numbered()
    acts = (next(good), says("A dog."), sleeps(60))
    with ScriptedServer(*acts) as server, running(*words_for(server, four, output)) as started:
        until(lambda: len(server.requests) == 3)
        started.send_signal(signal.SIGKILL)
        ended(started)
    with ScriptedServer(says("A dog."), *(next(good) for _ in range(4))) as server:
        done = framescribe(*words_for(server, four, output))
        assert len(server.requests) == 4
    assert done.returncode == 0, done.stderr
    rows = list(read_rows(output))
    assert [row.status for row in rows] == ["ok"] * 4 and len({row.caption for row in rows}) == 4
    [text] = [text for row in rows for text in checked(row, "clip")]
    assert [tried["text"] == "A dog." for tried in text["tries"]] == [True, False]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--check", "truncatd"), "no check is called 'truncatd'. Did you mean 'truncated'?"),
        (("--check-limit", "repeats=4"), "CHECK.MEASURE=VALUE"),
        (("--check-limit", "repeats.phrase_time=4"), "Did you mean"),
        (("--gate", "flag", "--second-model", "large"), "--gate mend"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_asked(
    words: tuple[str, ...], said: str, four: Path, tmp_path: Path
) -> None:
    with ScriptedServer() as server:
        done = framescribe(*words_for(server, four, tmp_path / "a.jsonl"), *words)
        assert server.requests == []
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_from_python_it_is_the_same(four: Path, tmp_path: Path) -> None:
    with ScriptedServer(says("A dog."), says(GOOD)) as server:
        row = fs.caption(four / "1.avi", base_url=server.url, strategy="whole-clip", frames=2)
    assert (row.caption, row.status, checked(row, "clip")[0]["by"]) == (GOOD, "ok", "asked")
    with ScriptedServer(says("A dog and a crate.")) as server:
        row = fs.caption(
            four / "1.avi", base_url=server.url, strategy="whole-clip", gate="flag", forbid="dog", min_words=6
        )
    assert set(row.flags) == {"caption_forbidden_word", "caption_too_short"}
    with ScriptedServer(says("A dog.")) as server:
        row = fs.caption(four / "1.avi", base_url=server.url, strategy="whole-clip", gate="off")
        assert (row.caption, row.flags, len(server.requests)) == ("A dog.", (), 1)
        with pytest.raises(UserError, match="check_limit"):
            fs.caption(four / "1.avi", base_url=server.url, check_limit=["repeats"])


def test_captions_that_say_the_same_are_flagged_in_the_end_and_no_longer_once_they_differ(tmp_path: Path) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(3)))
    output, good = tmp_path / "captions.jsonl", numbered()
    with ScriptedServer(says(GOOD), next(good), says(GOOD.replace("brown dog", "BROWN dog"))) as server:
        run(whole(server, FLAG), videos, output)
        asked = len(server.requests)
        rows = list(read_rows(output))
        assert [row.flags for row in rows] == [("caption_duplicate",), (), ("caption_duplicate",)]
        assert [row.status for row in rows] == ["flagged", "ok", "flagged"]
        assert [text["found"][0]["what"] for text in checked(rows[0], "clip")] == [f"as for {rows[2].id}"]
        lines = sum(path.read_bytes().count(b"\n") for path in Path(f"{output}.parts").glob("*.jsonl"))
        run(whole(server, FLAG), videos, output)  # nothing is new
        assert list(read_rows(output)) == rows and asked == len(server.requests) == 3
        assert lines == sum(path.read_bytes().count(b"\n") for path in Path(f"{output}.parts").glob("*.jsonl"))
    say(output, "2.avi", "caption", new="A white cat sleeps on a red sofa next to a lamp.")
    with ScriptedServer() as server:
        run(whole(server, MEND), videos, output, recheck=True)
        assert server.requests == []
    assert [row.status for row in read_rows(output)] == ["ok"] * 3
    assert not any("checked" in row.stages["clip"] for row in read_rows(output))


def test_of_more_videos_than_are_compared_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framescribe.runs.duplicates.MOST", 1)
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(2)))
    heard: list[str] = []
    watcher = Watcher(say=heard.append)
    with ScriptedServer(says(GOOD)) as server:
        made = whole(server, MEND)
        asyncio.run(run_job(made, videos, Results(tmp_path / "captions.jsonl"), watcher=watcher))
    assert [row.flags for row in read_rows(tmp_path / "captions.jsonl")] == [(), ()]
    assert any("among more than 1 videos, captions that say the same are not looked for" in line for line in heard)


def test_what_asking_never_helps_against_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 10 * n) for n in range(12)))
    monkeypatch.setattr("framescribe.strategies.hope.HOPELESS", 2)
    with ScriptedServer(says("A dog.")) as server:
        run(whole(server, MEND.model_copy(update={"off": ("duplicate",)})), videos, tmp_path / "captions.jsonl")
        assert len(server.requests) < 4 * 7
    assert caplog.text.count("asking again never helped against too_short (2 texts)") == 1
    rows = list(read_rows(tmp_path / "captions.jsonl"))
    assert {row.flags for row in rows} == {("caption_too_short",)}
    tried = [row for row in rows if "tries" in checked(row, "clip")[0]]
    assert len(tried) >= 2 and all(("gate" in row.stages["clip"]) == (row in tried) for row in rows)


@pytest.mark.parametrize(
    ("finish", "flags"),
    [("length", ("truncated",)), ("repetition", ("repeats",)), ("content", ("end_unknown",)), ("stop", ())],
)
def test_without_a_gate_only_the_engines_word_counts(
    finish: str, flags: tuple[str, ...], film: list[Any], tmp_path: Path
) -> None:
    with ScriptedServer(says("A dog.", finish)) as server:
        run(whole(server, None), film, tmp_path / "captions.jsonl")
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.flags) == ("A dog.", tuple(f"caption_{flag}" for flag in flags))


# ------------------------------------------------------------------------------ what makes two requests the same


def asked_with(image: Any, words: str = "What?", **decoding: Any) -> ChatRequest:
    parts = (ImagePart(image), TextPart(words))
    return ChatRequest(messages=(Message(role="user", parts=parts),), decoding=Decoding(**decoding))


def test_what_makes_two_requests_the_same() -> None:
    grey, other = np.full((4, 6, 3), 90, np.uint8), np.full((4, 6, 3), 91, np.uint8)

    def key(
        image: Any = grey, model: str = "a", unheard: tuple[str, ...] = (), words: str = "What?", **how: Any
    ) -> str:
        return ladder.sent(asked_with(image, words, **how), model).key(unheard)

    assert key() == key(grey.copy()) == key(seed=5) == key(top_p=0.3)  # greedy: neither makes a difference
    hot = key(temperature=0.5)
    apart = [key(), key(other), key(model="b"), key(words="Who?"), key(max_tokens=9), hot, key(temperature=0.5, seed=1)]
    assert len(set(apart)) == len(apart)
    assert key(temperature=0.5, unheard=("temperature", "seed")) == key(
        temperature=0.9, seed=3, unheard=("temperature", "seed")
    )
