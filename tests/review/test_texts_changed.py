"""Lengths, segments and fields are changed as the caption is: by two people, not under a lock, while a run writes, and
back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from framescribe.errors import UserError
from framescribe.results.rows import Results
from framescribe.review.query import Query
from framescribe.review.session import Change, Conflict, Locked, Session
from tests.review import made, told

LENGTH = ("lengths.mp4", "captions[short]", told.SHORT)
SEGMENT = ("segments.mp4", "segments[1]", told.SEGMENTS[1]["caption"])
FIELD = ("structured.mp4", "fields.actions[1]", told.FIELDS["actions"][1])
EVERY = pytest.mark.parametrize(("name", "field", "old"), [LENGTH, SEGMENT, FIELD])


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    folder = tmp_path_factory.mktemp("clips")
    return [make(folder) for make in (told.of_lengths, told.segmented, told.structured)]


@pytest.fixture
def session(rows: list[Any], tmp_path: Path) -> Iterator[Session]:
    with made.session(made.result(tmp_path / "captions.jsonl", rows)) as opened:
        yield opened


def text(session: Session, name: str, field: str) -> Any:
    """What the page shows there."""
    row = session.row(made.keys(session)[name])
    if name == "lengths.mp4":
        return {one["name"]: one["text"] for one in row["captions"]}["short"]
    return row["segments"][1]["caption"] if name == "segments.mp4" else row["fields"]["actions"][1]


def found(session: Session, words: str) -> list[str]:
    listed = session.make_list(Query.of({"q": words}))
    return [one["id"] for one in session.rows_of(listed.list, 0, 10)]


@EVERY
def test_it_is_shown_searched_kept_and_undone(session: Session, name: str, field: str, old: str) -> None:
    key = made.keys(session)[name]
    (edit,) = session.edit([Change(key, field, "Zeppelins hover.", base=old)])
    assert text(session, name, field) == "Zeppelins hover."
    assert session.row(key)["model_texts"] == {field: old} and found(session, "zeppelins") == [name]
    [line] = made.lines(session.output, "edit")
    assert (line["field"], line["old"], line["new"], line["who"]) == (field, old, "Zeppelins hover.", "a person")
    assert session.undo(edit) == ([key], 0)
    assert text(session, name, field) == old and session.row(key)["model_texts"] == {}
    assert found(session, "zeppelins") == []
    session.edit([Change(key, field, "Mine.")])
    session.edit([Change(key, field, old)])  # the model's own words: nothing is edited any more
    assert not session.row(key)["edited"]


@EVERY
def test_of_two_people_the_second_is_told(session: Session, name: str, field: str, old: str) -> None:
    key = made.keys(session)[name]
    session.edit([Change(key, field, "Ann's.", base=old)])
    with pytest.raises(Conflict):
        session.edit([Change(key, field, "Bob's.", base=old)])
    session.edit([Change(key, field, "Bob's.", base="Ann's.")])
    assert text(session, name, field) == "Bob's."


@EVERY
def test_a_lock_holds_it_until_it_is_taken_off(session: Session, name: str, field: str, old: str) -> None:
    key = made.keys(session)[name]
    (mine,) = session.edit([Change(key, field, "Mine.")])
    session.edit([Change(key, "lock", "yes")])
    with pytest.raises(Locked):
        session.edit([Change(key, field, "Other.")])
    assert session.undo(mine) == ([], 1) and text(session, name, field) == "Mine."
    session.edit([Change(key, "lock", None)])
    assert session.undo(mine) == ([key], 0) and text(session, name, field) == old


@EVERY
def test_a_run_that_writes_meanwhile_changes_what_is_beneath(
    session: Session, rows: list[Any], name: str, field: str, old: str
) -> None:
    key = made.keys(session)[name]
    session.edit([Change(key, field, "Mine.")])
    results = Results(session.output)
    [row] = (one for one in rows if one.id == name)
    results.append(row)
    results.close()
    session.edit([Change(key, "note", "after that")])  # takes in what was written
    assert text(session, name, field) == "Mine."
    [stands] = (one for one in Results(session.output).rows() if one.id == name)
    assert [edit["field"] for edit in stands.provenance["edits"]] == [field]


@pytest.mark.parametrize(
    ("name", "field", "new", "why"),
    [
        ("lengths.mp4", "captions[huge]", "x", "no such text"),
        ("lengths.mp4", "fields.setting", "x", "no such text"),
        ("segments.mp4", "segments[3]", "x", "no such text"),
        ("structured.mp4", "fields.subjects[2].what", "x", "no such text"),
        ("structured.mp4", "fields.subjects", "x", "no such text"),
        ("structured.mp4", "fields.light", "x" * 201, "light would be longer than 200 letters"),
        ("structured.mp4", "fields.subjects[0].what", "x" * 61, "longer than 60 letters"),
        ("structured.mp4", "fields.angle", "sideways", "angle must be one of: level, low angle"),
        ("structured.mp4", "fields.camera.speed", "", "must be one of: slow"),
        ("sliding.mp4", "steps[0]", "x", "not a field that can be changed"),
    ],
)
def test_what_a_row_has_no_place_for_is_refused(session: Session, name: str, field: str, new: str, why: str) -> None:
    key = made.keys(session).get(name) or made.keys(session)["lengths.mp4"]
    with pytest.raises(UserError, match=why):
        session.edit([Change(key, field, new)])
    assert made.edits(Path(session.output)) == []


def test_choices_are_those_of_the_form(session: Session) -> None:
    choices = session.result()["choices"]
    assert set(choices) == {
        *("shot_size", "angle", "height"),
        *("camera.movement", "camera.direction", "camera.speed"),
    }
    assert choices["angle"] == ["level", "low angle", "high angle", "overhead", "tilted", "not sure"]


def test_the_caption_of_a_lone_segment_is_the_clips_own(tmp_path: Path) -> None:
    row = told.segmented(tmp_path)
    stages = dict(row.stages)
    stages["summary"] = {**stages["summary"], "output": {"segments": told.SEGMENTS[:1]}}
    stages.pop("frames")
    row = replace(row, provenance={**row.provenance, "stages": stages})
    one = made.result(tmp_path / "captions.jsonl", [row])
    with made.session(one) as session, pytest.raises(UserError, match="no such text"):
        session.edit([Change(made.keys(session)["segments.mp4"], "segments[0]", "x")])
