"""Find and replace on the page: what is shown is what is done, nothing that a person protected is touched, and one
press takes all of it back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.served import captions, edit, edits, shown

# By id: the clips whose captions speak of a triangle, which the captioned result says, not the review.
LOCKED, EDITED = "04-green-triangle-moves-with-two-others.mkv", "05-yellow-diamond-appears-with-another.mp4"


def opened(page: Any) -> Any:
    """Find and replace over the list that is open, by its key."""
    page.get_by_role("heading", name="12 clips").wait_for()
    page.keyboard.press("b")
    dialog = page.get_by_role("dialog", name="Find and replace")
    dialog.wait_for()
    return dialog


def test_what_is_previewed_is_done_but_for_what_a_person_protected_and_undone_at_once(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    before = captions(result)
    with_triangle = {id for id, caption in before.items() if "triangle" in caption}
    assert {LOCKED, EDITED} < with_triangle
    expected = {id: before[id].replace("triangle", "pyramid") for id in with_triangle - {LOCKED, EDITED}}
    page = visit(serve(result))
    edit(page, LOCKED, "lock", None)
    edit(page, EDITED, "caption", "A triangle, says a person.")

    dialog = opened(page)
    dialog.get_by_label("Find", exact=True).fill("triangle")
    dialog.get_by_label("Replace with").fill("pyramid")
    expect(dialog.get_by_role("status")).to_have_text(
        f"{len(expected)} captions would change. "
        "Left alone: 1 caption that a person edited or accepted and 1 locked caption."
    )
    items = dialog.get_by_role("list", name="Preview").get_by_role("listitem")
    expect(items).to_have_count(len(expected))
    assert sorted(items.locator("del").all_inner_texts()) == ["triangle"] * len(expected)
    assert sorted(items.locator("ins").all_inner_texts()) == ["pyramid"] * len(expected)
    dialog.get_by_role("button", name=f"Change {len(expected)} captions").click()

    toast = page.get_by_text(f"{len(expected)} captions changed.")
    toast.wait_for()
    expect(dialog).to_have_count(0)
    written = [line for line in edits(result) if line["field"] == "caption" and line.get("batch")]
    assert {line["id"]: line["new"] for line in written} == expected
    assert len({line["batch"] for line in written}) == 1
    stands = {**before, EDITED: "A triangle, says a person."}
    assert shown(page) == {**stands, **expected}

    page.get_by_role("button", name="Undo").click()
    page.get_by_text(f"Undone in {len(expected)} clips.").wait_for()
    assert shown(page) == stands


def test_captions_that_a_person_edited_are_changed_only_if_that_is_ticked_and_locked_ones_never(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    edit(page, LOCKED, "lock", None)
    edit(page, EDITED, "caption", "A triangle, says a person.")
    dialog = opened(page)
    dialog.get_by_label("Find", exact=True).fill("triangle")
    dialog.get_by_label("Also captions that a person edited").check()
    count = sum("triangle" in caption for caption in captions(result).values()) - 1
    expect(dialog.get_by_role("status")).to_have_text(f"{count} captions would change. Left alone: 1 locked caption.")
    expect(dialog.get_by_text("says a person")).to_have_count(1)


def test_captions_that_changed_since_the_preview_are_shown_anew_and_nothing_is_done(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    count = sum("triangle" in caption for caption in captions(result).values())
    page = visit(serve(result))
    dialog = opened(page)
    dialog.get_by_label("Find", exact=True).fill("triangle")
    dialog.get_by_role("button", name=f"Change {count} captions").wait_for()
    edit(page, EDITED, "caption", "A triangle, says a person.")
    dialog.get_by_role("button", name=f"Change {count} captions").click()

    expect(dialog.get_by_role("status")).to_contain_text(
        "Captions have changed in the meantime, so nothing was changed."
    )
    expect(dialog.get_by_role("status")).to_contain_text(f"{count - 1} captions would change.")
    assert [line["new"] for line in edits(result) if line["field"] == "caption"] == ["A triangle, says a person."]


def test_a_wrong_expression_is_said_beside_the_field_and_changes_nothing(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    dialog = opened(page)
    find = dialog.get_by_label("Find", exact=True)
    dialog.get_by_label("Regular expression").check()
    find.fill("(red")
    expect(dialog.get_by_role("alert")).not_to_be_empty()
    expect(find).to_have_attribute("aria-invalid", "true")
    expect(dialog.get_by_role("button", name="Change")).to_be_disabled()

    find.fill(r"\b(red|purple) (\w+)")
    dialog.get_by_label("Replace with").fill(r"\2 in \1")
    count = sum(bool(re.search(r"\b(red|purple) \w+", caption)) for caption in captions(result).values())
    dialog.get_by_role("button", name=f"Change {count} captions").wait_for()
    expect(dialog.get_by_role("alert")).to_be_empty()
    expect(find).not_to_have_attribute("aria-invalid", "true")


def test_pages_of_a_preview_show_each_change_once(
    tmp_path: Path, result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    rows = [json.loads(line) for line in result.read_text().splitlines()]
    many = tmp_path / "many.jsonl"
    many.write_text(
        "".join(
            json.dumps({**rows[n % 12], "id": f"{n:02}.mp4", "video_path": f"/nowhere/{n:02}.mp4"}) + "\n"
            for n in range(45)
        )
    )
    page = visit(serve(many))
    page.get_by_role("heading", name="45 clips").wait_for()
    page.keyboard.press("b")
    dialog = page.get_by_role("dialog", name="Find and replace")
    dialog.get_by_label("Find", exact=True).fill("background")
    seen: list[str] = []
    for where in ("1–20 of 45", "21–40 of 45", "41–45 of 45"):
        dialog.get_by_text(where).wait_for()
        seen += dialog.locator("li > span").all_inner_texts()
        if not where.startswith("41"):
            dialog.get_by_role("button", name="Next").click()
    assert sorted(seen) == [f"{n:02}.mp4" for n in range(45)]
    expect(dialog.get_by_role("button", name="Next")).to_be_disabled()


def test_a_verdict_for_many_is_one_change_and_taken_back_as_one(
    result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result))
    page.get_by_role("heading", name="12 clips").wait_for()
    page.evaluate(
        """async () => {
            const { list } = await review.source.list({ q: "square" });
            await review.bulk.set({ list }, "verdict", "rejected");
        }"""
    )
    squares = {id for id, caption in captions(result).items() if "square" in caption}
    page.get_by_text(f"{len(squares)} clips rejected.").wait_for()
    written = [line for line in edits(result) if line["field"] == "verdict"]
    assert {line["id"]: line["new"] for line in written} == dict.fromkeys(squares, "rejected")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("review.source.result().then(({ counts }) => counts.rejected === 0)")
