"""Captions compared with the frames: what is wrong is taken out or written anew, what is right stays, and a model that
says yes to everything decides nothing.

A server that knows what the clip shows answers the statements, so that what is right is known for each; how well a
model answers is measured in benchmarks/verify.py.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import framescribe as fs
from framescribe.claims import Claim, split
from framescribe.claims.measured import decide
from framescribe.errors import UserError
from framescribe.records import Row, Video
from framescribe.results.rows import read_rows
from framescribe.results.verified import caption_before
from framescribe.runs.recipe import Recipe
from framescribe.strategies.neither import further
from framescribe.strategies.verify import AT_ONCE, grouped, which_in
from tests.runs import ended, running
from tests.runs_in_process import Run, found, raw_film
from tests.servers import Act, ScriptedServer, answers, says
from tests.test_wishes import text_of

TRUE = (
    "A large green circle moves from the left to the right. A small blue square is at the top, on a white background."
)
Answer = Callable[[str], str]


def knows(*truths: str) -> Answer:
    """Says yes to what these captions say, and no to everything else."""
    stated = {claim.statement for truth in truths for claim in split(truth)}
    return lambda sentence: "yes" if sentence in stated else "no"


def shows(caption: str, answer: Answer, *rewritten: str, frames: tuple[int, ...] = (1, 3)) -> Act:
    """A model that writes this caption, gives these answers to statements, and writes sentences anew like that."""
    left = list(rewritten)

    async def act(request: web.Request) -> web.StreamResponse:
        asked = text_of(await request.json())
        if "Here are statements" in asked:
            sentences = re.findall(r"^(\d+)\. (.*)$", asked, re.MULTILINE)
            made = [{"claim": int(n), "answer": answer(one), "frames": list(frames)} for n, one in sentences]
            return await says(json.dumps({"answers": made}))(request)
        if "Write the sentence anew" in asked:
            return await says(left.pop(0))(request)
        return await says(caption)(request)

    return act


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return raw_film(tmp_path / "film.avi", 90)


def run(act: Act, film: Path, output: Path, **options: Any) -> tuple[Row, list[str]]:
    """The row, and what the model was asked."""
    with ScriptedServer(act) as server:
        given = {"strategy": "whole-clip", "frames": 4, "verify": "all", **options}
        list(fs.run(fs.Recipe(base_url=server.url, decoders=1, requests=1, **given), film, output))
        [row] = read_rows(output)
        return row, [text_of(body) for body in server.requests]


def verdicts(row: Row) -> dict[str, str]:
    assert row.caption is not None
    return {row.caption[one["start"] : one["end"]]: one["verdict"] for one in row.claims}


def test_a_true_caption_stays_and_every_claim_has_its_frames(film: Path, tmp_path: Path) -> None:
    row, asked = run(shows(TRUE, knows(TRUE)), film, tmp_path / "out.jsonl")
    assert (row.caption, row.status, row.support) == (TRUE, "ok", 1.0)
    assert set(verdicts(row).values()) == {"supported"} and len(row.claims) == len(split(TRUE))
    shown = [frame.index for frame in row.frames]
    assert all(one["frames"] == [shown[0], shown[2]] and one["by"] == "asked" for one in row.claims)
    statements = [line for text in asked[1:] for line in re.findall(r"^\d+\. (.*)$", text, re.MULTILINE)]
    assert sorted(statements) == sorted({one for claim in split(TRUE) for one in (claim.statement, claim.contrast)})
    assert row.stages["verify"]["attempts"] == len(asked) - 1  # what it cost is counted with the stage
    assert "wrong" not in row.output("verify")


def test_the_frames_come_first_so_that_they_are_cached(film: Path, tmp_path: Path) -> None:
    with ScriptedServer(shows(TRUE, knows(TRUE))) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, strategy="whole-clip", frames=4, verify="all")
        list(fs.run(recipe, film, tmp_path / "out.jsonl"))
        contents = [body["messages"][-1]["content"] for body in server.requests]
    assert len(contents) > 2
    assert all(one[:-1] == contents[0][:-1] for one in contents)
    assert contents[0][0]["text"].startswith("Frame 1 (")


def test_a_wrong_colour_is_cut_and_the_caption_before_it_stays_in_the_row(film: Path, tmp_path: Path) -> None:
    wrong = TRUE.replace("green", "red")
    row, _ = run(shows(wrong, knows(TRUE, TRUE.replace("green ", ""))), film, tmp_path / "out.jsonl")
    assert row.caption == TRUE.replace("green ", "")
    assert (row.status, row.support) == ("ok", 1.0)
    [found] = row.output("verify")["wrong"]
    assert (found["statement"], found["verdict"], found["mended"]) == (
        "There is a large red circle.", "contradicted", "cut",
    )  # fmt: skip
    assert row.output("clip") == wrong == caption_before(row)


def test_a_colour_that_is_neither_the_right_one_nor_its_contrast_is_found_by_leaving_it_out(
    film: Path, tmp_path: Path
) -> None:
    """The circle is green, the caption says blue, and is asked about blue and yellow."""
    answer = knows(TRUE, TRUE.replace("green ", ""))
    row, asked = run(shows(TRUE.replace("green", "blue"), answer), film, tmp_path / "out.jsonl")
    assert (row.caption, row.support, row.flags) == (TRUE.replace("green ", ""), 1.0, ())
    [wrong] = row.output("verify")["wrong"]
    assert (wrong["statement"], wrong["mended"]) == ("There is a large blue circle.", "cut")
    [further] = [text for text in asked if "There is a large circle." in text and "There is a blue circle." in text]
    assert "There is a large blue circle." not in further


def test_a_thing_that_is_not_there_is_found_by_its_denial(film: Path, tmp_path: Path) -> None:
    plain = knows(TRUE)

    def answer(sentence: str) -> str:
        return "yes" if sentence in ("There is no small red star.", "There are no dogs.") else plain(sentence)

    caption = f"{TRUE} A small red star is at the bottom."
    row, _ = run(shows(caption, answer), film, tmp_path / "out.jsonl")
    assert (row.caption, row.support, row.flags) == (TRUE, 1.0, ())
    [wrong] = row.output("verify")["wrong"]
    assert (wrong["kind"], wrong["statement"]) == ("object", "There is a small red star.")


def test_a_denial_that_was_asked_already_is_not_asked_again() -> None:
    """In a language without rules a claim's contrast is its denial, and who denies both knows nothing."""
    claims = split("Ein Hund läuft über die Wiese.", english=False)
    said = dict.fromkeys((sentence for claim in claims for sentence in (claim.statement, claim.contrast)), "no")
    assert claims and further(claims, said) == {}


def test_a_place_that_is_neither_is_found_by_its_denial(film: Path, tmp_path: Path) -> None:
    plain, wrong = knows(TRUE), TRUE.replace("at the top", "on the left")

    def answer(sentence: str) -> str:
        return "yes" if sentence == "A small blue square is not on the left." else plain(sentence)

    row, _ = run(
        shows(wrong, answer, "A small blue square is at the top, on a white background."), film, tmp_path / "a.jsonl"
    )
    assert (row.caption, row.support, row.flags) == (TRUE, 1.0, ())


def test_articles_and_capitals_fit_what_is_left(film: Path, tmp_path: Path) -> None:
    wrong, right = "A red apple lies on a table.", "An apple lies on a table."
    row, _ = run(shows(wrong, knows("A green apple lies on a table.", right)), film, tmp_path / "out.jsonl")
    assert row.caption == right


def test_what_cannot_be_cut_is_written_anew_and_checked_again(film: Path, tmp_path: Path) -> None:
    wrong = "A man opens a red door. A dog sleeps."
    truth = ("A man closes a red door.", "A dog sleeps.")
    act = shows(wrong, knows(*truth), "A man locks a green door.", truth[0])
    row, asked = run(act, film, tmp_path / "out.jsonl")
    assert (row.caption, row.status, row.support) == (" ".join(truth), "ok", 1.0)
    assert [one["mended"] for one in row.output("verify")["wrong"]] == ["rewritten"]
    anew = [text for text in asked if "Write the sentence anew" in text]
    assert "A man opens a red door." in anew[0] and "There is a red door." not in anew[0]
    assert len(anew) == 2  # the first one said something else that is wrong


def test_what_stays_wrong_is_flagged(film: Path, tmp_path: Path) -> None:
    wrong = "A man opens a red door."
    row, _ = run(shows(wrong, knows("A man closes a red door."), wrong, wrong), film, tmp_path / "out.jsonl")
    assert (row.caption, row.flags) == (wrong, ("contradicted_claim",))
    assert verdicts(row)["opens"] == "contradicted"
    assert row.output("verify")["wrong"][0]["mended"] is None
    assert row.support == pytest.approx(1 - 1 / len(row.claims), abs=1e-4)


def test_a_model_that_says_yes_to_everything_decides_nothing(film: Path, tmp_path: Path) -> None:
    for said in ("yes", "no", "cannot tell"):
        row, _ = run(shows(TRUE, lambda sentence, said=said: said), film, tmp_path / f"{said[:2]}.jsonl")
        assert (row.caption, row.support, row.flags) == (TRUE, 0.0, ("undecided_claims",))
        assert set(verdicts(row).values()) == {"undecided"}


@pytest.mark.parametrize("said", ["I see a circle.", "{}", '{"answers": [{"claim": 1, "answer": "maybe"}]}', ""])
def test_a_model_that_cannot_answer_costs_no_caption(said: str, film: Path, tmp_path: Path) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        asked = text_of(await request.json())
        return await says(said if "statements" in asked else TRUE)(request)

    row, _ = run(act, film, tmp_path / "out.jsonl", gate="flag")
    assert row.caption == TRUE and row.error is None
    assert set(verdicts(row).values()) == {"undecided"}


def test_claims_and_contrasts_are_never_in_one_request_and_each_holds_both() -> None:
    captions = [TRUE, "A woman in a red coat walks a small dog along the beach at sunset. She then sits down."]
    for caption in captions:
        claims = split(caption)
        groups = grouped(claims)
        assert all(len(group) <= AT_ONCE for group in groups)
        where = {sentence: number for number, group in enumerate(groups) for sentence in group}
        assert all(where[claim.statement] != where[claim.contrast] for claim in claims)
        assert len(where) == sum(map(len, groups))
        statements = {claim.statement for claim in claims}
        assert all(set(group) & statements and set(group) - statements for group in groups)


def test_two_things_of_one_kind_do_not_contradict_each_other() -> None:
    caption = "A large red circle is on the left and a large green circle is on the right, on a white background."
    statements = {claim.statement for claim in split(caption)}
    assert not statements & {claim.contrast for claim in split(caption)}


def test_only_some_captions_are_verified(film: Path, tmp_path: Path) -> None:
    row, asked = run(shows(TRUE, knows(TRUE)), film, tmp_path / "some.jsonl", verify="suspicious")
    assert len(asked) == 1 and row.support is None and row.claims == []
    bad = f"The video shows {TRUE[0].lower()}{TRUE[1:]}"  # which the gate strips
    row, _ = run(shows(bad, knows(TRUE)), film, tmp_path / "mended.jsonl", verify="suspicious")
    assert row.support is not None
    for text in ("some", "0%", "101%", "5"):
        with pytest.raises(UserError, match="--verify"):
            which_in(text)


def test_asking_for_it_later_captions_nothing_again(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    before, _ = run(shows(TRUE, knows(TRUE)), film, output, verify=None)
    after, asked = run(shows("never", knows(TRUE)), film, output)
    assert all("Here are statements" in text for text in asked)
    assert after.stages["clip"] == before.stages["clip"] and after.support == 1.0
    again, asked = run(shows("never", knows(TRUE)), film, output)
    assert (again, asked) == (after, [])


def test_shorter_captions_are_made_from_what_was_verified(film: Path, tmp_path: Path) -> None:
    wrong = TRUE.replace("green", "red")
    row, _ = run(shows(wrong, knows(TRUE, TRUE.replace("green ", ""))), film, tmp_path / "out.jsonl", captions="medium")
    assert dict(row.captions) == {"medium": row.caption} and row.caption != wrong


def test_the_command_verifies_what_is_there_and_only_once(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    wrong = TRUE.replace("green", "red")
    run(shows(wrong, knows(TRUE)), film, output, verify=None)
    with ScriptedServer(shows("never", knows(TRUE, TRUE.replace("green ", "")))) as server:
        words = ("verify", output, "--base-url", server.url, "--frames", "4")
        for requests in (True, False):
            server.requests.clear()
            with running(*words) as process:
                code, said = ended(process)
            assert code == 0, said
            assert bool(server.requests) is requests, said
            [row] = read_rows(output)
            assert row.caption == TRUE.replace("green ", "")
            assert (row.support, row.output("clip")) == (1.0, wrong)


def test_a_file_that_is_another_one_now_keeps_its_row(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    before, _ = run(shows(TRUE, knows(TRUE)), film, output, verify=None)
    raw_film(film, 40)
    with (
        ScriptedServer(shows("never", knows(TRUE))) as server,
        running("verify", output, "--base-url", server.url, "--frames", "4") as process,
    ):
        code, said = ended(process)
        assert not server.requests
    assert code == 0, said
    assert "videos whose file is not the one that was captioned, their rows kept as they are: 1" in said
    [row] = read_rows(output)
    assert row == before


async def settled(url: str, videos: Sequence[Video], **options: Any) -> Recipe:
    asked = fs.Recipe(base_url=url, decoders=1, requests=1, strategy="whole-clip", frames=4, **options)
    return await asked.settled(videos, lambda line: None)


def test_a_video_that_cannot_be_reached_keeps_its_caption_and_the_next_run_tries_again(
    film: Path, tmp_path: Path
) -> None:
    output, videos, away = tmp_path / "out.jsonl", found(film), tmp_path / "away.avi"
    with ScriptedServer(shows(TRUE, knows(TRUE))) as server:
        Run(server, videos, output, asyncio.run(settled(server.url, videos)))
        verifying = asyncio.run(settled(server.url, videos, verify="all"))
        film.rename(away)
        assert Run(server, videos, output, verifying).requests == 0
        [row] = read_rows(output)
        assert (row.caption, row.status, row.flags, row.support) == (TRUE, "flagged", ("unverified",), None)
        assert len(row.frames) == 4
        away.rename(film)
        assert Run(server, found(film), output, verifying).requests > 1
        [row] = read_rows(output)
        assert (row.caption, row.status, row.flags, row.support) == (TRUE, "ok", (), 1.0)


def test_a_model_that_fails_at_it_costs_no_caption_and_the_next_run_tries_again(film: Path, tmp_path: Path) -> None:
    output, videos, there = tmp_path / "out.jsonl", found(film), shows(TRUE, knows(TRUE))
    works = False

    async def act(request: web.Request) -> web.StreamResponse:
        verifies = "Here are statements" in text_of(await request.json())
        return await (there if works or not verifies else answers(500, {"error": "broken"}))(request)

    with ScriptedServer(act) as server:
        made = asyncio.run(settled(server.url, videos, verify="all", endpoint_timeout=1))
        Run(server, videos, output, made)
        [row] = read_rows(output)
        assert (row.caption, row.status, row.flags, row.support) == (TRUE, "flagged", ("unverified",), None)
        works = True
        Run(server, videos, output, made)
        [row] = read_rows(output)
        assert (row.caption, row.status, row.support) == (TRUE, "ok", 1.0)


MOVES: Mapping[str, Any] = {"label": "pan_left", "margin": 2.5}


@pytest.mark.parametrize(
    ("statement", "moves", "maybe", "verdict"),
    [
        ("The camera pans left.", [MOVES], [], "supported"),
        ("The camera slowly pans to the right.", [MOVES], [], "contradicted"),
        ("The camera pans right.", [MOVES], [{"label": "pan_right", "margin": 0.8}], None),
        ("The camera pans right.", [{"label": "pan_left", "margin": 1.3}], [], None),
        ("The camera remains static.", [MOVES], [], "contradicted"),
        ("The camera stands still.", [{"label": "pan_left", "margin": 1.8}], [], None),
        ("The camera stands still.", [{"label": "static", "margin": 3.0}], [], "supported"),
        ("The camera stands still.", [], [], None),
        ("The camera orbits the car.", [MOVES], [], None),
        ("The camera zooms in.", [], [], None),
    ],
)
def test_the_camera_is_judged_by_its_measurement(
    statement: str, moves: list[Any], maybe: list[Any], verdict: str | None
) -> None:
    claim = Claim(kind="camera", start=0, end=1, statement=statement, contrast="")
    shot = {"start": 0, "end": 2, "moves": moves, "maybe": maybe, "confidence": 0.9}
    assert decide(claim, {"camera": {"shots": [shot]}}) == verdict
    assert decide(claim, {"camera": {"shots": [{**shot, "confidence": 0.5}]}}) is None
    assert decide(claim, {"camera": {"cannot_tell": True}}) is None
    assert decide(claim, {}) is None
