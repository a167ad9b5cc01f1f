"""A clip as one JSON object: asked for by its schema, read however it comes, asked for again where it cannot be read,
checked text by text, and the caption is written from what is known. Servers that play a part are for faults, and for
what exactly is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from framescribe.engines.base import Decoding
from framescribe.engines.choice import ModelChoice
from framescribe.prompts import presets
from framescribe.results.plan import Again
from framescribe.results.rows import Results, read_rows
from framescribe.runs.gate import GateChoice
from framescribe.runs.job import RunOptions, run_job
from framescribe.runs.recipe import Recipe, StageChoice
from framescribe.runs.report import Report
from framescribe.strategies.structured import FORM, told
from tests.runs_in_process import found, raw_film
from tests.servers import Act, ScriptedServer, answers, says

MEND = GateChoice(mode="mend")
CLIP, SUMMARY = presets("clip")["structured"], presets("summary")["structured"]
GOOD = "A brown dog runs along the beach and jumps over a wave."
DOG = {
    "subjects": [{"what": "dog", "appearance": "brown, wet", "action": "runs and jumps", "place": "at the left"}],
    "setting": "a beach under a cloudy sky",
    "light": "soft daylight",
    "style": "photographed",
    "actions": ["The dog runs along the beach.", "The dog jumps over a wave."],
    "shot_size": "wide shot",
    "angle": "level",
    "height": "not sure",
    "camera": {"movement": "static", "direction": "none", "speed": "none"},
    "text": ["SURF CLUB"],
}
WHOLE = json.dumps(DOG)


@pytest.fixture
def film(tmp_path: Path) -> list[Any]:
    return found(raw_film(tmp_path / "film.avi", 90))


def recipe(server: ScriptedServer, gate: GateChoice | None = MEND, frames: int = 4, **decoding: Any) -> Recipe:
    model = ModelChoice(engine="openai", model="tiny", base_urls=(server.url,), requests=1)
    stages = {
        "structure": StageChoice(model=model, prompt=CLIP, decoding=Decoding(**decoding)),
        "summary": StageChoice(model=model, prompt=SUMMARY, decoding=Decoding(**decoding)),
    }
    sampling = {"method": "uniform", "frames": frames}
    return Recipe(strategy="structured", sampling=sampling, stages=stages, decoders=1, gate=gate)  # type: ignore[arg-type]


def run(made: Recipe, videos: list[Any], output: Path, *, recheck: bool = False) -> Report:
    options = RunOptions(again=Again(recheck=recheck))
    return asyncio.run(run_job(made, videos, Results(output), options=options))


def one(output: Path) -> Any:
    [row] = read_rows(output)
    return row


def text_of(body: Mapping[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def asks_for_form(body: Mapping[str, Any]) -> bool:
    return "image_url" in str(body)


def by_stage(*acts: Act) -> Act:
    """These for the structure, one after the other, the last one again and again; a good caption for the rest."""
    left = list(acts)

    async def act(request: web.Request) -> web.StreamResponse:
        if not asks_for_form(await request.json()):
            return await says(GOOD)(request)
        return await (left.pop(0) if len(left) > 1 else left[0])(request)

    return act


def test_all_frames_and_the_schema_go_in_one_request_and_the_caption_is_written_from_what_is_known(
    film: list[Any], tmp_path: Path
) -> None:
    with ScriptedServer(says(WHOLE), says(GOOD)) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        seen, summed = server.requests
    assert seen["response_format"]["json_schema"]["schema"] == FORM.schema
    assert "response_format" not in summed
    texts = [part["text"] for part in seen["messages"][0]["content"] if part["type"] == "text"]
    assert texts == [f"Frame {n + 1} ({n / 4:.2f} s):" for n in range(4)] + [CLIP]
    known = {name: value for name, value in DOG.items() if name not in ("height", "camera")}
    known["camera"] = {"movement": "static"}
    assert json.loads(text_of(summed).split("\n\n")[1]) == known
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.status, [frame.caption for frame in row.frames]) == (GOOD, "ok", [None] * 4)
    assert row.stages["structure"]["output"] == DOG
    assert "checked" not in row.stages["structure"]


def test_what_is_empty_or_not_sure_is_not_told() -> None:
    unknown = {"movement": "pan", "direction": "not sure", "speed": "none"}
    assert told({**DOG, "light": "", "text": [], "camera": unknown}) == {
        **{name: value for name, value in DOG.items() if name not in ("height", "light", "text")},
        "camera": {"movement": "pan"},
    }


BAD = {
    "prose": (says("A brown dog runs along the beach."), "there is no JSON object"),
    "other": (says(json.dumps({**DOG, "angle": "from above"})), 'angle is "from above", which is not in its list'),
    "cut off": (says(WHOLE[:200], "length"), "it was cut off"),
    "loop": (says('{"subjects": [' + " " * 500, "length"), "it was cut off"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("heat", [0.0, 0.7])
def test_what_cannot_be_read_is_asked_for_again_each_time_differently_and_counted(
    name: str, heat: float, film: list[Any], tmp_path: Path
) -> None:
    act, why = BAD[name]
    with ScriptedServer(by_stage(act, act, says(f"```json\n{WHOLE}\n```"))) as server:
        report = run(recipe(server, temperature=heat, seed=4), film, tmp_path / "captions.jsonl")
        asked = [body for body in server.requests if asks_for_form(body)]
    assert len({json.dumps(body, sort_keys=True) for body in asked}) == len(asked) == 3
    if BAD[name][1] == "it was cut off":
        assert asked[1]["max_tokens"] == 4 * asked[0]["max_tokens"]
    else:
        assert (
            text_of(asked[1])
            == f"{CLIP}\n\nThe last answer could not be used: {why}. Answer with the JSON object only."
        )
    row = one(tmp_path / "captions.jsonl")
    assert (row.status, row.stages["structure"]["output"]) == ("ok", DOG)
    [text] = row.stages["structure"]["checked"]
    assert (text["text"], text["before"], text["by"]) == ("structure", ["malformed"], "asked")
    assert [tried["found"] for tried in text["tries"]] == [["malformed"], ["malformed"], []]
    assert (row.stages["structure"]["attempts"], report.budget.requests, report.faults.requests) == (3, 4, 2)
    assert report.faults.mended["malformed", "asked"] == 1


def test_what_stays_malformed_is_repaired_and_flagged(film: list[Any], tmp_path: Path) -> None:
    with ScriptedServer(by_stage(says(WHOLE[:200], "length"))) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        assert len([body for body in server.requests if asks_for_form(body)]) == 4
    row = one(tmp_path / "captions.jsonl")
    assert (row.caption, row.flags) == (GOOD, ("structure_malformed",))
    value = row.stages["structure"]["output"]
    assert (value["subjects"], value["angle"], value["text"]) == (DOG["subjects"], "not sure", [])
    assert FORM.read(json.dumps(value)) == value
    [text] = row.stages["structure"]["checked"]
    assert (text["raw"], text["found"][0]["what"]) == (WHOLE[:200], "it was cut off")
    assert row.stages["structure"]["gate"]


def test_what_cannot_be_read_at_all_fails_the_video(film: list[Any], tmp_path: Path) -> None:
    for name, gate, asked in (("a", MEND, 4), ("b", None, 1), ("c", GateChoice(mode="flag"), 1)):
        with ScriptedServer(says("A brown dog runs along the beach.")) as server:
            run(recipe(server, gate), film, tmp_path / f"{name}.jsonl")
            assert len(server.requests) == asked
        row = one(tmp_path / f"{name}.jsonl")
        assert (row.error.stage, row.error.kind) == ("structure", "bad_reply")
        assert "is not the JSON that was asked for: there is no JSON object" in row.error.message


def test_a_form_in_which_nothing_is_filled_in_is_no_caption(film: list[Any], tmp_path: Path) -> None:
    unsure = dict.fromkeys(("movement", "direction", "speed"), "not sure")
    nothing = {name: [] if isinstance(value, list) else "not sure" for name, value in DOG.items()} | {"camera": unsure}
    with ScriptedServer(says(json.dumps(nothing))) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        assert len(server.requests) == 1
    assert "says nothing" in one(tmp_path / "captions.jsonl").error.message


def test_a_refusal_in_its_place_is_answered_as_a_refusal(film: list[Any], tmp_path: Path) -> None:
    with ScriptedServer(by_stage(says("I'm sorry, but I can't help with that."), says(WHOLE))) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        again = text_of(server.requests[1])
    assert "No person has to be identified" in again and again.endswith("Answer with the JSON object only.")
    assert one(tmp_path / "captions.jsonl").status == "ok"


def test_without_a_gate_it_is_one_request_repaired_and_can_be_mended_later(film: list[Any], tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    with ScriptedServer(by_stage(says(WHOLE[:200], "length"))) as server:
        run(recipe(server, None), film, output)
        assert len(server.requests) == 2
    assert one(output).flags == ("structure_malformed",)
    with ScriptedServer(by_stage(says(WHOLE))) as server:
        run(recipe(server), film, output, recheck=True)
        assert ["image_url" in str(body) for body in server.requests] == [True, False]
    assert (one(output).status, one(output).stages["structure"]["output"]) == ("ok", DOG)


def test_each_text_in_it_is_checked_by_itself_and_mended_in_its_place(film: list[Any], tmp_path: Path) -> None:
    noisy = {
        **DOG,
        "setting": "a **sandy** beach under a cloudy sky, with no other people around",
        "light": "No visible light.",
        "style": "not sure",
    }
    with ScriptedServer(by_stage(says(json.dumps(noisy)))) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        assert len(server.requests) == 2
    row = one(tmp_path / "captions.jsonl")
    assert row.stages["structure"]["output"] == {**noisy, "setting": "a sandy beach under a cloudy sky", "light": ""}
    [text] = row.stages["structure"]["checked"]
    assert (text["by"], set(text["before"])) == ("stripped", {"markup", "negation_filler"})
    assert json.loads(text["raw"]) == noisy


def test_what_cannot_be_stripped_is_asked_for_again_with_the_words_at_fault(film: list[Any], tmp_path: Path) -> None:
    actions = ["The dog runs.", "In the final frame the dog sleeps on a blanket."]
    noisy = json.dumps({**DOG, "actions": actions})
    with ScriptedServer(by_stage(says(noisy))) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
        again = text_of(server.requests[1])
    row = one(tmp_path / "captions.jsonl")
    assert row.flags == ("structure_frame_talk",)
    [found_in] = row.stages["structure"]["checked"][0]["found"]
    assert found_in["field"] == "actions[1]"
    words = actions[1][found_in["start"] : found_in["end"]]
    assert "final frame" in words and f"“{words.strip()}”" in again


def test_a_changed_limit_asks_again_only_for_what_fails_now(tmp_path: Path) -> None:
    videos = found(*(raw_film(tmp_path / "clips" / f"{n}.avi", 40 * n) for n in range(2)))
    output = tmp_path / "captions.jsonl"
    talk = json.dumps({**DOG, "actions": ["In the final frame the dog sleeps on a blanket."]})
    off = GateChoice(off=("frame_talk", "duplicate"))
    on = GateChoice(off=("duplicate",))
    with ScriptedServer(by_stage(says(WHOLE), says(talk))) as server:
        run(recipe(server, off), videos, output)
        assert len(server.requests) == 4
        run(recipe(server, off), videos, output, recheck=True)
        assert len(server.requests) == 4
    with ScriptedServer(by_stage(says(WHOLE))) as server:
        run(recipe(server, on), videos, output, recheck=True)
        assert [asks_for_form(body) for body in server.requests] == [True, False]
        assert text_of(server.requests[0]) != CLIP  # what made it is not sent once more
    assert [row.stages["structure"]["output"] for row in read_rows(output)] == [DOG, DOG]


def test_an_answer_without_the_schema_is_not_lost(film: list[Any], tmp_path: Path) -> None:
    async def picky(request: web.Request) -> web.StreamResponse:
        if "response_format" in await request.json():
            error = {"message": "response_format json_schema is not supported", "param": "response_format"}
            return await answers(400, {"error": error})(request)
        return await by_stage(says(f"Sure!\n```json\n{WHOLE}\n```"))(request)

    with ScriptedServer(picky) as server:
        run(recipe(server), film, tmp_path / "captions.jsonl")
    row = one(tmp_path / "captions.jsonl")
    assert (row.status, row.caption, row.stages["structure"]["output"]) == ("ok", GOOD, DOG)
    assert row.stages["structure"]["left_out"] == ["response_format"]


def test_a_model_in_this_process_that_was_never_taught_it_is_asked_differently_and_fails(
    demo_clips: Any, tmp_path: Path
) -> None:
    """No schema is sent to it, which it would refuse: what it says is checked all the same."""
    model = ModelChoice(engine="transformers", model="shapes-vlm", device="cpu")
    stages = {
        name: StageChoice(model=model, prompt=prompt, decoding=Decoding(max_tokens=24))
        for name, prompt in (("structure", CLIP), ("summary", SUMMARY))
    }
    sampling = {"method": "uniform", "frames": 2}
    made = Recipe(strategy="structured", sampling=sampling, stages=stages, decoders=1, gate=MEND)  # type: ignore[arg-type]
    report = run(made, found(demo_clips[0].path), tmp_path / "captions.jsonl")
    row = one(tmp_path / "captions.jsonl")
    assert row.error.kind == "bad_reply" and "is not the JSON that was asked for" in row.error.message
    assert row.stages["structure"]["attempts"] == report.budget.requests == 4
