"""An answer that was cut off while the model still thought is asked for again without thinking, where that can be
told the server and nobody asked for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from framescribe.records import Row
from framescribe.results.rows import read_rows
from tests.runs_in_process import found, raw_film
from tests.servers import Act, ScriptedServer, answers, says
from tests.test_gate import FLAG, GOOD, MEND, checked, run, whole

SWITCH = {"chat_template_kwargs": {"enable_thinking": False, "thinking": False}, "reasoning_effort": "none"}
THOUGHT = says(None, finish="length", reasoning_content="First, I look at the frames one by one.")
IN_TEXT = says("<think>First, I look at the frames one by one.", finish="length")


def asked(acts: list[Act], tmp_path: Path, gate: Any = MEND, **model: Any) -> tuple[Row, list[dict[str, Any]]]:
    """The row, and what was asked: the fields that matter here, of each request."""
    with ScriptedServer(*acts, models=("tiny", "glm-4.1v-9b")) as server:
        made = whole(server, gate)
        stage = made.stages["clip"]
        choice = stage.model.model_copy(update=model)
        made = made.model_copy(update={"stages": {"clip": stage.model_copy(update={"model": choice})}})
        run(made, found(raw_film(tmp_path / "film.avi", 90)), tmp_path / "captions.jsonl")
        bodies = server.requests
    [row] = read_rows(tmp_path / "captions.jsonl")
    return row, [{name: body.get(name) for name in (*SWITCH, "max_tokens")} for body in bodies]


OFF = {**SWITCH, "max_tokens": 512}
AS_EVER: dict[str, Any] = {**dict.fromkeys(SWITCH), "max_tokens": 512}


@pytest.mark.parametrize("thought", [THOUGHT, IN_TEXT])
def test_it_is_asked_again_without_thinking(tmp_path: Path, thought: Act) -> None:
    row, bodies = asked([thought, says(GOOD)], tmp_path)
    assert (row.caption, row.status) == (GOOD, "ok")
    assert bodies == [AS_EVER, OFF]
    [text] = checked(row, "clip")
    assert (text["by"], text["before"], text["tries"][1]["changed"]) == ("asked", ["empty"], {"no_thinking": True})


def test_a_server_that_thinks_all_the_same_gets_more_tokens(tmp_path: Path) -> None:
    row, bodies = asked([THOUGHT, THOUGHT, says(GOOD)], tmp_path)
    assert row.caption == GOOD
    assert bodies == [AS_EVER, OFF, {**OFF, "max_tokens": 2048}]


def test_a_server_that_refuses_the_switch_is_asked_for_more_tokens(tmp_path: Path) -> None:
    async def act(request: Any) -> Any:
        body = await request.json()
        if names := [name for name in SWITCH if name in body]:
            return await answers(400, {"error": {"message": f"unknown field: {names[0]}"}})(request)
        return await (says(GOOD) if body["max_tokens"] > 512 else THOUGHT)(request)

    row, bodies = asked([act], tmp_path)
    assert (row.caption, row.status) == (GOOD, "ok")
    assert bodies[-1] == {**AS_EVER, "max_tokens": 2048}


@pytest.mark.parametrize(
    "model",
    [{"thinking": "on"}, {"thinking": "off"}, {"model": "glm-4.1v-9b"}],
    ids=["asked for", "off already", "always thinks"],
)
def test_elsewhere_nothing_is_switched(tmp_path: Path, model: dict[str, Any]) -> None:
    row, bodies = asked([THOUGHT, says(GOOD)], tmp_path, **model)
    assert row.caption == GOOD
    assert [body["max_tokens"] for body in bodies] == [512, 2048]
    assert all(bodies[0][name] == bodies[1][name] for name in SWITCH)


def test_an_answer_that_was_cut_off_keeps_its_thinking(tmp_path: Path) -> None:
    cut = says("A brown dog runs along the beach and jumps over a", finish="length", reasoning_content="I see a dog.")
    row, bodies = asked([cut, says(GOOD)], tmp_path)
    assert row.caption == GOOD and bodies == [AS_EVER, {**AS_EVER, "max_tokens": 2048}]


def test_without_mending_it_fails_as_ever(tmp_path: Path) -> None:
    row, bodies = asked([THOUGHT], tmp_path, FLAG)
    assert row.error is not None and "spent all its tokens on thinking" in row.error.message and bodies == [AS_EVER]
