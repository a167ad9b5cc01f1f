"""Words are found in everything that was written of a clip, live and on a saved page, and the row's texts are read
from whatever form the row has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from framescribe.records import Row
from framescribe.results import texts
from framescribe.review.query import Query
from framescribe.review.saved import write_page
from framescribe.review.session import Change, Session
from tests.review import made, told
from tests.review.browsing import browser as headless
from tests.review.browsing import watched

FOUND = [  # what is asked, and the clips that hold it
    ("zebra", {"segments.mp4"}),  # in a segment's caption
    ("zebra enters", {"segments.mp4"}),  # one word here, one there
    ('"crossing the"', set()),
    ("slowly", {"sliding.mp4"}),  # in a step's camera
    ("grows", {"sliding.mp4"}),
    ('"very large pink"', {"sliding.mp4"}),
    ('"center a large"', set()),  # two texts
    ("exit", {"structured.mp4"}),
    ("drawn", {"structured.mp4"}),
    ("sure", set()),  # what a field says that says nothing
    ('"pan left"', set()),  # two fields
    ('"a green square moves"', {"lengths.mp4"}),  # in the short caption only
    ("medium", set()),
    ("-zebra", {"sliding.mp4", "structured.mp4", "lengths.mp4"}),
    ("-stays -enters", set()),
    ("小", {"segments.mp4"}),  # a script without blanks, in a segment
]


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    rows = [told.sliding(folder), told.structured(folder), told.of_lengths(folder)]
    divided = told.segmented(folder)
    stages = dict(divided.stages)
    more = {"start": 6.0, "end": 6.5, "caption": "小狗跑。"}
    stages["summary"] = {**stages["summary"], "output": {"segments": [*told.SEGMENTS, more]}}
    rows.append(replace(divided, provenance={**divided.provenance, "stages": stages}))
    return made.result(folder / "captions.jsonl", rows)


@pytest.fixture(scope="module")
def session(output: Path) -> Iterator[Session]:
    with made.session(output) as opened:
        yield opened


def found(session: Session, said: str) -> set[str]:
    listed = session.make_list(Query.of({"q": said}))
    return {row["id"] for row in session.rows_of(listed.list, 0, listed.total)}


@pytest.mark.parametrize(("said", "clips"), FOUND)
def test_words_are_found_in_all_texts(session: Session, said: str, clips: set[str]) -> None:
    assert found(session, said) == clips


@pytest.mark.browser
def test_a_saved_page_finds_the_same(output: Path) -> None:
    saved = output.parent / "page.html"
    write_page(output, saved)
    with headless() as browser, watched(browser, saved) as opened:
        for said, clips in FOUND:
            rows = opened.page.evaluate(
                """async (q) => {
                  const { list, total } = await review.source.list({ q });
                  return (await review.source.rows(list, 0, total)).map((row) => row.id);
                }""",
                said,
            )
            assert set(rows) == clips, said


def test_a_regular_expression_looks_at_captions_alone(session: Session) -> None:
    listed = session.make_list(Query.of({"re": "zebra|triangle enters"}))
    assert [row["id"] for row in session.rows_of(listed.list, 0, listed.total)] == ["segments.mp4"]
    assert session.make_list(Query.of({"re": "zebra"})).total == 0


def test_what_a_person_changes_leaves_the_other_texts_findable(tmp_path: Path) -> None:
    output = made.result(tmp_path / "captions.jsonl", [told.segmented(tmp_path)])
    with made.session(output) as session:
        (key,) = made.keys(session).values()
        session.edit([Change(key, "caption", "A kite.")])
        assert found(session, "kite zebra") == {"segments.mp4"}
        assert found(session, "enters") == {"segments.mp4"}  # the first segment's
        assert found(session, "turns -kite") == set()


@pytest.mark.parametrize(
    "output",
    [
        None,
        "text",
        [],
        {},
        {"steps": None},
        {"steps": ["x", 3]},
        {"steps": [{"index": "x"}, {}]},
        {"segments": None},
        {"segments": [{}, {"start": "a", "end": None}]},
        {"segments": [{"start": 0, "end": 1, "caption": 3, "value": 3}]},
        {"short": 3},
    ],
)
def test_a_value_of_any_other_form_counts_as_nothing(output: Any) -> None:
    row = made.row("a.mp4", "A dog.")
    stages = {name: {"output": output} for name in ("steps", "structure", "lengths", "other")}
    row = replace(row, provenance={**row.provenance, "stages": stages})
    assert texts.steps(row) == [] and row.captions == {}
    assert all(one["caption"] is None and "fields" not in one for one in texts.segments(row))
    assert not [text for text in texts.words(row) if text == "A dog."]


def test_steps_and_fields_of_segments_say_which(tmp_path: Path) -> None:
    row: Row = told.segmented(tmp_path)
    bare = [{"start": one["start"], "end": one["end"]} for one in told.SEGMENTS]
    steps = {"output": {"segments": [{**bare[0], "value": {"steps": told.STEPS[:1]}}, bare[1], bare[2]]}}
    fields = {"output": {"segments": [bare[0], bare[1], {**bare[2], "value": told.FIELDS}]}}
    stages = {**row.stages, "steps": steps, "structure": fields}
    row = replace(row, provenance={**row.provenance, "stages": stages})
    assert [(step["index"], step["segment"]) for step in texts.steps(row)] == [(12, 0)]
    assert texts.fields(row) is None
    assert [one.get("fields") for one in texts.segments(row)] == [None, None, told.FIELDS]
    assert [one["caption"] for one in texts.segments(row)] == [one["caption"] for one in told.SEGMENTS]
