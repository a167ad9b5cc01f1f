"""Asking a model again: it sees the right clip, what it says is kept beside the caption, and a person decides."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

from framescribe.errors import UserError
from framescribe.frames.files import fingerprint_of
from framescribe.prompts import presets
from framescribe.python.recipe import Recipe
from framescribe.records import Row
from framescribe.results.rows import Results
from framescribe.review.ask import Asker
from framescribe.review.models import Models
from framescribe.review.recipes import Wish, base_of, prompt_of
from framescribe.review.session import Change, Conflict, Locked, Session
from framescribe.sources import find_videos
from tests.review import made
from tests.runs import until
from tests.runs_in_process import raw_film
from tests.servers import Act, ScriptedServer, answers, says, sleeps

GREYS = {"a.avi": 40, "b.avi": 120, "c.avi": 200}


def films(folder: Path, greys: dict[str, int] = GREYS) -> list[Row]:
    """Clips of one shade each, and their rows."""
    rows = []
    for name, grey in greys.items():
        film = str(raw_film(folder / name, grey))
        rows.append(made.row(name, f"a {name[0]} of grey {grey}", place=film, fingerprint=fingerprint_of(film)))
    return rows


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return made.result(tmp_path / "captions.jsonl", films(tmp_path / "clips"))


@contextmanager
def asking(output: Path, server: ScriptedServer | None, **recipe: Any) -> Iterator[tuple[Session, Asker]]:
    given = Recipe(
        **{"base_url": server.url, "model": "tiny", "decoders": 1, "endpoint_timeout": 1, "gate": "off", **recipe}
        if server
        else recipe
    )
    with made.session(output) as of:
        asker = Asker(of, given, logs=output.parent / "logs")
        try:
            yield of, asker
        finally:
            asker.close()


def ended(asker: Asker, job: str) -> dict[str, Any]:
    """The job, once it is over."""
    until(lambda: told(asker, job)["state"] in ("done", "stopped", "failed"))
    return told(asker, job)


def told(asker: Asker, job: str) -> dict[str, Any]:
    return next(one for one in asker.jobs() if one["job"] == job)


def shown(request: dict[str, Any]) -> list[int]:
    """The shade of each picture of a request."""
    parts = request["messages"][-1]["content"]
    urls = [part["image_url"]["url"] for part in parts if "image_url" in part]
    pictures = [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L") for url in urls]
    return [round(float(np.asarray(picture).mean())) for picture in pictures]


def said(request: dict[str, Any]) -> str:
    parts = request["messages"][-1]["content"]
    return parts if isinstance(parts, str) else "\n".join(part["text"] for part in parts if part["type"] == "text")


def of_grey(shades: list[int], grey: int) -> bool:
    """Whether all are of this shade, but for what a video's range and a JPEG do to it."""
    return bool(shades) and all(abs(shade - grey) <= 4 for shade in shades)


def new(of: Session, name: str) -> list[dict[str, Any]]:
    return of.row(made.keys(of)[name])["new_captions"]


def test_a_criticism_goes_with_the_clip_and_its_caption_and_changes_nothing_by_itself(output: Path) -> None:
    with ScriptedServer(says("a horse, walking to the left")) as server, asking(output, server) as (of, asker):
        criticism = "It is a horse {caption}, and it walks to the left."
        done = ended(asker, asker.ask({"keys": [made.keys(of)["b.avi"]]}, criticism=criticism))
        assert (done["state"], done["total"], done["done"], done["failed"], done["error"]) == ("done", 1, 1, 0, None)
        (request,) = server.requests
        assert of_grey(shown(request), GREYS["b.avi"]) and len(shown(request)) == 4  # all that the clip has
        assert "a b of grey 120" in said(request) and criticism in said(request)
        assert "Write only the whole caption" in said(request)
        (one,) = new(of, "b.avi")
        assert (one["caption"], one["criticism"]) == ("a horse, walking to the left", criticism)
        assert (one["model"], one["frames"], one["decided"], one["old"]) == ("tiny", 4, None, "a b of grey 120")
        assert new(of, "a.avi") == []
    assert made.captions(output)["b.avi"] == "a b of grey 120"
    assert made.edits(output) == []


def test_another_prompt_model_and_number_of_frames(output: Path) -> None:
    with (
        ScriptedServer(says("grey"), models=("tiny", "huge")) as server,
        asking(output, server, strategy="whole-clip") as (of, asker),
    ):
        selection = {"keys": [made.keys(of)["c.avi"]]}
        ended(asker, asker.ask(selection, prompt="Which shade? It was: {caption}", model="huge", frames=2))
        (request,) = server.requests
        assert of_grey(shown(request), GREYS["c.avi"]) and len(shown(request)) == 2
        assert request["model"] == "huge" and "Which shade? It was: a c of grey 200" in said(request)
        (one,) = new(of, "c.avi")
        assert (one["model"], one["prompt"], one["frames"]) == ("huge", "Which shade? It was: {caption}", 2)


def test_a_criticism_is_replayed_over_others_each_with_its_own_caption(output: Path) -> None:
    with ScriptedServer(says("better")) as server, asking(output, server) as (of, asker):
        ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}, criticism="no colours"))
        ended(asker, asker.ask(made.everything(of), criticism="no colours"))
        assert len(server.requests) == 4
        for name, grey in GREYS.items():
            about = [one for one in server.requests if of_grey(shown(one), grey)]
            assert len(about) == (2 if name == "a.avi" else 1)
            assert all(f"a {name[0]} of grey {grey}" in said(one) and "no colours" in said(one) for one in about)
        assert [len(new(of, name)) for name in GREYS] == [2, 1, 1]


def test_the_results_own_strategy_and_prompts_without_a_criticism(tmp_path: Path) -> None:
    rows = films(tmp_path / "clips")
    output = tmp_path / "captions.jsonl"
    results = Results(output)
    seeing = {
        "strategy": "frames-then-summary",
        "prompt": "My frame prompt",
        "sampling": {"method": "uniform", "frames": 2},
        "max_pixels": 4096,
        "decoding": {"max_tokens": 33},
    }
    writing = {"strategy": "frames-then-summary", "prompt": "My summary of {captions}", "decoding": {"max_tokens": 33}}
    results.begin({"inputs": 3, "stages": {"frames": seeing, "summary": writing}})
    for row in rows:
        results.append(row)
    results.finish([])
    with ScriptedServer(says("grey")) as server, asking(output, server) as (of, asker):
        assert asker.available() == {
            "available": True, "why": None, "model": "tiny", "prompt": "My frame prompt", "frames": 2
        }  # fmt: skip
        ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}))
        ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}, criticism="look again"))
    criticised = server.requests.pop()  # which is answered by who sees the whole clip
    assert "look again" in said(criticised) and len(shown(criticised)) == 4
    assert [said(one) for one in server.requests] == ["My frame prompt"] * 2 + [
        "My summary of Frame 1 (0.00 s): grey\nFrame 2 (0.50 s): grey"
    ]
    assert {one["max_tokens"] for one in server.requests} == {33}


def test_taking_is_an_edit_that_says_who_wrote_it_and_can_be_undone(output: Path) -> None:
    with ScriptedServer(says("a horse")) as server, asking(output, server) as (of, asker):
        key = made.keys(of)["a.avi"]
        ended(asker, asker.ask({"keys": [key]}, criticism="a horse!"))
        (one,) = new(of, "a.avi")
        assert asker.decide(one["candidate"], "taken") == key
        assert asker.decide(one["candidate"], "taken") == key  # a second click
        assert made.captions(output)["a.avi"] == "a horse"
        (edit,) = made.edits(output)
        assert (edit.field, edit.old, edit.new, edit.who) == ("caption", "a a of grey 40", "a horse", "a person")
        assert edit.made_by and {name: edit.made_by[name] for name in ("engine", "model", "criticism")} == {
            "engine": "openai", "model": "tiny", "criticism": "a horse!"
        }  # fmt: skip
        assert [one["decided"] for one in new(of, "a.avi")] == ["taken"]
        of.undo(edit.key)
        assert made.captions(output)["a.avi"] == "a a of grey 40"
        assert [one["decided"] for one in new(of, "a.avi")] == [None]
        waiting = of.rows_of(made.everything(of, candidates="1")["list"], 0, 9)
        assert [row["id"] for row in waiting] == ["a.avi"]  # it waits again
        assert asker.decide(one["candidate"], "taken") == key
        of.edit([Change(key=key, field="caption", new="a brown horse")])
        assert [one["decided"] for one in new(of, "a.avi")] == ["taken"]
        with pytest.raises(KeyError):
            asker.decide("nothing", "taken")
        with pytest.raises(UserError, match="taken and left"):
            asker.decide(one["candidate"], "maybe")


def test_a_caption_that_changed_since_or_is_locked_is_not_overwritten(output: Path) -> None:
    with ScriptedServer(says("a horse")) as server, asking(output, server) as (of, asker):
        key = made.keys(of)["a.avi"]
        ended(asker, asker.ask({"keys": [key]}))
        (one,) = new(of, "a.avi")
        of.edit([Change(key=key, field="caption", new="my own words")])
        with pytest.raises(Conflict):
            asker.decide(one["candidate"], "taken")
        of.edit([Change(key=key, field="lock", new="yes")])
        with pytest.raises(Locked):
            asker.decide(one["candidate"], "taken", base="my own words")
        assert made.captions(output)["a.avi"] == "my own words" and new(of, "a.avi")[0]["decided"] is None
        of.edit([Change(key=key, field="lock", new=None)])
        asker.decide(one["candidate"], "taken", base="my own words")
    assert made.captions(output)["a.avi"] == "a horse"


def test_candidates_and_decisions_outlive_the_page(output: Path) -> None:
    with ScriptedServer(says("a horse")) as server, asking(output, server) as (of, asker):
        ended(asker, asker.ask(made.everything(of)))
        asker.decide(new(of, "a.avi")[0]["candidate"], "left")
        asker.decide(new(of, "b.avi")[0]["candidate"], "taken")
        before = {name: new(of, name) for name in GREYS}
    shutil.rmtree(output.parent / "cache")
    with asking(output, None) as (of, _):
        assert {name: new(of, name) for name in GREYS} == before
        assert [new(of, name)[0]["decided"] for name in GREYS] == ["left", "taken", None]
        assert [row["id"] for row in of.rows_of(made.everything(of, candidates="1")["list"], 0, 9)] == ["c.avi"]
    # Readers that know nothing of candidates find no damage, and no row of them.
    results = Results(output)
    assert (len(results), results.unreadable_lines) == (3, 0)


def test_an_answer_that_changes_nothing_needs_no_decision(output: Path) -> None:
    with ScriptedServer(says("a a of grey 40")) as server, asking(output, server) as (of, asker):
        ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}))
        (one,) = new(of, "a.avi")
        assert one["same"] and of.row(made.keys(of)["a.avi"])["candidates"] == 0


def test_locked_rows_are_never_asked_about(output: Path) -> None:
    with ScriptedServer(says("grey")) as server, asking(output, server, strategy="whole-clip") as (of, asker):
        of.edit([Change(key=made.keys(of)["b.avi"], field="lock", new="yes")])
        done = ended(asker, asker.ask(made.everything(of)))
        assert (done["total"], done["done"], done["skipped"]) == (2, 2, 1)
        assert not any(of_grey(shown(one), GREYS["b.avi"]) for one in server.requests)


def test_a_row_that_is_locked_while_a_job_runs_is_not_asked_about(tmp_path: Path) -> None:
    greys = {"first.avi": 40, **{f"{n:02}.avi": 60 for n in range(30)}, "last.avi": 200}
    output = made.result(tmp_path / "captions.jsonl", films(tmp_path / "clips", greys))
    gate = threading.Event()

    async def act(request: web.Request) -> web.StreamResponse:
        await asyncio.to_thread(gate.wait)
        return await says("grey")(request)

    with ScriptedServer(act) as server, asking(output, server, strategy="whole-clip", requests=2) as (of, asker):
        job = asker.ask(made.everything(of))
        until(lambda: len(server.requests) == 2)
        of.edit([Change(key=made.keys(of)["last.avi"], field="lock", new="yes")])
        gate.set()
        done = ended(asker, job)
        assert (done["total"], done["done"], done["skipped"]) == (31, 31, 1) and new(of, "last.avi") == []


def test_no_model_is_opened_where_all_rows_are_locked(output: Path) -> None:
    with ScriptedServer() as server:
        pass  # it is gone
    with asking(output, server) as (of, asker):
        of.edit([Change(key=key, field="lock", new="yes") for key in made.keys(of).values()])
        done = ended(asker, asker.ask(made.everything(of)))
        assert (done["state"], done["total"], done["skipped"], done["error"]) == ("done", 0, 3, None)


def by_shade(acts: dict[int, Act]) -> Act:
    """Answers by what the first picture shows."""

    async def act(request: web.Request) -> web.StreamResponse:
        pictures = shown(await request.json())
        shade = next((grey for grey in acts if of_grey(pictures, grey)), None)
        return await (says("here") if shade is None else acts[shade])(request)

    return act


def test_clips_that_cannot_be_captioned_are_counted_with_their_reason(tmp_path: Path) -> None:
    greys = {"fine.avi": 40, "refused.avi": 90, "empty.avi": 140, "broken.avi": 200, "gone.avi": 240}
    output = made.result(tmp_path / "captions.jsonl", films(tmp_path / "clips", greys))
    (tmp_path / "clips" / "gone.avi").unlink()
    server_error = answers(500, {"error": {"message": "out of memory"}})
    refusal = answers(400, {"error": {"message": "this content is not allowed"}})
    acts = {40: says("grey"), 90: refusal, 140: says("  "), 200: server_error}
    with (
        ScriptedServer(by_shade(acts)) as server,
        asking(output, server, strategy="whole-clip", requests=1) as (of, asker),
    ):
        done = ended(asker, asker.ask(made.everything(of)))
        assert (done["state"], done["done"], done["failed"], done["waiting"]) == ("done", 1, 4, 0)
        why = {one["id"]: one["error"] for one in done["faults"]}
        assert "not allowed" in why["refused.avi"] and "empty" in why["empty.avi"]
        assert "out of memory" in why["broken.avi"] and why["gone.avi"]
        assert "4 clips could not be captioned" in done["error"] and "\n" not in done["error"]
        assert [len(new(of, name)) for name in greys] == [1, 0, 0, 0, 0]


def test_an_answer_about_another_file_than_the_rows_is_none(output: Path) -> None:
    raw_film(output.parent / "clips" / "a.avi", 90)
    with ScriptedServer(says("grey")) as server, asking(output, server, strategy="whole-clip") as (of, asker):
        done = ended(asker, asker.ask(made.everything(of)))
        assert (done["done"], [one["id"] for one in done["faults"]]) == (2, ["a.avi"])
        assert "another file" in done["error"] and new(of, "a.avi") == []


def test_a_server_that_is_gone_ends_the_job_in_a_line_without_the_key(
    output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "marker-5ecret")
    with ScriptedServer() as server:
        url = server.url
    with made.session(output) as of:
        asker = Asker(of, Recipe(base_url=url, model="tiny", endpoint_timeout=0.2, decoders=1, gate="off"))
        try:
            done = ended(asker, asker.ask(made.everything(of)))
        finally:
            asker.close()
    assert done["state"] == "failed" and done["done"] == 0
    assert "marker" not in json.dumps(done) and url.removesuffix("/v1") in done["error"]
    assert made.captions(output)["a.avi"] == "a a of grey 40"


def test_a_server_that_comes_back_is_asked_again(output: Path) -> None:
    with ScriptedServer(says("one")) as server, asking(output, server, strategy="whole-clip") as (of, asker):
        selection = {"keys": [made.keys(of)["a.avi"]]}
        assert ended(asker, asker.ask(selection))["done"] == 1
        port = server.port
        server.stop()
        assert ended(asker, asker.ask(selection))["state"] == "failed"
        with ScriptedServer(says("two"), port=port):
            assert ended(asker, asker.ask(selection))["done"] == 1
        assert [one["caption"] for one in new(of, "a.avi")] == ["two", "one"]


def test_a_server_that_hangs_ends_the_job_and_no_answer_is_lost(output: Path) -> None:
    acts = {40: says("grey"), 120: sleeps(30), 200: says("grey")}
    with (
        ScriptedServer(by_shade(acts)) as server,
        asking(output, server, strategy="whole-clip", timeout=0.5) as (of, asker),
    ):
        done = ended(asker, asker.ask(made.everything(of)))
        assert done["done"] == 2 and [len(new(of, name)) for name in GREYS] == [1, 0, 1]
        assert "no answer" in (done["error"] or "") and "\n" not in done["error"]


def test_stopping_ends_after_what_is_under_way(tmp_path: Path) -> None:
    greys = {f"{n:02}.avi": 60 for n in range(30)}
    output = made.result(tmp_path / "captions.jsonl", films(tmp_path / "clips", greys))
    gate = threading.Event()

    async def act(request: web.Request) -> web.StreamResponse:
        await asyncio.to_thread(gate.wait)
        return await says("grey")(request)

    with (
        ScriptedServer(act) as server,
        asking(output, server, strategy="whole-clip", requests=2) as (of, asker),
    ):
        job = asker.ask(made.everything(of))
        until(lambda: len(server.requests) == 2)
        asker.stop(job)
        gate.set()
        done = ended(asker, job)
        assert done["state"] == "stopped" and 2 <= done["done"] < 30 and done["failed"] == 0
        assert sum(len(new(of, name)) for name in greys) == done["done"] == len(server.requests)
        with pytest.raises(KeyError):
            asker.stop("nothing")


def test_closing_keeps_what_was_under_way_and_asks_nothing_more(output: Path) -> None:
    with (
        ScriptedServer(sleeps(1, says("grey"))) as server,
        asking(output, server, strategy="whole-clip", requests=1) as (of, asker),
    ):
        job = asker.ask({"keys": [made.keys(of)["a.avi"]]})
        until(lambda: len(server.requests) == 1)
        asker.close()
        assert told(asker, job)["done"] == 1
        with pytest.raises(UserError, match="closing"):
            asker.ask(made.everything(of))
    assert [line["caption"] for line in made.lines(output, "candidate")] == ["grey"]


def test_one_clip_need_not_wait_for_a_long_job(tmp_path: Path) -> None:
    greys = {"slow.avi": 40, **{f"{n:02}.avi": 120 for n in range(60)}, "one.avi": 200}
    output = made.result(tmp_path / "captions.jsonl", films(tmp_path / "clips", greys))
    acts = {40: sleeps(0.1, says("x")), 120: sleeps(0.1, says("x")), 200: says("quick")}
    with (
        ScriptedServer(by_shade(acts)) as server,
        asking(output, server, strategy="whole-clip", requests=1) as (of, asker),
    ):
        long = asker.ask(made.everything(of, id="avi"))
        until(lambda: told(asker, long)["done"] >= 1)
        assert ended(asker, asker.ask({"keys": [made.keys(of)["one.avi"]]}))["done"] == 1
        assert told(asker, long)["state"] == "asking"


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"frames": 0}, "frames"),
        ({"frames": True}, "frames"),
        ({"frames": 1000}, "256"),
        ({"prompt": 5}, "text"),
        ({"criticism": "x" * 30_000}, "30,000 letters"),
        ({"criticism": "no", "prompt": "Write it"}, "{criticism}"),
    ],
)
def test_wishes_that_make_no_sense(wish: dict[str, Any], why: str) -> None:
    with pytest.raises(UserError, match=None) as error:
        Wish(**wish)
    assert why in str(error.value) and "\n" not in str(error.value)


def test_a_prompt_that_names_no_column_ends_the_job_in_a_line(output: Path) -> None:
    with ScriptedServer() as server, asking(output, server) as (of, asker):
        done = ended(asker, asker.ask(made.everything(of), prompt="Say {title}"))
        assert done["state"] == "failed" and "{title}" in done["error"] and not server.requests
        with pytest.raises(UserError, match="no row"):
            asker.ask({"keys": []})


def test_no_file_is_read_for_a_prompt(output: Path) -> None:
    secret = output.parent / "secret.txt"
    secret.write_text("marker-5ecret")
    with ScriptedServer(says("x")) as server, asking(output, server, strategy="whole-clip") as (of, asker):
        ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}, prompt=f"@{secret}"))
        assert "marker" not in json.dumps(server.requests) and f"@{secret}" in said(server.requests[0])


def test_a_number_of_frames_is_spread_over_the_clip_where_the_recipe_counts_none() -> None:
    made_of = Wish(frames=5).recipe(Recipe(model="x", every="2s"))
    assert (made_of.sample, made_of.frames, made_of.every) == ("uniform", 5, None)
    made_of = Wish(frames=5).recipe(Recipe(model="x", sample="scenes"))
    assert (made_of.sample, made_of.frames) == ("scenes", 5)
    assert Wish(frames=5).recipe(Recipe(model="x")).sample == "uniform"  # by default the middle frame


def test_which_model_is_asked() -> None:
    row = made.row("a", "a caption")
    with pytest.raises(UserError, match="--base-url"):  # a server whose address is nowhere
        base_of(None, {}, row)
    with pytest.raises(UserError, match="no model is known"):
        base_of(None, {}, None)
    stages = {
        "frames": {"engine": "transformers", "model": "shapes-vlm"},
        "summary": {"engine": "transformers", "model": "shapes-llm", "fills": ["caption"]},
    }
    ours = Row(id="a", video_path="a", caption="x", status="ok", provenance={"schema": 2, "stages": stages})
    found = base_of(None, {}, ours)
    assert (found.engine, found.model, found.summary_model) == ("transformers", "shapes-vlm", "shapes-llm")
    assert base_of(Recipe(model="other"), {}, ours).model == "other"
    prompt = {"strategy": "whole-clip", "prompt": "@home", "sampling": {"method": "uniform", "frames": 8}}
    noted = {"stages": {"clip": {**prompt, "max_pixels": 4096, "decoding": {"max_tokens": 99}}}}
    found = base_of(Recipe(model="other"), noted, ours)
    assert (found.strategy, found.prompt, found.frames, found.max_tokens) == ("whole-clip", " @home", 8, 99)
    found = base_of(Recipe(model="other", frames=3, prompt="mine"), noted, ours)
    assert (found.strategy, found.prompt, found.frames, found.max_tokens) == ("whole-clip", "mine", 3, 99)


def test_a_strategy_with_two_stages_that_see() -> None:
    """Each stage has its own prompt and model, whichever of them come first."""
    models = {"first": "shapes-clip", "steps": "shapes-clip", "summary": "shapes-llm"}
    stages = {name: {"engine": "transformers", "model": model} for name, model in models.items()}
    row = Row(id="a", video_path="a", caption="x", status="ok", provenance={"schema": 2, "stages": stages})
    found = base_of(None, {}, row)
    assert (found.strategy, found.model, found.summary_model) == ("sliding", "shapes-clip", "shapes-llm")
    seen = {"sampling": {"method": "uniform", "frames": 6}, "max_pixels": 4096}
    common = {"strategy": "sliding", "decoding": {"max_tokens": 99}}
    prompts = {"first": "One frame.", "steps": "@two {state}", "summary": presets("summary")["steps"]}
    noted = {
        "stages": {
            name: {**common, "prompt": prompt, **(seen if name != "summary" else {})}
            for name, prompt in prompts.items()
        }
    }
    found = base_of(None, noted, row)
    assert (found.prompt, found.step_prompt, found.summary_prompt) == ("One frame.", " @two {state}", "default")
    assert (found.strategy, found.sample, found.frames, found.max_pixels) == ("sliding", "uniform", 6, 4096)
    assert prompt_of(found) == "One frame."
    whole = Wish(criticism="It moves left.").recipe(found)
    assert (whole.strategy, whole.step_prompt, whole.frames) == ("whole-clip", "default", None)


def test_without_a_model_it_is_said_which_option_to_give(output: Path) -> None:
    with asking(output, None) as (of, asker):
        told = asker.available()
        assert told["available"] is False and "tiny" in told["why"] and "--base-url" in told["why"]
        with pytest.raises(UserError, match="--base-url"):
            asker.ask(made.everything(of))


# --- a model in this process ---


@pytest.fixture(scope="module")
def captioned(demo_clips, tmp_path_factory) -> Path:  # type: ignore[no-untyped-def]
    """Three demo clips, captioned by the built-in model that sees whole clips."""
    output = tmp_path_factory.mktemp("captioned") / "captions.jsonl"
    clips = [str(clip.path) for clip in demo_clips[:3]]
    words = [
        "caption",
        *clips,
        "-o",
        output,
        "--model",
        "shapes-vlm",
        "--strategy",
        "whole-clip",
        "--frames",
        "4",
        "-q",
    ]
    done = subprocess.run([sys.executable, "-m", "framescribe", *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return output


def test_a_model_in_this_process_is_opened_by_the_name_in_the_rows(captioned: Path, tmp_path: Path) -> None:
    output = tmp_path / "captions.jsonl"
    shutil.copytree(f"{captioned}.parts", f"{output}.parts")
    shutil.copy(captioned, output)
    before = made.captions(output)
    assert len(set(before.values())) == 3
    with asking(output, None, decoders=1) as (of, asker):
        assert asker.available()["model"] == "shapes-vlm"
        done = ended(asker, asker.ask(made.everything(of)))
        assert (done["state"], done["done"], done["error"]) == ("done", 3, None)
        # Asked the same of the same clip, it says what the run's answer was: no answer is on another clip.
        assert {name: new(of, name)[0]["caption"] for name in before} == before
        job = asker.ask(made.everything(of), criticism="it is a horse", frames=2)
        assert ended(asker, job)["done"] == 3
        assert all(
            new(of, name)[0]["criticism"] == "it is a horse" and new(of, name)[0]["frames"] == 2 for name in before
        )


def settled(**options: Any) -> Any:
    recipe = Recipe(**{"model": "shapes-vlm", "strategy": "whole-clip", "decoders": 1, **options})
    return asyncio.run(recipe.settled([], lambda line: None))


def test_models_stay_open_while_used_and_are_closed_when_idle(tmp_path: Path) -> None:
    first, second = settled(), settled(prompt="Another prompt.")

    async def main() -> None:
        models = Models(logs=tmp_path, idle=0.2)
        sweeping = asyncio.ensure_future(models.sweep())
        one, two = await models.take(first), await models.take(second)
        assert one.captioner is not two.captioner and (await models.take(first)) is one
        assert one.captioner.engines["clip"] is two.captioner.engines["clip"]  # the model is loaded once
        await asyncio.sleep(0.6)
        assert models.open == ["shapes-vlm"]
        models.give_back(one)
        models.give_back(one)
        models.give_back(two)
        await asyncio.to_thread(until, lambda: not models.open)
        assert (await models.take(first)) is not one
        sweeping.cancel()
        await models.close()
        assert models.open == []

    asyncio.run(asyncio.wait_for(main(), 60))


def test_only_one_recipes_models_are_open_on_this_machine(tmp_path: Path) -> None:
    first, second = settled(), settled(dtype="bfloat16")

    async def main() -> None:
        models = Models(logs=tmp_path, idle=60)
        one = await models.take(first)
        waiting = asyncio.ensure_future(models.take(second))
        await asyncio.sleep(0.3)
        assert not waiting.done() and len(models.open) == 1
        models.give_back(one)
        two = await waiting
        assert len(models.open) == 1 and two.captioner.recipe is second
        models.give_back(two)
        await models.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_clips_in_a_tar_are_found(tmp_path: Path) -> None:
    clips = tmp_path / "clips"
    for name, grey in GREYS.items():
        raw_film(clips / name, grey)
    shard = tmp_path / "clips-0000.tar"
    with tarfile.open(shard, "w") as tar:
        for name in GREYS:
            tar.add(clips / name, arcname=name)
    videos = find_videos([str(shard)], say=lambda line: None)
    prints = {name: fingerprint_of(str(clips / name)) for name in GREYS}
    rows = [made.row(one.id, "x", place=one.place, fingerprint=prints[Path(one.id).name]) for one in videos]
    output = made.result(tmp_path / "captions.jsonl", rows)
    with ScriptedServer(says("grey")) as server, asking(output, server, strategy="whole-clip") as (of, asker):
        key = next(key for name, key in made.keys(of).items() if name.endswith("b.avi"))
        assert ended(asker, asker.ask({"keys": [key]}))["done"] == 1
        assert of_grey(shown(server.requests[0]), GREYS["b.avi"])


# --- killed ---

KILLED = """
    import os, sys
    from pathlib import Path
    from framescribe.python.recipe import Recipe
    from framescribe.review.ask import Asker
    from framescribe.review.session import Session
    from tests.review import made
    from tests.review.test_ask import ended, new

    output, url, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

    class Dying(Session):
        def keep(self, record):
            if when == "before the decision" and record["kind"] == "decision":
                os._exit(9)
            super().keep(record)
            if when == "after the candidate":
                os._exit(9)

    of = Dying(output, cache=output.parent / "cache", who="a person")
    of.open()
    assert of.ready(60)
    asker = Asker(of, Recipe(base_url=url, model="tiny", strategy="whole-clip", decoders=1, gate="off"))
    ended(asker, asker.ask({"keys": [made.keys(of)["a.avi"]]}))
    asker.decide(new(of, "a.avi")[0]["candidate"], "taken")
"""


@pytest.mark.parametrize("when", ["after the candidate", "before the decision"])
def test_killed_between_an_answer_and_its_decision_nothing_is_lost_or_done_twice(when: str, output: Path) -> None:
    with ScriptedServer(says("a horse")) as server:
        code = [sys.executable, "-c", textwrap.dedent(KILLED), str(output), server.url, when]
        assert subprocess.run(code, timeout=120, env={**os.environ}).returncode == 9
    with asking(output, None) as (of, asker):
        (one,) = new(of, "a.avi")
        taken = when == "before the decision"
        assert (one["caption"], one["decided"]) == ("a horse", "taken" if taken else None)
        assert made.captions(output)["a.avi"] == ("a horse" if taken else "a a of grey 40")
        asker.decide(one["candidate"], "taken")
        assert made.captions(output)["a.avi"] == "a horse" and len(made.edits(output)) == 1
        assert [one["decided"] for one in new(of, "a.avi")] == ["taken"]
    assert len(made.lines(output, "candidate")) == 1 and len(made.lines(output, "decision")) == 1
