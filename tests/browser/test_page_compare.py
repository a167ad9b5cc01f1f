"""Two results compared blindly on the page: nothing says which caption is whose before it is judged, and the result is
what the judgements say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect


@pytest.fixture
def other(result: Path) -> Path:
    """A result in which eight of the twelve captions are others."""
    rows = [json.loads(line) for line in result.read_text().splitlines()]
    for row in rows[:8]:
        row["caption"] = f"Quite another caption, about number {row['id'][:2]}."
    path = result.with_name("another-model.jsonl")
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def captions(page: Any) -> list[str]:
    return [page.get_by_role("region", name=f"Caption {n}").locator(".text").inner_text() for n in (1, 2)]


def judged(page: Any, count: int) -> None:
    page.get_by_text(f"{count} of 8 judged").wait_for()


def side_of_other(page: Any) -> int:
    """0 or 1: where the caption of the other result stands; this test knows its words, the page does not."""
    return int("another caption" in captions(page)[1])


def test_judgements_by_keys_make_the_result_that_is_shown(
    result: Path, other: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result, "--against", other), "?view=compare")
    judged(page, 0)
    sides = []
    # This result five times, the other one once, a tie, and neither.
    for count, choice in enumerate(["this"] * 5 + ["other", "3", "4"]):
        side = side_of_other(page)
        sides.append(side)
        page.keyboard.press({"this": "21"[side], "other": "12"[side]}.get(choice, choice))
        judged(page, count + 1)
    page.get_by_role("heading", name="Every pair is judged").wait_for()
    page.get_by_text("The same caption in both: 4 clips.").wait_for()
    assert set(sides) == {0, 1}, "the other result's caption always stood on the same side"

    page.get_by_role("button", name="Show the result so far").click()
    table = page.get_by_role("table", name="After 8 judgements")
    table.wait_for()
    assert [row.inner_text().split("\t") for row in table.get_by_role("row").all()] == [
        ["captions.jsonl", "5"],
        ["another-model.jsonl", "1"],
        ["Equally good", "1"],
        ["Neither is good", "1"],
    ]
    # Wilson's interval for 5 of 6 at 95%, from a table: 0.4365 to 0.9699.
    expect(
        page.get_by_text("captions.jsonl is better in 83.3% of 6 decided pairs (95% interval: 43.6% to 97.0%)")
    ).to_be_visible()
    expect(page.get_by_text("The interval includes 50%")).to_be_visible()


def test_nothing_says_which_caption_is_whose_before_it_is_judged(
    result: Path, other: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    server = serve(result, "--against", other)
    page = visit(server)
    page.goto("about:blank")
    answers: list[tuple[str, str]] = []

    def keep(answer: Any) -> None:
        if "/api/" in answer.url:
            answers.append((answer.url.removeprefix(server.origin), answer.text()))

    page.on("response", keep)
    page.goto(f"{server.origin}?view=compare")
    judged(page, 0)
    page.wait_for_timeout(2_500)  # so long that the page has looked for news
    words = captions(page)
    told = [(url, text) for url, text in answers if any(word in text for word in words)]
    assert [url.split("?")[0] for url, _ in told] == ["api/compare/next"]
    pair = json.loads(told[0][1])
    assert set(pair) == {"pair", "key", "id", "left", "right", "judged", "total", "equal", "missing"}
    assert not any(name in told[0][1] for name in ("captions.jsonl", "another-model"))
    assert "another-model" not in page.locator("main").evaluate("(element) => element.outerHTML")
    expect(page.get_by_role("table")).to_have_count(0)


def test_a_judgement_is_taken_back_and_the_same_pair_judged_again(
    result: Path, other: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    page = visit(serve(result, "--against", other), "?view=compare")
    judged(page, 0)
    first = captions(page)
    page.keyboard.press("3")
    judged(page, 1)
    assert captions(page) != first
    page.keyboard.press("z")
    judged(page, 0)
    assert captions(page) == first
    page.keyboard.press("12"[side_of_other(page)])
    judged(page, 1)
    page.get_by_role("button", name="Show the result so far").click()
    table = page.get_by_role("table", name="After 1 judgement")
    table.wait_for()
    assert table.get_by_role("row").nth(1).inner_text().split("\t") == ["another-model.jsonl", "1"]
    assert table.get_by_role("row").nth(2).inner_text().split("\t") == ["Equally good", "0"]


def test_differences_are_marked_when_asked_for_and_judgements_outlive_the_page(
    result: Path, other: Path, serve: Callable[..., Any], visit: Callable[..., Any]
) -> None:
    server = serve(result, "--against", other)
    page = visit(server, "?view=compare")
    judged(page, 0)
    before = captions(page)
    expect(page.locator("#compare mark")).to_have_count(0)
    page.keyboard.press("d")
    expect(page.locator("#compare mark").first).to_be_visible()
    expect(page.get_by_label("Mark the differences")).to_be_checked()
    assert [page.locator(".versus .text").nth(n).inner_text() for n in (0, 1)] == before
    page.keyboard.press("4")
    judged(page, 1)
    page.reload()
    judged(page, 1)
