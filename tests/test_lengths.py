"""Captions of several lengths: what was asked for comes, each within its limit and from the next longer one; a finished
run is not captioned again for them.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import framescribe as fs
from framescribe.errors import UserError
from framescribe.language.letters import count
from framescribe.language.limits import Limit
from framescribe.prompts import presets
from framescribe.records import Row
from framescribe.results.rows import Results, read_rows
from framescribe.storage.tables import open_table
from framescribe.strategies.lengths import lengths_in
from tests.checks.looked import found, only
from tests.runs_in_process import raw_film
from tests.servers import Act, ScriptedServer, says
from tests.test_held import say
from tests.test_wishes import text_of

CLIP = presets("clip")["default"]
LONG = (
    "A fisherman in a yellow coat pulls a net from the grey sea onto a wooden boat. Two gulls circle above him. He "
    "sorts the fish into three crates, washes his hands in a bucket and rows back to the pier. The camera pans left."
)
MEDIUM = "A fisherman in a yellow coat pulls a net from the sea onto a boat, sorts the fish and rows back to the pier."
SHORT = "A fisherman pulls a net from the sea onto a boat."


def shortens(*answers: str) -> Act:
    """Answers of these to requests to shorten, one after the other, the last one again and again; LONG to others."""
    left = list(answers)

    async def act(request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "image_url" in str(body):
            return await says(LONG)(request)
        return await says(left.pop(0) if len(left) > 1 else left[0])(request)

    return act


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return raw_film(tmp_path / "film.avi", 90)


def run(act: Act, film: Path, output: Path, redo: bool = False, **options: Any) -> tuple[Row, list[str]]:
    with ScriptedServer(act) as server:
        given = {"strategy": "whole-clip", **options}
        given |= {"frames": 2} if given["strategy"] == "whole-clip" else {}
        recipe = fs.Recipe(base_url=server.url, decoders=1, requests=1, **given)
        list(fs.run(recipe, film, output, redo=redo))
        [row] = read_rows(output)
        return row, [text_of(body) for body in server.requests]


def test_each_is_made_from_the_next_longer_one_and_the_longest_is_the_caption(film: Path, tmp_path: Path) -> None:
    row, asked = run(shortens(MEDIUM, SHORT), film, tmp_path / "out.jsonl", captions="short,30w,long")
    assert dict(row.captions) == {"short": SHORT, "30w": MEDIUM, "long": LONG}
    assert list(row.captions) == ["short", "30w", "long"]
    assert (row.caption, row.status) == (LONG, "ok")
    assert asked[0] == CLIP
    assert f"\n\n{LONG}\n\n" in asked[1] and "at most 30 words" in asked[1]
    assert f"\n\n{MEDIUM}\n\n" in asked[2] and "at most 20 words" in asked[2]
    assert len(asked) == 3


def test_named_lengths_are_added_to_finished_rows_without_another_look(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    before, _ = run(shortens(SHORT), film, output)
    after, asked = run(shortens(SHORT), film, output, captions="short,long")
    assert [text.splitlines()[0] for text in asked] == ["Here is a caption of a video:"]
    assert after.caption == before.caption and after.stages["clip"] == before.stages["clip"]
    again, asked = run(shortens(SHORT), film, output, captions="short,long")
    assert (asked, again) == ([], after)
    other, asked = run(shortens(MEDIUM), film, output, captions="medium")
    assert (len(asked), dict(other.captions)) == (0, {"medium": LONG})  # it has fewer than 60 words


def test_a_number_as_the_longest_is_wished_for_and_kept(film: Path, tmp_path: Path) -> None:
    row, asked = run(says(SHORT), film, tmp_path / "out.jsonl", captions="150w,20w")
    assert asked == [f"{CLIP}\n\nWrite about 135 words."]
    assert dict(row.captions) == {"150w": SHORT, "20w": SHORT} and row.status == "ok"
    cut, asked = run(says(LONG), film, tmp_path / "cut.jsonl", captions="30w", gate="mend")
    assert cut.caption == LONG[: LONG.index(" He sorts")]
    assert dict(cut.captions) == {"30w": cut.caption} and cut.status == "ok"
    assert "at most 30 words" in asked[1]  # asked for again, before it was cut


def test_what_stays_too_long_is_cut_after_a_sentence_else_flagged(film: Path, tmp_path: Path) -> None:
    wordy = f"{SHORT} Two gulls circle above him, and the wooden boat rocks gently on the waves of the grey sea."
    row, asked = run(shortens(wordy), film, tmp_path / "cut.jsonl", captions="short")
    assert dict(row.captions) == {"short": SHORT} and row.status == "ok"
    [record] = row.stages["lengths"]["checked"]
    assert (record["text"], record["raw"], record["cut"]) == ("short", wordy, ["too_long"])
    assert len(asked) > 2
    row, _ = run(shortens(MEDIUM), film, tmp_path / "left.jsonl", captions="short")
    assert (dict(row.captions), row.flags) == ({"short": MEDIUM}, ("short_too_long",))
    assert row.caption == LONG


def test_a_shorter_one_that_says_something_else_is_asked_for_again(film: Path, tmp_path: Path) -> None:
    wrong = "A fisherman pulls a net from the sea; three gulls circle above him."
    row, asked = run(shortens(wrong, SHORT), film, tmp_path / "out.jsonl", captions="short")
    assert dict(row.captions) == {"short": SHORT}
    assert "change no number" in asked[-1] and "“three”" in asked[-1]


@pytest.mark.parametrize(
    ("shorter", "right"),
    [
        (SHORT, True),
        ("Two gulls circle above a fisherman as the camera pans left.", True),
        ("A fisherman sorts fish into three crates.", True),
        ("Three gulls circle above a fisherman.", False),
        ("A fisherman pulls a net onto a boat. The camera is static.", False),
        ('A boat with the sign "Maria" rocks on the sea.', False),
        ("A fisherman fills 4 crates.", False),
    ],
)
def test_added_facts(shorter: str, right: bool) -> None:
    assert (not found("added_facts", shorter, longer=LONG)) == right
    assert not found("added_facts", shorter)


def test_the_limit_of_a_text_encoder_counts_its_tokens(film: Path, tmp_path: Path) -> None:
    row, asked = run(shortens(SHORT), film, tmp_path / "out.jsonl", captions="24t:t5,long")
    assert dict(row.captions) == {"24t:t5": SHORT, "long": LONG}
    assert "at most 16 words" in asked[1]
    tokens = Limit(tokens=24, tokenizer="t5")
    assert "tokens (t5)" in tokens.excess(LONG) and not tokens.excess(SHORT)


def test_wishes_about_words_hold_for_every_length(film: Path, tmp_path: Path) -> None:
    row, asked = run(
        shortens(SHORT), film, tmp_path / "out.jsonl", captions="short,long", trigger="rvn7", forbid="net", min_words=40
    )
    assert "Use “rvn7”, exactly as written. Do not use the words “net”." in asked[-1]
    assert "Write at least 40 words." in asked[0] and "at least 40" not in asked[-1]
    assert row.captions["short"].startswith("rvn7, ")
    assert "short_forbidden_word" in row.flags and "short_too_short" not in row.flags


@pytest.mark.parametrize("gate", ["flag", "off"])
def test_without_mending_nothing_is_asked_twice(gate: Any, film: Path, tmp_path: Path) -> None:
    row, asked = run(shortens(MEDIUM), film, tmp_path / "out.jsonl", captions="short", gate=gate)
    assert (len(asked), dict(row.captions)) == (2, {"short": MEDIUM})
    assert ("short_too_long" in row.flags) == (gate == "flag")


def test_recheck_asks_again_only_for_the_length_that_fails(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(MEDIUM, MEDIUM), film, output, captions="short,30w,long", gate="flag")
    with ScriptedServer(shortens(SHORT)) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, strategy="whole-clip", frames=2, captions="short,30w,long")
        list(fs.run(recipe, film, output, recheck=True))
        [row] = read_rows(output)
        [asked] = [text_of(body) for body in server.requests]
    assert dict(row.captions) == {"short": SHORT, "30w": MEDIUM, "long": LONG} and "20 words" in asked


def test_recheck_asks_again_for_a_length_that_says_something_else(film: Path, tmp_path: Path) -> None:
    output, wrong = tmp_path / "out.jsonl", "A fisherman pulls a net from the sea; three gulls circle above him."
    row, _ = run(shortens(wrong), film, output, captions="short", gate="flag")
    assert row.flags == ("short_added_facts",)
    with ScriptedServer(shortens(SHORT)) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, strategy="whole-clip", frames=2, captions="short")
        list(fs.run(recipe, film, output, recheck=True))
        [row] = read_rows(output)
        assert len(server.requests) == 1
    assert (dict(row.captions), row.status) == ({"short": SHORT}, "ok")


@pytest.mark.parametrize("strategy", ["frames-then-summary", "whole-clip"])
def test_the_caption_is_asked_for_anew_and_all_lengths_with_it(strategy: str, film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    made = {"captions": "30w,long", "strategy": strategy, "no_check": "all"}
    before, _ = run(shortens(MEDIUM), film, output, **made)
    with ScriptedServer(shortens(LONG, SHORT) if strategy != "whole-clip" else shortens(SHORT)) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, requests=1, note="It is windy.", **made)
        recipe = replace(recipe, frames=2) if strategy == "whole-clip" else recipe
        list(fs.run(recipe, film, output, redo=True))
    [row] = read_rows(output)
    assert before.captions["30w"] == MEDIUM
    assert dict(row.captions) == {"30w": SHORT, "long": LONG}


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("tiny", r"captions: 'tiny' is no length; give short, medium, long, a number of words \(60w\) or of tokens"),
        ("0w", "'0w' is no length"),
        ("short,,long", "'' is no length"),
        ("20w, 20w", "20w is given twice"),
        ("226t", "226t: whose tokens\\? Write 226t:t5"),
        ("226t:nowhere", "nowhere: no such folder"),
    ],
)
def test_what_is_no_length_is_refused_in_one_line(given: str, line: str, film: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=line):
        run(says(LONG), film, tmp_path / "out.jsonl", captions=given)


def test_lengths_in_their_order() -> None:
    made = lengths_in(["20w, 226t:/x/y", "long"])
    assert [length.name for length in made] == ["20w", "226t:/x/y", "long"]
    assert [length.limit for length in made] == [Limit(words=20), Limit(tokens=226, tokenizer="/x/y"), None]


def test_they_are_exported_as_variants(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(MEDIUM, SHORT), film, output, captions="long,30w,short")
    texts = {}
    for name in ("short", "30w", "long"):
        fs.export(output, to="txt", folder=tmp_path / name, variants=[name])
        [texts[name]] = [path.read_text().strip() for path in (tmp_path / name).glob("*.txt")]
    assert texts == {"short": SHORT, "30w": MEDIUM, "long": LONG}
    fs.export(output, to="diffusion-pipe", folder=tmp_path / "all", variants=["lengths"], layout="captions-json")
    [written] = [path.read_text() for path in (tmp_path / "all").rglob("captions.json")]
    assert all(text in written for text in (SHORT, MEDIUM, LONG))


@pytest.mark.parametrize("ending", ["csv", "parquet", "tar", "jsonl"])
def test_every_finished_file_gives_them_back(ending: str, film: Path, tmp_path: Path) -> None:
    row, _ = run(shortens(MEDIUM, SHORT), film, tmp_path / f"out.{ending}", captions="long,30w,short")
    assert dict(row.captions) == {"long": LONG, "30w": MEDIUM, "short": SHORT}
    assert list(row.captions) == ["long", "30w", "short"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_has_a_column_of_them_beside_the_users_own(ending: str, film: Path, tmp_path: Path) -> None:
    raw_film(tmp_path / "other.avi", 200)
    (tmp_path / "list.csv").write_text("path,captions,x\nfilm.avi,mine,1\nother.avi,,2\n")
    table = tmp_path / f"out.{ending}"
    with ScriptedServer(shortens(SHORT)) as server:
        recipe = fs.Recipe(base_url=server.url, decoders=1, strategy="whole-clip", frames=2, no_check="duplicate")
        list(fs.run(recipe, tmp_path / "list.csv", table))
        assert [row.metadata["captions"] for row in read_rows(table)] == ["mine", ""]
        list(fs.run(replace(recipe, captions="short,long"), tmp_path / "list.csv", table))
    rows = list(read_rows(table))
    assert [dict(row.captions) for row in rows] == [{"short": SHORT, "long": LONG}] * 2
    assert [row.metadata["captions"] for row in rows] == ["mine", ""]
    first = next(iter(open_table(str(table)).rows)).record
    cell = first["captions"]
    assert (json.loads(cell) if isinstance(cell, str) else cell) == {"short": SHORT, "long": LONG}
    assert first["metadata.captions"] == "mine"


def test_all_lengths_are_really_that_long() -> None:
    assert count(LONG) == 45 and count(MEDIUM) == 24 and count(SHORT) == 11
    assert re.fullmatch(r"[\w ,.]+", LONG) and only("too_long")


OTHERS = (
    "A fisher pulls crabs from a wet wicker basket, sorts them by size into three buckets and hands the largest one "
    "to a girl with a red hat on the pier."
)
CRABS = "A fisher sorts crabs and hands one to a girl."


def corrected(output: Path, how: str) -> None:
    """A person writes OTHERS: on the page, there with a lock, or in the finished file."""
    if how == "by hand":
        [line] = output.read_text().splitlines()
        output.write_text(json.dumps(json.loads(line) | {"caption": OTHERS}) + "\n")
        return
    say(output, "film.avi", "caption", new=OTHERS)
    if how == "locked":
        say(output, "film.avi", "lock")


@pytest.mark.parametrize("how", ["edited", "locked", "by hand"])
def test_those_of_a_corrected_caption_are_made_anew_from_it(how: str, film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    before, _ = run(shortens(SHORT), film, output, captions="short,long")
    corrected(output, how)
    row, asked = run(shortens(CRABS), film, output, captions="short,long")
    [text] = asked
    assert OTHERS in text and LONG not in text
    assert dict(row.captions) == {"short": CRABS, "long": OTHERS} and row.outdated == ()
    assert (row.caption, row.status) == (OTHERS, "ok")
    assert Results(output).row(row.id, row.video_path, edited=False).caption == LONG  # type: ignore[union-attr]
    assert row.stages["clip"] == before.stages["clip"]
    again, asked = run(shortens(CRABS), film, output, captions="short,long")
    assert (again, asked) == (row, [])


def test_a_correction_that_is_taken_back_is_followed_too(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(shortens(SHORT), film, output, captions="short")
    say(output, "film.avi", "caption", new=OTHERS)
    run(shortens(CRABS), film, output, captions="short")
    say(output, "film.avi", "caption", new=None)
    row, asked = run(shortens(SHORT), film, output, captions="short")
    assert (row.caption, dict(row.captions), len(asked)) == (LONG, {"short": SHORT}, 1)


def test_a_length_that_is_wanted_later_is_made_from_the_corrected_caption(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    run(says(LONG), film, output)
    say(output, "film.avi", "caption", new=OTHERS)
    row, asked = run(shortens(CRABS), film, output, captions="short")
    assert (row.caption, dict(row.captions), len(asked)) == (OTHERS, {"short": CRABS}, 1)
    row, asked = run(shortens(SHORT), film, output, captions="short", prompt="Describe it.", redo=True)
    assert (row.caption, dict(row.captions)) == (OTHERS, {"short": SHORT})
    assert OTHERS in asked[-1] and len(asked) == 2  # the clip, and what a person wrote of it


def test_nothing_takes_those_of_an_older_caption_for_its_own(film: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    run(shortens(SHORT), film, output, captions="short,long")
    say(output, "film.avi", "caption", new=OTHERS)
    [row] = Results(output).in_order()
    assert (dict(row.captions), row.outdated) == ({}, ("lengths",))
    for variant in ("short", "long=2", "lengths"):
        with pytest.raises(UserError, match="was corrected after its other lengths were made"):
            fs.export(output, to="musubi-tuner", folder=tmp_path / "set", variants=[variant])
    fs.export(output, to="musubi-tuner", folder=tmp_path / "set")
    Results(output).write_again()
    assert "captions" not in output.read_text().partition("\n")[0].split(",")
    [again] = read_rows(output)
    assert again.outdated == ("lengths",) and again.metadata == {}
    run(shortens(CRABS), film, output, captions="short,long")
    fs.export(output, to="musubi-tuner", folder=tmp_path / "set", variants=["short"])
    assert CRABS in "".join(path.read_text() for path in (tmp_path / "set").rglob("*.txt"))
