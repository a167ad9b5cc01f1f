"""Lengths, captions of segments and fields are changed in their places, as the caption is; what was written is in the
finished file once the page is closed."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from framescribe.records import Row
from framescribe.review.saved import write_page
from framescribe.review.session import Change
from tests.browser.served import edit, edits, served
from tests.review import made, told
from tests.review.browsing import watched
from tests.test_held import say

Open = Callable[..., Any]


def both(folder: Path) -> Row:
    """Three segments, each with its fields."""
    row = told.segmented(folder)
    parts = [
        {
            **{name: value for name, value in one.items() if name != "caption"},
            "value": {**told.FIELDS, "style": f"{at}"},
        }
        for at, one in enumerate(told.SEGMENTS)
    ]
    stages = {"structure": {"fingerprint": "x", "segment": 2.0, "output": {"segments": parts}}, **row.stages}
    return replace(row, provenance={**row.provenance, "stages": stages})


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return made.result(
        tmp_path / "captions.jsonl", [make(tmp_path) for make in (told.of_lengths, told.structured, both)]
    )


def opened(page: Any, name: str) -> Any:
    page.get_by_role("link", name=name).click()
    page.get_by_role("heading", name=name, level=1).wait_for()
    if page.get_by_role("button", name="Pause", exact=True).is_visible():
        page.keyboard.press(" ")
    return page


def stages(output: Path, name: str) -> Any:
    """What the finished file says of a clip."""
    rows = {row["id"]: row for row in map(json.loads, output.read_text().splitlines())}
    return rows[name]["provenance"]["stages"]


def said(output: Path) -> list[tuple[str, str, str | None]]:
    return [(line["field"], line["old"], line["new"]) for line in edits(output) if line["field"] != "seen"]


def test_what_was_written_is_in_the_finished_file(tmp_path: Path, output: Path, visit: Open) -> None:
    with served(tmp_path / "cache") as start:
        page = opened(visit(start(output), "?sort=id"), "lengths.mp4")
        page.get_by_role("button", name="Edit: Length short").click()
        page.get_by_role("textbox", name="Length short").fill("A square moves.")
        page.keyboard.press("Control+Enter")
        short = page.locator(".lengths > li").nth(0)
        expect(short.locator("h3")).to_have_text("short 3 words edited")
        expect(short.locator(".editor .text")).to_have_text("A square moves.")
        short.get_by_text("Before it was edited").click()
        expect(short.locator("details .text").first).to_have_text(told.SHORT)
        page.keyboard.press("j")
        page.get_by_role("heading", name="segments.mp4", level=1).wait_for()
        expect(page.locator(".segment-bar .faulty")).to_have_count(1)
        page.locator(".segments .text", has_text="The image shows").click()
        page.get_by_role("textbox", name="Caption of segment 2").fill("It turns.")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".segments > li").nth(1).locator(".editor .text")).to_have_text("It turns.")
        expect(page.locator(".segment-bar .faulty")).to_have_count(0)
        expect(page.locator(".history li").first).to_contain_text("Caption of segment 2")
    assert said(output) == [
        ("captions[short]", told.SHORT, "A square moves."),
        ("segments[1]", "The image shows that it turns.", "It turns."),
    ]
    assert stages(output, "lengths.mp4")["lengths"]["output"]["short"] == "A square moves."
    parts = stages(output, "segments.mp4")["summary"]["output"]["segments"]
    assert [one["caption"] for one in parts] == [
        told.SEGMENTS[0]["caption"],
        "It turns.",
        told.SEGMENTS[2]["caption"],
    ]


def test_fields_are_written_or_chosen_and_taken_back(output: Path, serve: Open, visit: Open) -> None:
    page = opened(visit(serve(output), "?sort=id"), "structured.mp4")
    fields = page.locator("details.part", has=page.get_by_text("Fields", exact=True))
    expect(fields.get_by_role("combobox")).to_have_count(0)
    fields.get_by_role("button", name="Edit the fields").click()
    angle = fields.get_by_role("combobox", name="Angle")
    expect(angle).to_have_value("not sure")  # shown, though it says nothing
    angle.select_option("overhead")
    expect(page.get_by_text("Saved.")).to_be_visible()
    fields.get_by_role("button", name="Edit: Subjects 2 what").click()
    box = fields.get_by_role("textbox", name="Subjects 2 what")
    box.fill("x" * 61)
    page.keyboard.press("Control+Enter")
    expect(fields.get_by_text("subjects[1].what would be longer than 60 letters")).to_be_visible()
    box.fill("disc")
    page.keyboard.press("Control+Enter")
    expect(box).to_have_count(0)
    field = "fields.subjects[1].what"
    assert said(output) == [("fields.angle", "not sure", "overhead"), (field, "circle", "disc")]
    expect(fields.locator("dt", has_text="Angle")).to_contain_text("edited")
    fields.get_by_role("button", name="Edit the fields").click()
    expect(fields.locator(".subjects > li").nth(1).locator("b")).to_have_text("disc")
    expect(fields.get_by_text("Empty or not sure: light, height")).to_be_visible()
    page.keyboard.press("z")
    expect(fields.locator(".subjects > li").nth(1).locator("b")).to_have_text("circle")
    expect(page.get_by_text("Undone: a field of structured.mp4.")).to_be_visible()


def test_the_fields_of_a_segment_stay_open_while_they_are_changed(output: Path, serve: Open, visit: Open) -> None:
    page = opened(visit(serve(output), "?sort=id"), "segments.mp4")
    segment = page.locator(".segments > li").nth(2)
    segment.get_by_text("Fields", exact=True).click()
    segment.get_by_role("button", name="Edit the fields").click()
    box = segment.get_by_role("combobox", name="Camera movement of segment 3")
    box.select_option("tilt")
    expect(segment.locator("dt", has_text="Camera")).to_contain_text("edited")
    expect(segment.get_by_role("combobox", name="Camera movement of segment 3")).to_be_visible()
    assert said(output) == [("segments[2].fields.camera.movement", "pan", "tilt")]


def test_of_two_people_the_second_sees_what_the_first_wrote(output: Path, serve: Open, visit: Open) -> None:
    server = serve(output)
    ann, bob = visit(server, "?sort=id"), visit(server, "?sort=id")
    opened(bob, "lengths.mp4").get_by_role("button", name="Edit: Length medium").click()
    box = bob.get_by_role("textbox", name="Length medium")
    box.fill("Bob's.")
    edit(ann, "lengths.mp4", "captions[medium]", "Ann's.")
    bob.keyboard.press("Control+Enter")
    medium = bob.locator(".lengths > li").nth(1)
    expect(medium.get_by_text("This text has changed in the meantime.")).to_be_visible()
    expect(medium.locator(".diff del")).to_have_text("Ann's")
    expect(box).to_have_value("Bob's.")
    medium.get_by_role("button", name="Save mine").click()
    expect(medium.locator(".editor .text")).to_have_text("Bob's.")
    field = "captions[medium]"
    assert said(output) == [(field, told.MEDIUM, "Ann's."), (field, "Ann's.", "Bob's.")]


def test_a_choice_that_somebody_else_made_meanwhile_is_not_undone(output: Path, serve: Open, visit: Open) -> None:
    page = opened(visit(serve(output), "?sort=id"), "structured.mp4")
    fields = page.locator("details.part", has=page.get_by_text("Fields", exact=True))
    fields.get_by_role("button", name="Edit the fields").click()

    def before_it_arrives(route: Any) -> None:
        if json.loads(route.request.post_data)["field"] == "fields.height":
            say(output, "structured.mp4", "fields.height", new="aerial")
        route.continue_()

    page.route("**/api/edit", before_it_arrives)
    height = fields.get_by_role("combobox", name="Height")
    height.select_option("eye level")
    expect(page.get_by_text("somebody changed this in the meantime")).to_be_visible()
    expect(height).to_have_value("aerial")
    assert [(field, new) for field, _, new in said(output)] == [("fields.height", "aerial")]


def test_under_a_lock_nothing_is_changed(output: Path, serve: Open, visit: Open) -> None:
    page = opened(visit(serve(output), "?sort=id"), "lengths.mp4")
    expect(page.get_by_role("button", name="Edit: Length short")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Edit: Length short")).to_have_count(0)
    page.locator(".lengths .editor .text").first.click()
    expect(page.locator(".lengths textarea")).to_have_count(0)
    page.keyboard.press("g")
    fields = opened(page, "structured.mp4").get_by_role("button", name="Edit the fields")
    fields.click()
    expect(page.get_by_role("combobox", name="Angle")).to_be_enabled()
    page.keyboard.press("x")
    expect(page.get_by_role("combobox", name="Angle")).to_have_count(0)
    expect(fields).to_be_disabled()


def test_a_saved_page_shows_what_people_wrote_and_changes_nothing(tmp_path: Path, output: Path, chromium: Any) -> None:
    with made.session(output) as session:
        keys = made.keys(session)
        for name, field, new in (
            ("lengths.mp4", "captions[short]", "A square moves."),
            ("structured.mp4", "fields.subjects[1].what", "disc"),
        ):
            session.edit([Change(keys[name], field, new)])
    saved = tmp_path / "page.html"
    write_page(output, saved)
    with watched(chromium, saved, viewport={"width": 1280, "height": 800}) as page:
        one = opened(page.page, "lengths.mp4")
        expect(one.locator(".lengths > li").nth(0).locator("h3")).to_contain_text("edited")
        expect(one.locator(".lengths .editor .text").first).to_have_text("A square moves.")
        one.locator(".lengths .editor .text").first.click()
        expect(one.locator("textarea")).to_have_count(0)
        one.keyboard.press("g")
        opened(one, "structured.mp4")
        expect(one.locator(".subjects > li").nth(1).locator("b")).to_have_text("disc")
        expect(one.get_by_role("button", name="Edit the fields")).to_have_count(0)
        assert not page.faults
