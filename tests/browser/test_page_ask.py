"""Asking again on the page: the built-in model answers, and its caption counts only once a person has taken it.

What the model says is nonsense, since it was never taught to be criticised; whose words stand is what matters here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import expect

from tests.browser.served import Served, captions, edit, edits, served, shown
from tests.runs import MODELS

SAID = "A horse, says a person."
CRITICISM = "It is no horse, but a circle."
MODEL = (*MODELS, "--max-tokens", "24")


class Asking(NamedTuple):
    """A server whose model can be asked, and its result; each test has a clip of its own."""

    server: Served
    output: Path


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, captioned: Path) -> Iterator[Asking]:
    """One server for all tests here: opening a model takes longer than all that they do."""
    output = Path(shutil.copytree(captioned.parent, tmp_path_factory.mktemp("asking") / "result")) / captioned.name
    with served(tmp_path_factory.mktemp("cache")) as start:
        yield Asking(start(output, *MODEL), output)


def opened(page: Any, id: str) -> None:
    """The view of one clip, whose caption a person has written."""
    edit(page, id, "caption", SAID)
    key = page.evaluate(
        "async (id) => (await review.source.rows((await review.source.list({ id })).list, 0, 1))[0].key", id
    )
    page.evaluate("(clip) => { review.state.set({ clip }); }", key)
    page.locator("#clip").get_by_text(SAID).first.wait_for()


def asked(page: Any) -> Any:
    """Ask by the key with a sentence of criticism; returns the new caption, once it is there."""
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Ask again")
    dialog.get_by_label("What is wrong, in one sentence").fill(CRITICISM)
    expect(dialog.get_by_text("shapes-vlm answers for this clip.")).to_be_visible()
    dialog.get_by_role("button", name="Ask", exact=True).click()
    answer = page.get_by_role("region", name="New caption by shapes-vlm")
    answer.wait_for(timeout=240_000)
    return answer


def text(answer: Any, title: str) -> str:
    return str(answer.locator(f".sides > div:has(h4:text-is('{title}')) > p").text_content())


def of(output: Path, id: str) -> list[dict[str, Any]]:
    """The edits of one clip's caption."""
    return [line for line in edits(output) if line["id"] == id and line["field"] == "caption"]


def test_a_new_caption_is_taken_by_its_key_says_who_made_it_and_is_undone(
    asking: Asking, visit: Callable[..., Any]
) -> None:
    page, clip = visit(asking.server), "11-red-circle-moves.webm"
    opened(page, clip)
    answer = asked(page)
    assert text(answer, "Now") == SAID
    new = text(answer, "New")
    assert new and new != SAID
    expect(answer.locator("q")).to_have_text(CRITICISM)
    answer.get_by_text("What was asked").click()
    facts = answer.locator("dl").inner_text()
    assert CRITICISM in facts and "shapes-vlm" in facts
    assert shown(page)[clip] == SAID, "an answer counts before anybody took it"

    page.keyboard.press("y")
    page.get_by_text("The new caption is taken.").wait_for()
    assert shown(page)[clip] == new
    line = of(asking.output, clip)[-1]
    assert (line["old"], line["new"]) == (SAID, new)
    assert (line["made_by"]["model"], line["made_by"]["criticism"]) == ("shapes-vlm", CRITICISM)

    page.get_by_role("button", name="Undo").and_(page.locator(".toast button")).click()
    page.locator("#clip .caption, #clip").get_by_text(SAID).first.wait_for()
    assert shown(page)[clip] == SAID


def test_a_new_caption_that_is_left_changes_nothing_and_can_still_be_taken(
    asking: Asking, visit: Callable[..., Any]
) -> None:
    page, clip = visit(asking.server), "07-pink-circle-moves.mp4"
    opened(page, clip)
    new = text(asked(page), "New")
    page.keyboard.press("u")
    page.get_by_text("The caption is left as it is.").wait_for()
    expect(page.get_by_role("region", name="New caption by")).to_have_count(0)
    assert shown(page)[clip] == SAID
    assert [line["new"] for line in of(asking.output, clip)] == [SAID]

    page.reload()
    page.get_by_text("1 answer with nothing to decide").click()
    page.get_by_role("button", name="Take it after all").click()
    page.get_by_text("The new caption is taken.").wait_for()
    assert shown(page)[clip] == new


def test_a_locked_caption_is_not_taken_and_the_same_is_asked_about_others(
    asking: Asking, visit: Callable[..., Any]
) -> None:
    page, clip = visit(asking.server), "10-yellow-circle-moves-with-another.mp4"
    opened(page, clip)
    answer = asked(page)
    page.keyboard.press("x")
    expect(answer.get_by_text("The caption is locked.")).to_be_visible()
    expect(answer.get_by_role("button", name="Take")).to_be_disabled()
    page.keyboard.press("y")
    page.wait_for_timeout(500)
    assert shown(page)[clip] == SAID

    answer.get_by_role("button", name="Ask the same about others").click()
    dialog = page.get_by_role("dialog", name="Ask again")
    expect(dialog.get_by_label("What is wrong, in one sentence")).to_have_value(CRITICISM)
    expect(dialog.get_by_text("shapes-vlm answers once for each of 12 clips.")).to_be_visible()


def test_from_twenty_clips_on_the_cost_is_confirmed_first(asking: Asking, visit: Callable[..., Any]) -> None:
    page = visit(asking.server)
    page.get_by_role("heading", name="12 clips").wait_for()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.url.endswith("/api/ask") else None)
    for total, boxes in ((19, 0), (20, 1)):
        page.evaluate("(total) => { review.ask.open({ ...review.selection(), total }); }", total)
        dialog = page.get_by_role("dialog", name="Ask again")
        expect(dialog.get_by_label("Yes, ask")).to_have_count(boxes)
        if boxes:
            dialog.get_by_role("button", name="Ask", exact=True).click()
            assert dialog.get_by_label("Yes, ask").evaluate("(box) => box.matches(':invalid')")
        page.keyboard.press("Escape")
    assert sent == []


def test_where_no_model_is_known_the_page_says_why(
    tmp_path: Path, result: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    bare = tmp_path / "bare.jsonl"  # rows alone, of a maker that nobody knows
    bare.write_text(
        "".join(
            json.dumps({"id": id, "video_path": f"/nowhere/{id}", "caption": caption, "status": "ok"}) + "\n"
            for id, caption in captions(result).items()
        )
    )
    page = visit(serve(bare))
    page.get_by_role("heading", name="12 clips").wait_for()
    asks = page.evaluate("async () => (await review.source.result()).asks")
    assert asks["available"] is False and asks["why"]
    page.evaluate("() => { review.ask.open(review.selection()); }")
    expect(page.get_by_role("dialog", name="Ask again").locator("p")).to_have_text(asks["why"])
