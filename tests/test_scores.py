"""Scores: every figure is worked out by hand, what a judge answers is counted as it should be, and no answer is
paid for twice."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import framescribe as fs
from framescribe.errors import UserError
from framescribe.records import Row, caption_hash
from framescribe.scoring.base import Candidate
from framescribe.scoring.judge import prompts_in
from framescribe.scoring.references import candidates_in, references_in
from framescribe.scoring.scores import Score, score
from tests.review import made
from tests.runs import ended, running
from tests.servers import Act, ScriptedServer, says
from tests.test_wishes import text_of


def row(name: str, caption: str | None, **stages: Mapping[str, Any]) -> Row:
    one = made.row(name, caption)
    return replace(one, provenance={**one.provenance, "stages": {**one.stages, **stages}})


def verified(caption: str, *verdicts: str) -> dict[str, Any]:
    claims = [
        {"kind": "object", "start": 0, "end": 1, "statement": "x", "verdict": one, "by": "asked"} for one in verdicts
    ]
    return {
        "output": {
            "about": caption_hash(caption),
            "support": verdicts.count("supported") / len(verdicts),
            "claims": claims,
        }
    }


def camera(*labels: str, margin: float = 3.0) -> dict[str, Any]:
    shot = {"confidence": 0.9, "moves": [{"label": label, "margin": margin} for label in labels], "maybe": []}
    return {"output": {"camera": {"shots": [shot], "said": ", ".join(labels)}}}


def scored_alone(ones: list[Candidate]) -> Score:
    return asyncio.run(score(ones))


def of(*rows: Row) -> Score:
    return scored_alone([Candidate(id=one.id, text=one.caption or "", row=one) for one in rows])


def values(of: Score, metric: str) -> dict[str, float]:
    return {one.name: round(one.value, 4) for one in of.figures if one.metric == metric}


# ------------------------------------------------------------------------------------------------ without a model


def test_support_is_that_of_verified_captions_alone() -> None:
    found = of(
        row("a", "one", verify=verified("one", "supported", "supported", "contradicted", "undecided")),
        row("b", "two", verify=verified("two", "supported")),
        row("c", "three"),
        row("d", "four", verify=verified("what it was before", "contradicted")),
    )
    assert values(found, "support") == {"supported": 0.75, "contradicted": 0.2, "undecided": 0.2}
    [figure] = [one for one in found.figures if one.name == "supported"]
    assert (figure.of, figure.unit) == (2, "clips")


def test_clips_without_a_caption_and_flags_are_counted_with_wilsons_interval() -> None:
    flagged = replace(row("b", "two"), status="flagged", flags=("caption_repeats",))
    found = of(row("a", "one"), flagged, row("c", None), *(row(f"{n}", "x") for n in range(17)))
    assert values(found, "flags") == {"without a caption": 0.05, "flagged": 0.05}
    [figure] = [one for one in found.figures if one.name == "flagged"]
    assert figure.low == pytest.approx(0.0089, abs=1e-4) and figure.high == pytest.approx(0.2361, abs=1e-4)
    assert [chart.bars for chart in found.charts if chart.title == "Flags"] == [(("caption_repeats", 1),)]


def test_a_table_has_no_flags_that_could_be_none_of_all() -> None:
    found = scored_alone([Candidate(id="a", text="one two"), Candidate(id="b", text="")])
    assert values(found, "flags") == {"without a caption": 0.5}


def test_lengths_and_words() -> None:
    found = of(row("a", "A dog runs."), row("b", "A dog runs and a dog sits."), row("c", None))
    assert values(found, "lengths") == {"words": 5.0, "shortest": 3, "median": 5, "longest": 7}
    # a dog | dog runs | a dog | dog runs | runs and | and a | a dog | dog sits: 5 of 8
    assert values(found, "vocabulary") == {"different words": 5, "distinct-2": 0.625}
    assert [chart.bars for chart in found.charts if "Words" in chart.title] == [(("0 to 9", 2.0),)]


def test_captions_that_say_the_same_are_counted_on_both_clips() -> None:
    same = "A small white dog runs over a green meadow towards the camera."
    found = of(
        row("a", same), row("b", same.upper()), row("c", "Rain falls on a grey street at night."), row("d", None)
    )
    assert values(found, "duplicates") == {"with a twin": 0.6667}


def test_camera_movements_are_even_or_not() -> None:
    found = of(
        row("a", "x", measure=camera("static")),
        row("b", "x", measure=camera("pan_left")),
        row("c", "x", measure=camera("pan_left")),
        row("d", "x", measure=camera("zoom_in", "pan_left")),
        row("e", "x"),
    )
    # pan_left three times, zoom_in once: 0.8113 bits of one
    assert values(found, "camera") == {"static": 0.25, "evenness of movements": 0.8113}


def test_captions_agree_with_what_was_measured_or_do_not() -> None:
    found = of(
        row("a", "The camera pans left over a town.", measure=camera("pan_left")),
        row("b", "The camera pans left over a town.", measure=camera("pan_right")),
        row("c", "A town by the sea.", measure=camera("pan_right")),
        row("d", "The camera pans left over a town."),
    )
    assert values(found, "measured") == {"contradicting": 0.3333, "right": 0.5}


# -------------------------------------------------------------------------------------------------- with a judge

TRUE = {
    "a.mp4": "A dog runs. A boy drops a cup. Rain falls.",
    "b.mp4": "A car stops.",
    "c.mp4": "A man sings.",
}
SAID = {"a.mp4": "A dog runs. A cat sleeps.", "b.mp4": "A car stops.", "c.mp4": None}
ASKED = {
    "a.mp4": [
        ("Who runs?", "a dog"),
        ("Who sleeps?", "nobody"),
        ("What falls?", "rain"),
        ("What is dropped?", "a cup"),
    ],
    "b.mp4": [("What stops?", "a car")],
    "c.mp4": [("Who sings?", "a man")],
}
GIVEN = {"Who runs?": "dog", "Who sleeps?": "a cat", "What falls?": "Not stated.", "What is dropped?": "not stated"}
GRADES = {"dog": "right", "a cat": "wrong", "a car": "right"}


def by_rule(text: str) -> dict[str, Any]:
    """What a judge answers that goes by sentences: to each of the five prompts."""
    listed = re.findall(r"^(\d+)\. (.*)$", text, re.MULTILINE)
    told = text.partition("\n\n")[2].partition("\n\n")[0]
    if "List the events" in text:
        return {"events": re.findall(r"[^.]+\.", told)}
    if "Compare each statement" in text:
        return {number: "entailment" if one in told else "neutral" for number, one in listed}
    if "Answer each from" in text:
        return {number: GIVEN.get(one, "a car") for number, one in listed}
    given = [(number, one.partition("Given answer: ")[2]) for number, one in listed]
    return {number: GRADES[one] for number, one in given}


def judge(answer: Callable[[str], Any] = by_rule) -> Act:
    async def act(request: web.Request) -> web.StreamResponse:
        return await says(json.dumps(answer(text_of(await request.json()))))(request)

    return act


@pytest.fixture
def captions(tmp_path: Path) -> Path:
    return made.result(tmp_path / "captions.jsonl", SAID)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    lines = [
        {"id": name, "caption": text, "questions": [{"question": q, "answer": a} for q, a in ASKED[name]]}
        for name, text in TRUE.items()
    ]
    path = tmp_path / "truth.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def asked_of(server: ScriptedServer) -> int:
    """How often it was asked to judge; whether it is there is no such question."""
    return sum("one JSON object" in text_of(body) or "by the list alone" in text_of(body) for body in server.requests)


def scored(act: Act, captions: Path, truth: Path, **more: Any) -> tuple[Score, int]:
    """The score, and how many requests it took."""
    with ScriptedServer(act) as server:
        found = fs.score(captions, truth, judge=fs.Recipe(base_url=server.url, model="tiny"), **more)
        return found, asked_of(server)


def test_events_are_those_of_autodq_and_a_clip_without_a_caption_recalls_nothing(captions: Path, truth: Path) -> None:
    found, _ = scored(judge(), captions, truth)
    # recall: 1 of 3, 1 of 1, 0 of 1; precision: 1 of 2, 1 of 1
    assert values(found, "events") == {"precision": 0.75, "recall": 0.4444, "F1": 0.5581, "contradicted": 0.0}
    assert {one.name: one.of for one in found.figures if one.metric == "events"}["recall"] == 3
    assert found.clip_figures["a.mp4"]["events"]["F1"] == pytest.approx(0.4)
    told = found.clip_figures["a.mp4"]["events"]["told"]["of the caption"]
    assert told == [{"event": "A dog runs.", "is": "entailment"}, {"event": "A cat sleeps.", "is": "neutral"}]


def test_questions_are_graded_as_in_vidcapbench(captions: Path, truth: Path) -> None:
    found, _ = scored(judge(), captions, truth)
    # of six: two right (a, b), one wrong (a), three that nothing was said about (a, a, c)
    assert values(found, "questions") == {"accuracy": 0.3333, "coverage": 0.5, "precision": 0.6667}


def test_no_answer_is_paid_for_twice_and_a_new_caption_is_asked_about_alone(captions: Path, truth: Path) -> None:
    first, requests = scored(judge(), captions, truth)
    # Of b, whose caption is its reference, the events and the relations to each other are asked for once.
    assert (first.requests, first.kept, requests) == (11, 2, 11)
    again, none = scored(judge(), captions, truth)
    assert (none, again.requests, again.kept) == (0, 0, 13)
    assert again.figures == first.figures
    with Path(f"{captions}.judged.jsonl").open("a") as file:
        file.write('{"key": "torn')
    made.result(captions.with_name("other.jsonl"), {**SAID, "b.mp4": "A bus stops. A car stops."})
    kept = f"{captions}.judged.jsonl"
    other, few = scored(judge(), captions.with_name("other.jsonl"), truth, judgements=kept)
    assert few == 4  # its events, both relations and its answers; the answer itself was graded before
    assert values(other, "events")["recall"] == 0.4444
    assert scored(judge(), captions.with_name("other.jsonl"), truth, judgements=kept)[1] == 0


def test_what_was_answered_depends_on_the_judge_and_on_its_prompt(captions: Path, truth: Path) -> None:
    _, requests = scored(judge(), captions, truth)
    with ScriptedServer(judge()) as server:
        fs.score(captions, truth, judge=fs.Recipe(base_url=server.url, model="another"))
        assert asked_of(server) == requests
    grades = "List:\n{list}\n\nGrade by the list alone."
    found, few = scored(judge(), captions, truth, prompts={"grades": grades})
    assert few == 2 and values(found, "questions")["accuracy"] == 0.3333


def test_a_judge_that_answers_nonsense_costs_its_figures_and_is_told(captions: Path, truth: Path) -> None:
    found, requests = scored(says("I like it very much."), captions, truth)
    assert requests and not values(found, "events")
    assert {one.of for one in found.figures if one.metric == "questions"} == {1}  # that of the clip without a caption
    assert set(found.failed) == set(TRUE) and "JSON" in found.failed["a.mp4"]
    assert values(found, "lengths")  # what needs no judge is there
    assert not Path(f"{captions}.judged.jsonl").exists()


def test_a_verdict_that_is_left_out_is_asked_for_again(captions: Path, truth: Path) -> None:
    asked: list[str] = []

    def answer(text: str) -> Any:
        asked.append(text)
        whole = by_rule(text)
        if "Compare each statement" in text and len(whole) > 1 and asked.count(text) == 1:
            del whole["2"]
        return whole

    found, _ = scored(judge(answer), captions, truth)
    assert not found.failed
    assert values(found, "events") == {"precision": 0.75, "recall": 0.4444, "F1": 0.5581, "contradicted": 0.0}


def test_a_reference_without_events_says_nothing_of_recall(tmp_path: Path) -> None:
    captions = made.result(tmp_path / "captions.jsonl", {"a.mp4": "A dog runs.", "b.mp4": "A car stops."})
    truth = tmp_path / "truth.jsonl"
    lines = [
        {"id": "a.mp4", "caption": "A house.", "events": [], "questions": []},
        {"id": "b.mp4", "caption": "A car stops.", "events": ["A car stops."], "questions": []},
    ]
    truth.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found, _ = scored(judge(), captions, truth)
    assert values(found, "events")["recall"] == 1.0 and values(found, "events")["precision"] == 0.5
    assert {one.name: one.of for one in found.figures if one.metric == "events"}["recall"] == 1


def test_a_budget_ends_it_and_the_next_command_goes_on(captions: Path, truth: Path) -> None:
    with (
        ScriptedServer(judge()) as server,
        running(
            *("score", captions, "--against", truth, "--base-url", server.url, "--model", "tiny"),
            *("--max-requests", 10, "--requests", 1, "--json"),
        ) as run,
    ):
        code, said = ended(run)
        assert code == 1, said
        assert "--max-requests 10 is reached" in said
    found, _ = scored(judge(), captions, truth)
    assert found.judged == 3 and found.kept > 0


# ------------------------------------------------------------------------------------------------ whose reference


def test_references_are_found_by_id_by_file_and_by_name(tmp_path: Path) -> None:
    captions = made.result(tmp_path / "captions.jsonl", SAID)
    ones = candidates_in(str(captions))

    def found(source: Path) -> dict[str, str]:
        references = references_in(str(source))
        return {one.id: reference.text for one in ones if (reference := references.of(one))}

    ids = tmp_path / "ids.csv"
    ids.write_text("id,caption\na.mp4,A dog.\nz.mp4,A cat.\n")
    assert found(ids) == {"a.mp4": "A dog."}
    assert references_in(str(ids)).unused() == ["a.mp4", "z.mp4"]
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "b.txt").write_text("A car.")
    assert found(texts) == {"b.mp4": "A car."}
    listed = tmp_path / "metadata.jsonl"
    listed.write_text(json.dumps({"video_path": "/clips/c.mp4", "caption": "A man."}) + "\n")
    assert found(listed) == {"c.mp4": "A man."}
    assert found(made.result(tmp_path / "other.jsonl", {"a.mp4": "A fox."})) == {"a.mp4": "A fox."}


@pytest.mark.parametrize("value", [{"what": 1}, ["who?"], [{"question": "who?"}]])
def test_questions_in_no_known_form_are_refused_with_their_place(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps({"id": "a.mp4", "caption": "A dog.", "questions": value}) + "\n")
    with pytest.raises(UserError, match=r"truth\.jsonl, a\.mp4: questions"):
        references_in(str(path))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"event": "x"}, "no judge's prompt called 'event'"),
        ({"events": "List the events."}, "does not say where {text} stands"),
        ({"events": "{text} {title}"}, "names {title}"),
    ],
)
def test_a_prompt_that_cannot_work_is_refused(given: dict[str, str], words: str) -> None:
    with pytest.raises(UserError, match=re.escape(words)):
        prompts_in(given)


def test_references_need_a_judge_and_a_judge_needs_references(captions: Path, truth: Path) -> None:
    with pytest.raises(UserError, match="name it with model or base_url"):
        fs.score(captions, truth)
    with pytest.raises(UserError, match="name them with against"):
        fs.score(captions, judge=fs.Recipe(model="tiny"))


# ------------------------------------------------------------------------------------------------ the command


def test_the_command_shows_figures_and_writes_a_page_that_asks_nobody(
    captions: Path, truth: Path, tmp_path: Path
) -> None:
    page = tmp_path / "score.html"
    with (
        ScriptedServer(judge()) as server,
        running(
            *("score", captions, "--against", truth, "--base-url", server.url, "--model", "tiny", "-o", page)
        ) as run,
    ):
        code, said = ended(run)
    assert code == 0, said
    assert re.search(r"events +precision +0\.750", said) and "3 judged by tiny" in said
    written = page.read_text()
    assert "default-src 'none'" in written and "0.750" in written and "a.mp4" in written
    assert not re.search(r"(?:src|href)=|https?://|<script", written)


def test_json_holds_every_figure(captions: Path) -> None:
    with running("score", captions, "--json") as run:
        code, said = ended(run)
    assert code == 0, said
    found = json.loads(said[said.index("{") :])
    assert {one["metric"] for one in found["figures"]} == {"flags", "lengths", "vocabulary", "duplicates"}
