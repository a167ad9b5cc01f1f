"""What a user wishes of captions is told to the model that writes them, and to no other; it is part of what made a row,
and is checked where it can be.
"""

from __future__ import annotations

import csv
import json
import logging
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import framescribe as fs
from framescribe.errors import UserError
from framescribe.prompts import presets
from framescribe.results.rows import read_rows
from framescribe.runs.gate import GateChoice
from tests.checks.looked import found
from tests.runs_in_process import raw_film
from tests.servers import Act, ScriptedServer, says

SUMMARY, CLIP = presets("summary")["default"], presets("clip")["default"]
KITE = "Bob flies a red kite above the wet sand near a pier."
PLAIN = "A man flies a toy above the wet sand near a pier."


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A list of two clips; only the first has a name and tags."""
    rows = [("a.avi", "Bob", "kite, beach"), ("b.avi", "", "")]
    for number, (name, *_) in enumerate(rows):
        raw_film(tmp_path / name, 40 + 90 * number)
    with (tmp_path / "list.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("path", "name", "tags"), *rows])
    return tmp_path / "list.csv"


def text_of(body: Any) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else content[-1]["text"]


def asked(act: Act, source: Path, output: Path, **options: Any) -> list[str]:
    """The words of all requests of a run, in the order of the clips."""
    with ScriptedServer(act) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, requests=1, **options)
        list(fs.run(recipe, source, output))
        return [text_of(body) for body in server.requests]


def whole(act: Act, source: Path, output: Path, **options: Any) -> list[str]:
    return asked(act, source, output, **{"strategy": "whole-clip", "frames": 2, "gate": "flag", **options})


def test_wishes_stand_behind_the_prompt_of_the_stage_that_writes_the_caption(films: Path, tmp_path: Path) -> None:
    wishes = {"max_words": 30, "forbid": "boat", "trigger": "rvn7", "must_mention": "sand", "language": "zh"}
    heard = asked(says(PLAIN), films, tmp_path / "out.jsonl", gate="flag", **wishes)
    summaries = [text for text in heard if text.startswith(SUMMARY.partition("{captions}")[0])]
    assert len(heard) == 4 and len(summaries) == 2
    assert heard.count(presets("frame")["default"]) == 2
    for text in summaries:
        told = text.split("\n\n")[-1]
        assert told == (
            "Mention “sand”. Use “rvn7”, exactly as written. Do not use the words “boat”. Write at most 30 words. "
            "Write in Chinese."
        )


def test_notes_and_hints_are_filled_and_left_out_where_the_columns_are_empty(films: Path, tmp_path: Path) -> None:
    first, second = sorted(
        whole(
            says(KITE),
            films,
            tmp_path / "out.jsonl",
            note=["the man is called {name}", "It is windy."],
            hint="{tags}",
        ),
        key=len,
        reverse=True,
    )
    known = "What is known about this video: the man is called Bob. It is windy."
    hint = "A hint, which may be wrong; use it only where it agrees with what is seen: kite, beach"
    assert first == f"{CLIP}\n\n{known}\n\n{hint}"
    assert second == f"{CLIP}\n\nWhat is known about this video: It is windy."


def test_a_changed_note_asks_only_the_clips_whose_value_changed(films: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    note = {"note": "the man is called {name}"}
    assert len(whole(says(KITE), films, output, **note)) == 2
    assert whole(says(KITE), films, output, **note) == []
    films.write_text(films.read_text().replace("Bob", "Rob"))
    assert len(whole(says(KITE), films, output, **note)) == 1
    with pytest.raises(UserError, match="different: prompt"):
        whole(says(KITE), films, output)


@pytest.mark.parametrize(
    ("wish", "line"),
    [
        ({"note": "called {nmae}"}, r"note names {nmae}, but there is no such value or column.*name"),
        ({"hint": "{caption}"}, r"hint names {caption}, but there is no such"),
        ({"must_mention": "{nmae}"}, r"must_mention names {nmae}"),
        ({"trigger": "{nmae}"}, r"trigger names {nmae}"),
        ({"forbid": ["boat", "{nmae}"]}, r"forbid names {nmae}"),
        ({"note": " "}, "note is empty"),
        ({"trigger": ""}, "trigger is empty"),
        ({"forbid": ["boat", " , "]}, "forbid is empty"),
        ({"language": " "}, "language is empty"),
    ],
)
def test_what_names_no_column_is_refused_in_one_line(
    wish: dict[str, Any], line: str, films: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=line):
        whole(says(KITE), films, tmp_path / "out.jsonl", **wish)


@pytest.mark.parametrize(
    ("wishes", "line"),
    [
        ({"min_words": 60, "max_words": 40}, "min_words 60 is more than max_words 40"),
        ({"min_words": 30, "captions": "20w,10w"}, r"min_words 30 is more than captions allows .*20 words"),
        ({"trigger": "zwx fox", "forbid": ["foxes", "fox"]}, "trigger “zwx fox” has a word that forbid keeps out"),
        ({"must_mention": "kites", "forbid": "kite"}, "must_mention “kites” has a word that forbid keeps out"),
        ({"gate": "off", "check": "mood"}, "check says how texts are checked, and gate off checks none"),
    ],
)
def test_wishes_that_no_caption_can_meet_are_refused_before_anything_is_asked(
    wishes: dict[str, Any], line: str, films: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=line), ScriptedServer(says(KITE)) as server:
        list(fs.run(fs.Recipe(base_url=server.url, **wishes), films, tmp_path / "out.jsonl"))
    assert server.requests == []


def test_wishes_that_sound_alike_are_none_that_contradict_each_other(films: Path, tmp_path: Path) -> None:
    wishes = {"trigger": "carpet", "forbid": "car, pet", "min_words": 5, "max_words": 5, "captions": "short,long"}
    assert whole(says(KITE), films, tmp_path / "out.jsonl", **wishes)


def test_what_is_asked_for_again_is_within_both_limits(films: Path, tmp_path: Path) -> None:
    heard = whole(says(KITE), films, tmp_path / "a.jsonl", min_words=18, max_words=20, gate="mend")
    again = [found[1] for text in heard if (found := re.search(r"at least (\d+) words: say more", text))]
    assert set(again) == {"19"}


def test_where_few_words_are_allowed_few_are_enough(films: Path, tmp_path: Path) -> None:
    whole(says("Bob flies a kite."), films, tmp_path / "a.jsonl", max_words=4, no_check="duplicate")
    assert [row.flags for row in read_rows(tmp_path / "a.jsonl")] == [(), ()]


def test_a_language_that_is_not_known_is_told_and_said_to_be_unchecked(
    films: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="framescribe")
    assert all(
        "Write in klingon." in text for text in whole(says(KITE), films, tmp_path / "a.jsonl", language="klingon")
    )
    assert any("language klingon: no language that is known here" in line for line in caplog.messages)


def test_english_needs_no_telling_behind_a_prompt_of_ours_and_other_prompts_keep_their_language(
    films: Path, tmp_path: Path
) -> None:
    assert set(whole(says(KITE), films, tmp_path / "a.jsonl", language="English")) == {CLIP}
    own = {"prompt": "描述这个视频。", "max_words": 40, "no_check": "wrong_language"}
    told = whole(says(KITE), films, tmp_path / "b.jsonl", **own)
    assert set(told) == {"描述这个视频。\n\nWrite at most 40 words. Keep to the language of the text above."}


def test_our_prompts_are_english_with_wishes_behind_them_too(films: Path, tmp_path: Path) -> None:
    german = says("Ein Mann lässt am Strand einen roten Drachen über dem nassen Sand steigen.")
    whole(german, films, tmp_path / "out.jsonl", max_words=30, no_check="duplicate")
    assert {row.flags for row in read_rows(tmp_path / "out.jsonl")} == {("caption_wrong_language",)}


def test_frames_are_judged_by_their_own_prompt_and_captions_by_the_language_wished_for(
    films: Path, tmp_path: Path
) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        chinese = "一个男人在海边的湿沙滩上放着红色的风筝，旁边是一座码头。"
        return await says(KITE if "image_url" in str(body) else chinese)(request)

    asked(act, films, tmp_path / "out.jsonl", language="zh", gate="flag", no_check="duplicate")
    assert {row.status for row in read_rows(tmp_path / "out.jsonl")} == {"ok"}


def test_what_must_be_mentioned_is_asked_for_by_name_and_per_clip(films: Path, tmp_path: Path) -> None:
    async def act(request: web.Request) -> web.StreamResponse:
        text = text_of(await request.json())
        return await says(KITE if "without" in text else PLAIN)(request)

    output = tmp_path / "out.jsonl"
    heard = whole(act, films, output, must_mention=["{name}", "kites"], gate="mend", no_check="duplicate")
    assert sum("The last answer was without “Bob”, “kites”: mention what was missing." in text for text in heard) == 1
    assert sum("The last answer was without “kites”: mention" in text for text in heard) == 1
    assert {(row.caption, row.status) for row in read_rows(output)} == {(KITE, "ok")}
    assert not [text for text in heard if "{name}" in text]


def test_an_instruction_of_a_wish_that_comes_back_is_an_echo_and_a_note_is_none(films: Path, tmp_path: Path) -> None:
    note = "the tall man in the green coat near the pier is called {name}"
    echo = says("The tall man in the green coat near the pier, Bob, flies a kite.")
    whole(echo, films, tmp_path / "a.jsonl", note=note, no_check="duplicate")
    assert {row.flags for row in read_rows(tmp_path / "a.jsonl")} == {()}
    echo = says("A man flies a kite. Write at least 7 and at most 60 words.")
    whole(echo, films, tmp_path / "b.jsonl", min_words=7, max_words=60, no_check="duplicate")
    assert {row.flags for row in read_rows(tmp_path / "b.jsonl")} == {("caption_prompt_echo",)}


def test_a_gate_without_wishes_has_the_digest_that_rows_hold() -> None:
    assert GateChoice().digest() == "4efbd1111b32db1d"
    assert GateChoice(must_mention=("kite",)).digest() != GateChoice().digest()


@pytest.mark.parametrize(
    ("mention", "text", "missing"),
    [
        (("kite",), "Two kites rise.", None),
        (("fly a kite",), "He flew a kite.", None),
        (("风筝",), "男人放风筝。", None),
        (("kite",), "The kitesurfer waits.", "without “kite”"),
        (("kite", "pier", "Bob"), "Bob sits on the sand.", "without “kite”, “pier”"),
        (("Drachen",), "Ein Hund läuft.", "without “Drachen”"),
    ],
)
def test_missing_words(mention: tuple[str, ...], text: str, missing: str | None) -> None:
    said = [one.what for one in found("missing_words", text, must_mention=mention)]
    assert said == ([] if missing is None else [missing])


def test_a_column_names_what_a_caption_must_mention(tmp_path: Path) -> None:
    rows = [{"caption": KITE, "must_mention": "kite, sand"}, {"caption": KITE, "must_mention": ["boat"]}]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    from framescribe.checks.base import Circumstances
    from framescribe.dataset.caption_table import captions_in

    said = [one.of.must_mention for one in captions_in(tmp_path / "a.jsonl", of=Circumstances())]
    assert said == [("kite", "sand"), ("boat",)]
    assert [[one.check for one in found] for found in fs.check([KITE], must_mention="boat")] == [["missing_words"]]
